//! A back office that goes wrong in every way that HTTP knows, and remembers every attempt in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mood {
    /// 202, at once.
    Works,
    /// 202, after a while that is shorter than the timeout.
    Slow,
    /// 500.
    Fails,
    /// Closes a connection as soon as it has it.
    Refuses,
    /// Takes the request and never answers.
    Hangs,
    /// Takes the request and closes the connection without an answer.
    Cuts,
    /// Takes the request, and answers 200 when nobody waits any more.
    Late,
    /// Takes the request and answers with something that is no HTTP.
    Rubbish,
}

/// Longest wait of the gateway for an answer, as its configuration says.
pub const TIMEOUT: Duration = Duration::from_millis(600);

/// One request that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How it was answered.
    pub mood: Mood,
    /// `Idempotency-Key`.
    pub key: String,
    /// `Sluis-Purpose` and `Sluis-Kind`.
    pub about: (String, String),
    /// The body.
    pub body: Vec<u8>,
}

/// The back office. It ends with the value.
pub struct Office {
    /// Where it listens.
    pub address: SocketAddr,
    mood: watch::Sender<Mood>,
    desk: Arc<Mutex<Desk>>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Desk {
    attempts: Vec<Attempt>,
    /// Connections that were refused.
    refused: usize,
}

impl Office {
    /// Opens and works.
    pub fn open() -> Office {
        let runtime = Runtime::new().expect("a runtime starts");
        let mood = watch::Sender::new(Mood::Works);
        let desk = Arc::<Mutex<Desk>>::default();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let (moods, own) = (mood.subscribe(), Arc::clone(&desk));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, moods.clone(), Arc::clone(&own)));
            }
        });
        Office { address, mood, desk, _runtime: runtime }
    }

    /// From now on it answers like this.
    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// All requests so far, in order.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).attempts.clone()
    }

    /// Requests that met this mood.
    pub fn count(&self, mood: Mood) -> usize {
        let desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        match mood {
            Mood::Refuses => desk.refused,
            _ => desk.attempts.iter().filter(|attempt| attempt.mood == mood).count(),
        }
    }

    /// What it answered with success, by key, and how often.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        let mut taken = BTreeMap::new();
        let desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        for attempt in desk.attempts.iter().filter(|attempt| matches!(attempt.mood, Mood::Works | Mood::Slow)) {
            *taken.entry(attempt.key.clone()).or_default() += 1;
        }
        taken
    }
}

async fn serve(mut stream: TcpStream, mut moods: watch::Receiver<Mood>, desk: Arc<Mutex<Desk>>) {
    loop {
        if *moods.borrow() == Mood::Refuses {
            desk.lock().unwrap_or_else(PoisonError::into_inner).refused += 1;
            return;
        }
        let Some((head, body)) = request(&mut stream).await else { return };
        let mood = *moods.borrow();
        if mood == Mood::Refuses {
            desk.lock().unwrap_or_else(PoisonError::into_inner).refused += 1;
            return;
        }
        let header = |name: &str| {
            let line =
                head.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)));
            line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let attempt = Attempt {
            mood,
            key: header("idempotency-key"),
            about: (header("sluis-purpose"), header("sluis-kind")),
            body,
        };
        desk.lock().unwrap_or_else(PoisonError::into_inner).attempts.push(attempt);
        let answer = match mood {
            Mood::Works => "202 Accepted",
            Mood::Slow => {
                tokio::time::sleep(TIMEOUT / 4).await;
                "202 Accepted"
            }
            Mood::Fails => "500 Internal Server Error",
            Mood::Late => {
                tokio::time::sleep(TIMEOUT * 2).await;
                "200 OK"
            }
            Mood::Hangs => {
                // Until somebody changes its mood; whoever asked has gone by then.
                drop(moods.wait_for(|mood| *mood != Mood::Hangs).await);
                return;
            }
            Mood::Cuts | Mood::Refuses => return,
            Mood::Rubbish => {
                drop(stream.write_all(b"\x16\x03\x01 niets dat HTTP is\r\n\r\n").await);
                return;
            }
        };
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Head and body of a request; `None` when the connection ends before.
async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    const END: &[u8] = b"\r\n\r\n";
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(END.len()).position(|window| window == END) {
            break end + END.len();
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(head);
    let head = String::from_utf8(bytes).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse::<usize>().ok() } else { None }
    });
    while body.len() < length.unwrap_or_default() {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}
