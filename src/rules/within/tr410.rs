//! TR410: one product is not asked for as new twice for the same day.
//!
//! Every pair of `NieuwProduct` of a 317 is compared, from `GewensteIngangsdatum` to Einddatum; what counts as the same
//! product and as the same day, and which categories of the iWmo are free, stands in [`overlap`]. Of a pair the later one
//! is named, once, with the first that it overlaps with. What a new product has in common with allocations is left to
//! TR361.
//!
//! Doubtful, as in TR302: whether an aspecific product clashes with a specific one of its category. It is taken to.

use super::helpers::{nieuwe_producten, period};
use crate::message::{Law, NieuwProduct, Number};
use crate::rules::overlap::{self, Occupation};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR410",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::NieuwProduct,
    nl: "Nieuwe producten voor hetzelfde product overlappen elkaar niet in tijd.",
    en: "New products for the same product do not overlap in time.",
    needs: &[],
    doubt: "An aspecific product is taken to clash with a specific one of its category, as in TR302.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let producten = nieuwe_producten(case);
    let occupations: Vec<_> = producten.iter().map(|nieuw| occupation(nieuw.item)).collect();
    overlap::clashes(case.law(), &occupations)
        .into_iter()
        .map(|(later, earlier)| {
            let (nieuw, ordinal) = (&producten[later], earlier + 1);
            clash(nieuw.place(""), nieuw.item, ordinal, producten[earlier].item)
        })
        .collect()
}

fn occupation(nieuw: &NieuwProduct) -> Occupation<'_> {
    Occupation {
        product: nieuw.product.as_ref(),
        begin: nieuw.gewenste_ingangsdatum,
        end: nieuw.einddatum,
        deleted: false,
    }
}

fn clash(place: Place, nieuw: &NieuwProduct, ordinal: usize, earlier: &NieuwProduct) -> Violation {
    let (begin, end) = (nieuw.gewenste_ingangsdatum, nieuw.einddatum);
    let (earlier_begin, earlier_end) = (earlier.gewenste_ingangsdatum, earlier.einddatum);
    let (own, other) = (period(begin, end), period(earlier_begin, earlier_end));
    Violation::at(
        place,
        format!(
            "Dit nieuwe product ({}) overlapt met nieuw product {ordinal} ({}) voor hetzelfde product. Laat de een \
            eindigen voordat de ander ingaat, of vraag ze samen aan.",
            own.nl, other.nl
        ),
        format!(
            "This new product ({}) overlaps with new product {ordinal} ({}) of the same product. Let one end before \
            the other begins, or ask for them as one.",
            own.en, other.en
        ),
    )
    .fact("ander_product", ordinal)
    .date("gewenste_ingangsdatum", begin)
    .maybe_date("einddatum", end)
    .date("andere_ingangsdatum", earlier_begin)
    .maybe_date("andere_einddatum", earlier_end)
}

