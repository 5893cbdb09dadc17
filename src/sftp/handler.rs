//! One SSH connection as russh calls it back.

mod channels;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};

use channels::{Carried, SessionPort, Slot};
use russh::{
    Channel as RusshChannel, ChannelId, ChannelOpenFailure, Pty,
    client::GexParams,
    kex::dh::groups::DhGroup,
    keys::Certificate,
    server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey},
};

use crate::{channel::Fatal, connection::Connection, exec, group_exchange, login::Login};

/// Channels that one connection may have open.
const MAX_CHANNELS: usize = 64;

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
}

impl Handler for SshHandler {
    type Error = russh::Error;

    async fn auth_none(&mut self, user: &str) -> Result<Auth, Self::Error> {
        Ok(self.login.list_methods(user))
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        self.login.may_try()?;
        // Boxed, as its like below: russh's task would have room for the largest of them as long as it lives.
        Ok(Box::pin(self.login.password(user, password)).await)
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        self.login.may_try()?;
        let welcome = Box::pin(self.login.is_key_welcome(user, offer.public_key, offer.algorithm)).await;
        Ok(if welcome { Auth::Accept } else { self.login.reject(user) })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(Box::pin(self.login.public_key(user, key.public_key, key.algorithm)).await)
    }

    async fn auth_openssh_certificate(&mut self, user: &str, certificate: &Certificate) -> Result<Auth, Self::Error> {
        Ok(Box::pin(self.login.certificate(user, certificate)).await)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        self.login.may_try()?;
        let Some(mut answers) = response else { return Ok(Box::pin(self.login.begin_dialogue(user)).await) };
        let answer = answers.next();
        let text = answer.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        Ok(Box::pin(self.login.go_on_with_dialogue(user, text)).await)
    }

    async fn auth_succeeded(&mut self, _: &mut Session) -> Result<(), Self::Error> {
        self.connection.authenticated.cancel();
        Ok(())
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(self.connection.banner.clone())
    }

    async fn lookup_dh_gex_group(&mut self, asked: &GexParams) -> Result<Option<DhGroup>, Self::Error> {
        Ok(group_exchange::choose(asked, self.login.settings().sftpd.min_dh_group_exchange_key_size))
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
        match self.open_session("SFTP") {
            Ok(files) => {
                self.start_sftp(id, &slot, session, files);
                session.channel_success(id)
            }
            Err(text) => self.refuse(id, &text, session),
        }
    }

    async fn exec_request(&mut self, id: ChannelId, line: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let slot = self.channels.get(&id).cloned();
        let Some(slot) = slot.filter(|slot| slot.0.lock().is_none()) else {
            return session.channel_failure(id);
        };
        let settings = self.login.settings();
        match exec::prepare(&settings.sftpd.enabled_ssh_commands, line, |protocol| self.open_session(protocol)) {
            Ok(running) => {
                session.channel_success(id)?;
                self.start_command(id, &slot, session, running);
                Ok(())
            }
            Err(text) => {
                let line = String::from_utf8_lossy(line.get(..200).unwrap_or(line)).into_owned();
                tracing::info!(connection_id = self.connection.id, line, reason = text, "command refused");
                self.refuse(id, &text, session)
            }
        }
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
        let carried = slot.0.lock().take();
        let mut channel = match carried {
            Some(Carried::Files(channel)) => channel,
            Some(Carried::Command { feed, gone }) => {
                let pushed = Box::pin(feed.push(data)).await;
                *slot.0.lock() = Some(Carried::Command { feed, gone });
                return if pushed.is_ok() { Ok(()) } else { self.part_from_flood(session) };
            }
            None => return Ok(()),
        };
        let result = channel.receive(data, &mut SessionPort { session, id }).await;
        match result {
            Ok(()) => {
                *slot.0.lock() = Some(Carried::Files(channel));
                Ok(())
            }
            Err(Fatal::Protocol(reason)) => {
                tracing::info!(connection_id = self.connection.id, reason, "closed a channel: not SFTP");
                self.end_channel(id, 1, session)
            }
            Err(Fatal::Ended) => self.end_channel(id, 1, session),
            Err(Fatal::Flood) => self.part_from_flood(session),
        }
    }

    async fn channel_eof(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let Some(slot) = self.channels.get(&id).cloned() else { return Ok(()) };
        let carried = slot.0.lock().take();
        let channel = match carried {
            Some(Carried::Files(channel)) => channel,
            Some(Carried::Command { mut feed, gone }) => {
                feed.end();
                *slot.0.lock() = Some(Carried::Command { feed, gone });
                return Ok(());
            }
            None => return Ok(()),
        };
        if channel.finish() {
            self.channels.remove(&id);
            return Ok(());
        }
        self.end_channel(id, 0, session)
    }

    async fn channel_close(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        match self.channels.remove(&id).and_then(|slot| slot.0.lock().take()) {
            Some(Carried::Files(channel)) => channel.abandon(),
            Some(Carried::Command { gone, .. }) => gone.cancel(),
            None => {}
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
            if let Some(Carried::Command { gone, .. }) = slot.0.lock().take() {
                gone.cancel();
            }
        }
    }
}

/// Whether a file subsystem has begun; shared with the stream below russh.
pub type Batching = Arc<AtomicBool>;
