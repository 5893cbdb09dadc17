//! Python clients, in the virtual environment below `target/`.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{Program, Server, User};

/// What every script can use: the same bytes as [`super::bytes`]. Libraries are not looked for: asyncssh would have the linker try,
/// which, run as root with `-o /dev/null`, takes a file of that name away.
const DATA: &str = r#"
import ctypes.util, os, sys
ctypes.util.find_library = lambda name: None
def data(length, seed):
    state = (seed * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) | 1
    out = bytearray()
    while len(out) < length:
        state ^= (state << 13) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= (state << 17) & 0xFFFFFFFFFFFFFFFF
        out += state.to_bytes(8, "little")
    return bytes(out[:length])
"#;

/// The interpreter with paramiko and asyncssh.
pub fn venv_python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-venv/bin/python");
    assert!(
        python.exists(),
        "the test needs {}: python3 -m venv target/test-venv && target/test-venv/bin/pip install -r tests/requirements.txt \
         (bash .ci/run does that)",
        python.display()
    );
    python
}

/// A script with `host`, `port`, `user`, `key` and `password` as variables, and the arguments in `sys.argv[1:]`.
pub fn python(server: &Server, user: &User, script: &str, arguments: &[impl AsRef<OsStr>]) -> Program {
    let head = format!(
        "host, port, user, key, password = '127.0.0.1', {}, {:?}, {:?}, {:?}\n",
        server.sftp_address().port(),
        user.name,
        server.key().file,
        user.password
    );
    Program::new(venv_python()).args(["-u", "-c", &format!("{head}{DATA}{script}")]).args(arguments).dir(server.scratch())
}
