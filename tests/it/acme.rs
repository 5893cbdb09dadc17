//! Certificates from a real ACME server (pebble).

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use rustix::process::Signal;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;

use crate::harness::{Authority, Server, eventually, free_port, served_certificate};

const YEAR: u64 = 365 * 24 * 60 * 60;

fn https(server: &Server) -> SocketAddr {
    let urls = server.ready()["http"].as_array().unwrap().iter().filter_map(Value::as_str);
    let url = urls.filter_map(|url| url.strip_prefix("https://")).next().expect("an HTTPS listener");
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}

fn kept(server: &Server, name: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(&fs::read(server.data().join("certs").join(format!("{name}.crt"))).ok()?).ok()
}

fn status(server: &Server) -> Value {
    let text = fs::read_to_string(server.data().join("certs/status.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

// ACME-001, ACME-002, ACME-004, ACME-005, ACME-007
#[test]
fn first_certificates_are_obtained_while_the_self_signed_one_serves() {
    let authority = Authority::start(YEAR);
    let mut server = Server::start(authority.settings("a.example.com www.example.com,b.example.com"));
    let address = https(&server);
    eventually("two certificates", || {
        ["a.example.com", "b.example.com"].iter().all(|name| {
            let kept = kept(&server, name);
            kept.is_some() && kept == Some(served_certificate(address, name))
        })
    });
    // By the names that clients ask for; the first is the default.
    assert_eq!(served_certificate(address, "www.example.com"), kept(&server, "a.example.com").unwrap());
    assert_eq!(served_certificate(address, "unknown.example.com"), kept(&server, "a.example.com").unwrap());
    let mut files = Vec::new();
    files_below(&server.data().join("certs"), &mut files);
    assert!(files.len() >= 6, "an account, a status, two certificates and keys: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    // A restart asks for nothing: certificates and account are kept.
    let before = kept(&server, "a.example.com");
    server.restart();
    assert_eq!(before, Some(served_certificate(https(&server), "a.example.com")));
    assert_eq!(server.log().matches("registered an ACME account").count(), 1);
    assert_eq!(server.log().matches("obtaining a certificate").count(), 2);
}

// ACME-005, HTTP-015
#[test]
fn challenges_over_http_are_answered_by_a_binding_that_redirects() {
    let authority = Authority::start(YEAR);
    let settings = authority
        .settings("a.example.com")
        .exact_ports()
        .set("SFTPD__BINDINGS__0__PORT", "0")
        .set("HTTPD__BINDINGS__0__PORT", &authority.http_port.to_string())
        .set("HTTPD__BINDINGS__0__REDIRECT_TO_HTTPS", "true")
        .set("HTTPD__BINDINGS__1__PORT", &free_port().to_string());
    let server = Server::start(settings);
    eventually("a certificate", || kept(&server, "a.example.com") == Some(served_certificate(https(&server), "a.example.com")));
}

// ACME-006
#[test]
fn challenges_over_tls_are_answered_by_the_https_binding() {
    let authority = Authority::start(YEAR);
    let settings = authority
        .settings("a.example.com,b.example.com")
        .exact_ports()
        .set("SFTPD__BINDINGS__0__PORT", "0")
        .set("HTTPD__BINDINGS__0__PORT", "0")
        .set("HTTPD__BINDINGS__1__PORT", &authority.tls_port.to_string())
        .set("ACME__HTTP01_CHALLENGE__PORT", "0")
        .set("ACME__TLS_ALPN01_CHALLENGE__PORT", &authority.tls_port.to_string());
    let server = Server::start(settings);
    eventually("two certificates", || {
        ["a.example.com", "b.example.com"]
            .iter()
            .all(|name| kept(&server, name) == Some(served_certificate(https(&server), name)))
    });
}

// ACME-006, ACME-008, ACME-010
#[test]
fn certificate_is_renewed_over_the_port_of_the_settings_and_swapped_under_load() {
    let authority = Authority::start(15);
    let settings = authority
        .settings("a.example.com")
        .set("ACME__HTTP01_CHALLENGE__PORT", "0")
        .set("ACME__TLS_ALPN01_CHALLENGE__PORT", &authority.tls_port.to_string());
    let server = Server::start(settings);
    let address = https(&server);
    eventually("a certificate", || kept(&server, "a.example.com").is_some());
    let first = kept(&server, "a.example.com").unwrap();
    eventually("another one", || {
        let served = served_certificate(address, "a.example.com");
        served != first && Some(served) == kept(&server, "a.example.com")
    });
    assert_eq!(server.log().matches("registered an ACME account").count(), 1, "the account stays");
}

// ACME-012
#[test]
fn refused_order_shows_what_the_authority_said_and_sighup_tries_again() {
    let authority = Authority::start(YEAR);
    let refused = Server::start(authority.settings("blocked.example.com"));
    eventually("a refusal", || status(&refused)[0]["failures"] == 1);
    let error = status(&refused)[0]["last_error"].as_str().unwrap().to_owned();
    assert!(error.contains("rejectedIdentifier") && error.contains("blocked.example.com"), "{error}");
    assert!(refused.log().contains("(rejectedIdentifier)"), "the log says the same");
    refused.signal(Signal::HUP);
    eventually("another attempt", || status(&refused)[0]["failures"] == 2);
    // Somebody else has the port where the authority asks.
    let taken = std::net::TcpListener::bind(("0.0.0.0", authority.http_port)).unwrap();
    let settings = authority.settings("a.example.com").set("HTTPD__BINDINGS__0__PORT", "0");
    let server = Server::start(settings);
    eventually("a failure", || status(&server)[0]["failures"] == 1);
    let error = status(&server)[0]["last_error"].as_str().unwrap().to_owned();
    assert!(error.contains("acme.http01_challenge.port"), "{error}");
    served_certificate(https(&server), "a.example.com");
    drop(taken);
    server.signal(Signal::HUP);
    eventually("a certificate", || kept(&server, "a.example.com") == Some(served_certificate(https(&server), "a.example.com")));
    eventually("no failure any more", || status(&server)[0]["failures"] == 0);
}
