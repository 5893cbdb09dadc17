//! The name a client used for this server.

use actix_web::http::{Uri, header, header::HeaderMap};

/// Host of a request, checked: nothing in it can leave the host part of an address or a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Name or address without port; IPv6 addresses in brackets.
    pub name: String,
    /// Port, where one was named.
    pub port: Option<u16>,
}

impl Host {
    /// Reads `Host`, for HTTP/2 `:authority` (RFC 9110 section 7.2). `None` if it is missing or no host.
    pub fn of(headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        let text = match headers.get(header::HOST) {
            Some(host) => host.to_str().ok()?,
            None => uri.authority()?.as_str(),
        };
        Self::parse(text)
    }

    /// The parts of `host[:port]`.
    pub fn parse(text: &str) -> Option<Self> {
        let end = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (name, rest) = text.split_at(end);
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let is_valid = match inner {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        // A name that begins with a dash would be an option in a command.
        (is_valid && !name.starts_with('-')).then(|| Self { name: name.to_owned(), port })
    }

    /// Start of addresses on this host: scheme, name, and the port unless it is the usual one.
    pub fn base(&self, is_secure: bool) -> String {
        let (scheme, usual) = if is_secure { ("https", 443) } else { ("http", 80) };
        match self.port.filter(|port| *port != usual) {
            Some(port) => format!("{scheme}://{}:{port}", self.name),
            None => format!("{scheme}://{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_port_are_told_apart() {
        let parts = |text| Host::parse(text).map(|host| (host.name, host.port));
        assert_eq!(parts("nas.local:8443"), Some(("nas.local".into(), Some(8443))));
        assert_eq!(parts("nas.local"), Some(("nas.local".into(), None)));
        assert_eq!(parts("[::1]:8080"), Some(("[::1]".into(), Some(8080))));
    }

    #[test]
    fn what_would_leave_the_host_part_is_no_host() {
        for text in ["", "a@b", "a/b", "[::1", "a b", "a\\b", "[]", "[::1]x", "a:b", "a:99999", "-oProxyCommand=x", "$(x)"] {
            assert_eq!(Host::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn usual_port_is_left_out_of_addresses() {
        let base = |text, is_secure| Host::parse(text).unwrap().base(is_secure);
        assert_eq!(base("nas:443", true), "https://nas");
        assert_eq!(base("nas:443", false), "http://nas:443");
        assert_eq!(base("nas:8443", true), "https://nas:8443");
    }
}
