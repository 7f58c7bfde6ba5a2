//! A TCP proxy that stands for the way to a server: it can be away, cut all connections, and come back; let through
//! only so many bytes more, slowly, or none at all; and close one direction only.

use futures_util::future::Either;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What happens to the bytes on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// They go through.
    Fine,
    /// They stay where they are, and so do the connections.
    Frozen,
    /// So many bytes in a second.
    Slow(usize),
    /// So many bytes go through, then the connection is cut: in the middle of whatever stands there.
    CutAfter(usize),
    /// What the client says with this text in it goes through; the connection is cut when the server has answered, and
    /// the answer is lost.
    CutAtAnswerTo(&'static str),
    /// The end of the stream is told in this direction, and the other one goes on.
    HalfClosed,
}

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// From the gateway to the server.
    Server,
    /// From the server to the gateway.
    Client,
    /// Both.
    Both,
}

/// The weather and where it blows.
#[derive(Debug, Clone, Copy)]
struct Forecast {
    weather: Weather,
    toward: Toward,
    /// Connections that say this in their first bytes; all when it is empty.
    only: &'static str,
    /// Tells one forecast from another that is the same.
    number: u64,
}

/// The proxy. It ends with the value.
pub struct Proxy {
    /// Where it listens, or will.
    pub address: SocketAddr,
    target: watch::Sender<SocketAddr>,
    /// Holds the port as long as nobody listens on it: connections are refused.
    socket: Option<TcpSocket>,
    away: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
    cut: watch::Sender<u64>,
    forecast: watch::Sender<Forecast>,
    runtime: Runtime,
}

/// What every connection needs of its proxy.
#[derive(Clone)]
struct Gate {
    target: watch::Receiver<SocketAddr>,
    away: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
    cut: watch::Receiver<u64>,
    forecast: watch::Receiver<Forecast>,
}

impl Proxy {
    /// A way to `target` that is closed: connections are refused until [`Proxy::open`].
    pub fn closed(target: SocketAddr) -> Proxy {
        let runtime = Runtime::new().expect("a runtime starts");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = socket.local_addr().expect("it has an address");
        let fine = Forecast { weather: Weather::Fine, toward: Toward::Both, only: "", number: 0 };
        Proxy {
            address,
            target: watch::Sender::new(target),
            socket: Some(socket),
            away: Arc::default(),
            taken: Arc::default(),
            lost: Arc::default(),
            cut: watch::Sender::new(0),
            forecast: watch::Sender::new(fine),
            runtime,
        }
    }

    /// Connections go through from now on.
    pub fn open(&mut self) {
        self.away.store(false, Ordering::SeqCst);
        let Some(socket) = self.socket.take() else { return };
        let _guard = self.runtime.enter();
        let listener = socket.listen(64).expect("the port is ours");
        let gate = Gate {
            target: self.target.subscribe(),
            away: Arc::clone(&self.away),
            taken: Arc::clone(&self.taken),
            lost: Arc::clone(&self.lost),
            cut: self.cut.subscribe(),
            forecast: self.forecast.subscribe(),
        };
        self.runtime.spawn(accept(listener, gate));
    }

