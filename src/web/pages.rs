//! Pages: what templates are filled with. The words stand in the templates.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::ContentType},
};
use askama::Template;

use crate::{
    assets::{Assets, assets},
    frame::words::Words,
    setup::Steps,
};

/// A page with a heading, a sentence, and a way back.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage<'a> {
    assets: &'static Assets,
    title: &'a str,
    text: &'a str,
    quote: Option<&'a str>,
}

impl<'a> MessagePage<'a> {
    /// `quote` is what the reader can tell the administrator.
    pub(crate) fn new(title: &'a str, text: &'a str, quote: Option<&'a str>) -> Self {
        Self { assets: assets(), title, text, quote }
    }
}

/// The start page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    pub(crate) assets: &'static Assets,
    /// Name the visitor reached the server by.
    pub(crate) host: &'a str,
    /// The command that connects over SFTP.
    pub(crate) sftp: Option<String>,
    /// Start of REST addresses, where REST is on.
    pub(crate) rest: Option<String>,
    /// The connection is encrypted.
    pub(crate) secure: bool,
}

/// Setup without its link.
#[derive(Template)]
#[template(path = "setup/closed.html")]
pub(crate) struct SetupClosedPage {
    assets: &'static Assets,
    title: &'static str,
    text: &'static str,
}

impl SetupClosedPage {
    /// Somebody came without the link.
    pub(crate) fn needed() -> Self {
        Self {
            assets: assets(),
            title: "This server is not set up yet",
            text: "It needs its first administrator. Whoever runs it opens the setup link, which is in one of these places:",
        }
    }

    /// The link is not the one that was made last.
    pub(crate) fn wrong_link() -> Self {
        Self {
            assets: assets(),
            title: "This setup link does not work",
            text: "It was mistyped, or a newer one was made since. The link that works is in one of these places:",
        }
    }
}

/// The form of the first administrator.
#[derive(Template)]
#[template(path = "setup/form.html")]
pub(crate) struct SetupFormPage<'a> {
    pub(crate) f: Steps,
    /// What was typed before; passwords are never shown again.
    pub(crate) username: &'a str,
    /// The rule that a password must meet, as a sentence.
    pub(crate) password_rule: &'a str,
    /// Label of the installation code, if one is asked for (ACC-256).
    pub(crate) code_label: Option<&'a str>,
    /// What is wrong with the form.
    pub(crate) errors: FormErrors,
    /// Fingerprint of a certificate that browsers cannot know.
    pub(crate) fingerprint: Option<String>,
    /// Others on the network can read along.
    pub(crate) unencrypted: bool,
    /// Where a backup is brought instead.
    pub(crate) restore: String,
}

/// What is wrong with the form, each in one sentence.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct FormErrors {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) repeat: Option<String>,
    pub(crate) code: Option<String>,
    /// Nothing the reader typed is at fault.
    pub(crate) general: Option<String>,
}

impl FormErrors {
    /// Anything at all.
    pub(crate) fn is_some(&self) -> bool {
        *self != Self::default()
    }

    /// Fields that are wrong, in the order of the page: id and name.
    fn fields(&self, t: &Words) -> Vec<(&'static str, &'static str)> {
        let all = [
            ("username", t.door_username, &self.username),
            ("password", t.door_password, &self.password),
            ("repeat", t.setup_repeat, &self.repeat),
            ("code", t.setup_code, &self.code),
        ];
        all.into_iter().filter(|(_, _, message)| message.is_some()).map(|(id, name, _)| (id, name)).collect()
    }

    /// Where typing goes on.
    fn focus(&self, t: &Words) -> &'static str {
        self.fields(t).first().map_or("username", |(id, _)| id)
    }
}

/// The page as an answer.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(text) => HttpResponse::build(status).content_type(ContentType::html()).body(text),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            HttpResponse::InternalServerError().content_type(ContentType::plaintext()).body("This page cannot be shown.")
        }
    }
}

#[cfg(test)]
mod tests;
