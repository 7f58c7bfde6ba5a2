//! Stored messages that are sent or judged once more, in process and with a real ledger: what was set aside becomes what it
//! would have been, what left leaves again under the same id, nothing happens twice.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use sluis::clock::FixedClock;
use sluis::config::WaitingRoom;
use sluis::contract::{Contracts, Policies, load};
use sluis::decision::{Decision, Purpose, Verdict};
use sluis::delivery::outbox::{Due, Outcome as Attempt, Settlement};
use sluis::demo::compose::{Allocate, Claim, Composer, Person};
use sluis::doctor::{Patience, examine};
use sluis::finding::Finding;
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Entry, Filter, Inbox, Keys, Ledger, MemberDone, Settings, Target};
use sluis::message::{Cents, Count, Date, Eenheid, Frequentie, Law, Message, Omvang, Party, Product};
use sluis::replay::{Choice, Intent, Outcome, Replay, Standing};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const DAY: Date = date(2026, 3, 9);
const AALTEN: &str = "0197";
const PROVIDER: &str = "42420001";

/// A gateway with the sample register.
struct Desk {
    gateway: Gateway,
    ledger: Ledger,
    clock: Arc<FixedClock>,
}

fn memory() -> Ledger {
    Ledger::open(Settings { location: sluis::ledger::Location::Memory, keys: Keys::generate(), max_group: 8 })
        .expect("a ledger opens")
}

/// A ledger in a folder; opening it again finds it as it was.
fn file(folder: &Path) -> Ledger {
    let (path, key) = (folder.join("ledger.sqlite"), folder.join("ledger.key"));
    let keys = if key.exists() { Keys::load(&key) } else { Keys::create(&key) };
    let settings = Settings { location: path.into(), keys: keys.expect("keys"), max_group: 64 };
    Ledger::open(settings).expect("a ledger opens")
}

/// A decision on a message that an earlier version could not read although it fits its schema.
fn unreadable() -> Decision {
    let finding = Finding {
        rule: "XSD".to_owned(),
        code: None,
        class: "Bericht".to_owned(),
        path: "/Bericht".to_owned(),
        line: 1,
        column: 1,
        nl: "element niet verwacht".to_owned(),
        en: "element not expected".to_owned(),
        facts: BTreeMap::new(),
    };
    Decision { verdict: Verdict::Rejected, findings: vec![finding], ..Decision::set_aside() }
}

impl Desk {
    fn open(ledger: Ledger) -> Desk {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let register = load(&folder).expect("the sample register has no fault");
        Desk::with(ledger, Contracts::new(vec![Arc::new(register)], Policies::default()))
    }

    fn with(ledger: Ledger, contracts: Contracts) -> Desk {
        let clock = Arc::new(FixedClock::on(DAY));
        let own: Arc<dyn sluis::clock::Clock> = Arc::clone(&clock) as _;
        let room = WaitingRoom { longest: Some(Duration::from_mins(10)), max_messages: 100 };
        let options = Options { waiting_room: room, ..Options::default() };
        let telemetry = Telemetry::new("replay");
        let gateway = Gateway::new("replay", Limits::default(), contracts, ledger.clone(), own, &telemetry, options);
        Desk { gateway, ledger, clock }
    }

    fn now(&self) -> Timestamp {
        sluis::clock::Clock::now(&*self.clock)
    }

