//! Orders of people at a page: looked at and written down in one job, so that nothing is ordered twice, however fast two
//! people are. The gateway carries them out.

use super::error::LedgerError;
use super::hold::Ended;
use super::replay::{Run, Target};
use super::tx::Tx;
use crate::decision::Verdict;
use crate::hold::{Action, Order};
use crate::replay::{Choice, Replay};
use crate::view::held::Ordered;
use crate::view::parked::ReplayOrdered;
use jiff::Timestamp;

/// What became of an order about a held message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AboutHold {
    /// It stands in the ledger, under this number.
    Given(i64),
    /// Another one waits for the gateway.
    UnderWay(Ordered),
    /// The hold has ended.
    Ended(Ended),
    /// It cannot be released before this earlier one.
    Behind(i64),
    /// The message is not held and never was.
    Unknown,
}

/// What became of an order to judge a message anew that is set aside.
#[derive(Debug, Clone, PartialEq)]
pub enum AboutParked {
    /// It stands in the ledger, as this selection.
    Given(i64),
    /// Another one waits for the gateway.
    UnderWay(ReplayOrdered),
    /// It was judged anew before, and is not set aside any more.
    Replayed(Box<Run>),
    /// It is not set aside, for it was decided on when it came.
    Decided(Verdict),
    /// There is no such message.
    Unknown,
}

impl Tx<'_> {
    /// Orders a hold to be ended, unless that is under way or done, or an earlier one stands before it.
    pub fn order_hold(&mut self, order: &Order, at: Timestamp) -> Result<AboutHold, LedgerError> {
        let Some(hold) = self.hold(order.message_id)? else { return Ok(AboutHold::Unknown) };
        if let Some(ended) = hold.ended {
            return Ok(AboutHold::Ended(ended));
        }
        if let Some(open) = self.orders_of(order.message_id)?.into_iter().rfind(|order| order.done.is_none()) {
            return Ok(AboutHold::UnderWay(open));
        }
        if order.action == Action::Release
            && let Some(ahead) = self.held_ahead(order.message_id)?
        {
            return Ok(AboutHold::Behind(ahead));
        }
        Ok(AboutHold::Given(self.give_order(order, at)?))
    }

    /// Orders a message that is set aside to be judged anew, as a frozen selection of itself, unless that is under way or
    /// done.
    pub fn order_parked(&mut self, id: i64, replay: &Replay, at: Timestamp) -> Result<AboutParked, LedgerError> {
        let Some(entry) = self.message_entry(id)? else { return Ok(AboutParked::Unknown) };
        if entry.verdict != Verdict::Parked {
            let run = self.runs(id)?.into_iter().rfind(|run| run.took_effect);
            return Ok(run.map_or(AboutParked::Decided(entry.verdict), |run| AboutParked::Replayed(Box::new(run))));
        }
        if let Some(open) = self.replays_of(id)?.into_iter().rfind(|order| order.done_at.is_none()) {
            return Ok(AboutParked::UnderWay(open));
        }
        let chosen = format!("parked, {}", Choice { ids: Some(vec![id]), ..Choice::default() });
        let selection = self.freeze(&chosen, &[Target::Message(id)], &replay.by, at)?;
        self.order_replay(selection, replay, at)?;
        Ok(AboutParked::Given(selection))
    }
}
