//! Those who hang up at any time, and those who do not read.

use std::io::Write as _;
use std::thread;

use super::{CLIENTS, Place, QUIET, assert_holds, join, join_lines, join_narrow, knock};

pub(crate) fn a_reset_is_a_leave_at_every_stage<P: Place>() {
    let place = P::start();
    let mut stays = join_lines(&place);
    let stages: [&[u8]; 12] = [
        b"",
        b"half a classic te\xc3",
        b"I will upload a file",
        b"#upload",
        b"#upload 'half.bin' 1000",
        b"#upload 'half.bin' 1000\nsome of it",
        b"I will upload a file#upload 'half.bin' 10000some of it",
        b"\n",
        b"\nhalf a line",
        b"\n#upload 'half.bin' 1",
        b"\n#upload 'half.bin' 10000\nsome of it",
        b"\n#history\n#who\n#help\n",
    ];
    for said in stages {
        let mut goes = join(&place);
        stays.hears(" entered (2 users online)\n");
        goes.sends(said);
        thread::sleep(QUIET);
        goes.resets();
        stays.hears(" left (1 user online)\n");
    }
    // Before it was greeted: it may never have been there.
    knock(&place).resets();
    let mut comes = join(&place);
    comes.sends("still here?");
    stays.hears("] still here?\n");
    stays.sends("#who\n");
    stays.hears("> 2 users\n");
    assert_holds(&place.end(), &[]);
}

/// Nobody says that they are gone, and there is nobody to reset anything.
pub(crate) fn a_dead_peer_is_found_and_its_place_is_free<P: Place>() {
    let mut place = P::start();
    let dead: Vec<_> = (0..CLIENTS).map(|_| join(&place)).collect();
    place.cuts_off(&dead);
    place.shows(" left (0 user online)");
    join(&place);
}

const LINES: usize = 3000;

fn line(number: usize) -> String {
    format!("line {number:06} {}\n", "x".repeat(440))
}

pub(crate) fn who_does_not_read_keeps_nobody_waiting<P: Place>() {
    let place = P::start();
    let mut slow = join_narrow(&place);
    let (mut speaker, mut reader) = (join_lines(&place), join_lines(&place));
    let mut voice = speaker.stream.try_clone().unwrap();
    let speaks = thread::spawn(move || {
        for number in 0..LINES {
            voice.write_all(line(number).as_bytes()).unwrap();
        }
    });
    for number in 0..LINES {
        reader.hears(&format!("] line {number:06} x"));
    }
    speaks.join().unwrap();

    // Now it reads: no line is unaccounted for.
    speaker.sends("the end\n");
    let mut accounted = 0;
    loop {
        let heard = slow.hears("\n");
        if heard.ends_with("] the end\n") {
            break;
        }
        if heard.contains("] line ") {
            accounted += 1;
        } else if heard.ends_with(" skipped\n") {
            let count = heard.trim_start_matches("> ").split(' ').next().unwrap();
            accounted += count.parse::<usize>().unwrap_or_else(|_| panic!("{heard}"));
        }
    }
    assert_eq!(accounted, LINES);
}
