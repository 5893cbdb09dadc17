//! Compression, in the pool for work that keeps a processor busy.

use actix_web::web::Bytes;
use entrepot_core::{Error, Pool, Result};
use flate2::{Compress, Compression, FlushCompress, Status};

use super::entry::Totals;

/// Fast enough for a network, and most of what there is to win.
const LEVEL: u32 = 3;
/// Longest block of what is not compressed (RFC 1951 section 3.2.4).
const BLOCK: usize = u16::MAX as usize;

/// Endings of files that are compressed already: trying again costs time and wins nothing.
#[rustfmt::skip]
const COMPRESSED: [&str; 50] = [
    "7z", "aac", "apk", "avi", "avif", "br", "bz2", "cab", "deb", "dmg", "docx", "epub", "flac", "gif", "gpg", "gz", "heic",
    "ico", "jar", "jpeg", "jpg", "jxl", "lz4", "lzma", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "odt", "ogg",
    "opus", "pgp", "png", "pptx", "rar", "rpm", "tgz", "webm", "webp", "wma", "wmv", "xlsx", "xz", "zip", "zst", "zstd",
];

/// The content of one file after the other.
pub(super) struct Packer {
    pool: Pool,
    /// With the job while one runs; `None` after one failed.
    state: Option<Box<State>>,
}

struct State {
    deflate: Compress,
    is_stored: bool,
    crc: crc32fast::Hasher,
    packed: u64,
    size: u64,
}

impl Packer {
    pub(super) fn new(pool: Pool) -> Self {
        let state = State {
            deflate: Compress::new(Compression::new(LEVEL), false),
            is_stored: false,
            crc: crc32fast::Hasher::new(),
            packed: 0,
            size: 0,
        };
        Self { pool, state: Some(Box::new(state)) }
    }

    /// Begins with a file of that name.
    pub(super) fn begin(&mut self, name: &[u8]) {
        let Some(state) = self.state.as_mut() else { return };
        state.deflate.reset();
        state.crc = crc32fast::Hasher::new();
        (state.packed, state.size) = (0, 0);
        state.is_stored = is_compressed(name);
    }

    /// What comes out when `data` goes in; `is_last` ends the file.
    pub(super) async fn pack(&mut self, data: Bytes, is_last: bool) -> Result<Vec<u8>> {
        let Some(mut state) = self.state.take() else { return Err(Error::Cancelled) };
        let job = self.pool.run(move || {
            let out = state.pack(&data, is_last);
            (state, out)
        });
        let (state, out) = job.await.map_err(|error| Error::internal("compressing", error))?;
        self.state = Some(state);
        out
    }

    /// What came of the file.
    pub(super) fn totals(&self) -> Totals {
        let Some(state) = &self.state else { return Totals::default() };
        Totals { crc: state.crc.clone().finalize(), packed: state.packed, size: state.size }
    }
}

impl State {
    fn pack(&mut self, data: &[u8], is_last: bool) -> Result<Vec<u8>> {
        self.crc.update(data);
        self.size += data.len() as u64;
        let out = if self.is_stored { stored(data, is_last) } else { self.deflate(data, is_last)? };
        self.packed += out.len() as u64;
        Ok(out)
    }

    fn deflate(&mut self, data: &[u8], is_last: bool) -> Result<Vec<u8>> {
        let failed = |error| Error::internal("compressing", error);
        let mut out = Vec::with_capacity(data.len() / 2 + 64);
        let begin = self.deflate.total_in();
        let flush = if is_last { FlushCompress::Finish } else { FlushCompress::None };
        loop {
            let done = usize::try_from(self.deflate.total_in() - begin).unwrap_or(data.len());
            if done == data.len() && !is_last {
                return Ok(out);
            }
            if out.capacity() - out.len() < 64 {
                out.reserve(16 << 10);
            }
            if self.deflate.compress_vec(&data[done..], &mut out, flush).map_err(failed)? == Status::StreamEnd {
                return Ok(out);
            }
        }
    }
}

/// Blocks of content as it is.
fn stored(data: &[u8], is_last: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 5 * (data.len() / BLOCK + 2));
    let mut block = |content: &[u8], is_final: bool| {
        let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
        out.push(u8::from(is_final));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(content);
    };
    data.chunks(BLOCK).for_each(|content| block(content, false));
    if is_last {
        block(&[], true);
    }
    out
}

fn is_compressed(name: &[u8]) -> bool {
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    let ending = name[dot + 1..].to_ascii_lowercase();
    std::str::from_utf8(&ending).is_ok_and(|ending| COMPRESSED.binary_search(&ending).is_ok())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn packed(name: &[u8], pieces: &[&[u8]]) -> (Vec<u8>, Totals) {
        let mut packer = Packer::new(Pool::new("test", tokio::runtime::Handle::current(), 1));
        packer.begin(name);
        let mut state = packer.state.take().unwrap();
        let mut out = Vec::new();
        for piece in pieces {
            out.extend(state.pack(piece, false).unwrap());
        }
        out.extend(state.pack(&[], true).unwrap());
        packer.state = Some(state);
        (out, packer.totals())
    }

    // API-138
    #[tokio::test]
    async fn content_comes_back_as_it_was() {
        let text = "the same again and ".repeat(20_000).into_bytes();
        let noise: Vec<u8> = (0..300_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for content in [&b""[..], b"x", &text, &noise] {
            for name in [&b"a.txt"[..], b"a.JPG"] {
                let pieces: Vec<&[u8]> = content.chunks(100_000).collect();
                let (out, totals) = packed(name, &pieces);
                let mut back = Vec::new();
                flate2::read::DeflateDecoder::new(&out[..]).read_to_end(&mut back).unwrap();
                assert!(back == content, "{} bytes", content.len());
                assert_eq!(
                    totals,
                    Totals { crc: crc32fast::hash(content), packed: out.len() as u64, size: content.len() as u64 }
                );
            }
        }
    }

    #[test]
    fn what_is_compressed_is_known_by_its_name() {
        assert!(COMPRESSED.is_sorted());
        for name in ["a.zip", "a.tar.GZ", ".png"] {
            assert!(is_compressed(name.as_bytes()), "{name}");
        }
        for name in ["zip", "a.txt", "a.zip.txt", "", "a."] {
            assert!(!is_compressed(name.as_bytes()), "{name}");
        }
    }
}
