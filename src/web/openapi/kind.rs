//! How a schema reads in one line: "list of User", "integer, 1 to 500, default 100".

use yaml_rust2::Yaml;

use super::markup::escaped;

/// The line, as HTML with links to the schemas that it names.
pub(super) fn kind(schema: &Yaml) -> String {
    if let Some(name) = name_of(schema) {
        return link(name);
    }
    if let Some(choices) = schema["oneOf"].as_vec() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    let mut words = match schema["type"].as_str() {
        Some("array") => format!("list of {}", kind(&schema["items"])),
        Some("object") if schema["additionalProperties"].as_hash().is_some() => {
            format!("map of {}", kind(&schema["additionalProperties"]))
        }
        Some(name) => escaped(name),
        None => "anything".into(),
    };
    for more in constraints(schema) {
        words.push_str(", ");
        words.push_str(&more);
    }
    words
}

/// Name of the component that the schema refers to.
pub(super) fn name_of(schema: &Yaml) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

pub(super) fn link(name: &str) -> String {
    format!("<a href=\"#schema-{name}\">{name}</a>", name = escaped(name))
}

/// What else holds.
fn constraints(schema: &Yaml) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(format) = schema["format"].as_str() {
        found.push(escaped(format));
    }
    if let Some(values) = schema["enum"].as_vec() {
        let values = values.iter().map(|value| match scalar(value).as_str() {
            "" => "empty".to_owned(),
            text => format!("<code>{}</code>", escaped(text)),
        });
        found.push(format!("one of {}", values.collect::<Vec<_>>().join(" ")));
    }
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(from), Some(to)) => found.push(format!("{from} to {to}")),
        (Some(from), None) => found.push(format!("at least {from}")),
        (None, Some(to)) => found.push(format!("at most {to}")),
        (None, None) => {}
    }
    let counts =
        [("maxLength", "at most", "characters"), ("minItems", "at least", "of them"), ("maxItems", "at most", "of them")];
    for (name, word, unit) in counts {
        if let Some(count) = schema[name].as_i64() {
            found.push(format!("{word} {count} {unit}"));
        }
    }
    if schema["nullable"].as_bool() == Some(true) {
        found.push("or null".into());
    }
    if !schema["default"].is_badvalue() {
        found.push(format!("default <code>{}</code>", escaped(&scalar(&schema["default"]))));
    }
    found
}

/// A value in a line of text.
pub(super) fn scalar(value: &Yaml) -> String {
    match value {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(value) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use yaml_rust2::YamlLoader;

    use super::*;

    #[test]
    fn schemas_read_as_one_line() {
        let cases = [
            ("{type: array, items: {$ref: '#/components/schemas/User'}}", "list of <a href=\"#schema-User\">User</a>"),
            ("{type: integer, minimum: 1, maximum: 500, default: 100}", "integer, 1 to 500, default <code>100</code>"),
            ("{type: string, enum: ['', a]}", "string, one of empty <code>a</code>"),
            ("{type: object, additionalProperties: {type: array, items: {type: string}}}", "map of list of string"),
        ];
        for (yaml, text) in cases {
            assert_eq!(kind(&YamlLoader::load_from_str(yaml).unwrap()[0]), text, "{yaml}");
        }
    }
}
