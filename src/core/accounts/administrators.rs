//! Administrators as their tokens and keys find them: every request over REST asks for one.

use std::{collections::HashMap, sync::Arc};

use entrepot_model::Admin;
use entrepot_secrets::Sensitive;
use entrepot_store::StoreError;
use parking_lot::Mutex;

use crate::Core;

/// Administrators kept at most.
const KEPT: usize = 256;

/// An administrator, as it is stored.
pub(crate) struct Administrator {
    pub(crate) admin: Admin,
    password_hash: Option<Sensitive<String>>,
}

impl Administrator {
    /// The stored password hash.
    pub(crate) fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_ref().map(|hash| hash.expose().as_str())
    }
}

/// The administrators that were asked for since anything of them changed.
#[derive(Default)]
pub(crate) struct Administrators(Mutex<State>);

#[derive(Default)]
struct State {
    /// [`entrepot_store::Admins::generation`] of what is kept.
    generation: u64,
    kept: HashMap<String, Arc<Administrator>>,
}

impl Administrators {
    /// The administrator of this name as it is now: what is kept is dropped with the first change of any of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn load(&self, core: &Core, name: &str) -> Result<Option<Arc<Administrator>>, StoreError> {
        let admins = core.0.store.admins();
        // Before the look: a change that comes in between makes the number another one.
        let generation = admins.generation();
        {
            let state = self.0.lock();
            if state.generation == generation
                && let Some(found) = state.kept.get(name)
            {
                return Ok(Some(Arc::clone(found)));
            }
        }
        let Some((admin, hash)) = admins.load_for_login(name).await? else { return Ok(None) };
        let found = Arc::new(Administrator { admin, password_hash: hash.map(Sensitive::new) });
        let mut state = self.0.lock();
        if state.generation != generation || state.kept.len() >= KEPT {
            state.kept.clear();
            state.generation = generation;
        }
        state.kept.insert(name.to_owned(), Arc::clone(&found));
        Ok(Some(found))
    }
}
