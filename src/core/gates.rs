//! The gates that every connection passes before its protocol says a word, and every request over HTTP: the defender's
//! bans, the allow list, limits of connections, rate limiters. One look into the lists answers for all of them (IPL-005).
//!
//! What goes wrong later (logins that fail, limits that are exceeded) is told to the defender by [`Core::score`].

mod address;
mod connections;
mod defender;
mod limiters;
mod lists;
mod neighbours;
#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use arc_swap::ArcSwap;
use entrepot_config::{Settings, settings};
use entrepot_model::{IpListEntry, IpListMode, IpListType, Protocol};
use entrepot_store::{Store, StoreError};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Semaphore;

use crate::{
    Clock, Core,
    audit::{DenialBudget, LoginOutcome},
};
use address::source_of;
use connections::{Connections, Limits};
pub(crate) use connections::{Full, Tries};
pub use defender::WatchedHost;
use defender::{Defender, Outcome};
use limiters::Limiters;
pub(crate) use lists::IpLists;
use lists::Standing;

/// How often scores and bans are stored and looked through.
const TENDING: Duration = Duration::from_secs(5);
/// Own connections whose end may be waited for; beyond that some were never let in, and all are forgotten.
const MOST_KNOCKS: usize = 64;
/// Types of log events (SEC-189).
const EVENT_NO_LOGIN: i64 = 3;
const EVENT_NOT_NEGOTIATED: i64 = 4;

/// What the defender scores (DEF-002).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Score {
    /// A login of an existing account failed, whatever the reason; a wrong code, a wrong share password.
    LoginFailed = 0,
    /// A login of an account that does not exist.
    UnknownUser = 1,
    /// A limit of connections or requests was exceeded.
    LimitExceeded = 2,
    /// A connection ended without an attempt to log in.
    NoAuth = 3,
}

impl Score {
    const ALL: [Self; 4] = [Self::LoginFailed, Self::UnknownUser, Self::LimitExceeded, Self::NoAuth];

    fn points(self, settings: &settings::Defender) -> u32 {
        match self {
            Self::LoginFailed => settings.score_valid,
            Self::UnknownUser => settings.score_invalid,
            Self::LimitExceeded => settings.score_limit_exceeded,
            Self::NoAuth => settings.score_no_auth,
        }
    }

    /// Name in the log (LOG-009).
    fn name(self) -> &'static str {
        match self {
            Self::LoginFailed => "LoginFailed",
            Self::UnknownUser => "UserNotFound",
            Self::LimitExceeded => "LimitExceeded",
            Self::NoAuth => "NoLoginTried",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::LoginFailed => "failed login",
            Self::UnknownUser => "unknown user",
            Self::LimitExceeded => "limit exceeded",
            Self::NoAuth => "no login tried",
        }
    }
}

/// Why somebody stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The server is about to stop (LIM-009).
    Stopping,
    /// The allow list is on, and has no entry for this address and protocol (IPL-006).
    NotAllowed,
    /// Banned by the defender, or for good by its list.
    Banned,
    /// Too many connections, in total or from there.
    TooMany,
    /// Too many in a short time (RATE-005).
    RateLimited {
        /// When trying again makes sense.
        retry_after: Duration,
    },
}

/// A connection or request that was let in. Dropping it counts it out; a connection that tried no login is told to the
/// defender then (SSH-014, SEC-186).
pub struct Admission {
    core: Core,
    peer: SocketAddr,
    protocol: Protocol,
    delay: Duration,
}

impl Admission {
    /// How long to wait before going on (RATE-004).
    pub fn delay(&self) -> Duration {
        self.delay
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.core.left(self.peer, self.protocol);
    }
}

/// The state of the gates.
pub(crate) struct Gates {
    pub lists: RwLock<IpLists>,
    /// Changes of lists go one after the other, in the database and in memory.
    pub turn: Semaphore,
    defender: Mutex<Defender>,
    limiters: ArcSwap<Limiters>,
    connections: Mutex<Connections>,
    closed: AtomicBool,
    silent: DenialBudget,
    /// Own connections that only tried whether a listener answers.
    knocks: Mutex<HashSet<SocketAddr>>,
}

