//! 统一社会信用代码, the unified social credit code of GB 32100: 18 characters, the last one a check character.

/// The 31 characters of a code in the order of their values: no I, O, S, V, Z, which are misread.
pub const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Characters in a code, the check character included.
pub const LENGTH: usize = 18;

/// What is wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditCodeFault {
    /// It has another number of characters than [`LENGTH`].
    Length {
        /// How many characters were given.
        found: usize,
    },
    /// A character is not of [`ALPHABET`] (lower case is not).
    Character {
        /// Position from 0.
        at: usize,
        /// The character that is not allowed.
        found: char,
    },
    /// The last character does not fit the others.
    Check {
        /// The character that would fit.
        expected: char,
    },
}

impl std::fmt::Display for CreditCodeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length { found } => write!(f, "a credit code has {LENGTH} characters, not {found}"),
            Self::Character { at, found } => {
                write!(f, "character {} ({found:?}) is not one of a credit code", at + 1)
            }
            Self::Check { expected } => write!(f, "the check character should be {expected}"),
        }
    }
}

impl std::error::Error for CreditCodeFault {}

/// The check character for the first 17 characters of a code; more are ignored.
///
/// # Errors
/// [`CreditCodeFault::Length`] when there are fewer than 17, [`CreditCodeFault::Character`] for a foreign character.
pub fn check_character(body: &str) -> Result<char, CreditCodeFault> {
    let (mut sum, mut weight, mut count) = (0, 1, 0);
    for (at, found) in body.chars().take(LENGTH - 1).enumerate() {
        let value = value_of(found).ok_or(CreditCodeFault::Character { at, found })?;
        sum += value * weight;
        // 3^i mod 31, GB 32100.
        weight = weight * 3 % 31;
        count += 1;
    }
    if count < LENGTH - 1 {
        return Err(CreditCodeFault::Length { found: count });
    }
    Ok(char::from(ALPHABET[(31 - sum % 31) % 31]))
}

/// Checks a whole code. Nothing is trimmed and no case is changed: that is for whoever reads input.
///
/// # Errors
/// The first fault, in the order length, characters from the left, check character.
pub fn validate(code: &str) -> Result<(), CreditCodeFault> {
    let found = code.chars().count();
    if found != LENGTH {
        return Err(CreditCodeFault::Length { found });
    }
    let expected = check_character(code)?;
    match code.chars().next_back() {
        Some(last) if last == expected => Ok(()),
        Some(last) if value_of(last).is_none() => {
            Err(CreditCodeFault::Character { at: LENGTH - 1, found: last })
        }
        _ => Err(CreditCodeFault::Check { expected }),
    }
}

/// The check character of an organisation code (GB 11714), which a credit code holds in positions 9 to 17.
/// `None` unless `body` is 8 digits or capital letters.
pub fn organisation_check(body: &str) -> Option<char> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    if body.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (character, weight) in body.bytes().zip(WEIGHTS) {
        let value = match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        digit => char::from_digit(digit, 10),
    }
}

fn value_of(character: char) -> Option<usize> {
    ALPHABET.iter().position(|known| char::from(*known) == character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: [&str; 2] = ["1242000042000186X2", "11440303007542320T"];

    #[test]
    fn the_known_codes_are_valid() {
        for code in VALID {
            assert_eq!(validate(code), Ok(()), "{code}");
            assert_eq!(check_character(&code[..17]), Ok(char::from(code.as_bytes()[17])));
            assert_eq!(organisation_check(&code[8..16]), Some(char::from(code.as_bytes()[16])));
        }
    }

    #[test]
    fn every_single_wrong_character_is_found() {
        for code in VALID {
            for at in 0..LENGTH {
                for other in ALPHABET {
                    let mut wrong = code.as_bytes().to_vec();
                    if wrong[at] == *other {
                        continue;
                    }
                    wrong[at] = *other;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert!(matches!(validate(&wrong), Err(CreditCodeFault::Check { .. })), "{wrong}");
                }
            }
        }
    }

    #[test]
    fn every_swap_of_different_neighbours_is_found() {
        for code in VALID {
            for at in 0..LENGTH - 1 {
                let mut wrong = code.as_bytes().to_vec();
                wrong.swap(at, at + 1);
                if wrong != code.as_bytes() {
                    assert!(validate(std::str::from_utf8(&wrong).unwrap()).is_err(), "{code} at {at}");
                }
            }
        }
    }

    #[test]
    fn all_thirty_one_characters_occur_as_check() {
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..2000 {
            seen.insert(check_character(&format!("12420100WH{number:07}")).unwrap());
        }
        assert_eq!(seen.len(), ALPHABET.len());
    }

    #[test]
    fn foreign_input_is_refused_with_its_place() {
        assert_eq!(validate(""), Err(CreditCodeFault::Length { found: 0 }));
        assert_eq!(validate("1242000042000186X"), Err(CreditCodeFault::Length { found: 17 }));
        assert_eq!(validate("1242000042000186X22"), Err(CreditCodeFault::Length { found: 19 }));
        for (at, found) in [(0, 'I'), (5, 'O'), (9, 's'), (17, 'Z'), (3, '号'), (17, '号')] {
            let wrong: String =
                VALID[0].chars().enumerate().map(|(i, c)| if i == at { found } else { c }).collect();
            assert_eq!(validate(&wrong), Err(CreditCodeFault::Character { at, found }), "{wrong}");
        }
    }
}
