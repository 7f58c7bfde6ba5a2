//! What the rules on a request for change (317) share: the allocations that it names, as they stand on its Dagtekening.
//!
//! The source speaks of the current date in one place and of another date elsewhere. Dagtekening is taken throughout, so
//! that a request is judged alike whenever it is judged.

use super::helpers::{Unusable, product_phrase};
use crate::message::{Body, Count, Date, Product, TeWijzigenProduct, Verzoek, WijzigingClient};
use crate::rules::calendar::LAST_DAY_OF_OLD_VOLUMES;
use crate::rules::facts::{Allocation, Facts, PersonKey};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Place, Violation};

/// The request of a 317 beside what the ledger knows of its client.
pub(super) struct Wijziging<'a> {
    case: Case<'a>,
    client: &'a WijzigingClient,
    facts: &'a Facts,
    person: PersonKey,
}

/// The request of a 317; `None` for other messages and without a ledger.
pub(super) fn wijziging<'a>(case: &Case<'a>) -> Option<Wijziging<'a>> {
    let facts = case.facts?;
    let Body::Wijziging(client) = &case.message.body else {
        return None;
    };
    Some(Wijziging { case: *case, client, facts, person: facts.person(&client.bsn) })
}

/// Why a number is not that of an actual allocation of the client.
pub(super) enum NotActual<'a> {
    /// It is none that could be used on any day.
    Unusable(Unusable<'a>),
    /// It ended before the Dagtekening, on this day.
    Ended(&'a Allocation, Date),
}

impl<'a> From<Unusable<'a>> for NotActual<'a> {
    fn from(reason: Unusable<'a>) -> NotActual<'a> {
        NotActual::Unusable(reason)
    }
}

/// An allocation that a request asks to change.
pub(super) struct Change<'a> {
    /// Index of the class, from 0.
    pub(super) index: usize,
    /// What is asked.
    pub(super) wanted: &'a TeWijzigenProduct,
    /// What stands.
    pub(super) allocation: &'a Allocation,
}

impl<'a> Wijziging<'a> {
    pub(super) fn verzoek(&self) -> &'a Verzoek {
        &self.client.verzoek
    }

    /// The day on which allocations must be actual.
    pub(super) fn dagtekening(&self) -> Date {
        self.case.message.header.identificatie.dagtekening
    }

    /// The actual allocation of the client with this number.
    pub(super) fn actual(&self, nummer: Count) -> Result<&'a Allocation, NotActual<'a>> {
        let allocation = self.case.allocation(nummer).ok_or(Unusable::Unknown)?;
        match allocation.einddatum {
            _ if allocation.person != self.person => Err(Unusable::OfAnother.into()),
            _ if allocation.is_taken_back() => Err(Unusable::TakenBack(allocation).into()),
            Some(end) if !allocation.is_actual(self.dagtekening()) => Err(NotActual::Ended(allocation, end)),
            _ => Ok(allocation),
        }
    }

    /// The actual allocations of the client with this provider, by number.
    pub(super) fn actual_ones(&self) -> impl Iterator<Item = &'a Allocation> {
        self.facts.allocations.keys().filter_map(|nummer| self.actual(*nummer).ok())
    }

    /// The changes of actual allocations. Those of other allocations are for TR351.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change<'a>> {
        self.verzoek().te_wijzigen.iter().enumerate().filter_map(|(index, wanted)| {
            let allocation = self.actual(wanted.toewijzing_nummer).ok()?;
            Some(Change { index, wanted, allocation })
        })
    }

    /// What is wrong with volumes that are asked for allocations which take none: those that `takes_none` holds for and
    /// that end after 2020 or not at all. `because` says why, in the middle of a sentence.
    pub(super) fn barred_volumes(&self, takes_none: fn(&Change<'_>) -> bool, because: &Phrase) -> Vec<Violation> {
        self.changes()
            .filter(|change| takes_none(change))
            .filter(|change| change.allocation.einddatum.is_none_or(|end| end > LAST_DAY_OF_OLD_VOLUMES))
            .filter_map(|change| {
                let omvang = change.wanted.omvang.as_ref()?;
                let (allocation, quantity) = (change.phrase(), figures::quantity(omvang.volume, omvang.eenheid));
                let violation = Violation::at(
                    change.place("Omvang"),
                    format!(
                        "De wijziging van {} heeft een omvang ({}), en {}. Laat de omvang weg.",
                        allocation.nl, quantity.nl, because.nl
                    ),
                    format!(
                        "The change of {} has an Omvang ({}), and {}. Leave the Omvang out.",
                        allocation.en, quantity.en, because.en
                    ),
                );
                Some(change.figures(violation).fact("volume", omvang.volume))
            })
            .collect()
    }

    /// What is wrong with numbers, each with its index from 0, that are not those of actual allocations; `place` is that
    /// of the class with this index.
    pub(super) fn not_actual_among(
        &self,
        numbers: impl Iterator<Item = Count>,
        place: fn(usize, &str) -> Place,
    ) -> Vec<Violation> {
        numbers
            .enumerate()
            .filter_map(|(index, nummer)| {
                let reason = self.actual(nummer).err()?;
                Some(self.not_actual(place(index, "ToewijzingNummer"), nummer, &reason))
            })
            .collect()
    }

    fn not_actual(&self, place: Place, nummer: Count, reason: &NotActual<'_>) -> Violation {
        match reason {
            NotActual::Unusable(reason) => reason.violation(place, nummer),
            NotActual::Ended(allocation, end) => {
                let day = self.dagtekening();
                Violation::at(
                    place,
                    format!(
                        "Toewijzing {nummer} eindigde op {end}, voor de dagtekening ({day}) van dit verzoek. Gebruik een \
                         geldige toewijzing."
                    ),
                    format!(
                        "Allocation {nummer} ended on {end}, before the date of signing ({day}) of this request. Use a \
                         valid allocation."
                    ),
                )
                .date("einddatum", *end)
                .date("dagtekening", day)
                .earlier(&allocation.message)
                .number("toewijzing_nummer", nummer)
            }
        }
    }
}

