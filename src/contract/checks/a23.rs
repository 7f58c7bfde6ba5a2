//! A23: round-the-clock guidance is given by the few parties that are contracted for it, and not doubled by ordinary
//! guidance.
//!
//! Guidance by day and night asks for expertise and reachability that few have, so it was taken out of the general
//! contract. The register marks its products (`round_the_clock`) and keeps a segment for them from the day of the
//! separation on; a provider without a contract for that segment is told here instead of by A1. And one person does not
//! get both at once: a product so marked and another of its category on one day are a double.
//!
//! Doubtful, with the choice made: the source does not say what ordinary guidance is; here the other products of the same
//! category. Allocations by category are taken for neither.

use super::cover::{Care, regional, sentence};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::message::{Count, Date, Number, Product};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A23",
    nl: "Begeleiding dag en nacht wordt gegeven door wie daarvoor gecontracteerd is, en niet naast gewone begeleiding.",
    en: "Round-the-clock guidance is given by who is contracted for it, and not beside ordinary guidance.",
    default_policy: Policy::Observe,
    parameters: &["products.csv flags", "contracts.csv"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let all = regional(look);
    let uncontracted = all
        .iter()
        .filter(|care| care.is(look, Flag::RoundTheClock) && care.contracts(look).is_empty())
        .map(|care| without_contract(look, care));
    // Lines of a month are no promise of care: what doubles was allocated.
    let is_claim = look.message.kind.number == Number::N323;
    let running = if is_claim { Running::default() } else { Running::of(look) };
    let doubled = all.iter().filter_map(|care| {
        let (other, nummer) = running.beside(look, care)?;
        Some(double(look, care, other, nummer))
    });
    uncontracted.chain(doubled).collect()
}

fn without_contract(look: &Look<'_>, care: &Care) -> Raised {
    let (name, segments, product) = (look.provider_name(), care.segments(), product_name(&care.product));
    let (wat, what, on) = (care.what.nl(), care.what.en(), care.on);
    let nl = format!(
        "{name} heeft geen contract voor begeleiding dag en nacht ({segments}); {wat}, product {product}, op {on}. Kies een \
         aanbieder die daarvoor gecontracteerd is."
    );
    let en = format!(
        "{name} has no contract for round-the-clock guidance ({segments}); {what}, product {product}, on {on}. Choose a \
         provider that is contracted for it."
    );
    care.raise_answering(look, Reden::NoContract, nl, en)
}

fn double(look: &Look<'_>, care: &Care, other: &Product, nummer: Count) -> Raised {
    let (product, beside) = (product_name(&care.product), product_name(other));
    let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
    let nl = format!(
        "{wat} met product {product} loopt samen met toewijzing {nummer}, product {beside}: begeleiding dag en nacht en \
         gewone begeleiding tegelijk. Beeindig een van beide."
    );
    let en = format!(
        "{what} for product {product} runs beside allocation {nummer}, product {beside}: round-the-clock and ordinary \
         guidance at once. End one of the two."
    );
    let mut raised = care.raise(look, nl, en).about([nummer]).fact("product_ernaast", beside);
    raised.subject.push_str(" dubbel");
    raised
}

/// What the person has or gets by this message, by category and whether it is round the clock; of each sort the one that
/// runs longest, among those sorted by their first day.
#[derive(Default)]
struct Running<'a> {
    by: BTreeMap<(&'a str, bool), Vec<Known<'a>>>,
}

struct Known<'a> {
    from: Date,
    until: Date,
    product: &'a Product,
    nummer: Count,
}

