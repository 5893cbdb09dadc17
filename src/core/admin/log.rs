//! The last lines of the server's log, kept in memory: what administrators read without a shell on the machine.

use std::{fmt, sync::Arc};

use entrepot_model::{AdminPermission as P, status::LogLevel};
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::Value;

use super::AdminSession;
use crate::{Core, Denial, Error, Result};

/// A line as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Number of the line since the start of the server; the first is 1.
    pub number: u64,
    /// How severe it is.
    pub level: LogLevel,
    /// The JSON object that the log has, without a line feed.
    pub json: Arc<str>,
}

/// A line, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LogEntry {
    /// When, as the log writes it.
    pub time: String,
    /// Which part of the server, or which kind of line.
    pub sender: String,
    /// What it says; empty where the fields say it all.
    pub message: String,
    /// Everything else, in the order of the line; texts that are empty are left out.
    pub fields: Vec<(String, String)>,
}

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// Least severe ones.
    pub least: LogLevel,
    /// What must be somewhere in the line, whatever its case; empty = anything.
    pub text: String,
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { least: LogLevel::Debug, text: String::new() }
    }
}

impl LogFilter {
    /// Whether the line is one of them.
    pub fn takes(&self, line: &LogLine) -> bool {
        let text = self.text.trim();
        rank(line.level) >= rank(self.least) && (text.is_empty() || line.json.to_lowercase().contains(&text.to_lowercase()))
    }
}

/// Large is severe.
fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Debug => 0,
        LogLevel::Info => 1,
        LogLevel::Warn => 2,
        LogLevel::Error => 3,
    }
}

/// The members of a JSON object in their order.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl LogLine {
    /// Takes the line apart; what is no object is all message.
    pub fn entry(&self) -> LogEntry {
        let Ok(Members(members)) = serde_json::from_str::<Members>(&self.json) else {
            return LogEntry { message: self.json.as_ref().to_owned(), ..LogEntry::default() };
        };
        let mut entry = LogEntry::default();
        for (name, value) in members {
            let text = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            match name.as_str() {
                "time" => entry.time = text,
                "sender" => entry.sender = text,
                "message" => entry.message = text,
                "level" => {}
                _ if text.is_empty() => {}
                _ => entry.fields.push((name, text)),
            }
        }
        entry
    }
}

pub(crate) fn may_read(session: &AdminSession) -> Result<()> {
    session.require(P::Any)?;
    // It tells of everybody.
    if session.role().is_some() {
        return Err(Denial::new("role", "the log of the server is not theirs to read").into());
    }
    Ok(())
}

/// The lines in memory after the one of number `after` (0 = all of them) that the filter takes, the oldest first. What the log
/// does not say, they do not say either; lines that were dropped from memory are in the file only.
///
/// # Errors
/// `Denied` without `*`, and for administrators with a role; `Unsupported` where nobody handed over a log.
pub fn lines(core: &Core, session: &AdminSession, filter: &LogFilter, after: u64) -> Result<Vec<LogLine>> {
    may_read(session)?;
    let log = core.services().log().ok_or(Error::Unsupported)?;
    let mut lines = log.lines(after);
    lines.retain(|line| filter.takes(line));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: LogLevel, json: &str) -> LogLine {
        LogLine { number: 1, level, json: json.into() }
    }

    // LOG-001: what a page shows is what the line says, in its order.
    #[test]
    fn lines_are_taken_apart_in_their_order() {
        let text = r#"{"time":"T","level":"info","sender":"login","message":"m","zeta":1,"alpha":"x","empty":"","ok":true}"#;
        let entry = line(LogLevel::Info, text).entry();
        assert_eq!((entry.time.as_str(), entry.sender.as_str(), entry.message.as_str()), ("T", "login", "m"));
        let fields: Vec<_> = entry.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields, [("zeta", "1"), ("alpha", "x"), ("ok", "true")]);
        assert_eq!(line(LogLevel::Info, "no object").entry().message, "no object");
    }

    #[test]
    fn filters_go_by_severity_and_text() {
        let warn = line(LogLevel::Warn, r#"{"message":"Straße to Alice"}"#);
        let takes = |least, text: &str| LogFilter { least, text: text.into() }.takes(&warn);
        assert!(takes(LogLevel::Debug, "") && takes(LogLevel::Warn, " ALICE ") && !takes(LogLevel::Error, ""));
        assert!(!takes(LogLevel::Debug, "bob"));
    }
}
