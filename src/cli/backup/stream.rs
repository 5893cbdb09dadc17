//! The envelope of `entrepot-secrets` as a writer and a reader: plain text goes in and comes out, files hold chunks.

use std::io::{self, Read, Write};

use entrepot_secrets::{
    Sensitive,
    envelope::{CHUNK_BYTES, Costs, EnvelopeError, HEADER_BYTES, Opening, Sealing, TAG_BYTES},
};

/// A failure of the envelope as one of a stream; [`cause`] finds it again.
fn failed(error: EnvelopeError) -> io::Error {
    let kind = match error {
        EnvelopeError::Internal => io::ErrorKind::OutOfMemory,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

/// What the envelope found, if that is why a stream failed.
pub(crate) fn cause(error: &io::Error) -> Option<&EnvelopeError> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// Seals what is written to it.
pub(crate) struct SealedWriter<W: Write> {
    inner: W,
    sealing: Sealing,
    chunk: Vec<u8>,
}

impl<W: Write> SealedWriter<W> {
    /// Writes the header.
    pub(crate) fn begin(mut inner: W, passphrase: &Sensitive<String>, costs: Costs) -> io::Result<Self> {
        let sealing = Sealing::begin(passphrase, costs).map_err(failed)?;
        inner.write_all(sealing.header())?;
        Ok(Self { inner, sealing, chunk: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES) })
    }

    /// Writes the last chunk: without it the file does not open.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        self.sealing.seal(&mut self.chunk, is_last).map_err(failed)?;
        self.inner.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // A full chunk waits for more: until then it may be the last one.
        if self.chunk.len() == CHUNK_BYTES && !data.is_empty() {
            self.put(false)?;
        }
        let taken = data.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&data[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        // What is not a whole chunk stays: chunks have one length.
        Ok(())
    }
}

/// Opens what is read from it.
pub(crate) struct SealedReader<R: Read> {
    inner: R,
    opening: Opening,
    /// A sealed chunk, and a byte of the next one: whether there is one makes the difference.
    sealed: Vec<u8>,
    plain: Vec<u8>,
    position: usize,
    is_ended: bool,
}

impl<R: Read> SealedReader<R> {
    /// Reads the header.
    pub(crate) fn begin(mut inner: R, passphrase: &Sensitive<String>) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        inner.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => failed(EnvelopeError::Foreign),
            _ => error,
        })?;
        let opening = Opening::begin(&header, passphrase).map_err(failed)?;
        Ok(Self { inner, opening, sealed: Vec::new(), plain: Vec::new(), position: 0, is_ended: false })
    }

    fn next(&mut self) -> io::Result<()> {
        const WHOLE: usize = CHUNK_BYTES + TAG_BYTES;
        let wanted = WHOLE + 1 - self.sealed.len();
        (&mut self.inner).take(wanted as u64).read_to_end(&mut self.sealed)?;
        let ahead = (self.sealed.len() > WHOLE).then(|| self.sealed.pop()).flatten();
        self.is_ended = ahead.is_none();
        let plain = self.opening.open(&mut self.sealed, self.is_ended).map_err(failed)?;
        self.plain.clear();
        self.plain.extend_from_slice(plain);
        self.position = 0;
        self.sealed.clear();
        self.sealed.extend(ahead);
        Ok(())
    }
}

impl<R: Read> Read for SealedReader<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.position == self.plain.len() {
            if self.is_ended || target.is_empty() {
                return Ok(0);
            }
            self.next()?;
        }
        let count = target.len().min(self.plain.len() - self.position);
        target[..count].copy_from_slice(&self.plain[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const CHEAP: Costs = Costs { memory: 64, iterations: 1, lanes: 1 };

    pub(crate) fn passphrase() -> Sensitive<String> {
        Sensitive::from("correct horse battery")
    }

    fn sealed(plain: &[u8], step: usize) -> Vec<u8> {
        let mut writer = SealedWriter::begin(Vec::new(), &passphrase(), CHEAP).expect("begun");
        for piece in plain.chunks(step) {
            writer.write_all(piece).expect("written");
        }
        writer.finish().expect("finished")
    }

    fn opened(sealed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        SealedReader::begin(sealed, &passphrase())?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    // BKP-002
    #[test]
    fn any_length_in_any_pieces_comes_back() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 7] {
            let plain: Vec<u8> = (0..length).map(|index| (index * 7 % 256) as u8).collect();
            for step in [1000, CHUNK_BYTES, 3 * CHUNK_BYTES] {
                assert!(opened(&sealed(&plain, step)).expect("opened") == plain, "{length} in {step}");
            }
        }
    }

    // BKP-003
    #[test]
    fn file_that_ends_early_is_refused_wherever_it_ends() {
        let whole = sealed(&vec![1; 2 * CHUNK_BYTES + 100], 5000);
        let chunk = CHUNK_BYTES + TAG_BYTES;
        for length in [0, 10, HEADER_BYTES, HEADER_BYTES + 1, HEADER_BYTES + chunk, HEADER_BYTES + 2 * chunk, whole.len() - 1] {
            let error = opened(&whole[..length]).expect_err("it is not whole");
            assert!(matches!(cause(&error), Some(EnvelopeError::Foreign | EnvelopeError::Altered)), "{length}: {error}");
        }
        let longer = [whole.as_slice(), b"x"].concat();
        assert_eq!(cause(&opened(&longer).expect_err("too long")), Some(&EnvelopeError::Altered));
    }
}
