//! Rules of section `acme` (ACME-001…ACME-006).

use std::collections::BTreeSet;

use super::View;
use crate::error::ConfigError;
use crate::settings::{name_problem, names};

/// Checks the section if it is in use.
///
/// # Errors
/// A name that cannot be proven or is used twice, no address, a directory that is no URL, or no challenge.
pub(super) fn check(view: &View<'_>) -> Result<(), ConfigError> {
    let domains = "acme.domains";
    let certificates: Vec<Vec<String>> = view.list(domains).into_iter().map(names).filter(|names| !names.is_empty()).collect();
    if certificates.is_empty() {
        return Ok(());
    }
    let mut first_names = BTreeSet::new();
    for names in &certificates {
        if !first_names.insert(&names[0]) {
            return Err(view.invalid(domains, format!("two certificates would have the name {}", names[0])));
        }
        if let Some((name, problem)) = names.iter().find_map(|name| name_problem(name).map(|problem| (name, problem))) {
            return Err(view.invalid(domains, format!("{name:?} is {problem}")));
        }
    }
    check_email(view)?;
    let endpoint = "acme.ca_endpoint";
    let rest = ["https://", "http://"].iter().find_map(|scheme| view.text(endpoint).strip_prefix(scheme));
    if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace)) {
        return Err(view.invalid(endpoint, "must be a URL that begins with https:// or http://"));
    }
    let (port, webroot) = ("acme.http01_challenge.port", "acme.http01_challenge.webroot");
    let header = "acme.http01_challenge.proxy_header";
    let is_header = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !view.text(header).bytes().all(is_header) {
        return Err(view.invalid(header, "is not the name of a header"));
    }
    if view.number(port) == 0 && view.text(webroot).is_empty() && view.number("acme.tls_alpn01_challenge.port") == 0 {
        return Err(view.invalid(port, "is 0 and no other challenge is on: a certificate authority could not check the names"));
    }
    Ok(())
}

/// ACME-002
fn check_email(view: &View<'_>) -> Result<(), ConfigError> {
    let path = "acme.email";
    let email = view.text(path).trim();
    if email.is_empty() {
        return Err(view.invalid(path, "is needed when acme.domains is set"));
    }
    let is_plain = email.bytes().all(|b| b.is_ascii_graphic() && !b",;<>()\"/\\:".contains(&b));
    let parts = email.split_once('@');
    if !is_plain || parts.is_none_or(|(local, domain)| local.is_empty() || domain.contains('@') || !domain.contains('.')) {
        return Err(view.invalid(path, "is not an e-mail address"));
    }
    Ok(())
}
