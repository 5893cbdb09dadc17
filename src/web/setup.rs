//! The first step of the first start: `/setup/{token}`, the first administrator. The steps after it have a session and are
//! pages of administrators; [`bring`] is the way around them.

mod bring;
mod steps;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    error::InternalError,
    http::{StatusCode, header},
    web,
};
use entrepot_config::settings::PasswordRules;
use entrepot_core::{Error, admin::SetupRequest, login::PageStep};
use entrepot_http::Client;
use serde::Deserialize;

use crate::{
    Site,
    error::{only, refuse},
    frame::{
        Area, Look, cookies,
        cookies::Kept,
        told::sentence,
        words::{Words, fill},
    },
    origin,
    pages::{FormErrors, MessagePage, SetupClosedPage, SetupFormPage, page},
};
pub(crate) use steps::Steps;

/// Longest form (SEC-074).
const FORM_LIMIT: usize = 256 * 1024;
/// Where it goes on.
const NEXT: &str = "/web/admin/setup/files";

/// The routes below `/setup`.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let only = || web::to(only("GET, HEAD, POST"));
    let (get, post) = (web::get, web::post);
    config
        .route("", get().to(without_link))
        .service(
            web::resource("/{token}")
                .app_data(form_config())
                .route(get().to(form))
                .route(post().to(submit))
                .default_service(only()),
        )
        .service(
            web::resource("/{token}/restore")
                .route(get().to(bring::form))
                .route(post().to(bring::submit))
                .default_service(only()),
        );
}

/// How the form is read; what cannot be read is answered with a page.
fn form_config() -> web::FormConfig {
    web::FormConfig::default().limit(FORM_LIMIT).error_handler(|error, _| {
        let status = error.status_code();
        let answer = refuse("/setup", status, "The form could not be read; open the setup link again");
        InternalError::from_response(error, answer).into()
    })
}

/// What was filled in. It holds passwords and has no `Debug`.
#[derive(Deserialize)]
pub(crate) struct Filled {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    repeat: String,
    #[serde(default)]
    code: String,
}

/// `GET /setup`: somebody has heard of it but has no link.
async fn without_link(site: web::Data<Site>) -> HttpResponse {
    match site.needs_setup().await {
        Ok(true) => page(StatusCode::SERVICE_UNAVAILABLE, &SetupClosedPage::needed()),
        Ok(false) => see_other("/"),
        Err(error) => failed(&error),
    }
}

/// `GET /setup/{token}`: the form, for who has the link.
async fn form(request: HttpRequest, site: web::Data<Site>, client: Client, token: web::Path<String>) -> HttpResponse {
    match site.needs_setup().await {
        Ok(true) => {}
        Ok(false) => return used(),
        Err(error) => return failed(&error),
    }
    match site.core().check_setup_token(&token).await {
        Ok(()) => {
            let mut answer = show(&request, &site, &client, StatusCode::OK, "", FormErrors::default());
            if let Some(language) = steps::chosen(&request) {
                cookies::add(&mut answer, &Kept::Language.choice(language.tag(), client.secure));
            }
            answer
        }
        Err(error) => closed(&error),
    }
}

/// `POST /setup/{token}`: the administrator is made, or the form shown again with what is wrong.
async fn submit(
    request: HttpRequest,
    site: web::Data<Site>,
    client: Client,
    token: web::Path<String>,
    filled: web::Form<Filled>,
) -> HttpResponse {
    if !origin::is_own(&request) {
        return refuse(request.path(), StatusCode::FORBIDDEN, "The form was sent from another site");
    }
    match site.needs_setup().await {
        Ok(true) => {}
        Ok(false) => return used(),
        Err(error) => return failed(&error),
    }
    let t = Look::of(&request, steps::chosen(&request)).t;
    let errors = check(t, &filled);
    if errors.is_some() {
        // Who has no link learns nothing about the form either.
        return match site.core().check_setup_token(&token).await {
            Ok(()) => show(&request, &site, &client, StatusCode::UNPROCESSABLE_ENTITY, &filled.username, errors),
            Err(error) => closed(&error),
        };
    }
    let wanted = SetupRequest {
        token: &token,
        username: &filled.username,
        password: &filled.password,
        installation_code: &filled.code,
        ip: client.ip(),
    };
    match site.core().complete_setup(wanted).await {
        Ok(admin) => {
            tracing::info!(username = admin.username, ip = %client.ip(), "setup completed, the first administrator exists");
            signed_in(&site, &client, &filled).await
        }
        Err(error @ (Error::Auth | Error::TooMany)) => closed(&error),
        Err(error) => {
            // Somebody was faster, or a backup is being taken in.
            if matches!(error, Error::Conflict(_)) && matches!(site.needs_setup().await, Ok(false)) {
                return used();
            }
            let (status, errors) = explain(t, error);
            show(&request, &site, &client, status, &filled.username, errors)
        }
    }
}

