//! A cable to the device over QEMU's datagrams, a bad one: it loses, doubles,
//! swaps and damages frames, the same ones for the same seed.

use core::net::Ipv4Addr;
use std::collections::VecDeque;
use std::io;
use std::net::UdpSocket;

use smoltcp::phy::{self, DeviceCapabilities};
use smoltcp::time::Instant;

/// Where the bytes of TCP begin that no checksum but its own protects.
const BEHIND_HEADERS: usize = 14 + 20;

/// This machine's end of the cable.
pub(crate) struct Cable {
    socket: UdpSocket,
    port: u16,
    came: VecDeque<Vec<u8>>,
    inwards: Way,
    outwards: Way,
}

impl Cable {
    pub(crate) fn new(seed: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        // A port that was free a moment ago is QEMU's end.
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            port,
            came: VecDeque::new(),
            inwards: Way::new(seed),
            outwards: Way::new(!seed),
        })
    }

    /// What QEMU is to be started with.
    pub(crate) fn options(&self) -> io::Result<String> {
        let ends = [("local", self.port), ("remote", self.socket.local_addr()?.port())];
        let ends = ends
            .map(|(end, port)| format!(",{end}.type=inet,{end}.host=127.0.0.1,{end}.port={port}"));
        Ok(format!("-netdev dgram,id=cable{} -net nic,netdev=cable", ends.concat()))
    }

    /// Frames that did not arrive as they were sent.
    pub(crate) fn faults(&self) -> usize {
        self.inwards.faults + self.outwards.faults
    }

    fn take_in(&mut self) {
        let mut frame = [0; 2048];
        while let Ok(len) = self.socket.recv(&mut frame) {
            self.came.extend(self.inwards.carry(frame[..len].to_vec()));
        }
    }
}

/// One way through the cable.
struct Way {
    state: u64,
    /// A frame that comes behind the next one.
    late: Option<Vec<u8>>,
    faults: usize,
}

impl Way {
    fn new(seed: u64) -> Self {
        Self { state: seed, late: None, faults: 0 }
    }

    fn dice(&mut self) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.state >> 40) as usize
    }

    /// What comes out where a frame goes in.
    fn carry(&mut self, mut frame: Vec<u8>) -> Vec<Vec<u8>> {
        let fate = self.dice() % 32;
        self.faults += usize::from(fate < 4);
        let mut out = Vec::new();
        match fate {
            0 => return out,
            1 => out.push(frame.clone()),
            2 => return self.late.replace(frame).into_iter().collect(),
            3 if frame.len() > BEHIND_HEADERS => {
                let at = BEHIND_HEADERS + self.dice() % (frame.len() - BEHIND_HEADERS);
                frame[at] ^= 1 << (self.dice() % 8);
            }
            _ => {}
        }
        out.push(frame);
        out.extend(self.late.take());
        out
    }
}

impl phy::Device for Cable {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Incoming, Outgoing<'_>)> {
        self.take_in();
        let frame = self.came.pop_front()?;
        Some((Incoming(frame), Outgoing(self)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        Some(Outgoing(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

pub(crate) struct Incoming(Vec<u8>);

impl phy::RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

pub(crate) struct Outgoing<'a>(&'a mut Cable);

impl phy::TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let Cable { socket, port, outwards, .. } = self.0;
        let mut frame = vec![0; len];
        let result = write(&mut frame);
        for frame in outwards.carry(frame) {
            // While QEMU is not there, frames get lost like others.
            let _ = socket.send_to(&frame, (Ipv4Addr::LOCALHOST, *port));
        }
        result
    }
}
