//! C5: a direct referral leads to a provider under contract.
//!
//! Looked at is each product of a 315 whose referrer may refer by law: general practitioner, youth physician, medical
//! specialist or court (COD327 02, 03, 05, 08). Raised is one for which the provider has no contract for the segment
//! that covers the municipality on the first day asked for, or holds one in transition only, which is for clients who
//! were in care already. What is missing exactly, and whether the request is answered for it, is for the checks on
//! contracts (A1 and those beside it); this one names who is under contract instead, since the municipality remains
//! bound to arrange the care, and the referrer does not read the register.
//!
//! Named are providers with an active contract that covers the municipality on that day, by code, ten at most. Products
//! that belong to no segment, crisis care and care contracted nationally are left alone.

use super::courses::is_crisis;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::register::Contract;
use crate::contract::words::{ContractStatus, Flag};
use crate::finding::Severity;
use crate::message::body::AangevraagdProduct;
use crate::message::{Body, Number, Party, Product};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C5",
    nl: "Een rechtstreekse verwijzing leidt naar een gecontracteerde aanbieder.",
    en: "A direct referral leads to a provider under contract.",
    default_policy: Policy::Signal,
    parameters: &["products.csv segment", "contracts.csv"],
    run: Run::OnMessage { numbers: &[Number::N315], run },
};

/// Types of referrer (COD327) that may refer to a provider by law.
const BY_LAW: [&str; 4] = ["02", "03", "05", "08"];
/// Providers that a text names.
const NAMED: usize = 10;

fn run(look: &Look<'_>) -> Vec<Raised> {
    let Body::Aanvraag(client) = &look.message.body else { return Vec::new() };
    let referred = client.producten.iter().filter(|asked| BY_LAW.contains(&asked.verwijzer.soort.as_str()));
    let alone: Vec<_> = referred.filter_map(|asked| not_contracted(look, asked)).collect();
    if alone.is_empty() {
        return Vec::new();
    }
    // Sorted out once, however many products a message asks for.
    let mut by_segment: BTreeMap<&str, Vec<&Contract>> = BTreeMap::new();
    for contract in look.register.all_contracts().filter(|contract| is_for_new(look, contract)) {
        by_segment.entry(&contract.segment).or_default().push(contract);
    }
    alone.iter().map(|alone| raise(look, alone, &by_segment)).collect()
}

/// A product asked for at a provider that has no contract for it.
struct Alone<'a> {
    asked: &'a AangevraagdProduct,
    product: &'a Product,
    segments: BTreeSet<&'a str>,
}

fn not_contracted<'a>(look: &Look<'a>, asked: &'a AangevraagdProduct) -> Option<Alone<'a>> {
    let (on, product) = (asked.toewijzing_ingangsdatum, asked.product.as_ref()?);
    let known = product.code.as_ref().and_then(|code| look.register.product(look.law(), code, on));
    if known.is_some_and(|known| is_crisis(known) || known.flags.contains(&Flag::National)) {
        return None;
    }
    let segments = look.register.segments(look.law(), &product.categorie, product.code.as_ref(), on);
    let mut own = segments.iter().flat_map(|segment| look.register.contracts(look.aanbieder(), segment));
    let is_contracted = own.any(|contract| is_for_new(look, contract) && contract.validity.holds_on(on));
    (!segments.is_empty() && !is_contracted).then_some(Alone { asked, product, segments })
}

/// Whether a contract covers new clients of the municipality, on the days that it holds.
fn is_for_new(look: &Look<'_>, contract: &Contract) -> bool {
    contract.status != ContractStatus::Transition && look.register.covers(contract, look.gemeente())
}

