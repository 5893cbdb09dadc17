//! A secret in the settings.

use std::fmt;
use std::ops::Deref;

use entrepot_secrets::Sensitive;
use serde::{Deserialize, Deserializer};

/// A text that prints as `***` and is wiped when dropped; it reads like any other text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretText(Sensitive<String>);

impl Deref for SecretText {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.expose()
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Sensitive::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
