//! Messages from a queue. Each is acknowledged after it is in the ledger, never before; whatever breaks in between, the
//! broker hands it out again, and the ledger recognises the repeat.
//!
//! Messages are handed to the ledger in the order of the queue. When it takes nothing, the channel is closed, so that
//! all that was handed out returns to the queue in its order and another gateway can take it, and nothing is taken again
//! before the ledger says that it is ready: the broker counts deliveries, and must not park messages for the failure of
//! a disk. (Trying with one message at a time would also cost the order: the broker puts a returned one behind the
//! others.)

use super::super::budget::Budget;
use super::super::{Incoming, Intake, IntakeError};
use super::{AmqpError, close, connect, gone, topology, within_deadline};
use crate::backoff::{Backoff, random_spread};
use crate::config::Amqp;
use crate::failpoint::Failpoint;
use crate::shutdown::Shutdown;
use crate::telemetry::events::{IntakeBroke, NotRecorded};
use crate::telemetry::{Component, Telemetry};
use futures_util::{FutureExt, StreamExt, future};
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use sha2::{Digest, Sha256};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// Messages that are read and validated at once.
const PREPARED_AT_ONCE: usize = 16;
/// Acknowledgements that are sent together.
const ACKS_AT_ONCE: usize = 64;
/// Waits before the next connection.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: Duration::from_secs(30) };
/// A connection that held this long was a good one: the next wait is short again.
const GOOD_CONNECTION: Duration = Duration::from_secs(30);
/// Longest wait between questions whether the ledger is ready.
const READY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: Duration::from_secs(5) };
/// How often the broker is asked whether it still answers, and how long it has for that.
const PROBE: Duration = Duration::from_secs(15);
const PROBE_DEADLINE: Duration = Duration::from_secs(10);
/// How long the last acknowledgements get to settle before the channel is closed: a quorum queue settles them later than
/// the broker reads them, and forgets those it has not settled when the channel goes. They would come back as repeats.
const SETTLE: Duration = Duration::from_millis(200);

/// Takes messages from a queue.
pub struct AmqpIntake<I> {
    settings: Amqp,
    name: String,
    intake: Arc<I>,
    budget: Budget,
    telemetry: Telemetry,
    component: Component,
}

/// How a session ended.
enum Ended {
    /// As asked.
    Stopped,
    /// The connection, the channel or the consumer is gone.
    Lost(String),
    /// The ledger takes nothing.
    Refused(String),
}

/// A message on its way to the ledger.
struct Taken<P> {
    acker: Acker,
    prepared: P,
    room: OwnedSemaphorePermit,
}

/// A message and whether it is in the ledger.
type Recorded = (Acker, Result<(), IntakeError>);

/// Why a message is not on its way.
enum Fault {
    /// The consumer failed; nothing comes after this.
    Lost(String),
    /// Handling it broke off.
    Broke(Acker),
}

impl<I: Intake> AmqpIntake<I> {
    /// Takes messages from the queue of the settings. `gateway` is how the broker sees the connection.
    pub fn new(settings: &Amqp, gateway: &str, intake: Arc<I>, telemetry: &Telemetry) -> AmqpIntake<I> {
        AmqpIntake {
            settings: settings.clone(),
            name: format!("{gateway} intake"),
            intake,
            budget: Budget::new(settings.prefetch_bytes),
            telemetry: telemetry.clone(),
            component: telemetry.component("amqp intake"),
        }
    }

    /// Takes messages until the stop is requested; what was taken by then is recorded and acknowledged, within the
    /// deadline.
    pub async fn run(self, shutdown: Shutdown) {
        shutdown.within_deadline(Box::pin(self.supervise(&shutdown))).await;
        self.component.stopped();
    }

    /// One session after another, for ever: whatever was lost is built anew.
    async fn supervise(&self, shutdown: &Shutdown) {
        let mut failures = 0;
        while !shutdown.is_requested() {
            let since = Instant::now();
            let ended = self.session(shutdown).await;
            if since.elapsed() > GOOD_CONNECTION {
                failures = 0;
            }
            failures += 1;
            let again_in = BACKOFF.after(failures, random_spread());
            match ended {
                Ended::Stopped => return,
                Ended::Lost(reason) => {
                    self.component.down(&reason);
                    shutdown.sleep(again_in).await;
                }
                Ended::Refused(reason) => {
                    NotRecorded { transport: "amqp", reason: &reason, again_in }.emit(&self.telemetry);
                    self.component.down(&reason);
                    shutdown.sleep(again_in).await;
                    self.until_ready(shutdown).await;
                }
            }
        }
    }

