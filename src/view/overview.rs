//! Whether messages flow: what came in, what waits, what does not work, and what to do about it.
//!
//! What is judged is judged here alone, from figures and by rules that stand in one table of functions (`RULES`); pages
//! and programs show the same sentence. A rule that is not met yields a [`Concern`] with what a person should do.

use crate::config::Config;
use crate::deadline::{Debt, is_working_day};
use crate::decision::Verdict;
use crate::delivery::breaker::{Breakers, State as BreakerState};
use crate::ledger::{Counts, Open, Waiting};
use crate::message::Date;
use crate::registers::Registers;
use crate::telemetry::Telemetry;
use crate::{clock::dutch_day, delivery::without_bsn};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::iter::Sum;
use std::time::Duration;

/// What a gateway at work may be behind without anything being wrong.
const SLACK: Duration = Duration::from_mins(5);
/// How long a breaker may be open before somebody should look: shorter ones close by themselves.
const BREAKER_SLACK: Duration = Duration::from_mins(5);
/// Days that a register must still run, or somebody is told.
const REGISTER_SOON: i32 = 30;

/// How many messages came to which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Processed as a whole.
    pub accepted: u64,
    /// Some lines granted, some not.
    pub partly: u64,
    /// Not processed.
    pub rejected: u64,
    /// Waiting for a person of the municipality.
    pub held: u64,
    /// Set aside because the gateway could not judge them.
    pub parked: u64,
}

impl Tally {
    /// All of them.
    pub fn total(self) -> u64 {
        self.accepted + self.partly + self.rejected + self.held + self.parked
    }

    /// How many came to that verdict.
    pub fn of(self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Accepted => self.accepted,
            Verdict::Partly => self.partly,
            Verdict::Rejected => self.rejected,
            Verdict::Held => self.held,
            Verdict::Parked => self.parked,
        }
    }

    /// Counts more of a verdict.
    pub fn add(&mut self, verdict: Verdict, count: u64) {
        let field = match verdict {
            Verdict::Accepted => &mut self.accepted,
            Verdict::Partly => &mut self.partly,
            Verdict::Rejected => &mut self.rejected,
            Verdict::Held => &mut self.held,
            Verdict::Parked => &mut self.parked,
        };
        *field += count;
    }
}

impl FromIterator<(Verdict, u64)> for Tally {
    fn from_iter<I: IntoIterator<Item = (Verdict, u64)>>(counts: I) -> Tally {
        let mut tally = Tally::default();
        counts.into_iter().for_each(|(verdict, count)| tally.add(verdict, count));
        tally
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |all, each| Tally {
            accepted: all.accepted + each.accepted,
            partly: all.partly + each.partly,
            rejected: all.rejected + each.rejected,
            held: all.held + each.held,
            parked: all.parked + each.parked,
        })
    }
}

/// What came in during an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// When it began.
    #[serde(serialize_with = "super::as_text")]
    pub from: Timestamp,
    /// Messages by verdict.
    pub messages: Tally,
}

/// What came in of a kind since midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindToday {
    /// Kind, such as `WMO323`; `None` for what could not be read.
    pub kind: Option<String>,
    /// Messages by verdict.
    pub messages: Tally,
}

/// A rule that messages broke since midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleToday {
    /// Rule; `XSD` for the schema.
    pub rule: String,
    /// How many messages broke it.
    pub messages: u64,
}

/// What the ledger tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// The last twenty-four hours, the present one last.
    pub hours: Vec<Hour>,
    /// Since midnight in the Netherlands, by kind.
    pub today: Vec<KindToday>,
    /// The last sixty minutes.
    pub last_hour: Tally,
    /// When the last message came in.
    pub last_received: Option<Timestamp>,
    /// Rules that most messages broke since midnight.
    pub rules: Vec<RuleToday>,
    /// What waits and what is open.
    pub counts: Counts,
    /// Deliveries that their receiver refused and that are set aside.
    pub refused_deliveries: u64,
    /// Messages that were refused for who brought them, in the last twenty-four hours.
    pub refused_senders: u64,
    /// Whether destinations are tried.
    pub breakers: Breakers,
    /// Open signals by severity.
    pub signals: BTreeMap<&'static str, u64>,
}

