//! What A1, A2 and A4 share: finding the contract that covers care, and what is missing when none does.
//!
//! The three divide the ground between them, so that one case is told once: no contract for the segment at all (A1),
//! contracts but none for this municipality (A2), a contract for it but not on this day (A4).
//!
//! A product that is not in the register belongs to no segment, and a generic allocation has no product: neither can be
//! judged here. IV075 and the coverage of the product list deal with the former.

use crate::contract::check::{Look, Raised, product_name};
use crate::contract::register::Contract;
use crate::finding::Severity;
use crate::message::{Count, Date, Number, Product};
use std::collections::BTreeSet;

/// Numbers on which contract cover is looked at.
pub(super) const NUMBERS: &[Number] = &[Number::N301, Number::N323];

/// Care that ought to be under contract.
pub(super) struct Care {
    pub(super) toewijzing: Count,
    pub(super) product: Product,
    /// The day that the contract is needed.
    pub(super) on: Date,
    /// Last day of an allocation.
    pub(super) until: Option<Date>,
    segments: BTreeSet<String>,
}

/// The care in a message: allocations that are new or reach further than before, and granted lines.
///
/// An allocation that is shortened or otherwise changed within its old dates is left alone: a stop of care at a
/// provider whose contract ended must never be the thing that is stopped.
pub(super) fn care(look: &Look<'_>) -> Vec<Care> {
    let allocated = look.allocated().filter(|product| reaches_further(look, product)).filter_map(|product| {
        Some((product.toewijzing_nummer, product.product.clone()?, product.ingangsdatum, product.einddatum))
    });
    let claimed = look.claimed().map(|line| {
        let product = Product { categorie: line.categorie.clone(), code: Some(line.code.clone()) };
        (line.toewijzing_nummer, product, line.periode.begindatum, None)
    });
    allocated
        .chain(claimed)
        .map(|(toewijzing, product, on, until)| {
            let segments = look.register.segments(look.law(), &product.categorie, product.code.as_ref(), on);
            let segments = segments.into_iter().map(str::to_owned).collect();
            Care { toewijzing, product, on, until, segments }
        })
        .filter(|care: &Care| !care.segments.is_empty())
        .collect()
}

fn reaches_further(look: &Look<'_>, product: &crate::message::ToegewezenProduct) -> bool {
    let Some(earlier) = look.earlier(product.toewijzing_nummer) else {
        return true;
    };
    let longer = match (earlier.einddatum, product.einddatum) {
        (Some(before), Some(now)) => now > before,
        (Some(_), None) => true,
        (None, _) => false,
    };
    longer || product.ingangsdatum < earlier.ingangsdatum || product.product != earlier.product
}

impl Care {
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

    /// Names of the segments.
    pub(super) fn segments(&self) -> String {
        self.segments.iter().map(String::as_str).collect::<Vec<_>>().join("/")
    }

    /// A finding about this care, with the figures that A1, A2 and A4 share.
    pub(super) fn raise(&self, look: &Look<'_>, nl: String, en: String) -> Raised {
        Raised::new(format!("toewijzing {}", self.toewijzing), Severity::Warning, nl, en)
            .about([self.toewijzing])
            .fact("aanbieder", look.aanbieder().as_str())
            .fact("segment", self.segments())
            .fact("product", product_name(&self.product))
            .fact("datum", self.on.to_string())
    }
}
