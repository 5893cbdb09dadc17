//! Names and passwords in a file as `htpasswd` writes it (TEL-003).

use std::{
    collections::HashMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use entrepot_config::regular_file;
use entrepot_core::Tasks;
use entrepot_secrets::password;

/// Largest file that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;
/// Beginnings of the hashes that count: bcrypt and md5-crypt.
const FORMATS: [&str; 5] = ["$2y$", "$2a$", "$2b$", "$apr1$", "$1$"];

/// What tells that a file changed: its size and when.
type Stamp = (u64, Option<SystemTime>);
/// Hashes by name.
type Hashes = HashMap<String, String>;

/// The file, read again when it changes.
pub struct TelemetryUsers(Arc<File>);

struct File {
    path: PathBuf,
    read: Mutex<Option<(Stamp, Arc<Hashes>)>>,
}

impl TelemetryUsers {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// It cannot be read, or has nobody in it who could ever be let in: a mistake that is told at the start.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let file = File { path, read: Mutex::default() };
        if file.users()?.is_empty() {
            return Err(io::Error::other("no line of it is NAME:HASH with a hash of bcrypt or md5-crypt (htpasswd -B)"));
        }
        Ok(Self(Arc::new(file)))
    }

    /// Whether the password is that of the name. A file that cannot be read any more lets nobody in.
    pub(super) async fn is_known(&self, tasks: &Tasks, name: String, plain: String) -> bool {
        let file = self.0.clone();
        let look = move || {
            let users = match file.users() {
                Ok(users) => users,
                Err(error) => {
                    tracing::error!(path = %file.path.display(), %error, "telemetry.auth_user_file cannot be read");
                    return false;
                }
            };
            let hash = users.get(&name);
            // A name that nobody has costs what a wrong password does.
            let Some(compared) = hash.or_else(|| users.values().next()) else { return false };
            password::verify(compared, plain.as_bytes()).unwrap_or(false) && hash.is_some()
        };
        tasks.password().run(look).await.unwrap_or(false)
    }
}

impl File {
    fn users(&self) -> io::Result<Arc<Hashes>> {
        let found = fs::metadata(&self.path)?;
        let stamp = (found.len(), found.modified().ok());
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, users)) = &*read
            && *known == stamp
        {
            return Ok(users.clone());
        }
        let users = Arc::new(parse(&regular_file::read_text(&self.path, LIMIT)?));
        *read = Some((stamp, users.clone()));
        Ok(users)
    }
}

/// Lines with a hash that counts; of two for one name the later holds.
fn parse(text: &str) -> Hashes {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let known = pairs.filter(|(name, hash)| !name.is_empty() && FORMATS.iter().any(|format| hash.starts_with(format)));
    known.map(|(name, hash)| (name.to_owned(), hash.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // TEL-003
    #[test]
    fn only_lines_with_known_hashes_count() {
        let users =
            parse("# people\n\nann:$2y$05$abc\nbob:{SHA}xyz\ncarl:plain\n:$2y$05$abc\ndora:$apr1$salt$digest\r\nnobody\n");
        let mut names: Vec<_> = users.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["ann", "dora"]);
        assert_eq!(users["dora"], "$apr1$salt$digest");
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a file of the test")]
    fn file_without_anybody_is_told_at_once() {
        let folder = tempfile::tempdir().expect("temporary folder");
        assert!(TelemetryUsers::open(folder.path().join("none")).is_err());
        let empty = folder.path().join("empty");
        fs::File::create(&empty).expect("made");
        assert!(TelemetryUsers::open(empty).is_err_and(|error| error.to_string().contains("htpasswd")));
    }
}
