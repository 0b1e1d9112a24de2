//! One form for a character in upper and lower case.

/// The small letter that has the same capital, one for all that share it.
///
/// What has no case, or a lower case of more than one character, stays as it
/// is. This is what Unicode calls simple folding: ß and ẞ are one, ß and SS are
/// two.
///
/// ```
/// use snug_core::wire::fold::fold;
///
/// assert!("ΟΔΟΣ".chars().map(fold).eq("οδος".chars().map(fold)));
/// ```
pub fn fold(character: char) -> char {
    let mut lower = character.to_lowercase();
    let lower = match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => character,
    };
    ODD.iter().find(|(odd, _)| *odd == lower).map_or(lower, |&(_, usual)| usual)
}

/// Small letters that share their capital with another one, and that one.
///
/// These few stand in for `to_uppercase`, whose tables take 12 KiB of a
/// device's flash with some compilers. A test holds them against it.
const ODD: [(char, char); 23] = [
    ('µ', 'μ'),
    ('ı', 'i'),
    ('ſ', 's'),
    ('\u{345}', 'ι'),
    ('ς', 'σ'),
    ('ϐ', 'β'),
    ('ϑ', 'θ'),
    ('ϕ', 'φ'),
    ('ϖ', 'π'),
    ('ϰ', 'κ'),
    ('ϱ', 'ρ'),
    ('ϵ', 'ε'),
    ('\u{1c80}', 'в'),
    ('\u{1c81}', 'д'),
    ('\u{1c82}', 'о'),
    ('\u{1c83}', 'с'),
    ('\u{1c84}', 'т'),
    ('\u{1c85}', 'т'),
    ('\u{1c86}', 'ъ'),
    ('\u{1c87}', 'ѣ'),
    ('\u{1c88}', 'ꙋ'),
    ('ẛ', 'ṡ'),
    ('\u{1fbe}', 'ι'),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows every case of every character, as long as that is one character.
    #[test]
    fn agrees_with_all_upper_and_lower_cases() {
        for character in '\0'..=char::MAX {
            let folded = fold(character);
            assert_eq!(fold(folded), folded, "{character:?}");
            let mut upper = character.to_uppercase();
            if let (Some(upper), None) = (upper.next(), upper.next()) {
                assert_eq!(fold(upper), folded, "{character:?} {upper:?}");
            }
            let mut lower = character.to_lowercase();
            if let (Some(lower), None) = (lower.next(), lower.next()) {
                assert_eq!(fold(lower), folded, "{character:?} {lower:?}");
            }
        }
    }
}