/// How much waits somewhere, and how long the oldest has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// How many.
    pub count: u64,
    /// Age of the oldest, in seconds; `None` when nothing waits.
    pub oldest_seconds: Option<u64>,
}

impl From<Waiting> for Queue {
    fn from(waiting: Waiting) -> Queue {
        Queue { count: waiting.count, oldest_seconds: waiting.oldest.map(|oldest| oldest.as_secs()) }
    }
}

/// Open questions of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QuestionLine {
    /// What is owed.
    pub debt: &'static str,
    /// Due later.
    pub later: u64,
    /// Due today.
    pub today: u64,
    /// Due before today.
    pub overdue: u64,
    /// Age of the one that was asked first, in seconds.
    pub oldest_seconds: Option<u64>,
}

/// A destination that is not tried as usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakerLine {
    /// Destination.
    pub destination: String,
    /// `half-open` or `open`.
    pub state: &'static str,
    /// Since when.
    #[serde(serialize_with = "super::as_text")]
    pub since: Timestamp,
    /// When the next probe may go.
    #[serde(serialize_with = "super::as_text")]
    pub next_try: Timestamp,
    /// Whether it waits for a person.
    pub needs_a_person: bool,
    /// The last failure in words.
    pub reason: Option<String>,
}

/// A part of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComponentLine {
    /// Name.
    pub name: String,
    /// Whether it works.
    pub up: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// The contract register of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterLine {
    /// Region.
    pub region: String,
    /// Version in force.
    pub version: Option<String>,
    /// Days until its last budget agreement ends; negative when all have.
    pub days_left: Option<i32>,
    /// Faults of what lies in its place and was not taken.
    pub refused_faults: Option<usize>,
}

/// Whether messages flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// They do.
    Flowing,
    /// They do, and a person should act.
    Attention,
    /// Some do not.
    Stopped,
}

/// Something that a person should know or do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Concern {
    /// A word for it, the same in every language.
    pub concern: &'static str,
    /// How grave it is; [`State::Flowing`] for what is only good to know.
    pub state: State,
    /// What is the matter, in Dutch.
    pub nl: String,
    /// The same in English.
    pub en: String,
    /// What to do, in Dutch.
    pub todo_nl: &'static str,
    /// The same in English.
    pub todo_en: &'static str,
    /// The page to look at.
    pub page: &'static str,
}

/// How long things may take by the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Longest wait between two attempts to deliver.
    pub retry: Duration,
    /// Longest stay in the waiting room.
    pub waiting: Duration,
}

impl Patience {
    /// As configured.
    pub fn of(config: &Config) -> Patience {
        Patience { retry: config.delivery.max_retry, waiting: config.waiting_room.longest.unwrap_or_default() }
    }
}

/// The overview.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The moment it shows.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Whether messages flow.
    pub state: State,
    /// Why not, and what is good to know; the gravest first.
    pub concerns: Vec<Concern>,
    /// The last twenty-four hours, the present one last.
    pub hours: Vec<Hour>,
    /// Since midnight in the Netherlands, by kind.
    pub today: Vec<KindToday>,
    /// The last sixty minutes.
    pub last_hour: Tally,
    /// When the last message came in.
    #[serde(serialize_with = "super::as_optional_text")]
    pub last_received: Option<Timestamp>,
    /// Rules that most messages broke since midnight.
    pub rules: Vec<RuleToday>,
    /// Messages that wait for one that they refer to.
    pub waiting: Queue,
    /// Outgoing allocations that wait for a person.
    pub held: Queue,
    /// Messages that are set aside.
    pub parked: Queue,
    /// What is to leave, by purpose.
    pub outbox: BTreeMap<&'static str, Queue>,
    /// Deliveries that their receiver refused and that are set aside.
    pub refused_deliveries: u64,
    /// Messages that were refused for who brought them, in the last twenty-four hours.
    pub refused_senders: u64,
    /// Open questions by what is owed.
    pub questions: Vec<QuestionLine>,
    /// Destinations that are not tried as usual.
    pub breakers: Vec<BreakerLine>,
    /// The parts of the gateway.
    pub components: Vec<ComponentLine>,
    /// The contract registers.
    pub registers: Vec<RegisterLine>,
    /// Open signals by severity.
    pub signals: BTreeMap<&'static str, u64>,
}