/// What the form itself can tell; rules about names and passwords are core's.
fn check(t: &Words, filled: &Filled) -> FormErrors {
    let missing = |text: &str, message: &str| text.trim().is_empty().then(|| message.to_owned());
    let mut errors = FormErrors {
        username: missing(&filled.username, t.setup_username_needed),
        password: missing(&filled.password, t.setup_password_needed),
        ..FormErrors::default()
    };
    if errors.password.is_none() && filled.password != filled.repeat {
        errors.repeat = Some(t.door_passwords_differ.to_owned());
    }
    errors
}

/// A refusal of core at the place in the form that it is about.
fn explain(t: &Words, error: Error) -> (StatusCode, FormErrors) {
    let mut errors = FormErrors::default();
    let status = match error {
        Error::Invalid { field, message, .. } if field == "username" => {
            errors.username = Some(t.fault(&field, &message));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Invalid { field, message, .. } if field == "password" => {
            errors.password = Some(t.fault(&field, &message));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Denied(denial) if denial.rule() == "installation_code" => {
            errors.code = Some(t.setup_code_wrong.to_owned());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Conflict(message) => {
            errors.general = Some(sentence(&t.told(&message)));
            StatusCode::CONFLICT
        }
        Error::Busy => {
            errors.general = Some(t.error_busy.to_owned());
            StatusCode::SERVICE_UNAVAILABLE
        }
        other => {
            errors.general = Some(fill(t.setup_not_saved, &[&other]));
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    (status, errors)
}

fn show(
    request: &HttpRequest,
    site: &Site,
    client: &Client,
    status: StatusCode,
    username: &str,
    errors: FormErrors,
) -> HttpResponse {
    let settings = site.core().settings();
    let code_label = code_label(site);
    let f = Steps::before(request, "owner");
    let template = SetupFormPage {
        username,
        password_rule: &rule(&f, &settings.data_provider.password_validation.admins),
        code_label: code_label.as_deref(),
        errors,
        fingerprint: site.self_signed_fingerprint().filter(|_| client.secure),
        unencrypted: !client.secure && !client.ip().is_loopback(),
        restore: format!("{}/restore", request.path()),
        f,
    };
    page(status, &template)
}

/// What the installation code is called, where one is asked for (ACC-256).
fn code_label(site: &Site) -> Option<String> {
    let settings = site.core().settings();
    let setup = &settings.httpd.setup;
    (!setup.installation_code.is_empty()).then(|| setup.installation_code_hint.clone())
}

/// The rule for passwords of administrators as a sentence; empty if there is none.
fn rule(look: &Look, rules: &PasswordRules) -> String {
    let t = look.t;
    let kinds = [
        (rules.length, t.setup_rule_length),
        (rules.uppers, t.setup_rule_uppers),
        (rules.lowers, t.setup_rule_lowers),
        (rules.digits, t.setup_rule_digits),
        (rules.specials, t.setup_rule_specials),
    ];
    let parts: Vec<String> =
        kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, text)| look.language.count(text, count)).collect();
    if parts.is_empty() { String::new() } else { look.say(t.setup_rule, parts.join(", ")) }
}

/// The link was used: an administrator exists.
fn used() -> HttpResponse {
    let text = "The first administrator exists already, so the setup link has ended.";
    page(StatusCode::GONE, &MessagePage::new("This server is set up", text, None))
}

/// A link that does not lead to the form.
fn closed(error: &Error) -> HttpResponse {
    match error {
        Error::Auth => page(StatusCode::FORBIDDEN, &SetupClosedPage::wrong_link()),
        Error::TooMany => refuse("/setup", StatusCode::TOO_MANY_REQUESTS, "The setup link was tried too often; wait a minute"),
        other => failed(other),
    }
}

fn failed(error: &Error) -> HttpResponse {
    refuse("/setup", StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
}

/// UI-025: whoever made the account is logged in with it.
async fn signed_in(site: &Site, client: &Client, filled: &Filled) -> HttpResponse {
    let mut answer = see_other(NEXT);
    let core = site.core();
    if let Ok(PageStep::In(token)) = core.admin_page_login(&filled.username, &filled.password, client.ip()).await {
        let session = Kept::Session(Area::Admin).token(&token, client.secure, core.clock().seconds());
        cookies::add(&mut answer, &session);
    }
    answer
}

/// After a form: the browser asks for the next page with GET, so that reloading sends nothing twice.
fn see_other(location: &'static str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

#[cfg(test)]
mod tests;
