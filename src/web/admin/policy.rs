//! The policy of sign-ins: what holds now, in sentences, and the settings that say so. They are those of the page of all
//! settings; here they stand together, and those of a part are saved all at once or not at all.

use std::collections::BTreeMap;

use actix_web::web::{self, ServiceConfig, get, post};
use askama::Template;
use entrepot_config::{Settings, settings::PasswordRules};
use entrepot_core::{
    Error,
    admin::{ListOptions, admins, settings},
};
use entrepot_model::{AdminPermission as P, setting::SettingView};
use serde_json::Value;

use super::{
    object,
    tabs::{Tab, tabs},
};
use crate::{
    api::escaped,
    frame::{
        AdminForm, AdminPage, Area, Form, Look, PageError, PageResult, Shell,
        answer::{redirect_saying, render_again},
        render,
        words::fill,
    },
};

/// A part of the policy: its name, and its settings with the names of their texts.
type Part = (&'static str, &'static [(&'static str, &'static str)]);

/// Where the rest of a part is: address and label.
type Link = Option<(String, &'static str)>;

/// The parts in their order.
const PARTS: [Part; 5] = [
    (
        "passwords",
        &[
            ("data_provider.password_validation.users.length", "users_length"),
            ("data_provider.password_validation.users.uppers", "users_uppers"),
            ("data_provider.password_validation.users.lowers", "users_lowers"),
            ("data_provider.password_validation.users.digits", "users_digits"),
            ("data_provider.password_validation.users.specials", "users_specials"),
            ("data_provider.password_validation.users.min_entropy", "users_entropy"),
            ("data_provider.password_validation.admins.length", "admins_length"),
            ("data_provider.password_validation.admins.uppers", "admins_uppers"),
            ("data_provider.password_validation.admins.lowers", "admins_lowers"),
            ("data_provider.password_validation.admins.digits", "admins_digits"),
            ("data_provider.password_validation.admins.specials", "admins_specials"),
            ("data_provider.password_validation.admins.min_entropy", "admins_entropy"),
        ],
    ),
    ("factors", &[("ssh.refuse_password_with_second_factor", "ssh_factor")]),
    (
        "failures",
        &[
            ("common.defender.enabled", "defender"),
            ("common.defender.threshold", "threshold"),
            ("common.defender.score_valid", "score_valid"),
            ("common.defender.score_invalid", "score_invalid"),
            ("common.defender.observation_time", "observation"),
            ("common.defender.ban_time", "ban_time"),
            ("common.defender.ban_time_increment", "ban_more"),
            ("common.defender.login_delay.password_failed", "delay"),
            ("sftpd.max_auth_tries", "tries"),
        ],
    ),
    ("ways", &[("sftpd.password_authentication", "ssh_password"), ("sftpd.keyboard_interactive_authentication", "ssh_keyboard")]),
    (
        "sessions",
        &[
            ("httpd.cookie_lifetime", "cookie"),
            ("httpd.jwt_lifetime", "jwt"),
            ("httpd.share_cookie_lifetime", "share_cookie"),
            ("httpd.token_validation", "token"),
            ("common.idle_timeout", "idle"),
        ],
    ),
];

struct Line {
    label: &'static str,
    typed: String,
    is_bool: bool,
    is_number: bool,
    class: &'static str,
    origin: String,
    /// What the environment or a flag says cannot be changed here.
    is_fixed: bool,
    error: Option<String>,
    setting: SettingView,
}

struct PartView {
    id: &'static str,
    title: &'static str,
    /// What holds now.
    says: Vec<String>,
    link: Link,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "admin/policy.html")]
struct PolicyPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    parts: Vec<PartView>,
    error: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/policy", get().to(show)).route("/policy/{part}", post().to(save));
}

