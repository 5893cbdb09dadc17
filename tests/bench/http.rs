//! The few requests that set a server up: HTTP/1.1 over one connection each, JSON bodies.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);

/// How a request proves who asks.
pub enum Authorization<'a> {
    /// HTTP Basic (RFC 7617).
    Basic(&'a str, &'a str),
    /// Bearer token (RFC 6750).
    Bearer(&'a str),
}

impl Authorization<'_> {
    fn header(&self) -> String {
        match self {
            Self::Basic(user, password) => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Self::Bearer(token) => format!("Bearer {token}"),
        }
    }
}

/// Sends one request to 127.0.0.1 and returns the JSON body of a 2xx answer.
pub fn request(port: u16, method: &str, path: &str, authorization: &Authorization<'_>, body: Option<&Value>) -> Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut socket = TcpStream::connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Authorization: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        authorization.header(),
        body.len()
    );
    socket.write_all(head.as_bytes())?;
    socket.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let (status, body) = split(&answer).with_context(|| format!("answer to {method} {path}"))?;
    ensure!((200..300).contains(&status), "{method} {path}: status {status}: {}", String::from_utf8_lossy(&body));
    Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Status and body of a complete answer.
fn split(answer: &[u8]) -> Result<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").context("no end of the header")?;
    let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let body = &answer[end + 4..];
    let is_chunked = head.lines().any(|l| l.starts_with("transfer-encoding:") && l.contains("chunked"));
    Ok((status, if is_chunked { dechunk(body)? } else { body.to_vec() }))
}

/// RFC 9112 section 7.1.
fn dechunk(mut body: &[u8]) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|w| w == b"\r\n").context("no chunk size")?;
        let size = std::str::from_utf8(&body[..end])?.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16)?;
        let chunk = body.get(end + 2..end + 2 + size).context("short chunk")?;
        if size == 0 {
            return Ok(whole);
        }
        whole.extend_from_slice(chunk);
        body = body.get(end + 4 + size..).context("chunk without end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9112 sections 6.3 and 7.1
    #[test]
    fn both_forms_of_a_body_are_read() {
        let plain = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(split(plain).unwrap(), (201, b"{}".to_vec()));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\n";
        assert_eq!(split(chunked).unwrap(), (200, b"{\"a\":1}".to_vec()));
        assert!(split(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}
