//! A `srv` that a service manager starts, played by a shell.

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use super::running::{LONG, SRV, kill};

/// Starts `srv` in `base`, with `socket` as descriptor 3 and with what `before`
/// makes of the environment. `exec` keeps the shell's process id.
fn start(base: &TempDir, before: &str, socket: impl Into<OwnedFd>) -> Child {
    let script = format!("{before} exec \"$0\" --folder folder 3<&0 0</dev/null");
    let mut command = Command::new("sh");
    command.args(["-c", &script, SRV]).current_dir(base.path()).stdin(socket.into());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn output(before: &str, socket: impl Into<OwnedFd>) -> Output {
    let base = tempfile::tempdir().unwrap();
    start(&base, before, socket).wait_with_output().unwrap()
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn next_news(supervisor: &UnixDatagram) -> String {
    let mut news = [0; 128];
    let len = supervisor.recv(&mut news).expect("it tells its news in time");
    String::from_utf8_lossy(&news[..len]).into_owned()
}

#[test]
fn a_socket_that_is_handed_over_is_served_and_its_giver_told() {
    let base = tempfile::tempdir().unwrap();
    let supervisor = UnixDatagram::bind(base.path().join("notify")).unwrap();
    supervisor.set_read_timeout(Some(LONG)).unwrap();
    let socket = listener();
    let address = socket.local_addr().unwrap();
    // Who came before the server did is not lost.
    let early = TcpStream::connect(address).unwrap();
    early.set_read_timeout(Some(LONG)).unwrap();

    let before = "LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET=$PWD/notify";
    let server = start(&base, before, socket);
    assert_eq!(next_news(&supervisor), "READY=1\n");
    let mut greeting = [0; 16];
    (&early).read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"> Connected to t");

    kill(&server, Signal::TERM);
    assert_eq!(next_news(&supervisor), "STOPPING=1\n");
    let output = server.wait_with_output().unwrap();
    assert!(output.status.success());
    let console = String::from_utf8(output.stdout).unwrap();
    let port = address.port();
    assert!(console.starts_with(&format!("Chat server started on port {port}.\n")), "{console}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_is_told_too() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let name = format!("snug-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let supervisor = UnixDatagram::bind_addr(&address).unwrap();
    supervisor.set_read_timeout(Some(LONG)).unwrap();
    let base = tempfile::tempdir().unwrap();
    let before = format!("LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET=@{name}");
    let mut server = start(&base, &before, listener());
    assert_eq!(next_news(&supervisor), "READY=1\n");
    kill(&server, Signal::TERM);
    assert_eq!(next_news(&supervisor), "STOPPING=1\n");
    server.wait().unwrap();
}

#[test]
fn without_an_address_or_a_socket_the_call_is_wrong() {
    for before in ["", "LISTEN_FDS=1", "LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_PID=$$"] {
        let output = output(before, listener());
        assert_eq!(output.status.code(), Some(2), "{before}");
        assert_eq!(output.stdout, b"valid format : srv hostname port\n", "{before}");
    }
}

#[test]
fn what_cannot_be_listened_on_is_refused() {
    let stream = TcpStream::connect(listener().local_addr().unwrap());
    let bound = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    );
    let file = File::open("/dev/null").unwrap();
    for wrong in [stream.map(OwnedFd::from).unwrap(), bound.unwrap(), file.into()] {
        let output = output("LISTEN_PID=$$ LISTEN_FDS=1", wrong);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("handed over"), "{said}");
    }
}

#[test]
fn a_supervisor_that_is_not_there_stops_no_room() {
    let base = tempfile::tempdir().unwrap();
    let socket = listener();
    let address = socket.local_addr().unwrap();
    let before = "LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET=$PWD/nobody";
    let server = start(&base, before, socket);
    let mut peer = TcpStream::connect(address).unwrap();
    peer.set_read_timeout(Some(LONG)).unwrap();
    peer.read_exact(&mut [0; 16]).unwrap();
    kill(&server, Signal::TERM);
    let output = server.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot reach who is to be notified"), "{said}");
}
