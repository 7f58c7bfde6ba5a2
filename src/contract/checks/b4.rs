//! B4: care is stepped down where it can be. A new allocation that is heavier than what the person had is shown.
//!
//! Compared is the level of the new product with the highest level among the person's allocations of the same law and
//! segment (or lot, norm `step_up_family`) that run on the first day of the new one, or ended fewer than
//! `step_up_gap_days` before it, at any provider. Allocations by category have no level. A stretch of an existing
//! allocation is no new step. What happens after that is looked at over time (`b4_chains`).

use super::chains::Family;
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::norms::{STEP_UP_GAP_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::register::Product;
use crate::contract::words::StepFamily;
use crate::finding::Severity;
use crate::message::{Date, Number, ToegewezenProduct};
use crate::rules::facts::Allocation;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B4",
    nl: "Een nieuwe toewijzing is niet zwaarder dan de zorg die de inwoner had.",
    en: "A new allocation is not heavier than the care that the person had.",
    default_policy: Policy::Signal,
    parameters: &["products.csv level", "norms.step_up_gap_days", "norms.step_up_family"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let norms = &look.register.region.norms;
    let (Some(gap), Some(family)) = (norms.numbers.of(&STEP_UP_GAP_DAYS), norms.step_up_family) else {
        return Vec::new();
    };
    let news: Vec<&ToegewezenProduct> =
        look.allocated().filter(|new| look.earlier(new.toewijzing_nummer).is_none()).collect();
    let ranked_news = news.iter().enumerate().filter_map(|(index, new)| {
        let product = ranked(look, new.product.as_ref()?, new.ingangsdatum)?;
        Some((index, new.ingangsdatum, product, product.level?))
    });
    let mut wanted: BTreeMap<Family<'_>, Vec<(usize, Date, &Product, u32)>> = BTreeMap::new();
    for new in ranked_news {
        wanted.entry(family_of(look, new.2, family)).or_default().push(new);
    }
    let mut had: BTreeMap<Family<'_>, Vec<Had<'_>>> = BTreeMap::new();
    for (age, before) in look.facts.allocations.iter().enumerate().filter(|(_, before)| !before.is_deleted()) {
        let product = before.product.as_ref().and_then(|product| ranked(look, product, before.ingangsdatum));
        if let Some((product, level)) = product.and_then(|product| Some((product, product.level?))) {
            had.entry(family_of(look, product, family)).or_default().push(Had { before, product, level, age });
        }
    }
    let mut raised = BTreeMap::new();
    for (family, mut wanted) in wanted {
        let Some(had) = had.get_mut(&family) else { continue };
        wanted.sort_by_key(|(_, start, ..)| *start);
        had.sort_by_key(|had| had.before.ingangsdatum);
        let mut begun = Heaviest::of(had);
        let mut next = 0;
        for (index, start, product, level) in wanted {
            while let Some(earlier) = had.get(next).filter(|earlier| earlier.before.ingangsdatum <= start) {
                begun.add(next, earlier);
                next += 1;
            }
            let heaviest = begun.running_since(last_day_in_chain(start, gap)).map(|at| &had[at]);
            if let Some(earlier) = heaviest.filter(|earlier| earlier.level < level) {
                raised.insert(index, step_up(look, news[index], product, level, earlier));
            }
        }
    }
    raised.into_values().collect()
}

/// An allocation that the person had, with a ranked product.
struct Had<'a> {
    before: &'a Allocation,
    product: &'a Product,
    level: u32,
    /// Its place in the facts: the first of equals counts.
    age: usize,
}

fn family_of<'a>(look: &Look<'a>, product: &'a Product, family: StepFamily) -> Family<'a> {
    Family::of(&look.register.region, product, family)
}

/// The heaviest of allocations by the day that they end on: a Fenwick tree, so that a large message beside a person with
/// as many allocations takes no pairs.
struct Heaviest {
    ends: Vec<Date>,
    /// Level and the reverse of age, then which one.
    nodes: Vec<Option<(u32, Reverse<usize>, usize)>>,
}

