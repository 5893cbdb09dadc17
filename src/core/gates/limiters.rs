//! Rate limiters: token buckets for all, or one for each source (RATE-001…RATE-011).

use std::{collections::HashMap, net::IpAddr, time::Duration};

use entrepot_config::settings::RateLimiter;
use entrepot_model::{Protocol, ip_list};
use parking_lot::Mutex;

/// Longest time that somebody is made to wait, in nanoseconds (RATE-004).
const LONGEST: f64 = 10e9;

/// Tokens at a moment; they may be owed for somebody who waits.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    /// Nanoseconds of the clock.
    at: i64,
}

/// One limit.
#[derive(Debug)]
struct Limiter {
    protocols: i64,
    /// Tokens per nanosecond.
    rate: f64,
    burst: f64,
    /// Nanoseconds that somebody may be made to wait.
    patience: f64,
    buckets: Buckets,
    generates_events: bool,
}

#[derive(Debug)]
enum Buckets {
    Global(Mutex<Bucket>),
    PerSource { known: Mutex<HashMap<IpAddr, Bucket>>, soft: usize, hard: usize },
}

/// Somebody came too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// When there would be a token.
    pub retry_after: Duration,
    /// Whether the defender is to know (RATE-007).
    pub scores: bool,
}

/// All limits.
#[derive(Debug, Default)]
pub(crate) struct Limiters {
    settings: Vec<RateLimiter>,
    limits: Vec<Limiter>,
}

impl Limiters {
    /// The limits of the settings; those that are off are left out (RATE-001).
    pub fn of(settings: &[RateLimiter], now: i64) -> Self {
        let is_on = |limiter: &&RateLimiter| limiter.average > 0 && !limiter.protocols.is_empty();
        let limits = settings.iter().filter(is_on).map(|limiter| Limiter::of(limiter, now)).collect();
        Self { settings: settings.to_vec(), limits }
    }

    /// Whether they are the limits of these settings.
    pub fn are_of(&self, settings: &[RateLimiter]) -> bool {
        self.settings == settings
    }

    /// Takes a token of every limit that concerns the protocol, or none. Answers how long to wait before going on.
    ///
    /// # Errors
    /// The wait would be too long for the strictest of them (RATE-004, RATE-006).
    pub fn take(&self, source: IpAddr, protocol: Protocol, now: i64) -> Result<Duration, Exceeded> {
        let mut wait: f64 = 0.0;
        for (index, limiter) in self.limits.iter().enumerate() {
            if !ip_list::covers(limiter.protocols, protocol) {
                continue;
            }
            match limiter.with_bucket(source, now, |bucket| bucket.take(limiter, now)) {
                Ok(needed) => wait = wait.max(needed),
                Err(needed) => {
                    for earlier in self.limits[..index].iter().filter(|limiter| ip_list::covers(limiter.protocols, protocol)) {
                        earlier.with_bucket(source, now, |bucket| bucket.tokens += 1.0);
                    }
                    return Err(Exceeded { retry_after: nanos(needed), scores: limiter.generates_events });
                }
            }
        }
        Ok(nanos(wait))
    }
}

impl Limiter {
    fn of(settings: &RateLimiter, now: i64) -> Self {
        let period = f64::from(settings.period) * 1e6;
        let rate = f64::from(settings.average) / period;
        let burst = f64::from(settings.burst);
        let slow = rate < 1e-9;
        let patience = if slow { period / 2.0 } else { 0.5 / rate };
        let is_global = settings.r#type == 1;
        let buckets = if is_global {
            Buckets::Global(Mutex::new(Bucket { tokens: burst, at: now }))
        } else {
            let size = |entries: u32| usize::try_from(entries).unwrap_or(usize::MAX);
            let (soft, hard) = (size(settings.entries_soft_limit), size(settings.entries_hard_limit));
            Buckets::PerSource { known: Mutex::default(), soft, hard }
        };
        let names = settings.protocols.iter().filter_map(|name| Protocol::from_name(name));
        Self {
            protocols: names.map(ip_list::bit).fold(0, |mask, bit| mask | bit),
            rate,
            burst,
            patience: patience.min(LONGEST),
            buckets,
            generates_events: settings.generate_defender_events && !is_global,
        }
    }

