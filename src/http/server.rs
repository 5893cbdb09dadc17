//! Start and stop. Actix has runtimes of its own, in threads of its own: the system thread started here and its workers.
//! What must outlive a request is spawned on the main runtime by `core`, never here.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::{Compress, NormalizePath, from_fn},
    web::{self, ServiceConfig},
};
use entrepot_net::{Gatekeeper, NetError, bind};
use tokio::sync::{oneshot, watch};

use crate::{Binding, Entrance, Redirect, Refuse, binding::Bound, entrance};

/// Time for the headers of a request (HTTP-023).
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections are closed after this (HTTP-023).
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No handler blocks; this bounds what a library might start.
const BLOCKING_THREADS: usize = 2;

/// What to serve and how.
pub struct ServeOptions {
    /// Where to listen; at least one.
    pub bindings: Vec<Binding>,
    /// Worker threads; two at most are of use, fewer on small machines (decisions, section 10).
    pub workers: usize,
    /// Who may come in.
    pub gatekeeper: Arc<dyn Gatekeeper>,
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
    handle: ServerHandle,
    ended: watch::Receiver<bool>,
}

impl Running {
    /// Stops accepting. `graceful` lets running requests end, within the patience given at the start; else they are cut.
    /// Cancelling the future does not cancel the stop.
    pub async fn stop(&self, graceful: bool) {
        self.handle.stop(graceful).await;
        self.ended().await;
    }

    /// Resolves when the service ended, by [`Running::stop`] or by itself.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        // An error means that the thread is gone: ended as well.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

/// Binds every listener and starts serving `routes` on all of them.
///
/// # Errors
/// A listener cannot be opened, or threads cannot be started; nothing is left running then.
pub async fn serve<F>(options: ServeOptions, routes: F) -> Result<Running, NetError>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let (listeners, addresses, bindings) = open(&options.bindings)?;
    let entrance = Entrance { bindings, otherwise: Bound::default(), gatekeeper: options.gatekeeper, refuse: options.refuse };
    let (started, start) = oneshot::channel();
    let (ending, ended) = watch::channel(false);
    let workers = options.workers.max(1);
    let patience = options.patience.as_secs();
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
        Ok(Ok(handle)) => Ok(Running { addresses, handle, ended }),
        Ok(Err(source)) => Err(NetError::Start { what: "HTTP", source }),
        Err(_) => Err(NetError::Start { what: "HTTP", source: io::Error::other("its thread ended") }),
    }
}

type Opened = (Vec<(TcpListener, Binding)>, Vec<SocketAddr>, HashMap<SocketAddr, Bound>);

/// Opens the sockets first, all of them: the redirect needs the port that HTTPS really got.
fn open(bindings: &[Binding]) -> Result<Opened, NetError> {
    let mut listeners = Vec::with_capacity(bindings.len());
    let mut addresses = Vec::with_capacity(bindings.len());
    for binding in bindings {
        let listener = bind(&binding.listen)?;
        let address = listener.local_addr().map_err(|source| NetError::Start { what: "HTTP", source })?;
        listeners.push((listener, binding.clone()));
        addresses.push(address);
    }
    let encrypted = bindings.iter().position(|binding| binding.tls.is_some()).map(|index| addresses[index].port());
    let bound = listeners.iter().zip(&addresses).map(|((_, binding), address)| {
        // Without HTTPS of our own there is nowhere to send anybody: requests are answered.
        let redirect =
            if encrypted.is_none() && binding.redirect == Redirect::OwnHttps { Redirect::None } else { binding.redirect.clone() };
        let state = Bound {
            features: binding.features,
            headers: binding.headers.clone(),
            allowed_hosts: binding.allowed_hosts.clone(),
            redirect,
            https_port: encrypted.unwrap_or_default(),
        };
        (*address, state)
    });
    let bound = bound.collect();
    Ok((listeners, addresses, bound))
}

fn assemble<F>(
    listeners: Vec<(TcpListener, Binding)>,
    state: web::Data<Entrance>,
    routes: F,
    workers: usize,
    patience: u64,
) -> io::Result<actix_web::dev::Server>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(Compress::default())
            .wrap(NormalizePath::trim())
            .wrap(from_fn(entrance::entrance))
            .configure(routes.clone())
    })
    .workers(workers)
    .worker_max_blocking_threads(BLOCKING_THREADS)
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEADER_TIMEOUT)
    .client_disconnect_timeout(DISCONNECT_TIMEOUT)
    .tls_handshake_timeout(TLS_HANDSHAKE_TIMEOUT)
    .shutdown_timeout(patience);
    for (listener, binding) in listeners {
        server = match binding.tls {
            Some(tls) => server.listen_rustls_0_23(listener, rustls::ServerConfig::clone(&tls))?,
            None => server.listen(listener)?,
        };
    }
    Ok(server.run())
}

#[cfg(test)]
mod tests;
