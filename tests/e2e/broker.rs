//! The two ends of a broker that are not the gateway: senders, who publish, and receivers, who collect what left.

use super::traffic::Item;
use super::until;
use futures_util::future::try_join_all;
use lapin::message::Delivery;
use lapin::options::{
    BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind};
use sluis::delivery::http::install_crypto_provider;
use std::fs::{self, File};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Instant;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// Names of one test on the broker. They go with the value.
pub struct Broker {
    /// Its address.
    pub url: String,
    /// Name of the gateway, and first part of all names.
    pub name: String,
    ctl: Option<PathBuf>,
    runtime: Runtime,
}

/// A message that left.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// `message_id`.
    pub id: String,
    /// Exchange and routing key.
    pub address: (String, String),
    /// `correlation_id`, `type`, `content_type`, `app_id`.
    pub about: [String; 4],
    /// The verdict that travels with a forward.
    pub verdict: Option<Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
}

impl Broker {
    /// The broker of the environment, with a queue that collects everything the gateway sends; `None` without one.
    pub fn of_environment() -> Option<Broker> {
        let Ok(url) = std::env::var("SLUIS_TEST_AMQP") else {
            println!("skipped: SLUIS_TEST_AMQP is not set (ops/test sets it)");
            return None;
        };
        install_crypto_provider();
        let name = format!("e2e-{}", &Uuid::new_v4().simple().to_string()[..8]);
        let ctl = std::env::var_os("SLUIS_TEST_AMQP_CTL").map(PathBuf::from);
        let broker = Broker { url, name, ctl, runtime: Runtime::new().expect("a runtime starts") };
        broker.with_channel(async |channel| {
            let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(broker.queue("collect").as_str().into(), durable, FieldTable::default()).await?;
            for exchange in ["out", "signals"] {
                let exchange = broker.queue(exchange);
                let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
                let (topic, none) = (ExchangeKind::Topic, FieldTable::default());
                channel.exchange_declare(exchange.as_str().into(), topic, durable, none.clone()).await?;
                let collect = broker.queue("collect");
                let options = QueueBindOptions::default();
                channel
                    .queue_bind(collect.as_str().into(), exchange.as_str().into(), "#".into(), options, none)
                    .await?;
            }
            Ok(())
        });
        Some(broker)
    }

    /// The name of a queue or exchange of this test.
    pub fn queue(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        let uri: lapin::uri::AMQPUri = self.url.parse().expect("an AMQP address");
        let place = (uri.authority.host.as_str(), uri.authority.port);
        place.to_socket_addrs().expect("the host is known").next().expect("the host has an address")
    }

    /// The address of the broker by way of another port.
    pub fn url_by(&self, way: SocketAddr) -> String {
        let mut uri: lapin::uri::AMQPUri = self.url.parse().expect("an AMQP address");
        uri.authority.host = way.ip().to_string();
        uri.authority.port = way.port();
        let (user, vhost) = (&uri.authority.userinfo, uri.vhost.replace('/', "%2f"));
        format!("amqp://{}:{}@{way}/{vhost}", user.username, user.password)
    }

    /// The configuration of a gateway that takes from this broker and sends to it.
    pub fn settings(&self, url: &str) -> String {
        format!(
            "[gateway]\nname = \"{}\"\n[intake]\ntransports = [\"amqp\"]\n\
             [delivery]\ndefault = \"amqp\"\nfirst_retry = \"50ms\"\nmax_retry = \"500ms\"\n\
             [amqp]\nurl = \"{url}\"\nqueue = \"{}\"\nparked_queue = \"{}\"\nexchange_out = \"{}\"\n\
             exchange_signals = \"{}\"\nprefetch = 40\n",
            self.name,
            self.queue("in"),
            self.queue("parked"),
            self.queue("out"),
            self.queue("signals")
        )
    }

