//! What a browser sends of a form on a page when nobody touches it.

/// The fields of the form with this action, in the order of the page.
pub(crate) fn untouched(page: &str, action: &str) -> Vec<(String, String)> {
    let start = format!("action=\"{}\"", escaped(action));
    let form = page.split("<form").find(|form| form.split('>').next().is_some_and(|tag| tag.contains(&start)));
    let form = form.unwrap_or_else(|| panic!("no form for {action}: {page}"));
    let mut rest = form.split("</form>").next().unwrap();
    let mut fields = Vec::new();
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        match tag.split([' ', '/']).next().unwrap() {
            "input" => fields.extend(input(tag)),
            "select" => {
                let (inner, after) = rest.split_once("</select>").unwrap();
                fields.extend(select(tag, inner));
                rest = after;
            }
            "textarea" => {
                let (text, after) = rest.split_once("</textarea>").unwrap();
                // The first line end is no part of the text (WHATWG HTML, parsing "in body").
                let text = unescaped(text.strip_prefix('\n').unwrap_or(text));
                let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
                fields.extend(attribute(tag, "name").map(|name| (name, text)));
                rest = after;
            }
            _ => {}
        }
    }
    fields
}

fn input(tag: &str) -> Option<(String, String)> {
    let name = attribute(tag, "name")?;
    let kind = attribute(tag, "type").unwrap_or_else(|| "text".to_owned());
    let value = attribute(tag, "value");
    let line = value.clone().unwrap_or_default().replace(['\r', '\n'], "");
    match kind.as_str() {
        "checkbox" | "radio" => {
            tag.split(' ').any(|part| part == "checked").then(|| (name, value.unwrap_or_else(|| "on".into())))
        }
        "file" | "submit" => None,
        "hidden" => Some((name, value.unwrap_or_default())),
        "email" => Some((name, line.trim().to_owned())),
        "number" => Some((name, line.parse::<f64>().map_or_else(|_| String::new(), |_| line))),
        _ => Some((name, line)),
    }
}

fn select(tag: &str, options: &str) -> Option<(String, String)> {
    let name = attribute(tag, "name")?;
    let tags: Vec<&str> = options.split("<option").skip(1).filter_map(|option| option.split('>').next()).collect();
    let chosen = tags.iter().find(|tag| tag.ends_with(" selected")).or(tags.first())?;
    Some((name, attribute(chosen, "value")?))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
}

fn unescaped(text: &str) -> String {
    let known = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")];
    let text = known.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&#38;", "&").replace("&amp;", "&")
}
