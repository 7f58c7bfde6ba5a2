//! `sluis budgets`: the accounts of a year and the agreements that run, with both figures: what may be used at most, and
//! what is expected to be.

use super::Exit;
use super::signals::{complain, snapshot};
use crate::config::Config;
use crate::contract::money::figures::Figures;
use crate::contract::money::overview::{Line, Standing, overview, running};
use crate::contract::survey::Survey;
use crate::contract::{Contracts, Register};
use crate::message::{Cents, Date};
use serde_json::{Value, json};

/// Prints the budgets of every region as they stand on `today`, with the accounts of `year`. Writes nothing.
pub(super) fn list(config: &Config, contracts: &Contracts, today: Date, year: i16, as_json: bool) -> Exit {
    let mut regions = serde_json::Map::new();
    for register in contracts.registers() {
        let snapshot = match snapshot(config, register) {
            Ok(snapshot) => snapshot,
            Err(error) => return complain(&error),
        };
        let survey = Survey { register, today, history: snapshot.history() };
        let overview = overview(&survey, Some(year), running(&survey));
        if as_json {
            let accounts: Vec<Value> = overview.accounts.iter().map(account_json).collect();
            let agreements: Vec<Value> = overview.standings.values().map(agreement_json).collect();
            regions.insert(register.region.id.clone(), json!({ "agreements": agreements, "accounts": accounts }));
        } else {
            print_agreements(register, today, overview.standings.values());
            print_accounts(&overview.accounts, year);
        }
    }
    if as_json {
        println!("{}", json!({ "today": today.to_string(), "year": year, "regions": regions }));
    }
    Exit::Accepted
}

fn print_agreements<'a>(register: &Register, today: Date, agreements: impl Iterator<Item = &'a Standing<'a>>) {
    println!("{}: agreements on {today}, in euros", register.region.name);
    println!(
        "  {:<34} {:>14} {:>14} {:>14} {:>14} {:>14} {:>5} {:>5}  hit on",
        "agreement", "amount", "realised", "may be used", "expected", "room expected", "%", "exp%"
    );
    for Standing { agreement, figures, .. } in agreements {
        println!(
            "  {:<34} {:>14} {:>14} {:>14} {:>14} {:>14} {:>5} {:>5}  {}",
            agreement.id,
            agreement.amount.to_string(),
            figures.realised.to_string(),
            figures.consumption_hard.to_string(),
            figures.consumption_expected.to_string(),
            figures.headroom_expected.unwrap_or_default().to_string(),
            percent(figures.consumption_hard, agreement.amount),
            percent(figures.consumption_expected, agreement.amount),
            figures.hits_on.map_or_else(|| "-".to_owned(), |day| day.to_string()),
        );
    }
}

fn print_accounts(accounts: &[Line], year: i16) {
    println!("\naccounts of {year}, in euros");
    println!(
        "  {:<72} {:>14} {:>14} {:>14} {:>14} {:>14} {:>14} {:>14}",
        "account", "reserved", "realised", "open", "of it frozen", "expected open", "not claimed", "estimated"
    );
    for line in accounts {
        let figures = &line.figures;
        println!(
            "  {:<72} {:>14} {:>14} {:>14} {:>14} {:>14} {:>14} {:>14}",
            line.account.to_string(),
            figures.reserved_gross.to_string(),
            figures.realised.to_string(),
            figures.open.to_string(),
            figures.frozen.to_string(),
            figures.expected_open.to_string(),
            line.not_claimed.to_string(),
            line.estimated.to_string(),
        );
    }
    println!();
}

/// Whole percents, rounded down.
fn percent(part: Cents, whole: Cents) -> i128 {
    i128::from(part.0) * 100 / i128::from(whole.0.max(1))
}

fn agreement_json(Standing { agreement, figures, .. }: &Standing<'_>) -> Value {
    let mut value = figures_json(figures);
    value["agreement"] = json!(agreement.id);
    value["segment"] = json!(agreement.segment);
    value["amount_cents"] = json!(agreement.amount.0);
    value["headroom_hard_cents"] = json!(figures.headroom_hard.map(|cents| cents.0));
    value["headroom_expected_cents"] = json!(figures.headroom_expected.map(|cents| cents.0));
    value["hits_on"] = json!(figures.hits_on.map(|day| day.to_string()));
    value
}

fn account_json(line: &Line) -> Value {
    let account = &line.account;
    let mut value = figures_json(&line.figures);
    value["law"] = json!(account.law.as_str());
    value["municipality"] = json!(account.gemeente.as_str());
    value["segment"] = json!(account.segment);
    value["subsegment"] = json!(account.subsegment);
    value["provider"] = json!(account.aanbieder.as_str());
    value["model"] = json!(account.model.as_str());
    value["year"] = json!(account.year);
    value["not_claimed_cents"] = json!(line.not_claimed.0);
    value["estimated_cents"] = json!(line.estimated.0);
    value["open_ended"] = json!(line.open_ended);
    value
}

fn figures_json(figures: &Figures) -> Value {
    json!({
        "reserved_gross_cents": figures.reserved_gross.0,
        "realised_cents": figures.realised.0,
        "open_cents": figures.open.0,
        "frozen_cents": figures.frozen.0,
        "expected_open_cents": figures.expected_open.0,
        "consumption_hard_cents": figures.consumption_hard.0,
        "consumption_expected_cents": figures.consumption_expected.0,
    })
}