    fn with_bucket<T>(&self, source: IpAddr, now: i64, work: impl FnOnce(&mut Bucket) -> T) -> T {
        match &self.buckets {
            Buckets::Global(bucket) => work(&mut bucket.lock()),
            Buckets::PerSource { known, soft, hard } => {
                let mut known = known.lock();
                if known.len() >= *hard && !known.contains_key(&source) {
                    trim(&mut known, soft.saturating_sub(1));
                }
                // RATE-010
                work(known.entry(source).or_insert(Bucket { tokens: self.burst, at: now }))
            }
        }
    }
}

/// Keeps the sources that came last (RATE-003).
fn trim(known: &mut HashMap<IpAddr, Bucket>, keep: usize) {
    let mut times: Vec<i64> = known.values().map(|bucket| bucket.at).collect();
    let drop = times.len().saturating_sub(keep);
    if drop == 0 {
        return;
    }
    let (_, newest_dropped, _) = times.select_nth_unstable(drop - 1);
    let (limit, mut left) = (*newest_dropped, drop);
    known.retain(|_, bucket| {
        let goes = left > 0 && bucket.at <= limit;
        left -= usize::from(goes);
        !goes
    });
}

impl Bucket {
    /// Takes a token. Answers the nanoseconds until it is there, as an error if that is too long; then none is taken.
    fn take(&mut self, limiter: &Limiter, now: i64) -> Result<f64, f64> {
        // A clock that was set back must not stop everybody until it has caught up.
        let gained = (now - self.at).max(0) as f64 * limiter.rate;
        self.tokens = (self.tokens + gained).min(limiter.burst);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(0.0);
        }
        let needed = (1.0 - self.tokens) / limiter.rate;
        if needed > limiter.patience {
            return Err(needed);
        }
        self.tokens -= 1.0;
        Ok(needed)
    }
}

