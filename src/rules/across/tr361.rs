//! TR361: in the whole situation that a request for change asks for, no product stands twice on one day.
//!
//! | class | product | period |
//! |---|---|---|
//! | `OngewijzigdProduct` | that of the allocation | that of the allocation |
//! | `TeWijzigenProduct` | that of the allocation | from `GewensteIngangsdatum`, or from the Ingangsdatum of the allocation when that is earlier, until the Einddatum asked for |
//! | `NieuwProduct` | its own | its own |
//!
//! What counts as the same product and as the same day, and which categories of iWmo are free, stands in [`overlap`].
//! Numbers that are not those of an actual allocation (TR350, TR351) are left out. Two new products alone that overlap
//! are seen by TR410 (level 2) first.
//!
//! Doubtful, with the choice made:
//! - A change that begins in the future leaves the old volume until the day before: the product is taken from the first
//!   day of the allocation on.
//! - The source does not say where the code stands. Of two that overlap it stands on the one that the request brings in,
//!   and of two of these on the later one in the message: a `NieuwProduct`, else a `TeWijzigenProduct`.
//! - Two allocations that overlap and both stay unchanged are not refused: what the municipality allocated is nothing
//!   that the request asks for, and TR349 has the provider list both.
//! - An allocation listed both as unchanged and as to be changed stands twice, and overlaps with itself.

use super::wijziging::{Wijziging, allocated_phrase, wijziging};
use crate::message::{Count, Date, Law, Number, Product};
use crate::rules::figures::{self, Phrase};
use crate::rules::overlap::{self, Occupation};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR361",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9361",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::TeWijzigenProduct,
    nl: "In de hele gevraagde situatie overlappen producten voor hetzelfde product elkaar niet in tijd.",
    en: "In the whole situation asked for, entries of the same product do not overlap in time.",
    needs: &[Need::Ledger],
    doubt: "The code stands on the later of the two that overlap, a NieuwProduct or else a TeWijzigenProduct; two \
            unchanged allocations that overlap are not refused.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(wijziging) = wijziging(case) else {
        return Vec::new();
    };
    let situation = situation(&wijziging);
    let occupations: Vec<_> = situation.iter().map(Entry::occupation).collect();
    overlap::clashes(case.law(), &occupations)
        .into_iter()
        .filter(|(later, _)| situation[*later].is_asked_for())
        .map(|(later, earlier)| clash(&situation[later], &situation[earlier]))
        .collect()
}

/// One product of the situation asked for.
struct Entry<'a> {
    origin: Origin,
    product: Option<&'a Product>,
    begin: Date,
    end: Option<Date>,
}

/// Where a product of the situation stands: index from 0, and the allocation that it is.
enum Origin {
    Ongewijzigd(usize, Count),
    TeWijzigen(usize, Count),
    Nieuw(usize),
}

/// All that would stand beside each other, in the order of the message.
fn situation<'a>(wijziging: &Wijziging<'a>) -> Vec<Entry<'a>> {
    let verzoek = wijziging.verzoek();
    let ongewijzigd = verzoek.ongewijzigd.iter().enumerate().filter_map(|(index, product)| {
        let allocation = wijziging.actual(product.toewijzing_nummer).ok()?;
        Some(Entry {
            origin: Origin::Ongewijzigd(index, allocation.nummer),
            product: allocation.product.as_ref(),
            begin: allocation.ingangsdatum,
            end: allocation.einddatum,
        })
    });
    let te_wijzigen = wijziging.changes().map(|change| Entry {
        origin: Origin::TeWijzigen(change.index, change.allocation.nummer),
        product: change.allocation.product.as_ref(),
        begin: change.wanted.gewenste_ingangsdatum.min(change.allocation.ingangsdatum),
        end: change.wanted.einddatum,
    });
    let nieuw = verzoek.nieuw.iter().enumerate().map(|(index, nieuw)| Entry {
        origin: Origin::Nieuw(index),
        product: nieuw.product.as_ref(),
        begin: nieuw.gewenste_ingangsdatum,
        end: nieuw.einddatum,
    });
    ongewijzigd.chain(te_wijzigen).chain(nieuw).collect()
}

impl Entry<'_> {
    fn occupation(&self) -> Occupation<'_> {
        Occupation { product: self.product, begin: self.begin, end: self.end, deleted: false }
    }

    fn is_asked_for(&self) -> bool {
        !matches!(self.origin, Origin::Ongewijzigd(..))
    }

    fn place(&self) -> Place {
        match self.origin {
            Origin::Ongewijzigd(index, _) => Place::ongewijzigd_product(index, ""),
            Origin::TeWijzigen(index, _) => Place::te_wijzigen_product(index, ""),
            Origin::Nieuw(index) => Place::nieuw_product(index, ""),
        }
    }

    /// `nieuw product 1 (02 02A03, van 2026-04-01 tot en met 2026-06-30)`.
    fn phrase(&self) -> Phrase {
        let (nl, en) = match self.origin {
            Origin::Ongewijzigd(_, nummer) => {
                (format!("ongewijzigde toewijzing {nummer}"), format!("unchanged allocation {nummer}"))
            }
            Origin::TeWijzigen(_, nummer) => {
                (format!("te wijzigen toewijzing {nummer}"), format!("changed allocation {nummer}"))
            }
            Origin::Nieuw(index) => (format!("nieuw product {}", index + 1), format!("new product {}", index + 1)),
        };
        let (product, period) = (allocated_phrase(self.product), figures::period(self.begin, self.end));
        Phrase::new(format!("{nl} ({}, {})", product.nl, period.nl), format!("{en} ({}, {})", product.en, period.en))
    }
}

