//! What the defender keeps of one host.

use std::net::IpAddr;

use entrepot_config::settings::Defender as Settings;
use entrepot_model::Protocol;
use entrepot_store::DefenderHost;

use crate::gates::Score;

/// Events that are kept of a host that may not be banned.
const MOST_EVENTS: usize = 1024;

/// Something a host did.
#[derive(Debug, Clone, Copy)]
struct Event {
    at: i64,
    score: u32,
    what: Score,
}

/// A host that was scored or is banned.
#[derive(Debug, Clone)]
pub(super) struct Record {
    events: Vec<Event>,
    /// End of the ban in Unix milliseconds; 0 is none.
    pub banned_until: i64,
    /// Why it was banned.
    pub reason: String,
    /// Protocol of the last event.
    pub protocol: Protocol,
    /// When it was last told that the host is spared.
    pub spared_at: i64,
}

impl Record {
    pub fn new(protocol: Protocol) -> Self {
        Self { events: Vec::new(), banned_until: 0, reason: String::new(), protocol, spared_at: 0 }
    }

    /// Adds an event.
    pub fn add(&mut self, at: i64, score: u32, what: Score) {
        if self.events.len() >= MOST_EVENTS {
            self.events.remove(0);
        }
        self.events.push(Event { at, score, what });
    }

    /// Forgets what was before `begin` (DEF-011).
    pub fn forget(&mut self, begin: i64) {
        self.events.retain(|event| event.at >= begin);
    }

    /// Forgets everything: the ban has paid for it.
    pub fn pardon(&mut self) {
        self.events.clear();
    }

    pub fn sum(&self) -> u64 {
        self.events.iter().map(|event| u64::from(event.score)).sum()
    }

    /// Number of events.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    pub fn last_event(&self) -> Option<i64> {
        self.events.last().map(|event| event.at)
    }

    /// What it did, in words.
    pub fn reason(&self, settings: &Settings) -> String {
        let counted = Score::ALL.into_iter().filter_map(|what| {
            let count = self.events.iter().filter(|event| event.what == what).count();
            (count > 0).then(|| format!("{count} × {}", what.words()))
        });
        let counted: Vec<String> = counted.collect();
        let (sum, minutes) = (self.sum(), settings.observation_time);
        format!("score {sum} of {} within {minutes} minutes: {}", settings.threshold, counted.join(", "))
    }

    pub fn to_stored(&self, ip: IpAddr) -> DefenderHost {
        DefenderHost {
            ip: ip.to_string(),
            banned_until: self.banned_until,
            events: self.events.iter().map(|event| (event.at, event.score, event.what as u8)).collect(),
            reason: self.reason.clone(),
            protocol: self.protocol.as_str().to_owned(),
        }
    }
}

impl From<DefenderHost> for Record {
    fn from(stored: DefenderHost) -> Self {
        let what = |number: u8| Score::ALL.into_iter().find(|what| *what as u8 == number).unwrap_or(Score::LoginFailed);
        Self {
            events: stored.events.into_iter().map(|(at, score, number)| Event { at, score, what: what(number) }).collect(),
            banned_until: stored.banned_until,
            reason: stored.reason,
            protocol: Protocol::from_name(&stored.protocol).unwrap_or(Protocol::Ssh),
            spared_at: 0,
        }
    }
}