impl Gates {
    /// Reads the lists, and what the defender knew if it is to remember.
    pub async fn load(store: &Store, settings: &Settings, clock: &dyn Clock) -> Result<Self, StoreError> {
        let lists = IpLists::of(&store.ip_lists().all().await?);
        if settings.common.allowlist_status == 1 && lists.is_empty(IpListType::Allow) {
            tracing::warn!("common.allowlist_status is 1 and the allow list is empty: nobody can connect");
        }
        let stored = if is_remembered(settings) { store.defender_hosts().all().await? } else { Vec::new() };
        Ok(Self {
            lists: RwLock::new(lists),
            turn: Semaphore::new(1),
            defender: Mutex::new(Defender::of(stored)),
            limiters: ArcSwap::from_pointee(Limiters::of(&settings.common.rate_limiters, clock.nanos())),
            connections: Mutex::default(),
            closed: AtomicBool::new(false),
            silent: DenialBudget::default(),
            knocks: Mutex::default(),
        })
    }

    /// Makes the limits of the settings those that hold. Limits that stay the same go on where they are.
    pub fn adopt(&self, settings: &Settings, now: i64) {
        let wanted = &settings.common.rate_limiters;
        if !self.limiters.load().are_of(wanted) {
            self.limiters.store(Limiters::of(wanted, now).into());
        }
    }

    fn standing(&self, ip: IpAddr, protocol: Protocol) -> Standing {
        self.lists.read().standing(ip, protocol)
    }

    /// Notes what a connection tried.
    pub fn note(&self, peer: SocketAddr, change: impl FnOnce(&mut Tries)) {
        self.connections.lock().note(canonical(peer), change);
    }
}

fn is_remembered(settings: &Settings) -> bool {
    settings.common.defender.enabled && settings.common.defender.driver == "provider"
}

/// What the defender leaves alone: it neither scores nor bans (DEF-009, IPL-001).
fn is_exempt(standing: Standing) -> bool {
    standing.is_trusted || standing.defender == Some(IpListMode::Allow)
}

/// Bans first, then the allow list (SSH-004).
fn by_lists(settings: &Settings, standing: Standing, is_banned: impl FnOnce() -> bool) -> Result<(), Refused> {
    if !is_exempt(standing) && (standing.defender == Some(IpListMode::Deny) || is_banned()) {
        return Err(Refused::Banned);
    }
    if settings.common.allowlist_status == 1 && !standing.is_allowed {
        return Err(Refused::NotAllowed);
    }
    Ok(())
}

fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

impl Core {
    /// Lets a connection in, or a request over HTTP; or says why not. It never waits: who is let in may have to
    /// ([`Admission::delay`]).
    ///
    /// # Errors
    /// The first gate that stays shut, in the order of SSH-004.
    pub fn admit(&self, peer: SocketAddr, protocol: Protocol) -> Result<Admission, Refused> {
        self.pass(peer, protocol).inspect_err(|refused| self.0.metrics.deny_connection(protocol, *refused))
    }

    fn pass(&self, peer: SocketAddr, protocol: Protocol) -> Result<Admission, Refused> {
        let gates = &self.0.gates;
        if gates.closed.load(Ordering::Relaxed) {
            return Err(Refused::Stopping);
        }
        let peer = canonical(peer);
        let settings = self.0.settings.load();
        let common = &settings.common;
        let (ip, source) = (peer.ip(), source_of(peer.ip()));
        let standing = gates.standing(ip, protocol);
        by_lists(&settings, standing, || self.is_banned(source, &common.defender))?;
        let limits = Limits { total: common.max_total_connections, per_host: common.max_per_host_connections };
        // LIM-002; a trusted address is counted as any other, without being scored (IPL-001).
        let is_safe = standing.defender == Some(IpListMode::Allow);
        let sessions = if limits.total > 0 { self.0.registry.sessions() } else { 0 };
        let entered = gates.connections.lock().enter(peer, source, protocol, limits, sessions, is_safe);
        if let Err(full) = entered {
            self.0.metrics.deny_full(protocol, full);
            // Many behind one private address are rarely an attack.
            if full == Full::Host && !address::is_internal(ip) {
                self.score(ip, protocol, Score::LimitExceeded);
            }
            return Err(Refused::TooMany);
        }
        let mut admission = Admission { core: self.clone(), peer, protocol, delay: Duration::ZERO };
        if standing.is_rate_safe || standing.is_trusted {
            return Ok(admission);
        }
        match gates.limiters.load().take(source, protocol, self.clock().nanos()) {
            Ok(delay) => {
                admission.delay = delay;
                Ok(admission)
            }
            Err(exceeded) => {
                // It never began: nothing is to be said about what it did not try.
                gates.note(peer, |tries| tries.any = true);
                if exceeded.scores {
                    self.score(ip, protocol, Score::LimitExceeded);
                }
                Err(Refused::RateLimited { retry_after: exceeded.retry_after })
            }
        }
    }

