//! The defender: hosts that misbehave are scored, and banned for a while (DEF-001…DEF-017, SEC-179…SEC-186).

mod record;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use entrepot_config::settings::Defender as Settings;
use entrepot_model::Protocol;
use entrepot_store::DefenderHost;

use super::{
    Score,
    address::is_internal,
    neighbours::{Neighbours, Sign},
};
use record::Record;

const MINUTE: i64 = 60_000;
/// However often it comes back, a host is not banned further ahead than this: 30 days.
const LONGEST_BAN: i64 = 30 * 24 * 60 * MINUTE;

/// A host as administrators see it (API-074).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedHost {
    /// The address; of public IPv6 the /64 network.
    pub ip: IpAddr,
    /// Sum of the scores in the observation time; 0 while banned.
    pub score: u64,
    /// End of the ban in Unix milliseconds.
    pub banned_until: Option<i64>,
    /// Why it is banned; for a host that is not, what it did.
    pub reason: String,
    /// Protocol of the last event.
    pub protocol: Protocol,
    /// Why it is not banned although its score is reached: it seems to be a proxy that nobody declared.
    pub spared: Option<&'static str>,
}

/// What came of a score.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to score.
    Ignored,
    /// The sum is below the threshold, or reached it and that was told already.
    Scored(u64),
    /// Banned until this moment, for this reason.
    Banned(i64, String),
    /// It would be banned if it did not look like a proxy.
    Spared(u64, Sign),
}

#[derive(Debug, Default)]
pub(crate) struct Defender {
    hosts: HashMap<IpAddr, Record>,
    pub neighbours: Neighbours,
    /// Hosts that changed since they were last stored.
    changed: HashSet<IpAddr>,
}

impl Defender {
    /// A defender that remembers.
    pub fn of(stored: Vec<DefenderHost>) -> Self {
        let hosts = stored.into_iter().filter_map(|host| Some((host.ip.parse().ok()?, Record::from(host)))).collect();
        Self { hosts, ..Self::default() }
    }

    /// Whether the host is banned now. If it is, its ban ends later for having come back (DEF-004).
    pub fn refuse(&mut self, ip: IpAddr, now: i64, settings: &Settings) -> bool {
        let Some(host) = self.hosts.get_mut(&ip).filter(|host| host.banned_until > now) else { return false };
        let percent = i64::from(settings.ban_time).saturating_mul(i64::from(settings.ban_time_increment)) / 100;
        let later = host.banned_until.saturating_add(percent.max(1).saturating_mul(MINUTE));
        host.banned_until = later.min(now + LONGEST_BAN).max(host.banned_until);
        self.changed.insert(ip);
        true
    }

    /// Scores a host.
    pub fn score(&mut self, ip: IpAddr, protocol: Protocol, what: Score, now: i64, settings: &Settings) -> Outcome {
        let score = what.points(settings);
        if score == 0 {
            return Outcome::Ignored;
        }
        let begin = now - i64::from(settings.observation_time) * MINUTE;
        if !self.hosts.contains_key(&ip) {
            self.make_room(now, settings, false);
        }
        let host = self.hosts.entry(ip).or_insert_with(|| Record::new(protocol));
        if host.banned_until > now {
            return Outcome::Ignored;
        }
        host.banned_until = 0;
        host.protocol = protocol;
        host.forget(begin);
        host.add(now, score, what);
        self.changed.insert(ip);
        let sum = host.sum();
        if sum < u64::from(settings.threshold) || host.events() < 2 {
            return Outcome::Scored(sum);
        }
        if is_internal(ip)
            && let Some(sign) = self.neighbours.is_shared(ip, now)
        {
            let is_told = host.spared_at > begin;
            if is_told {
                return Outcome::Scored(sum);
            }
            host.spared_at = now;
            return Outcome::Spared(sum, sign);
        }
        let reason = host.reason(settings);
        host.banned_until = now + i64::from(settings.ban_time) * MINUTE;
        host.reason.clone_from(&reason);
        host.pardon();
        let until = host.banned_until;
        self.make_room(now, settings, true);
        Outcome::Banned(until, reason)
    }

