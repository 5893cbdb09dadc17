//! Instead of a first administrator: a server is brought here, as its sealed backup or as a dump of its accounts.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use entrepot_core::{
    Error,
    admin::{
        backup::LoadReport,
        instance::{Brought, Incoming},
    },
};
use entrepot_http::Client;
use entrepot_secrets::Sensitive;
use futures_util::StreamExt as _;

use super::{Steps, closed, failed, sentence, used};
use crate::{Site, error::refuse, origin, pages::page};

/// How long a piece of the file may be on its way.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest passphrase, in bytes.
const PASSPHRASE: usize = 4096;

#[derive(Template)]
#[template(path = "setup/bring.html")]
struct BringPage {
    f: Steps,
    back: String,
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
    /// Where to go on.
    to: String,
}

fn bring_page(request: &HttpRequest, token: &str) -> BringPage {
    let back = format!("/setup/{token}");
    BringPage { f: Steps::before(request, "owner"), back, file_error: None, passphrase_error: None, failures: Vec::new() }
}

/// `GET /setup/{token}/restore`.
pub(super) async fn form(request: HttpRequest, site: web::Data<Site>, token: web::Path<String>) -> HttpResponse {
    match site.needs_setup().await {
        Ok(true) => {}
        Ok(false) => return used(),
        Err(error) => return failed(&error),
    }
    match site.core().check_setup_token(&token).await {
        Ok(()) => page(StatusCode::OK, &bring_page(&request, &token)),
        Err(error) => closed(&error),
    }
}

/// `POST /setup/{token}/restore`: the file first, then its passphrase.
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
    let incoming = match site.core().bring_at_setup(&token).await {
        Ok(incoming) => incoming,
        Err(Error::Conflict(_)) => return used(),
        Err(error @ (Error::Auth | Error::TooMany)) => return closed(&error),
        Err(error) => return wrong(&request, &token, error),
    };
    let taken = match receive(&request, payload, incoming).await {
        Ok((incoming, passphrase)) => incoming.take_in(passphrase).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(Brought::Backup) => {
            tracing::info!(ip = %client.ip(), "setup: a backup was brought, the server starts again with it");
            let f = Steps::before(&request, "done");
            page(StatusCode::OK, &BroughtPage { f, summary: None, to: "/web/admin/login".to_owned() })
        }
        Ok(Brought::Document(report)) if report.failures.is_empty() => loaded(&request, &site, &token, &report).await,
        Ok(Brought::Document(report)) => {
            let failures = report.failures.iter().take(20).map(ToString::to_string).collect();
            page(StatusCode::UNPROCESSABLE_ENTITY, &BringPage { failures, ..bring_page(&request, &token) })
        }
        Err(Error::Conflict(_)) => used(),
        Err(error) => wrong(&request, &token, error),
    }
}

/// A dump that has no administrators leaves the first one to be made.
async fn loaded(request: &HttpRequest, site: &Site, token: &str, report: &LoadReport) -> HttpResponse {
    tracing::info!(summary = report.summary(), "setup: the accounts of another server were loaded");
    let to = match site.needs_setup().await {
        Ok(true) => format!("/setup/{token}"),
        Ok(false) => "/web/admin/login".to_owned(),
        Err(error) => return failed(&error),
    };
    page(StatusCode::OK, &BroughtPage { f: Steps::before(request, "done"), summary: Some(report.summary()), to })
}

fn wrong(request: &HttpRequest, token: &str, error: Error) -> HttpResponse {
    let mut again = bring_page(request, token);
    match error {
        Error::Invalid { field, message } if field == "passphrase" => again.passphrase_error = Some(sentence(&message)),
        Error::Invalid { message, .. } => again.file_error = Some(sentence(&message)),
        Error::NoSpace => again.file_error = Some(again.f.t.setup_no_space.to_owned()),
        Error::Unsupported => again.file_error = Some(again.f.t.setup_no_restore.to_owned()),
        other => return failed(&other),
    }
    page(StatusCode::UNPROCESSABLE_ENTITY, &again)
}

/// Reads the form: fields in any order.
async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    mut incoming: Incoming,
) -> Result<(Incoming, Sensitive<String>), Error> {
    let mut form = Multipart::new(request.headers(), payload);
    let mut passphrase = String::new();
    while let Some(field) = in_time(form.next()).await? {
        let mut field = field.map_err(unreadable)?;
        match field.name().unwrap_or_default() {
            "file" => {
                while let Some(piece) = in_time(field.next()).await? {
                    incoming.write(piece.map_err(unreadable)?).await?;
                }
            }
            "passphrase" => passphrase = short(&mut field).await?,
            _ => {
                short(&mut field).await?;
            }
        }
    }
    Ok((incoming, Sensitive::new(passphrase)))
}

async fn short(field: &mut Field) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(piece) = in_time(field.next()).await? {
        text.extend_from_slice(&piece.map_err(unreadable)?);
        if text.len() > PASSPHRASE {
            return Err(Error::invalid("passphrase", "it is too long"));
        }
    }
    String::from_utf8(text).map_err(|_| Error::invalid("passphrase", "it is no text"))
}

async fn in_time<T>(next: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, next)
        .await
        .map_err(|_| Error::invalid("file", "the file did not arrive in time; send it again"))
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::invalid("file", format!("the form could not be read: {error}"))
}
