//! How it went: for the log, the status and the doctor, and for the pauses after a restart.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::files;
use crate::{NetError, tls::certificate};

/// A certificate that ACME keeps. Times are Unix seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateStatus {
    /// Its names.
    pub names: Vec<String>,
    /// When the one in use ends; 0 if there is none.
    pub not_after: u64,
    /// When the last attempt to obtain or renew it ended; 0 if there was none.
    pub last_attempt: u64,
    /// What went wrong at that attempt, as the authority said it; empty if it went well.
    pub last_error: String,
    /// Attempts that failed since the last that went well.
    pub failures: u32,
    /// When it is tried next after a failure, unless somebody wants it earlier; 0: when it is due.
    pub next_attempt: u64,
}

/// The file that remembers.
#[derive(Debug, Clone)]
pub struct StatusFile(PathBuf);

impl StatusFile {
    /// The file in the folder of the certificates (`acme.certs_path`).
    pub fn in_directory(directory: &Path) -> Self {
        Self(directory.join("status.json"))
    }

    /// What is remembered; nothing if there is no file or it is damaged.
    pub fn read(&self) -> Vec<CertificateStatus> {
        let content = if self.0.exists() { certificate::read(&self.0).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&content).unwrap_or_default()
    }

    pub(super) fn write(&self, status: &[CertificateStatus]) -> Result<(), NetError> {
        files::write(&self.0, &serde_json::to_vec_pretty(status).unwrap_or_default())
    }
}

pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(super) fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}
