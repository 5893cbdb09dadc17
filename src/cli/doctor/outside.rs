//! What lies outside of the core: listeners, certificates, servers that this one talks to.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use entrepot_config::Settings;
use entrepot_core::{Core, Examiner, Knock};
use entrepot_model::doctor::Finding;
use entrepot_net::tls::{CertificateSource, CertificateStore};
use entrepot_storage::local::disks::{Disk, disks};

use crate::{backup::schedule::Schedule, house::House, ssh_service::SshService};

/// A certificate that ends sooner should have been renewed.
const SOON: Duration = Duration::from_secs(21 * 24 * 3600);
/// What files of a certificate are to be.
const FILES: &str = "a PEM file with the chain, one with its key, both readable for the account of the server";
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Addresses of documentation (RFC 5737, RFC 3849): nobody has them, and the way there is the way to everybody else.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const ELSEWHERE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// Looks for a running server.
pub(crate) struct Outside {
    core: Core,
    ssh: Arc<SshService>,
    listeners: Vec<(&'static str, SocketAddr)>,
    certificates: Vec<Arc<CertificateStore>>,
    warnings: Vec<String>,
    schedule: Arc<Schedule>,
}

impl Outside {
    /// What can be looked at in this house.
    pub(crate) fn of(house: &House, warnings: &[String], schedule: Arc<Schedule>) -> Self {
        let web = house.web.iter().map(|web| (if web.is_encrypted { "HTTPS" } else { "HTTP" }, web.address));
        let telemetry = house.telemetry.iter().flat_map(|telemetry| &telemetry.running.addresses);
        let telemetry_certificate = house.telemetry.iter().filter_map(|telemetry| telemetry.certificate.clone());
        Self {
            core: house.core.clone(),
            ssh: house.ssh.clone(),
            listeners: web.chain(telemetry.map(|address| ("telemetry", *address))).collect(),
            certificates: house.certificates.stores.iter().cloned().chain(telemetry_certificate).collect(),
            warnings: warnings.to_vec(),
            schedule,
        }
    }
}

impl Outside {
    /// Every listener, as it is now.
    fn listening(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let ssh = self.ssh.addresses().into_iter().map(|address| ("SFTP", address));
        ssh.chain(self.listeners.iter().copied())
    }
}

impl Examiner for Outside {
    fn examine(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.listening().map(|(name, address)| Finding::ok("ports", format!("{name} listens on {address}"))).collect();
        let now = SystemTime::now();
        findings.extend(self.certificates.iter().map(|store| certificate("in use", store, now)));
        findings.extend(broken_files(&self.certificates));
        findings.extend(super::warnings(&self.warnings));
        findings.extend(mail(&self.core.settings()));
        findings.push(self.schedule.finding(&self.core));
        findings
    }

    fn knock(&self) -> Vec<Knock> {
        let knock = |(protocol, address): (&'static str, SocketAddr)| {
            let mut reached = address;
            if reached.ip().is_unspecified() {
                reached.set_ip(if reached.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() });
            }
            let reached = TcpStream::connect_timeout(&reached, PATIENCE);
            if let Ok(own) = reached.as_ref().map_or_else(|_| Err(()), |stream| stream.local_addr().map_err(drop)) {
                self.core.knocks(own);
            }
            Knock { protocol: protocol.to_owned(), address, problem: reached.err().map(|error| error.to_string()) }
        };
        self.listening().map(knock).collect()
    }

    fn disks(&self) -> Vec<Disk> {
        disks()
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        [SocketAddr::from((ELSEWHERE, 9)), SocketAddr::from((ELSEWHERE_V6, 9))].into_iter().filter_map(own_address).collect()
    }

    fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = (name, 0_u16).to_socket_addrs().map_err(|error| format!("{name} cannot be looked up: {error}"))?;
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip().to_canonical()).collect();
        addresses.sort();
        addresses.dedup();
        if addresses.is_empty() { Err(format!("{name} has no address")) } else { Ok(addresses) }
    }
}

