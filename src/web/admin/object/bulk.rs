//! Several objects of a list at once, the ticked ones or all that match: enabled, disabled, put into a group or taken out of
//! it, deleted after a question.

use std::collections::HashSet;

use askama::Template;
use entrepot_core::{Error, admin::AdminSession};
use entrepot_model::AdminPermission as P;
use futures_util::{StreamExt as _, stream};

use super::{Object, faults::fault, filter::Asked, many};
use crate::frame::{
    AdminForm, AdminPage, Form, Look, PageError, PageResult, Shell,
    answer::{redirect_refusing, redirect_saying},
    render,
    told::sentence,
    words::Words,
};

/// Objects of one form: more than a page of a list has.
const MOST: usize = 1000;
/// Objects that are changed at the same time.
const AT_ONCE: usize = 16;

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

/// What is to be done with each.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Delete,
    Enable(bool),
    /// Put into a group, in this way.
    Join(String, i64),
    Leave(String),
}

impl Deed {
    /// `None` for what cannot be done with this kind.
    fn read<T: Object>(form: &Form) -> Option<Self> {
        let group = form.get("group").trim().to_owned();
        match form.get("action") {
            "delete" => Some(Self::Delete),
            "enable" if T::HAS_STATUS => Some(Self::Enable(true)),
            "disable" if T::HAS_STATUS => Some(Self::Enable(false)),
            "join" => Some(Self::Join(group, form.get("group_type").parse().unwrap_or(2))),
            "leave" => Some(Self::Leave(group)),
            _ => None,
        }
    }

    fn is_allowed<T: Object>(&self, session: &AdminSession) -> bool {
        let rights = T::rights(session);
        match self {
            Self::Delete => rights.delete,
            Self::Enable(_) => rights.edit,
            Self::Join(..) | Self::Leave(_) => T::joins(session),
        }
    }

    fn lacks_group(&self) -> bool {
        matches!(self, Self::Join(group, _) | Self::Leave(group) if group.is_empty())
    }

