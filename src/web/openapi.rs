//! The published contract: the document of `assets/openapi`, as YAML, as JSON, and as a page to read (API-019, HTTP-004).

mod json;
mod kind;
mod markup;
mod view;

use std::{
    collections::{BTreeSet, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    io::Read as _,
    sync::LazyLock,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, EntityTag},
    },
    web::Bytes,
};
use askama::Template;
use flate2::read::ZlibDecoder;
use yaml_rust2::YamlLoader;

use self::{json::Json, view::View};
use crate::{
    assets::{Assets, assets, is_known},
    error::refuse,
};

/// The whole document; in the program it is packed.
pub(crate) static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let packed: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.yaml.zlib"));
    let mut text = String::new();
    if let Err(error) = ZlibDecoder::new(packed).read_to_string(&mut text) {
        tracing::error!(%error, "the contract in this program cannot be unpacked");
    }
    text
});

/// The page; its content is the same for everybody.
#[derive(Template)]
#[template(path = "openapi.html")]
struct OpenApiPage {
    assets: &'static Assets,
    view: View,
}

/// What is sent, made once.
struct Published {
    json: Bytes,
    page: Bytes,
    /// Methods of each path, the names of its parameters aside.
    methods: HashMap<String, String>,
}

static PUBLISHED: LazyLock<Result<Published, String>> = LazyLock::new(publish);

fn publish() -> Result<Published, String> {
    let documents = YamlLoader::load_from_str(&DOCUMENT).map_err(|error| error.to_string())?;
    let document = documents.first().ok_or("the document is empty")?;
    let json = serde_json::to_vec_pretty(&Json(document)).map_err(|error| error.to_string())?;
    let view = View::of(document);
    let methods = methods_of(&view);
    let page = OpenApiPage { assets: assets(), view }.render().map_err(|error| error.to_string())?;
    Ok(Published { json: json.into(), page: page.into(), methods })
}

fn methods_of(view: &View) -> HashMap<String, String> {
    let mut found: HashMap<String, BTreeSet<&str>> = HashMap::new();
    for operation in view.chapters.iter().flat_map(|chapter| &chapter.operations) {
        let methods = found.entry(anonymous(&operation.path)).or_default();
        methods.insert(&operation.method);
        // API-014
        if operation.method == "GET" {
            methods.insert("HEAD");
        }
    }
    found.into_iter().map(|(path, methods)| (path, methods.into_iter().collect::<Vec<_>>().join(", "))).collect()
}

/// Routes and document call parameters differently.
fn anonymous(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The methods that the document has for a route's path, as the header `Allow` lists them.
pub(crate) fn methods(pattern: &str) -> Option<&'static str> {
    PUBLISHED.as_ref().ok()?.methods.get(&anonymous(pattern)).map(String::as_str)
}

/// `GET /openapi`.
pub(crate) async fn page(request: HttpRequest) -> HttpResponse {
    published(&request, "text/html; charset=utf-8", |published| &published.page)
}

/// `GET /openapi/openapi.json`.
pub(crate) async fn as_json(request: HttpRequest) -> HttpResponse {
    published(&request, "application/json; charset=utf-8", |published| &published.json)
}

/// `GET /openapi/openapi.yaml`. The type is that of RFC 9512.
pub(crate) async fn as_yaml(request: HttpRequest) -> HttpResponse {
    answer(&request, "application/yaml; charset=utf-8", Bytes::from_static(DOCUMENT.as_bytes()))
}

fn published(request: &HttpRequest, kind: &'static str, form: fn(&Published) -> &Bytes) -> HttpResponse {
    match &*PUBLISHED {
        Ok(published) => answer(request, kind, form(published).clone()),
        Err(error) => {
            tracing::error!(error, "the description of the REST API cannot be shown");
            refuse(request.path(), StatusCode::INTERNAL_SERVER_ERROR, "the description cannot be shown")
        }
    }
}

/// Kept by browsers, and asked for each time whether it is still the same: another version of the server has another one.
fn answer(request: &HttpRequest, kind: &'static str, body: Bytes) -> HttpResponse {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let tag = EntityTag::new_strong(format!("{:016x}", hasher.finish()));
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-cache")).insert_header(header::ETag(tag.clone()));
    if is_known(request, &tag) {
        return answer.status(StatusCode::NOT_MODIFIED).finish();
    }
    answer.content_type(kind).body(body)
}

#[cfg(test)]
mod tests;