    async fn take(&self, id: &str, bytes: Vec<u8>) {
        let incoming = Incoming { transport: "directory", transport_id: id.to_owned(), identity: None, bytes };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    /// Puts a message into the ledger with a decision that no rule gave; gives its number.
    async fn put(&self, id: &str, bytes: Vec<u8>, decision: Decision) -> i64 {
        let inbox = Inbox::new("directory", id, self.now(), bytes);
        let stored = self.ledger.run(move |tx| tx.store(&inbox, &decision)).await;
        stored.expect("it can be stored").message_id
    }

    async fn freeze(&self, choice: Choice) -> i64 {
        assert_eq!(choice.faults(), Vec::<String>::new());
        let now = self.now();
        let frozen = self.ledger.run(move |tx| tx.freeze(&choice.to_string(), &tx.chosen(&choice)?, "m.maker", now));
        frozen.await.expect("it can be frozen")
    }

    async fn order(&self, selection: i64, intent: Intent, again: bool) {
        let replay = Replay { intent, again, reason: "storing verholpen".to_owned(), by: "j.jansen".to_owned() };
        let now = self.now();
        let ordered = self.ledger.run(move |tx| tx.order_replay(selection, &replay, now)).await;
        assert!(ordered.expect("it can be ordered"), "it had no order yet");
    }

    /// Carries out all that is ordered; gives how many members there were in each portion.
    async fn work(&self) -> Vec<usize> {
        let mut portions = Vec::new();
        loop {
            match self.gateway.carry_out_replays().await.expect("the ledger works") {
                0 => return portions,
                count => portions.push(count),
            }
        }
    }

    /// What became of the members of a selection, in order.
    async fn done(&self, selection: i64) -> Vec<MemberDone> {
        let members =
            self.ledger.run(move |tx| tx.selection_members(selection, 0, 10_000)).await.expect("members can be read");
        members.into_iter().map(|member| member.done.expect("it was carried out")).collect()
    }

    /// Selects, orders, carries out; gives what became of the members.
    async fn replay(&self, choice: Choice, intent: Intent, again: bool) -> Vec<MemberDone> {
        let selection = self.freeze(choice).await;
        self.order(selection, intent, again).await;
        self.work().await;
        self.done(selection).await
    }

    async fn judge(&self, id: i64) -> MemberDone {
        let [done] = self.replay(ids(&[id]), Intent::Judge, false).await.try_into().expect("one member");
        done
    }

    async fn send_again(&self, id: i64, again: bool) -> MemberDone {
        let [done] = self.replay(ids(&[id]), Intent::Resend, again).await.try_into().expect("one member");
        done
    }

    async fn entry(&self, transport_id: &str) -> Entry {
        let filter = Filter { transport_id: Some(transport_id.to_owned()), ..Filter::default() };
        let found = self.ledger.run(move |tx| tx.messages(&filter)).await.expect("the ledger can be read");
        let [entry] = found.try_into().expect("one message of this delivery");
        entry
    }

    async fn outbox(&self) -> Vec<Due> {
        self.ledger.run(|tx| tx.due(Timestamp::MAX, 10_000)).await.expect("the outbox can be read")
    }

    /// Notes that everything that waits was taken by its receiver.
    async fn deliver_all(&self) {
        let at = self.now();
        let settle = |due: Due| Settlement { id: due.id, at, outcome: Attempt::Sent };
        let settled: Vec<Settlement> = self.outbox().await.into_iter().map(settle).collect();
        self.ledger.run(move |tx| tx.settle(&settled)).await.expect("attempts can be noted");
    }

    async fn runs(&self, id: i64) -> Vec<sluis::ledger::Run> {
        self.ledger.run(move |tx| tx.runs(id)).await.expect("runs can be read")
    }

    async fn is_sound(&self) {
        assert_eq!(self.ledger.run(|tx| tx.check_integrity()).await.expect("the ledger can be read"), []);
    }
}

fn ids(ids: &[i64]) -> Choice {
    Choice { ids: Some(ids.to_vec()), ..Choice::default() }
}

fn stands(standing: Standing) -> Choice {
    Choice { standing: Some(standing), ..Choice::default() }
}

fn composer(law: Law) -> Composer {
    Composer { law, gemeente: Party::from(AALTEN), aanbieder: Party::from(PROVIDER), dagtekening: DAY }
}

fn allocate(law: Law, nummer: Count) -> Allocate {
    let (categorie, code) = match law {
        Law::Wmo => ("02", "02A03"),
        Law::Jeugdwet => ("45", "45A04"),
    };
    Allocate {
        nummer,
        product: Product { categorie: categorie.into(), code: Some(code.into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: Omvang { volume: 3, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek },
    }
}

fn allocation(law: Law, nummer: Count) -> Vec<u8> {
    composer(law).toewijzing(&format!("A{nummer}"), &Person::nth(1), &allocate(law, nummer)).write()
}

fn start(law: Law, nummer: Count) -> Vec<u8> {
    composer(law).start(&format!("S{nummer}"), &Person::nth(1), &allocate(law, nummer), date(2026, 1, 5)).write()
}

fn declaration(law: Law) -> Vec<u8> {
    let january = (date(2026, 1, 1), date(2026, 1, 31));
    let claim = Claim {
        nummer: "P1".to_owned(),
        toewijzing: 1,
        product: allocate(law, 1).product,
        periode: january,
        volume: 12,
        eenheid: Eenheid::Uur,
        tarief: Cents(6000),
    };
    composer(law).declaratie("D1", "D1", january, &[(&Person::nth(1), vec![claim])]).write()
}

/// Purpose, subject, receiver and bytes of what is to leave; the moment in an event and the id of a row are their own.
fn leaves(outbox: Vec<Due>) -> Vec<(Purpose, String, Option<String>, Vec<u8>)> {
    outbox.into_iter().map(|due| (due.purpose, due.subject, due.to, due.body)).collect()
}

/// A message that is judged anew on the day on which it came leads to what it would have led to: the same reply under the
/// same identification, the same forward, questions, budgets; once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_becomes_what_it_would_have_been() {
    for law in Law::ALL {
        let messages = [("a", allocation(law, 1)), ("s", start(law, 1)), ("d", declaration(law))];
        for (set_aside_at, ..) in messages.iter().enumerate() {
            let (undisturbed, desk) = (Desk::open(memory()), Desk::open(memory()));
            let mut parked = 0;
            for (at, (id, bytes)) in messages.iter().enumerate() {
                undisturbed.take(id, bytes.clone()).await;
                if at == set_aside_at {
                    parked = desk.put(id, bytes.clone(), Decision::set_aside()).await;
                    assert!(desk.outbox().await.len() < undisturbed.outbox().await.len(), "nothing leaves of it");
                    assert_eq!(desk.judge(parked).await.outcome, Outcome::Judged, "{law:?} {id}");
                } else {
                    desk.take(id, bytes.clone()).await;
                }
                assert_eq!(desk.entry(id).await.verdict, undisturbed.entry(id).await.verdict, "{law:?} {id}");
            }
            assert_eq!(leaves(desk.outbox().await), leaves(undisturbed.outbox().await), "{law:?}");
            let of = |desk: &Desk| {
                desk.ledger.run(|tx| {
                    let counts = tx.counts(Timestamp::UNIX_EPOCH)?;
                    Ok((tx.budgets()?, tx.accounts()?, counts.questions))
                })
            };
            let (mine, theirs) = (of(&desk).await.expect("it reads"), of(&undisturbed).await.expect("it reads"));
            assert_eq!(mine, theirs, "{law:?}: budgets, accounts and questions");
            assert!(!mine.1.is_empty(), "something was booked");
            let [run] = desk.runs(parked).await.try_into().expect("one run");
            assert_eq!((run.previous.as_str(), run.verdict, run.took_effect), ("parked", Verdict::Accepted, true));
            assert_eq!((run.by.as_str(), run.reason.as_str()), ("j.jansen", "storing verholpen"));
            assert!(run.register_version.is_some() && run.previous_register.is_none());
            let before = desk.outbox().await.len();
            let again = desk.judge(parked).await;
            assert_eq!(again.outcome, Outcome::Repeated, "{}", again.answer);
            assert!(
                again.answer.contains("j.jansen") && again.answer.contains("storing verholpen"),
                "{}",
                again.answer
            );
            assert_eq!((desk.outbox().await.len(), desk.runs(parked).await.len()), (before, 1), "nothing twice");
            desk.is_sound().await;
        }
    }
}

/// It is answered on the day on which it is judged, as any message is.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_bears_the_day_of_the_judging() {
    let desk = Desk::open(memory());
    desk.take("a", allocation(Law::Wmo, 1)).await;
    let parked = desk.put("s", start(Law::Wmo, 1), Decision::set_aside()).await;
    desk.clock.advance(SignedDuration::from_hours(48));
    desk.judge(parked).await;
    let due = desk.outbox().await;
    let reply = due.iter().find(|due| due.subject == "WMO306").expect("it has its reply");
    let text = String::from_utf8_lossy(&reply.body);
    assert!(text.contains("2026-03-11") && reply.correlation_id == "s", "{text}");
    assert_eq!(reply.attempts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_what_was_set_aside_is_woken() {
    let desk = Desk::open(memory());
    let parked = desk.put("a", allocation(Law::Wmo, 1), Decision::set_aside()).await;
    desk.take("s", start(Law::Wmo, 1)).await;
    let now = desk.now();
    let due = || desk.ledger.run(move |tx| tx.waiters_due(now, 10));
    assert_eq!(due().await.expect("it reads"), Vec::<i64>::new(), "it waits for its allocation");
    assert_eq!(desk.judge(parked).await.outcome, Outcome::Judged);
    assert_eq!(due().await.expect("it reads").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_judged_yet_stays_set_aside_and_tells_nobody() {
    let desk = Desk::open(memory());
    desk.take("x", b"<Bericht><nonsense/>".to_vec()).await;
    let entry = desk.entry("x").await;
    assert_eq!(entry.verdict, Verdict::Parked);
    let leaving = leaves(desk.outbox().await);
    for runs in 1..=2 {
        let done = desk.judge(entry.message_id).await;
        assert_eq!(done.outcome, Outcome::Unchanged, "{}", done.answer);
        assert_eq!(desk.runs(entry.message_id).await.len(), runs, "a new version may be tried again");
    }
    assert_eq!((leaves(desk.outbox().await), desk.entry("x").await), (leaving, entry));
    desk.is_sound().await;
}

/// The kind and the sender that a later version can read stay known when it still refuses the message.
#[tokio::test(flavor = "multi_thread")]
async fn what_turns_out_to_be_unreadable_gets_its_error_report() {
    let desk = Desk::open(memory());
    let broken =
        String::from_utf8(start(Law::Wmo, 1)).expect("messages are UTF-8").replacen("Begindatum>", "Begin>", 2);
    let parked = desk.put("s", broken.into_bytes(), Decision::set_aside()).await;
    let done = desk.judge(parked).await;
    assert_eq!(done.outcome, Outcome::Judged, "{}", done.answer);
    let entry = desk.entry("s").await;
    assert_eq!((entry.verdict, entry.level), (Verdict::Rejected, 1));
    assert_eq!(
        (entry.kind.map(|kind| kind.to_string()), entry.afzender.as_deref()),
        (Some("WMO305".to_owned()), Some(PROVIDER))
    );
    let due = desk.outbox().await;
    assert_eq!((due.len(), due[0].purpose, due[0].to.as_deref()), (1, Purpose::Error, Some(PROVIDER)));
    // By now it is one that cannot be read, and was not set aside by us.
    assert_eq!(desk.judge(parked).await.outcome, Outcome::Repeated);
    desk.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_and_can_be_by_now_is_judged() {
    let desk = Desk::open(memory());
    desk.take("a", allocation(Law::Wmo, 1)).await;
    let wrongly = desk.put("s", start(Law::Wmo, 1), unreadable()).await;
    let done = desk.judge(wrongly).await;
    assert_eq!(done.outcome, Outcome::Judged, "{}", done.answer);
    assert_eq!(desk.entry("s").await.verdict, Verdict::Accepted);
    assert!(desk.outbox().await.iter().any(|due| due.subject == "WMO306"), "it has its reply");
    desk.is_sound().await;
    // What its sender has sent again meanwhile has its answer.
    desk.take("a2", allocation(Law::Wmo, 2)).await;
    let overtaken = desk.put("s2", start(Law::Wmo, 2), unreadable()).await;
    desk.take("s2 again", start(Law::Wmo, 2)).await;
    let leaving = leaves(desk.outbox().await);
    let done = desk.judge(overtaken).await;
    assert_eq!(done.outcome, Outcome::Told, "{}", done.answer);
    assert!(done.answer.contains("sent it again"), "{}", done.answer);
    assert_eq!((desk.entry("s2").await.verdict, leaves(desk.outbox().await)), (Verdict::Rejected, leaving));
    // And what is broken stays broken; its sender is not told twice.
    let broken =
        String::from_utf8(start(Law::Wmo, 3)).expect("messages are UTF-8").replacen("Begindatum>", "Begin>", 2);
    desk.take("s3", broken.into_bytes()).await;
    let before = leaves(desk.outbox().await);
    let done = desk.judge(desk.entry("s3").await.message_id).await;
    assert_eq!((done.outcome, leaves(desk.outbox().await)), (Outcome::Unchanged, before), "{}", done.answer);
    desk.is_sound().await;
}

/// Whoever has an answer gets no second one: the difference is told.
#[tokio::test(flavor = "multi_thread")]
async fn an_answered_message_is_only_told_about() {
    for law in Law::ALL {
        let desk = Desk::open(memory());
        desk.take("a", allocation(law, 1)).await;
        desk.take("s", start(law, 1)).await;
        desk.take("d", declaration(law)).await;
        let before = (leaves(desk.outbox().await), desk.ledger.run(|tx| tx.accounts()).await.expect("it reads"));
        for id in ["a", "s", "d"] {
            let entry = desk.entry(id).await;
            assert_eq!(entry.verdict, Verdict::Accepted, "{id}");
            let done = desk.judge(entry.message_id).await;
            assert_eq!(done.outcome, Outcome::Told, "{}", done.answer);
            assert!(done.answer.contains("would be accepted, as it is"), "{law:?} {id}: {}", done.answer);
            let [run] = desk.runs(entry.message_id).await.try_into().expect("one run");
            assert!(!run.took_effect && run.verdict == Verdict::Accepted);
            assert_eq!(desk.entry(id).await, entry);
        }
        let after = (leaves(desk.outbox().await), desk.ledger.run(|tx| tx.accounts()).await.expect("it reads"));
        assert_eq!(after, before, "{law:?}");
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_told_with_the_rules() {
    let desk = Desk::open(memory());
    desk.take("s", start(Law::Wmo, 1)).await;
    // It waits for its allocation; somebody ends that.
    let waiting = stands(Standing::Waiting);
    let selection = desk.freeze(waiting.clone()).await;
    desk.order(selection, Intent::Judge, false).await;
    desk.work().await;
    let [done] = desk.done(selection).await.try_into().expect("one member");
    assert_eq!(done.outcome, Outcome::Judged, "{}", done.answer);
    let entry = desk.entry("s").await;
    assert!(done.answer.contains("rejected (TR019)") && done.answer.contains(&format!("message {}", entry.message_id)));
    let [run] = desk.runs(entry.message_id).await.try_into().expect("one run");
    assert_eq!((run.previous, run.took_effect), (Standing::Waiting, true));
    // The same again is told to be that.
    assert_eq!(desk.judge(entry.message_id).await.outcome, Outcome::Repeated);
    // Another one that came too early, and was answered: it would be accepted by now.
    desk.take("s2", start(Law::Wmo, 2)).await;
    desk.clock.advance(SignedDuration::from_hours(1));
    let selection = desk.freeze(waiting).await;
    let keeper = desk.ledger.run(|tx| {
        let due = tx.waiters_due(Timestamp::MAX, 10)?;
        due.into_iter().try_for_each(|id| tx.leave_waiting(id))
    });
    keeper.await.expect("it leaves the room by itself");
    desk.order(selection, Intent::Judge, false).await;
    desk.work().await;
    assert_eq!(desk.done(selection).await[0].outcome, Outcome::Gone);
    let refused = Desk::open(memory());
    let rejected = composer(Law::Wmo).start("S9", &Person::nth(1), &allocate(Law::Wmo, 1), DAY);
    refused.take("r", with_change(rejected)).await;
    let entry = refused.entry("r").await;
    assert_eq!(entry.verdict, Verdict::Rejected);
    let leaving = leaves(refused.outbox().await);
    let done = refused.judge(entry.message_id).await;
    assert!(done.answer.contains("would be rejected (CS058), as it is"), "{}", done.answer);
    assert_eq!(leaves(refused.outbox().await), leaving);
    refused.is_sound().await;
}

/// A start that says it changes one: it does not wait for its allocation, and is rejected.
fn with_change(mut message: Message) -> Vec<u8> {
    let sluis::message::Body::Start(client) = &mut message.body else { panic!("a 305") };
    client.producten[0].status_aanlevering = sluis::message::StatusAanlevering::Gewijzigd;
    message.write()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_leaves_again_under_the_same_id() {
    let desk = Desk::open(memory());
    desk.take("a", allocation(Law::Wmo, 1)).await;
    desk.take("s", start(Law::Wmo, 1)).await;
    let id = desk.entry("s").await.message_id;
    let first = desk.outbox().await;
    // Nothing of it has left: it is left alone.
    let early = desk.send_again(id, false).await;
    assert_eq!(early.outcome, Outcome::Waiting, "{}", early.answer);
    assert_eq!(desk.outbox().await, first);
    desk.deliver_all().await;
    assert!(desk.outbox().await.is_empty());
    desk.clock.advance(SignedDuration::from_hours(24 * 60));
    let done = desk.send_again(id, false).await;
    assert_eq!(done.outcome, Outcome::Resent, "{}", done.answer);
    assert!(done.answer.contains("reply WMO306 to 42420001") && done.answer.contains("forward WMO305 to 0197"));
    let again = desk.outbox().await;
    let of = |due: &Due| (due.id, due.sequence, due.body.clone(), due.verdict_json.clone());
    let mine: Vec<_> = first.iter().filter(|due| due.correlation_id == "s").map(of).collect();
    assert_eq!(again.iter().map(of).collect::<Vec<_>>(), mine, "the same bytes under the same ids");
    assert!(again.iter().all(|due| due.attempts == 1), "attempts go on counting");
    // It is as old as its order: no alarm of two months.
    let (now, patience) = (desk.now(), Patience { retry: Duration::from_mins(5), waiting: None, held: 1 });
    let counts = desk.ledger.run(move |tx| tx.counts(now)).await.expect("it reads");
    assert_eq!(counts.outbox[&Purpose::Reply].oldest, Some(Duration::ZERO));
    let diagnosis = desk.ledger.run(move |tx| examine(tx, now, patience)).await.expect("it can be examined");
    assert!(diagnosis.findings.iter().all(|finding| finding.check != "outbox"), "{:?}", diagnosis.findings);
    // Ordered again: what waits is left alone; what was taken is not sent a third time, unless somebody insists.
    assert_eq!(desk.send_again(id, true).await.outcome, Outcome::Waiting);
    desk.deliver_all().await;
    let repeated = desk.send_again(id, false).await;
    assert_eq!(repeated.outcome, Outcome::Repeated, "{}", repeated.answer);
    assert!(repeated.answer.contains("j.jansen") && repeated.answer.contains("--again"), "{}", repeated.answer);
    assert!(desk.outbox().await.is_empty());
    assert_eq!(desk.send_again(id, true).await.outcome, Outcome::Resent);
    assert_eq!(desk.outbox().await.iter().map(of).collect::<Vec<_>>(), mine);
    assert!(desk.runs(id).await.is_empty(), "nothing was judged");
    desk.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_row_behind_one_that_leaves_again_keeps_its_age() {
    let desk = Desk::open(memory());
    desk.take("a", allocation(Law::Wmo, 1)).await;
    desk.take("s1", start(Law::Wmo, 1)).await;
    desk.deliver_all().await;
    let first = desk.entry("s1").await.message_id;
    desk.take("x", b"no message".to_vec()).await;
    let rejected = composer(Law::Wmo).start("S9", &Person::nth(1), &allocate(Law::Wmo, 1), DAY);
    desk.take("r", with_change(rejected)).await;
    desk.clock.advance(SignedDuration::from_hours(3));
    assert_eq!(desk.send_again(first, false).await.outcome, Outcome::Resent);
    let now = desk.now();
    let counts = desk.ledger.run(move |tx| tx.counts(now)).await.expect("it reads");
    let reply = counts.outbox[&Purpose::Reply];
    assert_eq!((reply.count, reply.oldest), (2, Some(Duration::from_hours(3))), "that of the rejected start");
    let forward = counts.outbox[&Purpose::Forward];
    assert_eq!((forward.count, forward.oldest), (1, Some(Duration::ZERO)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_message_without_effects_there_is_nothing_to_send() {
    let desk = Desk::open(memory());
    let parked = desk.put("s", start(Law::Wmo, 1), Decision::set_aside()).await;
    let done = desk.send_again(parked, false).await;
    assert_eq!(done.outcome, Outcome::Nothing, "{}", done.answer);
    assert_eq!(desk.entry("s").await.verdict, Verdict::Parked, "sending judges nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_holds_what_was_there_when_it_was_made() {
    let desk = Desk::open(memory());
    for number in 1..=5 {
        desk.take(&format!("a{number}"), allocation(Law::Wmo, number)).await;
        desk.take(&format!("j{number}"), allocation(Law::Jeugdwet, number)).await;
    }
    let kind = sluis::message::Kind::parse("WMO301");
    let choice = Choice { kind, gemeente: Some(AALTEN.into()), aanbieder: Some(PROVIDER.into()), ..Choice::default() };
    let selection = desk.freeze(choice.clone()).await;
    for number in 6..=9 {
        desk.take(&format!("a{number}"), allocation(Law::Wmo, number)).await;
    }
    desk.deliver_all().await;
    desk.order(selection, Intent::Resend, false).await;
    assert_eq!(desk.work().await, [5]);
    let mut forwards = desk.outbox().await;
    forwards.retain(|due| due.purpose == Purpose::Forward);
    let ids: Vec<String> = forwards.into_iter().map(|due| due.correlation_id).collect();
    assert_eq!(ids, ["a1", "a2", "a3", "a4", "a5"]);
    let selection = desk.ledger.run(move |tx| tx.selection(selection)).await.expect("it reads").expect("it is there");
    assert_eq!((selection.members, selection.outcomes), (5, BTreeMap::from([(Outcome::Resent, 5)])));
    assert!(selection.ordered.is_some_and(|given| given.done_at.is_some()));
    assert_eq!(selection.chosen, choice.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_meets_all_that_it_says() {
    let desk = Desk::open(memory());
    desk.take("a1", allocation(Law::Wmo, 1)).await;
    desk.take("x", b"no message".to_vec()).await;
    let rejected = composer(Law::Wmo).start("S9", &Person::nth(1), &allocate(Law::Wmo, 1), DAY);
    desk.take("r", with_change(rejected)).await;
    desk.take("w", start(Law::Wmo, 7)).await;
    desk.clock.advance(SignedDuration::from_hours(1));
    let later = desk.now();
    desk.take("j1", allocation(Law::Jeugdwet, 1)).await;
    let numbers =
        |choice: Choice| async { desk.ledger.run(move |tx| tx.chosen(&choice)).await.expect("it can be chosen") };
    let message = |id: i64| Target::Message(id);
    let all = Choice::default();
    for (choice, expected) in [
        (Choice { standing: Standing::parse("rejected"), ..all.clone() }, vec![message(3)]),
        (Choice { standing: Standing::parse("parked"), ..all.clone() }, vec![message(2)]),
        (stands(Standing::Waiting), vec![Target::Waiting(1)]),
        (Choice { since: Some(later), ..stands(Standing::Waiting) }, vec![]),
        (Choice { rule: Some("CS058".to_owned()), ..all.clone() }, vec![message(3)]),
        (Choice { rule: Some("CS05".to_owned()), ..all.clone() }, vec![]),
        (Choice { rule: Some("XSD".to_owned()), ..all.clone() }, vec![message(2)]),
        (Choice { since: Some(later), ..all.clone() }, vec![message(4)]),
        (Choice { until: Some(later), ..all.clone() }, vec![message(1), message(2), message(3)]),
        (Choice { ids: Some(vec![1, 4]), until: Some(later), ..all.clone() }, vec![message(1)]),
        (Choice { gemeente: Some("0294".into()), ..all.clone() }, vec![]),
        (Choice { aanbieder: Some(PROVIDER.into()), ..all.clone() }, vec![message(1), message(3), message(4)]),
    ] {
        let text = choice.to_string();
        assert_eq!(numbers(choice).await, expected, "{text}");
    }
    let unknown = desk.ledger.run(|tx| tx.unknown_messages(&[1, 99, -4, 4])).await.expect("it reads");
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), [-4, 99]);
    let empty = desk.ledger.run(|tx| tx.freeze("nothing", &[], "m.maker", Timestamp::UNIX_EPOCH)).await;
    assert!(empty.is_err(), "a selection of nothing is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_has_one_intent_and_is_carried_out_once() {
    let desk = Desk::open(memory());
    desk.take("a1", allocation(Law::Wmo, 1)).await;
    desk.deliver_all().await;
    let selection = desk.freeze(ids(&[1])).await;
    desk.order(selection, Intent::Resend, false).await;
    for intent in [Intent::Resend, Intent::Judge] {
        let replay = Replay { intent, again: true, reason: "nog eens".to_owned(), by: "x".to_owned() };
        let ordered = desk.ledger.run(move |tx| tx.order_replay(selection, &replay, Timestamp::UNIX_EPOCH)).await;
        assert!(!ordered.expect("it reads"), "{intent:?}");
    }
    assert_eq!(desk.work().await, [1]);
    desk.deliver_all().await;
    assert_eq!(desk.work().await, Vec::<usize>::new(), "nothing is left of it");
    assert!(desk.outbox().await.is_empty());
}

/// The daemon dies between portions and in the middle of one: what is left is done by the next, each member once.
#[tokio::test(flavor = "multi_thread")]
async fn a_selection_goes_on_where_it_was_broken_off() {
    const COUNT: usize = 130;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let desk = Desk::open(file(folder.path()));
    for number in 1..=COUNT as Count {
        desk.put(&format!("a{number}"), allocation(Law::Wmo, number), Decision::set_aside()).await;
    }
    let selection = desk.freeze(stands(Standing::Verdict(Verdict::Parked))).await;
    desk.order(selection, Intent::Judge, false).await;
    assert_eq!(desk.gateway.carry_out_replays().await.expect("the first portion"), 50);
    // A message that comes in between is judged between.
    desk.take("new", allocation(Law::Wmo, 1000)).await;
    assert_eq!(desk.entry("new").await.verdict, Verdict::Accepted);
    // The second portion is queued, and its jobs run; nobody hears of them.
    drop(tokio::time::timeout(Duration::from_millis(1), desk.gateway.carry_out_replays()).await);
    let Desk { gateway, ledger, .. } = desk;
    drop(gateway);
    tokio::task::spawn_blocking(move || ledger.close()).await.expect("no panic").expect("it closes");
    let desk = Desk::open(file(folder.path()));
    let left: usize = desk.work().await.into_iter().sum();
    assert!(left <= COUNT - 50, "{left} were left");
    let done = desk.done(selection).await;
    assert!(done.iter().all(|done| done.outcome == Outcome::Judged) && done.len() == COUNT);
    let forwards = desk.outbox().await.iter().filter(|due| due.purpose == Purpose::Forward).count();
    assert_eq!(forwards, COUNT + 1, "each left once");
    let counts = desk.ledger.run(|tx| tx.counts(Timestamp::UNIX_EPOCH)).await.expect("it reads");
    assert_eq!((counts.parked.count, counts.messages.values().sum::<u64>()), (0, 2 * COUNT as u64 + 1));
    desk.is_sound().await;
}

/// Several hands at one selection, as after a take-over: each member is carried out by one of them.
#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_carry_out_a_member_once() {
    let desk = Desk::open(memory());
    for number in 1..=60 {
        desk.put(&format!("a{number}"), allocation(Law::Wmo, number), Decision::set_aside()).await;
    }
    let other = Desk::open(desk.ledger.clone());
    let selection = desk.freeze(stands(Standing::Verdict(Verdict::Parked))).await;
    desk.order(selection, Intent::Judge, false).await;
    tokio::join!(desk.work(), other.work());
    assert!(desk.done(selection).await.iter().all(|done| done.outcome == Outcome::Judged));
    assert_eq!(desk.outbox().await.iter().filter(|due| due.purpose == Purpose::Forward).count(), 60);
    desk.is_sound().await;
}

/// Large messages are fewer at once, so that others are not kept waiting; one always fits.
#[tokio::test(flavor = "multi_thread")]
async fn large_messages_make_small_portions() {
    let desk = Desk::open(memory());
    let mut noise: u64 = 1;
    for number in 0..3 {
        // What cannot be compressed: xorshift.
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise.to_le_bytes()
        })
        .take(100_000)
        .flatten()
        .collect();
        desk.take(&format!("x{number}"), bytes).await;
    }
    let selection = desk.freeze(stands(Standing::Verdict(Verdict::Parked))).await;
    desk.order(selection, Intent::Judge, false).await;
    assert_eq!(desk.work().await, [1, 1, 1], "800 kB each, and a portion is 1 MB");
}

/// A member that the gateway fails on is told, and the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_member_does_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let desk = Desk::open(file(folder.path()));
    for number in 1..=3 {
        desk.put(&format!("a{number}"), allocation(Law::Wmo, number), Decision::set_aside()).await;
    }
    let beside = rusqlite::Connection::open(folder.path().join("ledger.sqlite")).expect("it opens");
    beside.execute("UPDATE messages SET body = x'00' WHERE id = 2", []).expect("somebody damages a row");
    let selection = desk.freeze(stands(Standing::Verdict(Verdict::Parked))).await;
    desk.order(selection, Intent::Judge, false).await;
    desk.work().await;
    let outcomes: Vec<Outcome> = desk.done(selection).await.into_iter().map(|done| done.outcome).collect();
    assert_eq!(outcomes, [Outcome::Judged, Outcome::Failed, Outcome::Judged]);
    assert_eq!(desk.entry("a2").await.verdict, Verdict::Parked);
}

/// Who, when, why and what of everything stands in the trail, and the trail adds up.
#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_the_audit_trail() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let desk = Desk::open(file(folder.path()));
    let parked = desk.put("a", allocation(Law::Wmo, 1), Decision::set_aside()).await;
    let now = desk.now();
    let shown = desk.ledger.run(move |tx| tx.show_body(parked, "j.jansen", "nakijken", now)).await.expect("it reads");
    assert_eq!(shown.map(|inbox| inbox.bytes), Some(allocation(Law::Wmo, 1)));
    assert_eq!(desk.ledger.run(move |tx| tx.show_body(99, "j", "n", now)).await.expect("it reads"), None);
    desk.judge(parked).await;
    desk.deliver_all().await;
    desk.send_again(parked, false).await;
    desk.take("s", start(Law::Wmo, 1)).await;
    desk.judge(desk.entry("s").await.message_id).await;
    let beside = rusqlite::Connection::open(folder.path().join("ledger.sqlite")).expect("it opens");
    let mut trail = beside
        .prepare(
            "SELECT event, coalesce(content ->> 'by', '-'), coalesce(content ->> 'reason', '-') FROM audit ORDER BY id",
        )
        .expect("a query");
    let rows: Vec<(String, String, String)> = trail
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .expect("it reads");
    let (by, why) = ("j.jansen", "storing verholpen");
    let expected = [
        ("decided", "-", "-"),
        ("body shown", by, "nakijken"),
        ("selection frozen", "m.maker", "-"),
        ("replay ordered", by, why),
        ("decided again", by, why),
        ("replay done", "-", "-"),
        ("selection frozen", "m.maker", "-"),
        ("replay ordered", by, why),
        ("sent again", by, why),
        ("replay done", "-", "-"),
        ("decided", "-", "-"),
        ("selection frozen", "m.maker", "-"),
        ("replay ordered", by, why),
        ("judged to tell", by, why),
        ("replay done", "-", "-"),
    ];
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(rows, expected);
    desk.is_sound().await;
}
