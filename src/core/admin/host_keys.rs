//! The keys by which SSH clients know the server, kept in the database (SSH-036).
//!
//! As long as there is one, the files that the server made itself are not used; files that the settings name
//! (`sftpd.host_keys`) win over both: whoever names them wants them. Of each type the first key is shown, the others wait: a
//! new one can be told to people before clients meet it. A change holds at once for new connections.

use std::{collections::BTreeSet, sync::Arc};

use entrepot_model::{
    AdminPermission as P, Secret,
    host_key::{HostKeyKind, HostKeyOrigin, HostKeyState, HostKeyView},
};
use entrepot_secrets::{Sealer, Sensitive};
use entrepot_store::{Place, Store, StoredHostKey};
use serde_json::json;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    sealing, stored,
};
use crate::{
    Core, Error, Result,
    identity::{HostKeyFacts, HostKeyService, PrivateHostKey},
};

/// What events call it.
const KIND: &str = "configs";
const NAME: &str = "host_keys";
/// For whom the keys are sealed.
const OWNER: &str = "host_keys";
/// More keys than anybody rotates.
const MOST: usize = 16;
/// Longest text of a key in bytes.
const LONGEST: usize = 64 * 1024;

/// A key to be added.
pub enum NewHostKey {
    /// One that the server makes.
    Made(HostKeyKind),
    /// One that somebody brings: PEM or OpenSSH's form.
    Given(Sensitive<String>),
}

/// How it is added.
#[derive(Debug, Clone, Copy)]
pub struct Addition {
    /// Before the keys of its type that are there: it is shown at once.
    pub is_first: bool,
    /// If it is the first one in the database: the files that are offered now are taken into the database as well, so that
    /// clients go on to see what they know.
    pub keeps_files: bool,
}

/// Every host key: those that are offered, in their order, then those that are not.
///
/// # Errors
/// `Denied` without `view_status`; `Unavailable` where SFTP is off.
pub async fn list(core: &Core, session: &AdminSession) -> Result<Vec<HostKeyView>> {
    session.require(P::ViewStatus)?;
    let service = service(core)?;
    let mut kept = core.0.store.host_keys().list().await.map_err(stored)?;
    let (mut views, mut types) = (Vec::new(), BTreeSet::new());
    for offered in service.offered() {
        let Some(facts) = service.describe(&offered.public_key) else { continue };
        let at = kept.iter().position(|key| key.public_key == offered.public_key);
        let created_at = at.map_or(0, |at| kept.remove(at).created_at);
        let state = if types.insert(facts.kind.clone()) { HostKeyState::Shown } else { HostKeyState::Waiting };
        let origin = if offered.path.is_empty() { HostKeyOrigin::Database } else { HostKeyOrigin::File };
        views.push(HostKeyView { path: offered.path, created_at, origin, ..view(facts, offered.public_key, state) });
    }
    for key in kept {
        let Some(facts) = service.describe(&key.public_key) else { continue };
        let state = if open(&core.0.sealer, &key).is_some() { HostKeyState::Unused } else { HostKeyState::Unreadable };
        views.push(HostKeyView { created_at: key.created_at, ..view(facts, key.public_key, state) });
    }
    Ok(views)
}

fn view(facts: HostKeyFacts, public_key: String, state: HostKeyState) -> HostKeyView {
    let HostKeyFacts { kind, bits, fingerprint, algorithms } = facts;
    HostKeyView {
        id: id(&fingerprint),
        kind,
        bits,
        fingerprint,
        public_key,
        algorithms,
        origin: HostKeyOrigin::Database,
        path: String::new(),
        created_at: 0,
        state,
    }
}

/// Base64 as addresses can have it.
fn id(fingerprint: &str) -> String {
    fingerprint.trim_start_matches("SHA256:").replace('+', "-").replace('/', "_")
}

