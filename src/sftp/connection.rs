//! One SSH connection from accept to its end: what bounds it in time.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entrepot_core::{Peer, Session, Tasks};
use entrepot_net::{Accepted, Permit};
use parking_lot::Mutex;
use russh::{
    Disconnect,
    server::{Handle, RunningSession, run_stream},
};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::{
    batch_stream::BatchStream,
    cipher_choice::{Introduction, introduce},
    descriptors::HandleBudget,
    handler::{Batching, SshHandler},
    login::Login,
    server::Service,
};

/// Time for the whole handshake and login (SSH-003).
const LOGIN_LIMIT: Duration = Duration::from_secs(120);
/// Time for a client to go after it was told to.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);
/// How often a connection without channels is looked at (SSH-029).
const IDLE_CHECK: Duration = Duration::from_secs(30);

/// What the parts of a connection share.
pub struct Connection {
    /// Its part in the ids of sessions: hexadecimal (SSH-026).
    pub id: String,
    /// Where tasks are started.
    pub tasks: Tasks,
    /// Text before the login.
    pub banner: Option<String>,
    /// Whether listings begin with `.` and `..`.
    pub dot_entries: bool,
    /// Room for handles, shared by all connections.
    pub handles: HandleBudget,
    /// Set once a file subsystem has begun.
    pub batching: Batching,
    /// Cancelled once somebody has logged in.
    pub authenticated: CancellationToken,
    /// Cancelling it tells the client to go: an administrator closed a session on it (API-064).
    pub closing: CancellationToken,
    /// Cancelling it ends the connection at once.
    pub cut: CancellationToken,
    usage: Arc<Usage>,
}

/// How many channels carry something now, and since when none does.
struct Usage {
    channels: AtomicUsize,
    unused_since: Mutex<Instant>,
}

/// A channel that carries something, for as long as this lives.
pub struct OpenChannel(Arc<Usage>);

impl Drop for OpenChannel {
    fn drop(&mut self) {
        *self.0.unused_since.lock() = Instant::now();
        self.0.channels.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection {
    fn new(service: &Service) -> Self {
        Self {
            id: uuid::Uuid::new_v4().simple().to_string(),
            tasks: service.core.tasks().clone(),
            banner: service.banner.clone(),
            dot_entries: service.dot_entries,
            handles: service.handles.clone(),
            batching: Batching::default(),
            authenticated: CancellationToken::new(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
            usage: Arc::new(Usage { channels: AtomicUsize::new(0), unused_since: Mutex::new(Instant::now()) }),
        }
    }

    /// Counts a channel that begins to carry something. Who ends its session from outside ends the connection.
    pub fn open_channel(&self, session: &Session) -> OpenChannel {
        session.carried_by(self.closing.clone());
        self.usage.channels.fetch_add(1, Ordering::Relaxed);
        OpenChannel(self.usage.clone())
    }

    /// Whether nothing was open for that long.
    fn is_idle_for(&self, limit: Duration) -> bool {
        self.usage.channels.load(Ordering::Relaxed) == 0 && self.usage.unused_since.lock().elapsed() >= limit
    }
}

/// Serves one connection to its end. The permit is held as long as that takes.
pub async fn serve(service: Arc<Service>, accepted: Accepted, permit: Permit) {
    permit.wait().await;
    let (peer, deadline) = (accepted.peer, Instant::now() + LOGIN_LIMIT);
    match timeout_at(deadline, begin(&service, accepted)).await {
        Ok(Ok((running, connection))) => supervise(&service, running, &connection, deadline, peer).await,
        Ok(Err(error)) => tracing::debug!(sender = "connection_failed", %peer, %error, "no SSH session"),
        Err(_) => tracing::debug!(sender = "connection_failed", %peer, "the client did not introduce itself in time"),
    }
    drop(permit);
}

async fn begin(service: &Service, accepted: Accepted) -> Result<(RunningSession<SshHandler>, Arc<Connection>), russh::Error> {
    let identification = format!("{}\r\n", service.identification);
    let introduction = introduce(accepted.stream, identification.as_bytes(), service.is_choosing).await?;
    let Introduction { client, offer, lists, stream } = introduction;
    let tries = service.tries();
    let (config, negotiated) = service.transport(offer, lists.as_ref(), tries);
    let connection = Arc::new(Connection::new(service));
    let peer = Peer {
        remote: accepted.peer,
        local: Some(accepted.local),
        client_version: client,
        encryption: negotiated.as_ref().map(ToString::to_string).unwrap_or_default(),
        connection_id: connection.id.clone(),
    };
    let login = Login::new(service.core.clone(), peer, service.rules.clone(), negotiated, tries);
    let stream = BatchStream::new(stream, connection.batching.clone(), connection.cut.clone());
    let handler = SshHandler::new(connection.clone(), login);
    Ok((run_stream(config, stream, handler).await?, connection))
}

/// Watches over a connection: the time for its login, the server's end, and idleness.
async fn supervise(
    service: &Service,
    mut running: RunningSession<SshHandler>,
    connection: &Connection,
    deadline: Instant,
    peer: SocketAddr,
) {
    let (handle, stopping) = (running.handle(), service.core.tasks().stopping());
    let mut is_in = false;
    loop {
        tokio::select! {
            ended = &mut running => {
                if matches!(ended, Err(russh::Error::NoCommonAlgo { .. })) {
                    service.core.note_not_negotiated(peer);
                }
                return note_end(connection, ended);
            }
            () = connection.authenticated.cancelled(), if !is_in => is_in = true,
            () = sleep_until(deadline), if !is_in => {
                tracing::debug!(connection_id = connection.id, "no login in time");
                connection.cut.cancel();
                is_in = true;
            }
            () = connection.closing.cancelled() => return part(running, &handle, connection, "closed by an administrator").await,
            () = stopping.cancelled() => return part(running, &handle, connection, "the server is shutting down").await,
            () = tokio::time::sleep(IDLE_CHECK) => {
                let minutes = u64::from(service.core.settings().common.idle_timeout);
                if minutes > 0 && connection.is_idle_for(Duration::from_secs(minutes * 60)) {
                    return part(running, &handle, connection, "idle").await;
                }
            }
        }
    }
}

/// Tells the client to go, and cuts the connection if it stays.
async fn part(running: RunningSession<SshHandler>, handle: &Handle, connection: &Connection, reason: &str) {
    let told = async {
        // russh may be busy with keys and not listen; the cut below does not depend on it.
        let _ = handle.disconnect(Disconnect::ByApplication, reason.to_owned(), String::new()).await;
    };
    let _ = timeout(GOODBYE_LIMIT, told).await;
    let mut running = running;
    if timeout(GOODBYE_LIMIT, &mut running).await.is_err() {
        connection.cut.cancel();
        let _ = timeout(GOODBYE_LIMIT, &mut running).await;
    }
}

fn note_end(connection: &Connection, ended: Result<(), russh::Error>) {
    match ended {
        Ok(()) => tracing::debug!(connection_id = connection.id, "SSH connection ended"),
        Err(error) => tracing::debug!(connection_id = connection.id, %error, "SSH connection broke"),
    }
}
