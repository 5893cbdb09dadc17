//! Conversations with a server: each is a small state machine, driven by the answers inside the
//! SSH session's own task, so that no task switch lies between an answer and the next request.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};

use super::wire::{Answer, EOF, FOR_READING, FOR_REPLACING, OK, Requests};
use crate::payload::Payload;

/// A conversation. `begin` asks first; `answer` is called for each answer and returns the amount
/// (bytes, files, entries: each says which) when the conversation is over.
pub trait Exchange: Send {
    /// The first requests.
    fn begin(&mut self, out: &mut Requests);
    /// Handles one answer.
    fn answer(&mut self, id: u32, answer: Answer<'_>, out: &mut Requests) -> Result<Option<u64>>;
}

/// Size and number of the READ or WRITE requests of one transfer.
#[derive(Clone, Copy, Debug)]
pub struct Pipeline {
    /// Bytes asked for or sent by one request.
    pub request: u32,
    /// Requests in flight.
    pub depth: usize,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self { request: 32 << 10, depth: 64 }
    }
}

fn unexpected<T>(answer: &Answer<'_>) -> Result<T> {
    match answer {
        Answer::Status(code, text) => {
            bail!("the server answered status {code}: {}", String::from_utf8_lossy(text))
        }
        other => bail!("unexpected answer {other:?}"),
    }
}

/// INIT and VERSION. Amount: the server's protocol version.
pub struct Version;

impl Exchange for Version {
    fn begin(&mut self, out: &mut Requests) {
        out.init();
    }

    fn answer(&mut self, _: u32, answer: Answer<'_>, _: &mut Requests) -> Result<Option<u64>> {
        match answer {
            Answer::Version(version) => Ok(Some(u64::from(version))),
            other => unexpected(&other),
        }
    }
}

/// One file to us, thrown away on arrival; the first bytes of each piece are compared. Amount:
/// bytes.
pub struct Download {
    path: String,
    size: u64,
    pipeline: Pipeline,
    payload: Payload,
    handle: Vec<u8>,
    next: u64,
    received: u64,
    waiting: HashMap<u32, (u64, u32)>,
}

impl Download {
    /// `size` is the size that the file must have.
    pub fn new(path: String, size: u64, pipeline: Pipeline, payload: &Payload) -> Self {
        Self { path, size, pipeline, payload: payload.clone(), handle: Vec::new(), next: 0, received: 0, waiting: HashMap::new() }
    }

    fn ask(&mut self, offset: u64, length: u32, out: &mut Requests) {
        let id = out.read(&self.handle, offset, length);
        self.waiting.insert(id, (offset, length));
    }

    fn refill(&mut self, out: &mut Requests) {
        while self.waiting.len() < self.pipeline.depth && self.next < self.size {
            let length = (self.size - self.next).min(u64::from(self.pipeline.request)) as u32;
            self.ask(self.next, length, out);
            self.next += u64::from(length);
        }
    }
}

impl Exchange for Download {
    fn begin(&mut self, out: &mut Requests) {
        out.open(&self.path, FOR_READING);
    }

    fn answer(&mut self, id: u32, answer: Answer<'_>, out: &mut Requests) -> Result<Option<u64>> {
        match answer {
            Answer::Handle(handle) => {
                self.handle = handle.to_vec();
                self.refill(out);
            }
            Answer::Data(length, head) => {
                let Some((offset, wanted)) = self.waiting.remove(&id) else {
                    bail!("data for a request that was not made");
                };
                ensure!(length > 0 && length <= wanted as usize, "{length} bytes for {wanted}");
                ensure!(self.payload.matches(offset, head), "wrong bytes at {offset}");
                self.received += length as u64;
                if length < wanted as usize {
                    self.ask(offset + length as u64, wanted - length as u32, out);
                }
                self.refill(out);
                if self.received == self.size {
                    out.close(&self.handle);
                }
            }
            Answer::Status(OK, _) if self.received == self.size => return Ok(Some(self.size)),
            other => return unexpected(&other),
        }
        Ok(None)
    }
}

/// One file from memory to the server. Amount: bytes, acknowledged including CLOSE.
pub struct Upload {
    path: String,
    size: u64,
    pipeline: Pipeline,
    payload: Payload,
    handle: Vec<u8>,
    next: u64,
    in_flight: usize,
    is_closing: bool,
}

impl Upload {
    /// Writes `size` bytes of the payload to `path`.
    pub fn new(path: String, size: u64, pipeline: Pipeline, payload: &Payload) -> Self {
        Self { path, size, pipeline, payload: payload.clone(), handle: Vec::new(), next: 0, in_flight: 0, is_closing: false }
    }

    fn refill(&mut self, out: &mut Requests) {
        while self.in_flight < self.pipeline.depth && self.next < self.size {
            let length = (self.size - self.next).min(u64::from(self.pipeline.request)) as usize;
            out.write(&self.handle, self.next, self.payload.at(self.next, length));
            self.next += length as u64;
            self.in_flight += 1;
        }
        if self.in_flight == 0 {
            self.is_closing = true;
            out.close(&self.handle);
        }
    }
}

impl Exchange for Upload {
    fn begin(&mut self, out: &mut Requests) {
        out.open(&self.path, FOR_REPLACING);
    }

