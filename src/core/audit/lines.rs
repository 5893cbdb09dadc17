//! Lines of the log about transfers and commands of users (LOG-003, LOG-004).

use chrono::DateTime;
use entrepot_model::event::FsEvent;
use entrepot_storage::{Attributes, Timestamp};

use crate::{place::Place, session::SessionState};

/// A numeric field that does not apply.
const NONE: i64 = -1;

/// What a command changed, beyond names.
#[derive(Debug, Default)]
pub(crate) struct Command<'a> {
    /// Which command, as the log names it.
    pub sender: &'static str,
    /// Where a link leads.
    pub target: Option<&'a Place>,
    /// Mode, owner, times or size that were set.
    pub set: Attributes,
}

/// Writes the line of a command that was carried out and leaves no file system event.
pub(crate) fn command(session: &SessionState, place: &Place, command: &Command<'_>) {
    let door = &session.account.door;
    let set = &command.set;
    let id = |id: Option<u32>| id.map_or(NONE, i64::from);
    tracing::info!(
        sender = command.sender,
        local_addr = local(session),
        remote_addr = %session.peer.remote,
        username = session.username(),
        file_path = door.real_path(place),
        target_path = command.target.map(|target| door.real_path(target)).unwrap_or_default(),
        virtual_path = %place.virtual_path,
        virtual_target_path = command.target.map(|target| target.virtual_path.to_string()).unwrap_or_default(),
        filemode = set.mode.map(|mode| format!("{:o}", mode & 0o7777)).unwrap_or_default(),
        uid = id(set.owner.and_then(|owner| owner.uid)),
        gid = id(set.owner.and_then(|owner| owner.gid)),
        access_time = set.times.map(|(accessed, _)| time(accessed)).unwrap_or_default(),
        modification_time = set.times.map(|(_, modified)| time(modified)).unwrap_or_default(),
        size = set.size.and_then(|size| i64::try_from(size).ok()).unwrap_or(NONE),
        elapsed = 0,
        ssh_command = "",
        connection_id = session.id,
        protocol = session.protocol,
    );
}

/// The line of a transfer, or of a command that leaves an event. Commands that failed have none.
pub(super) fn event(session: &SessionState, event: &FsEvent, by_another: bool, error: Option<&str>) {
    let (local_addr, remote_addr) =
        if by_another { (String::new(), event.ip.clone()) } else { (local(session), session.peer.remote.to_string()) };
    let transfer = match event.action.as_str() {
        "upload" => Some("Upload"),
        "download" => Some("Download"),
        _ => None,
    };
    let Some(sender) = transfer else {
        return done(event, &local_addr, &remote_addr);
    };
    macro_rules! line {
        ($level:ident, $($error:tt)*) => {
            tracing::$level!(
                sender, local_addr, remote_addr, elapsed_ms = event.elapsed, size_bytes = event.file_size,
                username = event.username, file_path = event.fs_path, virtual_path = event.virtual_path,
                connection_id = event.session_id, protocol = event.protocol,
                ext_username = (!event.external_username.is_empty()).then_some(event.external_username.as_str()), $($error)*
            )
        };
    }
    match event.status {
        1 => line!(info,),
        _ => line!(error, error = error.unwrap_or("the transfer was given up")),
    }
}

fn done(event: &FsEvent, local_addr: &str, remote_addr: &str) {
    let sender = match event.action.as_str() {
        "rename" => "Rename",
        "rmdir" => "Rmdir",
        "mkdir" => "Mkdir",
        "delete" => "Remove",
        "copy" => "Copy",
        "ssh_cmd" => "SSHCommand",
        // First transfers have a line as transfers already.
        _ => return,
    };
    if event.status != 1 {
        return;
    }
    let size = if event.action == "copy" || event.action == "delete" { event.file_size } else { NONE };
    tracing::info!(
        sender,
        local_addr,
        remote_addr,
        username = event.username,
        file_path = event.fs_path,
        target_path = event.fs_target_path,
        virtual_path = event.virtual_path,
        virtual_target_path = event.virtual_target_path,
        filemode = "",
        uid = NONE,
        gid = NONE,
        access_time = "",
        modification_time = "",
        size,
        elapsed = event.elapsed,
        ssh_command = event.ssh_cmd,
        connection_id = event.session_id,
        protocol = event.protocol,
    );
}

fn local(session: &SessionState) -> String {
    session.peer.local.map(|address| address.to_string()).unwrap_or_default()
}

/// `YYYY-MM-DDTHH:MM:SS`, in UTC: it is the file's, not that of the line.
fn time(time: Timestamp) -> String {
    let time = DateTime::from_timestamp(time.seconds, 0);
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string()).unwrap_or_default()
}
