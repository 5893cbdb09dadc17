//! What the process uses, as Linux tells under `/proc` (TEL-012). Numbers that cannot be read are left out.

#![allow(clippy::disallowed_methods, reason = "the process's own numbers under /proc are no files of anybody")]

use std::fs;

/// Ticks per second in files of `/proc`, whatever the kernel's own (proc(5): USER_HZ).
const TICKS: f64 = 100.0;

/// Numbers of the process.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Processor time in seconds, of user and kernel.
    pub cpu_seconds: Option<f64>,
    /// Memory in bytes that is in RAM.
    pub resident_bytes: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Seconds since the epoch.
    pub start_time: Option<f64>,
    pub open_descriptors: Option<u64>,
    /// The soft limit; `None` also if there is none.
    pub most_descriptors: Option<u64>,
}

impl Process {
    /// Reads them; a few small files that are never on a disk.
    pub(super) fn read() -> Self {
        let read = |name: &str| fs::read_to_string(name).unwrap_or_default();
        let stat = read("/proc/self/stat");
        let status = read("/proc/self/status");
        let started = field(&stat, 22).zip(boot_time(&read("/proc/stat")));
        Self {
            cpu_seconds: field(&stat, 14).zip(field(&stat, 15)).map(|(user, kernel)| (user + kernel) / TICKS),
            resident_bytes: line(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024),
            threads: line(&status, "Threads:"),
            start_time: started.map(|(ticks, boot)| boot + ticks / TICKS),
            // One of them is that of the folder itself.
            open_descriptors: fs::read_dir("/proc/self/fd").ok().map(|open| (open.count() as u64).saturating_sub(1)),
            most_descriptors: descriptor_limits().map(|(soft, _)| soft),
        }
    }
}

/// The soft and the hard limit of open file descriptors; `None` if there is none, or it cannot be read.
pub(crate) fn descriptor_limits() -> Option<(u64, u64)> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_ascii_whitespace().map_while(|word| word.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// Field of `/proc/self/stat` by its number in proc(5). The second, the name of the program, may hold anything.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn boot_time(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

/// The first number of the line that begins so.
fn line(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_ascii_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    // TEL-012
    #[test]
    fn every_number_of_this_process_is_there() {
        let process = Process::read();
        assert!(process.cpu_seconds.is_some_and(|seconds| seconds >= 0.0), "{process:?}");
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 100_000), "{process:?}");
        assert!(process.threads >= Some(1) && process.open_descriptors >= Some(3), "{process:?}");
        assert!(process.start_time.is_some_and(|time| time > 1e9), "{process:?}");
    }

    #[test]
    fn name_of_the_program_shifts_no_field() {
        let stat = "7 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 200 100 0 0 20 0 9 0 5000";
        assert_eq!((field(stat, 14), field(stat, 15), field(stat, 22)), (Some(200.0), Some(100.0), Some(5000.0)));
        assert_eq!(field("", 14), None);
    }
}
