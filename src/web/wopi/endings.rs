//! Which files open in the office server.

use std::{collections::BTreeSet, time::Duration};

use entrepot_config::settings::Wopi;
use entrepot_core::{UserCaller, documents};
use entrepot_http::Features;

use super::{Discovery, office_of};
use crate::Site;

/// A list of files waits that long for an office server of which nothing is known.
const PATIENCE: Duration = Duration::from_secs(1);
/// What a browser shows, or our own editor changes: it opens there, and in the office server if that is asked for.
const SHOWN_ELSEWHERE: [&str; 31] = [
    "jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "mp4", "m4v", "webm", "ogv", "mov", "mp3", "ogg", "oga", "wav", "m4a",
    "flac", "opus", "pdf", "txt", "md", "csv", "tsv", "log", "json", "yaml", "yml", "xml", "html", "htm",
];

/// Endings of the names of documents that somebody may open in the office server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Endings(BTreeSet<String>);

impl Endings {
    /// Those for the account, which are none where there is no office server, or no answer of it.
    pub(crate) async fn of(site: &Site, features: Features, caller: &UserCaller) -> Self {
        let Some(wopi) = office_of(site.core(), features) else { return Self::default() };
        match documents::is_offered(site.core(), caller, wopi.max_users).await {
            Ok(true) => {}
            Ok(false) => return Self::default(),
            Err(error) => {
                tracing::warn!(%error, "documents are not offered in the office server");
                return Self::default();
            }
        }
        let asked = tokio::time::timeout(PATIENCE, site.offices().ask(site.core(), &wopi.server_url)).await;
        let Ok(Ok(discovery)) = asked else { return Self::default() };
        Self::in_discovery(&discovery, &wopi)
    }

    /// Those that the office server opens, without those that the settings keep from it.
    pub(crate) fn in_discovery(discovery: &Discovery, wopi: &Wopi) -> Self {
        let mut endings = discovery.endings();
        // CFG-361
        for skipped in &wopi.skipped_extensions {
            endings.remove(&skipped.trim_start_matches('.').to_ascii_lowercase());
        }
        Self(endings)
    }

    /// Whether a file of that name can be opened in the office server.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(&ending(name))
    }

    /// Whether that is what opening it means.
    pub(crate) fn opens(&self, name: &str) -> bool {
        self.has(name) && !SHOWN_ELSEWHERE.contains(&ending(name).as_str())
    }

    /// For an attribute.
    pub(crate) fn joined(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// The ending of a name, in small letters.
pub(crate) fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}
