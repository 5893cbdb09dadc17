//! What is inside the envelope: a compressed tar archive. Its first member, `manifest.json`, says what it is; `database/main`
//! and `database/events` are the databases; what lay in the data folder is below `data/`, what the settings name elsewhere
//! below `outside/`, by its whole path.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Component, Path, PathBuf},
};

use anyhow::Context as _;
use entrepot_secrets::{
    Sensitive,
    envelope::{Costs, EnvelopeError},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};

use super::{
    contents::Contents,
    snapshot::Snapshot,
    stream::{self, SealedReader, SealedWriter},
};
use crate::exit::{self, Failure};

/// Form of the archive; one that a program does not know is refused.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// Longest manifest, in bytes.
const MANIFEST_LIMIT: u64 = 16 * 1024 * 1024;
/// Larger files are no settings, keys or certificates, in bytes.
pub(crate) const FILE_LIMIT: u64 = 64 * 1024 * 1024;

/// What a backup says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    /// Version of the program that wrote it.
    pub(crate) version: String,
    /// When it was made, RFC 3339.
    pub(crate) created: String,
    /// Name of the main database in the data folder.
    pub(crate) database: String,
    /// The data folder; empty in backups of the first versions.
    #[serde(default)]
    pub(crate) data_dir: String,
    /// What whoever restores it should know.
    pub(crate) notes: Vec<String>,
}

impl Manifest {
    pub(crate) fn new(version: String, created: String, contents: &Contents) -> Self {
        let Contents { database, data_dir, notes, .. } = contents.clone();
        Self { format: FORMAT, version, created, database, data_dir, notes }
    }
}

/// Where a member belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The main database.
    MainDatabase,
    /// The events.
    EventsDatabase,
    /// Beneath the data folder.
    Data(PathBuf),
    /// Anywhere else, relative to the root.
    Outside(PathBuf),
}

impl Place {
    fn name(&self) -> PathBuf {
        match self {
            Self::MainDatabase => "database/main".into(),
            Self::EventsDatabase => "database/events".into(),
            Self::Data(path) => Path::new("data").join(path),
            Self::Outside(path) => Path::new("outside").join(path),
        }
    }

    /// `None` for a name that leads out of its place, or to no place.
    fn of(name: &Path) -> Option<Self> {
        let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain {
            return None;
        }
        if name == Path::new("database/main") {
            return Some(Self::MainDatabase);
        }
        if name == Path::new("database/events") {
            return Some(Self::EventsDatabase);
        }
        let below = |place: &str| name.strip_prefix(place).ok().filter(|rest| !rest.as_os_str().is_empty()).map(Path::to_owned);
        below("data").map(Self::Data).or_else(|| below("outside").map(Self::Outside))
    }
}

/// Writes a whole backup to `output`.
///
/// # Errors
/// A file cannot be read, or the output not be written; a weak passphrase.
pub(super) fn write<W: Write>(
    output: W,
    passphrase: &Sensitive<String>,
    costs: Costs,
    manifest: &Manifest,
    snapshot: &Snapshot,
    contents: &Contents,
) -> anyhow::Result<W> {
    let sealed = SealedWriter::begin(output, passphrase, costs).map_err(explained)?;
    let mut archive = tar::Builder::new(GzEncoder::new(sealed, Compression::default()));
    let text = serde_json::to_vec_pretty(manifest)?;
    append(&mut archive, Path::new(MANIFEST), text.len() as u64, text.as_slice())?;
    let copies = Snapshot::databases();
    for (place, path) in [(Place::MainDatabase, &copies.main), (Place::EventsDatabase, &copies.events)] {
        let file = snapshot.open(path).with_context(|| format!("the copy of the database {}", path.display()))?;
        let length = file.metadata()?.len();
        append(&mut archive, &place.name(), length, file)?;
    }
    for member in &contents.members {
        let source = &member.source;
        let content = read_whole(source, if source.is_absolute() { File::open(source) } else { snapshot.open(source) })?;
        let place = if member.is_outside { Place::Outside(member.path.clone()) } else { Place::Data(member.path.clone()) };
        append(&mut archive, &place.name(), content.len() as u64, content.as_slice())?;
    }
    let compressed = archive.into_inner()?;
    Ok(compressed.finish()?.finish()?)
}

