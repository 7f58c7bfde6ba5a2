//! A broker for tests: its address comes from `SLUIS_TEST_AMQP`, every test has queues and exchanges of its own, and a
//! proxy in front of it can cut all connections.

use super::until;
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ExchangeDeleteOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use sluis::config::{Amqp, Secret, TlsFiles};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use uuid::Uuid;

/// Settings to start from, without an address.
pub fn plain_settings() -> Amqp {
    Amqp {
        url: Secret::new(""),
        queues: vec!["q".to_owned()],
        parked_queue: "p".to_owned(),
        exchange_out: "o".to_owned(),
        exchange_signals: "s".to_owned(),
        prefetch: 16,
        prefetch_bytes: 10_000_000,
        declare: true,
        management_url: None,
        single_active_consumer: None,
        max_takes: 5,
        confirm_window: 64,
        confirm_deadline: Duration::from_secs(30),
        tls: TlsFiles::default(),
    }
}

/// A broker with names of its own, and a proxy in front of it.
pub struct Broker {
    /// Settings with the address of the proxy.
    pub settings: Amqp,
    /// The one queue that messages come in by.
    pub queue: String,
    /// What the gateway talks through.
    pub proxy: Proxy,
    connection: Connection,
    ctl: Option<std::ffi::OsString>,
    /// A channel past the proxy.
    pub channel: Channel,
}

impl Broker {
    /// The broker, or `None` with a line that says so.
    pub async fn open(prefetch: u16) -> Option<Broker> {
        let Ok(url) = std::env::var("SLUIS_TEST_AMQP") else {
            println!("skipped: SLUIS_TEST_AMQP not set");
            return None;
        };
        let mut uri: AMQPUri = url.parse().expect("SLUIS_TEST_AMQP is an AMQP address");
        let connection =
            Connection::connect(&url, ConnectionProperties::default()).await.expect("the broker of the tests");
        let channel = connection.create_channel().await.expect("a channel");
        let upstream = format!("{}:{}", uri.authority.host, uri.authority.port);
        let proxy = Proxy::start(upstream).await;
        uri.authority.host = proxy.address.ip().to_string();
        uri.authority.port = proxy.address.port();
        let login = &uri.authority.userinfo;
        let vhost = uri.vhost.replace('/', "%2f");
        let through = format!("amqp://{}:{}@{}/{vhost}", login.username, login.password, proxy.address);
        let own = Uuid::new_v4().simple().to_string();
        let queue = format!("test.{own}.in");
        let settings = Amqp {
            url: Secret::new(through),
            queues: vec![queue.clone()],
            parked_queue: format!("test.{own}.parked"),
            exchange_out: format!("test.{own}.out"),
            exchange_signals: format!("test.{own}.signals"),
            prefetch,
            ..plain_settings()
        };
        let ctl = std::env::var_os("SLUIS_TEST_AMQP_CTL");
        Some(Broker { settings, queue, proxy, connection, ctl, channel })
    }

    /// Runs rabbitmqctl on the broker.
    pub fn ctl(&self, arguments: &[&str]) -> String {
        let ctl = self.ctl.as_ref().expect("SLUIS_TEST_AMQP_CTL stands beside SLUIS_TEST_AMQP");
        let ran = std::process::Command::new(ctl).arg("-q").args(arguments).output().expect("rabbitmqctl runs");
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("it prints text")
    }

    /// A channel of its own, for what may fail.
    pub async fn fresh_channel(&self) -> Channel {
        self.connection.create_channel().await.expect("a channel")
    }

    /// Puts a message into a queue.
    pub async fn put(&self, queue: &str, id: &str, body: &[u8]) {
        let properties = BasicProperties::default().with_delivery_mode(2).with_message_id(id.into());
        self.channel
            .basic_publish("".into(), queue.into(), BasicPublishOptions::default(), body, properties)
            .await
            .expect("published");
    }

