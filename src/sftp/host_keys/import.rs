//! Keys that somebody brings: anything that can be a host key, and a reason for whatever cannot (SSH-036).

use russh::keys::{
    Algorithm, PrivateKey,
    signature::{Signer, Verifier},
    ssh_key::{Signature, public::KeyData},
};

use super::{ENCRYPTED, understand};

/// Shorter RSA keys are refused by clients, or will be soon.
const LEAST_RSA_BITS: u32 = 2048;
/// Longer ones take so long for a signature that a few connections would keep the server busy.
const MOST_RSA_BITS: u32 = 8192;

/// Understands a private key in PEM (PKCS#8, PKCS#1, SEC 1), OpenSSH's or PuTTY's form.
///
/// # Errors
/// Why it cannot be a host key, for who brought it.
pub(crate) fn import(text: &str) -> Result<PrivateKey, String> {
    // As forms send it, and as it is pasted.
    let text = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    refuse_others(&text)?;
    let mut key = understand(&text).map_err(|reason| match reason.as_str() {
        ENCRYPTED => encrypted(),
        _ => format!("not a usable private key in PEM or OpenSSH form: {reason}"),
    })?;
    if !matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::Rsa { .. }) {
        return Err(format!("a key of the type {} cannot be a host key", key.algorithm()));
    }
    let bits = bits(key.public_key().key_data());
    if key.algorithm().is_rsa() && bits < LEAST_RSA_BITS {
        return Err(format!("an RSA key of {bits} bits is too small; it needs {LEAST_RSA_BITS} at least"));
    }
    if bits > MOST_RSA_BITS {
        return Err(format!("an RSA key of {bits} bits is too large: every connection would wait for its signature"));
    }
    let signed: Result<Signature, _> = key.try_sign(b"host key");
    let is_sound = signed.is_ok_and(|signature| Verifier::verify(key.public_key(), b"host key", &signature).is_ok());
    if !is_sound {
        return Err("its private half does not fit its public half".to_owned());
    }
    // It may be the name of a person.
    key.set_comment("");
    Ok(key)
}

/// What people paste by mistake.
fn refuse_others(text: &str) -> Result<(), String> {
    let is_public = ["ssh-", "ecdsa-", "sk-", "-----BEGIN PUBLIC KEY", "---- BEGIN SSH2 PUBLIC KEY", "-----BEGIN RSA PUBLIC KEY"];
    if text.is_empty() {
        return Err("the private key is missing".to_owned());
    }
    if is_public.iter().any(|begin| text.starts_with(begin)) {
        return Err("this is a public key; the private one is needed".to_owned());
    }
    if text.starts_with("-----BEGIN CERTIFICATE") {
        return Err("this is a certificate; a private key is needed".to_owned());
    }
    let is_putty_encrypted =
        text.lines().any(|line| line.strip_prefix("Encryption:").is_some_and(|cipher| cipher.trim() != "none"));
    if text.contains("ENCRYPTED") || (text.starts_with("PuTTY-") && is_putty_encrypted) {
        return Err(encrypted());
    }
    Ok(())
}

fn encrypted() -> String {
    "it is protected by a passphrase, which nobody can type when the server starts: remove it with ssh-keygen -p -f FILE"
        .to_owned()
}

/// Length of a key, as `ssh-keygen -l` tells it.
pub(crate) fn bits(key: &KeyData) -> u32 {
    match (key.rsa(), key.algorithm()) {
        (Some(rsa), _) => rsa.key_size(),
        (None, Algorithm::Ecdsa { curve }) => match curve.as_str() {
            "nistp384" => 384,
            "nistp521" => 521,
            _ => 256,
        },
        _ => 256,
    }
}
