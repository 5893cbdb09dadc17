//! Sections that only this program has.

use super::Setting;
use super::build::{bool, int, text};

/// Sections `transfers`, `quota`, `events`, `ssh`, `log`, `loaddata`, `backup` and `shutdown`.
#[rustfmt::skip]
pub(super) const OWN: &[Setting] = &[
    text("transfers.durability", "background", "When uploaded data reaches the disk: `background` soon after the answer, `commit` before it, `never` as the system likes.").texts(&["background", "commit", "never"]).hot(),
    int("transfers.partial_retention_hours", 168, "Hours for which an interrupted upload can be resumed.").range(1, 87_600).hot(),
    int("transfers.buffer_memory_mb", 0, "Memory of all transfer buffers in MB; 0 is a quarter of the memory, at most 256.").range(0, 1_048_576),
    bool("quota.nightly_scan", true, "Counts every night what is stored, so that quota figures are right again after files changed behind the server's back.").hot(),
    int("events.max_age_days", 365, "Days for which stored events are kept; 0 is for ever.").hot(),
    int("events.max_size_mb", 1024, "Size of the events database in MB beyond which the oldest events are removed; 0 is no limit.").hot(),
    bool("ssh.refuse_password_with_second_factor", false, "Refuses the SSH method `password`, which asks for no code, to accounts that have a second factor for SSH.").hot(),
    text("ssh.cipher_choice", "auto", "Order of the SSH ciphers: `auto` by what the processor does fastest, `fixed` as configured.").texts(&["auto", "fixed"]),
    text("log.file_path", "log/entrepot.log", "Log file; empty is standard output."),
    int("log.max_size", 10, "MB at which the log file is rotated."),
    int("log.max_backups", 5, "Number of rotated files kept; 0 is all."),
    int("log.max_age", 28, "Days for which rotated files are kept; 0 is for ever."),
    bool("log.compress", false, "Compresses rotated files."),
    text("log.level", "debug", "Least severe lines that are logged.").texts(&["debug", "info", "warn", "error"]).hot(),
    bool("log.utc_time", false, "Times in the log are UTC."),
    text("loaddata.from", "", "Absolute path of a dump that is loaded at start.").check(super::Check::AbsolutePath),
    int("loaddata.mode", 1, "0 adds and updates, 1 only adds.").range(0, 1),
    int("loaddata.quota_scan", 0, "Quota scan after loading: 0 none, 1 all users, 2 users with limits.").range(0, 2),
    bool("loaddata.clean", false, "Removes the dump after it was loaded."),
    text("backup.at", "", "Time of day, local, at which a sealed backup of the whole server is made: `HH:MM`; empty is never.").hot(),
    int("backup.interval_hours", 0, "Hours between two sealed backups, instead of a time of day; 0 is never.").range(0, 8760).hot(),
    text("backup.directory", "backups", "Folder of the sealed backups that are made by timetable.").check(super::Check::NotEmpty).hot(),
    int("backup.keep", 7, "Sealed backups that are kept, the newest; 0 is all.").range(0, 10_000).hot(),
    text("backup.passphrase_file", "", "File with the passphrase of sealed backups that are made by timetable: whoever has it and a backup has every secret of the server.").hot(),
    int("shutdown.grace_time", 0, "Seconds for which a stopping server waits for running transfers; 0 is the usual drain time.").hot(),
];
