//! Numbers with units, as people write them (UI-009, UI-010).

use chrono::{DateTime, NaiveDateTime};

const UNITS: [(&str, i64); 13] = [
    ("", 1),
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("PIB", 1 << 50),
    ("EB", 1_000_000_000_000_000_000),
];

/// `1.5 GB` in bytes. `None` for what is none.
pub(super) fn bytes(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|c| *c != ',' && !c.is_whitespace()).collect();
    if text.is_empty() {
        return Some(0);
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.to_ascii_uppercase();
    let factor = UNITS.into_iter().find(|(name, _)| *name == unit)?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_negative = whole.starts_with('-');
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    if fraction.len() > 12 || !fraction.chars().all(|c| c.is_ascii_digit()) || (whole == 0 && number.is_empty()) {
        return None;
    }
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let part = i128::from(factor) * part / scale;
    let total = i128::from(whole) * i128::from(factor) + if is_negative { -part } else { part };
    i64::try_from(total).ok()
}

/// With the largest unit that loses nothing.
pub(in super::super) fn bytes_text(bytes: i64) -> String {
    const SHOWN: [(&str, i64); 10] = [
        ("PB", 1_000_000_000_000_000),
        ("PiB", 1 << 50),
        ("TB", 1_000_000_000_000),
        ("TiB", 1 << 40),
        ("GB", 1_000_000_000),
        ("GiB", 1 << 30),
        ("MB", 1_000_000),
        ("MiB", 1 << 20),
        ("KB", 1_000),
        ("KiB", 1 << 10),
    ];
    let found = SHOWN.into_iter().find(|(_, factor)| bytes != 0 && bytes % factor == 0);
    found.map_or_else(|| bytes.to_string(), |(unit, factor)| format!("{} {unit}", bytes / factor))
}

/// What a browser sends for a moment, in UTC; milliseconds since the epoch.
pub(super) fn moment(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let found = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    found.map(|moment| moment.and_utc().timestamp_millis())
}

/// The same for the field.
pub(super) fn moment_text(millis: i64) -> String {
    let moment = DateTime::from_timestamp_millis(millis).filter(|_| millis > 0);
    moment.map(|moment| moment.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    // UI-009
    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, value) in [
            ("", Some(0)),
            ("0", Some(0)),
            ("1024", Some(1024)),
            ("1.5 GB", Some(1_500_000_000)),
            ("1,000 kb", Some(1_000_000)),
            ("2GiB", Some(2 << 30)),
            ("-1", Some(-1)),
            ("5 XB", None),
            ("GB", None),
            ("1.x", None),
            ("99999999 EB", None),
        ] {
            assert_eq!(bytes(text), value, "{text:?}");
        }
    }

    // UI-010
    #[test]
    fn sizes_are_shown_with_a_unit_only_where_nothing_is_lost() {
        for (value, text) in [(0, "0"), (1_500_000_000, "1500 MB"), (2 << 30, "2 GiB"), (1001, "1001"), (50_000_000_000, "50 GB")]
        {
            assert_eq!(bytes_text(value), text);
            assert_eq!(bytes(text), Some(value));
        }
    }

    // UI-008
    #[test]
    fn moments_survive_the_field() {
        assert_eq!(moment("2026-11-25T18:30"), Some(1_795_631_400_000));
        assert_eq!(moment_text(1_795_631_400_000), "2026-11-25T18:30");
        assert_eq!((moment(""), moment("soon")), (Some(0), None));
    }
}
