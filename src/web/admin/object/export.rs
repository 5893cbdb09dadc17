//! A list as a file for spreadsheets: all that matches, with every column.

use actix_web::{HttpResponse, http::header, web::Bytes};
use chrono::DateTime;
use entrepot_core::admin::ListOptions;
use futures_util::stream;

use super::{Object, filter::Asked};
use crate::{
    api::events::csv,
    frame::{AdminPage, PageResult},
};

/// Objects that are read at a time.
const STEP: u64 = 500;

/// RFC 4180, with the names of the columns in the first line.
pub(super) async fn csv<T: Object>(page: AdminPage) -> PageResult {
    let asked = Asked::read::<T>(&page.query, &page.session, page.look.now).whole();
    let options = asked.options(STEP);
    let mut text = String::new();
    let head = ["name", "about"].into_iter().chain(T::COLUMNS.iter().map(|column| column.name));
    csv::line(&mut text, &head.map(str::to_owned).collect::<Vec<_>>());
    // The first step is read before the answer begins: a refusal has its status.
    let first = T::list(page.core(), &page.session, options.clone()).await?;
    let now = DateTime::from_timestamp(page.core().clock().seconds(), 0).unwrap_or_default();
    let name = format!("attachment; filename=\"{}-{}.csv\"", T::MANY, now.format("%Y-%m-%dT%H-%M-%S"));
    let state = (page, options, Some(first), text);
    let steps = stream::unfold(state, |(page, options, given, mut text)| async move {
        let objects = match given {
            Some(objects) => objects,
            None => match T::list(page.core(), &page.session, options.clone()).await {
                Ok(objects) => objects,
                Err(error) => {
                    tracing::error!(%error, "an export of a list ended early");
                    return None;
                }
            },
        };
        if objects.is_empty() && text.is_empty() {
            return None;
        }
        for object in &objects {
            let (sub, cells) = object.line(&page.look);
            let all = [object.name().to_owned(), sub].into_iter().chain(cells.into_iter().map(|cell| cell.plain));
            csv::line(&mut text, &all.collect::<Vec<_>>());
        }
        let is_last = (objects.len() as u64) < STEP;
        let next = is_last.then(Vec::new);
        let options = ListOptions { offset: options.offset + STEP, ..options };
        Some((Ok::<_, actix_web::Error>(Bytes::from(text)), (page, options, next, String::new())))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(Box::pin(steps)))
}
