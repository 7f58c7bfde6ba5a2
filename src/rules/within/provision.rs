//! What a 301 allocates, a 315 asks for, and a 317 asks to change or to add: a product over a period, by volume or by
//! budget. The standard has four classes for it and puts the same conditions on all of them.

use super::helpers::{aangevraagde_producten, nieuwe_producten, te_wijzigen_producten, toegewezen_producten};
use crate::message::{Cents, Date, Eenheid, Frequentie, Omvang, Product};
use crate::rules::calendar::LAST_DAY_OF_OLD_VOLUMES;
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Class, Place, Violation};

/// A `ToegewezenProduct`, `AangevraagdProduct`, `TeWijzigenProduct` or `NieuwProduct`.
pub(super) struct Provision<'a> {
    class: Place,
    /// How findings call it, at the begin of a sentence.
    pub(super) name: Phrase,
    /// Product; a `TeWijzigenProduct` never has one, since it changes that of its allocation.
    pub(super) product: Option<&'a Product>,
    /// First day.
    pub(super) begin: Date,
    /// Last day.
    pub(super) end: Option<Date>,
    /// Volume.
    pub(super) omvang: Option<&'a Omvang>,
    /// Budget in eurocents.
    pub(super) budget: Option<Cents>,
}

impl Provision<'_> {
    /// A place in the class.
    pub(super) fn place(&self, field: &str) -> Place {
        Place { field: field.to_owned(), ..self.class.clone() }
    }

    /// The place of the last day, which a 315 calls differently.
    pub(super) fn end_place(&self) -> Place {
        self.place(if self.class.class == Class::AangevraagdProduct { "ToewijzingEinddatum" } else { "Einddatum" })
    }

    /// Whether the class has an element Product.
    pub(super) fn can_name_a_product(&self) -> bool {
        self.class.class != Class::TeWijzigenProduct
    }

    /// What is wrong with a volume for which no product code is named (CD080, CD095, CD096).
    pub(super) fn volume_without_code(&self) -> Option<Violation> {
        let omvang = self.omvang.filter(|_| self.can_name_a_product() && !self.is_under_old_rules())?;
        if self.product.is_some_and(|product| product.code.is_some()) {
            return None;
        }
        let (name, quantity) = (&self.name, figures::quantity(omvang.volume, omvang.eenheid));
        let violation = Violation::at(
            self.place("Omvang"),
            format!(
                "{} heeft een omvang ({}) en geen productcode. Vul de productcode in, of een budget in plaats van de \
                omvang.",
                name.nl, quantity.nl
            ),
            format!(
                "{} has an Omvang ({}) and no product code. Fill in the code, or a budget instead of Omvang.",
                name.en, quantity.en
            ),
        )
        .fact("volume", omvang.volume)
        .fact("eenheid", omvang.eenheid.as_str());
        Some(violation.maybe_date("einddatum", self.end))
    }

    /// What is wrong with a volume per day in a unit that is not counted per day (CS338, CS343).
    pub(super) fn barred_per_day(&self) -> Option<Violation> {
        let omvang = self.omvang.filter(|_| !self.is_under_old_rules())?;
        if omvang.frequentie != Frequentie::PerDag || may_be_per_day(omvang.eenheid) {
            return None;
        }
        let (unit, frequentie) = (figures::unit(omvang.eenheid), omvang.frequentie.as_str());
        let violation = Violation::at(
            self.place("Omvang"),
            format!(
                "Eenheid {} staat er met frequentie {frequentie} (per dag). Gebruik 2 (per week), 4 (per maand) of 6 \
                (totaal).",
                unit.nl
            ),
            format!(
                "Unit {} has frequency {frequentie} (per day). Use 2 (per week), 4 (per month) or 6 (in total).",
                unit.en
            ),
        )
        .fact("eenheid", omvang.eenheid.as_str())
        .fact("frequentie", frequentie);
        Some(violation.maybe_date("einddatum", self.end))
    }

    fn is_under_old_rules(&self) -> bool {
        self.end.is_some_and(|end| end <= LAST_DAY_OF_OLD_VOLUMES)
    }
}

