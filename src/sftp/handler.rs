//! One SSH connection as russh calls it back.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use entrepot_core::{Session as FileSession, Tasks};
use parking_lot::Mutex;
use russh::{
    Channel as RusshChannel, ChannelId, ChannelOpenFailure, Disconnect, Pty,
    keys::Certificate,
    server::{Auth, ChannelOpenHandle, Handle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey},
};

use crate::{
    channel::{Channel, Fatal, LaneStarter, Port},
    connection::Connection,
    context::ChannelContext,
    lane::{AnswerSink, BoxFuture, Lane},
    login::Login,
};

/// Channels that one connection may have open.
const MAX_CHANNELS: usize = 64;
/// How long a client may take to react to a closed channel before the connection is cut.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);
/// SSH_EXTENDED_DATA_STDERR, RFC 4254 section 5.2
const STDERR: u32 = 1;

/// A channel that was opened; it is filled when a subsystem begins, and empty while a request is being answered.
#[derive(Default)]
struct Slot(Mutex<Option<Channel>>);

/// See the module.
pub struct SshHandler {
    connection: Arc<Connection>,
    login: Login,
    channels: HashMap<ChannelId, Arc<Slot>>,
    /// Sessions opened so far (SSH-026).
    sessions: u32,
    /// A channel that its client closed without taking what was sent.
    stuck: Option<ChannelId>,
}

impl SshHandler {
    /// The handler of a connection.
    pub fn new(connection: Arc<Connection>, login: Login) -> Self {
        Self { connection, login, channels: HashMap::new(), sessions: 0, stuck: None }
    }

    /// Opens the file session of a channel, or says why not (SSH-057).
    fn open_session(&mut self) -> Result<FileSession, String> {
        let authenticated = self.login.authenticated().ok_or_else(|| "not logged in".to_owned())?;
        self.sessions += 1;
        let id = format!("SFTP_{}_{}", self.connection.id, self.sessions);
        authenticated.open_session("SFTP", id).map_err(|error| error.to_string())
    }

