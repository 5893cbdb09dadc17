//! `entrepot portable`: one folder, one user, until Ctrl-C. Nothing is kept: the database is in memory, the host keys are
//! made for this run.

mod user;

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use entrepot_config::{Loaded, Sources};
use entrepot_core::admin::{AdminSession, users};
use entrepot_secrets::random_token;
use entrepot_store::{Store, StoreOptions};
use serde_json::json;
use tracing::Level;

use crate::{
    announce,
    arguments::Portable,
    exit::{self, Failure},
    house::{House, HouseOptions},
    load,
    logging::{self, LogOptions},
    runtime,
    signals::Signals,
    terminal,
};
use user::Person;

/// PORT-010
const FIRST_PORT: u16 = 49152;
const PORTS: u64 = 15_000;
/// How many of them are tried before the system may choose.
const TRIES: usize = 20;

/// Serves the folder.
///
/// # Errors
/// Whatever keeps it from starting.
pub(crate) fn run(command: &Portable) -> anyhow::Result<()> {
    let folder = fs::canonicalize(&command.directory)
        .ok()
        .filter(|path| path.is_dir())
        .ok_or_else(|| Failure::plain(format!("there is no folder {}", command.directory.display())))?;
    let person = Person::from_flags(command, &folder)?;
    let keys = KeyFolder::make().context("no folder for the host keys of this run can be made")?;
    let loaded = settings(command, keys.path())?;
    let mut options = LogOptions::silent();
    if let Some(path) = command.log.log_file_path.as_deref().filter(|path| !path.is_empty()) {
        let path = std::path::absolute(path)?;
        options = LogOptions::from_settings(&loaded.settings.log, |_| path.clone());
    }
    options.terminal = Some(Level::WARN);
    let (_log, trouble) = logging::start(options)?;
    if let Some(trouble) = trouble {
        eprintln!("entrepot: {trouble}");
    }
    let runtime = runtime::build().context("the threads of the server cannot be started")?;
    let outcome = runtime.block_on(serve(command, &folder, person, keys, loaded));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Defaults, the file if one was named, and what the flags say. The environment is not read.
fn settings(command: &Portable, keys: &Path) -> anyhow::Result<Loaded> {
    let mut sources = Sources::new(std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")));
    sources.config_file = command.config_file.as_ref().map(std::path::absolute).transpose()?;
    load::add_log_flags(&mut sources, &command.log);
    let mut set = |key: &str, value: serde_json::Value| sources.overrides.push((key.to_owned(), value));
    set("data_provider.driver", "memory".into());
    set("data_provider.name", "".into());
    set("httpd.bindings", json!([]));
    set("telemetry.bind_port", 0.into());
    set("sftpd.host_keys", json!([keys.join("id_ed25519"), keys.join("id_rsa")]));
    if command.log.log_file_path.is_none() {
        set("log.file_path", "".into());
    }
    // Given, random (PORT-010) or any that is free: a port of 0 would mean that nothing listens.
    let port = if command.sftpd_port == 0 { FIRST_PORT } else { command.sftpd_port };
    set("sftpd.bindings", json!([{ "port": port, "address": command.address }]));
    Ok(entrepot_config::load(sources)?)
}

async fn serve(command: &Portable, folder: &Path, person: Person, keys: KeyFolder, loaded: Loaded) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("signals")?;
    let house = start(command, &loaded).await?;
    // They are in memory now.
    drop(keys);
    let outcome = users::add(&house.core, &AdminSession::system(), person.user(folder)).await;
    if let Err(error) = outcome {
        house.stop(Duration::ZERO).await;
        return Err(Failure::with_code(exit::USAGE, format!("this user cannot be made: {error}")));
    }
    print_ready(&house, command, folder, &person);
    signals.stop().await;
    println!("\nEnded.");
    tokio::select! {
        _ = house.stop(Duration::from_secs(u64::from(command.grace_time))) => Ok(()),
        () = signals.stop() => Err(Failure::plain("ended at once by a second signal")),
    }
}

/// Starts on the port that was asked for, or on one of those for random ports.
async fn start(command: &Portable, loaded: &Loaded) -> anyhow::Result<House> {
    for attempt in 0..=TRIES {
        let mut settings = loaded.settings.clone();
        let is_last = command.sftpd_port != 0 || attempt == TRIES;
        if command.sftpd_port == 0 {
            settings.sftpd.bindings.iter_mut().for_each(|binding| binding.port = random_port());
        }
        let started = House::start(HouseOptions {
            settings,
            configuration: None,
            // No storage root holds or lies in a relative folder: the one that is served may be any.
            data_directory: PathBuf::from("portable"),
            store: Store::open(StoreOptions::in_memory())?,
            any_port: command.sftpd_port == 0 && is_last,
            web: false,
            default_admin: None,
            load_initial_data: false,
        })
        .await;
        match started {
            Err(error) if !is_last && is_taken(&error) => {}
            other => return other,
        }
    }
    Err(Failure::plain("no port is free"))
}

fn is_taken(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(entrepot_net::NetError::InUse { .. }))
}

fn random_port() -> u16 {
    // The hasher of the standard library is seeded by the system; nothing depends on these numbers being secret.
    let number = RandomState::new().hash_one(0) % PORTS;
    FIRST_PORT + u16::try_from(number).unwrap_or_default()
}

/// PORT-009
fn print_ready(house: &House, command: &Portable, folder: &Path, person: &Person) {
    println!("Serving {} to one user; Ctrl-C ends it.\n", folder.display());
    let Some(listener) = house.ssh.addresses().first().copied() else { return };
    let hosts = announce::hosts(listener);
    for (index, host) in hosts.iter().enumerate() {
        let label = if index == 0 { "Connect" } else { "" };
        println!("  {label:<12} {}", announce::sftp_command(&command.username, host, listener.port()));
    }
    println!("  {:<12} {}", "User", command.username);
    println!("  {:<12} {}", "Password", person.shown_password());
    for key in &command.public_key {
        println!("  {:<12} {}", "Key", key.split(' ').nth(2).unwrap_or("as given"));
    }
    println!("  {:<12} {}", "May", command.permissions.join(", "));
    for patterns in
        command.allowed_patterns.iter().map(|p| ("Only names", p)).chain(command.denied_patterns.iter().map(|p| ("No names", p)))
    {
        println!("  {:<12} {}", patterns.0, patterns.1);
    }
    print!("{}", announce::host_keys(&house.host_keys()));
    if let Some(host) = hosts.first() {
        let url = format!("sftp://{}@{host}:{}/", command.username, listener.port());
        if let Some(picture) = terminal::qr(&url, terminal::is_terminal()) {
            println!("\n{url}\n{picture}");
        }
    }
}

/// A private folder for the host keys while they are made and loaded.
struct KeyFolder(PathBuf);

impl KeyFolder {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("entrepot-{}", random_token(16)));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for KeyFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // PORT-010
    #[test]
    fn random_ports_are_above_the_registered_ones() {
        for _ in 0..1000 {
            assert!((FIRST_PORT..FIRST_PORT + 15_000).contains(&random_port()));
        }
    }

    #[test]
    fn keys_of_a_run_leave_nothing_behind() {
        let folder = KeyFolder::make().expect("made");
        let path = folder.path().to_owned();
        fs::write(path.join("id_ed25519"), "x").expect("written");
        drop(folder);
        assert!(!path.exists());
    }
}
