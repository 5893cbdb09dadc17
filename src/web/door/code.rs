//! The code of the second factor, or a recovery code in its place.

use actix_web::{HttpRequest, http::StatusCode, web};
use askama::Template;
use entrepot_core::login::{PageCode, PageRefusal};
use entrepot_http::Client;

use super::{Door, login::refusal};
use crate::{
    Site,
    api::access::{agent, peer},
    frame::{Area, Form, PageResult, answer::redirect_refusing, cookies::Kept, redirect, render},
    pages::page,
};

#[derive(Template)]
#[template(path = "door/code.html")]
struct CodePage {
    f: Door,
    is_recovery: bool,
    error: Option<String>,
}

fn is_recovery(request: &HttpRequest) -> bool {
    request.path().ends_with("-recovery")
}

pub(super) async fn form(request: HttpRequest, area: web::Data<Area>, site: web::Data<Site>, client: Client) -> PageResult {
    let door = Door::new(&request, &site, &client, **area);
    let pending = Kept::Pending(**area).read(&request, client.secure).unwrap_or_default();
    if !site.core().is_login_pending(&pending, area.pending(), client.ip()).await {
        return Ok(redirect(&door.with_next("login")));
    }
    render(&CodePage { f: door, is_recovery: is_recovery(&request), error: None })
}

pub(super) async fn submit(
    request: HttpRequest,
    area: web::Data<Area>,
    site: web::Data<Site>,
    client: Client,
    form: Form,
) -> PageResult {
    let door = Door::new(&request, &site, &client, **area);
    let is_recovery = is_recovery(&request);
    let pending = Kept::Pending(**area).read(&request, client.secure).unwrap_or_default();
    let shown: String = form.get("code").chars().filter(|c| !c.is_whitespace()).take(100).collect();
    let code = if is_recovery { PageCode::Recovery(&shown) } else { PageCode::Totp(&shown) };
    let core = site.core();
    let outcome = match **area {
        Area::Admin => core.admin_page_code(&pending, code, client.ip()).await,
        Area::Client => core.user_page_code(&pending, code, peer(&client, agent(&request))).await,
    };
    match outcome {
        Ok(token) => Ok(door.welcome(&site, &token)),
        Err(PageRefusal::Expired) => Ok(redirect_refusing(&door.with_next("login"), &door, door.t.door_code_expired)),
        Err(PageRefusal::Refused(error)) => {
            let (status, text) = refusal(&door, error)?;
            let text = if status == StatusCode::UNAUTHORIZED { door.t.door_code_wrong.to_owned() } else { text };
            Ok(page(status, &CodePage { f: door, is_recovery, error: Some(text) }))
        }
    }
}