fn may_be_per_day(eenheid: Eenheid) -> bool {
    match eenheid {
        Eenheid::Minuut | Eenheid::Uur | Eenheid::StuksOutput => true,
        Eenheid::Etmaal | Eenheid::Dagdeel | Eenheid::Euro | Eenheid::StuksInspanning => false,
    }
}

/// Every provision of a 301, 315 or 317, in document order.
pub(super) fn provisions<'a>(case: &Case<'a>) -> Vec<Provision<'a>> {
    let allocated = toegewezen_producten(case).into_iter().map(|product| {
        let nummer = product.item.toewijzing_nummer;
        Provision {
            class: product.place(""),
            name: Phrase::new(format!("Toewijzing {nummer}"), format!("Allocation {nummer}")),
            product: product.item.product.as_ref(),
            begin: product.item.ingangsdatum,
            end: product.item.einddatum,
            omvang: product.item.omvang.as_ref(),
            budget: product.item.budget,
        }
    });
    let requested = aangevraagde_producten(case).into_iter().enumerate().map(|(index, product)| Provision {
        class: product.place(""),
        name: Phrase::new(format!("Aangevraagd product {}", index + 1), format!("Requested product {}", index + 1)),
        product: product.item.product.as_ref(),
        begin: product.item.toewijzing_ingangsdatum,
        end: product.item.toewijzing_einddatum,
        omvang: product.item.omvang.as_ref(),
        budget: product.item.budget,
    });
    let changed = te_wijzigen_producten(case).into_iter().map(|product| {
        let nummer = product.item.toewijzing_nummer;
        Provision {
            class: product.place(""),
            name: Phrase::new(
                format!("De gevraagde wijziging van toewijzing {nummer}"),
                format!("The change asked for allocation {nummer}"),
            ),
            product: None,
            begin: product.item.gewenste_ingangsdatum,
            end: product.item.einddatum,
            omvang: product.item.omvang.as_ref(),
            budget: product.item.budget,
        }
    });
    let new = nieuwe_producten(case).into_iter().enumerate().map(|(index, product)| Provision {
        class: product.place(""),
        name: Phrase::new(format!("Nieuw product {}", index + 1), format!("New product {}", index + 1)),
        product: product.item.product.as_ref(),
        begin: product.item.gewenste_ingangsdatum,
        end: product.item.einddatum,
        omvang: product.item.omvang.as_ref(),
        budget: product.item.budget,
    });
    allocated.chain(requested).chain(changed).chain(new).collect()
}

/// The four classes alike, for rows that hold for each of them.
#[cfg(test)]
pub(super) mod change {
    use crate::message::{Cents, Date, Number, Omvang, Product};
    use crate::rules::sample::Sample;
    use jiff::civil::date;

