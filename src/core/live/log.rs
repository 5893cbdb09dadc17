//! What an administrator sees of the log, as it is written.

use super::{
    HEARTBEAT,
    listener::{Heard, Listener},
    streams::Account,
};
use crate::{
    Core,
    admin::{
        AdminSession,
        log::{self, LogFilter, LogLine},
    },
    error::Result,
};

/// Lines that are sent at once; of more, the newest.
const AT_ONCE: usize = 500;

/// A stream of lines. It ends by itself, as all streams do.
pub struct LogStream {
    core: Core,
    admin: AdminSession,
    filter: LogFilter,
    listener: Listener,
    /// Number of the last line that was looked at.
    last: u64,
    seconds: u32,
}

impl LogStream {
    /// Opens a stream of the lines after that of number `after` that the filter takes.
    ///
    /// # Errors
    /// As [`log::lines`]; `TooMany` streams; `Shutdown`.
    pub fn open(core: &Core, admin: AdminSession, filter: LogFilter, after: u64) -> Result<Self> {
        log::lines(core, &admin, &filter, u64::MAX)?;
        let listener = Listener::new(core, Account::Admin(admin.username().to_owned()))?;
        Ok(Self { core: core.clone(), admin, filter, listener, last: after, seconds: 0 })
    }

    /// Lines that came, looked for each second; none after a while in which there were none. `None` = the stream has ended.
    pub async fn next(&mut self) -> Option<Vec<LogLine>> {
        loop {
            match self.listener.hear().await {
                Heard::News(_) | Heard::Lost => {}
                Heard::End => return None,
                Heard::Second => {
                    if self.core.has_ended(self.admin.claims()) {
                        return None;
                    }
                    self.seconds += 1;
                    let is_due = self.seconds >= HEARTBEAT;
                    if is_due {
                        self.seconds = 0;
                        self.admin = self.core.still_admin(&self.admin).await?;
                    }
                    let all = log::lines(&self.core, &self.admin, &LogFilter::default(), self.last).ok()?;
                    self.last = all.last().map_or(self.last, |line| line.number);
                    let mut lines: Vec<_> = all.into_iter().filter(|line| self.filter.takes(line)).collect();
                    lines.drain(..lines.len().saturating_sub(AT_ONCE));
                    if is_due || !lines.is_empty() {
                        return Some(lines);
                    }
                }
            }
        }
    }
}
