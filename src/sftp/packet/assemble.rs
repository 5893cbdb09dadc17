//! Cutting a byte stream into messages.

use super::constants::MAX_MESSAGE;
use crate::pool;

/// A length that no message can have: the channel is to be closed (SFTP-004).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message of {length} bytes")]
pub struct FrameError {
    /// The length that was announced.
    pub length: u32,
}

/// Finds message borders. A message that lies whole in what arrived is handed on where it lies; only one that is cut by
/// the border of a channel packet is put together in a buffer, which exists no longer than that.
#[derive(Debug, Default)]
pub struct Assembler {
    header: [u8; 4],
    header_length: usize,
    body: Vec<u8>,
    filled: usize,
    wanted: usize,
    handed_out: bool,
}

impl Assembler {
    /// The next whole message (without its length field), or `None` when `input` is used up. Call it until then.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Result<Option<&'s [u8]>, FrameError> {
        if self.handed_out {
            self.release();
        }
        if self.wanted == 0 {
            if self.header_length == 0
                && let Some((length, rest)) = input.split_first_chunk::<4>()
            {
                let length = check(*length)?;
                if let Some((message, rest)) = rest.split_at_checked(length) {
                    *input = rest;
                    return Ok(Some(message));
                }
            }
            if !self.take_header(input)? {
                return Ok(None);
            }
            self.body = pool::take();
        }
        let count = input.len().min(self.wanted - self.filled);
        let (head, rest) = input.split_at(count);
        self.body[self.filled..self.filled + count].copy_from_slice(head);
        self.filled += count;
        *input = rest;
        if self.filled < self.wanted {
            return Ok(None);
        }
        self.handed_out = true;
        Ok(Some(&self.body[..self.wanted]))
    }

    /// Whether a message has begun and not ended.
    #[cfg(test)]
    pub fn is_partial(&self) -> bool {
        !self.handed_out && (self.header_length > 0 || self.wanted > 0)
    }

    fn take_header(&mut self, input: &mut &[u8]) -> Result<bool, FrameError> {
        let count = input.len().min(4 - self.header_length);
        let (head, rest) = input.split_at(count);
        self.header[self.header_length..self.header_length + count].copy_from_slice(head);
        self.header_length += count;
        *input = rest;
        if self.header_length < 4 {
            return Ok(false);
        }
        self.wanted = check(self.header)?;
        self.header_length = 0;
        Ok(true)
    }

    fn release(&mut self) {
        pool::give(std::mem::take(&mut self.body));
        (self.filled, self.wanted, self.handed_out) = (0, 0, false);
    }
}

impl Drop for Assembler {
    fn drop(&mut self) {
        self.release();
    }
}

/// The smallest message has a type and an id or version.
fn check(header: [u8; 4]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(header);
    match usize::try_from(length) {
        Ok(bytes) if (5..=MAX_MESSAGE).contains(&bytes) => Ok(bytes),
        _ => Err(FrameError { length }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(body.len()).expect("short").to_be_bytes().to_vec();
        out.extend_from_slice(body);
        out
    }

    fn collect(assembler: &mut Assembler, mut input: &[u8], into: &mut Vec<Vec<u8>>) -> Result<(), FrameError> {
        while let Some(message) = assembler.next(&mut input)? {
            into.push(message.to_vec());
        }
        assert!(input.is_empty());
        Ok(())
    }

    proptest! {
        #[test]
        fn messages_are_the_same_wherever_the_stream_is_cut(
            bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 5..60), 1..12),
            cuts in proptest::collection::vec(1usize..40, 1..40),
        ) {
            let stream: Vec<u8> = bodies.iter().flat_map(|body| frame(body)).collect();
            let (mut assembler, mut found, mut rest) = (Assembler::default(), Vec::new(), stream.as_slice());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (head, tail) = rest.split_at((*cut).min(rest.len()));
                collect(&mut assembler, head, &mut found).expect("well formed");
                rest = tail;
            }
            prop_assert_eq!(found, bodies);
            prop_assert!(!assembler.is_partial());
        }
    }

    // SFTP-004
    #[test]
    fn a_length_above_the_maximum_or_below_a_header_is_refused() {
        for length in [0u32, 4, 262_145, u32::MAX] {
            let header = length.to_be_bytes();
            assert_eq!(Assembler::default().next(&mut header.as_slice()), Err(FrameError { length }));
            // The same when the length field itself is cut.
            let mut cut = Assembler::default();
            assert_eq!(cut.next(&mut &header[..3]), Ok(None));
            assert_eq!(cut.next(&mut &header[3..]), Err(FrameError { length }));
        }
    }

    // SFTP-004
    #[test]
    fn the_largest_message_passes_whole_and_cut() {
        let body = vec![7; MAX_MESSAGE];
        let stream = frame(&body);
        for cut in [stream.len(), 1, 5, 100_000] {
            let (mut assembler, mut found) = (Assembler::default(), Vec::new());
            let (head, tail) = stream.split_at(cut);
            collect(&mut assembler, head, &mut found).expect("fits");
            collect(&mut assembler, tail, &mut found).expect("fits");
            assert_eq!(found, std::slice::from_ref(&body));
        }
    }

    #[test]
    fn a_message_that_arrives_whole_is_not_copied() {
        let stream = frame(b"\x01\0\0\0\x03");
        let mut assembler = Assembler::default();
        let message = assembler.next(&mut stream.as_slice()).expect("fits").expect("whole");
        assert!(std::ptr::eq(message, &stream[4..]));
    }
}
