//! Chance that is the same every time.

/// xorshift64*: enough to be nasty, and a failure can be run again.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() >> 33).unwrap() % bound
    }

    pub fn is(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.number().to_le_bytes()[7]).collect()
    }

    /// Changes a few bits and numbers of `bytes`, cuts them or puts more in; what lies before `from` stays.
    pub fn damage(&mut self, bytes: &mut Vec<u8>, from: usize) {
        for _ in 0..=self.below(3) {
            if bytes.len() <= from {
                return;
            }
            let at = from + self.below(bytes.len() - from);
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.pick(&[0, 1, 0x7F, 0x80, 0xFF]),
                2 => {
                    let number = self.pick(&[0, 1, 4, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFFB, 35_001, 262_145]);
                    for (byte, new) in bytes[at..].iter_mut().zip(u32::to_be_bytes(number)) {
                        *byte = new;
                    }
                }
                3 => bytes.truncate(at),
                4 => {
                    let length = self.below(40);
                    let more = self.bytes(length);
                    bytes.splice(at..at, more);
                }
                _ => {
                    let end = (at + self.below(16)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
    }
}
