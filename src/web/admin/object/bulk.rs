//! Several objects of a list at once: enabled, disabled, deleted after a question.

use askama::Template;
use entrepot_core::Error;
use serde_json::{Value, json};

use super::{Object, many};
use crate::{
    admin::fields::put,
    frame::{
        AdminForm, AdminPage, Form, PageError, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        render,
    },
};

/// Objects of one form: more than a page of a list has.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "admin/bulk.html")]
struct BulkPage {
    f: Shell,
    title: String,
    text: &'static str,
    button: String,
    names: Vec<String>,
    action: String,
    back: String,
}

/// Whether objects of the kind can be enabled and disabled.
pub(super) fn has_status<T: Object>(objects: &[T]) -> bool {
    objects.first().and_then(|object| serde_json::to_value(object).ok()).is_some_and(|value| value.get("status").is_some())
}

pub(super) async fn act<T: Object>(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let names: Vec<String> = form.all("name").filter(|name| !name.is_empty()).map(str::to_owned).take(MOST).collect();
    let to = many::<T>();
    if names.is_empty() {
        return Ok(redirect_refusing(&to, &page.look, page.look.t.bulk_nothing));
    }
    match form.get("action") {
        "delete" if !form.has("sure") => ask::<T>(page, names),
        "delete" => {
            let mut done = Done::default();
            for name in &names {
                done.note(name, T::delete(page.core(), &page.session, name).await)?;
            }
            Ok(done.said(&page, &to, page.look.t.bulk_deleted))
        }
        action @ ("enable" | "disable") => {
            let mut done = Done::default();
            for name in &names {
                done.note(name, set_status::<T>(&page, name, action == "enable").await)?;
            }
            let text = if action == "enable" { page.look.t.bulk_enabled } else { page.look.t.bulk_disabled };
            Ok(done.said(&page, &to, text))
        }
        _ => Err(PageError::not_found()),
    }
}

fn ask<T: Object>(page: AdminPage, names: Vec<String>) -> PageResult {
    let t = page.look.t;
    render(&BulkPage {
        title: page.look.count(t.bulk_delete_title, names.len()),
        text: t.find(&format!("{}.delete_text", T::ONE)).unwrap_or_default(),
        button: page.look.count(t.bulk_delete_button, names.len()),
        names,
        action: format!("{}/bulk", many::<T>()),
        back: many::<T>(),
        f: Shell::admin(page, T::PLACE),
    })
}

async fn set_status<T: Object>(page: &AdminPage, name: &str, enabled: bool) -> Result<(), Error> {
    let object = T::get(page.core(), &page.session, name).await?;
    let failed = |error: serde_json::Error| Error::internal("an object of a list", error);
    let mut value: Value = serde_json::to_value(&object).map_err(failed)?;
    put(&mut value, "status", json!(i32::from(enabled)));
    let changed: T = serde_json::from_value(value).map_err(failed)?;
    changed.update(page.core(), &page.session, name, &Form::default()).await
}

/// What came of each.
#[derive(Default)]
struct Done {
    count: usize,
    refusals: Vec<String>,
}

impl Done {
    /// A refusal of one does not keep the others; a fault of ours, or a missing permission, ends it.
    fn note(&mut self, name: &str, outcome: Result<(), Error>) -> Result<(), PageError> {
        match outcome {
            Ok(()) => self.count += 1,
            Err(Error::Invalid { message, .. } | Error::Conflict(message) | Error::InUse(message)) => {
                self.refusals.push(format!("{name}: {message}"));
            }
            // Somebody else was faster.
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn said(&self, page: &AdminPage, to: &str, text: &str) -> actix_web::HttpResponse {
        let done = page.look.count(text, self.count);
        if self.refusals.is_empty() {
            return redirect_saying(to, &page.look, done);
        }
        redirect_refusing(to, &page.look, format!("{done} {}", self.refusals.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};
    use entrepot_model::AdminPermission;

    use crate::testing::{Browser, ready};

    // UI-206
    #[actix_web::test]
    async fn several_users_are_disabled_and_deleted_at_once() {
        let house = ready().await;
        let token = house.token("root").await;
        for name in ["ann", "bob", "cy"] {
            house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(house.user(name))).await;
        }
        let mut root = Browser::admin(&house, "root").await;
        let list = root.get("/web/admin/users").await;
        assert!(list.text.contains("name=\"name\" value=\"ann\""), "{}", list.text);
        let two = [("name", "ann"), ("name", "bob")];
        let disabled = root.post("/web/admin/users/bulk", &[two[0], two[1], ("action", "disable")]).await;
        assert_eq!(disabled.status, StatusCode::SEE_OTHER, "{disabled:?}");
        let status = house.with(&token, TestRequest::get().uri("/api/v2/users/ann")).await.json()["status"].clone();
        assert_eq!(status, 0);
        assert_eq!(house.basic("/api/v2/user/token", "cy", "secret").await.status, StatusCode::OK);
        let ask = root.post("/web/admin/users/bulk", &[two[0], two[1], ("action", "delete")]).await;
        assert!(ask.status == StatusCode::OK && ask.text.contains("name=\"sure\""), "{ask:?}");
        assert_eq!(house.with(&token, TestRequest::get().uri("/api/v2/users/ann")).await.status, StatusCode::OK);
        root.post("/web/admin/users/bulk", &[two[0], two[1], ("action", "delete"), ("sure", "1")]).await;
        for (name, left) in [("ann", false), ("bob", false), ("cy", true)] {
            let found = house.with(&token, TestRequest::get().uri(&format!("/api/v2/users/{name}"))).await;
            assert_eq!(found.status == StatusCode::OK, left, "{name}");
        }
        house.add_admin("eve", &[AdminPermission::ViewUsers]).await;
        let mut eve = Browser::admin(&house, "eve").await;
        let refused = eve.post("/web/admin/users/bulk", &[("name", "cy"), ("action", "disable")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
}
