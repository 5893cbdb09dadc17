//! What the log says about an encrypted connection (LOG-005).

use actix_web::{dev::Extensions, rt::net::TcpStream};
use tokio_rustls::server::TlsStream;

use crate::patient::Patient;

/// Version, cipher suite and key exchange of a connection, as TLS names them.
#[derive(Debug, Clone, Default)]
pub(crate) struct TlsFacts {
    pub version: String,
    pub cipher_suite: String,
    pub key_exchange: String,
}

impl TlsFacts {
    /// For people (TLS-005).
    pub(crate) fn describe(&self) -> String {
        [&self.version, &self.cipher_suite, &self.key_exchange].map(String::as_str).join(" ").trim().to_owned()
    }
}

/// Notes them when a connection begins; plain ones have none.
pub(crate) fn note(connection: &Patient<TlsStream<TcpStream>>, data: &mut Extensions) {
    let (_, tls) = connection.get_ref().get_ref();
    data.insert(TlsFacts {
        version: tls.protocol_version().map(|version| format!("{version:?}").replace('_', ".")).unwrap_or_default(),
        cipher_suite: tls.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())).unwrap_or_default(),
        key_exchange: tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())).unwrap_or_default(),
    });
}
