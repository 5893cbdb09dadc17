//! Internal addresses, and whether somebody else stands behind them.
//!
//! A proxy, a container network or a tunnel that nobody declared makes every client look as if it came from one private
//! address. Banning that address would lock everybody out, so the defender looks for signs of it first: headers that only
//! proxies send, or several names from one address. From a public address none of this counts: there anybody may send
//! such headers to escape a ban.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    net::IpAddr,
};

/// Addresses that are remembered.
const ADDRESSES: usize = 256;
/// Names that are remembered of each.
const NAMES: usize = 8;
/// Names of one address that are several people.
const MANY: usize = 3;
/// How long a sign counts, in milliseconds: a day.
const MEMORY: i64 = 24 * 3600 * 1000;

/// What makes an address look shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It sends headers that tell of other clients.
    Forwards,
    /// Several names come from it.
    ManyNames,
}

impl Sign {
    /// For administrators.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forwards => "it forwards requests of others",
            Self::ManyNames => "several accounts come from it",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Name {
    hash: u64,
    last: i64,
    logged_in: bool,
}

#[derive(Debug, Default)]
struct Neighbour {
    names: Vec<Name>,
    forwarded: Option<i64>,
    last: i64,
}

/// What is known of internal addresses.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    known: HashMap<IpAddr, Neighbour>,
    hasher: RandomState,
}

impl Neighbours {
    /// Notes that a header of a proxy came from an address that is not declared as one.
    pub fn note_forwarded(&mut self, ip: IpAddr, now: i64) {
        self.neighbour(ip, now).forwarded = Some(now);
    }

    /// Notes the name of a login.
    pub fn note_name(&mut self, ip: IpAddr, name: &str, logged_in: bool, now: i64) {
        let hash = self.hasher.hash_one(name);
        let names = &mut self.neighbour(ip, now).names;
        if let Some(known) = names.iter_mut().find(|known| known.hash == hash) {
            known.last = now;
            known.logged_in |= logged_in;
            return;
        }
        if names.len() >= NAMES
            && let Some(oldest) = names.iter().enumerate().min_by_key(|(_, name)| (name.logged_in, name.last)).map(|(at, _)| at)
        {
            names.swap_remove(oldest);
        }
        names.push(Name { hash, last: now, logged_in });
    }

    /// Whether others seem to stand behind the address, and by which sign.
    pub fn is_shared(&self, ip: IpAddr, now: i64) -> Option<Sign> {
        let neighbour = self.known.get(&ip)?;
        let is_recent = |at: i64| now - at < MEMORY;
        if neighbour.forwarded.is_some_and(is_recent) {
            return Some(Sign::Forwards);
        }
        let names = || neighbour.names.iter().filter(|name| is_recent(name.last));
        // Somebody is at home there and somebody else fails; or many fail.
        let is_many = names().count() >= MANY || (names().count() > 1 && names().any(|name| name.logged_in));
        is_many.then_some(Sign::ManyNames)
    }

    fn neighbour(&mut self, ip: IpAddr, now: i64) -> &mut Neighbour {
        if self.known.len() >= ADDRESSES
            && !self.known.contains_key(&ip)
            && let Some(oldest) = self.known.iter().min_by_key(|(_, neighbour)| neighbour.last).map(|(ip, _)| *ip)
        {
            self.known.remove(&oldest);
        }
        let neighbour = self.known.entry(ip).or_default();
        neighbour.last = now;
        neighbour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(172, 17, 0, 1));

    #[test]
    fn one_name_is_one_person_and_several_are_a_proxy() {
        let mut neighbours = Neighbours::default();
        for _ in 0..20 {
            neighbours.note_name(IP, "alice", false, 0);
        }
        assert_eq!(neighbours.is_shared(IP, 0), None);
        neighbours.note_name(IP, "root", false, 0);
        assert_eq!(neighbours.is_shared(IP, 0), None, "two guesses of one client");
        neighbours.note_name(IP, "admin", false, 0);
        assert_eq!(neighbours.is_shared(IP, 0), Some(Sign::ManyNames));
        assert_eq!(neighbours.is_shared(IP, MEMORY), None, "signs are forgotten");
    }

    #[test]
    fn somebody_at_home_is_not_locked_out_by_somebody_else() {
        let mut neighbours = Neighbours::default();
        neighbours.note_name(IP, "alice", true, 0);
        assert_eq!(neighbours.is_shared(IP, 0), None);
        neighbours.note_name(IP, "root", false, 0);
        assert_eq!(neighbours.is_shared(IP, 0), Some(Sign::ManyNames));
        // Guesses do not push out who is at home.
        for guess in 0..100 {
            neighbours.note_name(IP, &guess.to_string(), false, 1);
        }
        assert!(neighbours.known[&IP].names.iter().any(|name| name.logged_in) && neighbours.known[&IP].names.len() == NAMES);
    }

    #[test]
    fn headers_of_proxies_are_a_sign() {
        let mut neighbours = Neighbours::default();
        neighbours.note_forwarded(IP, 5);
        assert_eq!(neighbours.is_shared(IP, 5), Some(Sign::Forwards));
    }

    #[test]
    fn memory_is_bounded() {
        let mut neighbours = Neighbours::default();
        for number in 0..2000u32 {
            neighbours.note_forwarded(IpAddr::V4(number.into()), i64::from(number));
        }
        assert_eq!(neighbours.known.len(), ADDRESSES);
    }
}
