//! SSH public keys as OpenSSH authorized-key lines (ACC-028; sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253 section 6.6).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{FieldError, MIN_RSA_BITS, bit_length, text};

const FIELD: &str = "public_keys";

/// Largest RSA key in bits: the largest that OpenSSH makes.
const MAX_RSA_BITS: usize = 16_384;

/// Key types, and how many length-prefixed fields follow the type in the blob.
const KEY_TYPES: [(&str, usize); 7] = [
    ("ssh-ed25519", 1),
    ("ssh-rsa", 2),
    ("ecdsa-sha2-nistp256", 2),
    ("ecdsa-sha2-nistp384", 2),
    ("ecdsa-sha2-nistp521", 2),
    ("sk-ssh-ed25519@openssh.com", 2),
    ("sk-ecdsa-sha2-nistp256@openssh.com", 3),
];

/// Checks every key; removes blank lines and duplicates.
pub(super) fn validate(keys: &mut Vec<String>) -> Result<(), FieldError> {
    for (index, key) in keys.iter_mut().enumerate() {
        *key = key.trim().to_owned();
        if !key.is_empty() {
            let position = index + 1;
            check(key)
                .map_err(|fault| FieldError::new(FIELD, format!("{FIELD}: could not parse key number {position}: {fault}")))?;
        }
    }
    keys.retain(|key| !key.is_empty());
    text::dedupe(keys);
    Ok(())
}

fn check(line: &str) -> Result<(), &'static str> {
    if line.contains(['\n', '\r', '\0']) {
        return Err("it has more than one line");
    }
    let fields = split_fields(line);
    // Options may stand in front of the key type.
    let Some(start) = fields.iter().take(2).position(|field| is_key_type(field)) else {
        return Err("unknown key type");
    };
    // It would be taken for a key of the account's own, and certificates of that authority would still be refused.
    let is_authority = |options: &&str| options.split(',').any(|option| option.eq_ignore_ascii_case("cert-authority"));
    if fields[..start].iter().any(is_authority) {
        return Err("it is an authority for certificates, not a key: name its file in sftpd.trusted_user_ca_keys");
    }
    let key_type = fields[start];
    if key_type == "ssh-dss" {
        return Err("DSA keys are not accepted");
    }
    let encoded = fields.get(start + 1).ok_or("the key is missing")?;
    let blob = STANDARD.decode(encoded).map_err(|_| "the key is not valid base64")?;
    check_blob(key_type, &blob)
}

fn is_key_type(field: &str) -> bool {
    field == "ssh-dss" || KEY_TYPES.iter().any(|(name, _)| *name == field)
}

/// Splits at spaces that are not inside double quotes, as options may hold them.
fn split_fields(line: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let is_gap = move |c: char| {
        let is_quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        quoted ^= is_quote;
        !quoted && matches!(c, ' ' | '\t')
    };
    line.split(is_gap).filter(|field| !field.is_empty()).collect()
}

fn check_blob(key_type: &str, blob: &[u8]) -> Result<(), &'static str> {
    let (inner, mut rest) = field(blob).ok_or("the key is damaged")?;
    if inner != key_type.as_bytes() {
        return Err("the key is of another type than it says");
    }
    let count = KEY_TYPES.iter().find(|(name, _)| *name == key_type).map_or(0, |(_, count)| *count);
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let (value, after) = field(rest).ok_or("the key is damaged")?;
        values.push(value);
        rest = after;
    }
    if !rest.is_empty() || values.iter().any(|value| value.is_empty()) {
        return Err("the key is damaged");
    }
    match (key_type, values.as_slice()) {
        ("ssh-rsa", [_, modulus]) if bit_length(modulus) < MIN_RSA_BITS => Err("RSA keys need at least 2048 bits"),
        ("ssh-ed25519" | "sk-ssh-ed25519@openssh.com", [point, ..]) if point.len() != 32 => Err("the key is damaged"),
        (_, [curve, ..]) if key_type.contains("ecdsa") && !key_type.contains(&*String::from_utf8_lossy(curve)) => {
            Err("the key is of another curve than it says")
        }
        // SEC 1, section 2.3.3: 4, then both coordinates.
        (_, [_, point, ..]) if key_type.contains("ecdsa") && (point.len() != point_length(key_type) || point[0] != 4) => {
            Err("the key is damaged")
        }
        ("ssh-rsa", [_, modulus]) if bit_length(modulus) > MAX_RSA_BITS => Err("RSA keys have at most 16384 bits"),
        _ => Ok(()),
    }
}

