//! Channels that carry a command: SCP, checksums, copies and removals (SSH-025, SCMD-). All of them are code of this room;
//! no program is ever started (SCMD-020).
//!
//! A command is a task of its own. What the client sends goes to it through a bounded [`pipe`]; what it answers goes back
//! through russh's bounded queue.

mod command;
mod copy;
mod glob;
mod hash;
mod line;
mod pipe;
mod uname;

use std::time::Duration;

use bytes::Bytes;
use entrepot_core::{Error, Session, UserFs, fs::CommandEnd};
use entrepot_model::VirtualPath;
use tokio_util::sync::CancellationToken;

pub use command::{Command, EnabledCommands, parse};
pub use glob::expand;
pub use line::Word;
pub use pipe::{Broken, Feed, LineEnd, Output, Terminal, one_line, pipe};

use crate::{scp, status::Failure};

/// Time for the last words.
const FAREWELL: Duration = Duration::from_secs(1);
/// Exit status of a command that failed.
const FAILED: u32 = 1;

/// A command on its channel.
pub struct Running {
    /// Its session in the list of connections; it ends with the command.
    pub session: Session,
    /// The line as the client sent it.
    pub line: String,
    /// What it is.
    pub command: Command,
    /// Cancelled when the client closes the channel.
    pub gone: CancellationToken,
}

impl Running {
    /// Runs to the end and answers the exit status; `None` when nobody is there any more to be told.
    pub async fn run(self, mut terminal: Terminal) -> Option<u32> {
        let ended = self.session.ended();
        let fs = self.session.fs();
        tokio::select! {
            () = self.gone.cancelled() => None,
            () = ended.cancelled() => {
                // It may be a client that takes nothing.
                let _ = tokio::time::timeout(FAREWELL, terminal.complain("the session was ended")).await;
                Some(FAILED)
            }
            done = execute(&fs, &self.command, &self.line, &mut terminal) => done.ok(),
        }
    }
}

/// Paths of clients begin in the start directory; so does the `~` of a shell.
pub(crate) fn path_of(fs: &UserFs, word: &Word) -> Result<VirtualPath, Error> {
    let start = fs.start_directory();
    let text = if word.has_tilde() { word.text.get(2..).unwrap_or_default() } else { &word.text };
    start.join(text).map_err(|_| Error::NotFound)
}

async fn execute(fs: &UserFs, command: &Command, line: &str, terminal: &mut Terminal) -> Result<u32, Broken> {
    let started_at = fs.now();
    let root = VirtualPath::root();
    let mut paths = (root, None);
    let result = match command {
        // SCP-012: transfers are recorded as such.
        Command::Scp(options) => return scp::run(fs, options, terminal).await,
        Command::Name(text) => Ok(format!("{text}\n")),
        Command::ChangeDirectory => Ok(String::new()),
        Command::PrintDirectory => Ok(format!("{}\n", fs.start_directory())),
        Command::HashInput(algorithm) => Ok(format!("{}  -\n", hash::of_input(*algorithm, terminal).await)),
        Command::Hash(algorithm, word) => match path_of(fs, word) {
            Ok(path) => {
                paths.0 = path.clone();
                let named = String::from_utf8_lossy(&word.text).into_owned();
                fs.hash(&path, *algorithm).await.map(|digest| format!("{}  {named}\n", hash::hexadecimal(&digest)))
            }
            Err(error) => Err(error),
        },
        Command::Copy { from, to } => match (path_of(fs, from), path_of(fs, to)) {
            (Ok(source), Ok(target)) => {
                paths = (source.clone(), Some(target.clone()));
                copy::copy(fs, (&source, from), (&target, to)).await.map(|()| "OK\n".to_owned())
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        },
        Command::Remove(word) => match path_of(fs, word) {
            Ok(path) => {
                paths.0 = path.clone();
                fs.remove_tree(&path).await.map(|()| "OK\n".to_owned())
            }
            Err(error) => Err(error),
        },
    };
    let (path, target) = (&paths.0, paths.1.as_ref());
    let error = result.as_ref().err();
    fs.note_command(&CommandEnd { line, path, target, started_at, error });
    match result {
        Ok(text) => {
            terminal.send(Bytes::from(text)).await?;
            Ok(0)
        }
        // SCMD-009
        Err(error) => {
            terminal.complain(&format!("{}: {path}: {}", command.name(), Failure::from(error).text)).await?;
            Ok(FAILED)
        }
    }
}

/// Prepares the command of a request; `open` opens a session for the protocol of that name.
///
/// # Errors
/// A text for the client: the command is not one of ours, not enabled, or no session may be opened.
pub fn prepare(
    enabled: &[String],
    line: &[u8],
    open: impl FnOnce(&'static str) -> Result<Session, String>,
) -> Result<Running, String> {
    let command = parse(line, &EnabledCommands::new(enabled))?;
    let protocol = if matches!(command, Command::Scp(_)) { "SCP" } else { "SSH" };
    let session = open(protocol)?;
    let line = String::from_utf8_lossy(line).into_owned();
    Ok(Running { session, line, command, gone: CancellationToken::new() })
}
