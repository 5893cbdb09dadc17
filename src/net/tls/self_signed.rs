//! The certificate a new server makes for itself, so that its first page is encrypted.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use entrepot_config::regular_file;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use rustls::sign::CertifiedKey;

use super::certificate;
use crate::NetError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Apple's systems refuse server certificates that live longer.
const LIFETIME: Duration = DAY.saturating_mul(825);
/// A certificate with less left is replaced.
const RENEW_BEFORE: Duration = DAY.saturating_mul(30);
/// Clients whose clock is behind.
const BACKDATE: Duration = DAY;

/// Chain and key in one file: they can never be out of step.
pub(super) fn path_in(directory: &Path) -> PathBuf {
    directory.join("self-signed.pem")
}

/// The certificate in `directory`; made at the first call, and again when it is about to end or cannot be understood.
pub(super) fn load_or_make(directory: &Path, now: SystemTime) -> Result<Arc<CertifiedKey>, NetError> {
    let path = path_in(directory);
    match look(&path, now)? {
        Found::Usable(certified) => return Ok(certified),
        Found::EndsSoon => tracing::info!(path = %path.display(), "the self-signed certificate ends soon, making a new one"),
        Found::Damaged(error) => tracing::warn!(%error, "the self-signed certificate is damaged, making a new one"),
        Found::Nothing => {}
    }
    let pem = make(now).map_err(|reason| NetError::Certificate { path: path.clone(), reason })?;
    write(directory, &path, pem.as_bytes()).map_err(|source| NetError::CertificateFile { path: path.clone(), source })?;
    certificate::parse(&path, pem.as_bytes(), &path, pem.as_bytes())
}

/// The same for who only tries: what would be made stays in memory, where the folder could take it.
pub(super) fn try_load_or_make(directory: &Path, now: SystemTime) -> Result<Arc<CertifiedKey>, NetError> {
    let path = path_in(directory);
    if let Found::Usable(certified) = look(&path, now)? {
        return Ok(certified);
    }
    regular_file::could_make(&path).map_err(|source| NetError::CertificateFile { path: path.clone(), source })?;
    let pem = make(now).map_err(|reason| NetError::Certificate { path: path.clone(), reason })?;
    certificate::parse(&path, pem.as_bytes(), &path, pem.as_bytes())
}

/// What a file holds.
enum Found {
    Usable(Arc<CertifiedKey>),
    EndsSoon,
    Damaged(NetError),
    Nothing,
}

fn look(path: &Path, now: SystemTime) -> Result<Found, NetError> {
    match certificate::read(path) {
        Ok(pem) => Ok(match certificate::parse(path, &pem, path, &pem) {
            Ok(certified) if !ends_soon(&certified, now) => Found::Usable(certified),
            Ok(_) => Found::EndsSoon,
            Err(error) => Found::Damaged(error),
        }),
        Err(NetError::CertificateFile { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

fn ends_soon(certified: &CertifiedKey, now: SystemTime) -> bool {
    certificate::not_after(certified).is_none_or(|end| end < now + RENEW_BEFORE)
}

fn make(now: SystemTime) -> Result<String, String> {
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| "the clock is before 1970".to_owned())?;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Entrepot");
    params.distinguished_name.push(DnType::OrganizationName, "Self-signed by this server");
    params.subject_alt_names = names();
    params.not_before = epoch + since_epoch.saturating_sub(BACKDATE);
    params.not_after = epoch + since_epoch + LIFETIME;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params.self_signed(&key).map_err(|error| error.to_string())?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

/// Names people type to reach this machine.
fn names() -> Vec<SanType> {
    let hostname = hostname();
    let hosts =
        ["localhost".to_owned()].into_iter().chain(hostname).filter_map(|name| name.try_into().ok().map(SanType::DnsName));
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    addresses.extend(own_addresses());
    addresses.dedup();
    hosts.chain(addresses.into_iter().map(SanType::IpAddress)).collect()
}

fn hostname() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname")).ok()?;
    let name = name.trim();
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    (plain && name != "localhost").then(|| name.to_owned())
}

/// The addresses this machine speaks from. Connecting a UDP socket sends nothing; it only picks the route.
fn own_addresses() -> Vec<IpAddr> {
    [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")]
        .into_iter()
        .filter_map(|(from, to)| {
            let socket = UdpSocket::bind(from).ok()?;
            socket.connect(to).ok()?;
            Some(socket.local_addr().ok()?.ip())
        })
        .filter(|ip| !ip.is_unspecified() && !ip.is_loopback())
        .collect()
}

/// Writes beside the target and renames: a crash leaves the old file or the new one, never half.
fn write(directory: &Path, path: &Path, pem: &[u8]) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let fresh = path.with_extension("pem.new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(pem)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn certificate_is_made_once_and_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("certificates");
        let first = load_or_make(&directory, SystemTime::now()).unwrap();
        let again = load_or_make(&directory, SystemTime::now()).unwrap();
        assert_eq!(certificate::fingerprint(&first), certificate::fingerprint(&again));
        let mode = fs::metadata(path_in(&directory)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn certificate_is_renewed_a_month_before_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let first = certificate::fingerprint(&load_or_make(folder.path(), now).unwrap());
        let early = now + LIFETIME - RENEW_BEFORE - DAY;
        assert_eq!(certificate::fingerprint(&load_or_make(folder.path(), early).unwrap()), first);
        let late = now + LIFETIME - RENEW_BEFORE + DAY;
        assert_ne!(certificate::fingerprint(&load_or_make(folder.path(), late).unwrap()), first);
    }

    // CFG-372
    #[test]
    fn who_only_tries_makes_and_renews_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("certificates");
        let now = SystemTime::now();
        try_load_or_make(&directory, now).unwrap();
        assert!(!directory.exists());
        let kept = certificate::fingerprint(&load_or_make(&directory, now).unwrap());
        let late = now + LIFETIME - RENEW_BEFORE + DAY;
        assert_eq!(certificate::fingerprint(&try_load_or_make(&directory, now).unwrap()), kept);
        assert_ne!(certificate::fingerprint(&try_load_or_make(&directory, late).unwrap()), kept);
        assert_eq!(certificate::fingerprint(&load_or_make(&directory, now).unwrap()), kept);
        // Where it could not be kept, the start would fail.
        fs::write(folder.path().join("file"), b"x").unwrap();
        assert!(matches!(try_load_or_make(&folder.path().join("file"), now), Err(NetError::CertificateFile { .. })));
    }

    #[test]
    fn damaged_certificate_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path_in(folder.path()), b"-----BEGIN CERTIFICATE-----\nAAAA").unwrap();
        let made = load_or_make(folder.path(), SystemTime::now()).unwrap();
        assert!(certificate::not_after(&made).is_some());
    }

    #[test]
    fn certificate_names_localhost_and_loopback() {
        let folder = tempfile::tempdir().unwrap();
        let made = load_or_make(folder.path(), SystemTime::now()).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(&made.cert[0]).unwrap();
        let names = parsed.subject_alternative_name().unwrap().unwrap().value.general_names.clone();
        assert!(names.contains(&x509_parser::extensions::GeneralName::DNSName("localhost")));
        assert!(names.contains(&x509_parser::extensions::GeneralName::IPAddress(&[127, 0, 0, 1])));
    }
}
