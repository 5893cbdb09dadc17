//! OpenSSH's own clients.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use serde_json::json;

use crate::harness::{Api, Key, OpenSsh, Server, Settings, User, bytes, read_tree};

fn server() -> (Server, User) {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    (server, user)
}

// SFTP-015, SFTP-018: what is put is got again, whatever its size
#[test]
fn put_and_get_keep_every_byte() {
    let (server, user) = server();
    let mut batch = String::new();
    let sizes = [0, 1, 32_767, 32_768, 32_769, 262_144, 5_000_003];
    for size in sizes {
        fs::write(server.scratch().join(format!("up-{size}")), bytes(size, size as u64 + 1)).unwrap();
        batch += &format!("put up-{size}\nget up-{size} down-{size}\n");
    }
    OpenSsh::new(&server, &user).sftp(batch).ok();
    for size in sizes {
        let content = bytes(size, size as u64 + 1);
        assert_eq!(user.read(&format!("up-{size}")).as_ref(), Some(&content), "{size}");
        assert_eq!(fs::read(server.scratch().join(format!("down-{size}"))).unwrap(), content, "{size}");
    }
    let total: usize = sizes.iter().sum();
    assert_eq!(server.quota("alice"), (sizes.len() as u64, total as u64));
    // AUD-001: a row for each transfer
    let uploads = server.events_of("alice", "upload");
    assert_eq!(uploads.len(), sizes.len());
    assert!(uploads.iter().all(|event| event.status == 1 && event.protocol == "SFTP"), "{uploads:?}");
    assert_eq!(server.events_of("alice", "download").len(), sizes.len());
}

#[test]
fn replacing_a_file_counts_it_once() {
    let (server, user) = server();
    for (size, seed) in [(700_000, 1), (100, 2), (900_000, 3)] {
        fs::write(server.scratch().join("f"), bytes(size, seed)).unwrap();
        OpenSsh::new(&server, &user).sftp("put f\n").ok();
        assert_eq!(user.read("f"), Some(bytes(size, seed)));
        assert_eq!(server.quota("alice"), (1, size as u64));
    }
    OpenSsh::new(&server, &user).sftp("rm f\n").ok();
    assert_eq!(server.quota("alice"), (0, 0));
}

// Decisions 1: `reput` and `reget` go on where a file ends
#[test]
fn transfers_of_finished_files_are_resumed() {
    let (server, user) = server();
    let whole = bytes(1_000_000, 7);
    user.place("half", &whole[..400_000]);
    fs::write(server.scratch().join("half"), &whole).unwrap();
    fs::write(server.scratch().join("part"), &whole[..123_457]).unwrap();
    user.place("part", &whole);
    OpenSsh::new(&server, &user).sftp("reput half\nreget part\n").ok();
    assert_eq!(user.read("half"), Some(whole.clone()));
    assert_eq!(fs::read(server.scratch().join("part")).unwrap(), whole);
}

#[test]
fn directories_are_listed_made_renamed_and_removed() {
    let (server, user) = server();
    user.place("docs/one.txt", b"1");
    user.place("docs/two.txt", b"22");
    let ssh = OpenSsh::new(&server, &user);
    let listing = ssh.sftp("ls -1 docs\n").ok().out;
    assert!(listing.contains("docs/one.txt") && listing.contains("docs/two.txt"), "{listing}");
    let long = ssh.sftp("ls -l docs\n").ok().out;
    assert!(long.lines().any(|line| line.starts_with("-rw") && line.contains(" 2 ") && line.ends_with("two.txt")), "{long}");
    ssh.sftp("mkdir new\nrename docs/one.txt new/uno.txt\nrename docs old\nrm old/two.txt\nrmdir old\n").ok();
    assert_eq!(read_tree(&user.home).into_keys().collect::<Vec<_>>(), [b"new/uno.txt".to_vec()]);
    assert!(!user.home.join("old").exists());
    ssh.sftp("rmdir new\n").fails();
    assert!(user.home.join("new/uno.txt").exists(), "a directory with content stays");
    ssh.sftp("cd missing\n").fails();
}

