//! Outgoing allocations that wait, or waited, for a person.

use super::signals::Concern;
use crate::clock::dutch_day;
use crate::contract::Contracts;
use crate::contract::budget::product_worth;
use crate::deadline::working_days_late;
use crate::delivery::without_bsn;
use crate::ledger::Hold;
use crate::message::{Body, Cents, Count, Date};
use crate::pipeline;
use crate::schema::Limits;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Which holds a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// Those that wait, the oldest first: who waits longest is seen first.
    #[default]
    Waiting,
    /// Those that ended, the latest message first.
    Ended,
}

/// A message that is or was held.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Held {
    /// Number of the message in the ledger.
    pub id: i64,
    /// Kind: `WMO301`.
    pub kind: String,
    /// Its Identificatie.
    pub identification: String,
    /// Law: `wmo` or `jeugdwet`.
    pub law: String,
    /// Municipality, four digits.
    pub gemeente: String,
    /// Provider, AGB code.
    pub aanbieder: String,
    /// Since when.
    pub held_at: Timestamp,
    /// Working days since then.
    pub working_days: u32,
    /// The earlier hold that it must not overtake.
    pub behind: Option<i64>,
    /// What it is held for.
    pub reasons: Vec<Concern>,
    /// What it allocates; empty when it cannot be read any more.
    pub products: Vec<Allocated>,
    /// What its products are worth together, in cents; `None` when that is not known of all.
    pub amount_cents: Option<i64>,
    /// How it ended; `None` while it waits.
    pub ended: Option<Ended>,
    /// What was ordered about it, the latest last.
    pub orders: Vec<Ordered>,
}

/// A product of an allocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Allocated {
    /// ToewijzingNummer.
    pub number: Count,
    /// Category; `None` for a generic allocation.
    pub category: Option<String>,
    /// Code; `None` for an allocation by category.
    pub code: Option<String>,
    /// What the register calls it.
    pub name: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Option<Date>,
    /// Volume, in units.
    pub volume: Option<Count>,
    /// Code of the unit (WMO756, JZ756).
    pub unit: Option<String>,
    /// Code of the frequency: 1 a day, 2 a week, 4 a month, 6 in total.
    pub frequency: Option<String>,
    /// Budget in cents.
    pub budget_cents: Option<i64>,
    /// Reason of change (WMO002, JZ002).
    pub change: Option<String>,
    /// What it is worth by the register, in cents; `None` where that is not known.
    pub amount_cents: Option<i64>,
}

/// How a hold ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HoldEnded)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// `released`, `withdrawn`, or `followed`: an earlier hold ended and nothing else held it.
    pub how: String,
    /// Who ended it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// An order about a held message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HoldOrdered)]
pub struct Ordered {
    /// Its number.
    pub id: i64,
    /// `release` or `withdraw`.
    pub action: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What became of it; `None` while it waits for the gateway.
    pub done: Option<Done>,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderDone)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// `released`, `rejected`, `withdrawn`, `repeated` or `refused`.
    pub outcome: String,
    /// A sentence on it, in English.
    pub answer: String,
}

impl Held {
    /// A hold as it stands, with the bytes of its message and what was ordered about it.
    pub fn of(hold: Hold, bytes: Vec<u8>, orders: Vec<Ordered>, now: Timestamp, contracts: &Contracts) -> Held {
        let products = products(bytes, contracts);
        let amounts: Option<Vec<i64>> = products.iter().map(|product| product.amount_cents).collect();
        let amount_cents =
            amounts.filter(|all| !all.is_empty()).map(|all| all.iter().fold(0_i64, |a, b| a.saturating_add(*b)));
        Held {
            id: hold.message_id,
            kind: hold.kind.to_string(),
            identification: without_bsn(&hold.identificatie),
            law: hold.kind.law.as_str().to_owned(),
            gemeente: hold.gemeente,
            aanbieder: hold.aanbieder,
            held_at: hold.held_at,
            working_days: working_days_late(dutch_day(hold.held_at), dutch_day(now)),
            behind: hold.behind,
            reasons: hold.reasons.iter().map(Concern::of).collect(),
            products,
            amount_cents,
            ended: hold.ended.map(|ended| Ended { at: ended.at, how: ended.how, by: ended.by, reason: ended.reason }),
            orders,
        }
    }

    /// The order that waits for the gateway.
    pub fn under_way(&self) -> Option<&Ordered> {
        self.orders.iter().rfind(|order| order.done.is_none())
    }
}

/// What a 301 allocates, with the worth of each product as if nothing was booked of it yet. Nothing of its client.
fn products(bytes: Vec<u8>, contracts: &Contracts) -> Vec<Allocated> {
    let prepared = pipeline::prepare(bytes.into(), &Limits::default());
    let Ok(readable) = &prepared.reading else { return Vec::new() };
    let Body::Toewijzing(client) = &readable.message.body else { return Vec::new() };
    let message = &readable.message;
    let register = contracts.register_for(message.gemeente());
    let each = client.producten.iter().map(|product| {
        let code = product.product.as_ref().and_then(|product| product.code.as_ref());
        let known = register.as_deref().zip(code);
        let known = known.and_then(|(register, code)| register.product(message.kind.law, code, product.ingangsdatum));
        Allocated {
            number: product.toewijzing_nummer,
            category: product.product.as_ref().map(|product| product.categorie.as_str().to_owned()),
            code: code.map(|code| code.as_str().to_owned()),
            name: known.map(|known| known.name.clone()),
            from: product.ingangsdatum,
            to: product.einddatum,
            volume: product.omvang.as_ref().map(|omvang| omvang.volume),
            unit: product.omvang.as_ref().map(|omvang| omvang.eenheid.as_str().to_owned()),
            frequency: product.omvang.as_ref().map(|omvang| omvang.frequentie.as_str().to_owned()),
            budget_cents: product.budget.map(|Cents(cents)| cents),
            change: product.reden_wijziging.as_ref().map(|code| code.as_str().to_owned()),
            amount_cents: register
                .as_deref()
                .and_then(|register| product_worth(register, message, product))
                .map(|Cents(cents)| cents),
        }
    });
    each.collect()
}
