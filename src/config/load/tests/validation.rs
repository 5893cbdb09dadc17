//! What is refused, repaired or only warned about.

use super::*;

// Decisions 15 instead of LOAD-006
#[test]
fn unknown_key_in_the_file_names_the_nearest_one() {
    for (text, key, nearest) in [
        ("[common]\nidle_timeuot = 1\n", "common.idle_timeuot", "common.idle_timeout"),
        ("[comon]\nidle_timeout = 1\n", "comon", "common"),
        ("[[sftpd.bindings]]\nprot = 1\n", "sftpd.bindings[0].prot", "sftpd.bindings[].port"),
    ] {
        let error = refused(&[("entrepot.toml", text)], &[]);
        assert!(error.contains(&format!("unknown key {key};")), "{error}");
        assert!(error.ends_with(&format!("did you mean {nearest}?")), "{error}");
        assert!(error.contains("entrepot.toml"), "{error}");
    }
}

// Decisions 15
#[test]
fn keys_of_the_reference_without_use_give_one_warning() {
    let text = r#"{"command": {"timeout": 30, "env": []}, "ftpd": {"bindings": [{"port": 0, "debug": false}], "banner_file": "",
        "passive_port_range": {"start": 1, "end": 2}}, "plugins": []}"#;
    let loaded = loaded(&[("entrepot.json", text)], &[("ENTREPOT_WEBDAVD__BINDINGS__0__PORT", "0")]);
    assert_eq!(
        loaded.warnings,
        [
            "keys of the reference product without effect in this version: command.env, command.timeout, ftpd (5 keys), plugins, webdavd.bindings[].port"
        ]
    );
    let error = refused(&[("entrepot.toml", "[ftpd]\nbaner_file = \"\"\n")], &[]);
    assert!(error.contains("unknown key ftpd.baner_file"), "{error}");
}

// Decisions 15
#[test]
fn unknown_variables_are_errors_only_with_double_underscores() {
    let names = [("ENTREPOT_PORT_8080_TCP", "tcp://10.0.0.1:8080"), ("ENTREPOT_SERVICE_HOST", "x"), ("OTHER__THING", "x")];
    assert_eq!(loaded(&[], &names).warnings, Vec::<String>::new());
    let error = refused(&[], &[("ENTREPOT_COMMON__IDLE_TIMEUOT", "1")]);
    assert!(error.contains("did you mean ENTREPOT_COMMON__IDLE_TIMEOUT?"), "{error}");
    let error = refused(&[("env.d/x", "ENTREPOT_NOTHING__HERE=1")], &[]);
    assert!(error.contains("env.d"), "{error}");
}

#[test]
fn errors_name_the_key_the_origin_and_the_rule() {
    let error = refused(&[], &[("ENTREPOT_COMMON__UPLOAD_MODE", "99")]);
    assert_eq!(error, "common.upload_mode (environment ENTREPOT_COMMON__UPLOAD_MODE): 99 must be between 0 and 31");
}

// LOAD-007, SEC-060
#[test]
fn some_wrong_values_are_repaired_with_a_warning() {
    let env = [
        ("ENTREPOT_COMMON__PROXY_PROTOCOL", "7"),
        ("ENTREPOT_COMMON__SYMLINK_MODE", "4"),
        ("ENTREPOT_DATA_PROVIDER__USERS_BASE_DIR", "relative"),
        ("ENTREPOT_HTTPD__SETUP__INSTALLATION_CODE_HINT", ""),
        ("ENTREPOT_HTTPD__JWT_LIFETIME", "721"),
        ("ENTREPOT_HTTPD__COOKIE_LIFETIME", "0"),
    ];
    let loaded = loaded(&[], &env);
    assert_eq!(loaded.warnings.len(), env.len(), "{:?}", loaded.warnings);
    let settings = loaded.settings;
    assert_eq!((settings.common.proxy_protocol, settings.common.symlink_mode), (0, 0));
    assert_eq!(settings.data_provider.users_base_dir, "");
    assert_eq!(settings.httpd.setup.installation_code_hint, "Installation code");
    assert_eq!((settings.httpd.jwt_lifetime, settings.httpd.cookie_lifetime), (20, 20));
}

