//! A link with which a user sets the password: shown once, to be handed on.

use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig, post},
};
use askama::Template;
use entrepot_core::{Error, admin::invites};
use entrepot_model::User;

use super::object::one;
use crate::{
    frame::{AdminForm, Area, PageResult, Shell, answer::redirect_refusing, look::Html, render},
    home::host,
    qr_code,
};

#[derive(Template)]
#[template(path = "admin/invite.html")]
struct InvitePage {
    f: Shell,
    username: String,
    back: String,
    link: String,
    /// Milliseconds since the epoch.
    ends: i64,
    picture: Option<Html>,
    parent: &'static str,
    parent_href: String,
    name: String,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/user/{name}/invite", post().to(create));
}

async fn create(request: HttpRequest, sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let back = one::<User>(&name);
    let token = match invites::create(page.core(), &page.session, &name).await {
        Ok(token) => token,
        Err(Error::Conflict(message)) => return Ok(redirect_refusing(&back, &page.look, message)),
        Err(error) => return Err(error.into()),
    };
    let base = host(&request, &page.client).base(page.client.secure);
    let link = format!("{base}/web/client/invite?token={}", token.access_token);
    render(&InvitePage {
        username: name.to_string(),
        back,
        ends: token.expires_at * 1000,
        picture: qr_code::svg(&link).ok().map(Html),
        link,
        parent: page.look.t.user_title,
        parent_href: Area::Admin.page("users"),
        name: name.to_string(),
        f: Shell::admin(page, "people"),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};

    use crate::testing::{Browser, ready};

    // UI-204, UI-207
    #[actix_web::test]
    async fn an_invited_user_sets_a_password_and_is_in() {
        let house = ready().await;
        let token = house.token("root").await;
        let mut user = house.user("ann");
        user.as_object_mut().unwrap().remove("password");
        let made = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(user)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let mut root = Browser::admin(&house, "root").await;
        let shown = root.post("/web/admin/user/ann/invite", &[]).await;
        assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
        let link =
            shown.text.split("/web/client/invite?token=").nth(1).unwrap().split(['"', '<', '&']).next().unwrap().to_owned();
        let mut ann = Browser::new(&house);
        let at = format!("/web/client/invite?token={link}");
        let form = ann.get(&at).await;
        assert!(form.status == StatusCode::OK && form.text.contains("ann"), "{form:?}");
        let differ = [("token", link.as_str()), ("password", "a long secret"), ("repeat", "another")];
        let again = ann.post_exactly("/web/client/invite", &differ, "http://nas:8080").await;
        assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.text.contains("password-error"), "{again:?}");
        let same = [("token", link.as_str()), ("password", "a long secret"), ("repeat", "a long secret")];
        let done = ann.post_exactly("/web/client/invite", &same, "http://nas:8080").await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/web/client/files"), "{done:?}");
        assert_eq!(ann.get("/web/client/recent").await.status, StatusCode::OK);
        assert_eq!(ann.get(&at).await.status, StatusCode::GONE, "it works once");
        assert_eq!(Browser::new(&house).get("/web/client/invite?token=wrong").await.status, StatusCode::GONE);
    }
}
