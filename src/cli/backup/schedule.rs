//! Backups by timetable (`backup.*`), and what the doctor says about them.
//!
//! The names of the files tell when they were made, so that a server that starts again knows what is due; one that was off
//! at the time makes its backup when it starts. The idle server writes nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Local, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use entrepot_config::settings::Backup;
use entrepot_core::{BackupKeeper, Core, Error, admin::backup_files::Timetable};
use entrepot_model::doctor::Finding;
use futures_util::future::BoxFuture;

use super::{passphrase, prepare, remove_forgotten, write_file};
use crate::exit;

/// Form of the names, in UTC.
const NAME: &str = "entrepot-%Y%m%d-%H%M%S.backup";
/// Between two looks at the clock and the settings.
const LOOK: Duration = Duration::from_secs(60);
/// After a failure.
const AGAIN: TimeDelta = TimeDelta::hours(1);
/// How long after its time a backup may be missing before the doctor says so.
const GRACE: TimeDelta = TimeDelta::hours(2);

/// What became of the last attempt of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    at: DateTime<Utc>,
    failure: Option<String>,
}

/// The timetable of a running server.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    last: Mutex<Option<Attempt>>,
    /// One at a time.
    making: tokio::sync::Mutex<()>,
}

impl Schedule {
    /// Makes backups when they are due, until the server stops. `configuration` are the files that settings came from.
    pub(crate) async fn keep(self: Arc<Self>, core: Core, configuration: Vec<PathBuf>) {
        loop {
            let now = now(&core);
            if self.is_due(&core, now) {
                let _turn = self.making.lock().await;
                let _ = self.attempt(&core, &configuration, now).await;
            }
            if !core.tasks().rest(LOOK).await {
                return;
            }
        }
    }

    /// Makes one, and notes what became of it.
    async fn attempt(&self, core: &Core, configuration: &[PathBuf], now: DateTime<Utc>) -> Result<PathBuf, String> {
        let outcome = make(core, configuration, now).await.map_err(|error| exit::sentence(&error));
        match &outcome {
            Ok(path) => tracing::info!(sender = "backup", path = %path.display(), "made a backup"),
            Err(error) => {
                tracing::error!(sender = "backup", error, "the backup failed; by timetable it is tried again in an hour")
            }
        }
        let failure = outcome.as_ref().err().cloned();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Attempt { at: now, failure });
        outcome
    }

    fn last(&self) -> Option<Attempt> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_due(&self, core: &Core, now: DateTime<Utc>) -> bool {
        let settings = core.settings();
        if !settings.backup.is_scheduled() {
            return false;
        }
        if let Some(Attempt { at, failure: Some(_) }) = self.last() {
            return now - at >= AGAIN;
        }
        let last = newest(&settings.resolve(&settings.backup.directory), now);
        due(&settings.backup, last, now.with_timezone(&Local)).is_some_and(|due| due <= now)
    }

    /// What the doctor says.
    pub(crate) fn finding(&self, core: &Core) -> Finding {
        let (settings, now) = (core.settings(), now(core));
        let directory = settings.resolve(&settings.backup.directory);
        judge(&settings.backup, &directory, newest(&directory, now), self.last().and_then(|last| last.failure), now)
    }
}

/// The timetable, for administrators.
pub(crate) struct Keeping {
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) core: Core,
    pub(crate) configuration: Vec<PathBuf>,
}

impl BackupKeeper for Keeping {
    fn timetable(&self) -> Timetable {
        let (settings, now) = (self.core.settings(), now(&self.core));
        let last = self.schedule.last();
        let next = match &last {
            // After a failure.
            Some(Attempt { at, failure: Some(_) }) if settings.backup.is_scheduled() => Some(*at + AGAIN),
            _ => {
                let newest = newest(&settings.resolve(&settings.backup.directory), now);
                due(&settings.backup, newest, now.with_timezone(&Local))
            }
        };
        Timetable {
            next: next.map(|next| next.timestamp_millis()),
            last: last.as_ref().map(|last| last.at.timestamp_millis()),
            failure: last.and_then(|last| last.failure),
            can_seal: !settings.backup.passphrase_file.trim().is_empty(),
            keep: settings.backup.keep,
        }
    }

    fn make(&self) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async move {
            let _turn = self.schedule.making.try_lock().map_err(|_| Error::Busy)?;
            let made = self.schedule.attempt(&self.core, &self.configuration, now(&self.core)).await;
            let path = made.map_err(|failure| Error::invalid("backup", failure))?;
            Ok(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
        })
    }
}

