//! The office servers: each is asked for its discovery once, and again after a while.

use std::{collections::HashMap, sync::Arc};

use entrepot_core::Core;
use entrepot_net::fetch::Fetcher;
use parking_lot::Mutex;

use super::Discovery;

/// Seconds after which a discovery is read again.
pub(crate) const FRESH: i64 = 3600;
/// Seconds after which it is read again because a signature does not fit.
pub(super) const NEW: i64 = 60;
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

#[derive(Default)]
struct Office {
    known: Mutex<Known>,
    /// Held by who asks it.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    discovery: Option<Arc<Discovery>>,
    /// When it was read, in seconds since the epoch.
    read_at: i64,
    /// When reading it was begun last.
    tried_at: i64,
}

impl Known {
    fn not_older_than(&self, age: i64, now: i64) -> Option<Arc<Discovery>> {
        self.discovery.clone().filter(|_| now - self.read_at < age)
    }
}

impl Offices {
    /// The discovery of the office server at `server`, read anew if it is older than `age` seconds. An older one is answered
    /// where it cannot be read.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn ask(&self, core: &Core, server: &str, age: i64) -> Result<Arc<Discovery>, Silent> {
        let office = self.0.lock().entry(server.to_owned()).or_default().clone();
        let now = core.clock().seconds();
        if let Some(known) = office.known.lock().not_older_than(age, now) {
            return Ok(known);
        }
        let _turn = office.turn.lock().await;
        let may_ask = {
            let mut known = office.known.lock();
            // Somebody else may have been at it while this one waited.
            let may_ask = known.not_older_than(age, now).is_none() && now - known.tried_at >= PAUSE;
            if may_ask {
                known.tried_at = now;
            }
            may_ask
        };
        if may_ask {
            // It goes on if nobody waits for it any more: the next one finds the answer.
            let asked = core.tasks().spawn(refresh(core.clone(), office.clone(), server.to_owned()));
            let _ = asked.await;
        }
        let known = office.known.lock().not_older_than(LONGEST, now);
        known.ok_or(Silent)
    }
}

async fn refresh(core: Core, office: Arc<Office>, server: String) {
    match read(&core, &server).await {
        Ok(discovery) => {
            let mut known = office.known.lock();
            known.discovery = Some(Arc::new(discovery));
            known.read_at = core.clock().seconds();
        }
        Err(error) => tracing::error!(server, error, "the discovery of the office server cannot be read"),
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
