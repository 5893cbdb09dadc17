//! Sessions of clients without a connection of their own (decisions on sessions in ARCHITECTURE.md).
//!
//! Requests over HTTP that show the same token belong to one session: each takes a lease on it. It ends some time after the
//! last lease was given back. Such sessions take none of the sessions that an account may have; their transfers count.

use std::{collections::HashMap, net::IpAddr, ops::Deref, sync::Arc, time::Duration};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::{
    Authenticated, Core, Result,
    fs::UserFs,
    session::{Session, SessionState},
};

/// Milliseconds that a session without leases is kept, so that the next request finds it and the list shows who is here.
pub(crate) const KEPT: i64 = 60_000;
/// Between two looks for sessions that nobody has a lease on.
const INTERVAL: Duration = Duration::from_secs(15);

/// What a session belongs to.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    protocol: &'static str,
    username: String,
    /// Id of a token or of an API key, or what else tells visits apart.
    visit: String,
    ip: IpAddr,
}

/// The sessions that leases are given on.
#[derive(Default)]
pub(crate) struct Leases(Mutex<HashMap<Key, Arc<Session>>>);

/// A share in a session; it lives at least as long as its leases.
#[derive(Clone)]
pub struct Lease(Arc<Session>);

impl Lease {
    /// The only one on a session, which ends with it.
    pub(crate) fn alone(session: Session) -> Self {
        Self(Arc::new(session))
    }

    /// The account's files. They keep the session alive.
    pub fn fs(&self) -> UserFs {
        UserFs::leased(self.clone())
    }

    pub(crate) fn state(&self) -> &Arc<SessionState> {
        &self.0.0
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Authenticated {
    /// A lease on the session of this account, address and `visit` (the id of a token, for example), which is opened if it
    /// is not there. An account that changed, or a session that was told to end, gets a new one.
    ///
    /// # Errors
    /// `Auth` when the account was disconnected or deleted since the login, `Shutdown`.
    pub fn lease(&self, protocol: &'static str, visit: &str) -> Result<Lease> {
        let key = Key {
            protocol,
            username: self.account.user.user.username.clone(),
            visit: visit.to_owned(),
            ip: self.peer.remote.ip(),
        };
        let mut before = None;
        let mut sessions = self.core.0.leases.0.lock();
        if let Some(session) = sessions.get(&key) {
            if Arc::ptr_eq(&session.0.account, &self.account) && !session.0.kill.is_cancelled() {
                session.touch();
                return Ok(Lease(session.clone()));
            }
            before = sessions.remove(&key);
        }
        let session = Arc::new(self.open(protocol, format!("{protocol}_{}", Uuid::new_v4().simple()), false)?);
        sessions.insert(key, session.clone());
        drop(sessions);
        drop(before);
        Ok(Lease(session))
    }
}

impl Leases {
    /// Takes the session of that id out: it ends with the last lease on it, and is listed no longer than that.
    pub(crate) fn forget(&self, id: &str) {
        let gone: Vec<_> = self.0.lock().extract_if(|_, session| session.id() == id).collect();
        // Its end asks the registry: not under the lock.
        drop(gone);
    }

    /// Takes out what nobody had a lease on since `moment`.
    pub(crate) fn take_unused(&self, moment: i64) -> Vec<Arc<Session>> {
        let unused = |session: &Arc<Session>| Arc::strong_count(session) == 1 && session.0.is_idle_since(moment);
        self.0.lock().extract_if(|_, session| unused(session)).map(|(_, session)| session).collect()
    }
}

/// Ends sessions that nobody has a lease on any more.
pub(crate) async fn expire(core: Core) {
    while core.tasks().rest(INTERVAL).await {
        drop(core.0.leases.take_unused(core.clock().millis() - KEPT));
    }
    // They hold the core, and the core holds them.
    let all = std::mem::take(&mut *core.0.leases.0.lock());
    drop(all);
}
