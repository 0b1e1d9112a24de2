extern crate std;

mod cuts;
mod model;

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use model::Deed::{Asked, Misfit, Said, Switched, Unreadable};
use model::*;

use super::*;
use crate::dice::Dice;

/// All ways to cut bytes in two and, where they are not many, all ways to cut
/// them in three; with what comes after the last piece.
fn for_all_cuts(bytes: &[u8], last: Pause, mut look: impl FnMut(&[(&[u8], Pause)], &[usize])) {
    for first in 0..=bytes.len() {
        for second in (first..=bytes.len()).step_by(1 + bytes.len() / 64) {
            let pieces = [
                (&bytes[..first], Pause::None),
                (&bytes[first..second], Pause::None),
                (&bytes[second..], last),
            ];
            look(&pieces, &[first, second]);
        }
    }
}

/// Each piece says what the others said before; a burst ends a text.
#[test]
fn a_burst_is_a_text() {
    let burst = Pause::Burst;
    assert_eq!(deeds(&[(b"one", burst), (b"two", burst)]), [said("one"), said("two")]);
    assert_eq!(deeds(&[(b"one", Pause::None), (b"two", burst)]), [said("onetwo")]);
    let long = "x".repeat(ROOM + 3);
    // Its last piece is out when the burst ends: what comes next is new.
    let expected = [said(&long[..ROOM]), said("xxx"), sent("a", "hi")];
    let upload = (&b"#upload 'a' 2hi"[..], burst);
    assert_eq!(deeds(&[(long.as_bytes(), burst), upload]), expected);
    let exact = "\x01".repeat(11);
    let expected = [said(&"\u{2401}".repeat(10)), said("\u{2401}"), sent("a", "hi")];
    assert_eq!(deeds(&[(exact.as_bytes(), burst), upload]), expected);
}

#[test]
fn a_cut_character_waits_for_quiet() {
    let whole = "h\u{1f980}";
    for cut in 2..5 {
        let (one, other) = whole.as_bytes().split_at(cut);
        let both = deeds(&[(one, Pause::Burst), (other, Pause::Burst)]);
        assert_eq!(both, [said(whole)]);
        let half = deeds(&[(one, Pause::Quiet), (b"x", Pause::Burst)]);
        assert_eq!(half, [said("h\u{fffd}"), said("x")]);
        let last = deeds(&[(one, Pause::End)]);
        assert_eq!(last, [said("h\u{fffd}"), Deed::Left]);
    }
    // What can never become whole does not wait.
    assert_eq!(deeds(&[(b"h\xff", Pause::Burst)]), [said("h\u{fffd}")]);
}

/// A header may come in any pieces: with bursts anywhere, and with quiet
/// wherever it is known for a header and SIZE has not begun.
#[test]
fn headers_wait_for_their_rest() {
    let header = b"#upload 'it's.png' 12";
    let size_at = header.len() - 2;
    let file = (&b"hello, world"[..], Pause::Quiet);
    let expected = [sent("it's.png", "hello, world")];
    for first in 0..=header.len() {
        for second in first..=header.len() {
            let cut = |pauses: [Pause; 3]| {
                [
                    (&header[..first], pauses[0]),
                    (&header[first..second], pauses[1]),
                    (&header[second..], pauses[2]),
                    file,
                ]
            };
            for last in [Pause::None, Pause::Burst, Pause::Quiet] {
                let bursts = cut([Pause::Burst, Pause::Burst, last]);
                assert_eq!(deeds(&bursts), expected, "{first} {second} {last:?}");
            }
            if first >= b"#upload".len() && second <= size_at {
                let quiet = cut([Pause::Quiet, Pause::Quiet, Pause::Quiet]);
                assert_eq!(deeds(&quiet), expected, "{first} {second}");
            }
        }
    }
}

/// Quiet where it makes another sense: a beginning of the keyword is a text,
/// and SIZE ends.
#[test]
fn quiet_ends_what_it_ends() {
    let quiet = Pause::Quiet;
    assert_eq!(deeds(&[(b"#up", quiet), (b"load", quiet)]), [said("#up"), said("load")]);
    assert_eq!(deeds(&[(b"#upload", quiet), (b"", Pause::End)]), [Unreadable]);
    assert_eq!(deeds(&[(b"#upload 'a' ", quiet), (b"", Pause::End)]), [Unreadable]);
    let header = (&b"#upload 'a' 3"[..], quiet);
    assert_eq!(deeds(&[header, (b"123", Pause::None)]), [sent("a", "123")]);
    assert_eq!(deeds(&[header, (b"\n12", Pause::None)]), [sent("a", "\n12")]);
    assert_eq!(deeds(&[header, (b"12", Pause::End)]), [Misfit]);
    // Digits alone are all of SIZE, since that is what a header alone is.
    let digits = [(&b"#upload 'a' 5123"[..], quiet), (b"45", quiet), (b"", Pause::End)];
    assert_eq!(deeds(&digits), [Misfit]);
    let joined = (&b"I will upload a file#upload"[..], quiet);
    let expected = [said("I will upload a file"), sent("a", "xyz")];
    assert_eq!(deeds(&[joined, (b" 'a' 3xyz", quiet)]), expected);
}

#[test]
fn whoever_began_an_upload_stays_classic() {
    let upload = (&b"#upload 'a' 2\nx"[..], Pause::Quiet);
    let after = |bytes: &'static [u8]| deeds(&[upload, (bytes, Pause::Quiet)])[1..].to_vec();
    assert_eq!(after(b"one\ntwo\n"), [said("one\u{240a}two\u{240a}")]);
    assert_eq!(after(b"\n"), [said("\u{240a}")]);
    assert_eq!(after(b"#who\n"), [said("#who\u{240a}")]);
    assert_eq!(after(b"#upload 'a' 2\nx"), [sent("a", "\nx")]);
    assert_eq!(after(b"#upload \n"), [Unreadable]);
    assert_eq!(after(b"#upload 'a\n' 3"), [Unreadable]);
}

