//! Who may log in, from where, when and how; and how fast.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{EffectiveUser, MergeError, SourceBandwidth};
use crate::{
    filters::BandwidthLimit,
    login::{LoginMethod, Protocol},
};

/// The rule that refused something, for the log and administrators (ACC-077).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {detail}")]
pub struct Rule {
    /// Stable name: the member of the account that fired.
    pub name: &'static str,
    /// What exactly fired.
    pub detail: String,
}

impl EffectiveUser {
    /// Whether a client may come from `ip`. Denied networks are evaluated first (ACC-078..080).
    ///
    /// # Errors
    /// The rule that refuses.
    pub fn login_allowed_ip(&self, ip: IpAddr) -> Result<(), Rule> {
        let ip = ip.to_canonical();
        if let Some(network) = self.denied_networks.iter().find(|n| n.contains(&ip)) {
            return Err(Rule { name: "filters.denied_ip", detail: format!("{ip} is in {network}") });
        }
        if self.allowed_networks.is_empty() || self.allowed_networks.iter().any(|n| n.contains(&ip)) {
            return Ok(());
        }
        Err(Rule { name: "filters.allowed_ip", detail: format!("{ip} is in none of the allowed networks") })
    }

    /// Whether a login is allowed at this minute of the week; `weekday` 0 is Sunday (ACC-074).
    pub fn access_time_allowed(&self, weekday: u8, hour: u8, minute: u8) -> bool {
        let periods = &self.user.filters.base.access_time;
        let now = format!("{hour:02}:{minute:02}");
        // `HH:MM` compares as text like the times it stands for.
        periods.is_empty() || periods.iter().any(|p| p.day_of_week == i64::from(weekday) && p.from <= now && now <= p.to)
    }

    /// Whether the login method is closed. A denied `password` closes passwords over SSH too (ACC-086).
    pub fn is_method_denied(&self, method: LoginMethod) -> bool {
        let denied = &self.user.filters.base.denied_login_methods;
        let is_listed = |method: LoginMethod| denied.iter().any(|m| m == method.as_str());
        is_listed(method) || (method == LoginMethod::PasswordOverSsh && is_listed(LoginMethod::Password))
    }

    /// Whether the protocol is closed (ACC-081).
    pub fn is_protocol_denied(&self, protocol: Protocol) -> bool {
        self.user.filters.base.denied_protocols.iter().any(|p| p == protocol.as_str())
    }

    /// Upload and download KB/s for a client at `ip` (0 unlimited), and the index of the `bandwidth_limits` entry that they
    /// come from, if any (ACC-270).
    pub fn bandwidth_for(&self, ip: IpAddr) -> (u64, u64, Option<usize>) {
        let ip = ip.to_canonical();
        let entry = self.bandwidth.iter().enumerate().find(|(_, b)| b.networks.iter().any(|n| n.contains(&ip)));
        match entry {
            Some((index, limit)) => (limit.upload, limit.download, Some(index)),
            None => (kilobytes(self.user.upload_bandwidth), kilobytes(self.user.download_bandwidth), None),
        }
    }

    /// Whether the account has expired at `now`, Unix milliseconds (ACC-073).
    pub fn is_expired(&self, now: i64) -> bool {
        self.expiration > 0 && self.expiration < now
    }
}

/// Negative rates mean unlimited (ACC-021).
fn kilobytes(rate: i64) -> u64 {
    u64::try_from(rate).unwrap_or(0)
}

pub(super) fn networks(field: &str, texts: &[String]) -> Result<Vec<IpNet>, MergeError> {
    let parse = |text: &String| {
        text.parse::<IpNet>()
            .map_err(|_| MergeError::Invalid { field: field.to_owned(), message: format!("{text:?} is not a network") })
    };
    texts.iter().map(parse).collect()
}

pub(super) fn bandwidth(limits: &[BandwidthLimit]) -> Result<Vec<SourceBandwidth>, MergeError> {
    let compile = |limit: &BandwidthLimit| {
        Ok(SourceBandwidth {
            networks: networks("filters.bandwidth_limits", &limit.sources)?,
            upload: kilobytes(limit.upload_bandwidth),
            download: kilobytes(limit.download_bandwidth),
        })
    };
    limits.iter().map(compile).collect()
}
