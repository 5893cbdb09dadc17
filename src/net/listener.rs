//! The accept loop that every protocol over plain sockets shares.

use std::{io, net::SocketAddr, time::Duration};

use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};

use crate::{BindSpec, NetError, socket};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    local: SocketAddr,
    setting_key: String,
}

/// A connection that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The connection; no-delay and keep-alive are on.
    pub stream: TcpStream,
    /// The other end; IPv4-mapped addresses are plain IPv4 (ACC-080).
    pub peer: SocketAddr,
    /// The address the peer connected to.
    pub local: SocketAddr,
}

impl Listener {
    /// Binds and listens. Must be called within a tokio runtime, which drives the socket from then on.
    ///
    /// # Errors
    /// As [`socket::bind`].
    pub fn bind(spec: &BindSpec) -> Result<Self, NetError> {
        let failed = |source: io::Error| NetError::Socket {
            address: spec.address.clone(),
            port: spec.port,
            setting: spec.setting_key.clone(),
            source,
        };
        let listener = socket::bind(spec)?;
        let local = listener.local_addr().map_err(failed)?;
        let inner = TcpListener::from_std(listener).map_err(failed)?;
        Ok(Self { inner, local, setting_key: spec.setting_key.clone() })
    }

    /// The address it listens on, with the port that was really taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Waits for the next connection. It never fails: a connection that broke in the queue is skipped, and when file
    /// descriptors or memory run out it pauses instead of spinning.
    ///
    /// Cancelling loses no connection: one that was not returned is still in the queue.
    pub async fn accept(&self) -> Accepted {
        let mut pause = Pause::default();
        loop {
            match self.inner.accept().await {
                Ok((stream, peer)) => {
                    if pause.was_taken() {
                        tracing::info!(setting = self.setting_key, "accepting connections again");
                    }
                    let local = stream.local_addr().unwrap_or(self.local);
                    return Accepted { stream, peer: canonical(peer), local: canonical(local) };
                }
                Err(error) if is_exhausted(&error) => {
                    if !pause.was_taken() {
                        tracing::error!(setting = self.setting_key, %error, "out of resources, new connections wait");
                    }
                    tokio::time::sleep(pause.next()).await;
                }
                Err(error) => {
                    tracing::debug!(setting = self.setting_key, %error, "connection ended before it was accepted");
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

/// IPv4 as IPv4, whichever socket it came through.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whether trying again at once would only spin: accept(2) leaves the connection in the queue for these.
fn is_exhausted(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS))
}

/// Growing pauses between attempts.
#[derive(Debug, Default)]
struct Pause(Option<Duration>);

impl Pause {
    fn was_taken(&self) -> bool {
        self.0.is_some()
    }

    fn next(&mut self) -> Duration {
        let next = self.0.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        self.0 = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-080
    #[tokio::test]
    async fn ipv4_peer_of_a_dual_stack_socket_has_an_ipv4_address() {
        let spec = BindSpec { address: String::new(), port: 0, setting_key: "sftpd.bindings[0]".into() };
        let listener = Listener::bind(&spec).unwrap();
        let port = listener.local_addr().port();
        let client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let accepted = listener.accept().await;
        assert_eq!(accepted.peer, client.local_addr().unwrap());
        assert!(accepted.local.is_ipv4());
        assert!(accepted.stream.nodelay().unwrap(), "accepted streams inherit no-delay");
    }

    #[test]
    fn pauses_grow_and_stay_below_a_second() {
        let mut pause = Pause::default();
        let pauses: Vec<_> = std::iter::repeat_with(|| pause.next()).take(12).collect();
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        assert_eq!(pauses[0], FIRST_PAUSE);
        assert_eq!(pauses[11], LONGEST_PAUSE);
    }

    #[test]
    fn only_a_lack_of_resources_makes_it_pause() {
        assert!(is_exhausted(&io::Error::from(Errno::MFILE)));
        assert!(is_exhausted(&io::Error::from(Errno::NFILE)));
        assert!(!is_exhausted(&io::Error::from(Errno::CONNABORTED)));
    }
}
