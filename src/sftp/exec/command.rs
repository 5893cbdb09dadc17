//! Which command a line is, and whether it may run (SCMD-001, SCMD-002).

use entrepot_core::fs::HashAlgorithm;

use super::{
    line::{Word, split},
    uname::uname,
};
use crate::scp::ScpOptions;

/// A command with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A side of SCP.
    Scp(ScpOptions),
    /// Checksum of a file.
    Hash(HashAlgorithm, Word),
    /// Checksum of what the client sends.
    HashInput(HashAlgorithm),
    /// It has no effect: every command names its paths.
    ChangeDirectory,
    /// The start directory.
    PrintDirectory,
    /// A copy within the account.
    Copy {
        /// What.
        from: Word,
        /// Where to.
        to: Word,
    },
    /// Removal of a file or a directory with its content.
    Remove(Word),
    /// Text of `uname`.
    Name(String),
}

impl Command {
    /// Its name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scp(_) => "scp",
            Self::Hash(algorithm, _) | Self::HashInput(algorithm) => hash_name(*algorithm),
            Self::ChangeDirectory => "cd",
            Self::PrintDirectory => "pwd",
            Self::Copy { .. } => "copy",
            Self::Remove(_) => "remove",
            Self::Name(_) => "uname",
        }
    }
}

const HASHES: [(&str, HashAlgorithm); 5] = [
    ("md5sum", HashAlgorithm::Md5),
    ("sha1sum", HashAlgorithm::Sha1),
    ("sha256sum", HashAlgorithm::Sha256),
    ("sha384sum", HashAlgorithm::Sha384),
    ("sha512sum", HashAlgorithm::Sha512),
];

fn hash_name(algorithm: HashAlgorithm) -> &'static str {
    HASHES.iter().find(|(_, known)| *known == algorithm).map_or("hash", |(name, _)| name)
}

/// Commands with two spellings: ours, and that of scripts that exist.
const COPY: [&str; 2] = ["entrepot-copy", "sftpgo-copy"];
const REMOVE: [&str; 2] = ["entrepot-remove", "sftpgo-remove"];
const OTHERS: [&str; 4] = ["scp", "cd", "pwd", "uname"];

/// The commands that the settings allow.
#[derive(Debug, Clone)]
pub struct EnabledCommands<'a>(&'a [String]);

impl<'a> EnabledCommands<'a> {
    /// By `sftpd.enabled_ssh_commands`.
    pub fn new(names: &'a [String]) -> Self {
        Self(names)
    }

    /// Names in the settings that are none of ours.
    pub fn unknown(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(String::as_str).filter(|name| *name != "*" && !is_known(name))
    }

    /// Every name that may be used (SSH-047).
    pub fn names(&self) -> Vec<String> {
        let hashes = HASHES.iter().map(|(name, _)| *name);
        let all = hashes.chain(OTHERS).chain(COPY).chain(REMOVE);
        all.filter(|name| self.allows(name)).map(str::to_owned).collect()
    }

    fn allows(&self, name: &str) -> bool {
        // Either spelling enables both.
        let pair = [COPY, REMOVE].into_iter().find(|pair| pair.contains(&name));
        let is_same = |other: &str| other == name || pair.is_some_and(|pair| pair.contains(&other));
        self.0.iter().any(|enabled| enabled == "*" || is_same(enabled))
    }
}

fn is_known(name: &str) -> bool {
    OTHERS.contains(&name) || COPY.contains(&name) || REMOVE.contains(&name) || HASHES.iter().any(|(known, _)| *known == name)
}

/// Reads a line. The error is a text for the client.
pub fn parse(line: &[u8], enabled: &EnabledCommands<'_>) -> Result<Command, String> {
    let mut words = split(line).map_err(|error| error.to_string())?.into_iter();
    let first = words.next().map(|word| word.text).unwrap_or_default();
    // Clients that name the program's folder mean the same program.
    let first = first.strip_prefix(b"/usr/bin/").unwrap_or(&first);
    let name = std::str::from_utf8(first).unwrap_or_default();
    if name == "rsync" {
        return Err(
            "rsync over SSH is not available here: mount the account with sshfs, or use rclone or lftp over SFTP".to_owned()
        );
    }
    if name == "git" || name.starts_with("git-") {
        return Err("git over SSH is not available here: this is a file server".to_owned());
    }
    if !is_known(name) {
        return Err("this command is not available here: the server offers SFTP, SCP and a few commands, and no shell".to_owned());
    }
    if !enabled.allows(name) {
        return Err(format!("{name} is not enabled on this server"));
    }
    build(name, words.collect())
}

