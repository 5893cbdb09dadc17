//! The IP lists in memory: one trie of networks for all lists and protocols, so that one walk answers every question about
//! an address. It is path-compressed: a walk is as long as the address has known networks around it, not as it has bits.

use std::net::IpAddr;

use entrepot_model::{IpListEntry, IpListMode, IpListType, Protocol, ip_list};
use ipnet::IpNet;

/// No node.
const NONE: u32 = u32::MAX;
/// Roots: everything of IPv4, everything of IPv6.
const ROOTS: [u32; 2] = [0, 1];
/// Nodes without entries that are tolerated before the trie is built anew.
const SPARE: usize = 1024;

/// What the lists say about an address over a protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// On the allow list.
    pub is_allowed: bool,
    /// What the defender list says.
    pub defender: Option<IpListMode>,
    /// Not slowed down by rate limiters.
    pub is_rate_safe: bool,
    /// On the trusted list.
    pub is_trusted: bool,
}

/// What an entry says, and for which protocols.
#[derive(Debug, Clone, Copy)]
struct Rule {
    mode: IpListMode,
    protocols: i64,
}

/// A network; bits are those of the address from the top of the number.
#[derive(Debug, Clone)]
struct Node {
    bits: u128,
    length: u8,
    children: [u32; 2],
    rules: [Option<Rule>; 4],
}

impl Node {
    fn new(bits: u128, length: u8) -> Self {
        Self { bits, length, children: [NONE; 2], rules: [None; 4] }
    }

    fn is_empty(&self) -> bool {
        self.rules.iter().all(Option::is_none)
    }
}

/// All entries of all lists.
#[derive(Debug, Clone)]
pub(crate) struct IpLists {
    nodes: Vec<Node>,
    /// Entries, by list.
    counts: [usize; 4],
    /// Nodes that lost their last entry.
    emptied: usize,
}

impl Default for IpLists {
    fn default() -> Self {
        Self { nodes: vec![Node::new(0, 0), Node::new(0, 0)], counts: [0; 4], emptied: 0 }
    }
}

impl IpLists {
    /// Lists with these entries.
    pub fn of(entries: &[IpListEntry]) -> Self {
        let mut lists = Self::default();
        for entry in entries {
            lists.set(entry);
        }
        lists
    }

    /// Whether a list has no entry.
    pub fn is_empty(&self, list: IpListType) -> bool {
        self.counts[place(list)] == 0
    }

    /// Adds a validated entry, or replaces the one of that list and network.
    pub fn set(&mut self, entry: &IpListEntry) {
        let (Some(list), Some(network)) = (entry.list_type(), entry.network()) else { return };
        let at = self.node_of(network);
        let rule = Rule { mode: entry.list_mode(), protocols: entry.protocols };
        if self.nodes[at].rules[place(list)].replace(rule).is_none() {
            self.counts[place(list)] += 1;
        }
    }

    /// Removes an entry, if there is one.
    pub fn remove(&mut self, list: IpListType, network: IpNet) {
        let at = self.node_of(network);
        if self.nodes[at].rules[place(list)].take().is_none() {
            return;
        }
        self.counts[place(list)] -= 1;
        self.emptied += usize::from(self.nodes[at].is_empty());
        // Half of the nodes may be forks without entries of their own.
        if self.emptied > SPARE && self.emptied > self.nodes.len() / 4 {
            self.rebuild();
        }
    }

    /// What the lists say: of the entries that match address and protocol, the one of the smallest network decides, for
    /// each list on its own (IPL-005).
    pub fn standing(&self, ip: IpAddr, protocol: Protocol) -> Standing {
        let (root, bits, width) = key(ip);
        let mut found: [Option<IpListMode>; 4] = [None; 4];
        let mut at = root;
        while let Some(node) = self.nodes.get(at as usize) {
            if masked(bits, node.length) != node.bits {
                break;
            }
            for (found, rule) in found.iter_mut().zip(&node.rules) {
                if let Some(rule) = rule.filter(|rule| ip_list::covers(rule.protocols, protocol)) {
                    *found = Some(rule.mode);
                }
            }
            if node.length == width {
                break;
            }
            at = node.children[side(bits, node.length)];
        }
        Standing {
            is_allowed: found[place(IpListType::Allow)].is_some(),
            defender: found[place(IpListType::Defender)],
            is_rate_safe: found[place(IpListType::RateLimiterSafe)].is_some(),
            is_trusted: found[place(IpListType::Trusted)].is_some(),
        }
    }

