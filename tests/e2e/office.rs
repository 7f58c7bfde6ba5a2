//! A back office that can be told to fail, to hang and to work, and remembers every attempt in order.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// 500.
    Fails,
    /// 422: it understands and will not.
    Refuses,
    /// 404: nothing takes anything at this address.
    Elsewhere,
    /// Takes the request and never answers.
    Hangs,
    /// 202.
    Works,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How it was answered.
    pub mood: Mood,
    /// `Idempotency-Key`.
    pub key: String,
    /// `Sluis-Purpose`, `Sluis-Kind` and content type.
    pub about: (String, String, String),
    /// The body.
    pub body: Bytes,
}

impl Attempt {
    /// Whether it tells that a signal is over.
    fn is_end_of_signal(&self) -> bool {
        self.body.windows(7).any(|window| window == b".ended\"")
    }
}

/// The back office. It ends with the value.
pub struct Office {
    /// Where it listens.
    pub address: SocketAddr,
    mood: watch::Sender<Mood>,
    attempts: Arc<Mutex<Vec<Attempt>>>,
    _runtime: Runtime,
}

#[derive(Clone)]
struct Desk {
    mood: watch::Receiver<Mood>,
    attempts: Arc<Mutex<Vec<Attempt>>>,
}

impl Office {
    /// Opens in a mood.
    pub fn open(mood: Mood) -> Office {
        let runtime = Runtime::new().expect("a runtime starts");
        let (sender, receiver) = watch::channel(mood);
        let attempts = Arc::default();
        let desk = Desk { mood: receiver, attempts: Arc::clone(&attempts) };
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let routes = Router::new().route("/berichten", post(take)).with_state(desk);
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Office { address, mood: sender, attempts, _runtime: runtime }
    }

    /// From now on it answers like this.
    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// All attempts so far, in order.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Attempts that were answered like this.
    pub fn count(&self, mood: Mood) -> usize {
        self.attempts().iter().filter(|attempt| attempt.mood == mood).count()
    }

    /// What it took because of messages, by key, and how often. A daemon surveys its region when it starts: what that ends
    /// depends on how far it had come by then.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        let mut taken = BTreeMap::new();
        let works = |attempt: &Attempt| attempt.mood == Mood::Works && !attempt.is_end_of_signal();
        for attempt in self.attempts().into_iter().filter(works) {
            *taken.entry(attempt.key).or_default() += 1;
        }
        taken
    }
}

async fn take(State(mut desk): State<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let mood = *desk.mood.borrow();
    let about = (header("sluis-purpose"), header("sluis-kind"), header("content-type"));
    let attempt = Attempt { mood, key: header("idempotency-key"), about, body };
    desk.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    match mood {
        Mood::Fails => StatusCode::INTERNAL_SERVER_ERROR,
        Mood::Refuses => StatusCode::UNPROCESSABLE_ENTITY,
        Mood::Elsewhere => StatusCode::NOT_FOUND,
        Mood::Works => StatusCode::ACCEPTED,
        Mood::Hangs => {
            // Until somebody changes its mood; whoever asked has gone by then.
            let _ = desk.mood.wait_for(|mood| *mood != Mood::Hangs).await;
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
