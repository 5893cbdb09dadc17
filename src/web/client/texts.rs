//! Texts for scripts, in the language of the page.

use std::collections::BTreeMap;

use crate::frame::{
    look::Html,
    words::{KEYS, Words},
};

/// Those that scripts show: they stand below this in the catalogs.
const PREFIX: &str = "script.";

/// The texts as the content of a data block. A `<` in it could end the block.
pub(crate) fn data(words: &Words) -> Html {
    let texts: BTreeMap<&str, &str> =
        KEYS.iter().filter_map(|(key, read)| Some((key.strip_prefix(PREFIX)?, read(words)))).collect();
    Html(serde_json::to_string(&texts).unwrap_or_default().replace('<', "\\u003c"))
}

#[cfg(test)]
mod tests {
    use crate::frame::words::Language;

    #[test]
    fn scripts_get_their_texts_and_no_others() {
        let text = super::data(Language::English.words()).to_string();
        let texts: std::collections::BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
        assert!(texts.contains_key("upload_title") && !texts.keys().any(|key| key.contains("door")), "{text}");
        assert!(!text.contains('<'));
    }
}