    /// The elements of one provision, to change.
    pub(in crate::rules::within) struct Draft<'a> {
        /// `None` for a class without that element.
        product: Option<&'a mut Option<Product>>,
        pub(in crate::rules::within) begin: &'a mut Date,
        pub(in crate::rules::within) end: &'a mut Option<Date>,
        pub(in crate::rules::within) omvang: &'a mut Option<Omvang>,
        pub(in crate::rules::within) budget: &'a mut Option<Cents>,
    }

    impl Draft<'_> {
        /// The product of a class that has one.
        pub(in crate::rules::within) fn product(&mut self) -> &mut Option<Product> {
            self.product.as_mut().expect("a class with an element Product")
        }

        /// The volume that every sample has.
        pub(in crate::rules::within) fn volume(&mut self) -> &mut Omvang {
            self.omvang.as_mut().expect("the sample has one")
        }

        /// A budget instead of a volume.
        pub(in crate::rules::within) fn budget_only(&mut self, cents: i64) {
            *self.omvang = None;
            *self.budget = Some(Cents(cents));
        }
    }

    /// One of the four classes, in the sample of its number.
    pub(in crate::rules::within) trait Provided {
        const NUMBER: Number;
        /// Paths of elements in the first and in the second of the class.
        const PRODUCT: [&'static [&'static str]; 2];
        const END: [&'static [&'static str]; 2];
        const OMVANG: [&'static [&'static str]; 2];
        const BUDGET: [&'static [&'static str]; 2];

        /// The provision with this index, from 0; copies of the sample's one, with keys of their own, make it exist.
        fn at(sample: &mut Sample, index: usize) -> Draft<'_>;
    }

    macro_rules! provided {
        ($name:ident, $number:ident, $at:ident, $path:literal, $end:literal) => {
            pub(in crate::rules::within) struct $name;

            impl Provided for $name {
                const NUMBER: Number = Number::$number;
                const PRODUCT: [&'static [&'static str]; 2] =
                    [&[concat!($path, "[1]/Product")], &[concat!($path, "[2]/Product")]];
                const END: [&'static [&'static str]; 2] =
                    [&[concat!($path, "[1]/", $end)], &[concat!($path, "[2]/", $end)]];
                const OMVANG: [&'static [&'static str]; 2] =
                    [&[concat!($path, "[1]/Omvang")], &[concat!($path, "[2]/Omvang")]];
                const BUDGET: [&'static [&'static str]; 2] =
                    [&[concat!($path, "[1]/Budget")], &[concat!($path, "[2]/Budget")]];

                fn at(sample: &mut Sample, index: usize) -> Draft<'_> {
                    $at(sample, index)
                }
            }
        };
    }

    provided!(Toegewezen, N301, toegewezen, "/Bericht/Client/ToegewezenProducten/ToegewezenProduct", "Einddatum");
    provided!(
        Aangevraagd,
        N315,
        aangevraagd,
        "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct",
        "ToewijzingEinddatum"
    );
    provided!(
        TeWijzigen,
        N317,
        te_wijzigen,
        "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct",
        "Einddatum"
    );
    provided!(Nieuw, N317, nieuw, "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct", "Einddatum");

    fn toegewezen(sample: &mut Sample, index: usize) -> Draft<'_> {
        while sample.toewijzing().producten.len() <= index {
            let mut copy = sample.product().clone();
            copy.toewijzing_nummer += sample.toewijzing().producten.len() as u64;
            sample.toewijzing().producten.push(copy);
        }
        let product = &mut sample.toewijzing().producten[index];
        Draft {
            product: Some(&mut product.product),
            begin: &mut product.ingangsdatum,
            end: &mut product.einddatum,
            omvang: &mut product.omvang,
            budget: &mut product.budget,
        }
    }

    fn aangevraagd(sample: &mut Sample, index: usize) -> Draft<'_> {
        while sample.aanvraag().producten.len() <= index {
            let mut copy = sample.aangevraagd_product().clone();
            copy.referentie_aanbieder = format!("V-{}", sample.aanvraag().producten.len()).as_str().into();
            sample.aanvraag().producten.push(copy);
        }
        let product = &mut sample.aanvraag().producten[index];
        Draft {
            product: Some(&mut product.product),
            begin: &mut product.toewijzing_ingangsdatum,
            end: &mut product.toewijzing_einddatum,
            omvang: &mut product.omvang,
            budget: &mut product.budget,
        }
    }

    fn te_wijzigen(sample: &mut Sample, index: usize) -> Draft<'_> {
        while sample.verzoek().te_wijzigen.len() <= index {
            let mut copy = sample.te_wijzigen_product().clone();
            copy.toewijzing_nummer += sample.verzoek().te_wijzigen.len() as u64;
            sample.verzoek().te_wijzigen.push(copy);
        }
        let product = &mut sample.verzoek().te_wijzigen[index];
        Draft {
            product: None,
            begin: &mut product.gewenste_ingangsdatum,
            end: &mut product.einddatum,
            omvang: &mut product.omvang,
            budget: &mut product.budget,
        }
    }

    fn nieuw(sample: &mut Sample, index: usize) -> Draft<'_> {
        while sample.verzoek().nieuw.len() <= index {
            let months = i8::try_from(sample.verzoek().nieuw.len()).expect("a handful of products");
            sample.add_nieuw_product(|product| product.gewenste_ingangsdatum = date(2026, 4 + months, 1));
        }
        let product = &mut sample.verzoek().nieuw[index];
        Draft {
            product: Some(&mut product.product),
            begin: &mut product.gewenste_ingangsdatum,
            end: &mut product.einddatum,
            omvang: &mut product.omvang,
            budget: &mut product.budget,
        }
    }
}
