//! An SSH client that lets the test say every byte of SFTP, and that damages what it sends below SSH.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use russh::{
    Channel, ChannelMsg, Error,
    client::{self, AuthResult, Config, Handle, Msg},
    keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};

use super::sftp::{self, Packet};
use crate::harness::{Server, User};

/// Bounds a hang; nothing is said about speed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Trusts everybody.
pub struct Trusting;

impl client::Handler for Trusting {
    type Error = Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Error> {
        Ok(true)
    }
}

/// What happens to the bytes that are sent.
#[derive(Clone, Copy)]
pub enum Harm {
    None,
    /// After so many bytes the connection is gone.
    Cut(usize),
    /// The byte there is another one.
    Flip(usize),
}

/// A socket that harms.
pub struct Wire {
    socket: TcpStream,
    harm: Harm,
    sent: usize,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, out)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = self.sent;
        let mut out = bytes.to_vec();
        match self.harm {
            Harm::None => {}
            Harm::Cut(at) if sent >= at => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Harm::Cut(at) => out.truncate(at - sent),
            Harm::Flip(at) => {
                if let Some(byte) = at.checked_sub(sent).and_then(|index| out.get_mut(index)) {
                    *byte ^= 0x10;
                }
            }
        }
        let written = Pin::new(&mut self.socket).poll_write(cx, &out);
        if let Poll::Ready(Ok(count)) = written {
            self.sent += count;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Connects and proves the key of the harness.
pub async fn login(server: &Server, user: &User, harm: Harm) -> Result<Handle<Trusting>, Error> {
    let socket = TcpStream::connect(server.sftp_address()).await?;
    socket.set_nodelay(true)?;
    let config = Config { window_size: 4 << 20, maximum_packet_size: 65_536, ..Config::default() };
    let mut handle = client::connect_stream(Arc::new(config), Wire { socket, harm, sent: 0 }, Trusting).await?;
    let key = Arc::new(load_secret_key(&server.key().file, None).unwrap());
    match handle.authenticate_publickey(user.name.clone(), PrivateKeyWithHashAlg::new(key, None)).await? {
        AuthResult::Success => Ok(handle),
        AuthResult::Failure { .. } => Err(Error::NotAuthenticated),
    }
}

/// A channel that carries SFTP.
pub struct Sftp {
    pub channel: Channel<Msg>,
    received: Vec<u8>,
}

/// An answer: its type, its id (for VERSION the version), and what follows.
pub type Answer = (u8, u32, Vec<u8>);

impl Sftp {
    /// A channel whose subsystem has begun; INIT was not sent.
    pub async fn begin(handle: &Handle<Trusting>) -> Result<Self, Error> {
        let mut channel = handle.channel_open_session().await?;
        channel.request_subsystem(true, "sftp").await?;
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Success) => return Ok(Self { channel, received: Vec::new() }),
                Some(ChannelMsg::Failure) | None => return Err(Error::Disconnect),
                Some(_) => {}
            }
        }
    }

    /// Sends `bytes` as they are.
    pub async fn send(&self, bytes: impl Into<Vec<u8>>) -> Result<(), Error> {
        self.channel.data_bytes(bytes.into()).await
    }

    /// The next answer; `None` at the end of the channel.
    pub async fn next(&mut self) -> Option<Answer> {
        loop {
            if let Some((length, rest)) = self.received.split_first_chunk::<4>() {
                let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
                assert!((5..=300_000).contains(&length), "the server sent a message of {length} bytes");
                if rest.len() >= length {
                    let (kind, id) = (rest[0], u32::from_be_bytes(rest[1..5].try_into().unwrap()));
                    let answer = (kind, id, rest[5..length].to_vec());
                    self.received.drain(..4 + length);
                    return Some(answer);
                }
            }
            match timeout(PATIENCE, self.channel.wait()).await.expect("the server neither answers nor closes the channel") {
                Some(ChannelMsg::Data { data }) => self.received.extend_from_slice(&data),
                Some(ChannelMsg::Close) | None => return None,
                Some(_) => {}
            }
        }
    }

    /// All answers to the end of the channel.
    pub async fn rest(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(answer) = self.next().await {
            answers.push(answer);
        }
        answers
    }

    async fn ask(&mut self, packet: Vec<u8>, kind: u8) -> Vec<u8> {
        self.send(packet).await.unwrap();
        let answer = self.next().await.expect("an answer");
        assert_eq!(answer.0, kind, "{answer:?}");
        answer.2
    }

    /// INIT and VERSION.
    pub async fn initialise(&mut self) {
        self.ask(Packet::new(sftp::INIT, 3).end(), 2).await;
    }

    /// A file from its opening to its end: what was written is acknowledged.
    pub async fn put(&mut self, path: &str, content: &[u8]) {
        let handle = self.ask(sftp::open(1, path.as_bytes(), sftp::FOR_WRITING), sftp::HANDLE).await[4..].to_vec();
        let pieces: Vec<&[u8]> = content.chunks(200_000).collect();
        for (index, piece) in pieces.iter().enumerate() {
            self.send(sftp::write(2, &handle, index as u64 * 200_000, piece)).await.unwrap();
        }
        for _ in pieces {
            is_ok(&self.next().await.expect("an answer"));
        }
        let answer = self.ask(sftp::close(3, &handle), sftp::STATUS).await;
        is_ok(&(sftp::STATUS, 3, answer));
    }

    /// The whole content of a file.
    pub async fn get(&mut self, path: &str) -> Vec<u8> {
        let handle = self.ask(sftp::open(1, path.as_bytes(), sftp::FOR_READING), sftp::HANDLE).await[4..].to_vec();
        let mut content = Vec::new();
        loop {
            self.send(sftp::read(2, &handle, content.len() as u64, 32_768)).await.unwrap();
            let (kind, _, body) = self.next().await.expect("an answer");
            if kind != sftp::DATA {
                break;
            }
            content.extend_from_slice(&body[4..]);
        }
        self.ask(sftp::close(3, &handle), sftp::STATUS).await;
        content
    }
}

#[track_caller]
fn is_ok(answer: &Answer) {
    assert!(answer.0 == sftp::STATUS && answer.2.starts_with(&[0; 4]), "{answer:?}");
}
