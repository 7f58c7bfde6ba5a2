//! D3: what is paid by instalment is not claimed with a price as well.
//!
//! Where the contracted tariff is nothing the standard rejects the line (0611); a line that was granted is told here. A
//! base place of an availability is paid by instalment too; care on a task is for D5.

use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::money::{Claims, funding};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::{Cents, Number, Product};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D3",
    nl: "Zorg die in termijnen wordt betaald, wordt niet ook met een prijs gedeclareerd.",
    en: "Care that is paid by instalment is not claimed with a price as well.",
    default_policy: Policy::Observe,
    parameters: &["agreements.csv model", "region.toml segment model"],
    run: Run::OnMessage { numbers: &[Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    look.claimed()
        .filter(|line| line.bedrag.signed() > Cents(0))
        .filter_map(|line| {
            let product = Product { categorie: line.categorie.clone(), code: Some(line.code.clone()) };
            let piece = look.place(&product, line.periode.begindatum);
            let is_base = piece.product.is_some_and(|product| product.flags.contains(&Flag::BasePlace));
            let is_paid_twice = match funding(piece.model).claims {
                Claims::Free => true,
                Claims::Overflow => is_base,
                Claims::Priced | Claims::Never => false,
            };
            if !is_paid_twice {
                return None;
            }
            let (nummer, code, amount, model) = (line.toewijzing_nummer, &line.code, line.bedrag.bedrag, piece.model);
            let nl = format!(
                "Op toewijzing {nummer} is {amount} euro toegekend voor product {code}, dat als {model} in termijnen wordt \
                 betaald. Ga na of hier twee keer wordt betaald; spreek een tarief van 0 af voor registratie."
            );
            let en = format!(
                "Allocation {nummer} was granted {amount} euros for product {code}, which as {model} is paid by \
                 instalment. See whether this pays twice; agree on a tariff of 0 for registration."
            );
            let raised = Raised::new(format!("toewijzing {nummer} product {code}"), Severity::Warning, nl, en);
            Some(raised.about([nummer]).fact("model", model.as_str()).fact("toegekend_cent", amount.0))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::contract::words::Model;
    const POT: &str = "FICTIEF-WIO-0197-2026";
    const DOUBLE: &[&str] = &["toewijzing 1001 product 02A03"];
    vec![
        silent("price times quantity", Number::N323, |_| ()),
        raises("a lumpsum", Number::N323, DOUBLE, |s| s.register.set_model(POT, Model::Lumpsum)),
        raises("a population", Number::N323, DOUBLE, |s| s.register.set_model(POT, Model::Population)),
        silent("a task is for D5", Number::N323, |s| s.register.set_model(POT, Model::TaskBased)),
        silent("a line for registration", Number::N323, |s| {
            s.register.set_model(POT, Model::Lumpsum);
            s.line().bedrag.bedrag = Cents(0);
        }),
        silent("a credit", Number::N323, |s| {
            s.register.set_model(POT, Model::Lumpsum);
            s.line().bedrag.debet_credit = crate::message::DebetCredit::Credit;
        }),
        silent("overflow", Number::N323, |s| s.register.set_model(POT, Model::Availability)),
        raises("a base place", Number::N323, DOUBLE, |s| {
            s.register.set_model(POT, Model::Availability);
            s.register.set_flag("02A03", Flag::BasePlace);
        }),
    ]
}
