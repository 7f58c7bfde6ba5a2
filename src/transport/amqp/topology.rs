//! Queues and exchanges that the gateway uses: what it needs, declaring them, and comparing what is there with that.
//!
//! The queues that messages come in by are quorum queues: they survive the loss of a node, count deliveries, and hand
//! what was delivered too often to the parked queue in a way that cannot lose it (`at-least-once`, which the broker
//! only honours together with `reject-publish`; otherwise it falls back without a word).

use super::{AmqpError, close, connect, within_deadline};
use crate::config::Amqp;
use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ErrorKind, ExchangeKind};
use std::fmt;

/// Deliveries of one message before the broker parks it. A delivery counts when the gateway dies, and once per outage of
/// the ledger: plenty for outages, and an end to a message that kills the gateway before its own counter sees it (that
/// one counts up to `max_takes`). Set explicitly, because the default differs between versions of the broker.
pub const DELIVERY_LIMIT: i32 = 100;

/// A queue or an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// Queue of that name.
    Queue(String),
    /// Exchange of that name.
    Exchange(String),
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Queue(name) => write!(f, "queue {name}"),
            Thing::Exchange(name) => write!(f, "exchange {name}"),
        }
    }
}

/// Value of an argument of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// Number.
    Number(i32),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    fn amqp(&self) -> AMQPValue {
        match self {
            Value::Text(text) => AMQPValue::LongString(text.as_str().into()),
            Value::Number(number) => AMQPValue::LongInt(*number),
            Value::Flag(flag) => AMQPValue::Boolean(*flag),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => number.fmt(f),
            Value::Flag(flag) => flag.fmt(f),
        }
    }
}

/// Something that must be there, with the arguments that it must have. Exchanges are durable topic exchanges, queues
/// are durable; neither has other properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What.
    pub thing: Thing,
    /// Arguments by name.
    pub arguments: Vec<(&'static str, Value)>,
}

/// Everything that a gateway with these settings needs, in the order in which it can be made. `"auto"` of
/// `single_active_consumer` counts as false here: ask for [`Amqp::for_ledger`] first.
pub fn needs(settings: &Amqp) -> Vec<Need> {
    let exchange = |name: &String| Need { thing: Thing::Exchange(name.clone()), arguments: Vec::new() };
    let quorum = ("x-queue-type", Value::Text("quorum".to_owned()));
    let text = |name, value: &str| (name, Value::Text(value.to_owned()));
    let mut needs = vec![exchange(&settings.exchange_out), exchange(&settings.exchange_signals)];
    // The parked queue comes first: the others refer to it.
    needs.push(Need { thing: Thing::Queue(settings.parked_queue.clone()), arguments: vec![quorum.clone()] });
    for queue in &settings.queues {
        let mut arguments = vec![
            quorum.clone(),
            ("x-delivery-limit", Value::Number(DELIVERY_LIMIT)),
            text("x-dead-letter-exchange", ""),
            text("x-dead-letter-routing-key", &settings.parked_queue),
            text("x-dead-letter-strategy", "at-least-once"),
            text("x-overflow", "reject-publish"),
        ];
        if settings.single_active_consumer == Some(true) {
            arguments.push(("x-single-active-consumer", Value::Flag(true)));
        }
        needs.push(Need { thing: Thing::Queue(queue.clone()), arguments });
    }
    needs
}

/// Declares everything, on a channel of its own: a refusal closes the channel it came by.
///
/// # Errors
/// [`AmqpError::Declared`] for something that is there with other properties.
pub async fn declare(connection: &Connection, settings: &Amqp) -> Result<(), AmqpError> {
    let channel = connection.create_channel().await?;
    for need in needs(settings) {
        make(&channel, &need, false).await.map_err(|source| match AmqpError::from(source) {
            AmqpError::Broker(source) if source.is_amqp_soft_error() => {
                AmqpError::Declared { what: need.thing.to_string(), source }
            }
            other => other,
        })?;
    }
    channel.close(200, "declared".into()).await?;
    Ok(())
}

/// Declares one thing, or with `passive` only asks whether it is there.
async fn make(channel: &lapin::Channel, need: &Need, passive: bool) -> lapin::Result<()> {
    let mut arguments = FieldTable::default();
    for (name, value) in &need.arguments {
        arguments.insert((*name).into(), value.amqp());
    }
    match &need.thing {
        Thing::Exchange(name) => {
            let options = ExchangeDeclareOptions { durable: true, passive, ..ExchangeDeclareOptions::default() };
            channel.exchange_declare(name.as_str().into(), ExchangeKind::Topic, options, arguments).await
        }
        Thing::Queue(name) => {
            let options = QueueDeclareOptions { durable: true, passive, ..QueueDeclareOptions::default() };
            channel.queue_declare(name.as_str().into(), options, arguments).await.map(drop)
        }
    }
}

/// Something that is not as the gateway needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub thing: Thing,
    /// How.
    pub how: How,
}