    /// What is said of how many it was done to.
    fn said(&self, t: &'static Words) -> &'static str {
        match self {
            Self::Delete => t.bulk_deleted,
            Self::Enable(true) => t.bulk_enabled,
            Self::Enable(false) => t.bulk_disabled,
            Self::Join(..) => t.bulk_joined,
            Self::Leave(_) => t.bulk_left,
        }
    }

    async fn run<T: Object>(&self, page: &AdminPage, name: &str) -> Result<(), Error> {
        let (core, session) = (page.core(), &page.session);
        match self {
            Self::Delete => T::delete(core, session, name).await,
            Self::Enable(is_on) => T::set_status(core, session, name, *is_on).await.map(drop),
            Self::Join(group, kind) => T::set_group(core, session, name, group, Some(*kind)).await.map(drop),
            Self::Leave(group) => T::set_group(core, session, name, group, None).await.map(drop),
        }
    }
}

pub(super) async fn act<T: Object>(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let asked = Asked::read::<T>(&page.query, &page.session, page.look.now);
    let (to, t) = (format!("{}{}", many::<T>(), asked.query_from(asked.from)), page.look.t);
    let deed = Deed::read::<T>(&form).ok_or_else(PageError::not_found)?;
    if !deed.is_allowed::<T>(&page.session) {
        page.session.require(P::Any)?;
        return Err(PageError::not_found());
    }
    if deed.lacks_group() {
        return Ok(redirect_refusing(&to, &page.look, t.bulk_no_group));
    }
    if form.get("which") == "all" && !asked.is_understood(&page.query) {
        return Ok(redirect_refusing(&to, &page.look, t.bulk_unclear));
    }
    let names = names::<T>(&page, &form, asked).await?;
    if names.is_empty() {
        return Ok(redirect_refusing(&to, &page.look, t.bulk_nothing));
    }
    if names.len() > MOST {
        return Ok(redirect_refusing(&to, &page.look, page.look.say(t.bulk_too_many, MOST)));
    }
    if deed == Deed::Delete && !form.has("sure") {
        return ask::<T>(page, names, &to);
    }
    let mut done = Done::default();
    // Several at a time share a write to the disk.
    let outcomes = stream::iter(names).map(|name| async {
        let outcome = deed.run::<T>(&page, &name).await;
        (name, outcome)
    });
    let outcomes: Vec<_> = outcomes.buffered(AT_ONCE).collect().await;
    for (name, outcome) in outcomes {
        done.note(&page.look, name, outcome);
    }
    let text = deed.said(t);
    done.told::<T>(page, &to, text)
}

/// The objects that were ticked, or all that the list has; what is ticked twice is meant once.
async fn names<T: Object>(page: &AdminPage, form: &Form, asked: Asked) -> Result<Vec<String>, Error> {
    if form.get("which") == "all" {
        let options = asked.whole().options(MOST as u64 + 1);
        let all = T::list(page.core(), &page.session, options).await?;
        return Ok(all.iter().map(|object| object.name().to_owned()).collect());
    }
    let mut names: Vec<String> = form.all("name").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

fn ask<T: Object>(page: AdminPage, names: Vec<String>, back: &str) -> PageResult {
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
        action: back.replacen(&many::<T>(), &format!("{}/bulk", many::<T>()), 1),
        back: back.to_owned(),
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
        let why = match fault(error, t) {
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
        let names: Vec<String> = (0..1001).map(|number| format!("eve{number}")).collect();
        let many: Vec<(&str, &str)> =
            (0..1001).map(|number| ("name", names[number].as_str())).chain([("action", "enable")]).collect();
        let refused = root.post("/web/admin/managers/bulk", &many).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        assert!(root.get("/web/admin/managers").await.text.contains("1000"), "more than that is refused as a whole");
        assert_eq!(house.basic("/api/v2/token", "eve", "eve-secret").await.status, StatusCode::UNAUTHORIZED);
        let folders = root.post("/web/admin/folders/bulk", &[("name", "x"), ("action", "enable")]).await;
        assert_eq!(folders.status, StatusCode::NOT_FOUND, "folders have no status");
    }

    // UI-220, UI-206
    #[actix_web::test]
    async fn all_that_match_are_put_into_a_group_and_taken_out() {
        let house = ready().await;
        let token = house.token("root").await;
        for name in ["sales", "staff"] {
            let group = serde_json::json!({ "name": name });
            house.with(&token, TestRequest::post().uri("/api/v2/groups").set_json(group)).await;
        }
        for name in ["ann", "anna", "bob"] {
            house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(house.user(name))).await;
        }
        let mut root = Browser::admin(&house, "root").await;
        let groups = |name: &'static str| {
            let (house, token) = (&house, &token);
            async move {
                let user = house.with(token, TestRequest::get().uri(&format!("/api/v2/users/{name}"))).await.json();
                user["groups"].as_array().cloned().unwrap_or_default()
            }
        };
        let all = [("which", "all"), ("action", "join"), ("group", "sales"), ("group_type", "1")];
        let joined = root.post("/web/admin/users/bulk?q=ann", &all).await;
        assert_eq!((joined.status, joined.header("location")), (StatusCode::SEE_OTHER, "/web/admin/users?q=ann"), "{joined:?}");
        assert_eq!(groups("ann").await, [serde_json::json!({ "name": "sales", "type": 1 })]);
        assert_eq!((groups("anna").await.len(), groups("bob").await.len()), (1, 0));
        let second = [("name", "ann"), ("action", "join"), ("group", "staff"), ("group_type", "1")];
        let refused = root.post("/web/admin/users/bulk", &second).await;
        assert!(refused.text.contains("nly one primary group"), "{refused:?}");
        let unknown = [("name", "ann"), ("action", "join"), ("group", "nobody"), ("group_type", "2")];
        assert!(root.post("/web/admin/users/bulk", &unknown).await.text.contains("nobody"));
        assert_eq!(groups("ann").await.len(), 1, "nothing half saved");
        root.post("/web/admin/users/bulk?group=sales", &[("which", "all"), ("action", "leave"), ("group", "sales")]).await;
        assert_eq!((groups("ann").await.len(), groups("anna").await.len()), (0, 0));
        // What the address asks for and nobody understands must not become everybody.
        house.add_admin("eve", &[AdminPermission::ViewUsers, AdminPermission::EditUsers]).await;
        let mut eve = Browser::admin(&house, "eve").await;
        let disable = [("which", "all"), ("action", "disable")];
        let unclear =
            ["state=sometimes", "idle=soon", "use=no", "status=0", "State=disabled", "group=staff&group=sales", "group[]=staff"];
        for query in unclear {
            root.post(&format!("/web/admin/users/bulk?{query}"), &disable).await;
            assert!(root.get("/web/admin/users").await.text.contains("Nothing was changed"), "{query}");
        }
        eve.post("/web/admin/users/bulk?group=staff", &disable).await;
        for nobody in ["q=%00", "q=ann%00zzz"] {
            root.post(&format!("/web/admin/users/bulk?{nobody}"), &disable).await;
        }
        for name in ["ann", "anna", "bob"] {
            let user = house.with(&token, TestRequest::get().uri(&format!("/api/v2/users/{name}"))).await.json();
            assert_eq!(user["status"], 1, "{name}");
        }
        let nameless = root.post("/web/admin/users/bulk", &[("name", "ann"), ("action", "join")]).await;
        assert_eq!(nameless.status, StatusCode::SEE_OTHER);
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
