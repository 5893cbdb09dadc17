//! Commands over SSH.

use std::fs;

use serde_json::json;

use crate::harness::{OpenSsh, Server, Settings, User};

fn server(settings: Settings) -> (Server, User) {
    let server = Server::start(settings);
    let user = server.create_user("alice", json!({}));
    fs::create_dir_all(&user.home).unwrap();
    (server, user)
}

fn all() -> Settings {
    Settings::default().set("SFTPD__ENABLED_SSH_COMMANDS", "*")
}

// SCMD-004, SCMD-005, SCMD-010
#[test]
fn checksums_are_those_of_the_programs() {
    let (server, user) = server(all());
    user.place("f", b"hello\n");
    user.place("with space", b"");
    let ssh = OpenSsh::new(&server, &user);
    for program in ["md5sum", "sha1sum", "sha256sum", "sha384sum", "sha512sum"] {
        let expected = |path: &str| crate::harness::Program::new(program).arg(path).dir(&user.home).run().ok().out;
        assert_eq!(ssh.ssh(&[], &[program, "f"]).ok().out, expected("f"));
        assert_eq!(ssh.ssh(&[], &[program, "'with space'"]).ok().out, expected("with space"));
        let of_input = ssh.ssh_with_input(program, "hello\n").ok().out;
        assert_eq!(of_input, expected("f").replace("  f", "  -"));
    }
    let empty = ssh.ssh_with_input("md5sum", "").ok().out;
    assert_eq!(empty, "d41d8cd98f00b204e9800998ecf8427e  -\n");
    for line in ["sha1sum missing", "sha1sum /", "sha1sum a b", "md5sum 'open"] {
        let failed = ssh.ssh(&[], &[line]).code(1);
        assert!(failed.out.is_empty() && failed.err.lines().count() == 1, "{failed:?}");
    }
    let events = server.events_of("alice", "ssh_cmd");
    assert!(events.iter().all(|event| event.protocol == "SSH"), "{events:?}");
    assert_eq!(events.iter().filter(|event| event.status == 1).count(), 5 * 3 + 1);
    assert_eq!(events.iter().filter(|event| event.status == 2).count(), 2);
    let uploader = server.create_user("uploader", json!({ "permissions": { "/": ["list", "upload"] } }));
    uploader.place("f", b"x");
    OpenSsh::new(&server, &uploader).ssh(&[], &["md5sum", "f"]).code(1);
}

// SCMD-001, SCMD-002, SCMD-006, SCMD-016
#[test]
fn only_what_is_enabled_runs_and_refusals_say_why() {
    let (server, user) = server(Settings::default());
    let ssh = OpenSsh::new(&server, &user);
    assert_eq!(ssh.ssh(&[], &["pwd"]).ok().out, "/\n");
    assert_eq!(ssh.ssh(&[], &["cd", "/somewhere"]).ok().out, "");
    for (command, text) in [
        ("sha512sum f", "not enabled"),
        ("sftpgo-copy a b", "not enabled"),
        ("entrepot-remove a", "not enabled"),
        ("uname -a", "not enabled"),
        ("rsync --server -e.Lsfx . x", "rclone"),
        ("git-receive-pack x", "git over SSH is not available"),
        ("sh -c id", "no shell"),
        ("pwd; id", "no shell"),
    ] {
        let refused = ssh.ssh(&[], &[command]).code(1);
        assert!(refused.err.contains(text) && refused.out.is_empty(), "{refused:?}");
    }
    let (server, user) = self::server(all());
    let start = json!({ "filters": { "start_directory": "/in/side" } });
    let starter = server.create_user("starter", start);
    assert_eq!(OpenSsh::new(&server, &starter).ssh(&[], &["pwd"]).ok().out, "/in/side\n");
    let ssh = OpenSsh::new(&server, &user);
    assert_eq!(ssh.ssh(&[], &["uname"]).ok().out, "Linux\n");
    assert!(ssh.ssh(&[], &["uname", "-x"]).code(1).err.contains("usage"));
}

