//! A dry run: what would become of a message if it came in now. Nothing is stored, sent, counted as sent or put into the
//! audit trail.
//!
//! It is judged as any other, on the facts of the ledger and by what is in force, but the facts are read on a connection
//! that can only read, and what was decided is shown and forgotten. Few are judged at once, so that it never costs the
//! messages that count.

use crate::access::{Actor, Permission};
use crate::clock::{Clock, dutch_day};
use crate::config::Config;
use crate::contract::{ContractFacts, InForce};
use crate::gateway::{self, Needs, Options};
use crate::ledger::{Ledger, LedgerError};
use crate::pipeline::{self, Context, Judged, Prepared};
use crate::schema::Limits;
use crate::sender::{Sender, Senders, Standing};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Trials at once: judging takes one core each, and the gateway needs the others.
const AT_ONCE: usize = 2;
/// Trials that may wait for their turn. Each holds its message in memory.
const WAITING: usize = 8;
/// Longest wait of a caller, in line and while it is judged.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a reply of a trial is named by, where a delivery has the id of its transport.
const TRANSPORT_ID: &str = "trial";

/// Whose trial it is: how much of the outcome is for their eyes.
#[derive(Debug, Clone)]
pub enum For {
    /// A sender of the configuration: messages in the name of its own parties, and signals only when they are for one of
    /// these.
    Sender(Sender),
    /// Somebody of the operator.
    Staff {
        /// May see signals.
        signals: bool,
    },
}

/// What would become of a message.
#[derive(Debug)]
pub struct Tried {
    /// The message as it was read.
    pub prepared: Arc<Prepared>,
    /// What would be decided; of the signals, those that whoever asks may see.
    pub judged: Judged,
    /// Whether signals were left out.
    pub signals_withheld: bool,
    /// Whether it would wait for what it refers to, before it gets that verdict.
    pub waits: bool,
    /// Moment of judging.
    pub at: Timestamp,
}

/// Why a message was not tried.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// Too many others wait.
    #[error("too many messages are tried at once")]
    Busy,
    /// It took too long.
    #[error("judging took too long")]
    Slow,
    /// It is made in the name of somebody else.
    #[error("the message names a sender that whoever tries it may not send for")]
    OtherParty,
    /// The facts could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// We failed on it.
    #[error("judging broke off")]
    Broke,
}

/// Judges messages without taking them.
pub struct Trials {
    name: String,
    limits: Limits,
    options: Options,
    contracts: InForce,
    reader: Ledger,
    clock: Arc<dyn Clock>,
    waiting: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Trials {
    /// Trials as the gateway of this configuration judges, on the facts that `reader` sees.
    pub fn new(config: &Config, contracts: InForce, reader: Ledger, clock: Arc<dyn Clock>) -> Trials {
        Trials {
            name: config.gateway.name.clone(),
            limits: crate::app::limits(config),
            options: Options { waiting_room: config.waiting_room, unknown_question: config.unknown_question },
            contracts,
            reader,
            clock,
            waiting: Arc::new(Semaphore::new(WAITING)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The most bytes that a message may have; larger ones fail at level 1 and need not be read to their end.
    pub fn max_bytes(&self) -> usize {
        self.limits.max_bytes
    }

    /// What would become of these bytes now. When the caller goes away, what was begun is ended before another takes its
    /// place.
    pub async fn of(self: &Arc<Self>, source: Vec<u8>, whose: For) -> Result<Tried, NotTried> {
        let queued = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| NotTried::Busy)?;
        let own = Arc::clone(self);
        let trial = async {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| NotTried::Broke)?;
            tokio::spawn(async move { own.judge(source, whose, (queued, place)).await })
                .await
                .unwrap_or(Err(NotTried::Broke))
        };
        tokio::time::timeout(PATIENCE, trial).await.unwrap_or(Err(NotTried::Slow))
    }

    async fn judge(
        self: Arc<Self>,
        source: Vec<u8>,
        whose: For,
        _place: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    ) -> Result<Tried, NotTried> {
        let limits = self.limits;
        let mut prepared = off_the_runtime(move || pipeline::prepare(source.into(), &limits)).await?;
        if let For::Sender(sender) = &whose {
            if prepared.reading.as_ref().is_ok_and(|read| !sender.may_send_for(read.message.sender().as_str())) {
                return Err(NotTried::OtherParty);
            }
            gateway::tell_who_brought_it(&mut prepared, Standing::Known(sender));
        }
        let (at, contracts) = (self.clock.now(), self.contracts.now());
        let gemeente = prepared.reading.as_ref().ok().map(|readable| readable.message.gemeente());
        let register = gemeente.and_then(|gemeente| contracts.register_for(gemeente));
        let needs = prepared.reading.as_ref().ok().map(|readable| Needs::of(&readable.message, register.as_deref()));
        let room = self.options.waiting_room;
        let loaded = match needs {
            None => None,
            Some(needs) => {
                let load = self.reader.run(move |tx| {
                    let (facts, contract_facts) = needs.look_up(tx, None)?;
                    let has_room = room.longest.is_some() && tx.count_waiting(at)?.count < room.max_messages;
                    Ok((facts, contract_facts, has_room))
                });
                Some(load.await?)
            }
        };
        off_the_runtime(move || {
            let reply_id = pipeline::reply_identification(&prepared.digest, TRANSPORT_ID);
            let context = Context {
                now: at,
                today: dutch_day(at),
                gateway: &self.name,
                reply_id: &reply_id,
                register: register.as_deref(),
                policies: &contracts.policies,
                unknown_question: self.options.unknown_question,
            };
            let nothing = ContractFacts::default();
            let (facts, contract_facts, has_room) = match &loaded {
                Some((facts, contract_facts, has_room)) => (Some(facts), contract_facts, *has_room),
                None => (None, &nothing, false),
            };
            let mut judged = match &prepared.reading {
                Ok(readable) => pipeline::judge(context, &prepared.source, readable, facts, contract_facts),
                Err(unreadable) => pipeline::refuse(context, unreadable),
            };
            gateway::set_aside_what_nobody_can_be_told(&mut judged, &prepared);
            judged.decision.signals.retain(|signal| whose.may_see_signals_for(&signal.gemeente));
            // Told by whom the message is about alone: that there was a signal to leave out would be telling of it.
            let gemeente = prepared.reading.as_ref().ok().map(|readable| readable.message.gemeente().as_str());
            let signals_withheld = gemeente.is_some_and(|gemeente| !whose.may_see_signals_for(gemeente));
            let waits = has_room && !judged.awaits.is_empty();
            Tried { prepared: Arc::new(prepared), judged, signals_withheld, waits, at }
        })
        .await
    }
}

impl For {
    /// Whose trial it is when somebody who is signed in asks for one; `None` when they are bound to a sender that is no more
    /// in the configuration.
    pub fn actor(actor: &Actor, senders: &Senders) -> Option<For> {
        match &actor.sender {
            Some(name) => senders.named(name).cloned().map(For::Sender),
            None => Some(For::Staff { signals: actor.may(Permission::ViewContracts) }),
        }
    }

    fn may_see_signals_for(&self, gemeente: &str) -> bool {
        match self {
            For::Sender(sender) => sender.may_send_for(gemeente),
            For::Staff { signals } => *signals,
        }
    }
}

async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotTried> {
    tokio::task::spawn_blocking(work).await.map_err(|_| NotTried::Broke)
}
