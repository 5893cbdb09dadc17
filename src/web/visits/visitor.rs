//! Whoever looks at a page of a share.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError, dev::Payload, http::StatusCode, web};
use askama::Template;
use entrepot_core::{
    Error, Peer,
    shares::{self, Description, Proof, Purpose, Visit, VisitError},
};
use entrepot_http::Client;

use super::{cookie, page};
use crate::{
    Site,
    api::access::{agent, peer},
    error::ApiError,
    frame::{Form, Look, redirect},
};

/// A visitor at a share, before any check.
pub(super) struct Visitor {
    pub(super) site: web::Data<Site>,
    pub(super) client: Client,
    pub(super) look: Look,
    pub(super) id: String,
    /// Token of the session, if there is one.
    pub(super) session: Option<String>,
    pub(super) query: Form,
    pub(super) peer: Peer,
}

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| Refusal::new(request, VisitError::Unknown)))
    }
}

impl Visitor {
    fn of(request: &HttpRequest) -> Option<Self> {
        let site = request.app_data::<web::Data<Site>>().cloned()?;
        let client = request.extensions().get::<Client>().cloned()?;
        let id = request.match_info().get("id")?.to_owned();
        let session = cookie::read(request, &id, client.secure);
        Some(Self {
            peer: peer(&client, agent(request)),
            look: Look::of(request, None),
            query: Form::query(request),
            site,
            client,
            id,
            session,
        })
    }

    fn proof(&self) -> Proof<'_> {
        self.session.as_deref().map_or(Proof::Nothing, Proof::Session)
    }

    /// What the page may show.
    pub(super) async fn describe(&self) -> Result<Description, VisitError> {
        shares::describe(self.site.core(), &self.id, self.session.as_deref(), self.peer.clone()).await
    }

    /// Goes in.
    pub(super) async fn visit(&self, request: &HttpRequest, purpose: Purpose) -> Result<Visit, Refusal> {
        let visit = shares::visit(self.site.core(), &self.id, purpose, self.proof(), self.peer.clone()).await;
        visit.map_err(|error| self.kept_out(request, error))
    }

    /// Goes in; one for whom the page is not, because the share is for something else, is led to the page that fits.
    pub(super) async fn visit_or_home(&self, request: &HttpRequest, purpose: Purpose) -> Result<Visit, Refusal> {
        let visit = shares::visit(self.site.core(), &self.id, purpose, self.proof(), self.peer.clone()).await;
        visit.map_err(|error| match error {
            VisitError::Scope => Refusal::elsewhere(page(&self.id, "/login")),
            other => self.kept_out(request, other),
        })
    }

    fn kept_out(&self, request: &HttpRequest, error: VisitError) -> Refusal {
        match error {
            VisitError::Credentials | VisitError::Agreement | VisitError::PagesOnly => Refusal::door(request, &self.id),
            other => Refusal::new(request, other),
        }
    }
}

/// A page that is not shown.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    page: String,
    /// Where it goes on instead.
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "public/closed.html")]
struct ClosedPage<'a> {
    f: Look,
    title: &'a str,
    text: String,
}

impl Refusal {
    /// UI-146
    pub(super) fn new(request: &HttpRequest, error: VisitError) -> Self {
        use VisitError as E;
        let look = Look::of(request, None);
        let t = look.t;
        let (status, title, text) = match &error {
            E::Unknown | E::Closed => (StatusCode::NOT_FOUND, t.visit_gone_title, t.visit_gone.to_owned()),
            E::UsedUp => (StatusCode::NOT_FOUND, t.visit_used_title, t.visit_used.to_owned()),
            E::Expired => (StatusCode::NOT_FOUND, t.visit_expired_title, t.visit_expired.to_owned()),
            E::Scope | E::Address | E::Refused(_) | E::PagesOnly | E::Agreement | E::Credentials => {
                (StatusCode::FORBIDDEN, t.visit_refused_title, t.visit_refused.to_owned())
            }
            E::TooMany | E::Other(Error::TooMany) => (StatusCode::TOO_MANY_REQUESTS, t.error_many_title, t.error_many.to_owned()),
            E::Other(Error::NotFound) => (StatusCode::NOT_FOUND, t.error_missing_title, t.visit_moved.to_owned()),
            E::Other(Error::Denied(_)) => (StatusCode::FORBIDDEN, t.visit_refused_title, t.visit_refused.to_owned()),
            E::Other(Error::Busy | Error::Shutdown) => {
                (StatusCode::SERVICE_UNAVAILABLE, t.error_busy_title, t.error_busy.to_owned())
            }
            E::Other(_) => (StatusCode::INTERNAL_SERVER_ERROR, t.error_fault_title, t.error_fault.to_owned()),
            E::Code | E::Method | E::NotOneDirectory | E::Outside | E::Path(_) => {
                (StatusCode::BAD_REQUEST, t.error_refused_title, t.visit_bad.to_owned())
            }
        };
        Self::page(status, look, title, text)
    }

    fn page(status: StatusCode, look: Look, title: &str, text: String) -> Self {
        Self { status, page: ClosedPage { f: look, title, text }.render().unwrap_or_default(), to: None }
    }

    /// What an operation of the REST API was refused with.
    pub(super) fn of_api(request: &HttpRequest, id: &str, error: &ApiError) -> Self {
        let look = Look::of(request, None);
        let t = look.t;
        match error.code() {
            StatusCode::UNAUTHORIZED => Self::door(request, id),
            StatusCode::NOT_FOUND if error.to_string().ends_with(&VisitError::UsedUp.to_string()) => {
                Self::new(request, VisitError::UsedUp)
            }
            StatusCode::NOT_FOUND => Self::page(StatusCode::NOT_FOUND, look, t.error_missing_title, t.visit_moved.to_owned()),
            status => Self::page(status, look, t.error_refused_title, t.visit_bad.to_owned()),
        }
    }

    /// The form of another site.
    pub(super) fn foreign(request: &HttpRequest) -> Self {
        let look = Look::of(request, None);
        let t = look.t;
        Self::page(StatusCode::FORBIDDEN, look, t.error_foreign_title, t.error_foreign.to_owned())
    }

    /// To what the visitor has to do first, and back here afterwards.
    fn door(request: &HttpRequest, id: &str) -> Self {
        let here = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Self::elsewhere(page(id, &format!("/login?next={}", crate::api::escaped(&here))))
    }

    fn elsewhere(to: String) -> Self {
        Self { status: StatusCode::SEE_OTHER, page: String::new(), to: Some(to) }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the page of a share is not shown: {}", self.status)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        match &self.to {
            Some(to) => redirect(to),
            None => HttpResponse::build(self.status).content_type("text/html; charset=utf-8").body(self.page.clone()),
        }
    }
}
