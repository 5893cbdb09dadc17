//! The own profile of a user (UI-038).

use askama::Template;
use entrepot_core::{Error, admin::own::profile};
use entrepot_model::UserProfile;

use super::place::{Quota, files_of};
use crate::frame::{
    Area, ClientForm, ClientPage, PageError, PageResult, Shell,
    answer::{redirect_saying, render_again},
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
    email_error: Option<String>,
    keys_error: Option<String>,
    problem: Option<String>,
}

impl ProfilePage {
    fn may_any(&self) -> bool {
        self.may_info || self.may_keys || self.may_api
    }
}

fn build(page: ClientPage, profile: UserProfile) -> Result<ProfilePage, PageError> {
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
        email_error: None,
        keys_error: None,
        problem: None,
        f: Shell::client(page, "me"),
    })
}

pub(super) async fn show(page: ClientPage) -> PageResult {
    let profile = profile::of_user(&page.caller)?;
    render(&build(page, profile)?)
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
            let mut again = build(page, wanted)?;
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
