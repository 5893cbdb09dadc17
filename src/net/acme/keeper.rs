//! Keeps certificates: looks what is due, obtains it, tells how it went, waits.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::{
    CertificateEvents, CertificateStatus, Challenges, Plan, StatusFile, files, order,
    plan::Http01,
    responder::Responder,
    schedule::{self, LOOK},
    status::{seconds, time},
};
use crate::tls::{CertificateStore, certificate};

/// One certificate, with everything that an authority may make us wait for.
const WHOLE_ATTEMPT: Duration = Duration::from_secs(15 * 60);
/// Between two looks at least, whatever the clock says.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// What a keeper works with.
pub struct KeeperOptions {
    /// What is wanted.
    pub plan: Plan,
    /// What listeners answer from.
    pub challenges: Arc<Challenges>,
    /// Certificates of listeners, read again when one was obtained.
    pub stores: Vec<Arc<CertificateStore>>,
    /// Ports of plain HTTP listeners that answer challenges.
    pub http_ports: Vec<u16>,
    /// Ports of HTTPS listeners that answer challenges.
    pub tls_ports: Vec<u16>,
    /// Told about each attempt.
    pub events: Arc<dyn CertificateEvents>,
}

/// Obtains and renews the certificates of a plan.
pub struct Keeper {
    options: KeeperOptions,
    file: StatusFile,
    status: ArcSwap<Vec<CertificateStatus>>,
    wake: Notify,
}

impl Keeper {
    /// A keeper that remembers what the folder tells.
    pub fn new(options: KeeperOptions) -> Self {
        let file = StatusFile::in_directory(&options.plan.directory);
        let mut known: HashMap<Vec<String>, CertificateStatus> =
            file.read().into_iter().map(|status| (status.names.clone(), status)).collect();
        let remembered = |names: &Vec<String>| {
            let status = known.remove(names).unwrap_or_default();
            let next_attempt = seconds(schedule::at_start(&status));
            CertificateStatus { names: names.clone(), next_attempt, ..status }
        };
        let status = options.plan.certificates.iter().map(remembered).collect();
        Self { options, file, status: ArcSwap::from_pointee(status), wake: Notify::new() }
    }

    /// How it went so far.
    pub fn status(&self) -> Arc<Vec<CertificateStatus>> {
        self.status.load_full()
    }

    /// Tries what is due now, without waiting for the end of a pause.
    pub fn try_now(&self) {
        self.status
            .rcu(|all| all.iter().cloned().map(|status| CertificateStatus { next_attempt: 0, ..status }).collect::<Vec<_>>());
        self.wake.notify_one();
    }

