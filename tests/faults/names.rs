//! Names that lead elsewhere, cannot be shown, or are somebody else's.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::served::Served;

/// A standing file is replaced; nothing else that stands is touched.
const TAKEN: &str = "! no file can have that name here; take another";

fn bad_names(room: &Served) -> Vec<Vec<u8>> {
    let precious = room.site.precious().into_os_string().into_encoded_bytes();
    let mut names: Vec<Vec<u8>> = [
        &b""[..],
        b" ",
        b"   ",
        b".",
        b"..",
        b"../x",
        b"../precious",
        b"../../precious",
        b"./x",
        b"/x",
        b"a/b",
        b"a/",
        b"..\\x",
        b"a\\b",
        b"a\0b",
        b"\0",
        b"\x1b[31mred",
        b"a\tb",
        b"a\rb",
        b"\x7f",
        b"\xff\xfe",
        b"caf\xc3",
        b"\xc0\xae\xc0\xae\xc0\xafx",
        b".snug-1",
        b".SNUG-x",
        "a\u{202e}gnp.b".as_bytes(),
        "a\u{2028}b".as_bytes(),
        "a\u{85}b".as_bytes(),
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    names.push(precious);
    names.extend([256, 300, 1000].map(|len| vec![b'a'; len]));
    names
}

/// The command of a file of 5 bytes, and the file; `end` ends the header.
fn upload(name: &[u8], end: &str) -> Vec<u8> {
    [b"#upload '", name, format!("' 5{end}hello").as_bytes()].concat()
}

#[test]
fn bad_names_are_refused_and_the_wire_stays_in_step() {
    let room = Served::start(&[]);
    let (mut ada, mut old, mut bob) = (room.line(), room.classic(), room.line());
    ada.until("(3 users online)\n");
    for (number, name) in bad_names(&room).iter().enumerate() {
        let next = format!("next after {number}");
        ada.send([&upload(name, "\n")[..], next.as_bytes(), b"\n"].concat());
        let answer = ada.line();
        assert!(answer.starts_with("! "), "{}: {answer}", name.escape_ascii());
        bob.until(format!("[{}] {next}\n", ada.addr));
        old.until(format!("[{}] {next}", ada.addr));

        old.send([&upload(name, "")[..], next.as_bytes()].concat());
        bob.until(format!("[{}] {next}\n", old.addr));
        ada.expect(format!("[{}] {next}\n", old.addr));
    }
    room.assert_serves(&[]);
}

#[test]
fn a_name_with_a_newline_is_no_header() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let mut ada = room.classic();
    bob.until("(2 users online)\n");
    // It is two lines: a command that is none, and a text.
    ada.send("#upload 'a\nb' 5\n");
    assert_eq!(bob.line(), format!("[{}] b' 5", ada.addr));
    ada.until("! write #upload 'NAME' SIZE\n");
    room.assert_serves(&[]);
}

#[test]
fn the_longest_and_the_oddest_names_are_taken() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    let longest = "a".repeat(255);
    let names = [&longest, "...", ".hidden", " a ", "a:b", "CON", "snug-1", "-", "#upload", "'"];
    for name in names {
        ada.send(upload(name.as_bytes(), "\n"));
        assert_eq!(ada.line(), "> Your file has been uploaded (5 bytes)", "{name}");
    }
    room.assert_serves(&names.map(|name| (name, &b"hello"[..])));
}

#[test]
fn what_is_no_file_keeps_its_name() {
    let room = Served::start(&[]);
    let folder = room.site.folder();
    let outside = room.site.root().join("outside");
    symlink(room.site.precious(), folder.join("link")).unwrap();
    symlink("inside", folder.join("inner")).unwrap();
    symlink(&outside, folder.join("dangling")).unwrap();
    fs::write(folder.join("inside"), "stays").unwrap();
    fs::create_dir(folder.join("directory")).unwrap();
    mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();

    let (mut ada, mut old, mut bob) = (room.line(), room.classic(), room.line());
    ada.until("(3 users online)\n");
    for name in ["link", "inner", "dangling", "directory", "pipe"] {
        ada.send(upload(name.as_bytes(), "\n"));
        assert_eq!(ada.line(), TAKEN, "{name}");
        old.send([&upload(name.as_bytes(), "")[..], b"next"].concat());
        bob.until(format!("[{}] next\n", old.addr));
        ada.expect(format!("[{}] next\n", old.addr));
    }
    for link in ["link", "inner", "dangling"] {
        assert!(folder.join(link).is_symlink(), "{link}");
    }
    assert!(!outside.exists() && folder.join("directory").is_dir());
    room.assert_serves(&[("inside", b"stays")]);
}

#[test]
fn what_comes_to_stand_meanwhile_keeps_its_name() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    ada.send("#upload late 10\nhello");
    crate::peer::wait_until("it has begun", || room.site.drafts() == 1);
    symlink(room.site.precious(), room.site.folder().join("late")).unwrap();
    ada.send("hello");
    assert_eq!(ada.line(), TAKEN);
    assert!(room.site.folder().join("late").is_symlink());
    room.assert_serves(&[]);
}
