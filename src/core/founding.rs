//! A server becomes somebody's once: by its first administrator, or by a backup that it takes in.

use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

/// While a backup is taken in.
const RESTORING: i32 = -1;

/// What goes on: so many first administrators, or [`RESTORING`]. The database decides among administrators.
#[derive(Clone, Debug, Default)]
pub(crate) struct Founding(Arc<AtomicI32>);

/// Something that goes on; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Running(Option<Arc<AtomicI32>>);

impl Founding {
    /// An administrator is being made. `None` while a backup is taken in, for that would be lost.
    pub(crate) fn set_up(&self) -> Option<Running> {
        let more = |running: i32| (running >= 0).then_some(running + 1);
        let entered = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        entered.is_ok().then(|| Running(Some(self.0.clone())))
    }

    /// A backup is taken in. `None` while anything else goes on.
    pub(crate) fn restore(&self) -> Option<Running> {
        let entered = self.0.compare_exchange(0, RESTORING, Ordering::SeqCst, Ordering::SeqCst);
        entered.is_ok().then(|| Running(Some(self.0.clone())))
    }
}

impl Running {
    /// It goes on until the process ends.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            let less = |running: i32| Some(if running == RESTORING { 0 } else { running - 1 });
            let _ = state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // BKP-026
    #[test]
    fn backup_and_first_administrator_exclude_each_other() {
        let founding = Founding::default();
        let (first, second) = (founding.set_up().expect("free"), founding.set_up().expect("the database decides"));
        assert!(founding.restore().is_none());
        drop(first);
        assert!(founding.restore().is_none());
        drop(second);
        let restoring = founding.restore().expect("free");
        assert!(founding.restore().is_none() && founding.set_up().is_none());
        drop(restoring);
        founding.restore().expect("the first one failed").keep();
        assert!(founding.set_up().is_none(), "the server is about to start again");
    }
}
