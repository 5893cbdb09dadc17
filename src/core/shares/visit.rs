//! A visit: a stranger with a link, at the files of the share and nowhere else.

use std::sync::Arc;

use entrepot_model::{Share, ShareScope, VirtualPath};
use entrepot_storage::Metadata;
use uuid::Uuid;

use super::{
    About, PROTOCOL, Proof, VisitError, describe, owner,
    proof::{self, Proved},
    shown,
    uses::{Read, Uses},
};
use crate::{
    Authenticated, Core, Error, Lease, Operation, Peer, UserFs, accounts::Account, admin::stored, fs::confine::Confines,
    login::prepare, transfer::overlay::Overlay,
};

/// What a visitor comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Listing and looking.
    Read,
    /// Downloading. A browser session that has begun with the last use of a share may go on with it (API-191).
    Download,
    /// Uploading and making directories.
    Write,
    /// Going on with an upload that was announced, and paid for (API-159).
    Resume,
}

/// An account that stands for a share, before a visitor acts with it.
pub(super) struct Host {
    pub account: Arc<Account>,
    /// When the account was looked up, as the registry counts.
    pub since: u64,
}

/// A visitor who is in. The share's paths can be reached through [`Visit::fs`], with the permissions, quotas and rates of the
/// owner; the session is in the list of connections, and lasts as long as the visit or its files are held.
pub struct Visit {
    core: Core,
    share: Share,
    roots: Vec<VirtualPath>,
    lease: Lease,
    /// Who proved to be here.
    proved: Proved,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("share", &self.share).finish_non_exhaustive()
    }
}

/// Lets a visitor in: every check of a visit, in the order of API-179. A failure with a password, an id that nobody has, and a
/// share that has ended are answered after a pause.
///
/// # Errors
/// See [`VisitError`].
pub async fn visit(core: &Core, id: &str, purpose: Purpose, proof: Proof<'_>, peer: Peer) -> Result<Visit, VisitError> {
    let moment = core.0.shares.moment();
    let share = find(core, id, &peer).await?;
    let visited = enter(core, &share, purpose, proof, &peer).await;
    let (roots, lease, proved) = visited.inspect_err(|error| note_refusal(&share, &peer, error))?;
    if core.0.shares.moment() != moment {
        // It may have been this one that was deleted meanwhile.
        find(core, id, &peer).await?;
    }
    Ok(Visit { core: core.clone(), share: Share { password: String::new(), ..share }, roots, lease, proved })
}

/// The share of this id.
pub(super) async fn find(core: &Core, id: &str, peer: &Peer) -> Result<Share, VisitError> {
    match core.0.store.shares().get(id).await.map_err(stored)? {
        Some(share) => Ok(share),
        None => {
            proof::unknown(core, peer).await;
            Err(VisitError::Unknown)
        }
    }
}

/// Whether the share can be visited by anybody at that address now.
pub(super) async fn is_usable(core: &Core, share: &Share, peer: &Peer) -> Result<(), VisitError> {
    if share.is_used_up() {
        proof::ended(core, peer).await;
        return Err(VisitError::UsedUp);
    }
    is_open(core, share, peer).await
}

/// As [`is_usable`], however often it was used.
async fn is_open(core: &Core, share: &Share, peer: &Peer) -> Result<(), VisitError> {
    if share.is_expired(core.clock().millis()) {
        proof::ended(core, peer).await;
        return Err(VisitError::Expired);
    }
    if share.allows_address(peer.remote.ip()) { Ok(()) } else { Err(VisitError::Address) }
}

/// Whether the visitor shows a browser session that reads what it paid for.
fn is_reading(core: &Core, share: &Share, proof: Proof<'_>, peer: &Peer) -> bool {
    let Proof::Session(token) = proof else { return false };
    let claims = core.verify_share_token(token, share, peer.remote.ip());
    claims.is_ok_and(|claims| core.0.shares.reads.is_reading(&claims.jti, core.clock().millis()))
}

