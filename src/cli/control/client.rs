//! The command's end.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::MetadataExt as _, net::UnixStream},
    time::Duration,
};

use serde_json::Value;

use super::{LIMIT, REPORT_LIMIT, SocketPath};
use crate::{data_folder::DataFolder, exit::Failure};

/// Time for the whole answer: setting a password takes a hash.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time for an answer to `import`: many passwords in clear text are as many hashes.
const IMPORT_PATIENCE: Duration = Duration::from_secs(3600);

/// Sends `request` to the server of the folder. `None`: there is none.
///
/// # Errors
/// The server refuses, or does not answer.
pub(crate) fn ask(folder: &DataFolder, request: &Value) -> anyhow::Result<Option<Value>> {
    send(folder, |stream| exchange(stream, request, &[], PATIENCE, LIMIT))
}

/// As [`ask`], with content that the server is to take.
pub(crate) fn ask_with(folder: &DataFolder, request: &Value, content: &[u8]) -> anyhow::Result<Option<Value>> {
    send(folder, |stream| exchange(stream, request, content, IMPORT_PATIENCE, REPORT_LIMIT))
}

/// As [`ask`], for answers that may be long and take their time.
pub(crate) fn ask_long(folder: &DataFolder, request: &Value) -> anyhow::Result<Option<Value>> {
    ask_with(folder, request, &[])
}

fn send(folder: &DataFolder, exchange: impl FnOnce(&UnixStream) -> io::Result<Value>) -> anyhow::Result<Option<Value>> {
    let stream = match SocketPath::of(folder).and_then(|socket| UnixStream::connect(&socket.path)) {
        Ok(stream) => stream,
        // A socket without a server: the one that made it was killed.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(Failure::plain(
                "the running server belongs to another account: run this command as that account or as root",
            ));
        }
        Err(error) => return Err(Failure::plain(format!("the running server cannot be reached: {error}"))),
    };
    check_peer(folder, &stream)?;
    let answer = exchange(&stream).map_err(|error| Failure::plain(format!("the running server does not answer: {error}")))?;
    if answer["ok"] == true {
        return Ok(Some(answer));
    }
    Err(Failure::plain(answer["error"].as_str().unwrap_or("the running server refuses").to_owned()))
}

/// Whoever made the socket is to get passwords, and is believed: that must be the account of the folder, or root.
fn check_peer(folder: &DataFolder, stream: &UnixStream) -> anyhow::Result<()> {
    let wrong = |what: String| Failure::plain(format!("the control socket of {} {what}", folder.path().display()));
    let peer = rustix::net::sockopt::socket_peercred(stream).map_err(|error| wrong(format!("cannot be judged: {error}")))?;
    let owner = fs::metadata(folder.path()).map_err(|error| wrong(format!("cannot be judged: {error}")))?.uid();
    let peer = peer.uid.as_raw();
    if is_trusted(peer, owner, rustix::process::geteuid().as_raw()) {
        return Ok(());
    }
    Err(wrong(format!("is held by account {peer}, and the folder belongs to account {owner}: nothing was sent to it")))
}

fn is_trusted(peer: u32, owner: u32, own: u32) -> bool {
    peer == 0 || peer == owner || peer == own
}

fn exchange(mut stream: &UnixStream, request: &Value, content: &[u8], patience: Duration, limit: usize) -> io::Result<Value> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    stream.write_all(content)?;
    let mut line = String::new();
    BufReader::new(stream.take(limit as u64)).read_line(&mut line)?;
    if !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&line)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    // BKP-007
    #[test]
    fn only_the_account_of_the_folder_and_root_are_servers() {
        let (owner, other, root) = (1000, 1001, 0);
        assert!(is_trusted(owner, owner, root) && is_trusted(root, owner, owner) && is_trusted(owner, owner, owner));
        assert!(is_trusted(other, root, other), "a folder that was given to everybody, and a server of one's own");
        assert!(!is_trusted(other, owner, root) && !is_trusted(other, owner, owner));
    }
}
