//! Answers of pages, and the middleware that turns errors into pages, renews sessions and takes back what was said once.

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    cookie::Cookie,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, Uri, header},
    middleware::Next,
};
use askama::Template;
use entrepot_http::Client;

use super::{Area, Look, cookies, cookies::Kept, look::Flash};
use crate::{origin, pages::page};

/// What a handler of a page answers.
pub(crate) type PageResult = Result<HttpResponse, PageError>;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum PageError {
    /// Nobody is logged in.
    SignIn(Area),
    /// A duty comes first (SEC-070): where it is done.
    Duty(String),
    /// The form came from another site, or from a page of a session that has ended.
    Foreign,
    /// A rule, or a fault of ours.
    Core(entrepot_core::Error),
    /// Something else, with its sentence.
    Status(StatusCode, String),
}

impl PageError {
    /// A refusal that says itself why.
    pub(crate) fn status(status: StatusCode, text: impl Into<String>) -> Self {
        Self::Status(status, text.into())
    }

    /// Nothing is at this address.
    pub(crate) fn not_found() -> Self {
        Self::Core(entrepot_core::Error::NotFound)
    }
}

impl From<entrepot_core::Error> for PageError {
    fn from(error: entrepot_core::Error) -> Self {
        Self::Core(error)
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignIn(_) => f.write_str("nobody is logged in"),
            Self::Duty(to) => write!(f, "a duty comes first: {to}"),
            Self::Foreign => f.write_str("the form is not of this session"),
            Self::Core(error) => error.fmt(f),
            Self::Status(_, text) => f.write_str(text),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        use entrepot_core::Error as E;
        match self {
            Self::SignIn(_) | Self::Duty(_) => StatusCode::SEE_OTHER,
            Self::Foreign | Self::Core(E::Denied(_) | E::StorageDenied) => StatusCode::FORBIDDEN,
            Self::Core(E::NotFound) => StatusCode::NOT_FOUND,
            Self::Core(E::Invalid { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Core(E::Conflict(_) | E::InUse(_) | E::Exists | E::NotDirectory | E::IsDirectory | E::NotEmpty) => {
                StatusCode::CONFLICT
            }
            Self::Core(E::Unsupported) => StatusCode::NOT_IMPLEMENTED,
            Self::Core(E::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Core(E::Quota | E::TransferQuota | E::NoSpace) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Core(E::TooMany) => StatusCode::TOO_MANY_REQUESTS,
            Self::Core(E::Busy | E::Shutdown | E::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Core(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Status(status, _) => *status,
        }
    }

    /// The middleware makes the page: it knows language and theme.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).finish()
    }
}

/// A page.
pub(crate) fn render(template: &impl Template) -> PageResult {
    Ok(page(StatusCode::OK, template))
}

/// A page whose form has something wrong.
pub(crate) fn render_again(template: &impl Template) -> PageResult {
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, template))
}

/// After a form: the browser asks for the next page with GET, so that reloading sends nothing twice.
pub(crate) fn redirect(to: &str) -> HttpResponse {
    let to = header::HeaderValue::from_str(to).unwrap_or(header::HeaderValue::from_static("/"));
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

/// As [`redirect`]; the next page says what was done.
pub(crate) fn redirect_saying(to: &str, look: &Look, text: impl Into<String>) -> HttpResponse {
    let mut answer = redirect(to);
    let flash = Flash { is_bad: false, text: text.into() };
    cookies::add(&mut answer, &Kept::flash(&flash.encode(), look.secure));
    answer
}

/// As [`redirect_saying`], for what could not be done.
pub(crate) fn redirect_refusing(to: &str, look: &Look, text: impl Into<String>) -> HttpResponse {
    let mut answer = redirect(to);
    let flash = Flash { is_bad: true, text: text.into() };
    cookies::add(&mut answer, &Kept::flash(&flash.encode(), look.secure));
    answer
}

/// A cookie that the middleware adds to whatever is answered.
pub(crate) struct Renewed(pub(crate) Cookie<'static>);

/// An error as a page.
#[derive(Template)]
#[template(path = "frame/error.html")]
struct ErrorPage<'a> {
    f: Look,
    code: u16,
    title: &'a str,
    text: String,
    home: &'static str,
    quote: Option<String>,
}

/// The middleware of an area.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let area = if request.path().starts_with(Area::Client.root()) { Area::Client } else { Area::Admin };
    let had_flash = Kept::Flash.read(request.request(), is_secure(request.request())).is_some();
    let mut response = next.call(request).await?.map_into_boxed_body();
    let made = response
        .response()
        .error()
        .and_then(|error| error.as_error::<PageError>())
        .map(|error| explain(response.request(), area, error));
    if let Some(answer) = made {
        response = ServiceResponse::new(response.request().clone(), answer);
    }
    let secure = is_secure(response.request());
    let renewed = response.request().extensions_mut().remove::<Renewed>();
    let is_page = response.status() == StatusCode::OK
        && response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let answer = response.response_mut();
    if had_flash && is_page && !answer.cookies().any(|cookie| cookie.name() == Kept::Flash.name(secure)) {
        let _ = answer.add_cookie(&Kept::Flash.gone(secure));
    }
    if let Some(Renewed(cookie)) = renewed
        && !answer.cookies().any(|other| other.name() == cookie.name())
    {
        let _ = answer.add_cookie(&cookie);
    }
    Ok(response)
}

fn is_secure(request: &HttpRequest) -> bool {
    request.extensions().get::<Client>().is_some_and(|client| client.secure)
}

/// A script asks for data and cannot follow to the login.
fn is_script(request: &HttpRequest) -> bool {
    request.headers().get("sec-fetch-mode").is_some_and(|mode| mode == "cors" || mode == "same-origin")
        || request.headers().get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

fn explain(request: &HttpRequest, area: Area, error: &PageError) -> HttpResponse {
    use entrepot_core::Error as E;
    let look = Look::of(request, None);
    let t = look.t;
    let (title, text) = match error {
        PageError::SignIn(_) | PageError::Duty(_) if is_script(request) => {
            return HttpResponse::Unauthorized().finish();
        }
        PageError::SignIn(area) => return to_login(*area, request, &look),
        PageError::Duty(to) => return redirect(to),
        PageError::Foreign => (t.error_foreign_title, t.error_foreign.to_owned()),
        PageError::Core(E::NotFound) => (t.error_missing_title, t.error_missing.to_owned()),
        PageError::Core(E::Denied(denial)) => (t.error_denied_title, denied(&look, denial)),
        PageError::Core(E::TooMany) => (t.error_many_title, t.error_many.to_owned()),
        PageError::Core(E::Busy | E::Shutdown) => (t.error_busy_title, t.error_busy.to_owned()),
        PageError::Core(E::Internal(_) | E::Io(_) | E::Corrupt) => (t.error_fault_title, t.error_fault.to_owned()),
        PageError::Core(E::Unsupported) => (t.error_refused_title, t.error_unsupported.to_owned()),
        PageError::Core(E::Homeless) => (t.error_refused_title, t.door_homeless.to_owned()),
        PageError::Core(other) => (t.error_refused_title, other.to_string()),
        PageError::Status(_, text) => (t.error_refused_title, text.clone()),
    };
    let quote = match error {
        PageError::Core(E::Internal(id) | E::Io(id)) => Some(id.to_string()),
        _ => Some(look.request_id.clone()).filter(|id| !id.is_empty()),
    };
    let status = error.status_code();
    page(status, &ErrorPage { code: status.as_u16(), title, text, home: area.root(), quote, f: look })
}

fn denied(look: &Look, denial: &entrepot_core::Denial) -> String {
    match denial.rule() {
        "admin_permissions" => look.t.error_denied.to_owned(),
        rule => look.say(look.t.error_denied_rule, rule),
    }
}

/// To the login and, after it, back to where a page was asked for, or to the page whose form was sent.
fn to_login(area: Area, request: &HttpRequest, look: &Look) -> HttpResponse {
    let here = match *request.method() {
        Method::GET => request.uri().path_and_query().map(ToString::to_string),
        Method::POST if origin::is_own(request) => referrer(request),
        _ => None,
    };
    let here = here.unwrap_or_default();
    let is_worth_it = here != area.root() && here != area.home();
    let to = match super::next::own(&here).filter(|_| is_worth_it) {
        Some(here) => format!("{}/login?next={}", area.root(), crate::api::escaped(here)),
        None => area.page("login"),
    };
    if had_session(area, request, look) { redirect_refusing(&to, look, look.t.script_signed_out) } else { redirect(&to) }
}

/// Whether there was a session until now: its cookie is there and no longer good, or, where the browser has dropped that, the
/// request comes from a page that only a session shows.
fn had_session(area: Area, request: &HttpRequest, look: &Look) -> bool {
    const DOOR: [&str; 6] = ["login", "twofactor", "twofactor-recovery", "forgot-password", "reset-password", "invite"];
    let inside = |from: String| {
        let path = from.split('?').next().unwrap_or_default();
        path.strip_prefix(area.root()).and_then(|path| path.strip_prefix('/')).is_some_and(|page| !DOOR.contains(&page))
    };
    Kept::Session(area).read(request, look.secure).is_some() || referrer(request).is_some_and(inside)
}

/// Path and query of the page that a form was on: our pages say so to this site (RFC 9110 section 10.1.3).
fn referrer(request: &HttpRequest) -> Option<String> {
    let from = request.headers().get(header::REFERER)?.to_str().ok()?.parse::<Uri>().ok()?;
    from.path_and_query().map(ToString::to_string)
}
