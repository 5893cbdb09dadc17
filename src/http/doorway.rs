//! What a connection passes before HTTP is spoken: the PROXY header of who may send one (NET-001), then TLS.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_http::Protocol;
use actix_web::rt::net::TcpStream;
use entrepot_net::{Accepted, Gatekeeper, ProxyPolicy};
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Time for a handshake of TLS.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Connections of a listener that are on their way through; further ones are closed.
const ON_THEIR_WAY: usize = 4096;
/// Of these, from one address: whoever opens connections and says nothing must not keep others out.
const FROM_ONE: usize = 128;
/// Names of HTTP in a handshake, the preferred one first (RFC 7301).
const HTTP_NAMES: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A connection that is ready for HTTP, with the version that was agreed on and the address of the client.
pub(crate) type Arrival<T> = (T, Protocol, Option<SocketAddr>);

/// The doorway of a listener.
pub(crate) struct Doorway {
    proxy: Option<ProxyPolicy>,
    gatekeeper: Arc<dyn Gatekeeper>,
    /// Connections on their way through, by address.
    passing: Mutex<HashMap<IpAddr, usize>>,
}

/// A place in the doorway.
struct Place<'a> {
    doorway: &'a Doorway,
    address: IpAddr,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut passing = self.doorway.passing();
        if let Some(count) = passing.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                passing.remove(&self.address);
            }
        }
    }
}

impl Doorway {
    pub(crate) fn new(proxy: Option<ProxyPolicy>, gatekeeper: Arc<dyn Gatekeeper>) -> Self {
        Self { proxy, gatekeeper, passing: Mutex::default() }
    }

    fn passing(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection of this address, if there is one. A declared proxy brings everybody's connections.
    fn place(&self, address: IpAddr) -> io::Result<Place<'_>> {
        let mut passing = self.passing();
        let from_one = passing.get(&address).copied().unwrap_or_default();
        if passing.len() >= ON_THEIR_WAY || (from_one >= FROM_ONE && self.proxy.is_none()) {
            return Err(io::Error::other("too many connections are about to begin"));
        }
        passing.insert(address, from_one + 1);
        Ok(Place { doorway: self, address })
    }

    /// Lets a plain connection in.
    ///
    /// # Errors
    /// The connection is to be closed: it broke, or may not be here.
    pub(crate) async fn plain(&self, stream: TcpStream) -> io::Result<Arrival<TcpStream>> {
        let _place = self.place(stream.peer_addr()?.ip())?;
        let (stream, client) = self.introduce(stream).await?;
        Ok((stream, Protocol::Http1, client))
    }

    /// Lets a connection in that speaks TLS.
    ///
    /// # Errors
    /// As [`Self::plain`]; the handshake fails, or takes too long.
    pub(crate) async fn encrypted(&self, stream: TcpStream, tls: &TlsAcceptor) -> io::Result<Arrival<TlsStream<TcpStream>>> {
        let _place = self.place(stream.peer_addr()?.ip())?;
        let (stream, client) = self.introduce(stream).await?;
        let stream = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await??;
        let is_second = stream.get_ref().1.alpn_protocol() == Some(HTTP_NAMES[0]);
        Ok((stream, if is_second { Protocol::Http2 } else { Protocol::Http1 }, client))
    }

    /// Finds out who the client is.
    async fn introduce(&self, stream: TcpStream) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        let Some(proxy) = &self.proxy else { return Ok((stream, Some(peer))) };
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let local = stream.local_addr()?;
        let introduced = proxy.introduce(Accepted { stream, peer, local }).await.map_err(|error| {
            tracing::debug!(%peer, %error, "HTTP connection refused");
            io::Error::other(error)
        })?;
        if introduced.ignored_header {
            self.gatekeeper.note_forwarded(peer.ip());
        }
        Ok((introduced.accepted.stream, Some(introduced.accepted.peer)))
    }
}

/// Accepts TLS for HTTP. What else the configuration agrees to, proofs for an authority, stays.
pub(crate) fn acceptor(config: &ServerConfig) -> TlsAcceptor {
    let mut config = config.clone();
    let others = std::mem::take(&mut config.alpn_protocols);
    config.alpn_protocols = HTTP_NAMES.iter().map(|name| name.to_vec()).chain(others).collect();
    TlsAcceptor::from(Arc::new(config))
}
