//! Shares as people use them: a link, curl, and sometimes a password.

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::harness::{Api, Server, Settings, User};

const PASSWORD: &str = "open sesame, please";

/// A server with a user, and what the user makes shares with.
struct Desk {
    server: Server,
    user: User,
    api: Api,
}

impl Desk {
    fn open(settings: Settings) -> Self {
        let server = Server::start(settings);
        let user = server.create_user("olga", json!({}));
        let api = Api::login_user(&server.http_url(), &user.name, &user.password);
        Self { server, user, api }
    }

    /// A share, and the address of its link.
    fn share(&self, body: Value) -> (String, String) {
        self.api.post("/api/v2/user/shares", &body).ok(201);
        let shares = self.api.get("/api/v2/user/shares").ok(200);
        let share = shares.as_array().unwrap().iter().find(|share| share["name"] == body["name"]).unwrap();
        let id = share["id"].as_str().unwrap().to_owned();
        let url = format!("{}/api/v2/shares/{id}", self.server.http_url());
        (id, url)
    }

    fn used(&self, id: &str) -> i64 {
        self.api.get(&format!("/api/v2/user/shares/{id}")).ok(200)["used_tokens"].as_i64().unwrap()
    }
}

/// Status and body of what curl gets.
fn curl(arguments: &[&str]) -> (u16, Vec<u8>) {
    let Output { stdout, .. } = Command::new("curl").args(["-sk", "-w", "%{http_code}"]).args(arguments).output().unwrap();
    let at = stdout.len() - 3;
    (std::str::from_utf8(&stdout[at..]).unwrap().parse().unwrap(), stdout[..at].to_vec())
}

fn text(answer: &(u16, Vec<u8>)) -> String {
    format!("{} {}", answer.0, String::from_utf8_lossy(&answer.1))
}

/// Names in a directory of the disk, in order, without the server's own.
fn listed(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

// API-179, API-184, API-185, API-190
#[test]
fn a_share_is_read_with_curl() {
    let desk = Desk::open(Settings::default());
    desk.user.place("plans/a b.txt", b"plan");
    desk.user.place("plans/deep/c.bin", &[7; 300_000]);
    desk.user.place("secret.txt", b"secret");
    std::os::unix::fs::symlink("../secret.txt", desk.user.home.join("plans/link")).unwrap();
    let (id, url) = desk.share(json!({"name": "read", "scope": 1, "paths": ["/plans"]}));
    let listing = curl(&[&format!("{url}/dirs")]);
    let entries: Value = serde_json::from_slice(&listing.1).unwrap();
    assert_eq!((listing.0, entries.as_array().unwrap().len()), (200, 3), "{}", text(&listing));
    assert_eq!(curl(&[&format!("{url}/files?path=a%20b.txt")]), (200, b"plan".to_vec()));
    assert_eq!(curl(&["-r", "1-2", &format!("{url}/files?path=/a%20b.txt")]), (206, b"la".to_vec()));
    assert_eq!(curl(&[&format!("{url}/files?path=deep/c.bin")]), (200, vec![7; 300_000]));
    assert_eq!(desk.used(&id), 3);
    // HEAD and listings are free, and so is what fails.
    assert_eq!(curl(&["-I", &format!("{url}/files?path=a%20b.txt")]).0, 200);
    for (path, status) in [
        ("files?path=../secret.txt", 400),
        ("files?path=%2e%2e%2fsecret.txt", 400),
        ("files?path=link", 400),
        ("files?path=deep", 400),
        ("files?path=/", 400),
        ("files?path=gone", 404),
        ("dirs?path=..", 400),
        ("dirs?path=gone", 404),
        ("dirs?path=a%20b.txt", 400),
    ] {
        let answer = curl(&[&format!("{url}/{path}")]);
        assert_eq!(answer.0, status, "{path}: {}", text(&answer));
        assert!(!answer.1.windows(6).any(|window| window == b"secret") || path.contains("secret"), "{path}");
    }
    assert_eq!(desk.used(&id), 3);
    // API-183: all of it, without what is no file.
    let (status, archive) = curl(&[&url]);
    let holds = |name: &[u8]| archive.windows(name.len()).any(|window| window == name);
    assert!(status == 200 && archive.starts_with(b"PK") && holds(b"plans/a b.txt") && holds(b"plans/deep/c.bin"));
    assert!(!holds(b"plans/link"));
    assert_eq!(desk.used(&id), 4);
    let (_, file) = desk.share(json!({"name": "file", "scope": 1, "paths": ["/plans/a b.txt"]}));
    assert_eq!(curl(&[&format!("{file}?compress=false")]), (200, b"plan".to_vec()));
    assert_eq!(curl(&["-T", "/etc/hostname", "-X", "POST", &format!("{url}/files/x")]).0, 403);
    assert_eq!(curl(&[&format!("{}/api/v2/shares/nobody/dirs", desk.server.http_url())]).0, 404);
}

// API-186, API-187, API-188, API-189, API-193
#[test]
fn a_share_is_written_and_replaces_nothing() {
    let desk = Desk::open(Settings::default());
    desk.user.place("in/f.txt", b"mine");
    let (id, url) = desk.share(json!({"name": "write", "scope": 2, "paths": ["/in"]}));
    let file = desk.server.scratch().join("f.txt");
    fs::write(&file, b"theirs").unwrap();
    let body = format!("@{}", file.display());
    let raw = |path: &str| curl(&["--data-binary", &body, "-H", "X-SFTPGO-MTIME: 1700000000000", &format!("{url}/{path}")]);
    assert_eq!(raw("files/f.txt").0, 201);
    assert_eq!(raw("f.txt").0, 201);
    assert_eq!(raw("files/sub/f.txt").0, 404);
    assert_eq!(raw("sub%2Ff.txt?mkdir_parents=true").0, 201);
    let form = format!("filenames=@{}", file.display());
    let other = format!("filenames=@{};filename=../../g.txt", file.display());
    assert_eq!(curl(&["-F", &form, "-F", &other, &url]).0, 201);
    assert_eq!(listed(&desk.user.home.join("in")), ["f (1).txt", "f (2).txt", "f (3).txt", "f.txt", "g.txt", "sub"]);
    assert_eq!(desk.user.read("in/f.txt").unwrap(), b"mine");
    assert_eq!(desk.user.read("in/f (2).txt").unwrap(), b"theirs");
    let modified = fs::metadata(desk.user.home.join("in/f (1).txt")).unwrap().modified().unwrap();
    assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_700_000_000);
    assert_eq!(desk.used(&id), 5);
    for (path, status) in [("files/../f.txt", 403), ("files/%2e%2e%2fx", 403), ("..%2Fx", 403), ("files/sub", 400)] {
        let answer = curl(&["--path-as-is", "--data-binary", &body, &format!("{url}/{path}")]);
        assert_eq!(answer.0, status, "{path}: {}", text(&answer));
    }
    assert_eq!(curl(&["-X", "POST", &format!("{url}/actions/mkdir?path=new")]).0, 201);
    assert_eq!(curl(&["-X", "POST", &format!("{url}/actions/mkdir?path=../out")]).0, 400);
    assert!(desk.user.home.join("in/new").is_dir() && !desk.user.home.join("out").exists());
    // Nothing of what is there is told.
    for path in ["dirs", "files?path=f.txt"] {
        assert_eq!(curl(&[&format!("{url}/{path}")]).0, 403);
    }
    assert_eq!(curl(&["-F", "other=x", &url]).0, 400);
    assert_eq!(curl(&["--data-binary", &body, &url]).0, 400);
    assert_eq!(desk.used(&id), 5);
}

