//! The last lines, in memory, for administrators who read them in a browser.

use std::{collections::VecDeque, sync::Arc};

use entrepot_core::admin::log::LogLine;
use entrepot_model::status::LogLevel;
use parking_lot::Mutex;
use tracing::Level;

/// Lines that are kept at most.
const LINES: usize = 2000;
/// Bytes that they have at most.
const BYTES: usize = 512 << 10;

#[derive(Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// Lines that there ever were.
    count: u64,
}

/// Bounded in lines and in bytes; the oldest go.
#[derive(Default)]
pub(super) struct Ring(Mutex<Kept>);

impl Ring {
    /// Keeps a line: a JSON object, with or without a line feed.
    pub(super) fn push(&self, level: Level, json: &[u8]) {
        let text = String::from_utf8_lossy(json);
        let text = text.trim_end();
        let mut kept = self.0.lock();
        kept.count += 1;
        if text.len() > BYTES {
            return;
        }
        while kept.lines.len() >= LINES || kept.bytes + text.len() > BYTES {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.json.len();
        }
        kept.bytes += text.len();
        let number = kept.count;
        kept.lines.push_back(LogLine { number, level: named(level), json: Arc::from(text) });
    }

    /// The lines after that of number `after`, the oldest first.
    pub(super) fn after(&self, after: u64) -> Vec<LogLine> {
        let kept = self.0.lock();
        let from = kept.lines.partition_point(|line| line.number <= after);
        kept.lines.range(from..).cloned().collect()
    }
}

/// As the contract names it.
pub(super) fn named(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_lines_go_when_there_are_many() {
        let ring = Ring::default();
        for number in 0..LINES + 10 {
            ring.push(Level::INFO, format!("{{\"n\":{number}}}\n").as_bytes());
        }
        let lines = ring.after(0);
        assert_eq!((lines.len(), lines[0].number), (LINES, 11));
        assert_eq!(lines[0].json.as_ref(), "{\"n\":10}");
        assert_eq!(ring.after(2008).iter().map(|line| line.number).collect::<Vec<_>>(), [2009, 2010]);
        assert!(ring.after(u64::MAX).is_empty());
    }

    #[test]
    fn oldest_lines_go_when_there_are_long_ones() {
        let ring = Ring::default();
        let long = vec![b'x'; BYTES / 4];
        (0..9).for_each(|_| ring.push(Level::WARN, &long));
        assert_eq!(ring.after(0).len(), 4);
        ring.push(Level::WARN, &vec![b'x'; BYTES + 1]);
        assert_eq!(ring.after(0).len(), 4, "one that fits nowhere takes nothing away");
        ring.push(Level::ERROR, b"{}");
        let last = ring.after(0).pop().expect("a line");
        assert_eq!((last.number, last.level), (11, LogLevel::Error));
    }
}
