//! One row per setting: its key, default, check, documentation, and whether a change applies
//! without a restart. Everything else that knows about settings is made from these rows.
//!
//! Key patterns are written `section.name`; an element of a list of objects is `list[]`.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

mod acme;
mod build;
mod general;
mod mail;
mod own;
mod provider;
mod ssh;
mod unused;
mod web;

pub use unused::{KNOWN_UNUSED, is_known_unused};

/// Prefix of the environment variables.
pub const ENVIRONMENT_PREFIX: &str = "ENTREPOT_";

/// The default of a setting, which also fixes its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// true or false
    Bool(bool),
    /// a whole number
    Int(i64),
    /// a number
    Float(f64),
    /// text
    Str(&'static str),
    /// a list of texts
    List(&'static [&'static str]),
}

impl DefaultValue {
    /// The default as a value of the tree.
    pub fn value(self) -> Value {
        match self {
            Self::Bool(value) => value.into(),
            Self::Int(value) => value.into(),
            Self::Float(value) => value.into(),
            Self::Str(value) => value.into(),
            Self::List(values) => values.iter().copied().map(Value::from).collect(),
        }
    }

    /// The name of the type in the documentation.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
        }
    }
}

/// What a value must satisfy beside its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// nothing
    Any,
    /// a number between two, both included
    Range(i64, i64),
    /// one of some whole numbers
    Ints(&'static [i64]),
    /// a number not below zero
    NotNegative,
    /// one of some texts
    Texts(&'static [&'static str]),
    /// a list of some texts
    EachText(&'static [&'static str]),
    /// a list of IP addresses and networks in CIDR form
    Networks,
    /// an octal file mode mask, or empty
    Umask,
    /// an absolute path, or empty
    AbsolutePath,
    /// an IP address or host name, an absolute path of a socket, or empty
    Address,
    /// a text that is not empty
    NotEmpty,
    /// ASCII without line breaks, at most 50 characters
    Banner,
    /// letters, digits and underscores
    Identifier,
}

/// What this build does with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It has its meaning.
    Used,
    /// It has no effect; another value than the default gives a warning.
    Ignored,
    /// It would restrict or decide something that is not built: another value than the default
    /// refuses the start.
    Refused,
}

/// A row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key pattern.
    pub key: &'static str,
    /// The default; for a key of a list element, that of a new element.
    pub default: DefaultValue,
    /// What values must satisfy.
    pub check: Check,
    /// One sentence for the documentation.
    pub doc: &'static str,
    /// Whether a change applies without a restart.
    pub hot: bool,
    /// Whether the value is never shown.
    pub secret: bool,
    /// Whether a wrong value becomes the default with a warning instead of an error.
    pub repaired: bool,
    /// What this build does with it.
    pub support: Support,
}

impl Setting {
    /// Whether this build uses the setting.
    pub fn used(&self) -> bool {
        self.support == Support::Used
    }

    /// The environment variable, for the first element where the key is in a list.
    pub fn environment_name(&self) -> String {
        let path = self.key.replace("[]", ".0").replace('.', "__");
        format!("{ENVIRONMENT_PREFIX}{}", path.to_ascii_uppercase())
    }
}

/// A list of objects.
#[derive(Clone, Copy, Debug)]
pub struct ObjectList {
    /// The key pattern of the list itself.
    pub key: &'static str,
    /// How many elements with default values there are when nothing mentions the list.
    pub default_len: usize,
    /// Members without which an element is dropped.
    pub required: &'static [&'static str],
}

/// The lists of objects.
pub const LISTS: &[ObjectList] = &[
    ObjectList { key: "common.rate_limiters", default_len: 0, required: &[] },
    ObjectList { key: "sftpd.bindings", default_len: 1, required: &[] },
    ObjectList { key: "httpd.bindings", default_len: 1, required: &[] },
    ObjectList { key: "httpd.bindings[].security.https_proxy_headers", default_len: 0, required: &["key", "value"] },
    ObjectList { key: "http.skip_tls_verify_for_urls", default_len: 0, required: &[] },
    ObjectList { key: "mfa.totp", default_len: 1, required: &["name"] },
];

