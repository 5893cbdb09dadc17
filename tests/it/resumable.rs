//! Resumable uploads with the clients that people use: tus-js-client and tuspy, as they are.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::harness::{Api, CuttingProxy, OpenSsh, Program, Server, Settings, User, bytes, eventually, node, python};

const PATH: &str = "/api/v2/user/files/chunked-upload";
const MIB: usize = 1 << 20;

/// `url, token, name` and a `client` of tuspy.
const TUSPY: &str = r#"
from tusclient.client import TusClient
url, token, name = sys.argv[1:4]
client = TusClient(url, headers={'Authorization': 'Bearer ' + token})
"#;

/// `upload(options)`, which resolves when the file is there and prints how often it was begun anew.
const TUS_JS: &str = r"
const tus = load('tus-js-client');
const [endpoint, token, name, file] = args;
const fs = require('fs');
function upload(options) {
    return new Promise((resolve, reject) => {
        let retries = 0;
        new tus.Upload(fs.createReadStream(file), {
            endpoint, uploadSize: fs.statSync(file).size, chunkSize: 2 * 1024 * 1024,
            headers: {Authorization: 'Bearer ' + token}, metadata: {path: name},
            retryDelays: Array(60).fill(250),
            onShouldRetry() { retries += 1; return true; },
            onError: reject,
            onSuccess() { console.log('retries ' + retries); resolve(); },
            ...options,
        }).start();
    });
}
";

fn server() -> (Server, User) {
    let server = Server::start(Settings::default());
    let user = server.create_user("ada", json!({}));
    (server, user)
}

fn http(server: &Server) -> SocketAddr {
    server.http_url().strip_prefix("http://").unwrap().parse().unwrap()
}

fn token(server: &Server, user: &User) -> String {
    Api::login_user(&server.http_url(), &user.name, &user.password).token().to_owned()
}

fn tuspy(server: &Server, user: &User, base: &str, name: &str, script: &str) -> Program {
    let arguments = [format!("{base}{PATH}"), token(server, user), name.to_owned()];
    python(server, user, &format!("{TUSPY}{script}"), &arguments)
}

fn tus_js(server: &Server, user: &User, base: &str, name: &str, file: &str, script: &str) -> Program {
    let arguments = [format!("{base}{PATH}"), token(server, user), name.to_owned(), file.to_owned()];
    node(server, &format!("{TUS_JS}{script}"), &arguments)
}

fn local(server: &Server, name: &str, length: usize) -> Vec<u8> {
    let content = bytes(length, 7);
    fs::write(server.scratch().join(name), &content).unwrap();
    content
}

