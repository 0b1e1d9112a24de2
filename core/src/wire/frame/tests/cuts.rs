//! The same bytes do the same, however they are cut on their way.

use super::*;

fn cut_anywhere(bytes: &[u8], last: Pause, expected: &[Deed]) {
    for_all_cuts(bytes, last, |pieces, cuts| {
        assert_eq!(deeds(pieces), expected, "{:?} {cuts:?}", string(bytes));
    });
}

#[test]
fn lines_may_be_cut_anywhere_with_any_pause() {
    let long = "0123456789".repeat(7);
    let wide = "\u{e9}\u{6c49}\u{1f980}".repeat(9);
    let controls = "a\x1b\x01".repeat(12);
    let scripts: Vec<Vec<u8>> = [
        "hello\nworld\n",
        "a\r\n\r\nb\r\n\rc\rd\r\r\n",
        "no newline at its end",
        "a carriage return at its end\r",
        "#who\n##who\n###\n##\n#\n# \n#who",
        "##\r\n#who\r\n##x",
        "\n\n\n\n",
        "I will upload a file#upload 'a' 3\n",
        "#upload 'a' 5\nab\nc\nhello\n",
        "#upload 'a' 0\n#upload 'b' 1\r\nxhello\n",
        "#upload '../a' 2\r\nxxy\n#upload a b 3\n#upload\nnot a file\n",
        "#upload 'a' 99\nnot so long",
        "GET / HTTP/1.1\n",
        &format!("{long}\n{long}\r\n"),
        &format!("##{long}\n#{long}\n{long}"),
        &format!("#{long}{long}\n#who\n"),
        &format!("{}\n{}\r\n{}", &long[..ROOM], &long[..ROOM], &long[..=ROOM]),
        &format!("#{}\n#{}\n#{}", &long[..HELD - 2], &long[..HELD - 1], &long[..HELD]),
        &format!("#{}\r\n#{}\r\n", &long[..HELD - 3], &long[..HELD - 2]),
        &format!("{wide}\n#{wide}\n##{wide}"),
        &format!("{controls}\n"),
    ]
    .iter()
    .map(|script| script.as_bytes().to_vec())
    .chain([
        b"a\xff\xc3\nb\xe2\x80\xa8\xf0\x9f\n".to_vec(),
        [b"\xf0\x9f", &[0xff; 50][..]].concat(),
    ])
    .collect();
    let pauses = [Pause::None, Pause::Burst, Pause::Quiet];
    for script in scripts {
        let script = [b"\n", &script[..]].concat();
        let expected = line_model(&script[1..]);
        let mut turn = 0;
        for_all_cuts(&script, Pause::End, |pieces, cuts| {
            turn += 1;
            let mut pieces = pieces.to_vec();
            (pieces[0].1, pieces[1].1) = (pauses[turn % 3], pauses[turn / 3 % 3]);
            assert_eq!(deeds(&pieces), expected, "{:?} {cuts:?}", string(&script));
        });
        // A byte at a time.
        let bytes: Vec<_> = script.chunks(1).map(|byte| (byte, Pause::Quiet)).collect();
        let all = [&bytes[..], &[(&b""[..], Pause::End)]].concat();
        assert_eq!(deeds(&all), expected, "{:?}", string(&script));
    }
}

#[test]
fn random_lines_agree_with_the_model() {
    let parts: [&[u8]; 18] = [
        b"a",
        b"b",
        b"c",
        b" ",
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"#",
        b"##",
        b"\xc3\xa9",
        b"\xc3",
        b"\xe6\xb1\x89",
        b"\xf0\x9f\xa6\x80",
        b"\xff",
        b"\x1b",
        b"#upload 'a' 7\n",
        b"0123456789",
    ];
    let mut dice = Dice::new(8);
    for _ in 0..6_000 {
        let mut script = b"\n".to_vec();
        for _ in 0..dice.below(60) {
            script.extend_from_slice(dice.pick(&parts));
        }
        let expected = line_model(&script[1..]);
        let mut pieces: Vec<(&[u8], Pause)> = vec![];
        let mut rest = &script[..];
        while !rest.is_empty() {
            let most = dice.pick(&[2, 9, 70]);
            let (piece, later) = rest.split_at(rest.len().min(dice.below(most)));
            pieces.push((piece, dice.pick(&[Pause::None, Pause::Burst, Pause::Quiet])));
            rest = later;
        }
        pieces.push((b"", Pause::End));
        assert_eq!(deeds(&pieces), expected, "{:?}", string(&script));
    }
}

