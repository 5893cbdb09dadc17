//! Tests of loading as a whole, on files in a temporary folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::registry;

mod layering;
mod validation;

/// A data folder with files, all as a careful owner would leave them.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in files {
        write(folder.path(), name, text, 0o640);
    }
    folder
}

#[expect(clippy::disallowed_methods, reason = "test files")]
fn write(folder: &Path, name: &str, text: &str, mode: u32) {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).expect("folders can be made");
    }
    fs::write(&path, text).expect("files can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("modes can be set");
}

fn sources(folder: &TempDir, env: &[(&str, &str)]) -> Sources {
    Sources {
        search_files: true,
        env_d: true,
        system_dir: folder.path().join("etc"),
        env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Sources::new(folder.path())
    }
}

fn loaded(files: &[(&str, &str)], env: &[(&str, &str)]) -> Loaded {
    let folder = folder(files);
    load(sources(&folder, env)).expect("the settings are valid")
}

/// The text of the error.
fn refused(files: &[(&str, &str)], env: &[(&str, &str)]) -> String {
    let folder = folder(files);
    match load(sources(&folder, env)) {
        Ok(_) => panic!("the settings were accepted"),
        Err(error) => error.to_string(),
    }
}

fn row(loaded: &Loaded, key: &str) -> Row {
    let mut rows = loaded.rows().into_iter();
    rows.find(|row| row.key == key).unwrap_or_else(|| panic!("{key} has a row"))
}

// The registry and the typed tree have the same keys: unknown fields and missing ones both fail.
#[test]
fn every_key_maps_to_a_field_and_every_field_to_a_key() {
    let one_of_each = [
        ("ENTREPOT_COMMON__RATE_LIMITERS__0__BURST", "2"),
        ("ENTREPOT_HTTPD__BINDINGS__0__SECURITY__HTTPS_PROXY_HEADERS__0__KEY", "X-Forwarded-Proto"),
        ("ENTREPOT_HTTPD__BINDINGS__0__SECURITY__HTTPS_PROXY_HEADERS__0__VALUE", "https"),
        ("ENTREPOT_HTTP__SKIP_TLS_VERIFY_FOR_URLS__0__URL", "https://office.lan/"),
    ];
    let loaded = loaded(&[], &one_of_each);
    for setting in registry::settings() {
        let path = setting.key.replace("[]", "[0]");
        assert!(loaded.origins.contains_key(&path), "{path}");
    }
    assert_eq!(loaded.settings.common.rate_limiters.len(), 1);
    assert_eq!(loaded.settings.httpd.bindings[0].security.https_proxy_headers[0].value, "https");
}

// LOAD-003
#[test]
fn nothing_configured_means_defaults_without_warnings() {
    let loaded = loaded(&[], &[]);
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert!(loaded.origins.values().all(Origin::is_default));
    let settings = &loaded.settings;
    assert_eq!(settings.sftpd.bindings.len(), 1);
    assert_eq!(settings.sftpd.bindings[0].port, 2022); // CFG-059
    assert_eq!(settings.common.idle_timeout, 15); // CFG-001
    assert_eq!(settings.data_provider.naming_rules, 5); // CFG-171
    assert_eq!(settings.data_provider.name, "entrepot.db");
    assert_eq!(settings.mfa.totp[0].issuer, "Entrepot"); // SEC-098
    assert_eq!(settings.transfers.durability, "background");
    assert!(settings.common.defender.enabled);
    assert_eq!(settings.data_provider.password_hashing.parameters(), entrepot_secrets::HashingParameters::default());
}

// ACC-267
#[test]
fn limits_of_connections_and_transfers_have_the_defaults_of_the_reference() {
    let common = loaded(&[], &[]).settings.common;
    assert_eq!((common.max_per_host_connections, common.max_total_connections), (20, 0));
    assert_eq!((common.max_per_host_transfers, common.max_total_transfers), (20, 0));
}

// LOAD-001
#[test]
fn relative_paths_are_below_the_data_folder() {
    let folder = folder(&[]);
    let settings = load(sources(&folder, &[])).expect("valid").settings;
    assert_eq!(settings.resolve(&settings.data_provider.name), folder.path().join("entrepot.db"));
    assert_eq!(settings.resolve("/var/x"), Path::new("/var/x"));
}

/// Port, HTTPS, self-signed, redirect of each HTTP binding.
fn bindings(loaded: &Loaded) -> Vec<(u16, bool, bool, bool)> {
    let bindings = loaded.settings.httpd.bindings.iter();
    bindings.map(|one| (one.port, one.enable_https, one.self_signed, one.redirect_to_https)).collect()
}

const HTTPS: (u16, bool, bool, bool) = (8443, true, true, false);
const REDIRECT: (u16, bool, bool, bool) = (8080, false, false, true);
const OFF: (u16, bool, bool, bool) = (0, false, false, false);