// API-180, SEC-183: who guesses is banned.
#[test]
fn guessing_a_password_feeds_the_defender() {
    let settings = Settings::default()
        .set("COMMON__DEFENDER__ENABLED", "true")
        .set("COMMON__DEFENDER__THRESHOLD", "5")
        .set("COMMON__DEFENDER__LOGIN_DELAY__PASSWORD_FAILED", "0")
        .set("HTTPD__BINDINGS__0__PROXY_ALLOWED", "127.0.0.1")
        .set("HTTPD__BINDINGS__0__CLIENT_IP_PROXY_HEADER", "X-Forwarded-For");
    let desk = Desk::open(settings);
    desk.user.place("plans/a", b"plan");
    let (_, url) = desk.share(json!({"name": "closed", "scope": 1, "paths": ["/plans"], "password": PASSWORD}));
    let file = format!("{url}/files?path=a");
    // As a client at a public address: private ones are not banned lightly.
    let read = |credentials: &str| curl(&["-H", "X-Forwarded-For: 203.0.113.7", "-u", credentials, &file]);
    assert_eq!(curl(&["-H", "X-Forwarded-For: 203.0.113.7", &file]).0, 401);
    for right in [format!("anybody:{PASSWORD}"), format!(":{PASSWORD}")] {
        assert_eq!(read(&right), (200, b"plan".to_vec()));
    }
    let scored = || desk.server.api().get("/api/v2/defender/hosts").ok(200).as_array().unwrap().len();
    assert_eq!(scored(), 0);
    assert_eq!(read("anybody:wrong").0, 401);
    assert_eq!(scored(), 1);
    let mut answers = (0..20).map(|guess| read(&format!("anybody:guess{guess}")).0);
    assert!(answers.any(|status| status == 403), "nobody was banned");
    // The right one comes too late.
    assert_eq!(read(&format!("anybody:{PASSWORD}")).0, 403);
}

