//! Files that come, and the drafts that they are until they are whole.

use super::*;

#[test]
fn a_file_comes_under_another_name_until_it_is_whole() {
    let mut bench = Bench::new();
    bench.gets("a b", false).unwrap();
    assert_eq!(bench.advances().unwrap(), "#get 'a b' 0\n");
    assert_eq!(bench.names(), [""; 0], "nothing stands there before something comes");
    bench.told("#file 'a b' 5\n#part 3\n123").unwrap();
    assert_eq!((bench.phase(), bench.done()), (Phase::Moving, (3, 5)));
    assert_eq!(bench.names(), [draft("a b")]);
    bench.told(&format!("[ada] hi\n#part 2\n45#sum {}\n", sum(b"12345"))).unwrap();
    bench.works().unwrap();
    assert_eq!((bench.phase(), bench.done()), (Phase::Done, (5, 5)));
    assert_eq!(bench.names(), ["a b"]);
    bench.holds("a b", b"12345");
}

#[test]
fn an_empty_file_comes() {
    let mut bench = Bench::new();
    bench.gets("a", false).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'a' 0\n#sum {}\n", sum(b""))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"");
}

#[test]
fn what_has_come_is_gone_on_with() {
    let mut bench = Bench::new();
    bench.gets("a", false).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'a' 6\n#part 6\n123").unwrap();
    bench.loses_the_connection();
    assert_eq!(bench.advances().unwrap(), "#get 'a' 3\n");
    bench.told("#file 'a' 6\n#part 1\n4").unwrap();
    // As if the program had been killed.
    bench.comes_in();
    bench.gets("a", false).unwrap();
    assert_eq!(bench.phase(), Phase::Hashing);
    assert_eq!(bench.works().unwrap(), "#get 'a' 4\n");
    bench.told(&format!("#file 'a' 6\n#part 2\n56#sum {}\n", sum(b"123456"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"123456");
}

#[test]
fn a_draft_of_another_file_is_replaced() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"old");
    bench.gets("a", false).unwrap();
    assert_eq!(bench.works().unwrap(), "#get 'a' 3\n");
    bench.told(&format!("#file 'a' 5\n#part 2\n45#sum {}\n", sum(b"12345"))).unwrap();
    assert_eq!(bench.advances().unwrap(), "#get 'a' 0\n");
    bench.told(&format!("#file 'a' 5\n#part 5\n12345#sum {}\n", sum(b"12345"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"12345");
}

#[test]
fn a_draft_above_the_file_is_replaced() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"longer");
    bench.gets("a", false).unwrap();
    assert_eq!(bench.works().unwrap(), "#get 'a' 6\n");
    bench.told("! #get: the file is shorter than that\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#get 'a' 0\n");
    bench.told(&format!("#file 'a' 1\n#part 1\n1#sum {}\n", sum(b"1"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"1");
}

#[test]
fn a_draft_outlives_a_refusal() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"123");
    bench.gets("a", false).unwrap();
    bench.works().unwrap();
    bench.told("! #get: the disk failed\n").unwrap();
    bench.advances().unwrap();
    let refused = bench.told("! #get: the disk failed\n").unwrap_err();
    assert_eq!(refused.to_string(), "the disk failed");
    bench.holds(&draft("a"), b"123");
}

#[test]
fn what_is_not_the_file_is_dropped() {
    for (size, bytes) in [(3, "12x"), (3, "12"), (4, "123")] {
        let mut bench = Bench::new();
        bench.gets("a", false).unwrap();
        bench.advances().unwrap();
        let len = bytes.len();
        let text = format!("#file 'a' {size}\n#part {len}\n{bytes}#sum {}\n", sum(b"123"));
        assert!(matches!(bench.told(&text), Err(FileError::Digest)), "{text}");
        assert_eq!(bench.names(), [""; 0]);
    }
}

#[test]
fn what_stands_here_is_replaced_only_when_told_so() {
    let mut bench = Bench::new();
    bench.has("a", b"mine");
    bench.gets("a", false).unwrap();
    assert_eq!(bench.works().unwrap(), "#get 'a' 4\n");
    bench.told("#file 'a' 5\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#stop\n", "another size is another file");
    bench.told(&format!("{STOPPED}\n")).unwrap();
    assert!(matches!(bench.advances(), Err(FileError::Standing)));
    let short = Refusal::BeyondEnd.to_string();
    for answer in [format!("#file 'a' 4\n#sum {}\n", sum(b"else")), format!("! #get: {short}\n")] {
        bench.gets("a", false).unwrap();
        bench.works().unwrap();
        assert!(matches!(bench.told(&answer), Err(FileError::Standing)), "{answer}");
        bench.holds("a", b"mine");
    }
    bench.gets("a", true).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'a' 1\n#part 1\n1#sum {}\n", sum(b"1"))).unwrap();
    bench.works().unwrap();
    bench.holds("a", b"1");

    // Somebody else takes the name while the file comes.
    bench.gets("b", false).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'b' 1\n#part 1\n1").unwrap();
    bench.has("b", b"mine");
    bench.told(&format!("#sum {}\n", sum(b"1"))).unwrap();
    assert!(matches!(bench.works(), Err(FileError::Standing)));
    bench.holds("b", b"mine");
    bench.holds(&draft("b"), b"1");
    fs::create_dir(bench.folder.path().join("c")).unwrap();
    bench.gets("c", true).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'c' 0\n#sum {}\n", sum(b""))).unwrap();
    assert!(matches!(bench.works(), Err(FileError::Standing)), "a folder is never replaced");
}

