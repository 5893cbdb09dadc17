//! What declared proxies say about their clients (HTTP-009, HTTP-041, HTTP-042, API-020). Nobody else is believed.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use entrepot_config::settings::HttpBinding;
use entrepot_net::NetError;
use ipnet::IpNet;

/// Headers that only proxies have a reason to send.
const TELLING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Who is believed, and by which headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarding {
    allowed: Vec<IpNet>,
    /// Header with the address of the client.
    header: Option<HeaderName>,
    /// Place of the address from the right; -1 is the leftmost.
    depth: i32,
    /// Headers with the value that says that the client uses HTTPS.
    https: Vec<(HeaderName, String)>,
}

/// What is known of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its address, if a proxy told it.
    pub(crate) address: Option<IpAddr>,
    /// A proxy says that it uses HTTPS.
    pub(crate) secure: bool,
    /// Headers of a proxy came from who is none.
    pub(crate) undeclared: bool,
}

impl Forwarding {
    /// What the settings of a binding say; `key` is its key.
    ///
    /// # Errors
    /// A name is no name of a header.
    pub fn from_settings(key: &str, settings: &HttpBinding) -> Result<Self, NetError> {
        let name = |setting: &str, text: &str| {
            let wrong = |_| NetError::Header { setting: format!("{key}.{setting}"), name: text.to_owned() };
            text.trim().parse::<HeaderName>().map_err(wrong)
        };
        let header = match settings.client_ip_proxy_header.trim() {
            "" => None,
            text => Some(name("client_ip_proxy_header", text)?),
        };
        let pairs = settings.security.https_proxy_headers.iter().filter(|_| settings.security.enabled);
        let https = pairs.map(|pair| Ok((name("security.https_proxy_headers", &pair.key)?, pair.value.clone())));
        let depth = settings.client_ip_header_depth;
        Ok(Self { allowed: settings.proxy_allowed.clone(), header, depth, https: https.collect::<Result<_, NetError>>()? })
    }

    /// Reads the headers of a request that came from `peer`.
    pub(crate) fn read(&self, peer: SocketAddr, headers: &HeaderMap) -> Told {
        let ip = peer.ip().to_canonical();
        if !self.allowed.iter().any(|network| network.contains(&ip)) {
            let undeclared = TELLING.iter().any(|name| headers.contains_key(*name));
            return Told { address: None, secure: false, undeclared };
        }
        let is = |name: &HeaderName, value: &str| {
            headers.get(name).and_then(|given| given.to_str().ok()).is_some_and(|given| given.trim().eq_ignore_ascii_case(value))
        };
        let proto = HeaderName::from_static("x-forwarded-proto");
        let secure = is(&proto, "https") || self.https.iter().any(|(name, value)| is(name, value));
        Told { address: self.address(headers), secure, undeclared: false }
    }

    /// All values of all lines in order; a place that does not exist, or holds no address, tells nothing.
    fn address(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines = headers.get_all(self.header.as_ref()?).filter_map(|line| line.to_str().ok());
        let values: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let value = match usize::try_from(self.depth) {
            Ok(depth) => values.get(values.len().checked_sub(depth.checked_add(1)?)?)?,
            Err(_) => values.first()?,
        };
        without_port(value).map(|ip| ip.to_canonical())
    }
}

/// HTTP-041: a port may follow.
fn without_port(text: &str) -> Option<IpAddr> {
    text.parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn forwarding(depth: i32) -> Forwarding {
        Forwarding {
            allowed: vec!["10.0.0.0/8".parse().unwrap()],
            header: Some(HeaderName::from_static("x-forwarded-for")),
            depth,
            https: vec![(HeaderName::from_static("x-ssl"), "on".to_owned())],
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn address(depth: i32, lines: &[(&'static str, &'static str)]) -> Option<String> {
        forwarding(depth).read("10.1.2.3:4000".parse().unwrap(), &headers(lines)).address.map(|ip| ip.to_string())
    }

    // HTTP-009, API-020
    #[test]
    fn the_place_of_the_address_counts_from_the_right() {
        let lines = [("x-forwarded-for", "192.0.2.1, 192.0.2.2"), ("x-forwarded-for", "192.0.2.3")];
        for (depth, expected) in [(0, "192.0.2.3"), (1, "192.0.2.2"), (2, "192.0.2.1"), (-1, "192.0.2.1")] {
            assert_eq!(address(depth, &lines).as_deref(), Some(expected), "{depth}");
        }
        assert_eq!(address(3, &lines), None);
        assert_eq!(address(0, &[("x-forwarded-for", "192.0.2.1, unknown")]), None);
        assert_eq!(address(0, &[("x-real-ip", "192.0.2.1")]), None);
    }

    // HTTP-041
    #[test]
    fn ports_are_left_out() {
        for (text, expected) in [
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(address(0, &[("x-forwarded-for", text)]).as_deref(), Some(expected));
        }
    }

    // HTTP-009, HTTP-042
    #[test]
    fn only_declared_proxies_are_believed() {
        let sent = headers(&[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("x-ssl", "on")]);
        let told = forwarding(0).read("203.0.113.9:1".parse().unwrap(), &sent);
        assert_eq!(told, Told { address: None, secure: false, undeclared: true });
        let told = forwarding(0).read("10.0.0.1:1".parse().unwrap(), &sent);
        assert_eq!(told, Told { address: Some([192, 0, 2, 1].into()), secure: true, undeclared: false });
        let told = forwarding(0).read("10.0.0.1:1".parse().unwrap(), &headers(&[("x-ssl", "ON")]));
        assert!(told.secure && told.address.is_none());
        assert!(!Forwarding::default().read("203.0.113.9:1".parse().unwrap(), &headers(&[])).undeclared);
    }
}
