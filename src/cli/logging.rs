//! The log of the process: JSON lines in a file (LOG-001, LOG-002), readable ones on a terminal.
//!
//! A line is put together where it arises and handed to a thread through a bounded queue, without waiting: the disk of the
//! log, or a terminal that somebody stopped, must never hold up the task that carries an SSH connection. What does not fit
//! into the queue is dropped and counted, and the count is logged. Nothing that must not be lost is a log line: the audit
//! trail is in the database.

mod compression;
mod layer;
mod line;
mod ring;
mod rotation;
mod writer;

use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
};

use entrepot_config::settings::Log;
use entrepot_core::{LogControl, admin::log::LogLine};
use entrepot_model::status::LogLevel;
use tracing::Level;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

use layer::{LineLayer, Threshold};
use ring::{Ring, named};
use rotation::{Limits, LogFile};
use writer::{Output, Queue, Sinks};

/// Where lines go.
#[derive(Debug, Clone)]
pub(crate) struct LogOptions {
    /// File of JSON lines.
    pub(crate) file: Option<PathBuf>,
    /// JSON lines, or readable ones if it is a terminal, on standard output.
    pub(crate) standard_output: bool,
    /// Readable lines on a terminal, at least this severe.
    pub(crate) terminal: Option<Level>,
    /// Least severe lines.
    pub(crate) level: Level,
    /// Times in UTC.
    pub(crate) utc: bool,
    /// When the file is rotated.
    pub(crate) limits: Limits,
}

impl LogOptions {
    /// What the settings say; `resolve` makes paths absolute.
    pub(crate) fn from_settings(log: &Log, resolve: impl Fn(&str) -> PathBuf) -> Self {
        let path = log.file_path.trim();
        Self {
            file: (!path.is_empty()).then(|| resolve(path)),
            standard_output: path.is_empty(),
            terminal: None,
            level: Level::from_str(&log.level).unwrap_or(Level::DEBUG),
            utc: log.utc_time,
            limits: Limits {
                size: u64::from(log.max_size) << 20,
                backups: log.max_backups,
                days: log.max_age,
                compress: log.compress,
            },
        }
    }

    /// Nothing is logged.
    pub(crate) fn silent() -> Self {
        Self { file: None, standard_output: false, terminal: None, level: Level::ERROR, utc: false, limits: Limits::default() }
    }
}

/// The running log. Dropping it writes what is queued.
pub(crate) struct LogHandle {
    queue: Queue,
    threshold: Arc<Threshold>,
    ring: Arc<Ring>,
}

impl LogHandle {
    /// Changes the least severe level, at once and everywhere (LOG-013).
    pub(crate) fn set_level(&self, level: Level) {
        self.threshold.set(level);
    }

    /// What changes the level while the server runs, and has the last lines.
    pub(crate) fn control(&self) -> Arc<dyn LogControl> {
        Arc::new(Control { threshold: self.threshold.clone(), ring: self.ring.clone() })
    }

    /// Begins a new log file (SIG-002).
    pub(crate) fn rotate(&self) {
        self.queue.rotate();
    }
}

/// The level and the last lines, for the core.
struct Control {
    threshold: Arc<Threshold>,
    ring: Arc<Ring>,
}

impl LogControl for Control {
    fn level(&self) -> LogLevel {
        named(self.threshold.level())
    }

    fn set_level(&self, level: LogLevel) {
        self.threshold.set(match level {
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Info => Level::INFO,
            LogLevel::Warn => Level::WARN,
            LogLevel::Error => Level::ERROR,
        });
    }

    fn lines(&self, after: u64) -> Vec<LogLine> {
        self.ring.after(after)
    }
}

impl Drop for LogHandle {
    fn drop(&mut self) {
        self.queue.flush();
    }
}

/// Starts the log. A file that cannot be written is no reason not to start: lines go to standard output then (LOG-011), and
/// the second value says why.
pub(crate) fn start(options: LogOptions) -> anyhow::Result<(LogHandle, Option<String>)> {
    let mut trouble = None;
    let file = options.file.as_deref().and_then(|path| match LogFile::open(path, options.limits) {
        Ok(file) => Some(file),
        Err(error) => {
            trouble = Some(cannot_write(path, &error));
            None
        }
    });
    let to_output = options.standard_output || trouble.is_some();
    let output = Output::choose(to_output, options.terminal);
    let (queue, writes) = Queue::new();
    let ring = Arc::new(Ring::default());
    let sinks = Sinks { file, output, ring: ring.clone(), utc: options.utc };
    writer::spawn(writes, sinks)?;
    let threshold = Arc::new(Threshold::new(Level::WARN));
    let layer = LineLayer::new(threshold.clone(), queue.clone(), output, options.utc);
    // The bridge for crates that use `log` takes over the level it finds here, for good: their warnings are of interest,
    // and what they say per packet must not even be looked at.
    tracing_subscriber::registry().with(layer).try_init()?;
    threshold.set(options.level);
    log_panics();
    Ok((LogHandle { queue, threshold, ring }, trouble))
}

/// A panic ends its task and nothing else; it is a fault of ours, and must be found where all others are.
fn log_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(sender = "panic", place, thread = thread.name().unwrap_or_default(), "{message}");
        print(panic);
    }));
}

fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write the log file {}: {error}; logging to standard output instead", path.display())
}
