//! "EC PRIVATE KEY" files: SEC 1 (RFC 5915), as OpenSSL and Go write them.

use base64::Engine as _;
use russh::keys::{
    PrivateKey,
    ssh_encoding::{Decode, Encode},
    ssh_key::private::EcdsaKeypair,
};

const BEGIN: &str = "-----BEGIN EC PRIVATE KEY-----";
const END: &str = "-----END EC PRIVATE KEY-----";

/// Named curves: their object identifier (content octets), their SSH name, the size of a private key in bytes.
const CURVES: [(&[u8], &str, usize); 3] = [
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "nistp256", 32),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "nistp384", 48),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "nistp521", 66),
];

/// The key in a PEM text; `None` if it is not such a file, or not one that can be used.
pub fn decode_pem(text: &str) -> Option<PrivateKey> {
    let (_, rest) = text.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    decode_der(&body_bytes(body)?)
}

/// `ECPrivateKey ::= SEQUENCE { version 1, privateKey OCTET STRING, [0] curve OPTIONAL, [1] publicKey OPTIONAL }`.
/// Both optional parts must be there: the curve names the type, and the library wants the public point.
fn decode_der(der: &[u8]) -> Option<PrivateKey> {
    let mut outer = der;
    let mut sequence = element(&mut outer, 0x30)?;
    if element(&mut sequence, 0x02)? != [1] {
        return None;
    }
    let private = element(&mut sequence, 0x04)?;
    let mut parameters = element(&mut sequence, 0xa0)?;
    let curve = element(&mut parameters, 0x06)?;
    let mut public = element(&mut sequence, 0xa1)?;
    let (0, point) = element(&mut public, 0x03)?.split_first().map(|(unused, point)| (*unused, point))? else {
        return None;
    };
    let (_, name, size) = CURVES.iter().find(|(oid, ..)| *oid == curve)?;
    if private.len() > *size {
        return None;
    }
    // The form that an OpenSSH key file has inside: curve, point, private key as a positive number.
    let mut positive = vec![0; size + 1 - private.len()];
    positive.extend_from_slice(private);
    let start = positive.iter().position(|&byte| byte != 0)?;
    let start = if positive[start] & 0x80 != 0 { start - 1 } else { start };
    let mut encoded = Vec::new();
    name.encode(&mut encoded).ok()?;
    point.encode(&mut encoded).ok()?;
    positive[start..].encode(&mut encoded).ok()?;
    let pair = EcdsaKeypair::decode(&mut encoded.as_slice()).ok()?;
    PrivateKey::new(pair.into(), "").ok()
}

/// Takes a DER element with this tag off `input` and returns its content.
fn element<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&found, rest) = input.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(&length, rest)| (usize::from(length), rest))?,
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *input = rest;
    (found == tag).then_some(content)
}

/// Base64 with line breaks.
fn body_bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
