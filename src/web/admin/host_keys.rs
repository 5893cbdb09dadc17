//! The keys by which SSH clients know the server: made, taken, shown and removed (SSH-036, UI-172).

use actix_web::web::{self, ServiceConfig, get, post, resource};
use askama::Template;
use entrepot_core::{
    Error,
    admin::host_keys::{self, Addition, NewHostKey},
};
use entrepot_model::{
    AdminPermission as P,
    host_key::{HostKeyKind, HostKeyOrigin, HostKeyState, HostKeyView},
};

use super::{
    asking::AskPage,
    object,
    tabs::{Tab, tabs},
};
use crate::{
    error::only,
    frame::{
        AdminForm, AdminPage, Area, Form, PageError, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        look::Look,
        render,
    },
};

/// Segment of the addresses.
const HERE: &str = "hostkeys";

struct Line {
    key: HostKeyView,
    /// Class, sign and words of its state.
    state: (&'static str, &'static str, &'static str),
    /// It can be put first.
    may_lead: bool,
    /// It can be removed.
    may_go: bool,
}

#[derive(Template)]
#[template(path = "admin/host_keys.html")]
struct HostKeysPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    is_on: bool,
    lines: Vec<Line>,
    /// Nothing is in the database yet.
    has_files_only: bool,
    may_change: bool,
    kinds: Vec<(&'static str, String)>,
    problem: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    let at = |path: &str| resource(format!("/{HERE}{path}")).default_service(web::to(only("GET, HEAD, POST")));
    config
        .service(at("").route(get().to(show)).route(post().to(add)))
        .service(at("/{id}/first").route(get().to(ask_first)).route(post().to(put_first)))
        .service(at("/{id}/delete").route(get().to(ask_delete)).route(post().to(delete)));
}

/// None where SFTP is off.
async fn keys(page: &AdminPage) -> Result<Option<Vec<HostKeyView>>, PageError> {
    match host_keys::list(page.core(), &page.session).await {
        Err(Error::Unavailable(_)) => Ok(None),
        keys => Ok(Some(keys?)),
    }
}

fn state(look: &Look, key: &HostKeyView) -> (&'static str, &'static str, &'static str) {
    let t = look.t;
    match key.state {
        HostKeyState::Shown => ("is-ok", "ok", t.hostkey_shown),
        HostKeyState::Waiting => ("state-calm is-info", "info", t.hostkey_waiting),
        HostKeyState::Unused => ("is-off", "off", t.hostkey_unused),
        HostKeyState::Unreadable => ("is-bad", "bad", t.hostkey_unreadable),
    }
}

async fn page_of(page: AdminPage, problem: Option<String>) -> Result<HostKeysPage, PageError> {
    let found = keys(&page).await?;
    let is_on = found.is_some();
    let found = found.unwrap_or_default();
    let may_change = page.session.may(P::Any);
    let kept = found.iter().filter(|key| key.origin == HostKeyOrigin::Database).count();
    let line = |key: HostKeyView| {
        let is_kept = may_change && key.origin == HostKeyOrigin::Database;
        Line {
            state: state(&page.look, &key),
            may_lead: is_kept && key.state == HostKeyState::Waiting,
            may_go: is_kept && kept > 1,
            key,
        }
    };
    let lines = found.into_iter().map(line).collect();
    let name = |kind: HostKeyKind| match kind {
        HostKeyKind::Ed25519 => format!("Ed25519 ({})", page.look.t.hostkey_best),
        HostKeyKind::EcdsaP256 => "ECDSA P-256".to_owned(),
        HostKeyKind::Rsa3072 => "RSA 3072".to_owned(),
    };
    Ok(HostKeysPage {
        title: page.look.t.nav_security,
        tabs: tabs("security", HERE, &page.session, page.look.t),
        is_on,
        lines,
        has_files_only: kept == 0,
        may_change: may_change && is_on,
        kinds: HostKeyKind::ALL.into_iter().map(|kind| (kind.as_str(), name(kind))).collect(),
        problem,
        f: Shell::admin(page, "security"),
    })
}

async fn show(page: AdminPage) -> PageResult {
    render(&page_of(page, None).await?)
}

/// What the form asks for: the one that makes a key names a type, the other one has the key.
fn wanted(form: &Form) -> Result<NewHostKey, Error> {
    match form.find("private_key") {
        Some(text) => Ok(NewHostKey::Given(text.into())),
        None => form.get("type").parse().map(NewHostKey::Made).map_err(|reason| Error::invalid("type", reason)),
    }
}

async fn add(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let how = Addition { is_first: form.has("first"), keeps_files: form.has("keep_files") };
    let added = match wanted(&form) {
        Ok(new) => host_keys::add(page.core(), &page.session, new, how).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(key) => {
            let text = page.look.say2(page.look.t.hostkey_added, &key.kind, &key.fingerprint);
            Ok(redirect_saying(&Area::Admin.page(HERE), &page.look, text))
        }
        Err(error) => {
            let problem = object::fault(error, page.look.t)?.message;
            render_again(&page_of(page, Some(problem)).await?)
        }
    }
}

async fn one(page: &AdminPage, id: &str) -> Result<HostKeyView, PageError> {
    page.session.require(P::Any)?;
    let keys = keys(page).await?.unwrap_or_default();
    let kept = keys.into_iter().find(|key| key.id == id && key.origin == HostKeyOrigin::Database);
    kept.ok_or_else(PageError::not_found)
}

fn ask(
    page: AdminPage,
    key: &HostKeyView,
    verb: &str,
    title: &'static str,
    text: &'static str,
    button: &'static str,
) -> PageResult {
    let back = Area::Admin.page(HERE);
    render(&AskPage {
        title: page.look.say(title, &key.kind),
        text: text.to_owned(),
        button,
        name: key.fingerprint.clone(),
        action: format!("{back}/{}/{verb}", key.id),
        parent: page.look.t.status_host_keys,
        parent_href: back.clone(),
        back,
        f: Shell::admin(page, "security"),
    })
}

async fn ask_first(page: AdminPage, id: web::Path<String>) -> PageResult {
    let (key, t) = (one(&page, &id).await?, page.look.t);
    ask(page, &key, "first", t.hostkey_first_title, t.hostkey_first_text, t.hostkey_first)
}

async fn ask_delete(page: AdminPage, id: web::Path<String>) -> PageResult {
    let (key, t) = (one(&page, &id).await?, page.look.t);
    let text = if key.state == HostKeyState::Shown { t.hostkey_delete_text } else { t.hostkey_delete_calm };
    ask(page, &key, "delete", t.hostkey_delete_title, text, t.hostkey_delete)
}

fn back(page: &AdminPage, outcome: Result<(), Error>, done: &'static str) -> PageResult {
    let to = Area::Admin.page(HERE);
    match outcome {
        Ok(()) => Ok(redirect_saying(&to, &page.look, done)),
        Err(Error::Conflict(message)) => Ok(redirect_refusing(&to, &page.look, message)),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.hostkey_gone)),
        Err(error) => Err(error.into()),
    }
}

async fn put_first(sent: AdminForm, id: web::Path<String>) -> PageResult {
    let page = sent.page;
    let outcome = host_keys::put_first(page.core(), &page.session, &id).await;
    back(&page, outcome, page.look.t.hostkey_led)
}

async fn delete(sent: AdminForm, id: web::Path<String>) -> PageResult {
    let page = sent.page;
    let outcome = host_keys::remove(page.core(), &page.session, &id).await;
    back(&page, outcome, page.look.t.hostkey_deleted)
}
