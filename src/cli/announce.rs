//! What a starting server tells the person before the terminal.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use entrepot_sftp::HostKey;

use crate::{
    data_folder::Ready,
    house::{House, WebAddress},
    telemetry::Telemetry,
};

/// The address of this machine in its network, if it has one. Connecting a UDP socket sends nothing; it picks the route.
pub(crate) fn own_address() -> Option<IpAddr> {
    [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")]
        .into_iter()
        .filter_map(|(from, to)| {
            let socket = UdpSocket::bind(from).ok()?;
            socket.connect(to).ok()?;
            Some(socket.local_addr().ok()?.ip())
        })
        .find(|ip| !ip.is_unspecified() && !ip.is_loopback())
}

/// Host names under which a listener can be reached, the best for others first.
pub(crate) fn hosts(listener: SocketAddr) -> Vec<String> {
    if !listener.ip().is_unspecified() {
        return vec![host(listener.ip())];
    }
    own_address().map(host).into_iter().chain(["localhost".to_owned()]).collect()
}

fn host(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

/// The command that connects to a listener.
pub(crate) fn sftp_command(user: &str, host: &str, port: u16) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if port == 22 { format!("sftp {user}@{host}") } else { format!("sftp -P {port} {user}@{host}") }
}

impl WebAddress {
    fn scheme(&self) -> &'static str {
        if self.is_encrypted { "https" } else { "http" }
    }

    /// Base URLs without a slash at the end; the configured one, or one per host name.
    pub(crate) fn urls(&self) -> Vec<String> {
        if !self.base_url.is_empty() {
            return vec![self.base_url.trim_end_matches('/').to_owned()];
        }
        hosts(self.address).iter().map(|host| format!("{}://{host}:{}", self.scheme(), self.address.port())).collect()
    }

    /// An URL that works on this machine.
    fn local_url(&self) -> String {
        local_url(self.scheme(), self.address)
    }
}

/// An URL that works on this machine.
pub(crate) fn local_url(scheme: &str, listener: SocketAddr) -> String {
    let ip = if listener.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { listener.ip() };
    format!("{scheme}://{}:{}", host(ip), listener.port())
}

/// What the ready file says.
pub(crate) fn ready(house: &House) -> Ready {
    Ready {
        sftp: house.ssh.addresses(),
        http: house.web.iter().map(WebAddress::local_url).collect(),
        telemetry: house.telemetry.as_ref().and_then(Telemetry::local_url),
    }
}

/// Base URLs for the link of the first start: of the first listener that is encrypted and has the page, else of any that
/// has it.
pub(crate) fn setup_bases(web: &[WebAddress]) -> Vec<String> {
    let with_page = || web.iter().filter(|listener| listener.has_setup && !listener.redirects);
    let listener = with_page().find(|listener| listener.is_encrypted).or_else(|| with_page().next());
    listener.map(WebAddress::urls).unwrap_or_default()
}

/// Where the server can be reached, and how to know that it is the right one.
pub(crate) fn listeners(house: &House) -> String {
    let mut text = String::new();
    for listener in &house.ssh.addresses() {
        for (index, host) in hosts(*listener).iter().enumerate() {
            let label = if index == 0 { "SFTP" } else { "" };
            let _ = writeln!(text, "  {label:<10} sftp://{host}:{}", listener.port());
        }
    }
    text.push_str(&host_keys(&house.host_keys()));
    for listener in &house.web {
        if listener.redirects {
            let _ = writeln!(text, "  {:<10} port {}, sends browsers to HTTPS", "", listener.address.port());
            continue;
        }
        for (index, url) in listener.urls().iter().enumerate() {
            let label = if index == 0 { "Web" } else { "" };
            let _ = writeln!(text, "  {label:<10} {url}");
        }
    }
    for certificate in house.certificates.stores.iter().filter(|certificate| certificate.is_self_signed()) {
        let _ = writeln!(text, "  {:<10} SHA-256 {}", "Own cert.", certificate.fingerprint());
    }
    text
}

/// A line per key.
pub(crate) fn host_keys(keys: &[HostKey]) -> String {
    let mut text = String::new();
    for (index, key) in keys.iter().enumerate() {
        let label = if index == 0 { "Host key" } else { "" };
        let algorithm = key.public_line().split(' ').next().unwrap_or_default().to_owned();
        let _ = writeln!(text, "  {label:<10} {} ({algorithm})", key.fingerprint());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(address: &str, is_encrypted: bool, redirects: bool) -> WebAddress {
        let address = address.parse().expect("an address");
        WebAddress { address, is_encrypted, redirects, has_setup: true, base_url: String::new() }
    }

    #[test]
    fn setup_is_offered_where_it_is_encrypted() {
        let web = [listener("127.0.0.1:8080", false, false), listener("127.0.0.1:8443", true, false)];
        assert_eq!(setup_bases(&web), ["https://127.0.0.1:8443"]);
        assert_eq!(setup_bases(&web[..1]), ["http://127.0.0.1:8080"]);
        assert!(setup_bases(&[listener("127.0.0.1:8080", false, true)]).is_empty());
    }

    #[test]
    fn configured_address_of_the_server_wins() {
        let web = WebAddress { base_url: "https://files.example/".into(), ..listener("[::]:8443", true, false) };
        assert_eq!(web.urls(), ["https://files.example"]);
        assert_eq!(web.local_url(), "https://127.0.0.1:8443");
    }

    #[test]
    fn unspecified_address_is_reached_as_localhost_at_least() {
        assert_eq!(hosts(([0, 0, 0, 0], 1).into()).last().map(String::as_str), Some("localhost"));
        assert_eq!(hosts("[::1]:1".parse().expect("an address")), ["[::1]"]);
    }

    #[test]
    fn usual_port_needs_no_flag() {
        assert_eq!(sftp_command("ann", "nas", 22), "sftp ann@nas");
        assert_eq!(sftp_command("ann", "[::1]", 2022), "sftp -P 2022 ann@::1");
    }
}
