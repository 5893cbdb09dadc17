//! The office servers: each is asked for its discovery once, and again after a while.

use std::{collections::HashMap, sync::Arc};

use entrepot_core::Core;
use entrepot_net::fetch::Fetcher;
use parking_lot::Mutex;
use tokio::{sync::OwnedMutexGuard, task::JoinHandle};

use super::Discovery;

/// Seconds after which a discovery is read again.
const FRESH: i64 = 3600;
/// Seconds after which it is read again because a signature does not fit.
const NEW: i64 = 60;
/// Seconds for which an old one is better than none.
const LONGEST: i64 = 24 * 3600;
/// Seconds between two attempts to read it.
const PAUSE: i64 = 15;
/// Bytes of a discovery.
const LARGEST: usize = 4 << 20;

/// The office server does not say what it can do. The reason is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the office server cannot be asked now")]
pub(crate) struct Silent;

/// What is known of each, by its address.
#[derive(Default)]
pub(crate) struct Offices(Mutex<HashMap<String, Arc<Office>>>);

struct Office {
    server: String,
    known: Mutex<Known>,
    /// Held while it is read: once at a time, however long that takes.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Known {
    discovery: Option<Arc<Discovery>>,
    /// When it was read, in seconds since the epoch.
    read_at: i64,
    /// When reading it ended last, well or not.
    tried_at: i64,
}

impl Known {
    fn not_older_than(&self, age: i64, now: i64) -> Option<Arc<Discovery>> {
        self.discovery.clone().filter(|_| now - self.read_at < age)
    }
}

impl Offices {
    /// The discovery of the office server at `server`. An old one is answered at once, and read anew meanwhile: a server that
    /// hangs holds nobody up who knows what it can do.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn ask(&self, core: &Core, server: &str) -> Result<Arc<Discovery>, Silent> {
        let (office, now) = (self.office(server), core.clock().seconds());
        let known = office.known.lock().not_older_than(LONGEST, now);
        let Some(known) = known else { return office.wait(core, FRESH, now).await };
        // Who has the turn reads it already.
        if let Ok(turn) = office.turn.clone().try_lock_owned() {
            office.begin(core, FRESH, now, turn);
        }
        Ok(known)
    }

    /// The discovery as it is now: not older than a minute, if the office server answers.
    ///
    /// # Errors
    /// There is none.
    pub(super) async fn ask_again(&self, core: &Core, server: &str) -> Result<Arc<Discovery>, Silent> {
        self.office(server).wait(core, NEW, core.clock().seconds()).await
    }

    fn office(&self, server: &str) -> Arc<Office> {
        let new = || Arc::new(Office { server: server.to_owned(), known: Mutex::default(), turn: Arc::default() });
        self.0.lock().entry(server.to_owned()).or_insert_with(new).clone()
    }
}

impl Office {
    /// The discovery after it was read anew, if it is older than `age` seconds at `now`.
    async fn wait(self: Arc<Self>, core: &Core, age: i64, now: i64) -> Result<Arc<Discovery>, Silent> {
        if let Some(known) = self.known.lock().not_older_than(age, now) {
            return Ok(known);
        }
        // Somebody else may be at it.
        let turn = self.turn.clone().lock_owned().await;
        if let Some(begun) = self.begin(core, age, now, turn) {
            // It goes on if nobody waits for it any more: the next one finds the answer.
            let _ = begun.await;
        }
        let known = self.known.lock().not_older_than(LONGEST, now);
        known.ok_or(Silent)
    }

    /// Begins to read the discovery if it is older than `age` seconds and nobody tried a moment before `now`, or since.
    fn begin(self: &Arc<Self>, core: &Core, age: i64, now: i64, turn: OwnedMutexGuard<()>) -> Option<JoinHandle<()>> {
        let is_due = {
            let known = self.known.lock();
            known.not_older_than(age, now).is_none() && now - known.tried_at >= PAUSE
        };
        if !is_due {
            return None;
        }
        let (office, own) = (self.clone(), core.clone());
        Some(core.tasks().spawn(async move {
            office.refresh(&own).await;
            drop(turn);
        }))
    }

    async fn refresh(&self, core: &Core) {
        let stopping = core.tasks().stopping();
        let answer = tokio::select! {
            answer = read(core, &self.server) => answer,
            () = stopping.cancelled() => return,
        };
        let now = core.clock().seconds();
        let mut known = self.known.lock();
        known.tried_at = now;
        match answer {
            Ok(discovery) => (known.discovery, known.read_at) = (Some(Arc::new(discovery)), now),
            Err(error) => tracing::error!(server = self.server, error, "the discovery of the office server cannot be read"),
        }
    }
}

async fn read(core: &Core, server: &str) -> Result<Discovery, String> {
    let address = format!("{}/hosting/discovery", server.trim_end_matches('/'));
    let (settings, url) = (core.settings(), address.clone());
    // Certificates are files.
    let fetcher = core.tasks().storage().run(move || Fetcher::for_server(&settings, &url)).await;
    let fetcher = fetcher.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let body = fetcher.get(&address, LARGEST).await.map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&body).map_err(|_| "it is no text in UTF-8".to_owned())?;
    Discovery::parse(text.trim_start_matches('\u{feff}'))
}
