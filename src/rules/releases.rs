//! Which rules hold in which release of the standard.
//!
//! A rule that stands nowhere in [`VALIDITY`] has held since release 3.2 and still does. A new release adds rows: for a
//! rule that ends its last release, for a new one its first. A rule that only changes is two rules with one id in the
//! standard: the old file ends, a new file begins, and each keeps its cases.

use super::Rule;
use crate::message::Release;

/// The releases in which a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The rule.
    pub id: &'static str,
    /// First release.
    pub since: Release,
    /// Last release; `None` when it still holds.
    pub until: Option<Release>,
}

/// Rules that do not hold in every release.
pub const VALIDITY: &[Validity] = &[];

/// The rules of the registry that hold in `release`, by level and then by id.
pub fn in_force(release: Release) -> Vec<&'static Rule> {
    select(super::all(), VALIDITY, release)
}

/// Those of `rules` that hold in `release` by the table `validity`.
pub fn select(rules: Vec<&'static Rule>, validity: &[Validity], release: Release) -> Vec<&'static Rule> {
    let holds = |rule: &&'static Rule| {
        let mut rows = validity.iter().filter(|row| row.id == rule.id).peekable();
        rows.peek().is_none() || rows.any(|row| row.since <= release && row.until.is_none_or(|until| release <= until))
    };
    rules.into_iter().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V3_3: Release = Release { versie: 3, subversie: 3 };
    const V4_0: Release = Release { versie: 4, subversie: 0 };

    #[test]
    fn the_table_names_rules_of_the_registry() {
        for row in VALIDITY {
            assert!(crate::rules::all().iter().any(|rule| rule.id == row.id), "{} is no rule", row.id);
            assert!(row.until.is_none_or(|until| row.since <= until), "{} ends before it begins", row.id);
        }
    }

    #[test]
    fn a_rule_holds_from_its_first_release_to_its_last() {
        let table = [
            Validity { id: "CS336", since: Release::V3_2, until: Some(V3_3) },
            Validity { id: "TR018", since: V3_3, until: None },
        ];
        let ids = |release| -> Vec<&str> {
            let rules = select(crate::rules::all(), &table, release);
            rules.iter().map(|rule| rule.id).filter(|id| ["CS335", "CS336", "TR302"].contains(id)).collect()
        };
        assert_eq!(ids(Release::V3_2), ["CS335", "CS336", "TR302"]);
        assert_eq!(ids(V3_3), ["CS335", "CS336", "TR302"]);
        assert_eq!(ids(V4_0), ["CS335", "TR302"]);
        let begins = Validity { id: "CS335", since: V3_3, until: None };
        assert!(select(crate::rules::all(), &[begins], Release::V3_2).iter().all(|rule| rule.id != "CS335"));
        assert!(select(crate::rules::all(), &[begins], V4_0).iter().any(|rule| rule.id == "CS335"));
    }
}