fn now(core: &Core) -> DateTime<Utc> {
    DateTime::from_timestamp(core.clock().seconds(), 0).unwrap_or_default()
}

async fn make(core: &Core, configuration: &[PathBuf], now: DateTime<Utc>) -> anyhow::Result<PathBuf> {
    let settings = core.settings();
    let prepared = prepare(core, configuration).await?;
    let directory = settings.resolve(&settings.backup.directory);
    let path = directory.join(now.format(NAME).to_string());
    let (target, keep) = (path.clone(), settings.backup.keep);
    let written = core.tasks().storage().run(move || {
        let passphrase = passphrase::read(&settings.resolve(&settings.backup.passphrase_file))?;
        write_file(&target, &prepared, &passphrase)?;
        remove_forgotten(&settings.data_dir, super::FORGOTTEN);
        retire(&directory, keep, now);
        anyhow::Ok(())
    });
    written.await??;
    Ok(path)
}

/// When the next backup is due: at once, if one was missed. `None` without a timetable.
fn due(settings: &Backup, last: Option<DateTime<Utc>>, now: DateTime<Local>) -> Option<DateTime<Utc>> {
    let interval = i64::from(settings.interval_hours);
    if interval > 0 {
        return Some(last.map_or(now.to_utc(), |last| last + TimeDelta::hours(interval)));
    }
    let (hour, minute) = settings.time_of_day()?;
    let of_day = |days: i64| {
        let day = (now.date_naive() + TimeDelta::days(days)).and_hms_opt(hour, minute, 0)?;
        // A time that a change of the clock leaves out is an hour later, one that it repeats is the first of both.
        let local = Local.from_local_datetime(&day).earliest();
        local.or_else(|| Local.from_local_datetime(&(day + TimeDelta::hours(1))).earliest()).map(|local| local.to_utc())
    };
    let today = of_day(0)?;
    let latest = if today <= now.to_utc() { today } else { of_day(-1)? };
    match last {
        Some(last) if last >= latest => {
            if today > now.to_utc() {
                Some(today)
            } else {
                of_day(1)
            }
        }
        _ => Some(latest),
    }
}

/// The backups in a folder that were made by timetable, the oldest first. One that is dated after `now` was made while the clock
/// was wrong: it says nothing about what is due, and stays until its time comes.
fn made(directory: &Path, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut made: Vec<_> = entries
        .filter_map(|entry| {
            let at = NaiveDateTime::parse_from_str(entry.file_name().to_str()?, NAME).ok()?;
            Some((at.and_utc(), entry.path()))
        })
        .filter(|(at, _)| *at <= now)
        .collect();
    made.sort();
    made
}

fn newest(directory: &Path, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    made(directory, now).pop().map(|(at, _)| at)
}

/// Removes the oldest until `keep` are left; 0 keeps all. Files of other names are nobody's business.
fn retire(directory: &Path, keep: u32, now: DateTime<Utc>) {
    let made = made(directory, now);
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let surplus = if keep == 0 { 0 } else { made.len().saturating_sub(keep) };
    for (_, path) in made.into_iter().take(surplus) {
        match fs::remove_file(&path) {
            Ok(()) => tracing::info!(sender = "backup", path = %path.display(), "removed an old backup"),
            Err(error) => tracing::warn!(sender = "backup", path = %path.display(), %error, "an old backup cannot be removed"),
        }
    }
}

fn judge(
    settings: &Backup,
    directory: &Path,
    newest: Option<DateTime<Utc>>,
    failure: Option<String>,
    now: DateTime<Utc>,
) -> Finding {
    const AREA: &str = "backup";
    if !settings.is_scheduled() {
        return Finding::ok(AREA, "no backups are made by timetable (backup.at)");
    }
    let fix = "entrepot backup tries one now; look at backup.directory, backup.passphrase_file and the space on that disk";
    let last = newest.map_or("there is none yet".to_owned(), |at| format!("the last is of {}", at.format("%Y-%m-%d %H:%M UTC")));
    if let Some(failure) = failure {
        return Finding::error(AREA, format!("the last backup failed ({failure}); {last}"), fix);
    }
    let is_late = due(settings, newest, now.with_timezone(&Local)).is_some_and(|due| now - due > GRACE);
    match newest {
        Some(_) if is_late => Finding::error(AREA, format!("a backup is overdue; {last}"), fix),
        _ => Finding::ok(AREA, format!("{last}, in {}", directory.display())),
    }
}

/// The same for a server that does not run.
pub(crate) fn finding_of(settings: &entrepot_config::Settings, now: DateTime<Utc>) -> Finding {
    let directory = settings.resolve(&settings.backup.directory);
    judge(&settings.backup, &directory, newest(&directory, now), None, now)
}

