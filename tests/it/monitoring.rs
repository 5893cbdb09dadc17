//! What an administrator sees of a running server: metrics, the log, and what the doctor says.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{ADMIN_PASSWORD, OpenSsh, Program, Server, Settings, binary, bytes, eventually};

fn with_telemetry() -> Settings {
    Settings::default().set("TELEMETRY__BIND_PORT", "10000")
}

/// Body and status of a page of the telemetry listener.
fn telemetry(server: &Server, path: &str) -> (String, String) {
    let address = server.ready()["telemetry"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

fn value(metrics: &str, sample: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

fn log_lines(server: &Server) -> Vec<Value> {
    let text = fs::read_to_string(server.data().join("log/entrepot.log")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The first line of a sender about a path or name, once it is there.
#[track_caller]
fn line(server: &Server, sender: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let mut found = None;
    eventually(&format!("a line of {sender}"), || {
        found = log_lines(server).into_iter().find(|line| line["sender"] == sender && is_it(line));
        found.is_some()
    });
    found.unwrap()
}

fn beside(server: &Server, arguments: &[&str]) -> Program {
    Program::new(binary()).without_env().args(arguments).args(["--data-dir".as_ref(), server.data().as_os_str()])
}

// TEL-001, TEL-002, TEL-006, TEL-007, TEL-009, TEL-012, TEL-013, TEL-017, CLI-015
#[test]
fn metrics_follow_what_users_do() {
    let server = Server::start(with_telemetry());
    let user = server.create_user("ann", json!({}));
    fs::write(server.scratch().join("f"), bytes(100_000, 3)).unwrap();
    OpenSsh::new(&server, &user).sftp("put f\nget f back\nmkdir d\nrename f d/f\nrm d/f\n").ok();
    assert_eq!(telemetry(&server, "/healthz"), ("200".into(), "ok".into()));
    let mut metrics = String::new();
    eventually("the transfers are counted", || {
        metrics = telemetry(&server, "/metrics").1;
        value(&metrics, "entrepot_downloads_total") == Some(1.0)
    });
    for (sample, expected) in [
        ("entrepot_uploads_total", 1.0),
        ("entrepot_upload_size_bytes", 100_000.0),
        ("entrepot_download_size_bytes", 100_000.0),
        ("entrepot_fs_ops_total{operation=\"rename\"}", 1.0),
        ("entrepot_login_total{method=\"publickey\",result=\"ok\"}", 1.0),
        ("entrepot_user_uploads_total{username=\"ann\"}", 1.0),
        ("entrepot_user_login_ok_total{username=\"ann\"}", 1.0),
        ("entrepot_dataprovider_availability", 1.0),
    ] {
        assert_eq!(value(&metrics, sample), Some(expected), "{sample} in\n{metrics}");
    }
    assert!(value(&metrics, "process_resident_memory_bytes").is_some_and(|bytes| bytes > 1e6), "{metrics}");
    assert_eq!(telemetry(&server, "/debug/pprof/").0, "404");
    assert_eq!(beside(&server, &["ping"]).run().ok().out, "OK\n");
    let request = line(&server, "telemetry", |line| line["uri"].as_str().is_some_and(|uri| uri.ends_with("/metrics")));
    assert!(request.get("request_id").is_none() && request["resp_status"] == 200, "{request}");
}

/// The line must have all of these fields, named one after the other.
#[track_caller]
fn has(line: &Value, names: &str) {
    let there = line.as_object().unwrap();
    let missing: Vec<_> = names.split(' ').filter(|name| !there.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are missing in {line}");
}

// LOG-001, LOG-003, LOG-004, LOG-005, LOG-008
#[test]
fn log_has_the_fields_that_log_readers_look_for() {
    let server = Server::start(Settings::default());
    let user = server.create_user("ann", json!({}));
    fs::write(server.scratch().join("f"), bytes(1000, 3)).unwrap();
    OpenSsh::new(&server, &user).sftp("put f\nchmod 600 f\nrename f g\nget g back\nrm g\n").ok();
    let upload = line(&server, "Upload", |_| true);
    has(
        &upload,
        "time level local_addr remote_addr elapsed_ms size_bytes username file_path virtual_path connection_id protocol",
    );
    assert_eq!((&upload["level"], &upload["size_bytes"], &upload["username"]), (&json!("info"), &json!(1000), &json!("ann")));
    assert_eq!(upload["file_path"], json!(user.home.join("f")), "the real path");
    assert_eq!(line(&server, "Download", |_| true)["virtual_path"], "/g");
    let rename = line(&server, "Rename", |_| true);
    has(
        &rename,
        "file_path target_path virtual_path virtual_target_path filemode uid gid access_time modification_time size elapsed ssh_command connection_id protocol",
    );
    assert_eq!(
        (&rename["virtual_path"], &rename["virtual_target_path"], &rename["uid"]),
        (&json!("/f"), &json!("/g"), &json!(-1))
    );
    assert_eq!(line(&server, "Chmod", |_| true)["filemode"], "600");
    assert_eq!(line(&server, "Remove", |_| true)["virtual_path"], "/g");
    has(&line(&server, "login", |line| line["username"] == "ann"), "ip username method protocol client encrypted info");
    server.api();
    let request = line(&server, "httpd", |line| line["uri"].as_str().is_some_and(|uri| uri.contains("/api/v2/")));
    has(&request, "local_addr remote_addr proto method user_agent uri request_id resp_status resp_size elapsed_ms");
    let time = upload["time"].as_str().unwrap();
    assert!(time.len() == 23 && &time[10..11] == "T" && &time[19..20] == ".", "{time}");
}

// LOG-005
#[test]
fn log_says_how_a_connection_is_encrypted() {
    let encrypted = Settings::default().set("HTTPD__BINDINGS__0__ENABLE_HTTPS", "true");
    let server = Server::start(encrypted.set("HTTPD__BINDINGS__0__SELF_SIGNED", "true"));
    server.api();
    let request = line(&server, "httpd", |line| line["uri"].as_str().is_some_and(|uri| uri.starts_with("https://")));
    assert_eq!(request["tls_ver"], "TLSv1.3", "{request}");
    assert!(request["cipher_suite"].as_str().is_some_and(|suite| suite.starts_with("TLS13_")), "{request}");
    assert!(request["kex"].as_str().is_some_and(|group| !group.is_empty()), "{request}");
    // TLS-005
    let password = "a password of ann 5519";
    server.create_user("ann", json!({ "password": password }));
    server.api().ask_token("/api/v2/user/token", "ann", password).ok(200);
    let login = line(&server, "login", |line| line["username"] == "ann");
    assert_eq!(login["encrypted"], json!(true), "{login}");
    assert!(login["info"].as_str().is_some_and(|info| info.starts_with("TLSv1.3 TLS13_")), "{login}");
}

// API-022, LOG-005
#[test]
fn no_secret_of_a_whole_session_is_in_the_log() {
    let mut server = Server::start(with_telemetry().flag("--log-level=debug"));
    let password = "a password that nobody else has 8417";
    let user = server.create_user("ann", json!({ "password": password, "description": "x" }));
    let api = server.api();
    let token = api.token().to_owned();
    let mut admin = api.get("/api/v2/admins/admin").ok(200);
    admin["filters"]["allow_api_key_auth"] = json!(true);
    api.put("/api/v2/admins/admin", &admin).ok(200);
    let made = api.post("/api/v2/apikeys", &json!({ "name": "ci", "scope": 1, "admin": "admin" })).ok(201);
    let key = made["key"].as_str().unwrap().to_owned();
    let wrong = "a wrong password 9932";
    crate::harness::Api::open(&server.http_url()).ask_token("/api/v2/token", "admin", wrong);
    crate::harness::Api::open(&server.http_url()).ask_token("/api/v2/user/token", "ann", password);
    crate::harness::Api::open(&server.http_url()).get(&format!("/api/v2/version?access_token={token}"));
    fs::write(server.scratch().join("f"), b"content of the file 5512").unwrap();
    OpenSsh::new(&server, &user).sftp("put f\nget f back\n").ok();
    let private = fs::read_to_string(&server.key().file).unwrap();
    beside(&server, &["doctor"]).run();
    line(&server, "Download", |_| true);
    // What is queued for the log is written at the latest when the server ends.
    server.stop();
    let log = fs::read_to_string(server.data().join("log/entrepot.log")).unwrap();
    let hash = "$argon2id$";
    let secrets = [ADMIN_PASSWORD, password, wrong, &token, &key, "content of the file 5512", hash];
    for secret in secrets.into_iter().chain(private.lines().filter(|line| line.len() > 40)) {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
    assert!(log.contains("access_token=***"), "the parameter is named without its value");
}

// SIG-001, SIG-002, LOG-010
#[test]
fn signals_begin_a_new_log_file_and_reload_while_the_server_goes_on() {
    let server = Server::start(Settings::default());
    let folder = server.data().join("log");
    let count = || fs::read_dir(&folder).unwrap().count();
    assert_eq!(count(), 1);
    server.signal(Signal::USR1);
    eventually("the log is rotated", || count() == 2);
    server.signal(Signal::HUP);
    server.api().get("/api/v2/version").ok(200);
    eventually("lines go to the new file", || {
        fs::read_to_string(folder.join("entrepot.log")).is_ok_and(|text| text.contains("/api/v2/version"))
    });
}

/// What a look must not change in a folder: names, owners, modes, sizes, times.
fn facts(folder: &Path) -> BTreeMap<PathBuf, (u32, u32, u64, i64, i64)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let fact = |path: PathBuf| {
        let found = fs::symlink_metadata(&path).unwrap();
        (path, (found.uid(), found.mode(), found.size(), found.mtime_nsec(), found.ctime_nsec()))
    };
    entries.map(fact).collect()
}

// DOC-001
#[test]
fn doctor_looks_beside_the_server_and_without_it() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("ann", json!({}));
    fs::create_dir_all(&user.home).unwrap();
    let examined = |server: &Server, code| -> Value {
        serde_json::from_str(&beside(server, &["doctor", "--json"]).run().code(code).out).unwrap()
    };
    let areas = |examination: &Value| -> HashSet<String> {
        examination["findings"].as_array().unwrap().iter().map(|finding| finding["area"].as_str().unwrap().to_owned()).collect()
    };
    let well = examined(&server, 0);
    for area in ["clock", "limits", "data folder", "disk", "database", "folders", "ports"] {
        assert!(areas(&well).contains(area), "{area} in {well:#}");
    }
    assert_eq!(
        server.api().get("/api/v2/x/doctor").ok(200)["findings"].as_array().unwrap().len(),
        well["findings"].as_array().unwrap().len()
    );

    // A file where the folder of a user should be.
    fs::remove_dir_all(&user.home).unwrap();
    fs::write(&user.home, "x").unwrap();
    let broken = beside(&server, &["doctor"]).run().code(1);
    assert!(broken.out.contains("ERROR    folders: user ann") && broken.out.contains("->"), "{broken:?}");

    server.stop();
    let before = facts(&server.data());
    let stopped = examined(&server, 1);
    assert_eq!(facts(&server.data()), before, "it changes nothing");
    let text = stopped.to_string();
    assert!(text.contains("no server is running") && text.contains("user ann") && text.contains("is free"), "{stopped:#}");
    let database = server.data().join("entrepot.db");
    let mut bytes = fs::read(&database).unwrap();
    bytes[4096..12288].fill(0xA5);
    fs::write(&database, bytes).unwrap();
    let damaged = beside(&server, &["doctor"]).run().code(1);
    assert!(damaged.out.contains("ERROR    database:") && damaged.out.contains("damaged"), "{damaged:?}");
}

// SYS-008
#[test]
fn server_that_nobody_uses_writes_nothing() {
    let settings = Settings::default().set("COMMON__DEFENDER__ENABLED", "true").set("COMMON__DEFENDER__DRIVER", "provider");
    let server = Server::start(settings.set("TELEMETRY__BIND_PORT", "10000"));
    let user = server.create_user("ann", json!({}));
    fs::write(server.scratch().join("f"), b"x").unwrap();
    OpenSsh::new(&server, &user).sftp("put f\n").ok();
    eventually("the upload is recorded", || !server.events_of("ann", "upload").is_empty());
    // The first start makes it beside its work.
    eventually("the RSA key is made", || server.data().join("id_rsa.pub").exists());
    let state = || -> Vec<_> {
        let folders = [server.data(), server.data().join("log")];
        let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| (entry.path(), entry.metadata().unwrap()))
            // Shared memory of the databases: a map of the log that is never synced.
            .filter(|(path, facts)| facts.is_file() && path.extension().is_none_or(|extension| extension != "db-shm"))
            .map(|(path, facts)| (path, facts.len(), facts.modified().unwrap()))
            .collect();
        files.sort();
        files
    };
    // What the upload left to be done is done: nothing changes any more.
    let mut before = state();
    eventually("it comes to rest", || {
        std::thread::sleep(Duration::from_secs(3));
        let now = state();
        std::mem::replace(&mut before, now.clone()) == now
    });
    // Longer than every timer of the server that could write.
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(state(), before);
}
