//! Cells of lists: pieces of HTML with what came from outside escaped, and what an export has in their place.

use chrono::{DateTime, SecondsFormat};

use crate::frame::{Look, look::Html};

/// One cell.
pub(super) struct Cell {
    pub(super) html: Html,
    /// The bare value, the same in every language: bytes, RFC 3339, a word of the contract.
    pub(super) plain: String,
}

fn cell(html: Html, plain: impl Into<String>) -> Cell {
    Cell { html, plain: plain.into() }
}

/// Text that came from somewhere.
pub(super) fn text(text: &str) -> Html {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Html(escaped)
}

/// Text.
pub(super) fn words(shown: &str) -> Cell {
    cell(text(shown), shown)
}

/// A word of ours for a value.
pub(super) fn named(shown: &str, value: impl ToString) -> Cell {
    cell(text(shown), value.to_string())
}

/// Text in mono.
pub(super) fn code(shown: &str) -> Cell {
    let html = if shown.is_empty() { String::new() } else { format!("<code>{}</code>", text(shown)) };
    cell(Html(html), shown)
}

/// Labels.
pub(super) fn tags(names: &[&str]) -> Cell {
    if names.is_empty() {
        return cell(Html(String::new()), "");
    }
    let tags = names.iter().map(|name| format!("<span class=\"tag\">{}</span>", text(name)));
    cell(Html(format!("<span class=\"chips\">{}</span>", tags.collect::<String>())), names.join(" "))
}

/// One label, or none.
pub(super) fn tag(name: &str) -> Cell {
    if name.is_empty() { tags(&[]) } else { tags(&[name]) }
}

/// A state: shape and word.
fn state(look: &Look, class: &str, icon: &str, word: &str, plain: &str) -> Cell {
    cell(Html(format!("<span class=\"state state-calm is-{class}\">{}{}</span>", look.i(icon), text(word))), plain)
}

/// Yes or no.
pub(super) fn yes(look: &Look, is: bool) -> Cell {
    if is { state(look, "ok", "ok", look.t.common_yes, "true") } else { state(look, "off", "off", look.t.common_no, "false") }
}

/// Enabled, disabled or expired.
pub(super) fn status(look: &Look, is_enabled: bool, expires: i64) -> Cell {
    if expires > 0 && expires <= look.now {
        return state(look, "warn", "clock", look.t.state_expired, "expired");
    }
    if is_enabled {
        state(look, "ok", "ok", look.t.state_enabled, "enabled")
    } else {
        state(look, "off", "off", look.t.state_disabled, "disabled")
    }
}

/// A moment in milliseconds.
pub(super) fn time(look: &Look, millis: i64) -> Cell {
    let moment = DateTime::from_timestamp_millis(millis).filter(|_| millis > 0);
    cell(look.time(millis), moment.map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default())
}

/// Used of how much, with a bar where there is a limit.
pub(super) fn quota(look: &Look, used: i64, limit: i64) -> Cell {
    let shown = look.size(used);
    if limit <= 0 {
        return cell(Html(format!("<span class=\"quota-cell\"><span class=\"num\">{shown}</span></span>")), used.to_string());
    }
    let percent = used.max(0).saturating_mul(100) / limit;
    let class = if percent >= 100 {
        " meter-bad"
    } else if percent >= 80 {
        " meter-warn"
    } else {
        ""
    };
    let of = look.say2(look.t.quota_of, &shown, look.size(limit));
    let label = look.say(look.t.quota_percent, percent);
    let html = format!(
        "<span class=\"quota-cell\"><span class=\"num\">{of}</span><progress class=\"meter{class}\" value=\"{}\" max=\"100\" aria-label=\"{label}\"></progress></span>",
        percent.min(100)
    );
    cell(Html(html), used.to_string())
}

/// How many of something.
pub(super) fn count(number: usize) -> Cell {
    cell(Html(format!("<span class=\"num\">{number}</span>")), number.to_string())
}
