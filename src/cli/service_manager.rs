//! What systemd is told, if it started this process (sd_notify(3)): that the server is ready, stops, and is alive.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service manager that started this process, if one did.
#[derive(Debug)]
pub(crate) struct ServiceManager {
    /// Between two signs of life; half of what the manager allows.
    interval: Option<Duration>,
}

impl ServiceManager {
    /// Reads from the environment of the process whether somebody waits for news.
    pub(crate) fn find() -> Self {
        Self { interval: sd_notify::watchdog_enabled().map(|allowed| allowed / 2) }
    }

    /// Every listener accepts.
    pub(crate) fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// The end has begun.
    pub(crate) fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// A sign of life.
    pub(crate) fn alive(&self) {
        tell(&[NotifyState::Watchdog]);
    }

    /// Resolves when the next sign of life is due; never, if nobody waits for one.
    pub(crate) async fn is_due(&self) {
        match self.interval {
            Some(interval) => tokio::time::sleep(interval).await,
            None => std::future::pending().await,
        }
    }
}

/// Without a manager nothing happens.
fn tell(news: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(news) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