/// What was sent for a part, and what is wrong with it: the setting, and the text.
struct Refused<'a> {
    part: &'static str,
    form: &'a Form,
    key: String,
    message: String,
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(look: &Look, setting: SettingView, name: &str, refused: Option<&Refused<'_>>) -> Line {
    let t = look.t;
    let (class, origin) = match (setting.is_default, setting.is_saved) {
        (true, _) => ("src-default", t.source_default.to_owned()),
        (_, true) => ("src-here", t.settings_database.to_owned()),
        _ => ("src-group", setting.origin.clone()),
    };
    let sent = refused.and_then(|refused| refused.form.find(&setting.key));
    Line {
        label: t.find(&format!("policy.{name}")).unwrap_or_default(),
        typed: sent.map_or_else(|| text(&setting.value), str::to_owned),
        is_bool: setting.default.is_boolean(),
        is_number: setting.default.is_number(),
        is_fixed: setting.origin.starts_with("env") || setting.origin == "flag",
        error: refused.filter(|refused| refused.key == setting.key).map(|refused| refused.message.clone()),
        class,
        origin,
        setting,
    }
}

/// None where nobody may change them: `portable`.
fn all(page: &AdminPage) -> Result<BTreeMap<String, SettingView>, Error> {
    let all = match settings::list(page.core(), &page.session) {
        Err(Error::Unsupported) => Vec::new(),
        all => all?,
    };
    Ok(all.into_iter().map(|setting| (setting.key.clone(), setting)).collect())
}

async fn page_of(page: AdminPage, refused: Option<Refused<'_>>) -> Result<PolicyPage, Error> {
    let mut all = all(&page)?;
    let said = says(&page).await?;
    let t = page.look.t;
    let links = [
        Some((Area::Admin.page("groups"), t.policy_passwords_more)),
        Some((Area::Admin.page("managers"), t.policy_factors_more)),
        Some((Area::Admin.page("defender"), t.policy_failures_more)),
        Some((format!("{}?q=login+methods", Area::Admin.page("configs")), t.policy_ways_more)),
        None,
    ];
    let mut part = |((id, keys), says, link): (Part, Vec<String>, Link)| PartView {
        id,
        title: t.find(&format!("policy.{id}")).unwrap_or_default(),
        says,
        link,
        lines: keys
            .iter()
            .filter_map(|(key, name)| {
                let refused = refused.as_ref().filter(|refused| refused.part == id);
                Some(line(&page.look, all.remove(*key)?, name, refused))
            })
            .collect(),
    };
    let parts = PARTS.into_iter().zip(said).zip(links).map(|((of, says), link)| part((of, says, link)));
    let parts: Vec<PartView> = parts.collect();
    // One that is about no field of the page.
    let is_placed = parts.iter().flat_map(|part| &part.lines).any(|line| line.error.is_some());
    let error = refused.filter(|_| !is_placed).map(|refused| refused.message);
    Ok(PolicyPage {
        title: t.nav_security,
        tabs: tabs("security", "policy", &page.session, t),
        parts,
        error,
        f: Shell::admin(page, "security"),
    })
}

async fn show(page: AdminPage) -> PageResult {
    page.session.require(P::Any)?;
    render(&page_of(page, None).await?)
}

/// What holds now, part by part.
async fn says(page: &AdminPage) -> Result<[Vec<String>; 5], Error> {
    let (t, settings) = (page.look.t, page.core().settings());
    let rules = &settings.data_provider.password_validation;
    let passwords = vec![
        rule(&page.look, &rules.users, t.policy_need_users, t.policy_any_users),
        rule(&page.look, &rules.admins, t.policy_need_admins, t.policy_any_admins),
    ];
    let ssh = if settings.ssh.refuse_password_with_second_factor { t.policy_ssh_factor_on } else { t.policy_ssh_factor_off };
    let mut factors = vec![ssh.to_owned()];
    factors.insert(0, administrators(page).await?);
    let on = |is_on: bool, yes: &str, no: &str| if is_on { yes.to_owned() } else { no.to_owned() };
    let sftpd = &settings.sftpd;
    let ways = vec![
        on(sftpd.password_authentication, t.policy_ssh_password_on, t.policy_ssh_password_off),
        on(sftpd.keyboard_interactive_authentication, t.policy_ssh_keyboard_on, t.policy_ssh_keyboard_off),
    ];
    Ok([passwords, factors, failures(&page.look, &settings), ways, sessions(&page.look, &settings)])
}

