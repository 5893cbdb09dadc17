//! What the requests of a channel share.

use std::sync::Arc;

use entrepot_core::{Session, UserFs};
use entrepot_model::VirtualPath;
use parking_lot::Mutex;

use crate::{connection::OpenChannel, descriptors::HandleBudget, handles::HandleTable, lane::Order, status::Failure};

/// State of a channel that a request may carry into the lane.
pub struct ChannelContext {
    /// The session in the list of connections. It ends with the last request that holds this.
    pub session: Session,
    /// The account's files.
    pub fs: UserFs,
    /// Where relative paths begin (SFTP-008).
    pub start: VirtualPath,
    /// Whether listings begin with `.` and `..` (SFTP-010, SFTP-053).
    pub dot_entries: bool,
    /// What is open.
    pub handles: Mutex<HandleTable>,
    /// Files whose CLOSE is in the lane.
    closing: Mutex<Vec<(VirtualPath, Arc<Order>)>>,
    /// Counts the channel for its connection.
    _open: OpenChannel,
}

impl ChannelContext {
    /// The context of a new channel.
    pub fn new(session: Session, dot_entries: bool, budget: &HandleBudget, open: OpenChannel) -> Self {
        let fs = session.fs();
        let start = fs.start_directory();
        let handles = Mutex::new(HandleTable::new(budget.of(&session.user().user.username)));
        Self { session, fs, start, dot_entries, handles, closing: Mutex::default(), _open: open }
    }

    /// The path that a client named; relative ones begin in the start directory.
    pub fn path(&self, name: &[u8]) -> Result<VirtualPath, Failure> {
        Ok(self.start.join(name)?)
    }

    /// Notes that the CLOSE of a file went to the lane.
    pub fn note_closing(&self, path: VirtualPath, order: Arc<Order>) {
        self.closing.lock().push((path, order));
    }

    /// Files being closed at or below `paths`. A client may send CLOSE and go on with the name at once (sshfs does):
    /// what it asks then must find the file.
    pub fn closing_at(&self, paths: &[VirtualPath]) -> Vec<Arc<Order>> {
        let mut closing = self.closing.lock();
        closing.retain(|(_, order)| !order.is_idle());
        let concerns = |closed: &VirtualPath| paths.iter().any(|path| closed.starts_with(path));
        closing.iter().filter(|(path, _)| concerns(path)).map(|(_, order)| order.clone()).collect()
    }
}
