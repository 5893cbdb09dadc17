//! `entrepot serve`.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use entrepot_config::{DefaultAdmin, Loaded, Sources};
use entrepot_core::{
    Restarter,
    admin::{
        doctor,
        settings::{self, Configuration},
    },
};
use entrepot_net::inherited;
use tokio::sync::Notify;
use tracing::Level;

use crate::{
    LetGo, announce,
    arguments::Serve,
    backup::{
        self,
        schedule::{Keeping, Schedule},
    },
    blame,
    control::{self, Control},
    data_folder::DataFolder,
    doctor::Outside,
    exit::{self, Failure},
    house::{House, HouseOptions},
    load,
    logging::{self, LogHandle, LogOptions},
    rehearsal::Rehearsing,
    restart,
    restore::{self, AtSetup},
    runtime,
    service_manager::{self, ServiceManager},
    setup_url,
    signals::{Request, Signals},
    version,
};

/// From being ready to letting go of the pages of the start: what the start left to do beside the work is done by then.
const SETTLING: Duration = Duration::from_secs(5);

/// Runs the server until a signal ends it; `let_go` is for what only its start needed.
///
/// # Errors
/// Whatever keeps it from starting, or ends it before its time.
pub(crate) fn run(command: &Serve, let_go: LetGo) -> anyhow::Result<()> {
    check_clock(SystemTime::now())?;
    let folder = DataFolder::at(&command.place.data_dir)?;
    // Its settings, too, may come from there.
    restore::finish_pending(&folder)?;
    service_manager::take_sockets()?;
    let mut sources = load::sources(&folder, &command.place)?;
    load::add_serve_flags(&mut sources, command);
    let loaded = entrepot_config::load(sources.clone())?;
    folder.create()?;
    let mut options = LogOptions::from_settings(&loaded.settings.log, |path| load::resolve(&folder, path));
    options.terminal = Some(Level::INFO);
    let (log, trouble) = logging::start(options)?;
    if let Some(trouble) = trouble {
        eprintln!("entrepot: {trouble}");
    }
    raise_descriptor_limit();
    let runtime = runtime::build().context("the threads of the server cannot be started")?;
    let outcome = runtime.block_on(serve(&folder, sources, loaded, command.any_port, &log, let_go));
    // What still blocks a thread now (a dead disk) must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(End::Stop) => Ok(()),
        Ok(End::Restart) => Err(restart::again()),
        Err(error) => {
            tracing::error!(error = exit::sentence(&error), "the server ended");
            Err(error)
        }
    }
}

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// For good.
    Stop,
    /// To start again in the same process.
    Restart,
}

/// A machine without a battery for its clock begins in 1970: certificates would be made that ended long ago, tokens and
/// codes would not hold, and events would be filed under years that never were.
fn check_clock(now: SystemTime) -> anyhow::Result<()> {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if doctor::is_clock_plausible(i64::try_from(seconds).unwrap_or(0)) {
        return Ok(());
    }
    let date = DateTime::<Utc>::from(now).format("%Y-%m-%d");
    let message = format!(
        "the clock of this machine says {date}, which cannot be right: set it (timedatectl set-ntp true, or ntpd -q -p \
         pool.ntp.org), and start the server after that"
    );
    Err(Failure::with_code(exit::CLOCK, message))
}

/// Systems start programs with a soft limit of 1024 open files, for the sake of old ones; what the hard limit allows is ours.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

