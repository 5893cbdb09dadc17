//! The bytes that travel: random enough for nothing to be compressed or shared, and known at every
//! offset, so that both ends can be checked.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

/// The content repeats after this many bytes.
const PERIOD: usize = 1 << 20;

/// A file content of any length.
#[derive(Clone)]
pub struct Payload {
    /// Two periods, so that a piece of up to one period is one slice.
    bytes: Arc<Vec<u8>>,
}

impl Payload {
    /// Makes the content (xorshift64, fixed seed).
    pub fn new() -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut bytes = Vec::with_capacity(2 * PERIOD);
        while bytes.len() < PERIOD {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes.extend_from_within(..PERIOD);
        Self { bytes: Arc::new(bytes) }
    }

    /// `length` bytes at `offset`; `length` is at most one period (1 MiB).
    pub fn at(&self, offset: u64, length: usize) -> &[u8] {
        let start = (offset % PERIOD as u64) as usize;
        &self.bytes[start..start + length]
    }

    /// True if `bytes` stand at `offset`.
    pub fn matches(&self, offset: u64, bytes: &[u8]) -> bool {
        bytes.len() <= PERIOD && self.at(offset, bytes.len()) == bytes
    }

    /// Writes the first `size` bytes to a new file.
    pub fn write(&self, path: &Path, size: u64) -> Result<()> {
        let mut file = File::create(path).with_context(|| path.display().to_string())?;
        let mut offset = 0;
        while offset < size {
            let length = (size - offset).min(PERIOD as u64) as usize;
            file.write_all(self.at(offset, length))?;
            offset += length as u64;
        }
        Ok(())
    }

    /// Fails unless the file holds exactly the first `size` bytes.
    pub fn verify(&self, path: &Path, size: u64) -> Result<()> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        ensure!(file.metadata()?.len() == size, "{} has another size", path.display());
        let mut file = BufReader::with_capacity(PERIOD, file);
        let mut piece = vec![0; 256 << 10];
        let mut offset = 0;
        while offset < size {
            let length = (size - offset).min(piece.len() as u64) as usize;
            file.read_exact(&mut piece[..length])?;
            ensure!(self.matches(offset, &piece[..length]), "{} differs near byte {offset}", path.display());
            offset += length as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_or_short_file_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let payload = Payload::new();
        let size = 3 * PERIOD as u64 + 17;
        payload.write(&path, size).unwrap();
        payload.verify(&path, size).unwrap();
        assert!(payload.verify(&path, size - 1).is_err());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[2 * PERIOD + 5] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(payload.verify(&path, size).is_err());
    }
}
