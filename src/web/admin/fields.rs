//! Fields of the objects that administrators edit: one table per object says what there is, and forms, their reading and the
//! sentences of the summaries all follow it. A field is named as the contract names it, in dotted form, so that a refusal of
//! `model` finds its place by itself.

mod choices;
mod grants;
mod read;
mod show;
mod units;

use serde_json::Value;

pub(super) use read::{Fault, apply, close_rows};
pub(super) use show::{Control, FieldView, Lists, say, views, wrong};
pub(super) use units::bytes_text;

/// One member of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Where it is, in dotted form. Below a [`Kind::Rows`] it is relative to the row.
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    /// Name of its texts where it is not the last part of the key: `field.<name>` and `hint.<name>`.
    name: Option<&'static str>,
    pub(super) is_required: bool,
    /// Shown with this choice of the field that decides which others there are: storage, trigger, type.
    pub(super) variant: Option<i64>,
}

/// What a field holds, and so how it looks and is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Paths, addresses, keys: in mono.
    Code,
    /// Text of several lines.
    Area,
    Email,
    /// A text with suggestions: the list of that name.
    Suggest(&'static str),
    /// A new password; empty keeps the stored one, the box beside it takes it away.
    Password,
    /// A whole number with its unit (`unit.<name>`), empty for none.
    Number(&'static str),
    /// Bytes, written with a unit (UI-009).
    Bytes,
    /// Milliseconds since the epoch.
    Moment,
    Tick,
    /// A list of texts, one a line.
    Lines,
    /// A list of texts, separated by commas: in rows.
    Words,
    /// A list of PEM texts.
    Pems,
    /// One of these texts; its names are `option.<text>`.
    Choice(&'static [&'static str]),
    /// One of these numbers, with the names of their texts.
    Numbers(&'static [(i64, &'static str)]),
    /// As [`Kind::Numbers`], and decides which other fields there are.
    Variants(&'static [(i64, &'static str)]),
    /// As [`Kind::Variants`], of which those are offered that this build has.
    Storages(&'static [(i64, &'static str)]),
    /// Several of these numbers.
    Set(&'static [(i64, &'static str)]),
    /// Several of these texts.
    Picks(&'static [&'static str]),
    /// Bits of a number.
    Bits(&'static [(i64, &'static str)]),
    /// A sealed text; empty keeps the stored one.
    Secret,
    /// A list of objects.
    Rows(&'static [Field]),
    /// Permissions by path.
    Permissions,
}

impl Field {
    pub(super) const fn new(key: &'static str, kind: Kind) -> Self {
        Self { key, kind, name: None, is_required: false, variant: None }
    }

    /// Its texts have another name than its key ends with.
    pub(super) const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Of one variant only.
    pub(super) const fn of_variant(mut self, variant: i64) -> Self {
        self.variant = Some(variant);
        self
    }

    /// The name of its texts.
    pub(super) fn text(&self) -> &'static str {
        self.name.unwrap_or_else(|| self.key.rsplit('.').next().unwrap_or(self.key))
    }
}

/// A group of fields that is shown and saved together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Card {
    /// Name of its text (`card.<id>`), and what the address has.
    pub(super) id: &'static str,
    pub(super) icon: &'static str,
    pub(super) fields: &'static [Field],
}

/// What is at a dotted place.
pub(super) fn at<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(object, |value, part| value.get(part))
}

/// Puts a value at a dotted place; objects on the way are made.
pub(super) fn put(object: &mut Value, key: &str, value: Value) {
    let mut place = object;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        let Some(members) = place.as_object_mut() else { return };
        if parts.peek().is_none() {
            members.insert(part.to_owned(), value);
            return;
        }
        place = members.entry(part.to_owned()).or_insert(Value::Null);
    }
}

/// Nothing, or what a default is.
pub(super) fn is_unset(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Number(number)) => number.as_i64() == Some(0),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.values().all(|value| is_unset(Some(value))),
        Some(Value::Bool(true)) => false,
    }
}

#[cfg(test)]
mod tests;
