//! What the tests stand on: a server of the built binary in a folder of its own, and the clients that people use.
//!
//! Nothing here sleeps for a fixed time, and ports are always chosen by the system, so that all tests run at once. A client
//! that is missing is a failure which says what to install: a test that is skipped in silence proves nothing.

#![allow(dead_code, reason = "each module of tests uses a part")]

mod acme;
mod api;
mod cutting;
mod database;
mod files;
mod node;
mod openssh;
mod process;
mod python;
mod server;

pub use acme::{Authority, served_certificate};
pub use api::Api;
pub use cutting::CuttingProxy;
pub use files::{Disk, bytes, read_tree};
pub use node::node;
pub use openssh::{Key, OpenSsh, ssh_options};
pub use process::{Finished, Program, eventually, require};
pub use python::{python, venv_python};
pub use server::{ADMIN, ADMIN_PASSWORD, Server, Settings, User, binary, free_port};
