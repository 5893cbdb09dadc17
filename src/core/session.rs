//! A session: an account that is logged in over one protocol, and the only way to its files.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::{ArcSwap, ArcSwapOption};
use entrepot_model::{EffectiveUser, connection::ConnectionStatus};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    Core, Result,
    accounts::Account,
    fs::{UserFs, confine::Confines},
    throttle::Bucket,
    transfer::overlay::Overlay,
};

/// An account whose credentials were accepted, on one connection. Sessions (SFTP channels, requests) are opened from it.
#[derive(Clone)]
pub struct Authenticated {
    pub(crate) core: Core,
    pub(crate) account: Arc<Account>,
    pub(crate) peer: Peer,
    pub(crate) overlay: Arc<Overlay>,
    /// When the login began, as the registry counts.
    pub(crate) since: u64,
}

/// Who is at the other end.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Address of the client; IPv4-mapped addresses are plain IPv4 (ACC-080).
    pub remote: SocketAddr,
    /// Address the client connected to.
    pub local: Option<SocketAddr>,
    /// What the client says it is.
    pub client_version: String,
    /// Version, cipher suite and key exchange of TLS, or the algorithms of SSH, for the log; empty without or where they are
    /// not known.
    pub encryption: String,
    /// Id of the connection in the log, where a protocol has one.
    pub connection_id: String,
}

impl Authenticated {
    /// The account.
    pub fn user(&self) -> &Arc<EffectiveUser> {
        &self.account.user
    }

    /// Opens a session with the given id, for example `SFTP_4f21_1`. `protocol` is the name in events and lists.
    ///
    /// # Errors
    /// `TooMany` when the account has `max_sessions` open already (ACC-264, ACC-369); `Auth` when it was disconnected or
    /// deleted since the login (ACC-066, ACC-067).
    pub fn open_session(&self, protocol: &'static str, id: impl Into<String>) -> Result<Session> {
        self.open(protocol, id.into(), true)
    }

    /// [`Authenticated::open_session`]; one that is not counted is limited by its running transfers alone.
    pub(crate) fn open(&self, protocol: &'static str, id: String, is_counted: bool) -> Result<Session> {
        self.open_as(protocol, id, is_counted, None)
    }

    /// [`Authenticated::open_session`] for a visitor of a share, in the name of its owner.
    pub(crate) fn open_confined(&self, protocol: &'static str, id: String, confines: Confines) -> Result<Session> {
        self.open_as(protocol, id, true, Some(confines))
    }

    fn open_as(&self, protocol: &'static str, id: String, is_counted: bool, confines: Option<Confines>) -> Result<Session> {
        let core = &self.core.0;
        let [upload_bucket, download_bucket] = buckets(&self.core, &self.account, &self.peer);
        let state = Arc::new(SessionState {
            upload_bucket: ArcSwap::new(upload_bucket),
            download_bucket: ArcSwap::new(download_bucket),
            limits: Default::default(),
            core: self.core.clone(),
            account: self.account.clone(),
            peer: self.peer.clone(),
            overlay: self.overlay.clone(),
            protocol,
            is_counted,
            confines,
            connected_at: core.clock.millis(),
            last_activity: AtomicI64::new(core.clock.millis()),
            kill: CancellationToken::new(),
            transport: OnceLock::new(),
            command: Mutex::new(String::new()),
            denials: crate::audit::DenialBudget::default(),
            id,
        });
        core.registry.open(&state, self.since)?;
        Ok(Session(state))
    }
}

impl Core {
    /// Tells everything to end that an account has open, and lets its logins open no more.
    pub(crate) fn end_sessions(&self, username: &str) {
        self.0.registry.close_user(username);
        self.0.live.end_user(username);
    }
}

/// Direction of a transfer, seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To us.
    Upload,
    /// From us.
    Download,
}

impl Direction {
    /// Place in a pair of values: upload, download.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Upload => 0,
            Self::Download => 1,
        }
    }
}

pub(crate) struct SessionState {
    pub core: Core,
    pub account: Arc<Account>,
    pub peer: Peer,
    pub overlay: Arc<Overlay>,
    pub protocol: &'static str,
    /// It takes one of the sessions that the account may have.
    pub is_counted: bool,
    /// What a visitor of a share is confined to; `None` for the account itself.
    pub confines: Option<Confines>,
    pub id: String,
    pub connected_at: i64,
    pub last_activity: AtomicI64,
    pub kill: CancellationToken,
    /// Ends what carries the session.
    pub transport: OnceLock<CancellationToken>,
    /// The SSH command, if that is what the session is for.
    pub command: Mutex<String>,
    pub upload_bucket: ArcSwap<Bucket>,
    pub download_bucket: ArcSwap<Bucket>,
    /// Rates that an administrator set for this session alone: upload, download.
    pub limits: [ArcSwapOption<Bucket>; 2],
    pub denials: crate::audit::DenialBudget,
}

