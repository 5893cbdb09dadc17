//! What systemd is told, if it started this process (sd_notify(3)): that the server is ready, stops, and is alive. And what it
//! hands over: sockets that are open already (sd_listen_fds(3)).

use std::time::Duration;

use entrepot_net::inherited;
use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::exit::{self, Failure};

/// Takes over the sockets that the manager opened, if it did. Once for a process, before anything listens.
///
/// # Errors
/// One of them is not a listening TCP socket.
pub(crate) fn take_sockets() -> anyhow::Result<()> {
    let wrong = |error: std::io::Error| {
        Failure::with_code(exit::LISTEN, format!("the sockets of the service manager cannot be used: {error}"))
    };
    // Says whether they are meant for this process.
    let names: Vec<String> = sd_notify::listen_fds_with_names().map_err(wrong)?.map(|(_, name)| name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut descriptors = ListenFd::from_env();
    for (index, name) in names.into_iter().enumerate() {
        let listener = descriptors.take_tcp_listener(index).map_err(wrong)?;
        inherited::inherit(listener.map(|listener| (name, listener))).map_err(wrong)?;
    }
    Ok(())
}

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