fn rule(look: &Look, rules: &PasswordRules, need: &str, any: &str) -> String {
    let t = look.t;
    let counted = [
        (rules.length, t.policy_need_length),
        (rules.uppers, t.policy_need_uppers),
        (rules.lowers, t.policy_need_lowers),
        (rules.digits, t.policy_need_digits),
        (rules.specials, t.policy_need_specials),
    ];
    let counted = counted.into_iter().filter(|(number, _)| *number > 0);
    let mut parts: Vec<String> =
        counted.map(|(number, text)| look.count(text, usize::try_from(number).unwrap_or(usize::MAX))).collect();
    if rules.min_entropy > 0.0 {
        parts.push(look.say(t.policy_need_entropy, rules.min_entropy));
    }
    if parts.is_empty() { any.to_owned() } else { look.say(need, parts.join(", ")) }
}

/// How many administrators must have a second factor, and have one.
async fn administrators(page: &AdminPage) -> Result<String, Error> {
    let all = admins::list(page.core(), &page.session, ListOptions { limit: 500, ..ListOptions::default() }).await?;
    let must = all.iter().filter(|admin| admin.filters.require_two_factor).count();
    let have = all.iter().filter(|admin| admin.filters.totp_config.enabled).count();
    Ok(fill(page.look.t.policy_admins_factor, &[&must, &all.len(), &have]))
}

fn failures(look: &Look, settings: &Settings) -> Vec<String> {
    let (t, defender) = (look.t, &settings.common.defender);
    let tries = |score: u32| if score == 0 { "∞".to_owned() } else { defender.threshold.div_ceil(score).to_string() };
    let ban = if defender.enabled {
        let (known, unknown) = (tries(defender.score_valid), tries(defender.score_invalid));
        fill(t.policy_bans, &[&defender.ban_time, &known, &unknown, &defender.observation_time])
    } else {
        t.policy_no_bans.to_owned()
    };
    vec![ban, look.say(t.policy_waits, defender.login_delay.password_failed)]
}

fn sessions(look: &Look, settings: &Settings) -> Vec<String> {
    let (t, httpd) = (look.t, &settings.httpd);
    let idle = settings.common.idle_timeout;
    let bound = if httpd.token_validation & 1 == 0 { t.policy_bound } else { t.policy_unbound };
    vec![
        fill(t.policy_lives, &[&httpd.cookie_lifetime, &httpd.jwt_lifetime, &httpd.share_cookie_lifetime]),
        bound.to_owned(),
        if idle > 0 { look.say(t.policy_idle_ends, idle) } else { t.policy_idle_stays.to_owned() },
    ]
}

/// What was sent, in the type of the setting; what does not fit is left to the check, which says what would.
fn value(setting: &SettingView, typed: &str) -> Value {
    match &setting.default {
        Value::Bool(_) => Value::Bool(typed == "true"),
        Value::Number(_) => {
            let typed = typed.trim();
            serde_json::from_str::<serde_json::Number>(typed).map_or_else(|_| Value::from(typed), Value::Number)
        }
        _ => Value::from(typed),
    }
}

async fn save(sent: AdminForm, part: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    page.session.require(P::Any)?;
    let (id, keys) = PARTS.into_iter().find(|(id, _)| *id == part.as_str()).ok_or_else(PageError::not_found)?;
    let mut changes = BTreeMap::new();
    for (key, setting) in all(&page)? {
        let typed = form.find(&key).filter(|_| keys.iter().any(|(of, _)| *of == key));
        // What stays as it is is not saved: it keeps following its default or its file.
        if let Some(value) = typed.map(|typed| value(&setting, typed)).filter(|value| *value != setting.value) {
            changes.insert(key, value);
        }
    }
    let t = page.look.t;
    let to = Area::Admin.page("policy");
    if changes.is_empty() {
        return Ok(redirect_saying(&to, &page.look, t.policy_unchanged));
    }
    match settings::change(page.core(), &page.session, changes).await {
        Ok(changed) => {
            let said = if changed.needs_restart.is_empty() { t.policy_saved } else { t.policy_restart };
            Ok(redirect_saying(&to, &page.look, said))
        }
        Err(error) => {
            let fault = object::fault(error, t)?;
            let refused = Refused { part: id, form: &form, key: fault.field, message: fault.message };
            render_again(&page_of(page, Some(refused)).await?)
        }
    }
}

/// The page of one setting, with all that can be said of it.
impl Line {
    fn href(&self) -> String {
        format!("{}/{}", Area::Admin.page("configs"), escaped(&self.setting.key))
    }
}
