//! TR369: all lines on an allocation together claim no more than its budget.
//!
//! Counted are the debits less the credits that were granted, in earlier declarations and before this line in this one
//! (credits first, OP366), plus this line. Only a debit can break the rule.
//!
//! Doubtful: the text sums `GeleverdVolume`, which can be compared with a budget only for unit 83. Here the amounts are
//! summed; for unit 83 they are the same (CS339).

use super::helpers::is_credit;
use crate::message::{Law, Number};
use crate::rules::figures::{amount, euros};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR369",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9369",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De prestaties op een toewijzing met een budget zijn samen niet meer dan het budget.",
    en: "The lines on an allocation with a budget are together not more than the budget.",
    needs: &[Need::Ledger],
    doubt: "Amounts are summed instead of volumes, since only amounts compare with a budget in every unit.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some((allocation, budget)) = line.allocation.and_then(|each| Some((each, each.budget?))) else {
        return Vec::new();
    };
    let claimed = line.prestatie.bedrag.bedrag;
    let granted = line.granted.amount();
    let total = granted.saturating_add(i128::from(claimed.0));
    if is_credit(line.prestatie) || total <= i128::from(budget.0) {
        return Vec::new();
    }
    let left = i128::from(budget.0).saturating_sub(granted).max(0);
    let [granted_text, total_text, left_text] = [granted, total, left].map(euros);
    let nummer = allocation.nummer;
    let (budget_text, claimed_text) = (amount(budget), amount(claimed));
    vec![
        Violation::at(
            line.place("IngediendBedrag/Bedrag"),
            format!(
                "Het budget van toewijzing {nummer} is {}; al toegekend {}, nu gedeclareerd {}, samen {}. Nog te \
                 declareren: {}.",
                budget_text.nl, granted_text.nl, claimed_text.nl, total_text.nl, left_text.nl
            ),
            format!(
                "The budget of allocation {nummer} is {}; granted before {}, claimed now {}, together {}. Left to \
                 claim: {}.",
                budget_text.en, granted_text.en, claimed_text.en, total_text.en, left_text.en
            ),
        )
        .number("toewijzing_nummer", nummer)
        .number("budget_cent", budget.0)
        .number("toegekend_cent", granted)
        .number("gedeclareerd_cent", claimed.0)
        .number("totaal_cent", total),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, DebetCredit};
    use crate::rules::sample::{Sample, accepts, rejects};
    const N: Number = Number::N323;
    const FIRST: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/IngediendBedrag/Bedrag"];
    const SECOND: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/IngediendBedrag/Bedrag"];
    // The line claims 720.00.
    fn budget(sample: &mut Sample, budget: i64, granted: &[i64]) {
        sample.allocation().budget = Some(Cents(budget));
        for (index, cents) in granted.iter().enumerate() {
            sample.earlier_line(&format!("E{index}"), |line| {
                line.bedrag = Cents(*cents);
                line.vorig = (*cents < 0).then(|| "E0".into());
            });
        }
    }
    vec![
        accepts("no budget", N, |_| {}),
        accepts("exactly the budget", N, |s| budget(s, 72_000, &[])),
        rejects("a eurocent more", N, FIRST, |s| budget(s, 71_999, &[])),
        accepts("with earlier lines, exactly the budget", N, |s| budget(s, 100_000, &[20_000, 8_000])),
        rejects("with earlier lines, a eurocent more", N, FIRST, |s| budget(s, 100_000, &[20_000, 8_001])),
        accepts("a credit gave room again", N, |s| budget(s, 72_000, &[50_000, -50_000])),
        accepts("a credit cannot break it", N, |s| {
            budget(s, 1, &[72_000]);
            s.make_credit("E0");
        }),
        accepts("a credit in this message gives room", N, |s| {
            budget(s, 72_000, &[30_000]);
            s.add_line("P2", |line| {
                line.referentie.vorig = Some("E0".into());
                line.bedrag.bedrag = Cents(30_000);
                line.bedrag.debet_credit = DebetCredit::Credit;
            });
        }),
        rejects("the second line does not fit", N, SECOND, |s| {
            budget(s, 72_000, &[]);
            s.add_line("P2", |line| line.bedrag.bedrag = Cents(1));
        }),
        accepts("a line on another allocation does not count", N, |s| {
            budget(s, 72_000, &[]);
            let mut other = s.allocation().clone();
            (other.nummer, other.budget) = (1002, None);
            s.facts.allocations.insert(1002, other);
            s.add_line("P2", |line| line.toewijzing_nummer = 1002);
        }),
        rejects("no budget at all", N, FIRST, |s| budget(s, 0, &[])),
        accepts("nothing claimed on no budget", N, |s| {
            budget(s, 0, &[]);
            s.line().bedrag.bedrag = Cents(0);
        }),
        accepts("rejected lines do not count", N, |s| {
            budget(s, 72_000, &[]);
            s.earlier_line("P0", |line| line.granted = false);
        }),
        accepts("an unknown allocation is for TR338", N, |s| {
            budget(s, 1, &[]);
            s.facts.allocations.clear();
        }),
    ]
}