    /// Waits until the ledger takes messages.
    async fn until_ready(&self, shutdown: &Shutdown) {
        let mut refusals = 0;
        while !shutdown.is_requested() {
            match self.intake.ready().await {
                Ok(()) => return,
                Err(error) => self.component.down(&error.to_string()),
            }
            refusals += 1;
            shutdown.sleep(READY_BACKOFF.after(refusals, random_spread())).await;
        }
    }

    async fn session(&self, shutdown: &Shutdown) -> Ended {
        let set_up = within_deadline(self.set_up());
        let (connection, channel, consumer) = match shutdown.unless_requested(set_up).await {
            None => return Ended::Stopped,
            Some(Err(error)) => return Ended::Lost(error.to_string()),
            Some(Ok(parts)) => parts,
        };
        self.component.up();
        let ended = tokio::select! {
            ended = self.consume(consumer, shutdown) => ended,
            reason = lost(&connection, &channel, self.settings.prefetch) => Ended::Lost(reason),
        };
        if matches!(ended, Ended::Stopped) {
            tokio::time::sleep(SETTLE).await;
        }
        close(Some(&channel), &connection).await;
        ended
    }

    /// Everything that a loss takes away: connection, queues, channel, prefetch, consumer.
    async fn set_up(&self) -> Result<(Connection, Channel, Consumer), AmqpError> {
        let connection = connect(&self.settings, &self.name).await?;
        if self.settings.declare {
            topology::declare(&connection, &self.settings).await?;
        }
        let channel = connection.create_channel().await?;
        channel.basic_qos(self.settings.prefetch, BasicQosOptions::default()).await?;
        let queue = self.settings.queue.as_str().into();
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(queue, "".into(), options, FieldTable::default()).await?;
        Ok((connection, channel, consumer))
    }

    async fn consume(&self, consumer: Consumer, shutdown: &Shutdown) -> Ended {
        // Room is taken one message after another, as in the directory transport: by all at once, later messages could
        // hold all of it while they wait for an earlier one.
        let room = consumer.take_until(shutdown.requested()).then(|delivery| take_room(self.budget.clone(), delivery));
        let read = room.map(|taken| prepare(Arc::clone(&self.intake), taken)).buffered(PREPARED_AT_ONCE);
        let recorded = read
            .map(|read| match read {
                Ok(taken) => commit(self.intake.as_ref(), taken).map(Ok).left_future(),
                Err(fault) => future::ready(Err(fault)).right_future(),
            })
            .buffered(usize::from(self.settings.prefetch));
        let mut chunks = pin!(recorded.ready_chunks(ACKS_AT_ONCE));
        let mut all_taken = true;
        while let Some(chunk) = chunks.next().await {
            if let Some(ended) = self.acknowledge(chunk, &mut all_taken).await {
                return ended;
            }
        }
        if shutdown.is_requested() {
            return Ended::Stopped;
        }
        // The stream ends without an error when the broker cancels the consumer; the channel looks healthy then.
        Ended::Lost(format!(
            "the broker cancelled the consumer of {}: the queue was removed or moved",
            self.settings.queue
        ))
    }

