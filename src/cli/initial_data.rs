//! The backup that is loaded at the start (API-099, INIT-005…INIT-008).

use std::path::Path;

use entrepot_core::{
    Core,
    admin::{
        AdminSession,
        backup::{self, LoadMode, LoadOptions, QuotaScan},
    },
};

/// Loads the backup that `loaddata.from` names, before anything listens. What fails is told, and the server starts all the
/// same (INIT-006): it is the administrator who knows whether that is grave.
pub(crate) async fn load(core: &Core) {
    let settings = core.settings();
    let from = settings.loaddata.from.trim();
    if from.is_empty() {
        return;
    }
    let options = LoadOptions {
        mode: LoadMode::from_number(i64::from(settings.loaddata.mode)).unwrap_or(LoadMode::Add),
        scan: QuotaScan::from_number(i64::from(settings.loaddata.quota_scan)).unwrap_or_default(),
        is_dry_run: false,
    };
    let problem = match backup::load_file(core, &AdminSession::system(), from, options).await {
        Ok(report) => match report.failures.first() {
            None => {
                tracing::info!(from, summary = report.summary(), "initial data loaded");
                if settings.loaddata.clean {
                    clean(Path::new(from));
                }
                return;
            }
            Some(failure) => format!("{failure}; before it: {}", report.summary()),
        },
        Err(error) => error.to_string(),
    };
    tracing::error!(from, problem, "the initial data was not loaded");
    eprintln!("entrepot: the initial data {from} was not loaded: {problem}");
}

/// INIT-008.
fn clean(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "the initial data was loaded, but its file cannot be removed");
    }
}
