//! Browsers that somebody else's page makes talk to the room.

use crate::served::Served;

#[test]
fn no_web_page_talks_into_the_room() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(6000));
    for request in [
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET / HTTP/1.0\n\n",
        "POST /x HTTP/1.1\r\nContent-Length: 30\r\n\r\nhello from a page\n#me laughs\n",
        "OPTIONS * HTTP/1.1\r\nOrigin: http://evil\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &long,
    ] {
        let mut ada = room.classic();
        // A room that has closed already need not take all of it.
        let _ = ada.try_send(request);
        let last = ada.is_put_out();
        assert_eq!(last, b"", "{request}");
        let seen = bob.until(format!("< The user {} left (1 user online)\n", ada.addr));
        assert!(!String::from_utf8(seen).unwrap().contains("] "), "{request}");
    }
    room.assert_serves(&[]);
}

#[test]
fn a_request_may_come_in_pieces() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let request = b"POST /chat HTTP/1.1\r\nHost: room\r\n\r\nhello\n";
    let line = b"POST /chat HTTP/1.1\r\n".len();
    for cut in b"POST ".len()..line {
        let (first, rest) = request.split_at(cut);
        let mut ada = room.classic_in_pieces(&[first, rest]);
        assert_eq!(ada.is_put_out(), b"", "cut at {cut}");
        bob.until(format!("< The user {} left (1 user online)\n", ada.addr));
    }
    bob.send("#history 9999\n");
    let all = String::from_utf8(bob.until("> end of history\n")).unwrap();
    assert!(!all.contains("] hello"), "{all}");
}

#[test]
fn a_request_that_is_torn_far_apart_ends_at_its_newline() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.line());
    ada.send("POST /chat HT");
    bob.until(format!("[{}] POST /chat HT\n", ada.addr));
    ada.send("TP/1.1\r\nHost: room\r\n\r\nhello\n");
    ada.is_put_out();
    assert_eq!(bob.line(), format!("< The user {} left (1 user online)", ada.addr));
    room.assert_serves(&[]);
}

#[test]
fn who_only_sounds_like_a_browser_is_heard() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.line());
    for text in ["GET well soon", "GET", "POST it / HTTP/1.1"] {
        ada.send(text);
        bob.until(format!("[{}] {text}\n", ada.addr));
    }
    // After another first line, lines may be anything.
    let mut ada = room.classic();
    ada.send("look:\nGET / HTTP/1.1\n");
    bob.until(format!("[{}] GET / HTTP/1.1\n", ada.addr));
    room.assert_serves(&[]);
}
