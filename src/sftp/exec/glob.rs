//! Patterns in paths that old `scp` clients send: they expect a shell to expand them.

use entrepot_core::{Error, Result, UserFs};
use entrepot_model::{VirtualPath, glob::Glob};

use super::{Word, path_of};

/// Paths that one pattern may stand for.
const MOST: usize = 10_000;
/// Entries that are looked at in one go.
const BATCH: usize = 256;

/// The paths that a word stands for. A file of that very name wins over what the word says as a pattern; a pattern that
/// nothing matches is a name, as in a shell.
///
/// # Errors
/// `TooLarge` when it stands for too many, or what a listing says.
pub async fn expand(fs: &UserFs, word: &Word) -> Result<Vec<VirtualPath>> {
    let literal = path_of(fs, word)?;
    if !Glob::has_wildcards(&word.text) || word.pattern == escaped(&word.text) || fs.stat(&literal, false).await.is_ok() {
        return Ok(vec![literal]);
    }
    let pattern = if word.has_tilde() { word.pattern.get(2..).unwrap_or_default() } else { &word.pattern };
    let start = if pattern.starts_with(b"/") { VirtualPath::root() } else { fs.start_directory() };
    let (mut found, mut is_expanded) = (vec![start], false);
    for component in pattern.split(|&byte| byte == b'/').filter(|component| !component.is_empty()) {
        let is_plain = !Glob::has_wildcards(component) || escaped(&unescaped(component)) == component;
        found = if is_plain {
            step(fs, found, &unescaped(component), is_expanded).await
        } else {
            descend(fs, found, component).await?
        };
        is_expanded |= !is_plain;
    }
    found.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    Ok(if found.is_empty() { vec![literal] } else { found })
}

/// One plain name further; behind a wildcard only where there is such an entry.
async fn step(fs: &UserFs, parents: Vec<VirtualPath>, name: &[u8], is_expanded: bool) -> Vec<VirtualPath> {
    let mut found = Vec::with_capacity(parents.len());
    for path in parents.iter().filter_map(|parent| parent.join(name).ok()) {
        if !is_expanded || fs.stat(&path, false).await.is_ok() {
            found.push(path);
        }
    }
    found
}

/// One pattern further.
async fn descend(fs: &UserFs, parents: Vec<VirtualPath>, component: &[u8]) -> Result<Vec<VirtualPath>> {
    let Ok(glob) = Glob::new(component) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for parent in parents {
        let mut listing = match fs.list(&parent).await {
            Ok(listing) => listing,
            Err(Error::NotFound | Error::NotDirectory | Error::Denied(_)) => continue,
            Err(error) => return Err(error),
        };
        loop {
            let entries = listing.next(BATCH).await?;
            if entries.is_empty() {
                break;
            }
            // A leading dot is matched by a dot only.
            let matching = entries
                .iter()
                .filter(|entry| (!entry.name.starts_with(b".") || component.starts_with(b".")) && glob.matches(&entry.name));
            found.extend(matching.filter_map(|entry| parent.child(&entry.name).ok()));
            if found.len() > MOST {
                return Err(Error::TooLarge);
            }
        }
    }
    Ok(found)
}

fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

fn unescaped(pattern: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.iter().copied();
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte });
    }
    out
}
