extern crate std;

use core::net::Ipv6Addr;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::*;
use crate::wire::command::Usage;
use crate::wire::text::is_safe;

fn at(addr: &str) -> Shown<'static> {
    Shown { nick: None, addr: addr.parse().unwrap() }
}

fn nick(name: &str) -> Nick {
    Nick::parse(name.as_bytes()).unwrap()
}

/// Byte for byte what `srv.py` sends.
#[test]
fn the_classic_sentences() {
    let ada = at("127.0.0.1:50426");
    let said = |what: &dyn Display| what.to_string();
    for (sentence, expected) in [
        (said(&Reply::Greeting(0)), "> Connected to the chat server (0 user online)"),
        (said(&Reply::Greeting(1)), "> Connected to the chat server (1 user online)"),
        (said(&Reply::Greeting(2)), "> Connected to the chat server (2 users online)"),
        (said(&Notice::Entered(ada, 2)), "> New user 127.0.0.1:50426 entered (2 users online)"),
        (format!("{}hi", Prefix::Text(ada)), "[127.0.0.1:50426] hi"),
        (said(&Notice::Uploaded(ada)), "> User 127.0.0.1:50426 has uploaded a file"),
        (said(&Notice::Left(ada, 0)), "< The user 127.0.0.1:50426 left (0 user online)"),
        (said(&Notice::Left(ada, 1)), "< The user 127.0.0.1:50426 left (1 user online)"),
        (said(&Notice::Left(ada, 10)), "< The user 127.0.0.1:50426 left (10 users online)"),
    ] {
        assert_eq!(sentence, expected);
    }
    let six = Notice::Left(at("[::1]:50426"), 2).to_string();
    assert_eq!(six, "< The user [::1]:50426 left (2 users online)");
}

#[test]
fn a_nick_stands_where_the_address_stood() {
    let (ada, bob) = (nick("ada"), nick("bob"));
    let addr = at("127.0.0.1:50426");
    let (ada, bob) = (Shown { nick: Some(&ada), ..addr }, Shown { nick: Some(&bob), ..addr });
    assert_eq!(Notice::Entered(ada, 3).to_string(), "> New user ada entered (3 users online)");
    assert_eq!(Notice::Renamed(addr, ada).to_string(), "> User 127.0.0.1:50426 is now ada");
    assert_eq!(Notice::Uploaded(ada).to_string(), "> User ada has uploaded a file");
    assert_eq!(Prefix::Text(ada).to_string(), "[ada] ");
    assert_eq!(Prefix::Action(ada).to_string(), "* ada ");
    assert_eq!(Prefix::Private(ada, bob).to_string(), "[ada > bob] ");
    assert_eq!(Reply::User(ada, ada.addr).to_string(), "#user ada 127.0.0.1:50426\n");
    assert_eq!(Reply::User(addr, addr.addr).to_string(), "#user 127.0.0.1:50426 127.0.0.1:50426\n");
}

#[test]
fn answers() {
    let name = FileName::parse(b"it's").unwrap();
    for (answer, expected) in [
        (Reply::Switched, "\n> This is Snug; #help lists what it knows\n"),
        (Reply::Cut, " …[cut]\n"),
        (Reply::Skipped(1), "> 1 message skipped\n"),
        (Reply::Skipped(2), "> 2 messages skipped\n"),
        (Reply::Users(1), "> 1 user\n"),
        (Reply::Users(2), "> 2 users\n"),
        (Reply::Stored(3_082), "> Your file has been uploaded (3082 bytes)\n"),
        (Reply::EndOfHistory, "> end of history\n"),
        (Reply::Have(&name, 9), "#have 'it's' 9\n"),
        (Reply::File(&name, 9), "#file 'it's' 9\n"),
        (Reply::Part(9), "#part 9\n"),
        (Reply::Listed(&name, 9, None), "#stored 'it's' 9 -\n"),
        (Reply::Listed(&name, 9, Some(Duration::from_millis(61_999))), "#stored 'it's' 9 61\n"),
        (Reply::Files(1), "> 1 file\n"),
        (Reply::Files(2), "> 2 files\n"),
        (Reply::Stopped, "> Your transfer has been stopped\n"),
        (
            Reply::Failed(Word::Get, Refusal::Missing),
            "! #get: there is no such file; #files lists what there is\n",
        ),
        (Reply::Help(6), "> #nick NAME - gives you a name in place of your address\n"),
        (Reply::Help(usize::MAX), ""),
        (Reply::Refused(Refusal::RoomFull), "! the room is full; try again later\n"),
    ] {
        assert_eq!(answer.to_string(), expected);
    }
}

/// Bytes of the buffer that answers are rendered into.
const PAGE: usize = 320;