/// The parts of a gateway as they tell of themselves.
pub fn components(telemetry: &Telemetry) -> Vec<ComponentLine> {
    let components = telemetry.components().into_iter();
    components.map(|(name, state)| ComponentLine { name, up: state.up, reason: state.reason }).collect()
}

/// The contract registers as they stand.
pub fn registers(registers: &Registers, today: Date) -> Vec<RegisterLine> {
    let contracts = registers.in_force().now();
    let days = |region: &str| {
        let register = contracts.registers().iter().find(|register| register.region.id == region);
        register.and_then(|register| register.days_left(today))
    };
    let lines = registers.states().into_iter().map(|state| RegisterLine {
        days_left: days(&state.region),
        region: state.region,
        version: state.version,
        refused_faults: state.refused.map(|refused| refused.count),
    });
    lines.collect()
}

/// Destinations that are not tried as usual.
pub fn breakers(breakers: &Breakers) -> Vec<BreakerLine> {
    let open = breakers.0.iter().filter(|(_, breaker)| breaker.state != BreakerState::Closed);
    let lines = open.map(|(destination, breaker)| BreakerLine {
        destination: destination.clone(),
        state: breaker.state.as_str(),
        since: breaker.since,
        next_try: breaker.next_try,
        needs_a_person: breaker.class.is_some_and(crate::delivery::class::Class::needs_a_person),
        reason: breaker.reason.as_deref().map(without_bsn),
    });
    lines.collect()
}

impl Overview {
    /// What the figures of a moment say.
    pub fn of(
        figures: Figures,
        components: Vec<ComponentLine>,
        registers: Vec<RegisterLine>,
        patience: Patience,
        at: Timestamp,
    ) -> Overview {
        let question = |(debt, open): (Debt, Open)| QuestionLine {
            debt: debt.as_str(),
            later: open.not_due,
            today: open.due_today,
            overdue: open.overdue,
            oldest_seconds: open.oldest.map(|oldest| oldest.as_secs()),
        };
        let counts = figures.counts;
        let outbox = counts.outbox.into_iter().map(|(purpose, waiting)| (purpose.as_str(), waiting.into()));
        let mut overview = Overview {
            at,
            state: State::Flowing,
            concerns: Vec::new(),
            hours: figures.hours,
            today: figures.today,
            last_hour: figures.last_hour,
            last_received: figures.last_received,
            rules: figures.rules,
            waiting: counts.waiting.into(),
            held: counts.held.into(),
            parked: counts.parked.into(),
            outbox: outbox.collect(),
            refused_deliveries: figures.refused_deliveries,
            refused_senders: figures.refused_senders,
            questions: counts.questions.into_iter().map(question).collect(),
            breakers: breakers(&figures.breakers),
            components,
            registers,
            signals: figures.signals,
        };
        overview.concerns = RULES.iter().filter_map(|rule| rule(&overview, patience)).collect();
        overview.concerns.sort_by_key(|concern| std::cmp::Reverse(concern.state));
        overview.state = overview.concerns.iter().map(|concern| concern.state).max().unwrap_or(State::Flowing);
        overview
    }

    /// Messages since midnight, of all kinds.
    pub fn total_today(&self) -> Tally {
        self.today.iter().map(|kind| kind.messages).sum()
    }
}

/// What is watched, in the order in which it is told.
const RULES: &[fn(&Overview, Patience) -> Option<Concern>] = &[
    component_down,
    destination_closed,
    not_leaving,
    refused_by_receivers,
    stuck_in_the_waiting_room,
    set_aside,
    refused_senders,
    register_refused,
    register_ended,
    silent,
    overdue,
    register_ends_soon,
    pressing_signals,
];

