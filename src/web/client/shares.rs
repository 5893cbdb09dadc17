//! `/web/client/shares`: the shares of a user, and their links.

mod form;
mod groups;
mod link;

use actix_web::{
    HttpRequest,
    web::{Path, ServiceConfig, get, post},
};
use askama::Template;
use entrepot_core::{Error, admin::ListOptions, shares};
use entrepot_model::{Share, ShareDraft, ShareScope, share::share_permission};

use super::{
    at,
    place::{Quota, encoded, files_of},
};
use crate::{
    frame::{
        ClientForm, ClientPage, Look, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        look::Html,
        render,
    },
    qr_code,
};
use form::{Fields, Wrong};
use groups::GroupRow;
pub(crate) use link::link;

/// Shares of a page.
const ROWS: u64 = 500;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/shares").route(get().to(list)))
        .service(at("/share").route(get().to(new)).route(post().to(create)))
        .service(at("/share/{id}").route(get().to(edit)).route(post().to(save)))
        .service(at("/share/{id}/link").route(get().to(show)))
        .service(at("/share/{id}/delete").route(get().to(ask)).route(post().to(remove)));
}

/// A share in the list.
struct Line {
    id: String,
    name: String,
    paths: String,
    scope: &'static str,
    icon: &'static str,
    /// Somebody else's, seen through a group.
    owner: Option<String>,
    has_password: bool,
    expires_at: i64,
    is_over: bool,
    used: i64,
    most: i64,
    last_use_at: i64,
    link: String,
    may_edit: bool,
    may_delete: bool,
}

#[derive(Template)]
#[template(path = "client/shares.html")]
struct SharesPage {
    f: Shell,
    quota: Option<Quota>,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "client/share.html")]