// API-156: two writers on one upload; one of them is heard, and the file is what that one sent.
#[test]
fn of_two_writers_one_is_told_to_wait() {
    const WHOLE: usize = 10_000;
    let (server, user) = server();
    let token = token(&server, &user);
    let base = server.http_url();
    let begin = |method: &str, path: &str, headers: &str| {
        let mut stream = TcpStream::connect(http(&server)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n{headers}\r\n\r\n",
            http(&server)
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let answer = |stream: &mut TcpStream| {
        let (mut text, mut byte) = (String::new(), [0]);
        while !text.ends_with("\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
            text.push(char::from(byte[0]));
        }
        text
    };
    let made =
        answer(&mut begin("POST", PATH, &format!("Upload-Length: {WHOLE}\r\nUpload-Metadata: path L2Y=\r\nContent-Length: 0")));
    let at = made.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_else(|| panic!("{made}"));
    let path = at.strip_prefix(&base).unwrap_or(at).to_owned();
    let piece =
        |length: usize| format!("Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {length}");
    let offset = || {
        let answer = answer(&mut begin("HEAD", &path, "Content-Length: 0"));
        answer.lines().find_map(|line| line.strip_prefix("upload-offset: ")?.parse::<usize>().ok())
    };
    let (mut first, is_enough) = (begin("PATCH", &path, &piece(WHOLE)), AtomicBool::new(false));
    let mut feeding = first.try_clone().unwrap();
    let (sent, refused) = thread::scope(|scope| {
        // Who brings nothing for a while gives way to the next one.
        let fed = scope.spawn(|| {
            let mut sent = 0;
            while sent < WHOLE / 2 && !is_enough.load(Ordering::SeqCst) {
                feeding.write_all(b"0").unwrap();
                sent += 1;
                thread::sleep(Duration::from_millis(50));
            }
            sent
        });
        eventually("some of it arrives", || offset().is_some_and(|offset| offset > 0));
        let mut second = begin("PATCH", &path, &piece(8));
        second.write_all(b"xxxxxxxx").unwrap();
        let refused = answer(&mut second);
        is_enough.store(true, Ordering::SeqCst);
        (fed.join().unwrap(), refused)
    });
    assert!(refused.starts_with("HTTP/1.1 423"), "{refused}");
    first.write_all(&vec![b'0'; WHOLE - sent]).unwrap();
    let done = answer(&mut first);
    assert!(done.starts_with("HTTP/1.1 204") && done.contains(&format!("upload-offset: {WHOLE}\r\n")), "{done}");
    assert_eq!(user.read("f"), Some(vec![b'0'; WHOLE]));
}

/// The uploads in the audit log: status and size.
fn uploads(server: &Server, path: &str) -> Vec<(i64, i64)> {
    let events = server.events_of("ada", "upload").into_iter().filter(|event| event.path == path);
    events.map(|event| (event.status, event.size)).collect()
}

// API-151…API-159: tuspy, with a checksum for each piece.
#[test]
fn tuspy_uploads_and_resumes() {
    let (server, user) = server();
    let content = local(&server, "f", 5 * MIB + 1);
    let script = "
first = client.uploader('f', chunk_size=1 << 20, metadata={'path': name, 'mkdir_parents': 'true'}, upload_checksum=True)
first.upload(stop_at=2 << 20)
assert first.offset == 2 << 20, first.offset
second = client.uploader('f', url=first.url, chunk_size=1 << 20, upload_checksum=True)
assert second.offset == 2 << 20, second.offset
second.upload()
empty = client.uploader(file_stream=__import__('io').BytesIO(b''), metadata={'path': '/empty'})
empty.upload()
";
    tuspy(&server, &user, &server.http_url(), "/new folder/f", script).run().ok();
    assert!(user.read("new folder/f").unwrap() == content);
    assert_eq!(user.read("empty").unwrap(), b"");
    assert_eq!(uploads(&server, "/new folder/f"), [(1, content.len() as i64)]);
    assert_eq!(server.quota("ada"), (2, content.len() as u64));
    assert_eq!(user.disk().partials, 0);
}

// The issue: connections that break, and the server that is killed and started again in the middle.
#[test]
fn tus_js_client_survives_broken_lines_and_a_killed_server() {
    let (mut server, user) = server();
    let content = local(&server, "f", 24 * MIB + 3);
    let cuts = [MIB, 3 * MIB / 2, 5 * MIB];
    let proxy = CuttingProxy::new(http(&server), &cuts);
    let client = tus_js(&server, &user, &proxy.url(), "/f", "f", "upload({});").start();
    eventually("the lines break", || proxy.cut() == cuts.len());
    eventually("half of it arrives", || proxy.passed() > 14 * MIB);
    server.kill9();
    server.launch();
    proxy.follow(http(&server));
    let ended = client.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(user.read("f").unwrap() == content, "the very bytes");
    let disk = user.disk();
    assert_eq!((disk.files, disk.partials, server.quota("ada")), (1, 0, (1, content.len() as u64)));
    let done: Vec<_> = uploads(&server, "/f").into_iter().filter(|upload| upload.0 == 1).collect();
    assert_eq!(done, [(1, content.len() as i64)]);
}

// An orderly end of the server in the middle, tuspy.
#[test]
fn tuspy_survives_broken_lines_and_a_restart() {
    let (mut server, user) = server();
    let content = local(&server, "f", 12 * MIB);
    let proxy = CuttingProxy::new(http(&server), &[MIB, 5 * MIB / 2]);
    let script = "
uploader = client.uploader('f', chunk_size=1 << 20, metadata={'path': name}, retries=480, retry_delay=0.25)
uploader.upload()
";
    let client = tuspy(&server, &user, &proxy.url(), "/f", script).start();
    eventually("a line breaks", || proxy.cut() >= 1);
    eventually("some of it arrives", || proxy.passed() > 4 * MIB);
    server.restart();
    proxy.follow(http(&server));
    let ended = client.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(user.read("f").unwrap() == content, "the very bytes");
    assert_eq!(server.quota("ada"), (1, content.len() as u64));
}

// Several files at once, each by several requests.
#[test]
fn uploads_side_by_side_do_not_mix() {
    let (server, user) = server();
    let content = local(&server, "f", 5 * MIB);
    let script = "Promise.all([0, 1, 2, 3].map((number) => upload({metadata: {path: name + number}})));";
    tus_js(&server, &user, &server.http_url(), "/f", "f", script).run().ok();
    for number in 0..4 {
        assert!(user.read(&format!("f{number}")).unwrap() == content, "{number}");
    }
    assert_eq!(server.quota("ada"), (4, 4 * content.len() as u64));
}

// Decisions on uploads: OpenSSH goes on with what tus began, and says so to who asks.
#[test]
fn openssh_finishes_what_tus_began() {
    let (server, user) = server();
    let content = local(&server, "f", 3 * MIB);
    let script = "
uploader = client.uploader('f', chunk_size=1 << 20, metadata={'path': name})
uploader.upload(stop_at=1 << 20)
print(uploader.url)
";
    let url = tuspy(&server, &user, &server.http_url(), "/f", script).run().ok().out.trim().to_owned();
    OpenSsh::new(&server, &user).sftp("reput f /f\n").ok();
    assert!(user.read("f").unwrap() == content);
    let script = "
uploader = client.uploader('f', url=name)
assert uploader.offset == 3 << 20, uploader.offset
";
    tuspy(&server, &user, &server.http_url(), &url, script).run().ok();
    assert_eq!(server.quota("ada"), (1, content.len() as u64));
}

// API-X01: tus goes on with what a broken line left of an upload over SFTP.
#[test]
fn tus_finishes_what_sftp_began() {
    let (server, user) = server();
    let content = local(&server, "f", 3 * MIB);
    let begin = "
import paramiko
transport = paramiko.Transport((host, port))
transport.connect(username=user, pkey=paramiko.Ed25519Key.from_private_key_file(key))
sftp = paramiko.SFTPClient.from_transport(transport)
file = sftp.open('/f', 'w')
file.write(open('f', 'rb').read(1 << 20))
file.stat()
os._exit(0)
";
    python(&server, &user, begin, &[] as &[&str]).run().ok();
    let partial = || user.disk().partial_size;
    eventually("what has arrived is there", || partial() == 1 << 20);
    let script = "
uploader = client.uploader('f', chunk_size=1 << 20, metadata={'path': name, 'resume': 'true'})
resumed = client.uploader('f', url=uploader.create_url(), chunk_size=1 << 20)
assert resumed.offset == 1 << 20, resumed.offset
resumed.upload()
";
    tuspy(&server, &user, &server.http_url(), "/f", script).run().ok();
    assert!(user.read("f").unwrap() == content);
    assert_eq!((server.quota("ada"), user.disk().partials), ((1, content.len() as u64), 0));
}

// API-151…API-159, API-190, API-193: visitors of a share, with broken lines and a server that is killed in the middle.
#[test]
fn visitors_of_a_share_lose_nothing() {
    let (mut server, user) = server();
    let content = local(&server, "f", 24 * MIB + 3);
    let share = json!({"name": "inbox", "scope": 2, "paths": ["/"], "max_tokens": 2, "password": "larch-anchor-52"});
    let api = Api::login_user(&server.http_url(), &user.name, &user.password);
    api.post("/api/v2/user/shares", &share).ok(201);
    let id = api.get("/api/v2/user/shares").ok(200)[0]["id"].as_str().unwrap().to_owned();
    let proxy = CuttingProxy::new(http(&server), &[MIB / 2, MIB / 2]);
    let script = "
from tusclient.client import TusClient
import base64
url, share = sys.argv[1:3]
password = base64.b64encode(b':larch-anchor-52').decode()
client = TusClient(url, headers={'Authorization': 'Basic ' + password})
uploader = client.uploader('f', chunk_size=1 << 20, metadata={'path': '/f', 'share_id': share}, retries=480, retry_delay=0.25)
uploader.upload()
";
    let begin = || {
        let arguments = [format!("{}/api/v2/shares-chunked-uploads", proxy.url()), id.clone()];
        python(&server, &user, script, &arguments).start()
    };
    let clients = [begin(), begin()];
    eventually("the lines break", || proxy.cut() == 2);
    eventually("half of it arrives", || proxy.passed() > 16 * MIB);
    server.kill9();
    server.launch();
    proxy.follow(http(&server));
    for client in clients {
        let ended = client.wait_with_output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
    for name in ["f", "f (1)"] {
        assert!(user.read(name).unwrap() == content, "the very bytes of {name}");
    }
    assert_eq!((user.disk().partials, server.quota("ada")), (0, (2, 2 * content.len() as u64)));
    let api = Api::login_user(&server.http_url(), &user.name, &user.password);
    assert_eq!(api.get(&format!("/api/v2/user/shares/{id}")).ok(200)["used_tokens"], 2);
}
