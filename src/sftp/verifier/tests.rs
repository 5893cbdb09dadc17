use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A desk with an authority, a certificate that it signed, and a program to ask.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("test"));
        for name in ["authority", "other", "user"] {
            desk.run(&["-t", "ed25519", "-N", "", "-f", name]);
        }
        desk.run(&["-s", "authority", "-I", "alice@example.com", "user.pub"]);
        desk
    }

    fn run(&self, arguments: &[&str]) {
        let status = std::process::Command::new("ssh-keygen").arg("-q").args(arguments).current_dir(self.0.path()).status();
        assert!(status.expect("ssh-keygen is installed").success(), "{arguments:?}");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("test").trim().to_owned()
    }

    fn certificate(&self) -> Certificate {
        Certificate::from_openssh(&self.read("user-cert.pub")).expect("a certificate")
    }

    fn program(&self, script: &str) -> PathBuf {
        let path = self.0.path().join("verify.sh");
        // Written by another name: a file that is open for writing elsewhere cannot be run.
        let made = self.0.path().join("made.sh");
        fs::write(&made, format!("#!/bin/sh\n{script}\n")).expect("test");
        fs::set_permissions(&made, fs::Permissions::from_mode(0o700)).expect("test");
        fs::rename(&made, &path).expect("test");
        path
    }

    async fn ask(&self, script: &str, username: &str) -> Result<(), String> {
        let mut verifier = Verifier::load(&self.program(script), "").expect("a program");
        verifier.limit = Duration::from_secs(30);
        // A fork of another test may hold the script open for a moment.
        loop {
            match verifier.check(&self.certificate(), username).await {
                Err(reason) if reason.contains("Text file busy") => tokio::task::yield_now().await,
                outcome => return outcome,
            }
        }
    }
}

// SSH-054
#[tokio::test]
async fn the_program_says_whom_an_account_trusts() {
    let desk = Desk::new();
    let (authority, other) = (desk.read("authority.pub"), desk.read("other.pub"));
    let certificate = desk.read("user-cert.pub");
    let mut parts = certificate.split(' ');
    let (kind, key) = (parts.next().expect("a type"), parts.next().expect("a key"));
    let asked = format!(
        "[ \"$*\" = 'verify alice {key} {kind}' ] || exit 3; [ -z \"$HOME$USER$LANG\" ] || exit 4; echo 'cert-authority {authority}'"
    );
    assert_eq!(desk.ask(&asked, "alice").await, Ok(()));
    assert!(desk.ask(&asked, "bob").await.is_err(), "asked about another account");
    assert_eq!(desk.ask(&format!("echo '{authority}'"), "alice").await, Ok(()));
    assert_eq!(desk.ask(&format!("printf '%s\\n' noise '{other}' 'cert-authority,x {authority}'"), "alice").await, Ok(()));
    for (script, reason) in [
        (format!("echo 'cert-authority {other}'"), "does not name"),
        (String::new(), "does not name"),
        (format!("echo 'cert-authority {authority}'; exit 1"), "refused"),
        ("printf '\\377'".to_owned(), "cannot be read"),
    ] {
        let refused = desk.ask(&script, "alice").await.expect_err(&script);
        assert!(refused.contains(reason), "{script}: {refused}");
    }
    let refused = desk.ask(&format!("echo '{authority}'"), "--help").await.expect_err("an option");
    assert!(refused.contains("hyphen"), "{refused}");
}

// SSH-054
#[tokio::test]
async fn a_program_that_says_nothing_is_left() {
    let desk = Desk::new();
    let mut verifier = Verifier::load(&desk.program("exec sleep 3600"), "").expect("a program");
    verifier.limit = Duration::from_millis(1);
    let refused = verifier.check(&desk.certificate(), "alice").await.expect_err("no answer");
    assert!(refused.contains("no answer"), "{refused}");
    assert_eq!(verifier.room.available_permits(), AT_A_TIME);
}

// SSH-054
#[test]
fn the_program_must_be_the_one_that_was_meant() {
    let desk = Desk::new();
    let program = desk.program("exit 0");
    let sum = "0c4ba9b7a0e0a0c6a0c2c1bd3ab4e2c4a1d4a2a7f1f5d1cbfcc4ac6f24fba3bd";
    assert!(Verifier::load(&program, sum).expect_err("another").contains("SHA-256"));
    let real = digest::digest(&digest::SHA256, &fs::read(&program).expect("test"));
    let real: String = real.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(Verifier::load(&program, &format!(" {real}")).is_ok());
    assert!(Verifier::load(desk.0.path(), "").expect_err("a folder").contains("no file"));
    assert!(Verifier::load(&desk.0.path().join("missing"), "").is_err());
    assert!(Verifier::load(Path::new("verify.sh"), "").expect_err("relative").contains("absolute"));
}
