//! C16: crisis care is short, and regular care follows on it.
//!
//! Crisis care is a product marked `crisis`, or of category 46 of the Jeugdwet. Courses of it of one person, within law
//! and municipality, are one crisis when the next begins on the day after the earlier ended at the latest, whoever
//! serves. A crisis may begin before it is decided: that is no fault, and is looked at by nobody.
//!
//! Raised is a crisis that runs for more than `crisis_days` days, its first day and today included; and one that ended,
//! when more than `gap_after_stop_days` days have passed since and no other care of the person runs on beyond its end
//! or began later. An end by death, a move or another cause outside the care asks for nothing. A crisis may also simply
//! be over: so the second is only worth knowing. Both look at what can still be acted on: what runs, and what ended in
//! the twelve months up to and including today. A crisis without allocation number is left out, as in C9.

use super::courses::{Course, Ending, Person, courses, is_crisis};
use super::waits::{Period, after, days_between};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{CRISIS_DAYS, GAP_AFTER_STOP_DAYS};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C16",
    nl: "Crisiszorg is kort en wordt gevolgd door gewone zorg.",
    en: "Crisis care is short, and regular care follows on it.",
    default_policy: Policy::Signal,
    parameters: &["norms.crisis_days", "norms.gap_after_stop_days", "products.csv flags crisis"],
    run: Run::OverTime(run),
};

/// Courses of crisis care that follow each other.
struct Crisis<'a> {
    begin: Date,
    /// Last day and how it ended; `None` while it runs.
    end: Option<(Date, Ending)>,
    segment: &'a str,
    nummers: Vec<Count>,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut persons: BTreeMap<Person<'_>, Vec<Course<'_>>> = BTreeMap::new();
    for course in courses(survey) {
        persons.entry(course.person()).or_default().push(course);
    }
    let mut raised = Vec::new();
    for ((law, gemeente, _), mut courses) in persons {
        courses.sort_by_key(|course| (course.begin, course.nummer));
        // Only the latest crisis can still be acted on.
        let Some(latest) = crises(&courses).pop() else { continue };
        let found = match latest.end {
            None => latest.long(survey),
            Some((end, ending)) => latest.alone(survey, &courses, end, ending),
        };
        raised.extend(found.map(|one| Surveyed::new(law, gemeente, one)));
    }
    raised
}

/// The crises of one person, by first day; courses by first day.
fn crises<'a>(courses: &[Course<'a>]) -> Vec<Crisis<'a>> {
    let mut all: Vec<Crisis<'a>> = Vec::new();
    for course in courses {
        let Some(product) = course.product.filter(|product| is_crisis(product)) else { continue };
        let end = course.end().zip(course.ending());
        match all.last_mut() {
            Some(crisis) if crisis.end.is_none_or(|(end, _)| course.begin <= after(end)) => {
                crisis.end = crisis.end.zip(end).map(|(a, b)| a.max(b));
                crisis.nummers.extend(course.nummer);
            }
            _ => all.push(Crisis {
                begin: course.begin,
                end,
                segment: &product.segment,
                nummers: course.nummer.into_iter().collect(),
            }),
        }
    }
    all
}

