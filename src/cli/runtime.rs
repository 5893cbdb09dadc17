//! The main runtime. HTTP has runtimes of its own (decisions, section 10).

use std::{thread, time::Duration};

use tokio::runtime::{Builder, Runtime};

/// More workers than this only cost memory: the work of a connection is cryptography, and the disk has its own threads.
const MOST_WORKERS: usize = 4;
/// Blocking threads; core's pools bound what runs in them at once.
const BLOCKING_THREADS: usize = 64;
/// Idle blocking threads end after this, with their stacks.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Processors that this process may use.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The runtime of a server.
pub(crate) fn build() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(processors().min(MOST_WORKERS))
        .max_blocking_threads(BLOCKING_THREADS.max(processors() * 10))
        .thread_keep_alive(KEEP_ALIVE)
        .thread_name("entrepot")
        .enable_all()
        .build()
}

/// The runtime of a command that runs beside a server or instead of one.
pub(crate) fn build_small() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).max_blocking_threads(4).thread_keep_alive(KEEP_ALIVE).enable_all().build()
}
