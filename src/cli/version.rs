//! Which build this is.

use std::sync::LazyLock;

use entrepot_model::api::VersionInfo;

/// Version of the package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Commit that the build was made from; the build sets the variable, a working copy does not.
const COMMIT: Option<&str> = option_env!("ENTREPOT_COMMIT");

/// Date of the build.
const BUILD_DATE: Option<&str> = option_env!("ENTREPOT_BUILD_DATE");

/// What this build has and has not, by the names of the contract: storages, databases, the rest (API-067).
const FEATURES: &[&str] = &[
    "+localfs",
    "-cryptfs",
    "-s3",
    "-gcs",
    "-azblob",
    "-sftpfs",
    "-httpfs",
    "-ftpfs",
    "+sqlite",
    "+memory",
    "-bolt",
    "-mysql",
    "-pgsql",
    "+portable",
    "-metrics",
];

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
        features: FEATURES.iter().map(|&feature| feature.to_owned()).collect(),
    }
}
