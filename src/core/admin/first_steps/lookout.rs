//! Looks at folders that may never answer: those of a network whose server is gone, or of a disk that is dying.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use entrepot_storage::local::alone;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, timeout};

use crate::{Error, Result};

/// Time that a folder has to answer.
pub(in crate::admin) const PATIENCE: Duration = Duration::from_secs(5);
/// Pause before it is looked again whether a look of somebody else is over.
const PAUSE: Duration = Duration::from_millis(50);
/// Looks that may hang at once. The kernel lets none of their threads go before the folder answers.
const MOST: usize = 8;

/// One look at a time, each on a thread of its own, and for each folder one at most.
#[derive(Default)]
pub(crate) struct Lookout {
    turn: tokio::sync::Mutex<()>,
    /// Folders with a look that is not over, and whether somebody has waited for it in vain.
    open: Arc<Mutex<HashMap<PathBuf, bool>>>,
}

/// A look that is going on.
struct Look {
    open: Arc<Mutex<HashMap<PathBuf, bool>>>,
    path: PathBuf,
}

impl Drop for Look {
    fn drop(&mut self) {
        self.open.lock().remove(&self.path);
    }
}

impl Lookout {
    /// What `job` finds out about the folder `path`; nothing if that does not answer in time, or did not the last time and has
    /// not since.
    ///
    /// # Errors
    /// `Internal` if there is no thread for it.
    pub(in crate::admin) async fn look<T: Send + 'static>(
        &self,
        path: &Path,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>> {
        self.look_within(PATIENCE, path, job).await
    }

    /// The same, for a job that may take as long as this.
    ///
    /// # Errors
    /// As [`Lookout::look`].
    pub(crate) async fn look_within<T: Send + 'static>(
        &self,
        patience: Duration,
        path: &Path,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let _turn = self.turn.lock().await;
        let Some(look) = self.begin(patience, path).await else { return Ok(None) };
        let work = move || {
            let found = job();
            drop(look);
            found
        };
        let told = alone::start(work).map_err(|error| Error::internal("looking at a folder", error))?;
        match timeout(patience, told).await {
            Ok(found) => found.map(Some).map_err(|error| Error::internal("looking at a folder", error)),
            Err(_) => {
                if let Some(in_vain) = self.open.lock().get_mut(path) {
                    *in_vain = true;
                }
                Ok(None)
            }
        }
    }

    /// Notes that the look begins, after one whose asker went away.
    async fn begin(&self, patience: Duration, path: &Path) -> Option<Look> {
        let until = Instant::now() + patience;
        loop {
            {
                let mut open = self.open.lock();
                match open.get(path) {
                    None if open.len() >= MOST => return None,
                    None => {
                        open.insert(path.to_owned(), false);
                        return Some(Look { open: self.open.clone(), path: path.to_owned() });
                    }
                    Some(true) => return None,
                    Some(false) if Instant::now() >= until => return None,
                    Some(false) => {}
                }
            }
            sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    // UI-201
    #[tokio::test]
    async fn folder_that_does_not_answer_is_given_up_until_it_does() {
        let (short, long) = (Duration::from_millis(5), Duration::from_secs(600));
        let lookout = Lookout::default();
        let (answer, waits) = mpsc::channel::<()>();
        let dead = Path::new("/mnt/dead");
        assert_eq!(lookout.look_within(short, dead, move || waits.recv().unwrap_or(())).await.unwrap(), None);
        // Nobody waits for it again, and other folders are looked at.
        assert_eq!(lookout.look_within(long, dead, || ()).await.unwrap(), None);
        assert_eq!(lookout.look_within(long, Path::new("/srv"), || 1).await.unwrap(), Some(1));
        answer.send(()).unwrap();
        let is_over = async {
            while lookout.open.lock().contains_key(dead) {
                sleep(PAUSE).await;
            }
        };
        timeout(long, is_over).await.expect("the look is over");
        assert_eq!(lookout.look_within(long, dead, || 2).await.unwrap(), Some(2));
    }
}
