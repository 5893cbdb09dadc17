//! Entrepot: started with an empty data folder, the administrator out of the environment, the user
//! through the REST interface, with quota, policy and audit on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::certificate::Certificate;
use super::{Launch, Server, free_port};
use crate::client::Target;
use crate::http::{Authorization, request};

const ADMIN: &str = "bench-admin";
const PASSWORD: &str = "bench-Password-7c1d";
/// The user whose files are transferred.
pub const USER: &str = "bench";

/// Name of the data folder.
const DATA: &str = "data";

/// A database of the server, which must not run.
pub fn database(server: &Server, name: &str) -> Result<Connection> {
    let path = server.files.with_file_name(DATA).join(name);
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let connection = connection.with_context(|| path.display().to_string())?;
    // It is filled once, from nothing that would be missed.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144")?;
    Ok(connection)
}

/// Builds the release binary of this checkout and returns its path.
pub fn build() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(["build", "--release", "--bin", "entrepot"]).current_dir(&root).status().context("cargo")?;
    ensure!(status.success(), "the build failed");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    Ok(target.unwrap_or_else(|| root.join("target")).join("release/entrepot"))
}

/// Starts Entrepot in `directory`, which must not exist, and makes the user for the key.
pub fn start(
    label: &'static str,
    program: &Path,
    directory: &Path,
    target: &Target,
    certificate: &Certificate,
) -> Result<Server> {
    // Beside each other: a storage root may neither contain the data folder nor lie in it.
    let (data, files) = (directory.join(DATA), directory.join("files"));
    fs::create_dir_all(&data)?;
    fs::create_dir_all(&files)?;
    let (sftp, http, https) = (free_port()?, free_port()?, free_port()?);
    let launch = Launch {
        program: program.canonicalize().with_context(|| program.display().to_string())?,
        arguments: vec!["serve".into(), "--data-dir".into(), data.to_str().context("the path is not UTF-8")?.into()],
        environment: environment(sftp, http, https, certificate),
        log: directory.join("log"),
        other_ports: vec![http, https],
    };
    let public_key = fs::read_to_string(target.key_file.with_extension("pub"))?;
    let target = Target { port: sftp, user: USER.into(), ..target.clone() };
    let server = Server::start(label, target, files.clone(), String::new(), launch)?;
    make_user(http, &files, public_key.trim())?;
    Ok(server)
}

fn environment(sftp: u16, http: u16, https: u16, certificate: &Certificate) -> Vec<(String, String)> {
    [
        ("ENTREPOT_SFTPD__BINDINGS__0__PORT", sftp.to_string().as_str()),
        ("ENTREPOT_SFTPD__BINDINGS__0__ADDRESS", "127.0.0.1"),
        ("ENTREPOT_HTTPD__BINDINGS__0__PORT", http.to_string().as_str()),
        ("ENTREPOT_HTTPD__BINDINGS__0__ADDRESS", "127.0.0.1"),
        ("ENTREPOT_HTTPD__BINDINGS__0__ENABLE_HTTPS", "false"),
        ("ENTREPOT_HTTPD__BINDINGS__1__PORT", https.to_string().as_str()),
        ("ENTREPOT_HTTPD__BINDINGS__1__ADDRESS", "127.0.0.1"),
        ("ENTREPOT_HTTPD__BINDINGS__1__ENABLE_HTTPS", "true"),
        ("ENTREPOT_HTTPD__BINDINGS__1__REDIRECT_TO_HTTPS", "false"),
        ("ENTREPOT_HTTPD__BINDINGS__1__CERTIFICATE_FILE", &certificate.file.to_string_lossy()),
        ("ENTREPOT_HTTPD__BINDINGS__1__CERTIFICATE_KEY_FILE", &certificate.key_file.to_string_lossy()),
        ("ENTREPOT_DATA_PROVIDER__CREATE_DEFAULT_ADMIN", "true"),
        ("ENTREPOT_DEFAULT_ADMIN_USERNAME", ADMIN),
        ("ENTREPOT_DEFAULT_ADMIN_PASSWORD", PASSWORD),
        // All clients of a benchmark come from one address.
        ("ENTREPOT_COMMON__MAX_PER_HOST_CONNECTIONS", "0"),
        ("ENTREPOT_COMMON__MAX_PER_HOST_TRANSFERS", "0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A token of the administrator.
pub fn token(http: u16) -> Result<String> {
    let answer = request(http, "GET", "/api/v2/token", &Authorization::Basic(ADMIN, PASSWORD), None)?;
    Ok(answer["access_token"].as_str().context("no access_token")?.to_owned())
}

/// A token of the user.
pub fn user_token(http: u16) -> Result<String> {
    let answer = request(http, "GET", "/api/v2/user/token", &Authorization::Basic(USER, PASSWORD), None)?;
    Ok(answer["access_token"].as_str().context("no access_token")?.to_owned())
}

fn make_user(http: u16, files: &Path, public_key: &str) -> Result<()> {
    let token = token(http)?;
    let user = json!({
        "username": USER,
        "status": 1,
        "password": PASSWORD,
        "home_dir": files,
        "public_keys": [public_key],
        "permissions": { "/": ["*"] },
        // Far away, but there: each transfer reserves and settles.
        "quota_size": 1_u64 << 50,
        "quota_files": 100_000_000,
    });
    request(http, "POST", "/api/v2/users", &Authorization::Bearer(&token), Some(&user))?;
    Ok(())
}
