//! Objects of older backups, brought to the form of today (API-090).

use std::borrow::Cow;

use serde_json::Value;

use super::Scope;

/// The version since which placeholders have a dot.
const DOTTED: i64 = 17;

/// The names that placeholders without a dot had (PLH-001).
const PLACEHOLDERS: [&str; 39] = [
    "Name",
    "Event",
    "Status",
    "StatusString",
    "ErrorString",
    "VirtualPath",
    "EscapedVirtualPath",
    "VirtualDirPath",
    "FsPath",
    "ObjectName",
    "ObjectBaseName",
    "ObjectType",
    "ObjectData",
    "ObjectDataString",
    "Ext",
    "VirtualTargetPath",
    "VirtualTargetDirPath",
    "TargetName",
    "FsTargetPath",
    "FileSize",
    "Elapsed",
    "Protocol",
    "IP",
    "Role",
    "Email",
    "Timestamp",
    "DateTime",
    "Year",
    "Month",
    "Day",
    "Hour",
    "Minute",
    "UID",
    "Metadata",
    "MetadataString",
    "RetentionReports",
    "ExtName",
    "RetentionChecks",
    "Errors",
];
/// Begins the names of claims.
const CLAIM: &str = "IDPField";

/// The object as a backup of the newest version has it. `version` is that of the backup it comes from.
pub(super) fn object(scope: Scope, version: i64, text: &[u8]) -> Cow<'_, [u8]> {
    if version >= DOTTED || scope != Scope::Actions {
        return Cow::Borrowed(text);
    }
    // What cannot be read is told by who reads it next.
    let Ok(mut action) = serde_json::from_slice::<Value>(text) else { return Cow::Borrowed(text) };
    if let Some(options) = action.get_mut("options") {
        add_dots(options);
    }
    serde_json::to_vec(&action).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn add_dots(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(add_dots),
        Value::Array(items) => items.iter_mut().for_each(add_dots),
        Value::String(text) if text.contains("{{") => *text = dotted(text),
        _ => {}
    }
}

/// `{{Name}}` becomes `{{.Name}}`, if there was such a placeholder; other text in braces stays.
fn dotted(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        result.push_str(before);
        result.push_str("{{");
        let is_placeholder = after.split_once("}}").is_some_and(|(name, _)| {
            PLACEHOLDERS.contains(&name)
                || (name.starts_with(CLAIM) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        });
        if is_placeholder {
            result.push('.');
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-090, PLH-001, PLH-003
    #[test]
    fn known_placeholders_get_their_dot() {
        let cases = [
            ("{{Name}} {{VirtualPath}}", "{{.Name}} {{.VirtualPath}}"),
            ("{{.Name}}{{Unknown}} {{IDPFieldcustom_1}}", "{{.Name}}{{Unknown}} {{.IDPFieldcustom_1}}"),
            ("{{Name", "{{Name"),
            ("a {b} {{}} {{{{Ext}}", "a {b} {{}} {{{{.Ext}}"),
        ];
        for (old, new) in cases {
            assert_eq!(dotted(old), new);
        }
    }

    // API-090
    #[test]
    fn only_actions_of_old_backups_change() {
        let text = br#"{"name":"{{Name}}","options":{"email_config":{"recipients":["{{Email}}"],"body":"x"}}}"#;
        let new = object(Scope::Actions, 16, text);
        let new: Value = serde_json::from_slice(&new).expect("JSON");
        assert_eq!((&new["name"], &new["options"]["email_config"]["recipients"][0]), (&"{{Name}}".into(), &"{{.Email}}".into()));
        assert_eq!(object(Scope::Actions, 17, text).as_ref(), text);
        assert_eq!(object(Scope::Rules, 3, text).as_ref(), text);
        assert_eq!(object(Scope::Actions, 3, b"{").as_ref(), b"{");
    }
}
