//! TR389: a debit is refused while an earlier granted debit for the same care stands without a credit.
//!
//! The same care: the same `ToewijzingNummer`, `ProductCategorie`, `ProductCode` and `ProductPeriode`. A credit with
//! that `ProductPeriode` that names the debit frees it, in an earlier declaration or in this one: credits are judged
//! first (OP366), and count when they are granted. Rejected debits do not count. Two debits in one message are for
//! TR416.

use super::helpers::is_credit;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR389",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9389",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Voor dezelfde toewijzing, productcategorie, productcode en periode staat geen eerdere debetprestatie zonder \
         credit.",
    en: "No earlier debit for the same allocation, category, code and period stands without a credit.",
    needs: &[Need::Ledger],
    doubt: "A credit in the same message frees the earlier debit only when that credit itself is granted.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    if is_credit(line.prestatie) {
        return Vec::new();
    }
    let Some(debit) = line.granted.standing_debit(line.prestatie) else {
        return Vec::new();
    };
    let earlier = figures::earlier_line(debit);
    vec![
        Violation::at(
            line.place("ProductPeriode"),
            format!("Deze zorg is al gedeclareerd en goedgekeurd met {}; crediteer die eerst.", earlier.nl),
            format!("This care was claimed and granted before, by {}; credit that first.", earlier.en),
        )
        .earlier_line(debit)
        .number("toewijzing_nummer", debit.toewijzing_nummer)
        .date("begindatum", debit.periode.begindatum)
        .date("einddatum", debit.periode.einddatum),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::facts::ClaimLine;
    use crate::message::{Cents, DebetCredit};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode"];
    fn credited(sample: &mut Sample, nummer: &str, vorig: &str, change: impl FnOnce(&mut ClaimLine)) {
        sample.earlier_line(nummer, |line| {
            line.vorig = Some(vorig.into());
            line.bedrag = Cents(-line.bedrag.0);
            change(line);
        });
    }
    vec![
        accepts("claimed for the first time", N, |_| {}),
        rejects("claimed before", N, PATH, |s| s.earlier_line("P0", |_| {})),
        rejects("claimed before with another volume", N, PATH, |s| s.earlier_line("P0", |line| line.volume = 1)),
        accepts("rejected before", N, |s| s.earlier_line("P0", |line| line.granted = false)),
        accepts("another period", N, |s| {
            s.earlier_line("P0", |line| line.periode.begindatum = date(2026, 2, 2));
        }),
        accepts("another code", N, |s| s.earlier_line("P0", |line| line.code = "99Z99".into())),
        accepts("another category", N, |s| s.earlier_line("P0", |line| line.categorie = "03".into())),
        accepts("another allocation", N, |s| s.earlier_line("P0", |line| line.toewijzing_nummer = 1002)),
        accepts("credited before", N, |s| {
            s.earlier_line("P0", |_| {});
            credited(s, "P00", "P0", |_| {});
        }),
        rejects("its credit was rejected", N, PATH, |s| {
            s.earlier_line("P0", |_| {});
            credited(s, "P00", "P0", |line| line.granted = false);
        }),
        rejects("a credit of another line", N, PATH, |s| {
            s.earlier_line("P0", |_| {});
            credited(s, "P00", "PX", |_| {});
        }),
        rejects("a credit for another period", N, PATH, |s| {
            s.earlier_line("P0", |_| {});
            credited(s, "P00", "P0", |line| line.periode.begindatum = date(2026, 2, 2));
        }),
        rejects("claimed again after the credit", N, PATH, |s| {
            s.earlier_line("P0", |_| {});
            credited(s, "P00", "P0", |_| {});
            s.earlier_line("P000", |_| {});
        }),
        accepts("a credit", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
        }),
        accepts("credited in this message, though the credit stands later", N, |s| {
            s.earlier_line("P0", |_| {});
            s.add_line("P2", |line| {
                line.referentie.vorig = Some("P0".into());
                line.bedrag.debet_credit = DebetCredit::Credit;
            });
        }),
    ]
}
