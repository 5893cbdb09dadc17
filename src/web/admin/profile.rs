//! The own profile of an administrator (UI-038).

use actix_web::web::{ServiceConfig, get, post};
use askama::Template;
use entrepot_core::admin::own::profile;
use entrepot_model::AdminProfile;

use super::object;
use crate::frame::{
    AdminForm, AdminPage, Area, PageResult, Shell,
    answer::{redirect_saying, render_again},
    render,
};

#[derive(Template)]
#[template(path = "admin/profile.html")]
struct ProfilePage {
    f: Shell,
    profile: AdminProfile,
    has_factor: bool,
    email_error: Option<String>,
    problem: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/profile", get().to(show)).route("/profile", post().to(save));
}

fn page_of(page: AdminPage, profile: AdminProfile) -> ProfilePage {
    let has_factor = page.session.admin().filters.totp_config.enabled;
    ProfilePage { profile, has_factor, email_error: None, problem: None, f: Shell::admin(page, "me") }
}

async fn show(page: AdminPage) -> PageResult {
    let profile = profile::of_admin(&page.session)?;
    render(&page_of(page, profile))
}

async fn save(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let wanted = AdminProfile {
        email: form.get("email").trim().to_owned(),
        description: form.get("description").trim().to_owned(),
        allow_api_key_auth: form.has("allow_api_key_auth"),
    };
    match profile::update_admin(page.core(), &page.session, wanted.clone()).await {
        Ok(()) => Ok(redirect_saying(&Area::Admin.page("profile"), &page.look, page.look.t.me_saved)),
        Err(error) => {
            let fault = object::fault(error, page.look.t)?;
            let is_email = fault.field == "email";
            let mut again = page_of(page, wanted);
            *(if is_email { &mut again.email_error } else { &mut again.problem }) = Some(fault.message);
            render_again(&again)
        }
    }
}
