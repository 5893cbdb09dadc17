//! What is done with one user, administrator or folder at once.

use actix_web::web::{self, ServiceConfig, post};
use entrepot_core::{
    Error,
    admin::{connections, quota, second_factor},
};
use entrepot_model::{Admin, BaseVirtualFolder, User};

use super::object::one;
use crate::frame::{
    AdminForm, AdminPage, PageResult,
    answer::{redirect_refusing, redirect_saying},
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/user/{name}/scan", post().to(scan_user))
        .route("/user/{name}/2fa", post().to(factor_of_user))
        .route("/user/{name}/disconnect", post().to(disconnect))
        .route("/folder/{name}/scan", post().to(scan_folder))
        .route("/manager/{name}/2fa", post().to(factor_of_admin));
}

/// Back to the page of the object, with what came of it.
fn back(page: &AdminPage, to: &str, outcome: Result<(), Error>, done: &str) -> PageResult {
    match outcome {
        Ok(()) => Ok(redirect_saying(to, &page.look, done)),
        Err(Error::Conflict(message) | Error::Invalid { message, .. } | Error::InUse(message)) => {
            Ok(redirect_refusing(to, &page.look, message))
        }
        Err(error) => Err(error.into()),
    }
}

async fn scan_user(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let outcome = quota::start_user_scan(page.core(), &page.session, &name).await;
    back(&page, &one::<User>(&name), outcome, page.look.t.user_scan_started)
}

async fn scan_folder(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let outcome = quota::start_folder_scan(page.core(), &page.session, &name).await;
    back(&page, &one::<BaseVirtualFolder>(&name), outcome, page.look.t.user_scan_started)
}

async fn factor_of_user(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let outcome = second_factor::disable_of_user(page.core(), &page.session, &name).await;
    back(&page, &one::<User>(&name), outcome, page.look.t.user_factor_disabled)
}

async fn factor_of_admin(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let outcome = second_factor::disable_of_admin(page.core(), &page.session, &name).await;
    back(&page, &one::<Admin>(&name), outcome, page.look.t.user_factor_disabled)
}

/// Every session of the user that the administrator sees.
async fn disconnect(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let open = connections::list(page.core(), &page.session)?;
    let mut ended = 0_usize;
    for connection in open.iter().filter(|connection| connection.username == *name) {
        if connections::close(page.core(), &page.session, &connection.connection_id).is_ok() {
            ended += 1;
        }
    }
    let text = page.look.count(page.look.t.user_disconnected, ended);
    back(&page, &one::<User>(&name), Ok(()), &text)
}
