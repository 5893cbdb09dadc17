//! The steps after the first administrator: where files live, whether the listeners answer, whether a name leads here. Each is
//! tried out, not only asked for.

mod lookout;
mod nightly;
mod places;
mod reach;

use entrepot_model::AdminPermission as P;
pub use entrepot_storage::local::{
    disks::Disk,
    trial::{FolderTrial, TRIAL_SIZE, TrialStep},
};

pub(crate) use lookout::Lookout;
pub(super) use lookout::PATIENCE;
pub use nightly::{PASSPHRASES, choose_backup};
pub use places::{Place, Trouble, choose_place, places};
pub use reach::{Reach, addresses, believed, choose_reach, has_several_names};

use super::AdminSession;
use crate::{Core, Error, Knock, Result};

/// Knocks at every listener of the server.
///
/// # Errors
/// `Denied` without `*`.
pub async fn knock(core: &Core, session: &AdminSession) -> Result<Vec<Knock>> {
    session.require(P::Any)?;
    let Some(examiner) = core.services().examiner() else { return Ok(Vec::new()) };
    run(core, move || examiner.knock()).await
}

async fn run<T: Send + 'static>(core: &Core, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    core.tasks().storage().run(job).await.map_err(|error| Error::internal("looking at this machine", error))
}
