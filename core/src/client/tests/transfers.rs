//! Files in parts, against what a server sends, however it is cut.

use super::*;
use crate::wire::command::{COMMANDS, CommandError, Word};
use crate::wire::digest::Digest;
use crate::wire::notice::{Refusal, Reply};

const DIGEST: Digest = Digest::new([0xa5; 32]);

/// One that a Snug has answered, with memory for names.
fn bench() -> Bench {
    let mut bench = Bench::new(Mode::Line, 320);
    assert_eq!(bench.sends(), "\n");
    assert_eq!(bench.gets(ANSWER_LINE), ["SNUG"]);
    bench
}

fn name(name: &str) -> FileName {
    FileName::parse(name.as_bytes()).unwrap()
}

impl Bench {
    fn puts(&mut self, of: &str, size: u64, replace: bool) -> Result<(), TransferError> {
        self.client.put(self.now, &name(of), size, DIGEST, replace)
    }

    fn asks(&mut self, of: &str, offset: u64) -> Result<(), TransferError> {
        self.client.get(self.now, &name(of), offset)
    }

    /// What a stream shows when it is cut in three at these places, with bytes
    /// of a file that come one after the other joined.
    fn shows(&mut self, stream: &[u8], one: usize, two: usize) -> Vec<String> {
        let mut seen = self.gets(&stream[..one]);
        seen.extend(self.gets(&stream[one..two]));
        seen.extend(self.gets(&stream[two..]));
        seen.dedup_by(|next, last| match (last.strip_suffix("])"), next.strip_prefix("Part([")) {
            (Some(begun), Some(bytes)) if begun.starts_with("Part(") => {
                *last = format!("{begun}, {bytes}");
                true
            }
            _ => false,
        });
        seen
    }
}

#[test]
fn a_file_is_put_in_parts_with_chat_in_between() {
    let mut bench = bench();
    bench.puts("a b", 600, false).unwrap();
    assert_eq!(bench.sends(), format!("#put 'a b' 600 {DIGEST}\n"));
    assert!(bench.client.is_transferring() && !bench.client.is_uploading());
    assert!(bench.client.body_space().is_empty(), "not before the server wants it");
    assert_eq!(bench.gets(b"#have 'a b' 200\n"), ["Have { offset: 200 }"]);
    let space = bench.client.body_space().len();
    assert!((1..400).contains(&space), "a quarter of the output stays free");
    bench.gives(&[b'x'; 150]);
    bench.says("well").unwrap();
    assert!(bench.client.body_space().is_empty(), "one part at a time");
    assert_eq!(bench.sends(), format!("#part 150\n{}well\n", "x".repeat(150)));
    bench.gives(&[b'y'; 250]);
    assert_eq!(bench.sends(), format!("#part 250\n{}", "y".repeat(250)));
    assert!(bench.client.body_space().is_empty(), "that was all");
    let end = b"[1.2.3.4:5] > Your file\n> Your file has been uploaded (600 bytes)\n";
    assert_eq!(bench.gets(end), ["[1.2.3.4:5] > Your file", "UPLOADED"]);
    assert!(!bench.client.is_transferring());
}

#[test]
fn a_part_has_as_many_bytes_as_its_line_says() {
    for len in 1..=288 {
        let mut bench = bench();
        bench.puts("a", 1_000, true).unwrap();
        assert_eq!(bench.sends(), format!("#put 'a' 1000 {DIGEST} replace\n"));
        bench.gets(b"#have 'a' 0\n");
        bench.gives(&vec![b'x'; len]);
        assert_eq!(bench.sends(), format!("#part {len}\n{}", "x".repeat(len)));
    }
    let leak = |len| &mut *Box::leak(vec![0; len].into_boxed_slice());
    let buffers = Buffers { input: leak(320), text: leak(960), output: leak(1 << 20) };
    let mut large = bench();
    large.client = Client::new(Mode::Line, large.now, buffers);
    large.sends();
    large.gets(ANSWER_LINE);
    large.puts("a", 1_000_000, false).unwrap();
    large.sends();
    large.gets(b"#have 'a' 0\n");
    assert_eq!(large.client.body_space().len(), 65_536);
}

