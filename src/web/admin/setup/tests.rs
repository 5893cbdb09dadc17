use std::collections::BTreeMap;

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_core::admin::{AdminSession, settings};
use entrepot_model::AdminPermission;
use serde_json::json;

use crate::testing::{Browser, ready};

// UI-200, UI-201
#[actix_web::test]
async fn steps_lead_from_the_folder_to_the_first_person() {
    let house = ready().await;
    let mut root = Browser::admin(&house, "root").await;
    assert_eq!(root.get("/web/admin/setup").await.header("location"), "/web/admin/setup/files");
    let files = root.get("/web/admin/setup/files").await;
    assert!(files.text.contains("name=\"place\"") && files.text.contains("is-ok"), "{}", files.text);
    let typed = root.get("/web/admin/setup/files?other=/proc/self").await;
    assert!(typed.text.contains("is-bad") && typed.text.contains("disabled"), "{}", typed.text);
    let wrong = root.post("/web/admin/setup/files", &[("place", "/")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let place = house.home("..").to_string_lossy().into_owned() + "/other";
    let chosen = root.post("/web/admin/setup/files", &[("place", &place)]).await;
    assert_eq!((chosen.status, chosen.header("location")), (StatusCode::SEE_OTHER, "/web/admin/setup/reach"), "{chosen:?}");
    assert_eq!(house.core.settings().data_provider.users_base_dir, place);
    let local = root.post("/web/admin/setup/reach", &[("way", "local")]).await;
    assert_eq!(local.header("location"), "/web/admin/setup/person", "{local:?}");
    let proxy = root.post("/web/admin/setup/reach", &[("way", "proxy"), ("proxy", "")]).await;
    assert!(proxy.status == StatusCode::UNPROCESSABLE_ENTITY && proxy.text.contains("proxy-error"), "{proxy:?}");
    let nameless = [("username", ""), ("password", "a long secret"), ("preset", "private")];
    let nameless = root.post("/web/admin/setup/person", &nameless).await;
    assert!(nameless.status == StatusCode::UNPROCESSABLE_ENTITY && nameless.text.contains("username-error"), "{nameless:?}");
    let odd = [("username", "ann"), ("password", "a long secret"), ("preset", "privat")];
    let odd = root.post("/web/admin/setup/person", &odd).await;
    assert!(odd.status == StatusCode::UNPROCESSABLE_ENTITY && odd.text.contains("preset-error"), "{odd:?}");
    let team = [("username", "ann"), ("password", "a long secret"), ("preset", "team"), ("folder", "Yard"), ("me", "1")];
    let made = root.post("/web/admin/setup/person", &team).await;
    assert_eq!(made.header("location"), "/web/admin/setup/safety?user=ann", "{made:?}");
    assert!(root.cookies.contains_key("entrepot-client"), "who is it is in: {:?}", root.cookies);
    assert!(root.get("/web/client/files").await.text.contains("Yard"));
    let again = root.post("/web/admin/setup/person", &team).await;
    assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.text.contains("username-error"), "{again:?}");
}

// UI-200
#[actix_web::test]
async fn folders_of_teams_are_made_with_their_user_and_shared_after_a_question() {
    let house = ready().await;
    let mut root = Browser::admin(&house, "root").await;
    let folders = async || house.with(&house.token("root").await, TestRequest::get().uri("/api/v2/folders")).await.json();
    let person = |name: &'static str| [("username", name), ("password", "a long secret"), ("preset", "team"), ("folder", "Yard")];
    let refused = root.post("/web/admin/setup/person", &person("no/name")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    assert_eq!(folders().await.as_array().unwrap().len(), 0, "no folder is left behind");
    let made = root.post("/web/admin/setup/person", &person("ann")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{made:?}");
    let asked = root.post("/web/admin/setup/person", &person("bob")).await;
    assert!(asked.status == StatusCode::UNPROCESSABLE_ENTITY && asked.text.contains("folder-error"), "{asked:?}");
    assert!(asked.text.contains("name=\"existing\" value=\"Yard\""), "{asked:?}");
    let sure: Vec<_> = person("bob").into_iter().chain([("existing", "Yard")]).collect();
    let shared = root.post("/web/admin/setup/person", &sure).await;
    assert_eq!(shared.status, StatusCode::SEE_OTHER, "{shared:?}");
    assert_eq!(folders().await[0]["users"], json!(["ann", "bob"]));
    let wrong = [("username", "cy"), ("password", "a long secret"), ("preset", "team"), ("folder", "a/b")];
    let wrong = root.post("/web/admin/setup/person", &wrong).await;
    assert!(wrong.text.contains("folder-error") && !wrong.text.contains("username-error"), "{wrong:?}");
}

// UI-200
#[expect(clippy::disallowed_methods, reason = "the files are looked at")]
#[actix_web::test]
async fn passphrases_of_backups_are_kept_or_joined_by_others() {
    let house = ready().await;
    let mut root = Browser::admin(&house, "root").await;
    let data = house.core.settings().data_dir.clone();
    let kept = || {
        let names = std::fs::read_dir(&data).unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.contains("passphrase")).collect();
        names.sort();
        names
    };
    let set = |at: &'static str, phrase: &'static str| [("at", at), ("passphrase", phrase)];
    let none = root.post("/web/admin/setup/safety", &set("03:30", "")).await;
    assert!(none.text.contains("passphrase-error"), "{none:?}");
    for at in ["25:00", "", " "] {
        let wrong = root.post("/web/admin/setup/safety", &set(at, "a long passphrase")).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("at-error"), "{at}: {wrong:?}");
    }
    assert_eq!(kept(), Vec::<String>::new(), "nothing is left of what was refused");
    root.post("/web/admin/setup/safety", &set("03:30", "a long passphrase")).await;
    let file = house.core.settings().backup.passphrase_file.clone();
    assert_eq!(kept(), std::slice::from_ref(&file), "by its name in the data folder");
    let page = root.get("/web/admin/setup/safety").await;
    assert!(page.text.contains("name=\"passphrase\" value=\"\"") && page.text.contains("in use"), "{}", page.text);
    let later = root.post("/web/admin/setup/safety", &set("04:00", "")).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER, "{later:?}");
    let backup = house.core.settings().backup.clone();
    assert_eq!((backup.at.as_str(), &backup.passphrase_file), ("04:00", &file));
    let wrong = root.post("/web/admin/setup/safety", &set("25:00", "another passphrase")).await;
    assert_eq!((wrong.status, kept()), (StatusCode::UNPROCESSABLE_ENTITY, vec![file.clone()]));
    root.post("/web/admin/setup/safety", &set("04:00", "another passphrase")).await;
    let newer = house.core.settings().backup.passphrase_file.clone();
    let read = |name: &str| std::fs::read_to_string(data.join(name)).unwrap();
    assert_eq!((read(&file).as_str(), read(&newer).as_str()), ("a long passphrase", "another passphrase"));
}