/// The rows, by section.
pub const SETTINGS: &[&[Setting]] = &[
    general::COMMON,
    ssh::SFTPD,
    provider::DATA_PROVIDER,
    web::BINDINGS,
    web::HTTPD,
    web::HTTP,
    acme::ACME,
    general::TELEMETRY,
    general::KMS,
    general::MFA,
    mail::SMTP,
    mail::MAIL_TEMPLATES,
    general::HOOK,
    own::OWN,
];

/// All rows.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().copied().flatten()
}

/// The row of a key pattern.
pub fn find(pattern: &str) -> Option<&'static Setting> {
    static INDEX: OnceLock<HashMap<&'static str, &'static Setting>> = OnceLock::new();
    INDEX.get_or_init(|| settings().map(|setting| (setting.key, setting)).collect()).get(pattern).copied()
}

/// The row of a path such as `sftpd.bindings[0].port`.
pub fn find_at(path: &str) -> Option<&'static Setting> {
    find(&crate::path::pattern(path))
}

/// The list of objects of a key pattern.
pub fn find_list(pattern: &str) -> Option<&'static ObjectList> {
    LISTS.iter().find(|list| list.key == pattern)
}

/// Whether settings or lists lie below the pattern.
pub fn is_section(pattern: &str) -> bool {
    settings().any(|setting| setting.key.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('.')))
}

/// The first setting of a section or of a list of objects, as a key; `None` for what is neither.
pub fn first_below(pattern: &str) -> Option<String> {
    let is_below = |rest: &str| rest.starts_with('.') || rest.starts_with("[].");
    let found = settings().find(|setting| setting.key.strip_prefix(pattern).is_some_and(is_below));
    found.map(|setting| setting.key.replace("[]", "[0]"))
}

/// Flag variables: environment names without double underscores and the keys they stand for.
pub const FLAG_VARIABLES: &[(&str, &str)] = &[
    ("LOG_FILE_PATH", "log.file_path"),
    ("LOG_MAX_SIZE", "log.max_size"),
    ("LOG_MAX_BACKUPS", "log.max_backups"),
    ("LOG_MAX_AGE", "log.max_age"),
    ("LOG_COMPRESS", "log.compress"),
    ("LOG_LEVEL", "log.level"),
    ("LOG_UTC_TIME", "log.utc_time"),
    ("LOADDATA_FROM", "loaddata.from"),
    ("LOADDATA_MODE", "loaddata.mode"),
    ("LOADDATA_QUOTA_SCAN", "loaddata.quota_scan"),
    ("LOADDATA_CLEAN", "loaddata.clean"),
    ("GRACE_TIME", "shutdown.grace_time"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_unique_and_documented_in_one_sentence() {
        let mut seen = BTreeSet::new();
        for setting in settings() {
            assert!(seen.insert(setting.key), "{} occurs twice", setting.key);
            assert!(setting.doc.ends_with('.'), "{}", setting.key);
            assert!(!setting.doc.contains('\n'), "{}", setting.key);
        }
    }

    #[test]
    fn every_list_in_a_key_is_registered() {
        for setting in settings() {
            for (index, _) in setting.key.match_indices("[]") {
                let list = &setting.key[..index];
                assert!(find_list(list).is_some(), "{list}");
            }
        }
        for list in LISTS {
            for member in list.required {
                assert!(find(&format!("{}[].{member}", list.key)).is_some());
            }
        }
    }

    // ENV-001, ENV-004
    #[test]
    fn environment_names_follow_the_path() {
        let name = |key| find(key).map(Setting::environment_name);
        assert_eq!(name("common.defender.enabled").as_deref(), Some("ENTREPOT_COMMON__DEFENDER__ENABLED"));
        assert_eq!(name("sftpd.bindings[].port").as_deref(), Some("ENTREPOT_SFTPD__BINDINGS__0__PORT"));
    }

    // ENV-007
    #[test]
    fn flag_variables_stand_for_registered_keys() {
        for (name, key) in FLAG_VARIABLES {
            assert!(find(key).is_some(), "{key}");
            assert!(!name.contains("__"));
        }
    }
}
