//! What the page shows: the document in the order of its tags, references followed.

use yaml_rust2::Yaml;

use super::{
    json::Json,
    kind::{kind, link, name_of, scalar},
    markup::{blocks, inline},
};

/// The whole page.
pub(super) struct View {
    pub(super) title: String,
    pub(super) intro: String,
    pub(super) chapters: Vec<Chapter>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) shapes: Vec<Shape>,
}

/// A tag with its operations.
pub(super) struct Chapter {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) operations: Vec<Operation>,
}

/// A method at a path.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) text: String,
    /// Which credentials it takes.
    pub(super) access: &'static str,
    pub(super) parameters: Vec<Field>,
    /// Kind of the body, if there is one.
    pub(super) body: Option<String>,
    pub(super) examples: Vec<Example>,
    pub(super) answers: Vec<Answer>,
    /// Codes of refusals, which [`View::refusals`] explains.
    pub(super) refused: Vec<String>,
}

/// A parameter, a header, or a member of an object.
pub(super) struct Field {
    pub(super) name: String,
    /// Where a parameter stands; empty for members.
    pub(super) place: String,
    pub(super) kind: String,
    pub(super) is_required: bool,
    /// `read only`, `write only` or empty.
    pub(super) direction: &'static str,
    pub(super) text: String,
}

/// A body to begin with.
pub(super) struct Example {
    pub(super) title: String,
    pub(super) json: String,
}

/// A success.
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) text: String,
    pub(super) kind: String,
    pub(super) headers: Vec<Field>,
    pub(super) example: Option<String>,
}

/// A refusal that many operations share.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// A schema.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) text: String,
    /// Schemas that it has all members of.
    pub(super) parents: Vec<String>,
    /// For schemas that are no objects.
    pub(super) kind: Option<String>,
    pub(super) fields: Vec<Field>,
}

impl View {
    pub(super) fn of(document: &Yaml) -> Self {
        let tags = document["tags"].as_vec().map(Vec::as_slice).unwrap_or_default();
        Self {
            title: text(&document["info"]["title"]),
            intro: blocks(&text(&document["info"]["description"])),
            chapters: tags.iter().map(|tag| Chapter::of(document, tag)).collect(),
            refusals: refusals(document),
            shapes: members(&document["components"]["schemas"]).map(|(name, schema)| Shape::of(&name, schema)).collect(),
        }
    }

    /// How many operations there are.
    pub(super) fn count(&self) -> usize {
        self.chapters.iter().map(|chapter| chapter.operations.len()).sum()
    }
}

impl Chapter {
    fn of(document: &Yaml, tag: &Yaml) -> Self {
        let name = text(&tag["name"]);
        let operations = members(&document["paths"]).flat_map(|(path, item)| {
            members(item).map(|(method, operation)| (path.clone(), method, operation)).collect::<Vec<_>>()
        });
        let own = operations.filter(|(_, _, operation)| operation["tags"][0].as_str() == Some(name.as_str()));
        let mut letters = name.chars();
        let title = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.clone()).collect();
        Self {
            id: name.to_lowercase().replace(' ', "-"),
            about: inline(&text(&tag["description"])),
            operations: own.map(|(path, method, operation)| Operation::of(document, path, &method, operation)).collect(),
            name: title,
        }
    }
}

impl Operation {
    fn of(document: &Yaml, path: String, method: &str, operation: &Yaml) -> Self {
        let parameters = operation["parameters"].as_vec().map(Vec::as_slice).unwrap_or_default();
        let body = &operation["requestBody"]["content"]["application/json"];
        let (answers, refused): (Vec<_>, Vec<_>) = members(&operation["responses"]).partition(|(code, _)| code.starts_with('2'));
        let base = operation["servers"][0]["url"].as_str().or(document["servers"][0]["url"].as_str()).unwrap_or_default();
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: format!("{}{path}", base.trim_end_matches('/')),
            summary: text(&operation["summary"]),
            text: blocks(&text(&operation["description"])),
            access: access(&operation["security"]),
            parameters: parameters.iter().map(|parameter| Field::parameter(follow(document, parameter))).collect(),
            body: (!body.is_badvalue()).then(|| kind(&body["schema"])),
            examples: members(&body["examples"])
                .map(|(_, example)| Example { title: text(&example["summary"]), json: json(&example["value"]) })
                .collect(),
            answers: answers.into_iter().map(|(code, answer)| Answer::of(code, answer)).collect(),
            refused: refused.into_iter().map(|(code, _)| code).collect(),
        }
    }
}

