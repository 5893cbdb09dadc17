//! The old protocol of `scp`, both ways.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use crate::harness::{OpenSsh, Server, Settings, User, bytes, read_tree};

fn server() -> (Server, User) {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    fs::create_dir_all(&user.home).unwrap();
    (server, user)
}

// SCP-003, SCP-005, SCP-010, SCP-012
#[test]
fn files_of_every_size_go_both_ways() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    fs::create_dir(user.home.join("d")).unwrap();
    let sizes = [0, 1, 32_768, 262_145, 5_000_003];
    for size in sizes {
        let (name, content) = (format!("f{size}"), bytes(size, size as u64 + 1));
        fs::write(server.scratch().join(&name), &content).unwrap();
        ssh.scp_classic(&[], &name, ":").ok();
        ssh.scp_classic(&[], &name, ":d").ok();
        ssh.scp_classic(&[], &name, &format!(":d/named-{size}")).ok();
        ssh.scp_classic(&[], &format!(":/d/named-{size}"), "back").ok();
        for path in [name.clone(), format!("d/{name}"), format!("d/named-{size}")] {
            assert!(user.read(&path).as_ref() == Some(&content), "{path}");
        }
        assert!(fs::read(server.scratch().join("back")).unwrap() == content, "{size}");
    }
    let total = sizes.iter().sum::<usize>() as u64;
    assert_eq!(server.quota("alice"), (3 * sizes.len() as u64, 3 * total));
    let uploads = server.events_of("alice", "upload");
    assert_eq!(uploads.len(), 3 * sizes.len());
    assert!(uploads.iter().all(|event| event.status == 1 && event.protocol == "SCP"), "{uploads:?}");
    assert_eq!(server.events_of("alice", "download").len(), sizes.len());
    // SCP-012
    assert!(server.events_of("alice", "ssh_cmd").is_empty());
}

// SCP-006, SCP-008, SCP-009
#[test]
fn directories_go_both_ways_with_everything_in_them() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let from = server.scratch().join("tree");
    for (path, size) in [("a", 10), ("b/c/deep", 300_000), ("b/empty", 0), ("b/e/with space & ümlaut", 7), ("z", 1)] {
        let path = from.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes(size, size as u64 + 3)).unwrap();
    }
    fs::create_dir(from.join("b/nothing")).unwrap();
    ssh.scp_classic(&["-r"], "tree", ":").ok();
    assert_eq!(read_tree(&user.home.join("tree")), read_tree(&from));
    assert!(user.home.join("tree/b/nothing").is_dir());
    // Under a new name, into what is there, and over it.
    ssh.scp_classic(&["-r"], "tree", ":new").ok();
    ssh.scp_classic(&["-r"], "tree", ":new").ok();
    ssh.scp_classic(&["-r"], "tree", ":new").ok();
    assert_eq!(read_tree(&user.home.join("new/tree")), read_tree(&from));
    ssh.scp_classic(&["-r"], ":tree", "back").ok();
    assert_eq!(read_tree(&server.scratch().join("back")), read_tree(&from));
    fs::create_dir(server.scratch().join("all")).unwrap();
    ssh.scp_classic(&["-r"], ":/", "all/root").ok();
    assert_eq!(read_tree(&server.scratch().join("all/root/tree")), read_tree(&from));
    fs::create_dir(server.scratch().join("named")).unwrap();
    ssh.scp_classic(&["-r"], ":/", "named").ok();
    assert_eq!(read_tree(&server.scratch().join("named/alice/tree")), read_tree(&from));
    // Without -r neither side sends one.
    let refused = ssh.scp_classic(&[], ":tree", "none").fails();
    assert!(refused.err.contains("not a regular file"), "{refused:?}");
}

// SCP-007, SCP-010
#[test]
fn times_and_modes_are_kept_when_asked_for() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let file = server.scratch().join("f");
    fs::write(&file, "x").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
    ssh.scp_classic(&["-p"], "f", ":kept").ok();
    ssh.scp_classic(&[], "f", ":fresh").ok();
    let found = fs::metadata(user.home.join("kept")).unwrap();
    assert_eq!((found.modified().unwrap(), found.permissions().mode() & 0o777), (then, 0o640));
    assert!(fs::metadata(user.home.join("fresh")).unwrap().modified().unwrap() > then);
    ssh.scp_classic(&["-p"], ":kept", "back").ok();
    let back = fs::metadata(server.scratch().join("back")).unwrap();
    assert_eq!((back.modified().unwrap(), back.permissions().mode() & 0o777), (then, 0o640));
    // Who may not change them gets the file all the same.
    let plain = server.create_user("plain", json!({ "permissions": { "/": ["list", "download", "upload"] } }));
    OpenSsh::new(&server, &plain).scp_classic(&["-p"], "f", ":kept").ok();
    assert_eq!(plain.read("kept").as_deref(), Some(&b"x"[..]));
}

