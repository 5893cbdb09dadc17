//! HTTP over actix, for every room that speaks it.
//!
//! **Owns** the start and stop of the HTTP service, and what each request passes before any handler sees it: request id,
//! the PROXY header, TLS, client address, access log, security headers, admission, the redirect to HTTPS; and what the
//! standard says of serving files, conditions and ranges. **Must not know** accounts, pages or
//! the REST contract: the routes are handed in, and so is the form of a refusal. **Called by** `cli`, which starts it
//! with the routes of `web`.

mod access_log;
mod binding;
mod client;
mod conditional;
mod disposition;
mod doorway;
mod entrance;
mod forwarded;
mod headers;
mod host;
mod patient;
mod range;
mod redirect;
mod server;
mod tls_facts;
mod unsent;

pub use binding::{Binding, Features, Redirect};
pub use client::Client;
pub use conditional::{Precondition, Validators};
pub use disposition::Disposition;
pub use entrance::{Entrance, Refuse, entrance};
pub use forwarded::Forwarding;
pub use headers::HeaderOverrides;
pub use host::Host;
pub use range::Wanted;
pub use server::{Running, ServeOptions, serve};
pub use unsent::Unsent;