/// The buckets of an account for a client: upload, download (LIM-011).
pub(crate) fn buckets(core: &Core, account: &Account, peer: &Peer) -> [Arc<Bucket>; 2] {
    let (up, down, entry) = account.user.bandwidth_for(peer.remote.ip());
    let bucket = |direction, rate| core.0.buckets.get(&account.user.user.username, entry, direction, rate);
    [bucket(Direction::Upload, up), bucket(Direction::Download, down)]
}

impl SessionState {
    /// Waits until the rates let a transfer go on. They may change meanwhile.
    pub(crate) async fn throttle(&self, direction: Direction) {
        loop {
            let wait = self.wait_time(direction);
            if wait.is_zero() {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether the rates let a transfer go on now.
    pub(crate) fn is_ready(&self, direction: Direction) -> bool {
        self.wait_time(direction).is_zero()
    }

    /// Whether a rate holds at all.
    pub(crate) fn is_limited(&self, direction: Direction) -> bool {
        self.bucket(direction).load().is_limited() || self.limits[direction.index()].load().is_some()
    }

    /// Takes what was moved from the rates that hold: that of the account, and that of the session.
    pub(crate) fn take(&self, direction: Direction, bytes: usize) {
        self.bucket(direction).load().take(bytes);
        if let Some(limit) = &*self.limits[direction.index()].load() {
            limit.take(bytes);
        }
    }

    /// Sets a rate for this session alone, in KB (1024 bytes) a second; 0 takes it away. It holds at once, beside that of
    /// the account, and ends with the session.
    pub(crate) fn limit(&self, direction: Direction, kilobytes: u64) {
        let limit = (kilobytes > 0).then(|| Arc::new(Bucket::of(kilobytes)));
        self.limits[direction.index()].store(limit);
    }

    /// The rates of this session alone and of the account, in KB (1024 bytes) a second; 0 = none.
    pub(crate) fn rates(&self, direction: Direction) -> (u64, u64) {
        let own = self.limits[direction.index()].load().as_ref().map_or(0, |limit| limit.kilobytes());
        (own, self.bucket(direction).load().kilobytes())
    }

    fn bucket(&self, direction: Direction) -> &ArcSwap<Bucket> {
        match direction {
            Direction::Upload => &self.upload_bucket,
            Direction::Download => &self.download_bucket,
        }
    }

    fn wait_time(&self, direction: Direction) -> std::time::Duration {
        let own = self.limits[direction.index()].load().as_ref().map_or(std::time::Duration::ZERO, |limit| limit.wait_time());
        self.bucket(direction).load().wait_time().max(own)
    }

    /// Takes over the rates that the account has now; `self.account` stays what it was at the login.
    pub(crate) fn follow(&self, account: &Account) {
        let [upload, download] = buckets(&self.core, account, &self.peer);
        self.upload_bucket.store(upload);
        self.download_bucket.store(download);
    }

    pub(crate) fn touch(&self) {
        self.last_activity.store(self.core.0.clock.millis(), Ordering::Relaxed);
    }

    /// Nothing happened since that moment, in milliseconds.
    pub(crate) fn is_idle_since(&self, moment: i64) -> bool {
        self.last_activity.load(Ordering::Relaxed) <= moment
    }

    /// Ends the session and what carries it.
    pub(crate) fn cut(&self) {
        self.kill.cancel();
        if let Some(transport) = self.transport.get() {
            transport.cancel();
        }
    }

    pub(crate) fn username(&self) -> &str {
        &self.account.user.user.username
    }

    /// Mail address of the visitor of a share, if one was proved (API-230); empty otherwise.
    pub(crate) fn visitor(&self) -> &str {
        self.confines.as_ref().map_or("", |confines| confines.visitor.as_str())
    }
}

/// A live session. Dropping it removes it from the list of connections; its transfers become partials.
pub struct Session(pub(crate) Arc<SessionState>);

impl Session {
    /// The account's files.
    pub fn fs(&self) -> UserFs {
        UserFs::new(self.0.clone())
    }

    /// Id in lists, logs and events.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The account.
    pub fn user(&self) -> &Arc<EffectiveUser> {
        &self.0.account.user
    }

    /// Resolves when the session is to end: an administrator, a limit, or shutdown.
    pub fn ended(&self) -> CancellationToken {
        self.0.kill.clone()
    }

    /// Names what ends the connection that carries the session: it is cancelled when an administrator closes the session
    /// (API-064). Only the first call counts.
    pub fn carried_by(&self, transport: CancellationToken) {
        let _ = self.0.transport.set(transport);
    }

    /// Names the command that the session carries out (API-061).
    pub fn set_command(&self, command: &str) {
        command.clone_into(&mut self.0.command.lock());
    }

    /// Marks the session as active now (idle timeout).
    pub fn touch(&self) {
        self.0.touch();
    }

    /// The session as the connections list shows it.
    pub fn status(&self) -> ConnectionStatus {
        self.0.core.0.registry.status_of(&self.0)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.0.kill.cancel();
        self.0.core.0.registry.close(&self.0);
    }
}
