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

// IMP-002
#[test]
fn accounts_that_are_closed_there_stay_closed() {
    let folder = tempfile::tempdir().expect("folder");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me";
    fs::create_dir(folder.path().join(".ssh")).expect("made");
    fs::write(folder.path().join(".ssh/authorized_keys"), key).expect("written");
    let home = folder.path().to_str().expect("a path");
    let hash = "$6$pWq8Lr0Zs2$dAj/8.5U1gt7ui2XwCqwfp37g8cRmIx9kmyqwJbjmSS7.QF/AhCXCZ/tsEMn9wVVL5tHu5v.a66cGpoP5rWf7/";
    let today = 20_000;
    let status = |shadow: &str| {
        let passwd = format!("a:x:1000:1000::{home}:/bin/sh\n");
        let range = passwd::Range { least: 1000, most: 2000, today };
        let converted = passwd::of_system(&passwd, Some(shadow), range)?;
        anyhow::Ok(user(&converted, "a").status)
    };
    for closed in [
        "a:!:19000:0:99999:7:::".to_owned(),
        "a:!!:19000:0:99999:7:::".to_owned(),
        "a:!*:19000:0:99999:7:::".to_owned(),
        "a:!abbAtLdYCsctE:19000:0:99999:7:::".to_owned(),
        format!("a:{hash}:19000:0:99999:7::0:"),
        format!("a:{hash}:19000:0:99999:7::-5:"),
        format!("a:{hash}:19800:0:90:7:30::"),
    ] {
        assert_eq!(status(&closed).expect("read"), 0, "{closed}");
    }
    for open in ["a:*:19000:0:99999:7:::".to_owned(), format!("a:{hash}:19800:0:90:7:180:-1:"), format!("a:{hash}:::::::")] {
        assert_eq!(status(&open).expect("read"), 1, "{open}");
    }
    status(&format!("a:{hash}:19000:0:99999:7::soon:")).expect_err("a date that is none must not be taken for no date");
}

// IMP-002
#[test]
fn keys_are_read_from_regular_files_of_a_sensible_length() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("authorized_keys");
    std::os::unix::fs::symlink("/dev/zero", &path).expect("linked");
    let mut converted = Converted::default();
    assert!(accounts::keys(&mut converted, "a", &path).is_empty() && has_note(&converted, "a", "cannot be read"));
    fs::remove_file(&path).expect("removed");
    fs::File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a long file");
    let mut converted = Converted::default();
    assert!(accounts::keys(&mut converted, "a", &path).is_empty() && has_note(&converted, "a", "cannot be read"));
}

// IMP-003
#[test]
fn lists_of_vsftpd_keep_out_who_they_kept_out() {
    let folder = tempfile::tempdir().expect("folder");
    let (conf, list) = (folder.path().join("vsftpd.conf"), folder.path().join("user_list"));
    let status = |more: &str| {
        let text = format!("local_root=/srv/$USER\nuser_sub_token=$USER\nuserlist_file={}\n{more}", list.display());
        fs::write(&conf, text).expect("written");
        let options = vsftpd::Options { configuration: Some(&conf), per_user: None, home: None };
        let converted = vsftpd::convert("a\nx\nb\nx\n", &options)?;
        anyhow::Ok((user(&converted, "a").status, user(&converted, "b").status))
    };
    assert_eq!(status("").expect("the list is not used"), (1, 1));
    let error = status("userlist_enable=YES\n").expect_err("it is not there");
    assert!(error.to_string().contains("userlist_file"), "{error}");
    fs::write(&list, "# nobody\na\n").expect("written");
    assert_eq!(status("userlist_enable=YES\n").expect("read"), (0, 1));
    assert_eq!(status("userlist_enable=YES\nuserlist_deny=NO\n").expect("read"), (1, 0));
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
