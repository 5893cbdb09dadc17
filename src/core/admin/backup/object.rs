//! What a kind of object does to be in backups.

use std::{collections::HashSet, future::Future};

use parking_lot::Mutex;
use serde::{Serialize, de::DeserializeOwned};

use super::{LoadMode, Outcome, Scope};
use crate::{
    Core, Error, Result,
    admin::{AdminSession, stored},
};

/// An object that backups hold. An implementation gives pages of complete objects and restores one.
pub(in crate::admin) trait Restorable: Serialize + DeserializeOwned + Send + 'static {
    /// The part of a backup that it is in.
    const SCOPE: Scope;

    /// What orders the objects and names them in reports.
    fn name(&self) -> String;

    /// Up to `limit` objects whose name comes after `after`, in the order of the names, with hashes and sealed secrets
    /// (API-089).
    fn complete(core: &Core, after: Option<String>, limit: u64) -> impl Future<Output = Result<Vec<Self>>> + Send;

    /// Restores the object, completely or not at all:
    ///
    /// 1. if one of its name exists and [`Load::keeps_existing`], nothing: `Kept`;
    /// 2. everything that a save over REST checks (API-213), sealing what is plain (API-097);
    /// 3. [`Load::plan`] with what it refers to; it answers whether to go on, which in a dry run is not;
    /// 4. one transaction, caches, the provider event.
    fn restore(self, load: &Load) -> impl Future<Output = Result<Outcome>> + Send;
}

/// A running restore.
pub(in crate::admin) struct Load {
    core: Core,
    session: AdminSession,
    mode: LoadMode,
    /// In a dry run: what would exist by now.
    planned: Option<Mutex<HashSet<(Scope, String)>>>,
}

impl Load {
    pub(super) fn new(core: Core, session: AdminSession, mode: LoadMode, is_dry_run: bool) -> Self {
        Self { core, session, mode, planned: is_dry_run.then(Mutex::default) }
    }

    pub(in crate::admin) fn core(&self) -> &Core {
        &self.core
    }

    /// Who loads: the executor of the events.
    pub(in crate::admin) fn session(&self) -> &AdminSession {
        &self.session
    }

    /// Whether objects that exist stay as they are.
    pub(in crate::admin) fn keeps_existing(&self) -> bool {
        self.mode == LoadMode::Add
    }

    /// Whether sessions of users that were updated end.
    pub(in crate::admin) fn disconnects(&self) -> bool {
        self.mode == LoadMode::AddUpdateAndDisconnect
    }

    /// Whether nothing is written.
    pub(super) fn is_dry_run(&self) -> bool {
        self.planned.is_some()
    }

    /// To be asked when an object has passed every check: whether to store it. In a dry run it is not stored; what it refers
    /// to must exist, or have been planned before, which the store checks otherwise.
    ///
    /// # Errors
    /// `Conflict` for something that is missing.
    pub(in crate::admin) async fn plan(&self, scope: Scope, name: &str, references: &[(Scope, String)]) -> Result<bool> {
        let Some(planned) = &self.planned else { return Ok(true) };
        for (scope, name) in references {
            if planned.lock().contains(&(*scope, name.clone())) || self.exists(*scope, name).await? {
                continue;
            }
            return Err(Error::Conflict(format!("unknown {} {name:?}: create it first or remove the reference", scope.noun())));
        }
        planned.lock().insert((scope, name.to_owned()));
        Ok(false)
    }

    async fn exists(&self, scope: Scope, name: &str) -> Result<bool> {
        let store = &self.core.0.store;
        let found = match scope {
            Scope::Roles => store.roles().get(name).await.map(|role| role.is_some()),
            Scope::Folders => store.folders().get(name).await.map(|folder| folder.is_some()),
            Scope::Groups => store.groups().get(name).await.map(|group| group.is_some()),
            Scope::Users => store.users().get(name).await.map(|user| user.is_some()),
            Scope::Admins => store.admins().get(name).await.map(|admin| admin.is_some()),
            Scope::Actions => store.event_actions().get(name).await.map(|action| action.is_some()),
            _ => Ok(true),
        };
        found.map_err(stored)
    }
}
