//! Checks of single values that several slices share: each adds what is wrong to a list, so that one answer tells all.

use crate::fault::{Code, Rejection};

/// A text as it is kept: without blanks around it. Notes what is too long (in characters) or cannot be shown:
/// PostgreSQL keeps no NUL, and nobody sees the other control characters in a card.
pub fn text(faults: &mut Vec<Rejection>, field: &str, value: &str, most: usize) -> String {
    let kept = value.trim();
    if kept.chars().nth(most).is_some() {
        faults.push(Rejection::new(Code::TooLong).at(field).with("most", most));
    } else if kept.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        faults.push(Rejection::new(Code::Malformed).at(field).with("expected", "无控制字符 / no control characters"));
    }
    kept.to_owned()
}

/// As [`text`], where nothing but blanks means that there is none.
pub fn optional_text(faults: &mut Vec<Rejection>, field: &str, value: Option<&str>, most: usize) -> Option<String> {
    value.map(|value| text(faults, field, value, most)).filter(|kept| !kept.is_empty())
}

/// Notes a number outside of `least..=most`.
pub fn range(faults: &mut Vec<Rejection>, field: &str, value: i64, least: i64, most: i64) {
    if !(least..=most).contains(&value) {
        faults.push(Rejection::new(Code::OutOfRange).at(field).with("least", least).with("most", most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_in_characters_and_not_in_bytes() {
        let mut faults = Vec::new();
        assert_eq!(text(&mut faults, "name", " 办公桌 ", 3), "办公桌");
        assert!(faults.is_empty());
        text(&mut faults, "name", "办公桌椅", 3);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].code, Code::TooLong);
    }

    #[test]
    fn a_nul_never_reaches_the_database() {
        let mut faults = Vec::new();
        text(&mut faults, "name", "a\0b", 10);
        assert_eq!(faults[0].code, Code::Malformed);
    }
}
