//! What the account files of other servers have in common: from a line to a user, and a reason for everything that is lost.

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind},
    path::Path,
};

use entrepot_config::regular_file;
use entrepot_core::admin::backup;
use entrepot_model::{Permission, User};
use entrepot_secrets::password;
use serde_json::json;

use crate::exit::Failure;

/// Longest file beside the list of accounts, in bytes: settings, hashes, keys.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Accounts of another server, as users of this one.
#[derive(Debug, Default)]
pub(super) struct Converted {
    /// Those that can be made.
    pub(super) users: Vec<User>,
    /// Name and what becomes of it: something of an account cannot be kept, or all of it.
    pub(super) notes: Vec<(String, String)>,
    names: BTreeSet<String>,
}

impl Converted {
    /// Adds a user.
    pub(super) fn add(&mut self, user: User) {
        if self.names.insert(user.username.clone()) {
            self.users.push(user);
        } else {
            self.note(&user.username, "is there twice; the first one counts");
        }
    }

    /// Says that something of an account cannot be kept.
    pub(super) fn note(&mut self, name: &str, what: impl Into<String>) {
        self.notes.push((name.to_owned(), what.into()));
    }

    /// The users as a document that can be loaded.
    pub(super) fn document(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&json!({ "version": backup::VERSION, "users": self.users }))?)
    }

    /// Gives `user` the stored password of another system, or says why not. Without one the account is disabled, unless it
    /// has a key. A `!` before it locks the account (usermod(8)), with or without a password behind it: it stays closed.
    pub(super) fn keep_hash(&mut self, user: &mut User, stored: &str) {
        let name = user.username.clone();
        let (is_locked, hash) = match stored.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, stored),
        };
        if is_locked {
            user.status = 0;
            self.note(&name, "is locked (its password begins with !): it is made disabled");
        }
        match judge(hash) {
            Verdict::Kept => user.password = Some(hash.to_owned()),
            // Nothing else is behind the mark of a lock that never had a password.
            Verdict::Absent | Verdict::Empty if is_locked => {}
            Verdict::Absent if user.public_keys.is_empty() => {
                user.status = 0;
                self.note(&name, "has no password and no key: it is made disabled");
            }
            Verdict::Absent => {}
            Verdict::Empty => {
                user.status = 0;
                self.note(&name, "has an empty password, and nobody may log in without one: it is made disabled");
            }
            Verdict::Unknown(form) => {
                if user.public_keys.is_empty() {
                    user.status = 0;
                }
                self.note(&name, format!("its password is stored as {form}, which cannot be checked here: set a new one"));
            }
        }
    }
}

enum Verdict {
    Kept,
    Absent,
    Empty,
    Unknown(&'static str),
}

fn judge(hash: &str) -> Verdict {
    // "*", "!!", "x": no password fits.
    if hash == "x" || hash.starts_with(['*', '!']) {
        return Verdict::Absent;
    }
    if hash.is_empty() {
        return Verdict::Empty;
    }
    if password::is_hash_prefix(hash) && password::validate_hash(hash).is_ok() {
        return Verdict::Kept;
    }
    let is_crypt = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'));
    Verdict::Unknown(match hash {
        _ if hash.starts_with("$7$") => "scrypt",
        _ if hash.starts_with("$gy$") => "gost-yescrypt",
        _ if hash.starts_with("$sha1$") => "PBKDF1 of SHA-1",
        _ if hash.starts_with("$md5") => "MD5 of Solaris",
        _ if hash.starts_with("$2x$") => "bcrypt with a known defect",
        _ if hash.starts_with("$3$") => "a hash of Windows NT",
        _ if hash.starts_with('_') && hash.len() == 20 && is_crypt(&hash[1..]) => "DES of BSDI",
        _ if hash.len() == 13 && is_crypt(hash) => "DES",
        _ => "something that is not known",
    })
}

/// A user with every permission at `/`.
pub(super) fn user(name: &str, home: &str) -> User {
    let mut user = User { username: name.to_owned(), home_dir: home.to_owned(), status: 1, ..User::default() };
    user.permissions.insert("/".to_owned(), vec![Permission::Any]);
    user
}

/// An owner of files.
pub(super) fn id(text: &str) -> Option<i64> {
    text.parse::<u32>().ok().map(i64::from)
}

/// The keys of an account, from a file as `authorized_keys` is (sshd(8)). A key with options may do less than one without: it
/// is left out. No file is no key.
pub(super) fn keys(converted: &mut Converted, name: &str, path: &Path) -> Vec<String> {
    let text = match read(path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Vec::new(),
        Err(error) => {
            converted.note(name, format!("{} cannot be read ({error}): its keys are not kept", path.display()));
            return Vec::new();
        }
    };
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_key = ["ssh-", "ecdsa-", "sk-"].iter().any(|begin| line.starts_with(begin)) && line.split_whitespace().count() > 1;
        if is_key {
            keys.push(line.to_owned());
        } else {
            let place = format!("line {} of {}", index + 1, path.display());
            converted.note(name, format!("{place} is a key with options, or no key: it is not kept"));
        }
    }
    keys
}

/// The text of a file. It may be a file of somebody who is imported, and root reads it: nothing but a regular file of a sensible
/// length is.
///
/// # Errors
/// Those of the system; it is no such file.
pub(super) fn read(path: &Path) -> io::Result<String> {
    regular_file::read_text(path, LIMIT)
}

/// A line that cannot be read. Nothing is imported then: a file that is half understood is not understood.
pub(super) fn wrong_line(number: usize, what: &str) -> anyhow::Error {
    Failure::plain(format!("line {number} of the file: {what}; nothing was imported"))
}

/// The lines that say something, with their numbers.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end_matches('\r')));
    numbered.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}
