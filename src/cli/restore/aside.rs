//! Settings that are saved in a backup and cannot hold on this machine: an address that it does not have, a port that it may not
//! open, a file that is not there. The restored server must start all the same, so they are set aside: kept, named and not
//! used. What protects the server is never set aside for that: then it is better not restored.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::Path,
    time::SystemTime,
};

use anyhow::Context as _;
use entrepot_config::{ConfigError, Loaded, Sources};
use entrepot_core::{
    Obstacle,
    admin::{certificate, host_keys, settings},
};
use entrepot_store::{Copies, Store, StoreOptions, set_settings_aside};

use crate::{
    certificates,
    data_folder::DataFolder,
    exit::{self, Failure},
    house,
    rehearsal::{Scene, rehearse},
    runtime,
};

/// Rounds of trying: each sets something aside, or is the last.
const ROUNDS: usize = 64;
/// Settings that keep somebody out: without them the server would be less protected than whoever saved them wants.
const PROTECTING: [&str; 6] =
    ["ca_certificates", "ca_revocation_lists", "client_auth_type", "enable_https", "auth_user_file", "revoked_user_certs_file"];

/// Where the server is going to start.
pub(crate) struct Ground {
    /// Where its settings come from beside the backup.
    pub(crate) sources: Sources,
    /// Where this process listens.
    pub(crate) held: Vec<SocketAddr>,
    /// Free ports instead of the configured ones.
    pub(crate) any_port: bool,
    /// It starts at once, and must: nobody is there who could help it.
    pub(crate) is_now: bool,
}

/// What lies ready: the files of the data folder, the databases, and a folder for what is tried, which is removed.
pub(super) struct Laid<'a> {
    pub(super) data: &'a Path,
    pub(super) copies: &'a Copies,
    pub(super) scratch: &'a Path,
}

/// Tries the start of the restored server. Answers with what somebody should know.
///
/// # Errors
/// Where the server starts at once: what keeps it from that and cannot be set aside.
pub(super) fn adapt(folder: &DataFolder, ground: &Ground, laid: &Laid<'_>) -> anyhow::Result<Vec<String>> {
    let mut sources = ground.sources.clone();
    sources.config_file = sources.config_file.map(|file| match file.strip_prefix(folder.path()) {
        Ok(below) => laid.data.join(below),
        Err(_) => file,
    });
    sources.data_dir = laid.data.to_owned();
    sources.future_data_dir = Some(folder.path().to_owned());
    fs::create_dir_all(laid.data)?;
    fs::create_dir_all(laid.scratch)?;
    let tried = try_start(ground, sources, laid);
    fs::remove_dir_all(laid.scratch).context("a restore")?;
    let Tried { aside, left } = tried?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let place = |text: &str| text.replace(&*laid.data.to_string_lossy(), &folder.path().to_string_lossy());
    let left: Vec<String> = left.iter().map(|text| place(text)).collect();
    if ground.is_now && !left.is_empty() {
        let message = format!("the server of this backup would not start here: {}; nothing was restored", left.join("; "));
        return Err(Failure::with_code(exit::CONFIGURATION, message));
    }
    let reasons: BTreeMap<String, String> = aside.into_iter().map(|(key, reason)| (key, place(&reason))).collect();
    if !reasons.is_empty() {
        set_settings_aside(laid.copies, &reasons, i64::try_from(now).unwrap_or(0))?;
    }
    let mut notes: Vec<String> = reasons.iter().map(|(key, reason)| format!("{key} is set aside: {reason}")).collect();
    notes.extend(left.into_iter().map(|reason| format!("the server will not start before this is put right: {reason}")));
    Ok(notes)
}

/// What came of it.
#[derive(Default)]
struct Tried {
    /// Keys of saved settings, with the reasons.
    aside: BTreeMap<String, String>,
    /// What cannot be helped.
    left: Vec<String>,
}

fn try_start(ground: &Ground, sources: Sources, laid: &Laid<'_>) -> anyhow::Result<Tried> {
    let before = match entrepot_config::load(sources.clone()) {
        Ok(before) => before,
        // Not every machine has what the file names when the backup is restored; the start says it.
        Err(error) => {
            tracing::warn!(%error, "the settings of the backup could not be tried");
            return Ok(Tried { left: if ground.is_now { Vec::new() } else { vec![error.to_string()] }, ..Tried::default() });
        }
    };
    let Ok(sealer) = house::sealer(&before.settings) else { return Ok(Tried::default()) };
    // A copy of the copy: opening it may upgrade it.
    fs::copy(&laid.copies.main, laid.scratch.join("entrepot.db")).context("a copy of the database of the backup")?;
    let mut scene = Scene {
        host_keys: Vec::new(),
        certificate: Default::default(),
        held: ground.held.clone(),
        any_port: ground.any_port,
    };
    let saved = runtime::build_small()?.block_on(async {
        let store = Store::open(StoreOptions::new(laid.scratch))?;
        let saved = settings::saved(&store, &sealer).await?;
        scene.host_keys = host_keys::kept_in(&store, &sealer).await?;
        scene.certificate = certificates::opened(&before.settings, certificate::kept_in(&store, &sealer).await?);
        store.shutdown().await?;
        anyhow::Ok(saved)
    })?;
    Ok(set_aside(ground, sources, saved, &scene))
}