/// A peer may begin as a classic one, in the middle of a text even.
#[test]
fn the_first_newline_makes_a_line_peer() {
    let burst = Pause::Burst;
    assert_eq!(deeds(&[(b"\n", burst), (b"hi", burst), (b"!\n", burst)]), [Switched, said("hi!")]);
    let typed = deeds(&[(b"one", burst), (b"two\n", burst), (b"#who\n", burst)]);
    assert_eq!(typed, [said("one"), Switched, said("two"), ordered("#who")]);
    let long = "x".repeat(HELD + 5);
    let script = format!("{long}#who\n#who\n");
    let pieces = deeds(&[(script.as_bytes(), burst)]);
    let rest = format!("{}#who", &long[ROOM..]);
    assert_eq!(pieces, [said(&long[..ROOM]), Switched, said(&rest), ordered("#who")]);
}

#[test]
fn no_web_page_talks_into_the_room() {
    let long = "a".repeat(3 * HELD);
    let requests = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\n\r\nhello\n#who\n",
        "OPTIONS * HTTP/1.1\r\n",
        "PURGE /x HTTP/1.0\n",
        "GET / HTTP/2.0 \n",
        &format!("POST /{long} HTTP/1.1\r\n\r\nhello\n"),
    ];
    for request in requests {
        let is_usual = !request.starts_with("PURGE");
        for_all_cuts(request.as_bytes(), Pause::Quiet, |pieces, cuts| {
            assert_eq!(deeds(pieces), [Asked], "{cuts:?}");
            // With a burst after its method, and with quiet: one text at most.
            let mut pieces = pieces.to_vec();
            if is_usual && cuts[0] > 8 {
                (pieces[0].1, pieces[1].1) = (Pause::Burst, Pause::Burst);
                assert_eq!(deeds(&pieces), [Asked], "{cuts:?}");
                (pieces[0].1, pieces[1].1) = (Pause::Quiet, Pause::Quiet);
                let deeds = deeds(&pieces);
                let (last, before) = deeds.split_last().unwrap();
                assert_eq!(last, &Asked, "{cuts:?}");
                assert!(before.iter().all(|deed| matches!(deed, Said(_))), "{cuts:?}");
            }
        });
    }
    // Later it is a text like any other.
    let later = deeds(&[(b"hi", Pause::Burst), (b"GET / HTTP/1.1\r\n", Pause::Burst)]);
    assert_eq!(later, [said("hi"), Switched, said("GET / HTTP/1.1")]);
    let later = deeds(&[(b"hi", Pause::Burst), (b"GET / HTTP/1.1", Pause::Burst)]);
    assert_eq!(later, [said("hi"), said("GET / HTTP/1.1")]);
    let knocked = deeds(&[(b"\nGET / HTTP/1.1\r\n", Pause::Burst)]);
    assert_eq!(knocked, [Switched, said("GET / HTTP/1.1")]);
    for line in
        ["get / HTTP/1.1\n", "GET /\n", "GET  HTTP/1.1 or so\n", "HTTP/1.1\n", "A HTTP/1.1\n"]
    {
        let text = line.trim_end();
        assert_eq!(deeds(&[(line.as_bytes(), Pause::Burst)]), [Switched, said(text)]);
    }
}

/// Whatever comes, with whatever pauses, it goes on (`Peer` looks after that)
/// and says nothing that is not safe.
#[test]
fn anything_goes_on() {
    let parts: [&[u8]; 22] = [
        b"a",
        b"GET ",
        b" HTTP/1.1",
        b"\n",
        b"\r",
        b"#",
        b"#upload",
        b" ",
        b"'",
        b"' ",
        b"1",
        b"9",
        b"0",
        b"\xc3",
        b"\xa9",
        b"\xff",
        b"I will upload a file",
        b"#upload 'a' ",
        b"12345678901234",
        b"#who\n",
        b"#upload 'a' 3",
        b"xxxxxxxxxxxxxxxxxxxx",
    ];
    let mut dice = Dice::new(9);
    for _ in 0..20_000 {
        let mut peer = Peer::new();
        for _ in 0..dice.below(30) {
            if !peer.closed {
                peer.hear(dice.pick(&parts));
                let pauses = [Pause::None, Pause::None, Pause::None, Pause::Burst, Pause::Quiet];
                peer.rest(dice.pick(&pauses));
            }
        }
        if !peer.closed {
            peer.end();
        }
        for deed in peer.deeds {
            if let Said(text) = deed {
                assert!(text::is_safe(&text) && !text.is_empty() && text.len() <= ROOM);
            }
        }
    }
}

/// A newline behind the header is not the first line of a line peer.
#[test]
fn a_preamble_glued_to_a_header_with_a_newline_is_a_text() {
    let input = b"I will upload a file#upload 'a' 3\nabc";
    let mut decoder = Decoder::new();
    let Decoded::Frame(Frame::Text(text), 0) = decoder.decode(input, Pause::None, 200, false)
    else {
        panic!("the preamble is a text");
    };
    assert_eq!(text.raw, PREAMBLE);
    let used = decoder.took_text(&text, text.raw.len());
    let next = decoder.decode(&input[used..], Pause::None, 200, false);
    assert!(matches!(next, Decoded::Frame(Frame::Upload(_), _)), "{next:?}");
    assert_eq!(decoder.dialect(), Dialect::Classic);
}
