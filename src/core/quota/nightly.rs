//! The nightly reconciliation: files changed behind the server's back leave the figures off until somebody looks (LIM-015).

use std::time::Duration;

use entrepot_store::ListOptions;

use super::{QuotaOwner, Running, Subject, scan};
use crate::{
    Core,
    error::{Error, Result},
};

/// Hour of the day, in UTC, at which it begins.
const HOUR: i64 = 3;
/// Accounts read at a time.
const PAGE: u64 = 200;

/// Scans once a night what is tracked, one after the other.
pub(crate) async fn reconcile(core: Core) {
    while core.tasks().rest(until_night(core.clock().seconds())).await {
        if !core.settings().quota.nightly_scan {
            continue;
        }
        if let Err(error) = reconcile_now(&core).await {
            tracing::error!(sender = "quota", %error, "the nightly quota scan ended early");
        }
    }
}

/// Time from `now` (Unix seconds) to the next night.
fn until_night(now: i64) -> Duration {
    const DAY: i64 = 24 * 3600;
    let left = (HOUR * 3600 - now).rem_euclid(DAY);
    // A second late at least: it must not begin twice.
    Duration::from_secs(u64::try_from(if left == 0 { DAY } else { left }).unwrap_or_default() + 1)
}

/// One pass of [`reconcile`]: users with limits, or all of them, as they are tracked, and every folder (ACC-274).
pub(crate) async fn reconcile_now(core: &Core) -> Result<()> {
    let mode = core.settings().data_provider.track_quota;
    if mode == 0 {
        return Ok(());
    }
    let failed = |error| Error::internal("listing what the nightly quota scan looks at", error);
    for page in 0.. {
        let users = core.0.store.users().list(page_of(page)).await.map_err(failed)?;
        let is_last = users.is_empty();
        for user in users {
            let limits = core.0.accounts.load(core, &user.username).await.ok().flatten();
            let has_limits = limits.is_some_and(|account| account.user.user.quota_size > 0 || account.user.user.quota_files > 0);
            if mode == 1 || has_limits {
                let owner = QuotaOwner::User(user.username.clone());
                pass(core, owner, user.role, Subject::User(user.username)).await?;
            }
        }
        if is_last {
            break;
        }
    }
    for page in 0.. {
        let folders = core.0.store.folders().list(page_of(page)).await.map_err(failed)?;
        if folders.is_empty() {
            break;
        }
        for folder in folders {
            pass(core, QuotaOwner::Folder(folder.name.clone()), String::new(), Subject::Folder(Box::new(folder))).await?;
        }
    }
    Ok(())
}

fn page_of(page: u64) -> ListOptions {
    ListOptions { offset: page * PAGE, limit: PAGE, ..ListOptions::default() }
}

async fn pass(core: &Core, owner: QuotaOwner, role: String, subject: Subject) -> Result<()> {
    if core.tasks().stopping().is_cancelled() {
        return Err(Error::Shutdown);
    }
    let running = Running { role, started_at: core.clock().millis() };
    // One that somebody started does the same.
    if let Some(entry) = core.0.scans.enter(&owner, running) {
        scan(core.clone(), subject, entry).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_comes_once_a_day() {
        assert_eq!(until_night(0), Duration::from_secs(3 * 3600 + 1));
        assert_eq!(until_night(3 * 3600), Duration::from_secs(24 * 3600 + 1));
        assert_eq!(until_night(3 * 3600 + 1), Duration::from_secs(24 * 3600));
    }
}
