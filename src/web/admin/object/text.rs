//! The whole object as JSON, for what no form has: checked as the REST API checks it.

use actix_web::web;
use askama::Template;
use serde_json::Value;

use super::{
    Object,
    edit::{update, value},
    faults::fault,
    gone, is_stale, many, one, state,
};
use crate::frame::{
    AdminForm, AdminPage, PageError, PageResult, Shell,
    answer::{redirect_saying, render_again},
    render,
};

#[derive(Template)]
#[template(path = "admin/json.html")]
struct JsonPage {
    f: Shell,
    name: String,
    parent: &'static str,
    parent_href: String,
    here: String,
    text: String,
    state: String,
    error: Option<String>,
    may_edit: bool,
}

fn template<T: Object>(page: AdminPage, name: &str, text: String, stored: &Value, error: Option<String>) -> JsonPage {
    let t = page.look.t;
    JsonPage {
        name: name.to_owned(),
        parent: t.find(&format!("{}.title", T::ONE)).unwrap_or_default(),
        parent_href: many::<T>(),
        here: one::<T>(name),
        text,
        state: state(stored),
        error,
        may_edit: T::rights(&page.session).edit,
        f: Shell::admin(page, T::PLACE),
    }
}

pub(super) async fn show<T: Object>(page: AdminPage, name: web::Path<String>) -> PageResult {
    let object = T::get(page.core(), &page.session, &name).await?;
    let stored = value(&object)?;
    let text = serde_json::to_string_pretty(&object);
    let text = text.map_err(|error| PageError::Core(entrepot_core::Error::internal("writing an object as JSON", error)))?;
    let name = object.name().to_owned();
    render(&template::<T>(page, &name, text, &stored, None))
}

pub(super) async fn save<T: Object>(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    let text = form.get("json").replace("\r\n", "\n");
    let stored = match T::get(page.core(), &page.session, &name).await {
        Err(entrepot_core::Error::NotFound) => return Ok(gone::<T>(&page, &name)),
        found => value(&found?)?,
    };
    let problem = match serde_json::from_str::<Value>(&text) {
        _ if is_stale(&form, &stored) => page.look.say(page.look.t.object_stale, &*name),
        Err(error) => error.to_string(),
        Ok(value) if !value.is_object() => page.look.t.json_no_object.to_owned(),
        Ok(value) => match update::<T>(page.core(), &page.session, &name, value, &form).await {
            Ok(()) => {
                let text = page.look.say(page.look.t.object_saved, &*name);
                return Ok(redirect_saying(&one::<T>(&name), &page.look, text));
            }
            // In this text members have their names.
            Err(error) => {
                let fault = fault(error, page.look.t)?;
                if fault.field.is_empty() { fault.message } else { format!("{}: {}", fault.field, fault.message) }
            }
        },
    };
    render_again(&template::<T>(page, &name, text, &stored, Some(problem)))
}
