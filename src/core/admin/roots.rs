//! Where the roots of local storages may lie: never around the server's own data, and never in it.

use std::path::{Component, Path, PathBuf};

use entrepot_model::FilesystemConfig;
use entrepot_storage::local::real_path;

use crate::{Core, Error, Result};

/// The folder for homes of users that name none, in the data folder and yet open to storages.
pub(super) fn homes(core: &Core) -> PathBuf {
    core.data_directory().join("homes")
}

/// Refuses a local root that contains the data folder, or lies in it outside `homes`: its files would be the database, the
/// keys, the certificates. Links on the way to it do not help.
///
/// # Errors
/// `Invalid` for `field`.
pub(crate) async fn check_root(core: &Core, field: &str, filesystem: &FilesystemConfig, root: &str) -> Result<()> {
    if root.is_empty() || filesystem.provider().is_some_and(|provider| !provider.is_local()) {
        return Ok(());
    }
    let (path, data) = (PathBuf::from(root), core.data_directory().to_owned());
    let look = move || {
        is_apart(&path, &data) && [path.clone(), clean(&path)].iter().all(|path| is_apart(&real_path(path), &real_path(&data)))
    };
    match core.tasks().storage().run(look).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(Error::invalid(field, format!("{root} holds the server's own data or lies in it: choose another directory")))
        }
        Err(error) => Err(Error::internal("looking where a root is", error)),
    }
}

fn is_apart(root: &Path, data: &Path) -> bool {
    let (root, data) = (clean(root), clean(data));
    let homes = data.join("homes");
    !data.starts_with(&root) && (!root.starts_with(&data) || root.starts_with(homes))
}

/// Without `.` and `..`, as text: what is not there yet cannot be looked up.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_around_or_in_the_data_folder_are_refused() {
        let data = Path::new("/var/lib/entrepot");
        for root in ["/", "/var", "/var/lib/entrepot", "/var/lib/entrepot/", "/var/lib/entrepot/keys", "/srv/../var/lib"] {
            assert!(!is_apart(Path::new(root), data), "{root}");
        }
        for root in ["/var/lib/entrepot/homes/../keys", "/var/lib/entrepot/homes2"] {
            assert!(!is_apart(Path::new(root), data), "{root}");
        }
        for root in ["/srv", "/var/lib/entrepot2", "/var/lib/entrepot/homes", "/var/lib/entrepot/homes/alice"] {
            assert!(is_apart(Path::new(root), data), "{root}");
        }
    }
}
