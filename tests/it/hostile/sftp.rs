//! SFTP requests (draft-ietf-secsh-filexfer-02) and their damage.

use super::chance::Chance;

pub const INIT: u8 = 1;
pub const OPEN: u8 = 3;
pub const CLOSE: u8 = 4;
pub const READ: u8 = 5;
pub const WRITE: u8 = 6;
pub const STAT: u8 = 17;
pub const STATUS: u8 = 101;
pub const HANDLE: u8 = 102;
pub const DATA: u8 = 103;

/// Open flags: read, write, create, truncate.
pub const FOR_READING: u32 = 1;
pub const FOR_WRITING: u32 = 0x1A;

/// A request being put together.
pub struct Packet(Vec<u8>);

impl Packet {
    pub fn new(kind: u8, id: u32) -> Self {
        Self([vec![0, 0, 0, 0, kind], id.to_be_bytes().to_vec()].concat())
    }

    pub fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub fn string(mut self, text: &[u8]) -> Self {
        self.0.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        self.0.extend(text);
        self
    }

    pub fn end(mut self) -> Vec<u8> {
        set_length(&mut self.0);
        self.0
    }
}

fn set_length(packet: &mut [u8]) {
    let length = u32::try_from(packet.len() - 4).unwrap();
    packet[..4].copy_from_slice(&length.to_be_bytes());
}

pub fn open(id: u32, path: &[u8], flags: u32) -> Vec<u8> {
    Packet::new(OPEN, id).string(path).u32(flags).u32(0).end()
}

pub fn read(id: u32, handle: &[u8], offset: u64, length: u32) -> Vec<u8> {
    Packet::new(READ, id).string(handle).u64(offset).u32(length).end()
}

pub fn write(id: u32, handle: &[u8], offset: u64, data: &[u8]) -> Vec<u8> {
    Packet::new(WRITE, id).string(handle).u64(offset).string(data).end()
}

pub fn close(id: u32, handle: &[u8]) -> Vec<u8> {
    Packet::new(CLOSE, id).string(handle).end()
}

pub fn stat(id: u32, path: &[u8]) -> Vec<u8> {
    Packet::new(STAT, id).string(path).end()
}

/// A session as it should be. Handles are counted from 0, so their bytes are known before they are given.
pub fn session() -> Vec<u8> {
    let handle = |number: u32| number.to_be_bytes();
    let mut all = Packet::new(INIT, 3).end();
    for packet in [
        Packet::new(16, 1).string(b".").end(),
        open(2, b"/prefix.bin", FOR_WRITING),
        write(3, &handle(0), 0, b"0123456789"),
        write(4, &handle(0), 10, b"0123456789"),
        Packet::new(10, 5).string(&handle(0)).u32(8).u32(1_000_000_000).u32(1_000_000_000).end(),
        close(6, &handle(0)),
        open(7, b"prefix.bin", FOR_READING),
        read(8, &handle(1), 0, 32_768),
        close(9, &handle(1)),
        Packet::new(11, 10).string(b"/").end(),
        Packet::new(12, 11).string(&handle(2)).end(),
        close(12, &handle(2)),
        Packet::new(18, 13).string(b"/prefix.bin").string(b"/renamed.bin").end(),
        Packet::new(200, 14).string(b"statvfs@openssh.com").string(b"/").end(),
        Packet::new(13, 15).string(b"renamed.bin").end(),
    ] {
        all.extend(packet);
    }
    all
}

fn name(chance: &mut Chance) -> Vec<u8> {
    match chance.below(14) {
        0 => b"../".repeat(1 + chance.below(300)),
        1 => [b"../".repeat(40), b"etc/passwd".to_vec()].concat(),
        2 => b"nul\0inside".to_vec(),
        3 => vec![b'a'; 70_000],
        4 => b"d/".repeat(2000),
        5 => Vec::new(),
        6 => b"/".to_vec(),
        7 => b".entrepot-0123".to_vec(),
        8 => b"\x1B[2J\r\nfaked log line\xFF\xFE".to_vec(),
        9 => vec![b'n'; 256],
        10 => {
            let length = chance.below(40);
            chance.bytes(length)
        }
        11 => b"link".to_vec(),
        _ => format!("file-{}", chance.below(6)).into_bytes(),
    }
}

