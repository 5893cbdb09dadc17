use std::{fs, path::Path};

use entrepot_model::{Permission as P, User};
use entrepot_secrets::password;

use super::{accounts::Converted, *};

const PASSWORD: &[u8] = b"Sommer-2024!";

/// Converts a file of `tests/data/import`, with homes in `folder`.
fn convert(folder: &Path, file: &str, flags: &[&str]) -> anyhow::Result<Converted> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/import");
    for name in ["shadow", "vsftpd.conf", "vsftpd-users.d/viewer"] {
        let text = fs::read_to_string(data.join(name)).expect("a file of the tests");
        let target = folder.join(name);
        fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        fs::write(target, text.replace("/srv/import", folder.to_str().expect("a path"))).expect("written");
    }
    let text = fs::read_to_string(data.join(file)).expect("a file of the tests");
    let text = text.replace("/srv/import", folder.to_str().expect("a path"));
    let flags = flags.iter().map(|flag| flag.replace("DIR", folder.to_str().expect("a path")));
    let arguments = ["entrepot", "import", "x"].map(str::to_owned).into_iter().chain(flags);
    let arguments = <arguments::Arguments as clap::Parser>::try_parse_from(arguments).expect("arguments");
    let arguments::Command::Import(command) = arguments.command else { panic!("another command") };
    foreign::convert(&command, text.as_bytes())
}

fn user<'a>(converted: &'a Converted, name: &str) -> &'a User {
    converted.users.iter().find(|user| user.username == name).unwrap_or_else(|| panic!("{name}: {:?}", names(converted)))
}

fn names(converted: &Converted) -> Vec<&str> {
    converted.users.iter().map(|user| user.username.as_str()).collect()
}

fn has_note(converted: &Converted, name: &str, part: &str) -> bool {
    converted.notes.iter().any(|(of, note)| of == name && note.contains(part))
}

fn opens(user: &User) -> bool {
    user.password.as_deref().is_some_and(|hash| password::verify(hash, PASSWORD).unwrap_or(false))
}

// IMP-002
#[test]
fn people_of_a_system_keep_their_passwords() {
    let folder = tempfile::tempdir().expect("folder");
    let ssh = folder.path().join("keysonly/.ssh");
    fs::create_dir_all(&ssh).expect("made");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me";
    fs::write(ssh.join("authorized_keys"), format!("# mine\n{key}\ncommand=\"x\" {key}\n")).expect("written");
    let converted = convert(folder.path(), "passwd", &["--format", "passwd", "--shadow", "DIR/shadow"]).expect("read");
    assert_eq!(names(&converted), ["ingrid", "jörg", "old", "locked", "keysonly", "empty", "leaver", "missing"]);

    let ingrid = user(&converted, "ingrid");
    assert!(opens(ingrid) && ingrid.password.as_deref().is_some_and(|hash| hash.starts_with("$y$")));
    assert_eq!((ingrid.status, ingrid.uid, ingrid.gid, ingrid.description.as_str()), (1, 1000, 1000, "Ingrid Bergmann"));
    assert_eq!(ingrid.home_dir, folder.path().join("ingrid").to_str().expect("a path"));
    assert_eq!(ingrid.permissions["/"], [P::Any]);
    let joerg = user(&converted, "jörg");
    assert!(opens(joerg) && joerg.filters.base.password_expiration == 90);

    assert_eq!((user(&converted, "old").status, &user(&converted, "old").password), (0, &None));
    assert!(has_note(&converted, "old", "DES"));
    let locked = user(&converted, "locked");
    assert!(locked.status == 0 && opens(locked) && has_note(&converted, "locked", "locked"));
    let keysonly = user(&converted, "keysonly");
    assert!(keysonly.status == 1 && keysonly.public_keys == [key] && keysonly.password.is_none());
    assert!(has_note(&converted, "keysonly", "line 3") && has_note(&converted, "keysonly", "no shell"));
    assert!(user(&converted, "empty").status == 0 && has_note(&converted, "empty", "empty password"));
    let leaver = user(&converted, "leaver");
    assert_eq!(leaver.expiration_date, 20_000 * 24 * 3600 * 1000);
    assert!(leaver.filters.require_password_change);
    assert!(user(&converted, "missing").status == 0 && has_note(&converted, "missing", "--shadow"));
    assert!(has_note(&converted, "machine", "whole machine") && has_note(&converted, "4 accounts", "1000 and 60000"));
}