/// One case is told with its name, several with their number.
fn named<'a>(mut names: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let all: Vec<&str> = names.by_ref().take(4).collect();
    match all.as_slice() {
        [] => None,
        [first @ .., _] if all.len() == 4 => Some(format!("{}, …", first.join(", "))),
        all => Some(all.join(", ")),
    }
}

fn component_down(overview: &Overview, _: Patience) -> Option<Concern> {
    let down = overview.components.iter().filter(|component| !component.up);
    let names = named(down.map(|component| component.name.as_str()))?;
    Some(Concern {
        concern: "component",
        state: State::Stopped,
        nl: format!("niet alles van de gateway werkt: {names}"),
        en: format!("not all of the gateway works: {names}"),
        todo_nl: "Kijk bij Gezondheid wat de reden is. De gateway probeert het zelf opnieuw en verliest niets.",
        todo_en: "See under Health what the reason is. The gateway tries again by itself and loses nothing.",
        page: "/health",
    })
}

fn destination_closed(overview: &Overview, _: Patience) -> Option<Concern> {
    let is_long = |line: &&BreakerLine| {
        let open = Duration::try_from(overview.at.duration_since(line.since)).unwrap_or_default();
        line.needs_a_person || open > BREAKER_SLACK
    };
    let closed = overview.breakers.iter().filter(is_long);
    let names = named(closed.map(|line| line.destination.as_str()))?;
    Some(Concern {
        concern: "destination",
        state: State::Stopped,
        nl: format!("een bestemming neemt niets aan: {names}"),
        en: format!("a destination takes nothing: {names}"),
        todo_nl: "Herstel de bestemming, of haar adres of certificaat. Wat ervoor ligt blijft bewaard en vertrekt daarna.",
        todo_en: "Mend the destination, or its address or certificate. What is meant for it is kept and leaves after that.",
        page: "/deliveries",
    })
}

fn not_leaving(overview: &Overview, patience: Patience) -> Option<Concern> {
    let longest = patience.retry.saturating_add(SLACK).as_secs();
    let stuck = overview.outbox.values().filter(|queue| queue.oldest_seconds.is_some_and(|oldest| oldest > longest));
    let count: u64 = stuck.map(|queue| queue.count).sum();
    (count > 0).then(|| Concern {
        concern: "outbox",
        state: State::Attention,
        nl: "berichten vertrekken later dan ze horen".to_owned(),
        en: "messages leave later than they should".to_owned(),
        todo_nl: "Kijk bij Bezorging welke bestemming achterblijft: wat achter een mislukte bezorging staat, wacht mee.",
        todo_en: "See under Deliveries which destination is behind: what stands behind a failed delivery waits with it.",
        page: "/deliveries",
    })
}

fn refused_by_receivers(overview: &Overview, _: Patience) -> Option<Concern> {
    let count = overview.refused_deliveries;
    (count > 0).then(|| Concern {
        concern: "refused_deliveries",
        state: State::Attention,
        nl: format!("bezorgingen die de ontvanger weigert: {count}"),
        en: format!("deliveries that their receiver refuses: {count}"),
        todo_nl: "Vraag de ontvanger wat er niet goed is en verstuur ze daarna opnieuw: vanzelf gebeurt dat niet.",
        todo_en: "Ask the receiver what is wrong, then send them again: that does not happen by itself.",
        page: "/deliveries",
    })
}

fn stuck_in_the_waiting_room(overview: &Overview, patience: Patience) -> Option<Concern> {
    let longest = patience.waiting.saturating_add(SLACK).as_secs();
    let is_stuck = overview.waiting.oldest_seconds.is_some_and(|oldest| oldest > longest);
    is_stuck.then(|| Concern {
        concern: "waiting_room",
        state: State::Attention,
        nl: "berichten blijven te lang in de wachtkamer".to_owned(),
        en: "messages stay in the waiting room for too long".to_owned(),
        todo_nl: "De gateway hoort ze na hun tijd zelf te beoordelen. Kijk of alles werkt, en wat het log zegt.",
        todo_en: "The gateway should judge them when their time is over. Look whether all works, and what the log says.",
        page: "/health",
    })
}

