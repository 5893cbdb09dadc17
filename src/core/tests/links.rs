//! Symbolic links: where they lead, and which rules hold behind them.

#![allow(clippy::disallowed_methods, reason = "files and links are put beside the server")]

use serde_json::json;

use super::{
    client::{get, path, put, rule, size},
    fixture::Fixture,
};
use crate::{Error, Session};

pub(super) async fn on_disk(fields: serde_json::Value) -> (Fixture, Session) {
    let fixture = Fixture::with(|settings| settings.common.symlink_mode = 1).await;
    let home = fixture.directory("home");
    let mut user = json!({ "home_dir": home });
    user.as_object_mut().expect("object").extend(fields.as_object().expect("object").clone());
    fixture.user("alice", user).await;
    let session = fixture.session("alice").await;
    (fixture, session)
}

// SFTP-038, SFTP-040, SFTP-009
#[tokio::test]
async fn links_lead_to_virtual_paths() {
    let (fixture, session) = on_disk(json!({})).await;
    let fs = session.fs();
    fs.create_directory(&path("/a")).await.expect("directory");
    fs.create_directory(&path("/b")).await.expect("directory");
    put(&fs, "/a/f", b"data").await.expect("file");
    fs.create_symlink(b"/a/f", &path("/b/absolute")).await.expect("absolute");
    fs.create_symlink(b"../a/f", &path("/b/relative")).await.expect("relative");
    fs.create_symlink(b"../../../a/f", &path("/b/above")).await.expect("above the root");
    for link in ["/b/absolute", "/b/relative", "/b/above"] {
        assert_eq!(fs.read_link(&path(link)).await, Ok(path("/a/f")), "{link}");
        assert_eq!(fs.real_path(&path(link)).await, Ok(path("/a/f")), "{link}");
        assert_eq!(get(&fs, link).await.expect("read"), b"data");
        assert!(fs.stat(&path(link), false).await.expect("lstat").is_symlink());
        let text = std::fs::read_link(format!("{}/home{link}", fixture.folder.path().display())).expect("text");
        assert_eq!(text.to_string_lossy(), "../a/f");
    }
    fs.remove_file(&path("/b/absolute")).await.expect("the link");
    assert_eq!(size(&fs, "/a/f").await, Some(4), "not what it leads to");
}

// ACC-144, ACC-379, SFTP-038
#[tokio::test]
async fn links_are_made_only_where_they_are_allowed() {
    let permissions = json!({ "/": ["*"], "/locked": ["list", "upload"], "/closed/deep/down": [] });
    let (fixture, session) = on_disk(json!({ "permissions": permissions })).await;
    let fs = session.fs();
    fs.create_directory(&path("/locked")).await.expect("directory");
    put(&fs, "/f", b"x").await.expect("file");
    put(&fs, "/locked/f", b"x").await.expect("file");
    assert_eq!(rule(&fs.create_symlink(b"/f", &path("/locked/link")).await), Some("permissions"));
    assert_eq!(rule(&fs.create_symlink(b"/locked/f", &path("/link")).await), Some("permissions"));
    assert_eq!(rule(&fs.create_symlink(b"/", &path("/link")).await), Some("root"));
    // ACC-379: nor the directory itself, nor one that it lies in.
    fs.create_directory(&path("/d")).await.expect("directory");
    for target in ["/locked", "/closed"] {
        assert_eq!(rule(&fs.create_symlink(target.as_bytes(), &path("/d/link")).await), Some("permissions"), "{target}");
    }
    assert_eq!(fs.create_symlink(b"/f", &path("/f")).await.err(), Some(Error::Exists));
    fixture.set(|settings| settings.common.symlink_mode = 0);
    assert_eq!(fs.create_symlink(b"/f", &path("/link")).await.err(), Some(Error::Unsupported));
}

