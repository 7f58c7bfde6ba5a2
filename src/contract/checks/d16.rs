//! D16: care is not paid twice: no pair of allocations of one person of which one includes the other.
//!
//! Pairs that do not go together on one day: residence or sheltered housing with day activities, and sheltered housing
//! with ambulatory help, by the marks of the products. And care of one category that is paid by instalment beside the
//! same at a price.

use super::spans::Spans;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::money::funding;
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::{Categorie, Date, Number, Product, ToegewezenProduct};
use crate::rules::facts::Allocation;
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D16",
    nl: "Een persoon heeft op een dag geen twee toewijzingen waarvan de ene de andere al omvat.",
    en: "No person has two allocations on a day of which one includes the other.",
    default_policy: Policy::Observe,
    parameters: &["products.csv flags", "agreements.csv model"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

/// Marks that do not go together.
const PAIRS: [(Flag, Flag); 3] =
    [(Flag::Residence, Flag::DayActivity), (Flag::Sheltered, Flag::DayActivity), (Flag::Sheltered, Flag::Ambulatory)];

/// What an allocation is beside others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Marked(Flag),
    /// Of a category, and whether it is paid by instalment.
    Paid(Categorie, bool),
}

fn traits(look: &Look<'_>, product: &Product, on: Date) -> Vec<Trait> {
    let piece = look.place(product, on);
    let flags = piece.product.map(|product| &product.flags);
    let marked =
        flags.into_iter().flatten().filter(|flag| PAIRS.iter().any(|(one, other)| one == *flag || other == *flag));
    let mut traits: Vec<Trait> = marked.map(|flag| Trait::Marked(*flag)).collect();
    traits.push(Trait::Paid(product.categorie.clone(), funding(piece.model).by_instalment));
    traits
}

/// What does not go together with a trait, and why: in Dutch and in English.
fn clashes(with: &Trait) -> Vec<(Trait, String, String)> {
    match with {
        Trait::Marked(flag) => PAIRS
            .iter()
            .filter(|(whole, part)| flag == whole || flag == part)
            .map(|(whole, part)| {
                let other = if flag == whole { part } else { whole };
                (Trait::Marked(*other), format!("{whole} omvat {part}"), format!("{whole} includes {part}"))
            })
            .collect(),
        Trait::Paid(categorie, by_instalment) => vec![(
            Trait::Paid(categorie.clone(), !by_instalment),
            "dezelfde zorg wordt in termijnen en per prijs betaald".to_owned(),
            "the same care is paid by instalment and at a price".to_owned(),
        )],
    }
}

/// What the person has: first and last day, allocation and product.
type Had<'a> = (Date, Option<Date>, (&'a Allocation, &'a Product));

fn run(look: &Look<'_>) -> Vec<Raised> {
    let mut had: BTreeMap<Trait, Vec<Had<'_>>> = BTreeMap::new();
    for each in look.had() {
        let Some(product) = &each.product else { continue };
        for has in traits(look, product, each.ingangsdatum) {
            had.entry(has).or_default().push((each.ingangsdatum, each.einddatum, (each, product)));
        }
    }
    let had: BTreeMap<Trait, Spans<_>> = had.into_iter().map(|(has, spans)| (has, Spans::of(spans))).collect();
    let told = |new: &ToegewezenProduct| {
        let product = new.product.as_ref()?;
        traits(look, product, new.ingangsdatum).iter().flat_map(clashes).find_map(|(other, nl, en)| {
            let (had, had_product) = had.get(&other)?.beside(new.ingangsdatum, new.einddatum)?;
            Some(tell(new, product, (had, had_product), &nl, &en))
        })
    };
    look.allocated().filter_map(told).collect()
}

fn tell(
    new: &ToegewezenProduct,
    product: &Product,
    (had, had_product): (&Allocation, &Product),
    why_nl: &str,
    why_en: &str,
) -> Raised {
    let (nummer, earlier) = (new.toewijzing_nummer, had.nummer);
    let (code, had_code) = (product_name(product), product_name(had_product));
    let nl = format!(
        "Toewijzing {nummer} ({code}) loopt samen met toewijzing {earlier} ({had_code}): {why_nl}. Ga na of een van beide \
         vervalt."
    );
    let en = format!(
        "Allocation {nummer} ({code}) runs beside allocation {earlier} ({had_code}): {why_en}. See whether one of the two \
         ends."
    );
    let raised = Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en).about([nummer, earlier]);
    raised.fact("product", code).fact("product_eerder", had_code)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::contract::words::Model;
    use jiff::civil::date;
    const PAIR: &[&str] = &["toewijzing 1001"];
    vec![
        silent("nothing beside it", Number::N301, |_| ()),
        silent("care that goes together", Number::N301, |s| s.has(900, "07A01", date(2025, 6, 1), None)),
        raises("ambulatory help beside sheltered housing", Number::N301, PAIR, |s| {
            s.register.set_flag("02A03", Flag::Ambulatory);
            s.register.set_flag("15A01", Flag::Sheltered);
            s.has(900, "15A01", date(2025, 6, 1), None);
        }),
        raises("sheltered housing beside ambulatory help", Number::N301, PAIR, |s| {
            s.register.set_flag("02A03", Flag::Sheltered);
            s.register.set_flag("02A01", Flag::Ambulatory);
            s.has(900, "02A01", date(2026, 2, 1), None);
        }),
        silent("after sheltered housing ended", Number::N301, |s| {
            s.register.set_flag("02A03", Flag::Ambulatory);
            s.register.set_flag("15A01", Flag::Sheltered);
            s.has(900, "15A01", date(2025, 6, 1), Some(date(2025, 12, 31)));
        }),
        silent("both paid at a price", Number::N301, |s| s.has(900, "02A01", date(2026, 1, 1), None)),
        raises("one paid by instalment, the other at a price", Number::N301, PAIR, |s| {
            s.register.set_model("FICTIEF-WIO-0197-2026", Model::Lumpsum);
            s.has(900, "02A01", date(2025, 6, 1), None);
        }),
        silent("both paid by instalment", Number::N301, |s| {
            s.register.set_model("FICTIEF-WIO-0197-2026", Model::Lumpsum);
            s.has(900, "02A01", date(2026, 1, 1), None);
        }),
    ]
}
