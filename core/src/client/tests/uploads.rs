//! Classic uploads, and such to a Snug.

use super::*;

#[test]
fn a_classic_upload_is_three_bursts_that_keep_apart() {
    let mut bench = Bench::classic();
    bench.offers("a.csv", 5).unwrap();
    assert_eq!(bench.sends(), "I will upload a file");
    assert_eq!(bench.wakes(), Some(500));
    bench.pass(499);
    assert_eq!(bench.sends(), "");
    bench.pass(1);
    assert_eq!(bench.sends(), "#upload 'a.csv' 5");
    bench.pass(499);
    assert!(bench.client.body_space().is_empty());
    assert_eq!(bench.wakes(), Some(1));
    bench.pass(1);
    assert_eq!(bench.client.body_space().len(), 5);
    bench.gives(b"1,2");
    assert_eq!(bench.sends(), "1,2");
    assert_eq!(bench.says("early"), Err(SayError::NotYet));
    assert_eq!(bench.client.body_space().len(), 2);
    bench.gives(b",3");
    assert!(bench.events().is_empty());
    assert_eq!(bench.sends(), ",3");
    assert_eq!(bench.events(), ["UPLOADED"]);
    bench.pass(499);
    assert_eq!(bench.says("late"), Err(SayError::NotYet));
    bench.pass(1);
    bench.says("late").unwrap();
}

#[test]
fn a_classic_upload_that_was_announced_is_not_announced_again() {
    let mut bench = Bench::classic();
    bench.says(ANNOUNCEMENT).unwrap();
    assert_eq!(bench.sends(), ANNOUNCEMENT);
    bench.offers("none", 0).unwrap();
    assert_eq!(bench.sends(), "");
    bench.pass(500);
    assert_eq!(bench.sends(), "#upload 'none' 0");
    assert_eq!(bench.events(), ["UPLOADED"]);
    assert_eq!(bench.offers("a b", 1), Err(OfferError::SpaceInName));
    bench.offers("a", 1).unwrap();
    assert_eq!(bench.offers("b", 1), Err(OfferError::Busy));
    bench.pass(500);
    assert_eq!(bench.sends(), ANNOUNCEMENT);
}

#[test]
fn an_upload_to_snug_is_a_line_and_the_file() {
    let mut bench = Bench::snug();
    bench.says("before").unwrap();
    bench.offers("a b.txt", 3).unwrap();
    assert_eq!(bench.sends(), "before\n");
    assert_eq!(bench.client.body_space().len(), 3);
    bench.gives(b"abc");
    assert_eq!(bench.sends(), "#upload 'a b.txt' 3\nabc");
    assert_eq!(bench.says("after"), Err(SayError::NotYet));
    let answer = b"[1.2.3.4:5] > Your file\n> Your file has been uploaded (3 bytes)\n> more\n";
    assert_eq!(bench.gets(answer), ["[1.2.3.4:5] > Your file", "UPLOADED", "> more"]);
    bench.says("after").unwrap();
    assert_eq!(bench.sends(), "after\n");
}

#[test]
fn an_upload_that_snug_refuses_is_not_uploaded() {
    let mut bench = Bench::snug();
    for early in [true, false] {
        bench.offers("a", 1).unwrap();
        assert_eq!(bench.sends(), "#upload 'a' 1\n");
        if early {
            assert_eq!(bench.gets(b"! the disk is full\n"), ["! the disk is full"]);
        }
        bench.gives(b"x");
        assert_eq!(bench.sends(), "x");
        if !early {
            assert_eq!(bench.gets(b"! the disk is full\n"), ["! the disk is full"]);
        }
        assert!(bench.events().is_empty());
        assert!(!bench.client.is_uploading());
        bench.says("after").unwrap();
        assert_eq!(bench.sends(), "after\n");
    }
}

#[test]
fn an_upload_waits_longer_for_the_answer() {
    let mut bench = Bench::new(Mode::Line, 64);
    bench.sends();
    bench.pass(1_999);
    assert_eq!(bench.offers("a", 1), Err(OfferError::NotYet));
    assert_eq!(bench.wakes(), Some(1));
    bench.pass(1);
    bench.offers("a", 1).unwrap();
    assert_eq!(bench.sends(), ANNOUNCEMENT);
    // The answer comes before the header is out: it goes out as a line.
    assert_eq!(bench.gets(ANSWER_LINE), ["SNUG"]);
    assert_eq!(bench.sends(), "\n");
    assert_eq!(bench.sends(), "#upload 'a' 1\n");
}

#[test]
fn an_answer_amid_a_classic_upload_waits_for_its_end() {
    let mut bench = Bench::new(Mode::Line, 64);
    bench.sends();
    bench.pass(2_000);
    bench.says(ANNOUNCEMENT).unwrap();
    bench.sends();
    bench.offers("a", 1).unwrap();
    bench.pass(500);
    assert_eq!(bench.sends(), "#upload 'a' 1");
    assert_eq!(bench.gets(ANSWER_LINE), ["SNUG"]);
    assert!(bench.client.body_space().is_empty());
    bench.pass(500);
    bench.gives(b"x");
    assert_eq!(bench.sends(), "x");
    assert_eq!(bench.events(), ["UPLOADED"]);
    bench.says("late").unwrap();
    assert_eq!(bench.sends(), "\nlate\n");
}
