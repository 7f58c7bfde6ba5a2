//! Delivery to `RabbitMQ`: persistent, confirmed, and returned when no queue is bound.
//!
//! A row counts as sent when the broker confirms it and did not return it: what no queue is bound for is returned and
//! confirmed all the same. Runs are published without waiting for each confirm, as long as they go to one routing key,
//! so that a key without a queue fails them all alike and the order holds.
//!
//! The client library attaches a returned message to whichever confirm comes next on the channel, which may be that of
//! another message. So each run has a channel to itself until all its confirms are there, and what was returned is told
//! by its own id.

mod fault;

pub use fault::PublishFault;

use super::outbox::Due;
use super::{Destination, Failure, Manner};
use crate::backoff::{Backoff, random_spread};
use crate::clock::Clock;
use crate::config::Amqp;
use crate::decision::Purpose;
use crate::failpoint::Failpoint;
use crate::message::{Kind, Law};
use crate::shutdown::Shutdown;
use crate::telemetry::{Component, Telemetry};
use crate::transport::amqp::{AmqpError, close, connect, gone, topology, within_deadline};
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, watch};

/// Bytes published before their confirms are awaited; a single larger message goes alone.
const LARGEST_RUN: usize = 8_000_000;
/// How long a delivery waits for a connection that is being made.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(2);
/// How often the connection is looked at. The library tells of a loss only to those who use it.
const LOOK: Duration = Duration::from_millis(500);
/// Channels, and so runs that are published at once.
const CHANNELS: usize = 16;
/// Largest verdict that goes along in a header.
const LARGEST_VERDICT: usize = 64 * 1024;
/// What `/readyz` says while the broker blocks publishers.
const BLOCKED: &str = "degraded: the broker takes nothing, it is short of memory or disk; messages still come in";
/// Waits before the next connection.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: Duration::from_secs(30) };
/// A connection that held this long was a good one: the next wait is short again.
const GOOD_CONNECTION: Duration = Duration::from_secs(30);

/// Publishes to the broker.
pub struct AmqpDestination {
    settings: Amqp,
    app_id: String,
    clock: Arc<dyn Clock>,
    live: watch::Receiver<Option<Live>>,
}

/// Keeps the connection that an [`AmqpDestination`] publishes on.
pub struct AmqpLink {
    settings: Amqp,
    name: String,
    component: Component,
    live: watch::Sender<Option<Live>>,
}

/// A connection in use.
#[derive(Clone)]
struct Live {
    connection: Arc<Connection>,
    channels: Arc<Channels>,
    /// Somebody found it broken.
    broken: Arc<Notify>,
}

/// Channels in confirm mode, each lent to one run at a time.
struct Channels {
    free: Mutex<Vec<Channel>>,
    permits: Semaphore,
}

impl Channels {
    fn new(all: Vec<Channel>) -> Channels {
        Channels { permits: Semaphore::new(all.len()), free: Mutex::new(all) }
    }

    /// Lends a channel. One that is not given back, because its run was dropped half-way, is never lent again: returns
    /// may still be on their way to it.
    async fn lend(&self) -> Option<Channel> {
        let permit = self.permits.acquire().await.ok()?;
        permit.forget();
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, channel: Channel) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
        self.permits.add_permits(1);
    }
}

impl Live {
    /// Takes a channel back. One that the broker closed for a message is made anew: the connection and all other runs
    /// go on.
    async fn give_back(&self, channel: Channel) {
        if channel.status().connected() {
            self.channels.give_back(channel);
            return;
        }
        match tokio::time::timeout(CONNECTION_PATIENCE, confirming(&self.connection)).await {
            Ok(Ok(channel)) => self.channels.give_back(channel),
            Ok(Err(_)) | Err(_) => self.broken.notify_one(),
        }
    }
}

