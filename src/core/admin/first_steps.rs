//! The steps after the first administrator: where files live, whether the listeners answer, whether a name leads here. Each is
//! tried out, not only asked for.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

use entrepot_model::{AdminPermission as P, FilesystemConfig};
use entrepot_secrets::Sensitive;
pub use entrepot_storage::local::{
    disks::Disk,
    trial::{FolderTrial, TRIAL_SIZE, TrialStep},
};
use entrepot_storage::{
    local::{
        disks::disks,
        inspection::{inspect, nearest, own_identity},
        trial::try_out,
    },
    private_file,
};
use serde_json::{Value, json};

use super::{
    AdminSession,
    roots::{check_root, homes},
    settings,
};
use crate::{Core, Error, Knock, Result};

/// The setting of where homes are made.
const BASE: &str = "data_provider.users_base_dir";
/// Folder that is proposed on a disk.
const PROPOSED: &str = "entrepot";
/// File of the data folder with the passphrase of nightly backups.
const PASSPHRASE_FILE: &str = "backup-passphrase";
/// Least length of a passphrase, in characters.
const LEAST_PASSPHRASE: usize = 12;
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
    /// A step of the trial failed.
    Failed {
        /// Which.
        step: TrialStep,
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

/// The places that this machine offers, each tried out: the one in use first. `other` is one that somebody typed.
///
/// # Errors
/// `Denied` without `*`.
pub async fn places(core: &Core, session: &AdminSession, other: Option<&str>) -> Result<Vec<Place>> {
    session.require(P::Any)?;
    let (current, default) = (current(core), homes(core));
    let data = core.data_directory().to_owned();
    let typed = other.map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from);
    let candidates = {
        let (current, default, typed) = (current.clone(), default.clone(), typed.clone());
        run(core, move || candidates(&data, typed, current, default)).await?
    };
    let mut places = Vec::with_capacity(candidates.len());
    for path in candidates {
        places.push(look(core, path, &current, &default).await?);
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
    let (current, default) = (current(core), homes(core));
    let wanted = PathBuf::from(path.trim());
    let place = look(core, wanted.clone(), &current, &default).await?;
    if let Err(trouble) = place.trial {
        return Err(Error::invalid("path", trouble.to_string()));
    }
    if place.is_current {
        return Ok(());
    }
    let value = if place.is_default { Value::from("") } else { Value::from(wanted.to_string_lossy()) };
    settings::change(core, session, BTreeMap::from([(BASE.to_owned(), value)])).await.map(drop)
}

/// Knocks at every listener of the server.
///
/// # Errors
/// `Denied` without `*`.
pub async fn knock(core: &Core, session: &AdminSession) -> Result<Vec<Knock>> {
    session.require(P::Any)?;
    let Some(examiner) = core.services().examiner() else { return Ok(Vec::new()) };
    run(core, move || examiner.knock()).await
}

/// How people reach the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// In the own network, by an address or a name that only it knows.
    Local,
    /// By a name that everybody knows, with a certificate that is obtained for it.
    Domain {
        /// The name.
        name: String,
        /// Where the certificate authority may write to; may be empty.
        email: String,
    },
    /// Through a proxy that speaks HTTPS for it.
    Proxy {
        /// Its networks.
        networks: Vec<String>,
        /// Index of the binding that it comes to.
        binding: usize,
    },
}

/// Saves how people reach the server. Answers whether it waits for a restart.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `domain`, also when the name leads nowhere, `email` or `proxy`; `Conflict` where
/// environment or command line say otherwise.
pub async fn choose_reach(core: &Core, session: &AdminSession, reach: Reach) -> Result<bool> {
    session.require(P::Any)?;
    let changes: Vec<(String, Value)> = match reach {
        Reach::Local => vec![("acme.domains".into(), Value::Null)],
        Reach::Domain { name, email } => {
            addresses(core, session, &name).await?;
            vec![("acme.domains".into(), json!([name])), ("acme.email".into(), json!(email))]
        }
        Reach::Proxy { networks, binding } => {
            let at = |name: &str| format!("httpd.bindings[{binding}].{name}");
            vec![
                (at("proxy_allowed"), json!(networks)),
                (at("client_ip_proxy_header"), json!("X-Forwarded-For")),
                (at("security.https_proxy_headers[0].key"), json!("X-Forwarded-Proto")),
                (at("security.https_proxy_headers[0].value"), json!("https")),
            ]
        }
    };
    let saved = settings::change(core, session, changes.into_iter().collect()).await.map_err(|error| match error {
        Error::Invalid { field, message } if field.contains("proxy_allowed") => Error::invalid("proxy", message),
        Error::Invalid { field, message } if field.starts_with("acme.email") => Error::invalid("email", message),
        Error::Invalid { field, message } if field.starts_with("acme.") => Error::invalid("domain", message),
        other => other,
    })?;
    Ok(!saved.needs_restart.is_empty())
}