impl Heaviest {
    fn of(had: &[Had<'_>]) -> Heaviest {
        let mut ends: Vec<Date> = had.iter().map(Had::end).collect();
        ends.sort_unstable();
        ends.dedup();
        Heaviest { nodes: vec![None; ends.len() + 1], ends }
    }

    fn add(&mut self, at: usize, had: &Had<'_>) {
        let mut node = self.ending_from(had.end());
        while let Some(heaviest) = self.nodes.get_mut(node) {
            *heaviest = (*heaviest).max(Some((had.level, Reverse(had.age), at)));
            node += node & node.wrapping_neg();
        }
    }

    /// The heaviest of those that end on `day` or later.
    fn running_since(&self, day: Date) -> Option<usize> {
        let mut heaviest = None;
        let mut node = self.ending_from(day);
        while node > 0 {
            heaviest = heaviest.max(self.nodes[node]);
            node -= node & node.wrapping_neg();
        }
        heaviest.map(|(_, _, at)| at)
    }

    /// How many of the known days lie on `day` or later: the latest is the first.
    fn ending_from(&self, day: Date) -> usize {
        self.ends.len() - self.ends.partition_point(|end| *end < day)
    }
}

impl Had<'_> {
    fn end(&self) -> Date {
        self.before.einddatum.unwrap_or(Date::MAX)
    }
}

fn step_up(look: &Look<'_>, new: &ToegewezenProduct, product: &Product, level: u32, had: &Had<'_>) -> Raised {
    let Had { before, product: had, level: highest, .. } = had;
    let (nummer, earlier, segment) = (new.toewijzing_nummer, before.nummer, &product.segment);
    let (code, had_code) = (&product.code, &had.code);
    let nl = format!(
        "Opschaling in {segment}: toewijzing {nummer} geeft product {code} (niveau {level}), na {had_code} (niveau \
         {highest}) in toewijzing {earlier}. Ga na of zwaardere zorg nodig is en wanneer weer kan worden afgeschaald."
    );
    let en = format!(
        "Step-up in {segment}: allocation {nummer} gives product {code} (level {level}), after {had_code} (level \
         {highest}) in allocation {earlier}. See whether heavier care is needed and when it can be stepped down."
    );
    Raised::new(format!("toewijzing {nummer}"), Severity::Info, nl, en)
        .about([nummer, earlier])
        .fact("aanbieder", look.aanbieder().as_str())
        .fact("aanbieder_eerder", before.aanbieder.as_str())
        .fact("product", code.as_str())
        .fact("product_eerder", had_code.as_str())
        .fact("niveau", level)
        .fact("niveau_eerder", *highest)
}

fn ranked<'a>(look: &Look<'a>, product: &crate::message::Product, on: Date) -> Option<&'a Product> {
    look.register.product(look.law(), product.code.as_ref()?, on)
}

