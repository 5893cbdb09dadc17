#![allow(clippy::disallowed_methods, reason = "files of the tests")]

use std::{fs, process::Command};

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;

/// Now, in seconds: certificates are made by OpenSSH, which goes by the system's clock.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a number")
}

/// Why a certificate is refused where no program is asked; empty if it is not.
fn refusal(authorities: &Authorities, certificate: &Certificate, name: &str, ip: IpAddr) -> String {
    let checked = authorities.check(certificate, name, ip, now()).now_or_never().expect("nobody is asked");
    checked.err().unwrap_or_default()
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("test"));
        for name in ["authority", "other", "user"] {
            desk.run(&["-t", "ed25519", "-N", "", "-f", name]);
        }
        desk
    }

    fn run(&self, arguments: &[&str]) {
        let status = Command::new("ssh-keygen").arg("-q").args(arguments).current_dir(self.0.path()).status();
        assert!(status.expect("ssh-keygen is installed").success(), "{arguments:?}");
    }

    /// A certificate of `user`, signed with these options.
    fn sign(&self, authority: &str, options: &[&str]) -> Certificate {
        self.run(&[&["-s", authority, "-I", "laptop", "-z", "7"], options, &["user.pub"]].concat());
        let text = fs::read_to_string(self.0.path().join("user-cert.pub")).expect("signed");
        Certificate::from_openssh(text.trim()).expect("a certificate")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("test");
    }

    fn authorities(&self, revoked: &str) -> Result<Authorities, AuthorityError> {
        let files = ["authority.pub".to_owned()];
        Authorities::load(self.0.path(), AuthoritySettings { files: &files, revoked, ..AuthoritySettings::default() })
    }
}

// SSH-048, SSH-049, SSH-050, SSH-053
#[test]
fn a_certificate_must_meet_every_condition() {
    let desk = Desk::new();
    let authorities = desk.authorities("").expect("loaded");
    let inside: IpAddr = "192.0.2.7".parse().expect("address");
    let outside: IpAddr = "198.51.100.7".parse().expect("address");
    let check =
        |authority: &str, options: &[&str], name: &str, ip| refusal(&authorities, &desk.sign(authority, options), name, ip);
    assert_eq!(check("authority", &["-n", "bob,alice"], "alice", inside), "");
    assert_eq!(check("authority", &["-n", "alice", "-V", "-1h:+1h"], "alice", inside), "");
    assert_eq!(check("authority", &["-n", "alice", "-O", "source-address=192.0.2.0/24,::1"], "alice", inside), "");
    assert_eq!(
        check("authority", &["-n", "alice", "-O", "source-address=192.0.2.7"], "alice", "::ffff:192.0.2.7".parse().expect("ip")),
        ""
    );
    assert_eq!(check("authority", &["-n", "alice", "-O", "no-pty"], "alice", inside), "");
    for (authority, options, name, ip, reason) in [
        ("other", &["-n", "alice"][..], "alice", inside, "no authority"),
        ("authority", &["-n", "alice", "-h"], "alice", inside, "host"),
        ("authority", &["-n", "bob"], "alice", inside, "principals"),
        ("authority", &[], "alice", inside, "principals"),
        ("authority", &["-n", "alice"], "alic", inside, "principals"),
        ("authority", &["-n", "alice", "-V", "-2h:-1h"], "alice", inside, "not valid now"),
        ("authority", &["-n", "alice", "-V", "+1h:+2h"], "alice", inside, "not valid now"),
        ("authority", &["-n", "alice", "-O", "source-address=192.0.2.0/24"], "alice", outside, "198.51.100.7"),
        ("authority", &["-n", "alice", "-O", "force-command=id"], "alice", inside, "force-command"),
        ("authority", &["-n", "alice", "-O", "verify-required"], "alice", inside, "verify-required"),
    ] {
        let refused = check(authority, options, name, ip);
        assert!(refused.contains(reason), "{options:?}: {refused:?}");
    }
    let nobody = Authorities::default();
    assert!(nobody.is_empty() && !refusal(&nobody, &desk.sign("authority", &["-n", "alice"]), "alice", inside).is_empty());
}

