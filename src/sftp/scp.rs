//! SCP: the old protocol of `rcp`, a side of it on the channel of an `exec` request (SCP-). `scp -O` speaks it, and clients
//! older than OpenSSH 9.
//!
//! It has no specification but its sources; `control` says what is taken for well-formed here. Files go through the same
//! door as over SFTP: permissions, patterns, quota, staging and records are those of the account (SCP-012).

mod control;
mod options;
mod receive;
mod send;

use entrepot_core::{Error, UserFs};
use entrepot_model::VirtualPath;

pub use options::ScpOptions;

use crate::{
    exec::{Broken, Terminal, one_line},
    scp::options::Side,
    status::Failure,
};

/// Longest line of the protocol in bytes: a name, a mode and a size.
const MAX_LINE: usize = 4096;
/// Bytes per read of a file, and per message.
const CHUNK: usize = 256 << 10;

/// Why a side cannot go on.
#[derive(Debug)]
enum End {
    /// The client is gone; nobody is left to be told.
    Broken,
    /// It was told, or told us: exit status 1.
    Failed,
}

impl From<Broken> for End {
    fn from(Broken: Broken) -> Self {
        Self::Broken
    }
}

/// What the other side says to a step.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    /// Go on.
    Ok,
    /// Not this one.
    Warning,
}

/// Runs our side of a transfer; answers the exit status.
pub async fn run(fs: &UserFs, options: &ScpOptions, terminal: &mut Terminal) -> Result<u32, Broken> {
    let ended = match options.side {
        Side::Receive => receive::receive(fs, options, terminal).await,
        Side::Send => send::send(fs, options, terminal).await,
    };
    match ended {
        Ok(is_complete) => Ok(u32::from(!is_complete)),
        Err(End::Failed) => Ok(1),
        Err(End::Broken) => Err(Broken),
    }
}

impl Terminal {
    async fn acknowledge(&self) -> Result<(), End> {
        Ok(self.send(&b"\0"[..]).await?)
    }

    /// SCP-002: the client shows it and goes on.
    async fn warn(&self, text: &str) -> Result<(), End> {
        Ok(self.send(format!("\u{1}scp: {}\n", one_line(text))).await?)
    }

    /// SCP-002: the client shows it and ends. What it has sent on is not waited for.
    async fn fail<T>(&mut self, text: &str) -> Result<T, End> {
        self.input.refuse();
        self.send(format!("\u{2}scp: {}\n", one_line(text))).await?;
        Err(End::Failed)
    }

    /// The byte by which the other side answers, and the text that goes with what is no success.
    async fn reply(&mut self) -> Result<Reply, End> {
        match self.input.byte().await {
            Some(0) => Ok(Reply::Ok),
            Some(1) => {
                self.input.line(MAX_LINE).await.map_err(|_| End::Failed)?;
                Ok(Reply::Warning)
            }
            // 2, or what is none of the protocol.
            Some(_) | None => Err(End::Failed),
        }
    }
}

/// A failure about a path, for the client.
fn about(path: &VirtualPath, error: Error) -> String {
    format!("{path}: {}", Failure::from(error).text)
}
