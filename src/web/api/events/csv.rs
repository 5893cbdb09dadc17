//! Lines of an export (RFC 4180), safe to be opened in a spreadsheet (API-112).

use chrono::{DateTime, SecondsFormat};

/// A time in Unix nanoseconds, as RFC 3339 in UTC.
pub(super) fn time(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Appends a line.
pub(crate) fn line(text: &mut String, cells: &[String]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        append(text, cell);
    }
    text.push_str("\r\n");
}

/// A cell that a spreadsheet would compute is text after a quote: names of files come from strangers.
fn append(text: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula && !cell.contains([',', '"', '\r', '\n']) {
        text.push_str(cell);
        return;
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-112
    #[test]
    fn cells_are_quoted_and_formulas_are_text() {
        let cells = ["plain", "a,b", "say \"hi\"", "two\nlines", "=1+1", "-2", "+3", "@x", "\tx", "\rx", "x=1", ""];
        let mut text = String::new();
        line(&mut text, &cells.map(str::to_owned));
        let wanted =
            "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"'=1+1\",\"'-2\",\"'+3\",\"'@x\",\"'\tx\",\"'\rx\",x=1,\r\n";
        assert_eq!(text, wanted);
        assert_eq!(time(1_728_302_400_123_456_789), "2024-10-07T12:00:00.123Z");
    }
}
