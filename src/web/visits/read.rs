//! Reading: the list of a share, one file, several, all.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;
use entrepot_core::shares::{About, Purpose, Visit, VisitError};
use entrepot_model::VirtualPath;

use super::{Refusal, Visitor, page};
use crate::{
    api::{public_shares, query::Parameters},
    client::{
        entries::{self, Order, ROWS, Row},
        place::{Crumb, crumbs, encoded},
        texts,
    },
    files::PathQuery,
    frame::{Form, Look, PageError, look::Html},
    pages::page as html,
};

type Shown = Result<HttpResponse, Refusal>;

#[derive(Template)]
#[template(path = "public/browse.html")]
struct BrowsePage {
    f: Look,
    base: String,
    id: String,
    about: About,
    /// The path below the share, as an address has it.
    path: String,
    crumbs: Vec<Crumb>,
    order: Order,
    rows: Vec<Row>,
    total: usize,
    bytes: i64,
    number: usize,
    pages: usize,
    has_session: bool,
    may_write: bool,
    /// Files may be looked at: previews are not switched off, and looking uses nothing up.
    may_look: bool,
    chunk: u64,
    texts: Html,
}

impl BrowsePage {
    fn title(&self) -> &str {
        if self.about.name.is_empty() { self.about.names.first().map_or("", String::as_str) } else { &self.about.name }
    }

    fn left(&self) -> Option<String> {
        left(&self.f, &self.about)
    }

    fn at(&self, row: &Row) -> String {
        format!("{}/{}", self.path.trim_end_matches('/'), row.encoded)
    }

    /// Pictures all through: shown as such.
    fn is_gallery(&self) -> bool {
        self.may_look
            && !self.rows.is_empty()
            && self.rows.iter().filter(|row| row.is_picture() && row.size < 12_000_000).count() * 2 > self.rows.len()
    }
}

#[derive(Template)]
#[template(path = "public/offer.html")]
struct OfferPage {
    f: Look,
    base: String,
    about: About,
    /// The only file of the share: name, sign and size.
    file: Option<(String, String, i64)>,
    has_session: bool,
}

impl OfferPage {
    fn left(&self) -> Option<String> {
        left(&self.f, &self.about)
    }

    fn title(&self) -> &str {
        if self.about.name.is_empty() { self.about.names.first().map_or("", String::as_str) } else { &self.about.name }
    }
}

/// How often the link can still be used.
fn left(look: &Look, about: &About) -> Option<String> {
    let left = usize::try_from(about.uses_left?).unwrap_or_default();
    Some(look.count(look.t.visit_left_uses, left))
}

/// UI-142
pub(super) async fn browse(request: HttpRequest, visitor: Visitor, paths: PathQuery) -> Shown {
    let visit = visitor.visit_or_home(&request, Purpose::Read).await?;
    let refused = |error: VisitError| Refusal::new(&request, error);
    let root = match visit.directory().await {
        Ok(root) => root.clone(),
        Err(VisitError::NotOneDirectory) => return Ok(crate::frame::redirect(&page(&visitor.id, "/download"))),
        Err(error) => return Err(refused(error)),
    };
    let named = paths.bytes("path").map_err(|error| Refusal::of_api(&request, &visitor.id, &error))?;
    let path = visit.inside(named).await.map_err(refused)?;
    let order = Order::of(&visitor.query);
    let rows = entries::read(&visit.fs(), &path, order).await.map_err(|error| match error {
        PageError::Core(error) => refused(error.into()),
        _ => refused(VisitError::Unknown),
    })?;
    Ok(html(StatusCode::OK, &built(visitor, &visit, (&root, &path), order, rows)))
}

fn built(
    visitor: Visitor,
    visit: &Visit,
    (root, path): (&VirtualPath, &VirtualPath),
    order: Order,
    rows: Vec<Row>,
) -> BrowsePage {
    let below = path.strip_prefix(root).unwrap_or_default();
    let below = VirtualPath::parse(below).unwrap_or_else(|_| VirtualPath::root());
    let (total, bytes) = (rows.len(), rows.iter().map(|row| row.size).fold(0, i64::saturating_add));
    let pages = total.div_ceil(ROWS).max(1);
    let number = visitor.query.get("page").parse().unwrap_or(1).clamp(1, pages);
    let about = visit.about();
    let is_off = visitor.site.core().settings().hook.webclient_disable_preview;
    BrowsePage {
        base: page(&visitor.id, ""),
        path: encoded(below.as_bytes()),
        crumbs: crumbs(&below),
        order,
        rows: rows.into_iter().skip((number - 1) * ROWS).take(ROWS).collect(),
        total,
        bytes,
        number,
        pages,
        has_session: visit.has_session(),
        may_write: visit.scope().can_write(),
        may_look: about.uses_left.is_none() && !is_off,
        chunk: u64::from(visitor.client.features.upload_chunk) << 20,
        texts: texts::data(visitor.look.t),
        id: visitor.id,
        about,
        f: visitor.look,
    }
}

/// UI-143: what is in it, and one button.
pub(super) async fn offer(request: HttpRequest, visitor: Visitor) -> Shown {
    let visit = visitor.visit_or_home(&request, Purpose::Read).await?;
    let single = visit.single_file().await.map_err(|error| Refusal::new(&request, error))?;
    let file = single.map(|(path, found)| {
        let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
        let sign = entries::sign(&name);
        (name, sign, i64::try_from(found.size).unwrap_or(i64::MAX))
    });
    let (about, has_session) = (visit.about(), visit.has_session());
    Ok(html(StatusCode::OK, &OfferPage { base: page(&visitor.id, ""), about, file, has_session, f: visitor.look }))
}

/// All of it, as the REST API sends it.
pub(super) async fn all(request: HttpRequest, visitor: Visitor, paths: PathQuery, query: Parameters) -> Shown {
    let visit = visitor.visit(&request, Purpose::Download).await?;
    let sent = public_shares::read::all_of(&request, &visit, &paths, &query).await;
    sent.map_err(|error| Refusal::of_api(&request, &visitor.id, &error))
}

/// One file.
pub(super) async fn file(request: HttpRequest, visitor: Visitor, paths: PathQuery) -> Shown {
    let visit = visitor.visit(&request, Purpose::Download).await?;
    let sent = public_shares::read::file_of(&request, &visit, &paths).await;
    sent.map_err(|error| Refusal::of_api(&request, &visitor.id, &error))
}

/// Those that were ticked, as one archive.
pub(super) async fn partial(request: HttpRequest, visitor: Visitor, paths: PathQuery, form: Form) -> Shown {
    let visit = visitor.visit(&request, Purpose::Read).await?;
    let refused = |error: VisitError| Refusal::new(&request, error);
    let named = paths.bytes("path").map_err(|error| Refusal::of_api(&request, &visitor.id, &error))?;
    let directory = visit.inside(named).await.map_err(refused)?;
    let mut chosen = Vec::new();
    for name in form.all("files") {
        let name = crate::files::decoded_path(name).ok_or_else(|| refused(VisitError::Outside))?;
        chosen.push(directory.child(&name).map_err(|_| refused(VisitError::Outside))?);
    }
    if chosen.is_empty() {
        let back = page(&visitor.id, &format!("/browse?path={}", encoded(named)));
        return Ok(crate::frame::answer::redirect_refusing(&back, &visitor.look, visitor.look.t.files_none_chosen));
    }
    let sent = public_shares::read::archive_of(&request, &visit, chosen).await;
    sent.map_err(|error| Refusal::of_api(&request, &visitor.id, &error))
}
