//! Stored messages that are sent or judged once more by order of a person: each member of a frozen selection in a ledger
//! job of its own, so exactly once, whatever happens meanwhile.

use super::{
    Basis, Done, Gateway, OWN, Parts, is_our_fault, judge, outcome, report, senders, settle, settle_one, wake,
};
use crate::decision::{Decision, Verdict};
use crate::delivery::without_bsn;
use crate::ledger::{Entry, Filter, Inbox, LedgerError, OutboxRow, Run, SelectionMember, Target, Tx};
use crate::pipeline;
use crate::replay::{Intent, Outcome, Replay, Standing};
use crate::telemetry::events::WaitEnd;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Members that are queued at once: messages that come in meanwhile wait for no more than these.
const PORTION: u32 = 50;
/// Sealed bytes of the messages that are queued at once. They unfold to a multiple of it.
const PORTION_BYTES: u64 = 1 << 20;
/// The rule that a message sent twice breaks.
const SENT_TWICE: &str = "TR056";
/// The rule of level 1.
const UNREADABLE: &str = "XSD";

/// What a member came to.
struct Answer {
    outcome: Outcome,
    text: String,
}

/// What was ordered, of which selection, and when it is carried out.
struct Order<'a> {
    replay: &'a Replay,
    selection: i64,
    now: Timestamp,
}

impl Gateway {
    /// Carries out the next members of the selections that were ordered; gives how many. None: nothing is left.
    ///
    /// # Errors
    /// When the ledger cannot be read or written; the members that are left stay open in it.
    pub async fn carry_out_replays(&self) -> Result<usize, LedgerError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let members = parts.ledger.run(move |tx| tx.next_members(now, PORTION, PORTION_BYTES)).await?;
        let count = members.len();
        // Queued together, so that they share a commit; each is a job of its own, and fails alone.
        let jobs: Vec<_> = members
            .into_iter()
            .map(|member| {
                let own = Arc::clone(parts);
                let place = (member.selection, member.position);
                (place, parts.ledger.run(move |tx| carry_out(tx, &own, place)))
            })
            .collect();
        let mut failed = None;
        for (place, job) in jobs {
            match job.await {
                Ok(done) => self.tell(&done),
                Err(error) if is_our_fault(&error) => self.give_up(place, &error).await?,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(count), Err)
    }

    fn tell(&self, done: &Done) {
        for judged in done.judged.iter().chain(&done.own) {
            report(&self.parts, judged, self.parts.since(judged.received_at));
        }
        if done.woken > 0 {
            self.parts.woken.notify_one();
        }
    }

    /// We failed on a member: it stays what it was, and the others go on. Unless another gateway was faster.
    async fn give_up(&self, (selection, position): (i64, i64), error: &LedgerError) -> Result<(), LedgerError> {
        let now = self.parts.clock.now();
        let text = format!("the gateway failed on it ({error}); its log says more. The message is what it was");
        let noted = self.parts.ledger.run(move |tx| tx.finish_member(selection, position, Outcome::Failed, &text, now));
        if noted.await? {
            tracing::error!(%error, selection, position, "failed on a stored message that was to be replayed");
        }
        Ok(())
    }
}

/// One ledger job: carries out a member, if it is still open, and notes what became of it.
fn carry_out(tx: &mut Tx<'_>, parts: &Parts, (selection, position): (i64, i64)) -> Result<Done, LedgerError> {
    let mut done = Done::default();
    let Some((member, replay)) = tx.ordered_member(selection, position)? else { return Ok(done) };
    let order = Order { replay: &replay, selection, now: parts.clock.now() };
    let SelectionMember { target, .. } = member;
    let answer = match (replay.intent, target) {
        (Intent::Resend, Target::Message(id)) => send_again(tx, &order, id)?,
        (Intent::Resend, Target::Waiting(_)) => {
            nothing("it waits for what it refers to, and nothing left because of it yet")
        }
        (Intent::Judge, Target::Message(id)) => judge_message(tx, parts, &order, id, &mut done)?,
        (Intent::Judge, Target::Waiting(id)) => judge_waiter(tx, parts, &order, id, &mut done)?,
    };
    if tx.finish_member(selection, position, answer.outcome, &answer.text, order.now)? {
        Ok(done)
    } else {
        Err(LedgerError::Conflict("the member was carried out already"))
    }
}

/// What becomes of a message whose bytes were kept long enough.
const NO_BYTES: &str = "its bytes are no longer kept (docs/retention.md): nothing of it can be sent or judged again";

fn nothing(text: &str) -> Answer {
    Answer { outcome: Outcome::Nothing, text: text.to_owned() }
}

