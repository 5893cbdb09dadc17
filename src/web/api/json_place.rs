//! Where in a JSON text a reader stopped: the member that an error is about.

/// A value that is open.
enum Level {
    /// The member of an object, once its name is known, and whether a name comes next.
    Object { member: Option<String>, is_name_next: bool },
    /// The number of an element.
    List(usize),
}

/// The path of the member at a line and column as `serde_json` counts them, both from 1: `filters.denied_ip[2]`. Empty where it is
/// none.
pub(super) fn place_of(text: &[u8], line: usize, column: usize) -> String {
    let mut rest = text;
    for _ in 1..line {
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { return String::new() };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    let offset = text.len() - rest.len() + column.min(rest.len());
    path(&open_at(text.get(..offset).unwrap_or(text)))
}

/// What is open at the end of a text.
fn open_at(text: &[u8]) -> Vec<Level> {
    let mut levels = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' => levels.push(Level::Object { member: None, is_name_next: true }),
            b'[' => levels.push(Level::List(0)),
            b'}' | b']' => _ = levels.pop(),
            b',' => match levels.last_mut() {
                Some(Level::Object { is_name_next, .. }) => *is_name_next = true,
                Some(Level::List(number)) => *number += 1,
                None => {}
            },
            b'"' => {
                let start = at;
                while let Some(&inner) = text.get(at).filter(|&&inner| inner != b'"') {
                    at += if inner == b'\\' { 2 } else { 1 };
                }
                let name = text.get(start..at.min(text.len())).unwrap_or_default();
                at += 1;
                if let Some(Level::Object { member, is_name_next: is_name_next @ true }) = levels.last_mut() {
                    *member = Some(String::from_utf8_lossy(name).into_owned());
                    *is_name_next = false;
                }
            }
            _ => {}
        }
    }
    levels
}

fn path(levels: &[Level]) -> String {
    levels.iter().fold(String::new(), |path, level| match level {
        Level::Object { member: Some(member), .. } if path.is_empty() => member.clone(),
        Level::Object { member: Some(member), .. } => format!("{path}.{member}"),
        Level::Object { member: None, .. } => path,
        Level::List(number) => format!("{path}[{number}]"),
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only errors are looked at")]
    struct Sample {
        #[serde(default)]
        size: i64,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        inner: Option<Box<Sample>>,
        #[serde(default)]
        all: Vec<Sample>,
    }

    fn place(text: &str) -> String {
        let error = serde_json::from_str::<Sample>(text).err().expect("an error");
        place_of(text.as_bytes(), error.line(), error.column())
    }

    // API-012
    #[test]
    fn the_member_that_is_wrong_is_named() {
        assert_eq!(place(r#"{"size": "5"}"#), "size");
        assert_eq!(place("{\n \"names\": [\"a\", \"b,]}\\\"\", 3]}"), "names[2]");
        assert_eq!(place("{\"size\": 1,\n\"inner\": {\"names\": [], \"size\": true, \"all\": []}}"), "inner.size");
        assert_eq!(place(r#"{"all": [{}, {"inner": {"names": "x"}}]}"#), "all[1].inner.names");
        assert_eq!(place(r#"{"size": 1.5, "names": []}"#), "size");
        assert_eq!(place("{"), "");
        assert_eq!(place_of(b"{}", 9, 9), "");
        assert_eq!(place_of(b"\"\\", 1, 9), "");
    }
}
