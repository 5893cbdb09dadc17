//! Creating one, and its page: cards that say what is true, of which one at a time opens to be edited.

use actix_web::{HttpRequest, http::StatusCode, web};
use askama::Template;
use entrepot_core::{Core, Error, admin::AdminSession};
use serde_json::Value;

use super::{Action, Object, Panel, faults::faults_of, gone, is_stale, many, one, state};
use crate::{
    admin::{
        fields::{self, Card, Control, Fault, Field, FieldView, Lists, at, is_unset, say},
        invites,
        placeholders::{self, Occasion},
    },
    frame::{
        AdminForm, AdminPage, Area, Form, PageError, PageResult, Shell,
        answer::{redirect_saying, render_again},
        render,
        words::Words,
    },
};

/// Asks for the form again, with what was typed and with more rows to type in: nothing is saved.
const MORE: &str = "_more";

#[derive(Template)]
#[template(path = "admin/create.html")]
struct CreatePage {
    f: Shell,
    title: &'static str,
    lead: &'static str,
    parent: &'static str,
    parent_href: String,
    action: String,
    fields: Vec<FieldView>,
    lists: Lists,
    problem: Option<String>,
    /// What somebody can start from: address, words, what it is, and whether it is chosen.
    help: Vec<Occasion>,
    starts: Vec<(String, &'static str, &'static str, bool)>,
    start: &'static str,
    is_invited: bool,
}

/// What is shown when it is made, and never again.
#[derive(Template)]
#[template(path = "admin/once.html")]
struct OncePage {
    f: Shell,
    title: &'static str,
    text: &'static str,
    secret: String,
    back: String,
}

/// What a card says.
struct CardView {
    id: &'static str,
    icon: &'static str,
    title: &'static str,
    says: Vec<Sentence>,
    is_open: bool,
}