struct SharePage {
    f: Shell,
    quota: Option<Quota>,
    /// Where it is sent: empty for a new one.
    id: String,
    fields: Fields,
    wrong: Wrong,
    /// Scopes that the account may give: number, text, hint, sign.
    scopes: Vec<(i64, &'static str, &'static str, &'static str)>,
    /// A stored password stays where the field is left empty.
    has_password: bool,
    has_mail: bool,
    has_agreement: bool,
    is_mine: bool,
    /// Groups that members of may find it in their list.
    groups: Vec<GroupRow>,
    /// Of a stored one: what the form was made from.
    state: Option<i64>,
}

#[derive(Template)]
#[template(path = "client/share_link.html")]
struct LinkPage {
    f: Shell,
    quota: Option<Quota>,
    share: Share,
    link: String,
    picture: Option<Html>,
    is_over: bool,
}

#[derive(Template)]
#[template(path = "client/share_delete.html")]
struct DeletePage {
    f: Shell,
    quota: Option<Quota>,
    share: Share,
}

fn scope_words(look: &Look, scope: i64) -> (&'static str, &'static str) {
    let t = look.t;
    match ShareScope::from_number(scope) {
        Some(ShareScope::Write) => (t.share_request, "inbox"),
        Some(ShareScope::ReadWrite) => (t.share_both, "edit"),
        _ => (t.share_download, "download"),
    }
}

fn line(page: &ClientPage, request: &HttpRequest, share: Share) -> Line {
    let (scope, icon) = scope_words(&page.look, share.scope);
    let is_mine = share.username == page.caller.username();
    Line {
        link: link(request, &page.client, &share.id),
        paths: share.paths.join(", "),
        scope,
        icon,
        owner: (!is_mine).then(|| share.username.clone()),
        has_password: !share.password.is_empty(),
        expires_at: share.expires_at,
        is_over: share.is_expired(page.look.now) || share.is_used_up(),
        used: share.used_tokens,
        most: share.max_tokens,
        last_use_at: share.last_use_at,
        may_edit: share.user_permissions & share_permission::EDIT != 0,
        may_delete: share.user_permissions & share_permission::DELETE != 0,
        name: share.name,
        id: share.id,
    }
}

/// UI-136
async fn list(request: HttpRequest, page: ClientPage) -> PageResult {
    let options = ListOptions { limit: ROWS, ..ListOptions::default() };
    let mut found = shares::list(page.core(), &page.caller, options).await?;
    found.sort_by_key(|share| std::cmp::Reverse(share.created_at));
    let lines = found.into_iter().map(|share| line(&page, &request, share)).collect();
    let quota = Quota::of(&files_of(&page)?);
    render(&SharesPage { lines, quota, f: Shell::client(page, "shared") })
}

async fn build(
    page: ClientPage,
    id: &str,
    fields: Fields,
    wrong: Wrong,
    stored: Option<&Share>,
) -> Result<SharePage, crate::frame::PageError> {
    let quota = Quota::of(&files_of(&page)?);
    let user = page.caller.user();
    let t = page.look.t;
    let all = [
        (ShareScope::Read, t.share_download, t.share_download_hint, "download"),
        (ShareScope::Write, t.share_request, t.share_request_hint, "inbox"),
        (ShareScope::ReadWrite, t.share_both, t.share_both_hint, "edit"),
    ];
    // UI-180
    let scopes = all.into_iter().filter(|(scope, ..)| user.may_share_for(*scope).is_ok());
    let scopes = scopes.map(|(scope, text, hint, icon)| (scope as i64, text, hint, icon)).collect();
    let settings = page.core().settings();
    let is_mine = stored.is_none_or(|share| share.username == page.caller.username());
    let groups = groups::rows(&page, &fields, stored.filter(|_| !is_mine)).await?;
    Ok(SharePage {
        quota,
        id: id.to_owned(),
        groups,
        state: stored.map(|share| share.updated_at),
        fields,
        wrong,
        scopes,
        has_password: stored.is_some_and(|share| !share.password.is_empty()),
        has_mail: settings.smtp.is_configured(),
        has_agreement: settings.hook.has_share_legal_agreement,
        is_mine,
        f: Shell::client(page, "shared"),
    })
}

/// UI-137: filled with the paths that the files page names.
async fn new(page: ClientPage) -> PageResult {
    page.caller.user().may_share().map_err(|rule| entrepot_core::Denial::new(rule.name, rule.detail)).map_err(Error::from)?;
    let fields = Fields::new(&page);
    render(&build(page, "", fields, Wrong::default(), None).await?)
}

async fn create(sent: ClientForm) -> PageResult {
    let ClientForm { page, form } = sent;
    let fields = Fields::sent(&form);
    let draft = match fields.draft(&page.look, None) {
        Ok(draft) => draft,
        Err(wrong) => return render_again(&build(page, "", fields, *wrong, None).await?),
    };
    match shares::add(page.core(), &page.caller, draft).await {
        Ok(share) => {
            let to = format!("/web/client/share/{}/link", encoded(share.id.as_bytes()));
            Ok(redirect_saying(&to, &page.look, page.look.t.share_made))
        }
        Err(error) => {
            let wrong = Wrong::of(&page.look, error)?;
            render_again(&build(page, "", fields, wrong, None).await?)
        }
    }
}

async fn edit(page: ClientPage, id: Path<String>) -> PageResult {
    let share = shares::get(page.core(), &page.caller, &id).await?;
    let fields = Fields::of(&share);
    render(&build(page, &id, fields, Wrong::default(), Some(&share)).await?)
}

async fn save(sent: ClientForm, id: Path<String>) -> PageResult {
    let ClientForm { page, form } = sent;
    let share = match shares::get(page.core(), &page.caller, &id).await {
        Err(Error::NotFound) => return Ok(redirect_refusing("/web/client/shares", &page.look, page.look.t.share_gone)),
        found => found?,
    };
    let fields = Fields::sent(&form);
    if form.find("_state").is_some_and(|known| known != share.updated_at.to_string()) {
        let wrong = Wrong { other: Some(page.look.t.share_stale.to_owned()), ..Wrong::default() };
        return render_again(&build(page, &id, fields, wrong, Some(&share)).await?);
    }
    let draft: ShareDraft = match fields.draft(&page.look, Some(&share)) {
        Ok(draft) => draft,
        Err(wrong) => return render_again(&build(page, &id, fields, *wrong, Some(&share)).await?),
    };
    match shares::update(page.core(), &page.caller, &id, draft).await {
        Ok(()) => Ok(redirect_saying("/web/client/shares", &page.look, page.look.t.me_saved)),
        Err(error) => {
            let wrong = Wrong::of(&page.look, error)?;
            render_again(&build(page, &id, fields, wrong, Some(&share)).await?)
        }
    }
}

/// UI-138
async fn show(request: HttpRequest, page: ClientPage, id: Path<String>) -> PageResult {
    let share = shares::get(page.core(), &page.caller, &id).await?;
    let link = link(&request, &page.client, &share.id);
    let picture = qr_code::svg(&link).ok().map(Html);
    let is_over = share.is_expired(page.look.now) || share.is_used_up();
    let quota = Quota::of(&files_of(&page)?);
    render(&LinkPage { quota, share, link, picture, is_over, f: Shell::client(page, "shared") })
}

async fn ask(page: ClientPage, id: Path<String>) -> PageResult {
    let share = shares::get(page.core(), &page.caller, &id).await?;
    let quota = Quota::of(&files_of(&page)?);
    render(&DeletePage { quota, share, f: Shell::client(page, "shared") })
}

async fn remove(sent: ClientForm, id: Path<String>) -> PageResult {
    let ClientForm { page, .. } = sent;
    match shares::delete(page.core(), &page.caller, &id).await {
        Ok(()) => Ok(redirect_saying("/web/client/shares", &page.look, page.look.t.share_deleted)),
        // Another tab was faster.
        Err(Error::NotFound) => Ok(redirect_refusing("/web/client/shares", &page.look, page.look.t.share_gone)),
        Err(Error::Denied(denial)) => Ok(redirect_refusing("/web/client/shares", &page.look, denial.public().to_string())),
        Err(error) => Err(error.into()),
    }
}
