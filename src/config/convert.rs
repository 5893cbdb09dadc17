//! Values of files, variables and flags as the types of their settings, and their checks.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde_json::Value;

use crate::registry::{Check, DefaultValue, Setting};

/// The value with the type of the setting, checked.
///
/// # Errors
/// A sentence without the key; it does not show the value of a secret.
pub(crate) fn convert(setting: &Setting, value: &Value) -> Result<Value, String> {
    let typed = match setting.default {
        DefaultValue::Bool(_) => to_bool(value).map(Value::from),
        DefaultValue::Int(_) => to_int(value).map(Value::from),
        DefaultValue::Float(_) => to_float(value).map(Value::from),
        DefaultValue::Str(_) => to_text(value).map(Value::from),
        DefaultValue::List(_) => to_list(value).map(Value::from),
    };
    let shown = |value: &Value| {
        if setting.secret { "the value".to_owned() } else { value.to_string() }
    };
    let typed = typed.ok_or_else(|| {
        let kind = match setting.default {
            DefaultValue::Bool(_) => "true or false",
            DefaultValue::Int(_) => "a whole number",
            DefaultValue::Float(_) => "a number",
            DefaultValue::Str(_) => "a text",
            DefaultValue::List(_) => "a list of texts",
        };
        format!("{} is not {kind}", shown(value))
    })?;
    match complaint(setting.check, &typed) {
        Some(must) => Err(format!("{} {must}", shown(&typed))),
        None => Ok(typed),
    }
}

/// LOAD-012, ENV-002: an empty text is the zero value, as in the reference.
fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn to_int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) if text.trim().is_empty() => Some(0),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// JSON and YAML may write a whole number with a fraction of zero.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    let whole = number as i64;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(whole)
}

fn to_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => text.trim().parse().ok().filter(|value: &f64| value.is_finite()),
        _ => None,
    }
}

