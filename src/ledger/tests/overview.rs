//! What the overview reads.

use super::*;
use crate::finding::Finding;

fn came(sut: &Sut, id: &str, moment: &str, decision: Decision) {
    let inbox = Inbox { received_at: moment.parse().expect("a moment"), ..inbox(id) };
    sut.store(inbox, decision);
}

fn broken(rules: &[&str]) -> Vec<Finding> {
    let finding = |rule: &&str| Finding {
        rule: (*rule).to_owned(),
        code: None,
        class: "Header".to_owned(),
        path: "/Bericht".to_owned(),
        line: 1,
        column: 1,
        nl: String::new(),
        en: String::new(),
        facts: BTreeMap::new(),
    };
    rules.iter().map(finding).collect()
}

#[test]
fn messages_are_counted_by_hour_and_by_dutch_day() {
    let sut = Sut::new();
    // Half past eleven in the evening, UTC, is half past midnight of the next day in the Netherlands.
    let moments = ["2026-03-27T09:15:00Z", "2026-03-27T22:30:00Z", "2026-03-27T23:30:00Z", "2026-03-28T09:05:00Z"];
    for (at, moment) in moments.into_iter().enumerate() {
        came(&sut, &at.to_string(), moment, Decision::set_aside());
    }
    let now: Timestamp = "2026-03-28T09:30:00Z".parse().expect("a moment");
    let figures = sut.get(move |tx| tx.overview_figures(now));
    assert_eq!(figures.hours.len(), 24);
    assert_eq!(figures.hours[23].from, "2026-03-28T09:00:00Z".parse().expect("a moment"));
    assert_eq!(figures.hours.iter().map(|hour| hour.messages.total()).sum::<u64>(), 3, "one is older than a day");
    assert_eq!(figures.hours[23].messages.parked, 1);
    assert_eq!(figures.today.iter().map(|kind| kind.messages.parked).sum::<u64>(), 2);
    assert_eq!(figures.last_hour.total(), 1);
    assert_eq!(figures.last_received, Some("2026-03-28T09:05:00Z".parse().expect("a moment")));
    assert_eq!(figures.counts.parked.count, 4);
}

#[test]
fn kinds_of_today_stand_apart_and_rules_count_messages_once() {
    let sut = Sut::new();
    let rejected = |number, id: &str, rules: &[&str]| Decision {
        verdict: Verdict::Rejected,
        findings: broken(rules),
        ..accepted(identity(wmo(number), id))
    };
    came(&sut, "a", "2026-03-10T08:00:00Z", accepted(identity(wmo(Number::N323), "a")));
    came(&sut, "b", "2026-03-10T08:00:00Z", rejected(Number::N323, "b", &["TR304", "TR304", "TR019"]));
    came(&sut, "c", "2026-03-10T08:00:00Z", rejected(Number::N305, "c", &["TR304"]));
    came(&sut, "d", "2026-03-09T08:00:00Z", rejected(Number::N305, "d", &["TR056"]));
    let now: Timestamp = "2026-03-10T12:00:00Z".parse().expect("a moment");
    let figures = sut.get(move |tx| tx.overview_figures(now));
    let kinds = figures.today.iter().map(|each| (each.kind.as_deref(), each.messages.accepted, each.messages.rejected));
    assert_eq!(kinds.collect::<Vec<_>>(), [(Some("WMO305"), 0, 1), (Some("WMO323"), 1, 1)]);
    let rules = figures.rules.iter().map(|each| (each.rule.as_str(), each.messages));
    assert_eq!(rules.collect::<Vec<_>>(), [("TR304", 2), ("TR019", 1)]);
}
