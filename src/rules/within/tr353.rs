//! TR353: a request for change asks for something.
//!
//! The request names at least one `TeWijzigenProduct` or one `NieuwProduct`. The request as a whole is named: what is
//! missing is one of two.

use super::helpers::verzoek;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR353",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::Verzoek,
    nl: "Een verzoek om wijziging bevat ten minste één te wijzigen of nieuw product.",
    en: "A request for change has at least one product to change or one new product.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(verzoek) = verzoek(case) else {
        return Vec::new();
    };
    if !verzoek.te_wijzigen.is_empty() || !verzoek.nieuw.is_empty() {
        return Vec::new();
    }
    let violation = Violation::at(
        Place::verzoek(""),
        "Dit verzoek bevat geen te wijzigen en geen nieuw product, en vraagt dus niets. Neem op wat er moet veranderen.",
        "This request has no product to change and no new product, and so asks for nothing. Include what is to change.",
    );
    vec![
        violation
            .fact("ongewijzigde_producten", verzoek.ongewijzigd.len())
            .fact("te_wijzigen_producten", 0)
            .fact("nieuwe_producten", 0),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_ongewijzigd_product;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Client/Verzoek";
    vec![
        accepts("one to change", Number::N317, |_| {}),
        accepts("one new", Number::N317, |s| {
            s.verzoek().te_wijzigen.clear();
            s.add_nieuw_product(|_| {});
        }),
        accepts("one of each", Number::N317, |s| {
            add_ongewijzigd_product(s);
            s.add_nieuw_product(|_| {});
        }),
        rejects("only unchanged ones", Number::N317, &[PATH], |s| {
            s.verzoek().te_wijzigen.clear();
            add_ongewijzigd_product(s);
            add_ongewijzigd_product(s);
        }),
        rejects("nothing at all", Number::N317, &[PATH], |s| s.verzoek().te_wijzigen.clear()),
    ]
}
