//! The MD5 based crypt of FreeBSD (`$1$`) and Apache (`$apr1$`), which differ only in the magic
//! text. Verified, never made: a thousand rounds of MD5 protect nothing any more.

use md5::{Digest as _, Md5};

/// The alphabet of crypt(3), least significant six bits first.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The order in which the bytes of the digest are written, three for four characters; the last
/// one stands alone for two.
const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
const LAST: usize = 11;

const ROUNDS: usize = 1000;

/// The 22 characters after the salt.
pub(super) fn digest(magic: &str, salt: &[u8], password: &[u8]) -> String {
    let mut state = first_round(magic, salt, password);
    for round in 0..ROUNDS {
        let mut context = Md5::new();
        let is_odd = round % 2 == 1;
        if is_odd {
            context.update(password);
        } else {
            context.update(state);
        }
        if round % 3 != 0 {
            context.update(salt);
        }
        if round % 7 != 0 {
            context.update(password);
        }
        if is_odd {
            context.update(state);
        } else {
            context.update(password);
        }
        state = context.finalize().into();
    }
    encode(&state)
}

fn first_round(magic: &str, salt: &[u8], password: &[u8]) -> [u8; 16] {
    let inner: [u8; 16] = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize().into();
    let mut context = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for chunk in password.chunks(inner.len()) {
        context.update(&inner[..chunk.len()]);
    }
    // One byte per bit of the length: a zero for a set bit, else the password's first character.
    let mut length = password.len();
    while length > 0 {
        if length & 1 == 1 {
            context.update([0]);
        } else {
            context.update(&password[..1]);
        }
        length >>= 1;
    }
    context.finalize().into()
}

fn encode(state: &[u8; 16]) -> String {
    let mut text = String::with_capacity(22);
    let mut push = |mut value: usize, characters: usize| {
        for _ in 0..characters {
            text.push(char::from(ALPHABET[value & 0x3f]));
            value >>= 6;
        }
    };
    for [high, middle, low] in ORDER {
        let value = usize::from(state[high]) << 16 | usize::from(state[middle]) << 8 | usize::from(state[low]);
        push(value, 4);
    }
    push(usize::from(state[LAST]), 2);
    text
}
