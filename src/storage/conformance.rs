//! What every backend must do, run against every backend.
//!
//! A case is a function over `&dyn Backend` that asks the capabilities what to expect. Local storage runs it three times:
//! with `openat2`, component by component, and with everything through the pool.

#![allow(clippy::disallowed_methods, reason = "the tests look at the files behind the backend")]

mod confinement;
mod directories;
mod faults;
mod links;
mod local_files;
mod names;
mod race;
mod reads;
mod sequential;
mod uploads;

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::{
    Backend, Capabilities, CommitOptions, Error, ErrorKind, Pool, StageOptions, StagedFile, VirtualPath, WriteFile,
    local::{LocalBackend, LocalOptions, Resolution},
    memory::{MemoryBackend, MemoryOptions, MemoryWrites},
};

/// Part size of the sequential storage: small, so that tests cross it.
const PART: u64 = 1000;

/// Runs every case on every backend, each as a test of its own.
macro_rules! on_every_backend {
    ($($case:ident),* $(,)?) => {
        on_every_backend!(@ openat2 ($crate::conformance::local($crate::local::Resolution::Openat2)) $($case)*);
        on_every_backend!(@ components ($crate::conformance::local($crate::local::Resolution::Components)) $($case)*);
        on_every_backend!(@ pooled ($crate::conformance::pooled()) $($case)*);
        on_every_backend!(@ memory_random ($crate::conformance::memory_random()) $($case)*);
        on_every_backend!(@ memory_sequential ($crate::conformance::memory_sequential()) $($case)*);
    };
    (@ $kind:ident ($make:expr) $($case:ident)*) => {
        mod $kind {
            $(
                #[tokio::test]
                async fn $case() {
                    let subject = $make;
                    subject.backend.check_root().await.expect("root");
                    super::$case(&*subject.backend).await;
                }
            )*
        }
    };
}
use on_every_backend;

/// A backend under test and, for local ones, the folders around it.
struct Subject {
    backend: Box<dyn Backend>,
    /// Holds `root` (that of the backend) and may hold things that the backend must never reach.
    folder: TempDir,
}

impl Subject {
    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }
}

fn pool() -> Pool {
    Pool::new("test", Handle::current(), 8)
}

fn local_with(change: impl FnOnce(&mut LocalOptions)) -> Subject {
    let folder = tempfile::tempdir().expect("folder");
    let mut options = LocalOptions::new(pool());
    change(&mut options);
    Subject { backend: Box::new(LocalBackend::new(folder.path().join("root"), options)), folder }
}

fn local(resolution: Resolution) -> Subject {
    local_with(|options| options.resolution = resolution)
}

fn pooled() -> Subject {
    local_with(|options| options.assume_slow = true)
}

fn memory(writes: MemoryWrites) -> Subject {
    let backend = MemoryBackend::new(MemoryOptions { writes, ..MemoryOptions::default() });
    Subject { backend: Box::new(backend), folder: tempfile::tempdir().expect("folder") }
}

fn memory_random() -> Subject {
    memory(MemoryWrites::Random)
}

fn memory_sequential() -> Subject {
    memory(MemoryWrites::Sequential { part_size: PART, resumable: true })
}

fn path(text: impl AsRef<[u8]>) -> VirtualPath {
    VirtualPath::parse(text.as_ref()).expect("a valid path")
}

fn staging(id: &str) -> StageOptions {
    StageOptions { id: id.to_owned(), ..StageOptions::default() }
}

fn replacing() -> CommitOptions {
    CommitOptions { replace: true, ..CommitOptions::default() }
}

/// Writes as the rooms above do: at once if that is possible, else in the slow way.
async fn write(file: &(impl WriteFile + ?Sized), offset: u64, data: &[u8]) -> crate::Result<()> {
    if file.try_write_at(offset, data)? {
        return Ok(());
    }
    file.write_at(offset, Bytes::copy_from_slice(data)).await
}

async fn stage(backend: &dyn Backend, target: &str, id: &str) -> Arc<dyn StagedFile> {
    backend.stage(&path(target), staging(id)).await.expect("stage")
}

async fn put(backend: &dyn Backend, target: impl AsRef<[u8]>, data: &[u8]) {
    let target = path(target);
    let file = backend.stage(&target, staging("put")).await.expect("stage");
    write(&*file, 0, data).await.expect("write");
    file.commit(&target, replacing()).await.expect("commit");
}

async fn get(backend: &dyn Backend, source: impl AsRef<[u8]>) -> crate::Result<Vec<u8>> {
    let file = backend.open_read(&path(source)).await?;
    Ok(file.read_at(0, 1 << 20).await?.to_vec())
}

async fn list(backend: &dyn Backend, directory: &str) -> crate::Result<Vec<Vec<u8>>> {
    let mut stream = backend.list(&path(directory)).await?;
    let mut names = Vec::new();
    loop {
        let entries = stream.next(100).await?;
        if entries.is_empty() {
            names.sort();
            return Ok(names);
        }
        names.extend(entries.into_iter().map(|entry| entry.name));
    }
}

async fn mkdir(backend: &dyn Backend, directory: &str) {
    backend.create_directory(&path(directory), crate::Owner::default(), None).await.expect("directory");
}

/// The kind of an expected error.
fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => error.kind(),
    }
}

fn has_real_directories(capabilities: &Capabilities) -> bool {
    capabilities.directories == crate::Directories::Real
}
