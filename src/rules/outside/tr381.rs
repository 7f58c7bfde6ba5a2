//! TR381: a product code belongs to its category, by the product list in use between the parties.
//!
//! The list (national or of the municipality, IV075) changes over time, so the day that counts is the first of the
//! period concerned: Ingangsdatum in a 301, Begindatum in a 305 and 307, `ToewijzingIngangsdatum` in a 315,
//! `GewensteIngangsdatum` of the new products of a 317, `ProductPeriode.Begindatum` in a 323. A product without a code
//! has nothing to compare, the other classes of a 317 have no product, and a start or stop that is only deleted
//! (`StatusAanlevering` 3) is not judged by its content.
//!
//! A credit that reverses a granted debit repeats what was accepted then, so it is not judged anew by a list that may
//! have been mended since; otherwise nobody could take the debit back.

use crate::message::{Body, Categorie, Date, Law, Number, Product, ProductCode, StatusAanlevering};
use crate::rules::across::helpers::reverses_granted_debit;
use crate::rules::{Case, Check, Class, Level, Line, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR381",
    sort: Sort::Technical,
    level: Level::Outside,
    code: "S329",
    numbers: &[Number::N301, Number::N305, Number::N307, Number::N315, Number::N317, Number::N323],
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
    let products: Vec<(Place, Option<&Product>, Date)> = match &case.message.body {
        Body::Toewijzing(client) => {
            let products = client.producten.iter().enumerate();
            products
                .map(|(index, product)| {
                    let place = Place::toegewezen_product(index, "Product/Code");
                    (place, product.product.as_ref(), product.ingangsdatum)
                })
                .collect()
        }
        Body::Start(client) => {
            let starts = client.producten.iter().enumerate();
            starts
                .filter(|(_, start)| start.status_aanlevering != StatusAanlevering::Verwijderd)
                .map(|(index, start)| {
                    (Place::start_product(index, "Product/Code"), start.product.as_ref(), start.begindatum)
                })
                .collect()
        }
        Body::Stop(client) => {
            let stops = client.producten.iter().enumerate();
            stops
                .filter(|(_, stop)| stop.status_aanlevering != StatusAanlevering::Verwijderd)
                .map(|(index, stop)| (Place::stop_product(index, "Product/Code"), stop.product.as_ref(), stop.begindatum))
                .collect()
        }
        Body::Aanvraag(client) => {
            let products = client.producten.iter().enumerate();
            products
                .map(|(index, product)| {
                    let place = Place::aangevraagd_product(index, "Product/Code");
                    (place, product.product.as_ref(), product.toewijzing_ingangsdatum)
                })
                .collect()
        }
        Body::Wijziging(client) => {
            let products = client.verzoek.nieuw.iter().enumerate();
            products
                .map(|(index, product)| {
                    let place = Place::nieuw_product(index, "Product/Code");
                    (place, product.product.as_ref(), product.gewenste_ingangsdatum)
                })
                .collect()
        }
        Body::Antwoord(_) | Body::Declaratie(_) | Body::DeclaratieAntwoord(_) | Body::Retour(_) => Vec::new(),
    };
    products
        .into_iter()
        .filter_map(|(place, product, on)| {
            let product = product?;
            judge(case, place, &product.categorie, product.code.as_ref()?, on)
        })
        .collect()
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
    use crate::rules::sample::{Sample, accepts, rejects};
    type Change = fn(&mut Sample);
    const TOEGEWEZEN: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Product/Code";
    const START: &str = "/Bericht/Client/StartProducten/StartProduct[1]/Product/Code";
    const STOP: &str = "/Bericht/Client/StopProducten/StopProduct[1]/Product/Code";
    const NIEUW: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]/Product/Code";
    const SECOND_STOP: &str = "/Bericht/Client/StopProducten/StopProduct[2]/Product/Code";
    const AANGEVRAAGD: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/Product/Code";
    const SECOND_AANGEVRAAGD: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/Product/Code";
    const SECOND_NIEUW: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]/Product/Code";
    const LINE: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductCode";
    fn listed(s: &mut Sample, year: i16, month: i8, day: i8) {
        s.terms.products_since = Some(Date::constant(year, month, day));
    }
    fn new_and_listed(s: &mut Sample, year: i16, month: i8, day: i8) {
        s.add_nieuw_product(|_| {});
        listed(s, year, month, day);
    }
    let mut rows = vec![
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
        accepts("a listed code", Number::N307, |_| {}),
        rejects("an unlisted code in the second stop", Number::N307, &[SECOND_STOP], |s| {
            let mut other = s.stop_product().clone();
            other.product.as_mut().expect("a specific product").code = Some("99Z99".into());
            s.stop().producten.push(other);
        }),
        accepts("a deletion is not judged", Number::N307, |s| {
            s.terms.products.clear();
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("a stop without a product", Number::N307, |s| {
            s.terms.products.clear();
            s.stop_product().product = None;
        }),
        accepts("a listed code", Number::N315, |_| {}),
        rejects("a code of another category", Number::N315, &[AANGEVRAAGD], |s| {
            s.aangevraagd_product().product.as_mut().expect("a specific product").categorie = "03".into();
        }),
        rejects("an unlisted code in the second product", Number::N315, &[SECOND_AANGEVRAAGD], |s| {
            let mut other = s.aangevraagd_product().clone();
            other.product.as_mut().expect("a specific product").code = Some("99Z99".into());
            s.aanvraag().producten.push(other);
        }),
        accepts("an aspecific request", Number::N315, |s| {
            s.terms.products.clear();
            s.aangevraagd_product().product.as_mut().expect("a specific product").code = None;
        }),
        accepts("a change has no product of its own", Number::N317, |s| s.terms.products.clear()),
        accepts("a listed code of a new product", Number::N317, |s| s.add_nieuw_product(|_| {})),
        rejects("an unlisted code of the second new product", Number::N317, &[SECOND_NIEUW], |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|nieuw| {
                nieuw.product.as_mut().expect("a specific product").code = Some("99Z99".into());
            });
        }),
        accepts("a generic new product", Number::N317, |s| {
            s.terms.products.clear();
            s.add_nieuw_product(|nieuw| nieuw.product = None);
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
    ];
    let first_days: [(Number, &[&str], Change, Change); 6] = [
        (Number::N301, &[TOEGEWEZEN], |s| listed(s, 2026, 1, 1), |s| listed(s, 2026, 1, 2)),
        (Number::N305, &[START], |s| listed(s, 2026, 1, 8), |s| listed(s, 2026, 1, 9)),
        (Number::N307, &[STOP], |s| listed(s, 2026, 1, 8), |s| listed(s, 2026, 1, 9)),
        (Number::N315, &[AANGEVRAAGD], |s| listed(s, 2026, 4, 1), |s| listed(s, 2026, 4, 2)),
        (Number::N317, &[NIEUW], |s| new_and_listed(s, 2026, 4, 1), |s| new_and_listed(s, 2026, 4, 2)),
        (Number::N323, &[LINE], |s| listed(s, 2026, 2, 1), |s| listed(s, 2026, 2, 2)),
    ];
    for (number, path, in_time, late) in first_days {
        rows.push(accepts("listed from the day that counts on", number, in_time));
        rows.push(rejects("listed from a day later on", number, path, late));
    }
    rows
}
