//! IP lists (UI-075, UI-076).

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, get, post, resource},
};
use askama::Template;
use entrepot_core::admin::{IpListPage, Order, ip_lists};
use entrepot_model::{IpListEntry, IpListType, ip_list};
use serde_json::{Value, json};

use super::{
    asking::AskPage,
    fields::{self, Control, Fault, Field, FieldView, Kind},
    object,
    tabs::{Tab, tabs},
};
use crate::{
    api::escaped,
    error::only,
    frame::{
        AdminForm, AdminPage, Area, Form, Look, PageError, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        render,
    },
};

/// Entries of a page.
const PAGE: u64 = 50;
const PROTOCOLS: [(i64, &str); 4] = [(1, "SSH"), (2, "FTP"), (4, "DAV"), (8, "HTTP")];
const FIELDS: [Field; 4] = [
    Field::new("ipornet", Kind::Code).required(),
    Field::new("mode", Kind::Numbers(&[(1, "allow"), (2, "deny")])).named("ip_mode"),
    Field::new("protocols", Kind::Bits(&PROTOCOLS)).named("ip_protocols"),
    Field::new("description", Kind::Text),
];

#[derive(Template)]
#[template(path = "admin/ip_lists.html")]
struct ListPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    kinds: Vec<(i64, &'static str, bool)>,
    kind: i64,
    about: &'static str,
    entries: Vec<IpListEntry>,
    q: String,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/ip_entry.html")]
struct EntryPage {
    f: Shell,
    name: String,
    parent: &'static str,
    parent_href: String,
    action: String,
    fields: Vec<FieldView>,
    problem: Option<String>,
    /// Of a stored one.
    state: Option<String>,
    delete: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    let at = |path: &str| resource(path.to_owned()).default_service(web::to(only("GET, HEAD, POST")));
    config
        .service(at("/ip-lists").route(get().to(list)))
        .service(at("/ip-list/{kind}").route(get().to(blank)).route(post().to(add)))
        .service(at("/ip-list/{kind}/{network}").route(get().to(show)).route(post().to(save)))
        .service(at("/ip-list/{kind}/{network}/delete").route(get().to(ask)).route(post().to(delete)));
}

fn kind(code: &str) -> Option<IpListType> {
    IpListType::from_code(code.parse().ok()?)
}

fn list_address(kind: i64) -> String {
    format!("{}?kind={kind}", Area::Admin.page("ip-lists"))
}

fn name(look: &Look, kind: IpListType, part: &str) -> &'static str {
    look.t.find(&format!("iplist.{part}_{}", kind.code())).unwrap_or_default()
}

/// Protocols of an entry; none is all.
pub(super) fn protocols(mask: i64) -> Vec<&'static str> {
    PROTOCOLS.into_iter().filter(|(bit, _)| mask & bit != 0).map(|(_, name)| name).collect()
}

async fn list(page: AdminPage) -> PageResult {
    let kind = kind(page.query.get("kind")).unwrap_or(IpListType::Defender);
    let (q, from) = (page.query.get("q").trim().to_owned(), page.query.get("from").to_owned());
    let options = IpListPage { filter: q.clone(), from: from.clone(), limit: PAGE + 1, order: Order::Ascending };
    let mut entries = ip_lists::page(page.core(), &page.session, kind, options).await?;
    let limit = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    let base = format!("{}&q={}", list_address(kind.code()), escaped(&q));
    let look = &page.look;
    let kinds = IpListType::ALL.into_iter().map(|one| (one.code(), name(look, one, "name"), one == kind)).collect();
    render(&ListPage {
        title: look.t.nav_security,
        tabs: tabs("security", "ip-lists", &page.session, look.t),
        kinds,
        kind: kind.code(),
        about: name(look, kind, "about"),
        next: entries.last().filter(|_| more).map(|last| format!("{base}&from={}", escaped(&last.ipornet))),
        previous: (!from.is_empty()).then(|| base.clone()),
        entries,
        q,
        f: Shell::admin(page, "security"),
    })
}

fn entry_page(page: AdminPage, kind: IpListType, stored: Option<&str>, object: &Value, faults: &[Fault]) -> EntryPage {
    let t = page.look.t;
    let is_new = stored.is_none();
    let open =
        FIELDS.iter().filter(|field| (is_new || field.key != "ipornet") && (kind == IpListType::Defender || field.key != "mode"));
    let open: Vec<Field> = open.copied().collect();
    let fields = fields::views(&open, object, &Value::Null, faults, t);
    let shown = fields.iter().any(FieldView::has_error);
    let problem = faults.iter().map(|fault| fault.message.clone()).next().filter(|_| !shown);
    let at = |network: &str| format!("{}/{}/{}", Area::Admin.page("ip-list"), kind.code(), escaped(network));
    EntryPage {
        name: stored.map_or_else(|| t.iplist_add.to_owned(), str::to_owned),
        parent: name(&page.look, kind, "name"),
        parent_href: list_address(kind.code()),
        action: stored.map_or_else(|| format!("{}/{}", Area::Admin.page("ip-list"), kind.code()), at),
        fields,
        problem,
        state: stored.map(|_| object::state(object)),
        delete: stored.map(|network| format!("{}/delete", at(network))),
        f: Shell::admin(page, "security"),
    }
}

