//! Sending and judging stored messages once more: frozen selections, what became of their members, the runs, and the facts
//! that a stored message is judged on as if it had left nothing behind.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::store::{Inbox, Occasion, Stored, parse_verdict, to_json};
use super::tx::{Cells, Tx, json};
use crate::contract::{ContractFacts, ContractRequest};
use crate::decision::{Decision, Purpose, Verdict};
use crate::finding::Finding;
use crate::message::{Cents, Law, Party};
use crate::replay::{Choice, Intent, Outcome, Replay, Standing};
use crate::rules::facts::{Earlier, Facts, QuestionState, Request};
use jiff::Timestamp;
use serde_json::json as content;
use std::collections::{BTreeMap, BTreeSet};

/// Members that one selection holds at most: it is written in one go, while nothing else is.
pub const LARGEST_SELECTION: usize = 100_000;

/// What a member of a selection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A message with a verdict, by its number in the ledger.
    Message(i64),
    /// A message of the waiting room, by its place there.
    Waiting(i64),
}

/// A frozen list of messages, and what was ordered about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Its number.
    pub id: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: String,
    /// What its members were chosen by, in words.
    pub chosen: String,
    /// How many members it has.
    pub members: u64,
    /// What was ordered; `None` as long as nothing was.
    pub ordered: Option<Given>,
    /// How many members came to which outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
}

/// An order about a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What, why and who.
    pub replay: Replay,
    /// When.
    pub at: Timestamp,
    /// When all of it was done; `None` while some is left.
    pub done_at: Option<Timestamp>,
}

/// A member of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionMember {
    /// The selection.
    pub selection: i64,
    /// Its place in it, from 1.
    pub position: i64,
    /// What it is.
    pub target: Target,
    /// What became of it; `None` as long as nothing was done.
    pub done: Option<MemberDone>,
}

/// What became of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDone {
    /// When.
    pub at: Timestamp,
    /// What.
    pub outcome: Outcome,
    /// A sentence for whoever ordered it.
    pub answer: String,
}

/// A judging of a stored message after its first.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The message.
    pub message_id: i64,
    /// The selection that asked for it.
    pub selection: i64,
    /// When.
    pub at: Timestamp,
    /// Where the message stood before.
    pub previous: Standing,
    /// The register that it was judged with before.
    pub previous_register: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
    /// Level at which judging ended.
    pub level: u8,
    /// Version of the contract register.
    pub register_version: Option<String>,
    /// What was wrong with it.
    pub findings: Vec<Finding>,
    /// Whether the message became what it was judged to be; otherwise it was told.
    pub took_effect: bool,
    /// Who ordered it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Somebody had what left because of a message sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentAgain {
    /// The selection.
    pub selection: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A row of the outbox, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its id: every attempt carries it.
    pub id: String,
    /// Why it leaves.
    pub purpose: Purpose,
    /// Kind or check.
    pub subject: String,
    /// Who gets it; empty when nobody could be told.
    pub receiver: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When the other side took it (the last time); `None` while it waits.
    pub sent_at: Option<Timestamp>,
}

/// Columns of a member, as [`member`] reads them.
macro_rules! member_columns {
    () => {
        "SELECT selection_id, position, message_id, waiting_id, done_at, outcome, answer FROM selection_members "
    };
}

/// Columns of a selection, as [`selection`] reads them.
macro_rules! selection_columns {
    () => {
        "SELECT s.id, s.made_at, s.made_by, s.chosen, (
             SELECT count(*) FROM selection_members AS m WHERE m.selection_id = s.id
         ), s.intent, s.again, s.reason, s.ordered_by, s.ordered_at, s.done_at FROM selections AS s "
    };
}