#[test]
fn what_stands_here_already_is_not_fetched() {
    for bytes in [&b"mine"[..], b""] {
        let mut bench = Bench::new();
        bench.has("a", bytes);
        bench.has(&draft("a"), b"mi");
        bench.gets("a", false).unwrap();
        assert_eq!(bench.phase(), Phase::Hashing);
        let asks = format!("#get 'a' {}\n", bytes.len());
        assert_eq!(bench.works().unwrap(), asks);
        bench.loses_the_connection();
        assert_eq!(bench.advances().unwrap(), asks);
        let len = bytes.len();
        bench.told(&format!("#file 'a' {len}\n#sum {}\n", sum(bytes))).unwrap();
        assert!(bench.transfer.as_ref().unwrap().was_there());
        assert_eq!((bench.phase(), bench.done()), (Phase::Done, (len as u64, len as u64)));
        assert_eq!(bench.names(), ["a"]);
        bench.holds("a", bytes);
    }
}

#[test]
fn what_stands_here_and_not_there_is_told() {
    let mut bench = Bench::new();
    bench.has("a", b"mine");
    bench.gets("a", false).unwrap();
    bench.works().unwrap();
    let missing = Refusal::Missing.to_string();
    let refused = bench.told(&format!("! #get: {missing}\n")).unwrap_err();
    assert_eq!(refused.to_string(), missing);
}

#[test]
fn a_draft_that_is_whole_gets_its_name() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"123");
    bench.gets("a", false).unwrap();
    assert_eq!(bench.works().unwrap(), "#get 'a' 3\n");
    bench.told(&format!("#file 'a' 3\n#sum {}\n", sum(b"123"))).unwrap();
    bench.works().unwrap();
    assert!(!bench.transfer.as_ref().unwrap().was_there());
    assert_eq!(bench.names(), ["a"]);
    bench.holds("a", b"123");
}

#[test]
fn no_link_leads_out_of_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("precious");
    fs::write(&target, "precious").unwrap();
    let mut bench = Bench::new();
    let place = |name: &str| bench.folder.path().join(name);
    symlink(&target, place("a")).unwrap();
    symlink(outside.path().join("nothing"), place("b")).unwrap();
    symlink(&target, place(&draft("c"))).unwrap();
    fs::hard_link(&target, place(&draft("d"))).unwrap();
    fs::create_dir(place(&draft("e"))).unwrap();
    assert!(matches!(bench.gets("a", false), Err(FileError::Standing)));
    assert!(matches!(bench.gets("b", false), Err(FileError::Standing)));
    for name in ["c", "d", "e"] {
        assert!(matches!(bench.gets(name, true), Err(FileError::Foreign(_))), "{name}");
    }
    bench.gets("a", true).unwrap();
    bench.advances().unwrap();
    bench.told(&format!("#file 'a' 1\n#part 1\n1#sum {}\n", sum(b"1"))).unwrap();
    bench.works().unwrap();
    assert!(fs::symlink_metadata(bench.folder.path().join("a")).unwrap().is_file());
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn two_do_not_write_the_same_draft() {
    let mut bench = Bench::new();
    bench.has(&draft("a"), b"123");
    bench.gets("a", false).unwrap();
    let first = bench.transfer.take();
    assert!(matches!(bench.gets("a", false), Err(FileError::InUse)));
    drop(first);
    bench.gets("a", false).unwrap();
}

#[test]
fn a_long_name_has_a_draft_of_its_own() {
    let long = |end: &str| format!("{}{end}", "é".repeat(126));
    let mut bench = Bench::new();
    for end in ["a", "b"] {
        bench.gets(&long(end), false).unwrap();
        bench.advances().unwrap();
        bench.told(&format!("#file '{}' 2\n#part 1\n{end}", long(end))).unwrap();
        bench.comes_in();
    }
    let drafts = bench.names();
    assert_eq!(drafts.len(), 2);
    assert!(drafts.iter().all(|name| name.len() <= 255 && name.ends_with(".snug-part")));
    bench.gets(&long("a"), false).unwrap();
    assert_eq!(bench.works().unwrap(), format!("#get '{}' 1\n", long("a")));
}
