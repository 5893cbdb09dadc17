//! The system calls that file storage is made of: resolving a path beneath a root, telling fast file systems from slow
//! ones, reading what the page cache holds. All of it through rustix, so nothing here needs `unsafe`.
//!
//! Everything takes directory descriptors and one name; absolute paths appear only where an administrator wrote them.

mod class;
mod inode;
mod io;
mod resolve;

pub(crate) use class::FileClass;
pub(crate) use inode::{chmod, chown, create_file, give, kind_of, make_directory, metadata, set_times, truncate};
pub(crate) use io::{fill, first_gap, read_cached, read_up_to, write_all};
pub use resolve::Resolution;
pub(crate) use resolve::{Resolver, split};