struct Sentence {
    text: String,
    /// Where it comes from: label and class; none where there is only one place.
    source: Option<(String, &'static str)>,
}

/// The card that is open.
struct Open {
    title: &'static str,
    action: String,
    state: String,
    fields: Vec<FieldView>,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/object.html")]
struct ObjectPage {
    f: Shell,
    name: String,
    sub: String,
    parent: &'static str,
    parent_href: String,
    here: String,
    help: Vec<Occasion>,
    panels: Vec<Panel>,
    cards: Vec<CardView>,
    open: Option<Open>,
    actions: Vec<Action>,
    lists: Lists,
    may_edit: bool,
    delete: Option<&'static str>,
    nothing: &'static str,
}

fn word<T: Object>(t: &'static Words, name: &str) -> &'static str {
    t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default()
}

/// What is said above the form: the faults that no field shows.
fn problem(views: &[FieldView], faults: &[Fault], t: &'static Words) -> Option<String> {
    let lost = faults.iter().filter(|fault| !views.iter().any(|view| view.shows(fault)));
    let lost: Vec<&str> = lost.map(|fault| fault.message.as_str()).collect();
    match (faults.is_empty(), lost.is_empty()) {
        (true, _) => None,
        (false, false) => Some(format!("{} {}", t.object_not_saved, lost.join(" "))),
        (false, true) => Some(t.object_look_below.to_owned()),
    }
}

/// What `core` would say of the rest, where something could not even be read: all of it is told at once.
async fn rest<T: Object>(page: &AdminPage, fields: &[Field], object: &Value, is_new: bool, faults: &mut Vec<Fault>) {
    let mut closed = object.clone();
    fields::close_rows(fields, &mut closed);
    let Ok(object) = parse::<T>(closed) else { return };
    let Err(error) = object.check(page.core(), &page.session, is_new).await else { return };
    for fault in faults_of(error, page.look.t).unwrap_or_default() {
        if faults.iter().all(|known| known.field != fault.field) {
            faults.push(fault);
        }
    }
}

pub(super) async fn blank<T: Object>(page: AdminPage) -> PageResult {
    if !T::rights(&page.session).add {
        return Err(refused(&page.session));
    }
    let start = start_of::<T>(page.query.get("start"));
    let object = T::blank(page.core(), start);
    let template = create_page::<T>(page, &object, start, &[]).await;
    render(&template)
}

fn refused(session: &AdminSession) -> PageError {
    let refusal = session.require(entrepot_model::AdminPermission::Any);
    refusal.err().map_or_else(PageError::not_found, PageError::from)
}

/// What its texts may name.
fn help<T: Object>(t: &'static Words) -> Vec<Occasion> {
    if T::HAS_PLACEHOLDERS { placeholders::all(t) } else { Vec::new() }
}

/// One that the kind has; the first is usual.
fn start_of<T: Object>(wanted: &str) -> &'static str {
    let known = T::STARTS.iter().find(|start| **start == wanted);
    known.or(T::STARTS.first()).copied().unwrap_or_default()
}

async fn create_page<T: Object>(page: AdminPage, object: &Value, start: &'static str, faults: &[Fault]) -> CreatePage {
    let t = page.look.t;
    let text = |key: String| t.find(&key).unwrap_or_default();
    let starts = T::STARTS.iter().map(|name| {
        let href = format!("{}?start={name}", Area::Admin.page(T::ONE));
        (href, text(format!("start.{name}")), text(format!("start.{name}_is")), *name == start)
    });
    let fields = fields::views(T::CREATE, object, &Value::Null, faults, t);
    CreatePage {
        title: word::<T>(t, "create"),
        lead: word::<T>(t, "create_lead"),
        parent: word::<T>(t, "title"),
        parent_href: many::<T>(),
        action: Area::Admin.page(T::ONE),
        problem: problem(&fields, faults, t),
        fields,
        help: help::<T>(t),
        starts: starts.collect(),
        start,
        is_invited: T::IS_INVITED && page.session.may(entrepot_model::AdminPermission::EditUsers),
        lists: T::lists(page.core(), &page.session).await,
        f: Shell::admin(page, T::PLACE),
    }
}

pub(super) async fn create<T: Object>(request: HttpRequest, sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let start = start_of::<T>(form.get("_start"));
    let mut object = T::blank(page.core(), start);
    let mut faults = fields::apply(T::CREATE, &form, &mut object, page.look.t);
    if form.has(MORE) {
        return render(&create_page::<T>(page, &object, start, &faults).await);
    }
    if !faults.is_empty() {
        rest::<T>(&page, T::CREATE, &object, true, &mut faults).await;
    } else {
        let mut closed = object.clone();
        fields::close_rows(T::CREATE, &mut closed);
        match add::<T>(page.core(), &page.session, closed).await {
            Ok(added) if added.shown_once().is_some() => {
                let secret = added.shown_once().unwrap_or_default();
                let (title, back) = (word::<T>(page.look.t, "created"), one::<T>(added.name()));
                let text = word::<T>(page.look.t, "once");
                return render(&OncePage { title, text, secret, back, f: Shell::admin(page, T::PLACE) });
            }
            Ok(added) if T::IS_INVITED && form.has("_invite") => {
                let has_password = at(&value(&added)?, "has_password").and_then(Value::as_bool).unwrap_or_default();
                return invites::create(&request, page, added.name(), has_password).await;
            }
            Ok(added) => {
                let text = page.look.say(page.look.t.object_created, added.name());
                return Ok(redirect_saying(&one::<T>(added.name()), &page.look, text));
            }
            Err(error) => faults.extend(faults_of(error, page.look.t)?),
        }
    }
    render_again(&create_page::<T>(page, &object, start, &faults).await)
}

async fn add<T: Object>(core: &Core, session: &AdminSession, object: Value) -> Result<T, Error> {
    parse::<T>(object)?.add(core, session).await
}

/// The object of a JSON text; what does not fit names the member as far as it can.
pub(super) fn parse<T: Object>(object: Value) -> Result<T, Error> {
    serde_json::from_value(object).map_err(|error| Error::invalid("", error.to_string()))
}

pub(super) async fn show<T: Object>(page: AdminPage, name: web::Path<String>) -> PageResult {
    let object = T::get(page.core(), &page.session, &name).await?;
    let card = card::<T>(page.core(), &page.session, page.query.get("card"));
    let value = value(&object)?;
    let template = object_page(page, &object, &value, &value, card, &[]).await;
    render(&template)
}

pub(super) fn value<T: Object>(object: &T) -> Result<Value, PageError> {
    let value = serde_json::to_value(object);
    value.map_err(|error| PageError::Core(Error::internal("writing an object as JSON", error)))
}

fn card<T: Object>(core: &Core, session: &AdminSession, id: &str) -> Option<&'static Card> {
    T::cards().iter().find(|card| card.id == id && T::shows(core, session, card.id) && T::rights(session).edit)
}

/// `stored` is what holds now, `edited` what the open card shows.
async fn object_page<T: Object>(
    page: AdminPage,
    object: &T,
    stored: &Value,
    edited: &Value,
    open: Option<&'static Card>,
    faults: &[Fault],
) -> ObjectPage {
    let t = page.look.t;
    let effective = object.effective(page.core(), &page.session).await;
    let cards = T::cards().iter().filter(|card| T::shows(page.core(), &page.session, card.id)).map(|card| CardView {
        id: card.id,
        icon: card.icon,
        title: t.find(&format!("card.{}", card.id)).unwrap_or_default(),
        says: says(card.fields, stored, effective.as_ref(), t),
        is_open: open.is_some_and(|open| open.id == card.id),
    });
    let cards = cards.collect();
    let open = open.map(|card| {
        let fields = fields::views(card.fields, edited, stored, faults, t);
        let action = format!("{}?card={}", one::<T>(object.name()), card.id);
        Open {
            title: t.find(&format!("card.{}", card.id)).unwrap_or_default(),
            action,
            state: state(stored),
            problem: problem(&fields, faults, t),
            fields,
        }
    });
    let rights = T::rights(&page.session);
    let panels = object.panels(page.core(), &page.session, &page.look).await;
    let lists = if open.is_some() { T::lists(page.core(), &page.session).await } else { Lists::new() };
    ObjectPage {
        name: object.name().to_owned(),
        sub: object.line(&page.look).0,
        parent: word::<T>(t, "title"),
        parent_href: many::<T>(),
        here: one::<T>(object.name()),
        help: help::<T>(t),
        panels,
        cards,
        open,
        actions: object.actions(&page.session, &page.look),
        lists,
        may_edit: rights.edit,
        delete: rights.delete.then(|| word::<T>(t, "delete")),
        nothing: t.summary_nothing,
        f: Shell::admin(page, T::PLACE),
    }
}

/// What differs from the defaults, in sentences, each with where it comes from.
fn says(fields: &[Field], own: &Value, effective: Option<&(Value, Vec<(String, Value)>)>, t: &'static Words) -> Vec<Sentence> {
    let Some((effective, groups)) = effective else {
        return fields.iter().filter_map(|field| say(field, own, t)).map(|text| Sentence { text, source: None }).collect();
    };
    let said = fields.iter().filter_map(|field| {
        let here = at(own, field.key);
        let is_here = !is_unset(here);
        let holds = if at(effective, field.key).is_some() { effective } else { own };
        let text = say(field, holds, t)?;
        let differs = at(effective, field.key) != here;
        let givers: Vec<&str> =
            groups.iter().filter(|(_, settings)| !is_unset(at(settings, field.key))).map(|(name, _)| name.as_str()).collect();
        let source = match (differs && !givers.is_empty(), is_here) {
            (true, false) => (crate::frame::words::fill(t.source_group, &[&givers.join(", ")]), "src-group"),
            (true, true) => (crate::frame::words::fill(t.source_both, &[&givers.join(", ")]), "src-group"),
            (false, true) => (t.source_here.to_owned(), "src-here"),
            (false, false) => (t.source_default.to_owned(), "src-default"),
        };
        Some(Sentence { text, source: Some(source) })
    });
    said.collect()
}

pub(super) async fn save<T: Object>(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    let object = match T::get(page.core(), &page.session, &name).await {
        Err(Error::NotFound) => return Ok(gone::<T>(&page, &name)),
        found => found?,
    };
    let asked = page.query.get("card");
    let card = card::<T>(page.core(), &page.session, asked);
    let card = card.ok_or_else(|| PageError::status(StatusCode::FORBIDDEN, page.look.t.error_denied))?;
    let stored = value(&object)?;
    let mut edited = stored.clone();
    let mut faults = fields::apply(card.fields, &form, &mut edited, page.look.t);
    if form.has(MORE) {
        return render(&object_page(page, &object, &stored, &edited, Some(card), &faults).await);
    }
    if is_stale(&form, &stored) {
        faults = vec![Fault::new("", page.look.say(page.look.t.object_stale, object.name()))];
    } else if !faults.is_empty() {
        rest::<T>(&page, card.fields, &edited, false, &mut faults).await;
    } else {
        let mut closed = edited.clone();
        fields::close_rows(card.fields, &mut closed);
        match update::<T>(page.core(), &page.session, &name, closed, &form).await {
            Ok(()) => {
                let text = page.look.say(page.look.t.object_saved, object.name());
                return Ok(redirect_saying(&one::<T>(object.name()), &page.look, text));
            }
            Err(error) => faults.extend(faults_of(error, page.look.t)?),
        }
    }
    render_again(&object_page(page, &object, &stored, &edited, Some(card), &faults).await)
}

pub(super) async fn update<T: Object>(
    core: &Core,
    session: &AdminSession,
    name: &str,
    object: Value,
    form: &Form,
) -> Result<(), Error> {
    parse::<T>(object)?.update(core, session, name, form).await
}
