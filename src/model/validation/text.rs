//! Checks of single values.

use ipnet::IpNet;

use super::FieldError;
use crate::path::VirtualPath;

const MAX_DESCRIPTION_CHARS: usize = 512;
const MAX_EMAIL_BYTES: usize = 254;

type Checked<T = ()> = Result<T, FieldError>;

pub(super) fn one_of(field: &str, value: i64, allowed: std::ops::RangeInclusive<i64>) -> Checked {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(FieldError::new(field, format!("invalid {field} {value}, it must be from {} to {}", allowed.start(), allowed.end())))
}

pub(super) fn not_negative(field: &str, value: i64) -> Checked {
    if value >= 0 { Ok(()) } else { Err(FieldError::new(field, format!("{field} must not be negative"))) }
}

/// ACC-045
pub(super) fn description(field: &str, text: &str) -> Checked {
    if text.chars().count() <= MAX_DESCRIPTION_CHARS {
        return Ok(());
    }
    Err(FieldError::new(field, format!("{field} has more than {MAX_DESCRIPTION_CHARS} characters")))
}

/// ACC-019
pub(super) fn email(field: &str, address: &str) -> Checked {
    let is_valid = address.len() <= MAX_EMAIL_BYTES
        && address.rsplit_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    if is_valid { Ok(()) } else { Err(FieldError::new(field, format!("{field} {address:?} is not a valid email address"))) }
}

fn is_local_part(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    local.len() <= 64 && local.split('.').all(is_atom) && !local.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    })
}

/// ACC-030: networks in CIDR notation, without duplicates.
pub(super) fn networks(field: &str, networks: &mut Vec<String>) -> Checked {
    for network in networks.iter_mut() {
        let trimmed = network.trim();
        if trimmed.parse::<IpNet>().is_err() {
            let message = format!("{field} {network:?} is not a network in CIDR notation");
            return Err(FieldError::new(field, message));
        }
        *network = trimmed.to_owned();
    }
    dedupe(networks);
    Ok(())
}

/// A list of fixed values, without duplicates.
pub(super) fn known_values(field: &str, values: &mut Vec<String>, is_known: impl Fn(&str) -> bool) -> Checked {
    if let Some(unknown) = values.iter().find(|value| !is_known(value)) {
        return Err(FieldError::new(field, format!("invalid value {unknown:?} in {field}")));
    }
    dedupe(values);
    Ok(())
}

pub(super) fn dedupe<T: PartialEq + Clone>(values: &mut Vec<T>) {
    let mut seen: Vec<T> = Vec::with_capacity(values.len());
    values.retain(|value| {
        let is_new = !seen.contains(value);
        if is_new {
            seen.push(value.clone());
        }
        is_new
    });
}

/// An absolute path on a disk, cleaned (ACC-017). Placeholders pass.
pub(super) fn local_path(field: &str, path: &str) -> Checked<String> {
    if path.contains('\0') {
        return Err(FieldError::new(field, format!("{field} contains a NUL byte")));
    }
    if !path.starts_with('/') {
        return Err(FieldError::new(field, format!("{field} must be an absolute path, actual value: {path:?}")));
    }
    Ok(format!("/{}", resolve(path)))
}

/// Segments without `.`, `..` and empty ones; never above the start.
pub(super) fn resolve(path: &str) -> String {
    let mut clean: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                clean.pop();
            }
            name => clean.push(name),
        }
    }
    clean.join("/")
}

/// A virtual path as text, cleaned to an absolute one.
pub(super) fn virtual_path(field: &str, path: &str) -> Checked<String> {
    let clean = VirtualPath::parse(path.as_bytes()).map_err(|e| FieldError::new(field, format!("{field} {path:?}: {e}")))?;
    Ok(clean.to_string_lossy())
}

/// Like [`virtual_path`], but what is given must be absolute. A backslash is a separator here too (API-209).
pub(super) fn absolute_virtual_path(field: &str, path: &str) -> Checked<String> {
    if !path.starts_with(['/', '\\']) {
        return Err(FieldError::new(field, format!("{field} {path:?} is not an absolute path")));
    }
    virtual_path(field, path)
}

/// A list of absolute virtual paths, cleaned, without duplicates.
pub(super) fn virtual_paths(field: &str, paths: &mut Vec<String>) -> Checked {
    for path in paths.iter_mut() {
        *path = absolute_virtual_path(field, path)?;
    }
    dedupe(paths);
    Ok(())
}

/// The port of what follows the scheme of a URL, if it names one: `host:port/path`.
pub(super) fn port_of(rest: &str) -> Option<&str> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (before, port) = host.rsplit_once(':')?;
    (!before.starts_with('[') || before.ends_with(']')).then_some(port)
}

/// Whether a text is the number of a port.
pub(super) fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        // ACC-019
        for good in ["a@b.example", "first.last+tag@sub.example.com", "ü@exämple.org", "root@localhost"] {
            assert!(email("email", good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c.d", "a@b..c", "a@-b.c", "<a@b.c>", ".a@b.c", "a\r\n@b.c"] {
            assert!(email("email", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bare_addresses_are_no_networks() {
        // ACC-030
        let mut list = vec!["192.0.2.0/24".into(), " 2001:db8::/32 ".into(), "192.0.2.0/24".into()];
        networks("filters.allowed_ip", &mut list).unwrap();
        assert_eq!(list, ["192.0.2.0/24", "2001:db8::/32"]);
        assert!(networks("filters.allowed_ip", &mut vec!["192.0.2.1".into()]).is_err());
    }

    #[test]
    fn local_paths_are_absolute_and_clean() {
        // ACC-017
        assert_eq!(local_path("home_dir", "/srv//a/../b/./c/").unwrap(), "/srv/b/c");
        assert_eq!(local_path("home_dir", "/../..").unwrap(), "/");
        assert!(local_path("home_dir", "srv").unwrap_err().to_string().contains("home_dir"));
    }
}