    /// Publishes messages to the gateway in order, each again until the broker confirms it, as a careful sender does.
    pub fn send(&self, items: &[Item]) {
        for batch in items.chunks(20) {
            while let Err(error) = self.runtime.block_on(self.publish(batch)) {
                println!("a sender repeats a batch: {error}");
                // The broker may be away for a while.
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
    }

    async fn publish(&self, items: &[Item]) -> lapin::Result<()> {
        let connection = self.connect().await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let queue = self.queue("in");
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let mut confirms = Vec::new();
        for item in items {
            let properties =
                BasicProperties::default().with_message_id(item.name.as_str().into()).with_delivery_mode(2);
            let key = queue.as_str().into();
            confirms.push(channel.basic_publish("".into(), key, options, &item.bytes, properties).await?);
        }
        for confirm in try_join_all(confirms).await? {
            assert!(matches!(confirm, Confirmation::Ack(None)), "the queue of the gateway is there and takes it");
        }
        connection.close(200, "done".into()).await
    }

    /// Messages that wait in a queue.
    pub fn count(&self, part: &str) -> usize {
        let queue = self.queue(part);
        let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
        let count = self.runtime.block_on(async {
            let connection = self.connect().await?;
            let channel = connection.create_channel().await?;
            let queue = channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await?;
            connection.close(200, "done".into()).await?;
            Ok::<_, lapin::Error>(queue.message_count())
        });
        // A connection may be closed from outside, and a queue may not be there yet.
        usize::try_from(count.unwrap_or_default()).expect("it fits")
    }

    /// Whether a queue is there.
    pub fn exists(&self, part: &str) -> bool {
        let queue = self.queue(part);
        let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
        let declared = self.runtime.block_on(async {
            let connection = self.connect().await?;
            let channel = connection.create_channel().await?;
            let found = channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await.is_ok();
            connection.close(200, "done".into()).await?;
            Ok::<_, lapin::Error>(found)
        });
        declared.unwrap_or(false)
    }

    /// Ends the broker without warning and boots it again, as `ops/test` started it.
    pub fn crash_and_boot(&self) {
        let folder =
            self.ctl.as_ref().and_then(|ctl| ctl.parent()).expect("rabbitmqctl lies beside the broker's files");
        let halted = self.run_ctl(&["eval", "erlang:halt(137, [{flush, false}])."]);
        println!("the broker was halted: {}", halted.status);
        let home = folder.join("rabbitmq");
        let log = File::options().append(true).create(true).open(folder.join("rabbitmq.log")).expect("its log");
        #[expect(clippy::zombie_processes, reason = "it outlives this process, as the one did whose place it takes")]
        let server = Command::new("setsid")
            .args(["sh", "-c", ". \"$1\"; exec \"$2\"", "sh"])
            .arg(folder.join("rabbitmq.env"))
            .arg("/usr/lib/rabbitmq/bin/rabbitmq-server")
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle can be cloned"))
            .stderr(log)
            .spawn()
            .expect("the broker can be started");
        // By this `ops/test` finds it when it is to go.
        fs::write(folder.join("rabbitmq.pid"), format!("{}\n", server.id())).expect("its pid can be written");
        let end = Instant::now() + super::PATIENCE;
        while !self.run_ctl(&["await_startup", "--timeout", "60"]).status.success() {
            assert!(Instant::now() < end, "the broker does not boot");
        }
    }

    /// Messages in a queue, also those that somebody has and has not acknowledged.
    pub fn count_with_unacknowledged(&self, part: &str) -> usize {
        let listed = self.ctl(&["list_queues", "--no-table-headers", "name", "messages"]);
        let queue = self.queue(part);
        let line = listed.lines().find_map(|line| line.strip_prefix(&queue)?.trim().parse().ok());
        line.unwrap_or_else(|| panic!("{queue} is not listed:\n{listed}"))
    }

    fn run_ctl(&self, arguments: &[&str]) -> Output {
        let ctl =
            self.ctl.as_ref().expect("SLUIS_TEST_AMQP_CTL names rabbitmqctl where SLUIS_TEST_AMQP names a broker");
        Command::new(ctl).arg("-q").args(arguments).output().expect("rabbitmqctl can be started")
    }

    /// Runs rabbitmqctl.
    pub fn ctl(&self, arguments: &[&str]) -> String {
        let output = self.run_ctl(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints text")
    }

    /// Takes everything out of a queue.
    pub fn collect(&self, part: &str) -> Vec<Arrival> {
        let queue = self.queue(part);
        self.with_channel(async |channel| {
            let mut arrivals = Vec::new();
            let options = BasicGetOptions { no_ack: true };
            while let Some(message) = channel.basic_get(queue.as_str().into(), options).await? {
                arrivals.push(arrival(message.delivery));
            }
            Ok(arrivals)
        })
    }

    async fn connect(&self) -> lapin::Result<Connection> {
        Connection::connect(&self.url, ConnectionProperties::default().with_connection_name("e2e test".into())).await
    }

    fn with_channel<T>(&self, work: impl AsyncFnOnce(&Channel) -> lapin::Result<T>) -> T {
        let done = self.runtime.block_on(async {
            let connection = self.connect().await?;
            // It must outlive the work: a dropped channel closes itself, and the connection then refuses to.
            let channel = connection.create_channel().await?;
            let outcome = work(&channel).await?;
            connection.close(200, "done".into()).await?;
            Ok::<_, lapin::Error>(outcome)
        });
        done.expect("the broker works")
    }

    /// Waits until the gateway has taken everything and sent all it owes.
    pub fn until_done(&self, daemon: &mut super::daemon::Daemon, owed: usize, describe: impl Fn() -> String) {
        let state = || format!("in {}, collected {}\n{}", self.count("in"), self.left(), describe());
        until("everything left", || self.left() >= owed, state);
        until("nothing waits", || self.count("in") == 0 && daemon.metric("sluis_outbox_rows", "") < 0.5, state);
        until("nothing is unacknowledged", || self.count_with_unacknowledged("in") == 0, state);
        until("nothing waits to be sent", || daemon.metric("sluis_outbox_rows", "") < 0.5, state);
    }

    /// How much left, repeats included.
    pub fn left(&self) -> usize {
        self.count("collect") + self.count("parked")
    }
}

fn arrival(delivery: Delivery) -> Arrival {
    let properties = &delivery.properties;
    let text = |text: &Option<lapin::types::ShortString>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let verdict = properties.headers().as_ref().and_then(|headers| headers.inner().get("sluis-verdict"));
    Arrival {
        id: text(properties.message_id()),
        address: (delivery.exchange.to_string(), delivery.routing_key.to_string()),
        about: [
            text(properties.correlation_id()),
            text(properties.kind()),
            text(properties.content_type()),
            text(properties.app_id()),
        ],
        verdict: verdict.and_then(|verdict| match verdict {
            AMQPValue::LongString(text) => Some(text.as_bytes().to_vec()),
            _ => None,
        }),
        body: delivery.data,
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let removed = self.runtime.block_on(async {
            let connection = self.connect().await?;
            let channel = connection.create_channel().await?;
            for queue in ["in", "parked", "collect"] {
                let queue = self.queue(queue);
                channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
            }
            for exchange in ["out", "signals"] {
                let exchange = self.queue(exchange);
                channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
            }
            connection.close(200, "done".into()).await
        });
        if let Err(error) = removed {
            println!("{} stays behind on the broker: {error}", self.name);
        }
    }
}
