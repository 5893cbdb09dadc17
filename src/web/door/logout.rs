//! The way out. A page of another site cannot lead here with the session: its cookie stays at home (SameSite=Strict).

use actix_web::{HttpRequest, HttpResponse, web};
use entrepot_core::tokens::Claims;
use entrepot_http::Client;

use crate::{
    Site,
    api::access::{agent, peer},
    frame::{Area, Look, answer::redirect_saying, cookies, cookies::Kept},
    origin,
};

/// SEC-170.
pub(super) async fn logout(request: HttpRequest, area: web::Data<Area>, site: web::Data<Site>, client: Client) -> HttpResponse {
    let look = Look::of(&request, None);
    let login = area.page("login");
    if !origin::is_own(&request) && request.headers().get("sec-fetch-site").is_none_or(|from| from != "none") {
        return crate::frame::redirect(&login);
    }
    // A browser that follows a link of another site sends no cookies of ours and would still take what we set.
    let has_any =
        [Kept::Session(**area), Kept::Pending(**area)].into_iter().any(|kept| kept.read(&request, client.secure).is_some());
    if !has_any {
        return crate::frame::redirect(&login);
    }
    if let Some(token) = Kept::Session(**area).read(&request, client.secure) {
        let core = site.core();
        let claims: Option<Claims> = match **area {
            Area::Admin => core.admin_by_cookie(&token, client.ip()).await.ok().and_then(|session| session.claims().cloned()),
            Area::Client => {
                let caller = core.user_by_cookie(&token, peer(&client, agent(&request))).await.ok();
                caller.and_then(|caller| caller.claims().cloned())
            }
        };
        if let Some(claims) = claims {
            core.revoke_token(&claims);
        }
    }
    signed_out(&look, **area, look.t.door_signed_out)
}

/// To the login page, without a session.
pub(crate) fn signed_out(look: &Look, area: Area, text: &str) -> HttpResponse {
    let mut answer = redirect_saying(&area.page("login"), look, text);
    cookies::add(&mut answer, &Kept::Session(area).gone(look.secure));
    cookies::add(&mut answer, &Kept::Pending(area).gone(look.secure));
    answer
}
