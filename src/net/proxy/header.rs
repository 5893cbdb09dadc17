//! The two forms of the header, read from bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Longest header that is read, with its extensions; the specification recommends to send no more than 536 bytes.
pub const MAX_HEADER: usize = 4096;
/// Longest line of version 1 with its end.
const MAX_LINE: usize = 107;
/// First bytes of version 2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// First bytes of version 1.
const PREFIX: &[u8] = b"PROXY ";

/// Source and destination as the proxy saw them.
pub type Addresses = (SocketAddr, SocketAddr);

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// More is needed.
    Incomplete,
    /// No header.
    Other,
    /// It begins as a header, and is none.
    Malformed(&'static str),
    /// A header of so many bytes. Without addresses the real ones hold (NET-006).
    Header {
        /// Bytes of the header.
        length: usize,
        /// What it tells.
        addresses: Option<Addresses>,
    },
}

/// Reads a header from the beginning of `bytes`.
pub fn find(bytes: &[u8]) -> Found {
    let begins = |form: &[u8]| {
        let common = bytes.len().min(form.len());
        bytes[..common] == form[..common]
    };
    if begins(SIGNATURE) {
        return if bytes.len() < SIGNATURE.len() { Found::Incomplete } else { binary(bytes) };
    }
    if begins(PREFIX) {
        return if bytes.len() < PREFIX.len() { Found::Incomplete } else { line(bytes) };
    }
    Found::Other
}

/// Version 1, section 2.1.
fn line(bytes: &[u8]) -> Found {
    let Some(end) = bytes.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
        return if bytes.len() < MAX_LINE { Found::Incomplete } else { Found::Malformed("the line is too long") };
    };
    let text = std::str::from_utf8(&bytes[PREFIX.len()..end]).ok().and_then(|text| text.strip_suffix('\r'));
    let Some(text) = text else { return Found::Malformed("the line does not end as it should") };
    let length = end + 1;
    let mut words = text.split(' ');
    let family = words.next();
    if family == Some("UNKNOWN") {
        // Whatever follows is to be ignored.
        return Found::Header { length, addresses: None };
    }
    let address = |word: Option<&str>| match family {
        Some("TCP4") => word?.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some("TCP6") => word?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => None,
    };
    let (source, destination) = (address(words.next()), address(words.next()));
    let (source_port, destination_port) = (port(words.next()), port(words.next()));
    match (source, destination, source_port, destination_port, words.next()) {
        (Some(source), Some(destination), Some(source_port), Some(destination_port), None) => {
            Found::Header { length, addresses: Some(pair(source, source_port, destination, destination_port)) }
        }
        _ => Found::Malformed("the line does not hold two addresses and two ports"),
    }
}

/// Digits only, without sign and leading zeros.
fn port(word: Option<&str>) -> Option<u16> {
    let word = word?;
    let is_number = word == "0" || (!word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit()));
    word.parse().ok().filter(|_| is_number)
}

/// Version 2, section 2.2.
fn binary(bytes: &[u8]) -> Found {
    let Some((&[command, family, high, low], rest)) = bytes[SIGNATURE.len()..].split_first_chunk::<4>() else {
        return Found::Incomplete;
    };
    let size = usize::from(u16::from_be_bytes([high, low]));
    let length = SIGNATURE.len() + 4 + size;
    if command & 0xf0 != 0x20 {
        return Found::Malformed("its version is not 2");
    }
    if length > MAX_HEADER {
        return Found::Malformed("it is too long");
    }
    let Some(body) = rest.get(..size) else { return Found::Incomplete };
    let addresses = match (command & 0x0f, family) {
        // LOCAL: the proxy itself speaks, for example to look whether we are well.
        (0, _) => None,
        (1, 0x11) => match body.split_first_chunk::<12>() {
            Some((&[a, b, c, d, e, f, g, h, sh, sl, dh, dl], _)) => Some(pair(
                Ipv4Addr::new(a, b, c, d).into(),
                u16::from_be_bytes([sh, sl]),
                Ipv4Addr::new(e, f, g, h).into(),
                u16::from_be_bytes([dh, dl]),
            )),
            None => return Found::Malformed("its addresses are cut off"),
        },
        (1, 0x21) => match six(body) {
            Some(addresses) => Some(addresses),
            None => return Found::Malformed("its addresses are cut off"),
        },
        // Unix sockets, datagrams, unspecified: nothing that we could use.
        (1, _) => None,
        _ => return Found::Malformed("its command is unknown"),
    };
    Found::Header { length, addresses }
}

fn six(body: &[u8]) -> Option<Addresses> {
    let (source, rest) = body.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    let (&[sh, sl, dh, dl], _) = rest.split_first_chunk::<4>()?;
    let address = |octets: &[u8; 16]| IpAddr::V6(Ipv6Addr::from(*octets));
    Some(pair(address(source), u16::from_be_bytes([sh, sl]), address(destination), u16::from_be_bytes([dh, dl])))
}

