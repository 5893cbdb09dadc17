//! From events to lines.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tracing::{
    Event, Level, Metadata, Subscriber, callsite::rebuild_interest_cache, metadata::LevelFilter, subscriber::Interest,
};
use tracing_subscriber::{Layer, layer::Context};

use super::{
    line::Line,
    writer::{Output, Queue},
};

/// Rooms of ours; everything else is heard from `WARN` up.
const OURS: &str = "entrepot";
/// What breaks an answer off is said where it is known what that is; these would say it once more, as a fault.
const UNHEARD: [&str; 2] = ["actix_http::h1::dispatcher", "actix_http::h2::dispatcher"];

/// The least severe level, which can change at run time.
#[derive(Debug)]
pub(super) struct Threshold(AtomicU8);

impl Threshold {
    pub(super) fn new(level: Level) -> Self {
        Self(AtomicU8::new(rank(level)))
    }

    /// Callsites below the level cost nothing: their interest is cached, and asked for again here.
    pub(super) fn set(&self, level: Level) {
        self.0.store(rank(level), Ordering::Relaxed);
        rebuild_interest_cache();
    }

    /// The least severe level.
    pub(super) fn level(&self) -> Level {
        match self.0.load(Ordering::Relaxed) {
            0 => Level::ERROR,
            1 => Level::WARN,
            2 => Level::INFO,
            3 => Level::DEBUG,
            _ => Level::TRACE,
        }
    }

    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        if UNHEARD.contains(&metadata.target()) {
            return false;
        }
        let most = if metadata.target().starts_with(OURS) { self.0.load(Ordering::Relaxed) } else { rank(Level::WARN) };
        rank(*metadata.level()) <= most.min(self.0.load(Ordering::Relaxed))
    }

    fn filter(&self) -> LevelFilter {
        match self.0.load(Ordering::Relaxed) {
            0 => LevelFilter::ERROR,
            1 => LevelFilter::WARN,
            2 => LevelFilter::INFO,
            3 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        }
    }
}

/// Small is severe.
pub(super) fn rank(level: Level) -> u8 {
    match level {
        Level::ERROR => 0,
        Level::WARN => 1,
        Level::INFO => 2,
        Level::DEBUG => 3,
        Level::TRACE => 4,
    }
}

/// Writes a line per event. Spans are not used by this program and leave no trace.
pub(super) struct LineLayer {
    threshold: Arc<Threshold>,
    queue: Queue,
    output: Output,
    utc: bool,
}

impl LineLayer {
    pub(super) fn new(threshold: Arc<Threshold>, queue: Queue, output: Output, utc: bool) -> Self {
        Self { threshold, queue, output, utc }
    }
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.threshold.takes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.threshold.takes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.threshold.filter())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = Line::of(event, self.utc);
        let readable = match self.output {
            Output::Readable { least, colours, .. } => (rank(line.level) <= rank(least)).then(|| line.readable(colours)),
            Output::Json | Output::Nothing => None,
        };
        self.queue.push(line.level, line.json(), readable);
    }
}
