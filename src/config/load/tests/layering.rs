//! Which layer wins, and how each is read.

use super::*;

const PORT: &str = "sftpd.bindings[0].port";

// LOAD-004 as far as decisions 15 leaves it
#[test]
fn later_layers_win_and_the_origin_is_remembered() {
    let folder = folder(&[("entrepot.yaml", "common:\n  idle_timeout: 1\n"), ("env.d/10", "ENTREPOT_COMMON__IDLE_TIMEOUT=3\n")]);
    let mut sources = Sources { search_files: true, system_dir: folder.path().join("etc"), ..Sources::new(folder.path()) };
    let check = |sources: &Sources, minutes: u32, origin: Origin| {
        let loaded = load(sources.clone()).expect("valid");
        assert_eq!(loaded.settings.common.idle_timeout, minutes);
        assert_eq!(loaded.origins["common.idle_timeout"], origin);
    };
    check(&sources, 1, Origin::File(folder.path().join("entrepot.yaml")));
    sources.database = vec![("common.idle_timeout".to_owned(), "2".to_owned())];
    check(&sources, 2, Origin::Database);
    sources.env_d = true;
    check(&sources, 3, Origin::EnvironmentDirectory(folder.path().join("env.d/10")));
    sources.env = vec![("ENTREPOT_COMMON__IDLE_TIMEOUT".to_owned(), "4".to_owned())];
    check(&sources, 4, Origin::Environment("ENTREPOT_COMMON__IDLE_TIMEOUT".to_owned()));
    sources.overrides = vec![("common.idle_timeout".to_owned(), 5.into())];
    check(&sources, 5, Origin::Flag);
}

