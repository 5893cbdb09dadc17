//! The arguments of `scp` on the server's side (SCP-001).

use crate::exec::Word;

/// Which side of the transfer is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `-t`: the client sends.
    Receive,
    /// `-f`: the client receives.
    Send,
}

/// What the client's `scp` asks of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScpOptions {
    /// Our side.
    pub side: Side,
    /// `-r`: directories with their content.
    pub recursive: bool,
    /// `-p`: times and modes.
    pub preserve: bool,
    /// `-d`: the target must be a directory.
    pub into_directory: bool,
    /// The path.
    pub path: Word,
}

impl ScpOptions {
    /// Reads what follows the name of the command: flags in any number of words, and the path last.
    ///
    /// # Errors
    /// A text for the client.
    pub fn parse(mut words: Vec<Word>) -> Result<Self, String> {
        const USAGE: &str = "usage: scp [-r] [-p] [-d] -t|-f path";
        let path = words.pop().ok_or(USAGE)?;
        let has = |letter: u8| {
            words.iter().any(|word| {
                word.text.strip_prefix(b"-").is_some_and(|letters| !letters.starts_with(b"-") && letters.contains(&letter))
            })
        };
        let side = match (has(b't'), has(b'f')) {
            (true, false) => Side::Receive,
            (false, true) => Side::Send,
            _ => return Err(USAGE.to_owned()),
        };
        Ok(Self { side, recursive: has(b'r'), preserve: has(b'p'), into_directory: has(b'd'), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::{Command, EnabledCommands, parse};

    fn read(line: &str) -> Result<ScpOptions, String> {
        match parse(line.as_bytes(), &EnabledCommands::new(&["scp".to_owned()]))? {
            Command::Scp(options) => Ok(options),
            other => panic!("{other:?}"),
        }
    }

    // SCP-001
    #[test]
    fn flags_stand_together_or_alone() {
        for line in ["scp -rpt x", "scp -r -p -t x", "scp -v -rp -d -t -- x", "/usr/bin/scp -t -rp x"] {
            let options = read(line).expect(line);
            assert_eq!((options.side, options.recursive, options.preserve), (Side::Receive, true, true), "{line}");
            assert_eq!((options.path.text.as_slice(), options.into_directory), (&b"x"[..], line.contains("-d")));
        }
        assert_eq!(read("scp -f -- '-r'").map(|options| (options.side, options.recursive)), Ok((Side::Send, false)));
        for line in ["scp", "scp x", "scp -r x", "scp -t -f x", "scp --tf x"] {
            assert!(read(line).is_err_and(|text| text.starts_with("usage")), "{line}");
        }
    }
}