// SSH-051
#[test]
fn revoked_keys_are_refused_and_a_broken_list_keeps_the_old_one() {
    let desk = Desk::new();
    let certificate = desk.sign("authority", &["-n", "alice"]);
    let print = fingerprint(certificate.public_key());
    desk.write("revoked", "[]");
    let authorities = desk.authorities("revoked").expect("loaded");
    let check = || refusal(&authorities, &certificate, "alice", "192.0.2.7".parse().expect("ip"));
    assert_eq!(check(), "");
    desk.write("revoked", &format!("[\"{print}\"]"));
    authorities.reload();
    assert_eq!(check(), "it is revoked");
    for broken in ["", "{}", "[1]", "[\"sha256:x\"]", "[\"SHA256:short\"]", &format!("{print}\n")] {
        desk.write("revoked", broken);
        authorities.reload();
        assert_eq!(check(), "it is revoked", "{broken}");
        let error = desk.authorities("revoked").expect_err("no start").to_string();
        assert!(error.contains("revoked_user_certs_file") && error.contains("revoked"), "{error}");
    }
    fs::remove_file(desk.0.path().join("revoked")).expect("test");
    assert!(desk.authorities("revoked").is_err());
    desk.write("revoked", &" ".repeat(usize::try_from(MAX_FILE).expect("small") + 1));
    assert!(desk.authorities("revoked").expect_err("no start").to_string().contains("5 MiB"));
}

// SSH-051
#[test]
fn another_list_holds_at_once_and_is_the_one_that_is_read_again() {
    let desk = Desk::new();
    let certificate = desk.sign("authority", &["-n", "alice"]);
    let (folder, print) = (desk.0.path(), fingerprint(certificate.public_key()));
    desk.write("none", "[]");
    desk.write("one", &format!("[\"{print}\"]"));
    let authorities = desk.authorities("").expect("loaded");
    let check = || refusal(&authorities, &certificate, "alice", "192.0.2.7".parse().expect("ip"));
    assert!(authorities.revokes_by(folder, "") && !authorities.revokes_by(folder, "one"));
    authorities.revoke(Revocations::read(folder, "one").expect("read"));
    assert!(authorities.revokes_by(folder, "one"));
    assert_eq!(check(), "it is revoked");
    authorities.revoke(Revocations::read(folder, "none").expect("read"));
    assert_eq!(check(), "");
    desk.write("none", &format!("[\"{print}\"]"));
    authorities.reload();
    assert_eq!(check(), "it is revoked");
    authorities.revoke(Revocations::read(folder, "").expect("nothing to read"));
    assert_eq!(check(), "");
    assert!(Revocations::read(folder, "missing").expect_err("no such file").to_string().contains("missing"));
}

// SSH-052
#[test]
fn a_certificate_is_described_for_the_log() {
    let desk = Desk::new();
    let certificate = desk.sign("authority", &["-n", "alice"]);
    let text = describe(&certificate, "ssh-ed25519");
    assert!(text.starts_with("SHA256:") && text.ends_with(", ssh-ed25519"), "{text}");
    assert!(text.contains(": ID: laptop, serial: 7, CA ssh-ed25519 SHA256:"), "{text}");
}

#[test]
fn files_of_authorities_name_the_line_that_is_wrong() {
    let good = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me";
    assert_eq!(parse_authorities(&format!("# ours\n\n{good}\n{good}")).map(|keys| keys.len()), Ok(2));
    for (text, reason) in [
        ("", "no public key"),
        ("# nothing", "no public key"),
        (&format!("{good}\nnonsense"), "line 2"),
        ("ssh-ed25519 AAAA", "line 1"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "line 1"),
    ] {
        assert!(parse_authorities(text).is_err_and(|error| error.contains(reason)), "{text}");
    }
}

/// Keys and certificates that were damaged by hand, one a line.
const DAMAGED: &str = include_str!("../../../tests/data/ssh/damaged-keys.txt");

#[test]
fn damaged_keys_are_refused() {
    let mut count = 0;
    for line in DAMAGED.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        assert!(parse_authorities(line).is_err(), "{line}");
        assert!(Certificate::from_openssh(line).is_err(), "{line}");
        count += 1;
    }
    assert!(count > 10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_the_readers_panic(
        noise in "\\PC{0,80}", at in any::<prop::sample::Index>(), with in any::<char>(),
    ) {
        let _ = parse_authorities(&noise);
        let _ = parse_revoked(&noise);
        for line in DAMAGED.lines() {
            let mut changed: Vec<char> = line.chars().collect();
            if !changed.is_empty() {
                let at = at.index(changed.len());
                changed[at] = with;
            }
            let changed: String = changed.into_iter().collect();
            let _ = parse_authorities(&changed);
            if let Ok(certificate) = Certificate::from_openssh(&changed) {
                let _ = Authorities::default().check_terms(&certificate, "alice", IpAddr::from([127, 0, 0, 1]), 0);
            }
        }
    }
}