/// Bytes of an uncompressed point of the curve that a key type names.
fn point_length(key_type: &str) -> usize {
    match key_type {
        "ecdsa-sha2-nistp384" => 97,
        "ecdsa-sha2-nistp521" => 133,
        _ => 65,
    }
}

/// A field with its length in front, and what follows (RFC 4251 section 5).
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(fields: &[&[u8]]) -> String {
        let mut bytes = Vec::new();
        for field in fields {
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(field);
        }
        STANDARD.encode(bytes)
    }

    fn rsa(bits: usize) -> String {
        let modulus = [&[0u8, 0x80][..], &vec![1; bits / 8 - 1]].concat();
        format!("ssh-rsa {} me@host", blob(&[b"ssh-rsa", &[1, 0, 1], &modulus]))
    }

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEUWwDwEWhTbF0MqAsp/oXK1HR2cElhM8oo1uVmL3ZeDKDiTm4ljMr92wfTgIGDqIoxmVqgYIkAOAhuykAVWBzc= user@host";

    fn fault(keys: &[&str]) -> String {
        validate(&mut keys.iter().map(|k| (*k).to_owned()).collect()).unwrap_err().to_string()
    }

    #[test]
    fn good_keys_pass_and_blank_or_repeated_lines_vanish() {
        // ACC-028
        let with_options = format!("command=\"echo \\\"a b\\\" ssh-rsa\",no-pty {ED25519}");
        let mut keys = vec![ED25519.into(), " ".into(), format!(" {ED25519}\n"), ECDSA.into(), rsa(2048), with_options];
        validate(&mut keys).unwrap();
        assert_eq!(keys.len(), 4);
        assert_eq!(keys[0], ED25519);
    }

    #[test]
    fn bad_keys_are_refused_by_position() {
        // ACC-028
        let short = rsa(2040);
        let dsa = format!("ssh-dss {}", blob(&[b"ssh-dss", b"p", b"q", b"g", b"y"]));
        let renamed = ED25519.replacen("ssh-ed25519", "ecdsa-sha2-nistp256", 1);
        let cut = format!("ssh-ed25519 {}", blob(&[b"ssh-ed25519", &[1; 31]]));
        for bad in ["x", "ssh-ed25519", "ssh-ed25519 !!", "ssh-rsa AAAA", &short, &dsa, &renamed, &cut] {
            let message = fault(&[ED25519, bad]);
            assert!(message.contains("public_keys") && message.contains("number 2"), "{bad}: {message}");
        }
        assert!(fault(&[&short]).contains("2048"));
        assert!(fault(&[&dsa]).contains("DSA"));
        // SSH-011, SSH-048
        for options in ["cert-authority", "no-pty,CERT-AUTHORITY,principals=\"me\""] {
            let message = fault(&[&format!("{options} {ED25519}")]);
            assert!(message.contains("public_keys") && message.contains("trusted_user_ca_keys"), "{message}");
        }
    }

    /// Keys that were damaged by hand, one a line.
    const DAMAGED: &str = include_str!("../../../tests/data/ssh/damaged-keys.txt");

    #[test]
    fn damaged_keys_are_refused_with_a_reason() {
        // SSH-011, SSH-012, ACC-028
        let mut count = 0;
        for line in DAMAGED.lines().filter(|line| !line.starts_with('#')) {
            assert!(fault(&[line]).contains("number 1: "), "{line}");
            count += 1;
        }
        assert!(count > 20);
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(noise in "\\PC{0,80}", at in 0usize..200, with in proptest::prelude::any::<char>()) {
            let _ = check(&noise);
            for line in DAMAGED.lines().chain([ED25519, ECDSA]) {
                let changed: String = line.chars().enumerate().map(|(index, c)| if index == at { with } else { c }).collect();
                let _ = check(&changed);
            }
        }
    }

    #[test]
    fn curve_must_be_the_named_one() {
        let odd = format!("ecdsa-sha2-nistp256 {}", blob(&[b"ecdsa-sha2-nistp256", b"nistp384", &[4; 65]]));
        assert!(fault(&[&odd]).contains("curve"));
    }
}
