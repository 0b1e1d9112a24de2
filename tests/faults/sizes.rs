//! Sizes that are none, or too large.

use crate::served::Served;

const WRONG: &str = "! write #upload 'NAME' SIZE";

fn digits(count: usize) -> String {
    "9".repeat(count)
}

#[test]
fn a_line_without_a_size_is_answered() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    for size in ["", " ", "-1", "+5", "x", "5x", "0x10", "5.0", "٥", "1e3", "5k"] {
        ada.send(format!("#upload 'a' {size}\n"));
        assert_eq!(ada.line(), WRONG, "{size}");
    }
    ada.send("#upload 'a' 007\n1234567");
    assert_eq!(ada.line(), "> Your file has been uploaded (7 bytes)");
    room.assert_serves(&[("a", b"1234567")]);
}

#[test]
fn what_cannot_even_be_dropped_ends_the_connection() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let sizes = ["9223372036854775807", "18446744073709551615", "18446744073709551616"];
    let mut sizes: Vec<_> = sizes.map(str::to_owned).to_vec();
    sizes.extend([digits(21), digits(400), "16777217".to_owned()]);
    for size in sizes {
        let room = if size.len() == 8 { &Served::start(&["--max-file", "1K"]) } else { &room };
        let mut ada = room.line();
        ada.send(format!("#upload 'a' {size}\n"));
        assert!(ada.line().starts_with("! a file may have "), "{size}");
        assert_eq!(ada.ends(), b"", "{size}");
        let mut old = room.classic();
        old.send(format!("#upload 'a' {size}"));
        assert_eq!(old.ends(), b"", "{size}");
    }
    for _ in 0..5 * 2 {
        bob.until(" left (1 user online)\n");
    }
    room.assert_serves(&[]);
}

#[test]
fn a_classic_header_without_a_number_ends_the_connection() {
    let room = Served::start(&[]);
    for size in ["-1", "+5", "x", "٥", " 5"] {
        let mut ada = room.classic();
        ada.send(format!("#upload 'a' {size}"));
        assert_eq!(ada.ends(), b"", "{size}");
    }
    room.assert_serves(&[]);
}

#[test]
fn quotas_refuse_and_the_wire_stays_in_step() {
    let room = Served::start(&["--max-file", "10", "--max-address", "25"]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.until("\n");
    ada.send(format!("#upload big 11\n{}next\n", digits(11)));
    assert_eq!(ada.line(), "! a file may have 10 bytes at most here");
    assert_eq!(bob.line(), format!("[{}] next", ada.addr));
    for name in ["a", "b"] {
        ada.send(format!("#upload {name} 10\n{}", digits(10)));
        assert_eq!(ada.line(), "> Your file has been uploaded (10 bytes)");
        bob.until(" has uploaded a file\n");
    }
    // The address counts, not the connection.
    bob.send(format!("#upload c 6\n{}next\n#upload c 5\n12345", digits(6)));
    ada.expect(format!("[{}] next\n", bob.addr));
    assert_eq!(bob.line(), "! your address has no more room for files here");
    assert_eq!(bob.line(), "> Your file has been uploaded (5 bytes)");
    let ten = digits(10);
    room.assert_serves(&[("a", ten.as_bytes()), ("b", ten.as_bytes()), ("c", b"12345")]);
}
