//! B10, on the message: nobody has one product twice at one provider on one day.
//!
//! A new allocation of a 301 is compared with the other allocations of the person in the same law and municipality,
//! those of the message itself included: same provider, same category and code, and a day in common. A new version of an
//! allocation that is known replaces it; deleted ones and those taken back do not count.
//!
//! Source: checks B10 (a), OP259, OP347. For a change that a provider asks for the standard has 9361 itself. Doubtful:
//! an aspecific allocation (category without a code) is compared with aspecific ones only; it may well stand beside a
//! specific one. A product that a 315 asks for is compared with the allocations in the same way; the municipality may
//! have it answered with reason 6 (stacking).

use crate::contract::answer::{Answer, Reden};
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::finding::Severity;
use crate::message::{AangevraagdProduct, Body, Count, Date, Number, Product};
use crate::rules::facts::Allocation;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B10",
    nl: "Een inwoner heeft een product niet tegelijk twee keer bij dezelfde aanbieder.",
    en: "A person does not have one product twice at the same provider at the same time.",
    default_policy: Policy::Observe,
    parameters: &["the allocations of the person"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315], run },
};

/// An allocation of one product: first day, last day, number, whether the message brings it.
type Held = (Date, Date, Count, bool);

fn run(look: &Look<'_>) -> Vec<Raised> {
    match &look.message.body {
        Body::Aanvraag(client) => asked_twice(look, &client.producten),
        _ => allocated_twice(look),
    }
}

/// Allocations of the person at the provider that stand.
fn standing<'a>(look: &Look<'a>) -> impl Iterator<Item = (&'a Product, &'a Allocation)> + use<'a> {
    let aanbieder = look.aanbieder();
    look.facts.allocations.iter().filter_map(move |had| {
        let stands = had.aanbieder == *aanbieder && !had.is_deleted() && !had.is_taken_back();
        Some((had.product.as_ref().filter(|_| stands)?, had))
    })
}

fn asked_twice(look: &Look<'_>, asked: &[AangevraagdProduct]) -> Vec<Raised> {
    // First days in order, each with the allocation that runs longest of those begun by then.
    let mut by_product: BTreeMap<&Product, Vec<(Date, &Allocation)>> = BTreeMap::new();
    for (product, had) in standing(look) {
        by_product.entry(product).or_default().push((had.ingangsdatum, had));
    }
    for held in by_product.values_mut() {
        held.sort_by_key(|(begin, had)| (*begin, had.nummer));
        for at in 1..held.len() {
            let before = held[at - 1].1;
            if last_day(held[at].1) < last_day(before) {
                held[at].1 = before;
            }
        }
    }
    let double = |wanted: &AangevraagdProduct| {
        let product = wanted.product.as_ref()?;
        let held = by_product.get(product)?;
        let until = wanted.toewijzing_einddatum.unwrap_or(Date::MAX);
        let begun = held.partition_point(|(begin, _)| *begin <= until);
        let (_, begun) = held.get(begun.checked_sub(1)?)?;
        let shares = last_day(begun) >= wanted.toewijzing_ingangsdatum;
        shares.then(|| asked_double(look, wanted, product, begun.nummer))
    };
    asked.iter().filter_map(double).collect()
}

fn last_day(had: &Allocation) -> Date {
    had.einddatum.unwrap_or(Date::MAX)
}

fn asked_double(look: &Look<'_>, wanted: &AangevraagdProduct, product: &Product, other: Count) -> Raised {
    let (name, product, referentie) = (look.provider_name(), product_name(product), &wanted.referentie_aanbieder);
    let nl = format!(
        "Verzoek {referentie} vraagt product {product} bij {name} op dagen waarop toewijzing {other} het al geeft. Wijs het \
         af wegens stapeling, of laat de aanbieder de lopende toewijzing wijzigen."
    );
    let en = format!(
        "Request {referentie} asks for product {product} at {name} on days on which allocation {other} gives it already. \
         Reject it for stacking, or have the provider change the allocation that runs."
    );
    let mut raised = Raised::new(format!("verzoek {referentie}"), Severity::Warning, nl, en)
        .about([other])
        .fact("aanbieder", look.aanbieder().as_str())
        .fact("product", product)
        .fact("toewijzing_ernaast", other);
    raised.answer = Some(Answer { referentie: wanted.referentie_aanbieder.clone(), reden: Reden::Stacking });
    raised
}

