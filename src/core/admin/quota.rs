//! Quota: scans and figures set by hand (ACC-285…ACC-298, API-056…API-059).

use std::sync::atomic::Ordering;

use entrepot_model::{
    AdminPermission as P, User,
    quota::{FolderQuotaScan, QuotaScan, QuotaUsage, TransferQuotaUsage},
};
use entrepot_store::StoreError;

use super::{AdminSession, folders, stored, users};
use crate::{
    Core, Error, Result,
    policy::Denial,
    quota::{QuotaOwner, Running, Subject, Usage, scan, stored_usage},
};

/// What becomes of the figures that are there (ACC-287).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateMode {
    /// The given ones are added.
    Add,
    /// The given ones replace them.
    #[default]
    Reset,
}

/// The running scans of users; role administrators see those of their users.
///
/// # Errors
/// `Denied` without `quota_scans`.
pub fn user_scans(core: &Core, session: &AdminSession) -> Result<Vec<QuotaScan>> {
    session.require(P::QuotaScans)?;
    let of_users = core.0.scans.list().into_iter().filter(|(_, scan)| session.sees_role(&scan.role));
    let scans = of_users.filter_map(|(owner, scan)| match owner {
        QuotaOwner::User(username) => Some(QuotaScan { username, role: scan.role, start_time: scan.started_at }),
        QuotaOwner::Folder(_) => None,
    });
    Ok(scans.collect())
}

/// The running scans of folders.
///
/// # Errors
/// `Denied` without `quota_scans`.
pub fn folder_scans(core: &Core, session: &AdminSession) -> Result<Vec<FolderQuotaScan>> {
    session.require(P::QuotaScans)?;
    let scans = core.0.scans.list().into_iter().filter_map(|(owner, scan)| match owner {
        QuotaOwner::Folder(name) => Some(FolderQuotaScan { name, start_time: scan.started_at }),
        QuotaOwner::User(_) => None,
    });
    Ok(scans.collect())
}

/// Starts a scan of a user's own storage and private folders (ACC-285). It goes on after the answer.
///
/// # Errors
/// `Denied` without `quota_scans`, and where quota is not tracked; `NotFound`; `Conflict` while one runs.
pub async fn start_user_scan(core: &Core, session: &AdminSession, username: &str) -> Result<()> {
    session.require(P::QuotaScans)?;
    let user = users::visible(core, session, username).await?;
    require_tracking(core)?;
    start(core, QuotaOwner::User(user.username.clone()), user.role, Subject::User(user.username))
}

/// Starts a scan of a folder. It goes on after the answer.
///
/// # Errors
/// As [`start_user_scan`].
pub async fn start_folder_scan(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::QuotaScans)?;
    let folder = folders::existing(core, name).await?;
    require_tracking(core)?;
    start(core, QuotaOwner::Folder(folder.name.clone()), String::new(), Subject::Folder(Box::new(folder)))
}

/// Sets the disk usage of a user, or adds to it (API-058).
///
/// # Errors
/// `Denied` without `edit_users`, and where quota is not tracked; `NotFound`; `Invalid` for figures below 0, and for `Add` to
/// a user whose usage is not tracked (ACC-275); `Conflict` while a scan runs.
pub async fn update_user_usage(
    core: &Core,
    session: &AdminSession,
    username: &str,
    usage: QuotaUsage,
    mode: UpdateMode,
) -> Result<()> {
    session.require(P::EditUsers)?;
    let user = users::visible(core, session, username).await?;
    require_tracking(core)?;
    let owner = QuotaOwner::User(user.username.clone());
    require_no_scan(core, &owner)?;
    check_usage(usage)?;
    let is_tracked = core.settings().data_provider.track_quota == 1 || {
        let user = effective(core, &user).await;
        user.quota_size > 0 || user.quota_files > 0
    };
    if mode == UpdateMode::Add && !is_tracked {
        return Err(Error::invalid("mode", "the user has no quota restrictions, so there is nothing to add to; use reset"));
    }
    put(core, owner, usage, mode).await
}

/// Sets the usage of a folder, or adds to it (API-058).
///
/// # Errors
/// `Denied` without `manage_folders`, and where quota is not tracked; `NotFound`; `Invalid` for figures below 0; `Conflict`
/// while a scan runs.
pub async fn update_folder_usage(
    core: &Core,
    session: &AdminSession,
    name: &str,
    usage: QuotaUsage,
    mode: UpdateMode,
) -> Result<()> {
    session.require(P::ManageFolders)?;
    let folder = folders::existing(core, name).await?;
    require_tracking(core)?;
    let owner = QuotaOwner::Folder(folder.name);
    require_no_scan(core, &owner)?;
    check_usage(usage)?;
    put(core, owner, usage, mode).await
}

