//! What OpenSSH's own tests ask of its server, as far as another server is to answer the same: in our words, with our files.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;

use crate::harness::{OpenSsh, Server, Settings, User, bytes, read_tree};

fn server() -> (Server, User) {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    fs::create_dir_all(&user.home).unwrap();
    (server, user)
}

/// Buffers and numbers of requests that are unusual: tiny, odd, larger than a packet, and one request at a time.
#[test]
fn sftp_transfers_with_every_buffer_and_number_of_requests() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let content = bytes(1_200_007, 4);
    fs::write(server.scratch().join("f"), &content).unwrap();
    for (buffer, requests) in [("5", "1000"), ("1000", "1"), ("32000", "2"), ("64000", "64"), ("261120", "3")] {
        // Five bytes each would take for ever with this much.
        let (name, content) = if buffer == "5" { ("small", &content[..20_000]) } else { ("f", &content[..]) };
        fs::write(server.scratch().join(name), content).unwrap();
        ssh.sftp_with(&["-B", buffer, "-R", requests], format!("put {name} up\nget up down\nrm up\n")).ok();
        assert!(fs::read(server.scratch().join("down")).unwrap() == content, "{buffer} {requests}");
    }
}

/// Every command of `sftp` once, each checked by what is there afterwards.
#[test]
fn sftp_commands_do_what_they_say() {
    let settings = Settings::default().set("COMMON__SYMLINK_MODE", "1");
    let server = Server::start(settings);
    let user = server.create_user("alice", json!({}));
    let ssh = OpenSsh::new(&server, &user);
    user.place("f", b"content");
    user.place("d/one", b"1");
    user.place("d/two.txt", b"2");
    user.place("d/three.txt", b"3");
    user.place("quo'te \"d/x", b"q");
    fs::write(server.scratch().join("local"), "local").unwrap();
    fs::create_dir(server.scratch().join("to")).unwrap();
    let pwd = ssh.sftp("pwd\ncd d\npwd\ncd ..\npwd\n").ok().out;
    assert_eq!(pwd.matches("working directory: /d").count(), 1, "{pwd}");
    assert_eq!(pwd.matches("working directory: /").count(), 3, "{pwd}");
    // Globs on both sides, quotes, and a directory as the target.
    ssh.sftp("get d/*.txt to\nget \"quo'te \\\"d/x\" to/quoted\nput local d\nput local d/named\n").ok();
    let got: Vec<_> = read_tree(&server.scratch().join("to")).into_keys().collect();
    assert_eq!(got, [b"quoted".to_vec(), b"three.txt".to_vec(), b"two.txt".to_vec()]);
    assert_eq!((user.read("d/local"), user.read("d/named")), (Some(b"local".to_vec()), Some(b"local".to_vec())));
    ssh.sftp("rename f g\nmkdir new\nrename new newer\nrm d/*.txt\nln -s d/one link\nln d/one hard\n").code(1);
    assert!(user.read("g").is_some() && user.home.join("newer").is_dir() && !user.home.join("hard").exists());
    assert_eq!(read_tree(&user.home.join("d")).len(), 3);
    // What cannot be done says so and ends the batch; with a dash it goes on.
    for wrong in
        ["cd missing", "cd g", "get missing", "rmdir d", "rmdir missing", "rm missing", "mkdir newer", "rename missing x"]
    {
        ssh.sftp(format!("{wrong}\n")).code(1);
        ssh.sftp(format!("-{wrong}\npwd\n")).ok();
    }
    ssh.sftp("rmdir newer\nrm g\nrm d/*\nrmdir d\n").ok();
    assert!(!user.home.join("d").exists());
}

