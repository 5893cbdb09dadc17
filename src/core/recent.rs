//! What a user did last with the own files, for the page that leads back to them.

use entrepot_model::event::FsEvent;
use entrepot_store::{FsEventFilter, Page};

use crate::{Core, Result, UserCaller, admin::stored, audit};

/// Actions that say something about where somebody was.
const ACTIONS: [&str; 5] = ["upload", "download", "rename", "mkdir", "copy"];
/// Protocols that the user speaks: visitors of shares, rules and the keeping of files act in the user's name, and not by hand.
const PROTOCOLS: [&str; 6] = ["SFTP", "SCP", "SSH", "FTP", "DAV", "HTTP"];
/// Nanoseconds of a millisecond.
const MILLISECOND: i64 = 1_000_000;
/// Status of what was done.
const DONE: i64 = 1;

/// The last successful changes and downloads of the caller, the newest first, at most `limit`. What an earlier account of the
/// same name did is none of its business.
///
/// # Errors
/// `Internal` when the events cannot be read.
pub async fn recent(core: &Core, caller: &UserCaller, limit: u32) -> Result<Vec<FsEvent>> {
    audit::flush(core).await;
    let filter = FsEventFilter {
        page: Page { limit, start_timestamp: caller.user().user.created_at.saturating_mul(MILLISECOND), ..Page::default() },
        protocols: PROTOCOLS.iter().map(|protocol| (*protocol).to_owned()).collect(),
        username: caller.username().to_owned(),
        actions: ACTIONS.iter().map(|action| (*action).to_owned()).collect(),
        statuses: vec![DONE],
        ..FsEventFilter::default()
    };
    core.0.store.events().search_fs(filter).await.map_err(stored)
}
