//! What a crash left behind: every intent that is still open is brought to an end when the server starts.
//!
//! The staged file is still there: the upload did not end, it is a partial now. It is gone and the target is the very file
//! that was staged: the rename happened, only its settlement is missing. Neither: nothing happened that anybody was told.

use std::sync::Arc;

use entrepot_model::VirtualPath;
use entrepot_storage::{Metadata, Partial};
use entrepot_store::{IntentEnd, UploadIntent};

use super::{
    Settlement, lost,
    overlay::Overlay,
    partials,
    upload_end::{is_staged_file, present, signed},
    waiting,
};
use crate::{
    Core, Peer,
    accounts::Account,
    audit::{DenialBudget, FsDetails, Status},
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy,
    quota::Usage,
    resumable,
    session::SessionState,
    shares,
};

/// Name of the server itself in events.
const SYSTEM: &str = "System";

/// Replays the open intents. One that cannot be judged now (its storage is away) stays for the next start.
pub(crate) async fn replay(core: &Core) -> Result<()> {
    let open = core.0.store.transfers().list_open().await.map_err(|error| Error::internal("reading intents", error))?;
    for intent in open {
        let id = intent.id.clone();
        let username = intent.username.clone();
        match replay_one(core, intent).await {
            Ok(outcome) => tracing::info!(upload = %id, %username, outcome, "replayed an upload that a crash interrupted"),
            Err(error) => tracing::warn!(upload = %id, %username, %error, "cannot replay an interrupted upload now"),
        }
    }
    for intent in core.0.store.transfers().take_unbegun() {
        if let Err(error) = sweep(core, &intent).await {
            tracing::warn!(upload = %intent.id, username = %intent.username, %error, "removing what a crash left of an upload");
        }
    }
    for intent in core.0.partials.older_than(i64::MAX) {
        if let Err(error) = review(core, intent).await {
            tracing::warn!(%error, "looking at what waits to be gone on with");
        }
    }
    Ok(())
}

/// Removes the file of an upload that was made and never noted. Nothing was written into it: one with bytes is another's work.
async fn sweep(core: &Core, intent: &UploadIntent) -> Result<()> {
    let Some((session, place)) = place_of(core, intent).await? else { return Ok(()) };
    let Some(partial) = partials::look(&session, &place, intent).await? else { return Ok(()) };
    let known = core.0.store.transfers().get(&intent.id).await;
    if partial.durable > 0 || known.map_err(|error| Error::internal("reading an intent", error))?.is_some() {
        return Ok(());
    }
    let granted = policy::own_work(Operation::Upload, place);
    session.account.door.discard_partial(&granted, &intent.id, &partial.token).await?;
    tracing::info!(upload = %intent.id, username = %intent.username, "removed what a crash left of an upload that had not begun");
    Ok(())
}

/// A crash between the removal of a partial and its settlement leaves quota charged for what is gone.
async fn review(core: &Core, intent: UploadIntent) -> Result<()> {
    let Some((session, place)) = place_of(core, &intent).await? else { return Ok(()) };
    let found = partials::look(&session, &place, &intent).await?;
    if found.is_some_and(|found| signed(found.durable) == intent.charged_size) || !core.0.partials.remove_exact(&intent) {
        return Ok(());
    }
    if let Some(is) = partials::verify(&session, &place, intent).await? {
        core.0.partials.restore(is);
    }
    Ok(())
}

/// Where an intent is about, if its account and its folder are still there.
pub(crate) async fn place_of(core: &Core, intent: &UploadIntent) -> Result<Option<(Arc<SessionState>, Place)>> {
    let Some(account) = core.0.accounts.load(core, &intent.username).await? else { return Ok(None) };
    let session = system_session(core, account);
    Ok(place_in(&session, intent)?.map(|place| (session, place)))
}

/// Where an intent is about in the storages of a session, if its folder is still among them.
pub(super) fn place_in(session: &SessionState, intent: &UploadIntent) -> Result<Option<Place>> {
    let parse = |path: &[u8]| VirtualPath::parse(path).map_err(|error| Error::internal("path of an intent", error));
    let place = Place::of(&session.account.user, &parse(&intent.virtual_path)?);
    if place.folder.as_deref() != intent.folder.as_deref() {
        return Ok(None);
    }
    Ok(Some(place.at(parse(&intent.backend_path)?)))
}

async fn replay_one(core: &Core, intent: UploadIntent) -> Result<&'static str> {
    let Some((session, place)) = place_of(core, &intent).await? else {
        forget(core, &intent).await?;
        return Ok("its account or folder is gone");
    };
    if intent.protocol == shares::PROTOCOL
        && let Some(partial) = partials::look(&session, &place, &intent).await?
    {
        if let Some(shown) = resumable::visited(core, &intent, &place).await? {
            let place = waiting::place(&place, &intent.id)?;
            let intent = UploadIntent {
                backend_path: place.path.as_bytes().to_vec(),
                virtual_path: place.virtual_path.as_bytes().to_vec(),
                ..intent
            };
            return keep_partial(core, &session, (&place, &shown), intent, partial).await;
        }
        // A visitor's: nobody goes on with it, and what its owner left under the name must not go for it.
        let granted = policy::own_work(Operation::Upload, place.clone());
        session.account.door.discard_partial(&granted, &intent.id, &partial.token).await?;
        let change = Usage { files: -intent.charged_files, size: -intent.charged_size };
        give_up(&session, &place, intent, change).await?;
        return Ok("it was a visitor's, and is removed");
    }
    if let Some(partial) = partials::look(&session, &place, &intent).await? {
        return keep_partial(core, &session, (&place, &place), intent, partial).await;
    }
    let granted = policy::own_work(Operation::Upload, place.clone());
    match present(session.account.door.stat(&granted, false).await)? {
        Some(found) if was_published(&intent, &found) => {
            let change = Usage {
                files: i64::from(intent.replaced_size.is_none()) - intent.charged_files,
                size: signed(found.size) - intent.replaced_size.unwrap_or(0) - intent.charged_size,
            };
            let published = IntentEnd::Publish { id: intent.id.clone(), size: signed(found.size) };
            end(&session, &place, intent, published, change, Status::Ok, found.size).await?;
            Ok("it was complete")
        }
        _ => {
            let change = Usage { files: -intent.charged_files, size: -intent.charged_size };
            give_up(&session, &place, intent, change).await?;
            Ok("nothing of it remained")
        }
    }
}