    /// The node of a network, made if there is none.
    fn node_of(&mut self, network: IpNet) -> usize {
        let (root, bits, _) = key(network.network());
        let length = network.prefix_len();
        let mut at = root as usize;
        loop {
            if self.nodes[at].length == length {
                return at;
            }
            let way = side(bits, self.nodes[at].length);
            let child = self.nodes[at].children[way];
            if child == NONE {
                return self.attach(at, way, Node::new(bits, length));
            }
            let (other, end) = (self.nodes[child as usize].bits, self.nodes[child as usize].length);
            let common = u8::try_from((bits ^ other).leading_zeros()).unwrap_or(u8::MAX).min(length).min(end);
            if common == end {
                at = child as usize;
                continue;
            }
            // The child goes one step down: below the network itself, or below what both have in common.
            let mut between = Node::new(masked(bits, common), common);
            between.children[side(other, common)] = child;
            let between = self.attach(at, way, between);
            if common == length {
                return between;
            }
            return self.attach(between, side(bits, common), Node::new(bits, length));
        }
    }

    fn attach(&mut self, parent: usize, way: usize, node: Node) -> usize {
        let at = self.nodes.len();
        self.nodes.push(node);
        // 2^32 networks do not fit into memory.
        self.nodes[parent].children[way] = u32::try_from(at).unwrap_or(NONE);
        at
    }

    /// Builds the trie anew without what is no longer needed.
    fn rebuild(&mut self) {
        let mut new = Self { counts: self.counts, ..Self::default() };
        for root in ROOTS {
            let mut open = vec![root];
            while let Some(at) = open.pop() {
                let Some(node) = self.nodes.get(at as usize) else { continue };
                open.extend(node.children);
                if !node.is_empty() {
                    let place = new.node_of(network(root, node));
                    new.nodes[place].rules = node.rules;
                }
            }
        }
        *self = new;
    }
}

fn network(root: u32, node: &Node) -> IpNet {
    let address = if root == ROOTS[0] {
        IpAddr::V4(u32::try_from(node.bits >> 96).unwrap_or_default().into())
    } else {
        IpAddr::V6(node.bits.into())
    };
    IpNet::new(address, node.length).unwrap_or_else(|_| address.into())
}

/// Place of a list in arrays.
fn place(list: IpListType) -> usize {
    match list {
        IpListType::Allow => 0,
        IpListType::Defender => 1,
        IpListType::RateLimiterSafe => 2,
        IpListType::Trusted => 3,
    }
}