// ACC-140, SFTP-035: and REST says the same
#[test]
fn renamed_directories_keep_their_restrictions() {
    let server = Server::start(Settings::default());
    let permissions = json!({"/": ["*"], "/locked": ["list"], "/d/locked": []});
    let user = server.create_user("alice", json!({"permissions": permissions}));
    for path in ["locked/a", "d/locked/b", "d/c", "e/locked/f"] {
        user.place(path, b"x");
    }
    let before = read_tree(&user.home);
    let api = Api::login_user(&server.http_url(), &user.name, &user.password);
    for (from, to) in [("locked", "free"), ("d", "free"), ("d/locked", "free"), ("e", "locked/e"), ("e/locked", "d/locked/x")] {
        let said = OpenSsh::new(&server, &user).sftp(format!("rename {from} {to}\n")).fails().text();
        assert!(said.contains("ermission denied"), "{from} to {to}: {said}");
        api.post(&format!("/api/v2/user/file-actions/move?path={from}&target={to}"), &json!({})).ok(403);
    }
    assert!(read_tree(&user.home) == before);
    OpenSsh::new(&server, &user).sftp("rename e free\n").ok();
}

#[test]
fn recursive_transfers_keep_the_tree() {
    let (server, user) = server();
    let from = server.scratch().join("tree");
    for (path, size) in [("a", 10), ("b/c", 100_000), ("b/d/e", 0), ("f g/h", 33_000)] {
        let path = from.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes(size, 5)).unwrap();
    }
    OpenSsh::new(&server, &user).sftp("put -R tree\nget -R tree back\n").ok();
    assert_eq!(read_tree(&user.home.join("tree")), read_tree(&from));
    assert_eq!(read_tree(&server.scratch().join("back")), read_tree(&from));
}

// SFTP-026, SFTP-027
#[test]
fn attributes_are_changed_and_kept() {
    use std::os::unix::fs::MetadataExt;
    let (server, user) = server();
    let local = server.scratch().join("dated");
    fs::write(&local, "x").unwrap();
    let when = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(&local).unwrap().set_modified(when).unwrap();
    OpenSsh::new(&server, &user).sftp("put -p dated\nchmod 640 dated\nget -p dated again\n").ok();
    let found = fs::metadata(user.home.join("dated")).unwrap();
    assert_eq!((found.mtime(), found.mode() & 0o777), (1_000_000_000, 0o640));
    assert_eq!(fs::metadata(server.scratch().join("again")).unwrap().mtime(), 1_000_000_000);
}

#[test]
fn space_is_told() {
    let (server, user) = server();
    let limited = server.create_user("limited", json!({ "quota_size": 1_048_576 * 100 }));
    let text = OpenSsh::new(&server, &user).sftp("df -h\n").ok().out;
    assert!(text.contains('%'), "{text}");
    // SFTP-036: the quota is the size of the disk
    let text = OpenSsh::new(&server, &limited).sftp("df\n").ok().out;
    assert!(text.contains("102400"), "{text}");
}

// CFG: common.symlink_mode is 0; SFTP-040
#[test]
fn symbolic_links_are_refused_unless_allowed() {
    let (server, user) = server();
    user.place("target", b"x");
    OpenSsh::new(&server, &user).sftp("ln -s target link\n").fails();
    assert!(fs::symlink_metadata(user.home.join("link")).is_err());
    let open = Server::start(Settings::default().set("COMMON__SYMLINK_MODE", "1"));
    let user = open.create_user("bob", json!({}));
    user.place("target", b"through the link");
    OpenSsh::new(&open, &user).sftp("ln -s target link\nget link followed\n").ok();
    assert_eq!(fs::read(open.scratch().join("followed")).unwrap(), b"through the link");
}