// Decisions, first start: HTTPS and a redirect unless a file has its own bindings.
#[test]
fn http_bindings_default_to_https_and_a_redirect() {
    assert_eq!(bindings(&loaded(&[], &[])), [HTTPS, REDIRECT]);
}

// LOAD-010, CFG-191, CFG-198
#[test]
fn http_bindings_of_the_file_have_the_reference_defaults() {
    let loaded = loaded(&[("entrepot.toml", "[[httpd.bindings]]\nrender_openapi = false\n")], &[]);
    let bindings = &loaded.settings.httpd.bindings;
    assert_eq!(bindings.len(), 1);
    assert_eq!((bindings[0].port, bindings[0].enable_https), (8080, false));
    assert!(!bindings[0].render_openapi);
    assert!(loaded.warnings.iter().any(|warning| warning.contains("plain HTTP")), "{:?}", loaded.warnings);
}

// ENV-006: one variable changes one member of a default binding, and HTTPS stays on.
#[test]
fn variables_change_only_their_own_members_of_default_http_bindings() {
    let with = |variables: &[(&str, &str)]| {
        let named: Vec<(String, &str)> =
            variables.iter().map(|(name, value)| (format!("ENTREPOT_HTTPD__BINDINGS__{name}"), *value)).collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        loaded(&[], &named)
    };
    let based = with(&[("0__BASE_URL", "https://files.example"), ("1__RENDER_OPENAPI", "0")]);
    assert_eq!(bindings(&based), [HTTPS, REDIRECT]);
    assert_eq!(based.settings.httpd.bindings[0].base_url, "https://files.example");
    assert!(!based.settings.httpd.bindings[1].render_openapi && based.settings.httpd.bindings[0].render_openapi);
    assert_eq!(bindings(&with(&[("0__PORT", "443")])), [(443, true, true, false), REDIRECT]);
    // Bindings beyond the defaults begin with nothing.
    let more = with(&[("2__PORT", "9000"), ("4__PORT", "9001")]);
    assert_eq!(bindings(&more), [HTTPS, REDIRECT, (9000, false, false, false), (9001, false, false, false)]);
    // The redirect is off where it would lead nowhere, or another binding has its port.
    assert_eq!(bindings(&with(&[("0__ENABLE_HTTPS", "false")])), [(8443, false, true, false), OFF]);
    assert_eq!(bindings(&with(&[("0__PORT", "8080")])), [(8080, true, true, false), (0, false, false, true)]);
    // What is said of it holds all the same.
    assert_eq!(
        bindings(&with(&[("0__ENABLE_HTTPS", "0"), ("0__PORT", "8080"), ("1__PORT", "8443"), ("1__ENABLE_HTTPS", "1")])),
        [(8080, false, true, false), (8443, true, false, false)]
    );
    assert_eq!(bindings(&with(&[("1__PORT", "80")])), [HTTPS, (80, false, false, true)]);
}

// LOAD-010: a file's bindings are the whole list; variables change or add to these.
#[test]
fn variables_do_not_bring_default_bindings_back_beside_those_of_a_file() {
    let file = [("entrepot.toml", "[[httpd.bindings]]\nport = 9000\n")];
    let variables = [("ENTREPOT_HTTPD__BINDINGS__0__ADDRESS", "127.0.0.1"), ("ENTREPOT_HTTPD__BINDINGS__1__PORT", "9001")];
    assert_eq!(bindings(&loaded(&file, &variables)), [(9000, false, false, false), (9001, false, false, false)]);
}

