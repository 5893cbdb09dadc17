//! Paths in addresses of pages, and what an account may do at one.

use std::fmt::Write as _;

use entrepot_core::{UserFs, fs::Allowance};
use entrepot_model::{EffectiveUser, Permission, VirtualPath};
use serde::Serialize;

use crate::{
    error::ApiError,
    files::PathQuery,
    frame::{ClientPage, PageError},
};

/// Bytes as a value in a query; `/` stays, for people who read addresses.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() + 8), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// The files of whoever looks.
pub(super) fn files_of(page: &ClientPage) -> Result<UserFs, PageError> {
    Ok(page.caller.lease()?.fs())
}

/// The path that an address names; the start directory where it names none.
pub(super) fn path_of(fs: &UserFs, paths: &PathQuery, name: &str) -> Result<VirtualPath, PageError> {
    paths.path_or_start(name, fs).map_err(page_error)
}

/// A refusal of an operation on files, as a page.
pub(super) fn page_error(error: ApiError) -> PageError {
    PageError::status(error.code(), error.to_string())
}

/// What an account may do with the entries of a directory: words that pages and scripts ask for.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct May(Vec<&'static str>);

impl May {
    /// By the permissions at `directory`, and by what pages may offer the account at all.
    pub(super) fn of(user: &EffectiveUser, directory: &VirtualPath) -> Self {
        use Permission as P;
        let (set, _) = user.permissions.for_directory(directory);
        let options = &user.user.filters.base;
        let writes = !options.has_web_client_option("write-disabled");
        let rules = [
            ("list", set.has(P::List)),
            ("download", set.has(P::Download)),
            ("upload", writes && set.has(P::Upload)),
            ("overwrite", writes && set.has(P::Overwrite)),
            ("create_dirs", writes && set.has(P::CreateDirs)),
            ("rename_files", writes && set.has_any(&[P::Rename, P::RenameFiles])),
            ("rename_dirs", writes && set.has_any(&[P::Rename, P::RenameDirs])),
            ("delete_files", writes && set.has_any(&[P::Delete, P::DeleteFiles])),
            ("delete_dirs", writes && set.has_any(&[P::Delete, P::DeleteDirs])),
            ("copy", writes && set.has(P::Copy)),
            ("share", !options.has_web_client_option("shares-disabled")),
        ];
        Self(rules.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect())
    }

    /// Whether it may.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// For an attribute.
    pub(crate) fn joined(&self) -> String {
        self.0.join(" ")
    }
}

/// How full the account is, where there is a limit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Quota {
    /// Bytes.
    pub(crate) used: i64,
    pub(crate) limit: i64,
}

impl Quota {
    pub(super) fn of(fs: &UserFs) -> Option<Self> {
        let Allowance { used, limit } = fs.allowance(&VirtualPath::root())?;
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        Some(Self { used: signed(used), limit: signed(limit) })
    }

    pub(crate) fn left(&self) -> i64 {
        self.limit.saturating_sub(self.used).max(0)
    }

    /// Of a hundred.
    pub(crate) fn percent(&self) -> i64 {
        if self.limit <= 0 {
            100
        } else {
            (i128::from(self.used) * 100 / i128::from(self.limit)).clamp(0, 100).try_into().unwrap_or(100)
        }
    }

    /// UI-117
    pub(crate) fn is_tight(&self) -> bool {
        self.percent() >= 85
    }
}

/// A directory on the way to a place.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Crumb {
    pub(crate) name: String,
    /// Its path, as an address has it.
    pub(crate) path: String,
}

/// The directories on the way to `path`, the first one below `/` first.
pub(crate) fn crumbs(path: &VirtualPath) -> Vec<Crumb> {
    let mut so_far = String::new();
    let crumb = |name: &[u8]| {
        so_far.push('/');
        so_far.push_str(&encoded(name));
        Crumb { name: String::from_utf8_lossy(name).into_owned(), path: so_far.clone() }
    };
    path.components().map(crumb).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_any_bytes() {
        let path = VirtualPath::parse(b"/my dir/\xff?&+.txt").unwrap();
        assert_eq!(encoded(path.as_bytes()), "/my%20dir/%FF%3F%26%2B.txt");
        let crumbs = crumbs(&path);
        assert_eq!((crumbs.len(), crumbs[0].path.as_str(), crumbs[0].name.as_str()), (2, "/my%20dir", "my dir"));
        assert_eq!(crumbs[1].name, "\u{fffd}?&+.txt");
    }

    #[test]
    fn quota_is_tight_from_85_percent_on() {
        let quota = |used, limit| Quota { used, limit };
        assert!(!quota(84, 100).is_tight() && quota(85, 100).is_tight() && quota(0, 0).is_tight());
        assert_eq!((quota(120, 100).left(), quota(120, 100).percent()), (0, 100));
        assert_eq!(quota(i64::MAX / 2, i64::MAX).percent(), 49);
    }
}