impl Answer {
    fn of(code: String, answer: &Yaml) -> Self {
        let kinds = members(&answer["content"]).map(|(media, content)| match media.as_str() {
            "application/json" => kind(&content["schema"]),
            other => other.to_owned(),
        });
        let json_content = &answer["content"]["application/json"]["example"];
        Self {
            code,
            text: inline(&text(&answer["description"])),
            kind: kinds.collect::<Vec<_>>().join(" or "),
            headers: members(&answer["headers"]).map(|(name, header)| Field::header(name, header)).collect(),
            example: (!json_content.is_badvalue()).then(|| json(json_content)),
        }
    }
}

impl Field {
    fn parameter(parameter: &Yaml) -> Self {
        Self {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            kind: kind(&parameter["schema"]),
            is_required: parameter["required"].as_bool() == Some(true),
            direction: "",
            text: inline(&text(&parameter["description"])),
        }
    }

    fn header(name: String, header: &Yaml) -> Self {
        Self { name, place: String::new(), ..Self::parameter(header) }
    }

    fn member(name: String, schema: &Yaml, required: &[Yaml]) -> Self {
        let is_on = |flag: &str| schema[flag].as_bool() == Some(true);
        let read_only = is_on("readOnly");
        Self {
            is_required: !read_only && required.iter().any(|required| required.as_str() == Some(name.as_str())),
            name,
            place: String::new(),
            kind: kind(schema),
            direction: match (read_only, is_on("writeOnly")) {
                (true, _) => "read only",
                (_, true) => "write only",
                _ => "",
            },
            text: inline(&text(&schema["description"])),
        }
    }
}

impl Shape {
    fn of(name: &str, schema: &Yaml) -> Self {
        let parts = schema["allOf"].as_vec().map_or_else(|| vec![schema], |parts| parts.iter().collect());
        let fields = parts.iter().flat_map(|part| {
            let required = part["required"].as_vec().map(Vec::as_slice).unwrap_or_default();
            members(&part["properties"]).map(move |(name, member)| Field::member(name, member, required))
        });
        let fields: Vec<Field> = fields.collect();
        let parents: Vec<String> = parts.iter().filter_map(|part| name_of(part)).map(link).collect();
        Self {
            name: name.to_owned(),
            text: blocks(&text(&schema["description"])),
            kind: (fields.is_empty() && parents.is_empty()).then(|| kind(schema)),
            parents,
            fields,
        }
    }
}

/// Which credentials an operation takes; without a list of its own those of the whole document.
fn access(security: &Yaml) -> &'static str {
    match security.as_vec().map(Vec::as_slice) {
        None => "Token or API key",
        Some([]) => "No credentials",
        Some([only, ..]) if only["BasicAuth"].is_badvalue() => "Token",
        Some(_) => "Name and password",
    }
}

/// Codes of refusals and the component that explains each.
fn refusals(document: &Yaml) -> Vec<Refusal> {
    let codes = [
        ("400", "BadRequest"),
        ("401", "Unauthorized"),
        ("403", "Forbidden"),
        ("404", "NotFound"),
        ("409", "Conflict"),
        ("413", "TooLarge"),
        ("429", "TooMany"),
        ("501", "NotAvailable"),
        ("5XX", "Failure"),
    ];
    let responses = &document["components"]["responses"];
    codes.into_iter().map(|(code, name)| Refusal { code, text: inline(&text(&responses[name]["description"])) }).collect()
}

/// Members of a mapping with their names, in order.
fn members(mapping: &Yaml) -> impl Iterator<Item = (String, &Yaml)> {
    mapping.as_hash().into_iter().flatten().map(|(name, value)| (scalar(name), value))
}

/// What a `$ref` to a component stands for.
fn follow<'a>(document: &'a Yaml, value: &'a Yaml) -> &'a Yaml {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/")) {
        Some(path) => path.split('/').fold(document, |place, name| &place[name]),
        None => value,
    }
}

fn text(value: &Yaml) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn json(value: &Yaml) -> String {
    serde_json::to_string_pretty(&Json(value)).unwrap_or_default()
}