/// Tries again and again, each time without what was in the way.
fn set_aside(ground: &Ground, mut sources: Sources, mut saved: Vec<(String, String)>, scene: &Scene) -> Tried {
    let mut tried = Tried::default();
    for _ in 0..ROUNDS {
        sources.database = saved.clone();
        let (obstacles, keys) = match entrepot_config::load(sources.clone()) {
            Ok(loaded) => (rehearse(&loaded, scene), saved_keys(&loaded)),
            Err(error) => {
                let keys = saved.iter().map(|(key, _)| key.clone()).collect();
                (vec![refused(&error)], keys)
            }
        };
        let mut gone = BTreeMap::new();
        tried.left.clear();
        for obstacle in obstacles {
            if obstacle.may_pass && !ground.is_now {
                tried.left.push(obstacle.message);
                continue;
            }
            match to_set_aside(&obstacle.keys, &keys) {
                Some(group) => {
                    let saved = group.into_iter().filter(|key| keys.contains(key));
                    gone.extend(saved.map(|key| (key, reason(&obstacle))));
                }
                None => tried.left.push(obstacle.message),
            }
        }
        saved.retain(|(key, _)| !gone.contains_key(key));
        let is_last = gone.is_empty();
        tried.aside.extend(gone);
        if is_last {
            break;
        }
    }
    tried
}

fn saved_keys(loaded: &Loaded) -> BTreeSet<String> {
    loaded.origins.keys().filter(|key| loaded.is_saved(key)).cloned().collect()
}

fn refused(error: &ConfigError) -> Obstacle {
    Obstacle { keys: error.key().map(str::to_owned).into_iter().collect(), message: error.to_string(), may_pass: false }
}

fn reason(obstacle: &Obstacle) -> String {
    match obstacle.keys.first() {
        Some(key) if key.starts_with("sftpd.bindings") || key.starts_with("httpd.bindings") => {
            let instead = if key.ends_with(".address") { "; it listens on all addresses instead" } else { "" };
            format!("{}{instead}", obstacle.message)
        }
        // Some sentences begin with the key, which is told before them.
        Some(key) => obstacle.message.strip_prefix(&format!("{key}: ")).unwrap_or(&obstacle.message).to_owned(),
        None => obstacle.message.clone(),
    }
}

/// The saved settings to set aside for one of these keys: whole, or not at all. `None` where none of them is saved, or the server
/// would be less protected.
fn to_set_aside(keys: &[String], saved: &BTreeSet<String>) -> Option<Vec<String>> {
    let is_protecting = |key: &&String| PROTECTING.iter().any(|name| key.ends_with(name));
    let key = keys.iter().find(|key| saved.contains(*key) && !is_protecting(key))?;
    let partner = match key.as_str() {
        key if key.ends_with(".certificate_file") => key.replace(".certificate_file", ".certificate_key_file"),
        key if key.ends_with(".certificate_key_file") => key.replace(".certificate_key_file", ".certificate_file"),
        "sftpd.opkssh_path" => "sftpd.opkssh_checksum".to_owned(),
        _ => return Some(vec![key.clone()]),
    };
    // Metrics in the clear are no substitute for metrics over HTTPS.
    let port = "telemetry.bind_port".to_owned();
    if key.starts_with("telemetry.") {
        return saved.contains(&port).then(|| vec![port, key.clone(), partner]);
    }
    Some(vec![key.clone(), partner])
}

/// Says it in the log, too.
pub(super) fn log(notes: &[String]) {
    for note in notes {
        tracing::warn!(note, "restoring a backup");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn asked(keys: &[&str], saved: &[&str]) -> Option<Vec<String>> {
        to_set_aside(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>(), &set(saved))
    }

    // BKP-028
    #[test]
    fn a_certificate_goes_with_its_key_and_protection_never_goes() {
        let pair = ["httpd.certificate_file", "httpd.certificate_key_file"];
        assert_eq!(asked(&[pair[1]], &pair), Some(vec![pair[1].to_owned(), pair[0].to_owned()]));
        for protecting in ["httpd.ca_certificates", "httpd.bindings[0].enable_https", "sftpd.revoked_user_certs_file"] {
            assert_eq!(asked(&[protecting], &[protecting]), None, "{protecting}");
        }
        let telemetry = ["telemetry.certificate_file", "telemetry.certificate_key_file", "telemetry.bind_port"];
        assert_eq!(asked(&telemetry[..1], &telemetry[..2]), None, "metrics would be in the clear");
        assert_eq!(asked(&telemetry[..1], &telemetry).map(|keys| keys.len()), Some(3));
        assert_eq!(asked(&["sftpd.ciphers"], &[]), None, "what is not saved cannot be set aside");
        assert_eq!(asked(&["a.port", "b.port"], &["b.port"]), Some(vec!["b.port".to_owned()]));
    }
}
