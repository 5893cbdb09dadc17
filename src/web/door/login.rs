//! The password.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use entrepot_core::{Attempt, Error, login::PageStep};
use entrepot_http::Client;
use entrepot_model::Protocol;

use super::Door;
use crate::{
    Site,
    api::access::{agent, peer},
    frame::{Area, Form, PageError, PageResult, cookies, cookies::Kept, redirect, render},
    pages::page,
};

#[derive(Template)]
#[template(path = "door/login.html")]
struct LoginPage {
    f: Door,
    username: String,
    error: Option<String>,
}

/// The root of the area: to the first page; whoever is not logged in is sent on from there.
pub(super) async fn begin(area: web::Data<Area>) -> HttpResponse {
    redirect(area.home())
}

pub(super) async fn form(request: HttpRequest, area: web::Data<Area>, site: web::Data<Site>, client: Client) -> PageResult {
    let door = Door::new(&request, &site, &client, **area);
    if let Some(token) = Kept::Session(**area).read(&request, client.secure)
        && site.core().verify_token(&token, area.kind(), client.ip()).await.is_ok()
    {
        let to = if door.next.is_empty() { area.home() } else { &door.next };
        return Ok(redirect(to));
    }
    render(&LoginPage { f: door, username: String::new(), error: None })
}

pub(super) async fn submit(
    request: HttpRequest,
    area: web::Data<Area>,
    site: web::Data<Site>,
    client: Client,
    form: Form,
) -> PageResult {
    let door = Door::new(&request, &site, &client, **area);
    if !door.has_form {
        return Err(PageError::status(StatusCode::FORBIDDEN, door.t.door_no_form));
    }
    let (username, password) = (form.get("username").trim().to_owned(), form.get("password"));
    if username.is_empty() || password.is_empty() {
        let error = Some(door.t.door_both_needed.to_owned());
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { f: door, username, error }));
    }
    let core = site.core();
    let step = match **area {
        Area::Admin => core.admin_page_login(&username, password, client.ip()).await,
        Area::Client => {
            let attempt = Attempt { username: username.clone(), protocol: Protocol::Http, peer: peer(&client, agent(&request)) };
            core.user_page_login(&attempt, password).await
        }
    };
    match step {
        Ok(PageStep::In(token)) => Ok(door.welcome(&site, &token)),
        Ok(PageStep::CodeNeeded(token)) => {
            let mut answer = redirect(&door.with_next("twofactor"));
            let now = core.clock().seconds();
            cookies::add(&mut answer, &Kept::Pending(**area).token(&token, client.secure, now));
            Ok(answer)
        }
        Err(error) => {
            let (status, text) = refusal(&door, error)?;
            Ok(page(status, &LoginPage { f: door, username, error: Some(text) }))
        }
    }
}

/// What a refused login says (UI-029); faults of ours are pages of their own.
pub(super) fn refusal(door: &Door, error: Error) -> Result<(StatusCode, String), PageError> {
    let t = door.t;
    match error {
        Error::Auth => Ok((StatusCode::UNAUTHORIZED, t.door_wrong.to_owned())),
        // SEC-053: once the password was right, the rule may be told.
        Error::Denied(denial) => Ok((StatusCode::FORBIDDEN, door.say(t.door_denied, denial.rule()))),
        Error::TooMany => Ok((StatusCode::FORBIDDEN, t.door_too_many_sessions.to_owned())),
        Error::Unsupported => Ok((StatusCode::FORBIDDEN, t.door_no_storage.to_owned())),
        // ACC-085
        Error::Homeless => Ok((StatusCode::INTERNAL_SERVER_ERROR, t.door_homeless.to_owned())),
        Error::Busy => Ok((StatusCode::SERVICE_UNAVAILABLE, t.error_busy.to_owned())),
        other => Err(other.into()),
    }
}