    /// Cuts all connections; new ones are closed at once until [`Proxy::open`].
    pub fn close(&self) {
        self.away.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Cuts all connections. New ones go through.
    pub fn cut(&self) {
        self.cut.send_modify(|times| *times += 1);
    }

    /// New connections go to another server, and the old ones are cut.
    pub fn lead_to(&self, target: SocketAddr) {
        self.target.send_replace(target);
        self.cut();
    }

    /// From now on the weather is like this, on connections that say `only` in their first bytes (all when it is
    /// empty).
    pub fn set(&self, weather: Weather, toward: Toward, only: &'static str) {
        self.forecast.send_modify(|old| *old = Forecast { weather, toward, only, number: old.number + 1 });
    }

    /// All is well on all connections.
    pub fn clear(&self) {
        self.set(Weather::Fine, Toward::Both, "");
    }

    /// Connections that were let through so far.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Connections that the proxy ended itself.
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, gate: Gate) {
    while let Ok((near, _)) = listener.accept().await {
        if gate.away.load(Ordering::SeqCst) {
            continue;
        }
        gate.taken.fetch_add(1, Ordering::SeqCst);
        let mut cut = gate.cut.clone();
        cut.mark_unchanged();
        let gate = gate.clone();
        tokio::spawn(async move {
            let target = *gate.target.borrow();
            let Ok(far) = TcpStream::connect(target).await else { return };
            // Whatever is on its way at the cut is lost, in both directions.
            tokio::select! {
                was_cut = carry(near, far, &gate.forecast) => {
                    gate.lost.fetch_add(usize::from(was_cut), Ordering::SeqCst);
                }
                _ = cut.changed() => { gate.lost.fetch_add(1, Ordering::SeqCst); }
            }
        });
    }
}

/// Carries bytes both ways until both ends are done; whether the weather cut the connection.
async fn carry(near: TcpStream, far: TcpStream, forecast: &watch::Receiver<Forecast>) -> bool {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    // Who speaks is known from what the client says first.
    let listened = watch::Sender::new(Vec::new());
    let asked = AtomicBool::new(false);
    let pump =
        |toward, says| Pump { forecast: forecast.clone(), toward, says, heard: listened.subscribe(), asked: &asked };
    let (up, down) = (pump(Toward::Server, Some(&listened)), pump(Toward::Client, None));
    let mut up = pin!(up.run(&mut from_near, &mut to_far));
    let mut down = pin!(down.run(&mut from_far, &mut to_near));
    // A cut takes both directions along; an end is told in one, and the other goes on.
    let (end, other) = tokio::select! {
        end = &mut up => (end, Either::Left(down)),
        end = &mut down => (end, Either::Right(up)),
    };
    match end {
        End::Cut => true,
        End::Closed => matches!(other.await, End::Cut),
    }
}

/// How a direction ended.
enum End {
    /// By the weather, and all with it.
    Cut,
    /// One end has nothing more to say, or is told so.
    Closed,
}

/// First bytes that are looked at for what a connection says of itself.
const FIRST_BYTES: usize = 2048;

struct Pump<'a> {
    forecast: watch::Receiver<Forecast>,
    toward: Toward,
    says: Option<&'a watch::Sender<Vec<u8>>>,
    heard: watch::Receiver<Vec<u8>>,
    /// The client said what a cut waits for.
    asked: &'a AtomicBool,
}

impl Pump<'_> {
    async fn run<R, W>(mut self, from: &mut R, to: &mut W) -> End
    where
        R: tokio::io::AsyncRead + Unpin,
        W: tokio::io::AsyncWrite + Unpin,
    {
        let mut buffer = vec![0; 16 * 1024];
        let (mut number, mut let_through) = (0, 0);
        loop {
            let forecast = self.here();
            if forecast.number != number {
                (number, let_through) = (forecast.number, 0);
            }
            let room = match forecast.weather {
                Weather::Fine | Weather::CutAtAnswerTo(_) => buffer.len(),
                Weather::Slow(rate) => (rate / 20).clamp(1, buffer.len()),
                Weather::CutAfter(bytes) if let_through < bytes => buffer.len().min(bytes - let_through),
                Weather::CutAfter(_) => return End::Cut,
                Weather::HalfClosed => {
                    drop(to.shutdown().await);
                    return End::Closed;
                }
                Weather::Frozen => {
                    if self.forecast.changed().await.is_err() {
                        return End::Closed;
                    }
                    continue;
                }
            };
            let read = tokio::select! {
                read = from.read(&mut buffer[..room]) => read,
                _ = self.forecast.changed() => continue,
            };
            let Ok(count @ 1..) = read else {
                drop(to.shutdown().await);
                return End::Closed;
            };
            self.listen(&buffer[..count]);
            if matches!(forecast.weather, Weather::Slow(_)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            // What was read before it froze has not left either.
            while self.here().weather == Weather::Frozen {
                if self.forecast.changed().await.is_err() {
                    return End::Closed;
                }
            }
            if let Weather::CutAtAnswerTo(text) = self.here().weather {
                match self.toward {
                    Toward::Server if contains(&buffer[..count], text.as_bytes()) => {
                        self.asked.store(true, Ordering::SeqCst);
                    }
                    Toward::Client if self.asked.load(Ordering::SeqCst) => return End::Cut,
                    Toward::Server | Toward::Client | Toward::Both => {}
                }
            }
            let_through += count;
            if to.write_all(&buffer[..count]).await.is_err() {
                return End::Closed;
            }
        }
    }

    /// The weather on this connection in this direction.
    fn here(&mut self) -> Forecast {
        let forecast = *self.forecast.borrow_and_update();
        let meant = forecast.only.is_empty() || contains(&self.heard.borrow(), forecast.only.as_bytes());
        let direction = forecast.toward == Toward::Both || forecast.toward == self.toward;
        if meant && direction { forecast } else { Forecast { weather: Weather::Fine, ..forecast } }
    }

    fn listen(&self, bytes: &[u8]) {
        let Some(says) = self.says.filter(|says| says.borrow().len() < FIRST_BYTES) else { return };
        says.send_modify(|said| said.extend_from_slice(bytes));
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
