//! Documents that are open in an office server, which reads and stores them in the name of whoever opened them.
//!
//! Opening one ([`open`]) gives a token for this file and nothing else. The office server shows it with each request, and gets a
//! [`Document`]: the file, through the files of the account as it is now, and the lock that editors of the file share. Locks
//! keep editors apart from each other, not from other protocols: those see a file that is replaced as a whole (API-204).

mod locks;
mod open;

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entrepot_model::{EffectiveUser, VirtualPath};
use entrepot_secrets::token_hash;

pub use locks::{Conflict, LONGEST_LOCK};
pub use open::{Opened, is_offered, open};

use crate::{
    Authenticated, Core, Decision, Operation, Peer, UserFs,
    caller::Shown,
    place::Place,
    policy,
    session::SessionState,
    tokens::{Claims, DocumentClaims, Duties, TokenError},
    transfer::overlay::Overlay,
};

/// Option of users that keeps documents out of the office server (ACC-316).
const DISABLED: &str = "wopi-disabled";

/// What is known of open documents now.
pub(crate) struct Desk {
    locks: locks::Locks,
    /// When the server started, in seconds since the epoch.
    started: i64,
}

impl Desk {
    /// Nothing is open. `now` in seconds since the epoch.
    pub(crate) fn new(now: i64) -> Self {
        Self { locks: locks::Locks::default(), started: now }
    }
}

/// A document, for the office server that shows its token.
pub struct Document {
    core: Core,
    fs: UserFs,
    path: VirtualPath,
    claims: Claims,
    document: DocumentClaims,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("file", &self.document.file).finish_non_exhaustive()
    }
}

/// The document that a token opens, as long as it was given for the file of this id, and leads there still. What is done with it
/// is done in the name of the client that opened it; `agent` is what the office server says it is.
///
/// # Errors
/// See [`TokenError`].
pub async fn find(
    core: &Core,
    token: &str,
    file: &str,
    local: Option<SocketAddr>,
    agent: String,
) -> Result<Document, TokenError> {
    let since = core.0.registry.moment();
    let (claims, document, ip, account) = core.verify_document_token(token).await?;
    let path = path_of(&document).ok_or(TokenError::Invalid)?;
    if document.file != file || is_disabled(&account.user) {
        return Err(TokenError::Invalid);
    }
    let peer = Peer {
        remote: SocketAddr::new(ip, 0),
        local,
        client_version: agent,
        encryption: String::new(),
        connection_id: String::new(),
    };
    let login = Authenticated { core: core.clone(), account, peer, overlay: std::sync::Arc::new(Overlay::off()), since };
    let caller = crate::UserCaller::new(login, Shown::Token(Box::new(claims.clone())), Duties::default());
    let fs = caller.lease().map_err(|_| TokenError::Invalid)?.fs();
    // Folders may have been mounted otherwise since.
    if id_of(fs.session(), &path) != document.file {
        return Err(TokenError::Invalid);
    }
    Ok(Document { core: core.clone(), fs, path, claims, document })
}

impl Document {
    /// The files that it is among.
    pub fn fs(&self) -> &UserFs {
        &self.fs
    }

    /// Its path, as whoever opened it sees it.
    pub fn path(&self) -> &VirtualPath {
        &self.path
    }

    /// Its name.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.path.file_name().unwrap_or_default()).into_owned()
    }

    /// Name of the account.
    pub fn username(&self) -> &str {
        self.fs.username()
    }

    /// Stands for the account, in letters and digits.
    pub fn user_id(&self) -> String {
        shortened(&format!("user:{}", self.username()))
    }

    /// Scheme and host of the page that it is shown in.
    pub fn page(&self) -> &str {
        &self.document.page
    }

    /// Whether it may be stored (API-204). Storing it asks again.
    pub fn may_write(&self) -> bool {
        let session = self.fs.session();
        let (user, operation) = (&session.account.user, Operation::Overwrite);
        policy::protocol_allows(user, session.protocol, operation).is_ok()
            && policy::decide(user, operation, &self.path) == Decision::Allow
    }

    /// The lock of the file; empty if there is none.
    pub fn current_lock(&self) -> String {
        self.core.0.documents.locks.current(&self.document.file, self.now())
    }

    /// Locks the file, or keeps it locked for another 30 minutes.
    ///
    /// # Errors
    /// [`Conflict`] when it is locked with another lock.
    pub fn lock(&self, lock: &str) -> Result<(), Conflict> {
        self.core.0.documents.locks.lock(&self.document.file, lock, self.now())
    }

    /// Locks the file with another lock than `before`, which it is locked with.
    ///
    /// # Errors
    /// [`Conflict`] when it is not locked with `before`.
    pub fn relock(&self, before: &str, lock: &str) -> Result<(), Conflict> {
        self.take_up(before);
        self.core.0.documents.locks.relock(&self.document.file, before, lock, self.now())
    }

    /// Keeps the file locked for another 30 minutes.
    ///
    /// # Errors
    /// [`Conflict`] when it is not locked with this lock.
    pub fn refresh_lock(&self, lock: &str) -> Result<(), Conflict> {
        self.relock(lock, lock)
    }

    /// Takes the lock away.
    ///
    /// # Errors
    /// [`Conflict`] when it is not locked with this lock.
    pub fn unlock(&self, lock: &str) -> Result<(), Conflict> {
        self.take_up(lock);
        self.core.0.documents.locks.unlock(&self.document.file, lock, self.now())
    }

    /// Whether the file may be stored by who shows this lock, or none (API-205). A file that nobody locked may be stored without
    /// a lock: not every office server has locks.
    ///
    /// # Errors
    /// [`Conflict`] when it is locked with another lock, or not locked any more.
    pub fn check_lock(&self, shown: Option<&str>) -> Result<(), Conflict> {
        if let Some(lock) = shown {
            self.take_up(lock);
        }
        let current = self.current_lock();
        if current == shown.unwrap_or_default() { Ok(()) } else { Err(Conflict { current }) }
    }

    /// Locks are in memory. One from before the start of the server is taken up again by whoever opened the document before it,
    /// unless somebody else was first: what is open in an editor survives a restart.
    fn take_up(&self, lock: &str) {
        let (desk, now) = (&self.core.0.documents, self.now());
        let may_be_from_before = self.claims.iat < desk.started && now < desk.started + locks::LIFETIME;
        if may_be_from_before && self.may_write() {
            desk.locks.take_up(&self.document.file, lock, now);
        }
    }

    fn now(&self) -> i64 {
        self.core.clock().seconds()
    }
}

/// Id of a file for everybody who can open it, wherever it is mounted.
fn id_of(session: &SessionState, path: &VirtualPath) -> String {
    let place = Place::of(&session.account.user, path);
    let resource = &session.account.door.origin(place.storage).resource;
    shortened(&format!("{}:{resource}:{}", resource.len(), URL_SAFE_NO_PAD.encode(place.path.as_bytes())))
}

fn shortened(text: &str) -> String {
    let mut text = token_hash(text);
    text.truncate(40);
    text
}

fn path_of(document: &DocumentClaims) -> Option<VirtualPath> {
    VirtualPath::parse(&URL_SAFE_NO_PAD.decode(&document.path).ok()?).ok()
}

fn is_disabled(user: &EffectiveUser) -> bool {
    user.user.filters.base.has_web_client_option(DISABLED)
}

#[cfg(test)]
mod tests;
