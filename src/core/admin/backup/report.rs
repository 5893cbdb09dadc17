//! What loading a backup did: told object by object.

use std::fmt;

use super::Scope;
use crate::Error;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is new here.
    Added,
    /// It replaced one of its name.
    Updated,
    /// One of its name was left as it is, because only new objects were wanted.
    Kept,
}

impl Outcome {
    /// The outcome of restoring an object that was or was not there.
    pub(in crate::admin) fn of(existed: bool) -> Self {
        if existed { Self::Updated } else { Self::Added }
    }

    /// As reports name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Kept => "kept",
        }
    }
}

/// An object that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// An object that was not loaded. Nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind; `None` when the document itself is not one.
    pub scope: Option<Scope>,
    /// Its name, or its place in the document if it has none that can be read.
    pub name: String,
    /// Why.
    pub error: Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            Some(scope) => write!(f, "{} {:?}: {}", scope.noun(), self.name, self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

/// What loading a backup did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// What was loaded, in that order.
    pub entries: Vec<Entry>,
    /// What was not. Loading ends with the first (API-094); a dry run names all.
    pub failures: Vec<Failure>,
    /// Parts of the document that this program keeps nothing of.
    pub ignored: Vec<String>,
}

impl LoadReport {
    /// How many objects of a kind ended in a way.
    pub fn count(&self, scope: Scope, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.scope == scope && entry.outcome == outcome).count()
    }

    /// One line: how many of which kind.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        for scope in Scope::ALL {
            for outcome in [Outcome::Added, Outcome::Updated, Outcome::Kept] {
                match self.count(scope, outcome) {
                    0 => {}
                    count => parts.push(format!("{} {}: {count}", scope.member(), outcome.as_str())),
                }
            }
        }
        if parts.is_empty() { "nothing was loaded".to_owned() } else { parts.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_counts_by_kind_and_outcome() {
        let entry = |scope, outcome| Entry { scope, name: "x".into(), outcome };
        let entries = vec![
            entry(Scope::Users, Outcome::Added),
            entry(Scope::Roles, Outcome::Kept),
            entry(Scope::Users, Outcome::Added),
            entry(Scope::Rules, Outcome::Updated),
        ];
        let report = LoadReport { entries, ..LoadReport::default() };
        assert_eq!(report.summary(), "roles kept: 1, users added: 2, event_rules updated: 1");
        assert_eq!(LoadReport::default().summary(), "nothing was loaded");
    }

    // API-094
    #[test]
    fn failures_name_the_object() {
        let failure =
            Failure { scope: Some(Scope::Users), name: "ada".into(), error: Error::invalid("home_dir", "home_dir is mandatory") };
        assert_eq!(failure.to_string(), "user \"ada\": home_dir is mandatory");
    }
}
