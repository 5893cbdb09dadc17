//! Sections that only this program has.

use serde::Deserialize;

/// Section `transfers`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// When uploaded data reaches the disk: `background` soon after the answer, `commit` before it, `never` as the system likes.
    pub durability: String,
    /// Hours for which an interrupted upload can be resumed.
    pub partial_retention_hours: u32,
    /// Memory of all transfer buffers in MB; 0 is a quarter of the memory, at most 256.
    pub buffer_memory_mb: u32,
}

/// Section `quota`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Counts every night what is stored.
    pub nightly_scan: bool,
}

/// Section `events`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Days for which stored events are kept; 0 is for ever.
    pub max_age_days: u32,
    /// Size of the events database in MB beyond which the oldest events are removed; 0 is no limit.
    pub max_size_mb: u32,
}

/// Section `ssh`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// Refuses the SSH method `password`, which asks for no code, to accounts that have a second factor for SSH.
    pub refuse_password_with_second_factor: bool,
    /// Order of the SSH ciphers: `auto` by what the processor does fastest, `fixed` as configured.
    pub cipher_choice: String,
}

/// Section `log`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Log file; empty is standard output.
    pub file_path: String,
    /// MB at which the log file is rotated.
    pub max_size: u32,
    /// Number of rotated files kept; 0 is all.
    pub max_backups: u32,
    /// Days for which rotated files are kept; 0 is for ever.
    pub max_age: u32,
    /// Compresses rotated files.
    pub compress: bool,
    /// Least severe lines that are logged.
    pub level: String,
    /// Times in the log are UTC.
    pub utc_time: bool,
}

/// Section `loaddata`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadData {
    /// Absolute path of a dump that is loaded at start.
    pub from: String,
    /// 0 adds and updates, 1 only adds.
    pub mode: u32,
    /// Quota scan after loading: 0 none, 1 all users, 2 users with limits.
    pub quota_scan: u32,
    /// Removes the dump after it was loaded.
    pub clean: bool,
}

/// Section `backup`: sealed backups of the whole server by timetable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Time of day, local, `HH:MM`; empty is never.
    pub at: String,
    /// Hours between two backups, instead of a time of day; 0 is never.
    pub interval_hours: u32,
    /// Folder of the backups.
    pub directory: String,
    /// Backups that are kept; 0 is all.
    pub keep: u32,
    /// File with the passphrase.
    pub passphrase_file: String,
}

impl Backup {
    /// Hour and minute of the daily backup.
    pub fn time_of_day(&self) -> Option<(u32, u32)> {
        time_of_day(&self.at)
    }

    /// Whether backups are made by timetable.
    pub fn is_scheduled(&self) -> bool {
        self.interval_hours > 0 || self.time_of_day().is_some()
    }
}

/// Reads `HH:MM`.
pub(crate) fn time_of_day(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str, end: u32| {
        let is_digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| is_digits && *number < end)
    };
    Some((number(hour, 24)?, number(minute, 60)?))
}

/// Section `shutdown`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// Seconds for which a stopping server waits for running transfers; 0 is the usual drain time.
    pub grace_time: u32,
}
