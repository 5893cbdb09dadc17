//! `/web/client/invite`: whoever was invited sets a password and is in.

use actix_web::{HttpRequest, http::StatusCode, web};
use askama::Template;
use entrepot_core::{Attempt, Error, admin::invites, login::PageStep};
use entrepot_http::Client;
use entrepot_model::Protocol;

use super::Door;
use crate::{
    Site,
    api::access::{agent, peer},
    frame::{Area, Form, PageError, PageResult, answer::redirect_saying, render},
    pages::page,
};

#[derive(Template)]
#[template(path = "door/invite.html")]
struct InvitePage {
    f: Door,
    username: String,
    token: String,
    error: Option<String>,
}

/// Only where users sign in with passwords.
fn open(request: &HttpRequest, site: &Site, client: &Client, area: Area) -> Result<Door, PageError> {
    let door = Door::new(request, site, client, area);
    if door.has_form { Ok(door) } else { Err(PageError::not_found()) }
}

/// A link that was used or taken back, or is too old.
fn over(door: &Door, error: Error) -> PageError {
    match error {
        Error::Auth => PageError::status(StatusCode::GONE, door.t.invite_over),
        other => other.into(),
    }
}

pub(super) async fn form(request: HttpRequest, area: web::Data<Area>, site: web::Data<Site>, client: Client) -> PageResult {
    let door = open(&request, &site, &client, **area)?;
    let token = Form::query(&request).get("token").to_owned();
    match invites::look(site.core(), &token, client.ip()).await {
        Ok(username) => render(&InvitePage { f: door, username, token, error: None }),
        Err(error) => Err(over(&door, error)),
    }
}

pub(super) async fn submit(
    request: HttpRequest,
    area: web::Data<Area>,
    site: web::Data<Site>,
    client: Client,
    form: Form,
) -> PageResult {
    let door = open(&request, &site, &client, **area)?;
    let (token, password) = (form.get("token"), form.get("password"));
    let outcome = if password == form.get("repeat") {
        invites::accept(site.core(), token, password, client.ip()).await
    } else {
        Err(Error::invalid("password", door.t.door_passwords_differ))
    };
    match outcome {
        Ok(username) => {
            let attempt = Attempt { username, protocol: Protocol::Http, peer: peer(&client, agent(&request)) };
            match site.core().user_page_login(&attempt, password).await {
                Ok(PageStep::In(session)) => Ok(door.welcome(&site, &session)),
                // The password is set; whatever else stands in the way is told at the door.
                _ => Ok(redirect_saying(&door.to("login"), &door, door.t.door_password_set)),
            }
        }
        Err(Error::Invalid { message, .. }) => {
            let username = invites::look(site.core(), token, client.ip()).await.map_err(|error| over(&door, error))?;
            let token = token.to_owned();
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &InvitePage { f: door, username, token, error: Some(message) }))
        }
        Err(error) => Err(over(&door, error)),
    }
}
