//! A transfer that runs, as pages show it.

use entrepot_core::admin::connections::{LiveSession, LiveTransfer};

use crate::frame::Look;

/// A transfer, with its progress in words.
pub(super) struct Moving {
    pub(super) id: u64,
    pub(super) session: String,
    pub(super) username: String,
    pub(super) protocol: &'static str,
    pub(super) name: String,
    /// Empty for what lies in the root.
    pub(super) folder: String,
    pub(super) is_upload: bool,
    /// `None` where the size is not known.
    pub(super) percent: Option<u64>,
    /// `64 % of 18.4 GB`, or what came so far.
    pub(super) so_far: String,
    pub(super) rate: i64,
    pub(super) left: Option<String>,
    pub(super) is_waiting: bool,
}

/// How far a transfer is.
pub(super) fn moving(look: &Look, session: &LiveSession, transfer: &LiveTransfer) -> Moving {
    let (folder, name) = transfer.path.rsplit_once('/').unwrap_or(("", &transfer.path));
    let size = |bytes: u64| look.size(i64::try_from(bytes).unwrap_or(i64::MAX));
    let percent = transfer.percent();
    let so_far = match (percent, transfer.size) {
        (Some(percent), Some(whole)) => look.say2(look.t.transfer_percent, percent, size(whole)),
        _ => size(transfer.bytes),
    };
    Moving {
        id: transfer.id,
        session: session.connection_id.clone(),
        username: session.username.clone(),
        protocol: session.protocol,
        name: name.to_owned(),
        folder: folder.to_owned(),
        is_upload: transfer.is_upload(),
        percent,
        so_far,
        rate: i64::try_from(transfer.rate).unwrap_or(i64::MAX),
        left: transfer.remaining.map(|seconds| span(look, seconds)),
        is_waiting: transfer.waiting,
    }
}

/// `3 min 28 s`: the two largest units that a time has.
pub(super) fn span(look: &Look, seconds: u64) -> String {
    let t = look.t;
    let units = [
        (seconds / 86_400, t.span_d),
        (seconds / 3600 % 24, t.span_h),
        (seconds / 60 % 60, t.span_min),
        (seconds % 60, t.span_s),
    ];
    let first = units.iter().position(|(number, _)| *number > 0).unwrap_or(3);
    let shown = units[first..].iter().take(2).enumerate().filter(|(place, (number, _))| *place == 0 || *number > 0);
    shown.map(|(_, (number, text))| look.say(text, number)).collect::<Vec<_>>().join(" ")
}
