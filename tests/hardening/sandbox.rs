//! The server and its folder, with the sandbox on as it is by default.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::process::Signal;

use super::running::Srv;

/// `NoNewPrivs` of each thread, which Landlock asks for where it is to hold.
#[cfg(target_os = "linux")]
fn no_new_privileges(pid: u32) -> Vec<bool> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let status = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("status")).unwrap();
    let has = |status: String| status.lines().any(|line| line == "NoNewPrivs:\t1");
    threads.map(|entry| has(status(entry.unwrap()))).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn every_thread_of_a_server_is_confined() {
    let srv = Srv::start(&["--max-transfers", "4"]);
    srv.join();
    let threads = no_new_privileges(srv.pid());
    // The room, the console, four that write and four that sync, and the one that sums.
    assert_eq!(threads, [true; 11]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_without_a_sandbox_is_not() {
    let srv = Srv::start(&["--max-transfers", "4", "--no-sandbox"]);
    srv.join();
    // As this test is, which may run where nobody has new privileges.
    let here = no_new_privileges(std::process::id())[0];
    assert_eq!(no_new_privileges(srv.pid()), [here; 11]);
}

#[test]
fn a_folder_that_is_swapped_for_a_link_leads_nowhere() {
    let srv = Srv::start(&[]);
    let (folder, moved, outside) = (srv.path("folder"), srv.path("moved"), srv.path("outside"));
    fs::create_dir(&outside).unwrap();
    let mut peer = srv.join();
    fs::rename(&folder, &moved).unwrap();
    symlink(&outside, &folder).unwrap();
    peer.send("#upload 'a.txt' 4\ntext");
    peer.wait_for("Your file has been uploaded");
    assert_eq!(fs::read(moved.join("a.txt")).unwrap(), b"text");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_link_in_the_folder_is_not_followed() {
    let srv = Srv::start(&[]);
    let outside = srv.path("outside.txt");
    fs::write(&outside, "mine").unwrap();
    symlink(&outside, srv.path("folder/a.txt")).unwrap();
    let mut peer = srv.join();
    peer.send("#upload 'a.txt' 4\ntext");
    peer.wait_for("! ");
    assert_eq!(fs::read(&outside).unwrap(), b"mine");
}

#[test]
fn signals_and_the_console_work_inside() {
    let srv = Srv::start(&[]);
    let mut peer = srv.join();
    peer.send("good night\n");
    peer.send("#who\n");
    peer.wait_for("1 user");
    let (status, console) = srv.end(Signal::INT);
    assert!(status.success());
    assert!(console.contains("] good night\n"), "{console}");
    assert!(console.ends_with("\u{1b}[F\nexit\n"), "{console}");
}
