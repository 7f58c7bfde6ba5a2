//! TR386: one product is not asked for twice for the same day.
//!
//! Every pair of products of a 315 is compared, from `ToewijzingIngangsdatum` to `ToewijzingEinddatum`; what counts as
//! the same product and as the same day, and which categories of the iWmo are free, stands in [`overlap`]. Of a pair the
//! later one is named, once, with the first that it overlaps with.
//!
//! Doubtful, as in TR302: whether an aspecific product clashes with a specific one of its category. It is taken to.

use super::helpers::{aangevraagde_producten, period};
use crate::message::{AangevraagdProduct, Law, Number};
use crate::rules::overlap::{self, Occupation};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR386",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Aangevraagde producten voor hetzelfde product overlappen elkaar niet in tijd.",
    en: "Requested products for the same product do not overlap in time.",
    needs: &[],
    doubt: "An aspecific product is taken to clash with a specific one of its category, as in TR302.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let producten = aangevraagde_producten(case);
    let occupations: Vec<_> = producten.iter().map(|product| occupation(product.item)).collect();
    overlap::clashes(case.law(), &occupations)
        .into_iter()
        .map(|(later, earlier)| {
            let (product, ordinal) = (&producten[later], earlier + 1);
            clash(product.place(""), product.item, ordinal, producten[earlier].item)
        })
        .collect()
}

fn occupation(product: &AangevraagdProduct) -> Occupation<'_> {
    Occupation {
        product: product.product.as_ref(),
        begin: product.toewijzing_ingangsdatum,
        end: product.toewijzing_einddatum,
        deleted: false,
    }
}

fn clash(place: Place, product: &AangevraagdProduct, ordinal: usize, earlier: &AangevraagdProduct) -> Violation {
    let (begin, end) = (product.toewijzing_ingangsdatum, product.toewijzing_einddatum);
    let (earlier_begin, earlier_end) = (earlier.toewijzing_ingangsdatum, earlier.toewijzing_einddatum);
    let (own, other) = (period(begin, end), period(earlier_begin, earlier_end));
    Violation::at(
        place,
        format!(
            "Dit aangevraagde product ({}) overlapt met aangevraagd product {ordinal} ({}) voor hetzelfde product. \
            Laat de een eindigen voordat de ander ingaat, of vraag ze samen aan.",
            own.nl, other.nl
        ),
        format!(
            "This requested product ({}) overlaps with requested product {ordinal} ({}) of the same product. Let one \
            end before the other begins, or ask for them as one.",
            own.en, other.en
        ),
    )
    .fact("ander_product", ordinal)
    .date("toewijzing_ingangsdatum", begin)
    .maybe_date("toewijzing_einddatum", end)
    .date("andere_ingangsdatum", earlier_begin)
    .maybe_date("andere_einddatum", earlier_end)
}

