//! How a process is, as the kernel tells.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::harness::Server;

/// Looks at the process of a server.
pub struct Vitals(PathBuf);

impl Vitals {
    pub fn of(server: &Server) -> Self {
        Self(PathBuf::from(format!("/proc/{}", server.pid().as_raw_nonzero())))
    }

    pub fn is_alive(&self) -> bool {
        self.0.join("status").exists()
    }

    /// Open descriptors by what they lead to, without numbers.
    pub fn descriptors(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for entry in fs::read_dir(self.0.join("fd")).unwrap().flatten() {
            let target = fs::read_link(entry.path()).map(|path| path.display().to_string()).unwrap_or_default();
            let kind = target.split(':').next().unwrap_or_default().to_owned();
            *kinds.entry(kind).or_default() += 1;
        }
        kinds
    }

    /// How many descriptors it may have.
    pub fn descriptor_limit(&self) -> usize {
        let limits = fs::read_to_string(self.0.join("limits")).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    pub fn threads(&self) -> usize {
        fs::read_dir(self.0.join("task")).unwrap().count()
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it ever was, in KiB.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(self.0.join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
