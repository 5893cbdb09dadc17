use actix_web::http::StatusCode;
use entrepot_model::AdminPermission;

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
    let team = [("username", "ann"), ("password", "a long secret"), ("preset", "team"), ("folder", "Yard"), ("me", "1")];
    let made = root.post("/web/admin/setup/person", &team).await;
    assert_eq!(made.header("location"), "/web/admin/setup/safety?user=ann", "{made:?}");
    assert!(root.cookies.contains_key("entrepot-client"), "who is it is in: {:?}", root.cookies);
    assert!(root.get("/web/client/files").await.text.contains("Yard"));
    let again = root.post("/web/admin/setup/person", &team).await;
    assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.text.contains("username-error"), "{again:?}");
}

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

#[actix_web::test]
async fn the_steps_are_for_whoever_may_do_everything() {
    let house = ready().await;
    house.add_admin("eve", &[AdminPermission::ViewUsers]).await;
    let mut eve = Browser::admin(&house, "eve").await;
    for step in ["files", "reach", "person", "safety"] {
        assert_eq!(eve.get(&format!("/web/admin/setup/{step}")).await.status, StatusCode::FORBIDDEN, "{step}");
    }
}
