//! `entrepot backup`: the whole server in one sealed file, so that a dead disk or a new machine costs minutes.
//!
//! In it are the databases, the settings, host keys, certificates and secrets; files of users are not. Beside a running server
//! the server makes the copies of the databases, and the command reads the rest and seals it: the passphrase is seen by no
//! other process.

pub(crate) mod archive;
pub(crate) mod contents;
pub(crate) mod passphrase;
pub(crate) mod schedule;
mod snapshot;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use chrono::{DateTime, SecondsFormat, Utc};
use entrepot_config::{Loaded, Origin};
use entrepot_core::Core;
use entrepot_secrets::{Sensitive, envelope::Costs};
use entrepot_storage::private_file;
use entrepot_store::Store;
use serde_json::{Value, json};

use crate::{
    arguments, control,
    data_folder::DataFolder,
    exit::{self, Failure},
    load, version,
};
use archive::Manifest;
use contents::Contents;
use passphrase::Purpose;
use snapshot::{FORGOTTEN, Snapshot, remove_forgotten};

/// What is to be archived.
struct Prepared {
    snapshot: Snapshot,
    contents: Contents,
}

/// The files that settings were read from.
pub(crate) fn configuration_files(loaded: &Loaded) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for origin in loaded.origins.values() {
        if let Origin::File(path) | Origin::EnvironmentDirectory(path) = origin
            && !files.contains(path)
        {
            files.push(path.clone());
        }
    }
    files
}

/// Makes a backup.
///
/// # Errors
/// The server or the files cannot be read, the backup not be written, or a weak passphrase.
pub(crate) fn run(command: &arguments::Backup) -> anyhow::Result<()> {
    let folder = DataFolder::at(&command.place.data_dir)?;
    if !folder.path().is_dir() {
        return Err(Failure::with_code(exit::DATA, format!("the data folder {} does not exist", folder.path().display())));
    }
    if command.file != Path::new("-") && command.file.exists() {
        return Err(exists(&command.file));
    }
    check_folder_of(&command.file)?;
    let sources = load::sources(&folder, &command.place)?;
    let passphrase = passphrase::find(command.passphrase_file.as_deref(), &sources, Purpose::Seal)?;
    let prepared = match control::ask_long(&folder, &json!({ "command": "snapshot" }))? {
        Some(answer) => from_server(&folder, &answer)?,
        None => without_server(&folder, entrepot_config::load(sources)?)?,
    };
    for note in &prepared.contents.notes {
        eprintln!("entrepot: {note}");
    }
    if command.file == Path::new("-") {
        return seal(io::stdout().lock(), &prepared, &passphrase).map(drop);
    }
    let size = write_file(&command.file, &prepared, &passphrase)?;
    println!("{} ({size} bytes, {} files and the databases)", command.file.display(), prepared.contents.members.len());
    Ok(())
}

fn exists(file: &Path) -> anyhow::Error {
    Failure::plain(format!("{} exists; a backup replaces nothing: choose another name", file.display()))
}

/// A folder that is missing is a disk that is not mounted, or a wrong name: made in its place it would fill another disk.
fn check_folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            let message = format!("the folder {} does not exist: make it, or mount the disk that it is on", folder.display());
            Err(Failure::plain(message))
        }
        _ => Ok(()),
    }
}

/// What the running server prepared. Root does not do whatever it says: the folder is one of ours in the data folder, and
/// everything is read below it.
fn from_server(folder: &DataFolder, answer: &Value) -> anyhow::Result<Prepared> {
    let wrong = || Failure::plain("the running server answered something else than copies in its data folder: restart it");
    let name = answer["copies"].as_str().unwrap_or_default();
    let snapshot = Snapshot::adopt(folder.path(), name).map_err(|_| wrong())?;
    let contents: Contents = serde_json::from_value(answer["contents"].clone()).map_err(|_| wrong())?;
    if contents.members.iter().any(|member| member.source.is_absolute()) {
        return Err(wrong());
    }
    Ok(Prepared { snapshot, contents })
}

