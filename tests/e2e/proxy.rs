//! A TCP proxy that stands for the way to a server: it can be away, cut all connections, and come back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The proxy. It ends with the value.
pub struct Proxy {
    /// Where it listens, or will.
    pub address: SocketAddr,
    target: SocketAddr,
    /// Holds the port as long as nobody listens on it: connections are refused.
    socket: Option<TcpSocket>,
    away: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
    cut: watch::Sender<u64>,
    runtime: Runtime,
}

impl Proxy {
    /// A way to `target` that is closed: connections are refused until [`Proxy::open`].
    pub fn closed(target: SocketAddr) -> Proxy {
        let runtime = Runtime::new().expect("a runtime starts");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = socket.local_addr().expect("it has an address");
        let (cut, _) = watch::channel(0);
        Proxy { address, target, socket: Some(socket), away: Arc::default(), taken: Arc::default(), cut, runtime }
    }

    /// Connections go through from now on.
    pub fn open(&mut self) {
        self.away.store(false, Ordering::SeqCst);
        let Some(socket) = self.socket.take() else { return };
        let _guard = self.runtime.enter();
        let listener = socket.listen(64).expect("the port is ours");
        let (away, taken, cut) = (Arc::clone(&self.away), Arc::clone(&self.taken), self.cut.subscribe());
        self.runtime.spawn(accept(listener, self.target, away, taken, cut));
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

    /// Connections that were let through so far.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    away: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
    cut: watch::Receiver<u64>,
) {
    while let Ok((mut near, _)) = listener.accept().await {
        if away.load(Ordering::SeqCst) {
            continue;
        }
        taken.fetch_add(1, Ordering::SeqCst);
        let mut cut = cut.clone();
        cut.mark_unchanged();
        tokio::spawn(async move {
            let Ok(mut far) = TcpStream::connect(target).await else { return };
            // Whatever is on its way at the cut is lost, in both directions.
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = cut.changed() => {}
            }
        });
    }
}
