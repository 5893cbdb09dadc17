//! The SSH server: SFTP version 3 over it.
//!
//! **Owns** the SSH transport (host keys, algorithms, the stream below russh), the SFTP codec, the table of open handles
//! of each channel and the two lanes that answer requests. **Must not know** users, permissions, quotas, storages or
//! databases: a request becomes a typed call on a session of `core`, its answer becomes bytes. **Called by** `cli`,
//! which binds and starts [`server`](self) beside the other services.

mod algorithms;
mod batch_stream;
mod cipher_choice;
mod host_keys;
mod lane;
mod long_name;
mod packet;
mod pool;
mod status;
