//! The page of the certificate.

use actix_web::http::StatusCode;

use crate::testing::{Browser, ready};

const PAGE: &str = "/web/admin/certificate";

// TLS-006, TLS-008, SEC-190
#[actix_web::test]
async fn certificate_is_put_in_place_and_removed() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    assert!(browser.get(PAGE).await.text.contains("None is kept here"));
    let fields =
        |key: &'static str| [("certificate", "chain of a.example"), ("private_key", key), ("protocols", "1"), ("protocols", "4")];
    let refused = browser.post(PAGE, &fields("a secret key")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("private_key-error") && refused.text.contains("chain of a.example"), "{}", refused.text);
    assert!(!refused.text.contains("a secret key"));
    let placed = browser.post(PAGE, &fields("key of a.example")).await;
    assert_eq!((placed.status, placed.header("location")), (StatusCode::SEE_OTHER, PAGE), "{}", placed.text);
    let page = browser.get(PAGE).await;
    for told in ["a.example", "CN=Trusted", "7C:9A", "HTTPS, WebDAV", "Shown now"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert!(!page.text.contains("key of"));
    assert!(browser.get(&format!("{PAGE}/delete")).await.text.contains("Remove the certificate?"));
    assert_eq!(browser.post(&format!("{PAGE}/delete"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&format!("{PAGE}/delete")).await.status, StatusCode::NOT_FOUND);
}
