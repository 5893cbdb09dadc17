//! The gates of a running server: bans, lists, limits and PROXY headers, seen by clients.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{Server, Settings};

/// A server behind a declared proxy on this machine, so that tests have clients at public addresses.
fn behind_proxy() -> Settings {
    Settings::default()
        .set("COMMON__DEFENDER__LOGIN_DELAY__PASSWORD_FAILED", "0")
        .set("COMMON__PROXY_PROTOCOL", "1")
        .set("COMMON__PROXY_ALLOWED", "127.0.0.1")
        .set("HTTPD__BINDINGS__0__PROXY_ALLOWED", "127.0.0.1")
        .set("HTTPD__BINDINGS__0__CLIENT_IP_PROXY_HEADER", "X-Forwarded-For")
}

/// What the server says first to a client that sends `opening`; empty if it hangs up.
fn greeting(server: &Server, opening: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.sftp_address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The server may have hung up already.
    let _ = stream.write_all(opening);
    let mut greeting = [0; 64];
    let count = stream.read(&mut greeting).unwrap_or(0);
    String::from_utf8_lossy(&greeting[..count]).into_owned()
}

/// Whether an SSH client of this address gets in.
fn is_let_in(server: &Server, address: &str) -> bool {
    greeting(server, format!("PROXY TCP4 {address} 198.51.100.2 56324 22\r\n").as_bytes()).starts_with("SSH-2.0-")
}

