//! Whether the server would start with its settings, those that are saved in the database among them.

use entrepot_config::{Loaded, Sources};
use entrepot_core::{
    Obstacle,
    admin::{certificate, host_keys},
};
use entrepot_model::doctor::Finding;
use entrepot_net::tls::KeptCertificate;
use entrepot_store::Store;

use crate::{
    blame, certificates,
    data_folder::DataFolder,
    exit, house, load,
    rehearsal::{self, Scene},
};

/// Tries what a start does, but for the ports, and answers with the settings that it would have.
pub(super) async fn look(
    folder: &DataFolder,
    sources: Sources,
    before: Loaded,
    store: Option<&Store>,
) -> anyhow::Result<(Loaded, Vec<Finding>)> {
    let mut findings = Vec::new();
    let mut loaded = before;
    if let Some(store) = store {
        match load::with_saved(sources, &loaded, store).await {
            Ok(with_saved) => loaded = with_saved,
            Err(error) => {
                let told = exit::sentence(&blame::with_way_out(error, &loaded, folder));
                findings.push(Finding::error("settings", told, "entrepot config list says what is saved in the database"));
            }
        }
    }
    let mut scene = Scene { host_keys: Vec::new(), certificate: KeptCertificate::default(), held: Vec::new(), any_port: false };
    // Without the master key nothing of the database opens; that is told elsewhere.
    if let (Some(store), Ok(sealer)) = (store, house::sealer(&loaded.settings)) {
        scene.host_keys = host_keys::kept_in(store, &sealer).await?;
        scene.certificate = certificates::opened(&loaded.settings, certificate::kept_in(store, &sealer).await?);
    }
    let obstacles = rehearsal::services(&loaded, &scene).into_iter().chain(rehearsal::collisions(&loaded.settings));
    findings.extend(obstacles.map(|obstacle| finding(obstacle, &loaded, folder)));
    Ok((loaded, findings))
}

fn finding(obstacle: Obstacle, loaded: &Loaded, folder: &DataFolder) -> Finding {
    let Obstacle { keys, message, .. } = obstacle;
    let fix = match (keys.iter().find_map(|key| loaded.saved_key(key)), keys.first()) {
        (Some(key), _) => format!("{key} is saved in the database; `{}` takes it back", blame::command(key, folder)),
        (None, Some(key)) => format!("change {key}, or put what it names in its place"),
        (None, None) => "correct that setting; entrepot config show --origin says where each comes from".to_owned(),
    };
    Finding::error("start", message, fix)
}