impl<'a> Running<'a> {
    fn of(look: &Look<'a>) -> Running<'a> {
        let mut running = Running::default();
        let renewed: BTreeSet<Count> = look.allocated().map(|product| product.toewijzing_nummer).collect();
        for known in look.facts.allocations.iter().filter(|known| !known.is_deleted() && !known.is_taken_back()) {
            if let Some(product) = known.product.as_ref().filter(|_| !renewed.contains(&known.nummer)) {
                running.add(look, product, (known.ingangsdatum, known.einddatum), known.nummer);
            }
        }
        for new in look.allocated().filter(|new| !new.is_taken_back()) {
            if let Some(product) = &new.product {
                running.add(look, product, (new.ingangsdatum, new.einddatum), new.toewijzing_nummer);
            }
        }
        for known in running.by.values_mut() {
            known.sort_by_key(|known| (known.from, known.nummer));
            // From here on `until` is the latest of all that began no later, so that one look finds an overlap.
            for index in 1..known.len() {
                if known[index - 1].until > known[index].until {
                    let longest = &known[index - 1];
                    let (until, product, nummer) = (longest.until, longest.product, longest.nummer);
                    known[index] = Known { from: known[index].from, until, product, nummer };
                }
            }
        }
        running
    }

    fn add(&mut self, look: &Look<'_>, product: &'a Product, (from, until): (Date, Option<Date>), nummer: Count) {
        if product.code.is_some() {
            let key = (product.categorie.as_str(), look.is_marked(product, from, Flag::RoundTheClock));
            let until = until.unwrap_or(Date::MAX);
            self.by.entry(key).or_default().push(Known { from, until, product, nummer });
        }
    }

    /// An allocation of the other sort on a day of this care.
    fn beside(&self, look: &Look<'_>, care: &Care) -> Option<(&'a Product, Count)> {
        care.product.code.as_ref()?;
        let key = (care.product.categorie.as_str(), !care.is(look, Flag::RoundTheClock));
        let others = self.by.get(&key)?;
        let until = care.until.unwrap_or(Date::MAX);
        let begun = others.partition_point(|other| other.from <= until);
        let longest = others[..begun].last().filter(|other| other.until >= care.on)?;
        Some((longest.product, longest.nummer))
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    const DOUBLE: &[&str] = &["toewijzing 1001 dubbel"];
    vec![
        silent("ordinary guidance", Number::N301, |_| ()),
        silent("round the clock, under contract", Number::N301, |s| s.mark("02A03", "round_the_clock")),
        raises("round the clock, without one", Number::N301, &["toewijzing 1001"], |s| {
            s.mark("02A03", "round_the_clock");
            s.provider("42420010");
        }),
        silent("ordinary guidance without contract is for A1", Number::N301, |s| s.provider("42420010")),
        raises("beside ordinary guidance", Number::N301, DOUBLE, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2025, 6, 1), None);
        }),
        raises("ordinary guidance beside it", Number::N301, DOUBLE, |s| {
            s.mark("02A01", "round_the_clock");
            s.has(900, "02A01", date(2025, 6, 1), None);
        }),
        raises("that ends on its first day", Number::N301, DOUBLE, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2026, 1, 1)));
        }),
        silent("that ended on the day before", Number::N301, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2025, 6, 1), Some(date(2025, 12, 31)));
        }),
        raises("that begins on its last day", Number::N301, DOUBLE, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2026, 3, 31), None);
        }),
        silent("that begins on the day after", Number::N301, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2026, 4, 1), None);
        }),
        raises("a short one that began later hides no long one", Number::N301, DOUBLE, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2025, 6, 1), None);
            s.has(901, "02A02", date(2025, 7, 1), Some(date(2025, 8, 1)));
        }),
        silent("another category beside it", Number::N301, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "07A01", date(2025, 6, 1), None);
        }),
        silent("a new version of the other one", Number::N301, |s| {
            s.mark("02A03", "round_the_clock");
            s.has(1001, "02A01", date(2025, 6, 1), None);
        }),
        silent("a request under contract", Number::N315, |s| s.mark("02A03", "round_the_clock")),
        raises("a request without one", Number::N315, &["verzoek V-2026-1 02A03"], |s| {
            s.mark("02A03", "round_the_clock");
            s.provider("42420010");
        }),
        raises("a request beside ordinary guidance", Number::N315, &["verzoek V-2026-1 02A03 dubbel"], |s| {
            s.mark("02A03", "round_the_clock");
            s.has(900, "02A01", date(2025, 6, 1), None);
        }),
        silent("a claim under contract", Number::N323, |s| s.mark("02A03", "round_the_clock")),
        raises("a claim without one", Number::N323, &["toewijzing 1001"], |s| {
            s.mark("02A03", "round_the_clock");
            s.provider("42420010");
        }),
    ]
}
