//! The SSH server: SFTP version 3, SCP and a few commands over it.
//!
//! **Owns** the SSH transport (host keys, algorithms, the stream below russh), the SFTP codec, the table of open handles
//! of each channel and the two lanes that answer requests. **Must not know** users, permissions, quotas, storages or
//! databases: a request becomes a typed call on a session of `core`, its answer becomes bytes. **Called by** `cli`,
//! which makes an [`SshServer`] and tells it where to listen.
//!
//! # The way of a request
//!
//! ```text
//! socket -> BatchStream -> russh -> SshHandler -> Channel: Assembler -> Message -> inline answer
//!                            ^                                                  -> Lane -> core -> answer
//!                            +--------------- data, in messages of 256 KiB ------------------------+
//! ```
//!
//! The task of an SSH session must never wait: not for a storage, not for the client. See `channel` and `lane`.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have a runtime and folders of their own"))]

mod algorithms;
mod authority;
mod batch_stream;
mod channel;
mod cipher_choice;
mod connection;
mod context;
mod descriptors;
mod exec;
mod group_exchange;
mod handler;
mod handles;
mod host_key_service;
mod host_keys;
mod lane;
mod listening;
mod login;
mod long_name;
mod negotiated;
mod operations;
mod packet;
mod pool;
mod scp;
mod server;
mod start;
mod status;
mod transport;
mod verifier;

pub use algorithms::{Algorithms, UnknownAlgorithm};
pub use authority::{AuthorityError, Revocations};
pub use host_keys::{HostKey, HostKeyError};
pub use listening::Listening;
pub use server::SshServer;
pub use start::{StartError, rehearse};