/// Spaces at either end are part of a text (LOAD-012).
fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A text is a comma separated list (ENV-003).
fn to_list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(values) => values.iter().map(to_text).collect(),
        Value::String(text) => {
            Some(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// What the value must be and is not.
fn complaint(check: Check, value: &Value) -> Option<String> {
    let texts = || -> Vec<&str> {
        match value {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        }
    };
    let each = |holds: &dyn Fn(&str) -> bool| texts().into_iter().all(holds);
    let (holds, must) = match check {
        Check::Any => return None,
        Check::Range(minimum, maximum) => (
            is_between(value, minimum, maximum),
            if maximum >= i64::from(u32::MAX) {
                format!("must be at least {minimum} and not so large")
            } else {
                format!("must be between {minimum} and {maximum}")
            },
        ),
        Check::Ints(values) => {
            let names: Vec<String> = values.iter().map(i64::to_string).collect();
            (value.as_i64().is_some_and(|number| values.contains(&number)), one_of(&names))
        }
        Check::NotNegative => (value.as_f64().is_some_and(|value| value >= 0.0), "must not be negative".to_owned()),
        Check::Texts(values) => (each(&|text| values.contains(&text)), one_of(values)),
        Check::EachText(values) => (each(&|text| values.contains(&text)), format!("may only hold {}", values.join(", "))),
        Check::Networks => {
            (each(&|text| network(text).is_some()), "may only hold IP addresses and networks such as 10.0.0.0/8".to_owned())
        }
        Check::Umask => (each(&is_umask), "must be an octal mask such as 0022".to_owned()),
        Check::AbsolutePath => {
            (each(&|text| text.is_empty() || Path::new(text).is_absolute()), "must be an absolute path".to_owned())
        }
        Check::Address => (each(&is_address), "must be an IP address, a host name or the absolute path of a socket".to_owned()),
        Check::NotEmpty => (each(&|text| !text.is_empty()), "must not be empty".to_owned()),
        Check::Banner => (each(&is_banner), "must be ASCII text of at most 50 characters without line breaks".to_owned()),
        Check::Identifier => (
            each(&|text| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')),
            "may only hold letters, digits and underscores".to_owned(),
        ),
    };
    (!holds).then_some(must)
}

/// Whole numbers are compared as such: large ones are no fractions.
fn is_between(value: &Value, minimum: i64, maximum: i64) -> bool {
    match value.as_i64() {
        Some(number) => (minimum..=maximum).contains(&number),
        None => value.as_f64().is_some_and(|number| (minimum as f64..=maximum as f64).contains(&number)),
    }
}

fn one_of(values: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = values
        .iter()
        .map(|value| match value.as_ref() {
            "" => "empty",
            text => text,
        })
        .collect();
    format!("must be one of {}", names.join(", "))
}

fn is_umask(text: &str) -> bool {
    text.is_empty() || u32::from_str_radix(text, 8).is_ok_and(|mask| mask <= 0o777)
}

fn is_banner(text: &str) -> bool {
    text.len() <= 50 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn is_address(text: &str) -> bool {
    text.is_empty()
        || text.parse::<IpAddr>().is_ok()
        || Path::new(text).is_absolute()
        || text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// A network, or an address as the network of itself.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::find;

    fn converted(key: &str, value: impl Into<Value>) -> Result<Value, String> {
        convert(find(key).expect("the key exists"), &value.into())
    }

    // LOAD-012
    #[test]
    fn booleans_are_words_and_digits() {
        for (text, expected) in [("true", true), ("1", true), ("False", false), ("0", false)] {
            assert_eq!(converted("common.defender.enabled", text), Ok(expected.into()));
        }
        assert_eq!(converted("common.defender.enabled", 1), Ok(true.into()));
        assert!(converted("common.defender.enabled", "yes").is_err());
    }

    // LOAD-012
    #[test]
    fn spaces_around_texts_are_kept() {
        assert_eq!(converted("data_provider.password", " x "), Ok(" x ".into()));
    }

    // ENV-003
    #[test]
    fn lists_are_comma_separated_and_trimmed() {
        assert_eq!(
            converted("common.proxy_allowed", "10.0.0.0/8, 192.168.1.1,"),
            Ok(serde_json::json!(["10.0.0.0/8", "192.168.1.1"]))
        );
    }

    // ENV-002
    #[test]
    fn empty_texts_are_zero_values() {
        assert_eq!(converted("common.idle_timeout", ""), Ok(0.into()));
        assert_eq!(converted("common.secret_min_entropy", ""), Ok(0.0.into()));
        assert_eq!(converted("common.defender.enabled", ""), Ok(false.into()));
        assert_eq!(converted("data_provider.name", ""), Ok("".into()));
        assert_eq!(converted("sftpd.enabled_ssh_commands", ""), Ok(Value::Array(Vec::new())));
    }

    // CFG-002, CFG-010, CFG-019, CFG-020, CFG-177, CFG-178, CFG-283, CFG-338, CFG-343, CFG-344
    #[test]
    fn values_out_of_range_are_refused() {
        for (key, value) in [
            ("common.upload_mode", "32"),
            ("common.upload_mode", "-1"),
            ("common.upload_mode", "two"),
            ("common.proxy_allowed", "10.0.0.0/40"),
            ("common.umask", "0999"),
            ("common.umask", "01777"),
            ("common.server_version", "two\nlines"),
            ("sftpd.min_dh_group_exchange_key_size", "1024"),
            ("sftpd.bindings[].port", "65536"),
            ("sftpd.bindings[].address", "not an address"),
            ("data_provider.password_hashing.algo", "md5"),
            ("data_provider.password_hashing.bcrypt_options.cost", "3"),
            ("data_provider.password_hashing.pbkdf2_options.iterations", "999"),
            ("data_provider.password_hashing.pbkdf2_options.salt_length", "65"),
            ("transfers.durability", "maybe"),
            ("http.timeout", "0"),
            ("http.timeout", "0.9"),
            ("http.timeout", "-5"),
            ("http.timeout", "120.5"),
            ("http.timeout", "nan"),
        ] {
            assert!(converted(key, value).is_err(), "{key} = {value}");
        }
        for value in ["1", "2.5", "120"] {
            assert!(converted("http.timeout", value).is_ok(), "{value}");
        }
    }

    #[test]
    fn complaints_show_no_secret() {
        let complaint = converted("kms.secrets.master_key", Value::Array(Vec::new()));
        assert_eq!(complaint, Err("the value is not a text".to_owned()));
    }

    #[test]
    fn every_default_passes_its_own_check() {
        for setting in crate::registry::settings() {
            let value = setting.default.value();
            assert_eq!(convert(setting, &value), Ok(value), "{}", setting.key);
        }
    }
}
