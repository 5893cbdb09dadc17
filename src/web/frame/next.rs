//! Where a login leads: never to another site.

/// The path, if it is one of our pages; browsers read `//host` and `/\host` as other sites.
pub(crate) fn own(path: &str) -> Option<&str> {
    let is_own = path.starts_with("/web/")
        && path.len() <= 2048
        && !path.contains("//")
        && !path.contains("..")
        && !path.bytes().any(|byte| byte == b'\\' || byte.is_ascii_control());
    is_own.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_gone_on_to() {
        assert_eq!(own("/web/admin/users?q=a"), Some("/web/admin/users?q=a"));
        for foreign in [
            "https://evil.example",
            "//evil.example",
            "/web//evil",
            "/\\evil",
            "/web/\\evil",
            "web/admin",
            "/web/../x",
            "/web/a\nb",
            "",
        ] {
            assert_eq!(own(foreign), None, "{foreign:?}");
        }
    }
}
