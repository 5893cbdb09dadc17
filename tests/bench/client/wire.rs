//! SFTP version 3 packets as bytes (draft-ietf-secsh-filexfer-02): requests are appended to one
//! buffer, answers are recognised while they arrive.

use anyhow::{Result, bail, ensure};
use bytes::{BufMut, Bytes, BytesMut};

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const REMOVE: u8 = 13;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;

/// SSH_FXF_READ.
pub const FOR_READING: u32 = 1;
/// SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_TRUNC.
pub const FOR_REPLACING: u32 = 2 | 8 | 16;
/// SSH_FX_OK.
pub const OK: u32 = 0;
/// SSH_FX_EOF.
pub const EOF: u32 = 1;

/// Bytes of the content that are kept of a DATA answer; the rest is counted and thrown away.
pub const HEAD: usize = 64;
/// Length, type, id and length of the content in front of it.
const DATA_PREFIX: usize = 13;
/// No answer that a server may send is longer (256 KiB of data and some header).
const MESSAGE_MAX: usize = 512 << 10;

/// An answer of the server.
#[derive(Debug)]
pub enum Answer<'a> {
    /// SSH_FXP_VERSION.
    Version(u32),
    /// SSH_FXP_STATUS with its code and text.
    Status(u32, &'a [u8]),
    /// SSH_FXP_HANDLE.
    Handle(&'a [u8]),
    /// SSH_FXP_DATA: its length and the first bytes (at most [`HEAD`]).
    Data(usize, &'a [u8]),
    /// SSH_FXP_NAME with the number of entries.
    Names(u32),
}

/// Requests that are to be sent, in order.
#[derive(Default)]
pub struct Requests {
    out: BytesMut,
    next_id: u32,
}

impl Requests {
    /// Everything appended since the last call.
    pub fn take(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// True if there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    fn start(&mut self, kind: u8, body: usize) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.out.reserve(body + 9);
        self.out.put_u32(body as u32 + 5);
        self.out.put_u8(kind);
        self.out.put_u32(self.next_id);
        self.next_id
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.put_u32(bytes.len() as u32);
        self.out.put_slice(bytes);
    }

    fn named(&mut self, kind: u8, name: &[u8]) -> u32 {
        let id = self.start(kind, 4 + name.len());
        self.string(name);
        id
    }

    /// SSH_FXP_INIT for version 3.
    pub fn init(&mut self) {
        self.out.put_u32(5);
        self.out.put_u8(INIT);
        self.out.put_u32(3);
    }

    /// SSH_FXP_OPEN without attributes.
    pub fn open(&mut self, path: &str, flags: u32) -> u32 {
        let id = self.start(OPEN, 4 + path.len() + 8);
        self.string(path.as_bytes());
        self.out.put_u32(flags);
        self.out.put_u32(0);
        id
    }

    /// SSH_FXP_READ.
    pub fn read(&mut self, handle: &[u8], offset: u64, length: u32) -> u32 {
        let id = self.start(READ, 4 + handle.len() + 12);
        self.string(handle);
        self.out.put_u64(offset);
        self.out.put_u32(length);
        id
    }

    /// SSH_FXP_WRITE.
    pub fn write(&mut self, handle: &[u8], offset: u64, data: &[u8]) -> u32 {
        let id = self.start(WRITE, 4 + handle.len() + 8 + 4 + data.len());
        self.string(handle);
        self.out.put_u64(offset);
        self.string(data);
        id
    }

    /// SSH_FXP_CLOSE.
    pub fn close(&mut self, handle: &[u8]) -> u32 {
        self.named(CLOSE, handle)
    }

    /// SSH_FXP_OPENDIR.
    pub fn open_directory(&mut self, path: &str) -> u32 {
        self.named(OPENDIR, path.as_bytes())
    }

    /// SSH_FXP_READDIR.
    pub fn read_directory(&mut self, handle: &[u8]) -> u32 {
        self.named(READDIR, handle)
    }

    /// SSH_FXP_REMOVE.
    pub fn remove(&mut self, path: &str) -> u32 {
        self.named(REMOVE, path.as_bytes())
    }
}

/// Cuts a byte stream into answers; contents of files are dropped on the way.
#[derive(Default)]
pub struct Answers {
    kept: Vec<u8>,
    seen: usize,
}

impl Answers {
    /// Takes bytes from the front of `input` until one answer is complete; `None` = all of `input`
    /// is used up. The answer borrows from this buffer.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<(u32, Answer<'_>)>> {
        if self.seen > 0 && self.is_complete() {
            self.kept.clear();
            self.seen = 0;
        }
        self.keep(input, 5);
        if self.kept.len() < 5 {
            return Ok(None);
        }
        ensure!((5..=MESSAGE_MAX).contains(&self.total()), "answer of {} bytes", self.total());
        let keep = match self.kept[4] {
            DATA => self.total().min(DATA_PREFIX + HEAD),
            _ => self.total(),
        };
        self.keep(input, keep);
        let skip = (self.total() - self.seen).min(input.len());
        if self.kept.len() == keep {
            *input = &input[skip..];
            self.seen += skip;
        }
        if !self.is_complete() {
            return Ok(None);
        }
        parse(&self.kept[4..]).map(Some)
    }

    fn keep(&mut self, input: &mut &[u8], upto: usize) {
        let n = upto.saturating_sub(self.kept.len()).min(input.len());
        self.kept.extend_from_slice(&input[..n]);
        *input = &input[n..];
        self.seen += n;
    }

    fn total(&self) -> usize {
        let length = self.kept.first_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b));
        (length as usize).saturating_add(4)
    }

    fn is_complete(&self) -> bool {
        self.kept.len() >= 5 && self.seen == self.total()
    }
}