/// Permissions of files and directories survive, those of directories even where they forbid writing.
#[test]
fn sftp_keeps_modes_of_trees() {
    use std::os::unix::fs::PermissionsExt;
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let from = server.scratch().join("from");
    fs::create_dir_all(from.join("closed")).unwrap();
    fs::write(from.join("closed/f"), "x").unwrap();
    fs::write(from.join("g"), "y").unwrap();
    for (name, mode) in [("closed/f", 0o400), ("g", 0o604), ("closed", 0o500)] {
        fs::set_permissions(from.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    ssh.sftp("put -pR from to\nget -pR to back\n").ok();
    for root in [user.home.join("to"), server.scratch().join("back")] {
        for (name, mode) in [("closed/f", 0o400), ("g", 0o604), ("closed", 0o500)] {
            assert_eq!(fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
        }
    }
    for closed in [&from, &user.home.join("to"), &server.scratch().join("back")] {
        fs::set_permissions(closed.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// `scp`, old and new: the same outcome for every kind of source and target.
#[test]
fn both_kinds_of_scp_come_to_the_same() {
    for classic in [true, false] {
        let (server, user) = server();
        let ssh = OpenSsh::new(&server, &user);
        let scp = |options: &[&str], from: &str, to: &str| {
            if classic { ssh.scp_classic(options, from, to) } else { ssh.scp(options, from, to) }
        };
        let here = server.scratch();
        fs::create_dir_all(here.join("tree/sub")).unwrap();
        fs::write(here.join("tree/a"), bytes(70_000, 1)).unwrap();
        fs::write(here.join("tree/sub/b"), bytes(3, 2)).unwrap();
        symlink("a", here.join("tree/link")).unwrap();
        fs::write(here.join("f"), bytes(100_000, 3)).unwrap();
        // File to file, file to directory, file over file.
        fs::create_dir(user.home.join("dir")).unwrap();
        scp(&[], "f", ":g").ok();
        scp(&[], "f", ":dir").ok();
        scp(&[], "f", ":g").ok();
        for path in ["g", "dir/f"] {
            assert!(user.read(path) == Some(bytes(100_000, 3)), "{path}");
        }
        // Back, to a file and into a directory; a shorter file over a longer one.
        fs::create_dir(here.join("into")).unwrap();
        user.place("short", b"short");
        scp(&[], ":g", "back").ok();
        scp(&[], ":short", "back").ok();
        scp(&[], ":g", "into").ok();
        assert_eq!(fs::read(here.join("back")).unwrap(), b"short");
        assert!(fs::read(here.join("into/g")).unwrap() == bytes(100_000, 3));
        // Trees: links are followed by the client.
        scp(&["-r"], "tree", ":up").ok();
        assert_eq!(user.read("up/link"), Some(bytes(70_000, 1)));
        scp(&["-r"], ":up", "down").ok();
        assert_eq!(read_tree(&here.join("down")), read_tree(&user.home.join("up")));
        // What is not there, and a directory where a file is.
        scp(&[], ":missing", "x").fails();
        scp(&[], ":up", "x").fails();
        scp(&["-r"], "tree", ":g").fails();
        assert!(user.read("g") == Some(bytes(100_000, 3)));
        assert_eq!(user.disk().partials, 0);
    }
}

/// New keys in the middle of transfers, asked for by the client.
#[test]
fn keys_are_exchanged_again_in_the_middle_of_transfers() {
    let (server, user) = server();
    let ssh = OpenSsh::new(&server, &user);
    let content = bytes(12_000_000, 6);
    fs::write(server.scratch().join("f"), &content).unwrap();
    for cipher in ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"] {
        let options = ["-o", "RekeyLimit=1M", "-c", cipher];
        ssh.sftp_with(&options, "put f up\nget up down\n").ok();
        assert!(user.read("up").as_ref() == Some(&content), "{cipher}");
        assert!(fs::read(server.scratch().join("down")).unwrap() == content, "{cipher}");
        ssh.scp_classic(&options, "f", ":up").ok();
        ssh.scp_classic(&options, ":up", "down").ok();
        assert!(fs::read(server.scratch().join("down")).unwrap() == content, "{cipher} over SCP");
    }
}

/// A client that asks whether the server still lives is answered.
#[test]
fn keepalives_are_answered() {
    let (server, user) = server();
    let slow = json!({ "permissions": { "/": ["*"] }, "download_bandwidth": 200 });
    let slow = server.create_user("slow", slow);
    slow.place("f", &bytes(700_000, 1));
    let options = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"];
    OpenSsh::new(&server, &slow).sftp_with(&options, "get f\n").ok();
    OpenSsh::new(&server, &user).sftp_with(&["-C"], "pwd\n").ok();
}
