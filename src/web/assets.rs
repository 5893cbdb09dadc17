//! Styles and signs, built into the program. Names carry a hash of the content, so browsers keep them for a year.

use std::{fmt::Write, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, EntityTag, IfNoneMatch},
    web,
};
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::error::not_found_page;

/// What `ui/build.mjs` wrote.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
struct Dist;

/// Which file carries which name now; templates ask it for addresses.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Assets {
    /// Styles of every page.
    #[serde(rename = "app.css")]
    pub(crate) app_css: String,
    /// The sign in the tab of the browser.
    #[serde(rename = "logo-mark.svg")]
    pub(crate) logo_mark: String,
    /// Styles of the pages of administrators.
    #[serde(rename = "admin.css")]
    pub(crate) admin_css: String,
    /// Styles of the pages of users and of shares.
    #[serde(rename = "client.css")]
    pub(crate) client_css: String,
    /// The signs of buttons and states.
    #[serde(rename = "icons.svg")]
    pub(crate) icons: String,
    /// Script of every page with a session.
    #[serde(rename = "app.js")]
    pub(crate) app_js: String,
    /// Script of the pages of administrators.
    #[serde(rename = "admin.js")]
    pub(crate) admin_js: String,
    /// Script of the files of users.
    #[serde(rename = "client.js")]
    pub(crate) client_js: String,
    /// Script of the search over everything.
    #[serde(rename = "find.js")]
    pub(crate) find_js: String,
    /// Script of the text editor.
    #[serde(rename = "editor.js")]
    pub(crate) editor_js: String,
    /// Script of documents in an office server.
    #[serde(rename = "office.js")]
    pub(crate) office_js: String,
    /// Script of the pages of shares.
    #[serde(rename = "visit.js")]
    pub(crate) visit_js: String,
    /// Script that shows files of a share.
    #[serde(rename = "showing.js")]
    pub(crate) showing_js: String,
    /// Script of the page about the REST API.
    #[serde(rename = "openapi.js")]
    pub(crate) openapi_js: String,
}

static ASSETS: LazyLock<Assets> =
    // Pages work without styles; the test below keeps this from happening.
    LazyLock::new(|| {
        let manifest = Dist::get(MANIFEST).map(|file| serde_json::from_slice(&file.data));
        manifest.and_then(Result::ok).unwrap_or_default()
    });

/// File with the names; it has none of its own.
const MANIFEST: &str = "manifest.json";

/// The names in use.
pub(crate) fn assets() -> &'static Assets {
    &ASSETS
}

/// Browsers keep a hashed name for good: other content gets another name.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Our signs carry their two colour schemes as a style inside; nothing else is allowed in them.
const SIGN_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// `GET /assets/{name}`.
pub(crate) async fn asset(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    // The manifest has no hash in its name and is of no use outside.
    let Some(file) = Dist::get(&name).filter(|_| *name != MANIFEST) else { return not_found_page() };
    let tag = EntityTag::new_strong(hex(&file.metadata.sha256_hash()[..16]));
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, FOREVER)).insert_header(header::ETag(tag.clone()));
    if is_known(&request, &tag) {
        return answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    if name.ends_with(".svg") {
        answer.insert_header((header::CONTENT_SECURITY_POLICY, SIGN_POLICY));
    }
    answer.content_type(content_type(&name)).body(file.data.into_owned())
}

/// Whether the client has this content already (RFC 9110 section 13.1.2).
pub(crate) fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    use actix_web::http::header::Header;
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use actix_web::{App, http::StatusCode, test};

    use super::*;

    #[::core::prelude::v1::test]
    fn every_name_that_pages_use_is_embedded() {
        for name in {
            let all = assets();
            [
                &all.app_css,
                &all.admin_css,
                &all.client_css,
                &all.icons,
                &all.app_js,
                &all.admin_js,
                &all.openapi_js,
                &all.logo_mark,
                &all.client_js,
                &all.editor_js,
                &all.find_js,
                &all.visit_js,
                &all.showing_js,
            ]
        } {
            assert!(Dist::get(name).is_some(), "{name:?}");
        }
    }

    // SEC-175
    #[actix_web::test]
    async fn asset_is_cached_for_good_and_answered_304_when_known() {
        let app = test::init_service(App::new().route("/assets/{name}", web::get().to(asset))).await;
        let uri = format!("/assets/{}", assets().app_css);
        let first = test::call_service(&app, test::TestRequest::get().uri(&uri).to_request()).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers().get(header::CACHE_CONTROL).unwrap(), FOREVER);
        let tag = first.headers().get(header::ETAG).unwrap().clone();
        let again = test::TestRequest::get().uri(&uri).insert_header((header::IF_NONE_MATCH, tag)).to_request();
        assert_eq!(test::call_service(&app, again).await.status(), StatusCode::NOT_MODIFIED);
        let other = test::TestRequest::get().uri(&uri).insert_header((header::IF_NONE_MATCH, "\"x\"")).to_request();
        assert_eq!(test::call_service(&app, other).await.status(), StatusCode::OK);
    }

    #[actix_web::test]
    async fn unknown_asset_is_not_found() {
        let app = test::init_service(App::new().route("/assets/{name}", web::get().to(asset))).await;
        for uri in ["/assets/app.css", "/assets/manifest.json", "/assets/..%2Fpackage.json"] {
            let request = test::TestRequest::get().uri(uri).to_request();
            assert_eq!(test::call_service(&app, request).await.status(), StatusCode::NOT_FOUND, "{uri}");
        }
    }
}
