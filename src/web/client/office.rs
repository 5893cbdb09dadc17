//! `/web/client/office`: a document in the editor of the office server (UI-133). The editor is a frame of its own origin; it gets
//! a token by a form, and nothing else of ours.

use actix_web::{HttpRequest, http::StatusCode, http::header};
use askama::Template;
use entrepot_core::{Error, documents};
use entrepot_model::VirtualPath;

use super::place::{May, Quota, encoded, files_of, path_of};
use crate::{
    files::PathQuery,
    frame::{ClientPage, PageError, PageResult, Shell, redirect, render},
    home::host,
    wopi::{self, Endings},
};

#[derive(Template)]
#[template(path = "client/office.html")]
struct OfficePage {
    f: Shell,
    quota: Option<Quota>,
    name: String,
    back: String,
    /// Where the editor is.
    action: String,
    /// Its scheme and host.
    origin: String,
    access_token: String,
    /// Milliseconds since the epoch at which the token ends.
    ends_at: i64,
}

/// Whoever cannot open it there gets the file as everybody does (API-235).
pub(super) async fn show(request: HttpRequest, page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let how = if page.core().settings().hook.webclient_disable_preview { "" } else { "&inline=1" };
    let plain = || Ok(redirect(&format!("/web/client/file?path={}{how}", encoded(path.as_bytes()))));
    let Some(office) = wopi::office_of(page.core(), page.client.features) else { return plain() };
    if !documents::is_offered(page.core(), &page.caller, office.max_users).await? {
        return plain();
    }
    let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
    let away = || PageError::status(StatusCode::SERVICE_UNAVAILABLE, page.look.t.office_away);
    let discovery = page.site.offices().ask(page.core(), &office.server_url).await.map_err(|_| away())?;
    if !Endings::in_discovery(&discovery, &office).has(&name) {
        return plain();
    }
    let origin = host(&request, &page.client).base(page.client.secure);
    let opened = match documents::open(page.core(), &page.caller, &path, &origin, office.max_users).await {
        Ok(opened) => opened,
        // The last seat may be gone by now.
        Err(Error::Denied(denial)) if matches!(denial.rule(), "wopi-disabled" | "wopi_users") => return plain(),
        Err(error) => return Err(error.into()),
    };
    let parent = path.parent().unwrap_or_else(VirtualPath::root);
    let may_edit = May::of(page.caller.user(), &parent).has("overwrite");
    let source = wopi::source(&office, &opened.file);
    let action = discovery.address(&wopi::ending(&name), may_edit, &source, page.look.language.tag());
    let (action, origin) =
        action.and_then(|action| Some((wopi::origin(&action)?, action))).map(|(o, a)| (a, o)).ok_or_else(away)?;
    let policy = policy(&origin);
    let mut answer = render(&OfficePage {
        quota: Quota::of(&fs),
        name,
        back: format!("/web/client/files?path={}", encoded(parent.as_bytes())),
        action,
        origin,
        access_token: opened.token.access_token,
        ends_at: opened.token.expires_at.saturating_mul(1000),
        f: Shell::client(page, "files"),
    })?;
    if let Ok(policy) = header::HeaderValue::from_str(&policy) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(answer)
}

/// As every page, and the frame: of this office server and no other (SEC-176).
fn policy(origin: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; connect-src 'self'; \
         frame-src {origin}; form-action 'self' {origin}; frame-ancestors 'none'; base-uri 'none'"
    )
}
