//! `instalments.csv`: when the fixed sums of agreements are paid. The file may be left out.
//!
//! | column | meaning |
//! |---|---|
//! | agreement | id in `agreements.csv`, of a model that is paid by instalment |
//! | agb | provider that is paid; may be empty where the agreement is with one |
//! | municipality | code, or `*` for what the municipalities pay together; empty takes that of the agreement |
//! | law | may be empty where the segment has one law |
//! | due_on | day on which it is paid: within the agreement, or up to a year after it for what is paid in arrears |
//! | amount_cents | eurocents, more than zero |

use super::rows::{AGREEMENTS, Faults, PROVIDERS, Rows};
use super::{Agreement, Provider, Register};
use crate::contract::fault::{RegisterFault, hint};
use crate::contract::region::Region;
use crate::contract::table::{Row, Table};
use crate::message::{Cents, Date, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the file.
pub const INSTALMENTS: &str = "instalments.csv";

/// A sum that is paid on a day because it was agreed, whatever was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// Agreement.
    pub agreement: String,
    /// Provider.
    pub agb: Party,
    /// Municipality; `None` for what all pay together.
    pub gemeente: Option<Party>,
    /// Law.
    pub law: Law,
    /// Day on which it is paid.
    pub due_on: Date,
    /// Amount.
    pub amount: Cents,
}

/// One row as it stands, before what it leaves out is filled in.
struct Raw {
    line: u32,
    agreement: String,
    agb: Option<Party>,
    #[expect(clippy::option_option, reason = "outer: filled or empty; inner: one or all together")]
    gemeente: Option<Option<Party>>,
    law: Option<Law>,
    due_on: Date,
    amount: Cents,
}

/// What the rows are compared with; a part that could not be read is not.
pub(super) struct Beside<'p> {
    pub(super) region: Option<&'p Region>,
    pub(super) agreements: Option<&'p Rows<Agreement>>,
    pub(super) providers: Option<&'p Rows<Provider>>,
}

/// Reads and checks the table; `None` after a fault.
pub(super) fn read(bytes: &[u8], beside: &Beside<'_>, faults: &mut Faults) -> Option<Vec<Instalment>> {
    let before = faults.len();
    let columns = ["agreement", "agb", "municipality", "law", "due_on", "amount_cents"];
    let table = Table::read(INSTALMENTS, &columns, bytes, faults)?;
    let rows: Vec<Raw> = table.rows().filter_map(|row| raw(&row, faults)).collect();
    let (Some(region), Some(agreements)) = (beside.region, beside.agreements) else { return None };
    let by_id: BTreeMap<&str, &Agreement> =
        agreements.list.iter().map(|row| (row.value.id.as_str(), &row.value)).collect();
    let mut all = Vec::new();
    for row in rows {
        let Some(agreement) = by_id.get(row.agreement.as_str()) else {
            if agreements.lacks(&row.agreement) {
                let what = format!("unknown agreement `{}`", row.agreement);
                let remedy = hint(&row.agreement, by_id.keys().copied());
                faults.push(RegisterFault::at(INSTALMENTS, row.line, "agreement", what, remedy));
            }
            continue;
        };
        if let Some(instalment) = complete(&row, agreement, region, beside.providers, faults) {
            all.push((row.line, instalment));
        }
    }
    compare(&all, &by_id, faults);
    (faults.len() == before).then(|| all.into_iter().map(|(_, instalment)| instalment).collect())
}

fn raw(row: &Row<'_>, faults: &mut Faults) -> Option<Raw> {
    let agreement = row.text("agreement", faults);
    let agb = match row.cell("agb") {
        "" => Some(None),
        _ => row.digits("agb", 8, faults).map(|agb| Some(Party::from(agb))),
    };
    let gemeente = match row.cell("municipality") {
        "" => Some(None),
        _ => row.digits_or_all("municipality", 4, faults).map(|code| Some(code.map(Party::from))),
    };
    let law = match row.cell("law") {
        "" => Some(None),
        _ => row.word("law", Law::parse, &Law::ALL.map(Law::as_str), faults).map(Some),
    };
    let due_on = row.date("due_on", faults);
    let amount = row.cents("amount_cents", faults);
    if amount == Some(Cents(0)) {
        faults.push(row.fault("amount_cents", "an instalment of nothing", "fill in the amount, or remove the row"));
    }
    Some(Raw {
        line: row.line,
        agreement: agreement?.to_owned(),
        agb: agb?,
        gemeente: gemeente?,
        law: law?,
        due_on: due_on?,
        amount: amount.filter(|amount| *amount > Cents(0))?,
    })
}