// UI-200
#[actix_web::test]
async fn what_the_steps_do_not_show_stays() {
    let house = ready().await;
    let mut root = Browser::admin(&house, "root").await;
    let names = || house.core.settings().acme.domains.clone();
    let saved = [("acme.domains", json!(["a.example.com", "b.example.com"])), ("acme.email", json!("ana@example.com"))];
    let saved: BTreeMap<_, _> = saved.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    settings::change(&house.core, &AdminSession::system(), saved).await.unwrap();
    let page = root.get("/web/admin/setup/reach").await;
    assert!(page.text.contains("a.example.com, b.example.com") && !page.text.contains("name=\"domain\""), "{}", page.text);
    let way = [("way", "domain"), ("domain", "c.example.com"), ("email", "ana@example.com")];
    assert_eq!(root.post("/web/admin/setup/reach", &way).await.status, StatusCode::SEE_OTHER);
    assert_eq!(names().len(), 2);
    for (proxy, believed) in [("192.0.2.9", 1), ("192.0.2.10", 2), ("192.0.2.9", 2)] {
        let saved = root.post("/web/admin/setup/reach", &[("way", "proxy"), ("proxy", proxy)]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{saved:?}");
        // The one that the page came by.
        let bindings = house.core.settings().httpd.bindings.clone();
        let networks: usize = bindings.iter().map(|binding| binding.proxy_allowed.len()).sum();
        assert_eq!(networks, believed, "{proxy}: {bindings:?}");
    }
    root.post("/web/admin/setup/reach", &[("way", "local")]).await;
    assert!(names().is_empty());
}

// UI-200
#[actix_web::test]
async fn backups_are_set_and_the_card_is_shown() {
    let house = ready().await;
    let mut root = Browser::admin(&house, "root").await;
    assert!(root.get("/web/admin/setup/safety").await.text.contains("name=\"passphrase\""));
    let short = root.post("/web/admin/setup/safety", &[("at", "03:00"), ("passphrase", "short")]).await;
    assert!(short.status == StatusCode::UNPROCESSABLE_ENTITY && short.text.contains("passphrase-error"), "{short:?}");
    let kept = root.post("/web/admin/setup/safety", &[("at", "03:30"), ("passphrase", "a long passphrase")]).await;
    assert_eq!(kept.header("location"), "/web/admin/setup/done", "{kept:?}");
    assert_eq!(house.core.settings().backup.at, "03:30");
    let done = root.get("/web/admin/setup/done").await;
    assert!(done.text.contains("sftp -P 2022"), "{}", done.text);
}

// UI-200
#[actix_web::test]
async fn the_steps_are_for_whoever_may_do_everything() {
    let house = ready().await;
    house.add_admin("eve", &[AdminPermission::ViewUsers, AdminPermission::AddUsers]).await;
    let mut eve = Browser::admin(&house, "eve").await;
    for step in ["files", "reach", "person", "safety", "done"] {
        assert_eq!(eve.get(&format!("/web/admin/setup/{step}")).await.status, StatusCode::FORBIDDEN, "{step}");
    }
}