/// Sets the transferred bytes of a user, or adds to them (API-059, ACC-297). Running transfers are measured by the new
/// figures at once.
///
/// # Errors
/// `Denied` without `edit_users`, and where quota is not tracked; `NotFound`; `Invalid` for figures below 0, and for `Add` to
/// a user without transfer limits.
pub async fn update_transfer_usage(
    core: &Core,
    session: &AdminSession,
    username: &str,
    usage: TransferQuotaUsage,
    mode: UpdateMode,
) -> Result<()> {
    session.require(P::EditUsers)?;
    let user = users::visible(core, session, username).await?;
    require_tracking(core)?;
    not_negative("used_upload_data_transfer", usage.used_upload_data_transfer)?;
    not_negative("used_download_data_transfer", usage.used_download_data_transfer)?;
    let (upload, download) = (usage.used_upload_data_transfer, usage.used_download_data_transfer);
    let (users, now) = (core.0.store.users(), core.clock().millis());
    if mode == UpdateMode::Reset {
        users.set_transfer_usage(&user.username, upload, download, now).await.map_err(stored)?;
        let counted = core.0.ledger.transferred(&user.username, upload, download);
        counted.upload.store(upload, Ordering::Relaxed);
        counted.download.store(download, Ordering::Relaxed);
        return Ok(());
    }
    let effective = effective(core, &user).await;
    if effective.total_data_transfer <= 0 && effective.upload_data_transfer <= 0 && effective.download_data_transfer <= 0 {
        return Err(Error::invalid("mode", "the user has no transfer limits, so there is nothing to add to; use reset"));
    }
    let (used_upload, used_download) = (user.used_upload_data_transfer, user.used_download_data_transfer);
    // Begins with the stored figures, so that they are not counted twice.
    let counted = core.0.ledger.transferred(&user.username, used_upload, used_download);
    users.add_transfer_usage(&user.username, upload, download, now).await.map_err(stored)?;
    counted.upload.fetch_add(upload, Ordering::Relaxed);
    counted.download.fetch_add(download, Ordering::Relaxed);
    Ok(())
}

fn start(core: &Core, owner: QuotaOwner, role: String, subject: Subject) -> Result<()> {
    let running = Running { role, started_at: core.clock().millis() };
    let entry = core.0.scans.enter(&owner, running).ok_or_else(|| scan_runs(&owner))?;
    core.tasks().spawn(scan(core.clone(), subject, entry));
    Ok(())
}

fn require_no_scan(core: &Core, owner: &QuotaOwner) -> Result<()> {
    if core.0.scans.is_running(owner) { Err(scan_runs(owner)) } else { Ok(()) }
}

fn scan_runs(owner: &QuotaOwner) -> Error {
    match owner {
        QuotaOwner::User(name) => Error::Conflict(format!("a quota scan of user \"{name}\" is running already")),
        QuotaOwner::Folder(name) => Error::Conflict(format!("a quota scan of folder \"{name}\" is running already")),
    }
}

/// ACC-274
fn require_tracking(core: &Core) -> Result<()> {
    if core.settings().data_provider.track_quota == 0 {
        return Err(Denial::new("track_quota", "data_provider.track_quota is 0: quota is not tracked").into());
    }
    Ok(())
}

fn check_usage(usage: QuotaUsage) -> Result<()> {
    not_negative("used_quota_size", usage.used_quota_size)?;
    not_negative("used_quota_files", usage.used_quota_files)
}

fn not_negative(field: &str, value: i64) -> Result<()> {
    if value < 0 { Err(Error::invalid(field, "it must not be negative")) } else { Ok(()) }
}

/// The user with its groups merged; as it is stored if they cannot be.
async fn effective(core: &Core, user: &User) -> User {
    match core.0.accounts.load(core, &user.username).await {
        Ok(Some(account)) => account.user.user.clone(),
        _ => user.clone(),
    }
}

async fn put(core: &Core, owner: QuotaOwner, usage: QuotaUsage, mode: UpdateMode) -> Result<()> {
    // One may have begun since.
    require_no_scan(core, &owner)?;
    let given = Usage { files: usage.used_quota_files, size: usage.used_quota_size };
    let counter = core.0.ledger.ensure(&owner, stored_usage(core, &owner).await?);
    let (store, now) = (&core.0.store, core.clock().millis());
    let (_, submitted): (_, std::result::Result<(), StoreError>) = counter.replace(
        |used| if mode == UpdateMode::Add { used.plus(given) } else { given },
        |used| store.transfers().submit_usage(owner, used.files, used.size, now),
    );
    submitted.map_err(stored)?;
    // The answer means that it is on the disk.
    store.flush().await.map_err(stored)
}
