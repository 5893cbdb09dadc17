//! Transfers: uploads and downloads as leases on state that the core owns.
//!
//! An [`Upload`] ends in one of two ways. [`Upload::commit`] gives the file its name. Everything else (an abort, a lost
//! connection, a killed process) leaves a partial or nothing, never a short file under the final name.

mod beside;
pub(crate) mod departed;
pub(crate) mod digest;
mod download;
mod lost;
pub(crate) mod names;
mod opening;
pub(crate) mod overlay;
pub(crate) mod partials;
pub(crate) mod reaper;
pub(crate) mod recovery;
mod settlement;
mod suspend;
mod upload;
mod upload_end;
mod upload_hooks;
pub(crate) mod waiting;

pub use download::Download;
pub(crate) use names::Busy;
pub(crate) use opening::Continued;
pub use opening::OpenWrite;
pub(crate) use settlement::Settlement;
pub(crate) use settlement::{TransferAllowance, allowance, allowance_of, quota_of, store_late};
pub(crate) use suspend::part_size;
pub use upload::Upload;
pub(crate) use upload::{Target, UploadFacts, UploadState};
pub(crate) use upload_end::stop as stop_upload;
pub(crate) use upload_end::{durability, present as upload_end_present};
