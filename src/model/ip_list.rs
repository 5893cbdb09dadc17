//! Entries of the IP lists: which networks are let in, kept out, trusted or not slowed down.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::{
    login::Protocol,
    wire::{is_default, tolerant},
};

/// What a list is for (API-076, IPL-001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i64)]
pub enum IpListType {
    /// Only these may connect, if the list is switched on.
    Allow = 1,
    /// These are never banned, or always.
    Defender = 2,
    /// These are not slowed down by rate limiters.
    RateLimiterSafe = 3,
    /// These are neither scored nor banned nor slowed down.
    Trusted = 4,
}

impl IpListType {
    /// All values.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Defender, Self::RateLimiterSafe, Self::Trusted];

    /// The value on the wire.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// The list of that number.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.code() == code)
    }
}

/// What an entry of the defender list says about its network (API-077).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpListMode {
    /// Let in.
    Allow,
    /// Keep out.
    Deny,
}

/// An entry of a list (IPL-008).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct IpListEntry {
    /// The network in CIDR form; immutable.
    pub ipornet: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Value of [`IpListType`]; immutable.
    #[serde(rename = "type")]
    pub list: i64,
    /// 1 allow, 2 deny; deny on the defender list only.
    pub mode: i64,
    /// Bits: 1 SSH, 2 FTP, 4 WebDAV, 8 HTTP; 0 is all.
    pub protocols: i64,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
}
tolerant!(IpListEntry);

/// `mode` of an entry that lets in.
pub const MODE_ALLOW: i64 = 1;
/// `mode` of an entry that keeps out.
pub const MODE_DENY: i64 = 2;
/// All protocols in `protocols`.
pub const ALL_PROTOCOLS: i64 = 15;

impl IpListEntry {
    /// The list it is on, once validated.
    pub fn list_type(&self) -> Option<IpListType> {
        IpListType::from_code(self.list)
    }

    /// What it says.
    pub fn list_mode(&self) -> IpListMode {
        if self.mode == MODE_DENY { IpListMode::Deny } else { IpListMode::Allow }
    }

    /// The network it is about, once validated.
    pub fn network(&self) -> Option<IpNet> {
        network(&self.ipornet)
    }
}

/// Whether a mask of protocols has this one; 0 has all (IPL-003).
pub fn covers(mask: i64, protocol: Protocol) -> bool {
    mask == 0 || mask & bit(protocol) != 0
}

/// The bit of a protocol in a mask.
pub fn bit(protocol: Protocol) -> i64 {
    match protocol {
        Protocol::Ssh => 1,
        Protocol::Ftp => 2,
        Protocol::Dav => 4,
        Protocol::Http => 8,
    }
}

/// Reads an address or a network: an address is the network of itself, host bits are cleared, IPv4-mapped IPv6 is IPv4
/// (IPL-004, API-078).
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().ok()?,
    };
    let network = match network {
        IpNet::V6(v6) => match v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96)) {
            Some((v4, length)) => IpNet::V4(Ipv4Net::new(v4, length).ok()?),
            None => IpNet::V6(v6),
        },
        v4 @ IpNet::V4(_) => v4,
    };
    Some(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_uniform() {
        // API-078, IPL-004
        for (given, stored) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("2001:db8:1::5/32", "2001:db8::/32"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            (" 10.0.0.0/8 ", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(network(given).map(|network| network.to_string()).as_deref(), Some(stored), "{given}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0", "files.example", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8"] {
            assert_eq!(network(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn masks_name_protocols() {
        // IPL-003
        assert!(Protocol::ALL.into_iter().all(|protocol| covers(0, protocol) && covers(ALL_PROTOCOLS, protocol)));
        assert!(covers(3, Protocol::Ssh) && covers(3, Protocol::Ftp) && !covers(3, Protocol::Http));
    }
}
