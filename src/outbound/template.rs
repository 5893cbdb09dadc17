//! Templates of mails (SEC-141, SEC-201…SEC-203), in the template language of Go, which existing templates are written in.
//!
//! Bodies are HTML: values are escaped for the place where they stand. Subjects are plain text.

use std::{collections::BTreeMap, sync::Arc};

use entrepot_config::{Settings, settings::MailTemplate};
use gotmpl::{Template, Value, html};
use thiserror::Error;

/// Turns of loops in a template: enough for a mail, too few to occupy the server.
const MAX_TURNS: u64 = 10_000;

/// The mails that have templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// `.Username`, `.Code`
    PasswordReset,
    /// `.Username`, `.Days`; 0 or less says that the password has expired
    PasswordExpiration,
    /// `.Code` and, when known, `.Email`, `.ShareName`, `.ShareUsername`, `.ShareDesc`
    ShareCode,
}

/// A value of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Text
    Text(String),
    /// Number
    Number(i64),
}

/// Subject and body of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// HTML.
    pub html: String,
}

/// Why a template is of no use; the text names place and fault.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl From<gotmpl::TemplateError> for TemplateError {
    fn from(error: gotmpl::TemplateError) -> Self {
        Self(error.to_string())
    }
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PasswordReset, Self::PasswordExpiration, Self::ShareCode];

    /// Name of the file below `smtp.templates_path` (CFG-315).
    pub fn file_name(self) -> &'static str {
        match self {
            Self::PasswordReset => "reset-password.html",
            Self::PasswordExpiration => "password-expiration.html",
            Self::ShareCode => "share-code.html",
        }
    }

    fn embedded_body(self) -> &'static str {
        match self {
            Self::PasswordReset => include_str!("../../assets/mail/password-reset.html"),
            Self::PasswordExpiration => include_str!("../../assets/mail/password-expiration.html"),
            Self::ShareCode => include_str!("../../assets/mail/share-code.html"),
        }
    }

    /// SEC-201.
    fn embedded_subject(self) -> &'static str {
        match self {
            Self::PasswordReset => "Email Verification Code for {{.Username}}",
            Self::PasswordExpiration => "Entrepot password expiration notification",
            Self::ShareCode => "One-time access code",
        }
    }

    fn stored(self, settings: &Settings) -> &MailTemplate {
        match self {
            Self::PasswordReset => &settings.mail_templates.password_reset,
            Self::PasswordExpiration => &settings.mail_templates.password_expiration,
            Self::ShareCode => &settings.mail_templates.share_code,
        }
    }

    /// A subject without placeholders that wins over the embedded one (ENV-021).
    fn literal_subject(self, settings: &Settings) -> &str {
        match self {
            Self::PasswordReset => &settings.hook.password_forgot_email_subject,
            Self::PasswordExpiration => &settings.hook.password_expiration_email_subject,
            Self::ShareCode => &settings.hook.share_code_email_subject,
        }
    }

    /// Values such as a template of this kind gets, to try it out.
    fn sample(self) -> Vec<(&'static str, Field)> {
        let text = |text: &str| Field::Text(text.to_owned());
        match self {
            Self::PasswordReset => vec![("Username", text("ana")), ("Code", text("code"))],
            Self::PasswordExpiration => vec![("Username", text("ana")), ("Days", Field::Number(3))],
            Self::ShareCode => ["Code", "Email", "ShareName", "ShareUsername", "ShareDesc"].map(|name| (name, text(name))).into(),
        }
    }
}

/// Subject and body of a mail. Each is taken, on its own, from the database, then from elsewhere (the body from a file, the
/// subject from a literal setting), then from what is built in; a template that fails is logged and passed over. It reads a
/// file: call it where that may take its time.
pub fn render(settings: &Settings, kind: MailKind, values: &[(&str, Field)]) -> Rendered {
    let values = map(values);
    let stored = kind.stored(settings);
    let subject = first(kind, [("database", stored.subject.as_str()), ("", "")], &values, subject_of);
    let literal = kind.literal_subject(settings).trim();
    let subject = match subject {
        Some(subject) => subject,
        None if !literal.is_empty() => literal.to_owned(),
        None => subject_of(kind.embedded_subject(), &values).unwrap_or_default(),
    };
    let file = settings.mail_template_file(kind.file_name()).unwrap_or_default();
    let html = first(kind, [("database", stored.body.as_str()), ("file", file.as_str())], &values, html_of);
    let html = html.unwrap_or_else(|| html_of(kind.embedded_body(), &values).unwrap_or_default());
    Rendered { subject, html }
}

/// Whether a subject compiles, and gives a line for the values of its kind (SEC-202).
///
/// # Errors
/// What is wrong, and where.
pub fn check_subject(kind: MailKind, template: &str) -> Result<(), TemplateError> {
    subject_of(template, &map(&kind.sample())).map(drop)
}

/// Whether a body compiles, and can be escaped as HTML, for the values of its kind (SEC-202).
///
/// # Errors
/// What is wrong, and where.
pub fn check_html(kind: MailKind, template: &str) -> Result<(), TemplateError> {
    html_of(template, &map(&kind.sample())).map(drop)
}

type Renderer = fn(&str, &Value) -> Result<String, TemplateError>;

fn first(kind: MailKind, sources: [(&str, &str); 2], values: &Value, render: Renderer) -> Option<String> {
    let set = sources.into_iter().filter(|(_, template)| !template.trim().is_empty());
    set.flat_map(|(source, template)| {
        render(template, values).inspect_err(|error| tracing::warn!(?kind, source, %error, "a mail template is passed over"))
    })
    .next()
}

/// The library takes a block without an end; a mail that stops in the middle is none.
fn parse(template: &str) -> Result<(), TemplateError> {
    entrepot_model::template::Template::parse(template).map(drop).map_err(|error| TemplateError(error.to_string()))
}

fn subject_of(template: &str, values: &Value) -> Result<String, TemplateError> {
    parse(template)?;
    Ok(Template::new("subject").max_range_iters(MAX_TURNS).parse(template)?.execute_to_string(values)?)
}

fn html_of(template: &str, values: &Value) -> Result<String, TemplateError> {
    parse(template)?;
    Ok(html::Template::new("body").max_range_iters(MAX_TURNS).parse(template)?.execute_to_string(values)?)
}

fn map(values: &[(&str, Field)]) -> Value {
    let entries = values.iter().map(|(name, field)| {
        let value = match field {
            Field::Text(text) => Value::String(text.as_str().into()),
            Field::Number(number) => Value::Int(*number),
        };
        (Arc::from(*name), value)
    });
    Value::Map(Arc::new(entries.collect::<BTreeMap<Arc<str>, Value>>()))
}

#[cfg(test)]
mod tests;