/// A channel in confirm mode.
async fn confirming(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

impl AmqpDestination {
    /// A destination, and the link that has to run for it. `gateway` becomes the `app_id` of what is published.
    pub fn new(
        settings: &Amqp,
        gateway: &str,
        clock: Arc<dyn Clock>,
        telemetry: &Telemetry,
    ) -> (Arc<AmqpDestination>, AmqpLink) {
        let (sender, live) = watch::channel(None);
        let link = AmqpLink {
            settings: settings.clone(),
            name: format!("{gateway} delivery"),
            component: telemetry.component("amqp delivery"),
            live: sender,
        };
        let (settings, app_id) = (settings.clone(), gateway.to_owned());
        (Arc::new(AmqpDestination { settings, app_id, clock, live }), link)
    }
}

impl AmqpLink {
    /// Keeps a connection until the destination is dropped: it must outlive the relay, which finishes its work after
    /// the stop is requested. The deadline of the shutdown ends it in any case.
    pub async fn run(self, shutdown: Shutdown) {
        shutdown.within_deadline(self.supervise(&shutdown)).await;
        if let Some(live) = self.live.send_replace(None) {
            close(None, &live.connection).await;
        }
        self.component.stopped();
    }

    async fn supervise(&self, shutdown: &Shutdown) {
        let mut failures = 0;
        while !self.live.is_closed() {
            match within_deadline(self.set_up()).await {
                Ok(live) => {
                    let since = Instant::now();
                    self.component.up();
                    self.live.send_replace(Some(live.clone()));
                    let reason = self.watch(&live).await;
                    let Some(reason) = reason else { return };
                    self.live.send_replace(None);
                    self.component.down(&reason);
                    close(None, &live.connection).await;
                    if since.elapsed() > GOOD_CONNECTION {
                        failures = 0;
                    }
                }
                Err(error) => self.component.down(&error.to_string()),
            }
            failures += 1;
            let wait = BACKOFF.after(failures, random_spread());
            tokio::select! {
                () = self.live.closed() => return,
                () = tokio::time::sleep(wait) => {}
            }
            // Without a connection there is nothing that the relay could still finish.
            if shutdown.is_requested() {
                return;
            }
        }
    }

    async fn set_up(&self) -> Result<Live, AmqpError> {
        let connection = connect(&self.settings, &self.name).await?;
        if self.settings.declare {
            topology::declare(&connection, &self.settings).await?;
        }
        let mut channels = Vec::with_capacity(CHANNELS);
        while channels.len() < CHANNELS {
            channels.push(confirming(&connection).await?);
        }
        let channels = Arc::new(Channels::new(channels));
        Ok(Live { connection: Arc::new(connection), channels, broken: Arc::new(Notify::new()) })
    }

    /// Waits until the connection is lost, and tells why; `None` when nobody needs it any more. A connection that the
    /// broker blocks is kept: what was published on it before is confirmed when the alarm ends, and a new one would be
    /// blocked as well.
    async fn watch(&self, live: &Live) -> Option<String> {
        loop {
            if live.connection.status().blocked() {
                self.component.down(BLOCKED);
            } else if live.connection.status().connected() {
                self.component.up();
            }
            tokio::select! {
                () = self.live.closed() => return None,
                () = live.broken.notified() => return Some("the broker did not confirm in time".to_owned()),
                () = tokio::time::sleep(LOOK) => {}
            }
            if !live.connection.status().connected() {
                return Some("the connection was closed".to_owned());
            }
        }
    }
}

impl Destination for AmqpDestination {
    fn sort(&self) -> &'static str {
        "amqp"
    }

    fn name(&self) -> &'static str {
        "amqp"
    }

    fn longest_run(&self) -> usize {
        self.settings.confirm_window
    }

    fn manner(&self) -> Manner {
        // A run waits for a connection, a channel and its confirms.
        Manner { patience: 2 * self.settings.confirm_deadline, ..Manner::default() }
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let letters: Vec<Letter> = run.iter().map(|due| self.letter(due)).collect();
        let mut live = self.live.clone();
        let deadline = self.settings.confirm_deadline;
        Box::pin(async move {
            // The guard of the watch must not outlive the statement: it is a lock.
            let connected = async { live.wait_for(Option::is_some).await.ok().and_then(|live| live.clone()) };
            let live = tokio::time::timeout(CONNECTION_PATIENCE, connected).await.ok().flatten();
            let Some(live) = live else { return vec![Err(PublishFault::NoConnection.into())] };
            let Some(channel) = live.channels.lend().await else {
                return vec![Err(PublishFault::NoConnection.into())];
            };
            let mut outcomes = Vec::with_capacity(run.len());
            while outcomes.len() < run.len() {
                let start = outcomes.len();
                let end = start + same_way(&letters[start..], &run[start..]);
                let published = publish(&live, &channel, &letters[start..end], &run[start..end], deadline).await;
                let failed = published.iter().any(Result::is_err);
                outcomes.extend(published.into_iter().map(|published| published.map_err(Failure::from)));
                if failed {
                    break;
                }
            }
            live.give_back(channel).await;
            outcomes
        })
    }
}