/// Root, bits from the top, and number of bits of an address.
fn key(ip: IpAddr) -> (u32, u128, u8) {
    match ip.to_canonical() {
        IpAddr::V4(v4) => (ROOTS[0], u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (ROOTS[1], v6.to_bits(), 128),
    }
}

/// The first `length` bits.
fn masked(bits: u128, length: u8) -> u128 {
    if length == 0 { 0 } else { bits & (u128::MAX << (128 - u32::from(length))) }
}

/// The bit behind the first `length`.
fn side(bits: u128, length: u8) -> usize {
    usize::from(bits & (1 << (127 - u32::from(length.min(127)))) != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(list: IpListType, ipornet: &str, mode: i64, protocols: i64) -> IpListEntry {
        IpListEntry { ipornet: ipornet.into(), list: list.code(), mode, protocols, ..IpListEntry::default() }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("address")
    }

    fn defender(lists: &IpLists, address: &str) -> Option<IpListMode> {
        lists.standing(ip(address), Protocol::Ssh).defender
    }

    #[test]
    fn the_most_specific_network_decides() {
        // IPL-005, DEF-015, SEC-182
        let list = IpListType::Defender;
        let mut lists = IpLists::of(&[
            entry(list, "0.0.0.0/0", 2, 0),
            entry(list, "10.0.0.0/8", 1, 0),
            entry(list, "10.1.0.0/16", 2, 0),
            entry(list, "10.1.2.3/32", 1, 0),
        ]);
        assert_eq!(defender(&lists, "192.0.2.1"), Some(IpListMode::Deny));
        assert_eq!(defender(&lists, "10.9.9.9"), Some(IpListMode::Allow));
        assert_eq!(defender(&lists, "10.1.9.9"), Some(IpListMode::Deny));
        assert_eq!(defender(&lists, "10.1.2.3"), Some(IpListMode::Allow));
        assert_eq!(defender(&lists, "::ffff:10.1.2.3"), Some(IpListMode::Allow));
        assert_eq!(defender(&lists, "2001:db8::1"), None, "all of IPv4 is nothing of IPv6");
        lists.remove(list, "10.1.2.3/32".parse().expect("network"));
        assert_eq!(defender(&lists, "10.1.2.3"), Some(IpListMode::Deny));
        lists.set(&entry(list, "10.1.0.0/16", 1, 0));
        assert_eq!(defender(&lists, "10.1.2.3"), Some(IpListMode::Allow));
    }

    #[test]
    fn entries_hold_for_their_protocols_and_their_list() {
        // IPL-003, IPL-010
        let lists = IpLists::of(&[
            entry(IpListType::Allow, "192.0.2.0/24", 1, 1),
            entry(IpListType::Trusted, "192.0.2.7/32", 1, 8),
            entry(IpListType::RateLimiterSafe, "2001:db8::/32", 1, 0),
        ]);
        let standing = |address, protocol| lists.standing(ip(address), protocol);
        let allowed = Standing { is_allowed: true, ..Standing::default() };
        assert_eq!(standing("192.0.2.7", Protocol::Ssh), allowed);
        assert_eq!(standing("192.0.2.7", Protocol::Http), Standing { is_trusted: true, ..Standing::default() });
        assert_eq!(standing("192.0.2.7", Protocol::Ftp), Standing::default());
        assert!(standing("2001:db8:ffff::1", Protocol::Dav).is_rate_safe);
        assert!(!lists.is_empty(IpListType::Allow) && lists.is_empty(IpListType::Defender));
    }

    #[test]
    fn removed_networks_do_not_pile_up() {
        let mut lists = IpLists::default();
        for round in 0..6u32 {
            for host in 0..1000u32 {
                let network = format!("10.{round}.{}.{}/32", host / 250, host % 250);
                lists.set(&entry(IpListType::Defender, &network, 2, 0));
                lists.remove(IpListType::Defender, network.parse().expect("network"));
            }
        }
        lists.set(&entry(IpListType::Defender, "10.0.0.1/32", 2, 0));
        assert!(lists.nodes.len() < 4 * SPARE, "{}", lists.nodes.len());
        assert_eq!(defender(&lists, "10.0.0.1"), Some(IpListMode::Deny));
    }

    proptest! {
        // IPL-005: as a walk over all entries would say.
        #[test]
        fn the_trie_answers_as_a_list_would(
            networks in prop::collection::vec((any::<u32>(), 0..=32u8, 1..=2i64, 0..=15i64), 0..60),
            wanted in prop::collection::vec((any::<u32>(), 0..60usize), 1..40),
        ) {
            let nets: Vec<IpNet> = networks.iter().map(|(bits, length, ..)| {
                IpNet::new(IpAddr::V4((*bits).into()), *length).expect("length").trunc()
            }).collect();
            let entries: Vec<_> = nets.iter().zip(&networks).map(|(net, (_, _, mode, protocols))| {
                entry(IpListType::Defender, &net.to_string(), *mode, *protocols)
            }).collect();
            let lists = IpLists::of(&entries);
            for (random, near) in wanted {
                let address = match nets.get(near) {
                    // An address in one of the networks, or just beside it.
                    Some(net) => IpAddr::V4((u32::try_from(key(net.network()).1 >> 96).expect("IPv4") ^ (random & 0xff)).into()),
                    None => IpAddr::V4(random.into()),
                };
                let expected = entries.iter().enumerate()
                    .filter(|(index, entry)| nets[*index].contains(&address) && ip_list::covers(entry.protocols, Protocol::Ssh))
                    // The later one of two equal networks replaced the earlier.
                    .filter(|(index, _)| !nets[index + 1..].contains(&nets[*index]))
                    .max_by_key(|(index, _)| nets[*index].prefix_len())
                    .map(|(_, entry)| entry.list_mode());
                // An entry that was replaced by one for other protocols is gone altogether.
                prop_assert_eq!(lists.standing(address, Protocol::Ssh).defender, expected);
            }
        }
    }
}
