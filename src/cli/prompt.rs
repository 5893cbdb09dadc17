//! Asking for a password.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use entrepot_secrets::Sensitive;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit::Failure;

/// Longest line that is read.
const LIMIT: u64 = 4096;

/// A new password: asked for twice, without echo, on a terminal; else the first line of standard input.
///
/// # Errors
/// Nothing was typed, or not the same twice.
pub(crate) fn new_password(label: &str) -> anyhow::Result<Sensitive<String>> {
    if !io::stdin().is_terminal() {
        return not_empty(read_line()?);
    }
    let first = ask(label)?;
    let second = ask("The same again")?;
    if first != second {
        return Err(Failure::plain("the two passwords differ; nothing was changed"));
    }
    not_empty(first)
}

/// A password that is known already: asked for once, without echo, on a terminal; else the first line of standard input.
///
/// # Errors
/// Nothing was typed.
pub(crate) fn password(label: &str) -> anyhow::Result<Sensitive<String>> {
    not_empty(if io::stdin().is_terminal() { ask(label)? } else { read_line()? })
}

fn not_empty(password: Sensitive<String>) -> anyhow::Result<Sensitive<String>> {
    if password.is_empty() { Err(Failure::plain("no password was given; nothing was changed")) } else { Ok(password) }
}

fn ask(label: &str) -> anyhow::Result<Sensitive<String>> {
    let mut terminal = io::stderr();
    write!(terminal, "{label}: ")?;
    terminal.flush()?;
    let quiet = Quiet::begin()?;
    let line = read_line();
    drop(quiet);
    writeln!(terminal)?;
    line
}

fn read_line() -> anyhow::Result<Sensitive<String>> {
    let mut text = String::new();
    io::Read::take(&mut io::stdin().lock(), LIMIT).read_line(&mut text)?;
    while text.ends_with(['\n', '\r']) {
        text.pop();
    }
    Ok(Sensitive::new(text))
}

/// Echo is off while this lives.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
