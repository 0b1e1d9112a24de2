//! Nothing but the folder: what the kernel keeps from the process (Landlock).
//!
//! The server reaches its files through the folder's descriptor, by names of a
//! single component, and needs no more. So, once it has its listeners and its
//! folder, it gives up all else: it can open, make, rename and remove files
//! below the folder, and nothing outside; it can neither listen nor connect
//! anew, nor signal another program. What a hole in the server would be worth
//! to somebody ends there.
//!
//! It takes no privilege (Linux 5.13 and newer, Landlock among the modules that
//! the kernel was started with). The newer the kernel, the more it sees to: the
//! network from 6.7 on, signals from 6.12 on.
//!
//! # Trade-offs
//!
//! - Best effort: a kernel without Landlock is no error, and nobody is told.
//!   Whoever starts the server can hardly change the kernel, and a warning at
//!   every start is one that people learn not to read. [`Confined`] has it, and
//!   `NoNewPrivs: 1` in `/proc/PID/status` shows that it was asked for.
//! - A thread is confined if the one that started it was. So [`confine`] comes
//!   before the first thread is started. (To confine all threads at once takes
//!   Linux 7.0.)

use std::io;
use std::os::fd::AsFd;

/// How far the kernel went along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confined {
    /// In all that is known here.
    Fully,
    /// In what this kernel knows.
    Partly,
    /// Not at all: it has no Landlock.
    Not,
}

/// Confines this thread, and all that it starts from now on, to `folder`.
///
/// What is open already stays open. Fails only where a kernel that could do it
/// refuses; nothing is confined then.
#[cfg(target_os = "linux")]
pub fn confine(folder: impl AsFd) -> io::Result<Confined> {
    use landlock::RulesetStatus::{FullyEnforced, NotEnforced, PartiallyEnforced};

    let status = linux::restrict(folder.as_fd())
        .map_err(|error| io::Error::other(format!("cannot be confined to the folder: {error}")))?;
    Ok(match status.ruleset {
        FullyEnforced => Confined::Fully,
        PartiallyEnforced => Confined::Partly,
        NotEnforced => Confined::Not,
    })
}

/// Confines nothing: other systems have other ways.
#[cfg(not(target_os = "linux"))]
pub fn confine(_folder: impl AsFd) -> io::Result<Confined> {
    Ok(Confined::Not)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::BorrowedFd;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, RestrictionStatus, Ruleset,
        RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, make_bitflags,
    };

    pub(super) fn restrict(folder: BorrowedFd<'_>) -> Result<RestrictionStatus, RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rule(PathBeneath::new(folder, of_the_folder()))?
            .restrict_self()
    }

    /// What the store does to its folder. It makes no folders, links or
    /// devices there, and runs nothing.
    fn of_the_folder() -> BitFlags<AccessFs> {
        make_bitflags!(AccessFs::{ReadFile | ReadDir | WriteFile | Truncate | MakeReg | RemoveFile})
    }

    /// All that can be given up is: of what a newer kernel lets a process give
    /// up, the server needs nothing either.
    const NEWEST: ABI = ABI::V10;
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixDatagram;
    use std::thread;

    use tempfile::TempDir;

    use super::*;

    /// Runs `inside` on a thread of its own that is confined to the folder, if
    /// this kernel has Landlock.
    fn confined(folder: &TempDir, inside: impl FnOnce(Confined) + Send) {
        let opened = File::open(folder.path()).unwrap();
        let run = move || match confine(&opened).unwrap() {
            Confined::Not => eprintln!("this kernel has no Landlock: nothing is tested"),
            how => inside(how),
        };
        thread::scope(|scope| scope.spawn(run).join().unwrap());
    }

    fn kind<T>(result: io::Result<T>) -> ErrorKind {
        result.err().expect("it is denied").kind()
    }

    #[test]
    fn nothing_outside_the_folder_can_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        symlink("/etc/passwd", folder.path().join("link")).unwrap();
        confined(&folder, |_| {
            assert_eq!(kind(File::open("/etc/passwd")), ErrorKind::PermissionDenied);
            assert_eq!(kind(File::open("/dev/null")), ErrorKind::PermissionDenied);
            assert_eq!(kind(fs::read_dir("/")), ErrorKind::PermissionDenied);
            let foreign = outside.path().join("a");
            assert_eq!(kind(File::create(&foreign)), ErrorKind::PermissionDenied);
            let link = folder.path().join("link");
            assert_eq!(kind(File::open(link)), ErrorKind::PermissionDenied);
        });
    }

    #[test]
    fn all_that_the_store_does_in_the_folder_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        confined(&folder, |_| {
            let (a, b) = (folder.path().join("a"), folder.path().join("b"));
            fs::write(&a, "text").unwrap();
            fs::rename(&a, &b).unwrap();
            File::options().write(true).open(&b).unwrap().set_len(2).unwrap();
            assert_eq!(fs::read(&b).unwrap(), b"te");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            fs::remove_file(&b).unwrap();
        });
    }

    #[test]
    fn nothing_but_files_is_made_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        confined(&folder, |_| {
            let name = folder.path().join("a");
            assert_eq!(kind(fs::create_dir(&name)), ErrorKind::PermissionDenied);
            assert_eq!(kind(symlink("/etc/passwd", &name)), ErrorKind::PermissionDenied);
        });
    }

    #[test]
    fn a_thread_that_is_started_later_is_confined_too() {
        let folder = tempfile::tempdir().unwrap();
        confined(&folder, |_| {
            let opened = thread::spawn(|| File::open("/etc/passwd")).join().unwrap();
            assert_eq!(kind(opened), ErrorKind::PermissionDenied);
        });
        File::open("/etc/passwd").expect("a thread that was there before is not");
    }

    #[test]
    fn a_listener_goes_on_and_no_other_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = TcpStream::connect(address).unwrap();
        confined(&folder, |_| {
            let (accepted, _) = listener.accept().unwrap();
            assert_eq!(accepted.peer_addr().unwrap(), peer.local_addr().unwrap());
            UnixDatagram::unbound().expect("a descriptor to hold in reserve");
            if kernel() < (6, 7) {
                return;
            }
            assert_eq!(kind(TcpListener::bind("127.0.0.1:0")), ErrorKind::PermissionDenied);
            assert_eq!(kind(TcpStream::connect(address)), ErrorKind::PermissionDenied);
        });
    }

    /// Version of the kernel: from 6.7 on, Landlock knows of the network.
    fn kernel() -> (u32, u32) {
        let name = rustix::system::uname();
        let mut numbers = name.release().to_str().unwrap().split(['.', '-']);
        let mut next = || numbers.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        (next(), next())
    }
}
