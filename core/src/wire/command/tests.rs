extern crate std;

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::*;

fn usage(word: Word) -> CommandError {
    CommandError::Usage(Usage::of(word).unwrap())
}

fn upload(name: &str, size: u64) -> Command<'static> {
    Command::Upload { name: FileName::parse(name.as_bytes()), size }
}

#[test]
fn uploads() {
    let lines = [
        ("#upload 'google.png' 3082", "google.png", 3082),
        ("#upload google.png 3082", "google.png", 3082),
        ("#upload 'my notes.txt' 0", "my notes.txt", 0),
        ("#upload 'it's' 1", "it's", 1),
        ("#upload it's' 1", "it's'", 1),
        ("#upload ''' 1", "'", 1),
        ("#upload ' a ' 1", " a ", 1),
        ("#upload 'a' 5' 6", "a' 5", 6),
        ("#upload   'a'   007  ", "a", 7),
        ("#upload 'a' 18446744073709551615", "a", u64::MAX),
    ];
    for (line, name, size) in lines {
        assert_eq!(Command::parse(line.as_bytes()), Ok(upload(name, size)), "{line}");
    }
}

#[test]
fn a_refused_name_still_has_its_size() {
    for (line, flaw) in [
        ("#upload '../x' 9", FileNameError::Separator),
        ("#upload /x 9", FileNameError::Separator),
        ("#upload '' 9", FileNameError::Empty),
        ("#upload '  ' 9", FileNameError::Blank),
        ("#upload .snug-a 9", FileNameError::Reserved),
    ] {
        let refused = Command::Upload { name: Err(flaw), size: 9 };
        assert_eq!(Command::parse(line.as_bytes()), Ok(refused), "{line}");
    }
}

#[test]
fn uploads_written_wrongly() {
    for line in [
        "#upload",
        "#upload ",
        "#upload a",
        "#upload 5",
        "#upload  5",
        "#upload 'a'",
        "#upload 'a'5",
        "#upload 'a 5",
        "#upload ' 5",
        "#upload a b 5",
        "#upload 'a' b 5",
        "#upload 'a' +5",
        "#upload 'a' -5",
        "#upload 'a' 5k",
        "#upload 'a' ٥",
        "#upload 'a' 0x5",
    ] {
        assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Upload)), "{line}");
    }
    for size in ["18446744073709551616", "99999999999999999999999999999999999999999999"] {
        let line = format!("#upload 'a' {size}");
        assert_eq!(Command::parse(line.as_bytes()), Err(CommandError::SizeTooLarge));
    }
}