fn clash(entry: &Entry<'_>, earlier: &Entry<'_>) -> Violation {
    let (own, other) = (entry.phrase(), earlier.phrase());
    let violation = match (&entry.origin, &earlier.origin) {
        (Origin::TeWijzigen(_, nummer), Origin::Ongewijzigd(_, same)) if nummer == same => Violation::at(
            entry.place(),
            format!("Toewijzing {nummer} staat zowel bij de ongewijzigde als bij de te wijzigen producten. Noem haar één keer."),
            format!("Allocation {nummer} stands both with the unchanged and with the changed products. Name it once."),
        ),
        _ => {
            let same = same_product(entry.product, earlier.product);
            Violation::at(
                entry.place(),
                format!(
                    "In de gevraagde situatie overlapt {} met {}{}. Laat de een eindigen voordat de ander ingaat.",
                    own.nl, other.nl, same.nl
                ),
                format!(
                    "In the situation asked for, {} overlaps with {}{}. Let one end before the other begins.",
                    own.en, other.en, same.en
                ),
            )
        }
    };
    violation
        .fact("overlapt_met", earlier.place().path())
        .date("begin", entry.begin)
        .maybe_date("einde", entry.end)
        .date("ander_begin", earlier.begin)
        .maybe_date("ander_einde", earlier.end)
}

