//! B20: nobody is placed in residence because lighter care did not come.
//!
//! A residence (products marked `residence`) that has not ended, beside an allocation of ambulatory care (marked
//! `ambulatory`) to the same person whose first day lies at most `residence_lookback_days` before the first day of the
//! residence, or on it, and which came to nothing: it never began, by a start or a granted claim, or the provider
//! stopped it of its own accord (Wmo 22, Jeugdwet 33) no later than the day on which the residence began.
//!
//! Source: checks B20 (Gooi en Vechtstreek). Doubtful: a provider that declines an allocation may also just not start it;
//! both are seen. Ambulatory care that was allocated on the day of the residence itself counts when it never began: it
//! may have been meant to go with it, and a person sees which. A product with both marks is residence.

use super::chains::{Course, Span, courses, days_between, in_days};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{RESIDENCE_LOOKBACK_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::{Date, Law};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B20",
    nl: "Aan verblijf gaat geen lichtere zorg vooraf die niet van de grond kwam.",
    en: "No residence follows on lighter care that came to nothing.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags residence, ambulatory", "norms.residence_lookback_days"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let mut told = Vec::new();
    for course in courses(survey) {
        let ambulatory = course.spans.iter().filter(|span| span.is(Flag::Ambulatory) && !span.is(Flag::Residence));
        let mut failed: Vec<(Date, &Span<'_>)> =
            ambulatory.filter_map(|span| Some((came_to_nothing(course.law, span)?, span))).collect();
        failed.sort_by_key(|(day, span)| (*day, span.nummer()));
        let mut failed = failed.into_iter().peekable();
        // Of what came to nothing until a residence began: what was allocated last.
        let mut tried: Option<&Span<'_>> = None;
        for residence in course.spans.iter().filter(|span| span.is(Flag::Residence) && span.to >= survey.today) {
            let segment = residence.segment().unwrap_or_default();
            let Some(back) = norms.of_segment(&RESIDENCE_LOOKBACK_DAYS, segment) else { continue };
            while let Some((_, next)) = failed.next_if(|(day, _)| *day <= residence.from) {
                tried = tried.filter(|tried| tried.from > next.from).or(Some(next));
            }
            let since = residence.from.saturating_sub(days(back));
            if let Some(tried) = tried.filter(|tried| tried.from >= since) {
                told.push(Surveyed::new(course.law, course.gemeente, placed(survey, &course, residence, tried, back)));
            }
        }
    }
    told
}

/// The day from which care counts as having come to nothing; `None` when it did not.
fn came_to_nothing(law: Law, tried: &Span<'_>) -> Option<Date> {
    let by_provider = match law {
        Law::Wmo => "22",
        Law::Jeugdwet => "33",
    };
    if !tried.has_begun {
        return Some(tried.from);
    }
    tried.stop.filter(|stop| stop.reden.as_str() == by_provider).map(|stop| stop.einddatum.max(tried.from))
}

fn placed(survey: &Survey<'_>, course: &Course<'_>, residence: &Span<'_>, tried: &Span<'_>, back: u64) -> Raised {
    let (nummer, before) = (residence.nummer(), tried.nummer());
    let (name, first) = (survey.provider_name(&tried.allocation.aanbieder), tried.from);
    let number = days_between(first, residence.from);
    let (earlier_nl, earlier_en) = in_days(number);
    let (how_nl, how_en, how) = if tried.has_begun {
        ("is door de aanbieder gestopt", "was stopped by the provider", "gestopt door aanbieder")
    } else {
        ("is nooit begonnen", "never began", "nooit begonnen")
    };
    let nl = format!(
        "Toewijzing {nummer} geeft verblijf vanaf {}; {earlier_nl} eerder ({first}) werd ambulante zorg toegewezen bij \
         {name} (toewijzing {before}), die {how_nl}. Ga na of het verblijf nodig is of dat lichtere zorg alsnog te vinden is.",
        residence.from
    );
    let en = format!(
        "Allocation {nummer} gives residence from {}; {earlier_en} earlier ({first}) ambulatory care was allocated at \
         {name} (allocation {before}), which {how_en}. See whether residence is needed, or lighter care can still be found.",
        residence.from
    );
    let severity = if course.law == Law::Jeugdwet { Severity::Warning } else { Severity::Info };
    Raised::new(format!("toewijzing {nummer} na {before}"), severity, nl, en)
        .about([before, nummer])
        .fact("aanbieder", residence.allocation.aanbieder.as_str())
        .fact("aanbieder_eerder", tried.allocation.aanbieder.as_str())
        .fact("product", residence.product_name())
        .fact("product_eerder", tried.product_name())
        .fact("verloop_eerder", how)
        .fact("dagen", number)
        .fact("norm_dagen", back)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "toewijzing 2 na 1")];

    /// Residence from 1 May 2026, after ambulatory care from this day.
    fn residence(t: &mut Timeline, ambulatory: Date) {
        t.norm(&RESIDENCE_LOOKBACK_DAYS, 90);
        t.mark(Law::Wmo, "02A02", Flag::Ambulatory);
        t.mark(Law::Wmo, "18A01", Flag::Residence);
        t.allocation(1, "a", "02A02", ambulatory, None).versions[0].aanbieder = "42420002".into();
        t.allocation(2, "a", "18A01", date(2026, 5, 1), None);
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&RESIDENCE_LOOKBACK_DAYS, 90)),
        raises("90 days before", TOLD, |t| residence(t, date(2026, 1, 31))),
        silent("91 days before", |t| residence(t, date(2026, 1, 30))),
        raises("on the same day", TOLD, |t| residence(t, date(2026, 5, 1))),
        silent("a day after", |t| residence(t, date(2026, 5, 2))),
        silent("it began", |t| {
            residence(t, date(2026, 3, 1));
            t.start(1, date(2026, 3, 1));
        }),
        silent("it was claimed without a start", |t| {
            residence(t, date(2026, 3, 1));
            t.claim(1, date(2026, 3, 1), 4, 1);
        }),
        raises("the provider stopped it", TOLD, |t| {
            residence(t, date(2026, 3, 1));
            t.start(1, date(2026, 3, 1));
            t.stop(1, "22", date(2026, 3, 8));
        }),
        silent("the provider stopped it after the residence began", |t| {
            residence(t, date(2026, 3, 1));
            t.start(1, date(2026, 3, 1));
            t.stop(1, "22", date(2026, 5, 2));
        }),
        silent("the client stopped it", |t| {
            residence(t, date(2026, 3, 1));
            t.start(1, date(2026, 3, 1));
            t.stop(1, "21", date(2026, 3, 8));
        }),
        silent("of another person", |t| {
            residence(t, date(2026, 3, 1));
            t.history.allocations[1].versions[0].person = super::timeline::key("b");
        }),
        silent("the residence is over", |t| {
            residence(t, date(2026, 3, 1));
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        silent("what came to nothing was residence too", |t| {
            residence(t, date(2026, 3, 1));
            t.history.allocations[0].versions[0].product = Some(super::timeline::product("15A01"));
            t.mark(Law::Wmo, "15A01", Flag::Residence);
        }),
        silent("nobody stated how far to look back", |t| {
            residence(t, date(2026, 3, 1));
            t.no_norm(&RESIDENCE_LOOKBACK_DAYS);
        }),
    ]
}
