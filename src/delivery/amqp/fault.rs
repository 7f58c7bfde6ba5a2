//! Why a message could not be published, as a value: whoever decides what follows from it looks at the sort, not at a
//! text. No text names a login or a person.

use crate::delivery::Failure;
use crate::delivery::class::Fault;
use crate::transport::amqp::told;
use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use std::fmt;

/// Why a message was not published, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishFault {
    /// There is no connection at the moment.
    NoConnection,
    /// The broker is short of memory or disk and takes nothing for now.
    Blocked,
    /// The broker took it and returned it: no queue is bound for the key.
    Unroutable {
        /// Routing key.
        key: String,
    },
    /// The broker refused it: a queue is full (`reject-publish`), or a queue of the key is not available.
    Nacked {
        /// Routing key.
        key: String,
    },
    /// It is larger than the broker takes; a setting of the broker, `max_message_size`.
    TooLarge {
        /// Bytes of the message.
        bytes: u64,
        /// Bytes that the broker takes.
        limit: u64,
    },
    /// The exchange is not there.
    NoExchange {
        /// Name.
        exchange: String,
    },
    /// The login may not publish there.
    Forbidden {
        /// Exchange.
        exchange: String,
    },
    /// The broker closed the channel for something else; the message is not published.
    Refused {
        /// What the broker said.
        said: String,
    },
    /// Another message of the same run closed the channel; this one may or may not be published.
    Interrupted,
    /// No confirm in time: whether it arrived is unknown.
    Unconfirmed,
    /// The connection broke before the confirm: whether it arrived is unknown.
    Cut {
        /// What is known of it.
        said: String,
    },
    /// The channel confirms nothing: a fault of the program.
    NotConfirming,
}

impl PublishFault {
    /// Whether the message may have arrived all the same.
    pub fn is_unknown(&self) -> bool {
        match self {
            PublishFault::Interrupted
            | PublishFault::Unconfirmed
            | PublishFault::Cut { .. }
            | PublishFault::NotConfirming => true,
            PublishFault::NoConnection
            | PublishFault::Blocked
            | PublishFault::Unroutable { .. }
            | PublishFault::Nacked { .. }
            | PublishFault::TooLarge { .. }
            | PublishFault::NoExchange { .. }
            | PublishFault::Forbidden { .. }
            | PublishFault::Refused { .. } => false,
        }
    }

    /// Whether it is about this receiver or message alone; otherwise the broker as a whole does not work.
    pub fn is_of_receiver(&self) -> bool {
        match self {
            PublishFault::Unroutable { .. }
            | PublishFault::Nacked { .. }
            | PublishFault::TooLarge { .. }
            | PublishFault::Refused { .. } => true,
            PublishFault::NoConnection
            | PublishFault::Blocked
            | PublishFault::NoExchange { .. }
            | PublishFault::Forbidden { .. }
            | PublishFault::Interrupted
            | PublishFault::Unconfirmed
            | PublishFault::Cut { .. }
            | PublishFault::NotConfirming => false,
        }
    }

    /// What an error of the library means for a message of that many bytes to that exchange.
    pub(super) fn of(error: &lapin::Error, exchange: &str, bytes: u64) -> PublishFault {
        let text = told(error);
        let ErrorKind::ProtocolError(fault) = error.kind() else {
            return PublishFault::Cut { said: text };
        };
        let exchange = exchange.to_owned();
        match fault.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => PublishFault::NoExchange { exchange },
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => PublishFault::Forbidden { exchange },
            AMQPErrorKind::Soft(_) => match too_large(&text) {
                Some((size, limit)) if size == bytes => PublishFault::TooLarge { bytes, limit },
                Some(_) => PublishFault::Interrupted,
                None => PublishFault::Refused { said: text },
            },
            AMQPErrorKind::Hard(_) => PublishFault::Cut { said: text },
        }
    }
}

/// Size and limit in `message size S is larger than configured max size L`, as brokers write it from 3.8 on; 4.x says
/// `max size` with or without `configured`.
fn too_large(text: &str) -> Option<(u64, u64)> {
    let (_, rest) = text.split_once("message size ")?;
    let (size, rest) = rest.split_once(' ')?;
    let (_, rest) = rest.split_once("max size ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((size.parse().ok()?, digits.parse().ok()?))
}

impl fmt::Display for PublishFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishFault::NoConnection => f.write_str("there is no connection"),
            PublishFault::Blocked => f.write_str("the broker takes nothing: it is short of memory or disk"),
            PublishFault::Unroutable { key } => write!(f, "no queue bound for {key}"),
            PublishFault::Nacked { key } => {
                write!(f, "the broker refused a message for {key}: a queue may be full")
            }
            PublishFault::TooLarge { bytes, limit } => write!(
                f,
                "a message of {bytes} bytes is larger than the broker takes ({limit}): raise max_message_size in its \
                 configuration"
            ),
            PublishFault::NoExchange { exchange } => {
                write!(f, "there is no exchange {exchange}: declare it as docs/broker.md shows")
            }
            PublishFault::Forbidden { exchange } => {
                write!(f, "this login may not write to the exchange {exchange}: give it the right to")
            }
            PublishFault::Refused { said } => f.write_str(said),
            PublishFault::Interrupted => {
                f.write_str("another message closed the channel: whether it arrived is unknown")
            }
            PublishFault::Unconfirmed => f.write_str("no confirm in time: whether it arrived is unknown"),
            PublishFault::Cut { said } => write!(f, "{said}: whether it arrived is unknown"),
            PublishFault::NotConfirming => f.write_str("the broker confirms nothing"),
        }
    }
}

