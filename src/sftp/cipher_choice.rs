//! Choosing the ciphers to offer, per connection.
//!
//! The order of the *client* decides which cipher is taken, and OpenSSH puts chacha20 before aes-gcm, though on a
//! processor with AES instructions gcm costs half. So: send our identification line, read the line and the KEXINIT of
//! the client (both travel in clear text), and offer gcm alone if the client has it anyway. Whoever forces chacha20 on
//! his command line names no gcm, and gets chacha20. Nothing in the exchange hash changes: the bytes that were read are
//! given back, and russh's own identification line, the same as ours, is swallowed.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, timeout_at},
};

/// How long the choice may wait for the client. One that sends nothing before it has our KEXINIT loses this once.
pub const TIME_LIMIT: Duration = Duration::from_millis(300);

/// Identification line and KEXINIT together; OpenSSH sends some 2 KiB. RFC 4253 6.1 asks for packets of 35,000 bytes.
const MAX_PREFACE: usize = 255 + 35_000;

/// What to offer to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Every configured cipher.
    All,
    /// AES-GCM alone.
    GcmOnly,
}

/// Whether this processor has what makes AES-GCM fast.
pub fn has_fast_aes() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes") && std::arch::is_aarch64_feature_detected!("pmull");
    #[allow(unreachable_code)]
    false
}

/// What the first words of a client tell.
#[derive(Debug)]
pub struct Introduction<S> {
    /// Its identification line, without the line end; empty if it sent none.
    pub client: String,
    /// What to offer to it.
    pub offer: Offer,
    /// The algorithms that it offered, if it did so in time.
    pub lists: Option<ClientLists>,
    /// Gives russh what was read, and swallows the identification that russh sends.
    pub stream: ReplayStream<S>,
}

/// Name lists of a client's KEXINIT (RFC 4253 section 7.1), as far as they decide something here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientLists {
    /// Key exchange.
    pub kex: String,
    /// Host keys.
    pub host_key: String,
    /// Ciphers towards us.
    pub to_server: String,
    /// Ciphers towards the client.
    pub to_client: String,
    /// MACs towards us.
    pub macs: String,
}

/// Sends `identification` (a whole line), and reads the client's line and its KEXINIT, for which it waits no longer than
/// [`TIME_LIMIT`]. With `choosing` the KEXINIT decides what is offered. The caller bounds the time for the line.
///
/// Errors are those of the socket; a client that says nothing, or nonsense, gets [`Offer::All`].
pub async fn introduce<S>(mut io: S, identification: &[u8], choosing: bool) -> io::Result<Introduction<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    io.write_all(identification).await?;
    io.flush().await?;
    let mut seen = Vec::with_capacity(4096);
    while matches!(identification_line(&seen), Line::Incomplete) {
        if io.read_buf(&mut seen).await? == 0 {
            break;
        }
    }
    let client = match identification_line(&seen) {
        Line::Complete { line, .. } => String::from_utf8_lossy(line).into_owned(),
        Line::Incomplete | Line::Other => String::new(),
    };
    let lists = if client.is_empty() { None } else { listen(&mut io, &mut seen).await? };
    let offer = lists.as_ref().filter(|_| choosing).map_or(Offer::All, |lists| decide(&lists.to_server, &lists.to_client));
    let stream = ReplayStream { io, replay: seen, at: 0, swallow: identification.len() };
    Ok(Introduction { client, offer, lists, stream })
}

async fn listen<S: AsyncRead + Unpin>(io: &mut S, seen: &mut Vec<u8>) -> io::Result<Option<ClientLists>> {
    let deadline = Instant::now() + TIME_LIMIT;
    loop {
        match client_lists(seen) {
            Preface::Complete(lists) => return Ok(Some(lists)),
            Preface::Other => return Ok(None),
            Preface::Incomplete if seen.len() >= MAX_PREFACE => return Ok(None),
            Preface::Incomplete => {}
        }
        match timeout_at(deadline, io.read_buf(seen)).await {
            // Too slow, or gone: russh goes on from here, and meets the end of the stream itself.
            Err(_) | Ok(Ok(0)) => return Ok(None),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
        }
    }
}

/// russh takes one cipher for both directions, from the client's list towards us.
fn decide(to_server: &str, to_client: &str) -> Offer {
    let gcm = |list: &str| list.split(',').any(|name| matches!(name, "aes128-gcm@openssh.com" | "aes256-gcm@openssh.com"));
    if gcm(to_server) && gcm(to_client) { Offer::GcmOnly } else { Offer::All }
}

/// What the first bytes of a client are.
#[derive(Debug, PartialEq, Eq)]
enum Preface {
    /// More is needed.
    Incomplete,
    /// Something else: russh shall deal with it.
    Other,
    /// The lists of its KEXINIT.
    Complete(ClientLists),
}

/// The first line of a client.
enum Line<'a> {
    Incomplete,
    /// Not the line of an SSH client.
    Other,
    Complete {
        line: &'a [u8],
        rest: &'a [u8],
    },
}

/// RFC 4253 section 4.2: at most 255 bytes with its end.
fn identification_line(bytes: &[u8]) -> Line<'_> {
    if !bytes.starts_with(&b"SSH-"[..bytes.len().min(4)]) {
        return Line::Other;
    }
    match bytes.iter().take(255).position(|&byte| byte == b'\n') {
        Some(end) => Line::Complete { line: bytes[..end].trim_ascii_end(), rest: &bytes[end + 1..] },
        None if bytes.len() >= 255 => Line::Other,
        None => Line::Incomplete,
    }
}

/// Reads "identification line, KEXINIT packet" (RFC 4253 sections 4.2, 6 and 7.1).
fn client_lists(bytes: &[u8]) -> Preface {
    let rest = match identification_line(bytes) {
        Line::Incomplete => return Preface::Incomplete,
        Line::Other => return Preface::Other,
        Line::Complete { rest, .. } => rest,
    };
    let Some((length, packet)) = rest.split_first_chunk::<4>() else {
        return Preface::Incomplete;
    };
    let Some(length) = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|&length| length <= 35_000) else {
        return Preface::Other;
    };
    match packet.get(..length) {
        None => Preface::Incomplete,
        Some(packet) => name_lists(packet).map_or(Preface::Other, Preface::Complete),
    }
}

/// Padding length, type, cookie, then the lists in the order of their names here.
fn name_lists(packet: &[u8]) -> Option<ClientLists> {
    const KEXINIT: u8 = 20;
    let (header, mut rest) = packet.split_at_checked(2 + 16)?;
    if header[1] != KEXINIT {
        return None;
    }
    let mut list = || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (names, tail) = tail.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = tail;
        std::str::from_utf8(names).ok().map(str::to_owned)
    };
    Some(ClientLists { kex: list()?, host_key: list()?, to_server: list()?, to_client: list()?, macs: list()? })
}

/// Gives back what was read before, and swallows the first bytes written.
#[derive(Debug)]
pub struct ReplayStream<S> {
    io: S,
    replay: Vec<u8>,
    at: usize,
    swallow: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for ReplayStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.at == this.replay.len() {
            return Pin::new(&mut this.io).poll_read(cx, out);
        }
        let count = out.remaining().min(this.replay.len() - this.at);
        out.put_slice(&this.replay[this.at..this.at + count]);
        this.at += count;
        if this.at == this.replay.len() {
            (this.replay, this.at) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReplayStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.swallow > 0 && !bytes.is_empty() {
            let count = this.swallow.min(bytes.len());
            this.swallow -= count;
            return Poll::Ready(Ok(count));
        }
        Pin::new(&mut this.io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
