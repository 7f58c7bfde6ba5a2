//! Messages from queues. Each is acknowledged after it is in the ledger, never before; whatever breaks in between, the
//! broker hands it out again, and the ledger recognises the repeat.
//!
//! Each queue has a connection of its own, so that none waits for another. Messages are handed to the ledger in the order
//! of the queue. When it takes nothing, the channel is closed, so that all that was handed out returns to the queue in
//! its order and another gateway can take it, and nothing is taken again before the ledger says that it is ready: the
//! broker counts deliveries, and must not park messages for the failure of a disk. (Trying with one message at a time
//! would also cost the order: the broker puts a returned one behind the others.)
//!
//! A message that was handed out before may be the one that ended the program. So it is counted in the ledger before it
//! is looked into, and taken alone: if it ends the program again, it takes no neighbour along, and after some times it is
//! parked unread.

use super::super::{Identity, Incoming, Intake, IntakeError, Line, Receipt, Take};
use super::held::{Held, Room, Sizes};
use super::{AmqpError, close, connect, gone, told, topology, within_deadline};
use crate::backoff::{Backoff, random_spread};
use crate::config::Amqp;
use crate::failpoint::Failpoint;
use crate::shutdown::Shutdown;
use crate::telemetry::events::{IntakeBroke, NotRecorded, PrefetchChanged, QueueDepth, TakenTooOften};
use crate::telemetry::{Component, Telemetry};
use futures_util::{FutureExt, StreamExt, future, stream};
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

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

/// Takes messages from the queues of the settings.
pub struct AmqpIntake<I> {
    queues: Vec<QueueIntake<I>>,
}

/// Names of the queues that this gateway is to take from at the moment.
pub type Assigned = watch::Receiver<BTreeSet<String>>;

/// Takes messages from one queue.
struct QueueIntake<I> {
    settings: Arc<Amqp>,
    queue: String,
    name: String,
    intake: Arc<I>,
    /// Bytes of this queue that are held at once.
    share: u64,
    assigned: Option<Assigned>,
    telemetry: Telemetry,
    component: Component,
    /// Whether messages were acknowledged since the last loss.
    worked: AtomicBool,
}

/// How a session ended.
#[derive(Debug)]
enum Ended {
    /// As asked: the gateway stops, or the queue is another's now.
    Stopped,
    /// The connection, the channel or the consumer is gone.
    Lost(String),
    /// The ledger takes nothing.
    Refused(String),
    /// More bytes came than may be held: ask for that many messages at once.
    Narrow(u16),
    /// Messages are small again.
    Widen,
}

/// A message as it arrived.
struct Arrived {
    delivery: Delivery,
    room: Room,
}

/// A message on its way to the ledger.
struct Taken<P> {
    acker: Acker,
    prepared: P,
    room: Room,
    /// That others may be in work beside it.
    beside: OwnedSemaphorePermit,
}

/// A message and whether it is in the ledger.
type Recorded = (Acker, Result<Receipt, IntakeError>);

/// Why a message is not on its way.
enum Fault {
    /// Handling it broke off.
    Broke(Acker),
}

/// A message before it is prepared.
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large sort")]
enum Step {
    /// It came for the first time.
    Fresh(Arrived, OwnedSemaphorePermit),
    /// It came again, and was dealt with alone.
    Done(Result<Recorded, Fault>),
}

/// What feeds the work, and what the work tells it.
#[derive(Default)]
struct Feed {
    /// Nothing more is to be begun.
    closed: AtomicBool,
    /// Why the feed ended.
    ended: OnceLock<Ended>,
}

