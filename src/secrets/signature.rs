//! Signatures of others: RSA with SHA-256 (PKCS #1 v1.5), for keys that come as numbers.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

/// Whether `signature` is one of `message` by the key with this modulus and exponent, big-endian. Keys below 2048 bits are
/// none.
pub fn is_rsa_sha256(modulus: &[u8], exponent: &[u8], message: &[u8], signature: &[u8]) -> bool {
    // Numbers are written without zeros in front of them.
    let trimmed = |number: &[u8]| -> Vec<u8> { number.iter().copied().skip_while(|byte| *byte == 0).collect() };
    let key = RsaPublicKeyComponents { n: trimmed(modulus), e: trimmed(exponent) };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::KeySize,
        signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
    };

    use super::*;

    #[test]
    fn signatures_hold_for_their_key_and_message() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("key");
        let key: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"message", &mut signature).expect("signed");
        let padded = [&[0][..], &key.n].concat();
        assert!(is_rsa_sha256(&key.n, &key.e, b"message", &signature));
        assert!(is_rsa_sha256(&padded, &key.e, b"message", &signature));
        assert!(!is_rsa_sha256(&key.n, &key.e, b"massage", &signature));
        assert!(!is_rsa_sha256(&key.n, &key.e, b"message", &signature[1..]));
        assert!(!is_rsa_sha256(&[], &[], b"message", &signature));
    }
}
