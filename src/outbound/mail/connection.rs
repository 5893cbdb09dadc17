//! Connecting to a mail server, with the encryption of the settings.

use entrepot_config::settings::Smtp;
use lettre::transport::smtp::{
    client::{CertificateStore, SmtpConnection, TlsParameters},
    extension::ClientId,
};

use super::{MailError, STEP};

/// `smtp.encryption` (CFG-313).
const TLS: u32 = 1;
const STARTTLS: u32 = 2;

/// A connection that was greeted and, where the settings say so, encrypted. There is no falling back to plain text: a
/// server that does not offer STARTTLS is an error.
pub(super) fn open(smtp: &Smtp, tls: Option<&TlsParameters>) -> Result<SmtpConnection, MailError> {
    let host = smtp.host.trim();
    let greeting = greeting(smtp);
    let implicit = tls.filter(|_| smtp.encryption == TLS);
    let mut connection = SmtpConnection::connect((host, smtp.port), Some(STEP), &greeting, implicit, None)?;
    if let (STARTTLS, Some(parameters)) = (smtp.encryption, tls) {
        connection.starttls(parameters, &greeting)?;
    }
    if smtp.debug > 0 {
        let server = connection.server_info().to_string();
        tracing::info!(host, port = smtp.port, server, encrypted = connection.is_encrypted(), "connected to the mail server");
    }
    Ok(connection)
}

/// The name that the server is greeted with (CFG-314).
pub(super) fn greeting(smtp: &Smtp) -> ClientId {
    let domain = smtp.domain.trim();
    ClientId::Domain(if domain.is_empty() { "localhost".to_owned() } else { domain.to_owned() })
}

/// Authorities of the system, so that a company's own one works; a system that has none (a bare container) gets Mozilla's.
pub(super) fn tls(smtp: &Smtp) -> Result<Option<TlsParameters>, MailError> {
    if !matches!(smtp.encryption, TLS | STARTTLS) {
        return Ok(None);
    }
    let has_system_roots = !rustls_native_certs::load_native_certs().certs.is_empty();
    let roots = if has_system_roots { CertificateStore::Default } else { CertificateStore::WebpkiRoots };
    Ok(Some(TlsParameters::builder(smtp.host.trim().to_owned()).certificate_store(roots).build()?))
}