async fn serve(
    folder: &DataFolder,
    sources: Sources,
    loaded: Loaded,
    any_port: bool,
    log: &LogHandle,
    let_go: LetGo,
) -> anyhow::Result<End> {
    let mut signals = Signals::listen().context("signals")?;
    // Its lock makes this process the one server of the folder: from here on the small files in it are ours.
    let store = load::open_store(&loaded)?;
    folder.remove_ready();
    backup::tidy(folder);
    restore::tidy(folder);
    let loaded = match load::with_saved(sources.clone(), &loaded, &store).await {
        Ok(loaded) => loaded,
        Err(error) => return Err(blame::with_way_out(error, &loaded, folder)),
    };
    let mut warnings = warnings(&loaded, folder);
    warnings.extend(settings::set_aside(&store).await?);
    log.set_level(loaded.settings.log.level.parse().unwrap_or(Level::DEBUG));
    let house = House::start(HouseOptions {
        settings: loaded.settings.clone(),
        configuration: Some(Configuration::new(sources.clone(), loaded.clone()).with_aside(&store).await?),
        data_directory: folder.path().to_owned(),
        store,
        any_port,
        web: true,
        default_admin: default_admin(&loaded),
        load_initial_data: true,
    })
    .await
    .map_err(|error| blame::with_way_out(error, &loaded, folder))?;
    house.core.services().control_log(log.control());
    let attendant = Attendant::new(folder, &loaded, log, let_go);
    attendant.serve_the_core(&house, &loaded, sources, any_port);
    let outcome = attendant.attend(&house, &warnings, &mut signals).await;
    // Who was told that the service stops waits for its end.
    if !matches!(outcome, Ok(End::Restart)) {
        attendant.manager.stopping();
    }
    let grace = Duration::from_secs(u64::from(house.core.settings().shutdown.grace_time));
    folder.remove_ready();
    control::remove(folder);
    let grace = if outcome.is_ok() { grace } else { Duration::ZERO };
    let ended = tokio::select! {
        ended = house.stop(grace) => ended,
        // SIG-003: who asks twice does not want to wait.
        () = signals.stop() => return Err(Failure::plain("ended at once by a second signal")),
    };
    if !ended {
        tracing::warn!("some tasks did not end in time");
    }
    tracing::info!("stopped");
    outcome
}

/// Starts the server again, when an administrator asks for it.
struct Again(Arc<Notify>);

impl Restarter for Again {
    fn restart(&self) {
        self.0.notify_one();
    }
}

/// From the moment everything listens to the moment somebody wants it to end.
struct Attendant<'a> {
    folder: &'a DataFolder,
    log: &'a LogHandle,
    manager: ServiceManager,
    schedule: Arc<Schedule>,
    restart: Arc<Notify>,
    configuration: Vec<PathBuf>,
    let_go: LetGo,
}

impl<'a> Attendant<'a> {
    fn new(folder: &'a DataFolder, loaded: &Loaded, log: &'a LogHandle, let_go: LetGo) -> Self {
        Self {
            folder,
            log,
            manager: ServiceManager::find(),
            schedule: Arc::default(),
            restart: Arc::default(),
            configuration: backup::configuration_files(loaded),
            let_go,
        }
    }

    /// Hands the core what it cannot do itself.
    fn serve_the_core(&self, house: &House, loaded: &Loaded, sources: Sources, any_port: bool) {
        let services = house.core.services();
        services.examine_with(Arc::new(Outside::of(house, &loaded.warnings, self.schedule.clone())));
        let rehearsing = Arc::new(Rehearsing::of(house, any_port));
        services.rehearse_with(rehearsing.clone());
        let (folder, restart) = (self.folder.clone(), self.restart.clone());
        services.restore_with(Arc::new(AtSetup { folder, restart, sources, rehearsing }));
        services.restart_with(Arc::new(Again(self.restart.clone())));
        let (schedule, configuration) = (self.schedule.clone(), self.configuration.clone());
        services.keep_backups_with(Arc::new(Keeping { schedule, core: house.core.clone(), configuration }));
    }