    /// Works for as long as it is polled. Cancelling gives up an order that runs; certificates are whole in any case.
    pub async fn run(&self) {
        loop {
            let next = self.attend(SystemTime::now()).await;
            let wait = next.duration_since(SystemTime::now()).unwrap_or_default().clamp(SHORTEST_WAIT, LOOK);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// Obtains what is due, and answers when to look again.
    async fn attend(&self, now: SystemTime) -> SystemTime {
        let mut next = now + LOOK;
        for index in 0..self.options.plan.certificates.len() {
            let names = &self.options.plan.certificates[index];
            let due = self.due(index, names);
            let attempt = self.status.load().get(index).map_or(0, |status| status.next_attempt);
            let start = due.max(time(attempt));
            if start > now {
                next = next.min(start);
                continue;
            }
            self.attempt(index, names).await;
            let again = self.due(index, names).max(time(self.status.load().get(index).map_or(0, |status| status.next_attempt)));
            next = next.min(again);
        }
        next
    }

    /// When the certificate is to be obtained: at once if there is none, or one for other names.
    fn due(&self, index: usize, names: &[String]) -> SystemTime {
        let name = names.first().map(String::as_str).unwrap_or_default();
        let held = match files::certificate(&self.options.plan, name) {
            Ok(held) => held,
            Err(error) => {
                tracing::warn!(%error, "the certificate cannot be used and will be obtained again");
                None
            }
        };
        let validity = held.filter(|held| files::covers(held, names)).and_then(|held| certificate::validity(&held));
        self.change(index, |status| status.not_after = validity.map_or(0, |(_, end)| seconds(end)));
        validity.map_or(SystemTime::UNIX_EPOCH, |validity| schedule::renewal(validity, self.options.plan.renew_days))
    }

    fn change(&self, index: usize, change: impl Fn(&mut CertificateStatus)) {
        self.status.rcu(|all| {
            let mut all = all.as_ref().clone();
            all.get_mut(index).map(&change);
            all
        });
    }

    async fn attempt(&self, index: usize, names: &[String]) {
        let domains = names.join(",");
        tracing::info!(domains, authority = self.options.plan.endpoint, "obtaining a certificate");
        let failures = self.status.load().get(index).map_or(0, |status| status.failures);
        let outcome = match tokio::time::timeout(WHOLE_ATTEMPT, self.obtain(names, failures)).await {
            Ok(Ok(())) if self.due(index, names) <= SystemTime::now() => {
                // Ordering another one at once would never end.
                Err("the new certificate is to be renewed already: is the clock of this server right?".to_owned())
            }
            Ok(outcome) => outcome,
            Err(_) => Err("gave up after 15 minutes".to_owned()),
        };
        let now = SystemTime::now();
        match &outcome {
            Ok(()) => {
                self.change(index, |status| schedule::succeeded(status, now));
                tracing::info!(domains, "obtained a certificate");
            }
            Err(error) => {
                self.change(index, |status| schedule::failed(status, error, now));
                let minutes = schedule::pause(failures + 1).as_secs() / 60;
                tracing::error!(
                    domains,
                    error,
                    next_try_in_minutes = minutes,
                    "no certificate was obtained; SIGHUP tries at once"
                );
            }
        }
        self.reload();
        if let Err(error) = self.file.write(&self.status.load()) {
            tracing::error!(%error, "what ACME did cannot be remembered");
        }
        let told = match &outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(error.as_str()),
        };
        self.options.events.attempted(&domains, told);
    }

    fn reload(&self) {
        for store in &self.options.stores {
            if let Err(error) = store.reload() {
                tracing::error!(%error, "the certificate stays as it was");
            }
        }
    }

    /// With listeners of its own for as long as it takes, where nothing else listens.
    async fn obtain(&self, names: &[String], attempt: u32) -> Result<(), String> {
        let KeeperOptions { plan, challenges, http_ports, tls_ports, .. } = &self.options;
        let mut troubles = Vec::new();
        let mut open = |opened: Result<Responder, crate::NetError>| opened.map_err(|error| troubles.push(error.to_string())).ok();
        let http = match &plan.http01 {
            Some(Http01::Port(port)) if !http_ports.contains(port) => open(Responder::over_http(*port, challenges)),
            _ => None,
        };
        let tls = plan.tls_alpn01.filter(|port| !tls_ports.contains(port));
        let tls = tls.and_then(|port| open(Responder::over_tls(port, challenges)));
        // ACME-012; but where our own listeners answer, the port may be forwarded to them.
        if !troubles.is_empty() && http_ports.is_empty() && (tls_ports.is_empty() || plan.tls_alpn01.is_none()) {
            return Err(troubles.join("; "));
        }
        tokio::select! {
            outcome = order::obtain(plan, challenges, names, attempt) => outcome.map_err(|error| {
                troubles.insert(0, error.to_string());
                troubles.join("; and on this server: ")
            }),
            never = serve(http) => match never {},
            never = serve(tls) => match never {},
        }
    }
}

async fn serve(responder: Option<Responder>) -> std::convert::Infallible {
    match responder {
        Some(responder) => responder.serve().await,
        None => std::future::pending().await,
    }
}