/// Fills in what the agreement tells, and says where the two differ.
fn complete(
    row: &Raw,
    agreement: &Agreement,
    region: &Region,
    providers: Option<&Rows<Provider>>,
    faults: &mut Faults,
) -> Option<Instalment> {
    let before = faults.len();
    let id = &agreement.id;
    let mut fault = |column: &str, what: String, remedy: String| {
        faults.push(RegisterFault::at(INSTALMENTS, row.line, column, what, remedy));
    };
    if !agreement.model.pays_by_instalment() {
        let what = format!("agreement {id} is of model {}, which is not paid by instalment", agreement.model);
        fault("agreement", what, format!("remove the row, or correct the model in {AGREEMENTS}"));
    }
    let latest = agreement.to.saturating_add(jiff::Span::new().years(1));
    if row.due_on < agreement.from || latest < row.due_on {
        let what = format!("{} lies outside agreement {id} ({}..{})", row.due_on, agreement.from, agreement.to);
        fault("due_on", what, format!("name a day from {} until {latest}", agreement.from));
    }
    let agb = match (&row.agb, &agreement.agb) {
        (Some(own), Some(agreed)) if own != agreed => {
            fault("agb", format!("agreement {id} is with {agreed}"), "leave the cell empty".to_owned());
            None
        }
        (Some(own), _) => {
            if providers.is_some_and(|providers| providers.lacks(own.as_str())) {
                fault("agb", format!("unknown provider {own}"), format!("add it to {PROVIDERS} or correct the code"));
            }
            Some(own.clone())
        }
        (None, Some(agreed)) => Some(agreed.clone()),
        (None, None) => {
            let what = format!("agreement {id} is with all providers, and this row names none");
            fault("agb", what, "name the provider that is paid".to_owned());
            None
        }
    };
    let gemeente = match (&row.gemeente, &agreement.gemeente) {
        (Some(own), Some(agreed)) if own.as_ref() != Some(agreed) => {
            fault("municipality", format!("agreement {id} is of {agreed}"), "leave the cell empty".to_owned());
            None
        }
        (Some(own), _) => {
            let unknown = own.as_ref().filter(|code| !region.municipalities.contains_key(*code));
            if let Some(code) = unknown {
                let remedy = hint(code.as_str(), region.municipalities.keys().map(Party::as_str));
                fault("municipality", format!("municipality {code} is not in region {}", region.id), remedy);
            }
            own.clone()
        }
        (None, agreed) => agreed.clone(),
    };
    let laws = region.segments.get(&agreement.segment).map_or(&[][..], |segment| segment.laws.as_slice());
    let law = match (row.law, laws) {
        (Some(law), _) if laws.contains(&law) => Some(law),
        (Some(law), _) => {
            fault("law", format!("segment {} is not for {law}", agreement.segment), "correct the law".to_owned());
            None
        }
        (None, [only]) => Some(*only),
        (None, _) => {
            let what = format!("segment {} has more than one law, and this row names none", agreement.segment);
            fault("law", what, "name the law that pays".to_owned());
            None
        }
    };
    if faults.len() > before {
        return None;
    }
    let (agreement, due_on, amount) = (id.clone(), row.due_on, row.amount);
    Some(Instalment { agreement, agb: agb?, gemeente, law: law?, due_on, amount })
}

/// Rows against each other: no instalment twice, and together no more than was agreed.
fn compare(all: &[(u32, Instalment)], agreements: &BTreeMap<&str, &Agreement>, faults: &mut Faults) {
    let mut seen: BTreeMap<(&str, &Party, Option<&Party>, Law, Date), u32> = BTreeMap::new();
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (line, row) in all {
        let id = row.agreement.as_str();
        if let Some(before) = seen.insert((id, &row.agb, row.gemeente.as_ref(), row.law, row.due_on), *line) {
            let what = format!("agreement {id} has an instalment of {} on line {before} too", row.due_on);
            faults.push(RegisterFault::at(INSTALMENTS, *line, "due_on", what, "make one row of the two"));
        }
        let sum = sums.entry(id).or_default();
        *sum += i128::from(row.amount.0);
        let Some(agreement) = agreements.get(id) else { continue };
        if *sum > i128::from(agreement.amount.0) && told.insert(id) {
            let what = format!("the instalments of agreement {id} come above its amount of {} euros", agreement.amount);
            let remedy = format!("correct the instalments, or the amount in {AGREEMENTS}");
            faults.push(RegisterFault::at(INSTALMENTS, *line, "amount_cents", what, remedy));
        }
    }
}

impl Register {
    /// The instalments that were agreed, by agreement, provider, municipality and day.
    pub fn instalments(&self) -> &[Instalment] {
        &self.instalments
    }

    pub(super) fn index_instalments(&mut self, mut all: Vec<Instalment>) {
        all.sort_by(|a, b| {
            (&a.agreement, &a.agb, &a.gemeente, a.law, a.due_on).cmp(&(
                &b.agreement,
                &b.agb,
                &b.gemeente,
                b.law,
                b.due_on,
            ))
        });
        self.instalments = all;
    }
}
