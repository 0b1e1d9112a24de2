//! Signals as something to poll.

use std::io::{self, Read};
use std::os::unix::net;

use mio::net::UnixStream;
use signal_hook::consts::{SIGCONT, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// A stream that becomes readable when the program shall end: Ctrl-C.
pub(super) fn interrupts() -> io::Result<UnixStream> {
    stream_of(&[SIGINT, SIGTERM])
}

/// A stream that becomes readable when the program goes on after a stop.
pub(super) fn continues() -> io::Result<UnixStream> {
    stream_of(&[SIGCONT])
}

/// Takes note that a stream was readable, so that it can become so again.
pub(super) fn take_note(mut stream: &UnixStream) {
    let mut bytes = [0; 64];
    while stream.read(&mut bytes).is_ok_and(|len| len > 0) {}
}

fn stream_of(signals: &[i32]) -> io::Result<UnixStream> {
    let (reader, writer) = net::UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for &signal in signals {
        pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(UnixStream::from_std(reader))
}
