//! A client for few requests with much in them: HTTP/1.1 over one connection, plain or encrypted, on the thread of whoever
//! asks. What comes is counted and thrown away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::payload::Payload;

const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes per write and read.
const PIECE: usize = 256 << 10;

/// A configuration that trusts this certificate, and offers one cipher: both servers have to use the same.
pub fn tls(certificate: &[u8]) -> Result<Arc<ClientConfig>> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS13_AES_128_GCM_SHA256);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.to_vec()))?;
    let config = ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[&rustls::version::TLS13])?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

enum Line {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(buffer),
            Self::Encrypted(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}

/// A kept connection.
pub struct WebClient {
    line: BufReader<Line>,
    port: u16,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    headers: Vec<(String, String)>,
    /// Bytes of its body.
    pub length: u64,
    /// From the request to the first byte of the body.
    pub first_byte: Duration,
}

impl Answer {
    /// A header.
    pub fn header(&self, name: &str) -> Result<&str> {
        let found = self.headers.iter().find(|header| header.0 == name);
        found.map(|header| header.1.as_str()).with_context(|| format!("no {name}"))
    }

    /// It must have this status.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "status {} instead of {status}", self.status);
        Ok(self)
    }
}

/// A part of the payload that is sent.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// Where it comes from.
    pub payload: &'a Payload,
    /// Its beginning.
    pub from: u64,
    /// Its bytes.
    pub length: u64,
    /// The line breaks after so many of them.
    pub breaks_after: Option<u64>,
}

impl WebClient {
    /// Connects to a port of this machine.
    pub fn connect(port: u16, tls: Option<&Arc<ClientConfig>>) -> Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.set_write_timeout(Some(TIMEOUT))?;
        let line = match tls {
            None => Line::Plain(socket),
            Some(config) => {
                let name = ServerName::try_from("localhost")?;
                Line::Encrypted(Box::new(StreamOwned::new(ClientConnection::new(config.clone(), name)?, socket)))
            }
        };
        Ok(Self { line: BufReader::with_capacity(PIECE, line), port })
    }

    /// A request without a body, or with a small one.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        let start = Instant::now();
        self.head(method, path, headers, body.len() as u64)?;
        self.line.get_mut().write_all(body.as_bytes())?;
        self.answer(method, start)
    }

    /// A request with a part of the payload.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], sent: Sent<'_>) -> Result<Answer> {
        let start = Instant::now();
        self.head(method, path, headers, sent.length)?;
        let line = self.line.get_mut();
        let until = sent.breaks_after.map_or(sent.length, |length| length.min(sent.length));
        let mut at = 0;
        while at < until {
            let length = (until - at).min(PIECE as u64);
            line.write_all(sent.payload.at(sent.from + at, length as usize))?;
            at += length;
        }
        if sent.breaks_after.is_some() {
            bail!("the line was broken, as it was meant to be");
        }
        line.flush()?;
        self.answer(method, start)
    }

    fn head(&mut self, method: &str, path: &str, headers: &[(&str, &str)], length: u64) -> Result<()> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {length}\r\n", self.port);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let line = self.line.get_mut();
        line.write_all(head.as_bytes())?;
        Ok(line.flush()?)
    }

    fn answer(&mut self, method: &str, start: Instant) -> Result<Answer> {
        let status = self.text()?.split(' ').nth(1).context("no status")?.parse()?;
        let mut headers = Vec::new();
        loop {
            let line = self.text()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, length: 0, first_byte: Duration::ZERO };
        let is_empty = method == "HEAD" || status == 204;
        let mut buffer = vec![0; PIECE];
        if !is_empty && answer.header("transfer-encoding").is_ok_and(|coding| coding == "chunked") {
            loop {
                let size = u64::from_str_radix(self.text()?.trim(), 16)?;
                self.skip(&mut answer, size, start, &mut buffer)?;
                self.text()?;
                if size == 0 {
                    break;
                }
            }
        } else if !is_empty {
            let length = answer.header("content-length")?.parse()?;
            self.skip(&mut answer, length, start, &mut buffer)?;
        }
        Ok(answer)
    }

    fn skip(&mut self, answer: &mut Answer, length: u64, start: Instant, buffer: &mut [u8]) -> Result<()> {
        let mut left = length;
        while left > 0 {
            let most = left.min(buffer.len() as u64) as usize;
            let count = self.line.read(&mut buffer[..most])?;
            ensure!(count > 0, "the connection was closed");
            if answer.length == 0 {
                answer.first_byte = start.elapsed();
            }
            answer.length += count as u64;
            left -= count as u64;
        }
        Ok(())
    }

    fn text(&mut self) -> Result<String> {
        let mut text = String::new();
        ensure!(self.line.read_line(&mut text)? > 0, "the connection was closed");
        Ok(text.trim_end().to_owned())
    }
}
