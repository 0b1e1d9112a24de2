//! Ctrl-C and its kin as something to poll.

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, ErrorKind, Read};
use std::os::unix::net;
use std::sync::Arc;

use mio::event::Source;
use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use rustix::process::Signal;
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::{flag, low_level::pipe};

/// What the one who runs the program wants of it.
///
/// Becomes readable in a poll at SIGINT or SIGTERM, by which it is to end, and
/// at SIGUSR1, by which it is to tell how it does. Who asks for the end a second
/// time is not kept waiting: the program ends at once, with status 130.
#[derive(Debug)]
pub struct Signals {
    pipe: UnixStream,
    end: Arc<AtomicBool>,
    figures: Arc<AtomicBool>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The end.
    pub end: bool,
    /// The figures.
    pub figures: bool,
}

impl Signals {
    /// Takes the signals over, for the whole process and until its end.
    ///
    /// From here on a file above the process's size limit gives an error
    /// instead of a fatal SIGXFSZ, too.
    pub fn take_over() -> io::Result<Self> {
        let (reader, writer) = net::UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        let end = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag still down.
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&end))?;
            flag::register(signal, Arc::clone(&end))?;
            pipe::register(signal, writer.try_clone()?)?;
        }
        let figures = Arc::new(AtomicBool::new(false));
        flag::register(SIGUSR1, Arc::clone(&figures))?;
        pipe::register(SIGUSR1, writer)?;
        flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)))?;
        Ok(Self { pipe: UnixStream::from_std(reader), end, figures })
    }

    /// What was asked for: the figures since this was called last, the end ever.
    pub fn asked(&mut self) -> Asked {
        // First what woke the poll, then why: a signal sets its flag before.
        let mut bytes = [0; 64];
        loop {
            match self.pipe.read(&mut bytes) {
                Ok(n) if n > 0 => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        let end = self.end.load(Ordering::SeqCst);
        Asked { end, figures: self.figures.swap(false, Ordering::SeqCst) }
    }
}

impl Source for Signals {
    fn register(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.pipe.register(to, token, interests)
    }

    fn reregister(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.pipe.reregister(to, token, interests)
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        self.pipe.deregister(from)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::fs::File;
    use std::io::Write;

    use mio::{Events, Poll};
    use rustix::process::{Resource, Rlimit, getpid, getrlimit, kill_process, setrlimit};

    use super::*;

    // One test, for the signals and the limit are the whole process's.
    #[test]
    fn a_signal_can_be_polled_and_a_size_limit_is_an_error() {
        let mut signals = Signals::take_over().unwrap();
        assert_eq!(signals.asked(), Asked::default());

        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut signals, Token(7), Interest::READABLE).unwrap();
        let mut events = Events::with_capacity(4);
        for (signal, asked) in [
            (Signal::USR1, Asked { end: false, figures: true }),
            (Signal::TERM, Asked { end: true, figures: false }),
            (Signal::USR1, Asked { end: true, figures: true }),
        ] {
            kill_process(getpid(), signal).unwrap();
            poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
            assert_eq!(events.iter().next().unwrap().token(), Token(7));
            assert_eq!(signals.asked(), asked, "{signal:?}");
        }
        assert_eq!(signals.asked(), Asked { end: true, figures: false });

        let standing = getrlimit(Resource::Fsize);
        let tight = Rlimit { current: Some(1 << 30), maximum: standing.maximum };
        setrlimit(Resource::Fsize, tight).unwrap();
        let file: File = tempfile::tempfile().unwrap();
        file.set_len(1 << 30).unwrap();
        let error = {
            use std::io::Seek;
            let mut file = &file;
            file.seek(std::io::SeekFrom::End(0)).unwrap();
            file.write(b"x").unwrap_err()
        };
        setrlimit(Resource::Fsize, standing).unwrap();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}
