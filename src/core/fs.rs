//! The guarded filesystem: the only way to an account's files, one file per verb.
//!
//! Each method: the path becomes a place, policy decides, quota is reserved, hooks are asked, the storage is called
//! through [`door`], and the change is settled with its audit row before the caller is told.

pub(crate) mod attributes;
mod beside;
pub(crate) mod checksum;
mod command;
pub(crate) mod confine;
mod copy;
mod directory;
pub mod door;
mod hash;
mod link_text;
pub(crate) mod links;
mod list;
mod look;
mod move_tree;
mod progress;
mod read;
mod readable;
mod remove;
mod remove_tree;
mod rename;
pub(crate) mod retire;
mod space;
mod target;
mod transplant;
mod unnameable;
pub(crate) mod write;

use std::sync::Arc;

pub use checksum::Sha256;
pub use command::CommandEnd;
use entrepot_model::{EffectiveUser, PathError, VirtualPath};
use entrepot_store::StoreError;
pub use hash::{HashAlgorithm, Hasher};
pub use list::Listing;
pub use progress::Progress;
pub use space::Allowance;
pub use target::Named;
use tokio_util::sync::CancellationToken;

use crate::{
    Core, Tasks,
    audit::{FsDetails, Status},
    error::{Error, Result},
    hooks::HookContext,
    lease::Lease,
    operation::Operation,
    place::Place,
    policy::{self, Granted},
    session::SessionState,
    transfer::Settlement,
};

/// The files of a session. Cheap to clone; a clone may be moved into a future that outlives the caller.
#[derive(Clone)]
pub struct UserFs(Arc<SessionState>, #[expect(dead_code, reason = "the session lives as long as this")] Option<Lease>);

impl UserFs {
    pub(crate) fn new(session: Arc<SessionState>) -> Self {
        Self(session, None)
    }

    /// Files that keep the session of `lease` alive.
    pub(crate) fn leased(lease: Lease) -> Self {
        Self(lease.state().clone(), Some(lease))
    }

    pub(crate) fn session(&self) -> &Arc<SessionState> {
        &self.0
    }

    fn user(&self) -> &EffectiveUser {
        &self.0.account.user
    }

    fn place(&self, path: &VirtualPath) -> Place {
        Place::of(self.user(), path)
    }

    /// The directory that a session starts in (ACC-330): relative names are resolved against it.
    pub fn start_directory(&self) -> VirtualPath {
        VirtualPath::parse(self.user().user.filters.base.start_directory.as_bytes()).unwrap_or_else(|_| VirtualPath::root())
    }

    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }

    /// Spawning and pools.
    pub fn tasks(&self) -> &Tasks {
        self.0.core.tasks()
    }

    /// Name of the account.
    pub fn username(&self) -> &str {
        self.0.username()
    }

    /// Cancelled when the session is to end: an administrator, a limit, or shutdown.
    pub fn ended(&self) -> CancellationToken {
        self.0.kill.clone()
    }

    /// The path that a client names; a relative one begins in the start directory (API-116).
    ///
    /// # Errors
    /// What is no path.
    pub fn resolve(&self, named: &[u8]) -> std::result::Result<VirtualPath, PathError> {
        self.start_directory().join(named)
    }

    /// Whether a virtual folder is mounted there.
    pub fn is_mount_point(&self, path: &VirtualPath) -> bool {
        self.user().is_mount_point(path)
    }

    /// [`policy::authorize`], with the denial recorded.
    fn authorize(&self, operation: Operation, path: &VirtualPath) -> Result<Granted> {
        self.0.touch();
        if self.0.kill.is_cancelled() {
            return Err(Error::Cancelled);
        }
        policy::protocol_allows(self.user(), self.0.protocol, operation)
            .map_err(Error::Denied)
            .and_then(|()| self.within(operation, path))
            .and_then(|()| policy::authorize(self.user(), operation, path))
            .inspect_err(|error| self.note_denial(operation, path, error))
    }

    /// [`policy::probe`], with the denial recorded as one of `operation`.
    fn probe(&self, operation: Operation, path: &VirtualPath) -> Result<Granted> {
        self.within(operation, path)
            .and_then(|()| policy::probe(self.user(), operation, path))
            .inspect_err(|error| self.note_denial(operation, path, error))
    }

    fn note_denial(&self, operation: Operation, path: &VirtualPath, error: &Error) {
        if let (Error::Denied(denial), Some(action)) = (error, operation.row().action) {
            self.0.core.0.audit.denied(&self.0, action, &self.place(path), denial);
        }
    }

    fn hook_context(
        &self,
        operation: Operation,
        path: &VirtualPath,
        target: Option<&VirtualPath>,
        size: Option<u64>,
    ) -> HookContext {
        HookContext {
            user: self.0.account.user.clone(),
            operation,
            path: path.clone(),
            target: target.cloned(),
            size,
            protocol: self.0.protocol,
            ip: self.0.peer.remote.ip(),
            session: self.0.id.clone(),
        }
    }

    /// Asks the hooks before an operation.
    async fn before(
        &self,
        operation: Operation,
        path: &VirtualPath,
        target: Option<&VirtualPath>,
        size: Option<u64>,
    ) -> Result<()> {
        let hooks = &self.0.core.0.hooks;
        if !hooks.wants(operation) {
            return Ok(());
        }
        hooks.before(&self.hook_context(operation, path, target, size)).await
    }

    /// Tells the hooks after an operation; the storage was changed already, so a failure is logged.
    async fn after(&self, operation: Operation, path: &VirtualPath, target: Option<&VirtualPath>, size: Option<u64>) {
        let hooks = &self.0.core.0.hooks;
        if hooks.wants(operation)
            && let Err(error) = hooks.after(&self.hook_context(operation, path, target, size)).await
        {
            tracing::warn!(connection_id = %self.0.id, ?operation, %error, "a hook failed after an operation");
        }
    }

    /// A settlement with the audit row of `action`.
    fn settlement(&self, action: &str, place: &Place, target: Option<&Place>, size: u64) -> Settlement {
        self.settlement_with(action, place, target, size, Status::Ok)
    }

    fn settlement_with(&self, action: &str, place: &Place, target: Option<&Place>, size: u64, status: Status) -> Settlement {
        let details = FsDetails { target, size, ..FsDetails::default() };
        Settlement::default().event(self.0.core.0.audit.fs_event(&self.0, action, place, status, &details))
    }

    /// Runs what must not stop half way, even if the caller goes away.
    async fn finish<F, T>(&self, work: F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        // What earlier uploads left to be stored speaks of names that may change now. A database without room stops nobody:
        // removing files may be what makes room.
        match self.0.core.0.store.transfers().barrier().await {
            Ok(()) | Err(StoreError::Full) => {}
            Err(error) => return Err(Error::internal("storing settlements", error)),
        }
        self.0.core.tasks().complete(work).await
    }

    fn umask(&self) -> Option<u32> {
        crate::accounts::umask(&self.0.core.settings())
    }
}
