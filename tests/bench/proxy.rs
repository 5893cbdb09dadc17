//! A delay line between client and server: each direction hands on what it got after half of the
//! round trip. No loss, no limit of bandwidth. The kernel's netem is not needed, nor root.

use std::io;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

const PIECE: usize = 256 << 10;

/// A running delay line; dropping it ends it.
pub struct Proxy {
    port: u16,
    _stop: oneshot::Sender<()>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 for connections to `server`, on a thread of its own.
    pub fn start(server: u16, round_trip: Duration) -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("delay line".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        outcome = accept(listener, server, round_trip / 2) => {
                            if let Err(error) = outcome { eprintln!("delay line: {error}"); }
                        }
                        _ = stopped => {}
                    }
                });
            })
            .context("thread of the delay line")?;
        Ok(Self { port, _stop: stop })
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }
}

async fn accept(listener: std::net::TcpListener, server: u16, delay: Duration) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect(("127.0.0.1", server)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client_read, client_write) = client.into_split();
        let (server_read, server_write) = server.into_split();
        carry(client_read, server_write, delay);
        carry(server_read, client_write, delay);
    }
}

/// Carries one direction until it ends; the end is delayed like everything else.
fn carry(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, delay: Duration) {
    let (late, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut piece = vec![0; PIECE];
        while let Ok(n @ 1..) = from.read(&mut piece).await {
            if late.send((Instant::now() + delay, piece[..n].to_vec())).is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((at, piece)) = due.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    });
}
