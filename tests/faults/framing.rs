//! Classic uploads that are cut and joined as TCP pleases.

use crate::served::Served;

#[test]
fn an_upload_may_be_cut_anywhere() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    for (name, file) in [
        ("text", &b"hello again"[..]),
        ("digits", b"12,34\n56,78\n"),
        ("newline", b"\n\nhello"),
        ("header", b"#upload 'x' 3abc"),
    ] {
        let whole = [format!("#upload '{name}' {}", file.len()).as_bytes(), file].concat();
        for cut in 1..whole.len() {
            let (first, rest) = whole.split_at(cut);
            let ada = room.classic_in_pieces(&[first, rest]);
            bob.until(format!("> User {} has uploaded a file\n", ada.addr));
            assert_eq!(room.site.stored(name), file, "cut at {cut}");
        }
        let bytes: Vec<_> = whole.chunks(1).collect();
        let ada = room.classic_in_pieces(&bytes);
        bob.until(format!("> User {} has uploaded a file\n", ada.addr));
        assert_eq!(room.site.stored(name), file, "byte by byte");
    }
    bob.send("#history 9999\n");
    let all = String::from_utf8(bob.until("> end of history\n")).unwrap();
    assert!(!all.contains("] "), "a part was taken for a text: {all}");
}

#[test]
fn all_that_a_classic_client_sends_may_be_one_burst() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let all = b"I will upload a file#upload 'a' 5helloand this is what I say";
    let behind_preamble = b"I will upload a file".len();
    for cut in behind_preamble..all.len() - b"and this is what I say".len() {
        let (first, rest) = all.split_at(cut);
        let ada = room.classic_in_pieces(&[first, rest]);
        bob.until(format!("[{}] I will upload a file\n", ada.addr));
        assert_eq!(bob.line(), format!("> User {} has uploaded a file", ada.addr), "cut at {cut}");
        assert_eq!(bob.line(), format!("[{}] and this is what I say", ada.addr), "cut at {cut}");
    }
    room.assert_serves(&[("a", b"hello")]);
}

#[test]
fn one_file_may_follow_another_at_once() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.line());
    let uploads: Vec<_> = (0..50).map(|n| format!("#upload '{n}' 3abc")).collect();
    ada.send(uploads.concat());
    for _ in 0..50 {
        assert_eq!(bob.line(), format!("> User {} has uploaded a file", ada.addr));
    }
    let names: Vec<_> = (0..50).map(|n| n.to_string()).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), &b"abc"[..])).collect();
    room.assert_serves(&files);
}

#[test]
fn a_body_that_fits_no_reading_is_refused() {
    let room = Served::start(&["--stall", "300ms"]);
    let mut bob = room.line();
    for said in [
        // Too many digits.
        "#upload 'a' 123456789012345678901x",
        // 99 bytes, or more; they never come.
        "#upload 'a' 99999999999999999999x",
        // One byte, or twelve, or 123; six come.
        "#upload 'a' 123hello",
    ] {
        let mut ada = room.classic();
        ada.send(said);
        assert_eq!(ada.is_put_out(), b"", "{said}");
        bob.until(format!("< The user {} left (1 user online)\n", ada.addr));
    }
    room.assert_serves(&[]);
}

#[test]
fn a_file_of_a_line_peer_may_hold_anything() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.until("\n");
    let file = b"#upload x 5\nhello\n#quit\n";
    let all = [format!("#upload a {}\n", file.len()).as_bytes(), file, b"still here\n"].concat();
    for cut in 1..all.len() {
        let (first, rest) = all.split_at(cut);
        ada.send_in_pieces(&[first, rest]);
        assert_eq!(ada.line(), "> Your file has been uploaded (24 bytes)");
        assert_eq!(bob.line(), format!("> User {} has uploaded a file", ada.addr));
        assert_eq!(bob.line(), format!("[{}] still here", ada.addr));
    }
    room.assert_serves(&[("a", file)]);
}
