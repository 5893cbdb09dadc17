//! Backups in files of the server.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use bytes::Bytes;
use entrepot_config::regular_file;
use entrepot_storage::{PoolError, private_file};

use crate::{Core, Error, Result};

/// The folder of backups (`data_provider.backups_path`).
pub(super) fn folder(core: &Core) -> PathBuf {
    core.data_directory().join(&core.settings().data_provider.backups_path)
}

/// A backup that is being written; without [`Output::finish`] nothing of it stays.
pub(super) struct Output {
    core: Core,
    path: PathBuf,
    file: private_file::Writer,
}

impl Output {
    /// A file of that name below the folder of backups.
    ///
    /// # Errors
    /// `Invalid` for `output-file`.
    pub(super) async fn create(core: &Core, name: &str) -> Result<Self> {
        let relative = Path::new(name.trim());
        let is_below = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if relative.as_os_str().is_empty() || !is_below || name.contains('\0') {
            return Err(Error::invalid(
                "output-file",
                format!("invalid output-file {name:?}: a relative path without .. is needed"),
            ));
        }
        let path = folder(core).join(relative);
        let target = path.clone();
        let file = run(core, move || private_file::Writer::create(&target)).await?;
        Ok(Self { core: core.clone(), path, file: file.map_err(|error| unwritable(&error))? })
    }

    pub(super) async fn write(&mut self, piece: Bytes) -> Result<()> {
        let file = self.file.clone();
        run(&self.core, move || file.write(&piece)).await?.map_err(|error| unwritable(&error))
    }

    pub(super) async fn finish(self) -> Result<PathBuf> {
        let file = self.file;
        run(&self.core, move || file.finish()).await?.map_err(|error| unwritable(&error))?;
        Ok(self.path)
    }
}

/// Reads a backup of at most `limit` bytes: an absolute path, or one below the folder of backups (API-091).
///
/// # Errors
/// `Invalid` for `input-file`: also when there is no such file (API-009), or it is larger.
pub(super) async fn read(core: &Core, path: &str, limit: u64) -> Result<Bytes> {
    let invalid = |problem: String| Error::invalid("input-file", format!("invalid input-file {path:?}: {problem}"));
    let given = Path::new(path);
    if path.trim().is_empty() || path.contains('\0') {
        return Err(invalid("a path is needed".to_owned()));
    }
    if !given.is_absolute() && given.components().any(|part| part == Component::ParentDir) {
        return Err(invalid("a relative path must not contain ..".to_owned()));
    }
    let target = folder(core).join(given);
    let text = run(core, move || regular_file::read(&target, limit)).await?;
    text.map(Bytes::from).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => invalid("there is no such file".to_owned()),
        io::ErrorKind::FileTooLarge => invalid(format!("the file is larger than {} MB", limit / 1024 / 1024)),
        _ => invalid(error.to_string()),
    })
}

async fn run<T: Send + 'static>(core: &Core, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    core.tasks().storage().run(job).await.map_err(|error: PoolError| Error::internal("files of backups", error))
}

fn unwritable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull => Error::NoSpace,
        _ => Error::invalid("output-file", format!("the file cannot be written: {error}")),
    }
}
