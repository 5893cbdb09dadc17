//! What a crash left behind: every intent that is still open is brought to an end when the server starts.
//!
//! The staged file is still there: the upload did not end, it is a partial now. It is gone and the target is the very file
//! that was staged: the rename happened, only its settlement is missing. Neither: nothing happened that anybody was told.

use std::sync::Arc;

use entrepot_model::VirtualPath;
use entrepot_store::{IntentEnd, UploadIntent};

use super::{Settlement, overlay::Overlay, upload_end::{present, signed}};
use crate::{
    Core, Peer,
    audit::{DenialBudget, FsDetails, Status},
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy,
    quota::Usage,
    session::SessionState,
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
    Ok(())
}

async fn replay_one(core: &Core, intent: UploadIntent) -> Result<&'static str> {
    let Some(session) = system_session(core, &intent.username).await? else {
        forget(core, &intent).await?;
        return Ok("its account is gone");
    };
    let path = VirtualPath::parse(&intent.virtual_path).map_err(|error| Error::internal("path of an intent", error))?;
    let mut place = Place::of(&session.account.user, &path);
    if place.folder.as_deref() != intent.folder.as_deref() {
        forget(core, &intent).await?;
        return Ok("its folder is gone");
    }
    place = place.at(VirtualPath::parse(&intent.backend_path).map_err(|error| Error::internal("path of an intent", error))?);
    let granted = policy::own_work(Operation::Upload, place.clone());
    if let Some(partial) = session.account.door.partial(&granted, &intent.id, &intent.token).await? {
        return keep_partial(core, &session, &place, intent, signed(partial.durable), partial.token).await;
    }
    let found = present(session.account.door.stat(&granted, false).await)?;
    match found {
        Some(found) if found.identity.is_some() && found.identity.map(|id| (id.device, id.inode)) == intent.identity => {
            let change = Usage {
                files: i64::from(intent.replaced_size.is_none()) - intent.charged_files,
                size: signed(found.size) - intent.replaced_size.unwrap_or(0) - intent.charged_size,
            };
            end(core, &session, &place, intent, change, Status::Ok, found.size).await?;
            Ok("it was complete")
        }
        _ => {
            let change = Usage { files: -intent.charged_files, size: -intent.charged_size };
            end(core, &session, &place, intent, change, Status::Failed, 0).await?;
            Ok("nothing of it remained")
        }
    }
}

async fn keep_partial(
    core: &Core,
    session: &Arc<SessionState>,
    place: &Place,
    intent: UploadIntent,
    durable: i64,
    token: Vec<u8>,
) -> Result<&'static str> {
    let change = Usage { files: 1 - intent.charged_files, size: durable - intent.charged_size };
    let left = UploadIntent {
        state: entrepot_store::UploadState::Partial,
        size: durable,
        charged_size: durable,
        charged_files: 1,
        token,
        updated_at: core.clock().millis(),
        ..intent
    };
    core.0.partials.insert(left.clone());
    let event = event(core, session, place, &left, Status::Failed, durable);
    Settlement::default()
        .change(session, place, change, false)
        .intent(IntentEnd::Partial(Box::new(left)))
        .event(event)
        .write(session)
        .await?;
    Ok("kept as a partial")
}

async fn end(
    core: &Core,
    session: &Arc<SessionState>,
    place: &Place,
    intent: UploadIntent,
    change: Usage,
    status: Status,
    size: u64,
) -> Result<()> {
    let event = event(core, session, place, &intent, status, signed(size));
    Settlement::default()
        .change(session, place, change, false)
        .intent(IntentEnd::Delete(intent.id))
        .event(event)
        .write(session)
        .await
}

/// The row of the audit trail, with the protocol, address and session of the upload itself.
fn event(
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

async fn forget(core: &Core, intent: &UploadIntent) -> Result<()> {
    let rows = entrepot_store::Settlement { intent: IntentEnd::Delete(intent.id.clone()), ..Default::default() };
    core.0.store.transfers().settle(rows).await.map(drop).map_err(|error| Error::internal("removing an intent", error))
}

/// A session for the server's own work on an account's storage; it is in no list. `None` if there is no such account.
pub(crate) async fn system_session(core: &Core, username: &str) -> Result<Option<Arc<SessionState>>> {
    let Some(account) = core.0.accounts.load(core, username).await? else { return Ok(None) };
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    Ok(Some(Arc::new(SessionState {
        core: core.clone(),
        account,
        peer: Peer { remote: nobody, local: None, client_version: String::new() },
        overlay: Arc::new(Overlay::default()),
        protocol: SYSTEM,
        id: String::new(),
        connected_at: core.clock().millis(),
        last_activity: std::sync::atomic::AtomicI64::new(core.clock().millis()),
        kill: tokio_util::sync::CancellationToken::new(),
        upload_bucket: None,
        download_bucket: None,
        denials: DenialBudget::default(),
    })))
}
