//! Where a copy goes, by the rules of `cp` (API-148).

use entrepot_model::{PathError, VirtualPath};

use super::UserFs;
use crate::error::{Error, Result};

/// A path as a client named it: a slash at its end means a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path itself.
    pub path: VirtualPath,
    /// It was named with a slash at its end.
    pub is_directory: bool,
}

impl Named {
    /// Resolves what a client named, as [`UserFs::resolve`] does.
    ///
    /// # Errors
    /// What is no path.
    pub fn parse(fs: &UserFs, named: &[u8]) -> std::result::Result<Self, PathError> {
        Ok(Self { path: fs.resolve(named)?, is_directory: matches!(named.last(), Some(b'/' | b'\\')) })
    }
}

impl UserFs {
    /// The path that a copy of `from` to `to` makes. What is named with a slash at its end, or is a directory already, is where
    /// the copy goes under the name of its source. A source directory with a slash stands for its content: that goes into
    /// the target.
    ///
    /// # Errors
    /// `Unsupported` for a copy onto or into itself; what looking at both ends with.
    pub async fn copy_target(&self, from: &Named, to: &Named) -> Result<VirtualPath> {
        let source = self.stat(&from.path, false).await?;
        let is_content = from.is_directory && source.is_directory();
        let goes_inside = !is_content && (to.is_directory || self.is_directory(&to.path).await?);
        let target = match from.path.file_name() {
            Some(name) if goes_inside => to.path.child(name).map_err(|_| Error::Unsupported)?,
            _ => to.path.clone(),
        };
        if target.starts_with(&from.path) {
            return Err(Error::Unsupported);
        }
        Ok(target)
    }

    async fn is_directory(&self, path: &VirtualPath) -> Result<bool> {
        match self.stat(path, true).await {
            Ok(found) => Ok(found.is_directory()),
            Err(Error::NotFound) => Ok(false),
            // Whether a file may have a hidden name is decided where it is made, with one answer for all ways (ACC-166).
            Err(Error::Denied(denial)) if denial.is_hidden() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