impl<I: Intake> AmqpIntake<I> {
    /// Takes messages from all queues of the settings. `gateway` is how the broker sees the connections.
    pub fn new(settings: &Amqp, gateway: &str, intake: Arc<I>, telemetry: &Telemetry) -> AmqpIntake<I> {
        let settings = Arc::new(settings.clone());
        let names = settings.queues.clone();
        let count = names.len();
        let share = settings.prefetch_bytes / u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        let queues = names.into_iter().map(move |queue| QueueIntake {
            settings: Arc::clone(&settings),
            name: format!("{gateway} intake"),
            intake: Arc::clone(&intake),
            share,
            assigned: None,
            telemetry: telemetry.clone(),
            component: telemetry.component(&match count {
                1 => "amqp intake".to_owned(),
                _ => format!("amqp intake {queue}"),
            }),
            queue,
            worked: AtomicBool::new(false),
        });
        AmqpIntake { queues: queues.collect() }
    }

    /// Takes from those queues only that are in the set at the moment. One that leaves it is let go of: what is in work
    /// is recorded and acknowledged, the rest returns to the queue for whoever takes it next.
    #[must_use]
    pub fn assigned_by(mut self, assigned: &Assigned) -> AmqpIntake<I> {
        for queue in &mut self.queues {
            queue.assigned = Some(assigned.clone());
        }
        self
    }

    /// Takes messages until the stop is requested; what was taken by then is recorded and acknowledged, within the
    /// deadline.
    pub async fn run(self, shutdown: Shutdown) {
        future::join_all(self.queues.into_iter().map(|queue| queue.run(shutdown.clone()))).await;
    }
}

impl<I: Intake> QueueIntake<I> {
    async fn run(self, shutdown: Shutdown) {
        shutdown.within_deadline(Box::pin(self.supervise(&shutdown))).await;
        self.component.stopped();
    }

    /// One session after another, for ever: whatever was lost is built anew.
    async fn supervise(&self, shutdown: &Shutdown) {
        let mut failures = 0;
        let mut prefetch = self.settings.prefetch;
        while !shutdown.is_requested() {
            if !self.is_ours() {
                // Nothing is wrong: another gateway takes from the queue.
                self.component.up();
                shutdown.unless_requested(self.until_assigned(true)).await;
                continue;
            }
            let since = Instant::now();
            let ended = self.session(shutdown, prefetch).await;
            // One by which messages were taken was a good one too, however short: what waits must not wait for long.
            if self.worked.swap(false, Ordering::Relaxed) || since.elapsed() > GOOD_CONNECTION {
                failures = 0;
            }
            match ended {
                Ended::Stopped => failures = 0,
                Ended::Lost(reason) => {
                    failures += 1;
                    self.component.down(&reason);
                    shutdown.sleep(BACKOFF.after(failures, random_spread())).await;
                }
                Ended::Refused(reason) => {
                    failures += 1;
                    let again_in = BACKOFF.after(failures, random_spread());
                    NotRecorded { transport: "amqp", reason: &reason, again_in }.emit(&self.telemetry);
                    self.component.down(&reason);
                    shutdown.sleep(again_in).await;
                    self.until_ready(shutdown).await;
                }
                Ended::Narrow(fewer) => {
                    prefetch = fewer;
                    PrefetchChanged { queue: &self.queue, prefetch }.emit();
                }
                Ended::Widen => {
                    prefetch = self.settings.prefetch;
                    PrefetchChanged { queue: &self.queue, prefetch }.emit();
                }
            }
        }
    }

    fn is_ours(&self) -> bool {
        self.assigned.as_ref().is_none_or(|assigned| assigned.borrow().contains(&self.queue))
    }

