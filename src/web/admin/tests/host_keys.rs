//! The page of host keys.

use actix_web::http::StatusCode;
use entrepot_model::AdminPermission as P;

use crate::testing::{Browser, ready};

const PAGE: &str = "/web/admin/hostkeys";

/// The ids in the addresses of one verb.
fn ids(page: &str, verb: &str) -> Vec<String> {
    let (begin, end) = (format!("href=\"{PAGE}/"), format!("/{verb}"));
    let links = page.split(&begin).skip(1).filter_map(|link| link.split('"').next());
    links.filter_map(|link| link.strip_suffix(&end).map(str::to_owned)).collect()
}

// SSH-036
#[actix_web::test]
async fn host_keys_are_made_shown_and_removed_with_a_warning() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let page = browser.get(PAGE).await;
    assert!(page.text.contains("SHA256:AAAAfile") && page.text.contains("files that the server made"), "{}", page.text);
    assert!(ids(&page.text, "delete").is_empty());
    let made = browser.post(PAGE, &[("type", "ed25519"), ("keep_files", "on")]).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, PAGE), "{}", made.text);
    let page = browser.get(PAGE).await;
    assert!(page.text.contains("Waits behind") && page.text.contains("SHA256:AAAA0"), "{}", page.text);
    let waiting = ids(&page.text, "first");
    assert_eq!((waiting.len(), ids(&page.text, "delete").len()), (1, 2));
    let asked = browser.get(&format!("{PAGE}/{}/first", waiting[0])).await;
    assert!(asked.text.contains("warn of a changed key"), "{}", asked.text);
    assert_eq!(browser.post(&format!("{PAGE}/{}/first", waiting[0]), &[]).await.status, StatusCode::SEE_OTHER);
    let old = ids(&browser.get(PAGE).await.text, "first");
    assert_ne!(old, waiting);
    let asked = browser.get(&format!("{PAGE}/{}/delete", old[0])).await;
    assert!(asked.text.contains("No client sees this key now"), "{}", asked.text);
    let asked = browser.get(&format!("{PAGE}/{}/delete", waiting[0])).await;
    assert!(asked.text.contains("warn of a changed key"), "{}", asked.text);
    assert_eq!(browser.post(&format!("{PAGE}/{}/delete", old[0]), &[]).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(PAGE).await;
    assert!(ids(&page.text, "delete").is_empty(), "the last one stays");
    assert_eq!(browser.get(&format!("{PAGE}/{}/delete", old[0])).await.status, StatusCode::NOT_FOUND);
}

// SSH-036, SEC-190
#[actix_web::test]
async fn a_key_of_no_use_is_told_and_not_repeated() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    browser.get(PAGE).await;
    let refused = browser.post(PAGE, &[("private_key", "a secret of somebody")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("No private key.") && !refused.text.contains("secret of somebody"), "{}", refused.text);
    house.add_admin("reader", &[P::ViewStatus]).await;
    let mut reader = Browser::admin(&house, "reader").await;
    let page = reader.get(PAGE).await;
    assert!(page.status == StatusCode::OK && !page.text.contains("<form class=\"stack\""), "{}", page.text);
    assert_eq!(reader.post(PAGE, &[("type", "ed25519")]).await.status, StatusCode::FORBIDDEN);
}
