#![allow(clippy::disallowed_methods, reason = "test files")]

use super::*;

fn settings() -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().expect("folder");
    let settings = entrepot_config::load(entrepot_config::Sources::new(folder.path())).expect("settings").settings;
    (folder, settings)
}

fn reset(settings: &Settings, username: &str) -> Rendered {
    let values = [("Username", Field::Text(username.to_owned())), ("Code", Field::Text("c0de".to_owned()))];
    render(settings, MailKind::PasswordReset, &values)
}

// SEC-136, SEC-201
#[test]
fn built_in_texts_hold_the_values_and_escape_them() {
    let (_folder, settings) = settings();
    let mail = reset(&settings, "<b>ana</b> & co");
    assert_eq!(mail.subject, "Email Verification Code for <b>ana</b> & co");
    assert!(mail.html.contains("Hello &lt;b&gt;ana&lt;/b&gt; &amp; co,") && mail.html.contains(">c0de<"), "{}", mail.html);
    let expires = |days| {
        let values = [("Username", Field::Text("ana".to_owned())), ("Days", Field::Number(days))];
        render(&settings, MailKind::PasswordExpiration, &values).html
    };
    assert!(expires(3).contains("in 3 days") && expires(1).contains("in 1 day.") && expires(0).contains("has expired"));
    assert!(expires(-2).contains("has expired"));
    let share = render(&settings, MailKind::ShareCode, &[("Code", Field::Text("77".to_owned()))]);
    assert_eq!(share.subject, "One-time access code");
    assert!(share.html.contains("the share that you asked for") && share.html.contains(">77<"), "{}", share.html);
}

// SEC-203, CFG-315, CFG-368, ENV-021
#[test]
fn database_wins_over_file_over_built_in_each_part_on_its_own() {
    let (folder, mut settings) = settings();
    let email = folder.path().join("templates/email");
    std::fs::create_dir_all(&email).expect("folder");
    std::fs::write(email.join("reset-password.html"), "<p>file {{.Code}}</p>").expect("file");
    let mail = reset(&settings, "ana");
    assert_eq!((mail.subject.as_str(), mail.html.as_str()), ("Email Verification Code for ana", "<p>file c0de</p>"));
    settings.hook.password_forgot_email_subject = "Code for {{.Username}}".to_owned();
    assert_eq!(reset(&settings, "ana").subject, "Code for {{.Username}}");
    settings.mail_templates.password_reset.subject = "{{if eq .Username \"ana\"}}yours{{end}}".to_owned();
    assert_eq!(reset(&settings, "ana"), Rendered { subject: "yours".to_owned(), html: "<p>file c0de</p>".to_owned() });
    settings.mail_templates.password_reset.body = "<a href=\"/?u={{.Username}}\">".to_owned();
    assert_eq!(reset(&settings, "a\"b c").html, "<a href=\"/?u=a%22b%20c\">");
}

// SEC-202
#[test]
fn templates_that_fail_are_refused_and_passed_over() {
    let (_folder, mut settings) = settings();
    for broken in ["{{.Code", "{{if .Code}}", "{{nothing .Code}}"] {
        assert!(check_html(MailKind::PasswordReset, broken).is_err(), "{broken}");
        assert!(check_subject(MailKind::PasswordReset, broken).is_err(), "{broken}");
        settings.mail_templates.password_reset.body = broken.to_owned();
        assert!(reset(&settings, "ana").html.contains("Hello ana,"), "{broken}");
    }
    for kind in MailKind::ALL {
        assert!(check_html(kind, kind.embedded_body()).is_ok() && check_subject(kind, kind.embedded_subject()).is_ok());
    }
}