/// Sends what left because of a message again: the same bytes under the same id. What has yet to leave is left alone.
fn send_again(tx: &mut Tx<'_>, order: &Order<'_>, message_id: i64) -> Result<Answer, LedgerError> {
    if !tx.has_body(message_id)? {
        return Ok(nothing(NO_BYTES));
    }
    let rows = tx.rows_of(message_id)?;
    let (sent, waits): (Vec<&OutboxRow>, Vec<&OutboxRow>) = rows.iter().partition(|row| row.sent_at.is_some());
    if rows.is_empty() {
        return Ok(nothing("nothing ever left because of it"));
    }
    let left_alone = match waits.len() {
        0 => String::new(),
        1 => format!("; {} still waits to leave and was left alone", names(&waits)),
        _ => format!("; {} still wait to leave and were left alone", names(&waits)),
    };
    if sent.is_empty() {
        let text = format!("nothing of it has left yet{left_alone}");
        return Ok(Answer { outcome: Outcome::Waiting, text });
    }
    if !order.replay.again
        && let Some(before) = tx.resent_before(message_id)?
    {
        let text = format!(
            "it was sent again before, at {} by {}: {} (selection {}); order it with --again to send it once more",
            before.at, before.by, before.reason, before.selection
        );
        return Ok(Answer { outcome: Outcome::Repeated, text });
    }
    let text = format!("{} will leave again under the same id{left_alone}", names(&sent));
    tx.send_again(message_id, order.selection, order.replay, order.now)?;
    Ok(Answer { outcome: Outcome::Resent, text })
}

/// What rows of the outbox are and whom they are for.
fn names(rows: &[&OutboxRow]) -> String {
    let name = |row: &&OutboxRow| match row.receiver.as_str() {
        "" => format!("{} {}", row.purpose.as_str(), row.subject),
        receiver => format!("{} {} to {}", row.purpose.as_str(), row.subject, without_bsn(receiver)),
    };
    rows.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Judges a stored message by what is in force now. It becomes what it is judged to be when nobody has an answer to it;
/// otherwise the difference is told, because whoever sent it must not get a second one.
fn judge_message(
    tx: &mut Tx<'_>,
    parts: &Parts,
    order: &Order<'_>,
    message_id: i64,
    done: &mut Done,
) -> Result<Answer, LedgerError> {
    if !tx.has_body(message_id)? {
        return Ok(nothing(NO_BYTES));
    }
    let filter = Filter { after: Some(message_id.saturating_sub(1)), limit: Some(1), ..Filter::default() };
    let found = tx.messages(&filter)?.pop().filter(|entry| entry.message_id == message_id);
    let (Some(entry), Some(inbox)) = (found, tx.inbox(message_id)?) else {
        return Err(LedgerError::Conflict("a member of a selection is not in the ledger"));
    };
    if let Some(before) = tx.runs(message_id)?.into_iter().rfind(|run| run.took_effect) {
        let text = format!(
            "it was judged anew before, at {} by {}: {} (selection {}); it became {}, and is {} now",
            before.at, before.by, before.reason, before.selection, before.verdict, entry.verdict
        );
        return Ok(Answer { outcome: Outcome::Repeated, text });
    }
    let prepared = pipeline::prepare(inbox.bytes.clone().into(), &parts.limits);
    if let Some(text) = senders::against(tx, parts, message_id, &prepared)? {
        return Ok(Answer { outcome: Outcome::Unchanged, text });
    }
    let basis = Basis { stored: Some(message_id), ..Basis::of(parts) };
    let judged = judge(tx, parts, &prepared, &inbox.transport_id, order.now, &basis)?;
    let decision = &judged.decision;
    let effect = effect_on(&entry, decision);
    let previous = (Standing::Verdict(entry.verdict), entry.register_version.clone());
    let run = Run { took_effect: effect == Effect::Takes, ..run_of(order, message_id, decision, previous) };
    if effect == Effect::Takes {
        tx.store_run(message_id, decision, order.now, order.replay)?;
        done.judged = Some(outcome(&message_id.to_string(), &inbox, decision, None));
        done.woken += wake(tx, decision)?;
        for own in &judged.answers {
            let inbox = Inbox::new(OWN, inbox.transport_id.as_str(), order.now, own.bytes.clone());
            let Done { judged, woken, .. } = settle_one(tx, parts, &inbox, &own.decision, None)?;
            done.own.extend(judged);
            done.woken += woken;
        }
    }
    tx.add_run(&run)?;
    Ok(answer_of(effect, &entry, decision))
}

/// What a run does to its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It becomes what it was judged to be.
    Takes,
    /// It is judged to be what it is.
    Same,
    /// It has its answer: what would be decided is told.
    Tells,
    /// It could not be read and can be by now, but its sender has sent it again meanwhile.
    TellsOfRepeat,
}