/// A file that may change while it is read is taken as it is at one moment.
pub(super) fn read_whole(path: &Path, file: io::Result<File>) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = file.and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut content));
    read.map_err(|error| Failure::with_code(exit::DATA, format!("{} cannot be read: {error}", path.display())))?;
    if content.len() as u64 > FILE_LIMIT {
        return Err(Failure::with_code(exit::DATA, format!("{} grew too large to be a setting or a key", path.display())));
    }
    Ok(content)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, name: &Path, length: u64, content: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    archive.append_data(&mut header, name, content)
}

/// Reads a backup from its beginning to its end, and hands every member to `take`. What it hands over was verified up to
/// there; that the whole file is sound is known only when this answers.
///
/// # Errors
/// A wrong passphrase, a file that was altered, a form that this program does not know, and what `take` answers.
pub(crate) fn read(
    input: impl Read,
    passphrase: &Sensitive<String>,
    mut take: impl FnMut(&Manifest, Place, u64, &mut dyn Read) -> anyhow::Result<()>,
) -> anyhow::Result<Manifest> {
    let sealed = SealedReader::begin(input, passphrase).map_err(explained)?;
    let mut archive = tar::Archive::new(GzDecoder::new(sealed));
    let mut entries = archive.entries().map_err(explained)?;
    let first = entries.next().ok_or_else(|| damaged("it is empty"))?.map_err(explained)?;
    let manifest = manifest(first)?;
    let mut has_database = false;
    for entry in entries {
        let mut entry = entry.map_err(explained)?;
        let name = entry.path().map_err(explained)?.into_owned();
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(damaged(&format!("{} is no file", name.display())));
        }
        let place = Place::of(&name).ok_or_else(|| damaged(&format!("{} has no place", name.display())))?;
        has_database |= place == Place::MainDatabase;
        let length = entry.size();
        take(&manifest, place, length, &mut entry)?;
    }
    // To the end of the envelope: a file that was cut after the archive is not whole.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(explained)?;
    io::copy(rest.get_mut(), &mut io::sink()).map_err(explained)?;
    if has_database { Ok(manifest) } else { Err(damaged("it has no database")) }
}

fn manifest(entry: tar::Entry<'_, impl Read>) -> anyhow::Result<Manifest> {
    if entry.path().map_err(explained)? != Path::new(MANIFEST) {
        return Err(damaged("it has no manifest"));
    }
    let mut text = Vec::new();
    entry.take(MANIFEST_LIMIT).read_to_end(&mut text).map_err(explained)?;
    let form = serde_json::from_slice::<serde_json::Value>(&text).ok().and_then(|manifest| manifest["format"].as_u64());
    match form {
        Some(form) if form == u64::from(FORMAT) => {}
        Some(form) => {
            let message = format!("the backup has form {form}, and this program reads form {FORMAT}: use a newer version");
            return Err(Failure::with_code(exit::DATA, message));
        }
        None => return Err(damaged("its manifest cannot be read")),
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| damaged(&format!("its manifest: {error}")))?;
    let is_name = Path::new(&manifest.database).components().all(|part| matches!(part, Component::Normal(_)));
    if manifest.database.is_empty() || !is_name {
        return Err(damaged("its manifest names no database"));
    }
    Ok(manifest)
}

fn damaged(what: &str) -> anyhow::Error {
    Failure::with_code(exit::DATA, format!("the backup cannot be used: {what}"))
}

/// A failure of the stream in words, with the code of its kind.
pub(super) fn explained(error: io::Error) -> anyhow::Error {
    match stream::cause(&error) {
        Some(cause @ EnvelopeError::Passphrase) => Failure::with_code(exit::KEYS, cause.to_string()),
        Some(cause @ EnvelopeError::Weak(_)) => Failure::with_code(exit::USAGE, cause.to_string()),
        Some(cause) => Failure::with_code(exit::DATA, cause.to_string()),
        None if matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
        ) =>
        {
            damaged(&error.to_string())
        }
        None => anyhow::Error::new(error).context("the backup cannot be read or written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // BKP-003
    #[test]
    fn names_that_lead_out_have_no_place() {
        assert_eq!(Place::of(Path::new("data/certs/a.key")), Some(Place::Data("certs/a.key".into())));
        assert_eq!(Place::of(Path::new("outside/etc/x")), Some(Place::Outside("etc/x".into())));
        assert_eq!(Place::of(Path::new("database/main")), Some(Place::MainDatabase));
        for name in ["data/../../etc/passwd", "/data/x", "data", "else/x", "database/other", "../x"] {
            assert_eq!(Place::of(Path::new(name)), None, "{name}");
        }
    }
}
