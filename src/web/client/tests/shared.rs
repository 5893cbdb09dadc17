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

/// Members `ada` and `bob` of a group that enforces, one that suggests, and one that says nothing about shares.
async fn house_with_groups(filters: Value) -> House {
    let house = ready().await;
    let token = house.token("root").await;
    for (name, policy) in
        [("fixed", json!({"mode": 2, "permissions": 1})), ("wished", json!({"mode": 1, "permissions": 3})), ("free", json!({}))]
    {
        let group = json!({"name": name, "user_settings": {"filters": {"share_policy": policy}}});
        let added = house.with(&token, TestRequest::post().uri("/api/v2/groups").set_json(group)).await;
        assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    }
    for name in ["ada", "bob"] {
        let mut user = house.user(name);
        user["groups"] = json!([{"name": "fixed", "type": 2}, {"name": "wished", "type": 2}, {"name": "free", "type": 2}]);
        user["filters"] = filters.clone();
        let added = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(&user)).await;
        assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    }
    house
}

async fn bound(browser: &mut Browser<'_>, id: &str) -> Vec<(String, i64)> {
    let share = browser.get(&format!("/web/client/api/user/shares/{id}")).await.json();
    let groups = share["groups"].as_array().cloned().unwrap_or_default();
    groups
        .iter()
        .map(|group| (group["group_name"].as_str().unwrap().to_owned(), group["permissions"].as_i64().unwrap()))
        .collect()
}

fn own(bindings: &[(&str, i64)]) -> Vec<(String, i64)> {
    bindings.iter().map(|(name, permissions)| ((*name).to_owned(), *permissions)).collect()
}

// UI-178, UI-179
#[actix_web::test]
async fn form_says_which_groups_see_a_share() {
    let house = house_with_groups(json!({})).await;
    put(&house, "plans/a.txt", "1");
    let mut browser = ada(&house).await;
    let form = browser.get("/web/client/share?paths=/plans").await.text;
    let row = |number: usize, bit: i64| {
        let start = form.find(&format!("name=\"groups.{number}.may\" value=\"{bit}\"")).unwrap_or_else(|| panic!("{form}"));
        let tag = form[start..].split('>').next().unwrap();
        (tag.contains("checked"), tag.contains("disabled"))
    };
    assert_eq!((row(0, 1), row(0, 2)), ((true, true), (false, true)), "enforced");
    assert_eq!((row(1, 1), row(1, 2), row(1, 4)), ((true, false), (true, false), (false, false)), "suggested");
    assert_eq!((row(2, 1), row(2, 4)), ((false, false), (false, false)), "no policy");
    let base = [("name", "Plans"), ("scope", "1"), ("paths", "/plans"), ("ends", "7"), ("with_groups", "1")];
    let names = [("groups.0.name", "fixed"), ("groups.1.name", "wished"), ("groups.2.name", "free")];
    let made = browser.post("/web/client/share", &[&base[..], &names[..], &[("groups.2.may", "2")]].concat()).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let id = made.header("location").trim_end_matches("/link").rsplit('/').next().unwrap().to_owned();
    let mut found = bound(&mut browser, &id).await;
    found.sort();
    assert_eq!(found, own(&[("fixed", 1), ("free", 3)]), "the suggestion was taken away, and who changes sees");
    let foreign =
        browser.post("/web/client/share", &[&base[..], &[("groups.0.name", "others"), ("groups.0.may", "1")]].concat()).await;
    assert!(foreign.status == StatusCode::UNPROCESSABLE_ENTITY && foreign.text.contains("groups-error"), "{}", foreign.text);

    let mut member = Browser::user(&house, "bob", "secret").await;
    let at = format!("/web/client/share/{id}");
    let form = member.get(&at).await.text;
    assert!(form.contains("readonly") && form.contains("<fieldset class=\"stack-s\" disabled>"), "{form}");
    assert!(
        !form.contains("with_groups") && form.matches("name=\"groups.").count() == form.matches("disabled>").count() - 1,
        "{form}"
    );
    let changed = member.post(&at, &[("name", "Other"), ("scope", "1"), ("paths", "/plans"), ("ends", "never")]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    let mut found = bound(&mut browser, &id).await;
    found.sort();
    assert_eq!(found, own(&[("fixed", 1), ("free", 3)]), "members leave the groups as they are");
}

// UI-178, ACC-318
#[actix_web::test]
async fn groups_are_not_offered_to_whom_the_say_is_taken() {
    let house = house_with_groups(json!({"web_client": ["shares-policy-change-disabled"]})).await;
    put(&house, "plans/a.txt", "1");
    let form = ada(&house).await.get("/web/client/share?paths=/plans").await.text;
    assert!(form.contains("name=\"paths\"") && !form.contains("with_groups") && !form.contains("name=\"groups."), "{form}");
}

// UI-191
#[actix_web::test]
async fn a_share_that_another_tab_changed_or_deleted_is_told() {
    let house = house(json!({})).await;
    put(&house, "plans/a.txt", "1");
    let mut browser = ada(&house).await;
    let fields = [("name", "Plans"), ("scope", "1"), ("paths", "/plans"), ("ends", "7")];
    let made = browser.post("/web/client/share", &fields).await;
    let at = made.header("location").trim_end_matches("/link").to_owned();
    let form = browser.get(&at).await.text;
    let state = form.split("name=\"_state\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    house.clock.advance_minutes(1);
    assert_eq!(browser.post(&at, &[&fields[..], &[("_state", &state)]].concat()).await.status, StatusCode::SEE_OTHER);
    let stale =
        browser.post(&at, &[("name", "Mine"), ("scope", "1"), ("paths", "/plans"), ("ends", "7"), ("_state", &state)]).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stale.text.contains("was changed meanwhile") && stale.text.contains("value=\"Mine\""), "{}", stale.text);
    browser.post(&format!("{at}/delete"), &[]).await;
    for path in [at.clone(), format!("{at}/delete")] {
        let late = browser.post(&path, &fields).await;
        assert_eq!((late.status, late.header("location")), (StatusCode::SEE_OTHER, "/web/client/shares"), "{}", late.text);
    }
}
