//! Messages that are refused for who brought them: kept, told once, and never judged.

use super::{Content, Done, Gateway, Parts, Taken, inbox};
use crate::delivery::without_bsn;
use crate::effects;
use crate::ledger::{LedgerError, Tx};
use crate::message::Party;
use crate::pipeline::{self, Prepared};
use crate::sender::{Identity, Reason, Refusal, Sender, Standing};
use crate::shutdown::Shutdown;
use crate::telemetry::events::{ManyRefused, RefusalsEnded, SenderRefused};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Refusals of one sort have stopped when none came for this long.
const QUIET: Duration = Duration::from_mins(10);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(30);
/// Sorts of refusals that are told one by one while they go on. A message can name any party.
const MOST_TOLD: usize = 50;

/// Why a message is refused, and whom to tell.
struct Ground {
    refusal: Refusal,
    tell: Option<Party>,
}

/// A refusal that is new to the ledger.
pub(super) struct News {
    refusal_id: i64,
    refusal: Refusal,
}

/// Whom the report on a message that failed at level 1 is for: the one who brought it, not whoever it names.
pub(crate) fn tell_who_brought_it(prepared: &mut Prepared, standing: Standing<'_>) {
    if let (Err(unreadable), Standing::Known(sender)) = (&mut prepared.reading, standing) {
        unreadable.sender = sender.party_to_tell(unreadable.sender.as_deref()).map(|party| party.0);
    }
}

/// Keeps a message that is not to be taken from whoever brought it; `None` when nothing speaks against it.
pub(super) fn refuse(tx: &mut Tx<'_>, parts: &Parts, taken: &Taken) -> Result<Option<Done>, LedgerError> {
    let Some(Ground { refusal, tell }) = ground(parts, taken) else { return Ok(None) };
    let (digest, bytes) = match &taken.content {
        Content::Prepared(prepared) => (prepared.digest, prepared.source.to_vec()),
        Content::Panicked(bytes) => (pipeline::digest(bytes), bytes.to_vec()),
    };
    // Who sent it over HTTP has the answer already.
    let is_answered = taken.transport == "http";
    let report = (!is_answered).then(|| effects::sender_refused(parts.clock.now(), &refusal, tell));
    let reason = refusal.reason;
    let kept = tx.refuse(&inbox(taken, digest, bytes), &refusal, report.as_ref())?;
    let news = kept.map(|refusal_id| News { refusal_id, refusal });
    Ok(Some(Done { refused: Some((reason, news)), ..Done::default() }))
}

fn ground(parts: &Parts, taken: &Taken) -> Option<Ground> {
    let standing = parts.senders.standing(taken.transport, taken.identity.as_ref());
    let (kind, claimed, identificatie) = match &taken.content {
        Content::Panicked(_) => (None, None, None),
        Content::Prepared(prepared) => match &prepared.reading {
            Ok(readable) => {
                let (message, header) = (&readable.message, &readable.message.header);
                let own = header.identificatie_retour.as_ref().unwrap_or(&header.identificatie.identificatie);
                (Some(message.kind), Some(message.sender().as_str()), Some(own.as_str().to_owned()))
            }
            Err(unreadable) => (unreadable.faults.kind, unreadable.sender.as_deref(), unreadable.identificatie.clone()),
        },
    };
    let is_readable = matches!(&taken.content, Content::Prepared(prepared) if prepared.reading.is_ok());
    let (reason, sender) = match standing {
        Standing::Open => return None,
        Standing::Unknown(reason) => (reason, None),
        // What fails at level 1 comes to nothing in anybody's name, and its sender must hear what is wrong with it.
        Standing::Known(_) if !is_readable => return None,
        Standing::Known(sender) if claimed.is_some_and(|claimed| sender.may_send_for(claimed)) => return None,
        Standing::Known(sender) => (Reason::OtherParty, Some(sender)),
    };
    let refusal = Refusal {
        reason,
        identity: taken.identity.as_ref().map(Identity::shown),
        sender: sender.map(|sender| sender.name.clone()),
        kind,
        claimed: claimed.map(str::to_owned),
        identificatie,
    };
    Some(Ground { refusal, tell: sender.and_then(Sender::only_party) })
}

/// Notes who brought a message that is stored and names nobody who could be read: it may be judged anew one day, and must
/// not come to anything in the name of another then.
pub(super) fn note_bringer(
    tx: &mut Tx<'_>,
    parts: &Parts,
    taken: &Taken,
    digest: &[u8; 32],
) -> Result<(), LedgerError> {
    let Standing::Known(sender) = parts.senders.standing(taken.transport, taken.identity.as_ref()) else {
        return Ok(());
    };
    match tx.repeat_of(taken.transport, &taken.transport_id, digest)? {
        Some(stored) => tx.note_bringer(stored.message_id, &sender.name),
        None => Ok(()),
    }
}

