//! A system that fails: the disk, the folder, the console.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;

use rustix::process::Signal;

use crate::peer::Peer;
use crate::served::{Served, srv};
use crate::site::{Site, noise};

/// An upload in lines is refused for this reason, a classic one is dropped, and
/// both stay in step.
#[track_caller]
fn assert_refused(room: &Served, size: usize, why: &str) {
    let (mut ada, mut old, mut bob) = (room.line(), room.classic(), room.line());
    let file = noise(3, size);
    ada.until("(3 users online)\n");
    ada.send([format!("#upload new {size}\n").as_bytes(), &file, b"next\n"].concat());
    assert_eq!(ada.line(), why);
    bob.until(format!("[{}] next\n", ada.addr));
    old.send(format!("#upload 'new' {size}"));
    old.send([&file[..], b"next"].concat());
    let seen = bob.until(format!("[{}] next\n", old.addr));
    assert!(!String::from_utf8(seen).unwrap().contains("uploaded"));
}

#[test]
fn a_limit_of_the_file_size_is_a_full_disk() {
    // In blocks of 512 or 1024 bytes, by the shell.
    let room = Served::start_through(r#"ulimit -f 64; exec "$0" "$@""#, &[]);
    assert_refused(&room, 200_000, "! the disk is full; ask who keeps it");
    let mut ada = room.line();
    let small = noise(4, 20_000);
    ada.send("#upload small 20000\n");
    ada.send(&small);
    ada.until("> Your file has been uploaded (20000 bytes)\n");
    room.assert_serves(&[("small", &small)]);
}

/// `.ci/steps/66-full-disk` mounts a file system of 1 MiB where temporary
/// folders go.
#[test]
#[ignore = "wants TMPDIR to be on a disk of 1 MiB"]
fn a_full_disk_is_told() {
    let room = Served::start(&[]);
    let standing = noise(5, 400_000);
    let mut ada = room.line();
    ada.send("#upload old 400000\n");
    ada.send(&standing);
    ada.until("> Your file has been uploaded (400000 bytes)\n");
    drop(ada);
    room.console.wait_until_heard("(0 user online)\n");
    assert_refused(&room, 2_000_000, "! the disk is full; ask who keeps it");
    // What was begun is gone, so that there is space again.
    let mut ada = room.line();
    ada.send("#upload small 5\nhello");
    ada.until("> Your file has been uploaded (5 bytes)\n");
    // In place of a file that stands, too: it stays.
    ada.send("#upload old 900000\n");
    ada.send(noise(6, 900_000));
    ada.until("! the disk is full; ask who keeps it\n");
    room.assert_serves(&[("old", &standing), ("small", b"hello")]);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told() {
    let site = Arc::new(Site::new());
    fs::create_dir(site.folder()).unwrap();
    fs::write(site.folder().join("old"), "stays").unwrap();
    fs::set_permissions(site.folder(), fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anyway, so a server of root's is run as nobody.
    let mut server = srv(&site, "127.0.0.1", &[]);
    if rustix::process::getuid().is_root() {
        let program = site.root().join("srv");
        fs::copy(server.get_program(), &program).unwrap();
        let arguments: Vec<_> = server.get_args().map(ToOwned::to_owned).collect();
        server = Command::new(&program);
        server.args(arguments).current_dir(site.work()).uid(65_534).gid(65_534);
    }
    let room = Served::run(server, Arc::clone(&site));
    let _ = fs::remove_file(site.root().join("srv"));
    assert_refused(&room, 1000, "! the folder cannot be written to; ask who keeps it");
    room.assert_serves(&[("old", b"stays")]);
}

#[test]
fn a_folder_that_is_removed_is_told() {
    let room = Served::start(&[]);
    fs::remove_dir(room.site.folder()).unwrap();
    assert_refused(&room, 1000, "! the disk failed; ask who keeps the folder");
    room.assert_serves(&[]);
}

#[test]
fn a_folder_that_is_moved_is_still_the_folder() {
    let room = Served::start(&[]);
    let elsewhere = room.site.root().join("elsewhere");
    fs::rename(room.site.folder(), room.site.work().join("moved")).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, room.site.folder()).unwrap();
    let mut ada = room.line();
    ada.send("#upload a 5\nhello");
    assert_eq!(ada.line(), "> Your file has been uploaded (5 bytes)");
    assert_eq!(fs::read(room.site.work().join("moved/a")).unwrap(), b"hello");
    assert!(fs::read_dir(&elsewhere).unwrap().next().is_none());
}

/// Says 4 MB, which is more than a console takes that nobody reads.
#[track_caller]
fn assert_chats_on(room: &Served) {
    let (mut ada, mut bob) = (room.line(), room.line());
    let reader = &mut bob;
    std::thread::scope(|scope| {
        scope.spawn(|| (0..4000).for_each(|n| ada.send(format!("{n:04} {}\n", "x".repeat(1000)))));
        for n in 0..4000 {
            let line = reader.line();
            assert!(line.contains(&format!("] {n:04} ")), "{line}");
        }
    });
    room.assert_serves(&[]);
}

#[test]
fn nobody_waits_for_a_console_that_nobody_reads() {
    let mut room = Served::start(&[]);
    room.console.fall_asleep();
    assert_chats_on(&room);
    room.signal(Signal::TERM);
    assert_eq!(room.ends().code(), Some(0));
}

#[test]
fn a_console_that_is_gone_is_not_missed() {
    let mut room = Served::start(&[]);
    room.console.hang_up();
    room.complaints.hang_up();
    assert_chats_on(&room);
    room.signal(Signal::INT);
    assert_eq!(room.ends().code(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut room = Served::start(&[]);
    room.console.fall_asleep();
    assert_chats_on(&room);
    room.signal(Signal::INT);
    // The first may have ended it by now.
    let _ = rustix::process::kill_process(room.pid(), Signal::INT);
    assert!(matches!(room.ends().code(), Some(0 | 130)));
}

#[test]
fn who_is_connected_when_it_ends_is_let_go() {
    let mut room = Served::start(&[]);
    let mut ada = room.line();
    let mut half: Peer = room.classic();
    half.send("#upload 'half' 100");
    room.signal(Signal::TERM);
    assert_eq!(room.ends().code(), Some(0));
    ada.is_put_out();
    half.is_put_out();
    let mut writer = ada.writer();
    assert!(matches!(writer.read(&mut [0; 1]), Ok(0) | Err(_)));
    room.site.assert_holds(&[]);
}