/// A user who may do little in `/secret`, and make links elsewhere.
async fn with_secret() -> (Fixture, Session) {
    let all = ["list", "download", "upload", "create_dirs", "rename", "create_symlinks"];
    let filters = json!({ "file_patterns": [{ "path": "/secret", "denied_patterns": ["*.key"], "deny_policy": 1 }] });
    let (fixture, session) = on_disk(json!({ "permissions": { "/": all, "/secret": ["list"] }, "filters": filters })).await;
    for directory in ["secret", "top", "pub/secret", "pub/d"] {
        std::fs::create_dir_all(fixture.folder.path().join("home").join(directory)).expect("directory");
    }
    std::fs::write(fixture.folder.path().join("home/secret/s.txt"), b"secret").expect("file");
    (fixture, session)
}

// ACC-379, ACC-354: the text that is stored leads where the check looked.
#[tokio::test]
async fn link_that_climbs_after_a_name_leads_where_its_text_says() {
    let (_fixture, session) = with_secret().await;
    let fs = session.fs();
    fs.create_symlink(b"../top", &path("/pub/q")).await.expect("a link to a directory of the same rules");
    fs.create_symlink(b"q/../secret", &path("/pub/l")).await.expect("it says /pub/secret");
    assert_eq!(fs.read_link(&path("/pub/l")).await, Ok(path("/pub/secret")));
    assert!(get(&fs, "/pub/l/s.txt").await.is_err());
    // `..` is read from where the directory really lies.
    fs.create_directory(&path("/top/in")).await.expect("directory");
    fs.create_symlink(b"../top/in", &path("/pub/in")).await.expect("a link to it");
    assert_eq!(rule(&fs.create_symlink(b"../../secret", &path("/pub/in/l")).await), Some("permissions"));
    fs.create_symlink(b"beside", &path("/pub/in/l")).await.expect("without climbing it is the same from everywhere");
    // Filters that hold at the target alone.
    assert_eq!(rule(&fs.create_symlink(b"/secret", &path("/pub/s")).await), Some("permissions"));
}

// ACC-379, ACC-354, ACC-140
#[tokio::test]
async fn moved_link_leads_to_no_stricter_rules() {
    let (_fixture, session) = with_secret().await;
    let fs = session.fs();
    fs.create_symlink(b"../secret", &path("/pub/d/l")).await.expect("it leads to /pub/secret");
    assert_eq!(rule(&fs.rename(&path("/pub/d/l"), &path("/pub/l")).await), Some("permissions"), "to /secret");
    fs.rename(&path("/pub/d/l"), &path("/pub/d/m")).await.expect("it leads to the same");
    assert_eq!(rule(&fs.rename(&path("/pub/d"), &path("/d")).await), Some("permissions"), "in a directory that is moved");
    fs.rename(&path("/pub"), &path("/public")).await.expect("what it leads to goes along");
    assert_eq!(fs.read_link(&path("/public/d/m")).await, Ok(path("/public/secret")));
}

// ACC-354
#[tokio::test]
async fn link_leads_past_no_filter() {
    let filters = json!({ "file_patterns": [{ "path": "/a", "denied_patterns": ["*.key"], "deny_policy": 1 }] });
    let (fixture, session) = on_disk(json!({ "filters": filters })).await;
    std::fs::create_dir_all(fixture.folder.path().join("home/a/b")).expect("directory");
    let fs = session.fs();
    for target in ["/a", "/a/b"] {
        assert_eq!(rule(&fs.create_symlink(target.as_bytes(), &path("/link")).await), Some("file_patterns"), "{target}");
    }
    fs.create_symlink(b"b", &path("/a/link")).await.expect("the same filter holds under both names");
    put(&fs, "/a/f", b"data").await.expect("file");
    fs.create_symlink(b"/a/f", &path("/file")).await.expect("a file that the filter lets through");
}

