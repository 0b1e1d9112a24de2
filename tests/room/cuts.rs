//! However the same bytes are cut on their way, the room is the same.

use core::ops::Range;

use snug_core::server::Config;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::Pace;
use crate::support::random::{Random, for_seeds};
use crate::support::world::{Peer, World};

/// What became of a script.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// What the speaker got, and what others did.
    own: String,
    lines: String,
    classic: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
    is_in: bool,
}

/// How bytes are cut.
type Cut = fn(&mut World<'_>, Peer, &[u8], &mut Random);

fn run(script: &[&[u8]], lines: bool, cut: Cut, mut random: Random) -> Outcome {
    let sizes = Sizes { input: 260, block: 100, ..Sizes::default() };
    let mut ground = Ground::new(sizes);
    let config = Config { line_limit: 256, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    world.shuffle(random.next());
    let (watcher, classic) = (world.join_lines(), world.join_classic());
    let speaker = if lines { world.join() } else { world.join_classic() };
    world.store().pace = *random.pick(&[Pace::Quick, Pace::Slow]);
    for bytes in script {
        cut(&mut world, speaker, bytes, &mut random);
        world.settle();
        world.advance(60);
    }
    Outcome {
        own: world.read(speaker),
        lines: world.read(watcher),
        classic: world.writes(classic),
        files: world.server.store().files.clone().into_iter().collect(),
        is_in: world.is_in(speaker),
    }
}

fn whole(world: &mut World<'_>, peer: Peer, bytes: &[u8], _: &mut Random) {
    world.push(peer, bytes);
}

/// Pieces with a burst's end after each, and sometimes more time.
fn in_bursts(world: &mut World<'_>, peer: Peer, bytes: &[u8], random: &mut Random) {
    for Range { start, end } in pieces(bytes.len(), random) {
        world.send(peer, &bytes[start..end]);
        if random.one_in(10) {
            world.advance(random.of(0..120) as u64);
        }
    }
}

/// One burst that is read in pieces.
fn in_reads(world: &mut World<'_>, peer: Peer, bytes: &[u8], random: &mut Random) {
    let piece = random.of(1..bytes.len() + 1);
    world.link(peer).set_piece(piece);
    world.push(peer, bytes);
}

fn pieces(len: usize, random: &mut Random) -> Vec<Range<usize>> {
    let most = *random.pick(&[2, 5, 30, 400]);
    let mut ends = vec![0];
    while let Some(&last) = ends.last()
        && last < len
    {
        ends.push(len.min(last + random.of(1..most + 1)));
    }
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

#[test]
fn a_line_peers_bytes() {
    let long = "lang é🦀 ".repeat(80) + "\r\n";
    let file = "#upload 'my file' 700\n".to_owned() + &"12\n\r\0".repeat(140) + "after\n";
    let script = [
        "\nhello\r\nhow are\tyou\n\n\r\n",
        &long,
        "#me waves\n#nick ada\n##hash\n###\n#dance\n#upload\n",
        &file,
        "#upload '../x' 5\n12345#upload empty 0\n#msg 10.0.0.1:5000 psst\n",
        "\x1b[2J\u{2028}\u{202e}\n#me\n#\n",
        &("#me ".to_owned() + &"y".repeat(500) + "\nshort\n"),
        "bye\n#quit\nnever\n",
    ];
    let broken = b"broken \xff\xc3\n\xe2\x82\n".as_slice();
    let mut script: Vec<&[u8]> = script.iter().map(|text| text.as_bytes()).collect();
    script.insert(3, broken);
    let expected = run(&script, true, whole, Random::new(0));
    assert!(!expected.is_in && expected.files.len() == 2, "{expected:?}");
    assert!(expected.lines.contains("] psst\n* ") || expected.lines.contains("psst"));
    for_seeds(0..60, |random| {
        let all = [script.concat()];
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        assert_eq!(run(&script, true, in_bursts, random.clone()), expected);
        assert_eq!(run(&all, true, in_bursts, random.clone()), expected);
        assert_eq!(run(&all, true, in_reads, random), expected);
    });
}

#[test]
fn a_classic_peers_bursts() {
    let long = "lang é🦀 ".repeat(80);
    let file = "file ".repeat(140) + "after";
    let script = [
        "hello",
        &long,
        "#who",
        "I will upload a file",
        "#upload 'a b' 700",
        &file,
        "I will upload a file#upload 'c' 12just 12 bytelater",
        "caf\u{e9}",
        "#upload '../x' 4",
        "1234",
        "I will upload a file#upload 'd' 61,2,3\n",
        "bye\nbye",
    ];
    let script: Vec<&[u8]> = script.iter().map(|text| text.as_bytes()).collect();
    let expected = run(&script, false, whole, Random::new(0));
    assert!(expected.is_in && expected.files.len() == 3, "{expected:?}");
    assert_eq!(expected.own, "");
    for_seeds(0..60, |random| {
        assert_eq!(run(&script, false, in_reads, random), expected);
    });
}

#[test]
fn the_bytes_of_a_classic_file() {
    let file: Vec<u8> = (0..5_000_u32).map(|n| (n % 251) as u8).collect();
    for_seeds(0..60, |random| {
        let script: [&[u8]; 2] = [b"#upload 'a' 5000", &file];
        let outcome = run(&script, false, in_body_bursts, random);
        assert_eq!(outcome.files, [("a".to_owned(), file.clone())]);
        assert!(outcome.is_in);
    });
}

/// The header whole and the file in bursts.
fn in_body_bursts(world: &mut World<'_>, peer: Peer, bytes: &[u8], random: &mut Random) {
    let cut = if bytes.starts_with(b"#upload") { whole } else { in_bursts };
    cut(world, peer, bytes, random);
}
