//! Start and stop. Actix has runtimes of its own, in threads of its own: the system thread started here and its workers.
//! What must outlive a request is spawned on the main runtime by `core`, never here.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use actix_http::{HttpService, error::DispatchError};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, Error,
    dev::{AppConfig, Extensions, Server, ServerHandle},
    middleware::{Compress, NormalizePath, from_fn},
    rt::net::TcpStream,
    web::{self, ServiceConfig},
};
use entrepot_net::{BindSpec, Gatekeeper, NetError, acme::Challenges, bind};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{oneshot, watch},
};

use crate::{
    Binding, Entrance, Redirect, Refuse,
    binding::{Bound, Listener},
    doorway::{Arrival, Doorway, acceptor},
    entrance,
    patient::Patient,
    tls_facts,
};

/// Time for the headers of a request (HTTP-023).
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections are closed after this (HTTP-023).
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No handler blocks; this bounds what a library might start.
const BLOCKING_THREADS: usize = 2;

/// What to serve and how.
pub struct ServeOptions {
    /// Where to listen; at least one.
    pub bindings: Vec<Binding>,
    /// Worker threads; two at most are of use, fewer on small machines (decisions, section 10).
    pub workers: usize,
    /// Name of the service in the log (LOG-005, TEL-013).
    pub sender: &'static str,
    /// Who may come in.
    pub gatekeeper: Arc<dyn Gatekeeper>,
    /// Proofs for an authority that signs certificates, if there is one.
    pub challenges: Option<Arc<Challenges>>,
    /// The form of a refusal.
    pub refuse: Refuse,
    /// How long running requests may take when the server stops.
    pub patience: Duration,
}

impl ServeOptions {
    /// Worker threads for this machine.
    pub fn default_workers() -> usize {
        thread::available_parallelism().map_or(1, usize::from).min(2)
    }
}

/// A running HTTP service.
pub struct Running {
    /// Where it listens, in the order of the bindings, with the ports that were really taken.
    pub addresses: Vec<SocketAddr>,
    /// Handles of the open sockets, for the next generation; emptied when the service stops.
    sockets: Mutex<Vec<(BindSpec, TcpListener)>>,
    service: Service,
    generation: Generation,
}

/// What stays the same when bindings change.
struct Service {
    sender: &'static str,
    gatekeeper: Arc<dyn Gatekeeper>,
    challenges: Option<Arc<Challenges>>,
    refuse: Refuse,
    workers: usize,
    patience: u64,
    routes: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

/// One run of actix: its bindings cannot be changed.
struct Generation {
    handle: ServerHandle,
    ended: watch::Receiver<bool>,
}

impl Generation {
    async fn ended(&self) {
        let mut ended = self.ended.clone();
        // An error means that the thread is gone: ended as well.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Running {
    /// Stops accepting. `graceful` lets running requests end, within the patience given at the start; else they are cut.
    /// Cancelling the future does not cancel the stop.
    pub async fn stop(&self, graceful: bool) {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.generation.handle.stop(graceful).await;
        self.ended().await;
    }

    /// Resolves when the service ended, by [`Running::stop`] or by itself.
    pub async fn ended(&self) {
        self.generation.ended().await;
    }

    /// Serves these bindings from now on. A binding whose address and port stay keeps its socket: nobody is refused in
    /// between. Requests that run go on; the listeners that are no longer wanted are closed when the future is done.
    ///
    /// Cancelling: the new bindings are served or the old ones, never none.
    ///
    /// # Errors
    /// A listener cannot be opened (also one that overlaps with another binding of before), or threads cannot be started;
    /// everything is as it was then.
    pub async fn rebind(&mut self, bindings: &[Binding]) -> Result<(), NetError> {
        let opened = open(bindings, self.sockets.get_mut().unwrap_or_else(PoisonError::into_inner))?;
        let addresses = opened.addresses;
        let generation = launch(&self.service, opened.listeners, opened.bound).await?;
        (self.addresses, self.sockets) = (addresses, Mutex::new(opened.sockets));
        let before = std::mem::replace(&mut self.generation, generation);
        before.handle.stop(true).await;
        before.ended().await;
        Ok(())
    }
}

/// Binds every listener and starts serving `routes` on all of them.
///
/// # Errors
/// A listener cannot be opened, or threads cannot be started; nothing is left running then.
pub async fn serve<F>(options: ServeOptions, routes: F) -> Result<Running, NetError>
where
    F: Fn(&mut ServiceConfig) + Send + Sync + 'static,
{
    let Opened { listeners, sockets, addresses, bound } = open(&options.bindings, &[])?;
    let service = Service {
        sender: options.sender,
        gatekeeper: options.gatekeeper,
        challenges: options.challenges,
        refuse: options.refuse,
        workers: options.workers.max(1),
        patience: options.patience.as_secs(),
        routes: Arc::new(routes),
    };
    let generation = launch(&service, listeners, bound).await?;
    Ok(Running { addresses, sockets: Mutex::new(sockets), service, generation })
}

/// Starts actix in a thread of its own.
async fn launch(
    service: &Service,
    listeners: Vec<(TcpListener, Binding)>,
    bindings: HashMap<SocketAddr, Arc<Bound>>,
) -> Result<Generation, NetError> {
    let (gatekeeper, refuse, sender) = (service.gatekeeper.clone(), service.refuse, service.sender);
    let challenges = service.challenges.clone();
    let entrance = Entrance { bindings, otherwise: Arc::default(), gatekeeper, challenges, refuse, sender };
    let (started, start) = oneshot::channel();
    let (ending, ended) = watch::channel(false);
    let (routes, workers, patience) = (service.routes.clone(), service.workers, service.patience);
    thread::Builder::new()
        .name("http".into())
        .spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                match assemble(listeners, web::Data::new(entrance), routes, workers, patience) {
                    Ok(server) => {
                        let _ = started.send(Ok(server.handle()));
                        if let Err(error) = server.await {
                            tracing::error!(%error, "the HTTP service ended");
                        }
                    }
                    Err(error) => drop(started.send(Err(error))),
                }
            });
            let _ = ending.send(true);
        })
        .map_err(|source| NetError::Start { what: "HTTP", source })?;
    match start.await {
        Ok(Ok(handle)) => Ok(Generation { handle, ended }),
        Ok(Err(source)) => Err(NetError::Start { what: "HTTP", source }),
        Err(_) => Err(NetError::Start { what: "HTTP", source: io::Error::other("its thread ended") }),
    }
}