// Decisions 8
#[test]
fn hooks_and_restrictions_that_are_not_built_refuse_the_start() {
    for (name, value) in
        [("ENTREPOT_COMMON__POST_CONNECT_HOOK", "/bin/true"), ("ENTREPOT_DATA_PROVIDER__PRE_LOGIN_HOOK", "https://example.org")]
    {
        let error = refused(&[], &[(name, value)]);
        assert!(error.contains("this version cannot do that yet"), "{error}");
    }
}

// CFG-017, CFG-040, NET-005
#[test]
fn limits_of_connections_are_in_force() {
    let env = [("ENTREPOT_COMMON__RATE_LIMITERS__0__AVERAGE", "10"), ("ENTREPOT_COMMON__ALLOWLIST_STATUS", "1")];
    let loaded_ = loaded(&[], &env);
    assert_eq!(loaded_.warnings, Vec::<String>::new());
    assert_eq!((loaded_.settings.common.rate_limiters[0].average, loaded_.settings.common.allowlist_status), (10, 1));
    let closed = loaded(&[], &[("ENTREPOT_COMMON__PROXY_PROTOCOL", "2")]);
    assert!(closed.warnings[0].contains("proxy_allowed is empty"), "{:?}", closed.warnings);
}

// DEF-005, DEF-014, RATE-002
#[test]
fn limits_that_make_no_sense_are_refused() {
    for (name, value, text) in [
        ("ENTREPOT_COMMON__DEFENDER__SCORE_VALID", "15", "must be lower than common.defender.threshold"),
        ("ENTREPOT_COMMON__DEFENDER__THRESHOLD", "3", "must be lower than common.defender.threshold"),
        ("ENTREPOT_COMMON__DEFENDER__BAN_TIME", "0", "ban_time"),
        ("ENTREPOT_COMMON__DEFENDER__BAN_TIME", "1.5", "ban_time"),
        ("ENTREPOT_COMMON__DEFENDER__BAN_TIME_INCREMENT", "0", "ban_time_increment"),
        ("ENTREPOT_COMMON__DEFENDER__OBSERVATION_TIME", "0", "observation_time"),
        ("ENTREPOT_COMMON__DEFENDER__ENTRIES_SOFT_LIMIT", "0", "entries_soft_limit"),
        ("ENTREPOT_COMMON__RATE_LIMITERS__0__BURST", "0", "burst"),
        ("ENTREPOT_COMMON__RATE_LIMITERS__0__PERIOD", "99", "period"),
        ("ENTREPOT_COMMON__RATE_LIMITERS__0__TYPE", "3", "type"),
        ("ENTREPOT_COMMON__RATE_LIMITERS__0__PROTOCOLS", "SSH,GOPHER", "protocols"),
        ("ENTREPOT_COMMON__RATE_LIMITERS__0__ENTRIES_SOFT_LIMIT", "150", "entries_hard_limit"),
    ] {
        let error = refused(&[], &[(name, value)]);
        assert!(error.contains(text), "{name}: {error}");
    }
    let scores = ["INVALID", "VALID", "LIMIT_EXCEEDED"].map(|score| format!("ENTREPOT_COMMON__DEFENDER__SCORE_{score}"));
    let mut env: Vec<(&str, &str)> = scores.iter().map(|name| (name.as_str(), "0")).collect();
    assert!(refused(&[], &env).contains("every score is 0"));
    env.push(("ENTREPOT_COMMON__DEFENDER__ENABLED", "false"));
    loaded(&[], &env);
}

