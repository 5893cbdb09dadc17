//! What a look at the health of a server finds.

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It works, and may not for long, or not as safely as it could.
    Warning,
    /// It does not work.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at: `clock`, `disk`, `database`, …
    pub area: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, as a sentence.
    pub message: String,
    /// What to do about it, where possible a command to copy; empty if there is nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

impl Finding {
    /// All is well.
    pub fn ok(area: &str, message: impl Into<String>) -> Self {
        Self { area: area.to_owned(), severity: Severity::Ok, message: message.into(), fix: String::new() }
    }

    /// Something to look after.
    pub fn warning(area: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { area: area.to_owned(), severity: Severity::Warning, message: message.into(), fix: fix.into() }
    }

    /// Something that does not work.
    pub fn error(area: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(area, message, fix) }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// The worst of the findings.
    pub severity: Severity,
    /// The findings, in the order in which they were made.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// The findings, judged.
    pub fn of(findings: Vec<Finding>) -> Self {
        let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok);
        Self { severity, findings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_finding_is_the_verdict() {
        let (ok, warning) = (Finding::ok("clock", "right"), Finding::warning("disk", "nearly full", "free space"));
        assert_eq!(Examination::of(vec![warning.clone(), ok.clone()]).severity, Severity::Warning);
        assert_eq!(Examination::of(vec![ok, warning, Finding::error("x", "y", "z")]).severity, Severity::Error);
        assert_eq!(Examination::of(Vec::new()).severity, Severity::Ok);
    }
}
