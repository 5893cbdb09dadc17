//! What happens now, for pages that show it: changes in folders, a user's transfers, and what the whole server is at.
//!
//! News go out over a bounded broadcast. Whoever reads too slowly loses some, and is told so; nothing ever waits for a reader,
//! and where nobody listens nothing is put together. A stream ends with the token or account that it was opened with, when
//! sessions of the account are ended, and when the server stops.

mod activity;
mod listener;
mod log;
mod news;
mod streams;
mod user;

use std::sync::atomic::{AtomicUsize, Ordering};

pub use activity::{Activity, ActivityStream};
pub use log::LogStream;
pub use news::TransferState;
pub(crate) use news::{News, Outcome, TransferNews, tell_operation};
use streams::Streams;
pub use user::{Seen, UserStream};

use tokio::sync::broadcast;

/// News that a reader may be behind.
const BACKLOG: usize = 1024;
/// Seconds after which a stream says that it is alive, and is looked after.
const HEARTBEAT: u32 = 15;

/// See the module.
pub(crate) struct Live {
    news: broadcast::Sender<News>,
    listeners: AtomicUsize,
    streams: Streams,
}

impl Default for Live {
    fn default() -> Self {
        Self { news: broadcast::Sender::new(BACKLOG), listeners: AtomicUsize::new(0), streams: Streams::default() }
    }
}

impl Live {
    /// Tells the news, if anybody listens.
    pub(crate) fn tell(&self, news: impl FnOnce() -> News) {
        if self.listeners.load(Ordering::Relaxed) > 0 {
            let _ = self.news.send(news());
        }
    }

    /// Ends the streams of a user.
    pub(crate) fn end_user(&self, username: &str) {
        self.streams.end(&streams::Account::User(username.to_owned()));
    }

    /// Ends every stream, and takes no new one: the server stops.
    pub(crate) fn close(&self) {
        self.streams.close();
    }
}
