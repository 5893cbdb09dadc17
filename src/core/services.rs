//! What services tell about themselves, and what of the process can be changed while it runs: things that the core has to
//! answer for and cannot know. `cli` wires them.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
};

use entrepot_config::{Loaded, Settings};
use entrepot_model::{
    doctor::Finding,
    retention::RetentionCheck,
    status::{LogLevel, SshServiceStatus},
};
use entrepot_secrets::Sensitive;
use entrepot_storage::local::disks::Disk;
use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};

use crate::{
    Error,
    admin::{backup_files::Timetable, log::LogLine, settings::Configuration},
    founding::Founding,
};

/// The log of the process.
pub trait LogControl: Send + Sync + 'static {
    /// Least severe lines that are logged now.
    fn level(&self) -> LogLevel;

    /// Changes it, at once and until the process ends (LOG-013).
    fn set_level(&self, level: LogLevel);

    /// The lines in memory after that of number `after`, the oldest first.
    fn lines(&self, _after: u64) -> Vec<LogLine> {
        Vec::new()
    }
}

/// What makes backups of the whole server, by timetable and when it is told to.
pub trait BackupKeeper: Send + Sync + 'static {
    /// How the timetable stands.
    fn timetable(&self) -> Timetable;

    /// Makes one now. Answers its name.
    ///
    /// # Errors
    /// `Busy` while one is made; `Invalid` for `backup`, with what failed.
    fn make(&self) -> BoxFuture<'_, Result<String, Error>>;
}

/// What the core cannot look at itself: ports, certificates, mail servers. It may block.
pub trait Examiner: Send + Sync + 'static {
    /// Looks, and answers what it found.
    fn examine(&self) -> Vec<Finding>;

    /// Knocks at every listener of this server.
    fn knock(&self) -> Vec<Knock> {
        Vec::new()
    }

    /// The disks of this machine.
    fn disks(&self) -> Vec<Disk> {
        Vec::new()
    }

    /// The addresses by which other machines may reach this one, the likeliest first.
    fn own_addresses(&self) -> Vec<IpAddr> {
        Vec::new()
    }

    /// The addresses that a name leads to, as this machine sees it.
    ///
    /// # Errors
    /// Why it leads nowhere, for people.
    fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        Err(format!("{name} cannot be looked up here"))
    }
}

/// A listener that was knocked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knock {
    /// What it speaks.
    pub protocol: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Why nobody answered.
    pub problem: Option<String>,
}

/// Has the server start again in place; it answers at once.
pub trait Restarter: Send + Sync + 'static {
    /// Begins it.
    fn restart(&self);
}

/// Takes a backup of a whole server in. It blocks.
pub trait Restorer: Send + Sync + 'static {
    /// Verifies the file as a whole, lays what is in it ready, and has the server start again with it. Answers with what
    /// somebody should know of it.
    ///
    /// # Errors
    /// What is wrong with the file or the passphrase, or keeps the server from starting with it; nothing has changed then.
    fn restore(&self, file: &Path, passphrase: &Sensitive<String>) -> Result<Vec<String>, Refusal>;
}

/// Listeners that follow the settings while the server runs.
pub trait Listeners: Send + Sync + 'static {
    /// Listens where the settings say, and nowhere else; connections go on.
    ///
    /// # Errors
    /// What cannot be had; it listens where it did before.
    fn follow<'a>(&'a self, settings: &'a Settings) -> BoxFuture<'a, Result<(), Refusal>>;
}

/// Tries what the next start would do.
pub trait Rehearsal: Send + Sync + 'static {
    /// What would keep the server from starting with these settings. Listeners that this process has are no obstacle.
    ///
    /// # Errors
    /// Only where the look itself fails.
    fn rehearse<'a>(&'a self, loaded: &'a Loaded) -> BoxFuture<'a, Result<Vec<Obstacle>, Error>>;
}

/// Something that would keep the server from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Keys of the settings that could be changed against it, the likeliest first; empty where none is known.
    pub keys: Vec<String>,
    /// The reason, for people.
    pub message: String,
    /// It may be over by itself: another program has the port.
    pub may_pass: bool,
}

/// Why a backup was not taken in, or a listener not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong: `passphrase` or `file`, or a setting.
    pub field: &'static str,
    /// The reason, for people.
    pub message: String,
}

/// Reports of the services.
#[derive(Default)]
pub struct Services {
    ssh: RwLock<SshServiceStatus>,
    log: RwLock<Option<Arc<dyn LogControl>>>,
    examiner: RwLock<Option<Arc<dyn Examiner>>>,
    configuration: RwLock<Option<Arc<Configuration>>>,
    restorer: RwLock<Option<Arc<dyn Restorer>>>,
    listeners: RwLock<Option<Arc<dyn Listeners>>>,
    rehearsal: RwLock<Option<Arc<dyn Rehearsal>>>,
    founding: Founding,
    restarter: RwLock<Option<Arc<dyn Restarter>>>,
    keeper: RwLock<Option<Arc<dyn BackupKeeper>>>,
    retention: Arc<RetentionChecks>,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

impl Services {
    /// SSH listens, or stopped to.
    pub fn report_ssh(&self, status: SshServiceStatus) {
        *self.ssh.write() = status;
    }

