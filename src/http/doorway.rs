//! What a connection passes before HTTP is spoken: the PROXY header of who may send one (NET-001), then TLS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use actix_http::Protocol;
use actix_web::rt::net::TcpStream;
use entrepot_net::{Accepted, Gatekeeper, ProxyPolicy};
use rustls::ServerConfig;
use tokio::{sync::Semaphore, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Time for a handshake of TLS.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Connections of a worker that are on their way through; further ones wait for a place.
const ON_THEIR_WAY: usize = 1024;
/// Names of HTTP in a handshake, the preferred one first (RFC 7301).
const HTTP_NAMES: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A connection that is ready for HTTP, with the version that was agreed on and the address of the client.
pub(crate) type Arrival<T> = (T, Protocol, Option<SocketAddr>);

/// The doorway of a listener; one for each worker.
pub(crate) struct Doorway {
    proxy: Option<ProxyPolicy>,
    gatekeeper: Arc<dyn Gatekeeper>,
    places: Semaphore,
}

impl Doorway {
    pub(crate) fn new(proxy: Option<ProxyPolicy>, gatekeeper: Arc<dyn Gatekeeper>) -> Self {
        Self { proxy, gatekeeper, places: Semaphore::new(ON_THEIR_WAY) }
    }

    /// Lets a plain connection in.
    ///
    /// # Errors
    /// The connection is to be closed: it broke, or may not be here.
    pub(crate) async fn plain(&self, stream: TcpStream) -> io::Result<Arrival<TcpStream>> {
        let _place = self.places.acquire().await.map_err(io::Error::other)?;
        let (stream, client) = self.introduce(stream).await?;
        Ok((stream, Protocol::Http1, client))
    }

    /// Lets a connection in that speaks TLS.
    ///
    /// # Errors
    /// As [`Self::plain`]; the handshake fails, or takes too long.
    pub(crate) async fn encrypted(&self, stream: TcpStream, tls: &TlsAcceptor) -> io::Result<Arrival<TlsStream<TcpStream>>> {
        let _place = self.places.acquire().await.map_err(io::Error::other)?;
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