/// New products of the sample run from 1 April to 30 June 2026.
#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::Date;
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const SECOND: &[&str] = &["/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]"];
    const THIRD: &[&str] = &["/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[3]"];
    const SECOND_AND_THIRD: &[&str] = &[
        "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]",
        "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[3]",
    ];
    fn categorie(nieuw: &mut NieuwProduct, categorie: &str) {
        nieuw.product.as_mut().expect("the sample has one").categorie = categorie.into();
    }
    fn code(nieuw: &mut NieuwProduct, code: Option<&str>) {
        nieuw.product.as_mut().expect("the sample has one").code = code.map(Into::into);
    }
    fn add_over(s: &mut Sample, begin: Date, end: Option<Date>) {
        s.add_nieuw_product(|nieuw| {
            nieuw.gewenste_ingangsdatum = begin;
            nieuw.einddatum = end;
        });
    }
    let mut rows = vec![
        accepts("no new product", Number::N317, |_| {}),
        accepts("one new product, the same as one to change", Number::N317, |s| {
            s.te_wijzigen_product().einddatum = None;
            s.add_nieuw_product(|_| {});
        }),
        accepts("the next one begins the day after", Number::N317, |s| {
            s.add_nieuw_product(|_| {});
            add_over(s, date(2026, 7, 1), None);
        }),
        rejects("the next one begins on the last day", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|_| {});
            add_over(s, date(2026, 6, 30), None);
        }),
        accepts("the later one in the message ends the day before", Number::N317, |s| {
            s.add_nieuw_product(|_| {});
            add_over(s, date(2026, 3, 10), Some(date(2026, 3, 31)));
        }),
        rejects("the later one in the message ends on the first day", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|_| {});
            add_over(s, date(2026, 3, 10), Some(date(2026, 4, 1)));
        }),
        rejects("an open end reaches a later period", Number::N317, SECOND, |s| {
            add_over(s, date(2026, 4, 1), None);
            add_over(s, date(2028, 2, 29), Some(date(2028, 2, 29)));
        }),
        rejects("three times the same", Number::N317, SECOND_AND_THIRD, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|_| {});
        }),
        rejects("only the third, with the first", Number::N317, THIRD, |s| {
            s.add_nieuw_product(|_| {});
            add_over(s, date(2026, 7, 1), None);
            add_over(s, date(2026, 5, 1), Some(date(2026, 5, 31)));
        }),
        accepts("another code in the same category", Number::N317, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|nieuw| code(nieuw, Some("99X99")));
        }),
        rejects("aspecific and specific in one category", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|nieuw| code(nieuw, None));
        }),
        rejects("aspecific twice in one category", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|nieuw| code(nieuw, None));
            s.add_nieuw_product(|nieuw| code(nieuw, None));
        }),
        accepts("specific and aspecific in another category", Number::N317, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|nieuw| {
                categorie(nieuw, "99");
                code(nieuw, None);
            });
        }),
        rejects("generic and specific", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|nieuw| nieuw.product = None);
        }),
        rejects("generic first, then two products that may stand together", Number::N317, SECOND_AND_THIRD, |s| {
            s.add_nieuw_product(|nieuw| nieuw.product = None);
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|nieuw| code(nieuw, Some("99X99")));
        }),
    ];
    let exceptions = [
        accepts("two wheelchairs with one code", Number::N317, |s| {
            s.add_nieuw_product(|nieuw| categorie(nieuw, "11"));
            s.add_nieuw_product(|nieuw| categorie(nieuw, "11"));
        }),
        accepts("generic and transport provisions", Number::N317, |s| {
            s.add_nieuw_product(|nieuw| categorie(nieuw, "12"));
            s.add_nieuw_product(|nieuw| nieuw.product = None);
        }),
        accepts("home provisions after generic", Number::N317, |s| {
            s.add_nieuw_product(|nieuw| nieuw.product = None);
            s.add_nieuw_product(|nieuw| categorie(nieuw, "13"));
        }),
        accepts("aids, aspecific and specific", Number::N317, |s| {
            s.add_nieuw_product(|nieuw| categorie(nieuw, "14"));
            s.add_nieuw_product(|nieuw| {
                categorie(nieuw, "14");
                code(nieuw, None);
            });
        }),
        rejects("category 10 twice", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|nieuw| categorie(nieuw, "10"));
            s.add_nieuw_product(|nieuw| categorie(nieuw, "10"));
        }),
        rejects("generic and category 15", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|nieuw| categorie(nieuw, "15"));
            s.add_nieuw_product(|nieuw| nieuw.product = None);
        }),
    ];
    rows.extend(exceptions.map(|row| row.only(&[Law::Wmo])));
    rows.push(
        rejects("no exception for any category in iJw", Number::N317, SECOND, |s| {
            s.add_nieuw_product(|nieuw| categorie(nieuw, "11"));
            s.add_nieuw_product(|nieuw| categorie(nieuw, "11"));
        })
        .only(&[Law::Jeugdwet]),
    );
    rows
}
