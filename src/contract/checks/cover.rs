//! What the checks on contracts share: the care that a message allocates, asks for or claims, and the contract for it.
//!
//! They divide the ground between them, so that one case is told once. For regional care: no contract for the segment at
//! all (A1), a segment that the municipality takes no part in (A3), contracts but none for this municipality (A2), a
//! provider that acceded later (A13), a contract for it but not on this day (A4). Who may give national, hospital and
//! round-the-clock care at all is asked by A18, A19 and A23 instead of A1. A5, A7, A8 and A24 tell something beside these
//! that has another remedy.
//!
//! A product that is not in the register belongs to no segment, and a generic allocation has no product: no contract can
//! be judged for either. A15 and TR381 deal with the former.

use crate::contract::answer::{Answer, Reden};
use crate::contract::check::{Look, Raised, product_name};
use crate::contract::norms::{TRANSITION_TAIL_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::region::Segment;
use crate::contract::register::Contract;
use crate::contract::words::{ContractStatus, Flag};
use crate::finding::Severity;
use crate::message::{Body, Count, Date, Number, Product, ReferentieAanbieder, ToegewezenProduct};
use std::collections::BTreeSet;

/// Numbers on which contract cover is looked at.
pub(super) const NUMBERS: &[Number] = &[Number::N301, Number::N315, Number::N317, Number::N323];

/// Care that ought to be under contract.
pub(super) struct Care {
    pub(super) what: What,
    pub(super) product: Product,
    /// The day that the contract is needed.
    pub(super) on: Date,
    /// Last day of an allocation, or of what is asked for; `None` without one, and for a claim.
    pub(super) until: Option<Date>,
    /// Whether nothing was allocated before: a change of an allocation, and a claim, continue care.
    pub(super) is_new: bool,
    segments: BTreeSet<String>,
}

/// What the care is told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Toewijzing(Count),
    /// A request, and the allocation that it asks to change.
    Verzoek(ReferentieAanbieder, Option<Count>),
}

impl What {
    /// In a sentence, the same in both languages but for the noun.
    pub(super) fn nl(&self) -> String {
        match self {
            What::Toewijzing(nummer) => format!("toewijzing {nummer}"),
            What::Verzoek(referentie, None) => format!("verzoek {referentie}"),
            What::Verzoek(referentie, Some(nummer)) => format!("verzoek {referentie} op toewijzing {nummer}"),
        }
    }

    pub(super) fn en(&self) -> String {
        match self {
            What::Toewijzing(nummer) => format!("allocation {nummer}"),
            What::Verzoek(referentie, None) => format!("request {referentie}"),
            What::Verzoek(referentie, Some(nummer)) => format!("request {referentie} on allocation {nummer}"),
        }
    }

    fn toewijzing(&self) -> Option<Count> {
        match self {
            What::Toewijzing(nummer) => Some(*nummer),
            What::Verzoek(_, nummer) => *nummer,
        }
    }
}

/// A text that begins a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The care in a message: allocations that are new or reach further than before, what a request asks for that is new or
/// reaches further, and granted lines.
///
/// An allocation that is shortened or otherwise changed within its old dates is left alone: a stop of care at a
/// provider whose contract ended must never be the thing that is stopped.
pub(super) fn care(look: &Look<'_>) -> Vec<Care> {
    let mut all = Vec::new();
    for product in look.allocated().filter(|product| reaches_further(look, product)) {
        let Some(known) = product.product.clone() else { continue };
        let is_new = look.earlier(product.toewijzing_nummer).is_none();
        let what = What::Toewijzing(product.toewijzing_nummer);
        all.push(Care::of(look, what, known, (product.ingangsdatum, product.einddatum), is_new));
    }
    match &look.message.body {
        Body::Aanvraag(client) => all.extend(client.producten.iter().filter_map(|asked| {
            let what = What::Verzoek(asked.referentie_aanbieder.clone(), None);
            let days = (asked.toewijzing_ingangsdatum, asked.toewijzing_einddatum);
            Some(Care::of(look, what, asked.product.clone()?, days, true))
        })),
        Body::Wijziging(client) => {
            let referentie = &client.verzoek.referentie_aanbieder;
            all.extend(client.verzoek.te_wijzigen.iter().filter_map(|asked| {
                let earlier = look.earlier(asked.toewijzing_nummer)?;
                let further =
                    is_longer(earlier.einddatum, asked.einddatum) || asked.gewenste_ingangsdatum < earlier.ingangsdatum;
                let what = What::Verzoek(referentie.clone(), Some(asked.toewijzing_nummer));
                let days = (asked.gewenste_ingangsdatum, asked.einddatum);
                further.then_some(Care::of(look, what, earlier.product.clone()?, days, false))
            }));
            all.extend(client.verzoek.nieuw.iter().filter_map(|asked| {
                let what = What::Verzoek(referentie.clone(), None);
                let days = (asked.gewenste_ingangsdatum, asked.einddatum);
                Some(Care::of(look, what, asked.product.clone()?, days, true))
            }));
        }
        _ => {}
    }
    all.extend(look.claimed().map(|line| {
        let product = Product { categorie: line.categorie.clone(), code: Some(line.code.clone()) };
        let what = What::Toewijzing(line.toewijzing_nummer);
        Care::of(look, what, product, (line.periode.begindatum, None), false)
    }));
    all
}

