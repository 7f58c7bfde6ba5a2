//! D18: transport goes with day activities.

use super::spans::Spans;
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::{Body, Count, Date, Number, Product};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D18",
    nl: "Vervoer wordt alleen toegewezen en gedeclareerd naast dagbesteding.",
    en: "Transport is only allocated and claimed beside day activities.",
    default_policy: Policy::Observe,
    parameters: &["products.csv flags"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    match &look.message.body {
        Body::Toewijzing(_) => allocated(look),
        Body::Declaratie(_) => claimed(look),
        _ => Vec::new(),
    }
}

fn has(look: &Look<'_>, product: &Product, on: Date, flag: Flag) -> bool {
    look.place(product, on).product.is_some_and(|product| product.flags.contains(&flag))
}

/// Transport that no day activities of the person run beside, in this message or before.
fn allocated(look: &Look<'_>) -> Vec<Raised> {
    let new = look.allocated().filter_map(|each| Some((each.product.as_ref()?, each.ingangsdatum, each.einddatum)));
    let had = look.had().filter_map(|each| Some((each.product.as_ref()?, each.ingangsdatum, each.einddatum)));
    let activities = new
        .chain(had)
        .filter(|(product, from, _)| has(look, product, *from, Flag::DayActivity))
        .map(|(_, from, to)| (from, to, ()));
    let activities = Spans::of(activities);
    look.allocated()
        .filter(|each| {
            each.product.as_ref().is_some_and(|product| has(look, product, each.ingangsdatum, Flag::Transport))
        })
        .filter(|each| activities.beside(each.ingangsdatum, each.einddatum).is_none())
        .map(|each| told(each.toewijzing_nummer, each.ingangsdatum))
        .collect()
}

/// Transport in a month for which the same message claims no day activities of the client.
fn claimed(look: &Look<'_>) -> Vec<Raised> {
    let Body::Declaratie(declaratie) = &look.message.body else { return Vec::new() };
    let mut lines: Vec<(usize, bool, Count, Date)> = Vec::new();
    for (client, line) in look.granted {
        let Some(line) = declaratie.clienten.get(*client).and_then(|client| client.prestaties.get(*line)) else {
            continue;
        };
        let product = Product { categorie: line.categorie.clone(), code: Some(line.code.clone()) };
        let (on, month) = (line.periode.begindatum, line.periode.begindatum.first_of_month());
        if has(look, &product, on, Flag::Transport) {
            lines.push((*client, true, line.toewijzing_nummer, month));
        } else if has(look, &product, on, Flag::DayActivity) {
            lines.push((*client, false, line.toewijzing_nummer, month));
        }
    }
    let activities: std::collections::BTreeSet<(usize, Date)> = lines
        .iter()
        .filter(|(_, is_transport, ..)| !is_transport)
        .map(|(client, _, _, month)| (*client, *month))
        .collect();
    lines
        .iter()
        .filter(|(client, is_transport, _, month)| *is_transport && !activities.contains(&(*client, *month)))
        .map(|(_, _, nummer, month)| told(*nummer, *month))
        .collect()
}

fn told(nummer: Count, from: Date) -> Raised {
    let nl = format!(
        "Toewijzing {nummer} is voor vervoer vanaf {from}, zonder dagbesteding daarnaast. Ga na waarheen wordt vervoerd."
    );
    let en = format!(
        "Allocation {nummer} is for transport from {from}, without day activities beside it. See where the transport goes."
    );
    let raised = Raised::new(format!("toewijzing {nummer} {from}"), Severity::Info, nl, en);
    raised.about([nummer]).fact("datum", from.to_string())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use jiff::civil::date;
    fn transport(s: &mut Sample) {
        s.register.set_flag("02A03", Flag::Transport);
        s.register.set_flag("07A01", Flag::DayActivity);
    }
    vec![
        silent("no transport", Number::N301, |_| ()),
        raises("transport alone", Number::N301, &["toewijzing 1001 2026-01-01"], transport),
        silent("beside day activities", Number::N301, |s| {
            transport(s);
            s.has(900, "07A01", date(2025, 6, 1), Some(date(2026, 1, 1)));
        }),
        raises("after day activities", Number::N301, &["toewijzing 1001 2026-01-01"], |s| {
            transport(s);
            s.has(900, "07A01", date(2025, 6, 1), Some(date(2025, 12, 31)));
        }),
        silent("a claim without transport", Number::N323, |_| ()),
        raises("a claim of transport alone", Number::N323, &["toewijzing 1001 2026-02-01"], transport),
        silent("a claim with day activities", Number::N323, |s| {
            transport(s);
            let mut line = s.line().clone();
            line.code = "07A01".into();
            let Body::Declaratie(declaratie) = &mut s.message.body else { panic!("a 323") };
            declaratie.clienten[0].prestaties.push(line);
            s.granted.push((0, 1));
        }),
    ]
}
