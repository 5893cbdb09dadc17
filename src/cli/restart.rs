//! Starting again in place: the same process runs the program anew, with the arguments and the environment it had. Service
//! managers, containers and start scripts notice nothing.

use std::{env, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

use entrepot_net::inherited;

use crate::exit::Failure;

/// Replaces this process. It answers only if that fails.
pub(crate) fn again() -> anyhow::Error {
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    // After an upgrade the path of the running program is that of a file that is gone; what was typed finds the new one.
    let program = env::current_exe().ok().filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(&name));
    let sockets = match inherited::hand_on() {
        Ok(sockets) => sockets,
        Err(error) => {
            return Failure::plain(format!("the sockets of the service manager cannot be kept: {error}; start the server"));
        }
    };
    let error = Command::new(&program).arg0(&name).args(arguments).envs(sockets).exec();
    Failure::plain(format!("the server could not start itself again ({}: {error}); start it", program.display()))
}
