//! How others reach this machine, for whoever sits at it: who opens a page as `localhost` cannot be told that by the page itself.

use std::net::IpAddr;

use crate::{Core, Error, Result};

/// Names and addresses by which other machines may reach this one, the likeliest first: the names of its certificate, and the
/// addresses that it has towards others. IPv6 addresses are in brackets.
///
/// # Errors
/// `Internal` when nothing can be looked at.
pub async fn whereabouts(core: &Core) -> Result<Vec<String>> {
    let domains = core.settings().acme.domains.clone();
    let mut known: Vec<String> = domains.into_iter().filter(|name| !name.contains('*')).collect();
    if let Some(examiner) = core.services().examiner() {
        let found = core.tasks().storage().run(move || examiner.own_addresses()).await;
        known.extend(found.map_err(|error| Error::internal("looking at this machine", error))?.into_iter().map(written));
    }
    let mut names: Vec<String> = Vec::with_capacity(known.len());
    for name in known {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn written(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_addresses_of_pages_have_them() {
        assert_eq!(written("192.0.2.7".parse().unwrap()), "192.0.2.7");
        assert_eq!(written("2001:db8::7".parse().unwrap()), "[2001:db8::7]");
    }
}
