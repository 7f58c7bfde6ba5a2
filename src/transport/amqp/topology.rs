//! Queues and exchanges that the gateway uses, as it declares them itself.
//!
//! The queue that messages come in by is a quorum queue: it survives the loss of a node, counts deliveries, and hands
//! what was delivered too often to the parked queue in a way that cannot lose it (`at-least-once`, which the broker
//! only honours together with `reject-publish`; otherwise it falls back without a word).

use super::AmqpError;
use crate::config::Amqp;
use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ExchangeKind};

/// Deliveries of one message before the broker parks it. A delivery counts when the gateway dies, and once per outage of
/// the ledger: plenty for outages, and an end to a message that kills the gateway each time. Set explicitly, because the
/// default differs between versions of the broker.
pub const DELIVERY_LIMIT: i32 = 100;

/// Properties of the queue that messages come in by.
pub fn incoming_arguments(parked_queue: &str) -> FieldTable {
    let mut arguments = quorum();
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
    for (name, value) in [
        ("x-dead-letter-exchange", ""),
        ("x-dead-letter-routing-key", parked_queue),
        ("x-dead-letter-strategy", "at-least-once"),
        ("x-overflow", "reject-publish"),
    ] {
        arguments.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    arguments
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments
}

/// Declares everything, on a channel of its own: a refusal closes the channel it came by.
pub async fn declare(connection: &Connection, settings: &Amqp) -> Result<(), AmqpError> {
    let channel = connection.create_channel().await?;
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    for exchange in [&settings.exchange_out, &settings.exchange_signals] {
        channel
            .exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, durable, FieldTable::default())
            .await
            .map_err(|source| refused(format!("exchange {exchange}"), source))?;
    }
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    // The parked queue comes first: the other one refers to it.
    let queues = [(&settings.parked_queue, quorum()), (&settings.queue, incoming_arguments(&settings.parked_queue))];
    for (queue, arguments) in queues {
        channel
            .queue_declare(queue.as_str().into(), durable, arguments)
            .await
            .map_err(|source| refused(format!("queue {queue}"), source))?;
    }
    channel.close(200, "declared".into()).await?;
    Ok(())
}

fn refused(what: String, source: lapin::Error) -> AmqpError {
    if source.is_amqp_soft_error() { AmqpError::Declared { what, source } } else { AmqpError::Broker(source) }
}
