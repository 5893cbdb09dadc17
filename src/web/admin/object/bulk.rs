//! Several objects of a list at once: enabled, disabled, deleted after a question.

use std::collections::HashSet;

use askama::Template;
use entrepot_core::Error;
use entrepot_model::AdminPermission as P;

use super::{
    Object,
    edit::{fault, sentence},
    many,
};
use crate::frame::{
    AdminForm, AdminPage, Look, PageError, PageResult, Shell,
    answer::{redirect_refusing, redirect_saying},
    render,
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
    /// Title of the list.
    parent: &'static str,
}

/// What was done, and to which objects it was not.
#[derive(Template)]
#[template(path = "admin/bulk_done.html")]
struct DonePage {
    f: Shell,
    title: String,
    refusals: Vec<(String, String)>,
    back: String,
    parent: &'static str,
}

pub(super) async fn act<T: Object>(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let mut names: Vec<String> = form.all("name").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let (to, t, rights) = (many::<T>(), page.look.t, T::rights(&page.session));
    let (is_allowed, text) = match form.get("action") {
        "delete" => (rights.delete, t.bulk_deleted),
        "enable" if T::HAS_STATUS => (rights.edit, t.bulk_enabled),
        "disable" if T::HAS_STATUS => (rights.edit, t.bulk_disabled),
        _ => return Err(PageError::not_found()),
    };
    if !is_allowed {
        page.session.require(P::Any)?;
    }
    if names.is_empty() {
        return Ok(redirect_refusing(&to, &page.look, t.bulk_nothing));
    }
    if names.len() > MOST {
        return Ok(redirect_refusing(&to, &page.look, page.look.say(t.bulk_too_many, MOST)));
    }
    // What is ticked twice is meant once.
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let action = form.get("action");
    if action == "delete" && !form.has("sure") {
        return ask::<T>(page, names);
    }
    let mut done = Done::default();
    for name in names {
        let outcome = match action {
            "delete" => T::delete(page.core(), &page.session, &name).await,
            _ => T::set_status(page.core(), &page.session, &name, action == "enable").await.map(drop),
        };
        done.note(&page.look, name, outcome);
    }
    done.told::<T>(page, &to, text)
}

fn ask<T: Object>(page: AdminPage, names: Vec<String>) -> PageResult {
    let t = page.look.t;
    let word = |name: &str| t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default();
    let (title, button) = match names.as_slice() {
        [name] => (page.look.say(t.object_delete_title, name), word("delete").to_owned()),
        _ => (page.look.count(t.bulk_delete_title, names.len()), page.look.count(t.bulk_delete_button, names.len())),
    };
    render(&BulkPage {
        title,
        text: word("delete_text"),
        button,
        names,
        action: format!("{}/bulk", many::<T>()),
        back: many::<T>(),
        parent: word("title"),
        f: Shell::admin(page, T::PLACE),
    })
}

fn title<T: Object>(look: &Look) -> &'static str {
    look.t.find(&format!("{}.title", T::ONE)).unwrap_or_default()
}

/// What came of each.
#[derive(Default)]
struct Done {
    count: usize,
    refusals: Vec<(String, String)>,
}

impl Done {
    /// Whatever is refused for one keeps nothing from the others, and is told in the end.
    fn note(&mut self, look: &Look, name: String, outcome: Result<(), Error>) {
        let t = look.t;
        let Err(error) = outcome else {
            self.count += 1;
            return;
        };
        let why = match fault(error) {
            Ok(fault) => fault.message,
            Err(PageError::Core(Error::NotFound)) => t.bulk_gone.to_owned(),
            Err(PageError::Core(Error::Denied(_))) => t.error_denied.to_owned(),
            Err(PageError::Core(Error::Busy | Error::Shutdown)) => t.error_busy.to_owned(),
            // Core has written what it was into the log.
            Err(PageError::Core(Error::Internal(_) | Error::Io(_) | Error::Corrupt)) => t.error_fault.to_owned(),
            Err(other) => sentence(&other.to_string()),
        };
        self.refusals.push((name, why));
    }

    fn told<T: Object>(self, page: AdminPage, to: &str, text: &str) -> PageResult {
        let done = page.look.count(text, self.count);
        if self.refusals.is_empty() {
            return Ok(redirect_saying(to, &page.look, done));
        }
        render(&DonePage {
            title: done,
            refusals: self.refusals,
            back: to.to_owned(),
            parent: title::<T>(&page.look),
            f: Shell::admin(page, T::PLACE),
        })
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

    // UI-206
    #[actix_web::test]
    async fn what_is_refused_for_one_is_told_and_the_others_go_on() {
        let house = ready().await;
        house.add_admin("eve", &[AdminPermission::ViewUsers]).await;
        let mut root = Browser::admin(&house, "root").await;
        let own = [("name", "root"), ("name", "nobody"), ("name", "eve"), ("action", "disable")];
        let told = root.post("/web/admin/managers/bulk", &own).await;
        assert!(told.status == StatusCode::OK && told.text.contains("1 disabled"), "{told:?}");
        assert!(told.text.contains("You cannot disable yourself.") && told.text.contains("nobody"), "{told:?}");
        assert_eq!(house.basic("/api/v2/token", "eve", "eve-secret").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.basic("/api/v2/token", "root", "root-secret").await.status, StatusCode::OK);
        house.add_admin("kim", &[AdminPermission::ViewUsers]).await;
        let twice = [("name", "kim"), ("name", "kim"), ("name", "nobody"), ("action", "disable")];
        let told = root.post("/web/admin/managers/bulk", &twice).await;
        assert!(told.text.contains("1 disabled"), "a name that comes twice counts once: {told:?}");
        let many: Vec<(&str, &str)> = (0..201).map(|_| ("name", "eve")).chain([("action", "enable")]).collect();
        let refused = root.post("/web/admin/managers/bulk", &many).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        assert!(root.get("/web/admin/managers").await.text.contains("200"), "more than that is refused as a whole");
        assert_eq!(house.basic("/api/v2/token", "eve", "eve-secret").await.status, StatusCode::UNAUTHORIZED);
        let folders = root.post("/web/admin/folders/bulk", &[("name", "x"), ("action", "enable")]).await;
        assert_eq!(folders.status, StatusCode::NOT_FOUND, "folders have no status");
    }

    // UI-206, UI-191
    #[actix_web::test]
    async fn only_the_status_changes_and_only_if_it_is_another() {
        let house = ready().await;
        let token = house.token("root").await;
        let mut user = house.user("ann");
        user["description"] = "as it was saved last".into();
        house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(user)).await;
        let mut root = Browser::admin(&house, "root").await;
        let stored = || async { house.with(&token, TestRequest::get().uri("/api/v2/users/ann")).await.json() };
        let before = stored().await;
        house.clock.advance_minutes(1);
        root.post("/web/admin/users/bulk", &[("name", "ann"), ("action", "enable")]).await;
        assert_eq!(stored().await, before, "what is enabled is not written");
        root.post("/web/admin/users/bulk", &[("name", "ann"), ("action", "disable")]).await;
        let mut after = stored().await;
        assert_eq!((&after["status"], after["updated_at"] == before["updated_at"]), (&0.into(), false));
        after["status"] = 1.into();
        after["updated_at"] = before["updated_at"].clone();
        assert_eq!(after, before);
    }
}
