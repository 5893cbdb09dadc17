//! The PROXY protocol: what a proxy says about the client before the client's own bytes
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>; NET-001…NET-006).

mod header;

use std::{io, net::IpAddr, time::Duration};

use ipnet::IpNet;
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{Instant, sleep, timeout_at},
};

use crate::Accepted;
use header::{Found, MAX_HEADER};

/// Time for the header (NET-002).
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at a header that came in part only.
const LOOK: Duration = Duration::from_millis(10);

/// Who may, and who must, send a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyPolicy {
    /// A header is required.
    pub required: bool,
    /// Those whose header is believed.
    pub allowed: Vec<IpNet>,
    /// Those from whom no header is read (NET-004).
    pub skipped: Vec<IpNet>,
}

/// What to do with the first bytes of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expectation {
    /// They are the client's.
    Nothing,
    /// A header may come, and is believed.
    Believed,
    /// A header may come, and tells nothing.
    Ignored,
    /// A header must come.
    Required,
    /// Whatever comes, this is no way in.
    Refused,
}

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Only proxies may connect here, and this is none.
    #[error("it is not in common.proxy_allowed, and a PROXY header is required")]
    NotAllowed,
    /// The header that must come did not.
    #[error("no PROXY header came")]
    Missing,
    /// A header came that is none.
    #[error("its PROXY header is wrong: {0}")]
    Malformed(&'static str),
    /// The connection broke, or took too long.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A connection behind its header.
#[derive(Debug)]
pub struct Introduced {
    /// The connection; peer and local address are those that the proxy saw, if it is believed.
    pub accepted: Accepted,
    /// A header came from who is not believed: it may be a proxy that nobody declared.
    pub ignored_header: bool,
}

impl ProxyPolicy {
    fn expectation(&self, peer: IpAddr) -> Expectation {
        let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&peer));
        match (is_in(&self.skipped), is_in(&self.allowed), self.required) {
            (true, ..) => Expectation::Nothing,
            (_, true, true) => Expectation::Required,
            (_, true, false) => Expectation::Believed,
            (_, false, true) => Expectation::Refused,
            (_, false, false) => Expectation::Ignored,
        }
    }

    /// Whether what this peer says about its clients is believed.
    pub fn believes(&self, peer: IpAddr) -> bool {
        matches!(self.expectation(peer), Expectation::Believed | Expectation::Required)
    }

    /// Reads the header, if one is to be expected of the peer. Nothing behind it is taken from the connection.
    ///
    /// # Errors
    /// The connection must be closed: without a header that is required, with a wrong one, or when it breaks.
    pub async fn introduce(&self, mut accepted: Accepted) -> Result<Introduced, ProxyError> {
        let expectation = self.expectation(accepted.peer.ip());
        match expectation {
            Expectation::Nothing => return Ok(Introduced { accepted, ignored_header: false }),
            Expectation::Refused => return Err(ProxyError::NotAllowed),
            Expectation::Believed | Expectation::Ignored | Expectation::Required => {}
        }
        let Some((length, addresses)) = look(&accepted.stream).await? else {
            if expectation == Expectation::Required {
                return Err(ProxyError::Missing);
            }
            return Ok(Introduced { accepted, ignored_header: false });
        };
        // All of it is there already.
        let mut header = vec![0; length];
        accepted.stream.read_exact(&mut header).await?;
        if expectation == Expectation::Ignored {
            return Ok(Introduced { accepted, ignored_header: true });
        }
        if let Some((source, destination)) = addresses {
            (accepted.peer, accepted.local) = (source, destination);
        }
        Ok(Introduced { accepted, ignored_header: false })
    }
}

type Seen = Option<(usize, Option<header::Addresses>)>;

/// Looks at the first bytes without taking them, until they are a header or cannot be one. A client that says nothing in
/// time has no header.
async fn look(stream: &TcpStream) -> Result<Seen, ProxyError> {
    let deadline = Instant::now() + TIME_LIMIT;
    let mut bytes = vec![0; MAX_HEADER];
    let mut seen = 0;
    loop {
        let count = match timeout_at(deadline, stream.peek(&mut bytes)).await {
            Ok(count) => count?,
            Err(_) if seen == 0 => return Ok(None),
            Err(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        };
        match header::find(&bytes[..count]) {
            Found::Header { length, addresses } => return Ok(Some((length, addresses))),
            Found::Other => return Ok(None),
            Found::Malformed(reason) => return Err(ProxyError::Malformed(reason)),
            // The end of the stream: no more will come.
            Found::Incomplete if count == 0 => return Ok(None),
            Found::Incomplete if Instant::now() >= deadline => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            // Peeking answers at once as long as anything is there.
            Found::Incomplete => sleep(LOOK).await,
        }
        seen = count;
    }
}

#[cfg(test)]
mod tests;
