//! The heart: accounts, login, policy, sessions, the guarded filesystem, transfers, quota, audit, administration.
//!
//! Owns every rule: who may do what, how much, how fast, what is recorded. It must not know any protocol, page or JSON
//! envelope. Protocols (`sftp`, `web`, …) call it; what it needs from rooms above, it declares as a trait ([`Hooks`],
//! [`EventSink`]) that `cli` wires.
//!
//! # The way to a file
//!
//! ```text
//! Core::authenticate(attempt, credentials) -> Authenticated     every check of a login
//! Authenticated::open_session(protocol, id) -> Session          counted, listed, can be ended from outside
//! Session::fs() -> UserFs                                       the only way to files; cheap to clone, 'static
//! UserFs::open_write(..) -> Upload    a lease: write, then commit(); dropped without commit it becomes a partial
//! UserFs::open_read(..)  -> Download  a lease: read; recorded when closed or dropped
//! ```
//!
//! Every method of [`UserFs`] is an async function without borrowed state. On storages whose capabilities say
//! `immediate` such a future is ready at its first poll (unless a hook or a throttle must be waited for), so a protocol
//! may poll once inline and move the future elsewhere only if it is pending. Reads and writes have a `try_` form that
//! never waits. Dropping a future of this room abandons the answer, not the effect.

mod accounts;
pub mod admin;
mod audit;
mod caller;
mod clock;
pub mod documents;
mod error;
mod founding;
pub mod fs;
pub mod gates;
mod hooks;
mod house;
pub mod identity;
pub mod jobs;
mod lease;
pub mod live;
pub mod login;
mod metrics;
mod operation;
mod place;
pub mod policy;
mod quota;
pub mod recent;
mod registry;
pub mod resumable;
mod services;
mod session;
pub mod shares;
mod tasks;
#[cfg(test)]
mod tests;
mod throttle;
pub mod tokens;
pub mod transfer;
pub mod whereabouts;

pub use caller::UserCaller;
pub use clock::{Clock, ManualClock, SystemClock};
pub use entrepot_storage::{Attributes, DirectoryEntry, FileKind, Identity, Metadata, Owner, Pool, Space, Special, Timestamp};
pub use entrepot_store::{FsEventFilter, LogEventFilter, Page, ProviderEventFilter};
pub use error::{Error, Result};
pub use fs::UserFs;
pub use hooks::{EventSink, HookContext, HookFuture, Hooks, NoEventSink, NoHooks};
pub use house::{Core, CoreOptions};
pub use lease::Lease;
pub use login::{Attempt, Credentials, Dialogue, Factor, FirstFactor, Step};
pub use operation::{Operation, Row, Scope};
pub use policy::{Decision, Denial};
pub use services::{
    BackupKeeper, Examiner, Knock, Listeners, LogControl, Obstacle, Refusal, Rehearsal, Restarter, Restorer, RetentionChecks,
    RunningCheck, Services,
};
pub use session::{Authenticated, Direction, Peer, Session};
pub use tasks::Tasks;
pub use transfer::{Download, OpenWrite, Upload};
