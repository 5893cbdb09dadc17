//! Paths of values: `section.list[0].name`, and their patterns `section.list[].name`.

use serde_json::{Map, Value};

/// The pattern of a path: all indexes left out.
pub(crate) fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let mut is_index = false;
    for character in path.chars() {
        match character {
            '[' => is_index = true,
            ']' => is_index = false,
            _ if is_index => continue,
            _ => {}
        }
        pattern.push(character);
    }
    pattern
}

/// Appends a member to a path or pattern.
pub(crate) fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The list and index of every indexed part of a path, outermost first.
pub(crate) fn indexes(path: &str) -> Vec<(&str, usize)> {
    path.match_indices('[')
        .filter_map(|(open, _)| {
            let close = open + path[open..].find(']')?;
            Some((&path[..open], path[open + 1..close].parse().ok()?))
        })
        .collect()
}

/// Puts a value into a tree of objects and lists, which grow as needed.
pub(crate) fn insert(root: &mut Value, path: &str, value: Value) {
    let mut place = root;
    for segment in path.split('.') {
        let (name, indexes) = segment.split_once('[').unwrap_or((segment, ""));
        place = entry(place, name);
        for index in indexes.split(['[', ']']).filter_map(|text| text.parse().ok()) {
            place = element(place, index);
        }
    }
    *place = value;
}

fn entry<'a>(place: &'a mut Value, name: &str) -> &'a mut Value {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    &mut place[name]
}

fn element(place: &mut Value, index: usize) -> &mut Value {
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    if let Value::Array(elements) = &mut *place
        && elements.len() <= index
    {
        elements.resize(index + 1, Value::Null);
    }
    &mut place[index]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_leaves_indexes_out() {
        assert_eq!(pattern("a.b[12].c[0].d"), "a.b[].c[].d");
        assert_eq!(pattern("a.b"), "a.b");
    }

    #[test]
    fn indexes_are_found_with_their_lists() {
        assert_eq!(indexes("a.b[12].c[0].d"), [("a.b", 12), ("a.b[12].c", 0)]);
    }

    #[test]
    fn values_are_put_into_a_growing_tree() {
        let mut tree = Value::Null;
        insert(&mut tree, "a.b[1].c", 1.into());
        insert(&mut tree, "a.b[0].c", 0.into());
        insert(&mut tree, "a.d", "x".into());
        assert_eq!(tree, serde_json::json!({"a": {"b": [{"c": 0}, {"c": 1}], "d": "x"}}));
    }
}
