//! TR381: a product code belongs to its category, by the product list in use between the parties.
//!
//! The list (national or of the municipality, IV075) changes over time, so the day that counts is the first of the
//! period concerned: Ingangsdatum in a 301, Begindatum in a 305, ProductPeriode.Begindatum in a 323. A product without
//! a code has nothing to compare, and a start that is only deleted (`StatusAanlevering` 3) is not judged by its
//! content.
//!
//! A credit that reverses a granted debit repeats what was accepted then, so it is not judged anew by a list that may
//! have been mended since; otherwise nobody could take the debit back.

use crate::message::{Body, Categorie, Date, Law, Number, ProductCode, StatusAanlevering};
use crate::rules::across::helpers::reverses_granted_debit;
use crate::rules::{Case, Check, Class, Level, Line, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR381",
    sort: Sort::Technical,
    level: Level::Outside,
    code: "S329",
    numbers: &[Number::N301, Number::N305, Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Een productcode hoort volgens de gebruikte productcodelijst bij de productcategorie.",
    en: "A product code belongs to the product category by the product code list in use.",
    needs: &[Need::Terms],
    doubt: "The list of the first day of the period concerned is used; a credit of a granted debit is not judged by \
            it again.",
    check: Check::Either { message: check_message, line: check_line },
};

fn check_message(case: &Case<'_>) -> Vec<Violation> {
    match &case.message.body {
        Body::Toewijzing(client) => client
            .producten
            .iter()
            .enumerate()
            .filter_map(|(index, toegewezen)| {
                let product = toegewezen.product.as_ref()?;
                let place = Place::toegewezen_product(index, "Product/Code");
                judge(case, place, &product.categorie, product.code.as_ref()?, toegewezen.ingangsdatum)
            })
            .collect(),
        Body::Start(client) => client
            .producten
            .iter()
            .enumerate()
            .filter(|(_, start)| start.status_aanlevering != StatusAanlevering::Verwijderd)
            .filter_map(|(index, start)| {
                let product = start.product.as_ref()?;
                let place = Place::start_product(index, "Product/Code");
                judge(case, place, &product.categorie, product.code.as_ref()?, start.begindatum)
            })
            .collect(),
        Body::ToewijzingRetour(_) | Body::StartRetour(_) | Body::Declaratie(_) | Body::DeclaratieAntwoord(_) => {
            Vec::new()
        }
    }
}

fn check_line(line: &Line<'_>) -> Vec<Violation> {
    if reverses_granted_debit(line) {
        return Vec::new();
    }
    let prestatie = line.prestatie;
    let on = prestatie.periode.begindatum;
    judge(line.case, line.place("ProductCode"), &prestatie.categorie, &prestatie.code, on).into_iter().collect()
}

fn judge(case: &Case<'_>, place: Place, categorie: &Categorie, code: &ProductCode, on: Date) -> Option<Violation> {
    if case.terms?.lists_product(case.law(), categorie, code, on) {
        return None;
    }
    let violation = Violation::at(
        place,
        format!("Productcode {code} hoort op {on} volgens de productcodelijst niet bij productcategorie {categorie}. Controleer code en categorie."),
        format!("Product code {code} does not belong to category {categorie} on {on} by the product code list. Verify code and category."),
    );
    Some(violation.fact("product_code", code.as_str()).fact("categorie", categorie.as_str()).date("peildatum", on))
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const TOEGEWEZEN: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Product/Code";
    const START: &str = "/Bericht/Client/StartProducten/StartProduct[1]/Product/Code";
    const LINE: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductCode";
    vec![
        accepts("a listed code", Number::N301, |_| {}),
        rejects("an unlisted code", Number::N301, &[TOEGEWEZEN], |s| {
            s.product().product.as_mut().expect("a specific allocation").code = Some("99Z99".into());
        }),
        rejects("a code of another category", Number::N301, &[TOEGEWEZEN], |s| {
            s.product().product.as_mut().expect("a specific allocation").categorie = "03".into();
        }),
        accepts("an aspecific allocation", Number::N301, |s| {
            s.terms.products.clear();
            s.product().product.as_mut().expect("a specific allocation").code = None;
        }),
        accepts("a generic allocation", Number::N301, |s| {
            s.terms.products.clear();
            s.product().product = None;
        }),
        accepts("a listed code", Number::N305, |_| {}),
        rejects("an empty list", Number::N305, &[START], |s| s.terms.products.clear()),
        accepts("a deletion is not judged", Number::N305, |s| {
            s.terms.products.clear();
            s.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("a start without a product", Number::N305, |s| {
            s.terms.products.clear();
            s.start_product().product = None;
        }),
        accepts("a listed code", Number::N323, |_| {}),
        rejects("an unlisted code", Number::N323, &[LINE], |s| s.line().code = "99Z99".into()),
        rejects("a code of another category", Number::N323, &[LINE], |s| s.line().categorie = "03".into()),
        accepts("a credit of a granted debit, though the list changed", Number::N323, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            s.terms.products.clear();
        }),
        rejects("a credit of nothing", Number::N323, &[LINE], |s| {
            s.make_credit("P0");
            s.terms.products.clear();
        }),
    ]
}
