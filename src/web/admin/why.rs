//! "Why was this refused?": a question to the policy, with the rule that fires and the way to it (UI-073).

use actix_web::web::{ServiceConfig, get};
use askama::Template;
use entrepot_core::{
    Error, Operation,
    admin::verdict::{Question, judge},
};
use entrepot_model::{
    AdminPermission as P, Group, Protocol, User,
    verdict::{Check, Stage, Verdict},
};
use serde_json::Value;

use super::{
    fields::{at, is_unset},
    object::{Object, one},
    tabs::{Tab, tabs},
};
use crate::{
    api::{escaped, verdict::question},
    frame::{AdminPage, Area, Form, PageResult, Shell, render},
};

/// What is asked about most, in the order of the menu.
const OPERATIONS: [Operation; 12] = [
    Operation::List,
    Operation::Download,
    Operation::Upload,
    Operation::Overwrite,
    Operation::CreateDirectory,
    Operation::RemoveFile,
    Operation::RemoveDirectory,
    Operation::RenameFile,
    Operation::RenameDirectory,
    Operation::Copy,
    Operation::CreateSymlink,
    Operation::Hash,
];

/// One stage, ready to be shown.
struct Line {
    text: &'static str,
    allowed: bool,
    /// It is what stops it.
    is_stopper: bool,
    rule: String,
    detail: String,
    /// On what it depends that it goes on.
    note: String,
    /// The object that says so, and the card of its page.
    link: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin/why.html")]
struct WhyPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    form: Form,
    operations: Vec<(&'static str, &'static str)>,
    protocols: Vec<&'static str>,
    /// Name of the field that is wrong.
    wrong: Option<&'static str>,
    /// Whether it would happen, and each stage.
    verdict: Option<(bool, Vec<Line>)>,
    /// An address was given, and nobody was asked about it.
    has_unasked_address: bool,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/why", get().to(show));
}

async fn show(page: AdminPage) -> PageResult {
    page.session.require(P::ViewUsers)?;
    let form = page.query.clone();
    let t = page.look.t;
    let (mut wrong, mut verdict, mut has_unasked_address) = (None, None, false);
    if form.has("username") {
        match question(|name| form.get(name)) {
            Err(name) => wrong = Some(name),
            Ok(question) => match judge(page.core(), &page.session, &question).await {
                Ok(found) => {
                    let is_asked = found.checks.iter().any(|check| check.stage == Stage::Address);
                    has_unasked_address = question.ip.is_some() && !is_asked;
                    verdict = Some((found.allowed, lines(&page, &question, &found).await));
                }
                Err(Error::NotFound) => wrong = Some("username"),
                Err(error) => return Err(error.into()),
            },
        }
    }
    let word = |operation: Operation| t.find(&format!("why.{}", operation.name())).unwrap_or_default();
    render(&WhyPage {
        title: t.nav_activity,
        tabs: tabs("activity", "why", &page.session, t),
        form,
        operations: OPERATIONS.into_iter().map(|operation| (operation.name(), word(operation))).collect(),
        protocols: Protocol::ALL.into_iter().map(Protocol::as_str).collect(),
        wrong,
        verdict,
        has_unasked_address,
        f: Shell::admin(page, "activity"),
    })
}

async fn lines(page: &AdminPage, question: &Question, verdict: &Verdict) -> Vec<Line> {
    let t = page.look.t;
    let stopper = verdict.stopper();
    let mut lines = Vec::with_capacity(verdict.checks.len());
    for check in &verdict.checks {
        let text = match check.stage {
            Stage::Address => t.why_stage_address,
            Stage::Account => t.why_stage_account,
            Stage::SignIn => t.why_stage_sign_in,
            Stage::Files => t.why_stage_files,
            Stage::Quota => t.why_stage_quota,
        };
        let link = if check.allowed { None } else { place(page, &question.username, check).await };
        lines.push(Line {
            text,
            allowed: check.allowed,
            is_stopper: stopper.is_some_and(|stopper| std::ptr::eq(stopper, check)),
            rule: check.rule.clone(),
            detail: t.told(&check.detail),
            note: t.told(&check.note),
            link,
        });
    }
    lines
}

/// The field that a rule is about.
fn field_of(rule: &str) -> &str {
    match rule {
        "ip_filters" => "filters.denied_ip",
        "home_dir" | "root" => "home_dir",
        "credentials" => "password",
        "write-disabled" => "filters.web_client",
        "file_patterns"
        | "denied_protocols"
        | "access_time"
        | "two_factor_protocols"
        | "require_password_change"
        | "password_expiration"
        | "denied_login_methods" => "filters.",
        other => other,
    }
}

/// The card of the page of a user on which a rule stands.
pub(super) fn card_of(rule: &str) -> Option<&'static str> {
    let field = field_of(rule);
    let is_it = |key: &str| key == field || (field == "filters." && key.strip_prefix("filters.") == Some(rule));
    User::cards().iter().find(|card| card.fields.iter().any(|one| is_it(one.key))).map(|card| card.id)
}