// What is saved changes the bindings that the page of the settings shows, and no other member of them.
#[test]
fn saved_members_of_http_bindings_leave_the_others_as_they_are() {
    let folder = folder(&[]);
    let with = |saved: &[(&str, &str)]| {
        let mut sources = sources(&folder, &[]);
        sources.database = saved.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        load(sources).expect("valid")
    };
    let loaded = with(&[
        ("httpd.bindings[1].proxy_allowed", r#"["192.0.2.1"]"#),
        ("httpd.bindings[0].port", "443"),
        ("httpd.bindings[2].port", "9"),
    ]);
    assert_eq!(bindings(&loaded), [(443, true, true, false), REDIRECT, (9, false, false, false)]);
    assert_eq!(loaded.settings.httpd.bindings[1].proxy_allowed.len(), 1);
    assert_eq!(bindings(&with(&[("httpd.bindings[0].enable_https", "false")])), [(8443, false, true, false), OFF]);
}

// LOAD-010: elements are counted without gaps where they are used; what is saved is found again under its own key.
#[test]
fn keys_of_elements_lead_back_to_what_was_saved() {
    let folder = folder(&[]);
    let with = |saved: &[(&str, &str)]| {
        let mut sources = sources(&folder, &[("ENTREPOT_SFTPD__BINDINGS__4__PORT", "9")]);
        sources.database = saved.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        load(sources)
    };
    let loaded = with(&[("httpd.bindings[3].port", "443"), ("httpd.bindings[1].address", "\"::1\"")]).expect("valid");
    assert_eq!(loaded.settings.httpd.bindings[2].port, 443);
    assert_eq!(loaded.saved_key("httpd.bindings[2].port"), Some("httpd.bindings[3].port"));
    assert_eq!(loaded.saved_key("httpd.bindings[1].address"), Some("httpd.bindings[1].address"));
    for not_saved in ["httpd.bindings[3].port", "httpd.bindings[2].address", "sftpd.bindings[1].port"] {
        assert_eq!(loaded.saved_key(not_saved), None, "{not_saved}");
    }
    let wrong = [("httpd.bindings[3].enable_https", "true"), ("httpd.bindings[3].redirect_to_https", "true")];
    let error = with(&[&wrong[..], &[("httpd.bindings[3].port", "443")]].concat()).expect_err("one excludes the other");
    assert_eq!(error.saved_key(), Some("httpd.bindings[3].redirect_to_https"));
}

// An empty list in the file is a mention, too.
#[test]
fn empty_list_in_the_file_means_no_bindings() {
    let loaded = loaded(&[("entrepot.json", r#"{"httpd": {"bindings": []}, "sftpd": {"bindings": []}}"#)], &[]);
    assert!(loaded.settings.httpd.bindings.is_empty());
    assert!(loaded.settings.sftpd.bindings.is_empty());
}

// ENV-008
#[test]
fn first_administrator_comes_from_the_environment() {
    let name = ("ENTREPOT_DEFAULT_ADMIN_USERNAME", "root");
    let admin = loaded(&[("env.d/admin", "ENTREPOT_DEFAULT_ADMIN_PASSWORD=swordfish")], &[name]).default_admin;
    let admin = admin.expect("both are given");
    assert_eq!((admin.username.as_str(), admin.password.expose().as_str()), ("root", "swordfish"));
    assert!(!format!("{admin:?}").contains("swordfish"));
    assert!(loaded(&[], &[name]).default_admin.is_none());
}

// LOAD-011
#[test]
fn rows_and_debug_output_hide_secrets() {
    let env = [
        ("ENTREPOT_KMS__SECRETS__MASTER_KEY", "hunter2"),
        ("ENTREPOT_HTTPD__SIGNING_PASSPHRASE", "hunter2"),
        ("ENTREPOT_HTTPD__SETUP__INSTALLATION_CODE", "hunter2"),
        ("ENTREPOT_HTTPD__BINDINGS__0__BASE_URL", "https://me:hunter2@example.org/x"),
    ];
    let loaded = loaded(&[], &env);
    assert_eq!(row(&loaded, "kms.secrets.master_key").value, r#""***""#);
    assert_eq!(row(&loaded, "kms.secrets.additional_master_keys").value, "[]");
    assert_eq!(row(&loaded, "httpd.bindings[0].base_url").value, r#""https://me:***@example.org/x""#);
    assert_eq!(&*loaded.settings.kms.secrets.master_key, "hunter2");
    for row in loaded.rows() {
        assert!(!row.value.contains("hunter2"), "{row:?}");
    }
    assert!(!format!("{:?}", loaded.settings.kms).contains("hunter2"));
    assert!(!format!("{:?}", loaded.settings.httpd.setup).contains("hunter2"));
}

#[test]
fn cold_changes_ask_for_a_restart() {
    let old = loaded(&[], &[]);
    let new = loaded(&[], &[("ENTREPOT_COMMON__IDLE_TIMEOUT", "3"), ("ENTREPOT_SFTPD__PASSWORD_AUTHENTICATION", "false")]);
    assert_eq!(old.needs_restart(&new), ["sftpd.password_authentication"]);
    assert_eq!(old.needs_restart(&old), Vec::<String>::new());
}

// BKP-010
#[test]
fn timetable_of_backups_needs_one_time_and_a_passphrase() {
    let (at, interval, file) =
        ("ENTREPOT_BACKUP__AT", "ENTREPOT_BACKUP__INTERVAL_HOURS", ("ENTREPOT_BACKUP__PASSPHRASE_FILE", "passphrase"));
    assert!(!loaded(&[], &[]).settings.backup.is_scheduled());
    let daily = loaded(&[], &[(at, "3:05"), file]).settings.backup;
    assert_eq!(daily.time_of_day(), Some((3, 5)));
    assert!(loaded(&[], &[(interval, "6"), file]).settings.backup.is_scheduled());
    assert!(refused(&[], &[(at, "03:30")]).contains("backup.passphrase_file"));
    assert!(refused(&[], &[(at, "03:30"), (interval, "6"), file]).contains("excludes"));
    for wrong in ["24:00", "3", "03:60", "3:5:0", "+3:00", "noon"] {
        assert!(refused(&[], &[(at, wrong), file]).contains("HH:MM"), "{wrong}");
    }
}