fn effect_on(entry: &Entry, decision: &Decision) -> Effect {
    let is_readable = decision.identity.is_some();
    // What else is refused at level 1 one day is not refused for its form, and no business of a run.
    let was_unreadable = entry.level == 1 && !entry.findings.is_empty();
    let was_unreadable = was_unreadable && entry.findings.iter().all(|finding| finding.rule == UNREADABLE);
    match entry.verdict {
        Verdict::Parked if decision.verdict == Verdict::Parked => Effect::Same,
        Verdict::Parked => Effect::Takes,
        Verdict::Rejected if was_unreadable && !is_readable => Effect::Same,
        Verdict::Rejected if was_unreadable => {
            let sent_twice = decision.findings.iter().any(|finding| finding.rule == SENT_TWICE);
            if sent_twice { Effect::TellsOfRepeat } else { Effect::Takes }
        }
        Verdict::Accepted | Verdict::Rejected | Verdict::Partly | Verdict::Held => Effect::Tells,
    }
}

fn answer_of(effect: Effect, entry: &Entry, decision: &Decision) -> Answer {
    let (was, now) = (verdict_of(entry), format!("{}{}", decision.verdict, broken(decision)));
    match effect {
        Effect::Takes => Answer { outcome: Outcome::Judged, text: format!("it was {was}, and is {now} now") },
        Effect::Same => {
            let judged = if was == now { String::new() } else { format!(", and judged now it is {now}") };
            let text = format!("it stays {was}{judged}: nothing was changed and nothing leaves");
            Answer { outcome: Outcome::Unchanged, text }
        }
        Effect::Tells if was == now => {
            Answer { outcome: Outcome::Told, text: format!("it would be {now}, as it is; nothing was changed") }
        }
        Effect::Tells => {
            let text = format!("it is {was} and would be {now}; it has its answer, so nothing was changed");
            Answer { outcome: Outcome::Told, text }
        }
        Effect::TellsOfRepeat => {
            let text =
                "it can be read by now, but its sender has sent it again meanwhile: nothing was changed".to_owned();
            Answer { outcome: Outcome::Told, text }
        }
    }
}

/// A verdict with the rules that were broken.
fn verdict_of(entry: &Entry) -> String {
    let rules: BTreeSet<&str> = entry.findings.iter().map(|finding| finding.rule.as_str()).collect();
    format!("{}{}", entry.verdict, in_brackets(&rules))
}

fn broken(decision: &Decision) -> String {
    in_brackets(&decision.findings.iter().map(|finding| finding.rule.as_str()).collect())
}

fn in_brackets(rules: &BTreeSet<&str>) -> String {
    let rules: Vec<&str> = rules.iter().copied().collect();
    if rules.is_empty() { String::new() } else { format!(" ({})", rules.join(" ")) }
}

/// Ends the waiting of a message: it is judged on what is there.
fn judge_waiter(
    tx: &mut Tx<'_>,
    parts: &Parts,
    order: &Order<'_>,
    waiting_id: i64,
    done: &mut Done,
) -> Result<Answer, LedgerError> {
    let Some(waiter) = tx.waiter(waiting_id)? else {
        let text = "it left the waiting room before, and has the verdict that it got then".to_owned();
        return Ok(Answer { outcome: Outcome::Gone, text });
    };
    let inbox = waiter.inbox;
    let prepared = pipeline::prepare(inbox.bytes.clone().into(), &parts.limits);
    let judged = judge(tx, parts, &prepared, &inbox.transport_id, order.now, &Basis::of(parts))?;
    tx.leave_waiting(waiting_id)?;
    let end = if judged.awaits.is_empty() { WaitEnd::Came } else { WaitEnd::Over };
    *done = settle(tx, parts, &inbox, &judged, Some(end))?;
    let stored = tx.repeat_of(&inbox.transport, &inbox.transport_id, &inbox.digest)?;
    let message_id = stored.ok_or(LedgerError::Damaged("a message that was stored is gone"))?.message_id;
    let decision = &judged.decision;
    tx.add_run(&run_of(order, message_id, decision, (Standing::Waiting, None)))?;
    let text = format!("it waits no longer: it is {}{} as message {message_id}", decision.verdict, broken(decision));
    Ok(Answer { outcome: Outcome::Judged, text })
}