/// The same, with the lock of the database.
fn without_server(folder: &DataFolder, loaded: Loaded) -> anyhow::Result<Prepared> {
    let snapshot = Snapshot::make(folder.path())?;
    Store::copy_closed(&load::store_options(&loaded.settings), snapshot.folder())?;
    let contents = Contents::of(&loaded.settings, &configuration_files(&loaded))?;
    Ok(Prepared { snapshot, contents })
}

/// The server's part of [`run`]: copies of the databases in a folder that the command reads and removes.
///
/// # Errors
/// They cannot be written or read.
pub(crate) async fn snapshot(core: &Core, configuration: &[PathBuf]) -> anyhow::Result<Value> {
    let Prepared { snapshot, mut contents } = prepare(core, configuration).await?;
    let copy = move || {
        snapshot.take_files(&mut contents)?;
        let contents = serde_json::to_value(&contents)?;
        anyhow::Ok(json!({ "ok": true, "copies": snapshot.hand_over(), "contents": contents }))
    };
    core.tasks().storage().run(copy).await?
}

async fn prepare(core: &Core, configuration: &[PathBuf]) -> anyhow::Result<Prepared> {
    let (settings, configuration) = (core.settings(), configuration.to_vec());
    let (core, pool) = (core.clone(), core.tasks().storage().clone());
    let look = move || {
        let snapshot = Snapshot::make(&settings.data_dir)?;
        core.copy_databases(snapshot.folder())?;
        let contents = Contents::of(&settings, &configuration)?;
        anyhow::Ok(Prepared { snapshot, contents })
    };
    pool.run(look).await?
}

fn seal<W: Write>(output: W, prepared: &Prepared, passphrase: &Sensitive<String>) -> anyhow::Result<W> {
    let created = DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Secs, true);
    let manifest = Manifest::new(version::text().to_owned(), created, &prepared.contents);
    archive::write(output, passphrase, Costs::USUAL, &manifest, &prepared.snapshot, &prepared.contents)
}

/// A file that appears when it is complete.
struct Output(private_file::Writer);

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.write(data).map(|()| data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the file and reads it again: a backup that does not open is noticed now. Answers its size in bytes.
fn write_file(path: &Path, prepared: &Prepared, passphrase: &Sensitive<String>) -> anyhow::Result<u64> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => Failure::plain(format!("{}: no space is left on that disk", path.display())),
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::plain(format!("{} cannot be written: {error}", path.display())),
    };
    // The name of a file in the working directory has no folder.
    let whole = std::path::absolute(path).map_err(failed)?;
    let output = Output(private_file::Writer::create(&whole).map_err(failed)?);
    let written = seal(output, prepared, passphrase)?;
    written.0.finish_new().map_err(failed)?;
    let verified = check(&whole, passphrase);
    if verified.is_err() {
        let _ = fs::remove_file(&whole);
    }
    verified?;
    Ok(fs::metadata(&whole).map_err(failed)?.len())
}

/// Reads a backup from its beginning to its end.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(path: &Path, passphrase: &Sensitive<String>) -> anyhow::Result<Manifest> {
    let file = open(path)?;
    archive::read(file, passphrase, |_, _, _, content| io::copy(content, &mut io::sink()).map(drop).map_err(archive::explained))
}

/// Opens a backup.
pub(crate) fn open(path: &Path) -> anyhow::Result<io::BufReader<File>> {
    let file = File::open(path);
    let file = file.map_err(|error| Failure::plain(format!("{} cannot be read: {error}", path.display())))?;
    Ok(io::BufReader::with_capacity(256 * 1024, file))
}

/// Puts right what a server that was killed left behind. Only who holds the lock of the database may.
pub(crate) fn tidy(folder: &DataFolder) {
    remove_forgotten(folder.path(), FORGOTTEN);
}