    /// Completes when the queue is given to this gateway, or with `false` taken from it.
    async fn until_assigned(&self, ours: bool) {
        match self.assigned.clone() {
            Some(mut assigned) => {
                if assigned.wait_for(|queues| queues.contains(&self.queue) == ours).await.is_err() {
                    // Nobody assigns any more: it stays as it is.
                    future::pending::<()>().await;
                }
            }
            None if ours => {}
            None => future::pending().await,
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

    async fn session(&self, shutdown: &Shutdown, prefetch: u16) -> Ended {
        let set_up = within_deadline(self.set_up(prefetch));
        // The consumer is dropped last. Dropping it cancels it, and a broker that hands a queue to one consumer at a time
        // would hand the next gateway what comes behind the messages that this one still has: out of order.
        let (connection, channel, mut consumer) = match shutdown.unless_requested(set_up).await {
            None => return Ended::Stopped,
            Some(Err(error)) => return Ended::Lost(error.to_string()),
            Some(Ok(parts)) => parts,
        };
        self.component.up();
        let ended = tokio::select! {
            ended = self.consume(&mut consumer, shutdown, prefetch) => ended,
            reason = lost(&connection, &channel, prefetch) => Ended::Lost(reason),
            never = self.tell_depth(&connection) => match never {},
        };
        QueueDepth { queue: &self.queue, messages: None }.emit(&self.telemetry);
        match ended {
            Ended::Stopped | Ended::Narrow(_) | Ended::Widen => tokio::time::sleep(SETTLE).await,
            Ended::Lost(_) | Ended::Refused(_) => {}
        }
        close(Some(&channel), &connection).await;
        drop(consumer);
        ended
    }

    /// Tells now and then how much waits in the queue, as the broker says to whoever asks for a queue that is there. On a
    /// channel of its own: one on which the broker refuses something is closed, and that must not be the consumer's.
    async fn tell_depth(&self, connection: &Connection) -> Infallible {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let mut channel: Option<Channel> = None;
        loop {
            let messages = async {
                let open = match channel.take() {
                    Some(open) => open,
                    None => connection.create_channel().await.ok()?,
                };
                let declared = open.queue_declare(self.queue.as_str().into(), options, FieldTable::default()).await;
                let messages = declared.ok()?.message_count();
                channel = Some(open);
                Some(messages)
            };
            let messages = tokio::time::timeout(PROBE_DEADLINE, messages).await.ok().flatten();
            QueueDepth { queue: &self.queue, messages }.emit(&self.telemetry);
            tokio::time::sleep(PROBE).await;
        }
    }

    /// Everything that a loss takes away: connection, queues, channel, prefetch, consumer.
    async fn set_up(&self, prefetch: u16) -> Result<(Connection, Channel, Consumer), AmqpError> {
        let connection = connect(&self.settings, &self.name).await?;
        if self.settings.declare {
            topology::declare(&connection, &self.settings).await?;
        }
        let channel = connection.create_channel().await?;
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumer =
            channel.basic_consume(self.queue.as_str().into(), "".into(), options, FieldTable::default()).await?;
        Ok((connection, channel, consumer))
    }

    /// Feeds what comes to the work, until either ends. What is in work then is finished.
    async fn consume(&self, consumer: &mut Consumer, shutdown: &Shutdown, prefetch: u16) -> Ended {
        let feed = Feed::default();
        // As many as the broker may hand over.
        let (sender, receiver) = mpsc::channel(usize::from(prefetch) + 1);
        let feeding = async {
            let ended = self.feed(consumer, sender, shutdown, prefetch).await;
            if !matches!(ended, Ended::Lost(_)) {
                feed.closed.store(true, Ordering::Relaxed);
            }
            let _ = feed.ended.set(ended);
            // What still comes returns to the queue with the channel; it must not pile up until then.
            while consumer.next().await.is_some() {}
            future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = self.work(receiver, &feed, prefetch) => ended,
            () = feeding => None,
        };
        ended.or(feed.ended.into_inner()).unwrap_or(Ended::Stopped)
    }

    /// Passes messages on as they come, and counts their bytes: the broker knows no bound but their number. Tells why it
    /// ended; after a loss what was passed on can still be recorded, otherwise what is not begun is not to be.
    async fn feed(
        &self,
        consumer: &mut Consumer,
        sender: mpsc::Sender<Arrived>,
        shutdown: &Shutdown,
        prefetch: u16,
    ) -> Ended {
        let held = Held::default();
        let mut sizes = Sizes::new(self.settings.prefetch);
        let mut let_go = pin!(async {
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.until_assigned(false) => {}
            }
        });
        loop {
            let next = tokio::select! {
                () = &mut let_go => return Ended::Stopped,
                next = consumer.next() => next,
            };
            let delivery = match next {
                Some(Ok(delivery)) => delivery,
                Some(Err(error)) => return Ended::Lost(told(&error)),
                // The stream ends without an error when the broker cancels the consumer; the channel looks healthy then.
                None => {
                    return Ended::Lost(format!(
                        "the broker cancelled the consumer of {}: the queue was removed or moved",
                        self.queue
                    ));
                }
            };
            let bytes = delivery.data.len() as u64;
            sizes.note(bytes);
            let room = held.take(bytes);
            if held.messages() > 1 && held.bytes() > self.share {
                return Ended::Narrow(sizes.fitting(self.share, prefetch));
            }
            if sender.try_send(Arrived { delivery, room }).is_err() {
                return Ended::Lost("the broker handed out more messages than it was asked for".to_owned());
            }
            if prefetch < self.settings.prefetch && sizes.would_fit(self.share) {
                return Ended::Widen;
            }
        }
    }

    /// Records what is fed to it, in order, until that ends; `None` when all of it was acknowledged.
    async fn work(&self, fed: mpsc::Receiver<Arrived>, feed: &Feed, prefetch: u16) -> Option<Ended> {
        let places = u32::from(prefetch.max(1));
        let beside = Arc::new(Semaphore::new(places as usize));
        let line = Line::default();
        let again = Again {
            intake: Arc::clone(&self.intake),
            max_takes: self.settings.max_takes,
            telemetry: self.telemetry.clone(),
            line: line.clone(),
        };
        let taken = stream::unfold(fed, async |mut fed| fed.recv().await.map(|arrived| (arrived, fed)))
            .take_while(|_| future::ready(!feed.closed.load(Ordering::Relaxed)))
            // One after another: a message that came again waits for all before it, and all behind it wait for that.
            .then(move |arrived| begin(again.clone(), arrived, Arc::clone(&beside), places));
        let read = taken
            .map(|step| match step {
                Step::Fresh(arrived, beside) => {
                    prepare(Arc::clone(&self.intake), arrived, beside).map(Prepared::Fresh).left_future()
                }
                Step::Done(done) => future::ready(Prepared::Done(done)).right_future(),
            })
            .buffered(PREPARED_AT_ONCE);
        let recorded = read
            .map(|read| match read {
                Prepared::Fresh(Ok(taken)) => commit(self.intake.as_ref(), &line, taken).map(Ok).left_future(),
                Prepared::Fresh(Err(fault)) => future::ready(Err(fault)).right_future(),
                Prepared::Done(done) => future::ready(done).right_future(),
            })
            .buffered(usize::from(prefetch.max(1)));
        let mut chunks = pin!(recorded.ready_chunks(ACKS_AT_ONCE));
        let mut all_taken = true;
        while let Some(chunk) = chunks.next().await {
            if let Some(ended) = self.acknowledge(chunk, &mut all_taken).await {
                return Some(ended);
            }
        }
        None
    }

    /// Acknowledges what is in the ledger, up to the first that is not: what comes after it returns to the queue with it.
    /// `all_taken` tells whether every earlier message of the channel was acknowledged or rejected, so that one
    /// acknowledgement can stand for all up to it; a queue takes those in much more quickly than one by one.
    async fn acknowledge(&self, chunk: Vec<Result<Recorded, Fault>>, all_taken: &mut bool) -> Option<Ended> {
        let mut acks = Vec::with_capacity(chunk.len());
        let mut ended = None;
        for outcome in chunk {
            match outcome {
                // A refused message lies in the ledger too: handing it out again would change nothing.
                Ok((acker, Ok(Receipt::Taken | Receipt::Refused(_)))) => acks.push(acker),
                Ok((_, Err(error))) => {
                    ended = Some(Ended::Refused(error.to_string()));
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
                Ok(true) => {
                    self.worked.store(true, Ordering::Relaxed);
                    continue;
                }
                // The channel of the delivery is gone: the broker hands the message out again.
                Ok(false) => "the channel was closed before an acknowledgement".to_owned(),
                Err(error) => told(&error),
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
                Ok(Err(error)) => return told(&error),
                Err(_) => return "the broker does not answer".to_owned(),
            }
        }
    };
    tokio::select! {
        reason = probe => reason,
        () = gone(connection, channel) => "the connection was closed".to_owned(),
    }
}

/// Deals with messages that came back.
struct Again<I> {
    intake: Arc<I>,
    max_takes: u32,
    telemetry: Telemetry,
    line: Line,
}

impl<I> Clone for Again<I> {
    fn clone(&self) -> Again<I> {
        Again {
            intake: Arc::clone(&self.intake),
            max_takes: self.max_takes,
            telemetry: self.telemetry.clone(),
            line: self.line.clone(),
        }
    }
}

async fn begin<I: Intake>(again: Again<I>, arrived: Arrived, beside: Arc<Semaphore>, places: u32) -> Step {
    let redelivered = arrived.delivery.redelivered;
    let wanted = if redelivered { places } else { 1 };
    let permit = beside.acquire_many_owned(wanted).await.expect("the semaphore is never closed");
    if redelivered { Step::Done(again.take(arrived).await) } else { Step::Fresh(arrived, permit) }
}

impl<I: Intake> Again<I> {
    /// Records a message that came back, alone: nothing else of its queue is in work.
    async fn take(self, Arrived { delivery, room }: Arrived) -> Result<Recorded, Fault> {
        let (acker, incoming) = incoming(delivery);
        let take = Take::of(&incoming);
        let takes = match self.intake.count_take(take.clone()).await {
            Ok(takes) => takes,
            Err(error) => {
                self.line.break_off();
                return Ok((acker, Err(error)));
            }
        };
        let recorded = if takes > self.max_takes {
            TakenTooOften { transport: "amqp", takes: takes - 1 }.emit(&self.telemetry);
            self.intake.set_aside(incoming).await
        } else {
            match tokio::spawn(self.intake.prepare(incoming)).await {
                Ok(prepared) => self.intake.commit_in(&self.line, prepared).await,
                Err(_) => return Err(Fault::Broke(acker)),
            }
        };
        drop(room);
        if recorded.is_err() {
            self.line.break_off();
        }
        // Recorded, or refused by the ledger: neither ended the program. A count that stays is forgotten the next time.
        let _ = self.intake.forget_takes(take).await;
        Ok((acker, recorded))
    }
}

/// A message that is prepared, or was dealt with before.
enum Prepared<P> {
    Fresh(Result<Taken<P>, Fault>),
    Done(Result<Recorded, Fault>),
}

fn incoming(delivery: Delivery) -> (Acker, Incoming) {
    let (transport_id, identity) = (transport_id(&delivery), identity(&delivery));
    let Delivery { acker, data: bytes, .. } = delivery;
    (acker, Incoming { transport: "amqp", transport_id, identity, bytes })
}

async fn prepare<I: Intake>(
    intake: Arc<I>,
    Arrived { delivery, room }: Arrived,
    beside: OwnedSemaphorePermit,
) -> Result<Taken<I::Prepared>, Fault> {
    let (acker, incoming) = incoming(delivery);
    // A task of its own: it runs beside the others, and if it breaks off it takes nothing else along.
    match tokio::spawn(intake.prepare(incoming)).await {
        Ok(prepared) => Ok(Taken { acker, prepared, room, beside }),
        Err(_) => Err(Fault::Broke(acker)),
    }
}

/// Hands a message to the ledger, at once, and gives its room back when it is there.
fn commit<I: Intake>(intake: &I, line: &Line, taken: Taken<I::Prepared>) -> impl Future<Output = Recorded> + use<I> {
    let Taken { acker, prepared, room, beside } = taken;
    let recorded = intake.commit_in(line, prepared);
    async move {
        let recorded = recorded.await;
        drop((room, beside));
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

/// The login of the connection that published the message. A broker takes a message with the name of another login for
/// none, so the property can be believed; who leaves it out is nobody.
fn identity(delivery: &Delivery) -> Option<Identity> {
    let user = delivery.properties.user_id().as_ref()?.as_str();
    (!user.is_empty()).then(|| Identity::AmqpUser(user.to_owned()))
}
