//! Server-sent events (HTML standard, section 9.2): what the REST API and the pages have in common.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::{self, ContentEncoding},
    web::Bytes,
};
use entrepot_core::{
    Direction, Error,
    admin::log::LogLine,
    live::{ActivityStream, LogStream, Seen, TransferState, UserStream},
};
use futures_util::{Stream, stream};
use serde::Serialize;

use crate::files::percent_encoded;

/// After how long a browser comes back.
const RETRY: Duration = Duration::from_secs(3);

/// A change of an entry of a folder.
#[derive(Serialize)]
struct Change<'a> {
    folder: String,
    name: String,
    /// The exact name, percent-encoded, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_name: Option<String>,
    gone: &'a bool,
}

/// How a transfer stands.
#[derive(Serialize)]
struct Transfer<'a> {
    id: u64,
    state: TransferState,
    direction: &'static str,
    path: &'a str,
    protocol: &'static str,
    bytes: u64,
    started_at: i64,
}

/// The answer that a user's stream is sent with.
pub(crate) fn of_user(stream: UserStream) -> HttpResponse {
    answer(stream::unfold(stream, async |mut stream| {
        let seen = stream.next().await?;
        Some((text_of(&seen), stream))
    }))
}

/// The answer that an administrator's stream is sent with.
pub(crate) fn of_administrator(stream: ActivityStream) -> HttpResponse {
    answer(stream::unfold(stream, async |mut stream| {
        let activity = stream.next().await?;
        Some((event("activity", &activity), stream))
    }))
}

/// The answer that a stream of the log is sent with; `show` makes of lines what the page puts on top.
pub(crate) fn of_log(stream: LogStream, show: impl Fn(&[LogLine]) -> String + 'static) -> HttpResponse {
    answer(stream::unfold((stream, show), async |(mut stream, show)| {
        let lines = stream.next().await?;
        let Some(last) = lines.last() else { return Some((Bytes::from_static(b":\n\n"), (stream, show))) };
        // A browser that comes back says which line it had last.
        let text = event("lines", &show(&lines));
        let text = [format!("id: {}\n", last.number).as_bytes(), &text].concat();
        Some((Bytes::from(text), (stream, show)))
    }))
}

fn answer(events: impl Stream<Item = Bytes> + 'static) -> HttpResponse {
    let begin = stream::once(std::future::ready(Bytes::from(format!("retry: {}\n\n", RETRY.as_millis()))));
    let all = futures_util::StreamExt::chain(begin, events);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Neither compression nor a proxy gathers events.
        .insert_header(ContentEncoding::Identity)
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(futures_util::StreamExt::map(all, Ok::<Bytes, Error>)))
}

fn text_of(seen: &Seen) -> Bytes {
    match seen {
        Seen::Change { folder, name, is_gone } => {
            let shown = String::from_utf8_lossy(name);
            let encoded_name = (shown.as_bytes() != name).then(|| percent_encoded(name));
            let change = Change { folder: folder.to_string_lossy(), name: shown.into_owned(), encoded_name, gone: is_gone };
            event("change", &change)
        }
        Seen::Transfer { id, state, direction, path, protocol, bytes, started_at } => {
            let direction = match direction {
                Direction::Upload => "upload",
                Direction::Download => "download",
            };
            let transfer = Transfer { id: *id, state: *state, direction, path, protocol, bytes: *bytes, started_at: *started_at };
            event("transfer", &transfer)
        }
        Seen::Resync => event("resync", &serde_json::json!({})),
        // A comment: scripts do not see it, and a broken line is noticed.
        Seen::Heartbeat => Bytes::from_static(b":\n\n"),
    }
}

/// JSON has no line breaks of its own.
fn event(name: &str, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_else(|error| {
        tracing::error!(%error, "an event cannot be written as JSON");
        "{}".to_owned()
    });
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

#[cfg(test)]
mod tests {
    use entrepot_model::VirtualPath;

    use super::*;

    #[test]
    fn events_are_lines_that_browsers_read() {
        let folder = VirtualPath::parse(b"/d").unwrap();
        let change = Seen::Change { folder, name: b"a\n\xff".to_vec(), is_gone: true };
        let text = text_of(&change);
        assert_eq!(
            std::str::from_utf8(&text).unwrap(),
            "event: change\ndata: {\"folder\":\"/d\",\"name\":\"a\\n\u{fffd}\",\"encoded_name\":\"a%0A%FF\",\"gone\":true}\n\n"
        );
        assert_eq!(text_of(&Seen::Resync), "event: resync\ndata: {}\n\n");
        assert_eq!(text_of(&Seen::Heartbeat), ":\n\n");
    }
}