/// The care that belongs to a segment of the region and is not contracted nationally.
pub(super) fn regional(look: &Look<'_>) -> Vec<Care> {
    let mut all = care(look);
    all.retain(|care| !care.segments.is_empty() && !care.is(look, Flag::National));
    all
}

fn reaches_further(look: &Look<'_>, product: &ToegewezenProduct) -> bool {
    let Some(earlier) = look.earlier(product.toewijzing_nummer) else {
        return true;
    };
    is_longer(earlier.einddatum, product.einddatum)
        || product.ingangsdatum < earlier.ingangsdatum
        || product.product != earlier.product
}

fn is_longer(before: Option<Date>, now: Option<Date>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => now > before,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

impl Care {
    fn of(look: &Look<'_>, what: What, product: Product, (on, until): (Date, Option<Date>), is_new: bool) -> Care {
        let segments = look.register.segments(look.law(), &product.categorie, product.code.as_ref(), on);
        let segments = segments.into_iter().map(str::to_owned).collect();
        Care { what, product, on, until, is_new, segments }
    }

    /// Whether the product is marked so.
    pub(super) fn is(&self, look: &Look<'_>, flag: Flag) -> bool {
        look.is_marked(&self.product, self.on, flag)
    }

    /// Segments that the care may belong to.
    pub(super) fn profiles<'a>(&self, look: &Look<'a>) -> Vec<&'a Segment> {
        self.segments.iter().filter_map(|id| look.register.region.segments.get(id)).collect()
    }

    /// Ids of those segments.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(String::as_str)
    }

    /// Whether no segment of the register holds the product.
    pub(super) fn is_unmapped(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether the municipality takes part in any of the segments, on the day of the care.
    pub(super) fn is_joint(&self, look: &Look<'_>) -> bool {
        let region = &look.register.region;
        self.profiles(look).iter().any(|segment| region.takes_part(segment, look.law(), look.gemeente(), self.on))
    }

    /// Contracts of the provider for any segment that the care may belong to, in order of time.
    pub(super) fn contracts<'a>(&self, look: &Look<'a>) -> Vec<&'a Contract> {
        let mut all: Vec<&Contract> =
            self.segments.iter().flat_map(|segment| look.register.contracts(look.aanbieder(), segment)).collect();
        all.sort_by_key(|contract| contract.validity);
        all
    }

    /// Those of them that cover the municipality of the message.
    pub(super) fn local<'a>(&self, look: &Look<'a>) -> Vec<&'a Contract> {
        let mut all = self.contracts(look);
        all.retain(|contract| look.register.covers(contract, look.gemeente()));
        all
    }

    /// The first day of the provider's contracts when the care begins before it and the region had begun to contract the
    /// segment by then: the provider acceded later than others.
    pub(super) fn accession(&self, look: &Look<'_>, local: &[&Contract]) -> Option<Date> {
        let first = local.first()?.validity.from;
        let periods = self.profiles(look).into_iter().flat_map(|segment| &segment.periods);
        let begun = periods.filter_map(|id| look.register.region.periods.get(id)?.start).min();
        (self.on < first && begun.is_none_or(|begun| begun < first && begun <= self.on)).then_some(first)
    }

    /// The last day on which people who were in care when these contracts ended may still be served; `None` when they
    /// have not ended, nothing was agreed for it, or the person was not in care then.
    pub(super) fn tail(&self, look: &Look<'_>, local: &[&Contract]) -> Option<Date> {
        let tail = look.register.region.norms.numbers.of(&TRANSITION_TAIL_DAYS)?;
        let last = local.iter().max_by_key(|contract| contract.validity.to.unwrap_or(Date::MAX))?;
        let end = last.validity.to.filter(|end| *end < self.on && last.status != ContractStatus::Active)?;
        let known = look.ledger.allocations.get(&self.what.toewijzing()?)?;
        (known.ingangsdatum <= end).then(|| end.saturating_add(days(tail)))
    }

    /// Names of the segments.
    pub(super) fn segments(&self) -> String {
        self.segments.iter().map(String::as_str).collect::<Vec<_>>().join("/")
    }

    /// A finding about this care, with the figures that the checks share.
    pub(super) fn raise(&self, look: &Look<'_>, nl: String, en: String) -> Raised {
        let product = product_name(&self.product);
        // A 317 may ask for several products under its one reference.
        let subject = match &self.what {
            What::Verzoek(referentie, None) => format!("verzoek {referentie} {product}"),
            other => other.nl(),
        };
        let raised = Raised::new(subject, Severity::Warning, nl, en)
            .about(self.what.toewijzing())
            .fact("aanbieder", look.aanbieder().as_str())
            .fact("segment", self.segments())
            .fact("product", product)
            .fact("datum", self.on.to_string());
        let raised = match &self.what {
            What::Verzoek(referentie, _) => raised.fact("referentie_aanbieder", referentie.as_str()),
            What::Toewijzing(_) => raised,
        };
        // Crisis care is never held and never refused.
        if self.is(look, Flag::Crisis) { raised.at_most(Policy::Signal) } else { raised }
    }

    /// A finding for which a request may be rejected.
    pub(super) fn raise_answering(&self, look: &Look<'_>, reden: Reden, nl: String, en: String) -> Raised {
        let mut raised = self.raise(look, nl, en);
        if let What::Verzoek(referentie, _) = &self.what {
            raised.answer = Some(Answer { referentie: referentie.clone(), reden });
        }
        raised
    }
}
