//! The machine: its clock, and how many files a process may open.

use chrono::{DateTime, Datelike as _};
use entrepot_model::doctor::Finding;

use crate::metrics::process::descriptor_limits;

/// No build of this program is older: a clock that says so is wrong.
const OLDEST_YEAR: i32 = 2024;
/// Fewer files than these are too few for some hundred sessions.
const FEW_DESCRIPTORS: u64 = 4096;

/// The year, by Unix seconds.
pub(super) fn year(seconds: i64) -> i32 {
    DateTime::from_timestamp(seconds, 0).map_or(0, |time| time.year())
}

/// Whether the clock of this machine can be right. Certificates, tokens and one-time codes are judged by it.
pub fn is_plausible(seconds: i64) -> bool {
    year(seconds) >= OLDEST_YEAR
}

/// The clock.
pub(super) fn clock(year: i32) -> Finding {
    if year < OLDEST_YEAR {
        let message = format!("the clock of this machine is wrong: it says that it is the year {year}");
        return Finding::error("clock", message, "set it: timedatectl set-ntp true (or date -s, or ntpd -q -p pool.ntp.org)");
    }
    Finding::ok("clock", format!("the clock says that it is {year}"))
}

/// The limit of open files.
pub(super) fn descriptors() -> Finding {
    let Some((_, hard)) = descriptor_limits() else {
        return Finding::ok("limits", "the number of open files is not limited");
    };
    if hard < FEW_DESCRIPTORS {
        let message = format!("this process may open {hard} files at the most: some hundred sessions would need more");
        let fix = "raise the hard limit: LimitNOFILE=65536 in the systemd unit, or ulimit -Hn 65536 before the start";
        return Finding::warning("limits", message, fix);
    }
    Finding::ok("limits", format!("this process may open {hard} files"))
}

#[cfg(test)]
mod tests {
    use entrepot_model::doctor::Severity;

    use super::*;

    #[test]
    fn clock_of_1970_is_an_error_that_says_how_to_set_it() {
        let finding = clock(year(60));
        assert!(finding.severity == Severity::Error && finding.message.contains("1970") && finding.fix.contains("timedatectl"));
        assert_eq!(clock(2031).severity, Severity::Ok);
    }
}