impl Tx<'_> {
    /// What a choice holds at this moment, in the order in which it came, at most one more than a selection may hold.
    /// Reads every message: for a reader beside the gateway.
    pub fn chosen(&self, choice: &Choice) -> Result<Vec<Target>, LedgerError> {
        let limit = i64::try_from(LARGEST_SELECTION).unwrap_or(i64::MAX).saturating_add(1);
        let (law, number) = (choice.kind.map(|kind| kind.law.as_str()), choice.kind.map(|kind| kind.number.as_str()));
        let (since, until) = (choice.since.map(Timestamp::as_microsecond), choice.until.map(Timestamp::as_microsecond));
        let (gemeente, aanbieder) =
            (choice.gemeente.as_ref().map(Party::as_str), choice.aanbieder.as_ref().map(Party::as_str));
        let verdict = match choice.standing {
            Some(Standing::Waiting) => {
                return self.all(
                    "SELECT id FROM waiting
                     WHERE (CAST(?1 AS TEXT) IS NULL OR law = ?1) AND (CAST(?2 AS TEXT) IS NULL OR number = ?2)
                         AND (CAST(?3 AS BIGINT) IS NULL OR received_at >= ?3) AND (CAST(?4 AS BIGINT) IS NULL OR received_at < ?4)
                         AND (CAST(?5 AS TEXT) IS NULL OR gemeente = ?5) AND (CAST(?6 AS TEXT) IS NULL OR aanbieder = ?6)
                     ORDER BY id LIMIT ?7",
                    params![law, number, since, until, gemeente, aanbieder, limit],
                    |cells| cells.get().map(Target::Waiting),
                );
            }
            Some(Standing::Verdict(verdict)) => Some(verdict.as_str()),
            None => None,
        };
        // The rule comes first in each finding; its id is letters and digits, so the pattern has no signs of its own.
        let rule = choice.rule.as_ref().map(|rule| format!("%{{\"rule\":\"{rule}\",%"));
        let rows = params![
            law,
            number,
            since,
            until,
            gemeente,
            aanbieder,
            verdict,
            rule,
            choice.ids.as_ref().map(json),
            limit
        ];
        self.all(
            "SELECT id FROM messages
             WHERE (CAST(?1 AS TEXT) IS NULL OR law = ?1) AND (CAST(?2 AS TEXT) IS NULL OR number = ?2)
                 AND (CAST(?3 AS BIGINT) IS NULL OR received_at >= ?3) AND (CAST(?4 AS BIGINT) IS NULL OR received_at < ?4)
                 AND (CAST(?5 AS TEXT) IS NULL OR gemeente = ?5) AND (CAST(?6 AS TEXT) IS NULL OR aanbieder = ?6)
                 AND (CAST(?7 AS TEXT) IS NULL OR verdict = ?7) AND (CAST(?8 AS TEXT) IS NULL OR findings LIKE ?8)
                 AND (CAST(?9 AS TEXT) IS NULL OR id IN (SELECT CAST(k.value AS BIGINT) FROM json_each(?9) AS k))
             ORDER BY id LIMIT ?10",
            rows,
            |cells| cells.get().map(Target::Message),
        )
    }

    /// Numbers of a list that no message has, ascending.
    pub fn unknown_messages(&self, ids: &[i64]) -> Result<BTreeSet<i64>, LedgerError> {
        let known: BTreeSet<i64> = self
            .all(
                "SELECT id FROM messages WHERE id IN (SELECT CAST(k.value AS BIGINT) FROM json_each(?1) AS k)",
                [json(ids)],
                |cells| cells.get(),
            )?
            .into_iter()
            .collect();
        Ok(ids.iter().copied().filter(|id| !known.contains(id)).collect())
    }

    /// Writes a selection down; gives its number.
    ///
    /// # Errors
    /// [`LedgerError::Unfit`] for a selection of nothing or of more than [`LARGEST_SELECTION`] members.
    pub fn freeze(&mut self, chosen: &str, targets: &[Target], by: &str, at: Timestamp) -> Result<i64, LedgerError> {
        if targets.is_empty() || targets.len() > LARGEST_SELECTION {
            return Err(LedgerError::Unfit("a selection is empty or too large"));
        }
        let id: i64 = self
            .first(
                "INSERT INTO selections (made_at, made_by, chosen) VALUES (?1, ?2, ?3) RETURNING id",
                params![at.as_microsecond(), by, chosen],
                |cells| cells.get(),
            )?
            .ok_or(LedgerError::Damaged("a selection got no number"))?;
        let mut insert = self.sql(
            "INSERT INTO selection_members (selection_id, position, message_id, waiting_id) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (position, target) in (1_i64..).zip(targets) {
            let (message_id, waiting_id) = match *target {
                Target::Message(id) => (Some(id), None),
                Target::Waiting(id) => (None, Some(id)),
            };
            insert.execute(params![id, position, message_id, waiting_id])?;
        }
        let content = content!({ "selection": id, "by": by, "chosen": chosen, "members": targets.len() });
        self.append_audit(at, "selection frozen", None, &content.to_string())?;
        Ok(id)
    }

    /// All selections, the latest first.
    pub fn selections(&self) -> Result<Vec<Selection>, LedgerError> {
        let all = self.all(concat!(selection_columns!(), "ORDER BY s.id DESC"), [], selection)?;
        all.into_iter().map(|selection| self.with_outcomes(selection)).collect()
    }

    /// A selection as it stands.
    pub fn selection(&self, id: i64) -> Result<Option<Selection>, LedgerError> {
        let found = self.first(concat!(selection_columns!(), "WHERE s.id = ?1"), [id], selection)?;
        found.map(|selection| self.with_outcomes(selection)).transpose()
    }

    fn with_outcomes(&self, selection: Selection) -> Result<Selection, LedgerError> {
        let outcomes = self.all(
            "SELECT outcome, count(*) FROM selection_members
             WHERE selection_id = ?1 AND outcome IS NOT NULL GROUP BY outcome",
            [selection.id],
            |cells| Ok((outcome(cells.text()?)?, cells.count()?)),
        )?;
        Ok(Selection { outcomes: outcomes.into_iter().collect(), ..selection })
    }

    /// Members of a selection after a place, in order, at most `limit`.
    pub fn selection_members(
        &self,
        selection: i64,
        after: i64,
        limit: u32,
    ) -> Result<Vec<SelectionMember>, LedgerError> {
        self.all(
            concat!(member_columns!(), "WHERE selection_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3"),
            params![selection, after, limit],
            member,
        )
    }

    /// Orders what is to be done with a selection that has no order yet; whether it had none.
    pub fn order_replay(&mut self, selection: i64, replay: &Replay, at: Timestamp) -> Result<bool, LedgerError> {
        let ordered = self
            .sql(
                "UPDATE selections SET intent = ?2, again = ?3, reason = ?4, ordered_by = ?5, ordered_at = ?6
                 WHERE id = ?1 AND intent IS NULL",
            )?
            .execute(params![
                selection,
                replay.intent.as_str(),
                i64::from(replay.again),
                replay.reason,
                replay.by,
                at.as_microsecond()
            ])?;
        if ordered == 0 {
            return Ok(false);
        }
        let content = content!({
            "selection": selection, "intent": replay.intent.as_str(), "again": replay.again, "by": replay.by,
            "reason": replay.reason,
        });
        self.append_audit(at, "replay ordered", None, &content.to_string())?;
        Ok(true)
    }

    /// The next members to carry out, of the selection that was ordered first: at most `limit`, and fewer when their
    /// sealed bodies are large; one always fits. Notes selections of which nothing is left as done.
    pub fn next_members(
        &mut self,
        now: Timestamp,
        limit: u32,
        bytes: u64,
    ) -> Result<Vec<SelectionMember>, LedgerError> {
        let open: Vec<i64> = self.all(
            "SELECT id FROM selections WHERE intent IS NOT NULL AND done_at IS NULL ORDER BY ordered_at, id",
            [],
            |cells| cells.get(),
        )?;
        for selection in open {
            let members = self.open_members(selection, limit, bytes)?;
            if !members.is_empty() {
                return Ok(members);
            }
            self.close_selection(selection, now)?;
        }
        Ok(Vec::new())
    }

    fn open_members(&self, selection: i64, limit: u32, bytes: u64) -> Result<Vec<SelectionMember>, LedgerError> {
        let open = self.all(
            "SELECT s.selection_id, s.position, s.message_id, s.waiting_id, s.done_at, s.outcome, s.answer,
                 coalesce(length(m.body), length(w.body), 0)
             FROM selection_members AS s
             LEFT JOIN messages AS m ON m.id = s.message_id LEFT JOIN waiting AS w ON w.id = s.waiting_id
             WHERE s.selection_id = ?1 AND s.done_at IS NULL ORDER BY s.position LIMIT ?2",
            params![selection, limit],
            |cells| Ok((member(cells)?, cells.count()?)),
        )?;
        let mut taken: u64 = 0;
        let mut members = Vec::with_capacity(open.len());
        for (member, length) in open {
            taken = taken.saturating_add(length);
            if taken > bytes && !members.is_empty() {
                break;
            }
            members.push(member);
        }
        Ok(members)
    }

    fn close_selection(&mut self, selection: i64, now: Timestamp) -> Result<(), LedgerError> {
        let closed = self
            .sql("UPDATE selections SET done_at = ?2 WHERE id = ?1 AND done_at IS NULL")?
            .execute(params![selection, now.as_microsecond()])?;
        if closed == 0 {
            return Ok(());
        }
        let outcomes: BTreeMap<&str, u64> = self
            .selection(selection)?
            .map(|selection| selection.outcomes.into_iter().map(|(outcome, count)| (outcome.as_str(), count)).collect())
            .unwrap_or_default();
        let content = content!({ "selection": selection, "outcomes": outcomes });
        self.append_audit(now, "replay done", None, &content.to_string())
    }

    /// What is ordered about a member that is still to be carried out.
    pub fn ordered_member(
        &self,
        selection: i64,
        position: i64,
    ) -> Result<Option<(SelectionMember, Replay)>, LedgerError> {
        let open = self.first(
            concat!(member_columns!(), "WHERE selection_id = ?1 AND position = ?2 AND done_at IS NULL"),
            params![selection, position],
            member,
        )?;
        let given = self.selection_order(selection)?;
        Ok(open.zip(given).filter(|(_, given)| given.done_at.is_none()).map(|(member, given)| (member, given.replay)))
    }

    fn selection_order(&self, selection: i64) -> Result<Option<Given>, LedgerError> {
        self.first(
            "SELECT intent, again, reason, ordered_by, ordered_at, done_at FROM selections WHERE id = ?1",
            [selection],
            given,
        )
        .map(Option::flatten)
    }

    /// Notes what became of a member; whether that was still open.
    pub fn finish_member(
        &mut self,
        selection: i64,
        position: i64,
        outcome: Outcome,
        answer: &str,
        at: Timestamp,
    ) -> Result<bool, LedgerError> {
        let finished = self
            .sql(
                "UPDATE selection_members SET done_at = ?3, outcome = ?4, answer = ?5
                 WHERE selection_id = ?1 AND position = ?2 AND done_at IS NULL",
            )?
            .execute(params![selection, position, at.as_microsecond(), outcome.as_str(), answer])?;
        Ok(finished == 1)
    }

    /// What left or is to leave because of a message, with the attempts so far, in order.
    pub fn rows_of(&self, message_id: i64) -> Result<Vec<OutboxRow>, LedgerError> {
        self.all(
            "SELECT id, purpose, subject, receiver, attempts, sent_at FROM outbox WHERE message_id = ?1 ORDER BY sequence",
            [message_id],
            |cells| {
                Ok(OutboxRow {
                    id: uuid::Uuid::from_bytes(cells.get()?).to_string(),
                    purpose: Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))?,
                    subject: cells.get()?,
                    receiver: cells.get()?,
                    attempts: cells.get()?,
                    sent_at: moment(cells.get()?)?,
                })
            },
        )
    }

    /// Makes everything that left because of a message due again, under the ids it had; gives these ids. What has yet to
    /// leave stays as it is.
    pub fn send_again(
        &mut self,
        message_id: i64,
        selection: i64,
        replay: &Replay,
        at: Timestamp,
    ) -> Result<Vec<String>, LedgerError> {
        let ids: Vec<String> = self.all(
            "UPDATE outbox SET sent_at = NULL, due_at = 0, resent_at = ?2
             WHERE message_id = ?1 AND sent_at IS NOT NULL RETURNING id",
            params![message_id, at.as_microsecond()],
            |cells| Ok(uuid::Uuid::from_bytes(cells.get()?).to_string()),
        )?;
        if !ids.is_empty() {
            self.grow_outbox();
        }
        self.audit_replay(message_id, "sent again", at, replay, &content!({ "selection": selection, "outbox": ids }))?;
        Ok(ids)
    }

    /// The latest time that somebody had what left because of a message sent again.
    pub fn resent_before(&self, message_id: i64) -> Result<Option<SentAgain>, LedgerError> {
        Ok(self.resends(message_id)?.pop())
    }

    /// All times that somebody had what left because of a message sent again, the latest last.
    pub fn resends(&self, message_id: i64) -> Result<Vec<SentAgain>, LedgerError> {
        self.all(
            "SELECT s.id, m.done_at, s.ordered_by, s.reason
             FROM selection_members AS m JOIN selections AS s ON s.id = m.selection_id
             WHERE m.message_id = ?1 AND m.outcome = 'resent' ORDER BY m.done_at, s.id",
            [message_id],
            |cells| {
                Ok(SentAgain { selection: cells.get()?, at: cells.moment()?, by: cells.get()?, reason: cells.get()? })
            },
        )
    }

    /// Decides on a stored message by a run: one that is parked, or that could not be read. Judge on
    /// [`Tx::facts_again`].
    ///
    /// # Errors
    /// As [`Tx::store_again`].
    pub fn store_run(
        &mut self,
        message_id: i64,
        decision: &Decision,
        at: Timestamp,
        replay: &Replay,
    ) -> Result<Stored, LedgerError> {
        self.decide_again(message_id, decision, Occasion { at, reason: Some(&replay.reason), by: Some(&replay.by) })
    }

    /// Notes a run, linked to the one before it. One that told and changed nothing goes into the audit trail here; the
    /// other kind is there as the decision that it was.
    pub fn add_run(&mut self, run: &Run) -> Result<(), LedgerError> {
        self.sql(
            "INSERT INTO runs (message_id, previous_run, selection_id, at, previous_verdict, previous_register, verdict,
                 level, register_version, findings, took_effect, run_by, reason)
             VALUES (?1, (SELECT max(id) FROM runs WHERE message_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            run.message_id,
            run.selection,
            run.at.as_microsecond(),
            run.previous.as_str(),
            run.previous_register,
            run.verdict.as_str(),
            run.level,
            run.register_version,
            to_json(&run.findings)?,
            i64::from(run.took_effect),
            run.by,
            run.reason,
        ])?;
        if run.took_effect {
            return Ok(());
        }
        let replay = Replay { intent: Intent::Judge, again: false, reason: run.reason.clone(), by: run.by.clone() };
        let told = content!({
            "selection": run.selection, "would_be": run.verdict.as_str(), "would_be_by": run.register_version,
        });
        self.audit_replay(run.message_id, "judged to tell", run.at, &replay, &told)
    }

    /// Runs of a message, the latest last.
    pub fn runs(&self, message_id: i64) -> Result<Vec<Run>, LedgerError> {
        self.all(
            "SELECT message_id, selection_id, at, previous_verdict, previous_register, verdict, level, register_version,
                 findings, took_effect, run_by, reason
             FROM runs WHERE message_id = ?1 ORDER BY id",
            [message_id],
            run,
        )
    }

    /// A stored message as it came in, for a person who looks at its content and says why: that stays in the audit
    /// trail.
    pub fn show_body(
        &mut self,
        message_id: i64,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Option<Inbox>, LedgerError> {
        let Some(inbox) = self.inbox(message_id)? else { return Ok(None) };
        let replay = Replay { intent: Intent::Judge, again: false, reason: reason.to_owned(), by: by.to_owned() };
        self.audit_replay(message_id, "body shown", at, &replay, &content!({}))?;
        Ok(Some(inbox))
    }

    /// Adds something that was done with a stored message and did not decide on it. The trail tells of every message its
    /// digest and verdict in each row.
    fn audit_replay(
        &self,
        message_id: i64,
        event: &str,
        at: Timestamp,
        replay: &Replay,
        more: &serde_json::Value,
    ) -> Result<(), LedgerError> {
        let stands = self.first("SELECT digest, verdict FROM messages WHERE id = ?1", [message_id], |cells| {
            Ok((cells.get::<[u8; 32]>()?, cells.get::<String>()?))
        })?;
        let (digest, verdict) = stands.ok_or(LedgerError::Conflict("there is no message with this number"))?;
        let mut row = content!({
            "digest": hex::encode(digest), "verdict": verdict, "by": replay.by, "reason": replay.reason,
        });
        if let (Some(row), Some(more)) = (row.as_object_mut(), more.as_object()) {
            row.extend(more.clone());
        }
        self.append_audit(at, event, Some(message_id), &row.to_string())
    }
}

