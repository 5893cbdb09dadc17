//! Paths in actions: literal ones are cleaned at save, templates when they run (ACT-048).

use super::{Checked, FieldError, missing, templated, text};
use crate::glob::Glob;

/// Whether a path depends on the event.
pub(super) fn is_template(path: &str) -> bool {
    path.contains("{{")
}

/// A path without wildcards: absolute and clean unless it is a template.
pub(super) fn path(field: &str, path: &str) -> Checked<String> {
    let path = given(field, path)?;
    if is_template(path) { Ok(path.to_owned()) } else { text::virtual_path(field, path) }
}

/// Like [`path`], but a slash at the end stays: it marks a directory (ACT-048).
pub(super) fn path_or_directory(field: &str, path: &str) -> Checked<String> {
    let path = given(field, path)?;
    if is_template(path) {
        return Ok(path.to_owned());
    }
    let clean = text::virtual_path(field, path)?;
    Ok(if path.ends_with('/') && clean != "/" { format!("{clean}/") } else { clean })
}

/// A source that may have wildcards in its last component (ACT-038, ACT-043, ACT-089, ACT-090). A slash at the end stays.
pub(super) fn source(field: &str, path: &str) -> Checked<String> {
    let path = given(field, path)?;
    // A backslash escapes here, it does not separate.
    let mut clean = path.to_owned();
    if !is_template(path) {
        let slash = if path.ends_with('/') && !text::resolve(path).is_empty() { "/" } else { "" };
        clean = format!("/{}{slash}", text::resolve(path));
    }
    check_wildcards(field, &clean)?;
    Ok(clean)
}

fn check_wildcards(field: &str, path: &str) -> Checked {
    let components = components(path);
    let Some((last, directory)) = components.split_last() else { return Ok(()) };
    if directory.iter().any(|component| has_star(&outside_templates(component))) {
        return Err(FieldError::new(field, format!("{field} {path:?}: wildcards are allowed in the last component only")));
    }
    if !has_wildcards(path) {
        return Ok(());
    }
    if is_template(last) {
        let message = format!("{field} {path:?}: the last component cannot have both a wildcard and a placeholder");
        return Err(FieldError::new(field, message));
    }
    match Glob::new(last.as_bytes()) {
        Ok(_) => Ok(()),
        Err(error) => Err(FieldError::new(field, format!("{field} {path:?}: {error}"))),
    }
}

/// Whether a component has `*` or `?` that no backslash escapes.
fn has_star(component: &str) -> bool {
    let mut is_escaped = false;
    component.chars().any(|c| {
        let is_wildcard = !is_escaped && matches!(c, '*' | '?');
        is_escaped = c == '\\' && !is_escaped;
        is_wildcard
    })
}

/// Whether the last component of a source has wildcards.
pub(super) fn has_wildcards(path: &str) -> bool {
    components(path).last().is_some_and(|last| Glob::has_wildcards(outside_templates(last).as_bytes()))
}

/// A list of paths that must not be empty; each entry is checked by `check`, duplicates go.
pub(super) fn list(field: &str, paths: &mut Vec<String>, check: fn(&str, &str) -> Checked<String>) -> Checked {
    if paths.is_empty() {
        return Err(missing(field));
    }
    for path in paths.iter_mut() {
        *path = check(field, path)?;
    }
    text::dedupe(paths);
    Ok(())
}

/// Not blank, no NUL byte, and a valid template if it is one.
fn given<'a>(field: &str, path: &'a str) -> Checked<&'a str> {
    let path = path.trim();
    if path.is_empty() {
        return Err(FieldError::new(field, format!("{field}: a path is empty")));
    }
    if path.contains('\0') {
        return Err(FieldError::new(field, format!("{field} contains a NUL byte")));
    }
    templated(field, path)?;
    Ok(path)
}

/// Components of a path; a slash inside of a placeholder separates nothing.
fn components(path: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'{', b'{', ..] => (depth, at) = (depth + 1, at + 1),
            [b'}', b'}', ..] => (depth, at) = (depth.saturating_sub(1), at + 1),
            [b'/', ..] if depth == 0 => {
                parts.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&path[start..]);
    parts
}

/// The text of a component without its placeholders.
fn outside_templates(component: &str) -> String {
    let mut rest = component;
    let mut text = String::new();
    while let Some((before, inside)) = rest.split_once("{{") {
        text.push_str(before);
        rest = inside.split_once("}}").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_paths_are_cleaned_and_templates_kept() {
        // ACT-048
        assert_eq!(path("f", " a//b/../c/ ").unwrap(), "/a/c");
        assert_eq!(path_or_directory("f", "a/b/").unwrap(), "/a/b/");
        assert_eq!(path_or_directory("f", "/").unwrap(), "/");
        assert_eq!(path("f", "/{{ pathDir .VirtualPath }}/x/").unwrap(), "/{{ pathDir .VirtualPath }}/x/");
        assert!(path("f", "  ").is_err() && path("f", "a\0").is_err());
    }

    #[test]
    fn wildcards_are_for_the_last_component() {
        // ACT-038, ACT-089, ACT-090
        for good in [
            "/a/*.txt",
            "/a/[[]x",
            "/{{.Name}}/*",
            "/a/\\*",
            "/a/{{.ObjectName}}",
            "/a/",
            "/{{pathJoin (stringSlice \"/x\" \"*\")}}",
        ] {
            assert!(source("f", good).is_ok(), "{good}");
        }
        assert_eq!(source("f", "a/./b\\*c/").unwrap(), "/a/b\\*c/");
        for bad in ["/*/a", "/a/*/", "/a/{{.Name}}*", "/a/[", "/?/b/"] {
            assert!(source("f", bad).is_err(), "{bad}");
        }
        assert!(has_wildcards("/a/*") && !has_wildcards("/a/b") && !has_wildcards("/a/{{index .Errors 0}}"));
    }
}
