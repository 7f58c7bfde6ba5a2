//! A17: an allocation does not outlive its municipality.
//!
//! A municipality that was merged into another may still be named for what began while it existed (TR378 rejects the
//! rest, with S300). What runs on after its last day has to be converted: the municipality that took over allocates it
//! under its own code, and ends it here (`RedenWijziging` 11).

use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use crate::finding::Severity;
use crate::message::Number;
use crate::rules::last_day_of_gemeente;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A17",
    nl: "Een toewijzing loopt niet door na de opheffing van de gemeente.",
    en: "An allocation does not run on after the end of its municipality.",
    default_policy: Policy::Signal,
    parameters: &["region.toml municipality"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let gemeente = look.gemeente();
    let Some(last) = last_day_of_gemeente(gemeente) else { return Vec::new() };
    look.allocated()
        .filter(|product| product.einddatum.is_none_or(|end| end > last))
        .map(|product| {
            let nummer = product.toewijzing_nummer;
            let (tot, until) = match product.einddatum {
                Some(end) => (format!("tot en met {end}"), format!("until {end}")),
                None => ("zonder einddatum".to_owned(), "without an end".to_owned()),
            };
            let nl = format!(
                "Toewijzing {nummer} loopt {tot}, maar gemeente {gemeente} bestond tot en met {last}. Laat haar op die dag \
                 eindigen (reden 11) en wijs opnieuw toe onder de code van de gemeente die de taken overnam."
            );
            let en = format!(
                "Allocation {nummer} runs {until}, but municipality {gemeente} existed until {last}. Let it end on that day \
                 (reason 11) and allocate anew under the code of the municipality that took over."
            );
            Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en)
                .at_most(Policy::Signal)
                .about([nummer])
                .fact("gemeente", gemeente.as_str())
                .fact("laatste_dag", last.to_string())
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    // Weesp ended on 23 March 2022.
    vec![
        silent("a municipality of today", Number::N301, |_| ()),
        raises("runs on after the last day", Number::N301, &["toewijzing 1001"], |s| {
            s.gemeente("0457");
            s.allocation().ingangsdatum = date(2022, 1, 1);
            s.allocation().einddatum = Some(date(2022, 3, 24));
        }),
        raises("without an end", Number::N301, &["toewijzing 1001"], |s| {
            s.gemeente("0457");
            s.allocation().einddatum = None;
        }),
        silent("ends on the last day", Number::N301, |s| {
            s.gemeente("0457");
            s.allocation().ingangsdatum = date(2022, 1, 1);
            s.allocation().einddatum = Some(date(2022, 3, 23));
        }),
        silent("is deleted", Number::N301, |s| {
            s.gemeente("0457");
            s.allocation().reden_wijziging = Some("13".into());
        }),
    ]
}
