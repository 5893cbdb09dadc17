//! A link with which a user sets the password: shown once, to be handed on, and taken back.

use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig, get, post},
};
use askama::Template;
use entrepot_core::{
    Error,
    admin::invites::{self, Standing},
};
use entrepot_model::User;

use super::{
    object::one,
    tabs::{Tab, tabs},
};
use crate::{
    frame::{
        AdminForm, AdminPage, Area, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        look::Html,
        render,
    },
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
    /// There is a password that it replaces.
    replaces: bool,
    picture: Option<Html>,
    parent: &'static str,
    parent_href: String,
    name: String,
}

/// What is asked where a link would end something: another link, or a password.
#[derive(Template)]
#[template(path = "admin/invite_ask.html")]
struct AskPage {
    f: Shell,
    username: String,
    back: String,
    standing: Standing,
    parent: &'static str,
    parent_href: String,
    name: String,
}

/// An invitation that works.
struct Line {
    username: String,
    href: String,
    made_by: String,
    made_at: i64,
    ends_at: i64,
}

#[derive(Template)]
#[template(path = "admin/invites.html")]
struct ListPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
}

/// Invitations of the page: they are few, and end by themselves.
const MOST: u64 = 1000;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/invites", get().to(list)).route("/user/{name}/invite", post().to(invite));
}

async fn list(page: AdminPage) -> PageResult {
    let open = invites::list(page.core(), &page.session, MOST).await?;
    let lines = open.into_iter().map(|(username, invitation)| Line {
        href: one::<User>(&username),
        username,
        made_by: invitation.made_by,
        made_at: invitation.made_at,
        ends_at: invitation.ends_at,
    });
    render(&ListPage {
        title: page.look.t.tab_invites,
        tabs: tabs("people", "invites", &page.session, page.look.t),
        lines: lines.collect(),
        f: Shell::admin(page, "people"),
    })
}

/// What is to be done stands in `do`: `make` a link, or `withdraw` the one that works. Without it a link is made where it ends
/// nothing, and else it is asked.
async fn invite(request: HttpRequest, sent: AdminForm, name: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    if form.get("do") == "withdraw" {
        let list = Area::Admin.page("invites");
        let back = if form.get("from") == "list" { list } else { one::<User>(&name) };
        let t = page.look.t;
        return match invites::withdraw(page.core(), &page.session, &name).await? {
            true => Ok(redirect_saying(&back, &page.look, t.invite_withdrawn)),
            false => Ok(redirect_refusing(&back, &page.look, t.invite_no_open)),
        };
    }
    let standing = invites::standing(page.core(), &page.session, &name).await?;
    if form.get("do") == "make" || !standing.has_password && standing.open.is_none() {
        return create(&request, page, &name, standing.has_password).await;
    }
    render(&AskPage {
        username: name.to_string(),
        back: one::<User>(&name),
        standing,
        parent: page.look.t.user_title,
        parent_href: Area::Admin.page("users"),
        name: name.to_string(),
        f: Shell::admin(page, "people"),
    })
}

pub(super) async fn create(request: &HttpRequest, page: AdminPage, name: &str, replaces: bool) -> PageResult {
    let back = one::<User>(name);
    let token = match invites::create(page.core(), &page.session, name).await {
        Ok(token) => token,
        Err(Error::Conflict(message)) => return Ok(redirect_refusing(&back, &page.look, message)),
        Err(error) => return Err(error.into()),
    };
    let base = host(request, &page.client).base(page.client.secure);
    let link = format!("{base}/web/client/invite?token={}", token.access_token);
    render(&InvitePage {
        username: name.to_string(),
        back,
        ends: token.expires_at * 1000,
        replaces,
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

    /// The token of the link on a page.
    fn token_on(page: &str) -> &str {
        page.split("/web/client/invite?token=").nth(1).unwrap().split(['"', '<', '&']).next().unwrap()
    }

    // UI-204
    #[actix_web::test]
    async fn a_link_that_ends_something_is_asked_about_and_can_be_taken_back() {
        let house = ready().await;
        let token = house.token("root").await;
        house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(house.user("ann"))).await;
        let mut root = Browser::admin(&house, "root").await;
        let at = "/web/admin/user/ann/invite";
        let asked = root.post(at, &[]).await;
        assert!(asked.status == StatusCode::OK && asked.text.contains("for one hour"), "{asked:?}");
        assert!(!asked.text.contains("/web/client/invite?token="), "nothing is made before the answer");
        let made = root.post(at, &[("do", "make")]).await;
        let link = format!("/web/client/invite?token={}", token_on(&made.text));
        assert_eq!(Browser::new(&house).get(&link).await.status, StatusCode::OK);
        let again = root.post(at, &[]).await;
        assert!(again.text.contains("There is an invitation already"), "{again:?}");
        let open = root.get("/web/admin/invites").await.text;
        assert!(open.contains("/web/admin/user/ann") && open.contains("root") && !open.contains("token="), "{open}");
        let withdrawn = root.post(at, &[("do", "withdraw")]).await;
        assert_eq!((withdrawn.status, withdrawn.header("location")), (StatusCode::SEE_OTHER, "/web/admin/user/ann"));
        assert_eq!(Browser::new(&house).get(&link).await.status, StatusCode::GONE);
        assert!(!root.get("/web/admin/invites").await.text.contains("/web/admin/user/ann"));
        root.post(at, &[("do", "make")]).await;
        let from_list = root.post(at, &[("do", "withdraw"), ("from", "list")]).await;
        assert_eq!(from_list.header("location"), "/web/admin/invites");
    }

    // UI-222
    #[actix_web::test]
    async fn who_is_created_can_be_invited_at_once() {
        let house = ready().await;
        let mut root = Browser::admin(&house, "root").await;
        let form = root.get("/web/admin/user?start=partner").await.text;
        assert!(form.contains("value=\"10 GB\"") && form.contains("value=\"partner\""), "{form}");
        let fields = [
            ("username", "ann"),
            ("permissions.0.path", "/"),
            ("permissions.0.preset", "read"),
            ("_start", "read"),
            ("_invite", "1"),
        ];
        let made = root.post("/web/admin/user", &fields).await;
        assert!(made.status == StatusCode::OK && made.text.contains("/web/client/invite?token="), "{made:?}");
        let shown = root.get("/web/admin/user/ann").await.text;
        assert!(shown.contains("Open invitation") && shown.contains("/web/admin/why?username=ann"), "{shown}");
    }

    // UI-204, SEC-134
    #[actix_web::test]
    async fn invitations_open_where_users_sign_in_with_passwords_and_nowhere_else() {
        let mut house = ready().await;
        let token = house.token("root").await;
        house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(house.user("ann"))).await;
        let made = Browser::admin(&house, "root").await.post("/web/admin/user/ann/invite", &[("do", "make")]).await;
        let query = format!("invite?token={}", token_on(&made.text));
        assert_eq!(Browser::new(&house).get(&format!("/web/admin/{query}")).await.status, StatusCode::NOT_FOUND);
        house.features.client_form = false;
        let at = format!("/web/client/{query}");
        assert_eq!(Browser::new(&house).get(&at).await.status, StatusCode::NOT_FOUND);
        let same = [("token", token_on(&made.text)), ("password", "a long secret"), ("repeat", "a long secret")];
        let sent = Browser::new(&house).post_exactly("/web/client/invite", &same, "http://nas:8080").await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND);
        house.features.client_form = true;
        assert_eq!(Browser::new(&house).get(&at).await.status, StatusCode::OK);
    }
}