    /// What bans and lists say to an address, without counting or recording anything. Limits of connections and rates are not
    /// asked: they are about the moment.
    ///
    /// # Errors
    /// As [`Core::admit`].
    pub(crate) fn would_admit(&self, ip: IpAddr, protocol: Protocol) -> Result<(), Refused> {
        let ip = ip.to_canonical();
        let is_banned = || self.watched_host(ip).is_some_and(|host| host.banned_until.is_some());
        by_lists(&self.0.settings.load(), self.0.gates.standing(ip, protocol), is_banned)
    }

    /// Whether the allow list has the address, for a protocol.
    pub(crate) fn is_on_allow_list(&self, ip: IpAddr, protocol: Protocol) -> bool {
        self.0.gates.standing(ip.to_canonical(), protocol).is_allowed
    }

    /// Whether the allow list would have the address if the entry were `after`, or gone.
    pub(crate) fn is_on_allow_list_with(
        &self,
        before: &IpListEntry,
        after: Option<&IpListEntry>,
        ip: IpAddr,
        protocol: Protocol,
    ) -> bool {
        let (Some(list), Some(network)) = (before.list_type(), before.network()) else { return true };
        let mut lists = self.0.gates.lists.read().clone();
        lists.remove(list, network);
        if let Some(after) = after {
            lists.set(after);
        }
        lists.standing(ip.to_canonical(), protocol).is_allowed
    }

    /// Whether the allow list lets nobody in at all: it is on, and empty.
    pub(crate) fn is_shut(&self) -> bool {
        self.settings().common.allowlist_status == 1 && self.0.gates.lists.read().is_empty(IpListType::Allow)
    }

    /// Connections that count against `common.max_total_connections` now (LIM-001).
    pub(crate) fn open_connections(&self) -> usize {
        self.0.gates.connections.lock().total().max(self.0.registry.sessions())
    }

    /// Lets nobody in from now on (LIM-009).
    pub fn close_gates(&self) {
        self.0.gates.closed.store(true, Ordering::Relaxed);
        // Answers without an end would hold up the HTTP service.
        self.0.live.close();
    }

    /// Tells the defender what somebody did: every failed login over whatever way, share passwords, codes, API keys
    /// (SEC-183). [`Core::authenticate`] and [`Core::admin_login`] do it themselves.
    pub fn score(&self, ip: IpAddr, protocol: Protocol, what: Score) {
        let settings = self.0.settings.load();
        let defender = &settings.common.defender;
        if !defender.enabled || is_exempt(self.0.gates.standing(ip, protocol)) {
            return;
        }
        let source = source_of(ip);
        let outcome = self.0.gates.defender.lock().score(source, protocol, what, self.clock().millis(), defender);
        let increase_score_by = what.points(defender);
        let scored = |score: u64| {
            tracing::debug!(
                sender = "defender", client_ip = %source, %protocol, event = what.name(), increase_score_by, score, "score"
            );
        };
        match outcome {
            Outcome::Ignored => {}
            Outcome::Scored(score) => scored(score),
            Outcome::Banned(until, reason) => {
                self.0.metrics.ban();
                tracing::info!(sender = "defender", client_ip = %source, %protocol, event = "banned", until, reason, "banned");
                self.0.audit.ip_blocked(source, protocol);
            }
            Outcome::Spared(score, sign) => {
                scored(score);
                tracing::warn!(
                    sender = "defender", client_ip = %source, %protocol, event = "spared", score, sign = sign.as_str(),
                    "not banned: this private address looks like a proxy that is not declared, and banning it would lock \
                     everybody behind it out. If it is one, name it in common.proxy_allowed (PROXY protocol) or in \
                     proxy_allowed of the httpd binding, so that clients behind it are seen; if it is trusted, add it to \
                     the trusted list"
                );
            }
        }
    }

    /// Notes the name of a login for the question whether an address is shared.
    pub(crate) fn note_name(&self, ip: IpAddr, name: &str, logged_in: bool) {
        let ip = source_of(ip);
        if address::is_internal(ip) {
            self.0.gates.defender.lock().neighbours.note_name(ip, name, logged_in, self.clock().millis());
        }
    }

