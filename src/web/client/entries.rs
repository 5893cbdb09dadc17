//! The entries of a directory as a page shows them: all read, sorted, and cut into pages.

use std::cmp::Ordering;

use entrepot_core::{DirectoryEntry, FileKind, UserFs};
use entrepot_model::VirtualPath;

use super::place::encoded;
use crate::frame::{Form, PageError};

/// Rows of a page. Scripts show as many as there are.
pub(crate) const ROWS: usize = 200;
/// Entries that are sorted at most: memory stays bounded. Beyond that the order is that of the storage.
const MOST: usize = 200_000;
/// Entries that are read at a time.
const STEP: usize = 1024;

/// What a directory is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Name,
    Size,
    Changed,
}

/// Key and direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) key: Key,
    pub(crate) is_descending: bool,
}

impl Order {
    /// From an address.
    pub(crate) fn of(query: &Form) -> Self {
        let key = match query.get("sort") {
            "size" => Key::Size,
            "date" => Key::Changed,
            _ => Key::Name,
        };
        Self { key, is_descending: query.get("order") == "desc" }
    }

    /// Name of the key in addresses.
    pub(crate) fn name(self) -> &'static str {
        match self.key {
            Key::Name => "name",
            Key::Size => "size",
            Key::Changed => "date",
        }
    }

    /// Value of `aria-sort` of the column with that key.
    pub(crate) fn aria(self, name: &str) -> Option<&'static str> {
        (self.name() == name).then_some(if self.is_descending { "descending" } else { "ascending" })
    }

    /// The query that sorts by a column, the other way round if it is sorted by it already.
    pub(crate) fn query(self, name: &str) -> String {
        let turned = self.name() == name && !self.is_descending;
        format!("sort={name}&order={}", if turned { "desc" } else { "asc" })
    }

    /// UI-102: directories first in every order.
    fn compare(self, one: &Row, other: &Row) -> Ordering {
        let by_key = match self.key {
            Key::Name => natural(&one.name, &other.name),
            Key::Size => one.size.cmp(&other.size).then_with(|| natural(&one.name, &other.name)),
            Key::Changed => one.changed.cmp(&other.changed).then_with(|| natural(&one.name, &other.name)),
        };
        let by_key = if self.is_descending { by_key.reverse() } else { by_key };
        other.is_directory.cmp(&one.is_directory).then(by_key)
    }
}

/// An entry.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// The exact name, as an address has it.
    pub(crate) encoded: String,
    pub(crate) is_directory: bool,
    pub(crate) is_link: bool,
    pub(crate) size: i64,
    /// Milliseconds since the epoch.
    pub(crate) changed: i64,
    /// Permission bits.
    pub(crate) mode: u32,
}

impl Row {
    pub(crate) fn of(entry: &DirectoryEntry) -> Self {
        let found = &entry.metadata;
        Self {
            name: String::from_utf8_lossy(&entry.name).into_owned(),
            encoded: encoded(&entry.name),
            is_directory: found.is_directory(),
            is_link: found.kind == FileKind::Symlink,
            size: if found.is_file() { i64::try_from(found.size).unwrap_or(i64::MAX) } else { 0 },
            changed: found.modified.seconds.saturating_mul(1000) + i64::from(found.modified.nanoseconds / 1_000_000),
            mode: found.mode,
        }
    }

    /// Two to four letters for the sign of a file.
    pub(crate) fn sign(&self) -> String {
        sign(&self.name)
    }

    /// Whether a browser shows it as a picture.
    pub(crate) fn is_picture(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        !self.is_directory && [".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".bmp"].iter().any(|end| name.ends_with(end))
    }
}

/// The ending of a name in capitals, four letters at most; empty without one.
pub(crate) fn sign(name: &str) -> String {
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or("", |(_, ending)| ending);
    let is_short = (1..=4).contains(&ending.chars().count()) && ending.chars().all(char::is_alphanumeric);
    if is_short { ending.to_uppercase() } else { String::new() }
}

/// All entries of a directory, in order.
pub(crate) async fn read(fs: &UserFs, path: &VirtualPath, order: Order) -> Result<Vec<Row>, PageError> {
    let mut listing = fs.list(path).await?;
    let mut rows = Vec::new();
    loop {
        let entries = listing.next(STEP).await?;
        if entries.is_empty() || rows.len() >= MOST {
            break;
        }
        rows.extend(entries.iter().map(Row::of));
    }
    rows.sort_by(|one, other| order.compare(one, other));
    Ok(rows)
}

/// Names as people sort them: numbers in them by their value, letters whatever their case.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (Some(a), Some(b)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| one.cmp(other));
        };
        let order = if a.is_ascii_digit() && b.is_ascii_digit() {
            let (number, rest) = digits(left);
            let (against, rest_of_other) = digits(right);
            (left, right) = (rest, rest_of_other);
            number.len().cmp(&against.len()).then_with(|| number.cmp(against))
        } else {
            (left, right) = (&left[a.len_utf8()..], &right[b.len_utf8()..]);
            a.to_lowercase().cmp(b.to_lowercase())
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The digits that a text begins with, without leading zeros, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let (number, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    (number.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, is_directory: bool, size: i64) -> Row {
        let size = if is_directory { 0 } else { size };
        Row { name: name.into(), encoded: name.into(), is_directory, is_link: false, size, changed: 0, mode: 0o644 }
    }

    // UI-102
    #[test]
    fn directories_come_first_and_numbers_count() {
        let rows = [row("b10", false, 1), row("B2", false, 3), row("z", true, 0), row("b02a", false, 2), row("Ä", false, 9)];
        let sorted = |key, is_descending| {
            let mut rows = rows.to_vec();
            rows.sort_by(|one, other| Order { key, is_descending }.compare(one, other));
            rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
        };
        assert_eq!(sorted(Key::Name, false), ["z", "B2", "b02a", "b10", "Ä"]);
        assert_eq!(sorted(Key::Name, true), ["z", "Ä", "b10", "b02a", "B2"]);
        assert_eq!(sorted(Key::Size, true), ["z", "Ä", "B2", "b02a", "b10"]);
    }

    #[test]
    fn signs_are_short_endings() {
        for (name, text) in
            [("a.tar.gz", "GZ"), (".bashrc", ""), ("a", ""), ("a.verylong", ""), ("photo.jpeg", "JPEG"), ("a.ü", "Ü")]
        {
            assert_eq!(sign(name), text, "{name}");
        }
    }

    #[test]
    fn order_is_in_the_address() {
        let order = Order::of(&Form::parse("sort=size&order=desc").unwrap());
        assert_eq!((order.aria("size"), order.aria("name")), (Some("descending"), None));
        assert_eq!((order.query("size").as_str(), order.query("name").as_str()), ("sort=size&order=asc", "sort=name&order=asc"));
        assert_eq!(Order::of(&Form::default()).query("name"), "sort=name&order=desc");
    }
}
