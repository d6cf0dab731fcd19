//! How text becomes terms, the same way for what is indexed and for what is typed.
//!
//! Text is folded (full width to half width, lower case), cut into pieces of Han characters and pieces of everything
//! else, and each piece gives two kinds of terms:
//!
//! - **words**: of Han, by dictionary, long words also by their parts; of Latin, as written, and a chunk with
//!   hyphens also without them (`P-1106` → `p`, `1106`, `p1106`);
//! - **grams**: of Han, single characters and pairs, so that a substring is found whatever the dictionary thinks.

use std::sync::LazyLock;

use jieba_rs::Jieba;
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

/// Tokenizer of the word fields.
pub(super) const WORDS: &str = "words";
/// Tokenizer of the character fields.
pub(super) const GRAMS: &str = "grams";

/// Longer terms are noise (keys, encoded files), and the engine refuses those beyond 64 KiB.
const MAX_TERM_BYTES: usize = 200;

/// Words that carry nothing and must not be demanded of a listing.
const STOP_WORDS: [&str; 9] = ["的", "了", "和", "与", "及", "之", "或", "等", "在"];

/// One dictionary for the process: it takes tens of megabytes, and is loaded by the first text that needs it.
static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Loads the dictionary, unless it is loaded.
pub(super) fn warm_up() {
    LazyLock::force(&DICTIONARY);
}

/// Lower case and half width; every kind of hyphen becomes `-`.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// A stretch of folded text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Han characters.
    Han(&'a str),
    /// Letters and digits, in the parts between which hyphens stood.
    Latin(Vec<&'a str>),
}

/// Cuts folded text into pieces; what is neither letter nor digit separates.
pub(super) fn pieces(folded: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let length = if is_han(first) {
            rest.find(|c| !is_han(c)).unwrap_or(rest.len())
        } else if is_latin(first) {
            latin_length(rest)
        } else {
            first.len_utf8()
        };
        let (head, tail) = rest.split_at(length);
        if is_han(first) {
            pieces.push(Piece::Han(head));
        } else if is_latin(first) {
            pieces.push(Piece::Latin(head.split(is_joiner).collect()));
        }
        rest = tail;
    }
    pieces
}

/// The text as a code: letters and digits alone (and the point of a decimal), so that `ThinkPad T-14` and
/// `thinkpadt14` are the same.
pub(super) fn code(folded: &str) -> String {
    pieces(folded)
        .into_iter()
        .map(|piece| match piece {
            Piece::Han(text) => text.to_owned(),
            Piece::Latin(parts) => parts.concat(),
        })
        .collect()
}

/// The words of a Han piece of a query; those that carry nothing are left out, unless there are no others.
pub(super) fn query_words(han: &str) -> Vec<&str> {
    let words: Vec<&str> = DICTIONARY.cut(han, true).into_iter().map(|token| token.word).collect();
    let telling: Vec<&str> = words.iter().copied().filter(|word| !STOP_WORDS.contains(word)).collect();
    if telling.is_empty() { words } else { telling }
}

/// The pairs of a Han text, or its only character.
pub(super) fn pairs(han: &str) -> Vec<&str> {
    if han.chars().nth(1).is_none() {
        return vec![han];
    }
    let starts: Vec<usize> = han.char_indices().map(|(at, _)| at).chain([han.len()]).collect();
    starts.windows(3).map(|window| &han[window[0]..window[2]]).collect()
}

/// The tokenizers that the schema names.
pub(super) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(WORDS, TextAnalyzer::from(Terms(words)));
    manager.register(GRAMS, TextAnalyzer::from(Terms(grams)));
    manager
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut terms = Vec::new();
    for piece in pieces(&folded) {
        match piece {
            Piece::Han(han) => {
                terms.extend(
                    DICTIONARY.cut_for_search(han, true).into_iter().map(|token| token.word.to_owned()),
                );
            }
            Piece::Latin(parts) => {
                if parts.len() > 1 {
                    terms.push(parts.concat());
                }
                terms.extend(parts.into_iter().map(str::to_owned));
            }
        }
    }
    terms
}

fn grams(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut terms = Vec::new();
    for piece in pieces(&folded) {
        if let Piece::Han(han) = piece {
            terms.extend(han.chars().map(String::from));
            terms.extend(
                pairs(han).into_iter().filter(|pair| pair.chars().nth(1).is_some()).map(str::to_owned),
            );
        }
    }
    terms
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3005}' | '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_latin(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '-' | '_' | '/')
}

/// How far a Latin piece goes: over letters and digits, over joiners between them, and over the point of a decimal.
fn latin_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        let inside = is_latin(c)
            || (is_joiner(c) && is_latin(next))
            || (c == '.' && before.is_ascii_digit() && next.is_ascii_digit());
        if !inside {
            return at;
        }
        before = c;
    }
    text.len()
}

/// A tokenizer made of a plain function.
#[derive(Clone)]
struct Terms(fn(&str) -> Vec<String>);

impl Tokenizer for Terms {
    type TokenStream<'a> = TermStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermStream {
        TermStream { terms: (self.0)(text).into_iter(), token: Token::default() }
    }
}

struct TermStream {
    terms: std::vec::IntoIter<String>,
    token: Token,
}

impl TokenStream for TermStream {
    fn advance(&mut self) -> bool {
        match self.terms.find(|term| term.len() <= MAX_TERM_BYTES) {
            Some(term) => {
                self.token.text = term;
                self.token.position = self.token.position.wrapping_add(1);
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_width_and_case() {
        assert_eq!(fold("ＴｈｉｎｋＰａｄ　Ｔ－１４—X"), "thinkpad t-14-x");
    }

    #[test]
    fn cuts_by_script_and_keeps_decimals() {
        let text = fold("格力1.5匹空调, KFR-35GW/A.");
        assert_eq!(
            pieces(&text),
            [
                Piece::Han("格力"),
                Piece::Latin(vec!["1.5"]),
                Piece::Han("匹空调"),
                Piece::Latin(vec!["kfr", "35gw", "a"]),
            ]
        );
    }

    #[test]
    fn codes_ignore_spaces_and_hyphens() {
        assert_eq!(code(&fold("ThinkPad T-14")), "thinkpadt14");
        assert_eq!(code(&fold("WH-资 2023/0007")), "wh资20230007");
        assert_ne!(code("1.5"), code("15"));
    }

    #[test]
    fn words_of_chunks_are_whole_and_in_parts() {
        let words = words("惠普 P-1106");
        for word in ["惠普", "p1106", "p", "1106"] {
            assert!(words.contains(&word.to_owned()), "{word} in {words:?}");
        }
    }

    #[test]
    fn grams_are_characters_and_pairs() {
        assert_eq!(grams("会议桌 A4"), ["会", "议", "桌", "会议", "议桌"]);
        assert_eq!(grams("桌"), ["桌"]);
    }

    #[test]
    fn nothing_in_a_query_is_left_when_all_words_are_empty_ones() {
        assert_eq!(query_words("的"), ["的"]);
        assert!(!query_words("会议室的桌子").contains(&"的"));
    }
}
