//! Bringing files: the page with the large area, plain forms, and a new directory (UI-144, UI-182).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;
use entrepot_core::shares::{About, Purpose};
use entrepot_model::ShareScope;

use super::{Refusal, Visitor, page};
use crate::{
    api::public_shares,
    client::{place::encoded, texts},
    error::ApiError,
    files::{Incoming, PathQuery},
    frame::{
        Form, Look,
        answer::{redirect_refusing, redirect_saying},
        look::Html,
        words::Words,
    },
    origin,
    pages::page as html,
};

type Shown = Result<HttpResponse, Refusal>;

#[derive(Template)]
#[template(path = "public/upload.html")]
struct UploadPage {
    f: Look,
    base: String,
    id: String,
    about: About,
    has_session: bool,
    chunk: u64,
    texts: Html,
}

impl UploadPage {
    fn title(&self) -> &str {
        if self.about.name.is_empty() { self.f.t.visit_bring } else { &self.about.name }
    }
}

/// UI-144: the name of the share, and nothing of what is in it.
pub(super) async fn show(request: HttpRequest, visitor: Visitor) -> Shown {
    let visit = visitor.visit_or_home(&request, Purpose::Write).await?;
    Ok(html(
        StatusCode::OK,
        &UploadPage {
            base: page(&visitor.id, ""),
            about: visit.about(),
            has_session: visit.has_session(),
            chunk: u64::from(visitor.client.features.upload_chunk) << 20,
            texts: texts::data(visitor.look.t),
            id: visitor.id,
            f: visitor.look,
        },
    ))
}

/// A plain form.
pub(super) async fn form(request: HttpRequest, visitor: Visitor, body: Incoming) -> Shown {
    if !origin::is_own(&request) {
        return Err(Refusal::foreign(&request));
    }
    let visit = visitor.visit(&request, Purpose::Write).await?;
    let to = page(&visitor.id, if visit.scope() == ShareScope::Write { "/upload" } else { "/browse" });
    Ok(match public_shares::write::form_of(&request, &visit, body).await {
        Ok(_) => redirect_saying(&to, &visitor.look, visitor.look.t.visit_arrived),
        Err(error) => redirect_refusing(&to, &visitor.look, problem(visitor.look.t, &error)),
    })
}

/// What the form was refused with, for people.
fn problem(t: &Words, error: &ApiError) -> &'static str {
    match error.code() {
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::INSUFFICIENT_STORAGE => t.files_no_room,
        StatusCode::FORBIDDEN => t.visit_refused,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => t.error_busy,
        _ if error.to_string().ends_with(public_shares::write::TOO_MANY) => t.visit_used,
        _ => t.visit_bad,
    }
}

/// UI-182
pub(super) async fn new_folder(request: HttpRequest, visitor: Visitor, paths: PathQuery, form: Form) -> Shown {
    let visit = visitor.visit(&request, Purpose::Write).await?;
    let named = paths.bytes("path").map_err(|error| Refusal::of_api(&request, &visitor.id, &error))?;
    let directory = visit.inside(named).await.map_err(|error| Refusal::new(&request, error))?;
    let to = page(&visitor.id, &format!("/browse?path={}", encoded(named)));
    let name = form.get("name").trim();
    let t = visitor.look.t;
    let made = match directory.child(name.as_bytes()) {
        Ok(path) => visit.fs().create_directory(&path).await.map_err(|_| t.files_exists),
        Err(_) => Err(t.files_bad_name),
    };
    Ok(match made {
        Ok(()) => redirect_saying(&to, &visitor.look, visitor.look.say(t.files_made, name)),
        Err(text) => redirect_refusing(&to, &visitor.look, text),
    })
}
