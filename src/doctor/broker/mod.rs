//! The broker: the way to it, its version, what the gateway needs of it.

mod greeting;
mod management;

use super::remote;
use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject};
use crate::config::{Amqp, Transport};
use crate::ledger::Location;
use crate::transport::amqp::topology::{self, Difference, How};
use crate::transport::amqp::{close, connect};
use futures_util::future;
use greeting::{Greeting, Version};
use lapin::Connection;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::uri::{AMQPScheme, AMQPUri};
use std::sync::Arc;
use std::time::Duration;

/// Longest time for the login.
const LOGIN: Duration = Duration::from_secs(8);
/// Quorum queues that park without loss came with this version.
const OLDEST: Version = Version(3, 10);
/// From this version on a broker takes 16 MiB of a message, unless it is told otherwise.
const SMALL_MESSAGES: Version = Version(4, 0);
const SMALL_MESSAGE: u64 = 16 * 1024 * 1024;

static UNREACHABLE: Sort = Sort {
    id: "broker.unreachable",
    check: "broker",
    severity: Severity::Fault,
    means: "no connection with the broker can be made; the text says at which step it ends: name, network, TLS, login, \
            virtual host",
    advice: "do what the text says; a gateway keeps trying, and nothing is lost meanwhile",
};
static OLD: Sort = Sort {
    id: "broker.old",
    check: "broker",
    severity: Severity::Fault,
    means: "the broker is older than RabbitMQ 3.10: its quorum queues can lose a message on the way to the parked queue",
    advice: "upgrade the broker",
};
static SMALL: Sort = Sort {
    id: "broker.max_message_size",
    check: "broker",
    severity: Severity::Note,
    means: "brokers of version 4 refuse messages above 16 MiB unless `max_message_size` is raised, and `[limits] \
            max_bytes` allows more",
    advice: "set `max_message_size` in rabbitmq.conf to at least `[limits] max_bytes`",
};
static MISSING: Sort = Sort {
    id: "broker.missing",
    check: "broker",
    severity: Severity::Fault,
    means: "a queue or exchange is not there, and with `declare = false` the gateway does not make it",
    advice: "make it as docs/broker.md says, or set `declare = true` in [amqp]",
};
static UNLIKE: Sort = Sort {
    id: "broker.unlike",
    check: "broker",
    severity: Severity::Fault,
    means: "a queue or exchange has other properties than the gateway counts on",
    advice: "empty it, remove it, and let the gateway make it anew (or make it as docs/broker.md says); with arguments that \
             differ on purpose set `declare = false`, and know what they cost",
};
static PERHAPS: Sort = Sort {
    id: "broker.perhaps",
    check: "broker",
    severity: Severity::Note,
    means: "a queue lacks an argument that a policy of the broker may give it; AMQP does not tell policies",
    advice: "see `rabbitmqctl list_policies`, or set `management_url` in [amqp] to have them examined",
};
static FORBIDDEN: Sort = Sort {
    id: "broker.forbidden",
    check: "broker",
    severity: Severity::Fault,
    means: "the login may not do what the gateway must",
    advice: "give it the permissions of docs/broker.md (`rabbitmqctl set_permissions`)",
};
static PARKED: Sort = Sort {
    id: "broker.parked",
    check: "broker",
    severity: Severity::Warning,
    means: "messages lie in the parked queue: the broker set them aside, or they are reports that belong to nobody",
    advice: "look at them; what was set aside is in the ledger as well, unless the gateway died on it each time",
};
static UNREAD: Sort = Sort {
    id: "broker.unread",
    check: "broker",
    severity: Severity::Warning,
    means: "messages wait in the incoming queue and nobody consumes it",
    advice: "start the gateway, or look why it does not consume (`/readyz`)",
};
static ALARM: Sort = Sort {
    id: "broker.alarm",
    check: "broker",
    severity: Severity::Fault,
    means: "the broker is short of disk or memory and takes no messages from anybody",
    advice: "make room on the broker; the gateway goes on by itself, and its outbox waits",
};
static DIVIDED: Sort = Sort {
    id: "broker.divided",
    check: "broker",
    severity: Severity::Fault,
    means: "a node of the cluster does not run or is cut off from the others",
    advice: "mend the cluster; quorum queues go on as long as more than half of their nodes are together",
};
static POLICY: Sort = Sort {
    id: "broker.policy",
    check: "broker",
    severity: Severity::Warning,
    means: "a policy of the broker changes how the incoming queue parks: without `reject-publish` and `at-least-once` a \
            parked message can be lost",
    advice: "take the keys out of the policy (`rabbitmqctl list_policies`), so that the arguments of the queue count",
};
static MANAGEMENT: Sort = Sort {
    id: "broker.management",
    check: "broker",
    severity: Severity::Warning,
    means: "`[amqp] management_url` is set and does not answer as the management plugin does",
    advice: "check the address, and that its user has the tag `monitoring`",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 13] = [
    &UNREACHABLE,
    &OLD,
    &SMALL,
    &MISSING,
    &UNLIKE,
    &PERHAPS,
    &FORBIDDEN,
    &PARKED,
    &UNREAD,
    &ALARM,
    &DIVIDED,
    &POLICY,
    &MANAGEMENT,
];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    let config = &subject.config;
    let in_use = config.intake.contains(&Transport::Amqp) || config.delivery.default == Transport::Amqp;
    let Some(amqp) = config.amqp.as_ref().filter(|_| in_use) else {
        return Report::nothing_to_examine("the broker is not in use");
    };
    if !subject.online {
        return Report::nothing_to_examine("other machines are not asked (--offline)");
    }
    let amqp = &amqp.clone().for_ledger(matches!(config.ledger.location, Location::Server(_)));
    let mut report = Report::default();
    let (greeting, connected) =
        future::join(greet(amqp, &subject), tokio::time::timeout(LOGIN, connect(amqp, "sluis doctor"))).await;
    if let Some(greeting) = greeting {
        report.findings.extend(judge_version(&greeting, config.limits.max_bytes));
        report.facts.push(format!("{} {}", greeting.product, greeting.version_text));
    }
    match connected {
        Ok(Ok(connection)) => {
            look_at_topology(&connection, amqp, &mut report).await;
            close(None, &connection).await;
        }
        Ok(Err(error)) => report.findings.push(UNREACHABLE.found(error.to_string())),
        Err(_) => report.findings.push(UNREACHABLE.found("the broker does not end the login")),
    }
    if amqp.management_url.is_some() {
        management::look(amqp, &mut report).await;
    } else {
        report.not_examined = Some(
            "alarms, policies and permissions of the broker: set `management_url` in [amqp] to have them examined"
                .to_owned(),
        );
    }
    report
}

