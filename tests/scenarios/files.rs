//! Files that come in, compared by SHA-256 with what stands.

use std::thread;

use super::{CLIENTS, Place, QUIET, TRANSFERS, assert_holds, join, join_lines, noise};

pub(crate) fn files_stand_as_they_were_sent<P: Place>() {
    let mut place = P::start();
    let mut classic = join(&place);
    let mut line = join_lines(&place);
    let photo = noise(100_000, 1);
    classic.sends("I will upload a file");
    thread::sleep(QUIET);
    classic.sends(format!("#upload 'photo.png' {}", photo.len()));
    thread::sleep(QUIET);
    classic.sends(&photo);
    line.hears("] I will upload a file\n");
    line.hears(" has uploaded a file\n");

    let sizes = [0, 1, 511, 512, 513, 4095, 4096, 4097, 40_960];
    let file = |size: usize| (format!("{size}.bin"), noise(size, size as u32));
    for (name, bytes) in sizes.map(file) {
        assert!(line.uploads(&name, &bytes), "{name}");
    }
    classic.hears(" has uploaded a file");
    place.shows(" has uploaded a file");
    // The last one stands.
    assert!(line.uploads("twice", &noise(3000, 2)));
    assert!(line.uploads("twice", b"second"));
    let sent = sizes.map(file);
    let mut expected: Vec<_> = sent.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    expected.extend([("photo.png", &*photo), ("twice", b"second")]);
    assert_holds(&place.end(), &expected);
}

pub(crate) fn names_are_kept_or_refused<P: Place>() {
    let place = P::start();
    let mut line = join_lines(&place);
    let longest = "x".repeat(255);
    let kept = [
        "KURZ.TXT",
        "a;b",
        ".hidden",
        "日本語.txt",
        "Ein langer Name, länger als acht und drei.txt",
        &longest,
    ];
    for name in kept {
        assert!(line.uploads(name, name.as_bytes()), "{name}");
    }
    let too_long = "x".repeat(256);
    for name in ["", ".", "..", "../up", "a/b", "a\\b", " ", "a\tb", ".snug-0", &too_long] {
        assert!(!line.uploads(name, b"x"), "{name:?}");
    }
    let expected: Vec<_> = kept.iter().map(|name| (*name, name.as_bytes())).collect();
    assert_holds(&place.end(), &expected);
}

pub(crate) fn a_file_of_which_half_came_does_not_stand<P: Place>() {
    let place = P::start();
    let mut stays = join_lines(&place);
    assert!(stays.uploads("kept", b"as it was"));
    for name in ["kept", "new"] {
        let mut goes = join_lines(&place);
        goes.sends(format!("#upload '{name}' 50000\n"));
        goes.sends(noise(25_000, 3));
        drop(goes);
        stays.hears(" left (1 user online)\n");
    }
    assert!(stays.uploads("after", &noise(25_000, 4)));
    assert_holds(&place.end(), &[("kept", b"as it was"), ("after", &noise(25_000, 4))]);
}

pub(crate) fn more_upload_than_there_are_slots_while_others_talk<P: Place>() {
    let place = P::start();
    let (mut talker, mut reader) = (join_lines(&place), join_lines(&place));
    let people: Vec<_> = (0..CLIENTS - 2).map(|_| join_lines(&place)).collect();
    assert!(people.len() > TRANSFERS);
    let file = |number| (format!("{number}.bin"), noise(150_000, number));
    let uploads = people.into_iter().zip(0..).map(|(mut person, number)| {
        thread::spawn(move || {
            let (name, bytes) = file(number);
            assert!(person.uploads(&name, &bytes), "{name}");
            person
        })
    });
    let uploads: Vec<_> = uploads.collect();
    for number in 0..20 {
        talker.sends(format!("line {number}\n"));
        reader.hears(&format!("] line {number}\n"));
    }
    let people: Vec<_> = uploads.into_iter().map(|upload| upload.join().unwrap()).collect();
    let sent: Vec<_> = (0..people.len() as u32).map(file).collect();
    let expected: Vec<_> = sent.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    assert_holds(&place.end(), &expected);
}
