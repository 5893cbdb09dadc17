//! Exit codes, by the kind of what went wrong. Every failure is told in one sentence that says what to do.

use std::{error::Error, fmt, process::ExitCode};

use entrepot_config::ConfigError;
use entrepot_net::NetError;
use entrepot_sftp::{HostKeyError, StartError};
use entrepot_store::StoreError;

/// Anything without a code of its own.
pub(crate) const FAILURE: u8 = 1;
/// The command line cannot be understood.
pub(crate) const USAGE: u8 = 2;
/// A setting, or the file it stands in, is wrong.
pub(crate) const CONFIGURATION: u8 = 3;
/// The data folder or the database cannot be used.
pub(crate) const DATA: u8 = 4;
/// A listener cannot be opened.
pub(crate) const LISTEN: u8 = 5;
/// A key or certificate cannot be used.
pub(crate) const KEYS: u8 = 6;
/// The clock of this machine is wrong.
pub(crate) const CLOCK: u8 = 7;

/// A failure of this room, with the code it ends the process with.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// A failure without a code of its own.
    pub(crate) fn plain(message: impl Into<String>) -> anyhow::Error {
        Self::with_code(FAILURE, message)
    }

    /// A failure that ends the process with `code`.
    pub(crate) fn with_code(code: u8, message: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self { code, message: message.into() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// Prints the error and answers with the code of its kind.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("entrepot: {}", sentence(error));
    ExitCode::from(code(error))
}

/// The chain of causes as one sentence. Many errors print their cause themselves: what was said is not said again.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The code that an error ends the process with.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(code_of).unwrap_or(FAILURE)
}

fn code_of(cause: &(dyn Error + 'static)) -> Option<u8> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.code);
    }
    if cause.is::<ConfigError>() {
        return Some(CONFIGURATION);
    }
    if cause.is::<StoreError>() {
        return Some(DATA);
    }
    if cause.is::<HostKeyError>() {
        return Some(KEYS);
    }
    if let Some(error) = cause.downcast_ref::<StartError>() {
        return Some(if matches!(error, StartError::HostKey(_)) { KEYS } else { CONFIGURATION });
    }
    match cause.downcast_ref::<NetError>()? {
        NetError::CertificateFile { .. } | NetError::Certificate { .. } => Some(KEYS),
        NetError::Tls(_) | NetError::BadAddress { .. } | NetError::NotBuilt { .. } => Some(CONFIGURATION),
        _ => Some(LISTEN),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn code_is_that_of_the_cause_however_deep() {
        let error = Err::<(), _>(StoreError::Full).context("opening the database").context("starting").expect_err("an error");
        assert_eq!(code(&error), DATA);
        let taken = NetError::InUse { port: 22, address: "all addresses".into(), setting: "sftpd.bindings[0].port".into() };
        assert_eq!(code(&taken.into()), LISTEN);
        assert_eq!(code(&Failure::with_code(KEYS, "x")), KEYS);
        assert_eq!(code(&anyhow::anyhow!("anything")), FAILURE);
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("no space").context("writing: no space").context("starting");
        assert_eq!(sentence(&error), "starting: writing: no space");
    }
}
