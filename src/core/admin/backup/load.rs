//! Loading a backup.

use bytes::Bytes;
use entrepot_model::AdminPermission as P;

use super::{
    Entry, Failure, LoadReport, Scope, VERSION, configurations,
    cut::{Cut, CutError},
    file,
    kinds::KINDS,
    object::Load,
    scan, upgrade,
};
use crate::{Core, Error, Result, admin::AdminSession};

/// What happens to objects that exist (API-092).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoadMode {
    /// They are replaced.
    #[default]
    AddAndUpdate,
    /// They stay as they are.
    Add,
    /// They are replaced, and sessions of users that were end.
    AddUpdateAndDisconnect,
}

impl LoadMode {
    /// The mode of that number.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::AddAndUpdate),
            1 => Some(Self::Add),
            2 => Some(Self::AddUpdateAndDisconnect),
            _ => None,
        }
    }
}

/// Whose files are counted after loading (API-092).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuotaScan {
    /// Nobody's.
    #[default]
    None,
    /// Those of all loaded users and folders.
    All,
    /// Those of loaded users with a limit, and of loaded folders.
    Restricted,
}

impl QuotaScan {
    /// The choice of that number.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::All),
            2 => Some(Self::Restricted),
            _ => None,
        }
    }
}

/// How to load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// What happens to objects that exist.
    pub mode: LoadMode,
    /// Whose files are counted afterwards.
    pub scan: QuotaScan,
    /// Check everything, name every failure, and write nothing.
    pub is_dry_run: bool,
}

/// Loads a backup, object by object in the order of API-093. The first that fails ends it; those before stay (API-094). It
/// goes on when its caller goes away.
///
/// # Errors
/// `Denied` without `*`. What is wrong with the document or an object is in the report.
pub async fn load(core: &Core, session: &AdminSession, text: Bytes, options: LoadOptions) -> Result<LoadReport> {
    session.require(P::Any)?;
    let load = Load::new(core.clone(), session.clone(), options.mode, options.is_dry_run);
    let loading = core.tasks().spawn(async move { run(&load, &text, options).await });
    loading.await.map_err(|error| Error::internal("loading a backup", error))
}

/// Loads a backup from a file of the server: an absolute path, or one below the folder of backups (API-091).
///
/// # Errors
/// As [`load`]; `Invalid` for `input-file` when it cannot be read or is larger than `hook.httpd_max_restore_size`.
pub async fn load_file(core: &Core, session: &AdminSession, path: &str, options: LoadOptions) -> Result<LoadReport> {
    session.require(P::Any)?;
    let text = file::read(core, path, limit(core)).await?;
    load(core, session, text, options).await
}

/// Longest document that is taken over HTTP, in bytes (API-013).
pub fn limit(core: &Core) -> u64 {
    u64::from(core.settings().hook.httpd_max_restore_size) * 1024 * 1024
}

async fn run(load: &Load, text: &[u8], options: LoadOptions) -> LoadReport {
    let mut report = LoadReport::default();
    if let Err(failure) = take_document(load, text, &mut report).await {
        report.failures.push(failure);
    }
    if !options.is_dry_run {
        scan::start(load.core(), load.session(), &report, options.scan);
    }
    let session = load.session().username();
    match report.failures.first() {
        None => tracing::info!(executor = session, dry_run = options.is_dry_run, summary = report.summary(), "backup loaded"),
        Some(failure) => {
            tracing::warn!(executor = session, dry_run = options.is_dry_run, summary = report.summary(), %failure, "backup not loaded completely");
        }
    }
    report
}

/// The first failure ends it, but in a dry run.
async fn take_document(load: &Load, text: &[u8], report: &mut LoadReport) -> Result<(), Failure> {
    let document = Cut::new(text).map_err(wrong_document)?;
    let version = version(&document, text)?;
    let known = |name: &str| name == "version" || Scope::ALL.iter().any(|scope| scope.member() == name && is_kept(*scope));
    report.ignored = document.names().filter(|name| !known(name)).map(str::to_owned).collect();
    if let Some(value) = document.value(text, Scope::Configurations.member())
        && let Some(outcome) = configurations::restore(load, &text[value]).await.transpose()
    {
        let name = Scope::Configurations.member().to_owned();
        note(load, report, Scope::Configurations, name, outcome)?;
    }
    for kind in KINDS {
        let scope = kind.scope();
        let elements = document.elements(text, scope.member()).map_err(wrong_document)?;
        for (index, element) in elements.into_iter().enumerate() {
            let object = upgrade::object(scope, version, &text[element]);
            let (name, outcome) = kind.restore(load, &object).await;
            let name = name.unwrap_or_else(|| format!("{}[{index}]", scope.member()));
            note(load, report, scope, name, outcome)?;
        }
    }
    Ok(())
}

/// Whether this program keeps objects of a kind.
fn is_kept(scope: Scope) -> bool {
    scope == Scope::Configurations || KINDS.iter().any(|kind| kind.scope() == scope)
}

fn note(
    load: &Load,
    report: &mut LoadReport,
    scope: Scope,
    name: String,
    outcome: Result<super::Outcome>,
) -> Result<(), Failure> {
    match outcome {
        Ok(outcome) => {
            report.entries.push(Entry { scope, name, outcome });
            Ok(())
        }
        Err(error) => {
            let failure = Failure { scope: Some(scope), name, error };
            if !load.is_dry_run() {
                return Err(failure);
            }
            report.failures.push(failure);
            Ok(())
        }
    }
}

/// API-090. A document without one is taken for the oldest.
fn version(document: &Cut, text: &[u8]) -> Result<i64, Failure> {
    let Some(value) = document.value(text, "version") else { return Ok(0) };
    let version = serde_json::from_slice::<i64>(&text[value]).ok().filter(|version| *version >= 0);
    match version {
        Some(version) if version <= VERSION => Ok(version),
        Some(version) => Err(failure(format!(
            "the backup has version {version}, this program knows versions up to {VERSION}: use a newer program"
        ))),
        None => Err(failure("version must be a whole number".to_owned())),
    }
}

fn wrong_document(error: CutError) -> Failure {
    failure(error.to_string())
}

fn failure(message: String) -> Failure {
    Failure { scope: None, name: String::new(), error: Error::invalid("backup", message) }
}
