//! Binding a TCP socket: one place for its options and for errors that say what to change.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    os::fd::AsFd,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, ipproto, sockopt},
};

use crate::{NetError, inherited};

/// How many finished handshakes may wait for `accept`; the kernel caps it at `net.core.somaxconn`.
const BACKLOG: i32 = 1024;
/// Silence after which a peer is probed, so that vanished peers free their session.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// Where to listen, and which setting says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindSpec {
    /// IP address; empty = all addresses, IPv4 and IPv6 (NET-007).
    pub address: String,
    /// Port; 0 = one that is free.
    pub port: u16,
    /// Key of the binding, for example `sftpd.bindings[0]`; errors name it.
    pub setting_key: String,
}

impl BindSpec {
    /// Full key of a member of the binding: those of telemetry say what they bind (`telemetry.bind_port`).
    pub fn member(&self, name: &str) -> String {
        let between = if self.setting_key == "telemetry" { ".bind_" } else { "." };
        format!("{}{between}{name}", self.setting_key)
    }

    /// The address in numbers; all addresses are those of IPv6, which stand for those of IPv4, too.
    ///
    /// # Errors
    /// It is no IP address.
    pub fn socket_address(&self) -> Result<SocketAddr, NetError> {
        let address = self.address.trim().trim_start_matches('[').trim_end_matches(']');
        if address.is_empty() {
            return Ok(SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.port)));
        }
        let wrong = |_| NetError::BadAddress { address: self.address.clone(), setting: self.member("address") };
        address.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, self.port)).map_err(wrong)
    }

    /// The address in words.
    fn place(&self) -> String {
        if self.address.is_empty() { "all addresses".into() } else { self.address.clone() }
    }

    fn error(&self, errno: Errno) -> NetError {
        let (port, address) = (self.member("port"), self.member("address"));
        match errno {
            Errno::ADDRINUSE => NetError::InUse { port: self.port, address: self.place(), setting: port },
            Errno::ACCESS | Errno::PERM => NetError::NotPermitted { port: self.port, setting: port },
            Errno::ADDRNOTAVAIL => NetError::NotLocal { address: self.place(), setting: address },
            other => {
                let source = io::Error::from(other);
                NetError::Socket { address: self.place(), port: self.port, setting: address, source }
            }
        }
    }
}

/// Opens a listening socket: address reuse, keep-alive and no-delay on (accepted streams inherit both), not blocking. One that
/// the service manager opened for this binding is taken instead.
///
/// # Errors
/// The address cannot be read or used, or the port is taken or not permitted; the text names the setting.
pub fn bind(spec: &BindSpec) -> Result<TcpListener, NetError> {
    if let Some(socket) = inherited::find(spec) {
        let setting = spec.member("address");
        let failed = |source| NetError::Socket { address: spec.place(), port: spec.port, setting: setting.clone(), source };
        let socket = socket.map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        configure(&socket).map_err(|errno| spec.error(errno))?;
        return Ok(socket);
    }
    open_at(spec)
}

/// Whether [`bind`] would get a socket now. What it opens is closed again.
///
/// # Errors
/// As [`bind`].
pub fn could_bind(spec: &BindSpec) -> Result<(), NetError> {
    if inherited::is_there(spec) { Ok(()) } else { open_at(spec).map(drop) }
}

fn open_at(spec: &BindSpec) -> Result<TcpListener, NetError> {
    let address = spec.socket_address()?;
    if spec.address.trim().is_empty() {
        return match open(address) {
            // No IPv6 on this machine: IPv4 is all there is.
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL | Errno::PROTONOSUPPORT) => {
                open(SocketAddr::from((Ipv4Addr::UNSPECIFIED, spec.port))).map_err(|errno| spec.error(errno))
            }
            other => other.map_err(|errno| spec.error(errno)),
        };
    }
    open(address).map_err(|errno| spec.error(errno))
}

