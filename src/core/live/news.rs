//! What can happen.

use std::sync::Arc;

use entrepot_model::VirtualPath;
use serde::Serialize;

use crate::{place::Place, session::Direction, session::SessionState};

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// A name came, changed or went.
    Changed(Arc<Change>),
    /// A transfer began or ended.
    Transfer(Arc<TransferNews>),
}

/// A change of a name.
#[derive(Debug)]
pub(crate) struct Change {
    /// The storage, whoever looks at it.
    pub resource: String,
    /// The path in it.
    pub path: VirtualPath,
    /// There is nothing of that name any more.
    pub is_gone: bool,
}

impl Change {
    fn of(session: &SessionState, place: &Place, is_gone: bool) -> News {
        let resource = session.account.door.origin(place.storage).resource.clone();
        News::Changed(Arc::new(Self { resource, path: place.path.clone(), is_gone }))
    }
}

/// Tells what an operation that succeeded changed, by the name of its event.
pub(crate) fn tell_operation(session: &SessionState, action: &str, place: &Place, target: Option<&Place>) {
    let live = &session.core.0.live;
    let is_gone = match action {
        "upload" | "mkdir" => false,
        "delete" | "rmdir" => true,
        "rename" | "copy" => {
            if action == "rename" {
                live.tell(|| Change::of(session, place, true));
            }
            if let Some(target) = target {
                live.tell(|| Change::of(session, target, false));
            }
            return;
        }
        _ => return,
    };
    live.tell(|| Change::of(session, place, is_gone));
}

/// How a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// It runs.
    Running,
    /// It ended, and all is there.
    Done,
    /// It ended, and not all is there.
    Failed,
    /// One request of an upload in several ended; it may go on.
    Paused,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
    Paused,
}

impl Outcome {
    /// Done, unless there was an error.
    pub(crate) fn of<E>(error: Option<&E>) -> Self {
        if error.is_none() { Self::Done } else { Self::Failed }
    }
}

impl From<Outcome> for TransferState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Failed => Self::Failed,
            Outcome::Paused => Self::Paused,
        }
    }
}

/// A transfer as it stands.
#[derive(Debug, Clone)]
pub(crate) struct TransferNews {
    pub id: u64,
    pub username: String,
    pub role: String,
    pub direction: Direction,
    pub path: String,
    pub protocol: &'static str,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    pub bytes: u64,
    pub state: TransferState,
}
