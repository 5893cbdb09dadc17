//! A stream under a passphrase: the form of a file that holds every secret of a server and lies on somebody else's disk.
//!
//! # The format, version 1
//!
//! ```text
//! header   16 bytes   "entrepot backup\n"
//!           1 byte    version of the format: 1
//!           3 bytes   zero
//!           4 bytes   argon2id: memory in KiB      (all numbers big-endian)
//!           4 bytes   argon2id: iterations
//!           4 bytes   argon2id: lanes
//!          16 bytes   salt, random
//!          32 bytes   HMAC-SHA-256 of everything above
//! chunks   64 KiB each of plain text, the last of them shorter or as long, each as AES-256-GCM cipher text and tag
//! ```
//!
//! argon2id (RFC 9106) makes 32 bytes of passphrase and salt; HKDF-SHA-256 (RFC 5869) makes two keys of these, for the
//! HMAC of the header and for the chunks. The salt is new for each file, and so the keys are: nonces can be counted. The
//! nonce of a chunk is its number (11 bytes) and whether it is the last (1 byte), which is the STREAM construction
//! (Hoang, Reyhanitabar, Rogaway, Vizár, 2015): chunks that were left out, repeated or put in another order do not open,
//! nor does a file that ends early, for its last chunk does not say so. The header is additional data of every chunk.
//! Only the last chunk may be empty, and only if it is the only one.

use argon2::Argon2;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{Sensitive, token::fill_random};

/// Bytes before the first chunk.
pub const HEADER_BYTES: usize = 80;
/// Plain text of a chunk, in bytes; that of the last may be shorter.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// What sealing adds to a chunk, in bytes.
pub const TAG_BYTES: usize = 16;

const MAGIC: &[u8; 16] = b"entrepot backup\n";
const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
/// Where the HMAC begins.
const SIGNED_BYTES: usize = 48;
const KEY_BYTES: usize = 32;
const HEADER_KEY: &[u8] = b"entrepot backup 1: header";
const CHUNK_KEY: &[u8] = b"entrepot backup 1: chunks";

/// What a guess of the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Memory of argon2id in KiB.
    pub memory: u32,
    /// Iterations of argon2id.
    pub iterations: u32,
    /// Lanes of argon2id.
    pub lanes: u32,
}

impl Costs {
    /// The second recommendation of RFC 9106, section 4: 64 MiB.
    pub const USUAL: Self = Self { memory: 64 * 1024, iterations: 3, lanes: 4 };
    /// Dearer files are refused: a header is not believed before its keys are made.
    const MOST: Self = Self { memory: 256 * 1024, iterations: 16, lanes: 16 };

    fn is_reasonable(self) -> bool {
        let within = |value: u32, least: u32, most: u32| (least..=most).contains(&value);
        within(self.lanes, 1, Self::MOST.lanes)
            && within(self.iterations, 1, Self::MOST.iterations)
            && within(self.memory, 8 * self.lanes, Self::MOST.memory)
    }
}

/// Why a file was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// It begins otherwise, or is shorter than its header.
    #[error("this is not a backup of this program")]
    Foreign,
    /// A later form.
    #[error("the backup has form {0}, and this program reads form {known}: use a newer version of the program", known = VERSION)]
    Newer(u8),
    /// Costs beyond what is taken.
    #[error("the header of the backup is damaged")]
    Header,
    /// The header does not verify.
    #[error("the passphrase is wrong, or the beginning of the file was altered")]
    Passphrase,
    /// A chunk does not verify.
    #[error("the file was altered, or a part of it is missing")]
    Altered,
    /// The passphrase is too short to protect anything.
    #[error("the passphrase must have at least {0} characters")]
    Weak(usize),
    /// The library refused; not expected, for instance out of memory.
    #[error("the key cannot be made: not enough memory")]
    Internal,
}

/// Shortest passphrase: it stands between a thief of the file and every secret in it.
pub const SHORTEST_PASSPHRASE: usize = 10;

/// Whether a file that begins like this is sealed in this form, of whatever version.
pub fn is_sealed(begin: &[u8]) -> bool {
    begin.starts_with(MAGIC)
}

struct Keys {
    header: hmac::Key,
    chunks: LessSafeKey,
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

fn keys(passphrase: &str, salt: &[u8], costs: Costs) -> Result<Keys, EnvelopeError> {
    let parameters = argon2::Params::new(costs.memory, costs.iterations, costs.lanes, Some(KEY_BYTES));
    let parameters = parameters.map_err(|_| EnvelopeError::Header)?;
    let mut stretched = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters)
        .hash_password_into(passphrase.as_bytes(), salt, stretched.as_mut_slice())
        .map_err(|_| EnvelopeError::Internal)?;
    let pseudo_random_key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(stretched.as_slice());
    let derive = |name: &[u8]| {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let filled = pseudo_random_key.expand(&[name], KeyLength).and_then(|material| material.fill(key.as_mut_slice()));
        filled.map(|()| key).map_err(|_| EnvelopeError::Internal)
    };
    let chunks = UnboundKey::new(&AES_256_GCM, derive(CHUNK_KEY)?.as_slice()).map_err(|_| EnvelopeError::Internal)?;
    Ok(Keys { header: hmac::Key::new(hmac::HMAC_SHA256, derive(HEADER_KEY)?.as_slice()), chunks: LessSafeKey::new(chunks) })
}

