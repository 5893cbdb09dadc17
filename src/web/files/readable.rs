//! Whether many files may be read as one answer, before anything of it is sent: later it could only be broken off.

use entrepot_core::{Error, Metadata, Operation, Result, UserFs};
use entrepot_model::VirtualPath;

use super::tree::Tree;

/// Entries that are looked at before an answer begins, where the rules differ in what it is made of.
const LOOKED_AT: usize = 10_000;

/// Whether what is at `paths`, and below, may be read (ACC-153), and the account may download anything now (API-008).
pub(super) async fn may_read(fs: &UserFs, paths: &[VirtualPath]) -> Result<()> {
    let mut doubtful = Vec::new();
    for path in paths {
        let found = look_at(fs, path).await?;
        if found.is_file() {
            fs.may_download(path).await?;
        } else if found.is_directory() && !fs.may_read_all(path) {
            doubtful.push(path.clone());
        } else if found.is_directory() {
            can_list(fs, path).await?;
        }
    }
    fs.has_download_left()?;
    let mut tree = Tree::new(fs.clone(), doubtful);
    let mut seen = 0;
    while let Some(found) = tree.next().await? {
        if found.metadata.is_file() {
            fs.may_download(&found.path).await?;
        }
        seen += 1;
        if seen == LOOKED_AT {
            break;
        }
    }
    Ok(())
}

/// Whether a directory and the virtual folders below it can be listed: those are there even if their storage is not.
async fn can_list(fs: &UserFs, directory: &VirtualPath) -> Result<()> {
    for place in std::iter::once(directory).chain(fs.mounts_within(directory)) {
        fs.list(place).await?.next(1).await?;
    }
    Ok(())
}

/// What is at a path that was named. A file that may be downloaded by its name need not be one that may be listed.
pub(super) async fn look_at(fs: &UserFs, path: &VirtualPath) -> Result<Metadata> {
    match fs.stat(path, false).await {
        Err(denied @ Error::Denied(_)) => {
            let found = fs.look_at(Operation::Download, path).await;
            found.ok().filter(Metadata::is_file).ok_or(denied)
        }
        other => other,
    }
}
