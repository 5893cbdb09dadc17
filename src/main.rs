//! The program: everything is in the rooms, the command line in `entrepot-cli`.

mod program_pages;

use std::process::ExitCode;

/// A static build of glibc obeys the host's `/etc/nsswitch.conf` and loads the host's modules, which bring the host's C
/// library into the process: one of another version ends it with a signal. What is inside the program is enough.
#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
mod name_service {
    #![allow(unsafe_code, reason = "glibc has no other way to say this, and no crate wraps it")]

    use std::ffi::{CStr, c_char, c_int};

    unsafe extern "C" {
        /// Sets the services of a database as `nsswitch.conf` would (glibc's `nss.h`).
        fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
    }

    const PINS: [(&CStr, &CStr); 3] = [(c"hosts", c"files dns"), (c"passwd", c"files"), (c"group", c"files")];

    /// Must run before anything looks up a name, and before there is a second thread.
    pub(crate) fn pin() {
        for (database, services) in PINS {
            // SAFETY: both are static, terminated strings; glibc copies what it keeps. No other thread runs yet.
            unsafe { __nss_configure_lookup(database.as_ptr(), services.as_ptr()) };
        }
    }
}

fn main() -> ExitCode {
    #[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
    name_service::pin();
    entrepot_cli::run(program_pages::let_go)
}