/// Counts chunks.
struct Counter(u64);

impl Counter {
    fn next(&mut self, is_last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.0.to_be_bytes());
        nonce[11] = u8::from(is_last);
        self.0 += 1;
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Seals one file.
pub struct Sealing {
    key: LessSafeKey,
    header: [u8; HEADER_BYTES],
    counter: Counter,
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealing").field("chunks", &self.counter.0).finish_non_exhaustive()
    }
}

impl Sealing {
    /// Begins a file; making the key takes a part of a second.
    ///
    /// # Errors
    /// [`EnvelopeError::Weak`]; [`EnvelopeError::Internal`] without the memory for it.
    pub fn begin(passphrase: &Sensitive<String>, costs: Costs) -> Result<Self, EnvelopeError> {
        if passphrase.expose().chars().count() < SHORTEST_PASSPHRASE {
            return Err(EnvelopeError::Weak(SHORTEST_PASSPHRASE));
        }
        let mut header = [0; HEADER_BYTES];
        header[..16].copy_from_slice(MAGIC);
        header[16] = VERSION;
        header[20..24].copy_from_slice(&costs.memory.to_be_bytes());
        header[24..28].copy_from_slice(&costs.iterations.to_be_bytes());
        header[28..32].copy_from_slice(&costs.lanes.to_be_bytes());
        fill_random(&mut header[32..32 + SALT_BYTES]);
        let keys = keys(passphrase.expose(), &header[32..32 + SALT_BYTES], costs)?;
        let tag = hmac::sign(&keys.header, &header[..SIGNED_BYTES]);
        header[SIGNED_BYTES..].copy_from_slice(tag.as_ref());
        Ok(Self { key: keys.chunks, header, counter: Counter(0) })
    }

    /// What the file begins with.
    pub fn header(&self) -> &[u8; HEADER_BYTES] {
        &self.header
    }

    /// Seals the next chunk in its place: [`CHUNK_BYTES`] of plain text, or fewer in the last, which must be the last call.
    ///
    /// # Errors
    /// [`EnvelopeError::Internal`], if the cryptographic library refuses.
    pub fn seal(&mut self, chunk: &mut Vec<u8>, is_last: bool) -> Result<(), EnvelopeError> {
        let nonce = self.counter.next(is_last);
        self.key.seal_in_place_append_tag(nonce, Aad::from(&self.header), chunk).map_err(|_| EnvelopeError::Internal)
    }
}

/// Opens one file.
pub struct Opening {
    key: LessSafeKey,
    header: [u8; HEADER_BYTES],
    counter: Counter,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("chunks", &self.counter.0).finish_non_exhaustive()
    }
}

impl Opening {
    /// Begins with the header of a file; making the key takes a part of a second.
    ///
    /// # Errors
    /// What is wrong with the header, and [`EnvelopeError::Passphrase`].
    pub fn begin(header: &[u8; HEADER_BYTES], passphrase: &Sensitive<String>) -> Result<Self, EnvelopeError> {
        if header[..16] != *MAGIC {
            return Err(EnvelopeError::Foreign);
        }
        if header[16] != VERSION {
            return Err(EnvelopeError::Newer(header[16]));
        }
        let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let costs = Costs { memory: number(20), iterations: number(24), lanes: number(28) };
        if header[17..20] != [0; 3] || !costs.is_reasonable() {
            return Err(EnvelopeError::Header);
        }
        let keys = keys(passphrase.expose(), &header[32..32 + SALT_BYTES], costs)?;
        hmac::verify(&keys.header, &header[..SIGNED_BYTES], &header[SIGNED_BYTES..]).map_err(|_| EnvelopeError::Passphrase)?;
        Ok(Self { key: keys.chunks, header: *header, counter: Counter(0) })
    }

