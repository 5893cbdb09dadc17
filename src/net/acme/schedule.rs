//! When a certificate is due, and when to try again.

use std::time::{Duration, SystemTime};

use super::{
    CertificateStatus,
    status::{seconds, time},
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two looks at what is due (ACME-008).
pub(super) const LOOK: Duration = Duration::from_secs(12 * 60 * 60);
/// After the first failure. Authorities count failures by the hour (Let's Encrypt: five for a name).
const FIRST_PAUSE: Duration = MINUTE.saturating_mul(15);
const LONGEST_PAUSE: Duration = DAY.saturating_mul(1);
/// A server that is started again and again by its supervisor tries no more often than this.
const RESTART_PAUSE: Duration = MINUTE.saturating_mul(5);

/// When a certificate that is valid between two times is to be renewed. One that lives so short that `renew_days` would
/// mean "always" is renewed after a third of its life.
pub(super) fn renewal(validity: (SystemTime, SystemTime), renew_days: u32) -> SystemTime {
    let (start, end) = validity;
    let life = end.duration_since(start).unwrap_or_default();
    let before = DAY.saturating_mul(renew_days).min(life / 3 * 2);
    end.checked_sub(before).unwrap_or(start)
}

/// The pause after so many failures in a row: it doubles.
pub(super) fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
}

/// When what is due may be tried, at the start of the server: whoever restarts it changed something, mostly.
pub(super) fn at_start(status: &CertificateStatus) -> SystemTime {
    if status.failures == 0 { SystemTime::UNIX_EPOCH } else { time(status.last_attempt) + RESTART_PAUSE }
}

/// Notes a failure.
pub(super) fn failed(status: &mut CertificateStatus, error: &str, now: SystemTime) {
    status.failures = status.failures.saturating_add(1);
    status.last_error = error.to_owned();
    status.last_attempt = seconds(now);
    status.next_attempt = seconds(now + pause(status.failures));
}

/// Notes that it went well.
pub(super) fn succeeded(status: &mut CertificateStatus, now: SystemTime) {
    status.failures = 0;
    status.last_error.clear();
    status.last_attempt = seconds(now);
    status.next_attempt = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * number
    }

    // ACME-008
    #[test]
    fn certificate_is_renewed_when_fewer_days_are_left() {
        assert_eq!(renewal((day(0), day(90)), 30), day(60));
        assert_eq!(renewal((day(0), day(90)), 10), day(80));
        assert_eq!(renewal((day(0), day(6)), 30), day(2), "short-lived ones are not renewed all the time");
    }

    #[test]
    fn failures_are_followed_by_growing_pauses_and_a_restart_shortens_them() {
        let mut status = CertificateStatus::default();
        assert!(at_start(&status) <= SystemTime::UNIX_EPOCH);
        failed(&mut status, "no route", day(3));
        assert_eq!(time(status.next_attempt), day(3) + FIRST_PAUSE);
        assert_eq!(at_start(&status), day(3) + RESTART_PAUSE);
        failed(&mut status, "no route", day(3));
        assert_eq!(time(status.next_attempt), day(3) + FIRST_PAUSE * 2);
        for _ in 0..40 {
            failed(&mut status, "no route", day(3));
        }
        assert_eq!(time(status.next_attempt), day(3) + LONGEST_PAUSE);
        succeeded(&mut status, day(4));
        assert_eq!((status.failures, status.last_error.as_str(), status.next_attempt), (0, "", 0));
    }
}
