//! Who may come in at all: asked before a protocol says its first word.

use std::{any::Any, fmt, net::SocketAddr, time::Duration};

pub use entrepot_model::Protocol;

/// Answers, at accept, whether a peer may come in. Must not block: it runs in accept loops and request paths.
pub trait Gatekeeper: Send + Sync + 'static {
    /// Admits `peer`, or says why not. The permit is held for as long as the connection (HTTP: the request) lives.
    ///
    /// # Errors
    /// The refusal that applies; nothing is counted then.
    fn admit(&self, peer: SocketAddr, protocol: Protocol) -> Result<Permit, Refusal>;
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
pub struct Permit(#[allow(dead_code, reason = "held for its drop")] Option<Box<dyn Any + Send + Sync>>);

impl Permit {
    /// A permit that counts nothing.
    pub fn free() -> Self {
        Self(None)
    }

    /// A permit that drops `guard` when it ends.
    pub fn holding(guard: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(guard)))
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
