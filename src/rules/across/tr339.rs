//! TR339: the category of a line is that of its allocation, when the allocation has one.
//!
//! A generic allocation (no product) leaves the category free; the contract limits it.

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR339",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9339",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductCategorie van een prestatie is gelijk aan die van de toewijzing, als die er een heeft.",
    en: "The ProductCategorie of a line equals that of the allocation, when that has one.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some((allocation, product)) = line.allocation.and_then(|each| Some((each, each.product.as_ref()?))) else {
        return Vec::new();
    };
    let (claimed, allocated) = (&line.prestatie.categorie, &product.categorie);
    if claimed == allocated {
        return Vec::new();
    }
    let nummer = allocation.nummer;
    vec![
        Violation::at(
            line.place("ProductCategorie"),
            format!("Toewijzing {nummer} is van productcategorie {allocated}; gedeclareerd is categorie {claimed}. Declareer in de toegewezen categorie."),
            format!("Allocation {nummer} is of category {allocated}; category {claimed} is claimed. Claim in the allocated category."),
        )
        .number("toewijzing_nummer", nummer)
        .fact("toegewezen_categorie", allocated.as_str())
        .fact("categorie", claimed.as_str()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductCategorie"];
    vec![
        accepts("the same category", N, |_| {}),
        rejects("another category", N, PATH, |s| s.line().categorie = "03".into()),
        rejects("another category on an aspecific allocation", N, PATH, |s| {
            s.allocation().product.as_mut().expect("it has a product").code = None;
            s.line().categorie = "03".into();
        }),
        accepts("a generic allocation", N, |s| s.allocation().product = None),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
    ]
}