// LOC-004, decisions 9
#[test]
fn links_that_lead_outside_are_closed() {
    let (server, user) = server();
    fs::create_dir_all(&user.home).unwrap();
    fs::write(server.scratch().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(server.scratch().join("secret"), user.home.join("absolute")).unwrap();
    std::os::unix::fs::symlink("../../scratch/secret", user.home.join("relative")).unwrap();
    std::os::unix::fs::symlink("../../scratch", user.home.join("folder")).unwrap();
    for path in ["absolute", "relative", "folder/secret", "../../scratch/secret", "../scratch/secret"] {
        let got = server.scratch().join("stolen");
        OpenSsh::new(&server, &user).sftp(format!("get {path} stolen\n")).fails();
        assert!(fs::read(got).map_or(true, |content| content.is_empty()), "{path}");
    }
    fs::write(server.scratch().join("f"), "f").unwrap();
    OpenSsh::new(&server, &user).sftp("put f folder/planted\n").fails();
    assert!(!server.scratch().join("planted").exists());
}

// SFTP-007: names are bytes
#[test]
fn names_of_every_kind_survive() {
    let (server, user) = server();
    let names: [&[u8]; 8] = [
        b"latin-\xe9\xff\xfe",
        "\u{1F4C4} ümläut 文件".as_bytes(),
        b"two  spaces and 'quotes'",
        b"dash-first-",
        b"semi;colon&amp|pipe$HOME`x`",
        b"trailing space ",
        b".hidden",
        b"percent%20%00",
    ];
    let from = server.scratch().join("names");
    fs::create_dir_all(&from).unwrap();
    for (index, name) in names.iter().enumerate() {
        fs::write(from.join(OsStr::from_bytes(name)), [index as u8; 10]).unwrap();
    }
    OpenSsh::new(&server, &user).sftp("put -R names\nget -R names back\n").ok();
    assert_eq!(read_tree(&user.home.join("names")), read_tree(&from));
    assert_eq!(read_tree(&server.scratch().join("back")), read_tree(&from));
}

#[test]
fn a_directory_of_many_files_is_listed_whole() {
    let (server, user) = server();
    for index in 0..3000 {
        user.place(&format!("many/file-{index:05}"), b"");
    }
    let listing = OpenSsh::new(&server, &user).sftp("ls -1 many\n").ok().out;
    assert_eq!(listing.lines().filter(|line| line.starts_with("many/file-")).count(), 3000);
}

#[test]
fn scp_over_sftp_copies_both_ways() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let content = bytes(3_000_001, 11);
    fs::write(server.scratch().join("s"), &content).unwrap();
    ssh.scp(&[], "s", ":").ok();
    ssh.scp(&[], ":s", "back").ok();
    assert_eq!(user.read("s"), Some(content.clone()));
    assert_eq!(fs::read(server.scratch().join("back")).unwrap(), content);
    fs::create_dir_all(server.scratch().join("d/e")).unwrap();
    fs::write(server.scratch().join("d/e/f"), "deep").unwrap();
    ssh.scp(&["-r"], "d", ":").ok();
    ssh.scp(&["-r"], ":d", "d2").ok();
    assert_eq!(fs::read(server.scratch().join("d2/e/f")).unwrap(), b"deep");
}

// Decisions 11: no program named by a client is started
#[test]
fn shell_commands_and_forwarding_are_refused() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    for command in ["id", "rsync --server . .", "git-upload-pack x"] {
        let finished = ssh.ssh(&[], &[command]).fails();
        assert!(!finished.text().contains("uid="), "{finished:?}");
    }
    ssh.ssh(&["-tt"], &[]).fails();
    // A tunnel is asked for at its first use; the failure of the listener ends the client.
    ssh.ssh(&["-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "-N"], &[]).fails();
}

// SSH-010, SSH-011
#[test]
fn only_keys_of_the_account_open_it() {
    let (server, user) = server();
    let stranger = Key::generate(&server.scratch().join("stranger"));
    OpenSsh::with_key(&server, &user.name, &stranger).sftp("ls\n").fails();
    OpenSsh::with_key(&server, "nobody", &stranger).sftp("ls\n").fails();
    let mut changed = server.api().get("/api/v2/users/alice").ok(200);
    changed["public_keys"] = json!([stranger.public]);
    server.api().put("/api/v2/users/alice", &changed).ok(200);
    OpenSsh::with_key(&server, &user.name, &stranger).sftp("ls\n").ok();
    OpenSsh::new(&server, &user).sftp("ls\n").fails();
}

// ACC-072
#[test]
fn disabled_and_expired_accounts_stay_outside() {
    let (server, user) = server();
    for (field, value) in [("status", json!(0)), ("expiration_date", json!(1_000))] {
        let mut changed = server.api().get("/api/v2/users/alice").ok(200);
        let before = changed[field].clone();
        changed[field] = value;
        server.api().put("/api/v2/users/alice", &changed).ok(200);
        OpenSsh::new(&server, &user).sftp("ls\n").fails();
        changed[field] = before;
        server.api().put("/api/v2/users/alice", &changed).ok(200);
        OpenSsh::new(&server, &user).sftp("ls\n").ok();
    }
}

// SSH-034: the key that the terminal shows is the one that clients meet
#[test]
fn printed_fingerprint_is_that_of_the_host_key() {
    let (server, _) = server();
    crate::harness::require("ssh-keyscan", "openssh-client");
    let port = server.sftp_address().port().to_string();
    let scanned = crate::harness::Program::new("ssh-keyscan").args(["-p", &port, "-t", "ed25519", "127.0.0.1"]).run().ok().out;
    let shown = crate::harness::Program::new("ssh-keygen").args(["-l", "-f", "-"]).input(scanned).run().ok().out;
    let fingerprint = shown.split(' ').nth(1).unwrap();
    assert!(fingerprint.starts_with("SHA256:") && server.printed().contains(fingerprint), "{shown}\n{}", server.printed());
}