// SFTP-041, LOC-004, SFTP-040
#[tokio::test]
async fn links_to_the_outside_are_not_followed() {
    let (fixture, session) = on_disk(json!({})).await;
    let home = fixture.folder.path().join("home");
    for (target, link) in [("/etc", "absolute"), ("../outside", "climbing")] {
        std::os::unix::fs::symlink(target, home.join(link)).expect("link");
        let link = path(&format!("/{link}"));
        assert_eq!(session.fs().stat(&link, true).await.err(), Some(Error::StorageDenied), "{link}");
        assert_eq!(session.fs().read_link(&link).await.err(), Some(Error::StorageDenied), "{link}");
        assert_eq!(session.fs().list(&link).await.err(), Some(Error::StorageDenied), "{link}");
        assert!(session.fs().open_write(&link, super::client::PUT).await.is_err(), "{link}");
    }
}

// ACC-120, ACC-121, UPL-014, UPL-015
#[tokio::test]
async fn rules_hold_for_the_path_that_is_asked_for_not_for_what_is_behind_it() {
    let permissions = json!({ "/": ["*"], "/locked": [] });
    let (fixture, session) = on_disk(json!({ "permissions": permissions })).await;
    let fs = session.fs();
    let home = fixture.folder.path().join("home");
    for name in ["locked", "open"] {
        std::fs::create_dir(home.join(name)).expect("directory");
    }
    std::fs::write(home.join("locked/f"), b"data").expect("file");
    std::os::unix::fs::symlink("../locked/f", home.join("open/link")).expect("link");
    std::fs::hard_link(home.join("locked/f"), home.join("open/twin")).expect("link");
    fixture.set(|settings| settings.common.symlink_mode = 0);
    assert_eq!(rule(&get(&fs, "/locked/f").await), Some("permissions"));
    for name in ["/open/link", "/open/twin"] {
        assert_eq!(get(&fs, name).await.expect("read"), b"data", "{name}");
    }
    assert_eq!(super::client::names(&fs, "/").await.expect("list"), ["locked", "open"], "names are not hidden");
}

// ACC-127, SFTP-015, ACC-146
#[tokio::test]
async fn writing_a_link_needs_upload_and_writes_its_target() {
    let (fixture, session) = on_disk(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/d/f", b"old content").await.expect("file");
    fs.create_symlink(b"d/f", &path("/link")).await.expect("link");
    fs.create_symlink(b"d/new", &path("/dangling")).await.expect("link");
    put(&fs, "/link", b"new").await.expect("written");
    put(&fs, "/dangling", b"made").await.expect("written");
    assert_eq!(get(&fs, "/d/f").await.expect("read"), b"new");
    assert_eq!(get(&fs, "/d/new").await.expect("read"), b"made");
    assert!(fs.stat(&path("/link"), false).await.expect("lstat").is_symlink());
    assert_eq!(fixture.used("alice").await, super::client::usage(2, 7));
    fs.truncate(&path("/link"), 1).await.expect("truncated");
    assert_eq!(fixture.used("alice").await, super::client::usage(2, 5));
    let home = fixture.folder.path().join("home").to_string_lossy().into_owned();
    fixture.user("bob", json!({ "home_dir": home, "permissions": { "/": ["list", "overwrite"] } })).await;
    let bob = fixture.session("bob").await;
    assert_eq!(rule(&put(&bob.fs(), "/link", b"x").await), Some("permissions"));
}

// A partial of an upload through a link is found again through it.
#[tokio::test]
async fn upload_through_a_link_is_resumed_through_it() {
    let (fixture, session) = on_disk(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    fs.create_symlink(b"d/new", &path("/link")).await.expect("link");
    super::client::give_up(&fs, "/link", b"0123").await;
    fixture.settled().await;
    let upload = fs.open_write(&path("/link"), super::client::RESUME).await.expect("resume");
    assert_eq!(upload.size(), 4);
    upload.commit().await.expect("commit");
    assert_eq!(get(&fs, "/d/new").await.expect("read"), b"0123");
    assert_eq!(fixture.used("alice").await, super::client::usage(1, 4));
}