fn nanos(nanos: f64) -> Duration {
    // Whole milliseconds, upwards: nobody is told to come back a moment too early. What a fraction is off by is no moment.
    Duration::from_millis((nanos / 1e6 - 1e-3).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn limit(average: u32, period: u32, burst: u32, kind: u32) -> RateLimiter {
        RateLimiter {
            average,
            period,
            burst,
            r#type: kind,
            protocols: vec!["SSH".into(), "HTTP".into()],
            generate_defender_events: true,
            entries_soft_limit: 100,
            entries_hard_limit: 150,
        }
    }

    fn host(number: u8) -> IpAddr {
        [192, 0, 2, number].into()
    }

    fn refused(result: Result<Duration, Exceeded>) -> Duration {
        result.expect_err("too often").retry_after
    }

    // RATE-001, RATE-003, RATE-010
    #[test]
    fn a_burst_passes_and_then_the_rate_holds_for_each_source() {
        let limits = Limiters::of(&[limit(10, 1000, 3, 2)], 0);
        let take = |number, now| limits.take(host(number), Protocol::Ssh, now);
        assert!((0..3).all(|_| take(1, 0) == Ok(Duration::ZERO)));
        // A token comes every 100 ms; half of that is waited for at most.
        assert_eq!(refused(take(1, 0)), Duration::from_millis(100));
        assert_eq!(take(2, 0), Ok(Duration::ZERO), "another source");
        assert_eq!(take(1, 60 * MS), Ok(Duration::from_millis(40)));
        assert_eq!(refused(take(1, 60 * MS)), Duration::from_millis(140), "the token of who waits is gone");
        assert_eq!(take(1, 200 * MS), Ok(Duration::ZERO));
    }

    // RATE-003, RATE-009
    #[test]
    fn a_global_limit_is_one_for_all_and_holds_for_its_protocols() {
        let limits = Limiters::of(&[limit(1, 1000, 1, 1)], 0);
        assert_eq!(limits.take(host(1), Protocol::Ssh, 0), Ok(Duration::ZERO));
        let second = limits.take(host(2), Protocol::Http, 0).expect_err("for all");
        assert!(!second.scores, "RATE-007: only limits per source tell the defender");
        assert_eq!(limits.take(host(2), Protocol::Ftp, 0), Ok(Duration::ZERO));
    }

    // RATE-004
    #[test]
    fn patience_is_half_a_period_for_slow_rates_and_never_above_ten_seconds() {
        let slow = Limiters::of(&[limit(1, 4000, 1, 2)], 0);
        assert!(slow.take(host(1), Protocol::Ssh, 0).is_ok());
        assert_eq!(refused(slow.take(host(1), Protocol::Ssh, 0)), Duration::from_secs(4));
        assert_eq!(slow.take(host(1), Protocol::Ssh, 2500 * MS), Ok(Duration::from_millis(1500)));
        let slower = Limiters::of(&[limit(1, 60_000, 1, 2)], 0);
        assert!(slower.take(host(1), Protocol::Ssh, 0).is_ok());
        assert_eq!(refused(slower.take(host(1), Protocol::Ssh, 49_000 * MS)), Duration::from_secs(11));
        assert_eq!(slower.take(host(1), Protocol::Ssh, 51_000 * MS), Ok(Duration::from_secs(9)));
    }

    // RATE-006
    #[test]
    fn the_strictest_of_several_limits_decides_and_a_refusal_takes_nothing() {
        let limits = Limiters::of(&[limit(10, 1000, 10, 1), limit(1, 1000, 1, 2)], 0);
        assert!(limits.take(host(1), Protocol::Ssh, 0).is_ok());
        for _ in 0..50 {
            assert!(limits.take(host(1), Protocol::Ssh, 0).expect_err("second limit").scores);
        }
        assert!((2..11).all(|number| limits.take(host(number), Protocol::Ssh, 0) == Ok(Duration::ZERO)));
        assert!(limits.take(host(11), Protocol::Ssh, 0).is_err(), "the first limit is used up by ten");
    }

    // RATE-001
    #[test]
    fn limits_that_are_off_do_nothing() {
        let without = RateLimiter { protocols: Vec::new(), ..limit(1, 1000, 1, 1) };
        let limits = Limiters::of(&[limit(0, 1000, 1, 1), without], 0);
        assert!((0..100).all(|_| limits.take(host(1), Protocol::Ssh, 0) == Ok(Duration::ZERO)));
    }

    // RATE-003
    #[test]
    fn sources_are_forgotten_in_the_order_they_were_last_seen() {
        let limits = Limiters::of(&[RateLimiter { entries_soft_limit: 5, entries_hard_limit: 10, ..limit(1, 1000, 1, 2) }], 0);
        for number in 0..10 {
            assert!(limits.take(host(number), Protocol::Ssh, i64::from(number)).is_ok());
        }
        assert!(limits.take(host(10), Protocol::Ssh, 10).is_ok());
        let Buckets::PerSource { known, .. } = &limits.limits[0].buckets else { panic!("per source") };
        assert_eq!(known.lock().len(), 5);
        assert!(limits.take(host(9), Protocol::Ssh, 11).is_err(), "seen last, kept");
        assert!(limits.take(host(0), Protocol::Ssh, 11).is_ok(), "seen first, forgotten");
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nobody() {
        let limits = Limiters::of(&[limit(10, 1000, 1, 1)], 1_000_000 * MS);
        assert!(limits.take(host(1), Protocol::Ssh, 1_000_000 * MS).is_ok());
        assert!(limits.take(host(1), Protocol::Ssh, 0).is_err());
        assert!(limits.take(host(1), Protocol::Ssh, 100 * MS).is_ok());
    }
}