impl Change<'_> {
    /// A place in the TeWijzigenProduct.
    pub(super) fn place(&self, field: &str) -> Place {
        Place::te_wijzigen_product(self.index, field)
    }

    /// Whether the allocation has a product code.
    pub(super) fn has_code(&self) -> bool {
        self.allocation.product.as_ref().is_some_and(|product| product.code.is_some())
    }

    /// The allocation in words: `toewijzing 1001 (product 02 02A03, van 2026-01-01 tot en met 2026-03-31)`.
    pub(super) fn phrase(&self) -> Phrase {
        let Allocation { nummer, product, ingangsdatum, einddatum, .. } = self.allocation;
        let period = figures::period(*ingangsdatum, *einddatum);
        let product = allocated_phrase(product.as_ref());
        Phrase::new(
            format!("toewijzing {nummer} ({}, {})", product.nl, period.nl),
            format!("allocation {nummer} ({}, {})", product.en, period.en),
        )
    }

    /// Adds the allocation as figures: number, product and end.
    pub(super) fn figures(&self, violation: Violation) -> Violation {
        let violation = violation.number("toewijzing_nummer", self.allocation.nummer);
        let violation = match &self.allocation.product {
            Some(product) => violation.fact("product", product_phrase(product)),
            None => violation,
        };
        violation.maybe_date("toewijzing_einddatum", self.allocation.einddatum)
    }
}

/// What an allocation is for: `product 02 02A03`, or `generiek` without a product.
pub(super) fn allocated_phrase(product: Option<&Product>) -> Phrase {
    product.map(product_phrase).map_or_else(
        || Phrase::new("generiek", "generic"),
        |product| Phrase::new(format!("product {product}"), format!("product {product}")),
    )
}

/// Changes of a 317 sample that rows of several rules make.
#[cfg(test)]
pub(super) mod change {
    use crate::message::{Count, Date, Eenheid, Frequentie, Omvang, OngewijzigdProduct, TeWijzigenProduct};
    use crate::rules::facts::Allocation;
    use crate::rules::sample::Sample;
    use jiff::civil::date;

    /// A second allocation of the sample's client: another code, from 1 January 2026 without an end, changed.
    pub(in crate::rules::across) fn add_allocation(
        sample: &mut Sample,
        nummer: Count,
        change: impl FnOnce(&mut Allocation),
    ) {
        let mut allocation = sample.allocation().clone();
        allocation.nummer = nummer;
        allocation.product.as_mut().expect("the sample has one").code = Some("99X99".into());
        allocation.einddatum = None;
        change(&mut allocation);
        sample.facts.allocations.insert(nummer, allocation);
    }

    /// Lists an allocation as unchanged.
    pub(in crate::rules::across) fn add_ongewijzigd(sample: &mut Sample, nummer: Count) {
        let ongewijzigd = OngewijzigdProduct { toewijzing_nummer: nummer, retour_codes: Vec::new() };
        sample.verzoek().ongewijzigd.push(ongewijzigd);
    }

    /// Asks to change another allocation: as the sample's change, changed.
    pub(in crate::rules::across) fn add_te_wijzigen(
        sample: &mut Sample,
        nummer: Count,
        change: impl FnOnce(&mut TeWijzigenProduct),
    ) {
        let mut wanted = sample.te_wijzigen_product().clone();
        wanted.toewijzing_nummer = nummer;
        change(&mut wanted);
        sample.verzoek().te_wijzigen.push(wanted);
    }

    /// Lists the sample's allocation as unchanged and asks for nothing.
    pub(in crate::rules::across) fn leave_unchanged(sample: &mut Sample) {
        let nummer = sample.te_wijzigen_product().toewijzing_nummer;
        sample.verzoek().te_wijzigen.clear();
        add_ongewijzigd(sample, nummer);
    }

    /// Makes the sample's allocation aspecific, and the request one for a volume.
    pub(in crate::rules::across) fn ask_volume(sample: &mut Sample) {
        make_budget(sample);
        let wanted = sample.te_wijzigen_product();
        wanted.budget = None;
        wanted.omvang = Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek });
    }

    /// Signs the request in 2020, when the sample's allocation still ran, and ends that allocation on a day.
    pub(in crate::rules::across) fn signed_in_2020(sample: &mut Sample, end: Date) {
        sample.message.header.identificatie.dagtekening = date(2020, 12, 1);
        sample.allocation().ingangsdatum = date(2020, 1, 1);
        sample.te_wijzigen_product().gewenste_ingangsdatum = date(2020, 1, 1);
        sample.allocation().einddatum = Some(end);
    }

    /// Makes the sample's allocation aspecific with a budget of 1,000 euros, and the request one for 1,200 euros.
    pub(in crate::rules::across) fn make_budget(sample: &mut Sample) {
        let allocation = sample.allocation();
        allocation.product.as_mut().expect("the sample has one").code = None;
        (allocation.omvang, allocation.budget) = (None, Some(crate::message::Cents(100_000)));
        let wanted = sample.te_wijzigen_product();
        (wanted.omvang, wanted.budget) = (None, Some(crate::message::Cents(120_000)));
        wanted.gewenste_ingangsdatum = date(2026, 1, 1);
    }
}
