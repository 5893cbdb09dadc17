//! Counts the transactions that touched what administrators are made of, so that what was read of them may be kept until
//! then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use rusqlite::{Connection, hooks::Action};

use crate::StoreError;

/// Tables that an administrator is read from. The engine reports nothing of `admin_group`, which has no row ids; whoever writes
/// to it writes to `admin` or `user_group` as well, in the same transaction.
const TABLES: [&str; 3] = ["admin", "role", "user_group"];

/// The counter. Clones count together.
#[derive(Clone, Default)]
pub(crate) struct Changes(Arc<State>);

#[derive(Default)]
struct State {
    /// Transactions that ended.
    ended: AtomicU64,
    /// The open transaction touched one of the tables.
    touched: AtomicBool,
}

impl Changes {
    /// Notices what this connection changes from now on.
    pub(super) fn watch(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let state = Arc::clone(&self.0);
        connection.update_hook(Some(move |_: Action, _: &str, table: &str, _: i64| {
            if TABLES.contains(&table) {
                state.touched.store(true, Ordering::Relaxed);
            }
        }))?;
        Ok(())
    }

    /// A transaction ended, and nobody was told yet.
    pub(super) fn ended(&self) {
        if self.0.touched.swap(false, Ordering::Relaxed) {
            self.0.ended.fetch_add(1, Ordering::Release);
        }
    }

    /// What was read after this number was taken holds for as long as it is the same.
    pub(crate) fn generation(&self) -> u64 {
        self.0.ended.load(Ordering::Acquire)
    }
}
