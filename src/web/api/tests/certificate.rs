//! The certificate of the database from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use super::get;
use crate::testing::ready;

const PATH: &str = "/api/v2/x/certificate";

// TLS-006, TLS-008
#[actix_web::test]
async fn certificate_is_put_shown_and_removed() {
    let house = ready().await;
    let token = house.token("root").await;
    let put = async |body: Value| house.with(&token, TestRequest::put().uri(PATH).set_json(body)).await;
    assert_eq!(house.with(&token, get(PATH)).await.status, StatusCode::NOT_FOUND);
    let placed = put(json!({"certificate": "chain of a.example", "private_key": "key of a.example"})).await;
    assert_eq!(
        (placed.status, &placed.json()["protocols"], &placed.json()["is_shown"]),
        (StatusCode::OK, &json!(7), &json!(true))
    );
    let shown = house.with(&token, get(PATH)).await;
    assert!(!shown.text.contains("key of"), "{shown:?}");
    assert_eq!(shown.json(), placed.json());
    assert_eq!((&shown.json()["names"], &shown.json()["certificate"]), (&json!(["a.example"]), &json!("chain of a.example")));
    for (body, field) in [
        (json!({"certificate": "nonsense"}), "certificate"),
        (json!({"private_key": "key of b.example"}), "private_key"),
        (json!({"protocols": 8}), "protocols"),
    ] {
        let refused = put(body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(refused.json()["error"].as_str().unwrap().contains(field), "{refused:?}");
    }
    assert_eq!(house.with(&token, get(PATH)).await.json(), placed.json());
    let gone = house.with(&token, TestRequest::delete().uri(PATH)).await;
    assert_eq!((gone.status, gone.json()), (StatusCode::OK, json!({"message": "Certificate deleted"})));
    assert_eq!(house.with(&token, TestRequest::delete().uri(PATH)).await.status, StatusCode::NOT_FOUND);
}

// TLS-008
#[actix_web::test]
async fn certificate_and_acme_are_a_conflict() {
    let house = ready().await;
    let token = house.token("root").await;
    let body = json!({"certificate": "chain of a.example", "private_key": "key of a.example"});
    assert_eq!(house.with(&token, TestRequest::put().uri(PATH).set_json(&body)).await.status, StatusCode::OK);
    let acme = json!({"acme.domains": ["a.example"], "acme.email": "a@b.example"});
    let acme = || TestRequest::patch().uri("/api/v2/x/settings").set_json(&acme);
    assert_eq!(house.with(&token, acme()).await.status, StatusCode::CONFLICT);
    assert_eq!(house.with(&token, TestRequest::delete().uri(PATH)).await.status, StatusCode::OK);
    assert_eq!(house.with(&token, acme()).await.status, StatusCode::OK);
    let refused = house.with(&token, TestRequest::put().uri(PATH).set_json(&body)).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text.contains("acme.domains"), "{refused:?}");
}
