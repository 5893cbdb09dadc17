//! The document as JSON, its members in the order in which they are written.

use serde::{Serialize, Serializer, ser::Error as _};
use yaml_rust2::Yaml;

/// A part of the document.
pub(super) struct Json<'a>(pub(super) &'a Yaml);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Yaml::Null => serializer.serialize_unit(),
            Yaml::Boolean(value) => serializer.serialize_bool(*value),
            Yaml::Integer(value) => serializer.serialize_i64(*value),
            Yaml::Real(text) => match text.parse() {
                Ok(value) => serializer.serialize_f64(value),
                Err(_) => serializer.serialize_str(text),
            },
            Yaml::String(text) => serializer.serialize_str(text),
            Yaml::Array(items) => serializer.collect_seq(items.iter().map(Json)),
            Yaml::Hash(members) => serializer.collect_map(members.iter().map(|(name, value)| (Json(name), Json(value)))),
            Yaml::Alias(_) | Yaml::BadValue => Err(S::Error::custom("not a value of JSON")),
        }
    }
}