/// Why a stored message may not be judged anew: by now it can be read, and names a party that whoever brought it may not
/// send for. `None` when nothing speaks against it.
pub(super) fn against(
    tx: &Tx<'_>,
    parts: &Parts,
    message_id: i64,
    prepared: &Prepared,
) -> Result<Option<String>, LedgerError> {
    let (Some(name), Ok(readable)) = (tx.bringer(message_id)?, &prepared.reading) else { return Ok(None) };
    let claimed = readable.message.sender().as_str();
    let sender = parts.senders.named(&name);
    if sender.is_some_and(|sender| sender.may_send_for(claimed)) {
        return Ok(None);
    }
    let claimed = without_bsn(claimed);
    Ok(Some(format!(
        "it was brought by {name}, who may not send for {claimed}, which it names: have it sent by somebody who may, or put \
         [[sender]] right (docs/senders.md)"
    )))
}

/// Counts a refusal and tells of it, unless the same goes on already.
pub(super) fn tell(parts: &Parts, transport: &'static str, news: Option<&News>) {
    let Some(News { refusal_id, refusal }) = news else { return };
    let event = SenderRefused {
        transport,
        refusal_id: *refusal_id,
        reason: refusal.reason.as_str(),
        sender: refusal.sender.as_deref(),
        claimed: refusal.claimed.as_deref(),
    };
    event.count(&parts.telemetry);
    let case = Case {
        transport,
        identity: refusal.identity.clone(),
        sender: refusal.sender.clone(),
        claimed: refusal.claimed.clone(),
    };
    match parts.alarms.lock().unwrap_or_else(PoisonError::into_inner).note(case, Instant::now()) {
        Told::First => event.emit(),
        Told::Many => ManyRefused.emit(),
        Told::Known => {}
    }
}

impl Gateway {
    /// Tells when refusals that were told have stopped, until the stop.
    pub async fn keep_alarms(self: Arc<Self>, stop: Shutdown) {
        while stop.sleep(LOOK).await {
            let ended = self.parts.alarms.lock().unwrap_or_else(PoisonError::into_inner).ended(Instant::now());
            for (case, run) in ended {
                RefusalsEnded {
                    transport: case.transport,
                    sender: case.sender.as_deref(),
                    claimed: case.claimed.as_deref(),
                    count: run.count,
                    lasted: run.last.saturating_duration_since(run.first),
                }
                .emit();
            }
        }
    }
}

/// Refusals of one sort: by whom, and in whose name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Case {
    transport: &'static str,
    identity: Option<String>,
    sender: Option<String>,
    claimed: Option<String>,
}

/// How often, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: Instant,
    last: Instant,
    count: u64,
}

/// What to tell of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It is the first of its sort.
    First,
    /// It is the first beyond those that are told one by one.
    Many,
    /// It was told.
    Known,
}

/// The refusals that go on, so that each sort is told when it begins and when it is over.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    open: BTreeMap<Case, Run>,
    told_many: bool,
}

impl Alarms {
    fn note(&mut self, case: Case, now: Instant) -> Told {
        if let Some(run) = self.open.get_mut(&case) {
            *run = Run { last: now, count: run.count + 1, ..*run };
            return Told::Known;
        }
        if self.open.len() < MOST_TOLD {
            self.open.insert(case, Run { first: now, last: now, count: 1 });
            return Told::First;
        }
        if std::mem::replace(&mut self.told_many, true) { Told::Known } else { Told::Many }
    }

    fn ended(&mut self, now: Instant) -> Vec<(Case, Run)> {
        let ended: Vec<(Case, Run)> =
            self.open.extract_if(.., |_, run| now.saturating_duration_since(run.last) >= QUIET).collect();
        self.told_many &= self.open.len() >= MOST_TOLD;
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(claimed: &str) -> Case {
        Case { transport: "amqp", identity: None, sender: None, claimed: Some(claimed.to_owned()) }
    }

    #[test]
    fn refusals_of_one_sort_are_told_when_they_begin_and_when_they_are_over() {
        let (mut alarms, start) = (Alarms::default(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(alarms.note(case("0197"), start), Told::First);
        assert_eq!(alarms.note(case("0222"), later(1)), Told::First);
        assert_eq!(alarms.note(case("0197"), later(500)), Told::Known);
        assert_eq!(alarms.ended(later(600)), []);
        let ended = alarms.ended(later(601));
        assert_eq!(ended, [(case("0222"), Run { first: later(1), last: later(1), count: 1 })]);
        let ended = alarms.ended(later(1_100));
        assert_eq!(ended, [(case("0197"), Run { first: start, last: later(500), count: 2 })]);
        assert_eq!(alarms.note(case("0197"), later(1_101)), Told::First, "it begins anew");
    }

    #[test]
    fn very_many_sorts_are_told_as_one() {
        let (mut alarms, now) = (Alarms::default(), Instant::now());
        let told: Vec<Told> = (0..1_000).map(|n| alarms.note(case(&format!("{n:08}")), now)).collect();
        let count = |which| told.iter().filter(|told| **told == which).count();
        assert_eq!((count(Told::First), count(Told::Many), count(Told::Known)), (MOST_TOLD, 1, 1_000 - MOST_TOLD - 1));
        assert_eq!(alarms.ended(now + QUIET).len(), MOST_TOLD);
        assert_eq!(alarms.note(case("0197"), now + QUIET), Told::First);
    }
}
