//! What keeps somebody from signing in, or from doing more than that.

use entrepot_model::{
    LoginMethod, Protocol,
    verdict::{Check, Stage},
};
use entrepot_storage::RootUse;

use super::{Outcome, Question, check, noted, root};
use crate::{
    Core, Denial,
    accounts::Account,
    login::{
        checks,
        outcome::Refusal,
        prepare,
        steps::{self, Means},
    },
    place::StorageIndex,
    tokens::Duties,
};

pub(super) async fn judge(core: &Core, account: &Account, question: &Question) -> Check {
    let (user, protocol) = (&account.user, question.protocol);
    let sessions = core.0.registry.sessions_of(&user.user.username);
    let means = Means::of(core, account, protocol);
    let has_keys = protocol == Protocol::Http && user.user.filters.base.allow_api_key_auth;
    let way = steps::some_way_in(user, protocol, means);
    // An API key stands for the account, whatever it has itself (SEC-083).
    let needs_key = has_keys && way.is_err();
    let asked = listens(core, protocol)
        .map_err(Refusal::Rule)
        .and_then(|()| checks::before_credentials(user, protocol, sessions))
        .and(if needs_key { Ok(()) } else { way })
        .and_then(|()| checks::after_credentials(user, protocol, question.ip));
    if let Err(denial) = rule(asked, sessions) {
        return check(Stage::SignIn, Err(denial));
    }
    if prepare::is_due(core, account)
        && let Err(problem) = root(core, account, StorageIndex(0), RootUse::Open).await
    {
        return check(Stage::SignIn, Err(Denial::new("home_dir", problem)));
    }
    if needs_key {
        return noted(Stage::SignIn, "with an API key: no password leads in".to_owned());
    }
    match duty(core, account, question, sessions) {
        Ok(note) if note.is_empty() => check(Stage::SignIn, Ok(())),
        Ok(note) => noted(Stage::SignIn, note),
        // Keys are not asked for the age of a password (ACC-103).
        Err(denial) if protocol == Protocol::Ssh && means.key && !user.is_method_denied(LoginMethod::PublicKey) => {
            noted(Stage::SignIn, format!("with a key; a password would not do ({denial})"))
        }
        Err(denial) if has_keys => noted(Stage::SignIn, format!("with an API key; a password would not do ({denial})")),
        Err(denial) => check(Stage::SignIn, Err(denial)),
    }
}

/// What has to be done before anything else. Over HTTP there is a way to do it after signing in, and to nothing but that; the
/// answer is then a note.
fn duty(core: &Core, account: &Account, question: &Question, sessions: usize) -> Result<String, Denial> {
    let (user, now) = (&account.user, core.clock().millis());
    let password = rule(checks::password_must_change(user, now), sessions);
    if question.protocol != Protocol::Http {
        return password.map(|()| String::new());
    }
    let duties = Duties::of_user(user, now);
    let Some(message) = duties.message() else { return Ok(String::new()) };
    if question.file.is_none() {
        return Ok(message);
    }
    match password {
        Err(denial) if !duties.needs_second_factor() => Err(denial),
        _ => Err(Denial::new("two_factor_protocols", message)),
    }
}

/// Whether anybody answers to the protocol.
fn listens(core: &Core, protocol: Protocol) -> Outcome {
    let settings = core.settings();
    let is_on = match protocol {
        Protocol::Ssh => settings.sftpd.bindings.iter().any(|binding| binding.port != 0),
        Protocol::Http => settings.httpd.bindings.iter().any(|binding| binding.port != 0 || binding.address.starts_with('/')),
        // This build has neither.
        Protocol::Ftp | Protocol::Dav => false,
    };
    if is_on { Ok(()) } else { Err(Denial::new("bindings", format!("this server does not listen for {protocol}"))) }
}

fn rule(asked: Result<(), Refusal>, sessions: usize) -> Outcome {
    match asked {
        Err(Refusal::Rule(denial)) => Err(denial),
        Err(Refusal::TooMany) => Err(Denial::new("max_sessions", format!("{sessions} sessions are open"))),
        _ => Ok(()),
    }
}