// CFG-142, CFG-301, CFG-304, CFG-333, CFG-367
#[test]
fn values_that_contradict_each_other_are_refused() {
    let cases: [(&[(&str, &str)], &str); 12] = [
        (&[("ENTREPOT_DATA_PROVIDER__DRIVER", "mysql")], "use sqlite"),
        (&[("ENTREPOT_KMS__SECRETS__URL", "awskms://alias/x")], "awskms"),
        (&[("ENTREPOT_KMS__SECRETS__ADDITIONAL_MASTER_KEYS", "a,b")], "needs an active master key"),
        (&[("ENTREPOT_MFA__TOTP__1__NAME", "Default")], "is used twice"),
        (&[("ENTREPOT_MFA__TOTP__0__ALGO", "md5")], "must be one of sha1"),
        (&[("ENTREPOT_SMTP__HOST", "mail")], "needs a sender address"),
        (&[("ENTREPOT_SMTP__ENCRYPTION", "3")], "smtp.encryption"),
        (&[("ENTREPOT_COMMON__DEFENDER__ENTRIES_SOFT_LIMIT", "150")], "entries_hard_limit"),
        (&[("ENTREPOT_HTTPD__CERTIFICATE_FILE", "x.pem")], "needs certificate_key_file"),
        (&[("ENTREPOT_HTTPD__BINDINGS__0__REDIRECT_TO_HTTPS", "1")], "excludes enable_https"),
        (
            &[("ENTREPOT_HTTPD__BINDINGS__0__REDIRECT_TO_HTTPS", "1"), ("ENTREPOT_HTTPD__BINDINGS__0__ENABLE_HTTPS", "0")],
            "needs a binding with enable_https",
        ),
        (
            &[
                ("ENTREPOT_DATA_PROVIDER__PASSWORD_HASHING__ARGON2_OPTIONS__MEMORY", "16"),
                ("ENTREPOT_DATA_PROVIDER__PASSWORD_HASHING__ARGON2_OPTIONS__PARALLELISM", "4"),
            ],
            "8 KiB per lane",
        ),
    ];
    for (env, text) in cases {
        let error = refused(&[], env);
        assert!(error.contains(text), "{error}");
    }
}

// UPL-001 as superseded: an imported 0 means staged, too
#[test]
fn explicit_upload_mode_zero_gives_a_warning() {
    let loaded = loaded(&[], &[("ENTREPOT_COMMON__UPLOAD_MODE", "0")]);
    assert!(loaded.warnings.iter().any(|warning| warning.contains("always staged")));
}

// CFG-136 and the like
#[test]
fn settings_without_effect_give_a_warning_unless_they_have_their_default() {
    let env = [("ENTREPOT_DATA_PROVIDER__HOST", "db"), ("ENTREPOT_DATA_PROVIDER__PORT", "0")];
    assert_eq!(loaded(&[], &env).warnings, ["settings without effect in this version: data_provider.host"]);
}

#[test]
fn sections_and_lists_must_have_their_shape() {
    for text in [r#"{"common": 1}"#, r#"{"sftpd": {"bindings": {"port": 1}}}"#, r#"{"sftpd": {"bindings": [1]}}"#] {
        let error = refused(&[("entrepot.json", text)], &[]);
        assert!(error.contains("must be a"), "{error}");
    }
}

// An existing configuration of the reference product, with every key at its default there, loads.
#[test]
fn complete_configuration_of_the_reference_loads() {
    let loaded = loaded(&[("entrepot.json", include_str!("reference.json"))], &[]);
    let expected = [
        ("keys of the reference product without effect", "ftpd ("),
        ("common.upload_mode is 0", "staged"),
        ("httpd.bindings[0] serves plain HTTP", "8080"),
    ];
    for warning in &loaded.warnings {
        let known = expected.iter().any(|(start, part)| warning.starts_with(start) && warning.contains(part));
        assert!(known, "{warning}");
    }
    assert_eq!(loaded.warnings.len(), expected.len(), "{:?}", loaded.warnings);
    assert_eq!(loaded.settings.data_provider.password_hashing.algo, "bcrypt");
    assert!(!loaded.settings.common.defender.enabled);
}

