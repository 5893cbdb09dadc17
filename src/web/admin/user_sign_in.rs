//! How a user signs in: what there is to sign in with, when it was done last, and what to do if it does not work.

use entrepot_core::{
    Core,
    admin::{AdminSession, invites},
};
use entrepot_model::{AdminPermission as P, User};

use super::{
    cells,
    object::{Panel, one},
};
use crate::{
    api::escaped,
    frame::{Area, Look, look::Html, words},
};

/// The panel of the page of a user.
pub(super) async fn panel(core: &Core, session: &AdminSession, user: &User, look: &Look) -> Panel {
    let t = look.t;
    let is_over = user.expiration_date > 0 && user.expiration_date <= look.now;
    let mut facts = vec![(t.column_status, cells::status(look, user.is_enabled(), user.expiration_date).html)];
    if user.expiration_date > 0 && !is_over {
        facts.push((t.column_expires, look.time(user.expiration_date)));
    }
    facts.push((t.column_last_login, look.time(user.last_login)));
    facts.push((t.signin_password, password(user, look)));
    facts.push((t.signin_keys, counted(user.public_keys.len(), t.signin_no_keys)));
    if !user.filters.tls_certs.is_empty() {
        facts.push((t.signin_certificates, counted(user.filters.tls_certs.len(), t.signin_no_keys)));
    }
    facts.push((t.column_factor, factor(user, look)));
    if session.may(P::EditUsers)
        && let Ok(standing) = invites::standing(core, session, &user.username).await
        && let Some(open) = standing.open
    {
        facts.push((t.signin_invite, Html(words::fill(t.signin_until, &[&look.time(open.ends_at)]))));
    }
    let name = escaped(&user.username);
    let mut links = vec![(format!("{}?username={name}", Area::Admin.page("why")), t.tab_why)];
    if session.may(P::ViewEvents) {
        links.push((format!("{}?kind=log&username={name}", Area::Admin.page("events")), t.signin_attempts));
        links.push((format!("{}?kind=fs&username={name}", Area::Admin.page("events")), t.signin_files));
    }
    if session.may(P::EditUsers) {
        links.push((format!("{}?card=sign_in#edit", one::<User>(&user.username)), t.signin_change));
    }
    Panel { icon: "key", title: t.signin_title, facts, links, ..Panel::default() }
}

fn password(user: &User, look: &Look) -> Html {
    let t = look.t;
    match (user.has_password, user.last_password_change) {
        (false, _) => Html(t.signin_no_password.to_owned()),
        (true, 0) => Html(t.signin_has_password.to_owned()),
        (true, changed) => Html(words::fill(t.signin_password_of, &[&look.time(changed)])),
    }
}

fn counted(number: usize, none: &str) -> Html {
    if number == 0 { Html(none.to_owned()) } else { cells::count(number).html }
}

fn factor(user: &User, look: &Look) -> Html {
    let t = look.t;
    if user.filters.totp_config.enabled {
        let codes = user.filters.recovery_codes.iter().filter(|code| !code.used).count();
        return Html(format!("{} {}", cells::yes(look, true).html, words::fill(t.signin_codes, &[&codes])));
    }
    if user.filters.base.two_factor_protocols.is_empty() {
        cells::yes(look, false).html
    } else {
        Html(format!("{} {}", cells::yes(look, false).html, t.signin_factor_due))
    }
}
