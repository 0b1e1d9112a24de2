//! Files that go out.

use super::*;

#[test]
fn a_file_is_hashed_put_and_done_when_the_server_says_so() {
    let mut bench = Bench::new();
    bench.has("a b", b"0123456789");
    bench.puts("a b");
    assert_eq!(bench.phase(), Phase::Hashing);
    let put = format!("#put 'a b' 10 {}\n", sum(b"0123456789"));
    assert_eq!(bench.works().unwrap(), put);
    bench.told("#have 'a b' 0\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#part 10\n0123456789");
    assert_eq!((bench.phase(), bench.done()), (Phase::Settling, (10, 10)));
    bench.told("> Your file has been uploaded (10 bytes)\n").unwrap();
    assert!(bench.transfer.unwrap().is_done());
}

#[test]
fn a_put_goes_on_where_the_server_wants_it() {
    let mut bench = Bench::new();
    let bytes = "abcdefghij".repeat(100);
    bench.has("a", bytes.as_bytes());
    bench.puts("a");
    bench.works().unwrap();
    bench.told("#have 'a' 0\n").unwrap();
    bench.transfer.as_mut().unwrap().advance(bench.now, &mut bench.client).unwrap();
    bench.loses_the_connection();
    assert!(bench.advances().unwrap().starts_with("#put 'a' 1000 "), "hashed once");
    bench.told("#have 'a' 995\n").unwrap();
    assert_eq!(bench.done(), (995, 1000));
    assert_eq!(bench.advances().unwrap(), "#part 5\nfghij");
}

#[test]
fn an_answer_that_was_lost_is_looked_up() {
    for (standing, mine) in [("0123456789", true), ("another..!", false), ("shorter", false)] {
        let mut bench = Bench::new();
        bench.has("a", b"0123456789");
        bench.puts("a");
        bench.works().unwrap();
        bench.told("#have 'a' 0\n").unwrap();
        bench.advances().unwrap();
        bench.loses_the_connection();
        bench.advances().unwrap();
        bench.told("! #put: a file of that name stands already\n").unwrap();
        assert_eq!(bench.advances().unwrap(), "#get 'a' 10\n");
        let answer = match standing.len() {
            10 => format!("#file 'a' 10\n#sum {}\n", sum(standing.as_bytes())),
            _ => "! #get: the file is shorter than that\n".to_owned(),
        };
        let told = bench.told(&answer);
        if mine {
            told.unwrap();
            assert!(bench.transfer.unwrap().is_done());
        } else {
            assert_eq!(told.unwrap_err().to_string(), "a file of that name stands already");
        }
    }
}

#[test]
fn the_very_same_file_need_not_be_put() {
    let refusal = Refusal::Exists;
    for (standing, same) in [("0123456789", true), ("another..!", false)] {
        let mut bench = Bench::new();
        bench.has("a", b"0123456789");
        bench.puts("a");
        bench.works().unwrap();
        bench.told(&format!("! #put: {refusal}\n")).unwrap();
        assert_eq!(bench.advances().unwrap(), "#get 'a' 10\n");
        let told = bench.told(&format!("#file 'a' 10\n#sum {}\n", sum(standing.as_bytes())));
        assert_eq!(told.is_ok(), same, "{standing}");
        assert_eq!(bench.transfer.unwrap().was_there(), same, "{standing}");
    }
}

#[test]
fn nothing_comes_of_a_longer_file_that_stands_there() {
    let mut bench = Bench::new();
    bench.has("a", b"0123456789");
    bench.puts("a");
    bench.works().unwrap();
    bench.told(&format!("! #put: {}\n", Refusal::Exists)).unwrap();
    bench.advances().unwrap();
    bench.told("#file 'a' 99999\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#stop\n");
    bench.told(&format!("{STOPPED}\n")).unwrap();
    assert!(bench.advances().unwrap_err().is_in_the_way());
}

#[test]
fn a_put_that_clashes_with_itself_comes_again() {
    let mut bench = Bench::new();
    bench.has("a", b"x");
    bench.puts("a");
    let put = bench.works().unwrap();
    bench.told(&format!("! #put: {UNDER_WAY}\n")).unwrap();
    assert_eq!(bench.advances().unwrap(), "");
    let next = bench.transfer.as_ref().unwrap().timeout().unwrap();
    assert_eq!(next.since(bench.now), Duration::from_secs(2));
    bench.now = next;
    assert_eq!(bench.advances().unwrap(), put);
    let refused = bench.told("! #put: the disk is full\n").unwrap_err();
    assert_eq!(refused.to_string(), "the disk is full");
}

#[test]
fn a_file_that_shrinks_is_stopped() {
    let mut bench = Bench::new();
    bench.has("a", &[b'x'; 2000]);
    bench.puts("a");
    bench.works().unwrap();
    bench.has("a", b"x");
    bench.told("#have 'a' 1500\n").unwrap();
    assert_eq!(bench.advances().unwrap(), "#stop\n");
    bench.told(&format!("{STOPPED}\n")).unwrap();
    assert!(matches!(bench.advances(), Err(FileError::Changed)));
}

#[test]
fn a_file_that_changes_is_told() {
    let mut bench = Bench::new();
    bench.has("a", b"123");
    bench.puts("a");
    bench.works().unwrap();
    bench.told("#have 'a' 0\n").unwrap();
    bench.has("a", b"12345");
    bench.advances().unwrap();
    let refused = bench.told("! #put: the bytes do not have that SHA256\n");
    assert!(matches!(refused, Err(FileError::Changed)));
}

#[test]
fn a_classic_server_gets_the_classic_upload() {
    let mut bench = Bench::new();
    bench.client = client(Mode::Classic, bench.now);
    bench.has("a", b"123");
    bench.puts("a");
    assert_eq!(bench.works().unwrap(), "I will upload a file");
    bench.now = bench.now + Duration::from_millis(500);
    bench.client.handle_timeout(bench.now);
    assert_eq!(bench.advances().unwrap(), "#upload 'a' 3");
    bench.now = bench.now + Duration::from_millis(500);
    bench.client.handle_timeout(bench.now);
    assert_eq!(bench.advances().unwrap(), "123");
    bench.told("").unwrap();
    assert!(bench.transfer.as_ref().unwrap().is_done());

    bench.gets("b", false).unwrap();
    assert!(matches!(bench.advances(), Err(FileError::Classic)));
}