#[test]
fn what_the_server_has_already_is_not_given_again() {
    for (size, offset) in [(0, 0), (7, 7)] {
        let mut bench = bench();
        bench.puts("a", size, false).unwrap();
        bench.sends();
        let have = format!("#have 'a' {offset}\n");
        assert_eq!(bench.gets(have.as_bytes()), [format!("Have {{ offset: {offset} }}")]);
        assert!(bench.client.body_space().is_empty());
        assert_eq!(bench.gets(b"> Your file has been uploaded (7 bytes)\n"), ["UPLOADED"]);
    }
}

#[test]
fn a_server_that_lies_about_a_put_is_not_believed() {
    let mut bench = bench();
    bench.puts("a", 7, false).unwrap();
    bench.sends();
    let lies = [
        "#have 'b' 0",
        "#have 'a' 8",
        "#file 'a' 7",
        "#sum 00",
        "> Your file has been uploaded (7 bytes)",
    ];
    for lie in lies {
        assert_eq!(bench.gets(format!("{lie}\n").as_bytes()), [lie]);
    }
    bench.gets(b"#have 'a' 0\n");
    assert_eq!(bench.gets(b"#have 'a' 7\n"), ["#have 'a' 7"], "it was said already");
    bench.gives(b"123456");
    assert_eq!(bench.gets(b"> Your file has been uploaded (7 bytes)\n").len(), 1);
    assert!(bench.client.is_transferring());
}

#[test]
fn a_file_that_was_asked_for_comes_however_it_is_cut() {
    let sum = format!("#sum {DIGEST}\n");
    let stream = [
        &b"#file 'it's' 9\r\n[1.2.3.4:5] #part 2\n#part 3\n#\n\xff#part 0\n> told\n#part 4\n"[..],
        b"#su\n",
        sum.as_bytes(),
        b"> more\n",
    ]
    .concat();
    let expected = [
        "File { size: 9 }",
        "[1.2.3.4:5] #part 2",
        "Part([35, 10, 255])",
        "> told",
        "Part([35, 115, 117, 10])",
        &format!("Sum({DIGEST})"),
        "> more",
    ];
    for one in 0..=stream.len() {
        for two in one..=stream.len() {
            let mut bench = bench();
            bench.asks("it's", 2).unwrap();
            assert_eq!(bench.sends(), "#get 'it's' 2\n");
            assert_eq!(bench.shows(&stream, one, two), expected, "cut at {one} and {two}");
            assert!(!bench.client.is_transferring());
        }
    }
}

#[test]
fn bytes_that_nobody_asked_for_are_passed_over() {
    let mut bench = bench();
    assert_eq!(bench.gets(b"#part 5\na\nc\xff\n> told\n"), ["> told"]);
    bench.asks("a", 0).unwrap();
    bench.sends();
    assert_eq!(bench.gets(b"#part 2\nab> told\n"), ["> told"], "before the file begins");
    let more = b"#file 'a' 3\n#part 5\nabcde#part 1\nf> told\n";
    assert_eq!(bench.gets(more), ["File { size: 3 }", "Part([97, 98, 99])", "> told"]);
    // A part of which we shall never see the end does no harm.
    assert_eq!(bench.gets(b"#part 18446744073709551615\n> told\n"), [""; 0]);
}

#[test]
fn the_sum_may_come_too_early() {
    let mut bench = bench();
    bench.asks("a", 9).unwrap();
    bench.sends();
    let cut = format!("#file 'a' 3\n#sum {DIGEST}\n");
    let ended = ["File { size: 3 }".to_string(), format!("Sum({DIGEST})")];
    assert_eq!(bench.gets(cut.as_bytes()), ended, "a file that has become shorter");
}

