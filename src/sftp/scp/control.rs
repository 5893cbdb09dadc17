//! The lines by which the sender says what follows.

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// `C`: a file of exactly that many bytes follows.
    File {
        /// Permission bits.
        mode: u32,
        /// Bytes.
        size: u64,
        /// Name.
        name: Vec<u8>,
    },
    /// `D`: what follows is in that directory.
    Directory {
        /// Permission bits.
        mode: u32,
        /// Name.
        name: Vec<u8>,
    },
    /// `E`: back to the parent directory.
    End,
    /// `T`: times of what follows, in seconds.
    Times {
        /// Of the last change.
        modified: i64,
        /// Of the last access.
        accessed: i64,
    },
    /// The sender could not read something, and goes on.
    Warning,
    /// The sender gives up.
    Fatal,
}

/// Why a line is none of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The kind of line is not known.
    #[error("protocol error: unknown control line")]
    Kind,
    /// The mode is not four to six octal digits.
    #[error("protocol error: the mode is not octal")]
    Mode,
    /// The size is no decimal number, or larger than any file.
    #[error("protocol error: the size is no size")]
    Size,
    /// The name is empty, leads elsewhere, or has bytes that no name has.
    #[error("protocol error: unexpected file name")]
    Name,
    /// The times are not four decimal numbers.
    #[error("protocol error: the times are malformed")]
    Times,
}

/// Reads a line without its end.
pub fn parse(line: &[u8]) -> Result<Control, Malformed> {
    let (kind, rest) = line.split_first().ok_or(Malformed::Kind)?;
    match kind {
        b'C' => {
            let (mode, size, name) = entry(rest)?;
            Ok(Control::File { mode, size, name })
        }
        b'D' => {
            let (mode, _, name) = entry(rest)?;
            Ok(Control::Directory { mode, name })
        }
        b'E' if rest.is_empty() => Ok(Control::End),
        b'T' => times(rest).ok_or(Malformed::Times),
        1 => Ok(Control::Warning),
        2 => Ok(Control::Fatal),
        _ => Err(Malformed::Kind),
    }
}

/// `<mode> <size> <name>`
fn entry(rest: &[u8]) -> Result<(u32, u64, Vec<u8>), Malformed> {
    let (mode, rest) = word(rest).ok_or(Malformed::Mode)?;
    let is_octal = (4..=6).contains(&mode.len()) && mode.iter().all(|digit| (b'0'..=b'7').contains(digit));
    let mode = std::str::from_utf8(mode).ok().filter(|_| is_octal).and_then(|text| u32::from_str_radix(text, 8).ok());
    let mode = mode.ok_or(Malformed::Mode)? & 0o7777;
    let (size, name) = word(rest).ok_or(Malformed::Size)?;
    let size = number(size).and_then(|size| u64::try_from(size).ok()).ok_or(Malformed::Size)?;
    // SCP-003. A backslash is a separator in paths (SFTP-054).
    let is_name =
        !name.is_empty() && name != b"." && name != b".." && !name.iter().any(|b| matches!(b, b'/' | b'\\' | 0 | b'\r'));
    if is_name { Ok((mode, size, name.to_vec())) } else { Err(Malformed::Name) }
}

/// `<mtime> <microseconds> <atime> <microseconds>`
fn times(rest: &[u8]) -> Option<Control> {
    let (modified, rest) = word(rest)?;
    let (micros, rest) = word(rest)?;
    let (accessed, more) = word(rest)?;
    let is_fraction = |text: &[u8]| number(text).is_some_and(|micros| micros < 1_000_000);
    (is_fraction(micros) && is_fraction(more))
        .then_some(Control::Times { modified: number(modified)?, accessed: number(accessed)? })
}

/// Up to the next blank, and what follows it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == b' ')?;
    Some((&text[..at], &text[at + 1..]))
}

/// Decimal digits alone.
fn number(text: &[u8]) -> Option<i64> {
    let is_decimal = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| is_decimal)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // SCP-003, SCP-006, SCP-007
    #[test]
    fn lines_say_what_follows() {
        let file = Control::File { mode: 0o644, size: 12, name: b"a b".to_vec() };
        assert_eq!(parse(b"C0644 12 a b"), Ok(file));
        assert_eq!(parse(b"D0755 0 d"), Ok(Control::Directory { mode: 0o755, name: b"d".to_vec() }));
        assert_eq!(
            parse(b"T1700000000 0 1600000000 999999"),
            Ok(Control::Times { modified: 1_700_000_000, accessed: 1_600_000_000 })
        );
        assert_eq!(parse(b"E"), Ok(Control::End));
        assert_eq!(parse(b"C100644 0 \xff"), Ok(Control::File { mode: 0o644, size: 0, name: b"\xff".to_vec() }));
    }

    /// Lines that were tried on servers of this kind, one a line; `#` begins a remark.
    const HOSTILE: &str = include_str!("../../../tests/data/scp/hostile-lines.txt");

    // SCP-003: hostile senders
    #[test]
    fn hostile_lines_are_refused() {
        let mut count = 0;
        for line in HOSTILE.lines().filter(|line| !line.starts_with('#')) {
            assert!(parse(line.as_bytes()).is_err(), "{line:?}");
            count += 1;
        }
        assert!(count > 30);
        for line in [&b""[..], b"C0644 1 a\0b", b"C0644 1 a\rb", b"\x03text"] {
            assert!(parse(line).is_err(), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics_and_a_name_is_one_component(
            line in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                "[CDTE][0-9]{0,7} [-0-9]{0,21} [a./\\\\ ]{0,6}".prop_map(String::into_bytes),
            ]
        ) {
            if let Ok(Control::File { name, .. } | Control::Directory { name, .. }) = parse(&line) {
                prop_assert!(entrepot_model::VirtualPath::root().child(&name).is_ok());
            }
        }
    }
}