async fn blank(page: AdminPage, code: web::Path<String>) -> PageResult {
    page.session.require(entrepot_model::AdminPermission::Any)?;
    let kind = kind(&code).ok_or_else(PageError::not_found)?;
    let mode = if kind == IpListType::Defender { ip_list::MODE_DENY } else { ip_list::MODE_ALLOW };
    render(&entry_page(page, kind, None, &json!({ "mode": mode }), &[]))
}

fn read(form: &Form, object: &mut Value, look: &Look) -> Result<Result<IpListEntry, Vec<Fault>>, PageError> {
    let faults = fields::apply(&FIELDS, form, object, look.t);
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let entry = serde_json::from_value(object.clone());
    entry.map(Ok).map_err(|error| PageError::status(StatusCode::BAD_REQUEST, error.to_string()))
}

async fn add(sent: AdminForm, code: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    let kind = kind(&code).ok_or_else(PageError::not_found)?;
    let mut object = json!({ "type": kind.code(), "mode": ip_list::MODE_ALLOW });
    let faults = match read(&with_mode(form, kind), &mut object, &page.look)? {
        Err(faults) => faults,
        Ok(entry) => match ip_lists::add(page.core(), &page.session, entry).await {
            Ok(added) => {
                let text = page.look.say(page.look.t.object_created, added.ipornet);
                return Ok(redirect_saying(&list_address(kind.code()), &page.look, text));
            }
            Err(error) => vec![object::fault(error, page.look.t)?],
        },
    };
    render_again(&entry_page(page, kind, None, &object, &faults))
}

/// Lists other than the defender's only allow.
fn with_mode(mut form: Form, kind: IpListType) -> Form {
    if kind != IpListType::Defender {
        form.set("mode", ip_list::MODE_ALLOW.to_string());
    }
    form
}

async fn show(page: AdminPage, path: web::Path<(String, String)>) -> PageResult {
    let kind = kind(&path.0).ok_or_else(PageError::not_found)?;
    let entry = ip_lists::get(page.core(), &page.session, kind, &path.1).await?;
    let object = serde_json::to_value(&entry).unwrap_or_default();
    render(&entry_page(page, kind, Some(&entry.ipornet), &object, &[]))
}

async fn save(sent: AdminForm, path: web::Path<(String, String)>) -> PageResult {
    let AdminForm { page, form } = sent;
    let kind = kind(&path.0).ok_or_else(PageError::not_found)?;
    let entry = match ip_lists::get(page.core(), &page.session, kind, &path.1).await {
        // Another tab was faster.
        Err(entrepot_core::Error::NotFound) => {
            return Ok(redirect_refusing(&list_address(kind.code()), &page.look, page.look.t.iplist_gone));
        }
        found => found?,
    };
    let mut object = serde_json::to_value(&entry).unwrap_or_default();
    let is_stale = object::is_stale(&form, &object);
    let mut form = with_mode(form, kind);
    form.set("ipornet", entry.ipornet.clone());
    let faults = match read(&form, &mut object, &page.look)? {
        _ if is_stale => {
            let message = page.look.say(page.look.t.object_stale, &entry.ipornet);
            vec![Fault::new("", message)]
        }
        Err(faults) => faults,
        Ok(changed) => match ip_lists::update(page.core(), &page.session, kind, &path.1, changed).await {
            Ok(_) => {
                let text = page.look.say(page.look.t.object_saved, &entry.ipornet);
                return Ok(redirect_saying(&list_address(kind.code()), &page.look, text));
            }
            Err(error) => vec![object::fault(error, page.look.t)?],
        },
    };
    render_again(&entry_page(page, kind, Some(&entry.ipornet), &object, &faults))
}

async fn ask(page: AdminPage, path: web::Path<(String, String)>) -> PageResult {
    let kind = kind(&path.0).ok_or_else(PageError::not_found)?;
    let network = ip_lists::get(page.core(), &page.session, kind, &path.1).await?.ipornet;
    let t = page.look.t;
    let at = format!("{}/{}/{}", Area::Admin.page("ip-list"), kind.code(), escaped(&network));
    render(&AskPage {
        title: page.look.say(t.object_delete_title, &network),
        text: t.iplist_delete_text.to_owned(),
        button: t.iplist_delete,
        action: format!("{at}/delete"),
        back: at,
        parent: name(&page.look, kind, "name"),
        parent_href: list_address(kind.code()),
        name: network,
        f: Shell::admin(page, "security"),
    })
}

async fn delete(sent: AdminForm, path: web::Path<(String, String)>) -> PageResult {
    let page = sent.page;
    let kind = kind(&path.0).ok_or_else(PageError::not_found)?;
    let to = list_address(kind.code());
    match ip_lists::delete(page.core(), &page.session, kind, &path.1).await {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.say(page.look.t.object_deleted, &path.1))),
        Err(entrepot_core::Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.iplist_gone)),
        Err(error) => Err(error.into()),
    }
}
