//! How people reach the server: listeners that answer, the certificate, a name or a proxy.

use actix_web::HttpRequest;
use askama::Template;
use chrono::{DateTime, Utc};
use entrepot_core::{
    Knock,
    admin::{
        first_steps::{self, Reach},
        instance,
    },
};

use super::{Fault, Wrong, fault, step};
use crate::{
    frame::{
        AdminForm, AdminPage, Form, PageError, PageResult,
        answer::{redirect_saying, render_again},
        redirect, render,
    },
    setup::Steps,
};

#[derive(Template)]
#[template(path = "setup/reach.html")]
struct ReachPage {
    f: Steps,
    token: String,
    knocks: Vec<Knock>,
    /// The server made its certificate itself.
    is_self_signed: bool,
    has_certificate: bool,
    fingerprint: Option<String>,
    /// Milliseconds since the epoch.
    ends: i64,
    way: String,
    domain: String,
    /// There are more names than the field shows: they stay as they are, and are changed among the settings.
    names: Option<String>,
    email: String,
    proxy: String,
    /// Proxies that are believed already.
    believed: String,
    /// A proxy seems to stand before the server.
    saw_proxy: bool,
    wrong: Wrong,
    /// What was saved waits for a restart.
    waits: bool,
}

#[derive(Template)]
#[template(path = "setup/restarting.html")]
struct RestartingPage {
    f: Steps,
    to: String,
}

async fn page_of(
    request: &HttpRequest,
    page: AdminPage,
    form: Option<&Form>,
    fault: Option<Fault>,
) -> Result<ReachPage, PageError> {
    let knocks = first_steps::knock(page.core(), &page.session).await?;
    let settings = page.core().settings();
    let certificate = page.site.certificate();
    let ends =
        certificate.as_ref().and_then(|certificate| certificate.ends).map(|ends| DateTime::<Utc>::from(ends).timestamp_millis());
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical().to_string()).unwrap_or_default();
    let saw_proxy = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    let typed = |name: &str, stored: String| form.map_or(stored, |form| form.get(name).trim().to_owned());
    let has_name = !settings.acme.domains.is_empty();
    let believed = first_steps::believed(page.core(), page.client.local);
    let way = if has_name {
        "domain"
    } else if saw_proxy || !believed.is_empty() {
        "proxy"
    } else {
        "local"
    };
    let has_several = first_steps::has_several_names(page.core());
    let fields = if has_several { vec!["email", "proxy"] } else { vec!["domain", "email", "proxy"] };
    Ok(ReachPage {
        token: page.form_token(),
        knocks,
        is_self_signed: certificate.as_ref().is_some_and(|certificate| certificate.is_self_signed),
        has_certificate: certificate.is_some() && page.client.secure,
        fingerprint: page.site.self_signed_fingerprint().filter(|_| page.client.secure),
        ends: ends.unwrap_or_default(),
        way: typed("way", way.to_owned()),
        names: has_several.then(|| settings.acme.domains.join(", ")),
        believed: believed.join(", "),
        domain: typed("domain", settings.acme.domains.first().cloned().unwrap_or_default()),
        email: typed("email", settings.acme.email.clone()),
        proxy: typed("proxy", if saw_proxy { peer } else { String::new() }),
        saw_proxy,
        wrong: Wrong { fault, fields },
        waits: page.query.has("saved"),
        f: Steps::new(page.look, "reach"),
    })
}

pub(super) async fn show(request: HttpRequest, page: AdminPage) -> PageResult {
    render(&page_of(&request, page, None, None).await?)
}

pub(super) async fn choose(request: HttpRequest, sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let text = |name: &str| form.get(name).trim().to_owned();
    let reach = match form.get("way") {
        "domain" => Reach::Domain { name: text("domain").to_lowercase(), email: text("email") },
        "proxy" => {
            let networks = text("proxy").split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
            Reach::Proxy { networks, local: page.client.local }
        }
        _ => Reach::Local,
    };
    let is_empty = matches!(&reach, Reach::Proxy { networks, .. } if networks.is_empty())
        && first_steps::believed(page.core(), page.client.local).is_empty();
    let saved = if is_empty {
        Err(entrepot_core::Error::invalid("proxy", page.look.t.setup_proxy_needed))
    } else {
        first_steps::choose_reach(page.core(), &page.session, reach).await
    };
    match saved {
        Ok(false) => Ok(redirect(&step("person"))),
        Ok(true) => Ok(redirect_saying(&format!("{}?saved=1", step("reach")), &page.look, page.look.t.setup_reach_saved)),
        Err(error) => {
            let fault = fault(error, page.look.t)?;
            render_again(&page_of(&request, page, Some(&form), Some(fault)).await?)
        }
    }
}

pub(super) async fn restart(sent: AdminForm) -> PageResult {
    let page = sent.page;
    instance::restart(page.core(), &page.session)?;
    render(&RestartingPage { f: Steps::new(page.look, "reach"), to: step("person") })
}
