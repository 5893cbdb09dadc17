//! What administrators do to what runs: stopping one transfer, and a rate for one session.

use std::{collections::HashMap, sync::Arc};

use super::{Progress, Registry};
use crate::{
    error::Error,
    policy::Denial,
    session::{Direction, SessionState},
    transfer::UploadState,
};

/// A transfer that is shown, and whether it runs.
pub(crate) type Shown = (Arc<Progress>, bool);

/// The rule that stopped a transfer, as events name it.
pub(super) const STOPPED: &str = "stopped";
/// Ids of stopped uploads that are remembered, so that whoever goes on with one is told why not.
const REMEMBERED: usize = 1000;

/// What the other end of a stopped transfer is told.
pub(crate) fn stopped_by_administrator() -> Error {
    Denial::told(STOPPED, "an administrator stopped this transfer").into()
}

/// A transfer that was stopped.
pub(crate) struct Stopped {
    /// Whose it was.
    pub username: String,
    /// The file.
    pub path: String,
    /// Id of the upload, if it is one in several requests.
    pub upload: Option<String>,
    /// What has to be ended, if it is an upload that runs.
    pub written: Option<Arc<UploadState>>,
}

impl Registry {
    /// Stops a transfer of a user whose role is wanted. A download is no running transfer from now on, whatever its client
    /// does; an upload has to be ended by whoever asked.
    pub(crate) fn stop_transfer(
        &self,
        id: u64,
        administrator: &str,
        now: i64,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Option<Stopped> {
        let progress = {
            let mut state = self.state.lock();
            let running = state.transfers.get(&id).or_else(|| state.resting.get(&id).map(|(resting, _)| resting));
            let progress = running.filter(|progress| is_wanted(&progress.role))?.clone();
            state.resting.remove(&id);
            if let Some(upload) = &progress.upload {
                if state.stopped.len() >= REMEMBERED {
                    state.stopped.pop_front();
                }
                state.stopped.push_back(upload.clone());
            }
            progress
        };
        let written = progress.halt(administrator);
        if progress.direction == Direction::Download {
            self.end_transfer(&progress, now);
        }
        let Progress { user, path, upload, .. } = progress.as_ref();
        Some(Stopped { username: user.clone(), path: path.clone(), upload: upload.clone(), written })
    }

    /// Whether an upload in several requests was stopped a while ago.
    pub(crate) fn was_stopped(&self, upload: &str) -> bool {
        let state = self.state.lock();
        !state.stopped.is_empty() && state.stopped.iter().any(|stopped| stopped == upload)
    }

    /// The session of that id of a user whose role is wanted.
    pub(crate) fn session(&self, id: &str, is_wanted: impl Fn(&str) -> bool) -> Option<Arc<SessionState>> {
        let session = self.state.lock().sessions.get(id)?.upgrade()?;
        is_wanted(&session.account.user.user.role).then_some(session)
    }

    /// The sessions of users whose role is wanted, with what they move: what runs, and uploads between two requests.
    pub(crate) fn sessions_with_transfers(
        &self,
        now: i64,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<(Arc<SessionState>, Vec<Shown>)> {
        let mut sessions: Vec<_> = self.live().into_iter().filter(|session| is_wanted(&session.account.user.user.role)).collect();
        sessions.sort_by(|one, other| (one.connected_at, &one.id).cmp(&(other.connected_at, &other.id)));
        let mut state = self.state.lock();
        state.resting.retain(|_, (_, until)| *until > now);
        let running = state.transfers.values().map(|progress| (progress, true));
        let resting = state.resting.values().map(|(progress, _)| (progress, false));
        let mut of_session: HashMap<&str, Vec<Shown>> = HashMap::new();
        for (progress, runs) in running.chain(resting) {
            of_session.entry(&progress.session).or_default().push((progress.clone(), runs));
        }
        let with = |session: Arc<SessionState>| {
            let mut transfers = of_session.remove(session.id.as_str()).unwrap_or_default();
            transfers.sort_by_key(|(progress, _)| (progress.started_at(), progress.id));
            (session, transfers)
        };
        sessions.into_iter().map(with).collect()
    }
}
