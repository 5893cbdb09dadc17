//! A program that says which authority an account trusts (SSH-054): opkssh, whose certificates are signed by keys that live
//! for a day and that no file could list.

#![allow(clippy::disallowed_methods, reason = "the program is read once, at the start, to compare its checksum")]

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use russh::keys::{Certificate, PublicKey, ssh_key::public::KeyData};
use tokio::{io::AsyncReadExt as _, process::Command, sync::Semaphore, time::timeout};

/// Largest program in bytes whose checksum is taken.
const MAX_PROGRAM: u64 = 100 << 20;
/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 64 << 10;
/// Time that an answer may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Programs that run at a time: whoever shows certificates of their own making starts one.
const AT_A_TIME: usize = 8;

/// The program.
#[derive(Debug)]
pub(crate) struct Verifier {
    program: PathBuf,
    limit: Duration,
    room: Semaphore,
}

impl Verifier {
    /// Looks at the program at `path`; `checksum`, unless empty, is its SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// What is wrong: the program is not there, or is another one.
    pub(crate) fn load(path: &Path, checksum: &str) -> Result<Self, String> {
        if !path.is_absolute() {
            return Err("the path must be absolute".to_owned());
        }
        let details = fs::metadata(path).map_err(|error| error.to_string())?;
        if !details.is_file() {
            return Err("it is no file".to_owned());
        }
        if !checksum.is_empty() {
            compare(path, checksum)?;
        }
        Ok(Self { program: path.to_owned(), limit: LIMIT, room: Semaphore::new(AT_A_TIME) })
    }

    /// Asks whether the account `username` trusts who signed the certificate.
    ///
    /// # Errors
    /// The reason, for the log: it does not, or the program gives no answer.
    pub(crate) async fn check(&self, certificate: &Certificate, username: &str) -> Result<(), String> {
        // It would be an option of the program.
        if username.starts_with('-') {
            return Err("the name begins with a hyphen, which the verifier cannot be asked about".to_owned());
        }
        let text = certificate.to_openssh().map_err(|error| error.to_string())?;
        let mut parts = text.split(' ');
        let (Some(kind), Some(key)) = (parts.next(), parts.next()) else { return Err("it cannot be written".to_owned()) };
        let asking = async {
            let _place = self.room.acquire().await.map_err(|error| error.to_string())?;
            self.ask(username, key, kind).await
        };
        let answer = timeout(self.limit, asking).await;
        let answer = answer.map_err(|_| format!("the verifier gave no answer within {} seconds", self.limit.as_secs_f32()))??;
        if trusted(&answer).any(|trusted| trusted == *certificate.signature_key()) {
            Ok(())
        } else {
            Err("the verifier does not name who signed it".to_owned())
        }
    }

    async fn ask(&self, username: &str, key: &str, kind: &str) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(["verify", username, key, kind]).env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = command.spawn().map_err(|error| format!("the verifier cannot be run: {error}"))?;
        let mut answer = String::new();
        if let Some(output) = running.stdout.take() {
            let read = output.take(MAX_ANSWER).read_to_string(&mut answer).await;
            read.map_err(|error| format!("the answer of the verifier cannot be read: {error}"))?;
        }
        let status = running.wait().await.map_err(|error| format!("the verifier was lost: {error}"))?;
        if status.success() { Ok(answer) } else { Err(format!("the verifier refused it ({status})")) }
    }
}

/// The keys of an answer: lines of an authorized-keys file, with or without the option `cert-authority`.
fn trusted(answer: &str) -> impl Iterator<Item = KeyData> {
    answer.lines().filter_map(|line| {
        let line = line.trim();
        let key = match line.split_once(' ') {
            Some((options, key)) if options.split(',').any(|option| option == "cert-authority") => key,
            _ => line,
        };
        PublicKey::from_openssh(key.trim()).ok().map(|key| key.key_data().clone())
    })
}

fn compare(path: &Path, checksum: &str) -> Result<(), String> {
    let mut program = fs::File::open(path).map_err(|error| error.to_string())?.take(MAX_PROGRAM + 1);
    let (mut digest, mut chunk, mut size) = (digest::Context::new(&digest::SHA256), vec![0; 64 << 10], 0);
    loop {
        let read = program.read(&mut chunk).map_err(|error| error.to_string())?;
        if read == 0 {
            break;
        }
        size += read as u64;
        digest.update(&chunk[..read]);
    }
    if size > MAX_PROGRAM {
        return Err(format!("it is larger than {} MiB", MAX_PROGRAM >> 20));
    }
    let sum: String = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let is_same = verify_slices_are_equal(sum.as_bytes(), checksum.trim().to_ascii_lowercase().as_bytes()).is_ok();
    if is_same { Ok(()) } else { Err(format!("its SHA-256 is {sum}, not that of sftpd.opkssh_checksum")) }
}

#[cfg(test)]
mod tests;