    /// Opens the next chunk in its place and answers its plain text. `is_last` says whether the file ends after it.
    ///
    /// # Errors
    /// [`EnvelopeError::Altered`]: nothing of the file may be believed then.
    pub fn open<'a>(&mut self, chunk: &'a mut [u8], is_last: bool) -> Result<&'a [u8], EnvelopeError> {
        let is_first = self.counter.0 == 0;
        let nonce = self.counter.next(is_last);
        let plain = self.key.open_in_place(nonce, Aad::from(&self.header), chunk).map_err(|_| EnvelopeError::Altered)?;
        let is_whole = plain.len() == CHUNK_BYTES;
        let is_allowed = is_whole || is_last && (is_first || !plain.is_empty()) && plain.len() < CHUNK_BYTES;
        if is_allowed { Ok(plain) } else { Err(EnvelopeError::Altered) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Costs = Costs { memory: 64, iterations: 1, lanes: 1 };

    fn passphrase() -> Sensitive<String> {
        Sensitive::from("correct horse battery")
    }

    /// Header, and chunks with whether they are the last.
    fn sealed(plain: &[u8]) -> ([u8; HEADER_BYTES], Vec<Vec<u8>>) {
        let mut sealing = Sealing::begin(&passphrase(), CHEAP).expect("begun");
        let mut parts: Vec<Vec<u8>> = plain.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect();
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let last = parts.len() - 1;
        for (index, part) in parts.iter_mut().enumerate() {
            sealing.seal(part, index == last).expect("sealed");
        }
        (*sealing.header(), parts)
    }

    fn opened(header: &[u8; HEADER_BYTES], mut parts: Vec<Vec<u8>>) -> Result<Vec<u8>, EnvelopeError> {
        let mut opening = Opening::begin(header, &passphrase())?;
        let last = parts.len() - 1;
        let mut plain = Vec::new();
        for (index, part) in parts.iter_mut().enumerate() {
            plain.extend_from_slice(opening.open(part, index == last)?);
        }
        Ok(plain)
    }

    // BKP-002
    #[test]
    fn what_was_sealed_opens() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
            let plain: Vec<u8> = (0..length).map(|index| u8::try_from(index % 251).expect("a byte")).collect();
            let (header, parts) = sealed(&plain);
            assert!(parts.iter().flatten().take(64).ne(plain.iter().take(64)) || plain.is_empty());
            assert_eq!(opened(&header, parts).as_deref(), Ok(plain.as_slice()), "{length}");
        }
    }

    // BKP-003
    #[test]
    fn every_alteration_is_refused() {
        let (header, parts) = sealed(&vec![7; 3 * CHUNK_BYTES + 10]);
        let altered = Err(EnvelopeError::Altered);
        let without = |index: usize| {
            let mut parts = parts.clone();
            parts.remove(index);
            opened(&header, parts)
        };
        for index in 0..parts.len() {
            assert_eq!(without(index), altered, "chunk {index} is missing");
        }
        let mut swapped = parts.clone();
        swapped.swap(0, 1);
        assert_eq!(opened(&header, swapped), altered);
        let mut repeated = parts.clone();
        repeated.insert(1, parts[0].clone());
        assert_eq!(opened(&header, repeated), altered);
        let mut longer = parts.clone();
        longer.push(parts[3].clone());
        assert_eq!(opened(&header, longer), altered);
        for (index, at) in [(0, 0), (1, 500), (3, 25)] {
            let mut flipped = parts.clone();
            flipped[index][at] ^= 1;
            assert_eq!(opened(&header, flipped), altered);
        }
        let mut shorter = parts.clone();
        shorter[3].pop();
        assert_eq!(opened(&header, shorter), altered);
        // Chunks of another file under the same passphrase.
        let (_, foreign) = sealed(&vec![7; 3 * CHUNK_BYTES + 10]);
        assert_eq!(opened(&header, foreign), altered);
    }

    // BKP-003
    #[test]
    fn every_byte_of_the_header_counts() {
        let (header, parts) = sealed(b"x");
        for at in 0..HEADER_BYTES {
            let mut wrong = header;
            wrong[at] ^= 1;
            let error = opened(&wrong, parts.clone()).expect_err("it was altered");
            let expected = match at {
                0..16 => EnvelopeError::Foreign,
                16 => EnvelopeError::Newer(0),
                17..20 => EnvelopeError::Header,
                // Costs that are still reasonable make another key.
                _ if error == EnvelopeError::Header => EnvelopeError::Header,
                _ => EnvelopeError::Passphrase,
            };
            assert_eq!(error, expected, "byte {at}");
        }
    }

    // BKP-004
    #[test]
    fn wrong_and_weak_passphrases_are_refused() {
        let (header, _) = sealed(b"x");
        let error = Opening::begin(&header, &Sensitive::from("correct horse batterY")).expect_err("another one");
        assert_eq!(error, EnvelopeError::Passphrase);
        let error = Sealing::begin(&Sensitive::from("ninechars"), CHEAP).expect_err("too short");
        assert_eq!(error, EnvelopeError::Weak(SHORTEST_PASSPHRASE));
    }

    #[test]
    fn costs_of_a_hostile_header_are_bounded() {
        let (mut header, _) = sealed(b"x");
        header[20..24].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(Opening::begin(&header, &passphrase()).expect_err("4 TiB"), EnvelopeError::Header);
    }
}