fn run_of(
    order: &Order<'_>,
    message_id: i64,
    decision: &Decision,
    (previous, previous_register): (Standing, Option<String>),
) -> Run {
    Run {
        message_id,
        selection: order.selection,
        at: order.now,
        previous,
        previous_register,
        verdict: decision.verdict,
        level: decision.level,
        register_version: decision.register_version.clone(),
        findings: decision.findings.clone(),
        took_effect: true,
        by: order.replay.by.clone(),
        reason: order.replay.reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use std::collections::BTreeMap;

    fn finding(rule: &str) -> Finding {
        Finding {
            rule: rule.to_owned(),
            code: None,
            class: String::new(),
            path: String::new(),
            line: 1,
            column: 1,
            nl: String::new(),
            en: String::new(),
            facts: BTreeMap::new(),
        }
    }

    fn entry(verdict: Verdict, level: u8, rules: &[&str]) -> Entry {
        Entry {
            message_id: 1,
            transport: "directory".to_owned(),
            transport_id: "x".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            kind: None,
            afzender: None,
            identificatie: None,
            gemeente: None,
            aanbieder: None,
            verdict,
            level,
            findings: rules.iter().map(|rule| finding(rule)).collect(),
            skipped: Vec::new(),
            register_version: None,
        }
    }

    fn decision(verdict: Verdict, is_readable: bool, rules: &[&str]) -> Decision {
        let identity = crate::decision::Identity {
            kind: crate::message::Kind::parse("WMO305").expect("a kind"),
            afzender: "42420001".into(),
            identificatie: "S1".to_owned(),
            dagtekening: jiff::civil::date(2026, 3, 9),
            gemeente: "0197".into(),
            aanbieder: "42420001".into(),
        };
        Decision {
            verdict,
            identity: is_readable.then_some(identity),
            findings: rules.iter().map(|rule| finding(rule)).collect(),
            ..Decision::set_aside()
        }
    }

    /// Only what nobody has an answer to becomes something else.
    #[test]
    fn a_run_takes_effect_where_nobody_has_an_answer() {
        use Verdict::{Accepted, Held, Parked, Partly, Rejected};
        let accepted = decision(Accepted, true, &[]);
        for (was, now, expected) in [
            (entry(Parked, 1, &[]), &accepted, Effect::Takes),
            (entry(Parked, 1, &["XSD"]), &decision(Rejected, false, &["XSD"]), Effect::Takes),
            (entry(Parked, 1, &[]), &decision(Rejected, true, &["TR056"]), Effect::Takes),
            (entry(Parked, 1, &[]), &decision(Held, true, &[]), Effect::Takes),
            (entry(Parked, 1, &[]), &decision(Parked, false, &["XSD"]), Effect::Same),
            (entry(Rejected, 1, &["XSD"]), &accepted, Effect::Takes),
            (entry(Rejected, 1, &["XSD"]), &decision(Rejected, true, &["TR019"]), Effect::Takes),
            (entry(Rejected, 1, &["XSD"]), &decision(Rejected, true, &["TR056"]), Effect::TellsOfRepeat),
            (entry(Rejected, 1, &["XSD"]), &decision(Rejected, false, &["XSD"]), Effect::Same),
            (entry(Rejected, 1, &["XSD"]), &decision(Parked, false, &["XSD"]), Effect::Same),
            // Refused at the door for something else than its form.
            (entry(Rejected, 1, &["SENDER"]), &accepted, Effect::Tells),
            (entry(Rejected, 1, &[]), &accepted, Effect::Tells),
            (entry(Rejected, 4, &["TR019"]), &accepted, Effect::Tells),
            (entry(Accepted, 4, &[]), &accepted, Effect::Tells),
            (entry(Partly, 4, &["TR321"]), &accepted, Effect::Tells),
            (entry(Held, 4, &[]), &accepted, Effect::Tells),
        ] {
            assert_eq!(effect_on(&was, now), expected, "{} {:?}", verdict_of(&was), now.verdict);
        }
    }

    #[test]
    fn an_answer_tells_what_was_and_what_is() {
        let text = |effect, was: &Entry, now: &Decision| answer_of(effect, was, now).text;
        let (parked, rejected) = (entry(Verdict::Parked, 1, &[]), entry(Verdict::Rejected, 4, &["TR019", "TR019"]));
        let accepted = decision(Verdict::Accepted, true, &[]);
        assert_eq!(text(Effect::Takes, &parked, &accepted), "it was parked, and is accepted now");
        assert_eq!(
            text(Effect::Tells, &rejected, &accepted),
            "it is rejected (TR019) and would be accepted; it has its answer, so nothing was changed"
        );
        let same = decision(Verdict::Rejected, true, &["TR019"]);
        assert_eq!(
            text(Effect::Tells, &rejected, &same),
            "it would be rejected (TR019), as it is; nothing was changed"
        );
    }
}
