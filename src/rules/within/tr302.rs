//! TR302: one product is not allocated twice for the same day.
//!
//! Every pair of allocations of a 301 is compared; what counts as the same product and as the same day, and which
//! categories are free, stands in [`overlap`]. Left out: deleted allocations, that is Einddatum equal to Ingangsdatum
//! with `RedenWijziging` 13 or 01. Of a pair the later one is named, once, with the first that it overlaps with.
//!
//! Doubtful: whether an aspecific allocation clashes with a specific one of its category. The source says that the rule
//! "applies at category level when the code is absent", which is read as: when one of the two lacks it.

use super::helpers::{period, toegewezen_producten};
use crate::message::{Law, Number, ToegewezenProduct};
use crate::rules::overlap::{self, Occupation};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR302",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Toegewezen producten voor hetzelfde product overlappen elkaar niet in tijd.",
    en: "Allocations of the same product do not overlap in time.",
    needs: &[],
    doubt: "An aspecific allocation is taken to clash with a specific one of its category; the source only says \
        that the rule applies at category level when the code is absent.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let producten = toegewezen_producten(case);
    let occupations: Vec<_> = producten.iter().map(|product| occupation(product.item)).collect();
    overlap::clashes(case.law(), &occupations)
        .into_iter()
        .map(|(later, earlier)| {
            let (product, ordinal) = (&producten[later], earlier + 1);
            clash(product.place(""), product.item, ordinal, producten[earlier].item)
        })
        .collect()
}

fn occupation(product: &ToegewezenProduct) -> Occupation<'_> {
    Occupation {
        product: product.product.as_ref(),
        begin: product.ingangsdatum,
        end: product.einddatum,
        deleted: product.is_taken_back(),
    }
}

