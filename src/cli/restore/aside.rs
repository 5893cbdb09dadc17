//! Settings that are saved in a backup and cannot hold on this machine: an address that it does not have, a port that it may not
//! open, a file that is not there. The restored server must start all the same, so they are set aside: kept, named and not
//! used. What protects the server is never set aside for that: then it is better not restored.

mod choice;

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path, time::SystemTime};

use anyhow::Context as _;
use entrepot_config::{Loaded, Sources};
use entrepot_core::{
    Obstacle,
    admin::{certificate, host_keys, settings},
};
use entrepot_store::{Copies, Displaced, Store, StoreOptions, set_settings_aside};

use crate::{
    certificates,
    data_folder::DataFolder,
    exit::{self, Failure},
    house,
    rehearsal::{Scene, rehearse},
    runtime,
};
use choice::{Choice, is_protecting};

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
    let aside: BTreeMap<String, Displaced> =
        aside.into_iter().map(|(key, displaced)| (key, Displaced { reason: place(&displaced.reason), ..displaced })).collect();
    if !aside.is_empty() {
        set_settings_aside(laid.copies, &aside, i64::try_from(now).unwrap_or(0))?;
    }
    let mut notes: Vec<String> =
        aside.iter().map(|(key, displaced)| format!("{key} is set aside: {}", displaced.reason)).collect();
    notes.extend(left.into_iter().map(|reason| format!("the server will not start before this is put right: {reason}")));
    Ok(notes)
}

/// What came of it.
#[derive(Default)]
struct Tried {
    /// Keys of settings as they are saved.
    aside: BTreeMap<String, Displaced>,
    /// What cannot be helped.
    left: Vec<String>,
}

impl Tried {
    /// Nothing could be tried: the start would say this.
    fn failed(error: &anyhow::Error) -> Self {
        Self { left: vec![exit::sentence(error)], ..Self::default() }
    }
}

fn try_start(ground: &Ground, sources: Sources, laid: &Laid<'_>) -> anyhow::Result<Tried> {
    // Not every machine has what the file names when the backup is restored.
    let before = match entrepot_config::load(sources.clone()) {
        Ok(before) => before,
        Err(error) => return Ok(Tried::failed(&error.into())),
    };
    let sealer = match house::sealer(&before.settings) {
        Ok(sealer) => sealer,
        Err(error) => return Ok(Tried::failed(&error)),
    };
    // A copy of the copy: opening it may upgrade it.
    fs::copy(&laid.copies.main, laid.scratch.join("entrepot.db")).context("a copy of the database of the backup")?;
    let mut scene =
        Scene { host_keys: Vec::new(), certificate: Default::default(), held: ground.held.clone(), any_port: ground.any_port };
    let saved = runtime::build_small()?.block_on(async {
        let store = Store::open(StoreOptions::new(laid.scratch))?;
        let saved = settings::saved(&store, &sealer).await?;
        scene.host_keys = host_keys::kept_in(&store, &sealer).await?;
        scene.certificate = certificates::opened(&before.settings, certificate::kept_in(&store, &sealer).await?);
        store.shutdown().await?;
        anyhow::Ok(saved)
    })?;
    Ok(set_aside(ground, &before, sources, saved, &scene))
}

/// Tries again and again, each time without what was in the way. What is set aside in one round decides what can be in the next.
fn set_aside(ground: &Ground, before: &Loaded, mut sources: Sources, saved: Vec<(String, String)>, scene: &Scene) -> Tried {
    let mut saved: BTreeMap<String, String> = saved.into_iter().collect();
    let mut tried = Tried::default();
    loop {
        sources.database = saved.clone().into_iter().collect();
        let (loaded, obstacles) = match entrepot_config::load(sources.clone()) {
            Ok(loaded) => {
                let obstacles = rehearse(&loaded, scene);
                (Some(loaded), obstacles)
            }
            Err(error) => {
                let keys = error.saved_key().map(str::to_owned).into_iter().collect();
                (None, vec![Obstacle { keys, message: error.to_string(), may_pass: false }])
            }
        };
        let is_movable = |key: &str| saved.contains_key(key) && !tried.aside.contains_key(key);
        let (mut next, mut left) = (None, Vec::new());
        for obstacle in obstacles {
            if obstacle.may_pass && !ground.is_now {
                left.push(obstacle.message);
            } else if next.is_none() {
                match choose(&obstacle, loaded.as_ref(), before, is_movable) {
                    Some(choice) => next = Some((obstacle, choice)),
                    None => left.push(obstacle.message),
                }
            }
        }
        tried.left = left;
        // Every choice takes at least one setting away that could be chosen, so that this ends.
        let Some((obstacle, choice)) = next else { return tried };
        tried.take(&obstacle, choice, &mut saved);
    }
}

/// What to set aside: something that is saved, and not by ourselves.
fn choose(obstacle: &Obstacle, loaded: Option<&Loaded>, before: &Loaded, is_movable: impl Fn(&str) -> bool) -> Option<Choice> {
    match loaded {
        Some(loaded) => Choice::against(obstacle, loaded, before, is_movable),
        None => obstacle.keys.iter().find(|key| is_movable(key) && !is_protecting(key)).map(|key| Choice::plain(key)),
    }
}

impl Tried {
    fn take(&mut self, obstacle: &Obstacle, choice: Choice, saved: &mut BTreeMap<String, String>) {
        let mut reason = reason(obstacle);
        if !choice.consequence.is_empty() {
            reason = format!("{reason}; {}", choice.consequence);
        }
        for moved in choice.moved {
            let former = saved.remove(&moved.key);
            if former.is_none() && moved.instead.is_none() {
                continue;
            }
            saved.extend(moved.instead.as_ref().map(|instead| (moved.key.clone(), instead.to_string())));
            let displaced = Displaced { reason: reason.clone(), instead: moved.instead, held: moved.held };
            self.aside.insert(moved.key, displaced);
        }
    }
}

fn reason(obstacle: &Obstacle) -> String {
    // Some sentences begin with the key, which is told before them.
    let key = obstacle.keys.first().filter(|key| !key.contains('['));
    let rest = key.and_then(|key| obstacle.message.strip_prefix(&format!("{key}: ")));
    rest.unwrap_or(&obstacle.message).to_owned()
}

/// Says it in the log, too.
pub(super) fn log(notes: &[String]) {
    for note in notes {
        tracing::warn!(note, "restoring a backup");
    }
}
