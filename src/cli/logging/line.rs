//! One line of the log, in both forms.

use std::fmt;

use chrono::{DateTime, Local, Utc};
use serde_json::Value;
use tracing::{
    Event, Level,
    field::{Field, Visit},
};

/// An event, taken apart.
pub(super) struct Line {
    pub(super) level: Level,
    time: DateTime<Utc>,
    utc: bool,
    sender: String,
    connection_id: Option<String>,
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Line {
    pub(super) fn of(event: &Event<'_>, utc: bool) -> Self {
        let metadata = event.metadata();
        let mut line = Self::new(*metadata.level(), room(metadata.target()), utc);
        event.record(&mut line);
        line
    }

    /// A line of this room.
    pub(super) fn new(level: Level, sender: &str, utc: bool) -> Self {
        let (time, sender) = (Utc::now(), sender.to_owned());
        Self { level, time, utc, sender, connection_id: None, message: String::new(), fields: Vec::new() }
    }

    pub(super) fn with_message(mut self, message: String) -> Self {
        self.message = message;
        self
    }

    /// `YYYY-MM-DDTHH:MM:SS.mmm` without zone (LOG-001).
    fn time(&self, format: &str) -> String {
        if self.utc { self.time.format(format).to_string() } else { self.time.with_timezone(&Local).format(format).to_string() }
    }

    /// The JSON object with its line feed: time, level, sender, connection, message, then the fields of the event.
    pub(super) fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(b'{');
        member(&mut out, "time", &self.time("%Y-%m-%dT%H:%M:%S%.3f").into());
        member(&mut out, "level", &word(self.level).into());
        member(&mut out, "sender", &self.sender.as_str().into());
        if let Some(id) = &self.connection_id {
            member(&mut out, "connection_id", &id.as_str().into());
        }
        if !self.message.is_empty() {
            member(&mut out, "message", &self.message.as_str().into());
        }
        for (name, value) in &self.fields {
            member(&mut out, name, value);
        }
        out.extend_from_slice(b"}\n");
        out
    }

    /// One line for people.
    pub(super) fn readable(&self, colours: bool) -> Vec<u8> {
        let (paint, dim, plain) = if colours { (colour(self.level), "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let mut out = format!("{dim}{}{plain} {paint}{:<5}{plain} {}", self.time("%H:%M:%S"), word(self.level), self.sender);
        if !self.message.is_empty() {
            out.push_str(": ");
            out.push_str(&printable(&self.message));
        }
        let id = self.connection_id.as_ref().map(|id| ("connection_id", Value::from(id.as_str())));
        for (name, value) in id.iter().chain(&self.fields) {
            let text = match value {
                Value::String(text) if text.is_empty() => continue,
                Value::String(text) => printable(text),
                other => other.to_string(),
            };
            out.push_str(&format!(" {dim}{name}={plain}{text}"));
        }
        out.push('\n');
        out.into_bytes()
    }

    fn put(&mut self, field: &Field, value: Value) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match field.name() {
            "message" => self.message = text(&value),
            "sender" => self.sender = text(&value),
            "connection_id" => self.connection_id = Some(text(&value)),
            // Lines of crates that use `log`: their place in the code is of no use here.
            "log.target" => self.sender = room(&text(&value)).to_owned(),
            name if name.starts_with("log.") => {}
            name => self.fields.push((name, value)),
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }
}

/// `entrepot_core::login` is `core`, `russh::server` is `russh`.
fn room(target: &str) -> &str {
    let krate = target.split("::").next().unwrap_or(target);
    krate.strip_prefix("entrepot_").unwrap_or(krate)
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG | Level::TRACE => "\x1b[34m",
    }
}

/// Names of files come from clients: what a terminal would obey is shown, not sent.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn member(out: &mut Vec<u8>, name: &str, value: &Value) {
    if out.len() > 1 {
        out.push(b',');
    }
    // Writing to memory cannot fail, and names and values are text and numbers.
    let _ = serde_json::to_writer(&mut *out, name);
    out.push(b':');
    let _ = serde_json::to_writer(&mut *out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let mut line = Line::new(Level::INFO, room("entrepot_core::login"), true).with_message("log \"in\"\u{1b}[2J".into());
        line.connection_id = Some("SFTP_1".into());
        line.fields = vec![("size_bytes", 3.into()), ("username", "ann".into()), ("error", "".into())];
        line
    }

    // LOG-001, LOG-002
    #[test]
    fn json_line_begins_with_time_level_sender_and_connection() {
        let text = String::from_utf8(line().json()).expect("UTF-8");
        let value: Value = serde_json::from_str(&text).expect("one JSON object");
        assert!(text.starts_with("{\"time\":\"") && text.ends_with("}\n"), "{text}");
        let (time, rest) = (value["time"].as_str().expect("text"), &text[text.find(",\"level\"").expect("level")..]);
        assert_eq!(time.len(), "2026-11-23T20:38:47.123".len());
        assert!(rest.starts_with(",\"level\":\"info\",\"sender\":\"core\",\"connection_id\":\"SFTP_1\",\"message\":"), "{rest}");
        assert_eq!(value["message"], "log \"in\"\u{1b}[2J");
        assert_eq!(value["size_bytes"], 3);
    }

    // SYS-006
    #[test]
    fn line_breaks_in_values_do_not_break_lines() {
        let text = Line::new(Level::WARN, "x", true).with_message("a\nb".into()).json();
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1);
    }

    #[test]
    fn readable_line_holds_no_control_characters_of_others() {
        let text = String::from_utf8(line().readable(false)).expect("UTF-8");
        assert!(text.contains("info  core: log \"in\"\u{fffd}[2J connection_id=SFTP_1 size_bytes=3 username=ann\n"), "{text}");
    }
}
