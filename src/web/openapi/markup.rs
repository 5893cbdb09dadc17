//! The few marks that the document's texts use (CommonMark's headings, lists, emphasis and code), as HTML.

/// A text of several blocks: paragraphs, lists, headings.
pub(super) fn blocks(text: &str) -> String {
    let mut html = String::new();
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if let Some(heading) = block.strip_prefix("## ") {
            html += &format!("<h3>{}</h3>", inline(heading));
        } else if let Some(list) = block.strip_prefix("- ") {
            let items = list.split("\n- ").map(|item| format!("<li>{}</li>", inline(item)));
            html += &format!("<ul class=\"dots\">{}</ul>", items.collect::<String>());
        } else {
            html += &format!("<p>{}</p>", inline(block));
        }
    }
    html
}

/// A text of one line. Between backticks nothing else has a meaning.
pub(super) fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = escaped(part);
        if index % 2 == 1 { format!("<code>{part}</code>") } else { between(&between(&part, "**", "strong"), "*", "em") }
    });
    parts.collect()
}

fn between(text: &str, mark: &str, element: &str) -> String {
    let parts = text.split(mark).enumerate().map(|(index, part)| match index % 2 {
        1 => format!("<{element}>{part}</{element}>"),
        _ => part.to_owned(),
    });
    parts.collect()
}

/// Characters that HTML reads as its own.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements_and_the_rest_is_escaped() {
        assert_eq!(inline("**a** <b> `*x*` *c*"), "<strong>a</strong> &lt;b&gt; <code>*x*</code> <em>c</em>");
        assert_eq!(
            blocks("## T\n\n- a\n  b\n- c\n\nend"),
            "<h3>T</h3><ul class=\"dots\"><li>a\n  b</li><li>c</li></ul><p>end</p>"
        );
    }
}
