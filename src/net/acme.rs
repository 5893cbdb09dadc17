//! Certificates from an authority that speaks ACME (RFC 8555): what is due is ordered, proven, fetched, put in its place and
//! renewed, while everything else goes on.
//!
//! The proof is answered by the listeners that the server has anyway, and on the port of the settings if none of them has
//! it. Nothing here starts a task: [`Keeper::run`] is one future, which `cli` gives to core's tasks.

#![allow(clippy::disallowed_methods, reason = "certificates are files, and this room reads and writes them")]

mod authority;
mod challenges;
mod files;
mod keeper;
mod key;
mod order;
mod plan;
mod responder;
mod schedule;
mod status;

pub use challenges::Challenges;
pub use keeper::{Keeper, KeeperOptions};
pub use plan::{KeyType, Plan};
pub use status::{CertificateStatus, StatusFile};

/// The protocol by which an authority asks for a proof over TLS (RFC 8737 section 6.2).
pub(crate) const ACME_TLS_ALPN: &[u8] = b"acme-tls/1";

/// Told about every attempt to obtain or renew a certificate (ACME-010).
pub trait CertificateEvents: Send + Sync + 'static {
    /// `domains` as the settings write them; the outcome with the error as text.
    fn attempted(&self, domains: &str, outcome: Result<(), &str>);
}

/// Nobody wants to know.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoCertificateEvents;

impl CertificateEvents for NoCertificateEvents {
    fn attempted(&self, _: &str, _: Result<(), &str>) {}
}