/// The sample asks for its product from 1 April to 30 September 2026.
#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_aangevraagd_product as add;
    use crate::message::Date;
    use crate::rules::sample::{accepts, product, rejects};
    use jiff::civil::date;
    const SECOND: &[&str] = &["/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]"];
    const THIRD: &[&str] = &["/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[3]"];
    const SECOND_AND_THIRD: &[&str] = &[
        "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]",
        "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[3]",
    ];
    fn categorie(product: &mut AangevraagdProduct, categorie: &str) {
        product.product.as_mut().expect("the sample has one").categorie = categorie.into();
    }
    fn code(product: &mut AangevraagdProduct, code: Option<&str>) {
        product.product.as_mut().expect("the sample has one").code = code.map(Into::into);
    }
    fn over(product: &mut AangevraagdProduct, begin: Date, end: Option<Date>) {
        product.toewijzing_ingangsdatum = begin;
        product.toewijzing_einddatum = end;
    }
    let mut rows = vec![
        accepts("one product", Number::N315, |_| {}),
        accepts("the next one begins the day after", Number::N315, |s| {
            add(s, |product| over(product, date(2026, 10, 1), None));
        }),
        rejects("the next one begins on the last day", Number::N315, SECOND, |s| {
            add(s, |product| over(product, date(2026, 9, 30), None));
        }),
        accepts("the later one in the message ends the day before", Number::N315, |s| {
            add(s, |product| over(product, date(2026, 1, 1), Some(date(2026, 3, 31))));
        }),
        rejects("the later one in the message ends on the first day", Number::N315, SECOND, |s| {
            add(s, |product| over(product, date(2026, 1, 1), Some(date(2026, 4, 1))));
        }),
        rejects("an open end reaches a later period", Number::N315, SECOND, |s| {
            s.aangevraagd_product().toewijzing_einddatum = None;
            add(s, |product| over(product, date(2030, 2, 28), Some(date(2030, 2, 28))));
        }),
        rejects("one day within", Number::N315, SECOND, |s| {
            add(s, |product| over(product, date(2026, 5, 1), Some(date(2026, 5, 1))));
        }),
        rejects("three times the same", Number::N315, SECOND_AND_THIRD, |s| {
            add(s, |_| {});
            add(s, |_| {});
        }),
        rejects("only the third, with the first", Number::N315, THIRD, |s| {
            add(s, |product| over(product, date(2026, 10, 1), None));
            add(s, |product| over(product, date(2026, 9, 1), Some(date(2026, 9, 30))));
        }),
        accepts("another code in the same category", Number::N315, |s| {
            add(s, |product| code(product, Some("99X99")));
        }),
        rejects("aspecific and specific in one category", Number::N315, SECOND, |s| {
            add(s, |product| code(product, None));
        }),
        rejects("aspecific twice in one category", Number::N315, SECOND, |s| {
            code(s.aangevraagd_product(), None);
            add(s, |_| {});
        }),
        accepts("specific and aspecific in another category", Number::N315, |s| {
            add(s, |product| {
                categorie(product, "99");
                code(product, None);
            });
        }),
        rejects("generic and specific", Number::N315, SECOND, |s| add(s, |product| product.product = None)),
        rejects("generic first, then two products that may stand together", Number::N315, SECOND_AND_THIRD, |s| {
            let law = s.message.kind.law;
            s.aangevraagd_product().product = None;
            add(s, |other| other.product = Some(product(law)));
            add(s, |other| {
                other.product = Some(product(law));
                code(other, Some("99X99"));
            });
        }),
    ];
    let exceptions = [
        accepts("two wheelchairs with one code", Number::N315, |s| {
            categorie(s.aangevraagd_product(), "11");
            add(s, |_| {});
        }),
        accepts("generic and transport provisions", Number::N315, |s| {
            categorie(s.aangevraagd_product(), "12");
            add(s, |product| product.product = None);
        }),
        accepts("home provisions after generic", Number::N315, |s| {
            let law = s.message.kind.law;
            s.aangevraagd_product().product = None;
            add(s, |other| {
                other.product = Some(product(law));
                categorie(other, "13");
            });
        }),
        accepts("aids, aspecific and specific", Number::N315, |s| {
            categorie(s.aangevraagd_product(), "14");
            add(s, |product| code(product, None));
        }),
        rejects("category 10 twice", Number::N315, SECOND, |s| {
            categorie(s.aangevraagd_product(), "10");
            add(s, |_| {});
        }),
        rejects("generic and category 15", Number::N315, SECOND, |s| {
            categorie(s.aangevraagd_product(), "15");
            add(s, |product| product.product = None);
        }),
    ];
    rows.extend(exceptions.map(|row| row.only(&[Law::Wmo])));
    rows.push(
        rejects("no exception for any category in iJw", Number::N315, SECOND, |s| {
            categorie(s.aangevraagd_product(), "11");
            add(s, |_| {});
        })
        .only(&[Law::Jeugdwet]),
    );
    rows
}