    /// Notes that an address which is no declared proxy sent what proxies send: a PROXY header, or `X-Forwarded-For`.
    pub fn note_forwarded(&self, ip: IpAddr) {
        let ip = source_of(ip);
        if address::is_internal(ip) {
            self.0.gates.defender.lock().neighbours.note_forwarded(ip, self.clock().millis());
        }
    }

    /// Notes that a connection ends because client and server have no algorithm in common (SSH-015).
    pub fn note_not_negotiated(&self, peer: SocketAddr) {
        self.0.gates.note(peer, |tries| tries.not_negotiated = true);
    }

    /// Hosts that are banned or have a score.
    pub(crate) fn watched_hosts(&self) -> Vec<WatchedHost> {
        let settings = self.settings();
        let defender = &settings.common.defender;
        if !defender.enabled {
            return Vec::new();
        }
        self.0.gates.defender.lock().hosts(self.clock().millis(), defender)
    }

    /// A host that is banned or has a score.
    pub(crate) fn watched_host(&self, ip: IpAddr) -> Option<WatchedHost> {
        let settings = self.settings();
        let defender = &settings.common.defender;
        if !defender.enabled {
            return None;
        }
        self.0.gates.defender.lock().host(source_of(ip), self.clock().millis(), defender)
    }

    /// Lifts a ban and forgets a score. Answers whether there was one.
    pub(crate) fn forgive(&self, ip: IpAddr) -> bool {
        let settings = self.settings();
        let defender = &settings.common.defender;
        defender.enabled && self.0.gates.defender.lock().remove(source_of(ip), self.clock().millis(), defender)
    }

    fn is_banned(&self, source: IpAddr, settings: &settings::Defender) -> bool {
        settings.enabled && self.0.gates.defender.lock().refuse(source, self.clock().millis(), settings)
    }

    /// A connection from `peer` is this server's own, and only tries whether a listener answers: its end is no sign of a
    /// stranger. To be told before it is closed.
    pub fn knocks(&self, peer: SocketAddr) {
        let mut knocks = self.0.gates.knocks.lock();
        if knocks.len() >= MOST_KNOCKS {
            knocks.clear();
        }
        knocks.insert(peer);
    }

    /// A connection or request is over.
    fn left(&self, peer: SocketAddr, protocol: Protocol) {
        let gates = &self.0.gates;
        let tries = gates.connections.lock().leave(peer, source_of(peer.ip()));
        let Some(tries) = tries.filter(|tries| !tries.logged_in && !gates.closed.load(Ordering::Relaxed)) else { return };
        if gates.knocks.lock().remove(&peer) {
            return;
        }
        if tries.any {
            if let Some(score) = tries.refused_key {
                self.score(peer.ip(), protocol, score);
            }
            return;
        }
        self.0.metrics.no_auth();
        let ip = peer.ip();
        let (event, error) = if tries.not_negotiated {
            (EVENT_NOT_NEGOTIATED, "no algorithm in common")
        } else {
            (EVENT_NO_LOGIN, "client disconnected before a login was tried")
        };
        tracing::debug!(
            sender = "connection_failed", client_ip = %ip, username = "", login_type = "no_auth_tried", %protocol, error,
            "no login tried"
        );
        // Scanners are many: the log has them all.
        if gates.silent.take(self.clock().seconds()) {
            let message = format!("no_auth_tried: {error}");
            self.0.audit.login(&LoginOutcome { username: "", protocol: protocol.as_str(), ip, event, message, role: "" });
        }
        self.score(ip, protocol, Score::NoAuth);
    }
}

/// Stores what the defender is to remember, and forgets what is over.
pub(crate) async fn tend(core: Core) {
    while core.tasks().rest(TENDING).await {
        let settings = core.settings();
        if settings.common.defender.enabled {
            core.0.gates.defender.lock().expire(core.clock().millis(), &settings.common.defender);
        }
        remember(&core).await;
    }
}

/// Stores what changed since the last time, if the defender is to remember.
pub(crate) async fn remember(core: &Core) {
    let settings = core.settings();
    let (changed, gone) = core.0.gates.defender.lock().take_changes();
    if !is_remembered(&settings) || (changed.is_empty() && gone.is_empty()) {
        return;
    }
    if let Err(error) = core.0.store.defender_hosts().save(changed, gone, core.clock().millis()).await {
        tracing::error!(%error, "scores and bans could not be stored");
    }
}
