//! Who looks at a page: the session in the cookie, and what forms of it carry.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::Method, web};
use entrepot_core::{
    UserCaller,
    admin::AdminSession,
    tokens::{Claims, Duties, TokenError},
};
use entrepot_http::Client;

use super::{
    Area, Form, Look, PageError,
    answer::Renewed,
    cookies::Kept,
    form::{self, TOKEN},
};
use crate::{
    Site,
    api::access::{agent, peer},
    origin,
};

type Taking<T> = Pin<Box<dyn Future<Output = Result<T, PageError>>>>;

/// Header of scripts in place of the field (SEC-164).
const HEADER: &str = "X-CSRF-TOKEN";
/// Routes of an area that lead to a duty and out.
const OPEN: [&str; 7] = ["/logout", "/changepwd", "/mfa", "/mfa/generate", "/mfa/save", "/recoverycodes", "/alive"];
/// Routes that scripts ask by themselves: nobody need be there.
const POLLED: [&str; 4] = ["/overview/now", "/activity/rows", "/connection/{id}/moving", "/log/follow"];

/// An administrator at a page.
#[allow(dead_code, reason = "what every page may ask for")]
pub(crate) struct AdminPage {
    pub(crate) site: web::Data<Site>,
    pub(crate) session: AdminSession,
    pub(crate) client: Client,
    pub(crate) look: Look,
    /// The query of the address.
    pub(crate) query: Form,
}

/// A user at a page.
#[allow(dead_code, reason = "what every page may ask for")]
pub(crate) struct ClientPage {
    pub(crate) site: web::Data<Site>,
    pub(crate) caller: UserCaller,
    pub(crate) client: Client,
    pub(crate) look: Look,
    /// The query of the address.
    pub(crate) query: Form,
}

/// An administrator and a form of the session.
pub(crate) struct AdminForm {
    pub(crate) page: AdminPage,
    pub(crate) form: Form,
}

/// A user and a form of the session.
pub(crate) struct ClientForm {
    pub(crate) page: ClientPage,
    pub(crate) form: Form,
}

impl AdminPage {
    /// What forms carry.
    pub(crate) fn form_token(&self) -> String {
        self.session.claims().map(Claims::form_token).unwrap_or_default()
    }

    /// Use cases.
    pub(crate) fn core(&self) -> &entrepot_core::Core {
        self.site.core()
    }
}

#[allow(dead_code, reason = "what every page may ask for")]
impl ClientPage {
    /// What forms carry.
    pub(crate) fn form_token(&self) -> String {
        self.caller.claims().map(Claims::form_token).unwrap_or_default()
    }

    /// Use cases.
    pub(crate) fn core(&self) -> &entrepot_core::Core {
        self.site.core()
    }
}

/// What both kinds read off a request.
struct Shown {
    site: web::Data<Site>,
    client: Client,
    token: String,
}

fn shown(request: &HttpRequest, area: Area) -> Result<Shown, PageError> {
    let site = request.app_data::<web::Data<Site>>().cloned();
    let client = request.extensions().get::<Client>().cloned();
    let (site, client) = site.zip(client).ok_or(PageError::SignIn(area))?;
    let token = Kept::Session(area).read(request, client.secure).ok_or(PageError::SignIn(area))?;
    Ok(Shown { site, client, token })
}

fn refused(area: Area) -> impl FnOnce(TokenError) -> PageError {
    move |error| match error {
        TokenError::Unavailable => PageError::Core(entrepot_core::Error::Busy),
        _ => PageError::SignIn(area),
    }
}

/// SEC-070: whoever must do something first gets no further than that.
fn check_duties(request: &HttpRequest, area: Area, duties: &Duties) -> Result<(), PageError> {
    if duties.is_empty() || is_one_of(request, area, &OPEN) {
        return Ok(());
    }
    Err(PageError::Duty(area.page(if duties.needs_second_factor() { "mfa" } else { "changepwd" })))
}

/// By the route, not by the path: names are in paths.
fn is_one_of(request: &HttpRequest, area: Area, routes: &[&str]) -> bool {
    let route = request.match_pattern();
    let route = route.as_deref().and_then(|route| route.strip_prefix(area.root()));
    route.is_some_and(|route| routes.contains(&route))
}

/// SEC-166: renewed where a page is looked at.
fn renew(request: &HttpRequest, area: Area, shown: &Shown, claims: Option<&Claims>, updated_at: i64) {
    if request.method() != Method::GET || is_one_of(request, area, &POLLED) {
        return;
    }
    let core = shown.site.core();
    if let Some(token) = claims.and_then(|claims| core.renewed(claims, updated_at)) {
        let cookie = Kept::Session(area).token(&token, shown.client.secure, core.clock().seconds());
        request.extensions_mut().insert(Renewed(cookie));
    }
}

impl FromRequest for AdminPage {
    type Error = PageError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let shown = shown(&request, Area::Admin)?;
            let session = shown.site.core().admin_by_cookie(&shown.token, shown.client.ip()).await;
            let session = session.map_err(refused(Area::Admin))?;
            check_duties(&request, Area::Admin, session.duties())?;
            renew(&request, Area::Admin, &shown, session.claims(), session.admin().updated_at);
            let (look, query) = (Look::of(&request, None), Form::query(&request));
            Ok(Self { site: shown.site, session, client: shown.client, look, query })
        })
    }
}

impl FromRequest for ClientPage {
    type Error = PageError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let shown = shown(&request, Area::Client)?;
            let peer = peer(&shown.client, agent(&request));
            let caller = shown.site.core().user_by_cookie(&shown.token, peer).await.map_err(refused(Area::Client))?;
            check_duties(&request, Area::Client, caller.duties())?;
            renew(&request, Area::Client, &shown, caller.claims(), caller.user().user.updated_at);
            let (look, query) = (Look::of(&request, None), Form::query(&request));
            Ok(Self { site: shown.site, caller, client: shown.client, look, query })
        })
    }
}

/// SEC-164: sent by a page of ours, and by one of this session.
pub(crate) fn check_token(request: &HttpRequest, form: &Form, claims: Option<&Claims>) -> Result<(), PageError> {
    let header = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let token = header.unwrap_or_else(|| form.get(TOKEN));
    let is_ours = origin::is_own(request) && claims.is_some_and(|claims| claims.is_form_token(token));
    if is_ours { Ok(()) } else { Err(PageError::Foreign) }
}

impl FromRequest for AdminForm {
    type Error = PageError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let page = AdminPage::from_request(&request, &mut Payload::None).await?;
            let form = form::read_of_session(&request, &mut payload).await?;
            check_token(&request, &form, page.session.claims())?;
            Ok(Self { page, form })
        })
    }
}

impl FromRequest for ClientForm {
    type Error = PageError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let page = ClientPage::from_request(&request, &mut Payload::None).await?;
            let form = form::read_of_session(&request, &mut payload).await?;
            check_token(&request, &form, page.caller.claims())?;
            Ok(Self { page, form })
        })
    }
}
