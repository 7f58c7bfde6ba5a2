//! Tells the service manager how the gateway stands: that it is up, that it stops, that it lives. That is a datagram to the
//! socket that `NOTIFY_SOCKET` names, see sd_notify(3); without the variable nobody wants to know.
//!
//! Nothing depends on it: what cannot be told is not told, and the gateway goes on.

use crate::shutdown::Shutdown;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The service manager, when there is one.
#[derive(Debug)]
pub struct Manager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that the environment names. One that is named and cannot be reached is told to nobody but the log.
    pub fn of_environment() -> Manager {
        let name = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let of_this_process = |pid: String| pid == std::process::id().to_string();
        // Set for another process where a wrapper stands in between.
        let is_meant = std::env::var("WATCHDOG_PID").map_or(true, of_this_process);
        let watchdog = std::env::var("WATCHDOG_USEC").ok().filter(|_| is_meant);
        let watchdog = watchdog.and_then(|micros| micros.parse().ok()).filter(|micros| *micros > 0);
        let manager = Manager::at(name.as_deref(), watchdog.map(Duration::from_micros));
        if name.is_some() && manager.socket.is_none() {
            tracing::warn!(
                "the service manager cannot be reached at NOTIFY_SOCKET; it will not know that this gateway is up"
            );
        }
        manager
    }

    /// The one at a socket: a path, or with `@` in front a name that is no file. `watchdog` is the longest silence after
    /// which it takes the gateway for dead.
    pub fn at(name: Option<&std::ffi::OsStr>, watchdog: Option<Duration>) -> Manager {
        let address = name.and_then(|name| match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name).ok(),
            _ => SocketAddr::from_pathname(name).ok(),
        });
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        Manager { socket, watchdog }
    }

    /// The gateway is up; `status` is a line for people who look at the service.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}\n", one_line(status)));
    }

    /// It stops.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=finishing what is in work\n");
    }

    /// Says that it lives, often enough, until the stop is requested and longer: a stop that hangs has a deadline of its
    /// own. Lives as long as its task is polled, which is what a gateway that hangs does not do.
    pub async fn keep_alive(&self, stop: &Shutdown) {
        let Some(longest) = self.watchdog.filter(|_| self.socket.is_some()) else { return };
        loop {
            self.tell("WATCHDOG=1\n");
            // Half of it, as the manual advises: one that comes late does no harm.
            if !stop.sleep(longest / 2).await {
                return;
            }
        }
    }

    fn tell(&self, what: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(what.as_bytes(), address) {
            tracing::debug!(%error, "the service manager could not be told");
        }
    }
}

/// A line break would begin another assignment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::shutdown;

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 512];
        let length = socket.recv(&mut bytes).expect("something was told");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    fn listener(address: &SocketAddr) -> UnixDatagram {
        let socket = UnixDatagram::bind_addr(address).expect("a socket can be made");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a wait can be set");
        socket
    }

    #[test]
    fn the_manager_hears_of_start_and_stop() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let abstract_name = format!("sluis-notify-test-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        let file_address = SocketAddr::from_pathname(&path).expect("a path");
        for (name, address) in
            [(path.clone().into_os_string(), file_address), (format!("@{abstract_name}").into(), abstract_address)]
        {
            let socket = listener(&address);
            let manager = Manager::at(Some(&name), None);
            manager.ready("console on\n127.0.0.1:8312");
            assert_eq!(heard(&socket), "READY=1\nSTATUS=console on 127.0.0.1:8312\n");
            manager.stopping();
            assert!(heard(&socket).starts_with("STOPPING=1\n"));
        }
    }

    #[tokio::test]
    async fn a_gateway_that_lives_says_so_until_it_stops() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = listener(&SocketAddr::from_pathname(&path).expect("a path"));
        let manager = Manager::at(Some(path.as_os_str()), Some(Duration::from_millis(20)));
        let (trigger, stop) = shutdown(Duration::from_secs(1));
        let living = tokio::spawn(async move { manager.keep_alive(&stop).await });
        let heard = tokio::task::spawn_blocking(move || [heard(&socket), heard(&socket)]).await.expect("no panic");
        assert_eq!(heard, ["WATCHDOG=1\n", "WATCHDOG=1\n"]);
        trigger.stop();
        living.await.expect("it ends");
    }

    #[tokio::test]
    async fn without_a_manager_nothing_is_told() {
        let (_trigger, stop) = shutdown(Duration::from_secs(1));
        for manager in [Manager::at(None, None), Manager::at(Some("/nowhere/notify".as_ref()), None)] {
            manager.ready("up");
            manager.stopping();
            manager.keep_alive(&stop).await;
        }
    }
}
