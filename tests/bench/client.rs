//! A fast, light SFTP client: russh for SSH, SFTP packets of our own, everything inside the
//! session's task. It is to cost little, so that the servers are what is compared.

pub mod exchange;
mod stream;
mod wire;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow, bail, ensure};
use russh::keys::{Algorithm, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelId, ChannelMsg, Disconnect, Preferred, cipher, client, kex, mac};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use exchange::{Exchange, Version};
use wire::{Answers, Requests};

/// Where to log in, as whom.
#[derive(Clone)]
pub struct Target {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// Account.
    pub user: String,
    /// The account's private key.
    pub key: Arc<PrivateKey>,
    /// The same key as a file, for programs.
    pub key_file: PathBuf,
}

/// What the client offers.
#[derive(Clone)]
pub struct Profile {
    /// The one cipher that is offered.
    pub cipher: cipher::Name,
    /// Receive window of the channel in bytes.
    pub window: u32,
}

impl Default for Profile {
    fn default() -> Self {
        Self { cipher: cipher::AES_128_GCM, window: 16 << 20 }
    }
}

impl Profile {
    /// One key exchange and one host key type, so that both servers do the same work.
    fn config(&self) -> client::Config {
        client::Config {
            window_size: self.window,
            maximum_packet_size: 65535,
            nodelay: true,
            preferred: Preferred {
                kex: Cow::Borrowed(&[
                    kex::CURVE25519,
                    kex::EXTENSION_SUPPORT_AS_CLIENT,
                    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
                ]),
                key: Cow::Borrowed(&[Algorithm::Ed25519]),
                cipher: Cow::Owned(vec![self.cipher]),
                mac: Cow::Borrowed(&[mac::HMAC_SHA256_ETM]),
                ..Preferred::default()
            },
            ..client::Config::default()
        }
    }
}

/// One SSH connection with one SFTP channel.
pub struct Client {
    handle: client::Handle<Session>,
    channel: ChannelId,
    wire: Arc<Mutex<Wire>>,
}

impl Client {
    /// Connects, proves the key, opens the SFTP subsystem and agrees on version 3.
    pub async fn login(target: &Target, profile: &Profile) -> Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", target.port)).await?;
        let stream = stream::BatchedStream::new(socket)?;
        let wire = Arc::new(Mutex::new(Wire::default()));
        let session = Session { wire: wire.clone() };
        let mut handle = client::connect_stream(Arc::new(profile.config()), stream, session).await.context("SSH handshake")?;
        let key = PrivateKeyWithHashAlg::new(target.key.clone(), None);
        let outcome = handle.authenticate_publickey(target.user.clone(), key).await?;
        ensure!(outcome.success(), "the key of {} was refused", target.user);
        let mut channel = handle.channel_open_session().await?;
        channel.request_subsystem(true, "sftp").await?;
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Success) => break,
                Some(ChannelMsg::Failure) | None => bail!("the server has no SFTP subsystem"),
                Some(_) => {}
            }
        }
        // From here on the session task handles the data; the channel would only get copies.
        let client = Self { handle, channel: channel.id(), wire };
        drop(channel);
        let version = client.run(Version).await?;
        ensure!(version == 3, "the server speaks SFTP version {version}");
        Ok(client)
    }

    /// Holds a conversation to its end and returns its amount.
    pub async fn run(&self, exchange: impl Exchange + 'static) -> Result<u64> {
        self.start(Box::new(exchange), false).await
    }

    /// Holds a conversation; as soon as it has asked its last, this client never reads again: its
    /// window stays as it is.
    pub async fn run_and_stall(&self, exchange: impl Exchange + 'static) -> Result<u64> {
        self.start(Box::new(exchange), true).await
    }

    async fn start(&self, mut exchange: Box<dyn Exchange>, then_stall: bool) -> Result<u64> {
        let (done, end) = oneshot::channel();
        let first = {
            let mut wire = lock(&self.wire);
            ensure!(wire.running.is_none(), "a conversation is running");
            exchange.begin(&mut wire.requests);
            wire.running = Some(Running { exchange, done, then_stall });
            wire.requests.take()
        };
        self.handle.data(self.channel, first).await.map_err(|_| lost())?;
        end.await.map_err(|_| lost())?
    }

    /// Says goodbye and waits until the session has ended.
    pub async fn close(self) -> Result<()> {
        self.handle.disconnect(Disconnect::ByApplication, "", "").await?;
        // How the session ends is of no interest: the goodbye was ours.
        let _ = self.handle.await;
        Ok(())
    }
}

fn lost() -> anyhow::Error {
    anyhow!("the connection was lost")
}

fn lock(wire: &Mutex<Wire>) -> MutexGuard<'_, Wire> {
    wire.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Running {
    exchange: Box<dyn Exchange>,
    done: oneshot::Sender<Result<u64>>,
    then_stall: bool,
}

#[derive(Default)]
struct Wire {
    answers: Answers,
    requests: Requests,
    running: Option<Running>,
    is_stalled: bool,
}

impl Wire {
    fn feed(&mut self, mut data: &[u8]) -> Result<()> {
        while let Some((id, answer)) = self.answers.next(&mut data)? {
            let Some(running) = &mut self.running else { bail!("an answer without a request") };
            let Some(amount) = running.exchange.answer(id, answer, &mut self.requests)? else {
                continue;
            };
            if let Some(running) = self.running.take() {
                self.is_stalled = running.then_stall;
                // The caller may have given up; nothing is lost then.
                let _ = running.done.send(Ok(amount));
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: anyhow::Error) {
        if let Some(running) = self.running.take() {
            let _ = running.done.send(Err(error));
        }
    }
}

struct Session {
    wire: Arc<Mutex<Wire>>,
}

impl client::Handler for Session {
    type Error = anyhow::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool> {
        Ok(true)
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut client::Session) -> Result<()> {
        let is_stalled = lock(&self.wire).is_stalled;
        if is_stalled {
            return std::future::pending().await;
        }
        let requests = {
            let mut wire = lock(&self.wire);
            if let Err(error) = wire.feed(data) {
                wire.fail(error);
                bail!("conversation failed");
            }
            if wire.requests.is_empty() {
                return Ok(());
            }
            wire.requests.take()
        };
        session.data(channel, requests)?;
        Ok(())
    }

    async fn channel_close(&mut self, _: ChannelId, _: &mut client::Session) -> Result<()> {
        lock(&self.wire).fail(anyhow!("the server closed the channel"));
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        lock(&self.wire).fail(lost());
    }
}
