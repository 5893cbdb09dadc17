//! Conventions of the JSON form: `null` counts as absent, empty optional members are left out.

use serde_json::{Map, Value};

/// Older spellings of members, and what they are called now (ACC-036). The current spelling wins if both are present.
const OLD_SPELLINGS: [(&str, &str); 1] = [("2fa_protocols", "two_factor_protocols")];

/// Whether a value is the default of its type; such optional members are not written.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Removes members that are `null` (ACC-064) and renames old spellings, at any depth.
pub fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            rename_old_spellings(members);
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn rename_old_spellings(members: &mut Map<String, Value>) {
    for (old, new) in OLD_SPELLINGS {
        if let Some(value) = members.remove(old) {
            members.entry(new).or_insert(value);
        }
    }
}

/// Reads an object of the contract from tidied members, by way of text: the derived readers, which are most of what the model
/// weighs, are in the program for one source instead of two.
///
/// # Errors
/// A member has another type. There is no position in the message: nobody sent that text.
pub(crate) fn reread<T>(
    value: &Value,
    read: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'_>>) -> serde_json::Result<T>,
) -> Result<T, String> {
    read(&mut serde_json::Deserializer::from_str(&value.to_string())).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        text.strip_suffix(&position).unwrap_or(&text).to_owned()
    })
}

/// Serde for an object of the contract whose derive says `#[serde(remote = "Self")]`: input is tidied first.
macro_rules! tolerant {
    ($object:ty) => {
        impl $object {
            /// Reads what was written by this program, which needs no tidying.
            ///
            /// # Errors
            /// It is not JSON, or a member has another type.
            pub fn from_stored(text: &str) -> serde_json::Result<Self> {
                <$object>::deserialize(&mut serde_json::Deserializer::from_str(text))
            }
        }

        impl serde::Serialize for $object {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$object>::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $object {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let members = serde_json::Map::<String, serde_json::Value>::deserialize(deserializer)?;
                let mut value = serde_json::Value::Object(members);
                $crate::wire::tidy(&mut value);
                $crate::wire::reread(&value, |text| <$object>::deserialize(text)).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use tolerant;

#[cfg(test)]
mod contract;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_vanish_and_old_spellings_are_renamed_at_any_depth() {
        // ACC-064, ACC-036
        let mut value = json!({"a": null, "b": {"2fa_protocols": ["SSH"], "c": null}, "d": [{"e": null}]});
        tidy(&mut value);
        assert_eq!(value, json!({"b": {"two_factor_protocols": ["SSH"]}, "d": [{}]}));
    }

    #[test]
    fn what_does_not_fit_is_told_without_a_position() {
        let refused = serde_json::from_str::<crate::User>(r#"{"username": "a", "status": "on"}"#).unwrap_err().to_string();
        assert_eq!(refused, r#"invalid type: string "on", expected i64"#);
    }

    #[test]
    fn current_spelling_wins() {
        // ACC-036
        let mut value = json!({"2fa_protocols": ["SSH"], "two_factor_protocols": ["FTP"]});
        tidy(&mut value);
        assert_eq!(value, json!({"two_factor_protocols": ["FTP"]}));
    }
}