/// The addresses that a name leads to.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `domain`.
pub async fn addresses(core: &Core, session: &AdminSession, name: &str) -> Result<Vec<IpAddr>> {
    session.require(P::Any)?;
    let is_name = name.contains('.')
        && name.len() <= 253
        && name.parse::<IpAddr>().is_err()
        && name.split('.').all(|label| {
            !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    if !is_name {
        return Err(Error::invalid("domain", format!("{name:?} is no domain name such as files.example.com")));
    }
    let examiner = core.services().examiner().ok_or(Error::Unsupported)?;
    let name = name.to_owned();
    run(core, move || examiner.addresses(&name)).await?.map_err(|message| Error::invalid("domain", message))
}

/// Has a sealed backup made every night, at `at` (`HH:MM`, local). The passphrase is kept in a file of the data folder, for the
/// account of the server only.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `at` or `passphrase`; `Conflict` where environment or command line say otherwise.
pub async fn choose_backup(core: &Core, session: &AdminSession, at: &str, passphrase: &Sensitive<String>) -> Result<()> {
    session.require(P::Any)?;
    let passphrase = passphrase.expose().trim().to_owned();
    if passphrase.chars().count() < LEAST_PASSPHRASE {
        return Err(Error::invalid("passphrase", format!("at least {LEAST_PASSPHRASE} characters are needed")));
    }
    if passphrase.chars().any(char::is_control) {
        return Err(Error::invalid("passphrase", "it must be one line"));
    }
    let path = core.data_directory().join(PASSPHRASE_FILE);
    let target = path.clone();
    let written = run(core, move || {
        let file = private_file::Writer::create(&target)?;
        file.write(passphrase.as_bytes())?;
        file.finish()
    });
    written.await?.map_err(|error| Error::invalid("passphrase", format!("it cannot be kept in {}: {error}", path.display())))?;
    let changes = BTreeMap::from([
        ("backup.at".to_owned(), Value::from(at.trim())),
        ("backup.passphrase_file".to_owned(), Value::from(path.to_string_lossy())),
    ]);
    match settings::change(core, session, changes).await {
        Ok(_) => Ok(()),
        Err(Error::Invalid { field, message }) if field == "backup.at" => Err(Error::invalid("at", message)),
        Err(error) => Err(error),
    }
}

/// Has the server start again in place, for settings that wait for it.
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

fn current(core: &Core) -> PathBuf {
    match core.settings().data_provider.users_base_dir.trim() {
        "" => homes(core),
        base => PathBuf::from(base),
    }
}

fn candidates(data: &Path, typed: Option<PathBuf>, current: PathBuf, default: PathBuf) -> Vec<PathBuf> {
    let device = |path: &Path| {
        let there = if path.is_dir() { Some(path.to_owned()) } else { nearest(path) };
        there.and_then(|path| inspect(&path).ok().flatten()).map(|facts| facts.device)
    };
    let own = device(data);
    let on_disks = disks().into_iter().filter(|disk| disk.path != Path::new("/") && device(&disk.path) != own);
    let mut found: Vec<PathBuf> = Vec::new();
    let all = typed.into_iter().chain([current, default]).chain(on_disks.map(|disk| disk.path.join(PROPOSED)));
    for path in all {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found.truncate(MOST);
    found
}

async fn look(core: &Core, path: PathBuf, current: &Path, default: &Path) -> Result<Place> {
    let (is_current, is_default) = (path == *current, path == *default);
    let trouble = if !path.is_absolute() {
        Some(Trouble::NotAbsolute)
    } else {
        match check_root(core, "path", &FilesystemConfig::default(), &path.to_string_lossy()).await {
            Ok(()) => None,
            Err(Error::Invalid { .. }) => Some(Trouble::NotApart),
            Err(error) => return Err(error),
        }
    };
    run(core, move || {
        let there = if path.is_dir() { Some(path.clone()) } else { nearest(&path) };
        let facts = there.and_then(|place| inspect(&place).ok().flatten());
        let disk = disks().into_iter().filter(|disk| path.starts_with(&disk.path)).max_by_key(|disk| disk.path.as_os_str().len());
        Place {
            is_current,
            is_default,
            disk,
            free: facts.map_or(0, |facts| facts.free),
            total: facts.map_or(0, |facts| facts.total),
            trial: trouble.map_or_else(|| tried(&path), Err),
            path,
        }
    })
    .await
}

fn tried(path: &Path) -> std::result::Result<FolderTrial, Trouble> {
    try_out(path).map_err(|failure| {
        let owner = inspect(&failure.place).ok().flatten().map(|facts| facts.uid);
        let (own, group) = own_identity();
        let is_ownership = failure.error.kind() == std::io::ErrorKind::PermissionDenied && owner != Some(own);
        let shown = quoted(&path.to_string_lossy());
        let fix = is_ownership.then(|| format!("sudo mkdir -p {shown} && sudo chown {own}:{group} {shown}"));
        Trouble::Failed { step: failure.step, place: failure.place, owner, own, message: failure.error.to_string(), fix }
    })
}

/// For a shell.
fn quoted(path: &str) -> String {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if is_plain { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotApart => f.write_str("the folder holds the server's own data or lies in it"),
            Self::NotAbsolute => f.write_str("an absolute path is needed, such as /mnt/tank/entrepot"),
            Self::Failed { place, message, .. } => write!(f, "{} cannot hold files: {message}", place.display()),
        }
    }
}

async fn run<T: Send + 'static>(core: &Core, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    core.tasks().storage().run(job).await.map_err(|error| Error::internal("looking at this machine", error))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn commands_quote_what_a_shell_would_split() {
        assert_eq!(quoted("/mnt/tank/entrepot"), "/mnt/tank/entrepot");
        assert_eq!(quoted("/media/Ana's disk"), r"'/media/Ana'\''s disk'");
    }
}
