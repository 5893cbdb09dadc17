//! The own password (UI-037). A new one ends every session.

use actix_web::HttpResponse;
use askama::Template;
use entrepot_core::Error;
use entrepot_model::api::PwdChange;

use super::Person;
use crate::{
    door::logout::signed_out,
    frame::{PageResult, Shell, answer::render_again, render},
};

#[derive(Template)]
#[template(path = "frame/password.html")]
struct PasswordPage {
    f: Shell,
    current_error: Option<String>,
    new_error: Option<String>,
    repeat_error: Option<String>,
}

pub(super) async fn form<P: Person>(page: P) -> PageResult {
    render(&PasswordPage { f: page.shell(), current_error: None, new_error: None, repeat_error: None })
}

pub(super) async fn submit<P: Person>(sent: P::Sent) -> PageResult {
    let (page, form) = P::parts(sent);
    let t = page.look().t;
    let (current_password, new_password) = (form.get("current").to_owned(), form.get("new").to_owned());
    if new_password != form.get("repeat") {
        let repeat_error = Some(t.door_passwords_differ.to_owned());
        return render_again(&PasswordPage { f: page.shell(), current_error: None, new_error: None, repeat_error });
    }
    match page.change_password(&PwdChange { current_password, new_password }).await {
        Ok(()) => Ok::<HttpResponse, _>(signed_out(page.look(), P::AREA, t.door_password_set)),
        Err(Error::Invalid { field, message, .. }) => {
            let is_current = field == "current_password";
            let (current_error, new_error) = if is_current { (Some(message), None) } else { (None, Some(message)) };
            render_again(&PasswordPage { f: page.shell(), current_error, new_error, repeat_error: None })
        }
        Err(error) => Err(error.into()),
    }
}
