//! What a usual client does, in one call.

use bytes::Bytes;
use entrepot_model::VirtualPath;
use entrepot_secrets::password::{Algorithm, HashingParameters, hash};
use entrepot_storage::Metadata;

use crate::{Error, OpenWrite, Result, UserFs, quota::Usage};

/// Files and bytes.
pub fn usage(files: i64, size: i64) -> Usage {
    Usage { files, size }
}

/// A virtual path.
pub fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).expect("path")
}

/// How a usual client opens a file to put it.
pub const PUT: OpenWrite = OpenWrite { truncate: true, create: true, exclusive: false, append: false, read: false, size: None };

/// How a client goes on with one.
pub const RESUME: OpenWrite = OpenWrite { truncate: false, ..PUT };

/// Uploads a whole file.
pub async fn put(fs: &UserFs, name: &str, data: &[u8]) -> Result<Metadata> {
    let upload = fs.open_write(&path(name), PUT).await?;
    let written = upload.write_at(0, Bytes::copy_from_slice(data)).await;
    let committed = upload.commit().await;
    written?;
    committed
}

/// Begins an upload and lets it go before its end.
pub async fn give_up(fs: &UserFs, name: &str, data: &[u8]) {
    let upload = fs.open_write(&path(name), PUT).await.expect("open");
    upload.write_at(0, Bytes::copy_from_slice(data)).await.expect("write");
}

/// Downloads a whole file.
pub async fn get(fs: &UserFs, name: &str) -> Result<Vec<u8>> {
    let download = fs.open_read(&path(name)).await?;
    let mut data = Vec::new();
    loop {
        let piece = download.read_at(data.len() as u64, 64 << 10).await?;
        if piece.is_empty() {
            return Ok(data);
        }
        data.extend_from_slice(&piece);
    }
}

/// Names in a directory, in order.
pub async fn names(fs: &UserFs, name: &str) -> Result<Vec<String>> {
    let mut listing = fs.list(&path(name)).await?;
    let mut names = Vec::new();
    loop {
        let entries = listing.next(3).await?;
        if entries.is_empty() {
            names.sort();
            return Ok(names);
        }
        names.extend(entries.into_iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()));
    }
}

/// Whether a rule refused it, and which one.
pub fn rule<T>(result: &Result<T>) -> Option<&'static str> {
    match result {
        Err(Error::Denied(denial)) => Some(denial.rule()),
        _ => None,
    }
}

/// The size of a name, if there is one.
pub async fn size(fs: &UserFs, name: &str) -> Option<u64> {
    match fs.stat(&path(name), true).await {
        Ok(found) => Some(found.size),
        Err(Error::NotFound) => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

/// A hash of the password `hunter2`, made in no time.
pub fn hunter2() -> String {
    let cheap = HashingParameters { algorithm: Algorithm::Bcrypt, bcrypt_cost: 4, ..HashingParameters::default() };
    hash(b"hunter2", &cheap).expect("hash")
}
