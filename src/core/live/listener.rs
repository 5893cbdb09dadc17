//! The news as one stream reads them.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    News,
    streams::{Account, OpenStream},
};
use crate::{Core, error::Result};

/// What a stream hears.
pub(super) enum Heard {
    /// News.
    News(News),
    /// Some news were lost.
    Lost,
    /// A second has passed.
    Second,
    /// The stream is to end.
    End,
}

/// A listener, counted.
pub(super) struct Listener {
    core: Core,
    receiver: Receiver<News>,
    open: OpenStream,
    second: Interval,
}

impl Listener {
    pub(super) fn new(core: &Core, account: Account) -> Result<Self> {
        let live = &core.0.live;
        let open = live.streams.open(account)?;
        live.listeners.fetch_add(1, Ordering::Relaxed);
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { core: core.clone(), receiver: live.news.subscribe(), open, second })
    }

    pub(super) async fn hear(&mut self) -> Heard {
        tokio::select! {
            biased;
            () = self.open.end.cancelled() => Heard::End,
            // Before the news: however many there are, the stream is looked after.
            _ = self.second.tick() => Heard::Second,
            news = self.receiver.recv() => match news {
                Ok(news) => Heard::News(news),
                Err(RecvError::Lagged(_)) => Heard::Lost,
                Err(RecvError::Closed) => Heard::End,
            },
        }
    }

    /// News that wait already.
    pub(super) fn waiting(&mut self) -> Option<News> {
        loop {
            match self.receiver.try_recv() {
                Ok(news) => return Some(news),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.core.0.live.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}
