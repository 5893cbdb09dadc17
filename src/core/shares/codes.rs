//! One-time codes by mail, for shares that only their recipients may open (API-196, API-232).

use std::collections::HashMap;

use entrepot_model::{Protocol, Share};
use entrepot_outbound::{Delivery, Field, Mail, MailError, MailKind};
use entrepot_secrets::{constant_time_eq, random_digits, token_hash};
use parking_lot::Mutex;

use super::{
    VisitError, proof, shown,
    visit::{find, host, is_usable},
};
use crate::{Core, Peer, gates::Score, tokens::Token};

/// Milliseconds for which a code is valid.
const VALID: i64 = 10 * 60 * 1000;
/// Milliseconds between two codes for one recipient.
const BETWEEN: i64 = 60 * 1000;
/// Wrong codes after which the right one is no longer taken.
const TRIES: u32 = 5;
/// Digits of a code.
const DIGITS: usize = 8;
/// Codes that are remembered. Each was sent to a recipient of a share.
const CODES: usize = 10_000;

/// Codes that were sent, one per share and recipient, as hashes.
#[derive(Default)]
pub(super) struct ShareCodes(Mutex<HashMap<Key, Sent>>);

/// Id of the share, and the address in lower case.
type Key = (String, String);

struct Sent {
    hash: String,
    sent_at: i64,
    /// Wrong codes since `guessed_at`, whichever code was the right one meanwhile.
    wrong: u32,
    guessed_at: i64,
}

impl Sent {
    fn is_valid(&self, now: i64) -> bool {
        (0..VALID).contains(&(now - self.sent_at))
    }

    /// Wrong codes that still count: a further code gives no further guesses before ten minutes are over.
    fn wrong(&self, now: i64) -> u32 {
        if (0..VALID).contains(&(now - self.guessed_at)) { self.wrong } else { 0 }
    }

    /// Nothing is sent again soon, nor what nobody could use because it was guessed at.
    fn is_final(&self, now: i64) -> bool {
        (0..BETWEEN).contains(&(now - self.sent_at)) || self.wrong(now) >= TRIES
    }

    /// Whether it still matters.
    fn is_remembered(&self, now: i64) -> bool {
        self.is_valid(now) || self.wrong(now) > 0
    }
}

impl ShareCodes {
    /// Remembers a new code instead of an older one. False if none is to be sent now.
    fn put(&self, key: Key, code: &str, now: i64) -> bool {
        let mut codes = self.0.lock();
        let before = codes.get(&key);
        if before.is_some_and(|sent| sent.is_final(now)) {
            return false;
        }
        let (wrong, guessed_at) = before.map_or((0, 0), |sent| (sent.wrong(now), sent.guessed_at));
        if codes.len() >= CODES && !codes.contains_key(&key) {
            codes.retain(|_, sent| sent.is_remembered(now));
            if codes.len() >= CODES {
                return false;
            }
        }
        codes.insert(key, Sent { hash: token_hash(code), sent_at: now, wrong, guessed_at });
        true
    }

    /// Whether it is the code. The right one is used up, a wrong one counts.
    fn take(&self, key: &Key, code: &str, now: i64) -> bool {
        let mut codes = self.0.lock();
        let Some(sent) = codes.get_mut(key) else { return false };
        if !sent.is_valid(now) || sent.wrong(now) >= TRIES {
            return false;
        }
        if constant_time_eq(sent.hash.as_bytes(), token_hash(code).as_bytes()) {
            // It stays, without being good for anything: another is not sent within the minute.
            sent.wrong = 0;
            sent.hash.clear();
            return true;
        }
        let wrong = sent.wrong(now);
        if wrong == 0 {
            sent.guessed_at = now;
        }
        sent.wrong = wrong + 1;
        false
    }
}

/// Sends a code to `address`, if it is one of the recipients of the share. That it is none, or that a code was just sent, ends
/// like a success: nobody learns who the recipients are. The mail is written and sent after the answer.
///
/// # Errors
/// As [`super::describe`]; `Method` for a share that does not ask for a code.
pub async fn request_code(core: &Core, id: &str, address: &str, peer: Peer) -> Result<(), VisitError> {
    let share = open(core, id, &peer).await?;
    let ip = peer.remote.ip();
    let Some(recipient) = recipient(&share, address) else {
        tracing::info!(sender = "share", owner = share.username, share = shown(&share), %ip, "a code is asked for by no recipient");
        core.score(ip, Protocol::Http, Score::UnknownUser);
        return Ok(());
    };
    let code = random_digits(DIGITS);
    if !core.0.shares.codes.put(key(&share, &recipient), &code, core.clock().millis()) {
        tracing::info!(sender = "share", owner = share.username, share = shown(&share), %ip, "no further code is sent now");
        return Ok(());
    }
    tracing::info!(sender = "share", owner = share.username, share = shown(&share), %ip, "a code is sent to a recipient");
    let sender = core.clone();
    core.tasks().spawn(async move { send(&sender, &share, recipient, code).await });
    Ok(())
}

