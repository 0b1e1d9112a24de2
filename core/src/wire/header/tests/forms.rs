//! What is a header, and what its digits can mean.

use super::*;

#[test]
fn parses_headers() {
    let header = |input: &[u8], ended| match parse(input, ended, false) {
        Parsed::Header(header) => {
            let name = String::from_utf8_lossy(header.name).into_owned();
            (name, header.len, header.readings.largest())
        }
        other => panic!("{other:?}"),
    };
    let name = |name: &str, len, size| (String::from(name), len, Some(size));
    assert_eq!(header(b"#upload 'google.png' 3082", true), name("google.png", 25, 3_082));
    assert_eq!(header(b"#upload google.png 3082", true), name("google.png", 23, 3_082));
    assert_eq!(header(b"#upload 'my file' 3x", false), name("my file", 19, 3));
    assert_eq!(header(b"#upload 'it's' 3\n", false), name("it's", 17, 3));
    assert_eq!(header(b"#upload it's 3\r\n", false), name("it's", 16, 3));
    assert_eq!(header(b"#upload '' 3", true), name("", 12, 3));
    assert_eq!(header(b"#upload  3", true), name("", 10, 3));
    assert_eq!(header(b"#upload ''' 3", true), name("'", 13, 3));
    // The first quote with a blank behind it ends the name.
    assert_eq!(header(b"#upload 'a' 5' 6", false), name("a", 13, 5));
    // A carriage return alone is the file's.
    assert_eq!(header(b"#upload 'a' 5\rx", false), name("a", 13, 5));
    assert_eq!(header(b"#upload 'a' 5\r", true), name("a", 13, 5));
}

#[test]
fn what_is_no_header() {
    let cases: [(&[u8], Parsed<'_>); 15] = [
        (b"#upload ", Parsed::More),
        (b"#upload 'a", Parsed::More),
        (b"#upload 'a'", Parsed::More),
        (b"#upload 'a'5", Parsed::More),
        (b"#upload 'a' ", Parsed::More),
        (b"#upload 'a' \r", Parsed::More),
        (b"#upload 'a' 30", Parsed::More),
        (b"#upload 'a' 30\r", Parsed::More),
        (b"#upload 'a' -5", Parsed::Unreadable),
        (b"#upload 'a' \rx", Parsed::Unreadable),
        (b"#upload a b 5", Parsed::Unreadable),
        (b"#upload \n", Parsed::Line),
        (b"#upload 'a\n' 5", Parsed::Line),
        (b"#upload 'a' \n", Parsed::Line),
        (b"#upload 'a' \r\n", Parsed::Line),
    ];
    for (input, expected) in cases {
        assert_eq!(parse(input, false, false), expected, "{}", String::from_utf8_lossy(input));
        let waits = expected == Parsed::More;
        let digits = input.contains(&b'3');
        // With no room for more, what waits is a header or never will be one.
        let full = parse(input, false, true);
        assert_eq!(full == Parsed::Unreadable, waits && !digits || expected == Parsed::Unreadable);
        // Quiet ends SIZE and nothing else.
        let ended = parse(input, true, false);
        assert_eq!(matches!(ended, Parsed::Header(_)), digits);
        assert!(digits || ended == expected);
    }
}

#[test]
fn quiet_makes_all_digits_the_size() {
    for size in sizes().chain([u64::MAX / 10, u64::MAX]) {
        let input = format!("#upload 'a' {size}");
        let Parsed::Header(header) = parse(input.as_bytes(), true, false) else {
            panic!("{input}")
        };
        assert_eq!(header.readings, Readings::of(size));
        assert_eq!(header.len, input.len());
    }
}

#[test]
fn sizes_that_are_known() {
    for size in [0, 1, 9, 10, 99, 100, 3_082, 10_u64.pow(19), u64::MAX] {
        let readings = Readings::of(size);
        let start = format!("{size}").len();
        assert_eq!(readings.left(), Left::One(start));
        assert_eq!((readings.largest(), readings.last_start()), (Some(size), start));
        assert_eq!((readings.from(start), readings.between(start, start)), (&b""[..], &b""[..]));
        assert_eq!(readings.whole(), (size == 0).then_some(start));
        if size < u64::MAX {
            assert_eq!((readings.lacking(start), readings.room()), (size, size));
        }
    }
    // As far as bytes are counted in 64 bits: nobody will see the end of it.
    assert_eq!(Readings::of(u64::MAX).room(), u64::MAX - 20);
}

/// However many digits come, at most 20 are looked at and nothing overflows.
#[test]
fn runs_of_digits() {
    for digit in ["0", "1", "9"] {
        for count in 1..=400 {
            let run = digit.repeat(count);
            let digits = format!("#upload 'a' {run}");
            let value: Option<u64> = run.parse().ok().filter(|_| count <= 20);
            let Parsed::Header(header) = parse(digits.as_bytes(), true, false) else { panic!() };
            assert_eq!(header.len, digits.len());
            assert_eq!(header.readings.largest(), value);
            for more in ["", "x", "\n", "\r\n"] {
                let input = format!("{digits}{more}");
                let Parsed::Header(mut header) = parse(input.as_bytes(), false, true) else {
                    panic!("{input}")
                };
                let model = candidates(&input.as_bytes()[12..]);
                let used = header.len as u64 - 12;
                let left: Vec<_> = model.into_iter().filter(|&c| end(c) >= used).collect();
                assert_eq!(header.readings.starts().count(), left.len(), "{input:?}");
                assert_eq!(header.readings.largest(), left.last().map(|c| c.1), "{input:?}");
                assert!(used <= 22);
                header.readings.take(u64::MAX);
                header.readings.take(u64::MAX);
                assert!(header.readings.starts().all(|start| header.readings.lacking(start) == 0));
            }
        }
    }
}

/// Bytes that are kept from the last start on, and what goes before them.
#[test]
fn glued_bytes_are_shared_out() {
    let Parsed::Header(header) = parse(b"#upload 'a' 61234,5", false, false) else { panic!() };
    let mut readings = header.readings;
    assert_eq!((readings.left(), readings.last_start()), (Left::Several, 5));
    readings.limit(700);
    assert_eq!(readings.last_start(), 3);
    assert_eq!(readings.from(3), b"34");
    assert_eq!(readings.between(1, 3), b"12");
    assert_eq!(readings.between(2, 3), b"2");
    assert_eq!(readings.between(3, 3), b"");
}
