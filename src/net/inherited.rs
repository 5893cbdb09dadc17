//! Sockets that a service manager opened before it started this process (sd_listen_fds(3)): they take the place of those that
//! bindings would open. No right to low ports is needed then, and nobody is refused while the server restarts.
//!
//! A socket belongs to the binding whose key is its name (`sftpd.bindings[0]`, or short `sftpd`; `sftpd.1` is the second), else
//! to the binding with its address and port. They stay open until the process ends, so that a binding which is closed and
//! opened again gets the same one.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    os::fd::AsRawFd as _,
    sync::{Mutex, PoisonError},
};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::BindSpec;

/// One process has one set of descriptors.
static SOCKETS: Mutex<Vec<Socket>> = Mutex::new(Vec::new());

struct Socket {
    name: String,
    address: SocketAddr,
    listener: TcpListener,
    is_used: bool,
}

/// Takes over the sockets of this process, with their names.
///
/// # Errors
/// One is no listening socket.
pub fn inherit(sockets: impl IntoIterator<Item = (String, TcpListener)>) -> io::Result<()> {
    for (name, listener) in sockets {
        let address = listener.local_addr()?;
        lock().push(Socket { name, address, listener, is_used: false });
    }
    Ok(())
}

/// What each socket is that no binding took, in words.
pub fn unused() -> Vec<String> {
    lock().iter().filter(|socket| !socket.is_used).map(|socket| format!("{} ({})", socket.address, socket.name)).collect()
}

/// Lets the next program of this process have them, too (execve(2)). Answers what must be in its environment for that, which
/// this process took out of its own.
///
/// # Errors
/// Those of the system.
pub fn hand_on() -> io::Result<Vec<(&'static str, String)>> {
    let mut sockets = lock();
    if sockets.is_empty() {
        return Ok(Vec::new());
    }
    // They are counted from the descriptor 3 on, where they still are.
    sockets.sort_by_key(|socket| socket.listener.as_raw_fd());
    for socket in sockets.iter() {
        fcntl_setfd(&socket.listener, FdFlags::empty())?;
    }
    let names: Vec<&str> = sockets.iter().map(|socket| socket.name.as_str()).collect();
    Ok(vec![
        ("LISTEN_PID", std::process::id().to_string()),
        ("LISTEN_FDS", sockets.len().to_string()),
        ("LISTEN_FDNAMES", names.join(":")),
    ])
}

/// The socket for a binding, if there is one.
pub(crate) fn find(spec: &BindSpec) -> Option<io::Result<TcpListener>> {
    let mut sockets = lock();
    let found = position(&sockets, spec)?;
    sockets[found].is_used = true;
    Some(sockets[found].listener.try_clone())
}

/// Whether there is a socket for a binding.
pub fn is_there(spec: &BindSpec) -> bool {
    position(&lock(), spec).is_some()
}

fn position(sockets: &[Socket], spec: &BindSpec) -> Option<usize> {
    let by_name = sockets.iter().position(|socket| is_named(&socket.name, &spec.setting_key));
    by_name.or_else(|| sockets.iter().position(|socket| is_at(socket.address, spec)))
}

fn lock() -> std::sync::MutexGuard<'static, Vec<Socket>> {
    SOCKETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a name of a descriptor means the binding `key`.
fn is_named(name: &str, key: &str) -> bool {
    let (section, index) = name.split_once('.').unwrap_or((name, "0"));
    name == key || key == section || index.parse::<u32>().is_ok_and(|index| key == format!("{section}.bindings[{index}]"))
}

fn is_at(address: SocketAddr, spec: &BindSpec) -> bool {
    let configured = spec.address.trim().trim_start_matches('[').trim_end_matches(']');
    let is_same = match configured.parse::<std::net::IpAddr>() {
        Ok(ip) => ip == address.ip() || ip.to_canonical() == address.ip().to_canonical(),
        Err(_) => configured.is_empty() && address.ip().is_unspecified(),
    };
    is_same && spec.port == address.port()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(address: &str, port: u16, key: &str) -> BindSpec {
        BindSpec { address: address.into(), port, setting_key: key.into() }
    }

    // SYS-008
    #[test]
    fn names_mean_bindings() {
        for (name, key) in [
            ("sftpd.bindings[1]", "sftpd.bindings[1]"),
            ("sftpd", "sftpd.bindings[0]"),
            ("httpd.2", "httpd.bindings[2]"),
            ("telemetry", "telemetry"),
        ] {
            assert!(is_named(name, key), "{name}");
        }
        assert!(!is_named("entrepot.socket", "sftpd.bindings[0]") && !is_named("sftpd", "sftpd.bindings[1]"));
    }

    // SYS-008
    #[test]
    fn addresses_mean_bindings() {
        let all: SocketAddr = "[::]:22".parse().expect("an address");
        assert!(is_at(all, &spec("", 22, "x")) && !is_at(all, &spec("", 2022, "x")) && !is_at(all, &spec("127.0.0.1", 22, "x")));
        let one: SocketAddr = "127.0.0.1:443".parse().expect("an address");
        assert!(is_at(one, &spec("127.0.0.1", 443, "x")) && !is_at(one, &spec("", 443, "x")));
    }
}
