use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use super::{Home, is};
use crate::testing::Answer;

async fn copy(home: &Home, path: &str, target: &str) -> Answer {
    home.ask("POST", &format!("file-actions/copy?path={path}&target={target}")).await
}

async fn move_to(home: &Home, path: &str, target: &str) -> Answer {
    home.ask("POST", &format!("file-actions/move?path={path}&target={target}")).await
}

async fn as_job(home: &Home, method: &str, path: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = TestRequest::default().method(method).uri(&format!("/api/v2/user/{path}"));
    home.send(request.insert_header(("prefer", "respond-async"))).await
}

/// The job that an answer began, when it is over.
async fn ended(home: &Home, started: &Answer) -> Value {
    is(started, 202);
    let location = started.header("location");
    loop {
        let job = home.send(TestRequest::get().uri(location)).await.json();
        if job["state"] != "running" {
            return job;
        }
        tokio::task::yield_now().await;
    }
}

async fn home() -> Home {
    let home = Home::new().await;
    home.put("tree/a.txt", "a");
    home.put("tree/sub/b.txt", "bb");
    home.put("c.txt", "c");
    home
}

// API-149, API-150: what is not there is not begun.
#[actix_web::test]
async fn job_for_what_is_not_there_is_refused() {
    let home = home().await;
    is(&as_job(&home, "POST", "file-actions/move?path=/missing&target=/x").await, 404);
    is(&as_job(&home, "POST", "file-actions/copy?path=/missing&target=/x").await, 404);
    is(&as_job(&home, "DELETE", "dirs?path=/missing").await, 404);
}

// ACC-166: one answer for all ways to a hidden name.
#[actix_web::test]
async fn copy_to_a_hidden_name_is_refused_as_an_upload_is() {
    let patterns = json!([{"path": "/", "denied_patterns": ["*.hid"], "deny_policy": 1}]);
    let home = Home::with(json!({"filters": {"file_patterns": patterns}})).await;
    home.put("a.txt", "a");
    is(&home.upload("path=/b.hid", "x").await, 403);
    is(&copy(&home, "a.txt", "b.hid").await, 403);
    is(&move_to(&home, "a.txt", "b.hid").await, 403);
    is(&copy(&home, "b.hid", "c.txt").await, 404);
}

// STO-018: what nobody can name is not shown, and goes with its directory.
#[actix_web::test]
async fn names_with_a_backslash_go_with_their_directory() {
    let home = home().await;
    home.put("tree/sub/odd\\name", "x");
    home.put("tree/odd\\directory/file", "x");
    let listed = home.get("dirs?path=/tree/sub").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    is(&home.ask("DELETE", "dirs?path=/tree").await, 200);
    assert!(!home.root.join("tree").exists());
}

// API-148
#[actix_web::test]
async fn copies_go_where_cp_puts_them() {
    let home = home().await;
    is(&copy(&home, "c.txt", "d.txt").await, 200);
    is(&copy(&home, "c.txt", "new/deep/e.txt").await, 200);
    is(&copy(&home, "c.txt", "tree").await, 200);
    is(&copy(&home, "c.txt", "made/").await, 200);
    is(&copy(&home, "tree", "twin").await, 200);
    is(&copy(&home, "tree", "twin").await, 200);
    is(&copy(&home, "tree/", "flat").await, 200);
    is(&copy(&home, "tree/sub/", "twin/").await, 200);
    for name in [
        "d.txt",
        "new/deep/e.txt",
        "tree/c.txt",
        "made/c.txt",
        "twin/a.txt",
        "twin/sub/b.txt",
        "twin/tree/a.txt",
        "flat/a.txt",
        "flat/sub/b.txt",
        "twin/b.txt",
    ] {
        assert!(home.content(name).is_some(), "{name}");
    }
}

// API-148
#[actix_web::test]
async fn copies_that_make_no_sense_are_refused() {
    let home = home().await;
    std::os::unix::fs::symlink("c.txt", home.root.join("link")).unwrap();
    for (path, target, status) in [
        ("c.txt", "c.txt", 400),
        ("c.txt", "/", 400),
        ("tree", "tree", 400),
        ("tree", "tree/sub/x", 400),
        ("tree/", "tree/sub", 400),
        ("tree", "c.txt", 400),
        ("link", "x", 400),
        ("missing", "x", 404),
        ("", "x", 400),
        ("c.txt", "", 400),
    ] {
        is(&copy(&home, path, target).await, status);
    }
    assert!(home.content("x").is_none());
}

