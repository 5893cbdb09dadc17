use super::*;
use crate::testing::assert_nothing_inline;

const FINGERPRINT: &str = "7C:9A:21:00:4F:55:B6:EE:01:92:AC:7D:38:40:0B:C1:7C:9A:21:00:4F:55:B6:EE:01:92:AC:7D:38:40:E4:0B";

fn form(errors: FormErrors, username: &str) -> SetupFormPage<'_> {
    SetupFormPage {
        f: Steps::before(&actix_web::test::TestRequest::default().to_http_request(), "owner"),
        username,
        password_rule: "At least 12 characters. ",
        code_label: errors.is_some().then_some("Installation code"),
        unencrypted: errors.is_some(),
        errors,
        fingerprint: Some(FINGERPRINT.into()),
        restore: "/setup/x/restore".into(),
    }
}

fn home() -> HomePage<'static> {
    HomePage {
        assets: assets(),
        host: "nas.example",
        sftp: Some("sftp -P 2022 NAME@nas.example".into()),
        rest: Some("https://nas.example:8443".into()),
        secure: true,
    }
}

fn wrong() -> FormErrors {
    FormErrors {
        username: Some("A name is needed.".into()),
        repeat: Some("The two passwords differ.".into()),
        ..FormErrors::default()
    }
}

/// Every page in each of its states.
fn all() -> Vec<(&'static str, String)> {
    let message = MessagePage::new("There is nothing at this address", "The link has ended, or it was mistyped.", Some("4f21"));
    let rendered = [
        ("setup-form", form(FormErrors::default(), "").render()),
        ("setup-errors", form(wrong(), "ingrid").render()),
        ("setup-needed", SetupClosedPage::needed().render()),
        ("setup-wrong-link", SetupClosedPage::wrong_link().render()),
        ("home", home().render()),
        ("message", message.render()),
    ];
    rendered.into_iter().map(|(name, page)| (name, page.unwrap())).collect()
}

// SEC-176: the policy allows nothing inline, so nothing inline may be written.
#[test]
fn no_page_has_inline_styles_scripts_or_foreign_addresses() {
    for (name, text) in all() {
        assert_nothing_inline(name, &text);
        assert!(!text.contains("href=\"http"), "{name}");
    }
}

#[test]
fn every_page_has_one_heading_a_title_and_a_main_part() {
    for (name, text) in all() {
        for once in ["<h1>", "<title>", "<main", "id=\"main\""] {
            assert_eq!(text.matches(once).count(), 1, "{name}: {once}");
        }
        assert!(!text.contains("<title> "), "{name}: empty title");
    }
}

#[test]
fn what_a_visitor_sends_is_escaped() {
    let page = HomePage { host: "<b>x</b>", ..home() }.render().unwrap();
    assert!(!page.contains("<b>x</b>"));
    let page = form(wrong(), "\"><b>x").render().unwrap();
    assert!(!page.contains("<b>x"));
}

#[test]
fn wrong_fields_are_named_marked_and_focused() {
    let page = form(wrong(), "ingrid").render().unwrap();
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 2);
    assert!(page.contains("The two passwords differ.") && page.contains("href=\"#repeat\""));
    let username = page.split("<input").nth(1).unwrap().split('>').next().unwrap();
    assert!(username.contains("autofocus") && username.contains("value=\"ingrid\""), "{username}");
    assert_eq!(page.matches("autofocus").count(), 1);
}
