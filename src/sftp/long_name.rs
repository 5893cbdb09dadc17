//! The "long name" of a directory entry: a line as `ls -l` prints it, with numeric owner and group (SFTP-011).
//!
//! Clients show it as it is; none should parse it, some do. Times are UTC: a server does not know where its user is.

use std::{fmt::Write as _, io::Write as _};

use chrono::{DateTime, Utc};

/// Type bits of `st_mode`.
pub mod file_type {
    /// All of them.
    pub const MASK: u32 = 0o170_000;
    /// Regular file.
    pub const REGULAR: u32 = 0o100_000;
    /// Directory.
    pub const DIRECTORY: u32 = 0o040_000;
    /// Symbolic link.
    pub const SYMLINK: u32 = 0o120_000;
}

/// What a line shows besides the name.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Mode with type bits.
    pub mode: u32,
    /// Number of links.
    pub links: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Last modification, seconds since the epoch.
    pub modified: i64,
}

/// The permission column: `drwxr-xr-x`.
fn permissions(mode: u32) -> [u8; 10] {
    let kind = match mode & file_type::MASK {
        file_type::REGULAR => b'-',
        file_type::DIRECTORY => b'd',
        file_type::SYMLINK => b'l',
        _ => b'?',
    };
    let mut text = *b"?rwxrwxrwx";
    text[0] = kind;
    for (bit, letter) in text[1..].iter_mut().enumerate() {
        if mode & (0o400 >> bit) == 0 {
            *letter = b'-';
        }
    }
    for (bit, at, runs, rests) in [(0o4000, 3, b's', b'S'), (0o2000, 6, b's', b'S'), (0o1000, 9, b't', b'T')] {
        if mode & bit != 0 {
            text[at] = if text[at] == b'x' { runs } else { rests };
        }
    }
    text
}

/// The date column: month, day, and the time of day for what is less than half a year old, else the year.
fn date(modified: i64, now: i64, text: &mut String) {
    const HALF_A_YEAR: i64 = 365 * 86_400 / 2;
    let Some(moment) = DateTime::<Utc>::from_timestamp(modified, 0) else {
        text.push_str("Jan  1  1970");
        return;
    };
    let format = if (now - HALF_A_YEAR..=now + 86_400).contains(&modified) { "%b %e %H:%M" } else { "%b %e  %Y" };
    // Writing to a String cannot fail.
    let _ = write!(text, "{}", moment.format(format));
}

/// Appends the line for `name` to `out`. `now` is in seconds since the epoch.
pub fn write_long_name(out: &mut Vec<u8>, line: &Line, name: &[u8], now: i64) {
    let mut moment = String::with_capacity(12);
    date(line.modified, now, &mut moment);
    out.extend_from_slice(&permissions(line.mode));
    // Writing to a Vec cannot fail.
    let _ = write!(out, " {:>4} {:<8} {:<8} {:>8} {moment} ", line.links, line.uid, line.gid, line.size);
    out.extend_from_slice(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000; // 2026-11-18

    fn long(line: Line, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_long_name(&mut out, &line, name, NOW);
        out
    }

    // SFTP-011
    #[test]
    fn a_line_looks_like_ls_with_numeric_ids() {
        let line = Line { mode: 0o100_644, links: 1, uid: 1000, gid: 100, size: 4096, modified: NOW - 86_400 };
        assert_eq!(long(line, b"report.pdf"), b"-rw-r--r--    1 1000     100          4096 Nov 17 11:06 report.pdf".to_vec());
    }

    #[test]
    fn old_and_future_files_show_the_year() {
        for modified in [0, NOW + 10 * 86_400] {
            let line = Line { mode: 0o040_755, links: 2, uid: 0, gid: 0, size: 0, modified };
            let text = String::from_utf8(long(line, b"d")).expect("ASCII");
            assert!(text.starts_with("drwxr-xr-x") && !text.contains(':'), "{text}");
        }
    }

    #[test]
    fn names_stay_bytes_and_absurd_times_do_not_fail() {
        let line = Line { mode: 0o120_777, links: 1, uid: 0, gid: 0, size: u64::MAX, modified: i64::MAX };
        let text = long(line, b"\xff\xfe");
        assert!(text.starts_with(b"lrwxrwxrwx") && text.ends_with(b" \xff\xfe"));
    }

    #[test]
    fn special_bits_show_as_ls_shows_them() {
        assert_eq!(&permissions(0o104_755), b"-rwsr-xr-x");
        assert_eq!(&permissions(0o102_644), b"-rw-r-Sr--");
        assert_eq!(&permissions(0o041_777), b"drwxrwxrwt");
        assert_eq!(&permissions(0o010_600), b"?rw-------");
    }
}
