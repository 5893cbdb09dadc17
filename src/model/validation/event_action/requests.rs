//! HTTP requests, programs and mails.

use super::{
    Checked, Faults, FieldError, ValidationRules, headers, missing, pairs, paths, required_template, templated, text, url,
};
use crate::event_action::{CommandConfig, EmailConfig, HttpConfig, HttpPart};

/// The value of a variable that copies the server's own (ACT-013).
const COPY_VARIABLE: &str = "$";

/// ACT-001…ACT-005
pub(super) fn http(config: &mut HttpConfig) -> Checked {
    let field = |member: &str| format!("options.http_config.{member}");
    let mut faults = Faults::default();
    if let Some(endpoint) = faults.take(url(&field("endpoint"), &config.endpoint, &["http", "https"])) {
        config.endpoint = endpoint;
    }
    faults.note(templated(&field("endpoint"), &config.endpoint));
    faults.note(text::one_of(&field("timeout"), config.timeout, 0..=180));
    if !matches!(config.method.as_str(), "GET" | "POST" | "PUT" | "DELETE") {
        let message = format!("invalid method {:?}, it must be GET, POST, PUT or DELETE", config.method);
        faults.note(Err(FieldError::new(field("method"), message)));
    }
    faults.note(headers(&field("headers"), &mut config.headers));
    faults.note(pairs(&field("query_parameters"), &mut config.query_parameters));
    faults.note(templated(&field("body"), &config.body));
    if !config.parts.is_empty() {
        faults.note(http_parts(config));
    }
    faults.end()
}

/// What a multipart request must be.
fn http_parts(config: &mut HttpConfig) -> Checked {
    let field = |member: &str| format!("options.http_config.{member}");
    if !config.body.is_empty() {
        return Err(FieldError::new(field("body"), "options.http_config: body and parts exclude each other"));
    }
    if config.headers.iter().any(|header| header.key.eq_ignore_ascii_case("content-type")) {
        let message = "options.http_config.headers: a multipart request sets its Content-Type itself";
        return Err(FieldError::new(field("headers"), message));
    }
    for part in &mut config.parts {
        http_part(part)?;
    }
    let parts = &config.parts;
    for (index, part) in parts.iter().enumerate() {
        let is_same =
            |other: &HttpPart| other.name == part.name || (!part.filepath.is_empty() && other.filepath == part.filepath);
        if parts[..index].iter().any(is_same) {
            let message = format!("options.http_config.parts: the name or filepath of {:?} is duplicated", part.name);
            return Err(FieldError::new(field("parts"), message));
        }
    }
    Ok(())
}

/// ACT-005
fn http_part(part: &mut HttpPart) -> Checked {
    let field = |member: &str| format!("options.http_config.parts.{member}");
    if part.name.trim().is_empty() || part.name.contains(char::is_control) {
        return Err(missing(&field("name")));
    }
    headers(&field("headers"), &mut part.headers)?;
    if part.filepath.trim().is_empty() == part.body.is_empty() {
        let message = format!("options.http_config.parts: the part {:?} needs either a filepath or a body", part.name);
        return Err(FieldError::new(field("filepath"), message));
    }
    templated(&field("body"), &part.body)?;
    if part.body.is_empty() {
        part.filepath = paths::path(&field("filepath"), &part.filepath)?;
    }
    Ok(())
}

/// ACT-011…ACT-013, ACT-015
pub(super) fn command(config: &mut CommandConfig, rules: &ValidationRules) -> Checked {
    let field = |member: &str| format!("options.cmd_config.{member}");
    if config.cmd.trim().is_empty() {
        return Err(missing(&field("cmd")));
    }
    if !config.cmd.starts_with('/') || config.cmd.contains('\0') {
        return Err(FieldError::new(field("cmd"), format!("cmd must be an absolute path, actual value: {:?}", config.cmd)));
    }
    if !rules.enabled_commands.contains(&config.cmd) {
        let message = format!(
            "cmd {:?} is not allowed: list it in common.event_manager.enabled_commands of the server's configuration",
            config.cmd
        );
        return Err(FieldError::new(field("cmd"), message));
    }
    text::one_of(&field("timeout"), config.timeout, 1..=120)?;
    for argument in &config.args {
        if argument.contains('\0') {
            return Err(FieldError::new(field("args"), "args contain a NUL byte"));
        }
        templated(&field("args"), argument)?;
    }
    pairs(&field("env_vars"), &mut config.env_vars)?;
    for variable in &config.env_vars {
        if variable.key.contains('=') || variable.value.contains('\0') {
            return Err(FieldError::new(field("env_vars"), format!("env_vars: invalid variable {:?}", variable.key)));
        }
        let is_own = ["SFTPGO_", "ENTREPOT_"].iter().any(|prefix| variable.key.starts_with(prefix));
        if variable.value == COPY_VARIABLE && is_own {
            let message = format!("env_vars: the variable {:?} of the server cannot be handed on", variable.key);
            return Err(FieldError::new(field("env_vars"), message));
        }
    }
    Ok(())
}

/// ACT-016, ACT-017
pub(super) fn email(config: &mut EmailConfig) -> Checked {
    let field = |member: &str| format!("options.email_config.{member}");
    if config.recipients.is_empty() {
        return Err(missing(&field("recipients")));
    }
    for (member, addresses) in [("recipients", &mut config.recipients), ("bcc", &mut config.bcc)] {
        for address in addresses.iter_mut() {
            *address = address.trim().to_owned();
            if address.is_empty() {
                return Err(FieldError::new(field(member), format!("options.email_config.{member}: an entry is empty")));
            }
            if address.contains(['\r', '\n', '\0']) {
                return Err(FieldError::new(field(member), format!("options.email_config.{member}: an entry has a line break")));
            }
            templated(&field(member), address)?;
        }
        text::dedupe(addresses);
    }
    required_template(&field("subject"), &config.subject)?;
    if config.subject.contains(['\r', '\n', '\0']) {
        return Err(FieldError::new(field("subject"), format!("{}: an entry has a line break", field("subject"))));
    }
    required_template(&field("body"), &config.body)?;
    text::one_of(&field("content_type"), config.content_type, 0..=1)?;
    if config.attachments.is_empty() {
        return Ok(());
    }
    paths::list(&field("attachments"), &mut config.attachments, paths::path)
}
