//! Who may come in at all: asked before a protocol says its first word.

use std::{
    any::Any,
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

pub use entrepot_model::Protocol;

/// Answers, at accept, whether a peer may come in. Must not block: it runs in accept loops and request paths.
pub trait Gatekeeper: Send + Sync + 'static {
    /// Admits `peer`, or says why not. The permit is held for as long as the connection (HTTP: the request) lives.
    ///
    /// # Errors
    /// The refusal that applies; nothing is counted then.
    fn admit(&self, peer: SocketAddr, protocol: Protocol) -> Result<Permit, Refusal>;

    /// Told when a peer that is no declared proxy sends what proxies send: it may be one that nobody declared.
    fn note_forwarded(&self, _peer: IpAddr) {}
}

/// Everybody may come in.
#[derive(Debug, Default, Clone, Copy)]
pub struct AllowAll;

impl Gatekeeper for AllowAll {
    fn admit(&self, _: SocketAddr, _: Protocol) -> Result<Permit, Refusal> {
        Ok(Permit::free())
    }
}

/// Proof of admission. Dropping it gives back what the gatekeeper counted.
pub struct Permit {
    _held: Option<Box<dyn Any + Send + Sync>>,
    delay: Duration,
}

impl Permit {
    /// A permit that counts nothing.
    pub fn free() -> Self {
        Self { _held: None, delay: Duration::ZERO }
    }

    /// A permit that drops `guard` when it ends.
    pub fn holding(guard: impl Any + Send + Sync) -> Self {
        Self { _held: Some(Box::new(guard)), delay: Duration::ZERO }
    }

    /// The same permit, to be used after a wait.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Waits as long as the gatekeeper asks for, which is at most some seconds.
    pub async fn wait(&self) {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// Why a peer stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The server is about to stop.
    Stopping,
    /// An allow list is on and the peer is not on it.
    NotAllowed,
    /// The peer is banned, for a while or for good.
    Banned,
    /// Too many connections in total or from this host.
    TooMany,
    /// Too many new connections in a short time.
    RateLimited {
        /// When trying again makes sense.
        retry_after: Duration,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "the server is shutting down",
            Self::NotAllowed => "your IP address is not allowed",
            Self::Banned => "your IP address is blocked",
            Self::TooMany => "too many open connections",
            Self::RateLimited { .. } => "too many requests",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn dropping_a_permit_gives_back_what_it_holds() {
        let counter = Arc::new(());
        let permit = Permit::holding(counter.clone());
        assert_eq!(Arc::strong_count(&counter), 2);
        drop(permit);
        assert_eq!(Arc::strong_count(&counter), 1);
    }
}
