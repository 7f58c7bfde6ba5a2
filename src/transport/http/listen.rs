//! Connections of senders: accepted, made safe, and not waited for longer than their patience.
//!
//! The server library waits for the head of a request as long as it takes. Here a connection that does not ask anything
//! in time ends, so that a few slow ones cannot keep all others out; the body has a limit of its own where it is read.

use super::tls::{self, CertificateError, Tls};
use crate::config;
use crate::http::ListenError;
use crate::sender::Certificate;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at once.
const MOST_CONNECTIONS: usize = 1_024;
/// How long a connection is kept between requests.
const IDLE: Duration = Duration::from_mins(1);
/// Wait after the system gave no connection, for want of file handles for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long an end waits for the other side to have read the answer. A socket that is closed with bytes unread takes the
/// answer back: whoever is told that the message is too large while sending it would only see the connection break.
const LINGER: Duration = Duration::from_secs(1);

/// The intake cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum HttpIntakeError {
    /// The address cannot be had.
    #[error(transparent)]
    Address(ListenError),
    /// A certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// An address that is taken, with certificates that were read, where nobody is let in yet.
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    head_timeout: Duration,
}

impl Listening {
    /// Takes the address and reads the certificates.
    pub async fn bind(settings: &config::Listener) -> Result<Listening, HttpIntakeError> {
        let tls = settings.tls.as_ref().map(|files| Tls::load(files, settings.section)).transpose()?.map(Arc::new);
        let (section, address) = (settings.section, settings.listen);
        let fault = |source| HttpIntakeError::Address(ListenError { section, address, source });
        let listener = TcpListener::bind(settings.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        Ok(Listening { listener, address, tls, head_timeout: settings.head_timeout })
    }

    /// The address it has, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether whoever connects is asked for a certificate.
    pub(super) fn asks_for_certificates(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.asks())
    }

    /// Lets connections in from now on, until the door is dropped.
    pub(crate) fn open(self) -> Door {
        let address = self.address;
        let (sender, connections) = mpsc::channel(1);
        tokio::spawn(self.accept(sender));
        Door { connections, address }
    }

    async fn accept(self, door: mpsc::Sender<(Connection, SocketAddr)>) {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = door.closed() => return,
            };
            let Ok((stream, address)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (tls, door, head_timeout) = (self.tls.clone(), door.clone(), self.head_timeout);
            // A handshake that takes its time holds up nobody else.
            tokio::spawn(async move {
                let secured = timeout(head_timeout, secure(stream, tls)).await;
                let Ok(Ok((stream, certificate))) = secured else { return };
                let connection = Connection::new(stream, certificate, head_timeout, place);
                // Nobody takes it any more when the gateway stops.
                let _ = door.send((connection, address)).await;
            });
        }
    }
}

async fn secure(stream: TcpStream, tls: Option<Arc<Tls>>) -> io::Result<(Stream, Option<Certificate>)> {
    // Answers are small and wait for nothing.
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return Ok((Stream::Plain(stream), None)) };
    let config = tokio::task::spawn_blocking(move || tls.current()).await.map_err(io::Error::other)?;
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.map(tls::identity);
    Ok((Stream::Tls(Box::new(stream)), certificate))
}

/// Where connections come in.
pub(crate) struct Door {
    connections: mpsc::Receiver<(Connection, SocketAddr)>,
    address: SocketAddr,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Until when something must be heard; nothing while a request is worked on.
#[derive(Debug, Clone)]
pub(crate) struct Patience(Arc<Mutex<Option<Instant>>>);

impl Patience {
    fn until(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// A request has come; the wait for the next begins when the guard is dropped.
    pub(crate) fn busy(&self) -> Busy {
        self.set(None);
        Busy(self.clone())
    }
}

/// A request is worked on.
pub(crate) struct Busy(Patience);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set(Some(Instant::now() + IDLE));
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The certificate that it showed.
    pub(super) certificate: Option<Certificate>,
    /// How long the connection is waited for.
    pub(crate) patience: Patience,
    /// Where it is.
    pub(crate) address: SocketAddr,
}

#[cfg(test)]
impl Peer {
    /// Somebody at an address, without a connection.
    pub(crate) fn at(address: SocketAddr) -> Peer {
        Peer { certificate: None, patience: Patience(Arc::default()), address }
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Peer {
        let (connection, address) = (stream.io(), *stream.remote_addr());
        Peer { certificate: connection.certificate.clone(), patience: connection.patience.clone(), address }
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection with somebody who may or may not say something.
pub(crate) struct Connection {
    stream: Stream,
    certificate: Option<Certificate>,
    patience: Patience,
    timer: Pin<Box<Sleep>>,
    /// Set once its own side is closed.
    lingers: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(
        stream: Stream,
        certificate: Option<Certificate>,
        head_timeout: Duration,
        place: OwnedSemaphorePermit,
    ) -> Connection {
        let until = Instant::now() + head_timeout;
        let patience = Patience(Arc::new(Mutex::new(Some(until))));
        let timer = Box::pin(sleep_until(until));
        Connection { stream, certificate, patience, timer, lingers: None, _place: place }
    }

    fn stream(&mut self) -> Pin<&mut (dyn Duplex + Send)> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(until) = self.patience.until() {
            if self.timer.deadline() != until {
                self.timer.as_mut().reset(until);
            }
            if self.timer.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        self.stream().poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingers.is_none() {
            ready!(self.stream().poll_shutdown(context))?;
            self.lingers = Some(Box::pin(sleep_until(Instant::now() + LINGER)));
        }
        let mut rest = [0; 16 * 1024];
        loop {
            if self.lingers.as_mut().is_some_and(|timer| timer.as_mut().poll(context).is_ready()) {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut rest);
            match ready!(self.stream().poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_cannot_be_had_is_told_with_the_reason_of_the_system() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let listen = taken.local_addr().expect("an address");
        let reason = TcpListener::bind(listen).await.expect_err("it is taken").to_string();
        let settings = config::Listener { section: "http_intake", listen, tls: None, head_timeout: IDLE };
        let Err(error) = Listening::bind(&settings).await else { panic!("{listen} was had twice") };
        let told = format!("{:#}", anyhow::Error::from(error));
        assert!(told.contains("[http_intake]") && told.contains(&listen.to_string()), "{told}");
        assert_eq!(told.matches(&reason).count(), 1, "{told}");
    }
}
