//! The records of an archive (APPNOTE.TXT 6.3.10, sections 4.3 and 4.5).

use chrono::{DateTime, Datelike as _, Timelike as _};

use crate::files::tree::Found;

/// What does not fit here is in the extra field of zip64.
const FULL: u32 = u32::MAX;
/// Files from this size on are announced as zip64: one that grows while it is read still fits below.
const LARGE: u64 = 0xF000_0000;
/// Sizes and checksum follow the content.
const WITH_DESCRIPTOR: u16 = 1 << 3;
/// The name is UTF-8.
const UTF8: u16 = 1 << 11;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Made on Unix, to version 4.5.
const MADE_BY: u16 = 3 << 8 | 45;

/// An entry whose content is to come, or has come.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    name: Vec<u8>,
    is_directory: bool,
    /// Unix seconds.
    modified: i64,
    mode: u32,
    is_large: bool,
    offset: u64,
}

/// What is known of an entry at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub crc: u32,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes of the file.
    pub size: u64,
}

impl Entry {
    /// The entry for what was found, at that offset of the archive. `None` if its name is longer than a zip can say.
    pub(super) fn new(found: &Found, offset: u64) -> Option<Self> {
        u16::try_from(found.name.len()).ok()?;
        Some(Self {
            name: found.name.clone(),
            is_directory: found.metadata.is_directory(),
            modified: found.metadata.modified.seconds,
            mode: found.metadata.mode,
            is_large: found.metadata.size >= LARGE,
            offset,
        })
    }

    /// Most bytes that its content may have, packed or not.
    pub(super) fn limit(&self) -> u64 {
        if self.is_large { u64::MAX } else { u64::from(FULL - 1) }
    }

    fn flags(&self) -> u16 {
        let utf8 = if std::str::from_utf8(&self.name).is_ok() { UTF8 } else { 0 };
        utf8 | if self.is_directory { 0 } else { WITH_DESCRIPTOR }
    }

    fn method(&self) -> u16 {
        if self.is_directory { STORED } else { DEFLATED }
    }

    /// The exact time, as the clients of Info-ZIP read it; what is beyond its 32 bits has only the coarse one.
    fn timestamp(&self) -> Vec<u8> {
        let Ok(seconds) = i32::try_from(self.modified) else { return Vec::new() };
        let mut extra = Record::default();
        extra.u16(0x5455).u16(5).bytes(&[1]).bytes(&seconds.to_le_bytes());
        extra.0
    }

    /// The record before the content.
    pub(super) fn local(&self) -> Vec<u8> {
        let mut extra = Record::default();
        let sizes = if self.is_large {
            extra.u16(1).u16(16).u64(0).u64(0);
            FULL
        } else {
            0
        };
        extra.bytes(&self.timestamp());
        let mut record = Record::default();
        record.u32(0x0403_4B50).u16(if self.is_large { 45 } else { 20 }).u16(self.flags()).u16(self.method());
        record.u32(dos_time(self.modified)).u32(0).u32(sizes).u32(sizes);
        record.u16(length(&self.name)).u16(length(&extra.0)).bytes(&self.name).bytes(&extra.0);
        record.0
    }

    /// The record behind the content; directories have none.
    pub(super) fn descriptor(&self, totals: &Totals) -> Vec<u8> {
        let mut record = Record::default();
        record.u32(0x0807_4B50).u32(totals.crc);
        if self.is_large {
            record.u64(totals.packed).u64(totals.size);
        } else {
            record.u32(capped(totals.packed)).u32(capped(totals.size));
        }
        record.0
    }

    /// The record in the directory at the end.
    pub(super) fn central(&self, totals: &Totals) -> Vec<u8> {
        let mut wide = Record::default();
        for value in [totals.size, totals.packed, self.offset] {
            if value >= u64::from(FULL) {
                wide.u64(value);
            }
        }
        let mut extra = Record::default();
        if !wide.0.is_empty() {
            extra.u16(1).u16(length(&wide.0)).bytes(&wide.0);
        }
        extra.bytes(&self.timestamp());
        let version = if self.is_large || !wide.0.is_empty() { 45 } else { 20 };
        let (kind, dos) = if self.is_directory { (0o040_000, 0x10) } else { (0o100_000, 0) };
        let mut record = Record::default();
        record.u32(0x0201_4B50).u16(MADE_BY).u16(version).u16(self.flags()).u16(self.method());
        record.u32(dos_time(self.modified)).u32(totals.crc).u32(capped(totals.packed)).u32(capped(totals.size));
        record.u16(length(&self.name)).u16(length(&extra.0)).u16(0).u16(0).u16(0);
        record.u32((kind | self.mode & 0o7777) << 16 | dos).u32(capped(self.offset));
        record.bytes(&self.name).bytes(&extra.0);
        record.0
    }
}

