//! What a channel carries, and how it begins and ends.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use entrepot_core::{Session as FileSession, Tasks};
use parking_lot::Mutex;
use russh::{
    ChannelId, Disconnect,
    server::{Handle, Session},
};
use tokio_util::sync::CancellationToken;

use super::SshHandler;
use crate::{
    channel::{Channel, LaneStarter, Port},
    context::ChannelContext,
    exec::{Broken, Feed, Output, Running, Terminal, pipe},
    lane::{AnswerSink, BoxFuture, Lane},
};

/// How long a client may take to react to a closed channel before the connection is cut.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);
/// SSH_EXTENDED_DATA_STDERR, RFC 4254 section 5.2
const STDERR: u32 = 1;

/// What a channel carries.
#[allow(clippy::large_enum_variant, reason = "there is one per channel, behind a pointer of its own")]
pub(super) enum Carried {
    /// SFTP.
    Files(Channel),
    /// A command.
    Command {
        /// What the client sends goes there.
        feed: Feed,
        /// To be cancelled when the client closes the channel.
        gone: CancellationToken,
    },
}

/// A channel that was opened; it is filled when it is told what to carry, and empty while a request is being answered.
#[derive(Default)]
pub(super) struct Slot(pub(super) Mutex<Option<Carried>>);

impl SshHandler {
    /// Opens the session of a channel, or says why not (SSH-057).
    pub(super) fn open_session(&mut self, protocol: &'static str) -> Result<FileSession, String> {
        let authenticated = self.login.authenticated()?;
        self.sessions += 1;
        let id = format!("{protocol}_{}_{}", self.connection.id, self.sessions);
        authenticated.open_session(protocol, id).map_err(|error| error.to_string())
    }

    /// Runs a command on a channel, in a task of its own.
    pub(super) fn start_command(&mut self, id: ChannelId, slot: &Slot, session: &Session, running: Running) {
        let (feed, input) = pipe();
        let (handle, open) = (session.handle(), self.connection.open_channel(&running.session));
        let (gone, cut) = (running.gone.clone(), self.connection.cut.clone());
        *slot.0.lock() = Some(Carried::Command { feed, gone });
        self.connection.tasks.spawn(async move {
            let terminal = Terminal { input, output: Box::new(ChannelSink { handle: handle.clone(), id }) };
            let status = running.run(terminal).await;
            drop(open);
            let Some(status) = status else { return };
            let told = async {
                // The connection may be gone: then there is nobody to tell.
                let _ = handle.exit_status_request(id, status).await;
                close(&handle, id).await;
            };
            if tokio::time::timeout(CLOSE_PATIENCE, told).await.is_err() {
                cut.cancel();
            }
        });
    }

    pub(super) fn start_sftp(&mut self, id: ChannelId, slot: &Arc<Slot>, session: &Session, files: FileSession) {
        let (handle, tasks) = (session.handle(), self.connection.tasks.clone());
        let (connection, open) = (&self.connection, self.connection.open_channel(&files));
        let context = ChannelContext::new(files, connection.dot_entries, &connection.handles, open);
        let ended = context.session.ended();
        let starter = lane_starter(handle.clone(), id, tasks);
        *slot.0.lock() = Some(Carried::Files(Channel::new(context, starter)));
        self.connection.batching.store(true, Ordering::Relaxed);
        let (slot, cut) = (slot.clone(), self.connection.cut.clone());
        self.connection.tasks.spawn(async move {
            ended.cancelled().await;
            // Empty: it ended by itself, or its handler is at work and sees the end itself.
            if slot.0.lock().take().is_some() && tokio::time::timeout(CLOSE_PATIENCE, close(&handle, id)).await.is_err() {
                cut.cancel();
            }
        });
    }

    /// Ends a channel whose client sends no more, or did wrong.
    pub(super) fn end_channel(&mut self, id: ChannelId, status: u32, session: &mut Session) -> Result<(), russh::Error> {
        self.channels.remove(&id);
        session.exit_status_request(id, status)?;
        session.eof(id)?;
        session.close(id)
    }

    /// A closed channel keeps what its client did not take, and russh delivers no answer of a lane, of any channel, while
    /// there is such data: the connection is of no use for a second channel.
    pub(super) fn part_from_stuck(&mut self, session: &mut Session) -> Result<bool, russh::Error> {
        if !self.stuck.is_some_and(|id| session.has_pending_data(id)) {
            return Ok(false);
        }
        tracing::info!(connection_id = self.connection.id, "disconnected: a channel was closed with data under way");
        session.disconnect(Disconnect::ByApplication, "a channel was closed with data under way", "")?;
        Ok(true)
    }

    /// Parts from a client that sends and takes no answers.
    pub(super) fn part_from_flood(&mut self, session: &mut Session) -> Result<(), russh::Error> {
        tracing::warn!(connection_id = self.connection.id, "disconnected: the client takes no answers");
        // `Err` would drop the stream with what it holds.
        session.disconnect(Disconnect::ByApplication, "too many requests without taking answers", "")
    }

    /// Refuses what a channel was asked for, in words that a human sees and a program understands.
    pub(super) fn refuse(&mut self, id: ChannelId, text: &str, session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(id)?;
        session.extended_data(id, STDERR, Bytes::from(format!("{text}\r\n")))?;
        self.end_channel(id, 1, session)
    }
}

/// Ends a channel from outside its callbacks.
async fn close(handle: &Handle, id: ChannelId) {
    // The connection may be gone: then there is nothing to close.
    let _ = handle.eof(id).await;
    let _ = handle.close(id).await;
}

fn lane_starter(handle: Handle, id: ChannelId, tasks: Tasks) -> LaneStarter {
    Box::new(move |context: &Arc<ChannelContext>| {
        let (lane, task) = Lane::new(ChannelSink { handle: handle.clone(), id });
        let context = context.clone();
        tasks.spawn(async move {
            task.await;
            // The session is listed until the last answer is out.
            drop(context);
        });
        lane
    })
}

/// Sends the answers of a lane.
struct ChannelSink {
    handle: Handle,
    id: ChannelId,
}

impl AnswerSink for ChannelSink {
    fn send(&self, answers: Bytes) -> BoxFuture<'_, Result<(), ()>> {
        Box::pin(async move { self.handle.data(self.id, answers).await.map_err(drop) })
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // SSH-027
            let _ = self.handle.exit_status_request(self.id, 0).await;
            close(&self.handle, self.id).await;
        })
    }
}

impl Output for ChannelSink {
    fn send(&self, data: Bytes) -> BoxFuture<'_, Result<(), Broken>> {
        Box::pin(async move { self.handle.data(self.id, data).await.map_err(|_| Broken) })
    }

    fn complain(&self, text: Bytes) -> BoxFuture<'_, Result<(), Broken>> {
        Box::pin(async move { self.handle.extended_data(self.id, STDERR, text).await.map_err(|_| Broken) })
    }
}

/// Sends what is answered inline.
pub(super) struct SessionPort<'a> {
    pub(super) session: &'a mut Session,
    pub(super) id: ChannelId,
}

impl Port for SessionPort<'_> {
    fn send(&mut self, answers: Bytes) {
        if let Err(error) = self.session.data(self.id, answers) {
            tracing::debug!(%error, "an answer could not be sent");
        }
    }

    fn is_blocked(&self) -> bool {
        self.session.has_pending_data(self.id)
    }
}
