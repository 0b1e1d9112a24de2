//! Files: what was sent is what stands, however it was cut on its way.

use crate::peer::Peer;
use crate::served::Served;
use crate::site::{picture, table};

/// A header and its file as one burst.
fn burst(name: &str, file: &[u8]) -> Vec<u8> {
    [format!("#upload '{name}' {}", file.len()).as_bytes(), file].concat()
}

fn told(peer: &Peer) -> String {
    format!("> User {} has uploaded a file", peer.addr)
}

#[test]
fn header_and_body_may_share_a_burst() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.classic());
    let (image, csv) = (picture(2, 70_000), table(9_000));
    ada.send(burst("a.png", &image));
    bob.until(told(&ada));
    // The table's first digits stand right behind those of the size.
    ada.send(burst("b.csv", &csv));
    bob.until(told(&ada));
    ada.send("done");
    bob.until(format!("[{}] done", ada.addr));
    room.assert_serves(&[("a.png", &image), ("b.csv", &csv)]);
}

#[test]
fn small_files_come_whole_from_one_burst() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.classic());
    let files: [(&str, &[u8]); 8] = [
        ("letters", b"hello"),
        ("newline", b"\nhello"),
        ("newlines", b"\n\n\n"),
        ("return", b"\r\nhello\r\n"),
        ("header", b"#upload 'x' 3abc"),
        ("blank", b" "),
        ("zeros", &[0; 300]),
        ("empty", b""),
    ];
    for (name, file) in files {
        ada.send(burst(name, file));
        bob.until(told(&ada));
        assert_eq!(room.site.stored(name), file, "{name}");
    }
    room.assert_serves(&files);
}

#[test]
fn a_table_comes_whole_from_pieces() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let csv = table(2_000);
    let whole = burst("t.csv", &csv);
    for size in [1, 7, 24, 1000, 4092] {
        // The first bytes in pieces of that size, the rest by the classic
        // client's reads.
        let (first, rest) = whole.split_at(6 * size + 3);
        let pieces: Vec<_> = first.chunks(size).chain(rest.chunks(4096)).collect();
        let ada = room.classic_in_pieces(&pieces);
        bob.until(told(&ada));
        assert_eq!(room.site.stored("t.csv"), csv, "in pieces of {size}");
    }
}

#[test]
fn a_standing_file_is_replaced_whole() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.classic());
    let (old, new) = (picture(3, 90_000), picture(4, 500));
    for file in [&old, &new, &old] {
        ada.send(format!("#upload 'same.png' {}\n", file.len()));
        ada.send(file);
        bob.until(told(&ada));
        assert_eq!(room.site.stored("same.png"), *file);
    }
    // Half a new one does not touch it.
    ada.send(format!("#upload 'same.png' {}\n", new.len()));
    ada.send(&new[..400]);
    drop(ada);
    bob.until(" left (1 user online)");
    room.assert_serves(&[("same.png", &old)]);
}

#[test]
fn line_peers_are_answered() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.until("\n");
    let file = picture(5, 20_000);
    // Command, file, and what is said next in one send.
    let all = [b"#upload 'c.png' 20008\n", &file[..], b"look at it\n"].concat();
    assert_eq!(file.len(), 20_008);
    ada.send(all);
    ada.expect("> Your file has been uploaded (20008 bytes)\n");
    assert_eq!(bob.line(), told(&ada));
    assert_eq!(bob.line(), format!("[{}] look at it", ada.addr));
    ada.send("#upload plain 0\n");
    ada.expect("> Your file has been uploaded (0 bytes)\n");
    room.assert_serves(&[("c.png", &file), ("plain", b"")]);
}

#[test]
fn a_file_ends_with_the_sending() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    for (name, file) in [("l", &b"last words"[..]), ("d", b"1,2,3"), ("e", b"")] {
        let mut ada = room.classic();
        ada.send(burst(name, file));
        ada.end_sending();
        bob.until(told(&ada) + "\n");
        assert_eq!(bob.line(), format!("< The user {} left (1 user online)", ada.addr));
        ada.ends();
        assert_eq!(room.site.stored(name), file, "{name}");
    }
}