fn clash(place: Place, product: &ToegewezenProduct, ordinal: usize, earlier: &ToegewezenProduct) -> Violation {
    let (begin, end) = (product.ingangsdatum, product.einddatum);
    let (earlier_begin, earlier_end) = (earlier.ingangsdatum, earlier.einddatum);
    let (own, other) = (period(begin, end), period(earlier_begin, earlier_end));
    Violation::at(
        place,
        format!(
            "Deze toewijzing ({}) overlapt met toegewezen product {ordinal} ({}) voor hetzelfde \
            product. Laat de een eindigen voordat de ander ingaat.", own.nl, other.nl
        ),
        format!(
            "This allocation ({}) overlaps with allocated product {ordinal} ({}) of the same \
            product. Let one end before the other begins.", own.en, other.en
        ),
    )
    .fact("eerste", Place::toegewezen_product(ordinal - 1, "").path())
    .date("ingangsdatum", begin)
    .maybe_date("einddatum", end)
    .date("andere_ingangsdatum", earlier_begin)
    .maybe_date("andere_einddatum", earlier_end)
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_product;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const SECOND: &[&str] = &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]"];
    const SECOND_AND_THIRD: &[&str] = &[
        "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]",
        "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[3]",
    ];
    fn categorie(product: &mut ToegewezenProduct, categorie: &str) {
        product.product.as_mut().expect("the sample has one").categorie = categorie.into();
    }
    fn code(product: &mut ToegewezenProduct, code: Option<&str>) {
        product.product.as_mut().expect("the sample has one").code = code.map(Into::into);
    }
    let mut rows = vec![
        accepts("one allocation", Number::N301, |_| {}),
        accepts("the next one begins the day after", Number::N301, |s| {
            add_product(s, |product| {
                product.ingangsdatum = date(2026, 4, 1);
                product.einddatum = None;
            });
        }),
        rejects("the next one begins on the last day", Number::N301, SECOND, |s| {
            add_product(s, |product| {
                product.ingangsdatum = date(2026, 3, 31);
                product.einddatum = None;
            });
        }),
        rejects("the later one in the message is the earlier one in time", Number::N301, SECOND, |s| {
            add_product(s, |product| {
                product.ingangsdatum = date(2025, 1, 1);
                product.einddatum = Some(date(2026, 1, 1));
            });
        }),
        rejects("an open end reaches a later period", Number::N301, SECOND, |s| {
            s.product().einddatum = None;
            add_product(s, |product| {
                product.ingangsdatum = date(2030, 1, 1);
                product.einddatum = Some(date(2030, 12, 31));
            });
        }),
        rejects("three times the same", Number::N301, SECOND_AND_THIRD, |s| {
            add_product(s, |_| {});
            add_product(s, |_| {});
        }),
        accepts("another code in the same category", Number::N301, |s| {
            add_product(s, |product| code(product, Some("99X99")));
        }),
        rejects("aspecific and specific in one category", Number::N301, SECOND, |s| {
            add_product(s, |product| code(product, None));
        }),
        rejects("aspecific twice in one category", Number::N301, SECOND, |s| {
            code(s.product(), None);
            add_product(s, |_| {});
        }),
        rejects("generic and specific", Number::N301, SECOND, |s| add_product(s, |product| product.product = None)),
        rejects("generic twice", Number::N301, SECOND, |s| {
            s.product().product = None;
            add_product(s, |_| {});
        }),
        rejects("generic first, then two products that may stand together", Number::N301, SECOND_AND_THIRD, |s| {
            s.product().product = None;
            let law = s.message.kind.law;
            add_product(s, |product| product.product = Some(crate::rules::sample::product(law)));
            add_product(s, |product| {
                product.product = Some(crate::rules::sample::product(law));
                code(product, Some("99X99"));
            });
        }),
        accepts("deleted", Number::N301, |s| {
            add_product(s, |product| {
                product.einddatum = Some(product.ingangsdatum);
                product.reden_wijziging = Some("13".into());
            });
        }),
        accepts("deleted by the lapsed code 01, standing first", Number::N301, |s| {
            s.product().einddatum = Some(date(2026, 1, 1));
            s.product().reden_wijziging = Some("01".into());
            add_product(s, |product| {
                product.einddatum = None;
                product.reden_wijziging = None;
            });
        }),
        rejects("one day without a deletion", Number::N301, SECOND, |s| {
            add_product(s, |product| {
                product.einddatum = Some(product.ingangsdatum);
                product.reden_wijziging = Some("05".into());
            });
        }),
        rejects("13 on more than one day deletes nothing", Number::N301, SECOND, |s| {
            add_product(s, |product| {
                product.einddatum = Some(date(2026, 1, 2));
                product.reden_wijziging = Some("13".into());
            });
        }),
    ];
    let other_category = [
        accepts("specific and aspecific in another category", Number::N301, |s| {
            add_product(s, |product| {
                categorie(product, "07");
                code(product, None);
            });
        })
        .only(&[Law::Wmo]),
        accepts("specific and aspecific in another category", Number::N301, |s| {
            add_product(s, |product| {
                categorie(product, "41");
                code(product, None);
            });
        })
        .only(&[Law::Jeugdwet]),
    ];
    let exceptions = [
        accepts("two wheelchairs with one code", Number::N301, |s| {
            categorie(s.product(), "11");
            add_product(s, |_| {});
        }),
        accepts("aids, aspecific and specific", Number::N301, |s| {
            categorie(s.product(), "14");
            add_product(s, |product| code(product, None));
        }),
        accepts("generic and transport provisions", Number::N301, |s| {
            categorie(s.product(), "12");
            add_product(s, |product| product.product = None);
        }),
        accepts("home provisions after generic", Number::N301, |s| {
            categorie(s.product(), "13");
            let provision = s.product().product.clone();
            s.product().product = None;
            add_product(s, |product| product.product = provision);
        }),
        rejects("generic and category 10", Number::N301, SECOND, |s| {
            categorie(s.product(), "10");
            add_product(s, |product| product.product = None);
        }),
        rejects("category 15 twice", Number::N301, SECOND, |s| {
            categorie(s.product(), "15");
            add_product(s, |_| {});
        }),
        rejects("generic twice beside an exception", Number::N301, SECOND_AND_THIRD, |s| {
            let product = s.product().product.take();
            add_product(s, |_| {});
            add_product(s, |_| {});
            add_product(s, |last| {
                last.product = product;
                categorie(last, "11");
            });
        }),
    ];
    rows.extend(other_category);
    rows.extend(exceptions.map(|row| row.only(&[Law::Wmo])));
    rows.push(
        rejects("no exception for any category in iJw", Number::N301, SECOND, |s| {
            categorie(s.product(), "11");
            add_product(s, |_| {});
        })
        .only(&[Law::Jeugdwet]),
    );
    rows
}
