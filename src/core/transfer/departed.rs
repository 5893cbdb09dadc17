//! What an account leaves unfinished that is deleted. Nobody can go on with it, and once the account is forgotten nobody knows
//! in which storage it lies: it goes with the account. Files that have their names stay (ACC-067).

use std::sync::Arc;

use entrepot_store::{ResumableUpload, UploadIntent};

use super::{partials, recovery};
use crate::{Core, accounts::Account, error::Result, resumable, session::SessionState};

/// What has to be known of an account before it is deleted.
pub(crate) struct Departing {
    username: String,
    /// `None`: what is stored gives no account whose storages could be opened.
    account: Option<Arc<Account>>,
    /// Its unfinished uploads in several requests, and those of its visitors.
    uploads: Vec<ResumableUpload>,
}

impl Departing {
    /// Looks while the account is there.
    ///
    /// # Errors
    /// `Internal` when the database cannot be read.
    pub(crate) async fn look(core: &Core, username: &str) -> Result<Self> {
        let account = match core.0.accounts.load(core, username).await {
            Ok(account) => account,
            Err(error) => {
                tracing::warn!(username, %error, "what this account left unfinished stays in its storage");
                None
            }
        };
        let uploads = resumable::of_user(core, username).await?;
        Ok(Self { username: username.to_owned(), account, uploads })
    }

    /// The account is deleted, and its sessions were told to end: what is unfinished is removed, without anybody waiting. What
    /// runs still is removed where it ends.
    pub(crate) fn leave(self, core: &Core) {
        let left = core.0.partials.take_of(&self.username);
        if left.is_empty() {
            return;
        }
        let session = self.account.map(|account| recovery::system_session(core, account));
        let ending = core.clone();
        core.tasks().spawn(async move {
            for partial in left {
                let id = partial.id.clone();
                let upload = self.uploads.iter().find(|upload| upload.id == id);
                let ended = match &session {
                    Some(session) => remove(session, partial, upload).await,
                    None => recovery::forget(&ending, &partial).await,
                };
                if let Err(error) = ended {
                    tracing::warn!(upload = id, username = self.username, %error, "ending an upload of a deleted account");
                }
            }
        });
    }
}

/// A partial was entered while its account was being deleted: whoever removed what the account left may have come before.
pub(super) async fn follow(session: &Arc<SessionState>, partial: UploadIntent) -> Result<()> {
    if session.is_of_the_gone() && session.core.0.partials.remove_exact(&partial) {
        return remove(session, partial, None).await;
    }
    Ok(())
}

/// Removes a partial of an account that is gone; it was taken out of the index already. One in several requests has no row in
/// the audit trail yet.
async fn remove(session: &Arc<SessionState>, partial: UploadIntent, upload: Option<&ResumableUpload>) -> Result<()> {
    let Some(place) = recovery::place_in(session, &partial)? else {
        return recovery::forget(&session.core, &partial).await;
    };
    let event = upload.and_then(|upload| resumable::failed_event(session, upload, &place, &partial));
    partials::discard_recorded(session, &place, partial, event).await
}
