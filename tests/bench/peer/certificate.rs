//! A certificate that both servers show.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// A self-signed certificate of `localhost`, in files.
pub struct Certificate {
    /// PEM.
    pub file: PathBuf,
    /// PEM.
    pub key_file: PathBuf,
    /// DER.
    pub der: Vec<u8>,
}

/// Makes one in `directory`.
pub fn make(directory: &Path) -> Result<Certificate> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let (file, key_file) = (directory.join("certificate.pem"), directory.join("certificate.key"));
    fs::write(&file, made.cert.pem())?;
    fs::write(&key_file, made.signing_key.serialize_pem())?;
    Ok(Certificate { file, key_file, der: made.cert.der().to_vec() })
}
