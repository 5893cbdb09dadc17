//! Compression of rotated files (LOG-010), in a thread of its own: the log goes on meanwhile.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    thread,
};

use flate2::{Compression, write::GzEncoder};

/// End of the names of compressed files.
pub(super) const SUFFIX: &str = ".gz";

/// Compresses the file and removes it. If that fails it stays as it is: a log is worth more than its room.
pub(super) fn begin(path: PathBuf) {
    let work = move || {
        if let Err(error) = compress(&path) {
            tracing::warn!(path = %path.display(), %error, "a rotated log file cannot be compressed");
        }
    };
    // Without a thread there is no compression, which is no loss.
    let _ = thread::Builder::new().name("log-gzip".into()).stack_size(512 << 10).spawn(work);
}

fn compress(path: &Path) -> io::Result<()> {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (unfinished, finished) = (with(".new"), with(SUFFIX));
    let write = || -> io::Result<()> {
        let target = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&unfinished)?;
        let mut encoder = GzEncoder::new(target, Compression::default());
        io::copy(&mut BufReader::new(File::open(path)?), &mut encoder)?;
        encoder.finish()?.sync_all()
    };
    if let Err(error) = write() {
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    fs::rename(&unfinished, &finished)?;
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, os::unix::fs::PermissionsExt as _};

    use flate2::read::GzDecoder;

    use super::*;

    // LOG-010
    #[test]
    fn compressed_file_has_the_lines_and_takes_the_place_of_the_other() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("entrepot-2026-01-01T00-00-00.000.log");
        fs::write(&path, "a line\n".repeat(10_000)).expect("written");
        compress(&path).expect("compressed");
        assert!(!path.exists());
        let packed = folder.path().join("entrepot-2026-01-01T00-00-00.000.log.gz");
        let facts = fs::metadata(&packed).expect("there");
        assert!(facts.len() < 1000 && facts.permissions().mode() & 0o777 == 0o600);
        let mut text = String::new();
        GzDecoder::new(File::open(&packed).expect("opened")).read_to_string(&mut text).expect("gzip");
        assert_eq!(text.lines().count(), 10_000);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
