//! The two ciphers and the key derivation under [`super::Sealer`].

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf};
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use zeroize::Zeroizing;

use super::{KEY_BYTES, SealError};
use crate::token::fill_random;

/// Bytes of the nonce of XSalsa20.
const SECRETBOX_NONCE: usize = 24;

/// A derived key, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// HKDF-SHA-256 (RFC 5869): input is the master key's text or, without one, the digest of
/// [`stored_secret`]; salt is the stored key, info the additional data (SEC-021..023).
pub(super) fn derive_key(master: Option<&str>, stored: &[u8], additional_data: &str) -> Result<Key, SealError> {
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, stored);
    let pseudo_random_key = match master {
        Some(text) => salt.extract(text.as_bytes()),
        None => salt.extract(stored_secret(stored, additional_data).as_slice()),
    };
    let info = [additional_data.as_bytes()];
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    pseudo_random_key
        .expand(&info, KeyLength)
        .and_then(|material| material.fill(key.as_mut_slice()))
        .map_err(|_| SealError::Internal)?;
    Ok(key)
}

/// SHA-256 over stored key, additional data, stored key.
pub(super) fn stored_secret(stored: &[u8], additional_data: &str) -> Key {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(stored);
    context.update(additional_data.as_bytes());
    context.update(stored);
    let mut secret = Zeroizing::new([0; KEY_BYTES]);
    secret.copy_from_slice(context.finish().as_ref());
    secret
}

fn aes_key(key: &Key) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key.as_slice()).map(LessSafeKey::new).map_err(|_| SealError::Internal)
}

/// Nonce, cipher text, tag. The nonce is random and the key is used once.
pub(super) fn seal_aes_256_gcm(key: &Key, plain: &[u8], additional_data: &str) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    fill_random(&mut nonce);
    let mut buffer = plain.to_vec();
    aes_key(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(additional_data.as_bytes()), &mut buffer)
        .map_err(|_| SealError::Internal)?;
    Ok([nonce.as_slice(), &buffer].concat())
}

/// Reverses [`seal_aes_256_gcm`].
pub(super) fn open_aes_256_gcm(key: &Key, sealed: &[u8], additional_data: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, cipher_text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Malformed("the payload is too short"))?;
    let mut buffer = Zeroizing::new(cipher_text.to_vec());
    let length = aes_key(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(additional_data.as_bytes()), &mut buffer)
        .map_err(|_| SealError::WrongKey)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Nonce, then NaCl secretbox (tag before cipher text).
pub(super) fn seal_secretbox(key: &Key, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; SECRETBOX_NONCE];
    fill_random(&mut nonce);
    let sealed = XSalsa20Poly1305::new(key.as_slice().into()).encrypt((&nonce).into(), plain).map_err(|_| SealError::Internal)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Reverses [`seal_secretbox`].
pub(super) fn open_secretbox(key: &Key, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, cipher_text) =
        sealed.split_first_chunk::<SECRETBOX_NONCE>().ok_or(SealError::Malformed("the payload is too short"))?;
    XSalsa20Poly1305::new(key.as_slice().into())
        .decrypt(nonce.into(), cipher_text)
        .map(Zeroizing::new)
        .map_err(|_| SealError::WrongKey)
}
