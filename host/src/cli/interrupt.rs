//! Ctrl-C as something to poll.

use std::io;
use std::os::unix::net;

use mio::net::UnixStream;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// A stream that becomes readable when the program shall end.
pub(super) fn interrupts() -> io::Result<UnixStream> {
    let (reader, writer) = net::UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for signal in [SIGINT, SIGTERM] {
        pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(UnixStream::from_std(reader))
}
