//! The server as a whole: starting again, copies of its databases for a backup, and taking a backup in at the first start.

mod incoming;

use std::path::{Path, PathBuf};

use entrepot_model::AdminPermission as P;
use entrepot_secrets::Sensitive;
use entrepot_store::{ListOptions, StoreError};

use super::{AdminSession, stored};
use crate::{Core, Error, Result};
pub use incoming::{BROUGHT, Brought, Incoming};

/// Has the server start again in place, for settings that wait for it. What runs may go on for the grace time of the settings;
/// the answer reaches whoever asked.
///
/// # Errors
/// `Denied` without `*`; `Unsupported` where the process cannot.
pub fn restart(core: &Core, session: &AdminSession) -> Result<()> {
    session.require(P::Any)?;
    let restarter = core.services().restarter().ok_or(Error::Unsupported)?;
    tracing::info!(executor = session.username(), "an administrator starts the server again");
    restarter.restart();
    Ok(())
}

impl Core {
    /// Copies the databases into an existing folder, each as it is at one moment, while everything goes on. It blocks: call
    /// it in a pool.
    ///
    /// # Errors
    /// What the store says, in its words.
    pub fn copy_databases(&self, directory: &Path) -> std::result::Result<(), StoreError> {
        self.0.store.copy_into(directory).map(drop)
    }

    /// Whether nobody would miss what is in the database: there is neither an administrator nor a user.
    ///
    /// # Errors
    /// `Internal` when the database cannot be read.
    pub async fn is_fresh(&self) -> Result<bool> {
        if !self.setup_required().await? {
            return Ok(false);
        }
        let first = ListOptions { limit: 1, ..ListOptions::default() };
        Ok(self.0.store.users().list(first).await.map_err(stored)?.is_empty())
    }

    /// Makes this server the one that the backup `file` was made of: the file is verified as a whole, then the server starts
    /// again with what was in it. For who has access to the machine. The answer still reaches whoever asked, and says what
    /// somebody should know of it; the file is not removed. Once it has begun it goes on when its caller goes away.
    ///
    /// # Errors
    /// `Conflict` when the server has an administrator or a user; `Invalid` for `passphrase` or `file`, in words for people:
    /// nothing has changed then.
    pub async fn restore_instance(&self, file: PathBuf, passphrase: Sensitive<String>) -> Result<Vec<String>> {
        let busy = || Error::Conflict("a backup is being restored, or the server is being set up".to_owned());
        let restoring = self.services().founding().restore().ok_or_else(busy)?;
        if !self.is_fresh().await? {
            return Err(Error::Conflict("this server has accounts already".to_owned()));
        }
        let restorer = self.services().restorer().ok_or(Error::Unsupported)?;
        let restore = move || {
            let restored = restorer.restore(&file, &passphrase);
            if restored.is_ok() {
                // What is set up now would be lost with the database.
                restoring.keep();
            }
            restored
        };
        let restored = self.tasks().storage().run(restore).await;
        match restored.map_err(|error| Error::internal("restoring a backup", error))? {
            Ok(notes) => Ok(notes),
            Err(refusal) => Err(Error::invalid(refusal.field, refusal.message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Refusal, Restorer, admin::SetupRequest, login::tests::house};

    /// Takes every file but one in.
    struct Taker;

    impl Restorer for Taker {
        fn restore(&self, file: &Path, _passphrase: &Sensitive<String>) -> std::result::Result<Vec<String>, Refusal> {
            let refusal = Refusal { field: "file", message: "it is not sound".to_owned() };
            if file == Path::new("unsound") { Err(refusal) } else { Ok(Vec::new()) }
        }
    }

    // BKP-026
    #[tokio::test(flavor = "multi_thread")]
    async fn server_that_takes_a_backup_in_is_not_set_up_meanwhile() {
        let house = house(|_| {}).await;
        house.core.services().restore_with(Arc::new(Taker));
        let token = house.core.create_setup_token().await.expect("token");
        let ip = std::net::IpAddr::from([127, 0, 0, 1]);
        let request = SetupRequest { token: &token, username: "root", password: "secret", installation_code: "", ip };
        let restore = |file: &str| house.core.restore_instance(file.into(), Sensitive::from("correct horse battery"));
        assert!(matches!(restore("unsound").await, Err(Error::Invalid { field, .. }) if field == "file"));
        restore("sound").await.expect("the one before failed");
        assert!(matches!(house.core.complete_setup(request).await, Err(Error::Conflict(_))), "it would be lost");
        assert!(matches!(restore("sound").await, Err(Error::Conflict(_))));
        assert!(house.core.setup_required().await.expect("answer"));
    }
}