    async fn attend(&self, house: &House, warnings: &[String], signals: &mut Signals) -> anyhow::Result<End> {
        let bases = announce::setup_bases(&house.web);
        let control = Control {
            core: house.core.clone(),
            folder: self.folder.clone(),
            setup_bases: bases.clone(),
            configuration: self.configuration.clone(),
        };
        match control::listen(self.folder) {
            Ok(listener) => drop(house.core.tasks().spawn(control::serve(control, listener))),
            Err(error) => tracing::error!(%error, "commands cannot reach this server: no control socket"),
        }
        let timetable = self.schedule.clone().keep(house.core.clone(), self.configuration.clone());
        house.core.tasks().spawn(timetable);
        let setup = setup_url::at_start(&house.core, self.folder, &bases).await?;
        self.folder.write_ready(&announce::ready(house)).context("the ready file cannot be written")?;
        print_start(house, self.folder, warnings, setup.as_deref());
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        for socket in inherited::unused() {
            tracing::warn!(socket, "the service manager opened a socket that no binding of the settings has");
        }
        tracing::info!(version = version::text(), sftp = ?house.ssh.addresses(), web = ?announce::ready(house).http, "ready");
        self.manager.ready();
        self.settle(house);
        self.wait(house, signals).await
    }

    /// Gives the memory of the start back, a while after it.
    fn settle(&self, house: &House) {
        let (tasks, let_go) = (house.core.tasks().clone(), self.let_go);
        house.core.tasks().spawn(async move {
            tokio::select! {
                () = tasks.stopping().cancelled_owned() => return,
                () = tokio::time::sleep(SETTLING) => {}
            }
            match tasks.storage().run(let_go).await {
                Ok(Ok(bytes)) => tracing::debug!(bytes, "let go of the pages of the program"),
                Ok(Err(error)) => tracing::debug!(%error, "the pages of the program stay in memory"),
                Err(error) => tracing::debug!(%error, "the pages of the program stay in memory"),
            }
        });
    }

    async fn wait(&self, house: &House, signals: &mut Signals) -> anyhow::Result<End> {
        loop {
            let request = tokio::select! {
                request = signals.next() => request,
                () = self.manager.is_due() => {
                    self.manager.alive();
                    continue;
                }
                () = self.restart.notified() => {
                    tracing::info!("starting again");
                    return Ok(End::Restart);
                }
                () = house.service_ended() => return Err(Failure::plain("the web service ended by itself; the log has the reason")),
            };
            match request {
                Request::Stop => {
                    tracing::info!("stopping");
                    return Ok(End::Stop);
                }
                Request::Reload => house.reload(),
                Request::RotateLog => self.log.rotate(),
            }
        }
    }
}

/// The administrator that the environment names, if `create_default_admin` asks for one (INIT-003).
fn default_admin(loaded: &Loaded) -> Option<DefaultAdmin> {
    loaded.default_admin.clone().filter(|_| loaded.settings.data_provider.create_default_admin)
}

fn print_start(house: &House, folder: &DataFolder, warnings: &[String], setup: Option<&str>) {
    println!("Entrepot {} is running; Ctrl-C ends it.\n", version::text());
    print!("{}", announce::listeners(house));
    println!("  {:<10} {}", "Data", folder.path().display());
    for warning in warnings {
        println!("\n  Warning: {warning}");
    }
    if let Some(setup) = setup {
        print!("\n{setup}");
    }
    println!();
}

/// What somebody should know before it hurts: what the settings are warned about, and the folder.
fn warnings(loaded: &Loaded, folder: &DataFolder) -> Vec<String> {
    let mut warnings = loaded.warnings.clone();
    if folder.is_open_to_others() {
        let path = folder.path().display();
        warnings.push(format!("other users of this machine can look into the data folder; run: chmod o-rwx {path}"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    // SYS-007
    #[test]
    fn clock_in_1970_keeps_the_server_from_starting() {
        let error = check_clock(SystemTime::UNIX_EPOCH + Duration::from_secs(60)).expect_err("it cannot be right");
        assert_eq!(exit::code(&error), exit::CLOCK);
        assert!(error.to_string().contains("1970-01-01") && error.to_string().contains("timedatectl"), "{error}");
        check_clock(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).expect("2027 can be right");
    }
}
