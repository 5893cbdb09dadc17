//! Counting the files of what was loaded (API-092).

use super::{LoadReport, Outcome, QuotaScan, Scope};
use crate::{
    Core, Error, Result,
    admin::{AdminSession, quota, stored},
};

/// Scans that run at once: a backup may hold thousands of users, and a disk has two hands.
const AT_ONCE: usize = 2;
/// Between two looks whether one ended.
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);

/// Starts the scans of loaded users and folders, one after the other; it goes on after the answer.
pub(super) fn start(core: &Core, session: &AdminSession, report: &LoadReport, scan: QuotaScan) {
    if scan == QuotaScan::None {
        return;
    }
    let loaded = report.entries.iter().filter(|entry| entry.outcome != Outcome::Kept);
    let subjects = loaded.filter(|entry| matches!(entry.scope, Scope::Users | Scope::Folders));
    let subjects: Vec<_> = subjects.map(|entry| (entry.scope, entry.name.clone())).collect();
    let (core, session) = (core.clone(), session.clone());
    core.tasks().clone().spawn(async move {
        for (scope, name) in subjects {
            while core.0.scans.list().len() >= AT_ONCE {
                if !core.tasks().rest(LOOK).await {
                    return;
                }
            }
            match begin(&core, &session, scope, &name, scan).await {
                // It is being counted already.
                Ok(()) | Err(Error::Conflict(_)) => {}
                Err(error) => tracing::warn!(scope = scope.as_str(), name, %error, "the quota scan after loading did not begin"),
            }
        }
    });
}

async fn begin(core: &Core, session: &AdminSession, scope: Scope, name: &str, scan: QuotaScan) -> Result<()> {
    if scope == Scope::Folders {
        return quota::start_folder_scan(core, session, name).await;
    }
    if scan == QuotaScan::Restricted && !is_restricted(core, name).await? {
        return Ok(());
    }
    quota::start_user_scan(core, session, name).await
}

/// Whether the user has a limit, of its own or of its primary group.
async fn is_restricted(core: &Core, name: &str) -> Result<bool> {
    let user = match core.0.accounts.load(core, name).await {
        Ok(Some(account)) => account.user.user.clone(),
        _ => core.0.store.users().get(name).await.map_err(stored)?.ok_or(Error::NotFound)?,
    };
    Ok(user.quota_size > 0 || user.quota_files > 0)
}
