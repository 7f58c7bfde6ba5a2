//! The course of care of one person: what was allocated, in order of time, and how it hangs together.
//!
//! A person is followed within one law and municipality, never across ([`Survey`]). An allocation counts in its latest
//! version and ends with its Einddatum, or with the stop for good of its delivery where that comes first; a stop for
//! a time (reason 20) ends nothing. What was deleted or taken back never was. An allocation lasts its first day at
//! least.

use crate::contract::norms::days;
use crate::contract::region::Region;
use crate::contract::register::Product;
use crate::contract::survey::{Allocated, Survey};
use crate::contract::words::{Flag, StepFamily};
use crate::message::{Count, Date, Law, Party};
use crate::rules::facts::{Allocation, PersonKey, Stop};
use std::collections::{BTreeMap, BTreeSet};

/// Reason of a stop for a time.
pub(super) const TEMPORARY: &str = "20";

/// An allocation in the course of care of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) allocated: &'a Allocated,
    /// The version that counts.
    pub(super) allocation: &'a Allocation,
    /// Product as the register has it; `None` for one that it does not know, and for a generic allocation.
    pub(super) product: Option<&'a Product>,
    pub(super) from: Date,
    /// Last day; the last day of all when open.
    pub(super) to: Date,
    /// The stop for good of its delivery.
    pub(super) stop: Option<&'a Stop>,
    /// Whether the delivery now stands still, after a stop for a time.
    pub(super) is_paused: bool,
    /// First day of its delivery, where a start told it.
    pub(super) started: Option<Date>,
    /// Whether it was started, or a line of it granted: OP364 lets providers claim without a start.
    pub(super) has_begun: bool,
}

impl<'a> Span<'a> {
    pub(super) fn nummer(&self) -> Count {
        self.allocation.nummer
    }

    pub(super) fn level(&self) -> Option<u32> {
        self.product?.level
    }

    pub(super) fn segment(&self) -> Option<&'a str> {
        Some(self.product?.segment.as_str())
    }

    pub(super) fn is(&self, flag: Flag) -> bool {
        self.product.is_some_and(|product| product.flags.contains(&flag))
    }

    /// How texts name its product: its code, or else its category.
    pub(super) fn product_name(&self) -> &'a str {
        self.allocation.product.as_ref().map_or("zonder product", crate::contract::check::product_name)
    }
}

/// The course of care of one person in one law and municipality.
#[derive(Debug)]
pub(super) struct Course<'a> {
    pub(super) law: Law,
    pub(super) gemeente: &'a Party,
    pub(super) person: &'a PersonKey,
    /// In order of first day and number; at least one.
    pub(super) spans: Vec<Span<'a>>,
}

impl Course<'_> {
    /// The lowest of the person's allocation numbers: names a case of the person without naming the person, and stays
    /// the same when care is added.
    pub(super) fn anchor(&self) -> Count {
        self.spans.iter().map(Span::nummer).min().unwrap_or_default()
    }
}

/// The courses of all persons, in order of law, municipality and key.
pub(super) fn courses<'a>(survey: &Survey<'a>) -> Vec<Course<'a>> {
    let delivery = Deliveries::of(survey);
    let mut by_person: BTreeMap<(Law, &Party, &PersonKey), Vec<Span<'_>>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let Some(allocation) = actual(allocated) else { continue };
        let span = delivery.span(survey, allocated, allocation);
        by_person.entry((allocated.law, &allocated.gemeente, &allocation.person)).or_default().push(span);
    }
    let course = |((law, gemeente, person), mut spans): (_, Vec<Span<'a>>)| {
        spans.sort_by_key(|span| (span.from, span.nummer()));
        Course { law, gemeente, person, spans }
    };
    by_person.into_iter().map(course).collect()
}

/// The version of an allocation that counts, unless it was deleted or taken back.
pub(super) fn actual(allocated: &Allocated) -> Option<&Allocation> {
    allocated.current().filter(|version| !version.is_taken_back())
}

