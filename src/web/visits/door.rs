//! What a visitor has to do before anything else: a password, a code by mail, an agreement.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use entrepot_core::{
    shares::{self, About, Next, VisitError},
    tokens::Token,
};
use entrepot_model::ShareScope;

use super::{Refusal, Visitor, cookie, page};
use crate::{
    frame::{Form, Look, answer::redirect_saying, cookies, next, redirect},
    pages::page as html,
};
use actix_web::http::StatusCode;

type Shown = Result<HttpResponse, Refusal>;

#[derive(Template)]
#[template(path = "public/door.html")]
struct DoorPage {
    f: Look,
    /// What is asked: `password`, `code` or `agreement`.
    ask: &'static str,
    /// Where it is sent, without what is asked.
    base: String,
    next: String,
    about: Option<About>,
    /// The address that a code was sent to.
    email: String,
    has_code: bool,
    error: Option<&'static str>,
}

/// Where the visitor wanted to go: a page of this share.
fn wanted(visitor: &Visitor) -> Option<String> {
    let own = page(&visitor.id, "");
    next::own(visitor.query.get("next")).filter(|path| path.starts_with(&own)).map(str::to_owned)
}

/// The page of a share that fits what it is for.
fn home(id: &str, about: &About) -> String {
    let is_one = about.names.len() == 1;
    page(
        id,
        match about.scope {
            ShareScope::Write => "/upload",
            ShareScope::ReadWrite => "/browse",
            ShareScope::Read if is_one => "/browse",
            ShareScope::Read => "/download",
        },
    )
}

async fn built(visitor: Visitor, request: &HttpRequest) -> Result<Result<DoorPage, HttpResponse>, Refusal> {
    let found = visitor.describe().await.map_err(|error| Refusal::new(request, error))?;
    let next = wanted(&visitor);
    let ask = match (&found.next, &found.about) {
        (Next::Visit, Some(about)) => return Ok(Err(redirect(&next.unwrap_or_else(|| home(&visitor.id, about))))),
        (Next::Visit | Next::Agreement, _) => "agreement",
        (Next::Password, _) => "password",
        (Next::Code, _) => "code",
    };
    Ok(Ok(DoorPage {
        ask,
        base: page(&visitor.id, ""),
        next: next.unwrap_or_default(),
        about: found.about,
        email: String::new(),
        has_code: false,
        error: None,
        f: visitor.look,
    }))
}

fn shown(status: StatusCode, page: Result<DoorPage, HttpResponse>) -> Shown {
    Ok(match page {
        Ok(page) => html(status, &page),
        Err(answer) => answer,
    })
}

/// UI-141
pub(super) async fn show(request: HttpRequest, visitor: Visitor) -> Shown {
    shown(StatusCode::OK, built(visitor, &request).await?)
}

/// The session begins, and the visitor goes on.
fn entered(visitor: &Visitor, token: &Token) -> HttpResponse {
    let rest = wanted(visitor).map(|next| format!("?next={}", crate::api::escaped(&next))).unwrap_or_default();
    let mut answer = redirect(&page(&visitor.id, &format!("/login{rest}")));
    let now = visitor.site.core().clock().seconds();
    cookies::add(&mut answer, &cookie::kept(&visitor.id, token, visitor.client.secure, now));
    answer
}

pub(super) async fn password(request: HttpRequest, visitor: Visitor, form: Form) -> Shown {
    let given = form.get("password");
    match shares::authenticate_password(visitor.site.core(), &visitor.id, given, visitor.peer.clone()).await {
        Ok(token) => Ok(entered(&visitor, &token)),
        Err(VisitError::Credentials) => {
            let wrong = visitor.look.t.visit_wrong_password;
            let page = built(visitor, &request).await?.map(|page| DoorPage { error: Some(wrong), ..page });
            shown(StatusCode::UNAUTHORIZED, page)
        }
        Err(VisitError::Method) => show(request, visitor).await,
        Err(error) => Err(Refusal::new(&request, error)),
    }
}

/// UI-181: first the address, then the code. Whether the address is one of the recipients is not told.
pub(super) async fn code(request: HttpRequest, visitor: Visitor, form: Form) -> Shown {
    let email = form.get("email").trim().to_owned();
    let core = visitor.site.core().clone();
    if !form.has("code") {
        match shares::request_code(&core, &visitor.id, &email, visitor.peer.clone()).await {
            Ok(()) => {}
            Err(VisitError::Method) => return show(request, visitor).await,
            Err(error) => return Err(Refusal::new(&request, error)),
        }
        let page = built(visitor, &request).await?.map(|page| DoorPage { email, has_code: true, ..page });
        return shown(StatusCode::OK, page);
    }
    let code = form.get("code").trim();
    match shares::check_code(&core, &visitor.id, &email, code, visitor.peer.clone()).await {
        Ok(token) => Ok(entered(&visitor, &token)),
        Err(VisitError::Code) => {
            let wrong = visitor.look.t.visit_wrong_code;
            let page = built(visitor, &request).await?;
            shown(StatusCode::UNAUTHORIZED, page.map(|page| DoorPage { email, has_code: true, error: Some(wrong), ..page }))
        }
        Err(error) => Err(Refusal::new(&request, error)),
    }
}

pub(super) async fn agree(request: HttpRequest, visitor: Visitor, form: Form) -> Shown {
    if !form.has("agrees") {
        let needed = visitor.look.t.visit_agree_needed;
        let page = built(visitor, &request).await?.map(|page| DoorPage { error: Some(needed), ..page });
        return shown(StatusCode::UNPROCESSABLE_ENTITY, page);
    }
    let session = visitor.session.as_deref();
    match shares::accept_agreement(visitor.site.core(), &visitor.id, session, visitor.peer.clone()).await {
        Ok(token) => Ok(entered(&visitor, &token)),
        Err(VisitError::Credentials | VisitError::Method) => show(request, visitor).await,
        Err(error) => Err(Refusal::new(&request, error)),
    }
}

/// UI-145
pub(super) async fn leave(visitor: Visitor, _: Form) -> HttpResponse {
    if let Some(session) = &visitor.session {
        shares::leave(visitor.site.core(), &visitor.id, session, visitor.peer.clone()).await;
    }
    let mut answer = redirect_saying(&page(&visitor.id, "/login"), &visitor.look, visitor.look.t.visit_left);
    cookies::add(&mut answer, &cookie::gone(&visitor.id, visitor.client.secure));
    answer
}
