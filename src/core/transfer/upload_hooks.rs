//! What hooks have to say of an upload.

use super::UploadState;
use crate::{error::Result, hooks::HookContext, operation::Operation, place::Place};

fn hook_context(state: &UploadState, place: &Place, size: u64) -> HookContext {
    let session = &state.facts.session;
    HookContext {
        user: session.account.user.clone(),
        operation: Operation::Upload,
        path: place.virtual_path.clone(),
        target: None,
        size: Some(size),
        protocol: session.protocol,
        ip: session.peer.remote.ip(),
        session: session.id.clone(),
    }
}

pub(super) async fn before_publish(state: &UploadState, place: &Place) -> Result<()> {
    let hooks = &state.facts.session.core.0.hooks;
    if !hooks.wants(Operation::Upload) {
        return Ok(());
    }
    hooks.before_publish(&hook_context(state, place, state.file().size())).await
}

pub(super) async fn after(state: &UploadState, place: &Place, size: u64) {
    let hooks = &state.facts.session.core.0.hooks;
    if hooks.wants(Operation::Upload)
        && let Err(error) = hooks.after(&hook_context(state, place, size)).await
    {
        tracing::warn!(connection_id = %state.facts.session.id, %error, "a hook failed after an upload");
    }
}
