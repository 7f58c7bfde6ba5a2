//! TR342: what an answer does not grant is what it lists.
//!
//! A 325 lists the rejected lines only. With debits positive and credits negative, the sum of `IngediendBedrag` over
//! all listed lines equals `TotaalIngediendBedrag` minus `TotaalToegekendBedrag`; lines under a rejected client count.
//! When the answer itself carries a rejection code the lines were not judged and none are listed: then nothing is
//! compared. A rejection code is any other than 0200 (no remark) and 8001 (granted in full).

use super::helpers::{prestaties, signed_amount, signed_sum};
use crate::message::{Body, Cents, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR342",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N325],
    laws: &Law::ALL,
    class: Class::DeclaratieAntwoord,
    nl: "De som van de afgewezen prestaties is het ingediende bedrag min het toegekende bedrag.",
    en: "The sum of the rejected lines is the submitted amount less the granted amount.",
    needs: &[],
    doubt: "That 0233 (not judged) on the answer itself counts as a rejection code is inferred; the source speaks \
        of rejection codes without listing them.",
    check: Check::Message(check),
};

/// Codes that reject nothing: no remark, and granted in full.
const NO_REJECTION: [&str; 2] = ["0200", "8001"];

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Body::DeclaratieAntwoord(Some(antwoord)) = &case.message.body else {
        return Vec::new();
    };
    if antwoord.retour_codes.iter().any(|code| !NO_REJECTION.contains(&code.as_str())) {
        return Vec::new();
    }
    let (submitted, granted) = (antwoord.totaal_ingediend.signed(), antwoord.totaal_toegekend.signed());
    let rejected = signed_sum(&prestaties(case));
    let expected = Cents(submitted.0.saturating_sub(granted.0));
    if rejected == expected {
        return Vec::new();
    }
    let [listed, of, less, is] = [rejected, submitted, granted, expected].map(signed_amount);
    let nl = format!(
        "De vermelde prestaties tellen op tot {}, maar ingediend {} min toegekend {} is {}. Vermeld precies de \
        afgewezen prestaties.",
        listed.nl, of.nl, less.nl, is.nl
    );
    let en = format!(
        "The listed lines add up to {}, but submitted {} less granted {} is {}. List exactly the rejected lines.",
        listed.en, of.en, less.en, is.en
    );
    vec![
        Violation::at(Place::declaratie_antwoord("TotaalToegekendBedrag"), nl, en)
            .fact("totaal_ingediend_cent", submitted.0)
            .fact("totaal_toegekend_cent", granted.0)
            .fact("verschil_cent", expected.0)
            .fact("som_prestaties_cent", rejected.0),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{copy_client, copy_line, line};
    use crate::message::{DebetCredit, TotaalBedragMetDC};
    use crate::rules::sample::{Sample, accepts, rejects};
    const PATH: &str = "/Bericht/DeclaratieAntwoord/TotaalToegekendBedrag";
    /// Sets submitted and granted, in signed eurocents.
    fn totals(s: &mut Sample, submitted: i64, granted: i64) {
        s.declaratie_antwoord().totaal_ingediend = TotaalBedragMetDC::from_signed(Cents(submitted));
        s.declaratie_antwoord().totaal_toegekend = TotaalBedragMetDC::from_signed(Cents(granted));
    }
    vec![
        accepts("1000 submitted, 720 listed, 280 granted", Number::N325, |_| {}),
        rejects("a cent too much granted", Number::N325, &[PATH], |s| totals(s, 100_000, 28_001)),
        rejects("a cent too little granted", Number::N325, &[PATH], |s| totals(s, 100_000, 27_999)),
        accepts("granted in full", Number::N325, |s| {
            totals(s, 100_000, 100_000);
            s.declaratie_antwoord().clienten.clear();
            s.declaratie_antwoord().retour_codes = vec!["8001".into()];
        }),
        rejects("less granted and nothing listed", Number::N325, &[PATH], |s| s.declaratie_antwoord().clienten.clear()),
        accepts("all lines rejected", Number::N325, |s| totals(s, 72_000, 0)),
        accepts("nothing submitted", Number::N325, |s| {
            totals(s, 0, 0);
            s.declaratie_antwoord().clienten.clear();
        }),
        accepts("the declaration itself rejected", Number::N325, |s| {
            totals(s, 100_000, 0);
            s.declaratie_antwoord().clienten.clear();
            s.declaratie_antwoord().retour_codes = vec!["8214".into()];
        }),
        accepts("the message itself rejected", Number::N325, |s| s.message.body = Body::DeclaratieAntwoord(None)),
        accepts("lines under a rejected client count", Number::N325, |s| {
            s.declaratie_antwoord().clienten[0].retour_codes = vec!["8187".into()];
            line(s).retour_codes = vec!["0233".into()];
        }),
        rejects("leaving those out", Number::N325, &[PATH], |s| {
            totals(s, 100_000, 100_000);
            s.declaratie_antwoord().clienten[0].retour_codes = vec!["8187".into()];
            line(s).retour_codes = vec!["0233".into()];
        }),
        accepts("a rejected credit", Number::N325, |s| {
            totals(s, 28_000, 100_000);
            line(s).bedrag.debet_credit = DebetCredit::Credit;
        }),
        rejects("a rejected credit counted as a debit", Number::N325, &[PATH], |s| {
            line(s).bedrag.debet_credit = DebetCredit::Credit;
        }),
        accepts("a credit declaration", Number::N325, |s| {
            totals(s, -100_000, -28_000);
            line(s).bedrag.debet_credit = DebetCredit::Credit;
        }),
        accepts("a rejected debit and a rejected credit at two clients", Number::N325, |s| {
            totals(s, 100_000, 100_000);
            copy_client(s, |client| client.prestaties[0].bedrag.debet_credit = DebetCredit::Credit);
        }),
        rejects("a line too many", Number::N325, &[PATH], |s| copy_line(s, |line| line.bedrag.bedrag = Cents(1))),
    ]
}