fn raise(look: &Look<'_>, alone: &Alone<'_>, by_segment: &BTreeMap<&str, Vec<&Contract>>) -> Raised {
    let Alone { asked, product, segments } = alone;
    let (on, gemeente) = (asked.toewijzing_ingangsdatum, look.gemeente());
    let contracts = segments.iter().filter_map(|segment| by_segment.get(segment)).flatten();
    let contracted: BTreeSet<&Party> =
        contracts.filter(|contract| contract.validity.holds_on(on)).map(|contract| &contract.agb).collect();
    let (name, referentie, code) = (look.provider_name(), &asked.referentie_aanbieder, product_name(product));
    let segment = segments.iter().copied().collect::<Vec<_>>().join("/");
    let soort = asked.verwijzer.soort.as_str();
    let named: Vec<String> = contracted.iter().take(NAMED).map(|agb| provider(look, agb)).collect();
    let (others_nl, others_en) = match contracted.len() {
        0 => ("Niemand is er gecontracteerd".to_owned(), "Nobody is contracted there".to_owned()),
        all => {
            let listed = named.join(", ");
            (format!("Wel gecontracteerd ({all}): {listed}"), format!("Under contract ({all}): {listed}"))
        }
    };
    let nl = format!(
        "Verzoek {referentie}, product {code} vanaf {on}: verwijzer van soort {soort} verwijst naar {name}, die voor \
         {segment} in gemeente {gemeente} geen contract voor nieuwe cliënten heeft. {others_nl}. Overleg met verwijzer \
         en inwoner over een andere aanbieder, of leg vast waarom deze nodig is."
    );
    let en = format!(
        "Request {referentie}, product {code} from {on}: a referrer of type {soort} refers to {name}, which has no \
         contract for new clients for {segment} in municipality {gemeente}. {others_en}. Consult referrer and person \
         on another provider, or record why this one is needed."
    );
    let alternatives: Vec<&str> = contracted.iter().take(NAMED).map(|agb| agb.as_str()).collect();
    Raised::new(format!("verzoek {referentie} {}", look.aanbieder()), Severity::Warning, nl, en)
        .at_most(Policy::Signal)
        .fact("aanbieder", look.aanbieder().as_str())
        .fact("product", code)
        .fact("segment", segment)
        .fact("datum", on.to_string())
        .fact("verwijzer_soort", soort)
        .fact("gecontracteerd", alternatives)
        .fact("aantal_gecontracteerd", contracted.len())
}

fn provider(look: &Look<'_>, agb: &Party) -> String {
    look.register.provider(agb).map_or_else(|| agb.to_string(), |provider| format!("{} ({agb})", provider.name))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use crate::message::Law;
    use jiff::civil::date;

    const RAISED: &[&str] = &["verzoek V-2026-1 42420010"];

    fn referred(s: &mut Sample, soort: &str, agb: &str, change: impl FnOnce(&mut AangevraagdProduct)) {
        s.provider(agb);
        let Body::Aanvraag(client) = &mut s.message.body else { panic!("a 315") };
        client.producten[0].verwijzer.soort = soort.into();
        change(&mut client.producten[0]);
    }

    /// A referral for youth care.
    fn youth(s: &mut Sample, agb: &str, code: &str) {
        s.message.kind.law = Law::Jeugdwet;
        referred(s, "03", agb, |asked| asked.product = Some(super::timeline::product(code)));
    }

    const N: Number = Number::N315;
    vec![
        silent("asked for by the municipality itself", N, |_| ()),
        silent("referred to a contracted provider", N, |s| referred(s, "02", "42420001", |_| ())),
        raises("referred by a practitioner to one without contract", N, RAISED, |s| {
            referred(s, "02", "42420010", |_| ());
        }),
        raises("by a court", N, RAISED, |s| referred(s, "08", "42420010", |_| ())),
        silent("by the client", N, |s| referred(s, "06", "42420010", |_| ())),
        silent("by youth protection, which the municipality contracts itself", N, |s| {
            referred(s, "04", "42420010", |_| ());
        }),
        raises("a contract that covers other municipalities", N, &["verzoek V-2026-1 42420003"], |s| {
            referred(s, "02", "42420003", |_| ());
            s.gemeente("0222");
        }),
        raises("a contract that ended", N, &["verzoek V-2026-1 42420008"], |s| {
            referred(s, "02", "42420008", |_| ());
        }),
        silent("on the last day of a contract", N, |s| {
            referred(s, "02", "42420008", |asked| asked.toewijzing_ingangsdatum = date(2025, 12, 31));
        }),
        silent("a product that is not on the list", N, |s| {
            referred(s, "02", "42420010", |asked| {
                asked.product = Some(super::timeline::product("02Z99"));
            });
        }),
        silent("a generic request", N, |s| referred(s, "02", "42420010", |asked| asked.product = None)),
        raises("a contract in transition, which takes no new clients", N, &["verzoek V-2026-1 42420006"], |s| {
            youth(s, "42420006", "45A02");
        }),
        silent("a contract of youth care", N, |s| youth(s, "42420005", "45A02")),
        silent("a crisis does not wait for a contract", N, |s| youth(s, "42420010", "46A01")),
        raises("by category", N, RAISED, |s| {
            referred(s, "02", "42420010", |asked| {
                asked.product.as_mut().expect("the sample asks for a product").code = None;
            });
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn those_under_contract_are_named() {
        let mut sample = Sample::of(Number::N315);
        sample.provider("42420010");
        let Body::Aanvraag(client) = &mut sample.message.body else { panic!("a 315") };
        client.producten[0].verwijzer.soort = "05".into();
        let raised = sample.looked_at(run);
        let expected = "Under contract (3): Voorbeeldzorg De Es (fictief) (42420001), \
                        Voorbeeldthuis Slingebeek (fictief) (42420002), \
                        Voorbeeldhulp Berkelstroom (fictief) (42420003).";
        assert!(raised[0].en.contains(expected), "{}", raised[0].en);
    }
}
