//! The two sides of the gateway on a broker, each with a stand-in for the ledger.

use super::broker::Broker;
use super::{FakeIntake, Handle, MemoryOutbox, fake_intake, soon, until};
use sluis::clock::SystemClock;
use sluis::config::{Amqp, Delivery, Order, Transport};
use sluis::delivery::amqp::AmqpDestination;
use sluis::delivery::relay::{Relay, Routes};
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::amqp::consume::{AmqpIntake, Assigned};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// An intake at work, with a stand-in for the ledger.
pub struct Consuming {
    pub intake: &'static FakeIntake,
    pub telemetry: Telemetry,
    pub trigger: Trigger,
    pub task: JoinHandle<()>,
}

impl Consuming {
    pub fn start(settings: &Amqp) -> Consuming {
        Consuming::start_as("test", settings)
    }

    pub fn start_as(name: &str, settings: &Amqp) -> Consuming {
        Consuming::start_assigned(name, settings, None)
    }

    pub fn start_assigned(name: &str, settings: &Amqp, assigned: Option<&Assigned>) -> Consuming {
        Consuming::start_all(name, settings, assigned, fake_intake().0)
    }

    pub fn start_with(name: &str, settings: &Amqp, intake: &'static FakeIntake) -> Consuming {
        Consuming::start_all(name, settings, None, intake)
    }

    fn start_all(name: &str, settings: &Amqp, assigned: Option<&Assigned>, intake: &'static FakeIntake) -> Consuming {
        let telemetry = Telemetry::default();
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let mut transport = AmqpIntake::new(settings, name, Arc::new(Handle(intake)), &telemetry);
        if let Some(assigned) = assigned {
            transport = transport.assigned_by(assigned);
        }
        Consuming { intake, telemetry, trigger, task: tokio::spawn(transport.run(stop)) }
    }

    pub async fn ready(&self) {
        until("the intake is ready", || self.telemetry.is_ready()).await;
    }

    pub async fn lost(&self) {
        until("the intake is lost", || !self.telemetry.is_ready()).await;
    }

    pub async fn committed(&self, count: usize) {
        until("messages are committed", || self.intake.ids().len() >= count).await;
    }

    pub async fn stop(self) {
        self.trigger.stop();
        soon("the intake stops", self.task).await.expect("no panic");
    }
}

pub fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("m{number:04}")).collect()
}

pub async fn put_all(broker: &Broker, ids: &[String]) {
    for (number, id) in ids.iter().enumerate() {
        broker.put(&broker.queue, id, format!("{number}").as_bytes()).await;
    }
}

/// A relay at work on an outbox in memory.
pub struct Delivering {
    pub outbox: Arc<MemoryOutbox>,
    pub telemetry: Telemetry,
    pub trigger: Trigger,
    pub relay: JoinHandle<()>,
    pub link: JoinHandle<()>,
}

impl Delivering {
    pub fn start(settings: &Amqp) -> Delivering {
        Delivering::start_as("test", settings)
    }

    pub fn start_as(name: &str, settings: &Amqp) -> Delivering {
        let telemetry = Telemetry::default();
        let outbox = Arc::new(MemoryOutbox::default());
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let clock = Arc::new(SystemClock);
        let (destination, link) = AmqpDestination::new(settings, name, Arc::clone(&clock) as Arc<_>, &telemetry);
        let delivery = Delivery {
            default: Transport::Amqp,
            first_retry: Duration::from_millis(100),
            max_retry: Duration::from_millis(500),
            window: 256,
            slow_retry: Duration::from_millis(500),
            breaker_after: 5,
            set_aside_after: 3,
            order: Order::Skip,
        };
        let routes = Routes { default: destination, back_offices: BTreeMap::new() };
        let relay = Relay::new(Arc::clone(&outbox) as Arc<_>, routes, &delivery, clock, &telemetry);
        let link = tokio::spawn(link.run(stop.clone()));
        Delivering { outbox, telemetry, trigger, relay: tokio::spawn(relay.run(stop)), link }
    }

    pub async fn ready(&self) {
        until("the delivery is ready", || self.telemetry.is_ready()).await;
    }

    pub async fn drained(&self) {
        until("everything is sent", || self.outbox.left() == 0).await;
    }

    pub async fn stop(self) {
        self.trigger.stop();
        soon("the relay stops", self.relay).await.expect("no panic");
        soon("the link stops", self.link).await.expect("no panic");
    }
}
