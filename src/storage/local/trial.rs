//! Trying a folder out with a real file: whether what uploads need works there, before anybody relies on it.

#![allow(clippy::disallowed_methods, reason = "the file of the trial is made, read and removed here")]

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use entrepot_model::MAX_NAME_BYTES;

use super::inspection::nearest;

/// Bytes that are written and read back.
pub const TRIAL_SIZE: usize = 4 << 20;
/// A letter of more than one byte, of which the longest name is made.
const LETTER: &str = "ж";

/// What a folder could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderTrial {
    /// Time to write [`TRIAL_SIZE`] bytes and to read them back.
    pub written: Duration,
    /// Time until the disk said that it has them.
    pub synced: Duration,
    /// Names of 255 bytes of UTF-8 are kept.
    pub keeps_long_names: bool,
    /// Names that other systems forbid (`: * ?`) are kept.
    pub keeps_odd_names: bool,
}

/// Where a trial ended.
#[derive(Debug)]
pub struct TrialFailure {
    /// What was tried.
    pub step: TrialStep,
    /// The folder in which it was tried.
    pub place: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

/// What is tried, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialStep {
    /// A folder is made.
    Make,
    /// A file is written and read back.
    Write,
    /// The disk confirms it.
    Sync,
    /// The file is renamed over another, as the end of every upload does.
    Rename,
}

/// Removes what a trial made, however it ends.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a hidden folder in `path` (if that is not there, in the nearest folder above it), works in it, and removes it. It
/// blocks.
///
/// # Errors
/// The step that failed, the first also where a file is in the way. Nothing is left behind.
pub fn try_out(path: &Path) -> Result<FolderTrial, TrialFailure> {
    if let Some(place) = in_the_way(path) {
        let error = io::Error::new(io::ErrorKind::NotADirectory, "it is no folder");
        return Err(TrialFailure { step: TrialStep::Make, place, error });
    }
    let place = if path.is_dir() { path.to_owned() } else { nearest(path).unwrap_or_else(|| PathBuf::from("/")) };
    let failed = |step| {
        let place = place.clone();
        move |error| TrialFailure { step, place, error }
    };
    let scratch = make(&place).map_err(failed(TrialStep::Make))?;
    let first = scratch.0.join("first");
    let begin = Instant::now();
    let file = write(&first).map_err(failed(TrialStep::Write))?;
    let written = begin.elapsed();
    let begin = Instant::now();
    file.sync_all().map_err(failed(TrialStep::Sync))?;
    let synced = begin.elapsed();
    let second = scratch.0.join("second");
    replace(&first, &second).map_err(failed(TrialStep::Rename))?;
    let long = LETTER.repeat(MAX_NAME_BYTES / LETTER.len()) + "x";
    Ok(FolderTrial { written, synced, keeps_long_names: keeps(&scratch.0, &long), keeps_odd_names: keeps(&scratch.0, "a: b*c?") })
}

/// What is there under the name, or under that of a folder above it, and is no folder: a file, or a link that leads nowhere.
fn in_the_way(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().find(|above| above.symlink_metadata().is_ok())?;
    (!there.is_dir()).then(|| there.to_owned())
}

fn make(place: &Path) -> io::Result<Scratch> {
    let number = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
    let path = place.join(format!(".entrepot-trial-{}-{number}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&path)?;
    Ok(Scratch(path))
}

fn write(path: &Path) -> io::Result<File> {
    // No block is like another: a file system that compresses or shares must still do its work.
    let content: Vec<u8> =
        (0..TRIAL_SIZE / 8).flat_map(|at| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&content)?;
    file.seek(SeekFrom::Start(0))?;
    let mut found = Vec::with_capacity(content.len());
    (&file).take(content.len() as u64 + 1).read_to_end(&mut found)?;
    if found == content {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "what was read is not what was written"))
    }
}

fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::write(to, b"older")?;
    fs::rename(from, to)?;
    match fs::metadata(to)?.len() {
        length if length == TRIAL_SIZE as u64 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the renamed file is not what was written")),
    }
}

fn keeps(folder: &Path, name: &str) -> bool {
    let is_made = fs::write(folder.join(name), b"").is_ok();
    let listed = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    is_made && listed.into_iter().any(|entry| entry.file_name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_that_works_passes_and_stays_empty() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let trial = try_out(folder.path()).expect("it works");
        assert!(trial.keeps_long_names && trial.keeps_odd_names, "{trial:?}");
        let missing = folder.path().join("a/b");
        try_out(&missing).expect("the folder above works");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0, "nothing is left behind");
    }

    // UI-201
    #[test]
    fn a_file_is_no_place_nor_is_anything_below_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("notes.txt");
        fs::write(&file, b"mine").expect("written");
        let dangling = folder.path().join("link");
        std::os::unix::fs::symlink("nowhere", &dangling).expect("linked");
        for (path, place) in [(file.clone(), &file), (file.join("a/b"), &file), (dangling.clone(), &dangling)] {
            let failure = try_out(&path).expect_err("there is no folder, and none can be made");
            assert_eq!((failure.step, &failure.place), (TrialStep::Make, place));
            assert_eq!(failure.error.to_string(), "it is no folder");
        }
        assert_eq!(fs::read(&file).expect("read"), b"mine");
    }

    #[test]
    fn what_is_no_folder_for_files_says_where_it_ended() {
        let failure = try_out(Path::new("/proc/self")).expect_err("nobody can make anything there");
        assert_eq!(failure.step, TrialStep::Make);
        assert_eq!(failure.place, Path::new("/proc/self"));
    }
}
