//! What a client says before anything is encrypted, and what it should not say (RFC 4253).

use super::chance::Chance;

pub const IDENTIFICATION: &[u8] = b"SSH-2.0-Hostile_1.0\r\n";

fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    out.extend(text);
}

/// RFC 4253 section 6, without encryption: length, padding length, payload, padding.
pub fn packet(payload: &[u8]) -> Vec<u8> {
    let mut padding = 8 - (payload.len() + 5) % 8;
    if padding < 4 {
        padding += 8;
    }
    let mut out = u32::try_from(payload.len() + padding + 1).unwrap().to_be_bytes().to_vec();
    out.push(u8::try_from(padding).unwrap());
    out.extend(payload);
    out.resize(out.len() + padding, 0);
    out
}

/// Section 7.1
pub fn kexinit() -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend([7; 16]);
    let lists: [&[u8]; 10] = [
        b"curve25519-sha256,curve25519-sha256@libssh.org",
        b"ssh-ed25519",
        b"aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr",
        b"aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr",
        b"hmac-sha2-256-etm@openssh.com",
        b"hmac-sha2-256-etm@openssh.com",
        b"none,zlib@openssh.com",
        b"none,zlib@openssh.com",
        b"",
        b"",
    ];
    for list in lists {
        string(&mut payload, list);
    }
    payload.extend([0; 5]);
    packet(&payload)
}

/// RFC 5656 section 4, with a point that is as good as any.
pub fn ecdh_init() -> Vec<u8> {
    let mut payload = vec![30];
    string(&mut payload, &[9; 32]);
    packet(&payload)
}

/// A whole beginning: line, KEXINIT, ECDH_INIT, NEWKEYS, and what would be encrypted.
pub fn beginning() -> Vec<u8> {
    [IDENTIFICATION, &kexinit(), &ecdh_init(), &packet(&[21]), &[0x5A; 64]].concat()
}

/// One connection's worth of nonsense, and of how many packets it is made.
pub fn mutation(chance: &mut Chance) -> (Vec<u8>, usize) {
    match chance.below(10) {
        0 => (nonsense(chance), 1),
        // Any message in place of KEXINIT, or after it.
        1 | 2 => {
            let length = chance.below(80);
            let number = chance.number().to_le_bytes()[3];
            let odd = packet(&[vec![number], chance.bytes(length)].concat());
            let first = if chance.is(2) { kexinit() } else { Vec::new() };
            ([IDENTIFICATION, &first, &odd, &ecdh_init()].concat(), 3)
        }
        // Lengths and paddings that cannot be.
        3 => {
            let mut bad = kexinit();
            let length: u32 = chance.pick(&[0, 1, 2, 5, 11, 35_000, 35_001, 262_144, 0x7FFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFC]);
            bad[..4].copy_from_slice(&length.to_be_bytes());
            bad[4] = chance.pick(&[0, 3, 255, 254, 4]);
            ([IDENTIFICATION, &bad, &ecdh_init()].concat(), 2)
        }
        4 => {
            let mut all = beginning();
            chance.damage(&mut all, 0);
            (all, 3)
        }
        _ => {
            let mut all = beginning();
            chance.damage(&mut all, IDENTIFICATION.len());
            (all, 4)
        }
    }
}

/// What is no SSH at all.
fn nonsense(chance: &mut Chance) -> Vec<u8> {
    match chance.below(8) {
        0 => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        1 => b"SSH-1.99-Old\r\n".to_vec(),
        2 => [b"SSH-2.0-".as_slice(), &[b'x'; 300], b"\r\n", &kexinit()].concat(),
        3 => b"SSH-2.0-no end".to_vec(),
        4 => [b"SSH-2.0-\0\xFF\x1B[2J\r\n".as_slice(), &kexinit()].concat(),
        5 => b"banner\r\n".repeat(chance.below(5000)),
        6 => Vec::new(),
        _ => {
            let length = chance.below(20_000);
            chance.bytes(length)
        }
    }
}