/// What is known of the delivery of each allocation.
struct Deliveries<'a> {
    stops: BTreeMap<(Law, &'a Party, Count), Stopped<'a>>,
    starts: BTreeMap<(Law, &'a Party, Count), Date>,
    claimed: BTreeSet<(Law, &'a Party, Count)>,
}

/// How the delivery of an allocation stands, over all its starts.
#[derive(Clone, Copy)]
enum Stopped<'a> {
    Runs,
    Paused,
    For(&'a Stop),
}

impl<'a> Deliveries<'a> {
    fn of(survey: &Survey<'a>) -> Deliveries<'a> {
        let (mut stops, mut starts) = (BTreeMap::new(), BTreeMap::new());
        for delivered in &survey.history.deliveries {
            let Some(nummer) = delivered.key.toewijzing_nummer else { continue };
            let key = (delivered.law, &delivered.gemeente, nummer);
            let first = delivered.key.begindatum;
            starts.entry(key).and_modify(|known: &mut Date| *known = first.min(*known)).or_insert(first);
            let now = match &delivered.stop {
                None => Stopped::Runs,
                Some(stop) if stop.reden.as_str() == TEMPORARY => Stopped::Paused,
                Some(stop) => Stopped::For(stop),
            };
            stops.entry(key).and_modify(|known: &mut Stopped<'a>| *known = known.with(now)).or_insert(now);
        }
        let granted = survey.history.lines.iter().filter(|claimed| claimed.line.granted);
        let claimed = granted.map(|claimed| (claimed.law, &claimed.gemeente, claimed.line.toewijzing_nummer)).collect();
        Deliveries { stops, starts, claimed }
    }

    fn span(&self, survey: &Survey<'a>, allocated: &'a Allocated, allocation: &'a Allocation) -> Span<'a> {
        let key = (allocated.law, &allocated.gemeente, allocation.nummer);
        let stopped = self.stops.get(&key);
        let stop = stopped.and_then(|stopped| if let Stopped::For(stop) = stopped { Some(*stop) } else { None });
        let end = allocation.einddatum.unwrap_or(Date::MAX);
        let to = stop.map_or(end, |stop| stop.einddatum.min(end)).max(allocation.ingangsdatum);
        Span {
            allocated,
            allocation,
            product: survey.product(allocated.law, allocation),
            from: allocation.ingangsdatum,
            to,
            stop,
            is_paused: matches!(stopped, Some(Stopped::Paused)),
            started: self.starts.get(&key).copied(),
            has_begun: self.starts.contains_key(&key) || self.claimed.contains(&key),
        }
    }
}

impl<'a> Stopped<'a> {
    /// Two starts together: while one runs the allocation does; a stop for a time is followed by whatever came of the
    /// restart; the latest stop for good counts.
    fn with(self, other: Stopped<'a>) -> Stopped<'a> {
        match (self, other) {
            (Stopped::Runs, _) | (_, Stopped::Runs) => Stopped::Runs,
            (Stopped::For(one), Stopped::For(two)) => {
                Stopped::For(if two.einddatum >= one.einddatum { two } else { one })
            }
            (Stopped::For(stop), Stopped::Paused) | (Stopped::Paused, Stopped::For(stop)) => Stopped::For(stop),
            (Stopped::Paused, Stopped::Paused) => Stopped::Paused,
        }
    }
}

/// Cuts spans, in order of first day, into chains: what begins fewer than `gap` days after the last day of all before
/// it, or earlier, belongs to the same chain.
pub(super) fn chains<'s, 'a>(spans: &'s [Span<'a>], gap: u64) -> Vec<&'s [Span<'a>]> {
    let reach = days(gap.max(1) - 1);
    let mut last = Date::MIN;
    let together = |before: &Span<'a>, next: &Span<'a>| {
        last = last.max(before.to.saturating_add(reach));
        next.from <= last
    };
    spans.chunk_by(together).collect()
}

/// The last day of a chain.
pub(super) fn last_day(chain: &[Span<'_>]) -> Date {
    chain.iter().map(|span| span.to).max().unwrap_or(Date::MIN)
}

/// What levels are compared within: a segment, or a lot where the region says so and the segment is part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family<'a> {
    Segment(&'a str),
    Lot(&'a str),
}

impl<'a> Family<'a> {
    pub(super) fn of(region: &'a Region, product: &'a Product, family: StepFamily) -> Family<'a> {
        let lot = region.segments.get(&product.segment).and_then(|segment| segment.lot.as_deref());
        match lot.filter(|_| family == StepFamily::Lot) {
            Some(lot) => Family::Lot(lot),
            None => Family::Segment(&product.segment),
        }
    }

    /// Id of the segment or lot.
    pub(super) fn as_str(self) -> &'a str {
        match self {
            Family::Segment(id) | Family::Lot(id) => id,
        }
    }
}

/// The spans of a course whose product the register knows, by what levels are compared within; each in order of first
/// day.
pub(super) fn by_family<'a>(survey: &Survey<'a>, course: &Course<'a>) -> BTreeMap<Family<'a>, Vec<Span<'a>>> {
    // Where a region does not say, products of one segment are one line of care.
    let family = survey.register.region.norms.step_up_family.unwrap_or(StepFamily::Segment);
    let mut families: BTreeMap<Family<'_>, Vec<Span<'_>>> = BTreeMap::new();
    for span in &course.spans {
        let Some(product) = span.product else { continue };
        families.entry(Family::of(&survey.register.region, product, family)).or_default().push(*span);
    }
    families
}

/// Whole days from one day to another; zero when it is not later.
pub(super) fn days_between(from: Date, to: Date) -> u64 {
    u64::try_from(from.duration_until(to).as_hours() / 24).unwrap_or(0)
}

/// How texts count days, in Dutch and English.
pub(super) fn in_days(number: u64) -> (String, String) {
    match number {
        1 => ("1 dag".to_owned(), "1 day".to_owned()),
        _ => (format!("{number} dagen"), format!("{number} days")),
    }
}

/// How texts and figures name a last day that may be open.
pub(super) fn day_or_open(day: Date) -> Option<String> {
    (day != Date::MAX).then(|| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn courses_of<T>(timeline: &Timeline, look: impl FnOnce(&[Course<'_>]) -> T) -> T {
        look(&courses(&timeline.survey()))
    }

    /// First and last day of the only allocation.
    fn the_span(timeline: &Timeline) -> (Date, Date, bool) {
        courses_of(timeline, |courses| {
            let span = courses[0].spans[0];
            (span.from, span.to, span.is_paused)
        })
    }

    #[test]
    fn an_allocation_ends_with_its_stop_for_good() {
        let mut t = Timeline::new();
        t.allocation(1, "a", "02A02", date(2026, 1, 1), Some(date(2026, 6, 30)));
        assert_eq!(the_span(&t), (date(2026, 1, 1), date(2026, 6, 30), false));
        t.start(1, date(2026, 1, 5));
        t.stop(1, "20", date(2026, 2, 1));
        assert_eq!(the_span(&t), (date(2026, 1, 1), date(2026, 6, 30), true));
        t.start(1, date(2026, 3, 1));
        assert_eq!(the_span(&t), (date(2026, 1, 1), date(2026, 6, 30), false));
        t.stop(1, "19", date(2026, 4, 1));
        assert_eq!(the_span(&t), (date(2026, 1, 1), date(2026, 4, 1), false));
        t.history.deliveries[1].stop.as_mut().expect("it stopped").einddatum = date(2025, 12, 31);
        assert_eq!(the_span(&t), (date(2026, 1, 1), date(2026, 1, 1), false));
    }

    #[test]
    fn persons_are_followed_within_a_law_and_municipality_only() {
        let mut t = Timeline::new();
        t.allocation(1, "a", "02A02", date(2026, 2, 1), None);
        t.allocation(2, "a", "02A02", date(2026, 1, 1), None);
        t.allocation(3, "a", "02A02", date(2026, 1, 1), None).gemeente = Party::from("0222");
        t.allocation(4, "a", "45A01", date(2026, 1, 1), None).law = Law::Jeugdwet;
        t.allocation(5, "b", "02A02", date(2026, 1, 1), None);
        t.allocation(6, "a", "02A02", date(2026, 1, 1), None).versions[0].reden_wijziging = Some("13".into());
        let numbers = courses_of(&t, |courses| {
            courses.iter().map(|course| course.spans.iter().map(Span::nummer).collect::<Vec<_>>()).collect::<Vec<_>>()
        });
        assert_eq!(numbers.len(), 4);
        assert!(numbers.contains(&vec![2, 1]) && numbers.contains(&vec![3]) && numbers.contains(&vec![4]));
    }

    /// Whether two allocations hang together, by looking at every pair until nothing changes: the definition.
    fn pairwise(spans: &[Span<'_>], gap: i64) -> BTreeSet<BTreeSet<Count>> {
        let near = |one: &Span<'_>, two: &Span<'_>| {
            let within = |first: &Span<'_>, next: &Span<'_>| {
                first.from <= next.from && next.from < first.to.saturating_add(gap.max(1).days())
            };
            within(one, two) || within(two, one)
        };
        let mut groups: Vec<usize> = (0..spans.len()).collect();
        for _ in spans {
            for one in 0..spans.len() {
                for two in 0..spans.len() {
                    if near(&spans[one], &spans[two]) {
                        groups[one] = groups[one].min(groups[two]);
                        groups[two] = groups[one];
                    }
                }
            }
        }
        let mut sets: BTreeMap<usize, BTreeSet<Count>> = BTreeMap::new();
        for (span, group) in spans.iter().zip(groups) {
            sets.entry(group).or_default().insert(span.nummer());
        }
        sets.into_values().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn chains_are_those_of_every_pair_looked_at(
            had in proptest::collection::vec((0..60_i64, 0..12_i64), 1..9),
            gap in 0..6_u32,
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let mut t = Timeline::new();
            for (nummer, (begin, length)) in (1..).zip(had) {
                t.allocation(nummer, "a", "02A02", nth(begin), Some(nth(begin + length)));
            }
            let (found, expected) = courses_of(&t, |courses| {
                let spans = &courses[0].spans;
                let sets = chains(spans, u64::from(gap)).into_iter().map(|chain| chain.iter().map(Span::nummer).collect());
                (sets.collect::<BTreeSet<BTreeSet<Count>>>(), pairwise(spans, i64::from(gap)))
            });
            prop_assert_eq!(found, expected);
        }
    }
}
