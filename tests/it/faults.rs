//! What goes wrong: cut connections and killed servers. Afterwards nothing acknowledged is missing, nothing short stands
//! under a final name, the quota is what lies on the disk, and the audit trail knows it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    process::Child,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::json;

use crate::harness::{OpenSsh, Server, Settings, User, bytes, eventually, python, read_tree};

/// The quota must be the sum of what lies on the disk.
#[track_caller]
fn quota_is_disk(server: &Server, user: &User) {
    let disk = user.disk();
    let (files, size) = server.quota(&user.name);
    assert_eq!(size, disk.size + disk.partial_size, "bytes: {disk:?}, unsettled {:?}", server.unsettled());
    assert!((disk.files..=disk.files + disk.partials).contains(&files), "{files} files: {disk:?}");
}

/// Opens a file with truncation, writes `sys.argv[2]` of `sys.argv[3]` bytes, waits for every answer, and is gone.
const CUT: &str = r#"
import paramiko
name, length, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
transport = paramiko.Transport((host, port))
transport.connect(username=user, password=password)
sftp = paramiko.SFTPClient.from_transport(transport)
file = sftp.open(name, "wb")
content = data(total, 9)[:length]
for at in range(0, len(content), 32768):
    file.write(content[at:at + 32768])
file.flush()
print("written", flush=True)
os._exit(7)
"#;

// Decisions 1, 2, 6
#[test]
fn cut_upload_leaves_no_file_and_is_resumed() {
    let server = Server::start(Settings::default());
    let total = 1_000_000;
    let whole = bytes(total, 9);
    for (index, length) in [0, 1, total / 2, total - 1, total].into_iter().enumerate() {
        let user = server.create_user(&format!("cut{index}"), json!({}));
        let finished = python(&server, &user, CUT, &["f", &length.to_string(), &total.to_string()]).run().code(7);
        assert!(finished.out.contains("written"), "{finished:?}");
        eventually("the cut upload is recorded", || !server.events_of(&user.name, "upload").is_empty());
        let events = server.events_of(&user.name, "upload");
        assert!(events.len() == 1 && events[0].status == 2, "{events:?}");
        assert_eq!(user.read("f"), None, "cut after {length}: nothing under the final name");
        quota_is_disk(&server, &user);
        let ssh = OpenSsh::new(&server, &user);
        let listing = ssh.sftp("ls -1a\n").ok().out;
        assert!(!listing.contains("entrepot"), "partials are not listed: {listing}");
        assert!(!listing.lines().any(|line| line == "f"), "{listing}");
        fs::write(server.scratch().join("f"), &whole).unwrap();
        // `put` where there is nothing to go on with: `reput` would refuse a file that is as long.
        ssh.sftp(if length == 0 || length == total { "put f\n" } else { "reput f\n" }).ok();
        assert_eq!(user.read("f"), Some(whole.clone()), "resumed after {length}");
        let disk = user.disk();
        assert_eq!((disk.files, disk.size, disk.partials), (1, total as u64, 0), "cut after {length}");
        assert_eq!(server.quota(&user.name), (1, total as u64));
    }
}

// Decisions 1: what stood under the name stays until the end
#[test]
fn cut_replacement_keeps_the_old_file() {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    fs::write(server.scratch().join("f"), b"the old content").unwrap();
    OpenSsh::new(&server, &user).sftp("put f\n").ok();
    python(&server, &user, CUT, &["f", "500000", "1000000"]).run().code(7);
    eventually("the cut upload is recorded", || server.events_of("alice", "upload").len() == 2);
    assert_eq!(user.read("f").as_deref(), Some(b"the old content".as_slice()));
    OpenSsh::new(&server, &user).sftp("get f back\n").ok();
    assert_eq!(fs::read(server.scratch().join("back")).unwrap(), b"the old content");
    quota_is_disk(&server, &user);
}

/// Uploads one small file after the other until the connection breaks; says `done NAME` after each answered CLOSE.
const STREAM: &str = r#"
import paramiko
prefix, size = sys.argv[1], int(sys.argv[2])
transport = paramiko.Transport((host, port))
transport.connect(username=user, password=password)
sftp = paramiko.SFTPClient.from_transport(transport)
index = 0
while True:
    name = f"{prefix}{index}"
    file = sftp.open(name + (".part" if len(sys.argv) > 3 else ""), "wb")
    file.set_pipelined(True)
    file.write(data(size, index + 1))
    file.flush()
    sftp._finish_responses(file)
    # Not file.close(): it takes a lost connection for a success.
    sftp._request(paramiko.sftp.CMD_CLOSE, file.handle)
    file._closed = True
    if len(sys.argv) > 3:
        sftp.posix_rename(name + ".part", name)
    print("done", name, flush=True)
    index += 1
