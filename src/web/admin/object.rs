//! Objects with a name that administrators list, create, edit and delete: the pages of all of them, written once. What differs
//! is a table of fields and the use cases of `core`.

mod bulk;
mod column;
mod edit;
mod export;
mod faults;
mod filter;
mod list;
mod narrowing;
mod panel;
mod text;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig, get, post, resource},
};
use entrepot_core::{
    Core, Error, Result,
    admin::{AdminSession, ListOptions, event_actions, folders, groups, roles},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub(super) use column::Column;
pub(super) use faults::fault;
pub(super) use filter::{Asked, Filter};
pub(super) use narrowing::{ColumnView, FilterView, Head, columns, filters, heads};
pub(super) use panel::{Names, Panel, may_name};

use super::{
    cells::Cell,
    fields::{Card, Field, Lists},
};
use crate::{
    api::escaped,
    error::only,
    frame::{AdminPage, Area, Form, Look, answer::redirect_refusing},
};

/// Field with the state that a form was made from.
const STATE: &str = "_state";

/// What an administrator may do with a kind of objects. Pages hide the rest; the use cases refuse it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    pub(super) add: bool,
    pub(super) edit: bool,
    pub(super) delete: bool,
}

impl Rights {
    /// All or nothing.
    pub(super) fn all(may: bool) -> Self {
        Self { add: may, edit: may, delete: may }
    }
}

/// Something that can be done with one object beside editing it.
pub(super) struct Action {
    /// Path below `/web/admin`.
    pub(super) to: String,
    pub(super) label: &'static str,
    pub(super) icon: &'static str,
}

/// A kind of objects.
pub(super) trait Object: Serialize + DeserializeOwned + Sized + 'static {
    /// Segment of the addresses of one object, and prefix of its texts.
    const ONE: &'static str;
    /// Segment of the address of the list.
    const MANY: &'static str;
    /// Place in the rail.
    const PLACE: &'static str;
    /// Columns of the list, after the name.
    const COLUMNS: &'static [Column];
    /// What the list can be narrowed to.
    const FILTERS: &'static [Filter] = &[];
    /// Fields of the form that creates one.
    const CREATE: &'static [Field];
    /// Kinds of new ones that somebody can start from: names of texts `start.<name>`.
    const STARTS: &'static [&'static str] = &[];
    /// Texts of it may hold placeholders.
    const HAS_PLACEHOLDERS: bool = false;
    /// Who is created can be invited to set a password at once.
    const IS_INVITED: bool = false;
    /// It can be enabled and disabled.
    const HAS_STATUS: bool = false;

    /// Groups of fields of the page of one.
    fn cards() -> &'static [Card];

    fn name(&self) -> &str;

    /// What a list shows beside the name: a line below it, and a cell for each of [`Self::COLUMNS`].
    fn line(&self, look: &Look) -> (String, Vec<Cell>);

    fn rights(session: &AdminSession) -> Rights;

    /// What a new one is before anything is typed; `start` is one of [`Self::STARTS`], or empty.
    fn blank(_core: &Core, _start: &str) -> Value {
        json!({})
    }

    /// What fields suggest.
    async fn lists(_core: &Core, _session: &AdminSession) -> Lists {
        Lists::new()
    }

    /// Whether the administrator sees a card at all.
    fn shows(_core: &Core, _session: &AdminSession, _card: &str) -> bool {
        true
    }

    /// What holds after others had their say, with the names of those: groups, for users.
    async fn effective(&self, _core: &Core, _session: &AdminSession) -> Option<(Value, Vec<(String, Value)>)> {
        None
    }

    /// What else can be done with it.
    fn actions(&self, _session: &AdminSession, _look: &Look) -> Vec<Action> {
        Vec::new()
    }

    /// What stands beside its cards and is edited elsewhere.
    async fn panels(&self, _core: &Core, _session: &AdminSession, _look: &Look) -> Vec<Panel> {
        Vec::new()
    }

    /// What is told when it was just made, and never again: a key.
    fn shown_once(&self) -> Option<String> {
        None
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>>;

    /// How many such a list has without paging.
    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64>;

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self>;

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self>;

    /// What saving it would say of its members; nothing is saved.
    async fn check(self, _core: &Core, _session: &AdminSession, _is_new: bool) -> Result<()> {
        Ok(())
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, form: &Form) -> Result<()>;

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()>;

    /// Enables or disables it; false if it is so already.
    async fn set_status(_core: &Core, _session: &AdminSession, _name: &str, _is_enabled: bool) -> Result<bool> {
        Err(Error::Unsupported)
    }

    /// Whether the administrator may put several of them into a group.
    fn joins(_session: &AdminSession) -> bool {
        false
    }

    /// Puts it into a group, in this way, or without one takes it out; false if it is so already.
    async fn set_group(_core: &Core, _session: &AdminSession, _name: &str, _group: &str, _kind: Option<i64>) -> Result<bool> {
        Err(Error::Unsupported)
    }
}

