//! The program: everything is in the rooms, the command line in `entrepot-cli`.
//!
//! A static build pins the name service before anything else runs (two calls into glibc, the only `unsafe` outside of
//! `storage::system`); that comes with the packages and belongs into the first lines here.

use std::process::ExitCode;

fn main() -> ExitCode {
    entrepot_cli::run()
}
