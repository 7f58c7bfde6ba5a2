//! What an examination can find: sorts of findings with how grave they are and what to do about them.

use super::Ailment;
use serde::Serialize;
use std::path::Path;

/// How much a finding matters, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nobody needs to act now.
    Note,
    /// A person should act; messages flow meanwhile.
    Warning,
    /// Something does not work, or is about to be lost.
    Fault,
}

impl Severity {
    /// The word in JSON, in text and in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Fault => "fault",
        }
    }
}

/// One sort of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Sort {
    /// Its name, unique: `certificate.expired`.
    pub id: &'static str,
    /// The part it is about, as in [`Ailment::check`].
    pub check: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What it means, for the documentation.
    pub means: &'static str,
    /// What to do.
    pub advice: &'static str,
}

impl Sort {
    /// It was found: `what` says what exactly and where, without personal data or secrets.
    pub fn found(&self, what: impl Into<String>) -> Ailment {
        Ailment {
            check: self.check,
            sort: self.id,
            severity: self.severity,
            what: what.into(),
            advice: self.advice,
            cases: Vec::new(),
            file: None,
            owed: Vec::new(),
        }
    }

    /// It was found of a certificate or key.
    pub(super) fn found_of(&self, file: &Path, what: impl Into<String>) -> Ailment {
        Ailment { file: Some(file.to_owned()), ..self.found(what) }
    }

    /// It was found in several places.
    pub fn found_in(&self, what: impl Into<String>, cases: Vec<String>) -> Ailment {
        Ailment { cases, ..self.found(what) }
    }
}