#[test]
fn puts() {
    let digest = Digest::new([0xa5; 32]);
    let put = |name: &str, size, replace| {
        let name = FileName::parse(name.as_bytes());
        Ok(Command::Put { name, size, digest, replace })
    };
    for (form, expected) in [
        ("#put 'a b' 12 D", put("a b", 12, false)),
        ("#put a 0 D", put("a", 0, false)),
        ("#put  'a'  1  D  replace ", put("a", 1, true)),
        ("#put 'a' 5' 7 D", put("a' 5", 7, false)),
        ("#put replace 7 D", put("replace", 7, false)),
        ("#put '../x' 7 D", put("../x", 7, false)),
        ("#put 'a' 99999999999999999999 D", put("a", u64::MAX, false)),
        ("#put", Err(usage(Word::Put))),
        ("#put 'a' 7", Err(usage(Word::Put))),
        ("#put 'a' D", Err(usage(Word::Put))),
        ("#put a b 7 D", Err(usage(Word::Put))),
        ("#put 'a' -7 D", Err(usage(Word::Put))),
        ("#put 'a' 7 replace D", Err(usage(Word::Put))),
        ("#put 'a' 7 D again", Err(usage(Word::Put))),
        ("#put 'a' 7 Da5", Err(usage(Word::Put))),
    ] {
        let line = form.replace('D', &digest.to_string());
        assert_eq!(Command::parse(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn parts() {
    assert_eq!(Command::parse(b"#part 65536"), Ok(Command::Part(65_536)));
    assert_eq!(Command::parse(b"#part 18446744073709551616"), Err(CommandError::SizeTooLarge));
    for line in ["#part", "#part ", "#part a", "#part -1", "#part 1 2"] {
        assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Part)), "{line}");
    }
}

#[test]
fn gets() {
    let get =
        |name: &str, offset| Ok(Command::Get { name: FileName::parse(name.as_bytes()), offset });
    for (line, expected) in [
        ("#get a", get("a", 0)),
        ("#get 7", get("7", 0)),
        ("#get a 7", get("a", 7)),
        ("#get 'a b' 7", get("a b", 7)),
        ("#get  'a' 7' ", get("a' 7", 0)),
        ("#get 'a' 99999999999999999999", get("a", u64::MAX)),
        ("#get ..", get("..", 0)),
        ("#get ''", get("", 0)),
        ("#get", Err(usage(Word::Get))),
        ("#get a b", Err(usage(Word::Get))),
        ("#get 'a", Err(usage(Word::Get))),
        ("#get 'a' -7", Err(usage(Word::Get))),
        ("#get a 7 7", Err(usage(Word::Get))),
    ] {
        assert_eq!(Command::parse(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn nicks() {
    let bob = Nick::parse(b"bob").unwrap();
    assert_eq!(Command::parse(b"#nick bob"), Ok(Command::Nick(bob.clone())));
    assert_eq!(Command::parse(b"#nick  bob "), Ok(Command::Nick(bob)));
    assert_eq!(Command::parse(b"#nick"), Err(NickError::Empty.into()));
    assert_eq!(Command::parse(b"#nick a b"), Err(NickError::Character.into()));
    assert_eq!(Command::parse(b"#nick you"), Err(NickError::Reserved.into()));
}

#[test]
fn texts_stay_as_they_are() {
    let msg = |to, text| Ok(Command::Msg { to, text });
    assert_eq!(Command::parse(b"#msg bob hi there"), msg(b"bob", b"hi there"));
    assert_eq!(Command::parse(b"#msg  bob  \xff "), msg(b"bob", b" \xff "));
    assert_eq!(Command::parse(b"#me waves"), Ok(Command::Me(b"waves")));
    assert_eq!(Command::parse(b"#me  \xff "), Ok(Command::Me(b" \xff ")));
    for line in ["#msg", "#msg ", "#msg bob", "#msg bob ", "#msg   "] {
        assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Msg)), "{line}");
    }
    for line in ["#me", "#me "] {
        assert_eq!(Command::parse(line.as_bytes()), Err(usage(Word::Me)), "{line}");
    }
}

#[test]
fn history() {
    let history = |n| Ok(Command::History(n));
    assert_eq!(Command::parse(b"#history"), history(None));
    assert_eq!(Command::parse(b"#history "), history(None));
    assert_eq!(Command::parse(b"#history 0"), history(Some(0)));
    assert_eq!(Command::parse(b"#history 20"), history(Some(20)));
    assert_eq!(Command::parse(b"#history 4294967296"), history(Some(u32::MAX)));
    assert_eq!(Command::parse(&[b"#history ", &[b'9'; 99][..]].concat()), history(Some(u32::MAX)));
    assert_eq!(Command::parse(b"#history all"), Err(usage(Word::History)));
    assert_eq!(Command::parse(b"#history 1 2"), Err(usage(Word::History)));
}

#[test]
fn words_alone() {
    for (line, command, word) in [
        ("#stop", Command::Stop, Word::Stop),
        ("#files", Command::Files, Word::Files),
        ("#who", Command::Who, Word::Who),
        ("#help", Command::Help, Word::Help),
        ("#quit", Command::Quit, Word::Quit),
    ] {
        assert_eq!(Command::parse(line.as_bytes()), Ok(command.clone()));
        assert_eq!(Command::parse(format!("{line} ").as_bytes()), Ok(command));
        assert_eq!(Command::parse(format!("{line} me").as_bytes()), Err(usage(word)));
    }
}

#[test]
fn unknown_words() {
    for line in
        ["", "#", "# ", "##", "hello", "#Who", "#whom", "#wh", "#who\t", "#Put 'a' 1", "#file"]
    {
        assert_eq!(Command::parse(line.as_bytes()), Err(CommandError::Unknown), "{line}");
    }
}

#[test]
fn every_word_stands_in_the_table_once() {
    let spellings: Vec<_> = COMMANDS.iter().map(Usage::spelling).collect();
    let expected = [
        "#upload", "#put", "#part", "#get", "#stop", "#files", "#nick", "#who", "#msg", "#me",
        "#history", "#help", "#quit",
    ];
    assert_eq!(spellings, expected);
    for usage in COMMANDS {
        let error = CommandError::Usage(usage).to_string();
        assert_eq!(error, format!("write {}", usage.form));
        assert_ne!(Command::parse(usage.spelling().as_bytes()), Err(CommandError::Unknown));
    }
}