// LOAD-002 as far as decisions 11 leaves it
#[test]
fn files_are_searched_in_the_data_folder_then_in_the_system_folder() {
    let both = loaded(
        &[("entrepot.json", r#"{"common":{"idle_timeout":1}}"#), ("etc/entrepot.toml", "[common]\nidle_timeout = 2\n")],
        &[],
    );
    assert_eq!(both.settings.common.idle_timeout, 1);
    let system = loaded(&[("etc/entrepot.toml", "[common]\nidle_timeout = 2\n")], &[]);
    assert_eq!(system.settings.common.idle_timeout, 2);
    let folder = folder(&[("entrepot.toml", "[common]\nidle_timeout = 2\n")]);
    let unsearched = load(Sources::new(folder.path())).expect("valid");
    assert_eq!(unsearched.settings.common.idle_timeout, 15);
}

// LOAD-003
#[test]
fn given_file_must_exist_and_parse() {
    let folder = folder(&[("broken.toml", "[common\n"), ("old.hcl", "x"), ("good.yml", "common: {idle_timeout: 7}\n")]);
    let load_file = |name: &str| load(Sources { config_file: Some(name.into()), ..Sources::new(folder.path()) });
    assert!(matches!(load_file("missing.toml"), Err(ConfigError::Read { .. })));
    assert!(matches!(load_file("broken.toml"), Err(ConfigError::Parse { .. })));
    assert!(matches!(load_file("old.hcl"), Err(ConfigError::Format { .. })));
    assert_eq!(load_file("good.yml").map(|loaded| loaded.settings.common.idle_timeout).ok(), Some(7));
}

// Decisions 11
#[test]
fn files_that_others_may_change_are_refused_with_the_command_to_run() {
    for (name, text) in [("entrepot.toml", ""), ("env.d/10", "A=1")] {
        for mode in [0o660, 0o602, 0o666] {
            let folder = folder(&[]);
            write(folder.path(), name, text, mode);
            let error = load(sources(&folder, &[])).map(|_| ()).expect_err("the mode is refused").to_string();
            let command = format!("chmod go-w {}", folder.path().join(name).display());
            assert!(error.contains(&command), "{error}");
        }
    }
}

// ENV-001, ENV-003
#[test]
fn variables_reach_nested_keys_and_lists() {
    let env = [
        ("ENTREPOT_DATA_PROVIDER__USERS_BASE_DIR", "/srv"),
        ("ENTREPOT_COMMON__PROXY_ALLOWED", "10.0.0.0/8, 192.168.1.1"),
        ("ENTREPOT_DATA_PROVIDER__PASSWORD_HASHING__BCRYPT_OPTIONS__COST", "12"),
    ];
    let settings = loaded(&[], &env).settings;
    assert_eq!(settings.data_provider.users_base_dir, "/srv");
    let networks: Vec<String> = settings.common.proxy_allowed.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.168.1.1/32"]);
    assert_eq!(settings.data_provider.password_hashing.bcrypt_options.cost, 12);
}

// ENV-002
#[test]
fn empty_variable_overrides() {
    let file = ("entrepot.toml", "[data_provider]\nusers_base_dir = \"/srv\"\n");
    let env = [("ENTREPOT_DATA_PROVIDER__USERS_BASE_DIR", "")];
    assert_eq!(loaded(&[file], &env).settings.data_provider.users_base_dir, "");
}

// ENV-004, ENV-006
#[test]
fn variables_change_and_add_elements_and_gaps_are_closed() {
    let file = ("entrepot.toml", "[[sftpd.bindings]]\nport = 2201\naddress = \"127.0.0.1\"\n");
    let env = [
        ("ENTREPOT_SFTPD__BINDINGS__0__PORT", "2202"),
        ("ENTREPOT_SFTPD__BINDINGS__3__ADDRESS", "::1"),
        ("ENTREPOT_SFTPD__BINDINGS__10__PORT", "2210"),
    ];
    let loaded = loaded(&[file], &env);
    let bindings: Vec<_> =
        loaded.settings.sftpd.bindings.iter().map(|binding| (binding.port, binding.address.as_str())).collect();
    assert_eq!(bindings, [(2202, "127.0.0.1"), (2022, "::1")]);
    assert_eq!(loaded.origins["sftpd.bindings[1].port"], Origin::Default);
    assert!(loaded.warnings.iter().any(|warning| warning.contains("BINDINGS__10")), "{:?}", loaded.warnings);
}

// ENV-006
#[test]
fn elements_without_their_required_members_are_dropped() {
    let env = [
        ("ENTREPOT_MFA__TOTP__1__ALGO", "sha256"),
        ("ENTREPOT_MFA__TOTP__2__NAME", "Long"),
        ("ENTREPOT_HTTPD__BINDINGS__0__SECURITY__HTTPS_PROXY_HEADERS__0__KEY", "X"),
    ];
    let settings = loaded(&[], &env).settings;
    let names: Vec<_> = settings.mfa.totp.iter().map(|totp| totp.name.as_str()).collect();
    assert_eq!(names, ["Default", "Long"]);
    assert!(settings.httpd.bindings[0].security.https_proxy_headers.is_empty());
}

// ENV-007
#[test]
fn flag_variables_set_their_keys() {
    let env = [("ENTREPOT_LOG_LEVEL", "warn"), ("ENTREPOT_GRACE_TIME", "9")];
    let settings = loaded(&[("env.d/log", "ENTREPOT_LOG_FILE_PATH=\n")], &env).settings;
    assert_eq!((settings.log.level.as_str(), settings.shutdown.grace_time), ("warn", 9));
    assert_eq!(settings.log.file_path, "");
}

// LOAD-005
#[test]
fn env_directory_never_replaces_the_environment_nor_an_earlier_file() {
    let files = [
        ("env.d/10", "ENTREPOT_COMMON__UMASK=0022\nENTREPOT_SFTPD__BINDINGS__0__PORT=1\nOTHER=x\n"),
        ("env.d/20", "ENTREPOT_COMMON__UMASK=0077\nENTREPOT_COMMON__TZ=\"local\"\n"),
    ];
    let loaded = loaded(&files, &[("ENTREPOT_SFTPD__BINDINGS__0__PORT", "2")]);
    assert_eq!(loaded.settings.common.umask_bits(), Some(0o022));
    assert_eq!(loaded.settings.common.tz, "local");
    assert_eq!(loaded.settings.sftpd.bindings[0].port, 2);
    assert_eq!(row(&loaded, PORT).origin, Origin::Environment("ENTREPOT_SFTPD__BINDINGS__0__PORT".to_owned()));
}

// LOAD-010
#[test]
fn list_in_the_file_replaces_the_default_list() {
    let file = ("entrepot.json", r#"{"sftpd":{"bindings":[{"address":"::1"},{"port":2023}]},"mfa":{"totp":[{"name":"Mine"}]}}"#);
    let settings = loaded(&[file], &[]).settings;
    let bindings: Vec<_> = settings.sftpd.bindings.iter().map(|binding| (binding.port, binding.address.as_str())).collect();
    assert_eq!(bindings, [(2022, "::1"), (2023, "")]);
    let names: Vec<_> = settings.mfa.totp.iter().map(|totp| totp.name.as_str()).collect();
    assert_eq!(names, ["Mine"]);
}

// Decisions 15
#[test]
fn saved_sections_are_read_and_what_is_wrong_there_is_a_warning() {
    let folder = folder(&[]);
    let saved = |key: &str, json: &str| (key.to_owned(), json.to_owned());
    let loaded = load(Sources {
        database: vec![
            saved("common.defender", r#"{"ban_time": 60, "threshold": 9}"#),
            saved("common.gone", "1"),
            saved("common.idle_timeout", r#""soon""#),
            saved("common.umask", "{"),
        ],
        ..Sources::new(folder.path())
    })
    .expect("the database cannot stop the start");
    assert_eq!(loaded.settings.common.defender.ban_time, 60);
    assert_eq!(loaded.origins["common.defender.threshold"], Origin::Database);
    assert_eq!(loaded.settings.common.idle_timeout, 15);
    assert_eq!(loaded.warnings.len(), 3, "{:?}", loaded.warnings);
}

// SEC-029, CFG-263, CFG-303, CFG-366
#[test]
fn secrets_are_taken_from_the_files_that_are_named() {
    let folder = folder(&[("sign", "from file\n"), ("key", " active \n"), ("others", "one\n\n two\n"), ("empty", "\n")]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut sources = sources(
        &folder,
        &[("ENTREPOT_HTTPD__SIGNING_PASSPHRASE", "ignored"), ("ENTREPOT_HTTPD__SIGNING_PASSPHRASE_FILE", "sign")],
    );
    sources.env.push(("ENTREPOT_KMS__SECRETS__MASTER_KEY_PATH".to_owned(), path("key")));
    sources.env.push(("ENTREPOT_KMS__SECRETS__ADDITIONAL_MASTER_KEYS_PATH".to_owned(), path("others")));
    let loaded = load(sources.clone()).expect("valid");
    assert_eq!(&*loaded.settings.httpd.signing_passphrase, "from file");
    assert_eq!(&*loaded.settings.kms.secrets.master_key, "active");
    assert_eq!(loaded.settings.kms.secrets.sealer().map(|sealer| sealer.master_keys()), Ok(3));
    for name in ["empty", "missing"] {
        sources.env[2].1 = path(name);
        assert!(load(sources.clone()).is_err(), "{name}");
    }
}
