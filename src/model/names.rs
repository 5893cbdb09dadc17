//! Names of users, admins, groups, roles and folders (ACC-001..009).

use crate::validation::FieldError;

/// User names that stand for internal executors of events.
pub const RESERVED_USERNAMES: [&str; 2] = ["__self__", "__system__"];

const MAX_NAME_BYTES: usize = 255;
const INVALID_NAME: &str = "the name is not valid: it must have at most 255 bytes and must not contain slashes, colons, control \
     characters or any of * ? \" < > |, end with a space or a dot, or be a reserved system name";

/// The option `data_provider.naming_rules` (ACC-006).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamingRules(u8);

impl Default for NamingRules {
    fn default() -> Self {
        Self(Self::ANY_UTF8 | Self::TRIM)
    }
}

impl NamingRules {
    /// Any UTF-8 name; without it names consist of letters, digits and `-_.~`.
    pub const ANY_UTF8: u8 = 1;
    /// Names are converted to lower case.
    pub const LOWER_CASE: u8 = 2;
    /// Surrounding spaces are removed.
    pub const TRIM: u8 = 4;

    /// The rules with this bit mask; unknown bits are ignored.
    pub fn new(mask: u8) -> Self {
        Self(mask & 7)
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// A name as it is stored and looked up (ACC-007).
    pub fn apply(self, name: &str) -> String {
        let name = if self.has(Self::TRIM) { name.trim() } else { name };
        if self.has(Self::LOWER_CASE) { name.to_lowercase() } else { name.to_owned() }
    }

    /// [`NamingRules::apply`], then checks.
    ///
    /// # Errors
    /// Names `field`.
    pub fn check(self, field: &str, name: &str) -> Result<String, FieldError> {
        let name = self.apply(name);
        if name.is_empty() {
            return Err(FieldError::new(field, format!("{field} is mandatory")));
        }
        if !is_valid_name(&name) {
            return Err(FieldError::new(field, format!("{field}: {INVALID_NAME}")));
        }
        if !self.has(Self::ANY_UTF8) && !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)) {
            let message = format!("{field} {name:?} is not valid, only letters, digits and -_.~ are allowed");
            return Err(FieldError::new(field, message));
        }
        Ok(name)
    }

    /// [`NamingRules::check`] for users and admins, which have reserved names (ACC-009).
    ///
    /// # Errors
    /// Names `username`.
    pub fn check_username(self, name: &str) -> Result<String, FieldError> {
        let name = self.check("username", name)?;
        if RESERVED_USERNAMES.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            return Err(FieldError::new("username", format!("username {name:?} is reserved")));
        }
        Ok(name)
    }
}

/// Rules that no option switches off (ACC-001..004).
pub fn is_valid_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.chars().any(|c| is_invisible(c) || "/\\:*?\"<>|".contains(c))
        && !name.ends_with([' ', '.'])
        && !is_device_name(name)
}

/// Control, format, line separator and paragraph separator characters (general categories Cc, Cf, Zl, Zp).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}')
}

fn is_device_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" => true,
        other => ["COM", "LPT"]
            .iter()
            .any(|port| other.strip_prefix(port).is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_names_are_refused_with_one_message() {
        // ACC-001..005
        let long = "a".repeat(256);
        let bad = ["a/b", "a\\b", "a:b", "a*", "a?", "a\"b", "<a", "a>", "a|b", ".", "..", "a.", "con.txt", "LPT9", "a\u{202e}b"];
        for name in bad.into_iter().chain(["a\u{7}b", "a\u{2028}b", long.as_str()]) {
            let error = NamingRules::default().check("username", name).unwrap_err().to_string();
            assert!(error.starts_with("Validation error: ") && error.contains("username"), "{error}");
            assert!(error.contains("reserved system name"), "{error}");
        }
        for name in ["a b", "ünï", "com10", "console", "a.b", "user@example.com", "LPT0"] {
            assert!(NamingRules::default().check("username", name).is_ok(), "{name}");
        }
        assert!(NamingRules::default().check("username", " ").unwrap_err().to_string().contains("mandatory"));
    }

    #[test]
    fn trailing_space_is_refused_unless_trimmed() {
        // ACC-003, ACC-008
        assert_eq!(NamingRules::default().check("name", " a ").unwrap(), "a");
        assert!(NamingRules::new(NamingRules::ANY_UTF8).check("name", "a ").is_err());
    }

    #[test]
    fn mask_bits_change_case_and_alphabet() {
        // ACC-006, ACC-007, ACC-008
        assert_eq!(NamingRules::new(7).check("name", " AlicÉ ").unwrap(), "alicé");
        assert_eq!(NamingRules::default().apply("Alice"), "Alice");
        assert!(NamingRules::new(4).check("name", "ünï").is_err());
        assert!(NamingRules::new(4).check("name", "a b").is_err());
        assert_eq!(NamingRules::new(0).check("name", "a-b_c.d~e").unwrap(), "a-b_c.d~e");
    }

    #[test]
    fn names_of_internal_executors_are_reserved() {
        // ACC-009
        assert!(NamingRules::default().check_username("__self__").is_err());
        assert!(NamingRules::default().check_username("__system__").is_err());
        assert!(NamingRules::default().check("name", "__self__").is_ok());
    }
}