/// What a stored message finds when it is judged once more.
impl Tx<'_> {
    /// Facts without what the message itself left behind: otherwise every start would have started before.
    pub(super) fn without_own(
        &self,
        mut facts: Facts,
        request: &Request,
        message_id: i64,
    ) -> Result<Facts, LedgerError> {
        let Some(own) = self.own(message_id)? else { return Ok(facts) };
        let own_versions = facts.allocations.values().filter(|version| version.message == own);
        let numbers: BTreeSet<_> = own_versions.map(|version| version.nummer).collect();
        if !numbers.is_empty() {
            facts.allocations.retain(|number, _| !numbers.contains(number));
            let earlier = self.allocations_but(request.law, &request.gemeente, &numbers, message_id)?;
            facts.allocations.extend(earlier);
        }
        facts.deliveries.retain(|delivery| delivery.message != own);
        facts.verzoeken.retain(|_, verzoek| verzoek.message != own);
        facts.verzoeken_of_client.retain(|verzoek| verzoek.message != own);
        for verzoek in facts.verzoeken.values_mut().chain(&mut facts.verzoeken_of_client) {
            verzoek.answers.retain(|answer| answer.message != own);
            verzoek.honoured_by.take_if(|honouring| *honouring == own);
        }
        if facts.declaratie_used.take_if(|used| *used == own).is_some() {
            facts.latest_declaratie_periode = self.latest_periode_but(request, message_id)?;
            if let Some(nummer) = &request.declaratie {
                facts.lines.retain(|_, line| line.declaratie != *nummer);
                facts.granted.values_mut().for_each(|lines| lines.retain(|line| line.declaratie != *nummer));
            }
        }
        if let Some(question) = &mut facts.question {
            let answered_by_it = self.first(
                "SELECT 1 FROM questions WHERE message_id = ?1 AND answered_by = ?2",
                params![question.id, message_id],
                |_| Ok(()),
            )?;
            if answered_by_it.is_some() {
                question.state = QuestionState::Open;
            }
        }
        Ok(facts)
    }

    /// As [`Tx::contract_facts`] for a stored message: without what the message itself allocated and booked.
    pub fn contract_facts_again(
        &self,
        law: Law,
        gemeente: &Party,
        request: &ContractRequest,
        message_id: i64,
    ) -> Result<ContractFacts, LedgerError> {
        let mut facts = self.contract_facts(law, gemeente, request)?;
        let Some(own) = self.own(message_id)? else { return Ok(facts) };
        let own_versions = facts.allocations.iter().filter(|version| version.message == own);
        let numbers: BTreeSet<_> = own_versions.map(|version| version.nummer).collect();
        if !numbers.is_empty() {
            let person = request.person.as_ref().map(|bsn| self.person(bsn));
            facts.allocations.retain(|version| !numbers.contains(&version.nummer));
            let earlier = self.allocations_but(law, gemeente, &numbers, message_id)?.into_values();
            let counts = |version: &crate::rules::facts::Allocation| {
                !version.is_deleted() && person.as_ref() == Some(&version.person)
            };
            facts.allocations.extend(earlier.filter(counts));
            facts.allocations.sort_by_key(|version| (version.ingangsdatum, version.nummer));
        }
        for (number, slot, booked) in self.booked_by(message_id)? {
            for agreement in &slot.agreements {
                let all = Cents(booked.open.0.saturating_add(booked.realised.0));
                subtract(facts.consumption.get_mut(agreement), all);
                subtract(facts.realised_total.get_mut(agreement), booked.realised);
            }
            let stand = number.and_then(|number| facts.stands.get_mut(&number)).and_then(|slots| slots.get_mut(&slot));
            if let Some(stand) = stand {
                subtract(Some(&mut stand.open), booked.open);
                subtract(Some(&mut stand.realised), booked.realised);
            }
        }
        Ok(facts)
    }

    /// How others refer to a message that left something behind; `None` for one that did not.
    fn own(&self, message_id: i64) -> Result<Option<Earlier>, LedgerError> {
        self.first(
            "SELECT law, number, identificatie, dagtekening FROM messages
             WHERE id = ?1 AND verdict IN ('accepted', 'partly')",
            [message_id],
            |cells| cells.earlier(),
        )
    }

    fn latest_periode_but(
        &self,
        request: &Request,
        message_id: i64,
    ) -> Result<Option<crate::message::Date>, LedgerError> {
        self.first(
            "SELECT max(begindatum) FROM declaraties
             WHERE law = ?1 AND gemeente = ?2 AND aanbieder = ?3 AND message_id <> ?4",
            params![request.law.as_str(), request.gemeente.as_str(), request.aanbieder.as_str(), message_id],
            |cells| cells.optional_date(),
        )
        .map(Option::flatten)
    }
}