/// IPv4 as IPv4 (ACC-080).
fn pair(source: IpAddr, source_port: u16, destination: IpAddr, destination_port: u16) -> Addresses {
    let address = |ip: IpAddr, port| SocketAddr::new(ip.to_canonical(), port);
    (address(source, source_port), address(destination, destination_port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let size = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &size, body].concat()
    }

    fn addresses(bytes: &[u8]) -> Option<(String, String)> {
        match find(bytes) {
            Found::Header { addresses, .. } => addresses.map(|(source, target)| (source.to_string(), target.to_string())),
            other => panic!("{other:?}"),
        }
    }

    fn two(source: &str, target: &str) -> Option<(String, String)> {
        Some((source.to_owned(), target.to_owned()))
    }

    // NET-002
    #[test]
    fn both_versions_are_read() {
        let expected = two("192.0.2.1:56324", "198.51.100.2:22");
        assert_eq!(addresses(b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 22\r\nSSH-2.0"), expected);
        let body = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0, 22, /* an extension */ 4, 0, 1, 9];
        let header = v2(0x21, 0x11, &body);
        assert_eq!(addresses(&header), expected);
        let Found::Header { length, .. } = find(&[&header[..], b"SSH-2.0"].concat()) else { panic!("header") };
        assert_eq!(length, header.len());

        let expected = two("[2001:db8::1]:1000", "[2001:db8::2]:22");
        assert_eq!(addresses(b"PROXY TCP6 2001:db8::1 2001:db8::2 1000 22\r\n"), expected);
        let octets = |text: &str| text.parse::<Ipv6Addr>().unwrap().octets();
        let body = [&octets("2001:db8::1")[..], &octets("2001:db8::2"), &[3, 232, 0, 22]].concat();
        assert_eq!(addresses(&v2(0x21, 0x21, &body)), expected);
        assert_eq!(addresses(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), two("192.0.2.1:1", "[::1]:2"));
    }

    // NET-006
    #[test]
    fn health_checks_have_no_addresses() {
        assert_eq!(addresses(b"PROXY UNKNOWN\r\n"), None);
        assert_eq!(addresses(b"PROXY UNKNOWN ff::1 ff::2 1 2\r\n"), None);
        assert_eq!(addresses(&v2(0x20, 0, &[])), None);
        assert_eq!(addresses(&v2(0x20, 0x11, &[1; 12])), None);
        assert_eq!(addresses(&v2(0x21, 0x31, &[0; 216])), None);
    }

    #[test]
    fn what_begins_as_a_header_and_is_none_is_refused() {
        let long = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
        for wrong in [
            &b"PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n"[..],
            b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 22 9\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 65536 22\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 +1 22\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 01 22\r\n",
            b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            b"PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n",
            b"PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n",
            &long,
            &v2(0x11, 0x11, &[1; 12]),
            &v2(0x22, 0x11, &[1; 12]),
            &v2(0x21, 0x11, &[1; 11]),
            &v2(0x21, 0x21, &[1; 35]),
            &v2(0x21, 0x11, &vec![0; MAX_HEADER]),
        ] {
            assert!(matches!(find(wrong), Found::Malformed(_)), "{:?} {:?}", String::from_utf8_lossy(wrong), find(wrong));
        }
        for other in
            [&b"SSH-2.0-x\r\n"[..], b"GET / HTTP/1.1", b"proxy TCP4", b"PROXYTCP4", b"\r\n\r\n\0\r\nQUIX", b"\x16\x03\x01"]
        {
            assert_eq!(find(other), Found::Other);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_read_beyond_its_end(bytes in prop::collection::vec(any::<u8>(), 0..300), form in 0..4u8) {
            let begin: &[u8] = match form {
                0 => b"",
                1 => b"PROXY TCP4 ",
                2 => b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0",
                _ => b"\r\n\r\n\0\r\nQUIT\n",
            };
            let bytes = [begin, &bytes].concat();
            if let Found::Header { length, .. } = find(&bytes) {
                prop_assert!(length <= bytes.len() && length <= MAX_HEADER);
            }
        }

        #[test]
        fn every_part_of_a_header_is_incomplete_and_what_follows_changes_nothing(
            source in any::<([u8; 4], u16)>(), target in any::<([u8; 4], u16)>(),
            rest in prop::collection::vec(any::<u8>(), 0..40), is_line in any::<bool>(),
        ) {
            let (from, to) = (Ipv4Addr::from(source.0), Ipv4Addr::from(target.0));
            let header = if is_line {
                format!("PROXY TCP4 {from} {to} {} {}\r\n", source.1, target.1).into_bytes()
            } else {
                v2(0x21, 0x11, &[&source.0[..], &target.0, &source.1.to_be_bytes(), &target.1.to_be_bytes()].concat())
            };
            for end in 0..header.len() {
                prop_assert_eq!(find(&header[..end]), Found::Incomplete);
            }
            let expected = Found::Header {
                length: header.len(),
                addresses: Some(((from, source.1).into(), (to, target.1).into())),
            };
            prop_assert_eq!(find(&[header, rest].concat()), expected);
        }
    }
}