/// The address that this machine would have towards another. Nothing is sent: a datagram socket only looks up the way.
fn own_address(to: SocketAddr) -> Option<IpAddr> {
    let from: SocketAddr = if to.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

/// The certificates of the settings, without a running server. One that the server makes itself it also renews; one that keeps
/// the server from starting was `told` already.
pub(super) fn certificates_of(settings: &Settings, told: &[Finding]) -> Vec<Finding> {
    let httpd = &settings.httpd;
    let bindings = httpd.bindings.iter().filter(|binding| binding.port != 0 && binding.enable_https);
    let bindings = bindings.map(|binding| (&binding.certificate_file, &binding.certificate_key_file));
    let sections = [
        (&httpd.certificate_file, &httpd.certificate_key_file),
        (&settings.telemetry.certificate_file, &settings.telemetry.certificate_key_file),
    ];
    let mut pairs: Vec<(PathBuf, PathBuf)> = bindings
        .chain(sections)
        .filter(|(certificate, key)| !certificate.is_empty() && !key.is_empty())
        .map(|(certificate, key)| (settings.resolve(certificate), settings.resolve(key)))
        .collect();
    pairs.sort();
    pairs.dedup();
    let look = |(file, key): (PathBuf, PathBuf)| {
        let name = file.display().to_string();
        match CertificateStore::open(CertificateSource::Files { certificate: file, key }).map_err(|error| error.to_string()) {
            Ok(store) => Some(certificate(&name, &store, SystemTime::now())),
            Err(error) if told.iter().any(|finding| finding.message.contains(&error)) => None,
            Err(error) => Some(Finding::error("certificate", error, FILES)),
        }
    };
    pairs.into_iter().filter_map(look).collect()
}

/// Files that the next start would stumble over. Several listeners may have the same.
fn broken_files(stores: &[Arc<CertificateStore>]) -> Vec<Finding> {
    let faults: BTreeSet<String> = stores.iter().flat_map(|store| store.faults()).map(|error| error.to_string()).collect();
    let finding = |fault: String| {
        let message = format!("{fault}; what was read before stays in use, and the server would not start again");
        Finding::error("certificate", message, FILES)
    };
    faults.into_iter().map(finding).collect()
}

fn certificate(name: &str, store: &CertificateStore, now: SystemTime) -> Finding {
    let kind = if store.is_self_signed() { "the self-signed certificate" } else { "the certificate" };
    let fix = if store.is_self_signed() {
        "kill -HUP the server: it makes a new one; check the clock of this machine"
    } else if store.is_kept() {
        "renew it and put the new one in its place: WebAdmin, Security, Certificate"
    } else {
        "renew it, put it in place of the old files, and kill -HUP the server"
    };
    judge(&format!("{kind} {name}"), store.not_after(), now, fix)
}

fn judge(what: &str, end: Option<SystemTime>, now: SystemTime, fix: &str) -> Finding {
    let Some(end) = end else { return Finding::warning("certificate", format!("{what} says not when it ends"), fix) };
    let day = DateTime::<Utc>::from(end).format("%Y-%m-%d");
    match end.duration_since(now) {
        Err(_) => Finding::error("certificate", format!("{what} ended on {day}"), fix),
        Ok(left) if left < SOON => Finding::warning("certificate", format!("{what} ends on {day}"), fix),
        Ok(_) => Finding::ok("certificate", format!("{what} is good until {day}")),
    }
}

/// Whether the mail server can be reached, if there is one.
pub(super) fn mail(settings: &Settings) -> Option<Finding> {
    let (host, port) = (settings.smtp.host.trim(), settings.smtp.port);
    if host.is_empty() {
        return None;
    }
    let reached = (host, port).to_socket_addrs().map_err(|error| error.to_string()).and_then(|addresses| {
        let mut reason = "the name has no address".to_owned();
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return Ok(()),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason)
    });
    Some(match reached {
        Ok(()) => Finding::ok("mail", format!("the mail server {host}:{port} can be reached")),
        Err(reason) => {
            let fix = "correct smtp.host and smtp.port, or let this machine out to that port";
            Finding::error("mail", format!("the mail server {host}:{port} cannot be reached: {reason}"), fix)
        }
    })
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;
    use entrepot_model::doctor::Severity;

    use super::*;

    #[test]
    fn certificates_are_judged_by_their_end() {
        let now = SystemTime::now();
        let day = Duration::from_secs(24 * 3600);
        let of = |end| judge("x", Some(end), now, "renew").severity;
        assert_eq!(of(now - day), Severity::Error);
        assert_eq!(of(now + 7 * day), Severity::Warning);
        assert_eq!(of(now + 60 * day), Severity::Ok);
    }

    // DOC-001
    #[test]
    fn certificate_that_keeps_the_server_from_starting_is_told_once() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut sources = Sources::new(folder.path());
        let files = [("httpd.certificate_file", "missing.pem"), ("httpd.certificate_key_file", "missing.key")];
        sources.overrides = files.map(|(key, file)| (key.to_owned(), file.into())).into();
        let settings = entrepot_config::load(sources).expect("settings").settings;
        let found = certificates_of(&settings, &[]);
        assert!(found.len() == 1 && found[0].message.contains("missing.pem"), "{found:?}");
        let told = Finding::error("start", found[0].message.clone(), "put it in its place");
        assert_eq!(certificates_of(&settings, &[told]), []);
    }

    #[test]
    fn mail_server_that_nobody_is_names_the_settings() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut settings = entrepot_config::load(Sources::new(folder.path())).expect("defaults").settings;
        assert_eq!(mail(&settings), None);
        settings.smtp.host = "127.0.0.1".into();
        // A port that was just free.
        settings.smtp.port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let finding = mail(&settings).expect("it was tried");
        assert!(finding.severity == Severity::Error && finding.fix.contains("smtp.host"), "{finding:?}");
    }
}
