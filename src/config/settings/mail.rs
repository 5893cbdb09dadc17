//! Sections `smtp` and `mail_templates`.

use std::{io::Read as _, path::Path};

use serde::Deserialize;

use super::{SecretText, Settings};
use crate::regular_file;

/// Section `smtp`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Mail server; empty turns mail off.
    pub host: String,
    /// Port of the mail server.
    pub port: u16,
    /// Sender address; empty is the user.
    pub from: String,
    /// Name for the login at the mail server.
    pub user: String,
    /// Password for the login; without user and password there is none.
    pub password: SecretText,
    /// How to log in: 0 PLAIN, 1 LOGIN, 2 CRAM-MD5, 3 OAuth2.
    pub auth_type: u32,
    /// Encryption: 0 none, 1 TLS from the start, 2 STARTTLS.
    pub encryption: u32,
    /// Name in the greeting (EHLO); empty is localhost.
    pub domain: String,
    /// Folder whose `email` folder may hold templates of mails.
    pub templates_path: String,
    /// 1 logs the steps of each conversation with the mail server.
    pub debug: u32,
    /// Tokens instead of a password.
    pub oauth2: SmtpOauth2,
}

/// Tokens instead of a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpOauth2 {
    /// Provider of OAuth2 tokens: 0 Google, 1 Microsoft.
    pub provider: u32,
    /// Tenant of Microsoft; empty is common.
    pub tenant: String,
    /// Client ID of OAuth2.
    pub client_id: String,
    /// Client secret of OAuth2.
    pub client_secret: SecretText,
    /// Refresh token of OAuth2.
    pub refresh_token: SecretText,
}

/// `auth_type` of OAuth2 (CFG-312), which is not built yet.
pub(crate) const SMTP_OAUTH2: u32 = 3;

impl Smtp {
    /// Whether mail can be sent at all (CFG-307).
    pub fn is_configured(&self) -> bool {
        !self.host.trim().is_empty() && self.auth_type != SMTP_OAUTH2
    }
}

/// Longest template in bytes.
const TEMPLATE_LIMIT: u64 = 256 * 1024;

impl Settings {
    /// The text of a mail template below `smtp.templates_path`, as it is now (CFG-315); `None` if there is none that can be
    /// read.
    pub fn mail_template_file(&self, name: &str) -> Option<String> {
        let folder = self.smtp.templates_path.trim();
        (!folder.is_empty()).then(|| read(&self.resolve(folder).join("email").join(name)))?
    }

    /// The legal agreement of shares in place of the built-in one (ENV-018), as its file is now; `None` if the settings name
    /// none that can be read.
    pub fn share_agreement_file(&self) -> Option<String> {
        let path = self.hook.share_legal_tmpl_path.trim();
        (!path.is_empty()).then(|| read(&self.resolve(path)))?
    }
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    regular_file::open(path).ok()?.take(TEMPLATE_LIMIT).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Section `mail_templates`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailTemplates {
    /// Mails with a code that resets a password.
    pub password_reset: MailTemplate,
    /// Mails about a password that expires.
    pub password_expiration: MailTemplate,
    /// Mails with the one-time code of a share.
    pub share_code: MailTemplate,
}

/// Subject and body of a kind of mail, each empty if not set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailTemplate {
    /// Template of the subject.
    pub subject: String,
    /// HTML template of the body.
    pub body: String,
}