fn subtract(from: Option<&mut Cents>, cents: Cents) {
    if let Some(from) = from {
        *from = Cents(from.0.saturating_sub(cents.0));
    }
}

fn outcome(word: &str) -> Result<Outcome, LedgerError> {
    Outcome::parse(word).ok_or(LedgerError::Damaged("an outcome is unknown"))
}

fn moment(microseconds: Option<i64>) -> Result<Option<Timestamp>, LedgerError> {
    let moment = microseconds.map(Timestamp::from_microsecond).transpose();
    moment.map_err(|_| LedgerError::Damaged("a moment lies outside of time"))
}

fn selection(cells: &mut Cells<'_, '_>) -> Result<Selection, LedgerError> {
    Ok(Selection {
        id: cells.get()?,
        made_at: cells.moment()?,
        made_by: cells.get()?,
        chosen: cells.get()?,
        members: cells.count()?,
        ordered: given(cells)?,
        outcomes: BTreeMap::new(),
    })
}

fn given(cells: &mut Cells<'_, '_>) -> Result<Option<Given>, LedgerError> {
    let (intent, again) = (cells.get::<Option<String>>()?, cells.get::<i64>()? == 1);
    let (reason, by) = (cells.get::<Option<String>>()?, cells.get::<Option<String>>()?);
    let (at, done_at) = (moment(cells.get()?)?, moment(cells.get()?)?);
    let (Some(intent), Some(at)) = (intent, at) else { return Ok(None) };
    let intent = Intent::parse(&intent).ok_or(LedgerError::Damaged("an intent is unknown"))?;
    let replay = Replay { intent, again, reason: reason.unwrap_or_default(), by: by.unwrap_or_default() };
    Ok(Some(Given { replay, at, done_at }))
}

