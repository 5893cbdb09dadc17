//! The thread that writes, and the queue before it.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing::Level;

use super::{line::Line, ring::Ring, rotation::LogFile};

/// Lines that may wait. A disk that stands still for longer costs lines, not transfers.
const QUEUED: usize = 2048;
/// How long lines gather before they are written.
const GATHER: Duration = Duration::from_millis(10);
/// How long the end of the process waits for the last lines.
const LAST: Duration = Duration::from_secs(2);

/// What goes to the streams of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// JSON on standard output.
    Json,
    /// Readable lines from this severity up.
    Readable {
        least: Level,
        colours: bool,
        /// On standard error, beside a log file; else on standard output.
        on_error: bool,
    },
    /// Nothing.
    Nothing,
}

impl Output {
    /// `standard_output`: it is the log. `terminal`: readable lines are wanted if somebody sits there.
    pub(super) fn choose(standard_output: bool, terminal: Option<Level>) -> Self {
        if standard_output {
            return match io::stdout().is_terminal() {
                true => Self::Readable { least: Level::DEBUG, colours: true, on_error: false },
                false => Self::Json,
            };
        }
        match terminal {
            Some(least) if io::stderr().is_terminal() => Self::Readable { least, colours: true, on_error: true },
            _ => Self::Nothing,
        }
    }

    fn write(self, text: &[u8]) {
        // Nobody can be told when the log itself cannot be written.
        let _ = match self {
            Self::Readable { on_error: true, .. } => io::stderr().write_all(text),
            _ => io::stdout().write_all(text),
        };
    }

    fn flush(self) {
        if self != Self::Nothing {
            let _ = io::stdout().flush();
        }
    }
}

pub(super) enum Job {
    /// The line as JSON, and as a person reads it where that is wanted.
    Line {
        level: Level,
        json: Vec<u8>,
        readable: Option<Vec<u8>>,
    },
    Rotate,
    Flush(SyncSender<()>),
}

/// Where the writer puts lines.
pub(super) struct Sinks {
    pub(super) file: Option<LogFile>,
    pub(super) output: Output,
    pub(super) ring: Arc<Ring>,
    /// Times in UTC.
    pub(super) utc: bool,
}

impl Sinks {
    fn write(&mut self, level: Level, json: &[u8], readable: Option<&[u8]>) {
        if let Some(file) = &mut self.file {
            file.write(json);
        }
        match (self.output, readable) {
            (Output::Json, _) => self.output.write(json),
            (output, Some(text)) => output.write(text),
            (_, None) => {}
        }
        self.ring.push(level, json);
    }
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Queue {
    jobs: SyncSender<Job>,
    dropped: Arc<AtomicU64>,
}

/// The other end.
pub(super) struct Writes {
    jobs: Receiver<Job>,
    dropped: Arc<AtomicU64>,
}

impl Queue {
    pub(super) fn new() -> (Self, Writes) {
        let (sender, receiver) = sync_channel(QUEUED);
        let dropped = Arc::new(AtomicU64::new(0));
        (Self { jobs: sender, dropped: dropped.clone() }, Writes { jobs: receiver, dropped })
    }

    /// Never waits.
    pub(super) fn push(&self, level: Level, json: Vec<u8>, readable: Option<Vec<u8>>) {
        if let Err(TrySendError::Full(_)) = self.jobs.try_send(Job::Line { level, json, readable }) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn rotate(&self) {
        let _ = self.jobs.try_send(Job::Rotate);
    }

    /// Waits, not for ever, until everything that was pushed is written.
    pub(super) fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.jobs.try_send(Job::Flush(done)).is_ok() {
            let _ = written.recv_timeout(LAST);
        }
    }
}

pub(super) fn spawn(writes: Writes, sinks: Sinks) -> io::Result<()> {
    thread::Builder::new().name("log".into()).stack_size(128 << 10).spawn(move || write_all(&writes, sinks))?;
    Ok(())
}

/// Writes until the last queue is gone. What is in the queue goes out in one go, then the buffers are emptied.
fn write_all(writes: &Writes, mut sinks: Sinks) {
    while let Ok(first) = writes.jobs.recv() {
        if matches!(first, Job::Line { .. }) {
            // Parked, not receiving: each line that comes now would wake the thread, and cost the transfer that wrote it.
            thread::park_timeout(GATHER);
        }
        let mut next = Some(first);
        let mut waiting = Vec::new();
        while let Some(job) = next {
            match job {
                Job::Line { level, json, readable } => sinks.write(level, &json, readable.as_deref()),
                Job::Rotate => sinks.file.iter_mut().for_each(LogFile::rotate),
                Job::Flush(done) => waiting.push(done),
            }
            next = writes.jobs.try_recv().ok();
        }
        let dropped = writes.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let text = format!("{dropped} lines were dropped: the log cannot be written fast enough");
            sinks.write(Level::WARN, &Line::new(Level::WARN, "log", sinks.utc).with_message(text).json(), None);
        }
        sinks.file.iter_mut().for_each(LogFile::flush);
        sinks.output.flush();
        for done in waiting {
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rotation::Limits, *};

    #[test]
    fn full_queue_drops_and_counts_instead_of_waiting() {
        let (queue, writes) = Queue::new();
        for _ in 0..QUEUED + 3 {
            queue.push(Level::INFO, b"{}\n".to_vec(), None);
        }
        assert_eq!(writes.dropped.load(Ordering::Relaxed), 3);
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("log");
        let file = LogFile::open(&path, Limits::default()).expect("opened");
        drop(queue);
        let ring = Arc::new(Ring::default());
        write_all(&writes, Sinks { file: Some(file), output: Output::Nothing, ring: ring.clone(), utc: true });
        let text = std::fs::read_to_string(&path).expect("readable");
        assert_eq!(text.lines().filter(|line| *line == "{}").count(), QUEUED);
        assert!(text.contains("3 lines were dropped"), "the count is logged");
        let last = ring.after(0).pop().expect("lines");
        assert!(last.json.contains("3 lines were dropped"), "{last:?}");
    }

    #[test]
    fn flush_waits_for_what_was_pushed() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("log");
        let (queue, writes) = Queue::new();
        let file = Some(LogFile::open(&path, Limits::default()).expect("opened"));
        let sinks = Sinks { file, output: Output::Nothing, ring: Arc::default(), utc: true };
        spawn(writes, sinks).expect("thread");
        queue.push(Level::INFO, b"one\n".to_vec(), None);
        queue.flush();
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "one\n");
    }
}