fn allocated_twice(look: &Look<'_>) -> Vec<Raised> {
    let mut by_product: BTreeMap<&Product, Vec<Held>> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for each in look.allocated().filter(|each| !each.is_taken_back()) {
        named.insert(each.toewijzing_nummer);
        let Some(product) = &each.product else { continue };
        let is_new = look.earlier(each.toewijzing_nummer).is_none();
        let to = each.einddatum.unwrap_or(Date::MAX);
        by_product.entry(product).or_default().push((each.ingangsdatum, to, each.toewijzing_nummer, is_new));
    }
    for (product, had) in standing(look).filter(|(_, had)| !named.contains(&had.nummer)) {
        // Of no interest but for products that the message brings.
        if let Some(held) = by_product.get_mut(product) {
            held.push((had.ingangsdatum, had.einddatum.unwrap_or(Date::MAX), had.nummer, false));
        }
    }
    let mut raised = BTreeMap::new();
    for (product, held) in &mut by_product {
        for (nummer, other) in doubles(held) {
            raised.entry(nummer).or_insert_with(|| double(look, product, nummer, other));
        }
    }
    raised.into_values().collect()
}

/// The new ones among allocations of one product that share a day with another, each with one that it shares a day with.
fn doubles(held: &mut [Held]) -> Vec<(Count, Count)> {
    held.sort_unstable();
    let mut doubles = Vec::new();
    // The one that runs longest of those before: whoever begins on or before its last day shares that day with it.
    let mut longest: Option<Held> = None;
    for each in held.iter() {
        let (from, to, nummer, is_new) = *each;
        if let Some(before) = longest.filter(|before| from <= before.1) {
            if is_new {
                doubles.push((nummer, before.2));
            }
            if before.3 {
                doubles.push((before.2, nummer));
            }
        }
        if longest.is_none_or(|before| to > before.1) {
            longest = Some(*each);
        }
    }
    doubles
}