/// How something is not as the gateway needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It is not there.
    Missing,
    /// A property has another value; `None`: none at all.
    Other {
        /// Property or argument.
        name: String,
        /// What the gateway would give it.
        needed: Option<String>,
        /// What it has.
        found: Option<String>,
    },
    /// It is there, and the broker does not tell this login more.
    Hidden,
}

impl Difference {
    /// Whether a policy of the broker may give it what its arguments lack; policies cannot be seen over AMQP.
    pub fn may_be_policy(&self) -> bool {
        const BY_POLICY: [&str; 5] = [
            "x-delivery-limit",
            "x-dead-letter-exchange",
            "x-dead-letter-routing-key",
            "x-dead-letter-strategy",
            "x-overflow",
        ];
        matches!(&self.how, How::Other { name, found: None, .. } if BY_POLICY.contains(&name.as_str()))
    }

    /// What is wrong, as a sentence.
    pub fn wrong(&self) -> String {
        let thing = &self.thing;
        let show =
            |value: &Option<String>| value.as_ref().map_or_else(|| "none".to_owned(), |value| format!("'{value}'"));
        match &self.how {
            How::Missing => format!("there is no {thing}"),
            How::Other { name, needed, found } => {
                format!("{thing} has {name} {}, and should have {}", show(found), show(needed))
            }
            How::Hidden => format!("{thing} is there; this login may not compare its arguments"),
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match (&self.how, &self.thing) {
            (How::Missing, _) => "let the gateway declare it (declare = true in [amqp]), or declare it as \
                                  docs/broker.md shows"
                .to_owned(),
            (How::Other { .. }, _) if self.may_be_policy() => {
                "check that a policy sets it (rabbitmqctl list_policies), or set one as docs/broker.md shows".to_owned()
            }
            (How::Other { .. }, Thing::Queue(_)) => {
                "such a property cannot be changed: stop the senders, let the gateway empty the queue, remove it and \
                 declare it anew"
                    .to_owned()
            }
            (How::Other { .. }, Thing::Exchange(_)) => {
                "such a property cannot be changed: remove the exchange and declare it and its bindings anew".to_owned()
            }
            (How::Hidden, _) => {
                "compare with docs/broker.md (rabbitmqctl list_queues name arguments policy), or run this with a login \
                 that may configure it"
                    .to_owned()
            }
        }
    }
}

/// Compares what is on the broker with what the gateway needs. Nothing is made or changed.
///
/// # Errors
/// When the broker cannot be reached or breaks off; differences are no errors.
pub async fn compare(settings: &Amqp, name: &str) -> Result<Vec<Difference>, AmqpError> {
    let connection = within_deadline(connect(settings, name)).await?;
    let compared = within_deadline(compare_all(&connection, settings)).await;
    close(None, &connection).await;
    compared
}

async fn compare_all(connection: &Connection, settings: &Amqp) -> Result<Vec<Difference>, AmqpError> {
    let mut differences = Vec::new();
    for need in needs(settings) {
        for how in compare_one(connection, need.clone()).await? {
            differences.push(Difference { thing: need.thing.clone(), how });
        }
    }
    Ok(differences)
}

/// Asks first whether it is there, so that nothing is made; then declares it, which the broker answers with the first
/// property that differs. That one is taken as it is, and the next is asked for.
async fn compare_one(connection: &Connection, mut need: Need) -> Result<Vec<How>, AmqpError> {
    if let Err(error) = ask(connection, &need, true).await? {
        return match soft(&error) {
            Some(AMQPSoftError::NOTFOUND) => Ok(vec![How::Missing]),
            // Whatever is wrong with it: it is there.
            Some(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::RESOURCELOCKED) => Ok(vec![How::Hidden]),
            Some(_) | None => Err(error.into()),
        };
    }
    let mut differences = Vec::new();
    for _ in 0..=need.arguments.len() + 1 {
        let Err(error) = ask(connection, &need, false).await? else { break };
        match soft(&error) {
            Some(AMQPSoftError::ACCESSREFUSED) => {
                differences.push(How::Hidden);
                break;
            }
            Some(AMQPSoftError::PRECONDITIONFAILED) => {
                let Some(refusal) = Refusal::read(&error.to_string()) else { return Err(error.into()) };
                let known = need.take_as_it_is(&refusal);
                differences.push(refusal.how());
                if !known {
                    break;
                }
            }
            Some(_) | None => return Err(error.into()),
        }
    }
    Ok(differences)
}

/// One question on a channel of its own. The outer error is a connection that is gone.
async fn ask(connection: &Connection, need: &Need, passive: bool) -> Result<lapin::Result<()>, AmqpError> {
    let channel = connection.create_channel().await?;
    let answer = make(&channel, need, passive).await;
    if answer.is_ok() {
        channel.close(200, "asked".into()).await?;
    }
    Ok(answer)
}

fn soft(error: &lapin::Error) -> Option<AMQPSoftError> {
    match error.kind() {
        ErrorKind::ProtocolError(fault) => match fault.kind() {
            AMQPErrorKind::Soft(soft) => Some(soft.clone()),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}

/// What the broker says of a declaration that differs:
/// `inequivalent arg 'NAME' for queue 'Q' in vhost '/': received OURS but current is THEIRS`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    name: String,
    needed: Option<String>,
    found: Option<String>,
}

impl Refusal {
    fn read(text: &str) -> Option<Refusal> {
        let (_, rest) = text.split_once("inequivalent arg '")?;
        let (name, rest) = rest.split_once('\'')?;
        let (_, rest) = rest.split_once(": received ")?;
        let (needed, found) = rest.split_once(" but current is ")?;
        Some(Refusal { name: name.to_owned(), needed: quoted(needed), found: quoted(found) })
    }

    fn how(self) -> How {
        How::Other { name: self.name, needed: self.needed, found: self.found }
    }
}

/// `the value 'V' of type 'T'`, `'V'` or `none`.
fn quoted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('\'')?;
    let end = rest.find("' of type '").or_else(|| rest.rfind('\''))?;
    Some(rest[..end].to_owned())
}

impl Need {
    /// Takes the property that was refused as the broker has it, so that the next one is told of. Whether it could.
    fn take_as_it_is(&mut self, refusal: &Refusal) -> bool {
        let Some(at) = self.arguments.iter().position(|(name, _)| *name == refusal.name) else { return false };
        let kind = self.arguments[at].1.clone();
        let found = refusal.found.as_ref().map(|found| match kind {
            Value::Text(_) => Some(Value::Text(found.clone())),
            Value::Number(_) => found.parse().ok().map(Value::Number),
            Value::Flag(_) => found.parse().ok().map(Value::Flag),
        });
        match found {
            None => drop(self.arguments.remove(at)),
            Some(None) => return false,
            Some(Some(value)) => self.arguments[at].1 = value,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<(String, Option<String>, Option<String>)> {
        Refusal::read(text).map(|refusal| (refusal.name, refusal.needed, refusal.found))
    }

    #[test]
    fn what_the_broker_says_of_a_difference() {
        let start = "protocol error: AMQP soft error: PRECONDITION-FAILED: PRECONDITION_FAILED - inequivalent arg ";
        let rows = [
            (
                "'x-delivery-limit' for queue 'sluis.in' in vhost '/': received the value '100' of type 'signedint' \
                 but current is none",
                ("x-delivery-limit", Some("100"), None),
            ),
            (
                "'x-dead-letter-exchange' for queue 'q' in vhost '/': received the value '' of type 'longstr' but \
                 current is the value 'dlx' of type 'longstr'",
                ("x-dead-letter-exchange", Some(""), Some("dlx")),
            ),
            (
                "'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'",
                ("durable", Some("true"), Some("false")),
            ),
        ];
        for (text, (name, needed, found)) in rows {
            let expected = (name.to_owned(), needed.map(str::to_owned), found.map(str::to_owned));
            assert_eq!(refusal(&format!("{start}{text}")), Some(expected), "{text}");
        }
        assert_eq!(refusal("NOT_FOUND - no queue 'q' in vhost '/'"), None);
    }

    #[test]
    fn a_property_that_differs_is_taken_as_it_is_to_find_the_next() {
        let mut need = Need {
            thing: Thing::Queue("q".to_owned()),
            arguments: vec![
                ("x-delivery-limit", Value::Number(100)),
                ("x-overflow", Value::Text("reject-publish".into())),
            ],
        };
        let other = |name: &str, found: Option<&str>| Refusal {
            name: name.to_owned(),
            needed: None,
            found: found.map(str::to_owned),
        };
        assert!(need.take_as_it_is(&other("x-delivery-limit", Some("20"))));
        assert_eq!(need.arguments[0].1, Value::Number(20));
        assert!(need.take_as_it_is(&other("x-overflow", None)));
        assert_eq!(need.arguments.len(), 1);
        assert!(!need.take_as_it_is(&other("durable", Some("false"))));
        assert!(!need.take_as_it_is(&other("x-delivery-limit", Some("many"))));
    }

    #[test]
    fn what_a_policy_may_set_is_told_apart() {
        let difference = |name: &str, found: Option<&str>| Difference {
            thing: Thing::Queue("q".to_owned()),
            how: How::Other { name: name.to_owned(), needed: Some("n".to_owned()), found: found.map(str::to_owned) },
        };
        assert!(difference("x-overflow", None).may_be_policy());
        assert!(!difference("x-overflow", Some("drop-head")).may_be_policy());
        assert!(!difference("x-queue-type", None).may_be_policy());
        assert_eq!(difference("x-overflow", None).wrong(), "queue q has x-overflow none, and should have 'n'");
        let missing = Difference { thing: Thing::Exchange("e".to_owned()), how: How::Missing };
        assert_eq!(missing.wrong(), "there is no exchange e");
        assert!(missing.advice().contains("declare"));
    }
}
