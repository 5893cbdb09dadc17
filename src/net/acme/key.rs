//! Keys of certificates, and the requests that they sign.

use aws_lc_rs::{encoding::AsDer, rsa};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::KeyType;

/// A new key and the request for a certificate.
pub(super) struct Request {
    /// DER.
    pub(super) csr: Vec<u8>,
    /// PEM, PKCS#8.
    pub(super) key: String,
}

/// Makes a key and asks for `names` with it. Takes seconds for large RSA keys.
///
/// # Errors
/// As text; nothing that a setting could cause.
pub(super) fn request(key_type: KeyType, names: &[String]) -> Result<Request, String> {
    let key = generate(key_type)?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(|error| error.to_string())?;
    params.distinguished_name = DistinguishedName::new();
    let csr = params.serialize_request(&key).map_err(|error| error.to_string())?;
    Ok(Request { csr: csr.der().to_vec(), key: key.serialize_pem() })
}

fn generate(key_type: KeyType) -> Result<KeyPair, String> {
    let size = match key_type {
        KeyType::P256 => return KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(|error| error.to_string()),
        KeyType::P384 => return KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).map_err(|error| error.to_string()),
        KeyType::Rsa(2048) => rsa::KeySize::Rsa2048,
        KeyType::Rsa(3072) => rsa::KeySize::Rsa3072,
        KeyType::Rsa(8192) => rsa::KeySize::Rsa8192,
        KeyType::Rsa(_) => rsa::KeySize::Rsa4096,
    };
    let failed = "the RSA key cannot be made";
    let pair = rsa::KeyPair::generate(size).map_err(|_| failed)?;
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| failed)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der.as_ref().to_vec()));
    KeyPair::from_der_and_sign_algo(&key, &rcgen::PKCS_RSA_SHA256).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACME-003
    #[test]
    fn each_kind_of_key_signs_a_request_for_every_name() {
        for kind in ["2048", "3072", "P256", "P384"] {
            let names = ["a.example".to_owned(), "b.example".to_owned()];
            let request = request(KeyType::parse(kind).unwrap(), &names).unwrap();
            assert!(request.key.starts_with("-----BEGIN PRIVATE KEY-----"), "{kind}");
            let csr = rcgen::CertificateSigningRequestParams::from_der(&request.csr.into()).unwrap();
            assert_eq!(csr.params.subject_alt_names.len(), 2, "{kind}");
        }
        assert_eq!(KeyType::parse("1024"), None);
        assert_eq!(KeyType::parse("4096"), Some(KeyType::Rsa(4096)));
    }
}
