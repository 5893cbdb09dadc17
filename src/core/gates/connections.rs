//! Who is connected: counts that are taken and given back under one lock, so that a burst never exceeds a limit (LIM-003),
//! and what each connection tried so far.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use entrepot_model::Protocol;

use super::Score;

/// What a connection did about logging in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// It tried something, whatever came of it.
    pub any: bool,
    /// A login succeeded.
    pub logged_in: bool,
    /// A key was refused; clients try several, so that this counts once, at the end (SSH-013).
    pub refused_key: Option<Score>,
    /// Client and server have no algorithm in common (SSH-015).
    pub not_negotiated: bool,
}

/// Limits of connections; 0 is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub total: u32,
    pub per_host: u32,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Total,
    Host,
}

#[derive(Debug, Default)]
pub(crate) struct Connections {
    total: usize,
    by_host: HashMap<IpAddr, usize>,
    /// Connections that log in (not requests over HTTP).
    tries: HashMap<SocketAddr, Tries>,
}

impl Connections {
    /// Counts a connection, if there is room. `sessions` are those open now: of one connection there may be several
    /// (LIM-001). `is_safe`: its own host may have any number (LIM-002).
    pub fn enter(
        &mut self,
        peer: SocketAddr,
        source: IpAddr,
        protocol: Protocol,
        limits: Limits,
        sessions: usize,
        is_safe: bool,
    ) -> Result<(), Full> {
        let full = |count: usize, limit: u32| limit > 0 && count >= limit as usize;
        if full(self.total.max(sessions), limits.total) {
            return Err(Full::Total);
        }
        let of_host = self.by_host.entry(source).or_default();
        if !is_safe && full(*of_host, limits.per_host) {
            return Err(Full::Host);
        }
        *of_host += 1;
        self.total += 1;
        if matches!(protocol, Protocol::Ssh | Protocol::Ftp) {
            self.tries.insert(peer, Tries::default());
        }
        Ok(())
    }

    /// Connections that are counted now.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Counts a connection out. Answers what it tried, if it is one that logs in.
    pub fn leave(&mut self, peer: SocketAddr, source: IpAddr) -> Option<Tries> {
        self.total = self.total.saturating_sub(1);
        if let Some(count) = self.by_host.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.by_host.remove(&source);
            }
        }
        self.tries.remove(&peer)
    }

    /// Notes what a connection tries. Without effect for others.
    pub fn note(&mut self, peer: SocketAddr, change: impl FnOnce(&mut Tries)) {
        if let Some(tries) = self.tries.get_mut(&peer) {
            change(tries);
        }
    }
}
