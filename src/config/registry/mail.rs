//! Sections `smtp` and `mail_templates`.

use super::Setting;
use super::build::{int, text};

/// Section `smtp` (CFG-307..321).
#[rustfmt::skip]
pub(super) const SMTP: &[Setting] = &[
    text("smtp.host", "", "Mail server; empty turns mail off.").hot(),
    int("smtp.port", 587, "Port of the mail server.").range(1, 65_535).hot(),
    text("smtp.from", "", "Sender address; empty is the user.").hot(),
    text("smtp.user", "", "Name for the login at the mail server.").hot(),
    text("smtp.password", "", "Password for the login; without user and password there is none.").secret().hot(),
    int("smtp.auth_type", 0, "How to log in: 0 PLAIN, 1 LOGIN, 2 CRAM-MD5, 3 OAuth2.").range(0, 3).hot(),
    int("smtp.encryption", 0, "Encryption: 0 none, 1 TLS from the start, 2 STARTTLS.").range(0, 2).hot(),
    text("smtp.domain", "", "Name in the greeting (EHLO); empty is localhost.").hot(),
    text("smtp.templates_path", "templates", "Folder whose `email` folder may hold templates of mails.").hot(),
    int("smtp.debug", 0, "1 logs the steps of each conversation with the mail server.").range(0, 1).hot(),
    int("smtp.oauth2.provider", 0, "Provider of OAuth2 tokens: 0 Google, 1 Microsoft.").range(0, 1).ignored(),
    text("smtp.oauth2.tenant", "", "Tenant of Microsoft; empty is common.").ignored(),
    text("smtp.oauth2.client_id", "", "Client ID of OAuth2.").ignored(),
    text("smtp.oauth2.client_secret", "", "Client secret of OAuth2.").secret().ignored(),
    text("smtp.oauth2.refresh_token", "", "Refresh token of OAuth2.").secret().ignored(),
];

/// Section `mail_templates`: texts that are kept in the database (SEC-141, SEC-203).
#[rustfmt::skip]
pub(super) const MAIL_TEMPLATES: &[Setting] = &[
    text("mail_templates.password_reset.subject", "", "Template of the subject of mails with a reset code; empty is the next source.").hot(),
    text("mail_templates.password_reset.body", "", "HTML template of mails with a reset code; empty is the next source.").hot(),
    text("mail_templates.password_expiration.subject", "", "Template of the subject of mails about the end of a password; empty is the next source.").hot(),
    text("mail_templates.password_expiration.body", "", "HTML template of mails about the end of a password; empty is the next source.").hot(),
    text("mail_templates.share_code.subject", "", "Template of the subject of mails with a one-time code of a share; empty is the next source.").hot(),
    text("mail_templates.share_code.body", "", "HTML template of mails with a one-time code of a share; empty is the next source.").hot(),
];