fn open(address: SocketAddr) -> Result<TcpListener, Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
    if let SocketAddr::V6(v6) = address {
        // Dual stack for "all addresses" whatever the system's default is; an explicit address means that one only.
        sockopt::set_ipv6_v6only(&socket, !v6.ip().is_unspecified())?;
    }
    sockopt::set_socket_reuseaddr(&socket, true)?;
    configure(&socket)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

/// What accepted streams inherit.
fn configure(socket: impl AsFd) -> Result<(), Errno> {
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_nodelay(&socket, true)
}

/// Whether two listeners cannot be open at the same time.
pub fn do_collide(one: SocketAddr, other: SocketAddr) -> bool {
    let takes_all = |address: IpAddr| address.is_unspecified() && address.is_ipv6();
    let (first, second) = (one.ip().to_canonical(), other.ip().to_canonical());
    let is_same_family = first.is_ipv4() == second.is_ipv4();
    one.port() == other.port()
        && (takes_all(first)
            || takes_all(second)
            || (is_same_family && (first == second || first.is_unspecified() || second.is_unspecified())))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn spec(address: &str, port: u16) -> BindSpec {
        BindSpec { address: address.into(), port, setting_key: "sftpd.bindings[0]".into() }
    }

    // NET-008
    #[test]
    fn taken_port_is_an_error_that_names_the_setting() {
        let first = bind(&spec("127.0.0.1", 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let error = bind(&spec("127.0.0.1", port)).unwrap_err();
        assert!(matches!(error, NetError::InUse { .. }), "{error}");
        assert!(error.to_string().contains("set sftpd.bindings[0].port"), "{error}");
    }

    // NET-007
    #[test]
    fn empty_address_is_reached_over_ipv4() {
        let listener = bind(&spec("", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
    }

    #[test]
    fn foreign_address_is_an_error_that_names_it() {
        let error = bind(&spec("192.0.2.1", 0)).unwrap_err();
        assert!(matches!(error, NetError::NotLocal { .. }), "{error}");
    }

    #[test]
    fn a_trial_holds_nothing_and_finds_what_is_taken() {
        let taken = bind(&spec("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(matches!(could_bind(&spec("127.0.0.1", port)).unwrap_err(), NetError::InUse { .. }));
        drop(taken);
        could_bind(&spec("127.0.0.1", port)).unwrap();
        bind(&spec("127.0.0.1", port)).unwrap();
    }

    #[test]
    fn listeners_collide_where_one_takes_the_address_of_the_other() {
        let collide = |one: &str, other: &str| do_collide(one.parse().unwrap(), other.parse().unwrap());
        assert!(collide("[::]:22", "127.0.0.1:22") && collide("[::]:22", "[::1]:22") && collide("0.0.0.0:22", "10.0.0.1:22"));
        assert!(collide("10.0.0.1:22", "10.0.0.1:22") && collide("[::ffff:10.0.0.1]:22", "10.0.0.1:22"));
        assert!(!collide("10.0.0.1:22", "10.0.0.2:22") && !collide("10.0.0.1:22", "10.0.0.1:23"));
        assert!(!collide("0.0.0.0:22", "[::1]:22"));
    }

    #[test]
    fn errors_name_the_key_as_it_is_written() {
        let telemetry = BindSpec { address: "192.0.2.1".into(), port: 0, setting_key: "telemetry".into() };
        let error = bind(&telemetry).unwrap_err();
        assert_eq!(error.setting(), Some("telemetry.bind_address"));
        assert!(error.to_string().contains("set telemetry.bind_address"), "{error}");
        assert_eq!(bind(&spec("x", 1)).unwrap_err().setting(), Some("sftpd.bindings[0].address"));
    }

    #[test]
    fn name_instead_of_address_is_refused() {
        let error = bind(&spec("files.example", 0)).unwrap_err();
        assert!(matches!(error, NetError::BadAddress { .. }), "{error}");
    }
}
