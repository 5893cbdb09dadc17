//! How long events are kept: by age, and by the size of their database.

use std::time::Duration;

use entrepot_store::{EventKind, StoreError};

use crate::Core;

/// Between two passes.
const INTERVAL: Duration = Duration::from_secs(3600);
/// Between two batches: what arrives meanwhile is written in between.
const PAUSE: Duration = Duration::from_millis(20);
/// Nanoseconds of a day.
const DAY: i64 = 24 * 3600 * 1_000_000_000;

/// Removes events that are too old or too many, once an hour.
pub(crate) async fn expire(core: Core) {
    let stop = core.tasks().stopping();
    while core.tasks().rest(INTERVAL).await {
        // A pass that is cut off is continued by the next.
        tokio::select! {
            () = stop.cancelled() => return,
            passed = expire_now(&core) => match passed {
                Ok(0) => {}
                Ok(removed) => tracing::info!(sender = "events", removed, "old events removed"),
                Err(error) => tracing::error!(sender = "events", %error, "removing old events"),
            },
        }
    }
}

/// One pass of [`expire`]; how many events went.
pub(crate) async fn expire_now(core: &Core) -> Result<u64, StoreError> {
    let settings = core.settings();
    let events = core.0.store.events();
    let mut removed = 0;
    if settings.events.max_age_days > 0 {
        let oldest = core.clock().nanos().saturating_sub(i64::from(settings.events.max_age_days).saturating_mul(DAY));
        for kind in [EventKind::Fs, EventKind::Provider, EventKind::Log] {
            loop {
                let went = events.delete_before(kind, oldest).await?;
                if went == 0 {
                    break;
                }
                removed += went;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    let most = u64::from(settings.events.max_size_mb) << 20;
    while most > 0 && events.size().await? > most {
        let went = events.delete_oldest().await?;
        if went == 0 {
            break;
        }
        removed += went;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(removed)
}