fn double(look: &Look<'_>, product: &Product, nummer: Count, other: Count) -> Raised {
    let (name, product) = (look.provider_name(), product_name(product));
    let nl = format!(
        "Toewijzing {nummer} geeft product {product} bij {name} op dagen waarop toewijzing {other} dat ook doet. Beëindig \
         of verleng de lopende toewijzing in plaats van een tweede te geven."
    );
    let en = format!(
        "Allocation {nummer} gives product {product} at {name} on days on which allocation {other} does so too. End or \
         extend the one that runs instead of giving a second."
    );
    Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en)
        .at_most(Policy::Hold)
        .about([nummer, other])
        .fact("aanbieder", look.aanbieder().as_str())
        .fact("product", product)
        .fact("toewijzing_ernaast", other)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use crate::message::Party;
    use jiff::civil::date;
    const N301: Number = Number::N301;
    const DOUBLE: &[&str] = &["toewijzing 1001"];

    /// An allocation of the product of the sample, whose own begins on 1 January 2026.
    fn has(s: &mut Sample, from: Date, to: Option<Date>) {
        s.has(900, "02A02", from, to);
        s.facts.allocations[0].product = s.allocation().product.clone();
    }

    const ASKED: &[&str] = &["verzoek V-2026-1"];

    /// An allocation of the product that the sample asks for.
    fn asked(s: &mut Sample, from: Date, to: Option<Date>) {
        s.has(900, "02A02", from, to);
        s.facts.allocations[0].product = s.asked().product.clone();
    }

    vec![
        silent("the only one", N301, |_| ()),
        raises("beside one that runs", N301, DOUBLE, |s| has(s, date(2025, 6, 1), None)),
        raises("on the last day of one", N301, DOUBLE, |s| {
            let first = s.allocation().ingangsdatum;
            has(s, date(2025, 6, 1), Some(first));
        }),
        silent("a day after the last of one", N301, |s| {
            let before = s.allocation().ingangsdatum.yesterday().expect("a day in this century");
            has(s, date(2025, 6, 1), Some(before));
        }),
        raises("one begins on its last day", N301, DOUBLE, |s| {
            s.allocation().einddatum = Some(date(2026, 6, 30));
            has(s, date(2026, 6, 30), None);
        }),
        silent("one begins a day after its last", N301, |s| {
            s.allocation().einddatum = Some(date(2026, 6, 30));
            has(s, date(2026, 7, 1), None);
        }),
        silent("at another provider", N301, |s| {
            has(s, date(2025, 6, 1), None);
            s.facts.allocations[0].aanbieder = Party::from("42420003");
        }),
        silent("another product", N301, |s| s.has(900, "02A04", date(2025, 6, 1), None)),
        silent("a new version of itself", N301, |s| {
            has(s, date(2025, 6, 1), None);
            s.facts.allocations[0].nummer = s.allocation().toewijzing_nummer;
        }),
        silent("a new version of one that stood double before", N301, |s| {
            has(s, date(2025, 6, 1), None);
            s.knows_allocation(|_| ());
        }),
        silent("the other was deleted", N301, |s| {
            has(s, date(2025, 6, 1), None);
            s.facts.allocations[0].reden_wijziging = Some("13".into());
        }),
        silent("asked for and not there yet", Number::N315, |_| ()),
        raises("asked for beside one that runs", Number::N315, ASKED, |s| asked(s, date(2025, 6, 1), None)),
        raises("asked for from the last day of one", Number::N315, ASKED, |s| {
            let first = s.asked().toewijzing_ingangsdatum;
            asked(s, date(2025, 6, 1), Some(first));
        }),
        silent("asked for from the day after", Number::N315, |s| {
            let before = s.asked().toewijzing_ingangsdatum.yesterday().expect("a day in this century");
            asked(s, date(2025, 6, 1), Some(before));
        }),
        silent("asked for until the day before one begins", Number::N315, |s| {
            s.asked().toewijzing_einddatum = Some(date(2026, 6, 30));
            asked(s, date(2026, 7, 1), None);
        }),
        raises("a longer one behind a shorter one", Number::N315, ASKED, |s| {
            asked(s, date(2025, 1, 1), None);
            s.has(901, "02A02", date(2025, 2, 1), Some(date(2025, 2, 28)));
            s.facts.allocations[1].product = s.asked().product.clone();
        }),
        silent("asked for of another provider", Number::N315, |s| {
            asked(s, date(2025, 6, 1), None);
            s.facts.allocations[0].aanbieder = Party::from("42420003");
        }),
        raises("two in the message", N301, &["toewijzing 1001", "toewijzing 1002"], |s| {
            let second = crate::message::ToegewezenProduct { toewijzing_nummer: 1002, ..s.allocation().clone() };
            let Body::Toewijzing(client) = &mut s.message.body else { panic!("a 301") };
            client.producten.push(second);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn doubles_are_those_of_every_pair_looked_at(
            spans in proptest::collection::vec((0..30_i64, 0..9_i64, any::<bool>()), 0..9),
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let mut held: Vec<Held> = (1..)
                .zip(spans)
                .map(|(nummer, (from, length, is_new))| (nth(from), nth(from + length), nummer, is_new))
                .collect();
            let share = |one: &Held, two: &Held| one.2 != two.2 && one.0 <= two.1 && two.0 <= one.1;
            let expected: BTreeSet<Count> = held
                .iter()
                .filter(|one| one.3 && held.iter().any(|two| share(one, two)))
                .map(|one| one.2)
                .collect();
            let found = doubles(&mut held);
            for (nummer, other) in &found {
                let of = |wanted: Count| held.iter().find(|each| each.2 == wanted).expect("one of them");
                prop_assert!(share(of(*nummer), of(*other)));
            }
            prop_assert_eq!(found.into_iter().map(|(nummer, _)| nummer).collect::<BTreeSet<_>>(), expected);
        }
    }
}
