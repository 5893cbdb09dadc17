//! Constructors that keep the rows short.

use super::{Check, DefaultValue, Setting, Support};

/// Largest number of anything that is counted: fits every integer type used for it.
const MAX_COUNT: i64 = u32::MAX as i64;

const fn row(key: &'static str, default: DefaultValue, check: Check, doc: &'static str) -> Setting {
    Setting { key, default, check, doc, hot: false, secret: false, repaired: false, support: Support::Used }
}

pub(super) const fn bool(key: &'static str, default: bool, doc: &'static str) -> Setting {
    row(key, DefaultValue::Bool(default), Check::Any, doc)
}

/// A number that is not negative.
pub(super) const fn int(key: &'static str, default: i64, doc: &'static str) -> Setting {
    row(key, DefaultValue::Int(default), Check::Range(0, MAX_COUNT), doc)
}

/// A number of bytes.
pub(super) const fn size(key: &'static str, default: i64, doc: &'static str) -> Setting {
    row(key, DefaultValue::Int(default), Check::Range(0, i64::MAX), doc)
}

/// A TCP port.
pub(super) const fn port(key: &'static str, default: i64, doc: &'static str) -> Setting {
    row(key, DefaultValue::Int(default), Check::Range(0, 65_535), doc)
}

pub(super) const fn float(key: &'static str, default: f64, doc: &'static str) -> Setting {
    row(key, DefaultValue::Float(default), Check::NotNegative, doc)
}

pub(super) const fn text(key: &'static str, default: &'static str, doc: &'static str) -> Setting {
    row(key, DefaultValue::Str(default), Check::Any, doc)
}

pub(super) const fn list(key: &'static str, default: &'static [&'static str], doc: &'static str) -> Setting {
    row(key, DefaultValue::List(default), Check::Any, doc)
}

impl Setting {
    pub(super) const fn check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    pub(super) const fn range(self, minimum: i64, maximum: i64) -> Self {
        self.check(Check::Range(minimum, maximum))
    }

    pub(super) const fn ints(self, values: &'static [i64]) -> Self {
        self.check(Check::Ints(values))
    }

    pub(super) const fn texts(self, values: &'static [&'static str]) -> Self {
        self.check(Check::Texts(values))
    }

    pub(super) const fn hot(mut self) -> Self {
        self.hot = true;
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(super) const fn repaired(mut self) -> Self {
        self.repaired = true;
        self
    }

    pub(super) const fn ignored(mut self) -> Self {
        self.support = Support::Ignored;
        self
    }

    pub(super) const fn refused(mut self) -> Self {
        self.support = Support::Refused;
        self
    }
}
