//! The directory of an archive until it is written: compressed, for it grows with the number of files.

use std::io::{Read as _, Write as _};

use actix_web::web::Bytes;
use entrepot_core::{Error, Result};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

/// Bytes of the directory that are sent at a time.
const CHUNK: usize = 32 << 10;

/// Records that were added.
pub(super) struct Central {
    packed: DeflateEncoder<Vec<u8>>,
    count: u64,
    size: u64,
}

impl Central {
    pub(super) fn new() -> Self {
        Self { packed: DeflateEncoder::new(Vec::new(), Compression::fast()), count: 0, size: 0 }
    }

    pub(super) fn add(&mut self, record: &[u8]) -> Result<()> {
        self.packed.write_all(record).map_err(|error| Error::internal("keeping the directory of a zip", error))?;
        self.count += 1;
        self.size += record.len() as u64;
        Ok(())
    }

    /// All of them, and the records behind them. They begin at `offset`.
    pub(super) fn finish(self, offset: u64) -> Result<Ending> {
        let packed = self.packed.finish().map_err(|error| Error::internal("keeping the directory of a zip", error))?;
        let end = super::entry::end(self.count, offset, self.size);
        Ok(Ending { records: DeflateDecoder::new(std::io::Cursor::new(packed)), end: Some(end.into()) })
    }
}

/// What is left to be sent.
pub(super) struct Ending {
    records: DeflateDecoder<std::io::Cursor<Vec<u8>>>,
    end: Option<Bytes>,
}

impl Ending {
    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>> {
        let mut piece = vec![0; CHUNK];
        let count = self.records.read(&mut piece).map_err(|error| Error::internal("the directory of a zip", error))?;
        if count == 0 {
            return Ok(self.end.take());
        }
        piece.truncate(count);
        Ok(Some(piece.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let mut central = Central::new();
        let mut wanted = Vec::new();
        for number in 0..20_000_u32 {
            let record = format!("directory/of/files/number {number}").into_bytes();
            central.add(&record).unwrap();
            wanted.extend(record);
        }
        assert!(central.packed.get_ref().len() < wanted.len() / 4);
        wanted.extend(super::super::entry::end(20_000, 7, wanted.len() as u64));
        let mut ending = central.finish(7).unwrap();
        let mut found = Vec::new();
        while let Some(piece) = ending.next().unwrap() {
            found.extend_from_slice(&piece);
        }
        assert_eq!(found, wanted);
        assert!(ending.next().unwrap().is_none());
    }
}