// API-190, API-192: as many as there are, however many ask at once; the last moment is a moment too.
#[test]
fn uses_hold_under_many_at_once() {
    let desk = Desk::open(Settings::default());
    desk.user.place("plans/a", b"plan");
    let (id, url) = desk.share(json!({"name": "few", "scope": 1, "paths": ["/plans"], "max_tokens": 5}));
    let file = format!("{url}/files?path=a");
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..12).map(|_| scope.spawn(|| curl(&[&file]).0)).collect();
        tries.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 5, "{answers:?}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 404)), "{answers:?}");
    assert_eq!(desk.used(&id), 5);
    // A form with more files than uses stores none of them.
    let (id, url) = desk.share(json!({"name": "form", "scope": 2, "paths": ["/in"], "max_tokens": 2}));
    fs::create_dir_all(desk.user.home.join("in")).unwrap();
    let form = |name: &str| format!("filenames=@/etc/passwd;filename={name}");
    let too_many = curl(&["-F", &form("a"), "-F", &form("b"), "-F", &form("c"), &url]);
    assert_eq!(too_many.0, 400, "{}", text(&too_many));
    assert!(text(&too_many).contains("Allowed usage exceeded"));
    let end = Instant::now() + Duration::from_secs(10);
    while desk.used(&id) != 0 || !listed(&desk.user.home.join("in")).is_empty() {
        assert!(Instant::now() < end, "{} uses, {:?}", desk.used(&id), listed(&desk.user.home.join("in")));
    }
    assert_eq!(curl(&["-F", &form("a"), "-F", &form("b"), &url]).0, 201);
    assert_eq!((desk.used(&id), listed(&desk.user.home.join("in"))), (2, vec!["a".to_owned(), "b".to_owned()]));
}

// API-165, API-179, API-181
#[test]
fn links_end() {
    let desk = Desk::open(Settings::default());
    desk.user.place("plans/a", b"plan");
    let soon = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap() + 1500;
    let (_, url) = desk.share(json!({"name": "short", "scope": 1, "paths": ["/plans"], "expires_at": soon}));
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = curl(&[&format!("{url}/dirs")]);
        if answer.0 == 404 {
            assert!(text(&answer).contains("share expired"), "{}", text(&answer));
            break;
        }
        assert!(answer.0 == 200 && Instant::now() < end, "{}", text(&answer));
    }
    let (_, elsewhere) = desk.share(json!({"name": "net", "scope": 1, "paths": ["/plans"], "allow_from": ["198.51.100.0/24"]}));
    assert_eq!(curl(&[&format!("{elsewhere}/dirs")]).0, 403);
    let (id, url) = desk.share(json!({"name": "gone", "scope": 1, "paths": ["/plans"]}));
    assert_eq!(curl(&[&format!("{url}/dirs")]).0, 200);
    desk.api.delete(&format!("/api/v2/user/shares/{id}")).ok(200);
    assert_eq!(curl(&[&format!("{url}/dirs")]).0, 404);
}

// API-145, API-193: what breaks off is not there, and costs nothing.
#[test]
fn a_cut_upload_leaves_nothing() {
    let desk = Desk::open(Settings::default());
    desk.user.place("in/f.txt", b"mine");
    let (id, _) = desk.share(json!({"name": "write", "scope": 2, "paths": ["/in"], "max_tokens": 3}));
    let address = desk.server.http_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let head = format!("POST /api/v2/shares/{id}/files/f.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[1; 100_000]).unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while desk.used(&id) == 0 {
        assert!(Instant::now() < end, "the upload did not begin");
    }
    drop(stream);
    while desk.used(&id) != 0 || listed(&desk.user.home.join("in")) != ["f.txt"] {
        assert!(Instant::now() < end, "{} uses, {:?}", desk.used(&id), listed(&desk.user.home.join("in")));
    }
    assert_eq!(desk.user.read("in/f.txt").unwrap(), b"mine");
}

// API-096, API-230: a backup has shares whole, and events name who came.
#[test]
fn shares_move_to_another_server_and_are_in_the_audit_trail() {
    let desk = Desk::open(Settings::default());
    desk.user.place("plans/a", b"plan");
    let (id, url) = desk.share(json!({"name": "closed", "scope": 1, "paths": ["/plans"], "password": PASSWORD}));
    let user = format!("x:{PASSWORD}");
    assert_eq!(curl(&["-u", &user, &format!("{url}/files?path=a")]).0, 200);
    let root = desk.server.api();
    let events = root.get("/api/v2/events/fs?protocols=HTTPShare").ok(200);
    let event = &events.as_array().unwrap()[0];
    assert_eq!((&event["username"], &event["ip"], &event["action"]), (&json!("olga"), &json!("127.0.0.1"), &event["action"]));
    let dump = root.get("/api/v2/dumpdata?output-data=1").ok(200);
    assert_eq!(dump["shares"][0]["id"], json!(id));
    let other = Server::start(Settings::default());
    other.api().post("/api/v2/loaddata", &dump).ok(200);
    let file = format!("{}/api/v2/shares/{id}/files?path=a", other.http_url());
    assert_eq!(curl(&["-u", &user, &file]), (200, b"plan".to_vec()));
    assert_eq!(curl(&["-u", "x:wrong", &file]).0, 401);
}
