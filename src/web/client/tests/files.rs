//! The list, and changes by plain forms.

use super::*;

// UI-101, UI-102
#[actix_web::test]
async fn list_is_complete_without_scripts() {
    let house = house(json!({})).await;
    put(&house, "b.txt", "12345");
    put(&house, "Älter <1>.txt", "1");
    put(&house, "sub dir/c.txt", "1");
    let mut browser = ada(&house).await;
    let page = browser.get("/web/client/files").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
    assert!(at("sub dir</a>") < at("b.txt</a>"), "directories first");
    assert!(page.text.contains("/web/client/files?path=/sub%20dir") && page.text.contains("/web/client/file?path=/b.txt"));
    assert!(page.text.contains("%C3%84lter%20%3C1%3E.txt") && !page.text.contains("<1>"));
    assert!(!page.text.contains("style=") && !page.text.contains("onclick"));
    let by_size = browser.get("/web/client/files?path=/&sort=size&order=desc").await;
    assert!(by_size.text.contains("aria-sort=\"descending\""));
}

// UI-104
#[actix_web::test]
async fn large_directories_come_in_pages() {
    let house = house(json!({})).await;
    for number in 0..205 {
        put(&house, &format!("f{number}"), "");
    }
    let mut browser = ada(&house).await;
    let first = browser.get("/web/client/files").await;
    assert_eq!(first.text.matches("<tr data-name").count(), 200);
    assert!(first.text.contains("data-total=\"205\""));
    let second = browser.get("/web/client/files?path=/&page=2").await;
    assert_eq!(second.text.matches("<tr data-name").count(), 5);
    assert!(second.text.contains(">f204</a>"), "numbers sort by value");
}

// UI-107
#[actix_web::test]
async fn file_in_the_address_is_downloaded_and_nothing_is_said_inside_the_page() {
    let house = house(json!({})).await;
    put(&house, "a.txt", "hello");
    let mut browser = ada(&house).await;
    let file = browser.get("/web/client/files?path=/a.txt").await;
    assert_eq!((file.status, file.text.as_str()), (StatusCode::OK, "hello"));
    let gone = browser.get("/web/client/files?path=/nothing").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text.contains("no longer there") && gone.text.contains("file-browser"), "{}", gone.text);
}

