//! Document and routes, held to each other: what is published is there, and what is there is published.

use std::{cell::RefCell, collections::BTreeSet, fs, path::Path};

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
};
use serde_json::Value;

use crate::testing::{House, ready};

/// Operations that are published and not there yet. Empty when the API is complete; one that is routed must not be here.
const PENDING: &[(&str, &str)] = &[];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

thread_local! {
    static PATHS: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// A path that `at` was called with on this thread.
pub(in crate::api) fn note(path: &str) {
    PATHS.with_borrow_mut(|paths| paths.insert(path.to_owned()));
}

/// Names of parameters do not matter for a route.
fn anonymous(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Method and path of everything that the document has below `/api/v2`.
async fn published(house: &House) -> BTreeSet<(String, String)> {
    let document = house.get("/openapi/openapi.json").await.json();
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let own: Vec<_> = item.as_object().unwrap().iter().filter(|(_, operation)| operation["servers"] == Value::Null).collect();
        own.into_iter().map(|(method, _)| (method.to_uppercase(), anonymous(path)))
    });
    operations.collect()
}

/// Whether something answers there. Nobody is logged in, so no handler gets far.
async fn is_routed(house: &House, method: &str, path: &str) -> bool {
    let request = TestRequest::default().method(Method::from_bytes(method.as_bytes()).unwrap());
    let answer = house.send(request.uri(&format!("/api/v2{}", path.replace("{}", "1")))).await;
    // A route that is public may say 404 in its own name; the path that no route has says it in the same words.
    let nothing = answer.status == StatusCode::METHOD_NOT_ALLOWED
        || (answer.status == StatusCode::NOT_FOUND
            && !PATHS.with_borrow(|paths| paths.iter().any(|known| anonymous(known) == path)));
    !nothing
}

// API-019
#[actix_web::test]
async fn every_published_operation_is_routed_unless_it_is_pending() {
    let house = ready().await;
    let published = published(&house).await;
    let pending: BTreeSet<(String, String)> =
        PENDING.iter().map(|(method, path)| ((*method).to_owned(), anonymous(path))).collect();
    let mut wrong = Vec::new();
    for (method, path) in &published {
        match (is_routed(&house, method, path).await, pending.contains(&(method.clone(), path.clone()))) {
            (true, true) => wrong.push(format!("{method} {path} is there and still in PENDING")),
            (false, false) => wrong.push(format!("{method} {path} is published and not there")),
            _ => {}
        }
    }
    wrong.extend(pending.difference(&published).map(|(method, path)| format!("{method} {path} is pending and not published")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// API-019
#[actix_web::test]
async fn every_route_is_published() {
    let house = ready().await;
    let published = published(&house).await;
    let paths = PATHS.with_borrow(Clone::clone);
    assert!(paths.contains("/users/{name}"), "the paths are noted where they are made");
    let mut wrong = Vec::new();
    for path in paths.iter().map(|path| anonymous(path)) {
        for method in METHODS {
            // What takes HEAD takes GET: the entrance makes one of the other (API-014).
            let is_published = |method: &str| published.contains(&(method.to_owned(), path.clone()));
            let is_known = is_published(method) || (method == "GET" && is_published("HEAD"));
            if is_routed(&house, method, &path).await && !is_known {
                wrong.push(format!("{method} {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "not in assets/openapi:\n{}", wrong.join("\n"));
}

/// The tests above see what `at` makes, and nothing else.
#[test]
#[expect(clippy::disallowed_methods, reason = "the sources of the test itself")]
fn routes_are_made_by_at_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("api");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let makers =
            ["web::resource(", "web::scope(", ".route(\""].iter().map(|maker| text.matches(maker).count()).sum::<usize>();
        assert!(makers == 0 || path.ends_with("api/tests.rs"), "{}: a route that is not made by at()", path.display());
    }
}

// API-015, RFC 9110 section 15.5.6
#[actix_web::test]
async fn wrong_method_is_told_which_ones_are_right() {
    let house = ready().await;
    for (path, allowed) in [
        ("/api/v2/users/ada", "DELETE, GET, HEAD, PUT"),
        ("/api/v2/version", "GET, HEAD"),
        ("/openapi", "GET, HEAD"),
        ("/healthz", "GET, HEAD"),
    ] {
        let answer = house.send(TestRequest::patch().uri(path)).await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, allowed), "{path}");
    }
}
