//! Peers that go, at every stage and in every way.

use crate::peer::Peer;
use crate::served::Served;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Reading and sending end (FIN).
    Close,
    /// Sending ends; the peer reads on.
    EndSending,
    /// The connection is gone at once (RST).
    Reset,
}

use Way::{Close, EndSending, Reset};

impl Way {
    fn take(self, mut peer: Peer) {
        match self {
            Close => drop(peer),
            EndSending => {
                peer.end_sending();
                peer.ends();
            }
            Reset => peer.reset(),
        }
    }
}

/// What was said before, none of which makes a file.
const STAGES: [&[u8]; 20] = [
    b"",
    b"hello",
    b"caf\xc3",
    b"I will upload a file",
    b"I will upload a file#upl",
    b"#upl",
    b"#upload",
    b"#upload ",
    b"#upload 'half",
    b"#upload 'half' ",
    b"#upload 'half' 10",
    b"#upload 'half' 10hel",
    b"#upload 'half' 1012345",
    b"#upload '../x' 10hel",
    b"\n",
    b"\nhalf a line",
    b"\n#who",
    b"\n#upload half 10\nhel",
    b"\n#upload ../x 10\nhel",
    b"GET / HT",
];

#[test]
fn who_goes_is_told_of_at_every_stage() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    for stage in STAGES {
        for way in [Close, EndSending, Reset] {
            let mut ada = room.classic();
            let addr = ada.addr.clone();
            ada.send(stage);
            way.take(ada);
            let seen = bob.until(format!("< The user {addr} left (1 user online)\n"));
            let seen = String::from_utf8(seen).unwrap();
            assert!(!seen.contains("uploaded"), "{} {way:?}: {seen}", stage.escape_ascii());
        }
    }
    room.assert_serves(&[]);
}

#[test]
fn last_words_are_heard() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    for way in [Close, EndSending] {
        for (said, heard) in [
            ("bye", "bye"),
            ("#upl", "#upl"),
            ("GET well soon", "GET well soon"),
            ("\nbye", "bye"),
            ("\nbye\n", "bye"),
            ("one\ntwo", "two"),
        ] {
            let mut ada = room.classic();
            let addr = ada.addr.clone();
            ada.send(said);
            // What waits unread would turn the close into a reset.
            if said.contains('\n') {
                ada.until("lists what it knows\n");
            }
            way.take(ada);
            bob.until(format!("[{addr}] {heard}\n"));
            assert_eq!(bob.line(), format!("< The user {addr} left (1 user online)"), "{said:?}");
        }
    }
    room.assert_serves(&[]);
}

#[test]
fn a_whole_file_outlives_its_sender() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    for way in [Close, EndSending] {
        for (join, end) in [(Served::classic as fn(&Served) -> Peer, ""), (Served::line, "\n")] {
            let mut ada = join(&room);
            let addr = ada.addr.clone();
            ada.send(format!("#upload 'whole' 5{end}hello"));
            way.take(ada);
            bob.until(format!("> User {addr} has uploaded a file\n"));
            assert_eq!(bob.line(), format!("< The user {addr} left (1 user online)"), "{way:?}");
        }
    }
    room.assert_serves(&[("whole", b"hello")]);
}

#[test]
fn a_reset_leaves_a_whole_file_or_none() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let file = vec![7; 100_000];
    for number in 0..20 {
        let mut ada = room.classic();
        let addr = ada.addr.clone();
        ada.send(format!("#upload '{number}' {}", file.len()));
        ada.send(&file);
        ada.reset();
        let seen = bob.until(format!("< The user {addr} left (1 user online)\n"));
        let told = String::from_utf8(seen).unwrap().contains("uploaded");
        let stands = room.site.folder().join(number.to_string()).exists();
        assert_eq!(told, stands);
        assert!(!stands || room.site.stored(&number.to_string()) == file);
    }
    let standing: Vec<_> = room.site.standing().into_keys().collect();
    let files: Vec<_> = standing.iter().map(|name| (name.as_str(), &file[..])).collect();
    room.assert_serves(&files);
}

#[test]
fn probes_of_the_port_do_no_harm() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    for _ in 0..100 {
        drop(room.join());
        room.join().reset();
    }
    room.assert_serves(&[]);
    // All who came have gone, for the room too.
    bob.until("[");
    crate::peer::wait_until("all have left", || {
        bob.send("#who\n");
        let mut line = bob.line();
        while !(line.starts_with("> ") && (line.ends_with("user") || line.ends_with("users"))) {
            line = bob.line();
        }
        line == "> 1 user"
    });
}
