//! The gates of the core, as listeners ask for them.

use std::net::{IpAddr, SocketAddr};

use entrepot_core::{Core, gates::Refused};
use entrepot_net::{Gatekeeper, Permit, Protocol, Refusal};

/// Asks the core.
pub(crate) struct Gate(pub(crate) Core);

impl Gatekeeper for Gate {
    fn admit(&self, peer: SocketAddr, protocol: Protocol) -> Result<Permit, Refusal> {
        match self.0.admit(peer, protocol) {
            Ok(admission) => {
                let delay = admission.delay();
                Ok(Permit::holding(admission).after(delay))
            }
            Err(Refused::Stopping) => Err(Refusal::Stopping),
            Err(Refused::NotAllowed) => Err(Refusal::NotAllowed),
            Err(Refused::Banned) => Err(Refusal::Banned),
            Err(Refused::TooMany) => Err(Refusal::TooMany),
            Err(Refused::RateLimited { retry_after }) => Err(Refusal::RateLimited { retry_after }),
        }
    }

    fn note_forwarded(&self, peer: IpAddr) {
        self.0.note_forwarded(peer);
    }
}