/// Why two products that clash are the same one.
fn same_product(a: Option<&Product>, b: Option<&Product>) -> Phrase {
    match (a, b) {
        (None, _) | (_, None) => {
            Phrase::new(", en een generiek product telt als elk product", ", and a generic product counts as every product")
        }
        (Some(Product { code: None, .. }), _) | (_, Some(Product { code: None, .. })) => Phrase::new(
            ", en een product zonder code telt als elk product van zijn categorie",
            ", and a product without a code counts as every product of its category",
        ),
        (Some(_), Some(_)) => Phrase::new(" voor hetzelfde product", " of the same product"),
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::wijziging::change::{add_allocation, add_ongewijzigd, add_te_wijzigen, leave_unchanged};
    use crate::message::{Categorie, Cents, NieuwProduct};
    use crate::rules::facts::Allocation;
    use crate::rules::sample::{OTHER_BSN, Sample, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N317;
    const CHANGED: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]";
    const CHANGED_SECOND: &str = "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]";
    const NEW: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]";
    const NEW_SECOND: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]";
    /// Asks for the sample's product from 1 April 2026 on, changed.
    fn april(s: &mut Sample, change: impl FnOnce(&mut NieuwProduct)) {
        s.add_nieuw_product(|nieuw| {
            nieuw.gewenste_ingangsdatum = date(2026, 4, 1);
            change(nieuw);
        });
    }
    /// Another allocation of the sample's product, from 1 May until 30 June 2026.
    fn spring(s: &mut Sample, change: impl FnOnce(&mut Allocation)) {
        let product = s.allocation().product.clone();
        add_allocation(s, 1002, |allocation| {
            allocation.product = product;
            allocation.ingangsdatum = date(2026, 5, 1);
            allocation.einddatum = Some(date(2026, 6, 30));
            change(allocation);
        });
    }
    /// Puts the sample's allocation and a new product of the same one into this category, from April on.
    fn both_in(s: &mut Sample, categorie: &str) {
        let categorie = Categorie::from(categorie);
        s.allocation().product.as_mut().expect("the sample has one").categorie = categorie.clone();
        april(s, |nieuw| nieuw.product.as_mut().expect("the sample has one").categorie = categorie);
    }
    let mut rows = vec![
        accepts("one change", N, |_| {}),
        accepts("an allocation that stays and a new product the day after it ends", N, |s| {
            leave_unchanged(s);
            april(s, |_| {});
        }),
        rejects("an allocation that stays and a new product on its last day", N, &[NEW], |s| {
            leave_unchanged(s);
            april(s, |nieuw| nieuw.gewenste_ingangsdatum = date(2026, 3, 31));
        }),
        rejects("an allocation without an end that stays, and a new product years later", N, &[NEW], |s| {
            leave_unchanged(s);
            s.allocation().einddatum = None;
            april(s, |nieuw| nieuw.gewenste_ingangsdatum = date(2036, 2, 29));
        }),
        rejects("a lengthened allocation and a new product before its new end", N, &[NEW], |s| april(s, |_| {})),
        accepts("a lengthened allocation and a new product after its new end", N, |s| {
            april(s, |nieuw| nieuw.gewenste_ingangsdatum = date(2026, 5, 1));
        }),
        accepts("a shortened allocation and a new product the day after", N, |s| {
            s.te_wijzigen_product().einddatum = Some(date(2026, 3, 20));
            april(s, |nieuw| nieuw.gewenste_ingangsdatum = date(2026, 3, 21));
        }),
        rejects("a change without an end reaches every later product", N, &[NEW], |s| {
            s.te_wijzigen_product().einddatum = None;
            april(s, |nieuw| nieuw.gewenste_ingangsdatum = date(2030, 1, 1));
        }),
        accepts("a new product of another code", N, |s| {
            april(s, |nieuw| nieuw.product.as_mut().expect("it has one").code = Some("99X99".into()));
        }),
        rejects("a new product without a code, in the category of an allocation", N, &[NEW], |s| {
            april(s, |nieuw| nieuw.product.as_mut().expect("it has one").code = None);
        }),
        rejects("a new generic product", N, &[NEW], |s| {
            april(s, |nieuw| (nieuw.product, nieuw.budget) = (None, Some(Cents(1))));
        }),
        rejects("a generic allocation that stays and a new product", N, &[NEW], |s| {
            leave_unchanged(s);
            s.allocation().product = None;
            s.allocation().einddatum = None;
            april(s, |_| {});
        }),
        accepts("lengthened until the day before another begins", N, |s| {
            spring(s, |_| {});
            add_ongewijzigd(s, 1002);
        }),
        rejects("lengthened until the day on which another begins", N, &[CHANGED], |s| {
            spring(s, |allocation| allocation.ingangsdatum = date(2026, 4, 30));
            add_ongewijzigd(s, 1002);
        }),
        rejects("two changes that meet: the later one", N, &[CHANGED_SECOND], |s| {
            spring(s, |_| {});
            add_te_wijzigen(s, 1002, |wanted| {
                wanted.gewenste_ingangsdatum = date(2026, 4, 30);
                wanted.einddatum = Some(date(2026, 6, 30));
            });
        }),
        rejects("a change from the future on holds the product from the first day on", N, &[CHANGED], |s| {
            spring(s, |allocation| {
                allocation.ingangsdatum = date(2026, 3, 10);
                allocation.einddatum = Some(date(2026, 3, 11));
            });
            add_ongewijzigd(s, 1002);
            s.te_wijzigen_product().gewenste_ingangsdatum = date(2026, 3, 20);
        }),
        rejects("three at once, each that is asked for", N, &[CHANGED, NEW], |s| {
            spring(s, |allocation| allocation.ingangsdatum = date(2026, 4, 1));
            add_ongewijzigd(s, 1002);
            april(s, |_| {});
        }),
        rejects("two new ones of one product, beside a change of another", N, &[NEW_SECOND], |s| {
            s.allocation().product.as_mut().expect("it has one").code = Some("99X99".into());
            april(s, |_| {});
            april(s, |_| {});
        }),
        accepts("two that overlap and stay as they are", N, |s| {
            spring(s, |allocation| allocation.ingangsdatum = date(2026, 3, 1));
            leave_unchanged(s);
            add_ongewijzigd(s, 1002);
        }),
        rejects("an allocation both unchanged and to be changed", N, &[CHANGED], |s| add_ongewijzigd(s, 1001)),
        accepts("an allocation that is not listed is for TR349", N, |s| {
            spring(s, |allocation| allocation.ingangsdatum = date(2026, 4, 1));
        }),
        accepts("a deleted allocation", N, |s| {
            spring(s, |allocation| {
                allocation.ingangsdatum = date(2026, 4, 1);
                allocation.einddatum = Some(date(2026, 4, 1));
                allocation.reden_wijziging = Some("13".into());
            });
            add_ongewijzigd(s, 1002);
        }),
        accepts("somebody else's allocation is for TR351", N, |s| {
            s.allocation().person = person(OTHER_BSN);
            april(s, |_| {});
        }),
        accepts("an ended allocation is for TR351", N, |s| {
            s.allocation().einddatum = Some(date(2026, 3, 8));
            april(s, |_| {});
        }),
        accepts("an unknown allocation is for TR350", N, |s| {
            leave_unchanged(s);
            s.facts.allocations.clear();
            april(s, |nieuw| nieuw.gewenste_ingangsdatum = date(2026, 3, 10));
        }),
    ];
    let exceptions = [
        accepts("a second wheelchair of one code", N, |s| both_in(s, "11")),
        accepts("a second aid of one code", N, |s| both_in(s, "14")),
        rejects("category 10 knows no exception", N, &[NEW], |s| both_in(s, "10")),
        rejects("category 15 knows no exception", N, &[NEW], |s| both_in(s, "15")),
        accepts("a new generic product beside a home provision", N, |s| {
            both_in(s, "13");
            s.verzoek().nieuw[0].product = None;
        }),
        accepts("a new transport provision beside a generic allocation", N, |s| {
            both_in(s, "12");
            s.allocation().product = None;
        }),
    ];
    rows.extend(exceptions.map(|row| row.only(&[Law::Wmo])));
    rows.push(
        rejects("no exception for any category in iJw", N, &[NEW], |s| both_in(s, "11")).only(&[Law::Jeugdwet]),
    );
    rows
}
