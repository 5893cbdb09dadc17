//! Where files live.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use entrepot_model::{AdminPermission as P, FilesystemConfig};
use entrepot_storage::local::{
    disks::Disk,
    inspection::{FolderFacts, inspect, nearest, own_identity},
    trial::{FolderTrial, try_out},
};
use serde_json::Value;

use super::{PATIENCE, run};
use crate::{
    Core, Error, Result,
    admin::{
        AdminSession,
        doctor::quoted,
        roots::{check_root, homes},
        settings,
    },
};

/// The setting of where homes are made.
const BASE: &str = "data_provider.users_base_dir";
/// Folder that is proposed on a disk.
const PROPOSED: &str = "entrepot";
/// Time that a folder has to take a file, once it is known that it answers: a card may be slow.
const TRIAL: Duration = Duration::from_secs(30);
/// Disks that are looked at.
const MOST: usize = 8;

/// A folder in which the files of people could live.
#[derive(Debug)]
pub struct Place {
    /// The folder.
    pub path: PathBuf,
    /// It is the one in use.
    pub is_current: bool,
    /// It lies in the data folder, where files live if nobody says otherwise.
    pub is_default: bool,
    /// The disk that it is on, if the kernel tells.
    pub disk: Option<Disk>,
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes of the file system.
    pub total: u64,
    /// How the trial went.
    pub trial: std::result::Result<FolderTrial, Trouble>,
}

/// Why a folder is of no use.
#[derive(Debug)]
pub enum Trouble {
    /// It holds the server's own data, or lies in it.
    NotApart,
    /// It is no absolute path.
    NotAbsolute,
    /// It does not answer within this time.
    Silent(Duration),
    /// A step of the trial failed.
    Failed {
        /// Where it was tried.
        place: PathBuf,
        /// Owner of that folder.
        owner: Option<u32>,
        /// Account of the server.
        own: u32,
        /// What the system said.
        message: String,
        /// What to run to mend it, where that is known.
        fix: Option<String>,
    },
}

/// The places that this machine offers, each tried out: the one in use first. `other` is one that somebody typed. Disks of other
/// machines are not offered: looking at one that is gone would hang, and whoever wants one types it.
///
/// # Errors
/// `Denied` without `*`.
pub async fn places(core: &Core, session: &AdminSession, other: Option<&str>) -> Result<Vec<Place>> {
    session.require(P::Any)?;
    let disks = disks(core).await?;
    let typed = other.map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from);
    let candidates = candidates(core, &disks, typed).await?;
    let mut places = Vec::with_capacity(candidates.len());
    for path in candidates {
        places.push(look(core, &disks, path).await?);
    }
    Ok(places)
}

/// Makes a folder that works the one in which homes are made.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `path` where files could not live; `Conflict` where environment or command line name
/// the folder.
pub async fn choose_place(core: &Core, session: &AdminSession, path: &str) -> Result<()> {
    session.require(P::Any)?;
    let wanted = PathBuf::from(path.trim());
    let disks = disks(core).await?;
    let place = look(core, &disks, wanted.clone()).await?;
    if let Err(trouble) = place.trial {
        return Err(Error::invalid("path", trouble.to_string()));
    }
    if place.is_current {
        return Ok(());
    }
    let value = if place.is_default { Value::from("") } else { Value::from(wanted.to_string_lossy()) };
    settings::change(core, session, BTreeMap::from([(BASE.to_owned(), value)])).await.map(drop)
}

/// The disks of this machine, where somebody knows them.
async fn disks(core: &Core) -> Result<Vec<Disk>> {
    let Some(examiner) = core.services().examiner() else { return Ok(Vec::new()) };
    run(core, move || examiner.disks()).await
}

fn current(core: &Core) -> PathBuf {
    match core.settings().data_provider.users_base_dir.trim() {
        "" => homes(core),
        base => PathBuf::from(base),
    }
}

async fn candidates(core: &Core, disks: &[Disk], typed: Option<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in typed.into_iter().chain([current(core), homes(core)]) {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    let own = facts(core, core.data_directory()).await?.flatten().map(|facts| facts.device);
    for disk in disks.iter().filter(|disk| !disk.is_remote && disk.path != Path::new("/")) {
        if found.len() >= MOST {
            break;
        }
        let Some(Some(facts)) = facts(core, &disk.path).await? else { continue };
        let path = disk.path.join(PROPOSED);
        if facts.is_folder && Some(facts.device) != own && !found.contains(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

/// What is known of a folder, or of the nearest one above it; the outer nothing stands for one that does not answer.
async fn facts(core: &Core, path: &Path) -> Result<Option<Option<FolderFacts>>> {
    let asked = path.to_owned();
    let look = move || {
        let there = if asked.is_dir() { Some(asked) } else { nearest(&asked) };
        there.and_then(|place| inspect(&place).ok().flatten())
    };
    core.0.lookout.look(path, look).await
}

async fn look(core: &Core, disks: &[Disk], path: PathBuf) -> Result<Place> {
    let on = disks.iter().filter(|disk| path.starts_with(&disk.path)).max_by_key(|disk| disk.path.as_os_str().len());
    let mut place = Place {
        is_current: path == current(core),
        is_default: path == homes(core),
        disk: on.cloned(),
        free: 0,
        total: 0,
        trial: Err(Trouble::NotAbsolute),
        path,
    };
    if !place.path.is_absolute() {
        return Ok(place);
    }
    let Some(facts) = facts(core, &place.path).await? else {
        place.trial = Err(Trouble::Silent(PATIENCE));
        return Ok(place);
    };
    (place.free, place.total) = facts.map_or((0, 0), |facts| (facts.free, facts.total));
    // What answered a moment ago can be looked up without a thread of its own.
    place.trial = match check_root(core, "path", &FilesystemConfig::default(), &place.path.to_string_lossy()).await {
        Ok(()) => {
            let path = place.path.clone();
            core.0.lookout.look_within(TRIAL, &place.path, move || tried(&path)).await?.unwrap_or(Err(Trouble::Silent(TRIAL)))
        }
        Err(Error::Invalid { .. }) => Err(Trouble::NotApart),
        Err(error) => return Err(error),
    };
    Ok(place)
}

fn tried(path: &Path) -> std::result::Result<FolderTrial, Trouble> {
    try_out(path).map_err(|failure| {
        let owner = inspect(&failure.place).ok().flatten().map(|facts| facts.uid);
        let (own, group) = own_identity();
        let is_ownership = failure.error.kind() == std::io::ErrorKind::PermissionDenied && owner != Some(own);
        let shown = quoted(path);
        let fix = is_ownership.then(|| format!("sudo mkdir -p {shown} && sudo chown {own}:{group} {shown}"));
        Trouble::Failed { place: failure.place, owner, own, message: failure.error.to_string(), fix }
    })
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotApart => f.write_str("the folder holds the server's own data or lies in it"),
            Self::NotAbsolute => f.write_str("an absolute path is needed, such as /mnt/tank/entrepot"),
            Self::Silent(patience) => write!(f, "the folder does not answer within {} seconds", patience.as_secs()),
            Self::Failed { place, message, .. } => write!(f, "{} cannot hold files: {message}", place.display()),
        }
    }
}
