//! Backups, and how to go on.

use actix_web::HttpRequest;
use askama::Template;
use entrepot_core::admin::{first_steps, users};
use entrepot_model::AdminPermission as P;
use entrepot_secrets::{Sensitive, random_alphanumeric};

use super::{Fault, Wrong, fault, step};
use crate::{
    api::escaped,
    frame::{AdminForm, AdminPage, Form, PageResult, answer::render_again, look::Html, redirect, render},
    home::host,
    qr_code,
    setup::Steps,
};

#[derive(Template)]
#[template(path = "setup/safety.html")]
struct SafetyPage {
    f: Steps,
    token: String,
    user: String,
    at: String,
    passphrase: String,
    /// There is one already: it stays if the field is left empty.
    is_sealed: bool,
    /// How many are kept, and where.
    kept: String,
    wrong: Wrong,
    next: String,
}

/// How to connect, and where to go on.
#[derive(Template)]
#[template(path = "setup/done.html")]
struct DonePage {
    f: Steps,
    /// The user of the step before; none if it was left out.
    user: Option<String>,
    base: String,
    sftp: Option<String>,
    picture: Option<Html>,
    fingerprints: Vec<(String, String)>,
}

fn done_of(user: &str) -> String {
    if user.is_empty() { step("done") } else { format!("{}?user={}", step("done"), escaped(user)) }
}

/// Four groups that can be read out and typed.
fn proposal() -> String {
    (0..4).map(|_| random_alphanumeric(5)).collect::<Vec<_>>().join("-")
}

fn page_of(page: AdminPage, form: Option<&Form>, fault: Option<Fault>) -> SafetyPage {
    let settings = page.core().settings();
    let user = form.map_or(page.query.get("user"), |form| form.get("user")).to_owned();
    let is_sealed = !settings.backup.passphrase_file.is_empty();
    // Who has one is not led to think that another were in use.
    let proposed = || if is_sealed { String::new() } else { proposal() };
    let stored = if settings.backup.at.is_empty() { "03:00".to_owned() } else { settings.backup.at.clone() };
    let (t, folder) = (page.look.t, settings.resolve(&settings.backup.directory));
    let kept = match settings.backup.keep {
        0 => page.look.say(t.setup_at_hint_all, folder.display()),
        keep => page.look.say2(t.setup_at_hint, keep, folder.display()),
    };
    SafetyPage {
        token: page.form_token(),
        at: form.map_or(stored, |form| form.get("at").to_owned()),
        passphrase: form.map_or_else(proposed, |form| form.get("passphrase").to_owned()),
        is_sealed,
        kept,
        next: done_of(&user),
        user,
        wrong: Wrong { fault, fields: vec!["at", "passphrase"] },
        f: Steps::new(page.look, "safety"),
    }
}

pub(super) async fn safety(page: AdminPage) -> PageResult {
    page.session.require(P::Any)?;
    render(&page_of(page, None, None))
}

pub(super) async fn keep(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let passphrase = Sensitive::from(form.get("passphrase"));
    match first_steps::choose_backup(page.core(), &page.session, form.get("at"), &passphrase).await {
        Ok(()) => Ok(redirect(&done_of(form.get("user")))),
        Err(error) => {
            let fault = fault(error, page.look.t)?;
            render_again(&page_of(page, Some(&form), Some(fault)))
        }
    }
}

pub(super) async fn done(request: HttpRequest, page: AdminPage) -> PageResult {
    page.session.require(P::Any)?;
    let user = match page.query.get("user") {
        "" => None,
        name => users::get(page.core(), &page.session, name, false).await.ok().map(|user| user.username),
    };
    let host = host(&request, &page.client);
    let name = user.clone().unwrap_or_else(|| page.look.t.setup_name.to_owned());
    let sftp = page.site.sftp_command(&name, &host.name);
    let picture = page.site.sftp_port().zip(user.as_deref());
    let picture = picture.map(|(port, user)| format!("sftp://{}@{}:{port}", escaped(user), host.name));
    let keys = page.core().services().ssh().host_keys;
    let template = DonePage {
        user,
        base: host.base(page.client.secure),
        sftp,
        picture: picture.and_then(|address| qr_code::svg(&address).ok()).map(Html),
        fingerprints: keys.into_iter().map(|key| (key.algorithms.join(", "), key.fingerprint)).collect(),
        f: Steps::new(page.look, "done"),
    };
    render(&template)
}
