//! Who may come in at all: limits of connections (LIM-001…LIM-003), and nobody once the server is about to stop (LIM-009).

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use entrepot_config::Settings;
use entrepot_net::{Gatekeeper, Permit, Protocol, Refusal};

/// Counts connections. Requests over HTTP are not connections, and are not counted.
pub(crate) struct Gate {
    settings: Arc<ArcSwap<Settings>>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    total: usize,
    by_host: HashMap<IpAddr, usize>,
    is_closed: bool,
}

impl Gate {
    /// An open gate. Limits are read at every connection: they may change.
    pub(crate) fn new(settings: Arc<ArcSwap<Settings>>) -> Self {
        Self { settings, state: Arc::default() }
    }

    /// Lets nobody in from now on.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
    }
}

impl Gatekeeper for Gate {
    fn admit(&self, peer: SocketAddr, protocol: Protocol) -> Result<Permit, Refusal> {
        let settings = self.settings.load();
        let full = |count: usize, limit: u32| limit > 0 && count >= limit as usize;
        let host = peer.ip();
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(Refusal::TooMany);
        }
        if protocol == Protocol::Http {
            return Ok(Permit::free());
        }
        let of_host = state.by_host.get(&host).copied().unwrap_or(0);
        let common = &settings.common;
        if full(state.total, common.max_total_connections) || full(of_host, common.max_per_host_connections) {
            return Err(Refusal::TooMany);
        }
        state.total += 1;
        state.by_host.insert(host, of_host + 1);
        Ok(Permit::holding(Place { host, state: self.state.clone() }))
    }
}

/// A counted connection.
struct Place {
    host: IpAddr,
    state: Arc<Mutex<State>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.total = state.total.saturating_sub(1);
        if let Some(count) = state.by_host.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                state.by_host.remove(&self.host);
            }
        }
    }
}

/// Counters stay right even if a thread panicked: no step between is ever half done.
fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;

    use super::*;

    fn gate(total: u32, per_host: u32) -> Gate {
        let mut settings = entrepot_config::load(Sources::new("/nowhere")).expect("defaults").settings;
        settings.common.max_total_connections = total;
        settings.common.max_per_host_connections = per_host;
        Gate::new(Arc::new(ArcSwap::from_pointee(settings)))
    }

    fn from(host: u8) -> SocketAddr {
        ([192, 0, 2, host], 4000).into()
    }

    // LIM-001, LIM-002
    #[test]
    fn connections_beyond_a_limit_are_refused_until_one_ends() {
        let gate = gate(3, 2);
        let first = gate.admit(from(1), Protocol::Ssh).expect("room");
        let _second = gate.admit(from(1), Protocol::Ssh).expect("room");
        assert_eq!(gate.admit(from(1), Protocol::Ssh).err(), Some(Refusal::TooMany), "per host");
        let _third = gate.admit(from(2), Protocol::Ssh).expect("another host");
        assert_eq!(gate.admit(from(3), Protocol::Ssh).err(), Some(Refusal::TooMany), "in total");
        drop(first);
        assert!(gate.admit(from(1), Protocol::Ssh).is_ok());
    }

    #[test]
    fn requests_over_http_are_not_counted() {
        let gate = gate(1, 1);
        let permits: Vec<_> = (0..5).map(|_| gate.admit(from(1), Protocol::Http)).collect();
        assert!(permits.iter().all(Result::is_ok));
        assert!(gate.admit(from(1), Protocol::Ssh).is_ok());
    }

    // LIM-009
    #[test]
    fn closed_gate_lets_nobody_in() {
        let gate = gate(0, 0);
        gate.close();
        assert!(gate.admit(from(1), Protocol::Ssh).is_err() && gate.admit(from(1), Protocol::Http).is_err());
    }
}