/// The records behind the directory, which has `count` entries and `size` bytes from `offset` on.
pub(super) fn end(count: u64, offset: u64, size: u64) -> Vec<u8> {
    let is_wide = count >= u64::from(u16::MAX) || offset >= u64::from(FULL) || size >= u64::from(FULL);
    let mut record = Record::default();
    if is_wide {
        record.u32(0x0606_4B50).u64(44).u16(MADE_BY).u16(45).u32(0).u32(0);
        record.u64(count).u64(count).u64(size).u64(offset);
        record.u32(0x0706_4B50).u32(0).u64(offset + size).u32(1);
    }
    let few = u16::try_from(count).unwrap_or(u16::MAX);
    record.u32(0x0605_4B50).u16(0).u16(0).u16(few).u16(few).u32(capped(size)).u32(capped(offset)).u16(0);
    record.0
}

fn capped(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(FULL)
}

/// Names were measured before, and extra fields are short.
fn length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}

/// Time and date of MS-DOS, in UTC: two seconds exact, from 1980 to 2107.
fn dos_time(seconds: i64) -> u32 {
    const FIRST: u32 = 1 << 21 | 1 << 16;
    let Some(moment) = DateTime::from_timestamp(seconds, 0) else { return FIRST };
    let Ok(year) = u32::try_from(moment.year() - 1980) else { return FIRST };
    let date = year.min(127) << 9 | moment.month() << 5 | moment.day();
    date << 16 | moment.hour() << 11 | moment.minute() << 5 | (moment.second() / 2)
}

/// Numbers in the byte order of the format.
#[derive(Default)]
struct Record(Vec<u8>);

impl Record {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use entrepot_core::{FileKind, Metadata, Timestamp};
    use entrepot_model::VirtualPath;

    use super::*;

    fn entry(size: u64, offset: u64) -> Entry {
        let metadata = Metadata {
            kind: FileKind::File,
            size,
            mode: 0o640,
            modified: Timestamp::from_seconds(1_728_996_326),
            ..Metadata::virtual_directory()
        };
        Entry::new(&Found { path: VirtualPath::root(), name: b"a".to_vec(), metadata }, offset).unwrap()
    }

    // API-138
    #[test]
    fn times_are_those_of_the_files() {
        // 2024-10-15 12:45:26
        assert_eq!(dos_time(1_728_996_326), (44 << 9 | 10 << 5 | 15) << 16 | 12 << 11 | 45 << 5 | 13);
        assert_eq!(dos_time(0), 1 << 21 | 1 << 16);
        assert_eq!(dos_time(i64::MIN), 1 << 21 | 1 << 16);
        assert_eq!(dos_time(9_999_999_999) >> 25, 127);
    }

    // API-138
    #[test]
    fn large_entries_and_offsets_are_zip64() {
        let small = Totals { crc: 1, packed: 2, size: 3 };
        assert_eq!(entry(3, 4).local().len(), 30 + 1 + 9);
        assert_eq!(entry(3, 4).descriptor(&small).len(), 16);
        assert_eq!(entry(3, 4).central(&small).len(), 46 + 1 + 9);
        assert_eq!(entry(1 << 40, 4).local().len(), 30 + 1 + 9 + 20);
        assert_eq!(entry(1 << 40, 4).descriptor(&small).len(), 24);
        assert_eq!(entry(1 << 40, 4).central(&Totals { size: 1 << 40, ..small }).len(), 46 + 1 + 9 + 12);
        assert_eq!(entry(3, 1 << 40).central(&small).len(), 46 + 1 + 9 + 12);
        assert_eq!(entry(3, 1 << 40).limit(), 0xFFFF_FFFE);
        assert_eq!((end(1, 2, 3).len(), end(0xFFFF, 2, 3).len(), end(1, 1 << 32, 3).len()), (22, 98, 98));
    }
}