// API-148
#[actix_web::test]
async fn copies_need_their_permissions() {
    let home =
        Home::with(json!({"permissions": {"/": ["*"], "/in": ["list", "download", "copy"], "/out": ["list", "upload", "copy"]}}));
    let home = home.await;
    home.put("in/a", "a");
    home.put("out/b", "b");
    is(&copy(&home, "in/a", "out/a").await, 200);
    is(&copy(&home, "in/a", "out/b").await, 403);
    is(&copy(&home, "out/b", "c").await, 403);
    is(&copy(&home, "out/b", "in/b").await, 403);
}

// API-149
#[actix_web::test]
async fn moves_go_exactly_there() {
    let home = home().await;
    is(&move_to(&home, "c.txt", "tree/a.txt").await, 200);
    assert_eq!(home.content("tree/a.txt").unwrap(), b"c");
    is(&move_to(&home, "tree", "moved").await, 200);
    assert_eq!(home.names(""), ["moved"]);
    home.put("other/x", "x");
    home.put("y", "y");
    for (path, target, status) in [
        ("y", "other", 400),
        ("other", "moved", 400),
        ("y", "y", 400),
        ("missing", "z", 404),
        ("y", "no/where", 404),
        ("moved", "moved/sub/z", 400),
    ] {
        is(&move_to(&home, path, target).await, status);
    }
    assert_eq!(home.names(""), ["moved", "other", "y"]);
}

/// A mount of another kind of storage at `/o`.
fn objects() -> Value {
    json!([{"name": "objects", "virtual_path": "/o", "quota_size": 0, "quota_files": 0}])
}

// ACC-142, API-149: a move to another kind of storage is a copy whose source goes in the end.
#[actix_web::test]
async fn moves_between_kinds_of_storage_carry_everything() {
    let home = Home::with(json!({"virtual_folders": objects()})).await;
    home.put("tree/a.txt", "a");
    home.put("tree/sub/b.txt", "bb");
    home.put("c.txt", "some content that takes several parts");
    is(&move_to(&home, "tree", "o/tree").await, 200);
    assert_eq!((home.names(""), home.get("files?path=o/tree/sub/b.txt").await.text.as_str()), (vec!["c.txt".to_owned()], "bb"));
    let job = ended(&home, &as_job(&home, "POST", "file-actions/move?path=c.txt&target=o/c.txt").await).await;
    assert_eq!((&job["state"], &job["bytes"]), (&json!("done"), &json!(37)));
    assert_eq!(home.names(""), Vec::<String>::new());
    is(&move_to(&home, "o/tree", "back").await, 200);
    assert_eq!(
        (home.content("back/sub/b.txt").unwrap(), home.names("back")),
        (b"bb".to_vec(), vec!["a.txt".into(), "sub".into()])
    );
    is(&home.get("files?path=o/tree/a.txt").await, 404);
    is(&copy(&home, "o/c.txt", "d.txt").await, 200);
    assert_eq!(home.content("d.txt").unwrap(), b"some content that takes several parts");
    // A rename is not a copy, and an existing directory is never replaced.
    is(&home.ask("PATCH", "files?path=d.txt&target=o/d.txt").await, 403);
    is(&move_to(&home, "back", "o").await, 400);
    is(&move_to(&home, "o/c.txt", "back").await, 400);
    assert_eq!(home.names(""), ["back", "d.txt"]);
}

// ACC-142: what may not go in the end is not copied; what has no room stays.
#[actix_web::test]
async fn moves_between_kinds_of_storage_need_leave_and_room_at_both_ends() {
    let mount = json!([{"name": "objects", "virtual_path": "/o", "quota_size": 10, "quota_files": 0}]);
    let permissions = json!({"/": ["*"], "/kept": ["list", "download", "copy"], "/o/closed": ["list"]});
    let home = Home::with(json!({"virtual_folders": mount, "permissions": permissions})).await;
    home.put("kept/f", "x");
    home.put("large", "01234567890");
    home.put("small", "0123");
    for (path, target, status) in [("kept/f", "o/f", 403), ("small", "o/closed/f", 403), ("large", "o/large", 413)] {
        is(&move_to(&home, path, target).await, status);
    }
    assert_eq!(home.names(""), ["kept", "large", "small"]);
    let listed = home.get("dirs?path=o").await.json();
    assert!(listed.as_array().unwrap().iter().all(|entry| entry["name"] != "f" && entry["name"] != "large"), "{listed}");
    is(&move_to(&home, "small", "o/small").await, 200);
    assert_eq!(home.names(""), ["kept", "large"]);
}

