//! CD041: whoever allocates or asks for a specific product says how much of it.
//!
//! When `Product.Code` is present, Omvang is present. That a line has a budget instead changes nothing: a budget
//! belongs to lines without a code. It holds for the allocations of a 301, the products asked for in a 315 and the new
//! products of a 317; a product to change has no code of its own (TR411 looks at that of its allocation).

use super::provision::provisions;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD041",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen, aangevraagd of nieuw product met productcode is Omvang gevuld.",
    en: "An allocated, requested or new product with a product code has an Omvang.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case)
        .into_iter()
        .filter(|provision| provision.omvang.is_none())
        .filter_map(|provision| {
            let code = provision.product?.code.as_ref()?;
            let violation = Violation::at(
                provision.place("Omvang"),
                format!(
                    "{} is voor productcode {code} en heeft geen omvang. Vul volume, eenheid en frequentie in.",
                    provision.name.nl
                ),
                format!(
                    "{} is for product code {code} and has no Omvang. Fill in volume, unit and frequency.",
                    provision.name.en
                ),
            );
            Some(violation.fact("product_code", code.as_str()))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::provision::change::{Aangevraagd, Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::rules::sample::{Row, accepts, rejects};
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("a code and an Omvang", P::NUMBER, |s| {
                P::at(s, 1);
            }),
            accepts("a category and a budget", P::NUMBER, |s| {
                P::at(s, 0).budget_only(100_000);
                P::at(s, 0).product().as_mut().expect("the sample has one").code = None;
            }),
            accepts("a budget only", P::NUMBER, |s| {
                P::at(s, 0).budget_only(100_000);
                *P::at(s, 0).product() = None;
            }),
            rejects("a code and neither", P::NUMBER, P::OMVANG[0], |s| *P::at(s, 0).omvang = None),
            rejects("a code and a budget, in the second", P::NUMBER, P::OMVANG[1], |s| P::at(s, 1).budget_only(100_000)),
        ]
    }
    let mut rows = [rows::<Toegewezen>(), rows::<Aangevraagd>(), rows::<Nieuw>()].concat();
    rows.push(accepts("a product to change", Number::N317, |s| TeWijzigen::at(s, 0).budget_only(100_000)));
    rows.push(rejects(
        "twice",
        Number::N301,
        &[
            "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Omvang",
            "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/Omvang",
        ],
        |s| {
            Toegewezen::at(s, 0).budget_only(100_000);
            Toegewezen::at(s, 1).budget_only(100_000);
        },
    ));
    rows
}
