//! Which municipalities take part, in what, on which day.
//!
//! Municipalities end and merge, and some stay out of a segment: for a law, for a time, or for good. Everything here is
//! judged on a day, the first day of the care.

use super::section::Section;
use super::{Grouping, Municipality, Profile, Region, Segment};
use crate::contract::fault::hint;
use crate::message::{Date, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

/// A municipality that stays out of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Municipality.
    pub gemeente: Party,
    /// Law for which it stays out; `None` for all laws of the segment.
    pub law: Option<Law>,
    /// First day; `None` when from the beginning.
    pub from: Option<Date>,
    /// Last day; `None` when until further notice.
    pub to: Option<Date>,
}

impl Exception {
    fn holds(&self, law: Law, gemeente: &Party, on: Date) -> bool {
        self.gemeente == *gemeente
            && self.law.is_none_or(|own| own == law)
            && self.from.is_none_or(|from| from <= on)
            && self.to.is_none_or(|to| on <= to)
    }

    /// Whether nothing of the segment is left for the municipality.
    fn is_complete(&self) -> bool {
        self.law.is_none() && self.from.is_none() && self.to.is_none()
    }
}

impl Municipality {
    /// Whether the municipality exists on `on`.
    pub fn exists_on(&self, on: Date) -> bool {
        self.from.is_none_or(|from| from <= on) && self.to.is_none_or(|to| on <= to)
    }
}

impl Region {
    /// The municipality with this code, if it is of the region on `on`.
    pub fn municipality_on(&self, gemeente: &Party, on: Date) -> Option<&Municipality> {
        self.municipalities.get(gemeente).filter(|municipality| municipality.exists_on(on))
    }

    /// Whether a municipality takes part in a segment under a law on `on`.
    pub fn takes_part(&self, segment: &Segment, law: Law, gemeente: &Party, on: Date) -> bool {
        segment.laws.contains(&law)
            && segment.municipalities.contains(gemeente)
            && self.municipality_on(gemeente, on).is_some()
            && !segment.exceptions.iter().any(|exception| exception.holds(law, gemeente, on))
    }
}

impl<'t, 'r> Profile<'t, 'r> {
    pub(super) fn municipalities(
        &self,
        mut groupings: BTreeMap<String, Grouping>,
    ) -> (BTreeMap<Party, Municipality>, BTreeMap<String, Grouping>) {
        let mut all: BTreeMap<String, Municipality> = BTreeMap::new();
        for section in self.root.sections("municipality") {
            let known: Vec<&str> = groupings.keys().map(String::as_str).collect();
            self.read_one(section, "code", &mut all, |section| read_municipality(section, &known));
        }
        for (code, municipality) in &all {
            for group in &municipality.groupings {
                if let Some(grouping) = groupings.get_mut(group) {
                    grouping.members.insert(Party::from(code.as_str()));
                }
            }
        }
        if all.is_empty() {
            self.root.fault("municipality", "no municipality is named", "add a [[municipality]] for each");
        }
        (all.into_iter().map(|(code, each)| (Party(code), each)).collect(), groupings)
    }

    /// The `[[segment.exception]]` tables.
    pub(super) fn exceptions(
        &self,
        segment: &Section<'t, 'r>,
        municipalities: &BTreeMap<Party, Municipality>,
    ) -> Vec<Exception> {
        let mut all = Vec::new();
        for section in segment.sections("exception") {
            let gemeente = section.text("municipality").map(Party);
            if let Some(code) = gemeente.as_ref().filter(|code| !municipalities.contains_key(*code)) {
                let remedy = hint(code.as_str(), municipalities.keys().map(Party::as_str));
                section.fault("municipality", format!("municipality {code} is not in the region"), remedy);
            }
            let words = Law::ALL.map(Law::as_str);
            let law = section.has("law").then(|| section.word("law", Law::parse, &words)).flatten();
            let (from, to) = read_days(&section);
            all.extend(gemeente.map(|gemeente| Exception { gemeente, law, from, to }));
            self.close(section);
        }
        all
    }
}

fn read_municipality(section: &Section<'_, '_>, known: &[&str]) -> Option<Municipality> {
    let code = section.text("code")?;
    check_code(section, "code", &code);
    let name = section.text("name");
    let (from, to) = read_days(section);
    let successor = section.optional_text("successor");
    if let Some(successor) = &successor {
        check_code(section, "successor", successor);
        if to.is_none() {
            section.fault("successor", "a successor of a municipality that did not end", "add valid_to, or remove it");
        }
    }
    let groups = section.texts("groupings")?;
    for group in groups.iter().filter(|group| !known.contains(&group.as_str())) {
        section.fault("groupings", format!("unknown grouping `{group}`"), hint(group, known.iter().copied()));
    }
    let (successor, groupings) = (successor.map(Party), groups.into_iter().collect());
    Some(Municipality { name: name?, groupings, from, to, successor })
}

fn check_code(section: &Section<'_, '_>, key: &str, code: &str) {
    if code.len() != 4 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        section.fault(key, format!("`{code}` is no municipality code"), "write the four digits of CBS");
    }
}

/// `valid_from` and `valid_to`, both optional.
fn read_days(section: &Section<'_, '_>) -> (Option<Date>, Option<Date>) {
    let (from, to) = (section.optional_date("valid_from"), section.optional_date("valid_to"));
    if let (Some(first), Some(last)) = (from, to)
        && last < first
    {
        section.fault("valid_to", format!("{last} lies before {first}"), "correct one of the two");
    }
    (from, to)
}

/// Municipalities of a segment: `municipalities = ["all"]`, or a list of groupings; without those that stay out for good.
pub(super) fn members(
    section: &Section<'_, '_>,
    municipalities: &BTreeMap<Party, Municipality>,
    groupings: &BTreeMap<String, Grouping>,
    exceptions: &[Exception],
) -> Option<BTreeSet<Party>> {
    let names = section.texts("municipalities")?;
    let mut members = BTreeSet::new();
    for name in &names {
        if name == "all" {
            members.extend(municipalities.keys().cloned());
        } else if let Some(grouping) = groupings.get(name) {
            members.extend(grouping.members.iter().cloned());
        } else {
            let known = groupings.keys().map(String::as_str).chain(["all"]);
            section.fault("municipalities", format!("unknown grouping `{name}`"), hint(name, known));
        }
    }
    for exception in exceptions.iter().filter(|exception| exception.is_complete()) {
        members.remove(&exception.gemeente);
    }
    Some(members)
}
