//! What sections of another server mean here: they become settings that an administrator saved, so that mail is sent and old
//! clients connect as before (CFG-334, SSH-035).
//!
//! A certificate is not asked for on their word: until the name leads to this server the authority would refuse, and counts
//! refusals.

use std::collections::BTreeMap;

use entrepot_model::Secret;
use serde_json::{Map, Value};

use crate::{
    Core,
    admin::{AdminSession, sealing, settings},
};

/// Members of the section `smtp` that are settings of the same name.
const SMTP: [&str; 8] = ["host", "port", "from", "user", "auth_type", "encryption", "domain", "debug"];
/// Members of the section `sftpd`, and the lists that they lengthen.
const SFTPD: [(&str, &str); 5] = [
    ("host_key_algos", "host_key_algorithms"),
    ("public_key_algos", "public_key_algorithms"),
    ("kex_algorithms", "kex_algorithms"),
    ("ciphers", "ciphers"),
    ("macs", "macs"),
];

/// Makes settings of the sections. What cannot be one is told in the log, and is no reason to refuse a backup.
pub(super) async fn adopt(core: &Core, session: &AdminSession, sections: &Map<String, Value>) {
    if core.services().configuration().is_none() {
        return;
    }
    let section = |name: &str| sections.get(name).unwrap_or(&Value::Null);
    for (name, changes) in [("smtp", smtp(core, section("smtp"))), ("sftpd", sftpd(core, section("sftpd")))] {
        if changes.is_empty() {
            continue;
        }
        match settings::change(core, session, changes).await {
            Ok(changed) if changed.needs_restart.is_empty() => tracing::info!(section = name, "took over the settings"),
            Ok(_) => tracing::info!(section = name, "took over the settings: they hold after a restart"),
            Err(error) => tracing::warn!(section = name, %error, "the settings of the backup are kept, but not used"),
        }
    }
    if let Some(domain) = text(section("acme"), "domain") {
        tracing::info!(domain, "acme: set acme.domains and acme.email when the name leads to this server");
    }
}

fn text<'a>(section: &'a Value, member: &str) -> Option<&'a str> {
    section[member].as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The section as a whole: a member that is missing has its default again.
fn smtp(core: &Core, section: &Value) -> BTreeMap<String, Value> {
    if text(section, "host").is_none() {
        return BTreeMap::new();
    }
    let mut changes: BTreeMap<_, _> = SMTP.iter().map(|name| (format!("smtp.{name}"), section[*name].clone())).collect();
    let password = serde_json::from_value::<Secret>(section["password"].clone()).unwrap_or_default();
    let password = match sealing::open(&core.0.sealer, &password) {
        _ if password.is_empty() => Value::Null,
        Ok(plain) => Value::from(String::from_utf8_lossy(&plain)),
        Err(error) => {
            tracing::warn!(%error, "the password of the mail server cannot be opened: set smtp.password");
            Value::Null
        }
    };
    changes.insert("smtp.password".to_owned(), password);
    changes
}

/// The lists of the server, and what the section adds: `+` stands for the defaults.
fn sftpd(core: &Core, section: &Value) -> BTreeMap<String, Value> {
    let settings = core.settings();
    let lists = |name: &str| match name {
        "host_key_algorithms" => &settings.sftpd.host_key_algorithms,
        "public_key_algorithms" => &settings.sftpd.public_key_algorithms,
        "kex_algorithms" => &settings.sftpd.kex_algorithms,
        "ciphers" => &settings.sftpd.ciphers,
        _ => &settings.sftpd.macs,
    };
    let mut changes = BTreeMap::new();
    for (member, list) in SFTPD {
        let mut names = lists(list).clone();
        let before = names.len();
        for name in section[member].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let added = format!("+{name}");
            if !names.iter().any(|known| known == name || *known == added) {
                names.push(added);
            }
        }
        if names.len() > before {
            changes.insert(format!("sftpd.{list}"), Value::from(names));
        }
    }
    changes
}

#[cfg(test)]
mod tests;
