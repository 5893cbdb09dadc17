//! The way in and out of the pages, the same for administrators and users: password, code or recovery code, forgotten
//! passwords, signing out (UI-027…UI-034).

mod code;
mod invite;
mod login;
pub(crate) mod logout;
mod reset;

use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig, get, post, resource},
};
use entrepot_core::tokens::Token;
use entrepot_http::Client;

use crate::{
    Site,
    api::body::BodyLimit,
    error::only,
    frame::{Area, Look, cookies, cookies::Kept, next, redirect},
    home::host,
};

/// What every page of the door is filled with.
pub(crate) struct Door {
    look: Look,
    pub(crate) area: Area,
    /// Name the visitor reached the server by.
    pub(crate) host: String,
    /// Where the login leads.
    pub(crate) next: String,
    /// Mail can be sent, so that a forgotten password is no dead end.
    pub(crate) has_mail: bool,
    /// The other area, where it is offered as well.
    pub(crate) other: Option<&'static str>,
    /// Passwords are taken here at all.
    pub(crate) has_form: bool,
    /// Fingerprint of a certificate that browsers cannot know.
    pub(crate) fingerprint: Option<String>,
}

impl std::ops::Deref for Door {
    type Target = Look;

    fn deref(&self) -> &Look {
        &self.look
    }
}

impl Door {
    fn new(request: &HttpRequest, site: &Site, client: &Client, area: Area) -> Self {
        let features = client.features;
        let (has_form, other) = match area {
            Area::Admin => (features.admin_form, features.web_client.then_some("/web/client/login")),
            Area::Client => (features.client_form, features.web_admin.then_some("/web/admin/login")),
        };
        let query = crate::frame::Form::query(request);
        Self {
            look: Look::of(request, None),
            area,
            host: host(request, client).name,
            next: next::own(query.get("next")).unwrap_or_default().to_owned(),
            has_mail: site.core().settings().smtp.is_configured(),
            other,
            has_form,
            fingerprint: site.self_signed_fingerprint().filter(|_| client.secure),
        }
    }

    /// A page of the area.
    pub(crate) fn to(&self, name: &str) -> String {
        self.area.page(name)
    }

    /// A page of the area that remembers where the login leads.
    pub(crate) fn with_next(&self, name: &str) -> String {
        if self.next.is_empty() {
            return self.to(name);
        }
        format!("{}?next={}", self.to(name), crate::api::escaped(&self.next))
    }

    /// Whether somebody asked for a page and was led here, and nothing else says why: a bookmark, after the session has ended.
    pub(crate) fn is_sent_here(&self) -> bool {
        !self.next.is_empty() && self.flash.is_none()
    }

    /// The beginning and the end of the fingerprint: enough to compare at a glance.
    pub(crate) fn short_fingerprint(&self) -> Option<String> {
        let text = self.fingerprint.as_deref()?;
        Some(format!("{}…{}", text.get(..8)?, text.get(text.len().checked_sub(5)?..)?))
    }

    /// In: the session begins, and the login leads where it was meant to.
    fn welcome(&self, site: &Site, token: &Token) -> actix_web::HttpResponse {
        let to = if self.next.is_empty() { self.area.home() } else { &self.next };
        let mut answer = redirect(to);
        let now = site.core().clock().seconds();
        cookies::add(&mut answer, &Kept::Session(self.area).token(token, self.secure, now));
        cookies::add(&mut answer, &Kept::Pending(self.area).gone(self.secure));
        answer
    }
}

/// The routes of an area, below its root.
pub(crate) fn routes(area: Area) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let area = web::Data::new(area);
        let at = |path: &str| {
            resource(path.to_owned())
                .app_data(area.clone())
                .app_data(BodyLimit::LOGIN)
                .default_service(web::to(only("GET, HEAD, POST")))
        };
        config
            .service(at("").route(get().to(login::begin)))
            .service(at("/login").route(get().to(login::form)).route(post().to(login::submit)))
            .service(at("/twofactor").route(get().to(code::form)).route(post().to(code::submit)))
            .service(at("/twofactor-recovery").route(get().to(code::form)).route(post().to(code::submit)))
            .service(at("/forgot-password").route(get().to(reset::forgot)).route(post().to(reset::send)))
            .service(at("/reset-password").route(get().to(reset::form)).route(post().to(reset::submit)))
            .service(at("/logout").route(get().to(logout::logout)).route(post().to(logout::logout)));
        // Administrators are not invited.
        if **area == Area::Client {
            config.service(at("/invite").route(get().to(invite::form)).route(post().to(invite::submit)));
        }
    }
}

#[cfg(test)]
mod tests;