// ACC-140: over each of the ways to rename
#[actix_web::test]
async fn directory_keeps_an_entry_of_its_own() {
    let home = Home::with(json!({"permissions": {"/": ["*"], "/locked": ["list"], "/d/locked": ["list"]}})).await;
    home.put("locked/a", "a");
    home.put("d/locked/b", "b");
    home.put("c/x", "x");
    for (path, target) in [("locked", "free"), ("d", "free"), ("d/locked", "free"), ("c", "locked/c")] {
        for way in ["POST file-actions/move?path=", "PATCH dirs?path=", "PATCH files?path="] {
            let (method, start) = way.split_once(' ').unwrap();
            is(&home.ask(method, &format!("{start}{path}&target={target}")).await, 403);
        }
        let job = ended(&home, &as_job(&home, "POST", &format!("file-actions/move?path={path}&target={target}")).await).await;
        assert_eq!(job["state"], "failed");
    }
    assert_eq!((home.names(""), home.names("d")), (vec!["c".into(), "d".into(), "locked".into()], vec!["locked".to_owned()]));
    // API-150
    let job = ended(&home, &as_job(&home, "DELETE", "dirs?path=d").await).await;
    assert_eq!((&job["state"], &job["status"], &job["stopped_at"]), (&json!("failed"), &json!(403), &json!("/d/locked/b")));
    is(&home.get("files?path=locked/a").await, 403);
    is(&move_to(&home, "c", "free").await, 200);
}

#[actix_web::test]
async fn long_work_can_go_on_as_a_job() {
    let home = home().await;
    let job = ended(&home, &as_job(&home, "POST", "file-actions/copy?path=tree&target=twin").await).await;
    assert_eq!(
        (&job["state"], &job["kind"], &job["path"], &job["target"]),
        (&json!("done"), &json!("copy"), &json!("/tree"), &json!("/twin"))
    );
    assert_eq!((&job["entries"], &job["bytes"]), (&json!(4), &json!(3)));
    assert!(job["ended_at"].as_i64() >= job["started_at"].as_i64());
    let moved = ended(&home, &as_job(&home, "POST", "file-actions/move?path=twin&target=other").await).await;
    assert_eq!(moved["state"], "done");
    let deleted = ended(&home, &as_job(&home, "DELETE", "dirs?path=tree").await).await;
    assert_eq!((&deleted["kind"], &deleted["entries"]), (&json!("delete"), &json!(4)));
    assert_eq!(home.names(""), ["c.txt", "other"]);
    let failed = ended(&home, &as_job(&home, "POST", "file-actions/move?path=c.txt&target=other").await).await;
    assert_eq!((&failed["state"], failed["error"].as_str().is_some()), (&json!("failed"), true));
    assert!(failed["status"].as_u64().is_some_and(|code| code >= 400) && failed.get("stopped_at").is_none(), "{failed}");
    let list = home.send(TestRequest::get().uri("/api/v2/x/jobs")).await.json();
    let kinds: Vec<&Value> = list.as_array().unwrap().iter().map(|job| &job["kind"]).collect();
    assert_eq!(kinds, ["copy", "move", "delete", "move"]);
}

#[actix_web::test]
async fn jobs_are_of_their_account_only() {
    let home = home().await;
    let job = ended(&home, &as_job(&home, "POST", "file-actions/copy?path=c.txt&target=d").await).await;
    let path = format!("/api/v2/x/jobs/{}", job["id"].as_str().unwrap());
    is(&home.send(TestRequest::delete().uri(&path)).await, 200);
    assert_eq!(home.send(TestRequest::get().uri(&path)).await.json()["state"], "done");
    is(&home.send(TestRequest::get().uri("/api/v2/x/jobs/other")).await, 404);
    is(&home.send(TestRequest::delete().uri("/api/v2/x/jobs/other")).await, 404);
    let admin = home.house.token("root").await;
    let user = home.house.user("eve");
    is(&home.house.with(&admin, TestRequest::post().uri("/api/v2/users").set_json(&user)).await, 201);
    let answer = home.house.basic("/api/v2/user/token", "eve", "secret").await;
    let eve = answer.json()["access_token"].as_str().unwrap().to_owned();
    is(&home.house.with(&eve, TestRequest::get().uri(&path)).await, 404);
    assert_eq!(home.house.with(&eve, TestRequest::get().uri("/api/v2/x/jobs")).await.text, "[]");
}
