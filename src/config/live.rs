//! Settings that change while the program runs.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::settings::Settings;

/// The current settings; readers take a snapshot per operation.
#[derive(Debug)]
pub struct LiveSettings(ArcSwap<Settings>);

impl LiveSettings {
    /// Starts with the loaded settings.
    pub fn new(settings: Settings) -> Self {
        Self(ArcSwap::from_pointee(settings))
    }

    /// The settings at this moment.
    pub fn current(&self) -> Arc<Settings> {
        self.0.load_full()
    }

    /// Makes other settings the current ones. Only those that are hot have an effect; see
    /// [`crate::Loaded::needs_restart`] for the others.
    pub fn replace(&self, settings: Settings) {
        self.0.store(Arc::new(settings));
    }
}