    /// All hosts that are banned or have a score: banned ones first, then by score.
    pub fn hosts(&self, now: i64, settings: &Settings) -> Vec<WatchedHost> {
        let mut hosts: Vec<_> = self.hosts.keys().filter_map(|ip| self.host(*ip, now, settings)).collect();
        hosts.sort_by_key(|host| (host.banned_until.is_none(), std::cmp::Reverse(host.score), host.ip));
        hosts
    }

    /// One host, if it is banned or has a score.
    pub fn host(&self, ip: IpAddr, now: i64, settings: &Settings) -> Option<WatchedHost> {
        let host = self.hosts.get(&ip)?;
        if host.banned_until > now {
            let reason = host.reason.clone();
            let banned_until = Some(host.banned_until);
            return Some(WatchedHost { ip, score: 0, banned_until, reason, protocol: host.protocol, spared: None });
        }
        let mut host = host.clone();
        host.forget(now - i64::from(settings.observation_time) * MINUTE);
        let score = host.sum();
        let sign = || self.neighbours.is_shared(ip, now).filter(|_| is_internal(ip) && score >= u64::from(settings.threshold));
        (score > 0).then(|| WatchedHost {
            ip,
            score,
            banned_until: None,
            reason: host.reason(settings),
            protocol: host.protocol,
            spared: sign().map(Sign::as_str),
        })
    }

    /// Lifts the ban and forgets the score of a host. Answers whether it had either.
    pub fn remove(&mut self, ip: IpAddr, now: i64, settings: &Settings) -> bool {
        let is_known = self.host(ip, now, settings).is_some();
        self.hosts.remove(&ip);
        self.changed.insert(ip);
        is_known
    }

    /// What is to be stored since the last time: hosts as they are, and hosts that are gone.
    pub fn take_changes(&mut self) -> (Vec<DefenderHost>, Vec<String>) {
        let mut kept = Vec::new();
        let mut gone = Vec::new();
        for ip in self.changed.drain() {
            match self.hosts.get(&ip) {
                Some(host) => kept.push(host.to_stored(ip)),
                None => gone.push(ip.to_string()),
            }
        }
        (kept, gone)
    }

    /// Forgets hosts that have neither ban nor score any more (DEF-011).
    pub fn expire(&mut self, now: i64, settings: &Settings) {
        let begin = now - i64::from(settings.observation_time) * MINUTE;
        let is_over = |host: &Record| host.banned_until <= now && host.last_event().is_none_or(|at| at < begin);
        let gone: Vec<IpAddr> = self.hosts.iter().filter(|(_, host)| is_over(host)).map(|(ip, _)| *ip).collect();
        for ip in gone {
            self.hosts.remove(&ip);
            self.changed.insert(ip);
        }
    }

    /// DEF-006: of the banned, or of the scored, the oldest go when there are too many.
    fn make_room(&mut self, now: i64, settings: &Settings, banned: bool) {
        let size = |entries: u32| usize::try_from(entries).unwrap_or(usize::MAX);
        let counts = |host: &Record| (host.banned_until > now) == banned;
        // One more is about to come when a score is added; a ban is there already.
        let count = self.hosts.values().filter(|host| counts(host)).count() + usize::from(!banned);
        if count <= size(settings.entries_hard_limit) {
            return;
        }
        self.expire(now, settings);
        let age = |host: &Record| if banned { host.banned_until } else { host.last_event().unwrap_or_default() };
        let mut ages: Vec<(i64, IpAddr)> =
            self.hosts.iter().filter(|(_, host)| counts(host)).map(|(ip, host)| (age(host), *ip)).collect();
        ages.sort_unstable();
        let keep = size(settings.entries_soft_limit).saturating_sub(usize::from(!banned));
        let drop = ages.len().saturating_sub(keep);
        for (_, ip) in ages.into_iter().take(drop) {
            self.hosts.remove(&ip);
            self.changed.insert(ip);
        }
    }
}
