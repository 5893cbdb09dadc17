//! Virtual paths: the names clients use, as bytes (decisions 14).
//!
//! A [`VirtualPath`] is always absolute and clean, so whoever holds one need not check it again.

use std::{fmt, sync::Arc, sync::LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Longest path in bytes.
pub const MAX_PATH_BYTES: usize = 4096;
/// Longest name of one entry in bytes.
pub const MAX_NAME_BYTES: usize = 255;

static ROOT: LazyLock<VirtualPath> = LazyLock::new(|| VirtualPath(Arc::from(&b"/"[..])));

/// Why some bytes are not a virtual path, or not a name in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// A NUL byte (STO-009).
    #[error("the path contains a NUL byte")]
    Nul,
    /// More than [`MAX_PATH_BYTES`].
    #[error("the path is longer than {MAX_PATH_BYTES} bytes")]
    TooLong,
    /// A component has more than [`MAX_NAME_BYTES`].
    #[error("a path component is longer than {MAX_NAME_BYTES} bytes")]
    ComponentTooLong,
    /// Not the name of one entry: empty, `.`, `..`, or with a separator.
    #[error("not a valid name of a directory entry")]
    InvalidName,
}

/// An absolute, normalised path as bytes. Cloning is cheap.
///
/// `\` separates like `/` (STO-018, SFTP-054); `.`, `..` and empty components are resolved lexically and never climb
/// above the root.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VirtualPath(Arc<[u8]>);

impl VirtualPath {
    /// `/`.
    pub fn root() -> Self {
        ROOT.clone()
    }

    /// Normalises `bytes`; what does not start with a separator is taken as relative to `/`.
    ///
    /// # Errors
    /// NUL bytes, and a result beyond the length limits.
    pub fn parse(bytes: &[u8]) -> Result<Self, PathError> {
        Self::normalise(Vec::with_capacity(bytes.len() + 1), bytes)
    }

    /// `bytes` resolved against this path; an absolute input replaces it.
    ///
    /// # Errors
    /// As [`VirtualPath::parse`].
    pub fn join(&self, bytes: &[u8]) -> Result<Self, PathError> {
        if bytes.first().is_some_and(|b| is_separator(*b)) || self.is_root() {
            return Self::parse(bytes);
        }
        let mut start = Vec::with_capacity(self.0.len() + bytes.len() + 1);
        start.extend_from_slice(&self.0);
        Self::normalise(start, bytes)
    }

    /// The entry `name` in this directory.
    ///
    /// # Errors
    /// [`PathError::InvalidName`] unless `name` is exactly one component; NUL bytes; the length limits.
    pub fn child(&self, name: &[u8]) -> Result<Self, PathError> {
        if name.contains(&0) {
            return Err(PathError::Nul);
        }
        if name.is_empty() || name == b"." || name == b".." || name.iter().any(|b| is_separator(*b)) {
            return Err(PathError::InvalidName);
        }
        self.join(name)
    }

    /// `start` holds a clean path without trailing slash (empty for the root).
    fn normalise(start: Vec<u8>, bytes: &[u8]) -> Result<Self, PathError> {
        let mut clean = start;
        if bytes.contains(&0) {
            return Err(PathError::Nul);
        }
        for component in bytes.split(|b| is_separator(*b)) {
            match component {
                b"" | b"." => {}
                b".." => clean.truncate(clean.iter().rposition(|b| *b == b'/').unwrap_or(0)),
                name => {
                    clean.push(b'/');
                    clean.extend_from_slice(name);
                }
            }
        }
        if clean.is_empty() {
            return Ok(Self::root());
        }
        if clean.len() > MAX_PATH_BYTES {
            return Err(PathError::TooLong);
        }
        if clean.split(|b| *b == b'/').any(|name| name.len() > MAX_NAME_BYTES) {
            return Err(PathError::ComponentTooLong);
        }
        Ok(Self(Arc::from(clean)))
    }

    /// The directory this path lies in; `None` for `/`.
    pub fn parent(&self) -> Option<Self> {
        parent_bytes(&self.0).map(Self::from_clean)
    }

    /// The last component; `None` for `/`.
    pub fn file_name(&self) -> Option<&[u8]> {
        if self.is_root() { None } else { self.0.rsplit(|b| *b == b'/').next() }
    }

    /// The components from the top; none for `/`.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> + '_ {
        self.0.split(|b| *b == b'/').filter(|name| !name.is_empty())
    }

    /// The whole path; starts with `/` and ends with one only if it is `/`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether `other` is this path or an ancestor of it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.strip_prefix(other).is_some()
    }

    /// What follows `ancestor`, without a leading slash; empty if both are equal, `None` if it is no ancestor.
    pub fn strip_prefix(&self, ancestor: &Self) -> Option<&[u8]> {
        if ancestor.is_root() {
            return Some(&self.0[1..]);
        }
        let rest = self.0.strip_prefix(&*ancestor.0)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
    }

    /// The same path with the ancestor `from` replaced by `to`; `None` if `from` is no ancestor.
    ///
    /// # Errors
    /// The length limits.
    pub fn rebase(&self, from: &Self, to: &Self) -> Option<Result<Self, PathError>> {
        self.strip_prefix(from).map(|rest| to.join(rest))
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// Number of components; 0 for `/`.
    pub fn depth(&self) -> usize {
        self.components().count()
    }

    /// This path, its parent, and so on up to `/`.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// Like [`VirtualPath::ancestors`], without allocating.
    pub(crate) fn ancestor_bytes(&self) -> impl Iterator<Item = &[u8]> + '_ {
        std::iter::successors(Some(self.as_bytes()), |path| parent_bytes(path))
    }

    /// Text for people; U+FFFD stands for what is not UTF-8.
    pub fn to_string_lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    fn from_clean(bytes: &[u8]) -> Self {
        if bytes == b"/" { Self::root() } else { Self(Arc::from(bytes)) }
    }
}

fn is_separator(byte: u8) -> bool {
    byte == b'/' || byte == b'\\'
}

/// Parent of a clean absolute path.
fn parent_bytes(path: &[u8]) -> Option<&[u8]> {
    if path == b"/" {
        return None;
    }
    match path.iter().rposition(|b| *b == b'/') {
        Some(0) | None => Some(b"/"),
        Some(end) => Some(&path[..end]),
    }
}

impl fmt::Display for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl Serialize for VirtualPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&self.0))
    }
}

impl<'de> Deserialize<'de> for VirtualPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_bytes()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
