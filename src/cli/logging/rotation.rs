//! The log file and its predecessors (LOG-010, LOG-011).

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use chrono::Local;

use super::compression;

/// When a file is rotated, and what is kept; 0 is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// Bytes.
    pub(crate) size: u64,
    /// Rotated files.
    pub(crate) backups: u32,
    /// Days of rotated files.
    pub(crate) days: u32,
    /// Rotated files are compressed.
    pub(crate) compress: bool,
}

/// The open file.
pub(super) struct LogFile {
    path: PathBuf,
    writer: BufWriter<File>,
    written: u64,
    limits: Limits,
    /// Not a device or a pipe, which is nobody's to rename (`/dev/stdout`).
    is_file: bool,
}

impl LogFile {
    /// Opens it to append; its folder is made, for the owner only, as the file is (mode 0600). Behind a link it is the file that
    /// is rotated, and the link stays.
    pub(super) fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let found = file.metadata()?;
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, writer: BufWriter::new(file), written: found.len(), limits, is_file: found.is_file() })
    }

    /// Writes a line. A full disk loses it.
    pub(super) fn write(&mut self, line: &[u8]) {
        let length = line.len() as u64;
        if self.limits.size > 0 && self.written > 0 && self.written + length > self.limits.size {
            self.rotate();
        }
        if self.writer.write_all(line).is_ok() {
            self.written += length;
        }
    }

    pub(super) fn flush(&mut self) {
        let _ = self.writer.flush();
    }

    /// Renames the file to one with the time in its name, begins a new one, and removes what is too many or too old. If
    /// anything of that fails, the old file goes on. An empty file is left: its turn would cost one that says something.
    pub(super) fn rotate(&mut self) {
        self.flush();
        if !self.is_file || (self.written == 0 && self.path.exists()) {
            return;
        }
        let (stem, extension) = self.names();
        let rotated = self.path.with_file_name(format!("{stem}-{}{extension}", Local::now().format("%Y-%m-%dT%H-%M-%S%.3f")));
        let is_renamed = fs::rename(&self.path, &rotated).is_ok();
        if !is_renamed {
            // Somebody else may have moved it away: then a new one is what is wanted.
            if self.path.exists() {
                return;
            }
        }
        if let Ok(new) = Self::open(&self.path, self.limits) {
            *self = new;
        }
        self.tidy(SystemTime::now());
        if is_renamed && self.limits.compress {
            compression::begin(rotated);
        }
    }

    fn names(&self) -> (String, String) {
        let part = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let extension = part(self.path.extension()).map(|extension| format!(".{extension}")).unwrap_or_default();
        (part(self.path.file_stem()).unwrap_or_default(), extension)
    }

    fn tidy(&self, now: SystemTime) {
        let (stem, extension) = self.names();
        let prefix = format!("{stem}-");
        let is_rotated = |name: &str| {
            let name = name.strip_suffix(compression::SUFFIX).unwrap_or(name);
            let time = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(&extension));
            time.is_some_and(|time| time.len() >= 19 && time.starts_with(|first: char| first.is_ascii_digit()))
        };
        let Some(Ok(entries)) = self.path.parent().map(fs::read_dir) else { return };
        let mut rotated: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_str().is_some_and(is_rotated))
            .map(|entry| entry.path())
            .collect();
        // The time in the name makes them sort by age.
        rotated.sort_unstable_by(|one, other| other.cmp(one));
        let oldest = (self.limits.days > 0).then(|| Duration::from_secs(u64::from(self.limits.days) * 24 * 3600));
        for (position, path) in rotated.iter().enumerate() {
            let is_too_many = self.limits.backups > 0 && position >= self.limits.backups as usize;
            let age = fs::metadata(path).and_then(|found| found.modified()).ok().and_then(|time| now.duration_since(time).ok());
            if is_too_many || age.zip(oldest).is_some_and(|(age, oldest)| age > oldest) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).expect("a folder").count()
    }

    // LOG-011
    #[test]
    fn folder_is_made_and_the_file_is_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a/b/entrepot.log");
        LogFile::open(&path, Limits::default()).expect("opened");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    // LOG-010
    #[test]
    fn full_file_is_renamed_and_old_ones_go() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("entrepot.log");
        for old in ["entrepot-2020-01-01T00-00-00.000.log", "entrepot-2021-01-01T00-00-00.000.log", "entrepot-notes.log"] {
            fs::write(folder.path().join(old), "old").expect("written");
        }
        let mut file = LogFile::open(&path, Limits { size: 10, backups: 2, ..Limits::default() }).expect("opened");
        file.write(b"12345678\n");
        file.write(b"abcdefgh\n");
        file.flush();
        assert_eq!(fs::read_to_string(&path).expect("readable"), "abcdefgh\n");
        assert!(!folder.path().join("entrepot-2020-01-01T00-00-00.000.log").exists(), "one too many");
        assert!(folder.path().join("entrepot-notes.log").exists(), "not one of ours");
        assert_eq!(count(folder.path()), 4);
    }

    // LOG-010, SIG-002
    #[test]
    fn empty_file_takes_the_place_of_none_that_says_something() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("entrepot.log");
        let mut file = LogFile::open(&path, Limits { backups: 2, ..Limits::default() }).expect("opened");
        file.write(b"said\n");
        for _ in 0..9 {
            file.rotate();
        }
        assert_eq!(count(folder.path()), 2, "the file and the one before");
        // Moved away by somebody else: a new one is wanted, whatever was in it.
        fs::remove_file(&path).expect("removed");
        file.rotate();
        assert!(path.exists());
    }

    #[test]
    fn devices_stay_where_they_are_and_links_lead_to_the_new_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (path, link) = (folder.path().join("entrepot.log"), folder.path().join("link"));
        std::os::unix::fs::symlink(&path, &link).expect("link");
        let mut file = LogFile::open(&link, Limits::default()).expect("opened");
        file.write(b"said\n");
        file.rotate();
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!((fs::read_to_string(&link).expect("readable"), count(folder.path())), (String::new(), 3));
        // A pipe stands for every device.
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let _reader = OpenOptions::new().read(true).write(true).open(&pipe).expect("opened");
        let mut file = LogFile::open(&pipe, Limits { size: 4, ..Limits::default() }).expect("opened");
        file.write(b"12345\n");
        file.write(b"12345\n");
        assert_eq!(count(folder.path()), 4, "it has its name");
    }

    // LOG-010
    #[test]
    fn compressed_files_count_as_the_others() {
        let folder = tempfile::tempdir().expect("temporary folder");
        for old in ["entrepot-2020-01-01T00-00-00.000.log.gz", "entrepot-2021-01-01T00-00-00.000.log.gz"] {
            fs::write(folder.path().join(old), "old").expect("written");
        }
        let limits = Limits { backups: 1, ..Limits::default() };
        let file = LogFile::open(&folder.path().join("entrepot.log"), limits).expect("opened");
        file.tidy(SystemTime::now());
        assert!(!folder.path().join("entrepot-2020-01-01T00-00-00.000.log.gz").exists(), "the oldest goes");
        assert_eq!(count(folder.path()), 2);
    }

    // LOG-010
    #[test]
    fn files_older_than_the_limit_go() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = LogFile::open(&folder.path().join("entrepot.log"), Limits { days: 2, ..Limits::default() }).expect("opened");
        fs::write(folder.path().join("entrepot-2021-01-01T00-00-00.000.log"), "old").expect("written");
        file.tidy(SystemTime::now() + Duration::from_secs(24 * 3600));
        assert_eq!(count(folder.path()), 2);
        file.tidy(SystemTime::now() + Duration::from_secs(3 * 24 * 3600));
        assert_eq!(count(folder.path()), 1);
    }
}