"#;

/// An uploader whose acknowledged names are counted.
struct Stream {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Stream {
    fn start(server: &Server, user: &User, arguments: &[&str]) -> Self {
        let mut child = python(server, user, STREAM, arguments).start();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits for `count` acknowledged files.
    fn await_count(&mut self, count: usize) -> Vec<String> {
        (0..count)
            .map(|_| match self.lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) => line.trim_start_matches("done ").to_owned(),
                Err(error) => {
                    let mut text = String::new();
                    let _ = self.child.kill();
                    let _ = self.child.stderr.take().unwrap().read_to_string(&mut text);
                    panic!("{error}: {text}")
                }
            })
            .collect()
    }

    /// All other names that were acknowledged before the end.
    fn rest(mut self) -> Vec<String> {
        self.child.wait().unwrap();
        self.lines.iter().map(|line| line.trim_start_matches("done ").to_owned()).collect()
    }
}

/// What must hold after a crash: `acknowledged` are names whose end the client was told.
#[track_caller]
fn check_after_crash(server: &Server, user: &User, acknowledged: &[String], size: usize, prefix: &str) {
    let tree: BTreeMap<String, Vec<u8>> =
        read_tree(&user.home).into_iter().map(|(name, content)| (String::from_utf8(name).unwrap(), content)).collect();
    for name in acknowledged {
        assert!(tree.contains_key(name), "{name} was acknowledged and is gone");
    }
    for (name, content) in tree.iter().filter(|(name, _)| !name.starts_with(".entrepot-") && name.starts_with(prefix)) {
        let index: u64 = name.trim_start_matches(prefix).trim_end_matches(".part").parse().unwrap();
        assert!(*content == bytes(size, index + 1), "{name} has {} of {size} bytes, or others", content.len());
    }
    quota_is_disk(server, user);
    let events = server.events_of(&user.name, "upload");
    for name in acknowledged {
        let path = format!("/{name}");
        let known = events.iter().filter(|event| event.status == 1 && event.path.trim_end_matches(".part") == path).count();
        assert_eq!(known, 1, "{name}: {events:?}");
    }
    for name in tree.keys().filter(|name| !name.starts_with(".entrepot-") && name.starts_with(prefix)) {
        assert!(
            events.iter().any(|event| event.status == 1
                && event.path.trim_end_matches(".part") == format!("/{}", name.trim_end_matches(".part"))),
            "{name} is there and the audit trail does not know it"
        );
    }
}

// Decisions 2: the moments between write, intent, rename and settlement are met by chance, again and again
#[test]
fn killed_server_loses_nothing_acknowledged() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    let size = 40_000;
    let mut acknowledged = Vec::new();
    for round in 0..8 {
        let prefix = format!("r{round}-");
        let mut stream = Stream::start(&server, &user, &[&prefix, &size.to_string()]);
        let mut names = stream.await_count(3 + round * 5);
        server.kill9();
        names.extend(stream.rest());
        server.launch();
        check_after_crash(&server, &user, &names, size, &prefix);
        acknowledged.extend(names);
    }
    let tree = read_tree(&user.home);
    assert!(acknowledged.iter().all(|name| tree.contains_key(name.as_bytes())), "later crashes do not take earlier files");
}

// The process is killed after it made the hidden file of an upload, and before it noted the upload.
#[test]
fn file_of_an_upload_that_had_not_begun_is_removed() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("ada", json!({}));
    fs::write(server.scratch().join("f"), b"some bytes").unwrap();
    OpenSsh::new(&server, &user).sftp("put f\n").ok();
    server.kill9();
    let journal = server.data().join("uploads.journal");
    let text = fs::read_to_string(&journal).unwrap();
    let mut line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    line["number"] = 0.into();
    line["intent"]["id"] = "0123456789abcdef".into();
    fs::write(&journal, format!("{text}{line}\n")).unwrap();
    fs::write(user.home.join(".entrepot-0123456789abcdef"), b"").unwrap();
    server.launch();
    assert_eq!(user.disk().partials, 0);
    assert_eq!(user.read("f").unwrap(), b"some bytes");
    quota_is_disk(&server, &user);
}

