//! What of a file was written, when writes arrive in any order.
//!
//! A client keeps many writes in flight. If the upload breaks, a later one may be stored and an earlier one not: going on
//! at the end of the file would leave a hole for ever. So the end of what is written without a gap is kept, too.

use std::collections::BTreeMap;

/// Ranges beyond the first gap that are remembered. Past it the farthest are forgotten, which is safe: a resumed upload
/// only sends more again.
const MAX_RANGES: usize = 1024;

/// End and gapless part of a file.
#[derive(Debug, Default)]
pub(super) struct Extent {
    end: u64,
    gapless: u64,
    /// Ranges beyond the first gap: start to end, disjoint.
    beyond: BTreeMap<u64, u64>,
}

impl Extent {
    /// A file of `size` bytes without gaps.
    pub(super) fn of(size: u64) -> Self {
        Self { end: size, gapless: size, beyond: BTreeMap::new() }
    }

    /// One past the last byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// One past the last byte before the first gap.
    pub(super) fn gapless(&self) -> u64 {
        self.gapless
    }

    /// Bytes were written.
    pub(super) fn write(&mut self, offset: u64, length: u64) {
        if length == 0 {
            return;
        }
        let stop = offset.saturating_add(length);
        self.end = self.end.max(stop);
        if offset > self.gapless {
            self.remember(offset, stop);
            return;
        }
        self.gapless = self.gapless.max(stop);
        while let Some(range) = self.beyond.first_entry().filter(|range| *range.key() <= self.gapless) {
            self.gapless = self.gapless.max(range.remove());
        }
    }

    fn remember(&mut self, start: u64, stop: u64) {
        // The common case, writes in a row after one that is late: the range before grows.
        if let Some((_, end)) = self.beyond.range_mut(..=start).next_back().filter(|(_, end)| **end >= start) {
            *end = stop.max(*end);
            return;
        }
        let known = self.beyond.entry(start).or_insert(stop);
        *known = stop.max(*known);
        if self.beyond.len() > MAX_RANGES {
            self.beyond.pop_last();
        }
    }

    /// The size was set. Zeros that fill it up are no data: they count as a gap.
    pub(super) fn resize(&mut self, size: u64) {
        self.end = size;
        self.gapless = self.gapless.min(size);
        let _ = self.beyond.split_off(&size);
        if let Some((_, end)) = self.beyond.iter_mut().next_back() {
            *end = size.min(*end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn late_write_closes_the_gap() {
        let mut extent = Extent::default();
        extent.write(0, 10);
        extent.write(20, 10);
        extent.write(30, 10);
        assert_eq!((extent.end(), extent.gapless()), (40, 10));
        extent.write(10, 10);
        assert_eq!((extent.end(), extent.gapless()), (40, 40));
    }

    #[test]
    fn zeros_of_a_new_size_are_a_gap() {
        let mut extent = Extent::of(5);
        extent.resize(100);
        assert_eq!((extent.end(), extent.gapless()), (100, 5));
        extent.write(50, 50);
        extent.resize(60);
        extent.write(5, 45);
        assert_eq!((extent.end(), extent.gapless()), (60, 60));
    }

    #[test]
    fn scattered_writes_do_not_grow_without_bound() {
        let mut extent = Extent::default();
        for place in 1..100_000_u64 {
            extent.write(place * 10, 1);
        }
        assert!(extent.beyond.len() <= MAX_RANGES);
        assert_eq!(extent.gapless(), 0);
    }

    proptest! {
        #[test]
        fn gapless_part_is_that_of_a_map_of_bytes(writes in prop::collection::vec((0_u64..200, 0_u64..40), 0..60)) {
            let (mut extent, mut bytes) = (Extent::default(), [false; 256]);
            for (offset, length) in writes {
                extent.write(offset, length);
                for byte in &mut bytes[offset as usize..(offset + length) as usize] {
                    *byte = true;
                }
            }
            let gapless = bytes.iter().position(|written| !written).unwrap_or(256);
            let end = bytes.iter().rposition(|written| *written).map_or(0, |last| last + 1);
            prop_assert_eq!((extent.gapless(), extent.end()), (gapless as u64, end as u64));
        }
    }
}
