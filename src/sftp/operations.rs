//! One function for each request that is more than moving bytes. Each answers with a whole message or a failure; none
//! knows whether it runs inline or in the lane.

mod attributes;
mod copy;
mod directory;
mod file;
mod names;

use std::sync::Arc;

use bytes::BytesMut;
use entrepot_model::VirtualPath;

pub use attributes::{set_attributes, set_file_attributes, stat, stat_file, statistics};
pub use copy::{CopyRange, copy_data};
pub use directory::{make_directory, open_directory, read_directory, remove_directory};
pub use file::{close_file, open, remove, rename, sync, write};
pub use names::{expand_path, home_directory, make_symlink, read_link, real_path};

use crate::{
    context::ChannelContext,
    packet::{StatusCode, write_status},
    status::Failure,
};

/// What an operation ends with: the message that answers the request.
pub type Outcome = Result<BytesMut, Failure>;

type Context = Arc<ChannelContext>;

/// The STATUS of success.
pub fn success(id: u32) -> BytesMut {
    let mut out = BytesMut::with_capacity(40);
    write_status(&mut out, id, StatusCode::Ok, "");
    out
}

fn done(id: u32, result: entrepot_core::Result<()>) -> Outcome {
    result?;
    Ok(success(id))
}

fn message(capacity: usize, write: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let mut out = BytesMut::with_capacity(capacity);
    write(&mut out);
    out
}

fn is_root(path: &VirtualPath) -> bool {
    path.is_root()
}