#[cfg(test)]
mod tests {
    use entrepot_model::doctor::Severity;

    use super::*;

    fn daily(at: &str) -> Backup {
        Backup { at: at.to_owned(), interval_hours: 0, directory: "backups".into(), keep: 2, passphrase_file: "x".into() }
    }

    fn local(text: &str) -> DateTime<Local> {
        let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
        Local.from_local_datetime(&naive).earliest().expect("a local time")
    }

    // BKP-011
    #[test]
    fn daily_backups_are_due_once_a_day_and_missed_ones_at_once() {
        let settings = daily("03:30");
        let due = |last: Option<&str>, now: &str| {
            due(&settings, last.map(|last| local(last).to_utc()), local(now)).expect("a timetable").with_timezone(&Local)
        };
        assert_eq!(due(None, "2026-05-04 12:00"), local("2026-05-04 03:30"), "there is none: at once");
        assert_eq!(due(Some("2026-05-04 03:31"), "2026-05-04 12:00"), local("2026-05-05 03:30"));
        assert_eq!(due(Some("2026-05-04 03:31"), "2026-05-05 03:00"), local("2026-05-05 03:30"));
        assert_eq!(due(Some("2026-05-04 03:31"), "2026-05-05 03:30"), local("2026-05-05 03:30"));
        assert_eq!(due(Some("2026-05-01 03:31"), "2026-05-04 02:00"), local("2026-05-03 03:30"), "the server was off");
    }

    // BKP-011
    #[test]
    fn intervals_count_from_the_last_backup() {
        let settings = Backup { at: String::new(), interval_hours: 6, ..daily("") };
        let now = local("2026-05-04 12:00");
        assert_eq!(due(&settings, None, now), Some(now.to_utc()));
        assert_eq!(due(&settings, Some(now.to_utc() - TimeDelta::hours(2)), now), Some(now.to_utc() + TimeDelta::hours(4)));
        assert_eq!(due(&daily(""), None, now), None);
    }

    // BKP-012
    #[test]
    fn oldest_are_removed_and_other_files_are_not() {
        let folder = tempfile::tempdir().expect("folder");
        let names = ["entrepot-20260101-033000.backup", "entrepot-20260102-033000.backup", "entrepot-20260103-033000.backup"];
        for name in names.iter().chain(&["entrepot-monday.backup", "backup_1.json"]) {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        let now = local("2026-02-01 12:00").to_utc();
        retire(folder.path(), 0, now);
        assert_eq!(made(folder.path(), now).len(), 3, "0 keeps all");
        retire(folder.path(), 2, now);
        let left: Vec<_> = made(folder.path(), now).into_iter().map(|(_, path)| path).collect();
        assert_eq!(left, [folder.path().join(names[1]), folder.path().join(names[2])]);
        assert!(folder.path().join("entrepot-monday.backup").exists() && folder.path().join("backup_1.json").exists());
    }

    // BKP-011, BKP-012
    #[test]
    fn backup_of_a_clock_that_was_wrong_stops_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let names = ["entrepot-20260101-033000.backup", "entrepot-20260102-033000.backup", "entrepot-20990101-033000.backup"];
        for name in names {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        let now = local("2026-01-03 12:00").to_utc();
        assert_eq!(newest(folder.path(), now).map(|at| at.format("%Y%m%d").to_string()).as_deref(), Some("20260102"));
        retire(folder.path(), 1, now);
        assert!(!folder.path().join(names[0]).exists(), "it was the older of two");
        assert!(folder.path().join(names[1]).exists() && folder.path().join(names[2]).exists());
    }

    // BKP-013
    #[test]
    fn failed_and_overdue_backups_are_errors_of_the_doctor() {
        let (settings, now) = (daily("03:30"), local("2026-05-04 12:00").to_utc());
        let severity = |newest: Option<&str>, failure: Option<&str>| {
            let newest = newest.map(|newest| local(newest).to_utc());
            judge(&settings, Path::new("/b"), newest, failure.map(str::to_owned), now).severity
        };
        assert_eq!(severity(Some("2026-05-04 03:31"), None), Severity::Ok);
        assert_eq!(severity(None, None), Severity::Ok, "the first is on its way");
        assert_eq!(severity(Some("2026-05-02 03:31"), None), Severity::Error);
        assert_eq!(severity(Some("2026-05-04 03:31"), Some("no space is left")), Severity::Error);
        assert_eq!(judge(&daily(""), Path::new("/b"), None, None, now).severity, Severity::Ok);
    }
}
