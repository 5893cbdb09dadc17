//! Sending a mail: one conversation with the mail server of the settings (RFC 5321), about half a minute long at most.

mod authentication;
mod connection;

use std::time::{Duration, Instant};

use entrepot_config::settings::Smtp;
use lettre::{
    Message,
    address::AddressError,
    message::{Mailbox, SinglePart},
    transport::smtp::client::TlsParameters,
};
use thiserror::Error;

/// Time for the connection (ACT-019), and for each answer of the server.
const STEP: Duration = Duration::from_secs(10);
/// Time after which no further step is begun (ACT-019).
const WHOLE: Duration = Duration::from_secs(30);

/// A mail to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Addresses; each sees the others.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// The body.
    pub html: String,
}

/// Why a mail was not sent. For the log and for administrators; it holds no password and nothing of the mail.
#[derive(Debug, Error)]
pub enum MailError {
    /// The settings name no mail server.
    #[error("no mail server is configured")]
    NotConfigured,
    /// The sender or no recipient is a mail address.
    #[error("{0:?} is no mail address: {1}")]
    Address(String, AddressError),
    /// There is nobody to send to.
    #[error("the mail has no recipient")]
    NoRecipient,
    /// The mail cannot be written.
    #[error("the mail cannot be written: {0}")]
    Content(lettre::error::Error),
    /// The server cannot be reached, or refuses.
    #[error("the mail server: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
    /// A password is configured and the server takes none, over a connection that everybody can read.
    #[error("the mail server offers no login, and the connection is not encrypted: is it the right server?")]
    NoLogin,
    /// The server does not know the way to log in.
    #[error("the mail server does not offer {wanted}; it offers {offered}")]
    Mechanism {
        /// The mechanism of the settings.
        wanted: &'static str,
        /// Those of the server.
        offered: String,
    },
    /// The server asks something that the mechanism has no answer for.
    #[error("the mail server's challenge cannot be answered")]
    Challenge,
    /// It took too long.
    #[error("the mail server did not answer in time")]
    Timeout,
}

/// A mail that is written, and everything that sending it needs.
pub struct Delivery {
    smtp: Smtp,
    message: Message,
    tls: Option<TlsParameters>,
}

impl Delivery {
    /// Writes the mail. With TLS it reads the authorities of the system: call it where that may take its time.
    ///
    /// # Errors
    /// `NotConfigured`; `Address` or `NoRecipient`; `Content`; `Server` when there can be no TLS.
    pub fn new(smtp: &Smtp, mail: &Mail) -> Result<Self, MailError> {
        if !smtp.is_configured() {
            return Err(MailError::NotConfigured);
        }
        Ok(Self { message: compose(smtp, mail)?, tls: connection::tls(smtp)?, smtp: smtp.clone() })
    }

    /// Sends it through the server of the settings. It blocks for as long as the server takes, at most about half a minute:
    /// call it in a pool.
    ///
    /// # Errors
    /// See [`MailError`].
    pub fn send(&self) -> Result<(), MailError> {
        let (smtp, started) = (&self.smtp, Instant::now());
        let in_time = || if started.elapsed() < WHOLE { Ok(()) } else { Err(MailError::Timeout) };
        let mut connection = connection::open(smtp, self.tls.as_ref())?;
        in_time()?;
        authentication::log_in(smtp, &mut connection)?;
        in_time()?;
        let response = connection.send(self.message.envelope(), &self.message.formatted())?;
        if smtp.debug > 0 {
            tracing::info!(host = smtp.host, code = %response.code(), "the mail server took a mail");
        }
        // The mail is accepted: a connection that does not end well changes nothing about it.
        let _ = connection.quit();
        Ok(())
    }
}

fn compose(smtp: &Smtp, mail: &Mail) -> Result<Message, MailError> {
    let from = if smtp.from.trim().is_empty() { &smtp.user } else { &smtp.from };
    let mut builder = Message::builder().from(mailbox(from)?).subject(one_line(&mail.subject));
    let mut wrong = None;
    let mut has_recipient = false;
    for address in &mail.to {
        match mailbox(address) {
            Ok(mailbox) => {
                builder = builder.to(mailbox);
                has_recipient = true;
            }
            Err(error) => {
                tracing::warn!(%error, "a mail is not sent to one of its recipients");
                wrong = Some(error);
            }
        }
    }
    if !has_recipient {
        return Err(wrong.unwrap_or(MailError::NoRecipient));
    }
    builder.message_id(None).singlepart(SinglePart::html(mail.html.clone())).map_err(MailError::Content)
}

fn mailbox(address: &str) -> Result<Mailbox, MailError> {
    address.trim().parse().map_err(|error| MailError::Address(address.to_owned(), error))
}

/// A subject without what could begin another header; lettre encodes the rest (RFC 2047).
fn one_line(subject: &str) -> String {
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
