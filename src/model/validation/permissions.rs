//! Permission maps (ACC-025..027, ACC-198).

use super::{FieldError, text};
use crate::{
    glob::Glob,
    path::VirtualPath,
    permissions::{Permission, PermissionMap},
};

const FIELD: &str = "permissions";

/// Of a user: `/` is required.
pub(super) fn user(permissions: &mut PermissionMap) -> Result<(), FieldError> {
    if permissions.is_empty() {
        return Err(FieldError::new(FIELD, "please grant some permissions to this user"));
    }
    if permissions.get("/").is_none_or(Vec::is_empty) {
        return Err(FieldError::new(FIELD, "permissions for the root dir \"/\" must be set and not empty"));
    }
    normalise(permissions)
}

/// Of a group: `/` may be missing, but if it is there it says something.
pub(super) fn group(permissions: &mut PermissionMap) -> Result<(), FieldError> {
    if permissions.get("/").is_some_and(Vec::is_empty) {
        return Err(FieldError::new(FIELD, "permissions for the root dir \"/\" must not be empty"));
    }
    normalise(permissions)
}

fn normalise(permissions: &mut PermissionMap) -> Result<(), FieldError> {
    let mut clean = PermissionMap::new();
    for (key, mut list) in std::mem::take(permissions) {
        let path = text::absolute_virtual_path(FIELD, &key)?;
        if path == "/" && key != "/" {
            return Err(FieldError::new(FIELD, format!("cannot set permissions for {key:?}, it is an alias of \"/\"")));
        }
        check_wildcards(&path)?;
        if list.contains(&Permission::Any) {
            list = vec![Permission::Any];
        }
        text::dedupe(&mut list);
        if clean.insert(path, list).is_some() {
            return Err(FieldError::new(FIELD, format!("duplicated permissions for the directory {key:?}")));
        }
    }
    *permissions = clean;
    Ok(())
}

/// A key that looks like a glob must be one, else the entry would silently apply to nothing.
fn check_wildcards(path: &str) -> Result<(), FieldError> {
    let parsed = VirtualPath::parse(path.as_bytes()).map_err(|e| FieldError::new(FIELD, format!("{FIELD} {path:?}: {e}")))?;
    let is_valid = !Glob::has_wildcards(path.as_bytes()) || parsed.components().all(|segment| Glob::new(segment).is_ok());
    if is_valid { Ok(()) } else { Err(FieldError::new(FIELD, format!("invalid pattern in {FIELD} path {path:?}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> PermissionMap {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn root_is_required_and_not_empty_for_users() {
        // ACC-015, ACC-027, ACC-198
        for bad in [r#"{}"#, r#"{"/a":["*"]}"#, r#"{"/":[]}"#] {
            assert!(user(&mut map(bad)).unwrap_err().to_string().contains("permissions"), "{bad}");
        }
        assert!(user(&mut map(r#"{"/":["*"],"/a":[]}"#)).is_ok());
        assert!(group(&mut map(r#"{}"#)).is_ok() && group(&mut map(r#"{"/a":["*"]}"#)).is_ok());
        assert!(group(&mut map(r#"{"/":[]}"#)).is_err());
    }

    #[test]
    fn keys_are_absolute_clean_and_unambiguous() {
        // ACC-025
        for bad in [r#"{"/":["*"],"//":["*"]}"#, r#"{"/":["*"],"/.":["*"]}"#, r#"{"/":["*"],"a":["*"]}"#] {
            assert!(user(&mut map(bad)).is_err(), "{bad}");
        }
        assert!(user(&mut map(r#"{"/":["*"],"/a":["list"],"/a/":["*"]}"#)).is_err());
        assert!(user(&mut map(r#"{"/":["*"],"/a[":["list"]}"#)).is_err());
        let mut clean = map(r#"{"/":["*"],"/a//b/../c/":["list"]}"#);
        user(&mut clean).unwrap();
        assert_eq!(clean, map(r#"{"/":["*"],"/a/c":["list"]}"#));
    }

    // API-209
    #[test]
    fn backslashes_separate_like_slashes() {
        let mut permissions = map(r#"{"/":["*"],"\\a\\b/c":["list"]}"#);
        user(&mut permissions).unwrap();
        assert_eq!(permissions, map(r#"{"/":["*"],"/a/b/c":["list"]}"#));
        for bad in [
            r#"{"\\":["*"]}"#,
            r#"{"/":["*"],"\\":["list"]}"#,
            r#"{"/":["*"],"/a":["list"],"\\a":["*"]}"#,
            r#"{"/":["*"],"a\\b":["*"]}"#,
        ] {
            assert!(user(&mut map(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn star_absorbs_and_duplicates_vanish() {
        // ACC-026
        let mut permissions = map(r#"{"/":["list","*"],"/a":["list","download","list"]}"#);
        user(&mut permissions).unwrap();
        assert_eq!(permissions, map(r#"{"/":["*"],"/a":["list","download"]}"#));
    }
}
