//! The certificate that services without files of their own show (TLS-006, TLS-008).

use actix_web::web::{self, ServiceConfig, get, post, resource};
use askama::Template;
use entrepot_core::{
    Error,
    admin::certificate::{self, CertificateDraft},
};
use entrepot_model::{
    AdminPermission as P,
    certificate::{CertificateView, EVERY, FTPS, HTTPS, WEBDAV},
};

use super::{
    asking::AskPage,
    fields::Fault,
    object,
    tabs::{Tab, tabs},
};
use crate::{
    error::only,
    frame::{
        AdminForm, AdminPage, Area, Form, PageError, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        render,
    },
};

/// Segment of the addresses.
const HERE: &str = "certificate";
const SERVICES: [(i64, &str); 3] = [(HTTPS, "HTTPS"), (FTPS, "FTPS"), (WEBDAV, "WebDAV")];

#[derive(Template)]
#[template(path = "admin/certificate.html")]
struct CertificatePage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    kept: Option<CertificateView>,
    /// Fingerprint of the certificate that the server made itself, if that one is shown.
    own: Option<String>,
    has_acme: bool,
    may_change: bool,
    /// Bits and names of the services, and whether they are chosen.
    services: Vec<(i64, &'static str, bool)>,
    /// Services it is for, in words.
    chosen: String,
    typed: String,
    faults: Faults,
}

/// What is wrong with what was sent.
#[derive(Default)]
struct Faults {
    chain: Option<String>,
    key: Option<String>,
    services: Option<String>,
    other: Option<String>,
}

impl From<Fault> for Faults {
    fn from(Fault { field, message, .. }: Fault) -> Self {
        let message = Some(message);
        match field.as_str() {
            "certificate" => Self { chain: message, ..Self::default() },
            "private_key" => Self { key: message, ..Self::default() },
            "protocols" => Self { services: message, ..Self::default() },
            _ => Self { other: message, ..Self::default() },
        }
    }
}

pub(super) fn routes(config: &mut ServiceConfig) {
    let at = |path: &str| resource(format!("/{HERE}{path}")).default_service(web::to(only("GET, HEAD, POST")));
    config
        .service(at("").route(get().to(show)).route(post().to(save)))
        .service(at("/delete").route(get().to(ask)).route(post().to(delete)));
}

async fn kept(page: &AdminPage) -> Result<Option<CertificateView>, PageError> {
    match certificate::show(page.core(), &page.session).await {
        Err(Error::NotFound) => Ok(None),
        found => Ok(Some(found?)),
    }
}

async fn page_of(page: AdminPage, sent: Option<(&Form, Fault)>) -> Result<CertificatePage, PageError> {
    let kept = kept(&page).await?;
    let chosen = match &sent {
        Some((form, _)) => protocols(form),
        None => kept.as_ref().map_or(EVERY, |kept| kept.protocols),
    };
    let settings = page.core().settings();
    let is_for = |kept: &CertificateView| {
        let names = SERVICES.into_iter().filter(|(bit, _)| kept.protocols & bit != 0).map(|(_, name)| name);
        names.collect::<Vec<_>>().join(", ")
    };
    let (typed, faults) = match sent {
        Some((form, fault)) => (form.get("certificate").to_owned(), fault.into()),
        None => (String::new(), Faults::default()),
    };
    Ok(CertificatePage {
        title: page.look.t.nav_security,
        tabs: tabs("security", HERE, &page.session, page.look.t),
        chosen: kept.as_ref().map(is_for).unwrap_or_default(),
        kept,
        own: page.site.self_signed_fingerprint(),
        has_acme: settings.acme.domains.iter().any(|names| !names.trim().is_empty()),
        may_change: page.session.may(P::Any),
        services: SERVICES.into_iter().map(|(bit, name)| (bit, name, chosen & bit != 0)).collect(),
        typed,
        faults,
        f: Shell::admin(page, "security"),
    })
}

fn protocols(form: &Form) -> i64 {
    form.all("protocols").filter_map(|bit| bit.parse::<i64>().ok()).fold(0, |sum, bit| sum | bit)
}

async fn show(page: AdminPage) -> PageResult {
    render(&page_of(page, None).await?)
}

async fn save(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let draft = CertificateDraft {
        certificate: form.get("certificate").to_owned(),
        private_key: form.get("private_key").into(),
        protocols: protocols(&form),
    };
    match certificate::put(page.core(), &page.session, draft).await {
        Ok(kept) => {
            let t = page.look.t;
            let text = if kept.is_shown { t.certificate_saved } else { t.certificate_saved_waits };
            Ok(redirect_saying(&Area::Admin.page(HERE), &page.look, text))
        }
        Err(error) => {
            let fault = object::fault(error, page.look.t)?;
            render_again(&page_of(page, Some((&form, fault))).await?)
        }
    }
}

async fn ask(page: AdminPage) -> PageResult {
    page.session.require(P::Any)?;
    let kept = kept(&page).await?.ok_or_else(PageError::not_found)?;
    let (t, back) = (page.look.t, Area::Admin.page(HERE));
    render(&AskPage {
        title: t.certificate_delete_title.to_owned(),
        text: t.certificate_delete_text.to_owned(),
        button: t.certificate_delete,
        name: kept.facts.names.join(", "),
        action: format!("{back}/delete"),
        parent: t.tab_certificate,
        parent_href: back.clone(),
        back,
        f: Shell::admin(page, "security"),
    })
}

async fn delete(sent: AdminForm) -> PageResult {
    let page = sent.page;
    let to = Area::Admin.page(HERE);
    match certificate::remove(page.core(), &page.session).await {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.t.certificate_deleted)),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.certificate_gone)),
        Err(error) => Err(error.into()),
    }
}
