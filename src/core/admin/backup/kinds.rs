//! The kinds of objects in backups, in the order of loading.

use std::marker::PhantomData;

use entrepot_model::{Admin, ApiKey, BaseEventAction, BaseVirtualFolder, EventRule, Group, IpListEntry, Role, Share, User};
use futures_util::future::BoxFuture;

use super::{
    Outcome, Scope,
    object::{Load, Restorable},
};
use crate::{Core, Error, Result};

/// All kinds (API-093): what others refer to comes first.
pub(super) const KINDS: [&dyn Kind; 10] = [
    &Of::<IpListEntry>(PhantomData),
    &Of::<Role>(PhantomData),
    &Of::<BaseVirtualFolder>(PhantomData),
    &Of::<Group>(PhantomData),
    &Of::<User>(PhantomData),
    &Of::<Admin>(PhantomData),
    &Of::<ApiKey>(PhantomData),
    &Of::<Share>(PhantomData),
    &Of::<BaseEventAction>(PhantomData),
    &Of::<EventRule>(PhantomData),
];

/// The texts of a page of objects, and the name of its last.
pub(super) struct TextPage {
    pub(super) objects: Vec<String>,
    pub(super) last: Option<String>,
}

/// A kind of object, whatever its type.
pub(super) trait Kind: Sync {
    fn scope(&self) -> Scope;

    /// The JSON of up to `limit` objects after `after`.
    fn page<'a>(&'a self, core: &'a Core, after: Option<String>, limit: u64, indent: bool) -> BoxFuture<'a, Result<TextPage>>;

    /// Restores one object from its JSON; answers its name, too, if it could be read.
    fn restore<'a>(&'a self, load: &'a Load, text: &'a [u8]) -> BoxFuture<'a, (Option<String>, Result<Outcome>)>;
}

struct Of<T>(PhantomData<fn() -> T>);

impl<T: Restorable> Kind for Of<T> {
    fn scope(&self) -> Scope {
        T::SCOPE
    }

    fn page<'a>(&'a self, core: &'a Core, after: Option<String>, limit: u64, indent: bool) -> BoxFuture<'a, Result<TextPage>> {
        Box::pin(async move {
            let page = T::complete(core, after, limit).await?;
            let last = page.last().map(Restorable::name);
            let text = |object: &T| match indent {
                true => serde_json::to_string_pretty(object),
                false => serde_json::to_string(object),
            };
            let objects = page.iter().map(text).collect::<serde_json::Result<_>>();
            Ok(TextPage { objects: objects.map_err(|error| Error::internal("writing a backup", error))?, last })
        })
    }

    fn restore<'a>(&'a self, load: &'a Load, text: &'a [u8]) -> BoxFuture<'a, (Option<String>, Result<Outcome>)> {
        Box::pin(async move {
            match serde_json::from_slice::<T>(text) {
                Ok(object) => (Some(object.name()), object.restore(load).await),
                Err(error) => (None, Err(Error::invalid(T::SCOPE.member(), error.to_string()))),
            }
        })
    }
}