#[test]
fn a_refusal_that_names_the_command_ends_its_transfer() {
    for begun in [false, true] {
        let mut bench = bench();
        bench.puts("a", 5, false).unwrap();
        bench.sends();
        if begun {
            bench.gets(b"#have 'a' 0\n");
        }
        for other in ["! nobody here has that name", "! #get: no", "! #puts: no", "! #put:no"] {
            assert_eq!(bench.gets(format!("{other}\n").as_bytes()), [other]);
        }
        let refusal = b"! #put: the disk is full\n";
        let refused = "Refused { reason: \"the disk is full\" }";
        assert_eq!(bench.gets(refusal), [refused]);
        assert!(!bench.client.is_transferring() && bench.client.body_space().is_empty());
        assert_eq!(bench.gets(refusal).len(), 1, "nothing is under way any more");
        bench.asks("a", 0).unwrap();
        assert_eq!(bench.gets(b"! #get: the disk is full\n"), [refused]);
    }
}

#[test]
fn a_server_that_knows_no_transfers_refuses_them() {
    for refusal in [
        Refusal::Command(CommandError::Unknown),
        Refusal::Command(CommandError::Usage(&COMMANDS[0])),
        Refusal::TooLong(256),
    ] {
        let mut bench = bench();
        let line = Reply::Refused(refusal).to_string();
        bench.asks("a", 0).unwrap();
        bench.sends();
        let refused = format!("Refused {{ reason: {:?} }}", refusal.to_string());
        assert_eq!(bench.gets(line.as_bytes()), [refused]);
        bench.asks("a", 0).unwrap();
        bench.sends();
        bench.gets(b"#file 'a' 3\n");
        assert_eq!(bench.gets(line.as_bytes()), [line.trim_end()], "something else is refused");
    }
}

#[test]
fn a_transfer_can_be_stopped() {
    let mut bench = bench();
    assert_eq!(bench.client.stop(bench.now), Err(TransferError::Idle));
    bench.puts("a", 900, false).unwrap();
    bench.gets(b"#have 'a' 0\n");
    bench.sends();
    bench.gives(b"xy");
    bench.client.stop(bench.now).unwrap();
    bench.client.stop(bench.now).unwrap();
    assert_eq!(bench.sends(), "#part 2\nxy#stop\n");
    assert!(bench.client.body_space().is_empty());
    assert!(bench.client.is_transferring());
    let stopped = format!("{STOPPED}\n{STOPPED}\n");
    assert_eq!(bench.gets(stopped.as_bytes()), ["Stopped", STOPPED]);

    bench.asks("a", 0).unwrap();
    bench.client.stop(bench.now).unwrap();
    assert_eq!(bench.sends(), "#get 'a' 0\n#stop\n");
    let crossed = format!("#file 'a' 1\n#part 1\nx#sum {DIGEST}\n! there is nothing to stop\n");
    let seen = bench.gets(crossed.as_bytes());
    assert_eq!(seen[1..3], ["Part([120])".to_string(), format!("Sum({DIGEST})")]);
    assert_eq!(seen[3], "! there is nothing to stop");
}

#[test]
fn there_is_one_transfer_at_a_time() {
    let mut bench = bench();
    bench.asks("a", 0).unwrap();
    assert_eq!(bench.asks("b", 0), Err(TransferError::Busy));
    assert_eq!(bench.puts("b", 1, false), Err(TransferError::Busy));
    assert_eq!(bench.offers("b", 1), Err(OfferError::Busy));
    bench.client.list_files(bench.now).unwrap();
    bench.gets(b"! #get: no\n");
    bench.sends();
    bench.offers("b", 1).unwrap();
    assert_eq!(bench.asks("a", 0), Err(TransferError::Busy));
}

