//! What a service manager hands over and wants to be told (systemd).
//!
//! - It may have bound the sockets already (`LISTEN_FDS`, `sd_listen_fds(3)`):
//!   then the server needs no right to bind, and whoever connects while it is
//!   restarted waits instead of being refused.
//! - It may want to know when the server is ready and when it ends
//!   (`NOTIFY_SOCKET`, `sd_notify(3)`).
//!
//! Both come in environment variables and do nothing where these are not set.

use std::env;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;

use listenfd::ListenFd;
use mio::net::TcpListener;
use socket2::SockRef;

use crate::explain;

/// Whether sockets were handed over to this process.
///
/// `LISTEN_PID` must name it: the variables may have been meant for the program
/// that started it.
pub fn has_sockets() -> bool {
    let pid = env::var("LISTEN_PID").ok().and_then(|pid| pid.parse().ok());
    pid == Some(process::id()) && env::var_os("LISTEN_FDS").is_some()
}

/// The listeners that were handed over; there are none a second time.
///
/// Fails where something else was handed over, or nothing.
pub fn listeners() -> io::Result<Vec<TcpListener>> {
    if !has_sockets() {
        return Ok(Vec::new());
    }
    let mut sockets = ListenFd::from_env();
    let listeners: Vec<_> =
        (0..sockets.len()).filter_map(|at| taken(&mut sockets, at).transpose()).collect();
    if listeners.is_empty() {
        return Err(io::Error::other("no socket was handed over"));
    }
    listeners.into_iter().collect()
}

fn taken(sockets: &mut ListenFd, at: usize) -> io::Result<Option<TcpListener>> {
    let taken = sockets.take_tcp_listener(at);
    let Some(listener) = taken.map_err(|e| explain("cannot use what was handed over", &e))? else {
        return Ok(None);
    };
    if !SockRef::from(&listener).is_listener()? {
        return Err(io::Error::other("a socket that was handed over does not listen"));
    }
    listener.set_nonblocking(true)?;
    Ok(Some(TcpListener::from_std(listener)))
}

/// The one who wants to be told how the server is, if there is one.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<UnixDatagram>,
}

impl Supervisor {
    /// Connects to the socket of `NOTIFY_SOCKET`. That is to be done before
    /// the process is [confined](crate::sandbox): later there is no such name.
    pub fn find() -> io::Result<Self> {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else { return Ok(Self { socket: None }) };
        let failed = |e| explain("cannot reach who is to be notified", &e);
        let socket = connect(name.as_bytes()).map_err(failed)?;
        Ok(Self { socket: Some(socket) })
    }

    /// The room is open.
    pub fn ready(&self) {
        self.tell("READY=1\n");
    }

    /// The room is closed; what is under way is brought to its end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\n");
    }

    fn tell(&self, news: &str) {
        if let Some(socket) = &self.socket {
            // It is told as a courtesy; the room does not depend on it.
            let _ = socket.send(news.as_bytes());
        }
    }
}

/// A name that begins with `@` is in Linux's abstract namespace.
fn connect(name: &[u8]) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address(name)?)?;
    Ok(socket)
}

fn address(name: &[u8]) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(abstract_name) = name.strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;
        return SocketAddr::from_abstract_name(abstract_name);
    }
    SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))
}
