//! What people do about their own account, administrators and users alike: password, second factor, recovery codes.

mod factor;
mod password;

use std::pin::Pin;

use actix_web::{
    FromRequest, HttpResponse,
    web::{self, ServiceConfig, get, post, resource},
};
use entrepot_core::{
    Core, Result,
    admin::{own, second_factor::FactorOwner},
};
use entrepot_model::api::PwdChange;

use crate::{
    error::only,
    frame::{AdminForm, AdminPage, Area, ClientForm, ClientPage, Form, Look, PageResult, Shell, render},
};

/// Whoever looks at a page of its own account.
pub(crate) trait Person: FromRequest<Error = crate::frame::PageError> + 'static {
    /// The same with a form.
    type Sent: FromRequest<Error = crate::frame::PageError> + 'static;

    const AREA: Area;

    fn parts(sent: Self::Sent) -> (Self, Form);
    fn core(&self) -> &Core;
    fn look(&self) -> &Look;
    fn owner(&self) -> FactorOwner<'_>;
    fn is_confined(&self) -> bool;
    /// Protocols that must have a second factor; empty where none must, and for administrators.
    fn protocols(&self) -> Option<Vec<String>>;
    fn has_factor(&self) -> bool;
    fn change_password<'a>(&'a self, change: &'a PwdChange) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;
    fn shell(self) -> Shell;
}

impl Person for AdminPage {
    type Sent = AdminForm;

    const AREA: Area = Area::Admin;

    fn parts(sent: AdminForm) -> (Self, Form) {
        (sent.page, sent.form)
    }

    fn core(&self) -> &Core {
        self.site.core()
    }

    fn look(&self) -> &Look {
        &self.look
    }

    fn owner(&self) -> FactorOwner<'_> {
        FactorOwner::Admin(&self.session)
    }

    fn is_confined(&self) -> bool {
        !self.session.duties().is_empty()
    }

    fn protocols(&self) -> Option<Vec<String>> {
        None
    }

    fn has_factor(&self) -> bool {
        self.session.admin().filters.totp_config.enabled
    }

    fn change_password<'a>(&'a self, change: &'a PwdChange) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
        Box::pin(own::password::change_admin(self.site.core(), &self.session, change))
    }

    fn shell(self) -> Shell {
        Shell::admin(self, "me")
    }
}

impl Person for ClientPage {
    type Sent = ClientForm;

    const AREA: Area = Area::Client;

    fn parts(sent: ClientForm) -> (Self, Form) {
        (sent.page, sent.form)
    }

    fn core(&self) -> &Core {
        self.site.core()
    }

    fn look(&self) -> &Look {
        &self.look
    }

    fn owner(&self) -> FactorOwner<'_> {
        FactorOwner::User(self.caller.login())
    }

    fn is_confined(&self) -> bool {
        !self.caller.duties().is_empty()
    }

    fn protocols(&self) -> Option<Vec<String>> {
        let user = &self.caller.user().user;
        let chosen = &user.filters.totp_config.protocols;
        let required = &user.filters.base.two_factor_protocols;
        let all = ["HTTP", "SSH", "FTP"].map(str::to_owned);
        Some(if !chosen.is_empty() {
            chosen.clone()
        } else if required.is_empty() {
            all.to_vec()
        } else {
            required.clone()
        })
    }

    fn has_factor(&self) -> bool {
        self.caller.user().user.filters.totp_config.enabled
    }

    fn change_password<'a>(&'a self, change: &'a PwdChange) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
        Box::pin(own::password::change_user(self.site.core(), &self.caller, change))
    }

    fn shell(self) -> Shell {
        Shell::client(self, "me")
    }
}

/// The places that do not fit in the bar of a telephone.
#[derive(askama::Template)]
#[template(path = "frame/more.html")]
struct MorePage {
    f: Shell,
}

/// Nothing to say, but the session is there and goes on: a script asks before it sends what was typed.
async fn alive<P: Person>(_: P) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

async fn more<P: Person>(page: P) -> PageResult {
    render(&MorePage { f: page.shell() })
}

/// The routes of an area, below its root.
pub(crate) fn routes<P: Person>(config: &mut ServiceConfig) {
    let at = |path: &str| resource(path.to_owned()).default_service(web::to(only("GET, HEAD, POST")));
    config
        .service(at("/alive").route(get().to(alive::<P>)))
        .service(at("/more").route(get().to(more::<P>)))
        .service(at("/changepwd").route(get().to(password::form::<P>)).route(post().to(password::submit::<P>)))
        .service(at("/mfa").route(get().to(factor::show::<P>)))
        .service(at("/mfa/generate").route(get().to(factor::show::<P>)).route(post().to(factor::generate::<P>)))
        .service(at("/mfa/save").route(get().to(factor::show::<P>)).route(post().to(factor::save::<P>)))
        .service(at("/mfa/disable").route(post().to(factor::disable::<P>)))
        .service(at("/recoverycodes").route(get().to(factor::codes::<P>)).route(post().to(factor::renew::<P>)));
}