fn set_aside(overview: &Overview, _: Patience) -> Option<Concern> {
    let count = overview.parked.count;
    (count > 0).then(|| Concern {
        concern: "parked",
        state: State::Attention,
        nl: format!("geparkeerde berichten: {count}"),
        en: format!("parked messages: {count}"),
        todo_nl: "Bekijk waarom en beoordeel ze opnieuw als de oorzaak weg is: niemand komt er zelf op terug.",
        todo_en: "See why, and judge them anew once the cause is gone: nobody will come back on them by himself.",
        page: "/parked",
    })
}

fn refused_senders(overview: &Overview, _: Patience) -> Option<Concern> {
    let count = overview.refused_senders;
    (count > 0).then(|| Concern {
        concern: "refused_senders",
        state: State::Attention,
        nl: format!("in 24 uur geweigerd om wie ze aanleverde: {count}"),
        en: format!("refused within 24 hours for who brought them: {count}"),
        todo_nl: "Ontbreekt een partij in [[sender]], voeg die dan toe. Anders verstuurt iemand in andermans naam: vraag het na.",
        todo_en: "If [[sender]] lacks a party, add it. Otherwise somebody sends in the name of another: ask them.",
        page: "/health",
    })
}

fn register_refused(overview: &Overview, _: Patience) -> Option<Concern> {
    let refused = overview.registers.iter().filter(|register| register.refused_faults.is_some());
    let names = named(refused.map(|register| register.region.as_str()))?;
    Some(Concern {
        concern: "register_refused",
        state: State::Attention,
        nl: format!("een contractregister heeft fouten en is niet overgenomen: {names}"),
        en: format!("a contract register has faults and was not taken: {names}"),
        todo_nl: "De gateway werkt door met het vorige. Herstel het nieuwe voordat iemand de gateway herstart.",
        todo_en: "The gateway goes on with the one before. Mend the new one before anybody restarts the gateway.",
        page: "/health",
    })
}

fn register_ended(overview: &Overview, _: Patience) -> Option<Concern> {
    let ended = overview.registers.iter().filter(|register| register.days_left.is_some_and(|days| days < 0));
    let names = named(ended.map(|register| register.region.as_str()))?;
    Some(Concern {
        concern: "register_ended",
        state: State::Attention,
        nl: format!("alle budgetafspraken zijn afgelopen: {names}"),
        en: format!("all budget agreements have ended: {names}"),
        todo_nl: "Lees het register van de nieuwe periode in (`sluis contract import`): nu telt niets op een budget.",
        todo_en: "Import the register of the new period (`sluis contract import`): nothing counts on a budget now.",
        page: "/health",
    })
}

/// Nothing came in on the last whole working day, nor since.
fn silent(overview: &Overview, _: Patience) -> Option<Concern> {
    let last = dutch_day(overview.last_received?);
    let mut day = dutch_day(overview.at).yesterday().ok()?;
    while !is_working_day(day) {
        day = day.yesterday().ok()?;
    }
    (last < day).then(|| Concern {
        concern: "silence",
        state: State::Attention,
        nl: "de hele vorige werkdag kwam geen bericht binnen".to_owned(),
        en: "no message came in during all of the last working day".to_owned(),
        todo_nl: "Vraag een partij die altijd stuurt of haar berichten vertrekken, en kijk of de aanlevering werkt.",
        todo_en: "Ask a party that always sends whether its messages leave, and look whether the intake works.",
        page: "/health",
    })
}

fn overdue(overview: &Overview, _: Patience) -> Option<Concern> {
    let count: u64 = overview.questions.iter().map(|question| question.overdue).sum();
    (count > 0).then(|| Concern {
        concern: "overdue",
        state: State::Flowing,
        nl: format!("antwoorden die te laat zijn: {count}"),
        en: format!("answers that are late: {count}"),
        todo_nl: "Herinner wie het antwoord verschuldigd is, buiten het berichtenverkeer om.",
        todo_en: "Remind whoever owes the answer, outside the message flow.",
        page: "/questions",
    })
}

