//! CD096: what a 317 asks for as new without a code has no volume.
//!
//! When `Product.Code` of a `NieuwProduct` is absent, also because there is no product at all, and Einddatum is after 31
//! December 2020 or absent, Omvang is absent. It is what CD080 asks of allocations. A `TeWijzigenProduct` names no
//! product and is not judged.

use super::provision::{Provision, provisions};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD096",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::NieuwProduct,
    nl: "Bij een nieuw product zonder productcode dat eindigt na 31-12-2020 of geen einddatum heeft, is Omvang niet \
        gevuld.",
    en: "A new product without a product code that ends after 31 December 2020 or has no end date has no Omvang.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case).iter().filter_map(Provision::volume_without_code).collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::NieuwProduct;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]/Omvang";
    const SECOND: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]/Omvang";
    fn aspecific(nieuw: &mut NieuwProduct) {
        nieuw.product.as_mut().expect("the sample has one").code = None;
    }
    vec![
        accepts("an Omvang for a product to change", Number::N317, |_| {}),
        accepts("a code and an Omvang", Number::N317, |s| s.add_nieuw_product(|_| {})),
        accepts("a code and no Omvang", Number::N317, |s| s.add_nieuw_product(|nieuw| nieuw.omvang = None)),
        accepts("neither", Number::N317, |s| {
            s.add_nieuw_product(|nieuw| {
                aspecific(nieuw);
                nieuw.omvang = None;
            });
        }),
        accepts("an Omvang without a code until the end of 2020", Number::N317, |s| {
            s.add_nieuw_product(|nieuw| {
                aspecific(nieuw);
                nieuw.einddatum = Some(date(2020, 12, 31));
            });
        }),
        rejects("an Omvang without a code until the first day of 2021", Number::N317, &[FIRST], |s| {
            s.add_nieuw_product(|nieuw| {
                aspecific(nieuw);
                nieuw.einddatum = Some(date(2021, 1, 1));
            });
        }),
        rejects("an Omvang without a code and without an end", Number::N317, &[FIRST], |s| {
            s.add_nieuw_product(|nieuw| {
                aspecific(nieuw);
                nieuw.einddatum = None;
            });
        }),
        rejects("an Omvang without a product", Number::N317, &[FIRST], |s| {
            s.add_nieuw_product(|nieuw| nieuw.product = None);
        }),
        rejects("a volume of 0 without a product", Number::N317, &[FIRST], |s| {
            s.add_nieuw_product(|nieuw| {
                nieuw.product = None;
                nieuw.omvang.as_mut().expect("the sample has one").volume = 0;
            });
        }),
        rejects("only the second of three", Number::N317, &[SECOND], |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(aspecific);
            s.add_nieuw_product(|_| {});
        }),
    ]
}