#[test]
fn kill_between_upload_and_rename_keeps_one_of_both_names() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    for round in 0..4 {
        let prefix = format!("m{round}-");
        let mut stream = Stream::start(&server, &user, &[&prefix, "5000", "rename"]);
        let mut names = stream.await_count(4 + round * 3);
        server.kill9();
        names.extend(stream.rest());
        server.launch();
        check_after_crash(&server, &user, &names, 5000, &prefix);
    }
}

// Decisions 1, 2: a large upload is cut by the death of the server and goes on afterwards
#[test]
fn upload_interrupted_by_a_kill_is_resumed() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    let whole = bytes(64_000_000, 3);
    fs::write(server.scratch().join("big"), &whole).unwrap();
    let partial = |user: &User| user.disk().partial_size;
    let client = {
        let options = crate::harness::ssh_options(&server.key().file);
        // Slow enough to be caught in the middle, whatever the machine is.
        let port = server.sftp_address().port().to_string();
        crate::harness::Program::new("sftp")
            .args(options)
            .args(["-l", "80000", "-P", &port, "-b", "-", "alice@127.0.0.1"])
            .dir(server.scratch())
            .input("put big\n")
            .start()
    };
    eventually("some of it arrives", || partial(&user) > 2_000_000);
    server.kill9();
    let status = { client }.wait().unwrap();
    assert!(!status.success(), "a dead server acknowledges nothing");
    server.launch();
    assert_eq!(user.read("big"), None);
    quota_is_disk(&server, &user);
    let kept = partial(&user);
    assert!(kept > 2_000_000, "what had arrived is kept: {kept}");
    OpenSsh::new(&server, &user).sftp("reput big\n").ok();
    assert!(user.read("big") == Some(whole), "the whole file, resumed");
    let disk = user.disk();
    assert_eq!((disk.files, disk.partials), (1, 0));
    assert_eq!(server.quota("alice"), (1, 64_000_000));
}

// SIG-003
#[test]
fn orderly_end_makes_partials_of_running_uploads() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    fs::write(server.scratch().join("big"), bytes(64_000_000, 3)).unwrap();
    let port = server.sftp_address().port().to_string();
    let mut client = crate::harness::Program::new("sftp")
        .args(crate::harness::ssh_options(&server.key().file))
        .args(["-l", "80000", "-P", &port, "-b", "-", "alice@127.0.0.1"])
        .dir(server.scratch())
        .input("put big\n")
        .start();
    eventually("some of it arrives", || user.disk().partial_size > 1_000_000);
    assert!(server.stop().success());
    client.wait().unwrap();
    assert_eq!(user.read("big"), None);
    server.launch();
    quota_is_disk(&server, &user);
    let events = server.events_of("alice", "upload");
    assert!(events.len() == 1 && events[0].status == 2, "{events:?}");
    OpenSsh::new(&server, &user).sftp("reput big\n").ok();
    assert_eq!(user.disk().size, 64_000_000);
}

/// A client that uploads `size` bytes at about 1 MB per second, and the server at the moment when some of it is there.
fn slow_upload(server: &Server, user: &User, size: usize) -> Child {
    fs::write(server.scratch().join("slow"), bytes(size, 3)).unwrap();
    let client = crate::harness::Program::new("sftp")
        .args(crate::harness::ssh_options(&server.key().file))
        .args(["-l", "8000", "-P", &server.sftp_address().port().to_string(), "-b", "-", &format!("{}@127.0.0.1", user.name)])
        .dir(server.scratch())
        .input("put slow\n")
        .start();
    eventually("some of it arrives", || user.disk().partial_size > 100_000);
    client
}

// LIM-009, CLI-009
#[test]
fn running_transfers_may_end_within_the_grace_time() {
    let mut server = Server::start(Settings::default().flag("--grace-time").flag("60"));
    let user = server.create_user("alice", json!({}));
    let mut client = slow_upload(&server, &user, 3_000_000);
    assert!(server.stop().success());
    assert!(client.wait().unwrap().success(), "the upload was let finish");
    assert_eq!(user.read("slow"), Some(bytes(3_000_000, 3)));
}

// SIG-003
#[test]
fn second_signal_ends_at_once() {
    use rustix::process::Signal;
    let mut server = Server::start(Settings::default().flag("--grace-time").flag("3600"));
    let user = server.create_user("alice", json!({}));
    let mut client = slow_upload(&server, &user, 100_000_000);
    server.signal(Signal::TERM);
    eventually("it is stopping", || server.log().contains("stopping"));
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(1));
    assert!(!client.wait().unwrap().success());
    server.launch();
    assert_eq!(user.read("slow"), None);
    quota_is_disk(&server, &user);
}
