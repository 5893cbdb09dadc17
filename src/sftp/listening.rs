//! A listener of the service: it can be stopped and another one started while connections go on.

use std::{net::SocketAddr, sync::Arc};

use entrepot_net::{Accepted, BindSpec, Listener, NetError, Protocol, ProxyPolicy};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{connection, server::Service};

/// Connections of one listener whose PROXY header is being read.
const UNINTRODUCED: usize = 512;

/// A running listener. Dropping this does not stop it.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    /// Where it listens, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening; when this answers, the address is free. Connections that were accepted go on.
    ///
    /// Cancelling: it is stopped, and the address is free soon.
    pub async fn stop(self) {
        self.stop.cancel();
        // An error means that the task is gone as well.
        let _ = self.task.await;
    }
}

/// Binds and accepts.
pub(crate) fn start(service: &Arc<Service>, spec: &BindSpec, proxy: Option<ProxyPolicy>) -> Result<Listening, NetError> {
    let listener = Listener::bind(spec)?;
    let address = listener.local_addr();
    let stop = CancellationToken::new();
    let task = service.core.tasks().spawn(accept(service.clone(), listener, proxy.map(Arc::new), stop.clone()));
    Ok(Listening { address, stop, task })
}

async fn accept(service: Arc<Service>, listener: Listener, proxy: Option<Arc<ProxyPolicy>>, stop: CancellationToken) {
    let tasks = service.core.tasks();
    let stopping = tasks.stopping();
    let room = Arc::new(Semaphore::new(UNINTRODUCED));
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match &proxy {
            None => admit(&service, accepted),
            // Who says nothing must not keep others from being heard.
            Some(proxy) => match room.clone().try_acquire_owned() {
                Ok(place) => {
                    let (service, proxy) = (service.clone(), proxy.clone());
                    tasks.spawn(async move {
                        introduce(&service, &proxy, accepted).await;
                        drop(place);
                    });
                }
                Err(_) => tracing::debug!(peer = %accepted.peer, "SSH connection refused: too many have not sent a PROXY header"),
            },
        }
    }
}

/// Reads the PROXY header: only then it is known who asks to come in.
async fn introduce(service: &Arc<Service>, proxy: &ProxyPolicy, accepted: Accepted) {
    let peer = accepted.peer;
    match proxy.introduce(accepted).await {
        Ok(introduced) => {
            if introduced.ignored_header {
                service.gatekeeper.note_forwarded(peer.ip());
            }
            admit(service, introduced.accepted);
        }
        Err(error) => tracing::debug!(%peer, %error, "SSH connection refused"),
    }
}

fn admit(service: &Arc<Service>, accepted: Accepted) {
    match service.gatekeeper.admit(accepted.peer, Protocol::Ssh) {
        Ok(permit) => drop(service.core.tasks().spawn(connection::serve(service.clone(), accepted, permit))),
        // SSH-004: no SSH bytes are sent.
        Err(refusal) => tracing::debug!(peer = %accepted.peer, %refusal, "SSH connection refused"),
    }
}

#[cfg(test)]
mod tests;
