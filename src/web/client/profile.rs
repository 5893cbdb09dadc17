//! The own profile of a user (UI-038).

use askama::Template;
use entrepot_core::{
    Error,
    admin::own::{keys, profile},
};
use entrepot_model::{ApiKey, UserProfile};

use super::place::{Quota, files_of};
use crate::frame::{
    Area, ClientForm, ClientPage, PageError, PageResult, Shell,
    answer::{redirect_refusing, redirect_saying, render_again},
    render,
};

#[derive(Template)]
#[template(path = "client/profile.html")]
struct ProfilePage {
    f: Shell,
    quota: Option<Quota>,
    email: String,
    description: String,
    keys: String,
    allows_keys: bool,
    has_factor: bool,
    /// What the account lets be changed.
    may_info: bool,
    may_keys: bool,
    may_api: bool,
    may_password: bool,
    may_factor: bool,
    /// API keys that stand for the account.
    api_keys: Vec<ApiKey>,
    email_error: Option<String>,
    keys_error: Option<String>,
    problem: Option<String>,
}

impl ProfilePage {
    fn may_any(&self) -> bool {
        self.may_info || self.may_keys || self.may_api
    }
}

async fn build(page: ClientPage, profile: UserProfile) -> Result<ProfilePage, PageError> {
    let api_keys = keys::of_user(page.core(), &page.caller).await?;
    let quota = Quota::of(&files_of(&page)?);
    let user = &page.caller.user().user;
    let may = |option: &str| !user.filters.base.has_web_client_option(option);
    Ok(ProfilePage {
        quota,
        email: profile.email,
        description: profile.description,
        keys: profile.public_keys.join("\n"),
        allows_keys: profile.allow_api_key_auth,
        has_factor: user.filters.totp_config.enabled,
        may_info: may("info-change-disabled"),
        may_keys: may("publickey-change-disabled"),
        may_api: may("api-key-auth-change-disabled"),
        may_password: may("password-change-disabled"),
        may_factor: may("mfa-disabled"),
        api_keys,
        email_error: None,
        keys_error: None,
        problem: None,
        f: Shell::client(page, "me"),
    })
}

pub(super) async fn show(page: ClientPage) -> PageResult {
    let profile = profile::of_user(&page.caller)?;
    render(&build(page, profile).await?)
}

/// Takes an API key back.
pub(super) async fn withdraw(sent: ClientForm) -> PageResult {
    let ClientForm { page, form } = sent;
    let to = Area::Client.page("profile");
    match keys::withdraw(page.core(), &page.caller, form.get("id")).await {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.t.me_key_withdrawn)),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.me_key_gone)),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn save(sent: ClientForm) -> PageResult {
    let ClientForm { page, form } = sent;
    let now = profile::of_user(&page.caller)?;
    let text = |name: &str, stored: &str| form.find(name).map_or_else(|| stored.to_owned(), |value| value.trim().to_owned());
    let lines =
        |text: &str| -> Vec<String> { text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect() };
    let wanted = UserProfile {
        email: text("email", &now.email),
        description: text("description", &now.description),
        allow_api_key_auth: if form.has("with_api") { form.has("allow_api_key_auth") } else { now.allow_api_key_auth },
        public_keys: form.find("public_keys").map_or_else(|| now.public_keys.clone(), lines),
        additional_emails: None,
        tls_certs: None,
    };
    match profile::update_user(page.core(), &page.caller, wanted.clone()).await {
        Ok(()) => Ok(redirect_saying(&Area::Client.page("profile"), &page.look, page.look.t.me_saved)),
        Err(Error::Invalid { field, message, .. }) => {
            let mut again = build(page, wanted).await?;
            let place = match field.split(['.', '[']).next().unwrap_or_default() {
                "email" => &mut again.email_error,
                "public_keys" => &mut again.keys_error,
                _ => &mut again.problem,
            };
            *place = Some(again.f.t.fault(&field, &message));
            render_again(&again)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};
    use serde_json::json;

    use crate::testing::{Browser, ready};

    // UI-247, SEC-082
    #[actix_web::test]
    async fn keys_that_stand_for_somebody_are_shown_and_taken_back() {
        let house = ready().await;
        let token = house.token("root").await;
        for name in ["ann", "bob"] {
            let mut user = house.user(name);
            user["filters"] = json!({ "allow_api_key_auth": true });
            house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(user)).await;
        }
        let mut keys = Vec::new();
        for (name, user) in [("Nightly job", "ann"), ("Scanner", "bob")] {
            let key = json!({ "name": name, "scope": 2, "user": user });
            let made = house.with(&token, TestRequest::post().uri("/api/v2/apikeys").set_json(key)).await;
            keys.push((made.header("x-object-id").to_owned(), made.json()["key"].as_str().unwrap().to_owned()));
        }
        let lists = |key: String| {
            let request = TestRequest::get().uri("/api/v2/user/dirs").insert_header(("X-SFTPGO-API-KEY", key));
            house.send(request)
        };
        assert_eq!(lists(keys[0].1.clone()).await.status, StatusCode::OK);
        let mut ann = Browser::user(&house, "ann", "secret").await;
        let page = ann.get("/web/client/profile").await.text;
        assert!(page.contains("Nightly job") && !page.contains("Scanner"), "{page}");
        assert!(!page.contains(keys[0].1.split('.').nth(1).unwrap()), "no secret");
        // Not somebody else's.
        ann.post("/web/client/profile/key", &[("id", &keys[1].0)]).await;
        assert!(ann.get("/web/client/profile").await.text.contains("gone already"));
        assert_eq!(lists(keys[1].1.clone()).await.status, StatusCode::OK);
        ann.post("/web/client/profile/key", &[("id", &keys[0].0)]).await;
        let page = ann.get("/web/client/profile").await.text;
        assert!(page.contains("The key is withdrawn") && !page.contains("Nightly job"), "{page}");
        assert_eq!(lists(keys[0].1.clone()).await.status, StatusCode::BAD_REQUEST);
    }
}
