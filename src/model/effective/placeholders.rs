//! `%username%`, `%role%` and `%custom1%` to `%custom10%` in group settings (ACC-216..219).

use super::MergeError;
use crate::user::User;

/// Highest N of `%customN%`.
const MAX_CUSTOM: usize = 10;

/// What a placeholder without value does to the setting it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfEmpty {
    /// It renders as nothing.
    Render,
    /// The login is refused, so that users never fall into a shared parent.
    Refuse,
}

/// A rendered setting.
pub(super) struct Rendered {
    pub(super) text: String,
    /// A placeholder had no value.
    pub(super) has_empty: bool,
}

pub(super) struct Placeholders<'a> {
    user: &'a User,
}

impl<'a> Placeholders<'a> {
    pub(super) fn of(user: &'a User) -> Self {
        Self { user }
    }

    /// Replaces the placeholders in `template`, once: values are not looked at again.
    pub(super) fn render(&self, field: &str, template: &str, if_empty: IfEmpty) -> Result<Rendered, MergeError> {
        let mut rendered = Rendered { text: String::with_capacity(template.len()), has_empty: false };
        let mut rest = template;
        while let Some(start) = rest.find('%') {
            rendered.text.push_str(&rest[..start]);
            let after = &rest[start + 1..];
            let found = after.find('%').and_then(|end| Some((&after[..end], self.value(&after[..end])?)));
            let Some((name, value)) = found else {
                rendered.text.push('%');
                rest = after;
                continue;
            };
            if is_structural(value) {
                return Err(MergeError::UnsafePlaceholder { placeholder: name.to_owned(), field: field.to_owned() });
            }
            if value.is_empty() {
                if if_empty == IfEmpty::Refuse {
                    return Err(MergeError::EmptyPlaceholder { placeholder: name.to_owned(), field: field.to_owned() });
                }
                rendered.has_empty = true;
            }
            rendered.text.push_str(value);
            rest = &after[name.len() + 1..];
        }
        rendered.text.push_str(rest);
        Ok(rendered)
    }

    /// The value of the placeholder `name`; `None` if there is no such placeholder.
    fn value(&self, name: &str) -> Option<&'a str> {
        match name {
            "username" => Some(&self.user.username),
            "role" => Some(&self.user.role),
            _ => {
                let number: usize = name.strip_prefix("custom")?.parse().ok()?;
                (1..=MAX_CUSTOM).contains(&number).then(|| self.user.filters.custom_placeholder(number).unwrap_or(""))
            }
        }
    }
}

/// Whether a value would add path segments or climb (ACC-217).
pub(crate) fn is_structural(value: &str) -> bool {
    value.contains(['/', '\\', '\0']) || value == "." || value == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let mut user = User { username: "alice".into(), ..User::default() };
        user.filters.custom_placeholders = vec!["one".into(), "%role%".into()];
        user
    }

    fn render(template: &str) -> String {
        Placeholders::of(&user()).render("home_dir", template, IfEmpty::Render).map(|r| r.text).unwrap()
    }

    #[test]
    fn known_placeholders_are_replaced_once_and_others_stay() {
        // ACC-216, ACC-218, ACC-219
        assert_eq!(render("/srv/%username%/%custom1%"), "/srv/alice/one");
        assert_eq!(render("/%custom2%/x"), "/%role%/x");
        assert_eq!(render("/a%custom3%b%role%/c"), "/ab/c");
        assert_eq!(render("/100%/%custom11%/%foo%username%"), "/100%/%custom11%/%fooalice");
    }

    #[test]
    fn values_that_change_the_structure_are_refused() {
        // ACC-217
        for value in ["a/b", "a\\b", ".", ".."] {
            let mut user = user();
            user.role = value.into();
            let error = Placeholders::of(&user).render("home_dir", "/srv/%role%", IfEmpty::Render).err();
            assert!(matches!(error, Some(MergeError::UnsafePlaceholder { .. })), "{value}");
        }
    }

    #[test]
    fn missing_value_refuses_where_users_would_share() {
        // ACC-218, ACC-219
        for template in ["/srv/%custom9%", "/srv/%role%"] {
            let error = Placeholders::of(&user()).render("home_dir", template, IfEmpty::Refuse).err();
            assert!(matches!(error, Some(MergeError::EmptyPlaceholder { .. })), "{template}");
        }
    }
}
