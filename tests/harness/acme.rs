//! A real ACME server on loopback: pebble, that of Let's Encrypt for tests, with its name server, for which every name is
//! 127.0.0.1.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use serde_json::json;
use tempfile::TempDir;

use super::{Settings, eventually, free_port};

/// A running authority.
pub struct Authority {
    folder: TempDir,
    directory: u16,
    /// Where it asks for proofs over HTTP and over TLS.
    pub http_port: u16,
    pub tls_port: u16,
    children: Vec<Child>,
}

/// The program on the PATH or in target/tools.
fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools");
    let found = std::env::split_paths(&path).chain([own]).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("the test needs {name}: apt-get install pebble (bash .ci/run does that)"))
}

impl Authority {
    /// Starts one whose certificates live so many seconds.
    #[track_caller]
    pub fn start(lifetime: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("entrepot-pebble-").tempdir().unwrap();
        let [directory, management, http_port, tls_port, dns, dns_management] = [(); 6].map(|()| free_port());
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
        fs::write(folder.path().join("cert.pem"), made.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{directory}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.path().join("cert.pem"),
            "privateKey": folder.path().join("key.pem"),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "externalAccountBindingRequired": false,
            "domainBlocklist": ["blocked.example.com"],
            "certificateValidityPeriod": lifetime,
        }});
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let output = || File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
        let start = |command: &mut Command| command.stdin(Stdio::null()).stdout(output()).stderr(output()).spawn().unwrap();
        let names = start(Command::new(tool("pebble-challtestsrv")).args([
            "-http01=",
            "-https01=",
            "-tlsalpn01=",
            "-defaultIPv6=",
            &format!("-dns01=127.0.0.1:{dns}"),
            &format!("-management=127.0.0.1:{dns_management}"),
        ]));
        let pebble = start(
            Command::new(tool("pebble"))
                .arg("-config")
                .arg(folder.path().join("config.json"))
                .args(["-dnsserver", &format!("127.0.0.1:{dns}")])
                .env("PEBBLE_VA_NOSLEEP", "1"),
        );
        let authority = Self { folder, directory, http_port, tls_port, children: vec![names, pebble] };
        eventually("pebble listens", || {
            [directory, dns_management].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        authority
    }

    /// Settings of a server that takes its certificates from here.
    pub fn settings(&self, domains: &str) -> Settings {
        Settings::default()
            .variable("SSL_CERT_FILE", self.folder.path().join("cert.pem").to_str().unwrap())
            .set("ACME__DOMAINS", domains)
            .set("ACME__EMAIL", "admin@example.com")
            .set("ACME__KEY_TYPE", "P256")
            .set("ACME__CA_ENDPOINT", &format!("https://localhost:{}/dir", self.directory))
            .set("ACME__HTTP01_CHALLENGE__PORT", &self.http_port.to_string())
            .set("HTTPD__BINDINGS__1__ADDRESS", "127.0.0.1")
            .set("HTTPD__BINDINGS__1__PORT", "8443")
            .set("HTTPD__BINDINGS__1__ENABLE_HTTPS", "true")
    }

    /// What it and the name server said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- pebble\n{}", self.log());
        }
    }
}

/// The certificate that a listener shows who asks for a name.
#[track_caller]
pub fn served_certificate(address: SocketAddr, name: &str) -> CertificateDer<'static> {
    let seen = Arc::new(Curious::default());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.dangerous().with_custom_certificate_verifier(seen.clone()).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    tls.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    seen.0.lock().unwrap().clone().expect("a certificate")
}

/// Believes everything and remembers what it saw.
#[derive(Debug, Default)]
struct Curious(Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Curious {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.0.lock().unwrap() = Some(certificate.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
