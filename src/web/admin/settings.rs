//! Every setting of the server with its value and where it comes from, to be searched and changed. What a higher layer says
//! wins over what is saved here; the use case refuses it then, with the name of the layer.

pub(super) mod words;

use std::collections::BTreeMap;

use actix_web::web::{self, ServiceConfig, get, post, resource};
use askama::Template;
use entrepot_core::{
    Error,
    admin::{instance, settings},
};
use entrepot_model::setting::SettingView;
use serde_json::Value;

use super::{fields::is_unset, object};
use crate::{
    api::escaped,
    error::only,
    frame::{
        AdminForm, AdminPage, Area, Form, Look, PageError, PageResult, Shell,
        answer::{redirect_saying, render_again},
        render,
    },
};

struct Line {
    href: String,
    shown: String,
    class: &'static str,
    origin: String,
    told: words::Told,
    /// What holds without it, where that is something else.
    default: Option<String>,
    setting: SettingView,
}

/// Settings that belong together.
struct Section {
    id: &'static str,
    name: &'static str,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage {
    f: Shell,
    q: String,
    only_set: bool,
    sections: Vec<Section>,
    count: usize,
    /// Keys of what waits for the next start.
    waiting: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/restarting.html")]
struct RestartingPage {
    f: Shell,
    to: String,
}

#[derive(Template)]
#[template(path = "admin/setting.html")]
struct SettingPage {
    f: Shell,
    name: String,
    parent: &'static str,
    parent_href: String,
    action: String,
    line: Line,
    /// What is in the field.
    typed: String,
    default: String,
    /// The value that was set aside when a backup was restored, as a sentence, and why.
    aside: Option<(String, String)>,
    error: Option<String>,
    /// A secret of which there is one.
    is_stored: bool,
    /// A secret that was typed and not stored: it is not sent back.
    was_typed: bool,
}

/// What is shown in place of passwords in addresses (LOAD-011).
const MASK: &str = ":***@";

/// What a form asks for.
enum Wanted {
    /// Nothing was typed over what is not shown.
    Unchanged,
    Value(Value),
    /// An address with the stars in place of its password.
    Masked,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/configs", get().to(show)).route("/restart", post().to(restart)).service(
        resource("/configs/{key}").route(get().to(edit)).route(post().to(save)).default_service(web::to(only("GET, HEAD, POST"))),
    );
}

/// A value as people read it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn line(look: &Look, setting: SettingView) -> Line {
    let origin = if setting.is_default {
        look.t.source_default.to_owned()
    } else if setting.is_saved {
        look.t.settings_database.to_owned()
    } else {
        setting.origin.clone()
    };
    let default = text(&setting.default).replace('\n', ", ");
    Line {
        told: words::told(&setting, look.t),
        default: (!setting.is_default && !setting.secret && !default.is_empty()).then_some(default),
        href: format!("{}/{}", Area::Admin.page("configs"), escaped(&setting.key)),
        shown: if setting.value == Value::String(String::new()) {
            "–".to_owned()
        } else {
            text(&setting.value).replace('\n', ", ")
        },
        class: if setting.is_default {
            "src-default"
        } else if setting.is_saved {
            "src-here"
        } else {
            "src-group"
        },
        origin,
        setting,
    }
}

/// None where nobody may change them: `portable`.
fn all(page: &AdminPage) -> Result<Vec<SettingView>, PageError> {
    match settings::list(page.core(), &page.session) {
        Err(Error::Unsupported) => Ok(Vec::new()),
        other => Ok(other?),
    }
}

async fn show(page: AdminPage) -> PageResult {
    let q = page.query.get("q").trim().to_lowercase();
    let only_set = page.query.has("set");
    let t = page.look.t;
    let mut sections: Vec<Section> = words::sections(t).map(|(id, name)| Section { id, name, lines: Vec::new() }).collect();
    let mut count = 0;
    let mut waiting = Vec::new();
    for setting in all(&page)? {
        if setting.needs_restart {
            waiting.push(setting.key.clone());
        }
        let at = words::section(&setting.key);
        let line = line(&page.look, setting);
        let told =
            format!("{} {} {} {} {}", line.setting.key, line.setting.doc, line.told.label, line.told.text, sections[at].name);
        let told = told.to_lowercase();
        if !q.split_whitespace().all(|word| told.contains(word))
            || (only_set && line.setting.is_default && line.setting.set_aside.is_none())
        {
            continue;
        }
        count += 1;
        sections[at].lines.push(line);
    }
    sections.retain(|section| !section.lines.is_empty());
    render(&SettingsPage { q, only_set, sections, count, waiting, f: Shell::admin(page, "settings") })
}