/// The account of the owner, if it lets the visitor in.
pub(super) async fn host(core: &Core, share: &Share, peer: &Peer) -> Result<Host, VisitError> {
    let since = core.0.registry.moment();
    match owner::of(core, share, peer.remote.ip()).await {
        Ok(account) => Ok(Host { account, since }),
        Err(error) => {
            if error == VisitError::Closed {
                proof::ended(core, peer).await;
            }
            Err(error)
        }
    }
}

type Entered = (Vec<VirtualPath>, Lease, Proved);

async fn enter(core: &Core, share: &Share, purpose: Purpose, proof: Proof<'_>, peer: &Peer) -> Result<Entered, VisitError> {
    let scope = share.scope().ok_or(VisitError::Scope)?;
    let fits = match purpose {
        Purpose::Read | Purpose::Download => scope.can_read(),
        Purpose::Write | Purpose::Resume => scope.can_write(),
    };
    if !fits {
        return Err(VisitError::Scope);
    }
    let has_paid = match purpose {
        Purpose::Read | Purpose::Write => false,
        Purpose::Download => share.is_used_up() && is_reading(core, share, proof, peer),
        Purpose::Resume => true,
    };
    if has_paid {
        is_open(core, share, peer).await?;
    } else {
        is_usable(core, share, peer).await?;
    }
    let proved = proof::prove(core, share, proof, peer).await?;
    let Host { account, since } = host(core, share, peer).await?;
    prepare::storage(core, &account).await.map_err(|_| Error::Homeless)?;
    let confines = Confines::of(share, scope, &proved.visitor);
    let roots = confines.roots.clone();
    let overlay = Arc::new(Overlay::off());
    let login = Authenticated { core: core.clone(), account, peer: peer.clone(), overlay, since };
    let opened = login.open_confined(PROTOCOL, format!("{PROTOCOL}_{}", Uuid::new_v4().simple()), confines);
    let session_of_owner = opened.map_err(|error| match error {
        Error::TooMany => VisitError::TooMany,
        // Disconnected or deleted a moment ago.
        Error::Auth => VisitError::Closed,
        other => other.into(),
    })?;
    Ok((roots, Lease::alone(session_of_owner), proved))
}

/// An owner asks why a link does not work.
fn note_refusal(share: &Share, peer: &Peer, error: &VisitError) {
    let (owner, share, ip) = (share.username.as_str(), shown(share), peer.remote.ip());
    match error {
        VisitError::Refused(denial) => {
            let (rule, detail) = (denial.rule(), denial.detail());
            tracing::info!(sender = "share", owner, share, %ip, rule, detail, "a visit is refused");
        }
        other => tracing::info!(sender = "share", owner, share, %ip, reason = %other, "a visit is refused"),
    }
}

impl Visit {
    /// The files of the share, by the paths of its owner. They keep the session alive.
    pub fn fs(&self) -> UserFs {
        self.lease.fs()
    }

    /// The share, without the hash of its password.
    pub fn share(&self) -> &Share {
        &self.share
    }

    /// What the share is for.
    pub fn scope(&self) -> ShareScope {
        self.share.scope().unwrap_or(ShareScope::Read)
    }

    /// What a page may show of the share.
    pub fn about(&self) -> About {
        describe::about(&self.share, self.proved.visitor.clone())
    }

    /// The visitor gave a password or a code, or accepted an agreement: there is a session to leave.
    pub fn has_session(&self) -> bool {
        self.proved.session.is_some()
    }

    /// The paths of the share, as its owner names them.
    pub fn roots(&self) -> &[VirtualPath] {
        &self.roots
    }

    /// The only path of the share, if it is a directory: where browsing begins, and uploads go.
    ///
    /// # Errors
    /// `NotOneDirectory`; `NotFound` when it is not there (API-199).
    pub async fn directory(&self) -> Result<&VirtualPath, VisitError> {
        let [root] = &self.roots[..] else { return Err(VisitError::NotOneDirectory) };
        let found = self.fs().stat_root(root).await?;
        if found.is_directory() { Ok(root) } else { Err(VisitError::NotOneDirectory) }
    }

