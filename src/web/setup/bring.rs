//! Instead of a first administrator: a server is brought here, as its sealed backup or as a dump of its accounts.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use entrepot_core::{
    Core, Error,
    admin::{
        backup::LoadReport,
        instance::{Brought, Incoming},
    },
};
use entrepot_http::Client;
use entrepot_secrets::Sensitive;
use futures_util::StreamExt as _;

use super::{Steps, closed, code_label, failed, sentence, used};
use crate::{Site, error::refuse, origin, pages::page};

/// How long a piece of the file may be on its way.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest code or passphrase, in bytes.
const SHORT: usize = 4096;
/// Failures that are told.
const TOLD: usize = 20;

#[derive(Template)]
#[template(path = "setup/bring.html")]
struct BringPage {
    f: Steps,
    back: String,
    /// What the installation code is called, where one is asked for.
    code_label: Option<String>,
    code_error: Option<String>,
    file_error: Option<String>,
    passphrase_error: Option<String>,
    /// What of a document is not accepted.
    failures: Vec<String>,
}

/// The server starts again, or its accounts are there.
#[derive(Template)]
#[template(path = "setup/brought.html")]
struct BroughtPage {
    f: Steps,
    /// What was loaded; none where the server starts again.
    summary: Option<String>,
    /// What somebody should know of a backup.
    notes: Vec<String>,
    /// There is no administrator yet.
    is_first_missing: bool,
    /// Where to go on.
    to: String,
}

/// Not all of a document could be stored.
#[derive(Template)]
#[template(path = "setup/partly.html")]
struct PartlyPage {
    f: Steps,
    /// What is here.
    summary: String,
    /// What ended it.
    failures: Vec<String>,
    /// There is no administrator yet.
    is_first_missing: bool,
    /// Where to go on.
    to: String,
}

fn bring_page(request: &HttpRequest, site: &Site, token: &str) -> BringPage {
    BringPage {
        f: Steps::before(request, "owner"),
        back: format!("/setup/{token}"),
        code_label: code_label(site),
        code_error: None,
        file_error: None,
        passphrase_error: None,
        failures: Vec::new(),
    }
}

/// `GET /setup/{token}/restore`.
pub(super) async fn form(request: HttpRequest, site: web::Data<Site>, token: web::Path<String>) -> HttpResponse {
    match site.needs_setup().await {
        Ok(true) => {}
        Ok(false) => return used(),
        Err(error) => return failed(&error),
    }
    match site.core().check_setup_token(&token).await {
        Ok(()) => page(StatusCode::OK, &bring_page(&request, &site, &token)),
        Err(error) => closed(&error),
    }
}