impl Crisis<'_> {
    fn long(&self, survey: &Survey<'_>) -> Option<Raised> {
        let norm = survey.register.region.norms.numbers.of_segment(&CRISIS_DAYS, self.segment)?;
        let (first, since) = (self.nummers.first()?, self.begin);
        let lasts = if since <= survey.today { days_between(since, survey.today) + 1 } else { 0 };
        if lasts <= norm {
            return None;
        }
        let nl = format!(
            "De crisiszorg van toewijzing {first} duurt sinds {since} al {lasts} dagen, norm {norm}. Regel passende \
             vervolgzorg en laat de aanbieder de crisiszorg beëindigen."
        );
        let en = format!(
            "The crisis care of allocation {first} has lasted {lasts} days since {since}, norm {norm}. Arrange regular \
             care that fits, and have the provider end the crisis care."
        );
        let raised = Raised::new(format!("crisis {first} duurt"), Severity::Warning, nl, en);
        Some(self.figures(raised).fact("dagen", lasts).fact("norm_dagen", norm))
    }

    fn alone(&self, survey: &Survey<'_>, courses: &[Course<'_>], end: Date, ending: Ending) -> Option<Raised> {
        let norm = survey.register.region.norms.numbers.of_segment(&GAP_AFTER_STOP_DAYS, self.segment)?;
        let (first, gone) = (self.nummers.first()?, days_between(end, survey.today));
        let is_followed = courses.iter().any(|course| course.end().is_none_or(|day| end < day));
        if ending == Ending::Outside || is_followed || gone <= norm || !Period::year_to(survey.today).has(end) {
            return None;
        }
        let nl = format!(
            "De crisiszorg van toewijzing {first} eindigde op {end}; sindsdien is er {gone} dagen geen andere zorg, \
             norm {norm}. Ga na of de inwoner vervolgzorg nodig heeft."
        );
        let en = format!(
            "The crisis care of allocation {first} ended on {end}; there has been no other care for {gone} days since, \
             norm {norm}. See whether the person needs care that follows on it."
        );
        let raised = Raised::new(format!("crisis {first} zonder vervolg"), Severity::Info, nl, en);
        Some(self.figures(raised).fact("geeindigd_op", end.to_string()).fact("dagen", gone).fact("norm_dagen", norm))
    }

    fn figures(&self, raised: Raised) -> Raised {
        raised
            .about(self.nummers.iter().copied())
            .fact("segment", self.segment)
            .fact("begonnen_op", self.begin.to_string())
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::message::Law;
    use jiff::civil::date;

    fn cared(t: &mut Timeline, nummer: Count, code: &str, from: Date, stop: Option<(&str, Date)>) {
        t.norm(&CRISIS_DAYS, 28);
        t.norm(&GAP_AFTER_STOP_DAYS, 14);
        t.allocation(nummer, "a", code, from, None).law = Law::Jeugdwet;
        t.start(nummer, from);
        if let Some((reden, day)) = stop {
            t.stop(nummer, reden, day);
        }
    }

    const LONG: &[(&str, &str)] = &[("0197", "crisis 1 duurt")];
    const ALONE: &[(&str, &str)] = &[("0197", "crisis 1 zonder vervolg")];

    vec![
        silent("on the last day that is short", |t| cared(t, 1, "46A01", date(2026, 6, 4), None)),
        raises("a day longer", LONG, |t| cared(t, 1, "46A01", date(2026, 6, 3), None)),
        silent("regular care may last", |t| cared(t, 1, "45A02", date(2026, 1, 1), None)),
        raises("a second allocation goes on with it", LONG, |t| {
            cared(t, 1, "46A01", date(2026, 5, 20), Some(("31", date(2026, 6, 10))));
            cared(t, 2, "46A01", date(2026, 6, 11), None);
        }),
        silent("after a day without it is another crisis", |t| {
            cared(t, 1, "46A01", date(2026, 5, 20), Some(("31", date(2026, 6, 10))));
            cared(t, 2, "46A01", date(2026, 6, 12), None);
        }),
        silent("ended as many days ago as the norm", |t| {
            cared(t, 1, "46A01", date(2026, 6, 1), Some(("31", date(2026, 6, 17))));
        }),
        raises("ended a day longer ago", ALONE, |t| {
            cared(t, 1, "46A01", date(2026, 6, 1), Some(("31", date(2026, 6, 16))));
        }),
        silent("regular care followed", |t| {
            cared(t, 1, "46A01", date(2026, 6, 1), Some(("31", date(2026, 6, 10))));
            cared(t, 2, "45A02", date(2026, 6, 20), None);
        }),
        silent("regular care ran on beside it", |t| {
            cared(t, 1, "46A01", date(2026, 6, 1), Some(("31", date(2026, 6, 10))));
            cared(t, 2, "45A02", date(2026, 1, 1), Some(("31", date(2026, 6, 11))));
        }),
        raises("regular care ended with it", ALONE, |t| {
            cared(t, 1, "46A01", date(2026, 6, 1), Some(("31", date(2026, 6, 10))));
            cared(t, 2, "45A02", date(2026, 1, 1), Some(("31", date(2026, 6, 10))));
        }),
        silent("the child moved away", |t| {
            cared(t, 1, "46A01", date(2026, 6, 1), Some(("35", date(2026, 6, 10))));
        }),
        silent("ended longer than a year ago", |t| {
            cared(t, 1, "46A01", date(2025, 6, 1), Some(("31", date(2025, 7, 1))));
        }),
        silent("nobody stated norms", |t| {
            cared(t, 1, "46A01", date(2026, 1, 1), None);
            t.no_norm(&CRISIS_DAYS);
            t.no_norm(&GAP_AFTER_STOP_DAYS);
        }),
    ]
}
