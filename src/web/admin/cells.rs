//! Cells of lists: pieces of HTML with what came from outside escaped.

use crate::frame::{Look, look::Html};

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

/// Text in mono.
pub(super) fn code(shown: &str) -> Html {
    if shown.is_empty() { Html(String::new()) } else { Html(format!("<code>{}</code>", text(shown))) }
}

/// Labels.
pub(super) fn tags(names: &[&str]) -> Html {
    if names.is_empty() {
        return Html(String::new());
    }
    let tags = names.iter().map(|name| format!("<span class=\"tag\">{}</span>", text(name)));
    Html(format!("<span class=\"chips\">{}</span>", tags.collect::<String>()))
}

/// A state: shape and word.
pub(super) fn state(look: &Look, class: &str, icon: &str, word: &str) -> Html {
    Html(format!("<span class=\"state state-calm is-{class}\">{}{}</span>", look.i(icon), text(word)))
}

/// Enabled, disabled or expired.
pub(super) fn status(look: &Look, is_enabled: bool, expires: i64) -> Html {
    if expires > 0 && expires <= look.now {
        return state(look, "warn", "clock", look.t.state_expired);
    }
    if is_enabled { state(look, "ok", "ok", look.t.state_enabled) } else { state(look, "off", "off", look.t.state_disabled) }
}

/// Used of how much, with a bar where there is a limit.
pub(super) fn quota(look: &Look, used: i64, limit: i64) -> Html {
    let shown = look.size(used);
    if limit <= 0 {
        return Html(format!("<span class=\"quota-cell\"><span class=\"num\">{shown}</span></span>"));
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
    Html(format!(
        "<span class=\"quota-cell\"><span class=\"num\">{of}</span><progress class=\"meter{class}\" value=\"{}\" max=\"100\" aria-label=\"{label}\"></progress></span>",
        percent.min(100)
    ))
}

/// How many of something.
pub(super) fn count(number: usize) -> Html {
    Html(format!("<span class=\"num\">{number}</span>"))
}