/// A whole answer to a client behind the proxy. `authorization` may be empty.
fn ask(server: &Server, forwarded: &str, path: &str, authorization: &str) -> String {
    let address = server.http_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let authorization = if authorization.is_empty() { String::new() } else { format!("Authorization: {authorization}\r\n") };
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n{authorization}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

// SEC-180, API-206, API-207, DEF-003, DEF-010
#[test]
fn a_banned_client_gets_in_neither_over_ssh_nor_over_http_until_it_is_forgiven() {
    let server = Server::start(behind_proxy());
    let admin = server.api();
    assert!(is_let_in(&server, "192.0.2.44"));
    // mallory:guess
    let guess = || ask(&server, "192.0.2.44", "/api/v2/user/token", "Basic bWFsbG9yeTpndWVzcw==");
    let answers: Vec<String> = (0..9).map(|_| guess()).collect();
    assert!(answers[..8].iter().all(|answer| status(answer) == "401"), "{answers:?}");
    assert!(status(&answers[8]) == "403" && answers[8].contains("your IP address is blocked"), "{}", answers[8]);
    assert!(!is_let_in(&server, "192.0.2.44"));
    assert!(is_let_in(&server, "192.0.2.45"), "somebody else");
    let hosts = admin.get("/api/v2/defender/hosts").ok(200);
    assert_eq!((&hosts[0]["ip"], hosts[0]["ban_time"].is_string()), (&json!("192.0.2.44"), true), "{hosts}");
    admin.delete(&format!("/api/v2/defender/hosts/{}", hosts[0]["id"].as_str().unwrap())).ok(200);
    assert!(is_let_in(&server, "192.0.2.44"));
    assert_eq!(status(&guess()), "401");
}

// IPL-006, API-085, DEF-009, DEF-015
#[test]
fn lists_hold_at_once_for_every_protocol() {
    let server = Server::start(behind_proxy());
    let admin = server.api();
    let add = |entry: Value| drop(admin.post("/api/v2/iplists/2", &entry).ok(201));
    add(json!({ "ipornet": "192.0.2.0/24", "mode": 2, "protocols": 1 }));
    assert!(!is_let_in(&server, "192.0.2.44"));
    assert_eq!(status(&ask(&server, "192.0.2.44", "/api/v2/version", "")), "401", "the entry is for SSH");
    add(json!({ "ipornet": "192.0.2.44", "mode": 1 }));
    assert!(is_let_in(&server, "192.0.2.44"), "a narrower entry lets it in");
    assert_eq!(admin.get("/api/v2/iplists/2").ok(200).as_array().unwrap().len(), 2);
}

// RATE-005, RATE-008, RATE-009, SEC-187, API-206
#[test]
fn too_many_are_refused_with_the_time_to_come_back() {
    let limited = behind_proxy()
        .set("COMMON__RATE_LIMITERS__0__AVERAGE", "1")
        .set("COMMON__RATE_LIMITERS__0__PERIOD", "60000")
        .set("COMMON__RATE_LIMITERS__0__BURST", "3")
        .set("COMMON__RATE_LIMITERS__0__PROTOCOLS", "SSH,HTTP");
    let server = Server::start(limited);
    assert!((0..3).all(|_| is_let_in(&server, "192.0.2.44")));
    assert!(!is_let_in(&server, "192.0.2.44"), "the connection is closed");
    let answers: Vec<String> = (0..4).map(|_| ask(&server, "192.0.2.45", "/api/v2/version", "")).collect();
    assert!(answers[..3].iter().all(|answer| status(answer) == "401"), "{answers:?}");
    let refused = answers[3].to_ascii_lowercase();
    assert!(
        status(&refused) == "429" && refused.contains("\r\nretry-after: ") && refused.contains("\r\nx-retry-in: "),
        "{refused}"
    );
    server.api().post("/api/v2/iplists/3", &json!({ "ipornet": "192.0.2.44", "protocols": 1 })).ok(201);
    assert!(is_let_in(&server, "192.0.2.44"), "a safe address");
}

fn v2(last: u8) -> Vec<u8> {
    let addresses = [192, 0, 2, last, 198, 51, 100, 2, 0xdc, 0x04, 0, 22];
    [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &addresses].concat()
}

// NET-001, NET-002, NET-003
#[test]
fn headers_of_a_declared_proxy_tell_who_the_client_is() {
    let server = Server::start(behind_proxy().set("COMMON__PROXY_PROTOCOL", "2"));
    assert!(is_let_in(&server, "192.0.2.44") && greeting(&server, &v2(44)).starts_with("SSH-2.0-"));
    assert_eq!(greeting(&server, b"SSH-2.0-client\r\n"), "", "without a header there is no way in");
    assert_eq!(greeting(&server, b"PROXY TCP4 nonsense\r\n"), "");
    server.api().post("/api/v2/iplists/2", &json!({ "ipornet": "192.0.2.44", "mode": 2 })).ok(201);
    assert!(!is_let_in(&server, "192.0.2.44"), "the address behind the proxy is what counts");
    assert_eq!(greeting(&server, &v2(44)), "");
    assert!(is_let_in(&server, "192.0.2.45") && greeting(&server, &v2(45)).starts_with("SSH-2.0-"));
}

// NET-003, NET-005
#[test]
fn headers_of_others_are_read_and_not_believed() {
    let server = Server::start(behind_proxy().set("COMMON__PROXY_ALLOWED", "203.0.113.1"));
    server.api().post("/api/v2/iplists/2", &json!({ "ipornet": "192.0.2.44", "mode": 2 })).ok(201);
    assert!(is_let_in(&server, "192.0.2.44"), "it is not that address");
    assert!(greeting(&server, b"SSH-2.0-client\r\n").starts_with("SSH-2.0-"));
}

// HTTP-009, API-020
#[test]
fn a_declared_proxy_tells_the_address_of_an_http_client() {
    let server = Server::start(behind_proxy());
    server.api().post("/api/v2/iplists/2", &json!({ "ipornet": "192.0.2.44", "mode": 2 })).ok(201);
    assert_eq!(status(&ask(&server, "198.51.100.1, 192.0.2.44", "/api/v2/version", "")), "403");
    let other = ask(&server, "192.0.2.44, 198.51.100.1", "/api/v2/version", "");
    assert_eq!(status(&other), "401", "what the client itself wrote does not count");
}
