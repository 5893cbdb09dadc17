//! Shares of a user.

use super::*;

// UI-136, UI-137, UI-138
#[actix_web::test]
async fn share_is_made_listed_changed_and_deleted() {
    let house = house(json!({})).await;
    put(&house, "plans/a.txt", "1");
    let mut browser = ada(&house).await;
    let form = browser.get("/web/client/share?paths=/plans").await;
    assert!(form.text.contains(">/plans</textarea>") && form.text.contains("value=\"plans\""), "{}", form.text);
    let wrong = browser
        .post("/web/client/share", &[("name", ""), ("scope", "1"), ("paths", "/plans"), ("ends", "7"), ("most", "x")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("id=\"most-error\""), "{}", wrong.text);
    let fields = [("name", "Plans"), ("scope", "1"), ("paths", "/plans"), ("ends", "7"), ("password", "larch-anchor")];
    let made = browser.post("/web/client/share", &fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let link = browser.get(made.header("location")).await;
    let address = link.text.split("id=\"link\" readonly value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(address.starts_with("http://nas:8080/s/"), "{address}");
    assert!(browser.get("/web/client/shares").await.text.contains(&address));
    let id = address.rsplit('/').next().unwrap().to_owned();
    let edit = format!("/web/client/share/{id}");
    assert!(browser.get(&edit).await.text.contains("There is a password"));
    let fields = [("name", "Other"), ("scope", "1"), ("paths", "/plans"), ("ends", "never")];
    assert_eq!(browser.post(&edit, &fields).await.status, StatusCode::SEE_OTHER);
    let share = browser.get(&format!("/web/client/api/user/shares/{id}")).await.json();
    assert_eq!((share["name"].as_str(), share["password"].as_str()), (Some("Other"), Some("[**redacted**]")));
    assert_eq!(share["expires_at"], 0);
    browser.post(&format!("{edit}/delete"), &[]).await;
    assert_eq!(browser.get(&edit).await.status, StatusCode::NOT_FOUND);
}

// UI-140, UI-180
#[actix_web::test]
async fn sharing_is_not_offered_where_it_is_not_allowed() {
    let off = house(json!({"filters": {"web_client": ["shares-disabled"]}})).await;
    let mut browser = ada(&off).await;
    assert!(!browser.get("/web/client/files").await.text.contains("/web/client/shares"));
    assert_eq!(browser.get("/web/client/share").await.status, StatusCode::FORBIDDEN);
    let some = house(json!({"filters": {"denied_share_scopes": ["write", "read_write"]}})).await;
    let form = ada(&some).await.get("/web/client/share").await;
    assert!(form.text.contains("name=\"scope\" value=\"1\"") && !form.text.contains("name=\"scope\" value=\"2\""));
}