/// Address and envelope of a row.
struct Letter {
    exchange: String,
    routing_key: String,
    properties: BasicProperties,
}

impl AmqpDestination {
    fn letter(&self, due: &Due) -> Letter {
        let (exchange, routing_key) = address(&self.settings, due);
        let content_type = match due.purpose {
            Purpose::Reply | Purpose::Forward => "application/xml",
            Purpose::Error => "application/json",
            Purpose::Signal => "application/cloudevents+json",
        };
        let timestamp = u64::try_from(self.clock.now().as_second()).unwrap_or_default();
        let mut properties = BasicProperties::default()
            .with_message_id(due.id.to_string().into())
            .with_correlation_id(short(&due.correlation_id))
            .with_content_type(content_type.into())
            .with_type(short(&due.subject))
            .with_timestamp(timestamp)
            .with_app_id(short(&self.app_id))
            .with_delivery_mode(PERSISTENT);
        if let Some(verdict) = due.verdict_json.as_ref().filter(|verdict| verdict.len() <= LARGEST_VERDICT) {
            let mut headers = FieldTable::default();
            headers.insert("sluis-verdict".into(), AMQPValue::LongString(verdict.as_slice().into()));
            properties = properties.with_headers(headers);
        }
        Letter { exchange, routing_key, properties }
    }
}

/// Delivery mode of a message that the broker writes to disk.
const PERSISTENT: u8 = 2;

/// Exchange and routing key of a row (see the table of the transports).
fn address(settings: &Amqp, due: &Due) -> (String, String) {
    let law = due.law.map_or("unknown", Law::as_str);
    let to = due.to.as_deref().unwrap_or("unknown");
    match due.purpose {
        Purpose::Reply | Purpose::Forward => {
            let number = Kind::parse(&due.subject).map_or("unknown", |kind| kind.number.as_str());
            (settings.exchange_out.clone(), format!("{law}.{number}.{to}"))
        }
        // Nobody can have bound a queue for a receiver that is unknown.
        Purpose::Error if due.to.is_none() => (String::new(), settings.parked_queue.clone()),
        Purpose::Error => (settings.exchange_out.clone(), format!("{law}.error.{to}")),
        Purpose::Signal => {
            let region = due.region.as_deref().unwrap_or("unknown");
            (settings.exchange_signals.clone(), format!("{}.{}.{to}", word(region), word(&due.subject)))
        }
    }
}

/// One word of a routing key: a dot would make two of it.
fn word(text: &str) -> String {
    text.replace('.', "-")
}