/// Whether the file under the name is the one that was uploaded: the same file, or, on storages that cannot tell, one of
/// the size that was about to be published.
fn was_published(intent: &UploadIntent, found: &Metadata) -> bool {
    if intent.identity.is_some() {
        return is_staged_file(intent, found);
    }
    intent.state == entrepot_store::UploadState::Committing && found.is_file() && signed(found.size) == intent.size
}

/// Keeps what arrived, at its place; the audit trail has it at `shown`.
async fn keep_partial(
    core: &Core,
    session: &Arc<SessionState>,
    (place, shown): (&Place, &Place),
    intent: UploadIntent,
    partial: Partial,
) -> Result<&'static str> {
    let durable = signed(partial.durable);
    let change = Usage { files: 1 - intent.charged_files, size: durable - intent.charged_size };
    let left = UploadIntent {
        state: entrepot_store::UploadState::Partial,
        size: durable,
        charged_size: durable,
        charged_files: 1,
        token: partial.token,
        updated_at: core.clock().millis(),
        ..intent
    };
    let event = event(core, session, shown, &left, Status::Failed, durable);
    Settlement::default()
        .change(session, place, change, false)
        .intent(IntentEnd::Partial(Box::new(left.clone())))
        .event(event)
        .write(session)
        .await?;
    partials::keep(session, place, left).await;
    Ok("kept as a partial")
}

/// Nothing comes of an upload any more.
async fn give_up(session: &Arc<SessionState>, place: &Place, intent: UploadIntent, change: Usage) -> Result<()> {
    let gone = IntentEnd::Delete(intent.id.clone());
    end(session, place, intent, gone, change, Status::Failed, 0).await
}

async fn end(
    session: &Arc<SessionState>,
    place: &Place,
    intent: UploadIntent,
    end: IntentEnd,
    change: Usage,
    status: Status,
    size: u64,
) -> Result<()> {
    let event = event(&session.core, session, place, &intent, status, signed(size));
    Settlement::default().change(session, place, change, false).intent(end).event(event).write(session).await
}

/// The row of the audit trail, with the protocol, address and session of the upload itself.
pub(crate) fn event(
    core: &Core,
    session: &Arc<SessionState>,
    place: &Place,
    intent: &UploadIntent,
    status: Status,
    size: i64,
) -> Option<entrepot_store::OutboxEvent> {
    let details = FsDetails {
        size: u64::try_from(size).unwrap_or(0),
        started_at: intent.created_at,
        done_by: Some((&intent.protocol, &intent.ip, &intent.session_id)),
        ..FsDetails::default()
    };
    core.0.audit.fs_event(session, "upload", place, status, &details)
}

/// Removes an intent whose account is gone, or does not have its folder any more, and what lies in that folder of it.
///
/// # Errors
/// What the storage of the folder says: then the intent stays.
pub(crate) async fn forget(core: &Core, intent: &UploadIntent) -> Result<()> {
    let folder = lost::remove(core, intent).await?;
    let rows = entrepot_store::Settlement { intent: IntentEnd::Delete(intent.id.clone()), ..Default::default() };
    let settled = core.0.store.transfers().settle(rows).await;
    settled.map_err(|error| Error::internal("removing an intent", error))?;
    if let Some(folder) = folder.filter(|_| intent.charged_files != 0 || intent.charged_size != 0) {
        lost::recount(core, folder);
    }
    Ok(())
}

/// A session for the server's own work on an account's storage; it is in no list.
pub(super) fn system_session(core: &Core, account: Arc<Account>) -> Arc<SessionState> {
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let unlimited = || arc_swap::ArcSwap::new(Arc::new(crate::throttle::Bucket::unlimited()));
    Arc::new(SessionState {
        core: core.clone(),
        account,
        peer: Peer {
            remote: nobody,
            local: None,
            client_version: String::new(),
            encryption: String::new(),
            connection_id: String::new(),
        },
        overlay: Arc::new(Overlay::default()),
        protocol: SYSTEM,
        is_counted: false,
        confines: None,
        id: String::new(),
        connected_at: core.clock().millis(),
        last_activity: std::sync::atomic::AtomicI64::new(core.clock().millis()),
        kill: tokio_util::sync::CancellationToken::new(),
        transport: std::sync::OnceLock::new(),
        command: parking_lot::Mutex::default(),
        upload_bucket: unlimited(),
        download_bucket: unlimited(),
        limits: Default::default(),
        denials: DenialBudget::default(),
    })
}