// SCMD-007, SCMD-011, SCMD-012, SCMD-013, SCMD-015
#[test]
fn copies_are_made_on_the_server() {
    let (server, user) = server(all());
    user.place("d/e/f", b"deep");
    user.place("d/g", b"g");
    let ssh = OpenSsh::new(&server, &user);
    let copy = |arguments: &str| ssh.ssh(&[], &[&format!("entrepot-copy {arguments}")]);
    assert_eq!(copy("d/g new/parents/h").ok().out, "OK\n");
    assert_eq!(user.read("new/parents/h").as_deref(), Some(&b"g"[..]));
    // Under a new name; into what is there; merged into it; into what is named as a directory.
    assert_eq!(ssh.ssh(&[], &["sftpgo-copy", "d", "copy"]).ok().out, "OK\n");
    copy("d copy").ok();
    copy("d/ copy").ok();
    copy("d/g fresh/").ok();
    for path in ["copy/e/f", "copy/d/e/f", "copy/g", "fresh/g"] {
        assert!(user.read(path).is_some(), "{path}");
    }
    assert_eq!(user.disk().files, 2 + 1 + 2 + 2 + 1);
    let disk = user.disk();
    assert_eq!(server.quota("alice").0, disk.files - 2);
    for wrong in ["d d/inside", "d/e copy/g", "missing x", "d", "a b c"] {
        copy(wrong).code(1);
    }
    assert!(server.events_of("alice", "copy").len() >= 6);
    let stranger = server.create_user("stranger", json!({ "permissions": { "/": ["list", "download", "upload"] } }));
    stranger.place("f", b"f");
    OpenSsh::new(&server, &stranger).ssh(&[], &["entrepot-copy", "f", "g"]).code(1);
    assert_eq!(stranger.read("g"), None);
}

// SCMD-008, SCMD-019
#[test]
fn removals_take_a_tree_and_stop_at_a_folder() {
    let (server, user) = server(all());
    for index in 0..300 {
        user.place(&format!("d/{}/f{index}", index % 7), b"x");
    }
    user.place("f", b"x");
    let ssh = OpenSsh::new(&server, &user);
    assert_eq!(ssh.ssh(&[], &["sftpgo-remove", "d"]).ok().out, "OK\n");
    assert_eq!(ssh.ssh(&[], &["entrepot-remove", "/f"]).ok().out, "OK\n");
    assert_eq!(user.disk().files, 0);
    assert!(!user.home.join("d").exists());
    assert_eq!(server.events_of("alice", "delete").len(), 301);
    for wrong in ["missing", "/", "", "a b"] {
        let failed = ssh.ssh(&[], &[&format!("entrepot-remove {wrong}")]).code(1);
        assert_eq!(failed.err.lines().count(), 1, "{failed:?}");
    }
    let folder = json!({ "name": "shared", "mapped_path": server.scratch().join("shared") });
    server.api().post("/api/v2/folders", &folder).ok(201);
    let mounts = json!([{ "name": "shared", "virtual_path": "/box/shared", "quota_size": -1, "quota_files": -1 }]);
    let guest = server.create_user("guest", json!({ "virtual_folders": mounts }));
    guest.place("box/own", b"x");
    fs::create_dir_all(server.scratch().join("shared")).unwrap();
    fs::write(server.scratch().join("shared/kept"), "x").unwrap();
    for path in ["/box", "/box/shared"] {
        OpenSsh::new(&server, &guest).ssh(&[], &["entrepot-remove", path]).code(1);
    }
    assert!(server.scratch().join("shared/kept").exists() && guest.read("box/own").is_some());
}

// SSH-026, ACC-082: a command is a session like others, for as long as it runs
#[test]
fn commands_count_as_sessions() {
    let (server, _) = server(Settings::default());
    let one = server.create_user("one", json!({ "max_sessions": 1 }));
    let script = r#"
import asyncio, asyncssh
async def connect():
    return await asyncssh.connect(host, port, username=user, client_keys=[key], known_hosts=None)
async def main():
    async with await connect() as connection:
        process = await connection.create_process("md5sum")
        refused = await connection.run("pwd")
        assert refused.exit_status == 1 and "too many" in refused.stderr, refused
        try:
            await connect()
            raise SystemExit("a second login")
        except asyncssh.PermissionDenied:
            pass
        process.stdin.write_eof()
        assert (await process.wait()).stdout.startswith("d41d8cd9")
        assert (await connection.run("pwd")).stdout == "/\n"
asyncio.run(main())
"#;
    let none: [&str; 0] = [];
    crate::harness::python(&server, &one, script, &none).run().ok();
}