fn register_ends_soon(overview: &Overview, _: Patience) -> Option<Concern> {
    let is_soon = |register: &&RegisterLine| register.days_left.is_some_and(|days| (0..=REGISTER_SOON).contains(&days));
    let names = named(overview.registers.iter().filter(is_soon).map(|register| register.region.as_str()))?;
    Some(Concern {
        concern: "register_ends_soon",
        state: State::Flowing,
        nl: format!("de laatste budgetafspraak loopt binnen {REGISTER_SOON} dagen af: {names}"),
        en: format!("the last budget agreement ends within {REGISTER_SOON} days: {names}"),
        todo_nl: "Vraag contractbeheer om het register van de volgende periode.",
        todo_en: "Ask the contract managers for the register of the next period.",
        page: "/health",
    })
}

fn pressing_signals(overview: &Overview, _: Patience) -> Option<Concern> {
    let count = overview.signals.get("high").copied().unwrap_or_default();
    (count > 0).then(|| Concern {
        concern: "signals",
        state: State::Flowing,
        nl: format!("open signalen die aandacht vragen: {count}"),
        en: format!("open signals that ask for attention: {count}"),
        todo_nl: "Laat contractbeheer ze bekijken.",
        todo_en: "Have the contract managers look at them.",
        page: "/signals",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Purpose;
    use crate::delivery::breaker::Breaker;
    use crate::delivery::class::Class;

    const PATIENCE: Patience = Patience { retry: Duration::from_mins(15), waiting: Duration::from_mins(10) };

    /// A Tuesday at eleven, Dutch time.
    fn now() -> Timestamp {
        "2026-03-10T10:00:00Z".parse().expect("a moment")
    }

    struct World {
        figures: Figures,
        components: Vec<ComponentLine>,
        registers: Vec<RegisterLine>,
    }

    fn well() -> World {
        World {
            figures: Figures { last_received: Some(now()), ..Figures::default() },
            components: vec![ComponentLine { name: "ledger".to_owned(), up: true, reason: None }],
            registers: vec![RegisterLine {
                region: "achterhoek".to_owned(),
                version: Some("a1".to_owned()),
                days_left: Some(200),
                refused_faults: None,
            }],
        }
    }

    /// The state and the concerns of a world in which all is well but for one change.
    fn told(change: impl FnOnce(&mut World)) -> (State, Vec<&'static str>) {
        let mut world = well();
        change(&mut world);
        let overview = Overview::of(world.figures, world.components, world.registers, PATIENCE, now());
        (overview.state, overview.concerns.iter().map(|concern| concern.concern).collect())
    }

    fn breaker(class: Class, minutes: i64) -> Breakers {
        let since = now().checked_sub(jiff::SignedDuration::from_mins(minutes)).expect("a moment");
        let breaker = Breaker {
            state: BreakerState::Open,
            since,
            failures: 3,
            tries: 1,
            next_try: now(),
            ramp: None,
            passed: 0,
            class: Some(class),
            reason: Some("refused for 999900006".to_owned()),
        };
        Breakers([("0197".to_owned(), breaker)].into())
    }

    fn waiting(count: u64, minutes: u64) -> Waiting {
        Waiting { count, oldest: Some(Duration::from_mins(minutes)) }
    }

    #[test]
    fn when_all_is_well_messages_flow() {
        assert_eq!(told(|_| {}), (State::Flowing, vec![]));
    }

    #[test]
    fn each_thing_that_is_wrong_is_told_by_itself() {
        use State::{Attention, Flowing, Stopped};
        type Change = Box<dyn FnOnce(&mut World)>;
        let outbox = |minutes| Counts { outbox: [(Purpose::Reply, waiting(2, minutes))].into(), ..Counts::default() };
        let owed = |overdue| Counts {
            questions: [(Debt::Return, Open { overdue, due_today: 3, ..Open::default() })].into(),
            ..Counts::default()
        };
        let cases: Vec<(Change, State, Option<&str>)> = vec![
            (Box::new(|w| w.components[0].up = false), Stopped, Some("component")),
            (Box::new(|w| w.figures.breakers = breaker(Class::Security, 0)), Stopped, Some("destination")),
            (Box::new(|w| w.figures.breakers = breaker(Class::Temporary, 5)), Flowing, None),
            (Box::new(|w| w.figures.breakers = breaker(Class::Temporary, 6)), Stopped, Some("destination")),
            (Box::new(move |w| w.figures.counts = outbox(20)), Flowing, None),
            (Box::new(move |w| w.figures.counts = outbox(21)), Attention, Some("outbox")),
            (Box::new(|w| w.figures.refused_deliveries = 1), Attention, Some("refused_deliveries")),
            (Box::new(|w| w.figures.counts.waiting = waiting(9, 15)), Flowing, None),
            (Box::new(|w| w.figures.counts.waiting = waiting(1, 16)), Attention, Some("waiting_room")),
            (Box::new(|w| w.figures.counts.parked = waiting(1, 0)), Attention, Some("parked")),
            (Box::new(|w| w.figures.counts.held = waiting(5, 100_000)), Flowing, None),
            (Box::new(|w| w.figures.refused_senders = 2), Attention, Some("refused_senders")),
            (Box::new(|w| w.registers[0].refused_faults = Some(3)), Attention, Some("register_refused")),
            (Box::new(|w| w.registers[0].days_left = Some(-1)), Attention, Some("register_ended")),
            (Box::new(|w| w.registers[0].days_left = Some(30)), Flowing, Some("register_ends_soon")),
            (Box::new(|w| w.registers[0].days_left = Some(31)), Flowing, None),
            (Box::new(|w| w.registers[0].days_left = None), Flowing, None),
            (Box::new(move |w| w.figures.counts = owed(1)), Flowing, Some("overdue")),
            (Box::new(move |w| w.figures.counts = owed(0)), Flowing, None),
            (Box::new(|w| w.figures.signals = [("high", 1), ("info", 9)].into()), Flowing, Some("signals")),
        ];
        for (at, (change, state, concern)) in cases.into_iter().enumerate() {
            assert_eq!(told(change), (state, concern.into_iter().collect()), "case {at}");
        }
    }

    #[test]
    fn a_whole_working_day_without_messages_is_told_and_a_weekend_is_not() {
        let since = |last: &str| {
            let last: Timestamp = last.parse().expect("a moment");
            told(|world| world.figures.last_received = Some(last)).1
        };
        assert_eq!(since("2026-03-09T22:59:00Z"), Vec::<&str>::new(), "yesterday");
        assert_eq!(since("2026-03-08T22:59:00Z"), ["silence"], "the day before");
        let on_monday = |last: &str| {
            let mut world = well();
            world.figures.last_received = Some(last.parse().expect("a moment"));
            let monday = "2026-03-09T08:00:00Z".parse().expect("a moment");
            Overview::of(world.figures, world.components, world.registers, PATIENCE, monday).concerns.len()
        };
        assert_eq!(on_monday("2026-03-06T16:00:00Z"), 0, "Friday was a working day with messages");
        assert_eq!(on_monday("2026-03-05T16:00:00Z"), 1, "all of Friday nothing came");
        assert_eq!(told(|world| world.figures.last_received = None).1, Vec::<&str>::new(), "a gateway that is new");
    }

    #[test]
    fn the_gravest_comes_first_and_decides() {
        let (state, concerns) = told(|world| {
            world.figures.counts.parked = waiting(1, 0);
            world.figures.signals = [("high", 1)].into();
            world.components[0].up = false;
        });
        assert_eq!((state, concerns), (State::Stopped, vec!["component", "parked", "signals"]));
    }

    #[test]
    fn reasons_name_nobody() {
        let lines = breakers(&breaker(Class::Data, 1));
        assert!(!lines[0].reason.as_deref().expect("a reason").contains("999900006"));
    }

    #[test]
    fn many_names_are_cut_short() {
        assert_eq!(named(["a", "b", "c"].into_iter()).as_deref(), Some("a, b, c"));
        assert_eq!(named(["a", "b", "c", "d", "e"].into_iter()).as_deref(), Some("a, b, c, …"));
        assert_eq!(named([].into_iter()), None);
    }
}