// Old clients leave patterns to the server; a file of that very name wins
#[test]
fn patterns_are_expanded_and_names_win() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    for name in ["d/a.txt", "d/b.txt", "d/c.bin", "d/.hidden.txt", "e/a.txt", "e/[x].txt", "e/x.txt"] {
        user.place(name, name.as_bytes());
    }
    let get = |pattern: &str| {
        let to = server.scratch().join("got");
        let _ = fs::remove_dir_all(&to);
        fs::create_dir(&to).unwrap();
        let finished = ssh.scp_classic(&["-T"], &format!(":{pattern}"), "got");
        (finished, read_tree(&to).into_keys().map(|name| String::from_utf8(name).unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(get("d/*.txt").1, ["a.txt", "b.txt"]);
    assert_eq!(get("/d/[bc].*").1, ["b.txt", "c.bin"]);
    assert_eq!(get("?/a.txt").1, ["a.txt"]);
    assert_eq!(get("e/[x].txt").1, ["[x].txt"]);
    assert_eq!(get("'d/a.txt'").1, ["a.txt"]);
    assert_eq!(get("~/d/a.txt").1, ["a.txt"]);
    assert!(get("d/'*'.txt").0.fails().err.contains("No such file"));
    assert!(get("nothing*").0.fails().err.contains("No such file"));
}

// SCP-004, SCP-012
#[test]
fn rules_of_the_account_hold() {
    let (server, _) = server();
    fs::write(server.scratch().join("f"), "new content").unwrap();
    let writer = server.create_user("writer", json!({ "permissions": { "/": ["upload"] } }));
    let ssh = OpenSsh::new(&server, &writer);
    ssh.scp_classic(&[], "f", ":").ok();
    // It may not look, so the folder shows only when it is written to.
    fs::create_dir(writer.home.join("box")).unwrap();
    ssh.scp_classic(&[], "f", ":box").ok();
    assert_eq!(writer.read("box/f").as_deref(), Some(&b"new content"[..]));
    writer.place("kept", b"old");
    let refused = ssh.scp_classic(&[], "f", ":kept").fails();
    assert!(refused.err.contains("scp: /kept"), "{refused:?}");
    assert_eq!(writer.read("kept").as_deref(), Some(&b"old"[..]));
    ssh.scp_classic(&[], ":kept", "stolen").fails();
    assert!(fs::read(server.scratch().join("stolen")).map_or(true, |content| content.is_empty()));

    let small = server.create_user("small", json!({ "quota_size": 1000 }));
    fs::write(server.scratch().join("large"), bytes(2000, 1)).unwrap();
    let refused = OpenSsh::new(&server, &small).scp_classic(&[], "large", ":").fails();
    assert!(refused.err.contains("space limit"), "{refused:?}");
    assert_eq!((small.disk().files, small.disk().partials, server.quota("small")), (0, 0, (0, 0)));

    let patterns = json!([{ "path": "/", "denied_patterns": ["*.exe"], "deny_policy": 1 }]);
    let filtered = server.create_user("filtered", json!({ "filters": { "file_patterns": patterns } }));
    filtered.place("d/x.exe", b"x");
    filtered.place("d/x.txt", b"x");
    let ssh = OpenSsh::new(&server, &filtered);
    ssh.scp_classic(&["-r"], ":d", "filtered").ok();
    assert_eq!(read_tree(&server.scratch().join("filtered")).into_keys().collect::<Vec<_>>(), [b"x.txt".to_vec()]);
    ssh.scp_classic(&[], "f", ":f.exe").fails();
}

/// Says `lines` to a receiving side and answers what it said.
fn say(ssh: &OpenSsh<'_>, options: &str, lines: impl AsRef<[u8]>) -> crate::harness::Finished {
    ssh.ssh_with_input(&format!("scp {options} ."), lines.as_ref())
}

// SCP-002, SCP-003: hostile senders
#[test]
fn hostile_senders_leave_nothing_outside_and_nothing_broken() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let hostile = include_str!("../data/scp/hostile-lines.txt");
    // A few of each kind; the unit tests have them all.
    for line in hostile.lines().filter(|line| !line.starts_with('#')).step_by(6) {
        let refused = say(&ssh, "-r -t", format!("{line}\nx\0")).code(1);
        assert!(refused.out.starts_with("\0\u{2}scp: protocol error"), "{line:?} {refused:?}");
    }
    for (options, lines) in [
        ("-t", "D0755 0 d\n".to_owned()),
        ("-r -t", "E\n".to_owned()),
        ("-r -t", format!("C0644 1 {}\nx\0", "a".repeat(5000))),
        ("-t", format!("C0644 1 {}\nx\0", "a".repeat(300))),
        ("-r -t", "D0755 0 d\nD0755 0 ..\n".to_owned()),
    ] {
        let refused = say(&ssh, options, &lines).code(1);
        assert!(refused.out.contains("\u{2}scp: "), "{lines:?} {refused:?}");
    }
    // Streams that end too soon: a header alone, half of a file, a file without its last byte.
    for lines in ["C0644 10 half\n", "C0644 10 half\n12345", "C0644 5 half\n12345", "D0755 0 open\n", "C0644 10 ha"] {
        say(&ssh, "-r -t", lines).code(1);
    }
    // The sender could not read its file.
    say(&ssh, "-t", "C0644 5 unread\n12345\u{1}cannot read\n").code(1);
    assert_eq!(user.read("half"), None);
    assert_eq!(user.read("unread"), None);
    assert!(read_tree(&server.scratch()).is_empty() && user.home.join("d").is_dir() && user.home.join("open").is_dir());
    // More than it takes in one go, and all of it at once.
    let many: String = (0..2000).map(|index| format!("C0644 3 n{index}\nabc\0")).collect();
    say(&ssh, "-t", &many).ok();
    assert_eq!(user.read("n1999").as_deref(), Some(&b"abc"[..]));
    // A receiving client that says no.
    user.place("f", b"content");
    ssh.ssh_with_input("scp -f f", "\u{2}no\n").code(1);
    ssh.ssh_with_input("scp -f f", "").code(1);
    let declined = ssh.ssh_with_input("scp -f f", "\0\u{1}no room\n\0").code(1);
    assert_eq!(declined.out, format!("C{:04o} 7 f\n", fs::metadata(user.home.join("f")).unwrap().permissions().mode() & 0o7777));
}

// LIM-011
#[test]
fn a_copy_that_waits_for_its_rate_arrives_whole() {
    let server = Server::start(Settings::default());
    let user = server.create_user("slow", json!({ "upload_bandwidth": 256 }));
    fs::write(server.scratch().join("f"), bytes(1_000_000, 5)).unwrap();
    OpenSsh::new(&server, &user).scp_classic(&[], "f", ":").ok();
    assert!(user.read("f") == Some(bytes(1_000_000, 5)));
}

// SCP-013
#[test]
fn copies_between_two_accounts_go_through_the_client() {
    let (server, user) = server();
    let bob = server.create_user("bob", json!({}));
    fs::create_dir_all(&bob.home).unwrap();
    user.place("f", &bytes(400_000, 9));
    let (port, options) = (server.sftp_address().port(), crate::harness::ssh_options(&server.key().file));
    crate::harness::Program::new("scp")
        .args(["-O", "-3"])
        .args(options)
        .args([format!("scp://alice@127.0.0.1:{port}/f"), format!("scp://bob@127.0.0.1:{port}/g")])
        .run()
        .ok();
    assert!(bob.read("g") == Some(bytes(400_000, 9)));
}

// LIM-011: each answer of an open file comes in the order of the requests; else this client cuts the file, and calls that success.
#[test]
fn copies_over_sftp_that_wait_for_their_rate_arrive_whole() {
    let server = Server::start(Settings::default());
    let user = server.create_user("slow", json!({ "upload_bandwidth": 4000, "download_bandwidth": 4000 }));
    let ssh = OpenSsh::new(&server, &user);
    let content = bytes(6_000_000, 5);
    fs::write(server.scratch().join("f"), &content).unwrap();
    ssh.scp(&[], "f", ":").ok();
    assert!(user.read("f").as_ref() == Some(&content), "up");
    ssh.scp(&[], ":f", "back").ok();
    assert!(fs::read(server.scratch().join("back")).unwrap() == content, "down");
}
