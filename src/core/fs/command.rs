//! Records of commands: what a client ran as one (SCMD-010).

use entrepot_model::VirtualPath;

use super::UserFs;
use crate::{
    audit::{FsDetails, Status},
    error::Error,
};

/// How a command ended.
#[derive(Debug)]
pub struct CommandEnd<'a> {
    /// The whole line as the client sent it.
    pub line: &'a str,
    /// Path it was about; the root for commands about none.
    pub path: &'a VirtualPath,
    /// Its target, of those that have one.
    pub target: Option<&'a VirtualPath>,
    /// When it began, in milliseconds since the epoch.
    pub started_at: i64,
    /// What went wrong.
    pub error: Option<&'a Error>,
}

impl UserFs {
    /// Milliseconds since the epoch, by the server's clock.
    pub fn now(&self) -> i64 {
        self.0.core.0.clock.millis()
    }

    /// Records a command that has ended.
    pub fn note_command(&self, end: &CommandEnd<'_>) {
        let session = &self.0;
        let (place, target) = (self.place(end.path), end.target.map(|target| self.place(target)));
        let status = end.error.map_or(Status::Ok, Status::of);
        let details = FsDetails {
            target: target.as_ref(),
            started_at: end.started_at,
            command: end.line.to_owned(),
            ..FsDetails::default()
        };
        let audit = &session.core.0.audit;
        audit.record_later(audit.fs_event(session, "ssh_cmd", &place, status, &details).into_iter().collect());
    }
}