/// `POST /setup/{token}/restore`: the installation code, the file, its passphrase.
pub(super) async fn submit(
    request: HttpRequest,
    site: web::Data<Site>,
    client: Client,
    token: web::Path<String>,
    payload: web::Payload,
) -> HttpResponse {
    if !origin::is_own(&request) {
        return refuse(request.path(), StatusCode::FORBIDDEN, "The form was sent from another site");
    }
    match site.needs_setup().await {
        Ok(true) => {}
        Ok(false) => return used(),
        Err(error) => return failed(&error),
    }
    // Who has no link sends nothing.
    if let Err(error) = site.core().check_setup_token(&token).await {
        return closed(&error);
    }
    if !is_form(&request) {
        let text = "A form with a file is needed: its content type is multipart/form-data with a boundary";
        return refuse(request.path(), StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    }
    let mut form = Multipart::new(request.headers(), payload);
    let taken = match receive(&mut form, site.core(), &token).await {
        Ok((incoming, passphrase)) => incoming.take_in(passphrase).await,
        Err(error) => {
            forget(&mut form).await;
            Err(error)
        }
    };
    match taken {
        Ok(Brought::Backup(notes)) => {
            tracing::info!(ip = %client.ip(), "setup: a backup was brought, the server starts again with it");
            let f = Steps::before(&request, "done");
            let to = "/web/admin/login".to_owned();
            page(StatusCode::OK, &BroughtPage { f, summary: None, notes, is_first_missing: false, to })
        }
        Ok(Brought::Document(report)) => loaded(&request, &site, &token, &report).await,
        Ok(Brought::Refused(report)) => {
            let failures = told(&report);
            page(StatusCode::UNPROCESSABLE_ENTITY, &BringPage { failures, ..bring_page(&request, &site, &token) })
        }
        Ok(Brought::Partly(report)) => partly(&request, &site, &token, &report).await,
        Err(error) => wrong(&request, &site, &token, error).await,
    }
}

/// Whether the body says to be a form that can hold a file (RFC 7578). Anything else is no stream of fields at all.
fn is_form(request: &HttpRequest) -> bool {
    let kind = request.mime_type().ok().flatten();
    kind.is_some_and(|kind| kind.essence_str() == "multipart/form-data" && kind.get_param("boundary").is_some())
}

fn told(report: &LoadReport) -> Vec<String> {
    report.failures.iter().take(TOLD).map(ToString::to_string).collect()
}

/// A dump that has no administrators leaves the first one to be made.
async fn loaded(request: &HttpRequest, site: &Site, token: &str, report: &LoadReport) -> HttpResponse {
    tracing::info!(summary = report.summary(), "setup: the accounts of another server were loaded");
    let is_first_missing = match site.needs_setup().await {
        Ok(needed) => needed,
        Err(error) => return failed(&error),
    };
    let shown = BroughtPage {
        f: Steps::before(request, if is_first_missing { "owner" } else { "done" }),
        summary: Some(report.summary()),
        notes: Vec::new(),
        is_first_missing,
        to: after(is_first_missing, token),
    };
    page(StatusCode::OK, &shown)
}

/// What is there stays: the rest has to be brought by an administrator.
async fn partly(request: &HttpRequest, site: &Site, token: &str, report: &LoadReport) -> HttpResponse {
    let is_first_missing = match site.needs_setup().await {
        Ok(needed) => needed,
        Err(error) => return failed(&error),
    };
    let shown = PartlyPage {
        f: Steps::before(request, "owner"),
        summary: report.summary(),
        failures: told(report),
        is_first_missing,
        to: after(is_first_missing, token),
    };
    page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

fn after(needs_setup: bool, token: &str) -> String {
    if needs_setup { format!("/setup/{token}") } else { "/web/admin/login".to_owned() }
}

async fn wrong(request: &HttpRequest, site: &Site, token: &str, error: Error) -> HttpResponse {
    let mut again = bring_page(request, site, token);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        Error::Invalid { field, message, .. } if field == "passphrase" => again.passphrase_error = Some(sentence(&message)),
        Error::Invalid { field, message, .. } if field == "code" => again.code_error = Some(sentence(&message)),
        Error::Invalid { message, .. } => again.file_error = Some(sentence(&message)),
        Error::Denied(denial) if denial.rule() == "installation_code" => {
            again.code_error = Some(again.f.t.setup_code_wrong.to_owned());
        }
        Error::NoSpace => again.file_error = Some(again.f.t.setup_no_space.to_owned()),
        Error::Unsupported => again.file_error = Some(again.f.t.setup_no_restore.to_owned()),
        error @ (Error::Conflict(_) | Error::Auth | Error::TooMany) => match (site.needs_setup().await, error) {
            // Somebody was faster.
            (Ok(false), _) => return used(),
            (Err(error), _) => return failed(&error),
            (Ok(true), Error::Conflict(message)) => {
                status = StatusCode::CONFLICT;
                again.file_error = Some(sentence(&message));
            }
            (Ok(true), error) => return closed(&error),
        },
        other => return failed(&other),
    }
    page(status, &again)
}

/// Reads the form: the code comes before the file, which is not taken in without it.
async fn receive(form: &mut Multipart, core: &Core, token: &str) -> Result<(Incoming, Sensitive<String>), Error> {
    let (mut code, mut passphrase) = (String::new(), String::new());
    let mut incoming = None;
    while let Some(field) = in_time(form.next()).await? {
        let mut field = field.map_err(unreadable)?;
        match field.name().unwrap_or_default() {
            "code" => code = short(&mut field, "code").await?,
            "file" if incoming.is_some() => return Err(Error::invalid("file", "one file is wanted")),
            "file" => {
                let mut file = core.bring_at_setup(token, &code).await?;
                while let Some(piece) = in_time(field.next()).await? {
                    file.write(piece.map_err(unreadable)?).await?;
                }
                incoming = Some(file);
            }
            "passphrase" => passphrase = short(&mut field, "passphrase").await?,
            _ => drop(short(&mut field, "file").await?),
        }
    }
    let incoming = incoming.ok_or_else(|| Error::invalid("file", "there is nothing in the file"))?;
    Ok((incoming, Sensitive::new(passphrase)))
}

async fn short(field: &mut Field, name: &'static str) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(piece) = in_time(field.next()).await? {
        text.extend_from_slice(&piece.map_err(unreadable)?);
        if text.len() > SHORT {
            return Err(Error::invalid(name, "it is too long"));
        }
    }
    String::from_utf8(text).map_err(|_| Error::invalid(name, "it is no text"))
}

/// Reads what is left of a form that is refused already, for a while: browsers look for the answer when they have sent
/// everything.
async fn forget(form: &mut Multipart) {
    let read = async { while let Some(Ok(_)) = form.next().await {} };
    let _ = tokio::time::timeout(PATIENCE, read).await;
}

async fn in_time<T>(next: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, next)
        .await
        .map_err(|_| Error::invalid("file", "the file did not arrive in time; send it again"))
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::invalid("file", format!("the form could not be read: {error}"))
}
