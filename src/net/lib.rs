//! Listeners and TLS: how bytes reach the server.
//!
//! **Owns** the binding of TCP sockets and their options, the accept loop that survives a lack of file descriptors, the
//! PROXY protocol, the TLS configuration, the certificates on disk, the conversation with the authority that signs them, and
//! reading what another server says over HTTP. **Must not know** any protocol, account or rule: whether a peer may
//! come in is asked of a [`Gatekeeper`], which `cli` wires. **Called by** `http` and `sftp` for their listeners, by
//! `web`, which asks an office server what it can do, and by `cli`, which makes the certificate store.

pub mod acme;
mod error;
pub mod fetch;
mod gate;
pub mod inherited;
mod listener;
mod proxy;
mod socket;
pub mod tls;

pub use acme::{CertificateEvents, NoCertificateEvents};
pub use error::NetError;
pub use gate::{AllowAll, Gatekeeper, Permit, Protocol, Refusal};
pub use listener::{Accepted, Listener};
pub use proxy::{Introduced, ProxyError, ProxyPolicy};
pub use socket::{BindSpec, bind, could_bind, do_collide};