#[test]
fn files_are_listed() {
    let mut bench = bench();
    assert_eq!(bench.gets(b"> 2 files\n"), ["> 2 files"], "nobody has asked");
    bench.client.list_files(bench.now).unwrap();
    assert_eq!(bench.sends(), "#files\n");
    let list =
        b"#stored 'a b' 7 61\n[1.2.3.4:5] > 9 files\n#stored 'b' 0 -\n#user c d\n> 2 files\n";
    let expected = [
        r#"Stored { name: "a b", size: 7, age: Some(61s) }"#,
        "[1.2.3.4:5] > 9 files",
        r#"Stored { name: "b", size: 0, age: None }"#,
        "#user c d",
        "Listed(2)",
    ];
    assert_eq!(bench.gets(list), expected);
    for (line, count) in [("> 0 files", 0), ("> 1 file", 1)] {
        bench.client.list_files(bench.now).unwrap();
        assert_eq!(bench.gets(format!("{line}\n").as_bytes()), [format!("Listed({count})")]);
    }
}

#[test]
fn a_classic_server_has_no_transfers() {
    let mut bench = Bench::classic();
    assert_eq!(bench.asks("a", 0), Err(TransferError::Classic));
    assert_eq!(bench.client.list_files(bench.now), Err(TransferError::Classic));
    let mut bench = Bench::new(Mode::Line, 320);
    bench.sends();
    assert_eq!(bench.puts("a", 0, false), Err(TransferError::NotYet));
    bench.pass(1_999);
    assert_eq!(bench.puts("a", 0, false), Err(TransferError::NotYet));
    assert_eq!(bench.wakes(), Some(1));
    bench.pass(1);
    assert_eq!(bench.puts("a", 0, false), Err(TransferError::Classic));
    let file = b"#file 'a' 3\n#stored 'a' 1 1\n";
    assert_eq!(bench.gets(file), ["#file 'a' 3", "#stored 'a' 1 1"], "these are texts");
    bench.says("#part 5").unwrap();
}

#[test]
fn what_promises_bytes_is_no_text() {
    let mut bench = bench();
    for line in ["#upload 'a' 1", "#put 'a' 1", "#part 1"] {
        assert_eq!(bench.says(line), Err(SayError::Upload));
    }
    bench.says("#get 'a'").unwrap();
    bench.says("##part 1").unwrap();
}

#[test]
fn a_line_that_does_not_fit_is_not_asked_for() {
    let mut bench = bench();
    let longest = "x".repeat(255);
    assert_eq!(bench.puts(&longest, u64::MAX, true), Ok(()));
    let mut snug = Bench::snug();
    assert_eq!(snug.asks(&"x".repeat(33), 0), Err(TransferError::NameTooLong));
    snug.asks(&"x".repeat(32), 0).unwrap();
    while bench.says("fill").is_ok() {}
    assert_eq!(bench.client.list_files(bench.now), Err(TransferError::NotYet));
    bench.sends();
    bench.client.list_files(bench.now).unwrap();
}

#[test]
fn what_is_listened_for_is_what_the_room_says() {
    assert_eq!(Reply::Switched.to_string(), format!("\n{ANSWER}\n"));
    assert!(Reply::Stored(3).to_string().starts_with(STORED));
    assert_eq!(Reply::Stopped.to_string(), format!("{STOPPED}\n"));
    assert_eq!(Refusal::Twice.to_string(), UNDER_WAY);
    for (word, asks) in [(Word::Put, true), (Word::Get, false)] {
        let mut bench = bench();
        if asks { bench.puts("a", 1, false) } else { bench.asks("a", 0) }.unwrap();
        let line = Reply::Failed(word, Refusal::Twice).to_string();
        assert_eq!(bench.gets(line.as_bytes()), [format!("Refused {{ reason: {UNDER_WAY:?} }}")]);
    }
    for count in [0, 1, 2] {
        let mut bench = bench();
        bench.client.list_files(bench.now).unwrap();
        let line = Reply::Files(count).to_string();
        assert_eq!(bench.gets(line.as_bytes()), [format!("Listed({count})")]);
    }
}
