//! TLS client certificates (ACC-029).

use x509_parser::{pem::Pem, public_key::PublicKey};

use super::{FieldError, MIN_RSA_BITS, bit_length, text};

const FIELD: &str = "filters.tls_certs";

/// Checks every certificate; removes blank entries and duplicates.
pub(super) fn validate(certificates: &mut Vec<String>) -> Result<(), FieldError> {
    certificates.iter_mut().for_each(|pem| *pem = pem.trim().to_owned());
    certificates.retain(|pem| !pem.is_empty());
    for (index, pem) in certificates.iter().enumerate() {
        let position = index + 1;
        check(pem).map_err(|fault| FieldError::new(FIELD, format!("{FIELD}: certificate number {position}: {fault}")))?;
    }
    text::dedupe(certificates);
    Ok(())
}

fn check(pem: &str) -> Result<(), &'static str> {
    let mut blocks = Pem::iter_from_buffer(pem.as_bytes());
    let Some(Ok(block)) = blocks.next() else { return Err("it is not PEM") };
    if block.label != "CERTIFICATE" || blocks.next().is_some() {
        return Err("it is not exactly one PEM certificate");
    }
    let certificate = block.parse_x509().map_err(|_| "it is not an X.509 certificate")?;
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if bit_length(key.modulus) < MIN_RSA_BITS => Err("RSA keys need at least 2048 bits"),
        Ok(_) => Ok(()),
        Err(_) => Err("its public key cannot be read"),
    }
}