    /// The only path of the share, if it is a file.
    ///
    /// # Errors
    /// `NotFound` when it is not there (API-199).
    pub async fn single_file(&self) -> Result<Option<(&VirtualPath, Metadata)>, VisitError> {
        let [root] = &self.roots[..] else { return Ok(None) };
        let found = self.fs().stat_root(root).await?;
        Ok(found.is_file().then_some((root, found)))
    }

    /// What a visitor means by a path below the directory of the share, which is `/` for a visitor.
    ///
    /// # Errors
    /// `Outside` for one that leaves it (API-184, API-188), `Path` for what is none; as [`Visit::directory`].
    pub async fn inside(&self, named: &[u8]) -> Result<VirtualPath, VisitError> {
        inside(self.directory().await?, named)
    }

    /// The entry at a path of the share: a link is a link.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, or what the storage says.
    pub async fn entry(&self, path: &VirtualPath) -> Result<Metadata, VisitError> {
        Ok(self.fs().look_at(Operation::Download, path).await?)
    }

    /// Counts `count` uses, before what they are for is done (API-190). An upload that is opened next holds one of them.
    ///
    /// # Errors
    /// `UsedUp` when there are not as many left.
    pub async fn spend(&self, count: u32) -> Result<Uses, VisitError> {
        let uses = Uses::take(&self.core, &self.share, count).await?;
        if let Some(confines) = &self.fs().session().confines {
            *confines.uses.lock() = Arc::downgrade(uses.taken());
        }
        Ok(uses)
    }

    /// Counts a use for reading a file from the byte `start` on. A browser session that goes on with a file that it paid for and
    /// read from less than ten minutes ago is not asked again: a player that seeks does not use a share up (API-191).
    ///
    /// # Errors
    /// As [`Visit::spend`].
    pub async fn spend_for_read(&self, path: &VirtualPath, start: u64) -> Result<Uses, VisitError> {
        match &self.proved.session {
            Some(session) => {
                let read = Read { session: session.clone(), path: path.as_bytes().to_vec() };
                Uses::take_for_read(&self.core, &self.share, read, start).await
            }
            None => self.spend(1).await,
        }
    }

    /// Whether uses are limited at all.
    pub fn is_limited(&self) -> bool {
        self.share.max_tokens > 0
    }
}

/// `named`, taken as a path below `root`; what would climb above it is refused and not cut off.
fn inside(root: &VirtualPath, named: &[u8]) -> Result<VirtualPath, VisitError> {
    let mut path = root.clone();
    for component in named.split(|byte| matches!(byte, b'/' | b'\\')) {
        path = match component {
            b"" | b"." => path,
            b".." if path == *root => return Err(VisitError::Outside),
            b".." => path.parent().ok_or(VisitError::Outside)?,
            name => path.child(name).map_err(|error| VisitError::Path(format!("path: {error}")))?,
        };
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-184, API-188
    #[test]
    fn paths_of_visitors_stay_inside() {
        let path = |text: &str| VirtualPath::parse(text.as_bytes()).expect("path");
        for root in ["/", "/a", "/a/b"] {
            let root = path(root);
            for (named, expected) in [("", ""), ("/", ""), ("x/y", "x/y"), ("/x//y/", "x/y"), ("x\\..\\y", "y"), ("./x/../.", "")]
            {
                assert_eq!(inside(&root, named.as_bytes()), Ok(root.join(expected.as_bytes()).expect("path")), "{named}");
            }
            for named in ["..", "/..", "x/../..", "x/../../x", "\\..\\"] {
                assert_eq!(inside(&root, named.as_bytes()), Err(VisitError::Outside), "{named}");
            }
        }
        assert!(matches!(inside(&path("/a"), b"x\0"), Err(VisitError::Path(_))));
        assert!(matches!(inside(&path("/a"), &[b'x'; 300]), Err(VisitError::Path(_))));
    }
}