/// Names that are suggested where one is typed.
const SUGGESTED: u64 = 500;

/// Names of the groups, folders, roles or actions that the administrator sees; nobody is refused a page for want of them.
pub(super) async fn names(core: &Core, session: &AdminSession, list: &str) -> Vec<String> {
    let options = ListOptions { limit: SUGGESTED, ..ListOptions::default() };
    let found = match list {
        "groups" => groups::names(core, session, options).await,
        "folders" => folders::names(core, session, options).await,
        "roles" => roles::names(core, session, options).await,
        "actions" => event_actions::names(core, session, options).await,
        _ => Ok(Vec::new()),
    };
    found.unwrap_or_default()
}

/// Address of the list.
pub(super) fn many<T: Object>() -> String {
    Area::Admin.page(T::MANY)
}

/// Address of one.
pub(super) fn one<T: Object>(name: &str) -> String {
    format!("{}/{}", Area::Admin.page(T::ONE), escaped(name))
}

/// Members that change without anybody editing the object.
const MOVING: [&str; 6] = ["used_quota_size", "used_quota_files", "last_quota_update", "users", "groups", "rules"];

/// Tells the states of an object apart: the moment of the last change or, of kinds that have none, a hash of what it is.
pub(super) fn state(stored: &Value) -> String {
    if let Some(moment) = stored.get("updated_at").and_then(Value::as_i64) {
        return moment.to_string();
    }
    let members = stored.as_object().into_iter().flatten();
    let mut hasher = DefaultHasher::new();
    for (name, value) in members.filter(|(name, _)| !MOVING.contains(&name.as_str())) {
        (name, value.to_string()).hash(&mut hasher);
    }
    format!("{:x}", hasher.finish())
}

/// Somebody else changed the object since the page with this form was made. A form without a state was made by no page.
pub(super) fn is_stale(form: &Form, stored: &Value) -> bool {
    form.find(STATE).is_some_and(|known| known != state(stored))
}

/// The answer to a form about an object that was deleted meanwhile: the list, which says so.
fn gone<T: Object>(page: &AdminPage, name: &str) -> HttpResponse {
    redirect_refusing(&many::<T>(), &page.look, page.look.say(page.look.t.object_gone, name))
}

/// The pages of a kind.
pub(super) fn routes<T: Object>(config: &mut ServiceConfig) {
    let at = |path: String| resource(path).default_service(web::to(only("GET, HEAD, POST")));
    let one = format!("/{}", T::ONE);
    config
        .service(at(format!("/{}", T::MANY)).route(get().to(list::list::<T>)))
        .route(&format!("/{}/bulk", T::MANY), post().to(bulk::act::<T>))
        .route(&format!("/{}/columns", T::MANY), post().to(column::choose::<T>))
        .route(&format!("/{}/export", T::MANY), get().to(export::csv::<T>))
        .service(at(one.clone()).route(get().to(edit::blank::<T>)).route(post().to(edit::create::<T>)))
        .service(at(format!("{one}/{{name}}")).route(get().to(edit::show::<T>)).route(post().to(edit::save::<T>)))
        .service(at(format!("{one}/{{name}}/json")).route(get().to(text::show::<T>)).route(post().to(text::save::<T>)))
        .service(at(format!("{one}/{{name}}/delete")).route(get().to(list::ask::<T>)).route(post().to(list::delete::<T>)));
}