// UI-108, UI-110
#[actix_web::test]
async fn forms_make_rename_and_delete() {
    let house = house(json!({})).await;
    put(&house, "a.txt", "1");
    put(&house, "b.txt", "2");
    let mut browser = ada(&house).await;
    browser.get("/web/client/newfolder?path=/").await;
    let bad = browser.post("/web/client/newfolder?path=/", &[("name", "x/y")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("id=\"name-error\"") && bad.text.contains("value=\"x/y\""));
    let made = browser.post("/web/client/newfolder?path=/", &[("name", "new one")]).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/web/client/files?path=/"));
    assert!(house.home("ada").join("new one").is_dir());
    let taken = browser.post("/web/client/rename?path=/a.txt", &[("name", "b.txt")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(std::fs::read_to_string(house.home("ada").join("b.txt")).unwrap(), "2");
    browser.post("/web/client/rename?path=/a.txt", &[("name", "c.txt")]).await;
    assert!(house.home("ada").join("c.txt").is_file());
    let asked = browser.get("/web/client/delete?path=/new%20one").await;
    assert!(asked.text.contains("all that is in it") && house.home("ada").join("new one").exists());
    browser.post("/web/client/delete?path=/new%20one", &[]).await;
    assert!(!house.home("ada").join("new one").exists());
}

// What a storage cannot do is said in words of the pages.
#[actix_web::test]
async fn what_cannot_be_done_is_said_in_words() {
    let mount = json!({ "name": "inner", "virtual_path": "/m/inner", "quota_size": 0, "quota_files": 0 });
    let house = ready().await;
    let token = house.token("root").await;
    let folder = json!({ "name": "inner", "mapped_path": house.home("inner") });
    house.with(&token, TestRequest::post().uri("/api/v2/folders").set_json(folder)).await;
    let mut user = house.user("ada");
    user["virtual_folders"] = json!([mount]);
    let added = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(&user)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    put(&house, "m/a.txt", "1");
    let mut browser = ada(&house).await;
    browser.get("/web/client/newfolder?path=/").await;
    let renamed = browser.post("/web/client/rename?path=/m", &[("name", "n")]).await;
    assert_eq!(renamed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", renamed.text);
    browser.post("/web/client/delete?path=/m", &[]).await;
    let flash = browser.get("/web/client/files?path=/").await;
    for page in [&renamed, &flash] {
        assert!(page.text.contains("cannot do that") || page.text.contains("may not do that"), "{}", page.text);
        assert!(!page.text.contains("operation unsupported"));
    }
    let token = browser.token().to_owned();
    let sent = [("_form_token", None, token.as_str()), ("filenames", Some("m"), "new")];
    browser.post_multipart("/web/client/upload?path=/", multipart(&sent)).await;
    let flash = browser.get("/web/client/files?path=/").await;
    assert!(flash.text.contains("note-bad") && !flash.text.contains("Bad Request"), "{}", flash.text);
}

// SEC-163, SEC-164
#[actix_web::test]
async fn forms_without_the_token_change_nothing() {
    let house = house(json!({})).await;
    put(&house, "a.txt", "1");
    let mut browser = ada(&house).await;
    let refused = browser.post_exactly("/web/client/delete?path=/a.txt", &[], "http://nas:8080").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let body = multipart(&[("filenames", Some("x.txt"), "x")]);
    let refused = browser.post_multipart("/web/client/upload?path=/", body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(house.home("ada").join("a.txt").exists() && !house.home("ada").join("x.txt").exists());
}

fn multipart(parts: &[(&str, Option<&str>, &str)]) -> String {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body += &format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n");
    }
    body + "--edge--\r\n"
}

#[actix_web::test]
async fn plain_form_uploads_and_replaces_only_when_told() {
    let house = house(json!({})).await;
    put(&house, "old.txt", "old");
    let mut browser = ada(&house).await;
    browser.get("/web/client/upload?path=/").await;
    let token = browser.token().to_owned();
    let sent = [("_form_token", None, token.as_str()), ("filenames", Some("dir/new.txt"), "new"), ("filenames", Some("b"), "b")];
    let answer = browser.post_multipart("/web/client/upload?path=/", multipart(&sent)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(std::fs::read_to_string(house.home("ada").join("new.txt")).unwrap(), "new");
    let again = [("_form_token", None, token.as_str()), ("filenames", Some("old.txt"), "newer")];
    browser.post_multipart("/web/client/upload?path=/", multipart(&again)).await;
    assert_eq!(std::fs::read_to_string(house.home("ada").join("old.txt")).unwrap(), "old");
    let told = [("_form_token", None, token.as_str()), ("replace", None, "1"), ("filenames", Some("old.txt"), "newer")];
    browser.post_multipart("/web/client/upload?path=/", multipart(&told)).await;
    assert_eq!(std::fs::read_to_string(house.home("ada").join("old.txt")).unwrap(), "newer");
}

// UI-109
#[actix_web::test]
async fn what_the_account_may_not_do_is_not_offered_and_refused() {
    let house = house(json!({"permissions": {"/": [Permission::List, Permission::Download]}})).await;
    put(&house, "a.txt", "1");
    let mut browser = ada(&house).await;
    let page = browser.get("/web/client/files").await;
    for absent in ["/web/client/upload", "/web/client/newfolder", "/web/client/rename", "/web/client/delete"] {
        assert!(!page.text.contains(absent), "{absent}");
    }
    assert!(page.text.contains("data-may=\"list download share\""), "{}", page.text);
    browser.get("/web/client/delete?path=/a.txt").await;
    browser.post("/web/client/delete?path=/a.txt", &[]).await;
    assert!(house.home("ada").join("a.txt").exists());
}

// UI-117
#[actix_web::test]
async fn quota_is_shown_where_there_is_one() {
    let without = house(json!({})).await;
    assert!(!ada(&without).await.get("/web/client/files").await.text.contains("data-quota"));
    let with = house(json!({"quota_size": 2_000_000})).await;
    assert!(ada(&with).await.get("/web/client/files").await.text.contains("0 B of 2 MB"));
}

// UI-131
#[actix_web::test]
async fn editor_saves_only_over_what_it_read() {
    let house = house(json!({})).await;
    put(&house, "a.txt", "one");
    put(&house, "b.bin", "x\0y");
    let mut browser = ada(&house).await;
    assert_eq!(browser.get("/web/client/editfile?path=/b.bin").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.get("/web/client/editfile?path=/a.txt").await;
    let tag = |answer: &Answer| answer.text.split("name=\"tag\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let known = tag(&page);
    let saved =
        browser.post("/web/client/editfile?path=/a.txt", &[("text", "two\r\nlines"), ("tag", &known), ("ends", "lf")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(std::fs::read_to_string(house.home("ada").join("a.txt")).unwrap(), "two\nlines");
    let stale = browser.post("/web/client/editfile?path=/a.txt", &[("text", "mine"), ("tag", &known), ("ends", "lf")]).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stale.text.contains("changed the file meanwhile") && stale.text.contains("mine"));
    assert_eq!(std::fs::read_to_string(house.home("ada").join("a.txt")).unwrap(), "two\nlines");
    assert!(stale.text.contains("two\nlines</textarea>") && stale.text.contains("value=\"a (2).txt\""), "{}", stale.text);
    let fields = |how, name| [("text", "mine"), ("tag", known.as_str()), ("ends", "lf"), ("how", how), ("as_name", name)];
    // Under another name, but over nothing.
    let taken = browser.post("/web/client/editfile?path=/a.txt", &fields("as", "b.bin")).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let beside = browser.post("/web/client/editfile?path=/a.txt", &fields("as", "a (2).txt")).await;
    assert_eq!(beside.header("location"), "/web/client/editfile?path=/a%20%282%29.txt");
    let content = |name: &str| std::fs::read_to_string(house.home("ada").join(name)).unwrap();
    assert_eq!((content("a.txt").as_str(), content("a (2).txt").as_str()), ("two\nlines", "mine"));
    browser.post("/web/client/editfile?path=/a.txt", &fields("replace", "")).await;
    assert_eq!(content("a.txt"), "mine");
}

// UI-183
#[actix_web::test]
async fn what_goes_with_a_folder_is_counted_and_a_large_one_is_typed() {
    let house = house(json!({})).await;
    put(&house, "small/deep/a.txt", "12345");
    for number in 0..101 {
        put(&house, &format!("large/{number}"), "1");
    }
    let mut browser = ada(&house).await;
    let weight = browser.get("/web/client/api/weight?path=/small").await.json();
    assert_eq!(weight, json!({"files": 1, "folders": 1, "bytes": 5, "whole": true}));
    assert_eq!(browser.get("/web/client/api/weight?path=/none").await.status, StatusCode::NOT_FOUND);
    let page = browser.get("/web/client/delete?path=/small").await;
    assert!(page.text.contains("1 folder, 1 file") && !page.text.contains("name=\"typed\""), "{}", page.text);
    let page = browser.get("/web/client/delete?path=/large").await;
    assert!(page.text.contains("101 files") && page.text.contains("name=\"typed\""), "{}", page.text);
    let wrong = browser.post("/web/client/delete?path=/large", &[("typed", "small")]).await;
    assert_eq!((wrong.status, wrong.text.contains("typed-error")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    assert!(house.home("ada").join("large").exists());
    let gone = browser.post("/web/client/delete?path=/large", &[("typed", "large")]).await;
    assert_eq!((gone.status, house.home("ada").join("large").exists()), (StatusCode::SEE_OTHER, false));
}

// UI-185
#[actix_web::test]
async fn files_and_pages_are_found_by_a_part_of_their_name() {
    let house = house(json!({})).await;
    put(&house, "yard/deep/Plan of the keel.txt", "1");
    put(&house, "planks/x", "1");
    let mut browser = ada(&house).await;
    let found = browser.get("/web/client/find/hits?q=plan").await;
    assert!(found.text.contains("href=\"/web/client/files?path=/planks\""), "{}", found.text);
    let file = "href=\"/web/client/files?path=/yard/deep&#38;show=Plan%20of%20the%20keel.txt\"";
    assert!(found.text.contains(file), "{}", found.text);
    assert!(found.text.find("/planks\"").unwrap() < found.text.find(file).unwrap(), "what is near comes first");
    let pages = browser.get("/web/client/find?q=conn").await;
    assert!(pages.text.contains("href=\"/web/client/connect\"") && !pages.text.contains("show="), "{}", pages.text);
    assert!(browser.get("/web/client/find/hits?q=nothing-of-that").await.text.contains("hits-none"));
    assert_eq!(house.get("/web/client/find/hits?q=plan").await.status, StatusCode::SEE_OTHER);
}

// UI-189
#[actix_web::test]
async fn cards_show_a_name_that_leads_here_from_elsewhere() {
    let named = crate::testing::fresh(|settings| settings.acme.domains = vec!["files.example.org".into()]).await;
    let names = entrepot_core::whereabouts::whereabouts(&named.core).await.unwrap();
    assert_eq!(names, ["files.example.org"]);
}

// UI-131, ENV-017
#[actix_web::test]
async fn the_editor_takes_texts_as_long_as_the_settings_say() {
    let house = house(json!({})).await;
    put(&house, "long.txt", &"a".repeat(1_500_000));
    put(&house, "longer.txt", &"a".repeat((2 << 20) + 1));
    let mut browser = ada(&house).await;
    let page = browser.get("/web/client/editfile?path=/long.txt").await;
    assert_eq!(page.status, StatusCode::OK);
    let refused = browser.get("/web/client/editfile?path=/longer.txt").await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("up to 2 MB"), "{}", refused.text);
    // Without scripts the form brings all of it, longer than other bodies may be.
    let known = page.text.split("name=\"tag\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let text = "\u{e4} ".repeat(500_000);
    let saved = browser.post("/web/client/editfile?path=/long.txt", &[("text", &text), ("tag", &known), ("ends", "lf")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/web/client/file?path=/long.txt").await.text, text);
    assert!(browser.get("/web/client/files").await.text.contains("data-editable=\"2097152\""));
}

// UI-135, ENV-017
#[actix_web::test]
async fn previews_and_the_editor_can_be_taken_away() {
    let house = house(json!({})).await;
    put(&house, "a.txt", "hello");
    let mut browser = ada(&house).await;
    assert!(browser.get("/web/client/files").await.text.contains("data-extras=\"preview edit\""));
    assert_eq!(browser.get("/web/client/file?path=/a.txt&inline=1").await.status, StatusCode::OK);
    let bare = crate::testing::fresh(|settings| {
        settings.hook.webclient_disable_preview = true;
        settings.hook.webclient_disable_editor = true;
    })
    .await;
    bare.add_admin("root", &[entrepot_model::AdminPermission::Any]).await;
    let token = bare.token("root").await;
    let added = bare.with(&token, TestRequest::post().uri("/api/v2/users").set_json(bare.user("ada"))).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    put(&bare, "a.txt", "hello");
    let mut browser = ada(&bare).await;
    assert!(browser.get("/web/client/files").await.text.contains("data-extras=\"\""));
    for path in ["file?path=/a.txt&inline=1", "editfile?path=/a.txt"] {
        let refused = browser.get(&format!("/web/client/{path}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(browser.post("/web/client/editfile?path=/a.txt", &[("text", "bye")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/web/client/file?path=/a.txt").await.text, "hello");
}