/// The day on which an allocation must still run, to be in one chain with one that starts on `start`: the same day, or
/// fewer than `gap` days before it.
fn last_day_in_chain(start: Date, gap: u64) -> Date {
    start.saturating_sub(days(gap.max(1) - 1))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Party;
    use jiff::civil::date;
    const STEP: &[&str] = &["toewijzing 1001"];
    vec![
        silent("the first allocation of a person", Number::N301, |_| ()),
        raises("heavier than what runs", Number::N301, STEP, |s| s.has(900, "02A02", date(2025, 6, 1), None)),
        silent("as heavy as what runs", Number::N301, |s| s.has(900, "02A03", date(2025, 6, 1), None)),
        silent("lighter than what runs", Number::N301, |s| s.has(900, "02A04", date(2025, 6, 1), None)),
        silent("lighter than the heaviest of two", Number::N301, |s| {
            s.has(900, "02A01", date(2025, 6, 1), None);
            s.has(901, "02A04", date(2025, 6, 1), None);
        }),
        raises("at another provider", Number::N301, STEP, |s| {
            s.has(900, "02A01", date(2025, 6, 1), None);
            s.facts.allocations[0].aanbieder = Party::from("42420003");
        }),
        raises("ended the day before", Number::N301, STEP, |s| {
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2025, 12, 31)));
        }),
        raises("ended 89 days before", Number::N301, STEP, |s| {
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2025, 10, 4)));
        }),
        silent("ended 90 days before", Number::N301, |s| {
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2025, 10, 3)));
        }),
        silent("begins after the new one", Number::N301, |s| s.has(900, "02A01", date(2026, 1, 2), None)),
        silent("another segment", Number::N301, |s| s.has(900, "01A01", date(2025, 6, 1), None)),
        silent("another segment of the same lot, while levels hold within a segment", Number::N301, |s| {
            s.has(900, "04A01", date(2025, 6, 1), None);
        }),
        raises("another segment of the same lot, while levels hold within a lot", Number::N301, STEP, |s| {
            s.has(900, "04A01", date(2025, 6, 1), None);
            s.register.region.norms.step_up_family = Some(StepFamily::Lot);
        }),
        silent("a product without a level", Number::N301, |s| s.has(900, "03A01", date(2025, 6, 1), None)),
        silent("a new version of an allocation that is known", Number::N301, |s| {
            s.has(900, "02A01", date(2025, 6, 1), None);
            s.knows_allocation(|_| ());
        }),
        silent("an earlier one that was deleted", Number::N301, |s| {
            s.has(900, "02A01", date(2025, 6, 1), None);
            s.facts.allocations[0].reden_wijziging = Some("13".into());
        }),
        silent("a norm that is not stated", Number::N301, |s| {
            s.has(900, "02A01", date(2025, 6, 1), None);
            s.register.region.norms.numbers.unset(&STEP_UP_GAP_DAYS);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::message::{Body, Count};
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;
    use proptest::sample::select;

    /// Every new allocation beside every earlier one, as the check is written: its number, that of the heaviest one in
    /// its chain.
    fn pairwise(look: &Look<'_>, gap: i64, family: StepFamily) -> Vec<(Count, Count)> {
        let mut steps = Vec::new();
        for new in look.allocated() {
            let named = new.product.as_ref().and_then(|product| ranked(look, product, new.ingangsdatum));
            let Some((product, level)) = named.and_then(|product| Some((product, product.level?))) else { continue };
            let heaviest = look
                .facts
                .allocations
                .iter()
                .filter(|before| before.ingangsdatum <= new.ingangsdatum)
                .filter(|before| before.einddatum.is_none_or(|end| end > new.ingangsdatum.saturating_sub(gap.days())))
                .filter_map(|before| {
                    let had = ranked(look, before.product.as_ref()?, before.ingangsdatum)?;
                    let together = family_of(look, had, family) == family_of(look, product, family);
                    together.then_some((before.nummer, had.level?))
                })
                .reduce(|best, next| if next.1 > best.1 { next } else { best });
            steps.extend(
                heaviest.filter(|(_, highest)| *highest < level).map(|(before, _)| (new.toewijzing_nummer, before)),
            );
        }
        steps
    }

    fn a_product() -> impl Strategy<Value = &'static str> {
        select(vec!["02A01", "02A02", "02A03", "02A04", "03A01", "04A01", "04A02", "01A01"])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_steps_are_those_of_every_pair_looked_at(
            had in proptest::collection::vec((a_product(), 0..20_i64, proptest::option::of(0..20_i64)), 0..8),
            news in proptest::collection::vec((a_product(), 0..20_i64), 1..6),
            gap in 0..4_u32,
            family in select(vec![StepFamily::Segment, StepFamily::Lot]),
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let mut sample = Sample::of(Number::N301);
            sample.register.region.norms.numbers.set(&STEP_UP_GAP_DAYS, u64::from(gap).into());
            sample.register.region.norms.step_up_family = Some(family);
            for (nummer, (code, begin, end)) in (100..).zip(had) {
                sample.has(nummer, code, nth(begin), end.map(nth));
            }
            let one = sample.allocation().clone();
            let Body::Toewijzing(client) = &mut sample.message.body else { panic!("a 301") };
            client.producten = (1000..)
                .zip(news)
                .map(|(nummer, (code, begin))| {
                    let product = Some(crate::message::Product { categorie: code[..2].into(), code: Some(code.into()) });
                    ToegewezenProduct { toewijzing_nummer: nummer, product, ingangsdatum: nth(begin), ..one.clone() }
                })
                .collect();
            let found: Vec<(Count, Count)> =
                sample.looked_at(run).iter().map(|raised| (raised.toewijzingen[0], raised.toewijzingen[1])).collect();
            let expected = sample.looked_at(|look| pairwise(look, i64::from(gap.max(1)), family));
            prop_assert_eq!(found, expected);
        }
    }
}