    /// What SSH reported last; without a report it is off.
    pub fn ssh(&self) -> SshServiceStatus {
        self.ssh.read().clone()
    }

    /// Hands over the log of the process.
    pub fn control_log(&self, control: Arc<dyn LogControl>) {
        *self.log.write() = Some(control);
    }

    /// The log of the process, if it can be changed.
    pub(crate) fn log(&self) -> Option<Arc<dyn LogControl>> {
        self.log.read().clone()
    }

    /// Hands over what looks where the core cannot.
    pub fn examine_with(&self, examiner: Arc<dyn Examiner>) {
        *self.examiner.write() = Some(examiner);
    }

    /// What looks where the core cannot.
    pub(crate) fn examiner(&self) -> Option<Arc<dyn Examiner>> {
        self.examiner.read().clone()
    }

    /// Hands over where the settings come from.
    pub fn configure_from(&self, configuration: Configuration) {
        *self.configuration.write() = Some(Arc::new(configuration));
    }

    /// Where the settings come from, if they can be changed.
    pub(crate) fn configuration(&self) -> Option<Arc<Configuration>> {
        self.configuration.read().clone()
    }

    /// Hands over the listeners.
    pub fn listen_with(&self, listeners: Arc<dyn Listeners>) {
        *self.listeners.write() = Some(listeners);
    }

    /// The listeners that follow the settings.
    pub(crate) fn listeners(&self) -> Option<Arc<dyn Listeners>> {
        self.listeners.read().clone()
    }

    /// Hands over what tries the next start.
    pub fn rehearse_with(&self, rehearsal: Arc<dyn Rehearsal>) {
        *self.rehearsal.write() = Some(rehearsal);
    }

    /// What tries the next start.
    pub(crate) fn rehearsal(&self) -> Option<Arc<dyn Rehearsal>> {
        self.rehearsal.read().clone()
    }

    /// Hands over what takes backups in.
    pub fn restore_with(&self, restorer: Arc<dyn Restorer>) {
        *self.restorer.write() = Some(restorer);
    }

    /// What takes backups in, if this process can.
    pub(crate) fn restorer(&self) -> Option<Arc<dyn Restorer>> {
        self.restorer.read().clone()
    }

    /// Who makes this server somebody's now.
    pub(crate) fn founding(&self) -> &Founding {
        &self.founding
    }

    /// Hands over what makes backups.
    pub fn keep_backups_with(&self, keeper: Arc<dyn BackupKeeper>) {
        *self.keeper.write() = Some(keeper);
    }

    /// What makes backups, if this process does.
    pub(crate) fn keeper(&self) -> Option<Arc<dyn BackupKeeper>> {
        self.keeper.read().clone()
    }

    /// Hands over what starts the server again.
    pub fn restart_with(&self, restarter: Arc<dyn Restarter>) {
        *self.restarter.write() = Some(restarter);
    }

    /// What starts the server again, if this process can.
    pub(crate) fn restarter(&self) -> Option<Arc<dyn Restarter>> {
        self.restarter.read().clone()
    }

    /// The running checks of data retention; what runs one enters it here.
    pub fn retention(&self) -> &Arc<RetentionChecks> {
        &self.retention
    }
}

/// The checks of data retention that run now: one per user (API-113).
#[derive(Debug, Default)]
pub struct RetentionChecks(Mutex<Vec<(String, RetentionCheck)>>);

/// The place of a check in the list; dropping it takes the check out.
#[derive(Debug)]
pub struct RunningCheck {
    checks: Arc<RetentionChecks>,
    username: String,
}

impl RetentionChecks {
    /// Enters a check of a user of `role`; `None` if one of that user runs already.
    pub fn enter(self: &Arc<Self>, role: &str, check: RetentionCheck) -> Option<RunningCheck> {
        let mut running = self.0.lock();
        if running.iter().any(|(_, other)| other.username == check.username) {
            return None;
        }
        let username = check.username.clone();
        running.push((role.to_owned(), check));
        Some(RunningCheck { checks: self.clone(), username })
    }

    /// The checks of users whose role is wanted, the oldest first.
    pub(crate) fn list(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<RetentionCheck> {
        self.0.lock().iter().filter(|(role, _)| is_wanted(role)).map(|(_, check)| check.clone()).collect()
    }
}

impl Drop for RunningCheck {
    fn drop(&mut self) {
        self.checks.0.lock().retain(|(_, check)| check.username != self.username);
    }
}