    fn start_sftp(&mut self, id: ChannelId, slot: &Arc<Slot>, session: &Session, files: FileSession) {
        let (handle, tasks) = (session.handle(), self.connection.tasks.clone());
        let (connection, open) = (&self.connection, self.connection.open_channel(&files));
        let context = ChannelContext::new(files, connection.dot_entries, &connection.handles, open);
        let ended = context.session.ended();
        let starter = lane_starter(handle.clone(), id, tasks);
        *slot.0.lock() = Some(Channel::new(context, starter));
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
    fn end_channel(&mut self, id: ChannelId, status: u32, session: &mut Session) -> Result<(), russh::Error> {
        self.channels.remove(&id);
        session.exit_status_request(id, status)?;
        session.eof(id)?;
        session.close(id)
    }

    /// A closed channel keeps what its client did not take, and russh delivers no answer of a lane, of any channel, while
    /// there is such data: the connection is of no use for a second channel.
    fn part_from_stuck(&mut self, session: &mut Session) -> Result<bool, russh::Error> {
        if !self.stuck.is_some_and(|id| session.has_pending_data(id)) {
            return Ok(false);
        }
        tracing::info!(connection_id = self.connection.id, "disconnected: a channel was closed with data under way");
        session.disconnect(Disconnect::ByApplication, "a channel was closed with data under way", "")?;
        Ok(true)
    }

    /// Refuses what a channel was asked for, in words that a human sees and a program understands.
    fn refuse(&mut self, id: ChannelId, text: &str, session: &mut Session) -> Result<(), russh::Error> {
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

/// Sends what is answered inline.
struct SessionPort<'a> {
    session: &'a mut Session,
    id: ChannelId,
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

impl Handler for SshHandler {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, Self::Error> {
        Ok(self.login.reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        // Boxed, as its like below: russh's task would have room for the largest of them as long as it lives.
        Ok(Box::pin(self.login.password(user, password)).await)
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        let welcome = Box::pin(self.login.is_key_welcome(user, offer.public_key, offer.algorithm)).await;
        Ok(if welcome { Auth::Accept } else { self.login.reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(Box::pin(self.login.public_key(user, key.public_key, key.algorithm)).await)
    }

    async fn auth_openssh_certificate(&mut self, _: &str, _: &Certificate) -> Result<Auth, Self::Error> {
        // SSH-053: no authority is trusted.
        Ok(self.login.reject())
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let answer = response.map(|mut answers| answers.next());
        let text = answer.as_ref().map(|answer| answer.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok()));
        Ok(Box::pin(self.login.keyboard_interactive(user, text)).await)
    }

    async fn auth_succeeded(&mut self, _: &mut Session) -> Result<(), Self::Error> {
        self.connection.authenticated.cancel();
        Ok(())
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(self.connection.banner.clone())
    }

    async fn channel_open_session(
        &mut self,
        channel: RusshChannel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.part_from_stuck(session)? {
            return Ok(());
        }
        if self.channels.len() >= MAX_CHANNELS {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        self.channels.insert(channel.id(), Arc::default());
        // Dropping our end keeps russh from queueing a second copy of each packet.
        drop(channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_x11(
        &mut self,
        _: RusshChannel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.reject(ChannelOpenFailure::UnknownChannelType).await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        _: RusshChannel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        // SSH-024
        reply.reject(ChannelOpenFailure::UnknownChannelType).await;
        Ok(())
    }

    async fn channel_open_forwarded_tcpip(
        &mut self,
        _: RusshChannel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.reject(ChannelOpenFailure::UnknownChannelType).await;
        Ok(())
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        _: RusshChannel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.reject(ChannelOpenFailure::UnknownChannelType).await;
        Ok(())
    }

    async fn subsystem_request(&mut self, id: ChannelId, name: &str, session: &mut Session) -> Result<(), Self::Error> {
        let slot = self.channels.get(&id).cloned();
        let Some(slot) = slot.filter(|slot| name == "sftp" && slot.0.lock().is_none()) else {
            return session.channel_failure(id);
        };
        match self.open_session() {
            Ok(files) => {
                self.start_sftp(id, &slot, session, files);
                session.channel_success(id)
            }
            Err(text) => self.refuse(id, &text, session),
        }
    }

    async fn exec_request(&mut self, id: ChannelId, _: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        if self.channels.get(&id).is_none_or(|slot| slot.0.lock().is_some()) {
            return session.channel_failure(id);
        }
        self.refuse(id, "This server offers SFTP only; commands (scp -O among them) are not available.", session)
    }

    // SSH-025: every one of these is answered, for a client may wait for that for ever.
    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn env_request(&mut self, id: ChannelId, _: &str, _: &str, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let Some(slot) = self.channels.get(&id).cloned() else { return Ok(()) };
        let Some(mut channel) = slot.0.lock().take() else { return Ok(()) };
        let result = channel.receive(data, &mut SessionPort { session, id }).await;
        match result {
            Ok(()) => {
                *slot.0.lock() = Some(channel);
                Ok(())
            }
            Err(Fatal::Protocol(reason)) => {
                tracing::info!(connection_id = self.connection.id, reason, "closed a channel: not SFTP");
                self.end_channel(id, 1, session)
            }
            Err(Fatal::Ended) => self.end_channel(id, 1, session),
            Err(Fatal::Flood) => {
                tracing::warn!(connection_id = self.connection.id, "disconnected: the client takes no answers");
                // `Err` would drop the stream with what it holds.
                session.disconnect(Disconnect::ByApplication, "too many requests without taking answers", "")
            }
        }
    }

    async fn channel_eof(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let Some(slot) = self.channels.get(&id).cloned() else { return Ok(()) };
        let Some(channel) = slot.0.lock().take() else { return Ok(()) };
        if channel.finish() {
            self.channels.remove(&id);
            return Ok(());
        }
        self.end_channel(id, 0, session)
    }

    async fn channel_close(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        if let Some(slot) = self.channels.remove(&id)
            && let Some(channel) = slot.0.lock().take()
        {
            channel.abandon();
        }
        if session.has_pending_data(id) {
            self.stuck = Some(id);
            if !self.channels.is_empty() {
                self.part_from_stuck(session)?;
            }
        }
        Ok(())
    }
}

impl Drop for SshHandler {
    fn drop(&mut self) {
        // What watches for the end of sessions must not keep their channels.
        for slot in self.channels.values() {
            slot.0.lock().take();
        }
    }
}

/// Whether a file subsystem has begun; shared with the stream below russh.
pub type Batching = Arc<AtomicBool>;
