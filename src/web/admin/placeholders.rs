//! What templates of actions may name, and when there is something in it: help beside the fields.

use crate::frame::words::Words;

/// Placeholders that are filled on the same occasions.
pub(super) struct Occasion {
    pub(super) title: &'static str,
    /// As it is typed, and what it stands for.
    pub(super) all: Vec<(String, &'static str)>,
}

const OCCASIONS: [(&str, &[&str]); 5] = [
    ("always", &["Name", "Event", "StatusString", "ErrorString", "DateTime", "IP", "Role", "Email"]),
    (
        "files",
        &[
            "VirtualPath",
            "VirtualDirPath",
            "ObjectName",
            "ObjectBaseName",
            "FileSize",
            "FsPath",
            "VirtualTargetPath",
            "Protocol",
            "Elapsed",
        ],
    ),
    ("objects", &["ObjectType", "ObjectName", "ObjectData"]),
    ("logins", &["IDPFields"]),
    ("reports", &["RetentionReports"]),
];

/// Every placeholder, by occasion.
pub(super) fn all(t: &'static Words) -> Vec<Occasion> {
    let text = |key: String| t.find(&key).unwrap_or_default();
    let of =
        |names: &[&str]| names.iter().map(|name| (format!("{{{{.{name}}}}}"), text(format!("placeholder.{name}")))).collect();
    OCCASIONS.iter().map(|(id, names)| Occasion { title: text(format!("placeholders.{id}")), all: of(names) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::words::Language;

    // UI-224
    #[test]
    fn every_placeholder_is_one_that_saving_accepts_and_has_words() {
        for language in Language::ALL {
            for occasion in all(language.words()) {
                assert!(!occasion.title.is_empty());
                for (typed, is) in occasion.all {
                    assert!(!is.is_empty(), "{typed} in {}", language.tag());
                    assert_eq!(entrepot_model::template::check(&typed), Ok(()), "{typed}");
                }
            }
        }
    }
}
