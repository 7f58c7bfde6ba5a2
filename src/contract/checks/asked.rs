//! What D8 tells of a request: with what it asks for, the budget agreed with this provider is exceeded.
//!
//! A budget of a segment is no ground to refuse a client (funding, section 5), so only an agreement with the provider
//! itself counts here, which it knows. Where the agreement says `answer` the request may be rejected for reason 2; the
//! client keeps the right to help and must be helped elsewhere, whoever referred them. What cannot be reckoned in full is
//! not held against anybody.

use crate::contract::answer::{Answer, Reden};
use crate::contract::check::{Look, Raised};
use crate::contract::policy::Policy;
use crate::contract::register::{Agreement, Register};
use crate::contract::table::Validity;
use crate::contract::value::{Entitlement, value};
use crate::contract::words::{BrokenPeriods, OnExceed};
use crate::finding::Severity;
use crate::message::{Body, Cents, Count, Date, Message, Product, ReferentieAanbieder};
use crate::rules::Parties;
use crate::rules::facts::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that a request asks for, and what stands instead now.
struct Asked<'a> {
    referentie: &'a ReferentieAanbieder,
    toewijzing: Option<Count>,
    product: &'a Product,
    on: Date,
    wanted: Entitlement<'a>,
    instead_of: Option<Entitlement<'a>>,
}

/// Agreements with the provider of a request. Which of them it counts for is known once its allocations are.
pub(in crate::contract) fn agreements(register: &Register, message: &Message) -> BTreeSet<String> {
    let own = register.agreements().filter(|agreement| agreement.agb.as_ref() == Some(message.aanbieder()));
    own.map(|agreement| agreement.id.clone()).collect()
}

/// A request that takes an agreement with its provider past its amount.
pub(super) fn exceeded(look: &Look<'_>) -> Vec<Raised> {
    let (register, message) = (look.register, look.message);
    let mut consumed: BTreeMap<&str, i128> = BTreeMap::new();
    let mut raised = Vec::new();
    for asked in asked(message, look.ledger) {
        for agreement in own(register, message, asked.product, asked.on) {
            let Some(more) = more(register, message, &asked, agreement) else { continue };
            let before = || look.facts.consumption.get(&agreement.id).map_or(0, |cents| i128::from(cents.0));
            let after = consumed.entry(&agreement.id).or_insert_with(before);
            *after = after.saturating_add(more);
            if more > 0 && *after > i128::from(agreement.amount.0) {
                raised.extend(tell(look, &asked, agreement, crate::contract::value::clamp(*after)));
            }
        }
    }
    raised
}

fn asked<'a>(message: &'a Message, ledger: &'a Facts) -> Vec<Asked<'a>> {
    match &message.body {
        Body::Aanvraag(client) => client
            .producten
            .iter()
            .filter_map(|asked| {
                let product = asked.product.as_ref()?;
                let on = asked.toewijzing_ingangsdatum;
                let (omvang, budget) = (asked.omvang.as_ref(), asked.budget);
                let einddatum = asked.toewijzing_einddatum;
                let wanted = Entitlement { product: Some(product), ingangsdatum: on, einddatum, omvang, budget };
                let referentie = &asked.referentie_aanbieder;
                Some(Asked { referentie, toewijzing: None, product, on, wanted, instead_of: None })
            })
            .collect(),
        Body::Wijziging(client) => {
            let referentie = &client.verzoek.referentie_aanbieder;
            let changed = client.verzoek.te_wijzigen.iter().filter_map(|asked| {
                let known = ledger.allocations.get(&asked.toewijzing_nummer).filter(|known| !known.is_deleted())?;
                let product = known.product.as_ref()?;
                let on = asked.gewenste_ingangsdatum;
                let (omvang, budget) = (asked.omvang.as_ref(), asked.budget);
                let wanted = Entitlement {
                    product: Some(product),
                    ingangsdatum: on,
                    einddatum: asked.einddatum,
                    omvang,
                    budget,
                };
                let (toewijzing, instead_of) = (Some(known.nummer), Some(Entitlement::from(known)));
                Some(Asked { referentie, toewijzing, product, on, wanted, instead_of })
            });
            let new = client.verzoek.nieuw.iter().filter_map(|asked| {
                let product = asked.product.as_ref()?;
                let on = asked.gewenste_ingangsdatum;
                let (omvang, budget) = (asked.omvang.as_ref(), asked.budget);
                let wanted = Entitlement {
                    product: Some(product),
                    ingangsdatum: on,
                    einddatum: asked.einddatum,
                    omvang,
                    budget,
                };
                Some(Asked { referentie, toewijzing: None, product, on, wanted, instead_of: None })
            });
            changed.chain(new).collect()
        }
        _ => Vec::new(),
    }
}

