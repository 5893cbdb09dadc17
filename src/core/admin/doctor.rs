//! A look at the health of the server: what would keep it from working, or soon will, each with what to do about it.

mod folders;
mod machine;

use std::{path::Path, sync::Arc};

use entrepot_model::{
    AdminPermission as P,
    doctor::{Examination, Finding},
};
use entrepot_storage::Pool;
use entrepot_store::{ListOptions, Store, StoreError};

use super::{AdminSession, settings, stored};
use crate::{Core, Error, Result};
use folders::Root;
pub(super) use folders::quoted;
pub use machine::is_plausible as is_clock_plausible;

/// Looks at everything: clock, limits, data folder, disks, database, the folders of users, and what the services can tell
/// (ports, certificates, mail).
///
/// # Errors
/// `Denied` without `*`; `Internal` when the look itself fails.
pub async fn examine(core: &Core, session: &AdminSession) -> Result<Examination> {
    session.require(P::Any)?;
    let year = machine::year(core.clock().seconds());
    let pool = core.tasks().storage();
    let mut findings = of_data(core.data_directory(), Some(&core.0.store), year, pool).await?;
    if core.is_shut() {
        let fix = "add your networks to the allow list, or set common.allowlist_status to 0 (in the environment, if no page can be reached)";
        findings.push(Finding::error("gates", "the allow list is on and empty: nobody can connect", fix));
    }
    if let Some(examiner) = core.services().examiner() {
        let found = pool.run(move || examiner.examine()).await;
        findings.extend(found.map_err(|error| Error::internal("looking at services", error))?);
    }
    Ok(Examination::of(findings))
}

/// The same of a server that does not run, without what services tell; without a store there is no database yet.
///
/// # Errors
/// `Internal` when the look itself fails.
pub async fn examine_data(directory: &Path, store: Option<&Store>, seconds: i64, pool: &Pool) -> Result<Vec<Finding>> {
    of_data(directory, store, machine::year(seconds), pool).await
}

async fn of_data(directory: &Path, store: Option<&Store>, year: i32, pool: &Pool) -> Result<Vec<Finding>> {
    let mut roots = Vec::new();
    let mut findings = vec![machine::clock(year)];
    if let Some(store) = store {
        findings.push(database(store).await);
        findings.extend(settings::findings(store).await);
        roots = roots_of(store).await?;
    }
    let data: Arc<Path> = directory.into();
    let looked = pool.run(move || {
        let mut found = vec![machine::descriptors()];
        found.extend(folders::data(&data));
        found.extend(folders::roots(&data, roots));
        found
    });
    findings.extend(looked.await.map_err(|error| Error::internal("looking at folders", error))?);
    Ok(findings)
}

async fn database(store: &Store) -> Finding {
    const FIX: &str = "stop the server, keep a copy of the data folder, and restore a backup of the database";
    match store.check().await {
        Ok(wrong) if wrong.is_empty() => Finding::ok("database", "the databases are sound"),
        Ok(wrong) => Finding::error("database", format!("the database is damaged: {}", wrong.join("; ")), FIX),
        Err(StoreError::Locked { .. }) => {
            Finding::warning("database", "a server wrote the databases while they were looked at", "run entrepot doctor again")
        }
        Err(error) => Finding::error("database", format!("the database cannot be read: {error}"), FIX),
    }
}

/// The local folders of all users and virtual folders; one that several share is looked at once.
async fn roots_of(store: &Store) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for user in store.users().list(ListOptions::all()).await.map_err(stored)? {
        if user.filesystem.provider().is_none_or(|provider| provider.is_local()) {
            let id = |id: i64| u32::try_from(id).ok().filter(|id| *id > 0);
            let owner = (id(user.uid), id(user.gid));
            roots.push(Root { whose: format!("user {}", user.username), path: user.home_dir.into(), owner });
        }
    }
    for folder in store.folders().list(ListOptions::all()).await.map_err(stored)? {
        if folder.filesystem.provider().is_none_or(|provider| provider.is_local()) {
            roots.push(Root { whose: format!("folder {}", folder.name), path: folder.mapped_path.into(), owner: (None, None) });
        }
    }
    roots.sort_by(|one, other| one.path.cmp(&other.path));
    roots.dedup_by(|later, earlier| later.path == earlier.path);
    Ok(roots)
}