/// The page with a rule of a user: name and address. `None` if no page has it.
pub(super) fn link_of(username: &str, rule: &str) -> Option<String> {
    match rule {
        "defender" => Some(Area::Admin.page("defender")),
        "ip_list" => Some(Area::Admin.page("ip-lists")),
        "symlink_mode" => Some(Area::Admin.page("configs/common.symlink_mode")),
        rule => Some(format!("{}?card={}#edit", one::<User>(username), card_of(rule)?)),
    }
}

/// The object that says so: the user, or a group that the user has it from.
async fn place(page: &AdminPage, username: &str, check: &Check) -> Option<(String, String)> {
    let rule = check.rule.as_str();
    let link = link_of(username, rule)?;
    let Some(card) = card_of(rule) else { return Some((rule.to_owned(), link)) };
    let user = <User as Object>::get(page.core(), &page.session, username).await.ok()?;
    let key = match field_of(rule) {
        "filters." => format!("filters.{rule}"),
        field => field.to_owned(),
    };
    let own = serde_json::to_value(&user).ok()?;
    let is_set = |value: &Value| !is_unset(at(value, &key));
    if !is_set(&own)
        && let Some((_, groups)) = user.effective(page.core(), &page.session).await
        && let Some((group, _)) = groups.iter().find(|(_, settings)| is_set(settings))
    {
        return Some((group.clone(), format!("{}?card={card}#edit", one::<Group>(group))));
    }
    Some((username.to_owned(), link))
}

/// The question that an event asked, as an address of this page.
pub(super) fn address(username: &str, action: &str, path: &str, protocol: &str, ip: &str) -> String {
    let operation = match action {
        "upload" | "pre-upload" | "first-upload" => "upload",
        "download" | "pre-download" | "first-download" => "download",
        "delete" | "pre-delete" => "remove_file",
        "rename" => "rename_file",
        "mkdir" => "create_directory",
        "rmdir" => "remove_directory",
        "copy" => "copy",
        "ssh_cmd" => "hash",
        _ => "",
    };
    let protocol = match protocol {
        "FTP" | "FTPS" => "FTP",
        "DAV" => "DAV",
        "SFTP" | "SCP" | "SSH" => "SSH",
        _ => "HTTP",
    };
    format!(
        "{}?username={}&operation={operation}&path={}&protocol={protocol}&ip={}",
        Area::Admin.page("why"),
        escaped(username),
        escaped(path),
        escaped(ip)
    )
}

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};
    use entrepot_model::AdminPermission;
    use serde_json::json;

    use crate::testing::{Browser, ready};

    // UI-073
    #[actix_web::test]
    async fn the_page_names_the_rule_and_leads_to_its_card() {
        let house = ready().await;
        let token = house.token("root").await;
        let group = json!({ "name": "yard", "user_settings": { "filters": { "denied_protocols": ["HTTP"] } } });
        house.with(&token, TestRequest::post().uri("/api/v2/groups").set_json(group)).await;
        let mut user = house.user("ann");
        user["permissions"] = json!({ "/": ["*"], "/archive": ["list"] });
        user["groups"] = json!([{ "name": "yard", "type": 1 }]);
        let made = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(user)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let mut root = Browser::admin(&house, "root").await;
        let asked = root.get("/web/admin/why?username=ann&operation=upload&path=/archive/x&protocol=SSH&ip=").await;
        assert!(asked.text.contains("/web/admin/user/ann?card=files#edit"), "{}", asked.text);
        let group = root.get("/web/admin/why?username=ann&operation=&path=&protocol=HTTP&ip=").await;
        assert!(group.text.contains("/web/admin/group/yard?card="), "{}", group.text);
        for (query, field) in
            [("username=bob", "username"), ("username=ann&ip=x", "ip"), ("username=ann&operation=x", "operation")]
        {
            let wrong = root.get(&format!("/web/admin/why?{query}")).await;
            assert!(wrong.text.contains(&format!("id=\"{field}-error\"")), "{query}: {}", wrong.text);
        }
        house.add_admin("eve", &[AdminPermission::ViewEvents]).await;
        let mut eve = Browser::admin(&house, "eve").await;
        assert_eq!(eve.get("/web/admin/why").await.status, StatusCode::FORBIDDEN);
    }

    #[test]
    fn rules_have_cards() {
        for rule in [
            "permissions",
            "file_patterns",
            "denied_protocols",
            "status",
            "expiration_date",
            "ip_filters",
            "quota_size",
            "quota_files",
            "total_data_transfer",
            "upload_data_transfer",
            "download_data_transfer",
            "max_sessions",
            "home_dir",
            "credentials",
            "write-disabled",
            "two_factor_protocols",
            "require_password_change",
        ] {
            assert!(super::card_of(rule).is_some(), "{rule}");
        }
        assert_eq!(super::card_of("nothing"), None);
    }
}
