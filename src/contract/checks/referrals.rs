//! What C3 and C4 share: by which route a young person came to an allocation, and what it is worth.
//!
//! The referrer (COD327) stands in the 315 only. It is found by what a 301 repeats of it, `ReferentieAanbieder`, within
//! law, municipality and provider. An allocation that names no request is the municipality's own.

use super::courses::is_pilot;
use super::waits::Period;
use crate::contract::norms::months;
use crate::contract::register::Product;
use crate::contract::survey::{Allocated, Requested, Survey};
use crate::contract::table::Validity;
use crate::contract::value::{Entitlement, value};
use crate::message::{Cents, Law, Number, Party, ReferentieAanbieder};
use crate::rules::Parties;
use crate::rules::facts::Allocation;
use std::collections::BTreeMap;

/// By which route an allocation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    /// By the municipality itself (COD327 01), or without a request.
    Gemeente,
    /// General practitioner, youth physician, medical specialist (02, 03, 05).
    Medical,
    /// Youth protection, the client, a court (04, 06, 08).
    Other,
    /// The request that it names is a 317, is not known, or is of before the type was kept.
    Unknown,
}

/// Types of referrer of the medical route.
const MEDICAL: [&str; 3] = ["02", "03", "05"];

impl Route {
    fn of(referentie: Option<&ReferentieAanbieder>, request: Option<&Requested>) -> Route {
        if referentie.is_none() {
            return Route::Gemeente;
        }
        match request.and_then(|request| request.verwijzer.as_deref()) {
            Some("01") => Route::Gemeente,
            Some(soort) if MEDICAL.contains(&soort) => Route::Medical,
            Some(_) => Route::Other,
            None => Route::Unknown,
        }
    }
}

/// Whether a request is a medical referral.
pub(super) fn is_medical(request: &Requested) -> bool {
    request.number == Number::N315 && request.verwijzer.as_deref().is_some_and(|soort| MEDICAL.contains(&soort))
}

/// A new allocation of youth care.
pub(super) struct Referred<'a> {
    pub(super) allocated: &'a Allocated,
    pub(super) allocation: &'a Allocation,
    pub(super) product: Option<&'a Product>,
    pub(super) route: Route,
    /// Over its first twelve months at most, since an end far away is no plan; `None` when that cannot be reckoned.
    pub(super) value: Option<Cents>,
}

/// The new allocations of youth care whose first decision lies within a period; not what was taken back, nor pilots.
pub(super) fn youth<'a>(survey: &Survey<'a>, period: Period) -> Vec<Referred<'a>> {
    type Key<'a> = (&'a Party, &'a Party, &'a ReferentieAanbieder);
    let of_youth = survey.history.requests.iter().filter(|request| request.law == Law::Jeugdwet);
    let requests: BTreeMap<Key<'_>, &Requested> =
        of_youth.map(|request| ((&request.gemeente, &request.aanbieder, &request.referentie), request)).collect();
    let mut all = Vec::new();
    for allocated in survey.history.allocations.iter().filter(|allocated| allocated.law == Law::Jeugdwet) {
        let (Some(allocation), Some(first)) = (allocated.current(), allocated.first()) else { continue };
        let product = survey.product(allocated.law, allocation);
        if !period.has(first.toewijzingsdatum) || allocation.is_taken_back() || product.is_some_and(is_pilot) {
            continue;
        }
        let referentie = allocated.referentie.as_ref();
        let request = referentie
            .and_then(|referentie| requests.get(&(&allocated.gemeente, &first.aanbieder, referentie)).copied());
        let route = Route::of(referentie, request);
        all.push(Referred { allocated, allocation, product, route, value: worth(survey, allocated, allocation) });
    }
    all
}

fn worth(survey: &Survey<'_>, allocated: &Allocated, allocation: &Allocation) -> Option<Cents> {
    let broken = survey.register.region.norms.broken_periods?;
    let parties = Parties { gemeente: &allocated.gemeente, aanbieder: &allocation.aanbieder };
    let from = allocation.ingangsdatum;
    let a_year = from.saturating_add(months(12)).yesterday().ok()?;
    let window = Validity { from, to: Some(allocation.einddatum.map_or(a_year, |end| end.min(a_year))) };
    let entitlement = Entitlement::from(allocation);
    let worth = value(survey.register, allocated.law, parties, &entitlement, window, broken);
    worth.lacks.is_none().then_some(worth.cents)
}
