//! Who is asking: the one place where a client's address is decided.

use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, dev::ServiceRequest, http::Method};

use crate::{
    Features,
    binding::{Bound, Listener},
    tls_facts::TlsFacts,
};

/// The client of a request, and the way it came. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub struct Client {
    /// Address of the client; IPv4-mapped addresses are plain IPv4 (ACC-080).
    pub address: SocketAddr,
    /// Address it connected to.
    pub local: SocketAddr,
    /// The connection is encrypted.
    pub secure: bool,
    /// Id of the request, in the log and in `X-Request-ID` (HTTP-036).
    pub request_id: String,
    /// The request was HEAD: handlers see GET, and those with a long body leave it out (API-014).
    pub is_head: bool,
    /// What the binding serves.
    pub features: Features,
    /// Version, cipher suite and key exchange of TLS, as far as this server ends it; empty without.
    pub tls: String,
}

impl Client {
    /// The IP address, for rules and events.
    pub fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// Reads it off a connection, and off the headers of a proxy that is declared. Also answers who seems to be one that is
    /// not.
    pub(crate) fn of(request: &ServiceRequest, request_id: String, bound: &Bound) -> (Self, Option<IpAddr>) {
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let address = request.peer_addr().unwrap_or(unknown);
        let peer = SocketAddr::new(address.ip().to_canonical(), address.port());
        let listener = Listener::of(request);
        let told = bound.forwarding.read(peer, request.headers());
        let client = Self {
            address: told.address.map_or(peer, |ip| SocketAddr::new(ip, 0)),
            local: listener.address,
            secure: told.secure || listener.secure,
            request_id,
            is_head: request.method() == Method::HEAD,
            features: bound.features,
            tls: request.request().conn_data::<TlsFacts>().map(TlsFacts::describe).unwrap_or_default(),
        };
        (client, told.undeclared.then_some(peer.ip()))
    }
}

impl FromRequest for Client {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let client = request.extensions().get::<Self>().cloned();
        ready(client.ok_or_else(|| actix_web::error::ErrorInternalServerError("the request did not pass the entrance")))
    }
}
