//! Taking fields off a message.

/// The message ends before its fields do, or a field contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed message")]
pub struct Malformed;

/// The rest of a message.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes not read yet.
    #[cfg(test)]
    pub fn remaining(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let (&head, tail) = self.0.split_first().ok_or(Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    /// A 32 bit number, big endian.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        let (head, tail) = self.0.split_first_chunk::<4>().ok_or(Malformed)?;
        self.0 = tail;
        Ok(u32::from_be_bytes(*head))
    }

    /// A 64 bit number, big endian.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        let (head, tail) = self.0.split_first_chunk::<8>().ok_or(Malformed)?;
        self.0 = tail;
        Ok(u64::from_be_bytes(*head))
    }

    /// A counted string: bytes, whatever they are.
    pub fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| Malformed)?)
    }
}
