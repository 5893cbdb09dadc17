//! What an address stands for at the gates.

use std::net::{IpAddr, Ipv6Addr};

/// Who is counted, scored and banned. Whoever has an address of the public IPv6 range has at least the 2^64 addresses of
/// its network, so that network is one source; every other address is a source of its own.
pub(crate) fn source_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if v6.segments()[0] & 0xe000 == 0x2000 => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

/// Whether the address is one of this machine or of a private network: many may stand behind it, and a proxy often does.
/// 100.64.0.0/10 is shared by carriers and overlay networks (RFC 6598).
pub(crate) fn is_internal(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("address")
    }

    #[test]
    fn public_ipv6_networks_are_one_source() {
        assert_eq!(source_of(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        for same in ["::1", "fd00::1:2:3:4", "fe80::1", "192.0.2.7"] {
            assert_eq!(source_of(ip(same)), ip(same));
        }
        assert_eq!(source_of(ip("::ffff:192.0.2.7")), ip("192.0.2.7"));
    }

    #[test]
    fn internal_addresses_are_those_of_private_networks() {
        for internal in
            ["127.0.0.1", "10.1.2.3", "172.17.0.1", "192.168.1.1", "169.254.0.9", "100.100.1.1", "::1", "fd00::1", "fe80::1"]
        {
            assert!(is_internal(ip(internal)), "{internal}");
        }
        for public in ["192.0.2.7", "172.32.0.1", "100.128.0.1", "2001:db8::1", "8.8.8.8"] {
            assert!(!is_internal(ip(public)), "{public}");
        }
    }
}