// ACME-001, ACME-002, ACME-003, ACME-005, ACME-006
#[test]
fn acme_is_refused_with_the_key_that_is_wrong() {
    let with = |more: &str| format!("[acme]\ndomains = [\"a.example.com b.example.com\"]\nemail = \"me@example.com\"\n{more}");
    let settings = loaded(&[("entrepot.toml", &with(""))], &[]).settings;
    assert_eq!(settings.acme.certificates(), [["a.example.com", "b.example.com"]]);
    for (text, key) in [
        (with("key_type = \"1024\"\n"), "acme.key_type"),
        (with("renew_days = 0\n"), "acme.renew_days"),
        (with("ca_endpoint = \"acme.example.com\"\n"), "acme.ca_endpoint"),
        (with("[acme.http01_challenge]\nport = 0\n"), "acme.http01_challenge.port"),
        (with("[acme.http01_challenge]\nproxy_header = \"a b\"\n"), "acme.http01_challenge.proxy_header"),
        (with("").replace("me@example.com", "me"), "acme.email"),
        (with("").replace("me@example.com", ""), "acme.email"),
        (with("").replace("b.example.com\"", "*.example.com\""), "acme.domains"),
        (with("").replace("b.example.com\"", "\", \"a.example.com\""), "acme.domains"),
    ] {
        let error = refused(&[("entrepot.toml", &text)], &[]);
        assert!(error.contains(key), "{key}: {error}");
    }
    let alone = with("[acme.http01_challenge]\nport = 0\n[acme.tls_alpn01_challenge]\nport = 443\n");
    assert_eq!(loaded(&[("entrepot.toml", &alone)], &[]).settings.acme.tls_alpn01_challenge.port, 443);
}

// CFG-202, CERT-005
#[test]
fn client_certificates_need_authorities() {
    let text = "[[httpd.bindings]]\nenable_https = true\nself_signed = true\nclient_auth_type = 1\n";
    let error = refused(&[("entrepot.toml", text)], &[]);
    assert!(error.contains("httpd.bindings[0].client_auth_type"), "{error}");
}

// CFG-347, CFG-357…CFG-362
#[test]
fn an_office_server_needs_an_address_under_which_it_reaches_this_one() {
    let name = |key: &str| format!("ENTREPOT_HTTPD__BINDINGS__0__WOPI__{key}");
    let (server, callback, endings) = (name("SERVER_URL"), name("CALLBACK_URL"), name("SKIPPED_EXTENSIONS"));
    let office = (server.as_str(), "https://office.example.com");
    let error = refused(&[], &[office]);
    assert!(error.contains("wopi.callback_url") && error.contains("is needed with server_url"), "{error}");
    for wrong in ["files.example.com", "https://", "https://files.example.com/?a=b", "https://a b", "ftp://files.example.com"] {
        let error = refused(&[], &[office, (&callback, wrong)]);
        assert!(error.contains("wopi.callback_url") && error.contains("must be an address"), "{wrong}: {error}");
    }
    let right = (callback.as_str(), "https://files.example.com:8443/");
    assert!(refused(&[], &[office, right, (&endings, "docx,../x")]).contains("wopi.skipped_extensions"));
    let plain = loaded(&[], &[office, (&callback, "http://files.example.com")]);
    assert!(plain.warnings.iter().any(|warning| warning.contains("wopi.callback_url is plain HTTP")), "{:?}", plain.warnings);
    let env = [office, right, (endings.as_str(), "csv,.TXT"), ("ENTREPOT_HTTPD__WOPI_TOKEN_LIFETIME", "721")];
    let settings = loaded(&[], &env).settings;
    assert_eq!(settings.httpd.wopi_token_lifetime, 360, "repaired");
    let wopi = &settings.httpd.bindings[0].wopi;
    assert!(wopi.is_on() && !wopi.skip_proof_key_verify && wopi.max_users == 0);
    assert_eq!(wopi.skipped_extensions, ["csv", ".TXT"]);
    assert!(!loaded(&[], &[]).settings.httpd.bindings[0].wopi.is_on());
}