/// What the broker says of itself before anybody logs in.
async fn greet(amqp: &Amqp, subject: &Subject) -> Option<Greeting> {
    let uri: AMQPUri = amqp.url.expose().parse().ok()?;
    let tls = (uri.scheme == AMQPScheme::AMQPS).then_some(&amqp.tls);
    let open = remote::open(&uri.authority.host, uri.authority.port, tls, subject.now).await.ok()?;
    greeting::read(open.stream).await
}

fn judge_version(greeting: &Greeting, max_bytes: u64) -> Vec<Ailment> {
    let Some(version) = greeting.version() else { return Vec::new() };
    let mut findings = Vec::new();
    let name = format!("{} {}", greeting.product, greeting.version_text);
    if version < OLDEST {
        findings.push(OLD.found(name.clone()));
    }
    if version >= SMALL_MESSAGES && max_bytes > SMALL_MESSAGE {
        findings.push(SMALL.found(format!("{name}, and max_bytes is {max_bytes}")));
    }
    findings
}

/// What is there and what the gateway needs, and how much lies in the queues.
async fn look_at_topology(connection: &Connection, amqp: &Amqp, report: &mut Report) {
    match topology::compare(amqp, "sluis doctor").await {
        Ok(differences) => {
            report.findings.extend(judge_differences(&differences, amqp.declare));
        }
        Err(error) => report.findings.push(UNREACHABLE.found(error.to_string())),
    }
    for queue in std::iter::once(&amqp.parked_queue).chain(&amqp.queues) {
        // One that is missing was told, or is made by the gateway.
        let Ok((messages, consumers)) = ask_queue(connection, queue).await else { continue };
        report.facts.push(format!("{queue}: {messages} ready, {consumers} consumer(s)"));
        if *queue == amqp.parked_queue && messages > 0 {
            report.findings.push(PARKED.found(format!("{messages} in {queue}")));
        }
        if *queue != amqp.parked_queue && messages > 0 && consumers == 0 {
            report.findings.push(UNREAD.found(format!("{messages} in {queue}")));
        }
    }
}