/// Gives a browser session to a recipient who shows the code that was sent to `address`. A code is good for one session and ten
/// minutes, and after five wrong ones for none.
///
/// # Errors
/// As [`super::describe`]; `Code`, after a pause; `Method` for a share that does not ask for a code.
pub async fn check_code(core: &Core, id: &str, address: &str, code: &str, peer: Peer) -> Result<Token, VisitError> {
    let share = open(core, id, &peer).await?;
    let now = core.clock().millis();
    let recipient = recipient(&share, address);
    let is_right =
        recipient.as_ref().is_some_and(|recipient| core.0.shares.codes.take(&key(&share, recipient), code.trim(), now));
    match recipient {
        Some(recipient) if is_right => super::sessions::begin(core, &share, &peer, &recipient, "code").await,
        _ => {
            proof::failed(core, &share, &peer, "wrong code").await;
            Err(VisitError::Code)
        }
    }
}

/// A share that asks for codes, and can be visited.
async fn open(core: &Core, id: &str, peer: &Peer) -> Result<Share, VisitError> {
    let share = find(core, id, peer).await?;
    is_usable(core, &share, peer).await?;
    host(core, &share, peer).await?;
    if share.has_email_auth() { Ok(share) } else { Err(VisitError::Method) }
}

/// The recipient that a visitor means: as the owner wrote it, whatever the case.
fn recipient(share: &Share, address: &str) -> Option<String> {
    let wanted = address.trim().to_lowercase();
    share.options.emails.iter().find(|email| email.to_lowercase() == wanted).cloned()
}

fn key(share: &Share, recipient: &str) -> Key {
    (share.id.clone(), recipient.to_lowercase())
}

async fn send(core: &Core, share: &Share, to: String, code: String) {
    let settings = core.settings();
    let values = [
        ("Code", code),
        ("Email", to.clone()),
        ("ShareName", share.name.clone()),
        ("ShareUsername", share.username.clone()),
        ("ShareDesc", share.description.clone()),
    ];
    let values = values.map(|(name, value)| (name, Field::Text(value)));
    let deliver = move || -> Result<(), MailError> {
        let rendered = entrepot_outbound::render(&settings, MailKind::ShareCode, &values);
        Delivery::new(&settings.smtp, &Mail { to: vec![to], subject: rendered.subject, html: rendered.html })?.send()
    };
    let sent = match core.tasks().mail().run(deliver).await {
        Ok(sent) => sent.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = sent {
        tracing::error!(sender = "share", owner = share.username, error, "a mail with a code of a share is not sent");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> Key {
        ("id".into(), address.into())
    }

    // API-196, API-232
    #[test]
    fn a_code_is_good_once_for_ten_minutes() {
        let codes = ShareCodes::default();
        assert!(codes.put(key("a"), "1", 0) && codes.put(key("b"), "2", 0));
        assert!(!codes.take(&key("a"), "2", 1) && !codes.take(&key("c"), "1", 1));
        assert!(codes.take(&key("a"), "1", VALID - 1));
        assert!(!codes.take(&key("a"), "1", VALID - 1) && !codes.take(&key("a"), "", VALID - 1));
        assert!(!codes.take(&key("b"), "2", VALID));
    }

    // API-196
    #[test]
    fn five_wrong_codes_end_it() {
        let codes = ShareCodes::default();
        codes.put(key("a"), "1", 0);
        for _ in 0..TRIES {
            assert!(!codes.take(&key("a"), "2", 1));
        }
        assert!(!codes.take(&key("a"), "1", 1));
        // Asking again gives no more guesses before the time is over.
        assert!(!codes.put(key("a"), "3", VALID));
        assert!(codes.put(key("a"), "3", VALID + 1) && codes.take(&key("a"), "3", VALID + 1));
    }

    // API-196: nor does asking again after each but the last of them.
    #[test]
    fn wrong_codes_count_across_codes() {
        let codes = ShareCodes::default();
        codes.put(key("a"), "1", 0);
        (1..TRIES).for_each(|_| assert!(!codes.take(&key("a"), "2", 1)));
        assert!(codes.put(key("a"), "3", BETWEEN));
        assert!(!codes.take(&key("a"), "2", BETWEEN) && !codes.take(&key("a"), "3", BETWEEN));
        assert!(!codes.put(key("a"), "4", VALID));
        assert!(codes.put(key("a"), "4", VALID + 1) && codes.take(&key("a"), "4", VALID + 1));
    }

    #[test]
    fn codes_are_sent_once_a_minute_and_memory_is_bounded() {
        let codes = ShareCodes::default();
        assert!(codes.put(key("a"), "1", 0) && !codes.put(key("a"), "2", BETWEEN - 1));
        assert!(codes.take(&key("a"), "1", 1) && !codes.put(key("a"), "2", 2) && codes.put(key("a"), "2", BETWEEN));
        for number in 0..CODES * 2 {
            codes.put(key(&number.to_string()), "1", BETWEEN);
        }
        assert_eq!(codes.0.lock().len(), CODES);
        assert!(codes.put(key("late"), "1", BETWEEN + VALID));
    }
}
