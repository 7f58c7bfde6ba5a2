//! Orders about held messages: the gateway carries each out in one ledger job, so exactly once, whoever gave it and
//! whatever happens meanwhile.

use super::{Basis, Gateway, Parts, is_our_fault, judge, outcome, report, wake};
use crate::clock::dutch_day;
use crate::contract::Policy;
use crate::decision::{Decision, Verdict};
use crate::hold::{Action, Order, Outcome};
use crate::ledger::{Done, Ended, Hold, Inbox, LedgerError, Tx};
use crate::pipeline::{self, Context};
use crate::rules::UnknownQuestion;
use crate::shutdown::Shutdown;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How often the ledger is looked at for orders: whoever gave one waits for it.
const LOOK_FOR_ORDERS: Duration = Duration::from_millis(500);
/// Who ends a hold that stood behind another.
const GATEWAY: &str = "sluis";

/// What an order came to, for telemetry.
#[derive(Default)]
struct Carried {
    judged: Vec<super::Outcome>,
    woken: usize,
}

impl Gateway {
    /// Carries out orders as they come, about held messages and about stored ones, until the stop.
    pub async fn keep_orders(self: Arc<Self>, stop: Shutdown) {
        loop {
            if let Err(error) = self.carry_out_orders().await {
                tracing::warn!(%error, "orders about held messages wait a little longer");
            }
            let carried = self.carry_out_replays().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "orders about stored messages wait a little longer");
                0
            });
            // A large selection goes on at once; what else is ordered meanwhile has its turn in between.
            let pause = if carried == 0 { LOOK_FOR_ORDERS } else { Duration::ZERO };
            if !stop.sleep(pause).await {
                return;
            }
        }
    }

    /// Carries out all orders that wait.
    ///
    /// # Errors
    /// When the ledger cannot be read or written; the orders that are left stay in it.
    pub async fn carry_out_orders(&self) -> Result<(), LedgerError> {
        let parts = &self.parts;
        for order_id in parts.ledger.run(|tx| tx.open_orders()).await? {
            let own = Arc::clone(parts);
            let carried = match parts.ledger.run(move |tx| carry_out(tx, &own, order_id)).await {
                Err(error) if is_our_fault(&error) => {
                    tracing::error!(%error, order = order_id, "failed on an order about a held message");
                    let now = parts.clock.now();
                    let done = refused(format!("the gateway failed on it ({error}); its log says more"));
                    parts.ledger.run(move |tx| tx.finish_order(order_id, &done, now)).await?;
                    continue;
                }
                other => other?,
            };
            for judged in &carried.judged {
                report(parts, judged, parts.since(judged.received_at));
            }
            if carried.woken > 0 {
                parts.woken.notify_one();
            }
        }
        Ok(())
    }
}

/// One ledger job: carries out an order, if it still waits, and notes what became of it.
fn carry_out(tx: &mut Tx<'_>, parts: &Parts, order_id: i64) -> Result<Carried, LedgerError> {
    let now = parts.clock.now();
    let mut carried = Carried::default();
    let Some(order) = tx.order(order_id)?.filter(|ordered| ordered.done.is_none()).map(|ordered| ordered.order) else {
        return Ok(carried);
    };
    let done = match tx.hold(order.message_id)? {
        None => refused(format!("message {} is not held; `sluis held list` names those that are", order.message_id)),
        Some(hold) => match &hold.ended {
            Some(ended) => ended_before(&order, ended),
            None => end(tx, parts, &order, &hold, now, &mut carried)?,
        },
    };
    tx.finish_order(order_id, &done, now)?;
    Ok(carried)
}

fn refused(answer: String) -> Done {
    Done { outcome: Outcome::Refused, answer }
}

fn ended_before(order: &Order, ended: &Ended) -> Done {
    let same = matches!((order.action, ended.how.as_str()), (Action::Release, "released" | "followed"))
        || matches!((order.action, ended.how.as_str()), (Action::Withdraw, "withdrawn"));
    let (how, at, by, reason) =
        (if ended.how == "followed" { "released" } else { &ended.how }, ended.at, &ended.by, &ended.reason);
    let answer = format!("message {} was {how} before, at {at} by {by}: {reason}", order.message_id);
    Done { outcome: if same { Outcome::Repeated } else { Outcome::Refused }, answer }
}