fn refusals() -> Vec<Refusal> {
    let usage = |usage: &'static Usage| Refusal::Command(CommandError::Usage(usage));
    let names = [
        FileNameError::Empty,
        FileNameError::TooLong,
        FileNameError::NotUtf8,
        FileNameError::Separator,
        FileNameError::Dots,
        FileNameError::Unprintable,
        FileNameError::Blank,
        FileNameError::Reserved,
    ];
    let nicks = [
        NickError::Empty,
        NickError::TooLong,
        NickError::NoLetter,
        NickError::Character,
        NickError::Reserved,
    ];
    let mut all = vec![
        Refusal::RoomFull,
        Refusal::AddressCrowded,
        Refusal::AddressHasty,
        Refusal::Command(CommandError::Unknown),
        Refusal::Command(CommandError::SizeTooLarge),
        Refusal::TooLong(u16::MAX),
        Refusal::FileTooLarge(u64::MAX),
        Refusal::AddressFull,
        Refusal::FolderFull,
        Refusal::DiskFull,
        Refusal::ReadOnly,
        Refusal::BadName,
        Refusal::Unsupported,
        Refusal::Missing,
        Refusal::Exists,
        Refusal::DiskFailed,
        Refusal::Header,
        Refusal::Busy,
        Refusal::NoTransfer,
        Refusal::NoUpload,
        Refusal::PartTooLarge,
        Refusal::Digest,
        Refusal::Twice,
        Refusal::BeyondEnd,
        Refusal::Changed,
        Refusal::NotHere,
        Refusal::NickTaken,
        Refusal::NobodyThere,
        Refusal::ClassicThere,
    ];
    all.extend(COMMANDS.iter().map(usage));
    all.extend(names.map(Refusal::FileName));
    all.extend(nicks.map(Refusal::Nick));
    all.extend(nicks.map(|why| Refusal::Command(CommandError::Nick(why))));
    all
}

/// The longest of all that is said fits the buffers that it is rendered into:
/// 160 bytes for notices, 144 for prefixes, 192 for new names, 320 for answers.
#[test]
fn the_longest_sentences_fit() {
    let widest = nick(&"\u{10437}".repeat(16));
    let addr = SocketAddr::new(Ipv6Addr::from([0xff; 16]).into(), u16::MAX);
    assert_eq!((widest.as_str().len(), addr.to_string().len()), (64, 47));
    for who in [Shown { nick: Some(&widest), addr }, Shown { nick: None, addr }] {
        let longest = |all: &[&dyn Display]| all.iter().map(|w| w.to_string().len()).max();
        let notices: [&dyn Display; 3] =
            [&Notice::Entered(who, u32::MAX), &Notice::Left(who, u32::MAX), &Notice::Uploaded(who)];
        assert!(longest(&notices) <= Some(160));
        let prefixes: [&dyn Display; 3] =
            [&Prefix::Text(who), &Prefix::Action(who), &Prefix::Private(who, who)];
        assert!(longest(&prefixes) <= Some(144));
        assert!(longest(&[&Notice::Renamed(who, who)]) <= Some(192));
        // A prefix is measured in a byte.
        assert!(longest(&[&Prefix::Text(who)]) <= Some(usize::from(u8::MAX)));
        assert!(Reply::User(who, addr).to_string().len() <= PAGE);
    }
    let name = FileName::parse(&[b'a'; 255]).unwrap();
    let age = Some(Duration::MAX);
    let mut answers: Vec<String> = refusals().iter().map(ToString::to_string).collect();
    let replies = [
        Reply::Greeting(u32::MAX),
        Reply::Switched,
        Reply::Cut,
        Reply::Skipped(u32::MAX),
        Reply::Stored(u64::MAX),
        Reply::Named,
        Reply::Delivered,
        Reply::Users(u32::MAX),
        Reply::EndOfHistory,
        Reply::Have(&name, u64::MAX),
        Reply::File(&name, u64::MAX),
        Reply::Listed(&name, u64::MAX, age),
        Reply::Sum(Digest::new([0; 32])),
        Reply::Part(usize::MAX),
        Reply::Stopped,
        Reply::Files(u32::MAX),
    ];
    answers.extend(replies.iter().map(ToString::to_string));
    answers.extend((0..COMMANDS.len()).map(|line| Reply::Help(line).to_string()));
    assert!(answers.iter().all(|answer| answer.len() + "! #files: \n".len() <= PAGE));
}

/// Every answer is one line that begins with what it is, and is safe itself.
#[test]
fn answers_are_lines() {
    let refused: Vec<_> = refusals().into_iter().map(Reply::Refused).collect();
    let told = [
        Reply::Skipped(3),
        Reply::Stored(1),
        Reply::Named,
        Reply::Delivered,
        Reply::Users(4),
        Reply::EndOfHistory,
        Reply::Stopped,
        Reply::Files(2),
    ];
    let help = (0..COMMANDS.len()).map(Reply::Help);
    for (begin, reply) in refused
        .into_iter()
        .map(|r| ("! ", r))
        .chain(told.into_iter().chain(help).map(|r| ("> ", r)))
    {
        let line = reply.to_string();
        let text = line.strip_suffix('\n').expect("a newline ends it");
        assert!(text.starts_with(begin), "{line}");
        assert!(is_safe(text), "{line}");
    }
}

#[test]
fn renders_what_fits_cut_between_characters() {
    let text = "a\u{e9}\u{6c49}\u{1f980}z";
    // In pieces, as formatting brings them.
    let what = || (Shown { nick: None, addr: ([1, 2, 3, 4], 5).into() }, text);
    let whole = format!("{} {}", what().0, text);
    for len in 0..=whole.len() + 3 {
        let mut out = vec![b'#'; len];
        let written = render(&mut out, format_args!("{} {}", what().0, what().1));
        assert_eq!(written, whole.floor_char_boundary(len.min(whole.len())));
        assert_eq!(&out[..written], &whole.as_bytes()[..written]);
        assert!(out[written..].iter().all(|&byte| byte == b'#'));
    }
}
