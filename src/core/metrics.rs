//! What the server counts about itself, for a monitoring system: TEL-006…TEL-020.
//!
//! Counters are atomics that are touched where a transfer, an operation or a login ends, never per packet; everything that
//! is a state (sessions, bans, scans) is looked up when somebody asks.

mod exposition;
pub(crate) mod process;
mod users;

use std::sync::atomic::{AtomicU64, Ordering};

use entrepot_model::{Protocol, event::FsEvent};

use crate::{
    gates::{Full, Refused},
    session::Direction,
};
use users::Users;

/// Ways to log in (TEL-009).
const METHODS: [&str; 10] = [
    "password",
    "publickey",
    "keyboard-interactive",
    "publickey+password",
    "publickey+keyboard-interactive",
    "password+publickey",
    "keyboard-interactive+publickey",
    "TLSCertificate",
    "TLSCertificate+password",
    "IDP",
];
/// Operations on names (TEL-014).
const OPERATIONS: [&str; 5] = ["rename", "delete", "rmdir", "copy", "mkdir"];
/// Remote storages, with their codes in the contract (TEL-007).
const BACKENDS: [(i64, &str); 6] = [(1, "s3"), (2, "gcs"), (3, "azblob"), (5, "sftpfs"), (6, "httpfs"), (7, "ftpfs")];
/// Where a limit of transfers stands (TEL-015).
const TRANSFER_SCOPES: [&str; 3] = ["user", "host", "total"];
/// Why a connection stayed outside (TEL-016); the last two are ours.
const CONNECTION_SCOPES: [&str; 5] = ["host", "total", "allowlist", "banned", "rate"];

/// Which limit of transfers was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferScope {
    User,
    Host,
    Total,
}

/// A number that only grows.
#[derive(Debug, Default)]
struct Counter(AtomicU64);

impl Counter {
    fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Transfers in one direction.
#[derive(Debug, Default)]
struct Transfers {
    done: Counter,
    failed: Counter,
    bytes: Counter,
}

impl Transfers {
    fn count(&self, is_ok: bool, bytes: u64) {
        if is_ok { &self.done } else { &self.failed }.add(1);
        self.bytes.add(bytes);
    }

    /// Bytes of a transfer that goes on later.
    fn count_part(&self, bytes: u64) {
        self.bytes.add(bytes);
    }
}

/// Both directions: uploads, downloads.
type Both = [Transfers; 2];

/// Logins of one method.
#[derive(Debug, Default)]
struct Logins {
    attempts: Counter,
    ok: Counter,
    ko: Counter,
}

/// All counters.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    transfers: Both,
    backends: [Both; BACKENDS.len()],
    logins: [Logins; METHODS.len()],
    no_auth: Counter,
    bans: Counter,
    operations: [(Counter, Counter); OPERATIONS.len()],
    transfers_denied: [[Counter; TRANSFER_SCOPES.len()]; 2],
    connections_denied: [[Counter; CONNECTION_SCOPES.len()]; Protocol::ALL.len()],
    quota_scans: Counter,
    users: Users,
}

/// A transfer that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedTransfer<'a> {
    pub direction: Direction,
    pub username: &'a str,
    /// Code of the kind of storage.
    pub provider: i64,
    pub is_ok: bool,
    /// Bytes that were moved, whether it got to its end or not.
    pub bytes: u64,
    /// Milliseconds since the epoch.
    pub now: i64,
}

const fn index(direction: Direction) -> usize {
    match direction {
        Direction::Upload => 0,
        Direction::Download => 1,
    }
}

impl Metrics {
    /// From now on there is somebody who asks for the counters of each user (TEL-017).
    pub(crate) fn watch_users(&self) {
        self.users.watch();
    }

    /// A part of a transfer ended that goes on later: its bytes were moved, and it is neither done nor failed.
    pub(crate) fn part(&self, part: EndedTransfer<'_>) {
        let at = index(part.direction);
        self.transfers[at].count_part(part.bytes);
        if let Some(backend) = BACKENDS.iter().position(|(code, _)| *code == part.provider) {
            self.backends[backend][at].count_part(part.bytes);
        }
        self.users.change(part.username, part.now, |user| user.transfers[at].count_part(part.bytes));
    }

    /// A transfer ended (TEL-007).
    pub(crate) fn transfer(&self, ended: EndedTransfer<'_>) {
        let at = index(ended.direction);
        self.transfers[at].count(ended.is_ok, ended.bytes);
        if let Some(backend) = BACKENDS.iter().position(|(code, _)| *code == ended.provider) {
            self.backends[backend][at].count(ended.is_ok, ended.bytes);
        }
        self.users.change(ended.username, ended.now, |user| user.transfers[at].count(ended.is_ok, ended.bytes));
    }

    /// An operation on names ended (TEL-014). What a rule refused was none.
    pub(crate) fn operation(&self, event: &FsEvent) {
        if let Some(at) = OPERATIONS.iter().position(|name| *name == event.action) {
            let (done, failed) = &self.operations[at];
            if event.status == 1 { done } else { failed }.add(1);
        }
    }

    /// A login ended (TEL-009). `account`: the account's name, if there is one (TEL-020).
    pub(crate) fn login(&self, method: &str, is_ok: bool, account: Option<&str>, now: i64) {
        if let Some(at) = METHODS.iter().position(|name| *name == method) {
            let logins = &self.logins[at];
            logins.attempts.add(1);
            if is_ok { &logins.ok } else { &logins.ko }.add(1);
        }
        if let Some(account) = account {
            self.users.change(account, now, |user| if is_ok { &user.logins_ok } else { &user.logins_ko }.add(1));
        }
    }

    /// A connection ended without an attempt to log in (TEL-008).
    pub(crate) fn no_auth(&self) {
        self.no_auth.add(1);
    }

    /// The defender banned somebody.
    pub(crate) fn ban(&self) {
        self.bans.add(1);
    }

    /// A scan of quotas began.
    pub(crate) fn quota_scan(&self) {
        self.quota_scans.add(1);
    }

    /// A transfer was not begun because of a limit (TEL-015).
    pub(crate) fn deny_transfer(&self, direction: Direction, scope: TransferScope) {
        self.transfers_denied[index(direction)][scope as usize].add(1);
    }

    /// A connection was not let in because of a limit of connections (TEL-016).
    pub(crate) fn deny_full(&self, protocol: Protocol, full: Full) {
        self.deny_at(protocol, if full == Full::Host { 0 } else { 1 });
    }

    /// A connection was not let in for another reason (TEL-016).
    pub(crate) fn deny_connection(&self, protocol: Protocol, refused: Refused) {
        match refused {
            Refused::NotAllowed => self.deny_at(protocol, 2),
            Refused::Banned => self.deny_at(protocol, 3),
            Refused::RateLimited { .. } => self.deny_at(protocol, 4),
            // Counted where it is known which limit it was; a server that stops denies nobody.
            Refused::TooMany | Refused::Stopping => {}
        }
    }

    fn deny_at(&self, protocol: Protocol, scope: usize) {
        if let Some(at) = Protocol::ALL.iter().position(|one| *one == protocol) {
            self.connections_denied[at][scope].add(1);
        }
    }
}