// IMP-003
#[test]
fn virtual_users_of_vsftpd_keep_their_rules() {
    let folder = tempfile::tempdir().expect("folder");
    let flags = ["--format", "vsftpd", "--vsftpd-conf", "DIR/vsftpd.conf", "--user-config-dir", "DIR/vsftpd-users.d"];
    let converted = convert(folder.path(), "vsftpd-users.txt", &flags).expect("read");
    assert_eq!(names(&converted), ["ingrid", "#1fan", "viewer"]);
    let ingrid = user(&converted, "ingrid");
    assert_eq!(ingrid.password.as_deref().map(str::as_bytes), Some(PASSWORD));
    assert_eq!((&ingrid.permissions["/"], ingrid.download_bandwidth, ingrid.upload_bandwidth), (&vec![P::Any], 200, 200));
    assert!(ingrid.home_dir.ends_with("/ingrid"));
    let viewer = user(&converted, "viewer");
    assert_eq!((&viewer.permissions["/"], viewer.download_bandwidth), (&vec![P::List, P::Download], 1));
    assert!(viewer.home_dir.ends_with("/public") && has_note(&converted, "viewer", "cmds_denied"));

    let without = convert(folder.path(), "vsftpd-users.txt", &["--format", "vsftpd"]).expect("read");
    assert!(without.users.is_empty() && has_note(&without, "ingrid", "--home"));
    let flags = ["--format", "vsftpd", "--home", "/srv/ftp/%u"];
    let with_home = convert(folder.path(), "vsftpd-users.txt", &flags).expect("read");
    assert_eq!(user(&with_home, "ingrid").home_dir, "/srv/ftp/ingrid");
    assert!(has_note(&with_home, "every user", "--vsftpd-conf"));
}

// IMP-003
#[test]
fn guests_of_vsftpd_may_do_what_anonymous_users_may() {
    let folder = tempfile::tempdir().expect("folder");
    let conf = folder.path().join("guest.conf");
    fs::write(&conf, "write_enable=YES\nanon_upload_enable=YES\nlocal_root=/srv/$USER\nuser_sub_token=$USER\n").expect("written");
    let options = vsftpd::Options { configuration: Some(&conf), per_user: None, home: None };
    let converted = vsftpd::convert("a\nb\n", &options).expect("read");
    assert_eq!(user(&converted, "a").permissions["/"], [P::List, P::Download, P::Upload]);
    assert!(has_note(&converted, "a", "anon_world_readable_only"));
    let Err(error) = vsftpd::convert("a\nb\nc\n", &options) else { panic!("c has no password") };
    assert!(error.to_string().contains("line 3"), "{error}");
}

// IMP-004
#[test]
fn users_of_proftpd_keep_their_passwords() {
    let folder = tempfile::tempdir().expect("folder");
    let converted = convert(folder.path(), "ftpd.passwd", &["--format", "proftpd"]).expect("read");
    assert_eq!(names(&converted), ["ingrid", "jo", "bcrypt", "des"]);
    assert!(["ingrid", "jo", "bcrypt"].iter().all(|name| opens(user(&converted, name))));
    assert_eq!((user(&converted, "jo").uid, user(&converted, "jo").gid), (2002, 2002));
    assert!(user(&converted, "des").status == 0 && has_note(&converted, "des", "DES"));
    assert!(has_note(&converted, "owners", "CAP_CHOWN"));
}

// IMP-005
#[test]
fn users_of_the_container_image_are_confined_to_their_folders() {
    let folder = tempfile::tempdir().expect("folder");
    let converted = convert(folder.path(), "users.conf", &["--format", "atmoz", "--home", "DIR/%u"]).expect("read");
    assert_eq!(names(&converted), ["ingrid", "hash", "guest", "plain"]);
    let ingrid = user(&converted, "ingrid");
    assert_eq!((ingrid.uid, ingrid.gid), (1001, 100));
    assert_eq!(ingrid.permissions["/"], [P::List, P::Download]);
    assert_eq!(ingrid.permissions["/upload"], [P::Any]);
    assert_eq!(ingrid.permissions["/in/box"], [P::Any]);
    assert!(opens(user(&converted, "hash")) && user(&converted, "hash").uid == 1002);
    assert_eq!(user(&converted, "guest").status, 0);
    assert!(has_note(&converted, "plain", "everywhere"));
    assert!(atmoz::convert("ingrid\n", "/home/%u").is_err());
    assert!(atmoz::convert("ingrid:x:uid\n", "/home/%u").is_err());
}

// IMP-001
#[test]
fn flags_of_another_format_and_lines_that_are_none_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let Err(error) = convert(folder.path(), "users.conf", &["--format", "atmoz", "--shadow", "x"]) else { panic!("accepted") };
    assert_eq!(exit::code(&error), exit::USAGE);
    let Err(error) = convert(folder.path(), "users.conf", &["--format", "passwd"]) else { panic!("accepted") };
    assert!(error.to_string().contains("line 2") && error.to_string().contains("nothing was imported"), "{error}");
}