fn handle(chance: &mut Chance) -> Vec<u8> {
    match chance.below(12) {
        0 => Vec::new(),
        1 => chance.bytes(3),
        2 => vec![0xFF; 4],
        3 => vec![0; 300],
        _ => u32::try_from(chance.below(8)).unwrap().to_be_bytes().to_vec(),
    }
}

fn offset(chance: &mut Chance) -> u64 {
    let near = chance.number() % 70_000;
    chance.pick(&[0, near, near, u64::MAX, u64::MAX - near, i64::MAX as u64, i64::MAX as u64 - near, 1 << 45])
}

fn attributes(chance: &mut Chance, packet: Packet) -> Packet {
    let flags = chance.pick(&[0, 1, 2, 4, 8, 15, 0x8000_0000, 0x8000_000F, 0xFFFF_FFFF]);
    let mut packet = packet.u32(flags);
    if flags & 1 != 0 {
        packet = packet.u64(offset(chance));
    }
    for _ in 0..[2, 4, 8].iter().filter(|bit| flags & **bit != 0).count() * 2 {
        let number = chance.number().to_le_bytes();
        packet = packet.u32(u32::from_le_bytes([number[0], number[1], number[2], number[3]]));
    }
    if flags & 0x8000_0000 != 0 {
        packet = packet.u32(chance.pick(&[0, 1, 0xFFFF_FFFF])).string(b"a@b").string(b"value");
    }
    packet
}

fn extended(chance: &mut Chance, id: u32) -> Vec<u8> {
    let packet = Packet::new(200, id);
    match chance.below(11) {
        0 => packet.string(b"posix-rename@openssh.com").string(&name(chance)).string(&name(chance)),
        1 => packet.string(b"statvfs@openssh.com").string(&name(chance)),
        2 => packet.string(b"fstatvfs@openssh.com").string(&handle(chance)),
        3 => packet.string(b"fsync@openssh.com").string(&handle(chance)),
        4 => packet.string(b"limits@openssh.com"),
        5 => {
            let packet = packet.string(b"lsetstat@openssh.com").string(&name(chance));
            attributes(chance, packet)
        }
        6 => {
            let packet = packet.string(b"copy-data").string(&handle(chance)).u64(offset(chance)).u64(offset(chance));
            packet.string(&handle(chance)).u64(offset(chance))
        }
        7 => packet.string(b"home-directory").string(&name(chance)),
        8 => packet.string(b"expand-path@openssh.com").string(&[b"~".to_vec(), name(chance)].concat()),
        9 => packet.string(b"hardlink@openssh.com").string(&name(chance)).string(&name(chance)),
        _ => packet.string(&name(chance)),
    }
    .end()
}

/// A request that is well formed, about things that may not be.
pub fn request(chance: &mut Chance, id: u32) -> Vec<u8> {
    let kind = chance.pick(&[1, 3, 3, 3, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 200, 200, 200]);
    let packet = Packet::new(kind, id);
    match kind {
        1 => packet,
        3 => {
            let flags = chance.pick(&[1, 2, 3, 4, 6, 0x0A, 0x1A, 0x1B, 0x2A, 0x3F, 0xFFFF_FFFF, 0]);
            let packet = packet.string(&name(chance)).u32(flags);
            attributes(chance, packet)
        }
        4 | 8 | 12 => packet.string(&handle(chance)),
        5 => packet.string(&handle(chance)).u64(offset(chance)).u32(chance.pick(&[0, 1, 32_768, 261_120, u32::MAX])),
        6 => {
            let length = chance.pick(&[0, 1, 100, 32_768]);
            packet.string(&handle(chance)).u64(offset(chance)).string(&vec![0x41; length])
        }
        9 | 14 => {
            let packet = packet.string(&name(chance));
            attributes(chance, packet)
        }
        10 => {
            let packet = packet.string(&handle(chance));
            attributes(chance, packet)
        }
        18 | 20 => packet.string(&name(chance)).string(&name(chance)),
        200 => return extended(chance, id),
        _ => packet.string(&name(chance)),
    }
    .end()
}

/// The same with damage that leaves the borders between messages where they are.
pub fn mutation(chance: &mut Chance, id: u32) -> Vec<u8> {
    let mut packet = request(chance, id);
    if !chance.is(4) {
        chance.damage(&mut packet, 4);
        // A message needs a type and an id.
        packet.resize(packet.len().clamp(9, 200_000), 0);
        set_length(&mut packet);
    }
    packet
}
