//! Forgotten passwords: a code by mail, and a new password for it (UI-032, UI-033).

use actix_web::{HttpRequest, http::StatusCode, web};
use askama::Template;
use entrepot_core::{
    Error,
    admin::password_reset::{self, ResetKind},
};
use entrepot_http::Client;

use super::Door;
use crate::{
    Site,
    frame::{Area, Form, PageError, PageResult, answer::redirect_saying, render},
    pages::page,
};

#[derive(Template)]
#[template(path = "door/forgot.html")]
struct ForgotPage {
    f: Door,
    username: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "door/reset.html")]
struct ResetPage {
    f: Door,
    username: String,
    code: String,
    code_error: Option<String>,
    password_error: Option<String>,
}

fn kind(area: Area) -> ResetKind {
    match area {
        Area::Admin => ResetKind::Admin,
        Area::Client => ResetKind::User,
    }
}

fn open(request: &HttpRequest, site: &Site, client: &Client, area: Area) -> Result<Door, PageError> {
    let door = Door::new(request, site, client, area);
    if door.has_mail && door.has_form { Ok(door) } else { Err(PageError::not_found()) }
}

pub(super) async fn forgot(request: HttpRequest, area: web::Data<Area>, site: web::Data<Site>, client: Client) -> PageResult {
    let door = open(&request, &site, &client, **area)?;
    render(&ForgotPage { f: door, username: String::new(), error: None })
}

pub(super) async fn send(
    request: HttpRequest,
    area: web::Data<Area>,
    site: web::Data<Site>,
    client: Client,
    form: Form,
) -> PageResult {
    let door = open(&request, &site, &client, **area)?;
    let username = form.get("username").trim().to_owned();
    if username.is_empty() {
        let error = Some(door.t.door_username_needed.to_owned());
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &ForgotPage { f: door, username, error }));
    }
    match password_reset::request(site.core(), kind(**area), &username, client.ip()).await {
        // What nobody may learn ends like a success.
        Ok(()) | Err(Error::Invalid { .. } | Error::NotFound) => {
            let to = format!("{}?username={}", door.to("reset-password"), crate::api::escaped(&username));
            Ok(redirect_saying(&to, &door, door.t.door_code_sent))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn form(request: HttpRequest, area: web::Data<Area>, site: web::Data<Site>, client: Client) -> PageResult {
    let door = open(&request, &site, &client, **area)?;
    let username = Form::query(&request).get("username").to_owned();
    render(&ResetPage { f: door, username, code: String::new(), code_error: None, password_error: None })
}

pub(super) async fn submit(
    request: HttpRequest,
    area: web::Data<Area>,
    site: web::Data<Site>,
    client: Client,
    form: Form,
) -> PageResult {
    let door = open(&request, &site, &client, **area)?;
    let t = door.t;
    let (username, code) = (form.get("username").trim().to_owned(), form.get("code").trim().to_owned());
    let password = form.get("password");
    let mut again = ResetPage { f: door, username, code, code_error: None, password_error: None };
    if password != form.get("repeat") {
        again.password_error = Some(t.door_passwords_differ.to_owned());
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again));
    }
    let done = password_reset::complete(site.core(), kind(**area), &again.username, &again.code, password, client.ip()).await;
    match done {
        Ok(()) => Ok(redirect_saying(&again.f.to("login"), &again.f, t.door_password_set)),
        Err(Error::Invalid { field, message, .. }) if field == "password" => {
            again.password_error = Some(message);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
        }
        Err(Error::Invalid { .. } | Error::NotFound) => {
            again.code_error = Some(t.door_reset_code_wrong.to_owned());
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
        }
        Err(error) => Err(error.into()),
    }
}