fn parse(message: &[u8]) -> Result<(u32, Answer<'_>)> {
    let (&kind, rest) = message.split_first().ok_or_else(short)?;
    let (id, rest) = number(rest)?;
    let answer = match kind {
        VERSION => return Ok((0, Answer::Version(id))),
        STATUS => {
            let (code, rest) = number(rest)?;
            Answer::Status(code, string(rest).unwrap_or_default())
        }
        HANDLE => Answer::Handle(string(rest)?),
        DATA => {
            let (length, head) = number(rest)?;
            Answer::Data(length as usize, head)
        }
        NAME => Answer::Names(number(rest)?.0),
        other => bail!("answer of type {other}"),
    };
    Ok((id, answer))
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
    Ok((u32::from_be_bytes(*head), rest))
}

fn string(bytes: &[u8]) -> Result<&[u8]> {
    let (length, rest) = number(bytes)?;
    rest.get(..length as usize).ok_or_else(short)
}

fn short() -> anyhow::Error {
    anyhow::anyhow!("an answer is shorter than it says")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_then_status() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.put_u32(5 + 4 + 1000);
        bytes.put_u8(DATA);
        bytes.put_u32(7);
        bytes.put_u32(1000);
        bytes.extend((0..1000).map(|n| n as u8));
        bytes.put_u32(5 + 4 + 4 + 2 + 4);
        bytes.put_u8(STATUS);
        bytes.put_u32(8);
        bytes.put_u32(EOF);
        bytes.put_u32(2);
        bytes.put_slice(b"no");
        bytes.put_u32(0);
        bytes
    }

    // draft-ietf-secsh-filexfer-02 section 3: packets are not aligned with the channel's data.
    #[test]
    fn answers_are_recognised_at_every_cut() {
        let bytes = data_then_status();
        for cut in 0..=bytes.len() {
            let mut answers = Answers::default();
            let mut found = Vec::new();
            for mut part in [&bytes[..cut], &bytes[cut..]] {
                while let Some((id, answer)) = answers.next(&mut part).unwrap() {
                    match answer {
                        Answer::Data(1000, head) => {
                            assert_eq!(head.len(), HEAD);
                            assert_eq!(head[..4], [0, 1, 2, 3]);
                        }
                        Answer::Status(EOF, b"no") => {}
                        other => panic!("{other:?} at {cut}"),
                    }
                    found.push(id);
                }
                assert!(part.is_empty());
            }
            assert_eq!(found, [7, 8], "cut at {cut}");
        }
    }

    #[test]
    fn absurd_length_is_refused() {
        let mut input: &[u8] = &[0xff, 0xff, 0xff, 0xff, STATUS, 0, 0];
        assert!(Answers::default().next(&mut input).is_err());
    }

    #[test]
    fn truncated_status_is_refused() {
        let mut input: &[u8] = &[0, 0, 0, 7, STATUS, 0, 0, 0, 1, 0, 0];
        assert!(Answers::default().next(&mut input).is_err());
    }
}
