//! The server's end.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};

use entrepot_core::Core;
use entrepot_secrets::Sensitive;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
};

use super::{LIMIT, NAME, SocketPath};
use crate::{backup, data_folder::DataFolder, doctor, exit, import, reset_password, restore, saved_config, setup_url};

/// Time for each step of an exchange.
const PATIENCE: Duration = Duration::from_secs(30);

/// What commands can reach.
#[derive(Clone)]
pub(crate) struct Control {
    /// The heart.
    pub(crate) core: Core,
    /// Where links are written.
    pub(crate) folder: DataFolder,
    /// Where the setup page is.
    pub(crate) setup_bases: Vec<String>,
    /// The files that settings came from.
    pub(crate) configuration: Vec<PathBuf>,
}

/// Opens the socket. What lies in its place is left over: the lock of the database says that there is no other server.
pub(crate) fn listen(folder: &DataFolder) -> io::Result<UnixListener> {
    remove(folder);
    let socket = SocketPath::of(folder)?;
    let listener = UnixListener::bind(&socket.path)?;
    fs::set_permissions(&socket.path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Removes the socket.
pub(crate) fn remove(folder: &DataFolder) {
    let _ = fs::remove_file(folder.path().join(NAME));
}

/// Answers until the server stops.
pub(crate) async fn serve(control: Control, listener: UnixListener) {
    let stopping = control.core.tasks().stopping();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let control = control.clone();
                control.core.tasks().clone().spawn(async move {
                    if let Err(error) = exchange(&control, stream).await {
                        tracing::debug!(%error, "a command went away");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn exchange(control: &Control, mut stream: UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    let (reader, mut writer) = stream.split();
    let answer = if peer == 0 || peer == rustix::process::geteuid().as_raw() {
        let mut reader = BufReader::new(reader);
        let mut line = String::new();
        within((&mut reader).take(LIMIT as u64).read_line(&mut line)).await?;
        match serde_json::from_str::<Value>(&line) {
            Ok(request) if line.ends_with('\n') && request["command"] == "import" => {
                let content = receive(&mut reader, &request["length"]).await?;
                // It may take long, and goes on when the command goes away.
                import::load(&control.core, content, &request).await
            }
            // It reads whole databases, which may take long.
            Ok(request) if line.ends_with('\n') && request["command"] == "doctor" => doctor::examine(&control.core).await,
            Ok(request) if line.ends_with('\n') && request["command"] == "snapshot" => {
                backup::snapshot(&control.core, &control.configuration).await
            }
            Ok(request) if line.ends_with('\n') && saved_config::is_meant(&request) => {
                saved_config::answer(&control.core, &request).await
            }
            Ok(request) if line.ends_with('\n') && request["command"] == "restore" => {
                restore::take_in(&control.core, &request).await
            }
            Ok(request) if line.ends_with('\n') => within(async { Ok(perform(control, &request).await) }).await?,
            _ => Err(anyhow::anyhow!("the request cannot be understood")),
        }
    } else {
        Err(anyhow::anyhow!("only the account of the server and root may give it commands"))
    };
    let answer = answer.unwrap_or_else(|error| json!({ "ok": false, "error": exit::sentence(&error) }));
    within(writer.write_all(format!("{answer}\n").as_bytes())).await?;
    writer.shutdown().await
}

/// A step of an exchange.
async fn within<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, step).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// What follows the request.
async fn receive(reader: &mut (impl AsyncRead + Unpin), length: &Value) -> io::Result<Vec<u8>> {
    let length = length.as_u64().filter(|length| *length <= import::LIMIT).ok_or(io::ErrorKind::FileTooLarge)?;
    let mut content = Vec::new();
    let mut reader = reader.take(length);
    while (content.len() as u64) < length {
        if within(reader.read_buf(&mut content)).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(content)
}

async fn perform(control: &Control, request: &Value) -> anyhow::Result<Value> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    match text("command") {
        "ping" => {
            // An answer shows that the runtime lives; this, that the database does.
            control.core.setup_required().await?;
            Ok(json!({ "ok": true }))
        }
        "reset_password" => {
            let password = Sensitive::from(text("password"));
            reset_password::set(&control.core, text("admin"), &password).await?;
            tracing::info!(username = text("admin"), "the password of an administrator was reset on this machine");
            Ok(json!({ "ok": true }))
        }
        "setup_url" => {
            let urls = setup_url::make(&control.core, &control.folder, &control.setup_bases).await?;
            Ok(json!({ "ok": true, "urls": urls }))
        }
        other => Err(anyhow::anyhow!("this server does not know the command {other:?}: it is of another version")),
    }
}