async fn restart(sent: AdminForm) -> PageResult {
    instance::restart(sent.page.core(), &sent.page.session)?;
    render(&RestartingPage { to: Area::Admin.page("configs"), f: Shell::admin(sent.page, "settings") })
}

fn one(page: &AdminPage, key: &str) -> Result<SettingView, PageError> {
    all(page)?.into_iter().find(|setting| setting.key == key).ok_or_else(PageError::not_found)
}

fn page_of(page: AdminPage, setting: SettingView, typed: Option<String>, error: Option<String>) -> SettingPage {
    let typed = typed.unwrap_or_else(|| if setting.secret { String::new() } else { text(&setting.value) });
    let line = line(&page.look, setting);
    SettingPage {
        name: line.told.label.clone(),
        parent: page.look.t.nav_settings,
        parent_href: Area::Admin.page("configs"),
        action: line.href.clone(),
        default: text(&line.setting.default).replace('\n', ", "),
        aside: line.setting.set_aside.as_ref().map(|aside| {
            let value = text(&aside.value).replace('\n', ", ");
            (page.look.say(page.look.t.settings_aside, value), aside.reason.clone())
        }),
        is_stored: line.setting.secret && !is_unset(Some(&line.setting.value)),
        was_typed: error.is_some() && line.setting.secret,
        typed,
        error,
        line,
        f: Shell::admin(page, "settings"),
    }
}

async fn edit(page: AdminPage, key: web::Path<String>) -> PageResult {
    let setting = one(&page, &key)?;
    render(&page_of(page, setting, None, None))
}

/// What was typed, in the type of the setting; what does not fit is left to the check, which says what would.
fn value(setting: &SettingView, form: &Form) -> Value {
    let typed = form.get("value");
    match &setting.default {
        Value::Bool(_) => Value::Bool(typed == "true"),
        Value::Number(_) => {
            let typed = typed.trim();
            serde_json::from_str::<serde_json::Number>(typed).map_or_else(|_| Value::from(typed), Value::Number)
        }
        Value::Array(items) => {
            let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
            let is_numbers = items.first().is_some_and(Value::is_number);
            lines
                .map(|line| line.parse::<i64>().ok().filter(|_| is_numbers).map_or_else(|| Value::from(line), Value::from))
                .collect()
        }
        _ => Value::from(typed.replace("\r\n", "\n")),
    }
}

fn wanted(setting: &SettingView, form: &Form) -> Wanted {
    if form.has("reset") {
        return Wanted::Value(Value::Null);
    }
    let value = value(setting, form);
    if setting.secret {
        return match (form.has("clear"), form.get("value").is_empty()) {
            (true, _) if setting.default.is_array() => Wanted::Value(Value::Array(Vec::new())),
            (true, _) => Wanted::Value(Value::from("")),
            (false, true) => Wanted::Unchanged,
            (false, false) => Wanted::Value(value),
        };
    }
    let is_masked = |value: &Value| text(value).contains(MASK);
    match is_masked(&setting.value) && is_masked(&value) {
        true if value == setting.value => Wanted::Unchanged,
        true => Wanted::Masked,
        false => Wanted::Value(value),
    }
}

async fn save(sent: AdminForm, key: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    let setting = one(&page, &key)?;
    let t = page.look.t;
    let wanted = match wanted(&setting, &form) {
        Wanted::Value(value) => value,
        Wanted::Unchanged => {
            let text = page.look.say(t.settings_unchanged, &setting.key);
            return Ok(redirect_saying(&Area::Admin.page("configs"), &page.look, text));
        }
        Wanted::Masked => {
            let typed = Some(form.get("value").to_owned());
            return render_again(&page_of(page, setting, typed, Some(t.settings_masked.to_owned())));
        }
    };
    match settings::change(page.core(), &page.session, BTreeMap::from([(setting.key.clone(), wanted)])).await {
        Ok(changed) => {
            let text = if changed.needs_restart.is_empty() { t.settings_saved } else { t.settings_restart };
            let text = page.look.say(text, &setting.key);
            Ok(redirect_saying(&Area::Admin.page("configs"), &page.look, text))
        }
        Err(error) => {
            let message = object::fault(error, t)?.message;
            let typed = if setting.secret { String::new() } else { form.get("value").to_owned() };
            render_again(&page_of(page, setting, Some(typed), Some(message)))
        }
    }
}
