//! JavaScript clients, installed below `target/`.

use std::{ffi::OsStr, path::Path};

use super::{Program, Server, require};

/// A script for Node that loads clients with `load(name)`, and has the arguments in `args`.
pub fn node(server: &Server, script: &str, arguments: &[impl AsRef<OsStr>]) -> Program {
    require("node", "nodejs");
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-node");
    assert!(
        clients.join("node_modules").is_dir(),
        "the test needs {}: copy tests/node/package*.json there and run npm ci (bash .ci/run does that)",
        clients.display()
    );
    let head = format!(
        "const load = require('module').createRequire({:?}); const args = process.argv.slice(1);\n",
        clients.join("package.json")
    );
    Program::new("node").args(["-e", &format!("{head}{script}"), "--"]).args(arguments).dir(server.scratch())
}
