//! What a connection passes before HTTP is spoken: the PROXY header of who may send one (NET-001), then TLS.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_http::Protocol;
use actix_web::rt::net::TcpStream;
use entrepot_net::{Accepted, Gatekeeper, ProxyPolicy};
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::patient::{PATIENCE, Patient};

/// Time for a handshake of TLS.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Connections of a listener that are on their way through; further ones are closed.
const ON_THEIR_WAY: usize = 4096;
/// Of these, from one address (IPv6: one network of 64 bits): whoever opens connections and says nothing must not keep others
/// out.
const FROM_ONE: usize = 128;
/// Names of HTTP in a handshake, the preferred one first (RFC 7301).
const HTTP_NAMES: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A connection that is ready for HTTP, with the version that was agreed on and the address of the client.
pub(crate) type Arrival<T> = (T, Protocol, Option<SocketAddr>);

/// The doorway of a listener.
pub(crate) struct Doorway {
    proxy: Option<ProxyPolicy>,
    gatekeeper: Arc<dyn Gatekeeper>,
    passing: Mutex<Passing>,
}

/// Connections on their way through.
#[derive(Default)]
struct Passing {
    total: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// A place in the doorway.
struct Place<'a> {
    doorway: &'a Doorway,
    source: IpAddr,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut passing = self.doorway.passing();
        passing.total -= 1;
        if let Some(count) = passing.by_source.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                passing.by_source.remove(&self.source);
            }
        }
    }
}

/// What counts as one source.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}

impl Doorway {
    pub(crate) fn new(proxy: Option<ProxyPolicy>, gatekeeper: Arc<dyn Gatekeeper>) -> Self {
        Self { proxy, gatekeeper, passing: Mutex::default() }
    }

    fn passing(&self) -> MutexGuard<'_, Passing> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection of this address, if there is one. A declared proxy brings everybody's connections.
    fn place(&self, address: IpAddr) -> io::Result<Place<'_>> {
        let is_proxy = self.proxy.as_ref().is_some_and(|proxy| proxy.believes(address.to_canonical()));
        let source = source(address);
        let mut passing = self.passing();
        let from_one = passing.by_source.get(&source).copied().unwrap_or_default();
        if passing.total >= ON_THEIR_WAY || (from_one >= FROM_ONE && !is_proxy) {
            return Err(io::Error::other("too many connections are about to begin"));
        }
        passing.total += 1;
        passing.by_source.insert(source, from_one + 1);
        Ok(Place { doorway: self, source })
    }

    /// Lets a plain connection in.
    ///
    /// # Errors
    /// The connection is to be closed: it broke, or may not be here.
    pub(crate) async fn plain(&self, stream: TcpStream) -> io::Result<Arrival<Patient<TcpStream>>> {
        let _place = self.place(stream.peer_addr()?.ip())?;
        let (stream, client) = self.introduce(stream).await?;
        Ok((Patient::new(stream, PATIENCE), Protocol::Http1, client))
    }

    /// Lets a connection in that speaks TLS.
    ///
    /// # Errors
    /// As [`Self::plain`]; the handshake fails, or takes too long.
    pub(crate) async fn encrypted(
        &self,
        stream: TcpStream,
        tls: &TlsAcceptor,
    ) -> io::Result<Arrival<Patient<TlsStream<TcpStream>>>> {
        let _place = self.place(stream.peer_addr()?.ip())?;
        let (stream, client) = self.introduce(stream).await?;
        let stream = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await??;
        let is_second = stream.get_ref().1.alpn_protocol() == Some(HTTP_NAMES[0]);
        let stream = Patient::new(stream, PATIENCE);
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

#[cfg(test)]
mod tests {
    use entrepot_net::AllowAll;

    use super::*;

    #[test]
    fn one_source_has_so_many_places_and_gives_them_back() {
        let doorway = Doorway::new(None, Arc::new(AllowAll));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut held: Vec<_> =
            (0..FROM_ONE).map(|host| doorway.place(address(&format!("2001:db8::{host:x}"))).unwrap()).collect();
        assert!(doorway.place(address("2001:db8::ffff")).is_err(), "the network is one source");
        assert!(doorway.place(address("2001:db8:0:1::1")).is_ok() && doorway.place(address("192.0.2.1")).is_ok());
        held.pop();
        assert!(doorway.place(address("2001:db8::ffff")).is_ok());
        drop(held);
        let passing = doorway.passing();
        assert_eq!((passing.total, passing.by_source.len()), (0, 0));
    }

    #[test]
    fn all_sources_together_have_a_bound_and_only_declared_proxies_bring_many() {
        let proxy = ProxyPolicy { required: false, allowed: vec!["10.0.0.1/32".parse().unwrap()], skipped: Vec::new() };
        let doorway = Doorway::new(Some(proxy), Arc::new(AllowAll));
        let place = |bits: u32| doorway.place(IpAddr::from(bits.to_be_bytes()));
        let from_proxy: Vec<_> = (0..ON_THEIR_WAY - FROM_ONE).map(|_| place(0x0a00_0001).unwrap()).collect();
        let others: Vec<_> = (0..FROM_ONE).map(|_| place(0xc000_0201).unwrap()).collect();
        assert!(place(0xc000_0202).is_err(), "everything is taken");
        drop(from_proxy);
        assert!(place(0xc000_0201).is_err(), "one that is no proxy has had its places");
        drop(others);
    }
}