/// Adds a key.
///
/// # Errors
/// `Denied` without `*`; `Unavailable` where SFTP is off; `Invalid` with the reason if the key is of no use; `Conflict` if it
/// is there, or if the settings name files, which win.
pub async fn add(core: &Core, session: &AdminSession, new: NewHostKey, how: Addition) -> Result<HostKeyView> {
    session.require(P::Any)?;
    let service = service(core)?;
    if !core.settings().sftpd.host_keys.is_empty() {
        let message = "sftpd.host_keys names files, which win over keys that are kept here: take that setting away first";
        return Err(Error::Conflict(message.to_owned()));
    }
    let key = make(core, &service, new).await?;
    let facts = service.describe(&key.public_key).ok_or(Error::Unsupported)?;
    if facts.algorithms.is_empty() {
        let message = format!("sftpd.host_key_algorithms does not allow keys of the type {}", facts.kind);
        return Err(Error::invalid("type", message));
    }
    let adding = insert(core.clone(), service, key, how);
    core.tasks().complete(adding).await?;
    record(core, session, Action::Add, &facts);
    let added = list(core, session).await?.into_iter().find(|key| key.fingerprint == facts.fingerprint);
    added.ok_or(Error::NotFound)
}

async fn make(core: &Core, service: &Arc<dyn HostKeyService>, new: NewHostKey) -> Result<PrivateHostKey> {
    let service = service.clone();
    let pool = core.tasks().processor();
    let failed = |error| Error::internal("making a host key", error);
    match new {
        NewHostKey::Made(kind) => {
            let made = pool.run(move || service.generate(kind)).await.map_err(|error| failed(error.to_string()))?;
            made.map_err(failed)
        }
        NewHostKey::Given(text) => {
            if text.expose().len() > LONGEST {
                return Err(Error::invalid("private_key", "longer than any key is"));
            }
            let read = pool.run(move || service.read(text.expose())).await.map_err(|error| failed(error.to_string()))?;
            read.map_err(|reason| Error::invalid("private_key", reason))
        }
    }
}

/// Stores a key and shows what there is then. It runs to its end even if nobody waits any more.
async fn insert(core: Core, service: Arc<dyn HostKeyService>, key: PrivateHostKey, how: Addition) -> Result<()> {
    let turn = core.identity().turn.acquire().await;
    let kept = core.0.store.host_keys().list().await.map_err(stored)?;
    if kept.len() >= MOST {
        return Err(Error::Conflict(format!("there are {MOST} host keys: remove one that is no longer used")));
    }
    if kept.iter().any(|other| other.public_key == key.public_key) {
        return Err(Error::Conflict("this host key is here already".to_owned()));
    }
    let mut added = Vec::new();
    if kept.is_empty() && how.keeps_files {
        added = service.files();
        added.retain(|file| file.public_key != key.public_key);
    }
    let at = if how.is_first { 0 } else { added.len() };
    added.insert(at, key);
    let mut rows = Vec::with_capacity(added.len());
    for key in &added {
        rows.push(row(&core, service.as_ref(), key)?);
    }
    let place = if how.is_first { Place::First } else { Place::Last };
    core.0.store.host_keys().add(rows, place).await.map_err(stored)?;
    show(&core, &service).await?;
    drop(turn);
    Ok(())
}

fn row(core: &Core, service: &dyn HostKeyService, key: &PrivateHostKey) -> Result<StoredHostKey> {
    let facts = service.describe(&key.public_key).ok_or(Error::Unsupported)?;
    let sealed = sealing::seal(&core.0.sealer, key.text.expose(), OWNER)?;
    let sealed = serde_json::to_string(&sealed).map_err(|error| Error::internal("storing a host key", error))?;
    let created_at = core.clock().millis();
    Ok(StoredHostKey { id: id(&facts.fingerprint), public_key: key.public_key.clone(), sealed, created_at })
}

/// Puts a key before the others of its type: new connections see it from now on.
///
/// # Errors
/// `Denied` without `*`; `Unavailable` where SFTP is off; `NotFound`.
pub async fn put_first(core: &Core, session: &AdminSession, id: &str) -> Result<()> {
    session.require(P::Any)?;
    let service = service(core)?;
    let facts = facts_of(core, &service, id).await?;
    let (moving, id) = (core.clone(), id.to_owned());
    let moved = core.tasks().complete(async move {
        let turn = moving.identity().turn.acquire().await;
        moving.0.store.host_keys().put_first(&id).await.map_err(stored)?;
        show(&moving, &service).await?;
        drop(turn);
        Ok::<(), Error>(())
    });
    moved.await?;
    record(core, session, Action::Update, &facts);
    Ok(())
}

