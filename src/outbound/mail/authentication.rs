//! Logging in at a mail server (RFC 4954): PLAIN, LOGIN and CRAM-MD5 (RFC 2195).

use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_config::settings::Smtp;
use hmac::{Hmac, KeyInit, Mac};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::SmtpConnection,
    commands::Ehlo,
};
use md5::Md5;

use super::{MailError, connection};

/// Logs in, if user or password are configured (CFG-311). A server that offers no login gets none (CFG-370).
pub(super) fn log_in(smtp: &Smtp, connection: &mut SmtpConnection) -> Result<(), MailError> {
    if smtp.user.is_empty() && smtp.password.is_empty() {
        return Ok(());
    }
    let offered = offered(smtp, connection)?;
    if offered.is_empty() {
        if !connection.is_encrypted() && !smtp.password.is_empty() {
            return Err(MailError::NoLogin);
        }
        tracing::warn!(host = smtp.host, "the mail server offers no login: mail is sent without");
        return Ok(());
    }
    let wanted = name(smtp.auth_type);
    if !offered.iter().any(|mechanism| mechanism == wanted) {
        return Err(MailError::Mechanism { wanted, offered: offered.join(", ") });
    }
    let credentials = || Credentials::new(smtp.user.clone(), smtp.password.to_string());
    match smtp.auth_type {
        1 => drop(connection.auth(&[Mechanism::Login], &credentials())?),
        2 => cram_md5(smtp, connection)?,
        _ => drop(connection.auth(&[Mechanism::Plain], &credentials())?),
    }
    if smtp.debug > 0 {
        tracing::info!(host = smtp.host, mechanism = wanted, "logged in at the mail server");
    }
    Ok(())
}

/// The mechanism of `smtp.auth_type` (CFG-312).
fn name(auth_type: u32) -> &'static str {
    match auth_type {
        1 => "LOGIN",
        2 => "CRAM-MD5",
        _ => "PLAIN",
    }
}

/// The mechanisms that the server names. Asked for again, because lettre keeps only those that it knows.
fn offered(smtp: &Smtp, connection: &mut SmtpConnection) -> Result<Vec<String>, MailError> {
    let response = connection.command(Ehlo::new(connection::greeting(smtp)))?;
    let mechanisms = response.message().filter_map(|line| {
        let mut words = line.split(|c: char| c.is_ascii_whitespace() || c == '=');
        words.next().filter(|word| word.eq_ignore_ascii_case("AUTH"))?;
        Some(words.map(str::to_ascii_uppercase).filter(|word| !word.is_empty()).collect::<Vec<_>>())
    });
    Ok(mechanisms.flatten().collect())
}

/// The password itself does not travel: the digest of a challenge does, keyed with it.
fn cram_md5(smtp: &Smtp, connection: &mut SmtpConnection) -> Result<(), MailError> {
    let response = connection.command("AUTH CRAM-MD5\r\n")?;
    let challenge = response.first_word().and_then(|word| STANDARD.decode(word).ok()).ok_or(MailError::Challenge)?;
    let answer = cram_md5_answer(&smtp.user, &smtp.password, &challenge).ok_or(MailError::Challenge)?;
    connection.command(format!("{}\r\n", STANDARD.encode(answer)))?;
    Ok(())
}

fn cram_md5_answer(user: &str, password: &str, challenge: &[u8]) -> Option<String> {
    let mut digest = Hmac::<Md5>::new_from_slice(password.as_bytes()).ok()?;
    digest.update(challenge);
    let digest: String = digest.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{user} {digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 2195 section 2.
    #[test]
    fn cram_md5_answers_as_the_rfc_does() {
        let answer = cram_md5_answer("tim", "tanstaaftanstaaf", b"<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(answer.as_deref(), Some("tim b913a602c7eda7a495b4e6e7334d3890"));
    }
}