/// Agreements with the provider itself for the one segment of a product.
fn own<'a>(register: &'a Register, message: &Message, product: &Product, on: Date) -> Vec<&'a Agreement> {
    let law = message.kind.law;
    let mut segments = register.segments(law, &product.categorie, product.code.as_ref(), on).into_iter();
    let Some(segment) = segments.next().filter(|_| segments.next().is_none()) else { return Vec::new() };
    let parties = Parties { gemeente: message.gemeente(), aanbieder: message.aanbieder() };
    register.agreements_for(segment, parties).filter(|agreement| agreement.agb.is_some()).collect()
}

/// How much more an agreement would be used; `None` when that cannot be told.
fn more(register: &Register, message: &Message, asked: &Asked<'_>, agreement: &Agreement) -> Option<i128> {
    if agreement.model.pays_by_instalment() {
        return None;
    }
    let broken = register.region.norms.broken_periods.unwrap_or(BrokenPeriods::Full);
    let parties = Parties { gemeente: message.gemeente(), aanbieder: message.aanbieder() };
    // A change leaves what came before it as it was.
    let window = Validity { from: agreement.from.max(asked.on), to: Some(agreement.to) };
    let worth = |entitlement: &Entitlement<'_>| {
        let worth = value(register, message.kind.law, parties, entitlement, window, broken);
        worth.lacks.is_none().then_some(i128::from(worth.cents.0))
    };
    Some(worth(&asked.wanted)? - asked.instead_of.as_ref().map_or(Some(0), worth)?)
}

fn tell(look: &Look<'_>, asked: &Asked<'_>, agreement: &Agreement, after: i64) -> Option<Raised> {
    if agreement.on_exceed == OnExceed::Signal {
        return None;
    }
    let (id, amount, referentie) = (&agreement.id, agreement.amount, asked.referentie);
    let (after, over) = (Cents(after), Cents(after.saturating_sub(amount.0)));
    let name = look.provider_name();
    let nl = format!(
        "Met verzoek {referentie} komt afspraak {id} met {name} {over} euro boven {amount} euro ({after} gebruikt of \
         toegezegd). Spreek ruimte af, of zoek een andere aanbieder: de inwoner houdt recht op hulp."
    );
    let en = format!(
        "Request {referentie} takes agreement {id} with {name} {over} euros above {amount} euros ({after} used or \
         committed). Agree on room, or find another provider: the person keeps the right to help."
    );
    let what = asked.toewijzing.map_or_else(
        || crate::contract::check::product_name(asked.product).to_owned(),
        |nummer| format!("op toewijzing {nummer}"),
    );
    let mut raised =
        Raised::new(format!("afspraak {id} overschreden verzoek {referentie} {what}"), Severity::High, nl, en)
            .about(asked.toewijzing)
            .fact("afspraak", id.as_str())
            .fact("segment", agreement.segment.as_str())
            .fact("aanbieder", look.aanbieder().as_str())
            .fact("referentie_aanbieder", referentie.as_str())
            .fact("bedrag_cent", amount.0)
            .fact("gebruik_cent", after.0);
    if agreement.on_exceed == OnExceed::Answer {
        raised.answer = Some(Answer { referentie: referentie.clone(), reden: Reden::NotWithinBudget });
        return Some(raised);
    }
    Some(raised.at_most(Policy::Signal))
}
