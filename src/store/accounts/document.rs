//! Objects as JSON documents: which members go into columns, and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{ObjectKind, StoreError};

/// The members of an object, by the names of the REST contract.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    members: Map<String, Value>,
}

impl Document {
    /// The members of a model object.
    pub(super) fn of<T: Serialize>(kind: ObjectKind, object: &T) -> Result<Self, StoreError> {
        match serde_json::to_value(object) {
            Ok(Value::Object(members)) => Ok(Self { members }),
            Ok(_) => Err(StoreError::document(kind.to_string(), "it is not an object")),
            Err(error) => Err(StoreError::document(kind.to_string(), error)),
        }
    }

    /// The members that were stored as text.
    pub(super) fn parse(kind: ObjectKind, name: &str, text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text)
            .map(|members| Self { members })
            .map_err(|error| StoreError::document(format!("stored {kind} \"{name}\""), error))
    }

    /// The model object of these members.
    pub(super) fn into_object<T: DeserializeOwned>(self, kind: ObjectKind, name: &str) -> Result<T, StoreError> {
        serde_json::from_value(Value::Object(self.members))
            .map_err(|error| StoreError::document(format!("stored {kind} \"{name}\""), error))
    }

    /// What is left after the columns were taken out, as text.
    pub(super) fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(&self.members).map_err(|error| StoreError::document("document", error))
    }

    /// Takes out a text; empty if it is absent.
    pub(super) fn take_text(&mut self, member: &str) -> String {
        match self.members.remove(member) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// A text; empty if it is absent.
    pub(super) fn text_of(&self, member: &str) -> String {
        self.members.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Takes out a member, whatever it is.
    pub(super) fn take(&mut self, member: &str) -> Option<Value> {
        self.members.remove(member)
    }

    /// Takes out an integer; 0 if it is absent.
    pub(super) fn take_integer(&mut self, member: &str) -> i64 {
        self.members.remove(member).as_ref().and_then(Value::as_i64).unwrap_or(0)
    }

    /// Takes out a flag; false if it is absent.
    pub(super) fn take_flag(&mut self, member: &str) -> bool {
        self.members.remove(member).as_ref().and_then(Value::as_bool).unwrap_or(false)
    }

    /// Takes out a list of objects; empty if it is absent.
    pub(super) fn take_list(&mut self, member: &str) -> Vec<Self> {
        match self.members.remove(member) {
            Some(Value::Array(items)) => items.into_iter().map(Self::from_value).collect(),
            _ => Vec::new(),
        }
    }

    /// Takes out an object; empty if it is absent.
    pub(super) fn take_object(&mut self, member: &str) -> Self {
        self.members.remove(member).map(Self::from_value).unwrap_or_default()
    }

    fn from_value(value: Value) -> Self {
        match value {
            Value::Object(members) => Self { members },
            _ => Self::default(),
        }
    }

    /// Removes members that are stored elsewhere or computed.
    pub(super) fn drop_members(&mut self, members: &[&str]) {
        for member in members {
            self.members.remove(*member);
        }
    }

    /// Puts a member in.
    pub(super) fn put(&mut self, member: &str, value: impl Into<Value>) {
        self.members.insert(member.to_string(), value.into());
    }

    /// Puts a text in, unless it is empty: an absent member and an empty one mean the same.
    pub(super) fn put_text(&mut self, member: &str, text: String) {
        if !text.is_empty() {
            self.put(member, text);
        }
    }

    /// Puts a list of objects in.
    pub(super) fn put_list(&mut self, member: &str, items: Vec<Self>) {
        let items: Vec<Value> = items.into_iter().map(Value::from).collect();
        self.put(member, items);
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Object(document.members)
    }
}