fn end(
    tx: &mut Tx<'_>,
    parts: &Parts,
    order: &Order,
    hold: &Hold,
    now: Timestamp,
    carried: &mut Carried,
) -> Result<Done, LedgerError> {
    let message_id = order.message_id;
    let inbox = tx.inbox(message_id)?.ok_or(LedgerError::Damaged("a held message is gone"))?;
    let (name, to) = (format!("{} {}", hold.kind, crate::delivery::without_bsn(&hold.identificatie)), &hold.aanbieder);
    let (decision, how, done) = match order.action {
        Action::Release => {
            if let Some(ahead) = tx.held_ahead(message_id)? {
                return Ok(refused(format!(
                    "message {ahead} is about the same allocation, came first and is held: release or withdraw it first"
                )));
            }
            // It may be told again; it is not held again for what a person has seen.
            let basis = Basis { stored: Some(message_id), ..Basis::of(parts) };
            let basis = Basis { policies: Arc::new(basis.policies.capped(Policy::Signal)), ..basis };
            let decision = judge_again(tx, parts, &inbox, now, &basis)?;
            let done = match decision.verdict {
                Verdict::Accepted => Done { outcome: Outcome::Released, answer: format!("{name} is released to {to}") },
                _ => Done {
                    outcome: Outcome::Rejected,
                    answer: format!(
                        "{name} is released and rejected by now ({}): its sender gets the return message",
                        rules(&decision)
                    ),
                },
            };
            (decision, "released", done)
        }
        Action::Withdraw => {
            let decision = withdraw(parts, &inbox, order, now)?;
            let answer =
                format!("{name} is withdrawn: it counts as not sent, and its identification can be used again");
            (decision, "withdrawn", Done { outcome: Outcome::Withdrawn, answer })
        }
    };
    let behind = tx.held_behind(message_id)?;
    tx.store_by_order(message_id, &decision, now, order)?;
    let ended = Ended { at: now, how: how.to_owned(), by: order.by.clone(), reason: order.reason.clone() };
    tx.end_hold(message_id, &ended)?;
    carried.note(tx, message_id, &inbox, &decision)?;
    for follower in behind {
        follow(tx, parts, (message_id, how), follower, now, carried)?;
    }
    Ok(done)
}

fn rules(decision: &Decision) -> String {
    decision.findings.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>().join(" ")
}

/// Judges a message that stood behind a hold which ended. It stays when something else holds it.
fn follow(
    tx: &mut Tx<'_>,
    parts: &Parts,
    (ahead, how): (i64, &str),
    message_id: i64,
    now: Timestamp,
    carried: &mut Carried,
) -> Result<(), LedgerError> {
    let inbox = tx.inbox(message_id)?.ok_or(LedgerError::Damaged("a held message is gone"))?;
    let basis = Basis { stored: Some(message_id), ..Basis::of(parts) };
    let decision = judge_again(tx, parts, &inbox, now, &basis)?;
    if decision.verdict == Verdict::Held {
        return Ok(());
    }
    let reason = format!("message {ahead}, which it waited behind, was {how}");
    let order = Order { message_id, action: Action::Release, reason, by: GATEWAY.to_owned() };
    tx.store_by_order(message_id, &decision, now, &order)?;
    let ended = Ended { at: now, how: "followed".to_owned(), by: order.by, reason: order.reason };
    tx.end_hold(message_id, &ended)?;
    carried.note(tx, message_id, &inbox, &decision)
}

fn judge_again(
    tx: &Tx<'_>,
    parts: &Parts,
    inbox: &Inbox,
    now: Timestamp,
    basis: &Basis,
) -> Result<Decision, LedgerError> {
    let prepared = pipeline::prepare(inbox.bytes.clone().into(), &parts.limits);
    Ok(judge(tx, parts, &prepared, &inbox.transport_id, now, basis)?.decision)
}

fn withdraw(parts: &Parts, inbox: &Inbox, order: &Order, now: Timestamp) -> Result<Decision, LedgerError> {
    let prepared = pipeline::prepare(inbox.bytes.clone().into(), &parts.limits);
    let Ok(readable) = &prepared.reading else {
        return Err(LedgerError::Damaged("a held message cannot be read again"));
    };
    let contracts = parts.contracts.now();
    let register = contracts.register_for(readable.message.gemeente());
    let reply_id = pipeline::reply_identification(&prepared.digest, &inbox.transport_id);
    let context = Context {
        now,
        today: dutch_day(now),
        gateway: &parts.name,
        reply_id: &reply_id,
        register: register.as_deref(),
        policies: &contracts.policies,
        unknown_question: UnknownQuestion::default(),
    };
    Ok(pipeline::withdraw(context, &readable.message, &order.reason))
}

impl Carried {
    /// A message has its verdict: others may wait for what it brings.
    fn note(
        &mut self,
        tx: &mut Tx<'_>,
        message_id: i64,
        inbox: &Inbox,
        decision: &Decision,
    ) -> Result<(), LedgerError> {
        self.judged.push(outcome(&message_id.to_string(), inbox, decision, None));
        self.woken += wake(tx, decision)?;
        Ok(())
    }
}