impl From<PublishFault> for Failure {
    fn from(fault: PublishFault) -> Failure {
        let reason = fault.to_string();
        let failure = if fault.is_of_receiver() { Failure::receiver(reason) } else { Failure::destination(reason) };
        failure.by(match fault {
            PublishFault::NoConnection => Fault::NoConnection,
            PublishFault::Blocked => Fault::Blocked,
            PublishFault::Unroutable { .. } => Fault::Unroutable,
            PublishFault::Nacked { .. } => Fault::Nack,
            PublishFault::TooLarge { .. } => Fault::BrokerSize,
            PublishFault::NoExchange { .. } | PublishFault::Refused { .. } | PublishFault::NotConfirming => {
                Fault::BrokerContract
            }
            PublishFault::Forbidden { .. } => Fault::BrokerSecurity,
            PublishFault::Interrupted | PublishFault::Unconfirmed | PublishFault::Cut { .. } => Fault::NoConfirm,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::class::Class;
    use lapin::protocol::AMQPError;

    fn soft(kind: AMQPSoftError, text: &str) -> lapin::Error {
        ErrorKind::ProtocolError(AMQPError::new(AMQPErrorKind::Soft(kind), text.into())).into()
    }

    #[test]
    fn what_the_broker_says_becomes_a_sort() {
        let large = "PRECONDITION_FAILED - message size 20971520 is larger than configured max size 16777216";
        let of = |error: &lapin::Error, bytes| PublishFault::of(error, "sluis.out", bytes);
        let error = soft(AMQPSoftError::PRECONDITIONFAILED, large);
        assert_eq!(of(&error, 20_971_520), PublishFault::TooLarge { bytes: 20_971_520, limit: 16_777_216 });
        assert_eq!(of(&error, 12), PublishFault::Interrupted, "another message of the run was too large");
        let missing = soft(AMQPSoftError::NOTFOUND, "NOT_FOUND - no exchange 'sluis.out' in vhost '/'");
        assert_eq!(of(&missing, 1), PublishFault::NoExchange { exchange: "sluis.out".to_owned() });
        let forbidden = "ACCESS_REFUSED - access to exchange 'sluis.out' in vhost '/' refused for user 'jan'";
        let forbidden = of(&soft(AMQPSoftError::ACCESSREFUSED, forbidden), 1);
        assert_eq!(forbidden, PublishFault::Forbidden { exchange: "sluis.out".to_owned() });
        assert!(!forbidden.to_string().contains("jan"));
        let other = of(&soft(AMQPSoftError::PRECONDITIONFAILED, "PRECONDITION_FAILED - invalid user 'jan'"), 1);
        assert!(matches!(&other, PublishFault::Refused { said } if !said.contains("jan")), "{other:?}");
        assert!(of(&ErrorKind::MissingHeartbeatError.into(), 1).is_unknown());
    }

    #[test]
    fn a_fault_is_of_the_receiver_or_of_the_broker() {
        let key = || "wmo.306.42420001".to_owned();
        assert!(PublishFault::Unroutable { key: key() }.is_of_receiver());
        assert!(PublishFault::Nacked { key: key() }.is_of_receiver());
        assert!(!PublishFault::Blocked.is_of_receiver() && !PublishFault::Blocked.is_unknown());
        assert!(PublishFault::Unconfirmed.is_unknown());
        let class = |fault: PublishFault| Failure::from(fault).class;
        assert_eq!(class(PublishFault::Unconfirmed), Class::Unknown);
        assert_eq!(class(PublishFault::Blocked), Class::Temporary);
        assert_eq!(class(PublishFault::Nacked { key: key() }), Class::Temporary);
        assert_eq!(class(PublishFault::Unroutable { key: key() }), Class::Contract);
        assert_eq!(class(PublishFault::TooLarge { bytes: 2, limit: 1 }), Class::Data);
        assert_eq!(class(PublishFault::Forbidden { exchange: "x".to_owned() }), Class::Security);
        assert_eq!(
            Failure::from(PublishFault::Unroutable { key: key() }).reason,
            "no queue bound for wmo.306.42420001"
        );
    }
}
