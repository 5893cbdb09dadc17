//! Where the files of tests lie.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use entrepot_core::{
    Result, Tasks,
    fs::door::{BuiltInStorages, StorageRequest, Storages},
};
use entrepot_storage::{
    Backend,
    memory::{FaultPlan, MemoryBackend, MemoryOptions, MemoryWrites},
};
use parking_lot::Mutex;

/// The storages of the build; and below `/objects`, storages of another kind, in memory.
#[derive(Default)]
pub(super) struct TestStorages(Mutex<HashMap<PathBuf, Arc<MemoryBackend>>>);

impl Storages for TestStorages {
    fn open(&self, request: &StorageRequest<'_>, tasks: &Tasks) -> Result<Arc<dyn Backend>> {
        if !request.root.starts_with("/objects") {
            return BuiltInStorages.open(request, tasks);
        }
        let writes = MemoryWrites::Sequential { part_size: 8, resumable: true };
        let options = MemoryOptions { writes, faults: FaultPlan::default() };
        let mut storages = self.0.lock();
        Ok(storages.entry(request.root.clone()).or_insert_with(|| Arc::new(MemoryBackend::new(options))).clone())
    }
}