/// Text for a property or a routing key, which hold 255 bytes at most; the library panics on more.
fn short(text: &str) -> ShortString {
    let mut end = text.len().min(255);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

/// How many of the first rows can be published in one go: to one routing key, and not too much at once.
fn same_way(letters: &[Letter], rows: &[Due]) -> usize {
    let mut bytes = 0;
    let fits = letters.iter().zip(rows).take_while(|(letter, due)| {
        bytes += due.body.len();
        letter.routing_key == letters[0].routing_key && letter.exchange == letters[0].exchange && bytes <= LARGEST_RUN
    });
    fits.count().max(1)
}

/// Publishes rows and waits for what the broker says of each, at most for the deadline; time during which the broker
/// takes nothing does not count.
async fn publish(
    live: &Live,
    channel: &Channel,
    letters: &[Letter],
    rows: &[Due],
    deadline: Duration,
) -> Vec<Result<(), PublishFault>> {
    if live.connection.status().blocked() {
        // Publishing would wait for the alarm to end, and could not be taken back.
        return vec![Err(PublishFault::Blocked)];
    }
    if Failpoint::BeforePublish.pass_async().await.is_err() {
        return vec![Err(PublishFault::NoConnection)];
    }
    // A confirm that is on its way when the connection breaks may never come, nor an error.
    let gone = gone(&live.connection, channel).shared();
    let late = unblocked(&live.connection, deadline).shared();
    // The futures are made and polled in order, and the frames leave in that order.
    let published = letters.iter().zip(rows).map(|(letter, due)| {
        let (gone, late) = (gone.clone(), late.clone());
        async move {
            tokio::select! {
                // An error of the broker comes with the end of the channel, and tells more.
                biased;
                published = publish_one(channel, letter, due) => published,
                () = gone => Published::Gone,
                () = late => Published::Late,
            }
        }
    });
    let mut confirms = future::join_all(published).await;
    // A return arrives before the confirm of its message: all that were returned are known by now.
    let returned: BTreeSet<String> = confirms.iter_mut().filter_map(Published::take_returned).collect();
    if confirms.iter().any(|published| matches!(published, Published::Late)) {
        // Nobody knows what became of it, nor of anything else on this connection.
        live.broken.notify_one();
    }
    if let Err(tripped) = Failpoint::AfterConfirm.pass_async().await {
        return vec![Err(PublishFault::Cut { said: tripped.to_string() })];
    }
    let rows = letters.iter().zip(rows);
    confirms
        .into_iter()
        .zip(rows)
        .map(|(confirm, (letter, due))| confirm.judge(letter, due, returned.contains(&due.id.to_string())))
        .collect()
}

/// Completes after a time during which the broker took messages.
async fn unblocked(connection: &Connection, time: Duration) {
    let mut left = time;
    while !left.is_zero() {
        let step = left.min(LOOK);
        tokio::time::sleep(step).await;
        if !connection.status().blocked() {
            left -= step;
        }
    }
}

async fn publish_one(channel: &Channel, letter: &Letter, due: &Due) -> Published {
    let (exchange, key) = (short(&letter.exchange), short(&letter.routing_key));
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirm = match channel.basic_publish(exchange, key, options, &due.body, letter.properties.clone()).await {
        Ok(confirm) => confirm,
        Err(error) => return Published::Answered(Err(error)),
    };
    if Failpoint::AfterPublish.pass_async().await.is_err() {
        return Published::Gone;
    }
    let confirmed = confirm.await;
    if Failpoint::BeforeConfirm.pass_async().await.is_err() {
        return Published::Gone;
    }
    Published::Answered(confirmed)
}

/// What the broker or the library says of a message, or why nobody knows whether it arrived.
#[expect(clippy::large_enum_variant, reason = "as many as one run has messages, for as long as it lasts")]
enum Published {
    Answered(lapin::Result<Confirmation>),
    Gone,
    Late,
}

impl Published {
    /// Id of the returned message that is attached to a confirm, its own or another.
    fn take_returned(&mut self) -> Option<String> {
        let Published::Answered(Ok(Confirmation::Ack(returned) | Confirmation::Nack(returned))) = self else {
            return None;
        };
        returned.take()?.properties.message_id().as_ref().map(|id| id.as_str().to_owned())
    }

    fn judge(self, letter: &Letter, due: &Due, returned: bool) -> Result<(), PublishFault> {
        let key = || letter.routing_key.clone();
        match self {
            Published::Answered(Ok(Confirmation::Ack(_) | Confirmation::Nack(_))) if returned => {
                Err(PublishFault::Unroutable { key: key() })
            }
            Published::Answered(Ok(Confirmation::Ack(_))) => Ok(()),
            Published::Answered(Ok(Confirmation::Nack(_))) => Err(PublishFault::Nacked { key: key() }),
            Published::Answered(Ok(Confirmation::NotRequested)) => Err(PublishFault::NotConfirming),
            Published::Answered(Err(error)) => Err(PublishFault::of(&error, &letter.exchange, due.body.len() as u64)),
            Published::Gone => Err(PublishFault::Cut { said: "the connection was closed".to_owned() }),
            Published::Late => Err(PublishFault::Unconfirmed),
        }
    }
}
