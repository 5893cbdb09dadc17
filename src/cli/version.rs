//! Which build this is.

use std::sync::LazyLock;

use entrepot_config::DRIVERS;
use entrepot_core::fs::door::BuiltInStorages;
use entrepot_model::{FsProvider, api::VersionInfo};

/// Version of the package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Commit that the build was made from; the build sets the variable, a working copy does not.
const COMMIT: Option<&str> = option_env!("ENTREPOT_COMMIT");

/// Date of the build.
const BUILD_DATE: Option<&str> = option_env!("ENTREPOT_BUILD_DATE");

/// Databases by the names of the contract.
const DATABASES: [&str; 5] = ["sqlite", "memory", "bolt", "mysql", "pgsql"];

/// What does not follow from other parts of the build: there is no service for metrics yet.
const OTHERS: [&str; 2] = ["+portable", "-metrics"];

/// What this build has (`+`) and has not (`-`), by the names of the contract: storages, databases, the rest (API-067).
fn features() -> Vec<String> {
    let sign = |has: bool, name: &str| format!("{}{name}", if has { '+' } else { '-' });
    let storages = FsProvider::ALL.into_iter().map(|provider| sign(BuiltInStorages::has(provider), storage(provider)));
    let databases = DATABASES.into_iter().map(|name| sign(DRIVERS.contains(&name), name));
    storages.chain(databases).chain(OTHERS.into_iter().map(str::to_owned)).collect()
}

fn storage(provider: FsProvider) -> &'static str {
    match provider {
        FsProvider::Local => "localfs",
        FsProvider::S3 => "s3",
        FsProvider::Gcs => "gcs",
        FsProvider::AzureBlob => "azblob",
        FsProvider::Crypt => "cryptfs",
        FsProvider::Sftp => "sftpfs",
        FsProvider::Http => "httpfs",
        FsProvider::Ftp => "ftpfs",
    }
}

/// `<version>-<commit>-<date>`, as far as the build knows (CLI-001).
pub(crate) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let parts = [Some(VERSION), COMMIT, BUILD_DATE];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    });
    &TEXT
}

/// The same for the REST interface.
pub(crate) fn info() -> VersionInfo {
    VersionInfo {
        version: VERSION.to_owned(),
        commit_hash: COMMIT.unwrap_or_default().to_owned(),
        build_date: BUILD_DATE.unwrap_or_default().to_owned(),
        features: features(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-067: each name once, with a sign that is true.
    #[test]
    fn features_tell_what_is_built() {
        let features = features();
        for feature in ["+localfs", "-s3", "+sqlite", "+memory", "-mysql"] {
            assert!(features.iter().any(|name| name == feature), "{feature}: {features:?}");
        }
        let mut names: Vec<&str> = features.iter().map(|feature| &feature[1..]).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), features.len());
        assert!(DRIVERS.iter().all(|driver| DATABASES.contains(driver)), "a database without a name");
    }
}