fn build(name: &str, mut words: Vec<Word>) -> Result<Command, String> {
    if let Some((_, algorithm)) = HASHES.iter().find(|(known, _)| *known == name) {
        // `--` ends the options, and there are none.
        words.retain(|word| word.text != b"--" && word.text != b"-b");
        return match (words.pop(), words.is_empty()) {
            (None, _) => Ok(Command::HashInput(*algorithm)),
            (Some(word), true) if word.text == b"-" => Ok(Command::HashInput(*algorithm)),
            (Some(word), true) => Ok(Command::Hash(*algorithm, word)),
            _ => Err(format!("usage: {name} [path]")),
        };
    }
    if COPY.contains(&name) {
        let pair: Result<[Word; 2], _> = words.try_into();
        return pair.map(|[from, to]| Command::Copy { from, to }).map_err(|_| format!("usage: {name} <source> <target>"));
    }
    if REMOVE.contains(&name) {
        let one: Result<[Word; 1], _> = words.try_into();
        return one.map(|[path]| Command::Remove(path)).map_err(|_| format!("usage: {name} <path>"));
    }
    match name {
        "scp" => ScpOptions::parse(words).map(Command::Scp),
        "cd" => Ok(Command::ChangeDirectory),
        "pwd" => Ok(Command::PrintDirectory),
        _ => {
            let arguments: Vec<String> = words.iter().map(|word| String::from_utf8_lossy(&word.text).into_owned()).collect();
            uname(&arguments).map(Command::Name)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str, enabled: &[&str]) -> Result<Command, String> {
        let enabled: Vec<String> = enabled.iter().map(|&name| name.to_owned()).collect();
        parse(line.as_bytes(), &EnabledCommands::new(&enabled))
    }

    // SCMD-001, SCMD-002
    #[test]
    fn only_what_is_enabled_runs() {
        assert_eq!(read("pwd", &["pwd"]), Ok(Command::PrintDirectory));
        assert_eq!(read("cd '/x y'", &["*"]), Ok(Command::ChangeDirectory));
        assert!(read("pwd", &["cd"]).is_err_and(|text| text.contains("not enabled")));
        for spelling in ["sftpgo-remove x", "entrepot-remove x"] {
            for enabled in [["sftpgo-remove"], ["entrepot-remove"]] {
                assert!(matches!(read(spelling, &enabled), Ok(Command::Remove(_))), "{spelling} {enabled:?}");
            }
        }
        let names = ["pwd".to_owned(), "ls".to_owned(), "*".to_owned()];
        assert_eq!(EnabledCommands::new(&names).unknown().collect::<Vec<_>>(), ["ls"]);
        assert_eq!(EnabledCommands::new(&names[..1]).names(), ["pwd"]);
        assert_eq!(EnabledCommands::new(&names).names().len(), 13);
    }

    // SCMD-002, decisions 11
    #[test]
    fn other_programs_are_refused_in_words_that_help() {
        for (line, word) in [
            ("rsync --server -logDtpre.iLsfxC . x", "rclone"),
            ("git-upload-pack 'x'", "git"),
            ("git lfs", "git"),
            ("id", "no shell"),
            ("pwd;id", "no shell"),
            ("", "no shell"),
            ("md5sum 'x", "quotation"),
        ] {
            assert!(read(line, &["*"]).is_err_and(|text| text.contains(word)), "{line}");
        }
    }

    // SCMD-004, SCMD-007, SCMD-008
    #[test]
    fn arguments_are_counted() {
        let word = |text: &str| split(text.as_bytes()).expect("a word").remove(0);
        let all = ["*"];
        assert_eq!(read("sha384sum", &all), Ok(Command::HashInput(HashAlgorithm::Sha384)));
        assert_eq!(read("md5sum -- 'a b'", &all), Ok(Command::Hash(HashAlgorithm::Md5, word("'a b'"))));
        assert_eq!(read("sftpgo-copy a b/", &all), Ok(Command::Copy { from: word("a"), to: word("b/") }));
        for bad in ["sha1sum a b", "sftpgo-copy a", "entrepot-copy a b c", "sftpgo-remove", "sftpgo-remove a b"] {
            assert!(read(bad, &all).is_err_and(|text| text.starts_with("usage: ")), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(
            line in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "(scp|md5sum|sftpgo-copy|uname|cd)( -{0,2}[a-z]{0,4}| '[^']{0,5}| \"?[a-z/.~*]{0,6}){0,6}".prop_map(String::into_bytes),
            ]
        ) {
            let _ = parse(&line, &EnabledCommands::new(&["*".to_owned()]));
        }
    }
}