fn member(cells: &mut Cells<'_, '_>) -> Result<SelectionMember, LedgerError> {
    let (selection, position) = (cells.get()?, cells.get()?);
    let target = match (cells.get::<Option<i64>>()?, cells.get::<Option<i64>>()?) {
        (Some(message), None) => Target::Message(message),
        (None, Some(waiting)) => Target::Waiting(waiting),
        _ => return Err(LedgerError::Damaged("a member of a selection is nothing")),
    };
    let (at, word) = (moment(cells.get()?)?, cells.get::<Option<String>>()?);
    let answer = cells.get::<Option<String>>()?.unwrap_or_default();
    let done = match at.zip(word) {
        Some((at, word)) => Some(MemberDone { at, outcome: outcome(&word)?, answer }),
        None => None,
    };
    Ok(SelectionMember { selection, position, target, done })
}

fn run(cells: &mut Cells<'_, '_>) -> Result<Run, LedgerError> {
    Ok(Run {
        message_id: cells.get()?,
        selection: cells.get()?,
        at: cells.moment()?,
        previous: Standing::parse(cells.text()?).ok_or(LedgerError::Damaged("a verdict is unknown"))?,
        previous_register: cells.get()?,
        verdict: parse_verdict(cells.text()?)?,
        level: cells.get()?,
        register_version: cells.get()?,
        findings: serde_json::from_str(cells.text()?)
            .map_err(|_| LedgerError::Damaged("a list of findings is no JSON"))?,
        took_effect: cells.get::<i64>()? == 1,
        by: cells.get()?,
        reason: cells.get()?,
    })
}