/// What a classic peer sends in one burst does what it does however it is cut
/// on its way.
#[test]
fn bursts_may_be_cut_anywhere_without_a_pause() {
    let long = "0123456789".repeat(6);
    let wide = "\u{e9}\u{6c49}\u{1f980}".repeat(8);
    let digits = "9".repeat(HELD);
    let scripts = [
        ("hello", vec![said("hello")]),
        ("#", vec![said("#")]),
        ("#uploa", vec![said("#uploa")]),
        ("#uploads", vec![said("#uploads")]),
        ("#who", vec![said("#who")]),
        ("##who", vec![said("##who")]),
        ("#upload", vec![]),
        ("#upload 'a' ", vec![]),
        ("#upload 'a' \r", vec![]),
        ("I will upload a file", vec![said("I will upload a file")]),
        ("I will upload a file#", vec![said("I will upload a file#")]),
        ("I will upload a file#upload", vec![said("I will upload a file")]),
        ("I will upload a file#uploads", vec![said("I will upload a file#uploads")]),
        ("I will upload a file#upload ", vec![said("I will upload a file")]),
        (
            "I will upload a file#upload 'a' 3abcI will upload a file#upload b 2de",
            vec![
                said("I will upload a file"),
                sent("a", "abc"),
                said("I will upload a file"),
                sent("b", "de"),
            ],
        ),
        ("#upload 'a' 3abchello", vec![sent("a", "abc"), said("hello")]),
        ("#upload 'a' 3\nabchello", vec![sent("a", "abc"), said("hello")]),
        ("#upload 'a' 3\nabc", vec![sent("a", "abc")]),
        ("#upload 'a' 3\r\nabc", vec![sent("a", "abc")]),
        ("#upload 'a' 3\nab", vec![sent("a", "\nab")]),
        ("#upload 'a' 5\r\nabc", vec![sent("a", "\r\nabc")]),
        ("#upload 'a' 5\rabcd", vec![sent("a", "\rabcd")]),
        ("#upload 'a.csv' 61,2,3\n", vec![sent("a.csv", "1,2,3\n")]),
        ("#upload 'a' 0x", vec![sent("a", ""), said("x")]),
        ("#upload 'a' 0", vec![sent("a", "")]),
        ("#upload 'a' x", vec![Unreadable]),
        ("#upload \n", vec![Switched, ordered("#upload ")]),
        ("#upload 'a' \r\n", vec![Switched, ordered("#upload 'a' ")]),
        ("hello\nworld", vec![Switched, said("hello")]),
        (
            "#who\n#upload 'a' 2\nxyhi\n",
            vec![Switched, ordered("#who"), sent("a", "xy"), said("hi")],
        ),
        ("\r\n", vec![Switched]),
        ("GET lost", vec![said("GET lost")]),
        ("GET lost\n", vec![Switched, said("GET lost")]),
        ("GET", vec![said("GET")]),
        ("GET / HTTP/1.1", vec![Asked]),
        (&long, vec![said(&long[..32]), said(&long[32..])]),
        (&wide, pieces_of(wide.as_bytes())),
        (&long[..32], vec![said(&long[..32])]),
        (&long[..33], vec![said(&long[..32]), said(&long[32..33])]),
        ("\x1b[31m\x07", vec![said("\u{241b}[31m\u{2407}")]),
    ]
    .map(|(script, deeds)| (String::from(script), deeds));
    for (script, expected) in scripts {
        cut_anywhere(script.as_bytes(), Pause::Quiet, &expected);
    }
    let unreadable = format!("#upload 'a' {digits}x");
    cut_anywhere(unreadable.as_bytes(), Pause::Quiet, &[]);
    let endless = format!("#upload '{}", "a".repeat(HELD));
    cut_anywhere(endless.as_bytes(), Pause::Quiet, &[Unreadable]);
    let no_size = format!("#upload {} ", "a".repeat(HELD - 9));
    assert_eq!(no_size.len(), HELD);
    cut_anywhere(no_size.as_bytes(), Pause::Quiet, &[Unreadable]);
}

/// Every short string of what matters does the same however it is cut.
#[test]
fn every_short_burst_may_be_cut() {
    let parts: [&[u8]; 9] =
        [b"a", b"\n", b"\r", b"#", b"#upload ", b"'a' ", b"2", b"\xc3\xa9", b"\xff"];
    for len in 1..=4_u32 {
        for mut code in 0..parts.len().pow(len) {
            let mut script = vec![];
            for _ in 0..len {
                script.extend_from_slice(parts[code % parts.len()]);
                code /= parts.len();
            }
            let expected = deeds(&[(&script, Pause::Quiet), (b"", Pause::End)]);
            for cut in 1..script.len() {
                let (one, other) = script.split_at(cut);
                let pieces = [(one, Pause::None), (other, Pause::Quiet), (b"", Pause::End)];
                assert_eq!(deeds(&pieces), expected, "{:?} {cut}", string(&script));
            }
        }
    }
}
