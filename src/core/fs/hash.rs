//! Checksums of a file's content.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::digest;
use entrepot_model::VirtualPath;
use entrepot_storage::ReadFile;

use super::UserFs;
use crate::{
    error::Result,
    operation::Operation,
    session::{Direction, SessionState},
    transfer::{Settlement, allowance},
};

/// Algorithms of [`UserFs::hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// MD5, which clients compare transfers with; no protection against anybody.
    Md5,
    /// SHA-1, for old clients only.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A checksum being computed.
pub struct Hasher(State);

enum State {
    Md5(md5::Md5),
    Sha(digest::Context),
}

impl Hasher {
    /// A checksum of nothing yet.
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Md5 => State::Md5(md5::Md5::default()),
            HashAlgorithm::Sha1 => State::Sha(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            HashAlgorithm::Sha256 => State::Sha(digest::Context::new(&digest::SHA256)),
            HashAlgorithm::Sha384 => State::Sha(digest::Context::new(&digest::SHA384)),
            HashAlgorithm::Sha512 => State::Sha(digest::Context::new(&digest::SHA512)),
        })
    }

    /// Takes in more.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Md5(state) => md5::Digest::update(state, data),
            State::Sha(state) => state.update(data),
        }
    }

    /// The checksum.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(state) => md5::Digest::finalize(state).to_vec(),
            State::Sha(state) => state.finish().as_ref().to_vec(),
        }
    }
}

/// Bytes per read.
const CHUNK: usize = 256 << 10;

impl UserFs {
    /// The checksum of a file, in bytes. It reads the whole file: it counts against bandwidth and transfer quota as a
    /// download does (ACC-151, ACC-152).
    ///
    /// # Errors
    /// As [`UserFs::open_read`].
    pub async fn hash(&self, path: &VirtualPath, algorithm: HashAlgorithm) -> Result<Vec<u8>> {
        let granted = self.authorize(Operation::Hash, path)?;
        self.confined(path).await?;
        let file = self.0.account.door.open_read(&granted).await?;
        let download = Hashing { session: self.0.clone(), moved: AtomicU64::new(0) };
        self.digest(file.as_ref(), algorithm, &download).await
    }

    async fn digest(&self, file: &dyn ReadFile, algorithm: HashAlgorithm, hashing: &Hashing) -> Result<Vec<u8>> {
        let allowance = allowance(&self.0, Direction::Download)?;
        let mut hasher = Hasher::new(algorithm);
        let mut offset = 0;
        loop {
            if allowance.is_exceeded() {
                return Err(crate::Error::TransferQuota);
            }
            self.0.throttle(Direction::Download).await;
            let data = file.read_at(offset, CHUNK).await?;
            if self.0.kill.is_cancelled() {
                return Err(crate::Error::Cancelled);
            }
            if data.is_empty() {
                return Ok(hasher.finish());
            }
            hasher.update(&data);
            allowance.spend(data.len() as u64);
            hashing.moved.fetch_add(data.len() as u64, Ordering::Relaxed);
            self.0.take(Direction::Download, data.len());
            self.0.touch();
            offset += data.len() as u64;
        }
    }
}

/// What was read for a checksum; dropping it settles the transfer quota.
struct Hashing {
    session: Arc<SessionState>,
    moved: AtomicU64,
}

impl Drop for Hashing {
    fn drop(&mut self) {
        let moved = self.moved.load(Ordering::Relaxed);
        Settlement::default().moved(&self.session, Direction::Download, moved).write_later(&self.session);
    }
}
