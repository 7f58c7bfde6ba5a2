//! What became of requests for a change (317): whether more care came of them, and how soon after the care began.
//!
//! A request is followed by the reference that a 301 repeats: in a later version of an allocation, or in a new one. More
//! is a higher level; at one level, or where a product has none, more volume in a day, or a larger budget. A new version is
//! compared with the one before it. A new allocation is compared with what the person had at that provider in the same
//! segment or lot and what runs until the day before it or longer; where there was nothing, it is more.

use super::chains::{Span, by_family, courses};
use super::rates::{daily, same_unit, year_until};
use crate::contract::norms::{EARLY_CHANGE_DAYS, days};
use crate::contract::register::Product;
use crate::contract::survey::{Allocated, Requested, Survey};
use crate::message::{Count, Date, Law, Number, Party, ReferentieAanbieder};
use crate::rules::facts::Allocation;
use std::collections::BTreeMap;

/// An allocation that answers a request for a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) request: &'a Requested,
    /// Number of the new or changed allocation.
    pub(super) nummer: Count,
    /// Number and first day of the allocation that it follows on: itself when it was changed.
    pub(super) before: Option<(Count, Date)>,
    /// Whether it gives more.
    pub(super) is_more: bool,
}

impl Change<'_> {
    /// Whether more was asked for within `early_change_days` of the first day of what there was.
    pub(super) fn is_early(&self, survey: &Survey<'_>) -> bool {
        let term = survey.register.region.norms.numbers.of(&EARLY_CHANGE_DAYS);
        let start = self.before.map(|(_, start)| start);
        self.is_more && start.zip(term).is_some_and(|(start, term)| self.request.on <= start.saturating_add(days(term)))
    }
}

/// The requests for a change of the twelve months up to the survey, in the order in which they came.
pub(super) fn asked<'a>(survey: &Survey<'a>) -> Vec<&'a Requested> {
    let window = year_until(survey.today);
    let all = survey.history.requests.iter();
    all.filter(|request| request.number == Number::N317 && window.holds_on(request.on)).collect()
}

/// What was allocated because of any request for a change, in order of allocation.
pub(super) fn changes<'a>(survey: &Survey<'a>) -> Vec<Change<'a>> {
    let mut requests: BTreeMap<(Law, &Party, &ReferentieAanbieder), &Requested> = BTreeMap::new();
    for request in survey.history.requests.iter().filter(|request| request.number == Number::N317) {
        requests.insert((request.law, &request.aanbieder, &request.referentie), request);
    }
    let predecessors = predecessors(survey);
    let mut changes = Vec::new();
    for allocated in &survey.history.allocations {
        for (at, (version, reference)) in allocated.versions.iter().zip(&allocated.references).enumerate() {
            let Some(reference) = reference.as_ref().filter(|_| !version.is_deleted()) else { continue };
            let Some(request) = requests.get(&(allocated.law, &version.aanbieder, reference)) else { continue };
            changes.push(match at.checked_sub(1).map(|before| &allocated.versions[before]) {
                Some(before) => change(survey, request, allocated, before, version),
                None => addition(survey, request, &predecessors, allocated, version),
            });
        }
    }
    changes
}

fn change<'a>(
    survey: &Survey<'a>,
    request: &'a Requested,
    allocated: &'a Allocated,
    before: &'a Allocation,
    version: &'a Allocation,
) -> Change<'a> {
    let product = |version| survey.product(allocated.law, version);
    let start = allocated.versions[0].ingangsdatum;
    Change {
        request,
        nummer: version.nummer,
        before: Some((version.nummer, start)),
        is_more: is_more((before, product(before)), (version, product(version))),
    }
}

fn addition<'a>(
    survey: &Survey<'a>,
    request: &'a Requested,
    predecessors: &BTreeMap<(Law, &Party, Count), Span<'a>>,
    allocated: &'a Allocated,
    version: &'a Allocation,
) -> Change<'a> {
    let before = predecessors.get(&(allocated.law, &allocated.gemeente, version.nummer));
    Change {
        request,
        nummer: version.nummer,
        before: before.map(|before| (before.nummer(), before.from)),
        is_more: before.is_none_or(|before| {
            is_more((before.allocation, before.product), (version, survey.product(allocated.law, version)))
        }),
    }
}

/// For each allocation what the person had before it at the same provider in the same segment or lot, up to the day
/// before or longer: the one that runs longest.
fn predecessors<'a>(survey: &Survey<'a>) -> BTreeMap<(Law, &'a Party, Count), Span<'a>> {
    let mut found = BTreeMap::new();
    for course in courses(survey) {
        for spans in by_family(survey, &course).into_values() {
            let mut longest: BTreeMap<&Party, Span<'a>> = BTreeMap::new();
            for same_day in spans.chunk_by(|one, two| one.from == two.from) {
                for span in same_day {
                    let before = longest.get(&span.allocation.aanbieder);
                    let before = before.filter(|before| before.to.tomorrow().map_or(true, |next| span.from <= next));
                    found.extend(before.map(|before| ((course.law, course.gemeente, span.nummer()), *before)));
                }
                for span in same_day {
                    let known = longest.entry(&span.allocation.aanbieder).or_insert(*span);
                    if span.to > known.to {
                        *known = *span;
                    }
                }
            }
        }
    }
    found
}

/// Whether what came is more than what there was.
fn is_more(
    (before, product_before): (&Allocation, Option<&Product>),
    (after, product_after): (&Allocation, Option<&Product>),
) -> bool {
    let level = |product: Option<&Product>| product.and_then(|product| product.level);
    if let (Some(had), Some(has)) = (level(product_before), level(product_after))
        && had != has
    {
        return has > had;
    }
    if let (Some(had), Some(has)) = (&before.omvang, &after.omvang) {
        let volumes = daily(before, had).zip(daily(after, has)).filter(|_| same_unit(had.eenheid, has.eenheid));
        return volumes.is_some_and(|((had, per_had), (has, per_has))| has * per_had > had * per_has);
    }
    before.budget.zip(after.budget).is_some_and(|(had, has)| has > had)
}