/// Open sockets, and what is served there.
struct Opened {
    listeners: Vec<(TcpListener, Binding)>,
    sockets: Vec<(BindSpec, TcpListener)>,
    addresses: Vec<SocketAddr>,
    bound: HashMap<SocketAddr, Arc<Bound>>,
}

/// Opens the sockets first, all of them: the redirect needs the port that HTTPS really got. Sockets that are open already
/// are used again.
fn open(bindings: &[Binding], before: &[(BindSpec, TcpListener)]) -> Result<Opened, NetError> {
    let failed = |source| NetError::Start { what: "HTTP", source };
    let mut listeners = Vec::with_capacity(bindings.len());
    let mut sockets = Vec::with_capacity(bindings.len());
    let mut addresses = Vec::with_capacity(bindings.len());
    for binding in bindings {
        let listener = match before.iter().find(|(spec, _)| *spec == binding.listen) {
            Some((_, socket)) => socket.try_clone().map_err(failed)?,
            None => bind(&binding.listen)?,
        };
        addresses.push(listener.local_addr().map_err(failed)?);
        sockets.push((binding.listen.clone(), listener.try_clone().map_err(failed)?));
        listeners.push((listener, binding.clone()));
    }
    let encrypted = bindings.iter().position(|binding| binding.tls.is_some()).map(|index| addresses[index].port());
    let bound = bindings.iter().zip(&addresses).map(|(binding, address)| {
        // Without HTTPS of our own there is nowhere to send anybody: requests are answered.
        let redirect =
            if encrypted.is_none() && binding.redirect == Redirect::OwnHttps { Redirect::None } else { binding.redirect.clone() };
        let state = Bound {
            features: binding.features,
            headers: binding.headers.clone(),
            allowed_hosts: binding.allowed_hosts.clone(),
            forwarding: binding.forwarding.clone(),
            redirect,
            https_port: encrypted.unwrap_or_default(),
        };
        (*address, Arc::new(state))
    });
    let bound = bound.collect();
    Ok(Opened { listeners, sockets, addresses, bound })
}

/// What every listener of a run shares.
#[derive(Clone)]
struct Site {
    state: web::Data<Entrance>,
    routes: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

fn assemble(
    listeners: Vec<(TcpListener, Binding)>,
    state: web::Data<Entrance>,
    routes: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
    workers: usize,
    patience: u64,
) -> io::Result<Server> {
    let mut server = Server::build()
        .workers(workers)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .disable_signals()
        .shutdown_timeout(patience);
    let site = Site { state, routes };
    for (listener, binding) in listeners {
        let doorway = Arc::new(Doorway::new(binding.proxy, site.state.gatekeeper.clone()));
        server = match binding.tls {
            Some(tls) => {
                let tls = acceptor(&tls);
                let door = move |stream| {
                    let (doorway, tls) = (doorway.clone(), tls.clone());
                    async move { doorway.encrypted(stream, &tls).await }
                };
                listen(server, listener, &site, true, door, tls_facts::note)?
            }
            None => {
                let door = move |stream| {
                    let doorway = doorway.clone();
                    async move { doorway.plain(stream).await }
                };
                listen(server, listener, &site, false, door, |_: &Patient<TcpStream>, _: &mut Extensions| {})?
            }
        };
    }
    Ok(server.run())
}

/// Serves the site behind a doorway: `door` is the way through; `note` keeps what is to be known of a connection.
fn listen<T, D, F>(
    server: ServerBuilder,
    listener: TcpListener,
    site: &Site,
    secure: bool,
    door: D,
    note: fn(&T, &mut Extensions),
) -> io::Result<ServerBuilder>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    D: Fn(TcpStream) -> F + Clone + Send + 'static,
    F: Future<Output = io::Result<Arrival<T>>> + 'static,
{
    let address = listener.local_addr()?;
    let stopping = server.graceful_shutdown_signal();
    let Site { state, routes } = site.clone();
    server.listen(format!("http {address}"), listener, move || {
        let (state, routes, stopping) = (state.clone(), routes.clone(), stopping.clone());
        let app = App::new()
            .app_data(state)
            .app_data(Listener { address, secure })
            .wrap(Compress::default())
            .wrap(NormalizePath::trim())
            .wrap(from_fn(entrance::entrance))
            .configure(move |config| routes(config))
            .into_factory()
            .map_err(|error: Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEADER_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            // A client that is gone wants no answer: what is done for it ends.
            .h1_allow_half_closed(false)
            .local_addr(address)
            .on_connect_ext(note)
            .finish(map_config(app, |()| AppConfig::default()));
        let door = door.clone();
        fn_service(move |stream| {
            let arrival = door(stream);
            async move { arrival.await.map_err(DispatchError::Io) }
        })
        .and_then(http)
    })
}

#[cfg(test)]
mod tests;