    /// Acknowledges what is in the ledger, up to the first that is not: what comes after it returns to the queue with it.
    /// `all_taken` tells whether every earlier message of the channel was acknowledged or rejected, so that one
    /// acknowledgement can stand for all up to it; a queue takes those in much more quickly than one by one.
    async fn acknowledge(&self, chunk: Vec<Result<Recorded, Fault>>, all_taken: &mut bool) -> Option<Ended> {
        let mut acks = Vec::with_capacity(chunk.len());
        let mut ended = None;
        for outcome in chunk {
            match outcome {
                Ok((acker, Ok(()))) => acks.push(acker),
                Ok((_, Err(error))) => {
                    ended = Some(Ended::Refused(error.to_string()));
                    break;
                }
                Err(Fault::Lost(reason)) => {
                    ended = Some(Ended::Lost(reason));
                    break;
                }
                Err(Fault::Broke(acker)) => *all_taken &= self.set_aside(&acker).await,
            }
        }
        if let Err(tripped) = Failpoint::BeforeAck.pass_async().await {
            return Some(Ended::Lost(tripped.to_string()));
        }
        let multiple = *all_taken;
        let first = if multiple { acks.len().saturating_sub(1) } else { 0 };
        let acks = acks[first..].iter().map(|acker| acker.ack(BasicAckOptions { multiple }));
        for acknowledged in future::join_all(acks).await {
            let reason = match acknowledged {
                Ok(true) => continue,
                // The channel of the delivery is gone: the broker hands the message out again.
                Ok(false) => "the channel was closed before an acknowledgement".to_owned(),
                Err(error) => error.to_string(),
            };
            ended.get_or_insert(Ended::Lost(reason));
        }
        if let Err(tripped) = Failpoint::AfterAck.pass_async().await {
            ended.get_or_insert(Ended::Lost(tripped.to_string()));
        }
        ended
    }

    /// A message that breaks the program must not come back at once, or the program would do nothing else. When the
    /// gateway declared the queue, it knows that a rejected message is parked. Otherwise rejecting could lose it: then
    /// it stays unacknowledged until the channel closes. Tells whether it was rejected.
    async fn set_aside(&self, acker: &Acker) -> bool {
        if !self.settings.declare {
            IntakeBroke { transport: "amqp", kept: "the queue, unacknowledged" }.emit(&self.telemetry);
            return false;
        }
        IntakeBroke { transport: "amqp", kept: &self.settings.parked_queue }.emit(&self.telemetry);
        matches!(acker.reject(BasicRejectOptions { requeue: false }).await, Ok(true))
    }
}

/// Completes when the connection does not work any more, and tells why. The client library does not always tell those who
/// wait: an acknowledgement that is on its way when the connection breaks may wait for ever.
async fn lost(connection: &Connection, channel: &Channel, prefetch: u16) -> String {
    let probe = async {
        loop {
            tokio::time::sleep(PROBE).await;
            // Setting the same prefetch again changes nothing, and takes the way to the broker and back.
            let answer = channel.basic_qos(prefetch, BasicQosOptions::default());
            match tokio::time::timeout(PROBE_DEADLINE, answer).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "the broker does not answer".to_owned(),
            }
        }
    };
    tokio::select! {
        reason = probe => reason,
        () = gone(connection, channel) => "the connection was closed".to_owned(),
    }
}

type Room = Result<(Delivery, OwnedSemaphorePermit), String>;

async fn take_room(budget: Budget, delivery: lapin::Result<Delivery>) -> Room {
    match delivery {
        Ok(delivery) => {
            let room = budget.take(delivery.data.len()).await;
            Ok((delivery, room))
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn prepare<I: Intake>(intake: Arc<I>, room: Room) -> Result<Taken<I::Prepared>, Fault> {
    let (delivery, room) = room.map_err(Fault::Lost)?;
    let transport_id = transport_id(&delivery);
    let Delivery { acker, data: bytes, .. } = delivery;
    // A task of its own: it runs beside the others, and if it breaks off it takes nothing else along.
    match tokio::spawn(intake.prepare(Incoming { transport: "amqp", transport_id, bytes })).await {
        Ok(prepared) => Ok(Taken { acker, prepared, room }),
        Err(_) => Err(Fault::Broke(acker)),
    }
}

/// Hands a message to the ledger, at once, and gives its room back when it is there.
fn commit<I: Intake>(intake: &I, taken: Taken<I::Prepared>) -> impl Future<Output = Recorded> + use<I> {
    let Taken { acker, prepared, room } = taken;
    let recorded = intake.commit(prepared);
    async move {
        let recorded = recorded.await;
        drop(room);
        (acker, recorded)
    }
}

/// The sender's own id, which is the same when it sends again; of a message without one, what it says.
fn transport_id(delivery: &Delivery) -> String {
    match delivery.properties.message_id() {
        Some(id) if !id.as_str().is_empty() => id.as_str().to_owned(),
        Some(_) | None => hex::encode(Sha256::digest(&delivery.data)),
    }
}
