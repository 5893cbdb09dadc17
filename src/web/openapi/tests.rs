use actix_web::test::TestRequest;
use serde_json::Value;

use super::*;
use crate::testing::{assert_nothing_inline, ready};

fn published() -> &'static Published {
    PUBLISHED.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

fn document() -> Value {
    serde_json::from_slice(&published().json).unwrap()
}

/// Every `$ref` at any depth.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

// API-019
#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for kind in ["schemas", "parameters", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(found.contains(&format!("#/components/{kind}/{name}")), "{kind}/{name} is not used");
        }
    }
}

#[test]
fn operations_are_complete_and_named_once() {
    let document = document();
    let mut names = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for member in ["operationId", "summary", "description"] {
                assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}: {member}");
            }
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            let tag = &operation["tags"][0];
            assert!(document["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag), "{method} {path}: {tag}");
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

// API-019, HTTP-004
#[actix_web::test]
async fn document_is_served_in_three_forms() {
    let house = ready().await;
    let page = house.get("/openapi").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    let yaml = house.get("/openapi/openapi.yaml").await;
    assert_eq!((yaml.status, yaml.text.as_str()), (StatusCode::OK, DOCUMENT.as_str()));
    let json = house.get("/openapi/openapi.json").await;
    assert_eq!((json.status, json.json()["openapi"].as_str()), (StatusCode::OK, Some("3.0.3")));
    let again = TestRequest::get().uri("/openapi").insert_header((header::IF_NONE_MATCH, page.header("etag").to_owned()));
    assert_eq!(house.send(again).await.status, StatusCode::NOT_MODIFIED);
    for (request, status) in [
        (TestRequest::post().uri("/openapi"), StatusCode::METHOD_NOT_ALLOWED),
        (TestRequest::get().uri("/openapi/other"), StatusCode::NOT_FOUND),
        (TestRequest::get().uri("/openapi/"), StatusCode::OK),
    ] {
        assert_eq!(house.send(request).await.status, status);
    }
}

// HTTP-004
#[actix_web::test]
async fn binding_without_the_document_has_nothing_there() {
    let mut house = ready().await;
    house.features.openapi = false;
    for path in ["/openapi", "/openapi/openapi.yaml", "/openapi/openapi.json"] {
        assert_eq!(house.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[actix_web::test]
async fn document_waits_for_the_setup() {
    let house = crate::testing::fresh(|_| {}).await;
    assert_eq!(house.get("/openapi").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

// SEC-176: the policy allows nothing inline and nothing from elsewhere, so nothing of it may be written.
#[test]
fn page_asks_nobody_else_and_shows_every_operation_without_scripts() {
    let page = std::str::from_utf8(&published().page).unwrap();
    assert_nothing_inline("openapi", page);
    assert!(!page.contains("href=\"http"));
    for item in document()["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(page.contains(&format!("<div class=\"op-in\" id=\"{id}\">")), "{id}");
        }
    }
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        // Icons of the sprite are referred to in the same way.
        assert!(page.contains(&format!("id=\"{link}\"")), "nothing is at #{link}");
    }
}
