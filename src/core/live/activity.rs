//! What an administrator sees: what the server is at, each second.

use std::collections::HashMap;

use entrepot_model::{AdminPermission, connection::ConnectionStatus};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    BACKLOG, HEARTBEAT, News, TransferNews, TransferState,
    listener::{Heard, Listener},
    streams::Account,
};
use crate::{Core, admin::AdminSession, error::Result};

/// Sessions that are listed one by one.
const LISTED: usize = 500;

/// The server at one moment, as far as the administrator may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Milliseconds since the epoch.
    pub time: i64,
    /// Open sessions.
    pub sessions: usize,
    /// Running transfers.
    pub transfers: usize,
    /// Bytes per second that came in since the last time.
    pub upload_rate: u64,
    /// Bytes per second that went out since the last time.
    pub download_rate: u64,
    /// The sessions with their transfers, the newest first, at most 500 of them.
    pub connections: Vec<ConnectionStatus>,
}

/// An administrator's stream. It ends by itself; see the module.
pub struct ActivityStream {
    core: Core,
    admin: AdminSession,
    listener: Listener,
    meter: Meter,
    seconds: u32,
}

/// Bytes that moved, by direction: up, down.
struct Meter {
    /// Bytes of running transfers at the last look.
    known: HashMap<u64, u64>,
    /// Bytes of transfers that ended since then.
    ended: [u64; 2],
    looked_at: Instant,
}

impl Meter {
    fn end(&mut self, news: &TransferNews) {
        let known = self.known.remove(&news.id).unwrap_or(0);
        self.ended[news.direction.index()] += news.bytes.saturating_sub(known);
    }

    /// Bytes per second since the last look.
    fn look(&mut self, running: &[TransferNews]) -> [u64; 2] {
        let mut moved = std::mem::take(&mut self.ended);
        let known = std::mem::take(&mut self.known);
        for news in running {
            moved[news.direction.index()] += news.bytes.saturating_sub(known.get(&news.id).copied().unwrap_or(0));
            self.known.insert(news.id, news.bytes);
        }
        let passed = u64::try_from(self.looked_at.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.looked_at = Instant::now();
        moved.map(|bytes| bytes.saturating_mul(1000) / passed)
    }
}

impl ActivityStream {
    /// Opens a stream.
    ///
    /// # Errors
    /// `Denied` without `view_conns`; `TooMany` streams; `Shutdown`.
    pub fn open(core: &Core, admin: AdminSession) -> Result<Self> {
        admin.require(AdminPermission::ViewConns)?;
        let listener = Listener::new(core, Account::Admin(admin.username().to_owned()))?;
        let meter = Meter { known: HashMap::new(), ended: [0, 0], looked_at: Instant::now() };
        let mut stream = Self { core: core.clone(), admin, listener, meter, seconds: 0 };
        // What was moved before nobody sees as a rate.
        let running = stream.running();
        stream.meter.look(&running);
        Ok(stream)
    }

    fn running(&self) -> Vec<TransferNews> {
        self.core.0.registry.transfers(|news| self.admin.sees_role(news.role()))
    }

    /// What the server is at, a second after the last answer; `None` = the stream has ended.
    pub async fn next(&mut self) -> Option<Activity> {
        loop {
            match self.listener.hear().await {
                Heard::News(news) => self.take(&news),
                Heard::Lost => {}
                Heard::End => return None,
                Heard::Second => {
                    if self.core.has_ended(self.admin.claims()) {
                        return None;
                    }
                    self.catch_up();
                    self.seconds += 1;
                    if self.seconds >= HEARTBEAT {
                        self.seconds = 0;
                        self.admin = self.core.still_admin(&self.admin).await?;
                        self.admin.require(AdminPermission::ViewConns).ok()?;
                    }
                    return Some(self.look());
                }
            }
        }
    }

    fn take(&mut self, news: &News) {
        if let News::Transfer(news) = news
            && news.state != TransferState::Running
            && self.admin.sees_role(&news.role)
        {
            self.meter.end(news);
        }
    }

    /// Takes what is waiting: a transfer that ended is not among the running ones any more.
    fn catch_up(&mut self) {
        for _ in 0..BACKLOG {
            let Some(news) = self.listener.waiting() else { return };
            self.take(&news);
        }
    }

    fn look(&mut self) -> Activity {
        let running = self.running();
        let [upload_rate, download_rate] = self.meter.look(&running);
        let time = self.core.clock().millis();
        let mut connections = self.core.0.registry.statuses(|role| self.admin.sees_role(role));
        let sessions = connections.len();
        connections
            .sort_by(|one, other| (other.connection_time, &other.connection_id).cmp(&(one.connection_time, &one.connection_id)));
        connections.truncate(LISTED);
        connections.iter_mut().for_each(|status| status.current_time = time);
        Activity { time, sessions, transfers: running.len(), upload_rate, download_rate, connections }
    }
}