    fn answer(&mut self, _: u32, answer: Answer<'_>, out: &mut Requests) -> Result<Option<u64>> {
        match answer {
            Answer::Handle(handle) => self.handle = handle.to_vec(),
            Answer::Status(OK, _) if self.is_closing => return Ok(Some(self.size)),
            Answer::Status(OK, _) => self.in_flight -= 1,
            other => return unexpected(&other),
        }
        self.refill(out);
        Ok(None)
    }
}

/// Which way files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the server.
    Down,
    /// To the server.
    Up,
}

/// Many small files one after the other: open, one read or write, close. Amount: files.
pub struct SmallFiles {
    paths: Vec<String>,
    size: usize,
    direction: Direction,
    payload: Payload,
    current: usize,
    handle: Vec<u8>,
    is_closing: bool,
}

impl SmallFiles {
    /// Each of `paths` has, or gets, `size` bytes.
    pub fn new(paths: Vec<String>, size: usize, direction: Direction, payload: &Payload) -> Self {
        let payload = payload.clone();
        Self { paths, size, direction, payload, current: 0, handle: Vec::new(), is_closing: false }
    }
}

impl Exchange for SmallFiles {
    fn begin(&mut self, out: &mut Requests) {
        let flags = match self.direction {
            Direction::Down => FOR_READING,
            Direction::Up => FOR_REPLACING,
        };
        out.open(&self.paths[self.current], flags);
    }

    fn answer(&mut self, _: u32, answer: Answer<'_>, out: &mut Requests) -> Result<Option<u64>> {
        match (answer, self.direction) {
            (Answer::Handle(handle), direction) => {
                self.handle = handle.to_vec();
                match direction {
                    Direction::Down => out.read(&self.handle, 0, self.size as u32),
                    Direction::Up => out.write(&self.handle, 0, self.payload.at(0, self.size)),
                };
            }
            (Answer::Data(length, head), Direction::Down) => {
                ensure!(length == self.size, "{length} bytes of {}", self.size);
                ensure!(self.payload.matches(0, head), "wrong bytes");
                self.is_closing = true;
                out.close(&self.handle);
            }
            (Answer::Status(OK, _), _) if self.is_closing => {
                self.is_closing = false;
                self.current += 1;
                if self.current == self.paths.len() {
                    return Ok(Some(self.current as u64));
                }
                self.begin(out);
            }
            (Answer::Status(OK, _), Direction::Up) => {
                self.is_closing = true;
                out.close(&self.handle);
            }
            (other, _) => return unexpected(&other),
        }
        Ok(None)
    }
}

/// One directory from its first entry to its last. Amount: entries.
pub struct Listing {
    path: String,
    handle: Vec<u8>,
    entries: u64,
    is_at_end: bool,
}

impl Listing {
    /// Lists the directory `path`.
    pub fn new(path: String) -> Self {
        Self { path, handle: Vec::new(), entries: 0, is_at_end: false }
    }
}

impl Exchange for Listing {
    fn begin(&mut self, out: &mut Requests) {
        out.open_directory(&self.path);
    }

    fn answer(&mut self, _: u32, answer: Answer<'_>, out: &mut Requests) -> Result<Option<u64>> {
        match answer {
            Answer::Handle(handle) => {
                self.handle = handle.to_vec();
                out.read_directory(&self.handle);
            }
            Answer::Names(count) => {
                self.entries += u64::from(count);
                out.read_directory(&self.handle);
            }
            Answer::Status(EOF, _) if !self.is_at_end => {
                self.is_at_end = true;
                out.close(&self.handle);
            }
            Answer::Status(OK, _) if self.is_at_end => return Ok(Some(self.entries)),
            other => return unexpected(&other),
        }
        Ok(None)
    }
}

/// Removes files, all requests at once. Amount: files.
pub struct Removal {
    paths: Vec<String>,
    answered: usize,
}

impl Removal {
    /// Removes each of `paths`.
    pub fn new(paths: Vec<String>) -> Self {
        Self { paths, answered: 0 }
    }
}

impl Exchange for Removal {
    fn begin(&mut self, out: &mut Requests) {
        for path in &self.paths {
            out.remove(path);
        }
    }

    fn answer(&mut self, _: u32, answer: Answer<'_>, _: &mut Requests) -> Result<Option<u64>> {
        let Answer::Status(OK, _) = answer else {
            return unexpected(&answer);
        };
        self.answered += 1;
        Ok((self.answered == self.paths.len()).then_some(self.answered as u64))
    }
}

/// Opens a file and asks for `reads` pieces of it at once; nobody waits for them. Amount: reads.
pub struct Flood {
    /// The file; it must be as large as one piece.
    pub path: String,
    /// Number of READ requests.
    pub reads: u64,
    /// Bytes that each asks for, all at the start of the file.
    pub length: u32,
}

impl Exchange for Flood {
    fn begin(&mut self, out: &mut Requests) {
        out.open(&self.path, FOR_READING);
    }

    fn answer(&mut self, _: u32, answer: Answer<'_>, out: &mut Requests) -> Result<Option<u64>> {
        let Answer::Handle(handle) = answer else {
            return unexpected(&answer);
        };
        for _ in 0..self.reads {
            out.read(handle, 0, self.length);
        }
        Ok(Some(self.reads))
    }
}
