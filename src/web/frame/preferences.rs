//! Theme and language: choices of a browser, kept in its cookies.

use actix_web::web::{post, resource};
use actix_web::{HttpRequest, HttpResponse, web, web::ServiceConfig};

use super::{Form, Look, PageResult, cookies, cookies::Kept, next, redirect, words::Language};
use crate::error::only;

/// `/web/theme` and `/web/language`.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/theme").route(post().to(theme)).default_service(web::to(only("POST"))))
        .service(resource("/language").route(post().to(language)).default_service(web::to(only("POST"))));
}

async fn theme(request: HttpRequest, form: Form) -> PageResult {
    let wanted = form.get("theme");
    let wanted = ["light", "dark", "auto"].into_iter().find(|theme| *theme == wanted).unwrap_or("auto");
    Ok(chosen(&request, &form, Kept::Theme, wanted))
}

async fn language(request: HttpRequest, form: Form) -> PageResult {
    let wanted = Language::of(form.get("language")).unwrap_or(Language::English);
    Ok(chosen(&request, &form, Kept::Language, wanted.tag()))
}

fn chosen(request: &HttpRequest, form: &Form, kept: Kept, value: &str) -> HttpResponse {
    let look = Look::of(request, None);
    let mut answer = redirect(next::own(form.get("back")).unwrap_or("/"));
    cookies::add(&mut answer, &kept.choice(value, look.secure));
    answer
}
