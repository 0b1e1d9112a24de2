//! Leads connections of this machine over a cable to the device, so that the
//! same people can talk to it through whatever happens on that cable.

use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use smoltcp::iface::{self, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::wire::{EthernetAddress, IpCidr};

use crate::cable::Cable;

/// Where the device is, and where it takes the gateway to be.
const DEVICE: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 2, 15), 9999);
const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// Connections that it leads in its life.
const MOST: u16 = 32;

/// Runs until it is dropped.
pub(crate) struct Gateway {
    port: u16,
    options: String,
    faults: Arc<AtomicUsize>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Gateway {
    pub(crate) fn start(cable: Cable) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let options = cable.options()?;
        let (faults, ends) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let mut ways = Ways::new(cable);
        let (counts, end) = (Arc::clone(&faults), Arc::clone(&ends));
        let thread = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                ways.turn(&listener);
                counts.store(ways.cable.faults(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        Ok(Self { port, options, faults, ends, thread: Some(thread) })
    }

    /// Where this machine reaches it.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What QEMU is to be started with, so that its cable leads here.
    pub(crate) fn options(&self) -> &str {
        &self.options
    }

    /// Frames that did not arrive as they were sent.
    pub(crate) fn faults(&self) -> usize {
        self.faults.load(Ordering::Relaxed)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// All connections on their way to the device.
struct Ways {
    cable: Cable,
    interface: Interface,
    sockets: SocketSet<'static>,
    led: Vec<(TcpStream, SocketHandle)>,
    began: Instant,
    next_port: u16,
}

impl Ways {
    fn new(mut cable: Cable) -> Self {
        let config = iface::Config::new(EthernetAddress([2, 0, 0, 0, 0, 2]).into());
        let mut interface = Interface::new(config, &mut cable, smoltcp::time::Instant::ZERO);
        interface.update_ip_addrs(|all| all.push(IpCidr::new(OWN.into(), 24)).unwrap());
        let slots: Vec<_> = (0..MOST).map(|_| SocketStorage::EMPTY).collect();
        let sockets = SocketSet::new(Vec::leak(slots));
        let led = Vec::new();
        Self { cable, interface, sockets, led, began: Instant::now(), next_port: 50_000 }
    }

    /// Lets newcomers in and carries on what there is.
    fn turn(&mut self, listener: &TcpListener) {
        if let Ok((stream, _)) = listener.accept() {
            self.lead(stream);
        }
        let now = self.began.elapsed().as_millis() as i64;
        let now = smoltcp::time::Instant::from_millis(now);
        self.interface.poll(now, &mut self.cable, &mut self.sockets);
        let Self { led, sockets, .. } = self;
        led.retain_mut(|(stream, handle)| {
            let socket = sockets.get_mut(*handle);
            to_device(stream, socket);
            from_device(stream, socket)
        });
    }

    fn lead(&mut self, stream: TcpStream) {
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        let buffer = || SocketBuffer::new(Vec::leak(vec![0; 8192]));
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        self.next_port += 1;
        socket.connect(self.interface.context(), DEVICE, self.next_port).unwrap();
        // It keeps its slot: there are enough, and its last frames may get lost.
        self.led.push((stream, self.sockets.add(socket)));
    }
}

fn to_device(stream: &mut TcpStream, socket: &mut Socket<'_>) {
    while socket.can_send() {
        let mut piece = [0; 1024];
        let room = (socket.send_capacity() - socket.send_queue()).min(piece.len());
        match stream.read(&mut piece[..room]) {
            Ok(0) => socket.close(),
            Ok(len) => assert_eq!(socket.send_slice(&piece[..len]), Ok(len)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(_) => socket.abort(),
        }
    }
}

/// Whether there may be more.
fn from_device(stream: &mut TcpStream, socket: &mut Socket<'_>) -> bool {
    while socket.can_recv() {
        let given = socket.recv(|bytes| {
            let len = stream.write(bytes).unwrap_or(0);
            (len, len)
        });
        if given == Ok(0) {
            return true;
        }
    }
    let ended = matches!(socket.state(), State::Closed | State::TimeWait | State::CloseWait);
    // The other way may go on.
    let _ = ended.then(|| stream.shutdown(Shutdown::Write));
    !matches!(socket.state(), State::Closed | State::TimeWait)
}
