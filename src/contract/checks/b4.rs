//! B4: care is stepped down where it can be. A new allocation that is heavier than what the person had is shown.
//!
//! Compared is the level of the new product with the highest level among the person's allocations of the same law and
//! segment (or lot, norm `step_up_family`) that run on the first day of the new one, or ended fewer than
//! `step_up_gap_days` before it, at any provider. Allocations by category have no level. A stretch of an existing
//! allocation is no new step.

use crate::contract::check::{CheckInfo, Look, Raised};
use crate::contract::policy::Policy;
use crate::contract::register::Product;
use crate::contract::words::StepFamily;
use crate::finding::Severity;
use crate::message::{Date, Number, ToegewezenProduct};
use crate::rules::facts::Allocation;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B4",
    nl: "Een nieuwe toewijzing is niet zwaarder dan de zorg die de inwoner had.",
    en: "A new allocation is not heavier than the care that the person had.",
    numbers: &[Number::N301],
    default_policy: Policy::Signal,
    parameters: &["products.csv level", "norms.step_up_gap_days", "norms.step_up_family"],
    run,
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let norms = &look.register.region.norms;
    let (Some(gap), Some(family)) = (norms.step_up_gap_days, norms.step_up_family) else {
        return Vec::new();
    };
    look.allocated()
        .filter(|new| look.earlier(new.toewijzing_nummer).is_none())
        .filter_map(|new| step_up(look, new, gap, family))
        .collect()
}

fn step_up(look: &Look<'_>, new: &ToegewezenProduct, gap: u32, family: StepFamily) -> Option<Raised> {
    let product = ranked(look, new.product.as_ref()?, new.ingangsdatum)?;
    let level = product.level?;
    let (before, had, highest) = look
        .facts
        .allocations
        .iter()
        .filter(|before| before.nummer != new.toewijzing_nummer && !before.is_deleted())
        .filter(|before| in_chain(before, new.ingangsdatum, gap))
        .filter_map(|before| {
            let had = ranked(look, before.product.as_ref()?, before.ingangsdatum)?;
            same_family(look, had, product, family).then_some((before, had, had.level?))
        })
        // The first of equals, so that the order of the facts decides and nothing else.
        .reduce(|best, next| if next.2 > best.2 { next } else { best })?;
    if level <= highest {
        return None;
    }
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
    Some(
        Raised::new(format!("toewijzing {nummer}"), Severity::Info, nl, en)
            .about([nummer, earlier])
            .fact("aanbieder", look.aanbieder().as_str())
            .fact("aanbieder_eerder", before.aanbieder.as_str())
            .fact("product", code.as_str())
            .fact("product_eerder", had_code.as_str())
            .fact("niveau", level)
            .fact("niveau_eerder", highest),
    )
}

fn ranked<'a>(look: &Look<'a>, product: &crate::message::Product, on: Date) -> Option<&'a Product> {
    look.register.product(look.law(), product.code.as_ref()?, on)
}

/// Began before the new one, and runs on its first day or ended fewer than `gap` days before it.
fn in_chain(before: &Allocation, start: Date, gap: u32) -> bool {
    before.ingangsdatum <= start
        && before.einddatum.is_none_or(|end| {
            let days = end.duration_until(start).as_hours() / 24;
            days <= 0 || days < i64::from(gap)
        })
}

fn same_family(look: &Look<'_>, a: &Product, b: &Product, family: StepFamily) -> bool {
    let lot =
        |product: &Product| look.register.region.segments.get(&product.segment).and_then(|all| all.lot.as_deref());
    a.segment == b.segment || (family == StepFamily::Lot && lot(a).is_some() && lot(a) == lot(b))
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
            s.register.region.norms.step_up_gap_days = None;
        }),
    ]
}