    /// Messages that are ready in a queue; `None` when there is no such queue.
    pub async fn ready(&self, queue: &str) -> Option<u32> {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let channel = self.fresh_channel().await;
        let found = channel.queue_declare(queue.into(), passive, FieldTable::default()).await.ok()?;
        let _ = channel.close(200, "done".into()).await;
        Some(found.message_count())
    }

    /// Waits until that many messages are ready in a queue.
    pub async fn until_ready(&self, queue: &str, count: u32) {
        let end = tokio::time::Instant::now() + super::PATIENCE;
        loop {
            let ready = self.ready(queue).await;
            if ready == Some(count) {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "{ready:?} ready in {queue}, not {count}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// A queue bound to an exchange.
    pub async fn bind(&self, exchange: &str, key: &str) -> String {
        let queue = format!("{exchange}.{}", Uuid::new_v4().simple());
        let options = QueueDeclareOptions { auto_delete: true, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await.expect("declared");
        self.channel
            .queue_bind(
                queue.as_str().into(),
                exchange.into(),
                key.into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .expect("bound");
        queue
    }

    /// Takes that many messages from a queue.
    pub async fn take(&self, queue: &str, count: usize) -> Vec<lapin::message::Delivery> {
        let channel = self.fresh_channel().await;
        let mut consumer = channel
            .basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default())
            .await
            .expect("a consumer");
        let mut taken = Vec::new();
        while taken.len() < count {
            let next = super::soon("a message arrives", consumer.next()).await;
            let delivery = next.expect("the consumer lives").expect("a message");
            delivery.ack(BasicAckOptions::default()).await.expect("acknowledged");
            taken.push(delivery);
        }
        taken
    }

    /// One message from a queue, if there is one.
    pub async fn peek(&self, queue: &str) -> Option<lapin::message::Delivery> {
        let options = BasicGetOptions { no_ack: true };
        self.channel.basic_get(queue.into(), options).await.expect("asked").map(|message| message.delivery)
    }

    /// Removes what the test made.
    pub async fn clean(self) {
        for queue in self.settings.queues.iter().chain([&self.settings.parked_queue]) {
            let _ = self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await;
        }
        for exchange in [&self.settings.exchange_out, &self.settings.exchange_signals] {
            let _ = self.channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await;
        }
        let _ = self.connection.close(200, "done".into()).await;
    }
}

/// Passes bytes on, as long as nothing is frozen.
async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut frozen: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        let thawed = frozen.wait_for(|frozen| !frozen).await.is_ok();
        if read == 0 || !thawed || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Passes connections on until it is told to cut or refuse them.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    cuts: watch::Sender<u32>,
    refuses: Arc<AtomicBool>,
    frozen: watch::Sender<bool>,
}

impl Proxy {
    async fn start(upstream: String) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (cuts, seen) = watch::channel(0);
        let (frozen, freezing) = watch::channel(false);
        let refuses = Arc::new(AtomicBool::new(false));
        let refusing = Arc::clone(&refuses);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if refusing.load(Ordering::SeqCst) {
                    continue;
                }
                let (upstream, mut seen, freezing) = (upstream.clone(), seen.clone(), freezing.clone());
                seen.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(upstream).await else { return };
                    let (mut from_client, mut to_client) = client.split();
                    let (mut from_server, mut to_server) = server.into_split();
                    tokio::select! {
                        () = pass(&mut from_client, &mut to_server, freezing.clone()) => {}
                        () = pass(&mut from_server, &mut to_client, freezing) => {}
                        _ = seen.changed() => {}
                    }
                });
            }
        });
        Proxy { address, cuts, refuses, frozen }
    }

    /// Stops passing anything on while all connections stay open, as a network that swallows everything, or goes on.
    pub fn freeze(&self, freeze: bool) {
        self.frozen.send_replace(freeze);
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Refuses new connections, or no longer.
    pub fn refuse(&self, refuse: bool) {
        self.refuses.store(refuse, Ordering::SeqCst);
    }

    /// Waits until somebody is connected.
    pub async fn until_connected(&self, connections: usize) {
        // Each connection holds a receiver beside the one of the accepting task.
        until("a connection", || self.cuts.receiver_count() > connections).await;
    }
}