/// Removes a key. The last one stays: clients would meet keys that they have never seen, or none.
///
/// # Errors
/// `Denied` without `*`; `Unavailable` where SFTP is off; `NotFound`; `Conflict` for the last one, also for the last one that
/// can be offered.
pub async fn remove(core: &Core, session: &AdminSession, id: &str) -> Result<()> {
    session.require(P::Any)?;
    let service = service(core)?;
    let facts = facts_of(core, &service, id).await?;
    let (removing, id) = (core.clone(), id.to_owned());
    let removed = core.tasks().complete(async move {
        let turn = removing.identity().turn.acquire().await;
        let others = removing.0.store.host_keys().list().await.map_err(stored)?;
        let others: Vec<_> = others.iter().filter(|key| key.id != id).filter_map(|key| open(&removing.0.sealer, key)).collect();
        if others.is_empty() {
            return Err(last());
        }
        let checking = service.clone();
        let checked = removing.tasks().storage().run(move || checking.check(&others)).await;
        let is_enough = checked.map_err(|error| Error::internal("removing a host key", error))?;
        is_enough.map_err(|reason| Error::Conflict(format!("this host key cannot go: {reason}")))?;
        if !removing.0.store.host_keys().remove(&id).await.map_err(stored)? {
            return Err(last());
        }
        show(&removing, &service).await?;
        drop(turn);
        Ok::<(), Error>(())
    });
    removed.await?;
    record(core, session, Action::Delete, &facts);
    Ok(())
}

fn last() -> Error {
    Error::Conflict("this is the last host key that is kept here: add another one first".to_owned())
}

async fn facts_of(core: &Core, service: &Arc<dyn HostKeyService>, id: &str) -> Result<HostKeyFacts> {
    let kept = core.0.store.host_keys().list().await.map_err(stored)?;
    let key = kept.into_iter().find(|key| key.id == id).ok_or(Error::NotFound)?;
    service.describe(&key.public_key).ok_or(Error::NotFound)
}

fn service(core: &Core) -> Result<Arc<dyn HostKeyService>> {
    core.identity().host_keys().ok_or(Error::Unavailable("SFTP is off: it has no binding, and so there are no host keys"))
}

/// Has the SSH server show what is stored.
async fn show(core: &Core, service: &Arc<dyn HostKeyService>) -> Result<()> {
    let (kept, service) = (kept(core).await?, service.clone());
    let shown = core.tasks().storage().run(move || service.offer(&kept)).await;
    shown.map_err(|error| Error::internal("showing the host keys", error))
}

/// The private keys of the database, the preferred ones first: what the SSH server is given at its start. One that does not
/// open (another master key) is left out, with a line in the log.
///
/// # Errors
/// The database cannot be read.
pub async fn kept(core: &Core) -> Result<Vec<Sensitive<String>>> {
    kept_in(&core.0.store, &core.0.sealer).await
}

/// The same of a server that does not run.
///
/// # Errors
/// The database cannot be read.
pub async fn kept_in(store: &Store, sealer: &Sealer) -> Result<Vec<Sensitive<String>>> {
    let keys = store.host_keys().list().await.map_err(stored)?;
    Ok(keys.iter().filter_map(|key| open(sealer, key)).collect())
}

fn open(sealer: &Sealer, key: &StoredHostKey) -> Option<Sensitive<String>> {
    let secret: Secret = serde_json::from_str(&key.sealed).ok()?;
    match sealing::open(sealer, &secret) {
        Ok(plain) => String::from_utf8(plain.to_vec()).ok().map(Sensitive::new),
        Err(error) => {
            tracing::error!(id = key.id, %error, "a host key of the database cannot be opened and is not offered");
            None
        }
    }
}

fn record(core: &Core, session: &AdminSession, action: Action, facts: &HostKeyFacts) {
    let object = json!({ "type": facts.kind, "fingerprint": facts.fingerprint });
    changes::record(core, session, &Change { action, kind: KIND, name: NAME, role: "", object: &object });
}

#[cfg(test)]
mod tests;