/// One finding for each sort and thing, however many of its properties differ.
fn judge_differences(differences: &[Difference], declare: bool) -> Vec<Ailment> {
    let mut findings: Vec<Ailment> = Vec::new();
    for difference in differences {
        let Some(sort) = judge_difference(difference, declare) else { continue };
        let what = difference.thing.to_string();
        let case = format!("{}; {}", difference.wrong(), difference.advice());
        match findings.iter_mut().find(|finding| finding.sort == sort.id && finding.what == what) {
            Some(finding) => finding.cases.push(case),
            None => findings.push(sort.found_in(what, vec![case])),
        }
    }
    findings
}

fn judge_difference(difference: &Difference, declare: bool) -> Option<&'static Sort> {
    let sort = match &difference.how {
        // The gateway makes what is missing when it may.
        How::Missing if declare => return None,
        How::Missing => &MISSING,
        How::Other { .. } if difference.may_be_policy() && !declare => &PERHAPS,
        How::Other { .. } => &UNLIKE,
        How::Hidden if declare => &FORBIDDEN,
        How::Hidden => return None,
    };
    Some(sort)
}

/// Messages that are ready in a queue, and its consumers, on a channel of its own: a refusal closes it.
async fn ask_queue(connection: &Connection, name: &str) -> lapin::Result<(u32, u32)> {
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions { durable: true, passive: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare(name.into(), options, FieldTable::default()).await?;
    let counts = (queue.message_count(), queue.consumer_count());
    channel.close(200, "asked".into()).await.map(|()| counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::amqp::topology::Thing;

    fn greeting(version: &str) -> Greeting {
        Greeting { product: "RabbitMQ".to_owned(), version_text: version.to_owned() }
    }

    #[test]
    fn versions_are_judged() {
        let sorts = |version: &str, max_bytes| -> Vec<&str> {
            judge_version(&greeting(version), max_bytes).iter().map(|finding| finding.sort).collect()
        };
        assert_eq!(sorts("3.9.29", 1), ["broker.old"]);
        assert!(sorts("3.10.8", 25_000_000).is_empty());
        assert!(sorts("3.13.7", 25_000_000).is_empty());
        assert!(sorts("4.0.0", SMALL_MESSAGE).is_empty());
        assert_eq!(sorts("4.0.0", SMALL_MESSAGE + 1), ["broker.max_message_size"]);
        assert!(sorts("unknown", 25_000_000).is_empty());
    }

    #[test]
    fn what_is_missing_matters_only_when_nobody_makes_it() {
        let sort = |how: How, declare| {
            let difference = Difference { thing: Thing::Queue("sluis.in".to_owned()), how };
            judge_difference(&difference, declare).map(|sort| sort.id)
        };
        let other = |found: Option<&str>| How::Other {
            name: "x-overflow".to_owned(),
            needed: Some("reject-publish".to_owned()),
            found: found.map(str::to_owned),
        };
        assert_eq!(sort(How::Missing, true), None);
        assert_eq!(sort(How::Missing, false), Some("broker.missing"));
        assert_eq!(sort(How::Hidden, true), Some("broker.forbidden"));
        assert_eq!(sort(How::Hidden, false), None, "an administrator declares, so the login need not");
        assert_eq!(sort(other(None), true), Some("broker.unlike"));
        assert_eq!(sort(other(None), false), Some("broker.perhaps"), "a policy may give it");
        assert_eq!(sort(other(Some("drop-head")), false), Some("broker.unlike"));
    }
}
