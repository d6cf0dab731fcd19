//! A CSV file as rows of named cells.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::NaiveDate;

use crate::fault::{Code, Fault, Rejection};

/// Largest file taken, in bytes: reference data of a province fits into a tenth of it.
const LARGEST: usize = 64 << 20;

/// A column that a file may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

/// Must be there.
pub(super) const fn must(name: &'static str) -> Header {
    Header { name, required: true }
}

/// May be there.
pub(super) const fn may(name: &'static str) -> Header {
    Header { name, required: false }
}

/// One row: its line in the file and its cells by header. What is wrong with cells is collected while they are read.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub(super) line: u64,
    cells: HashMap<&'static str, String>,
    pub(super) faults: Vec<Rejection>,
}

/// Reads the rows of a file.
///
/// # Errors
/// Where the file as a whole cannot be understood: its encoding, its headers.
pub(super) fn read(bytes: &[u8], headers: &[Header]) -> Result<Vec<Cells>, Fault> {
    let wrong =
        |expected: String| Fault::from(Rejection::new(Code::Malformed).at("file").with("expected", expected));
    if bytes.len() > LARGEST {
        return Err(wrong(format!("不超过 {LARGEST} 字节 / at most {LARGEST} bytes")));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| {
        wrong("UTF-8 编码（Excel 请另存为“CSV UTF-8”） / UTF-8 (in Excel save as \"CSV UTF-8\")".to_owned())
    })?;
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let found = reader.headers().map_err(|error| wrong(format!("CSV: {error}")))?.clone();
    let known: Vec<&str> = headers.iter().map(|header| header.name).collect();
    let mut columns = Vec::new();
    for name in &found {
        let Some(header) = known.iter().find(|known| **known == name.to_ascii_lowercase()) else {
            return Err(wrong(format!(
                "列名之一（现有未知列“{name}”） / one of the headers, not {name:?}: {}",
                known.join(", ")
            )));
        };
        if columns.contains(header) {
            return Err(wrong(format!("每列只出现一次：{header} / each header once: {header}")));
        }
        columns.push(*header);
    }
    if let Some(missing) = headers.iter().find(|header| header.required && !columns.contains(&header.name)) {
        return Err(wrong(format!("含有列 {} / a column {}", missing.name, missing.name)));
    }
    // The static names, in the order of the file.
    let columns: Vec<&'static str> = columns
        .iter()
        .filter_map(|column| headers.iter().find(|header| header.name == *column).map(|header| header.name))
        .collect();
    let mut rows = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| wrong(format!("CSV: {error}")))?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let mut faults = Vec::new();
        if record.len() != columns.len() {
            let expected =
                format!("{} 列，现为 {} 列 / {} cells", columns.len(), record.len(), columns.len());
            faults.push(Rejection::new(Code::Malformed).with("expected", expected));
        }
        let mut cells: HashMap<&'static str, String> = HashMap::new();
        for (column, cell) in columns.iter().zip(&record) {
            if !cell.is_empty() {
                cells.insert(column, cell.to_owned());
            }
        }
        for header in headers.iter().filter(|header| header.required) {
            if faults.is_empty() && !cells.contains_key(header.name) {
                faults.push(Rejection::new(Code::Required).at(header.name));
            }
        }
        rows.push(Cells { line, cells, faults });
    }
    Ok(rows)
}

/// Counts lines as an editor shows them. The reader's own count is of the place where it began to look for a record, which
/// may be before empty lines, or in the middle of a Windows line end.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Line of the record that was looked for from byte `from` on; `from` only grows.
    fn of(&mut self, from: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let from = usize::try_from(from).unwrap_or(bytes.len()).min(bytes.len());
        let begins = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &bytes[self.at.min(from + begins)..from + begins];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = from + begins;
        self.line
    }
}

impl Cells {
    /// The text of a cell; none where it is empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.cells.get(name).cloned()
    }

    /// The text of a required cell: an empty one has been noted by [`read`].
    pub(super) fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn parsed<T>(&mut self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let cell = self.cells.get(name)?;
        let value = parse(cell);
        if value.is_none() {
            self.faults.push(Rejection::new(Code::Malformed).at(name).with("expected", expected));
        }
        value
    }

    /// A civil day.
    pub(super) fn day(&mut self, name: &str) -> Option<NaiveDate> {
        self.parsed(name, "2026-03-01 或 2026/3/1 / 2026-03-01 or 2026/3/1", |cell| {
            let formats = ["%Y-%m-%d", "%Y/%m/%d"];
            formats.iter().find_map(|format| NaiveDate::parse_from_str(cell, format).ok())
        })
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        self.parsed(name, "整数 / a whole number", |cell| cell.parse().ok())
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "是/否 / true or false", |cell| match cell.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "是" => Some(true),
            "false" | "0" | "no" | "否" => Some(false),
            _ => None,
        })
    }

    /// An amount in major units with at most two decimals, as minor units.
    pub(super) fn money(&mut self, name: &str) -> Option<i64> {
        self.parsed(name, "金额（元），如 4500.00 / an amount such as 4500.00", minor_units)
    }

    /// One of the names of an enum, or of its Chinese words.
    pub(super) fn one_of<T: FromStr>(&mut self, name: &str, words: &[(&str, &str)]) -> Option<T> {
        let known: Vec<String> = words.iter().map(|(code, word)| format!("{code} ({word})")).collect();
        self.parsed(name, &known.join(", "), |cell| {
            let code = words.iter().find(|(_, word)| *word == cell).map(|(code, _)| *code);
            code.unwrap_or(&cell.to_ascii_uppercase()).parse().ok()
        })
    }
}

fn minor_units(text: &str) -> Option<i64> {
    let (whole, cents) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(cents) || cents.len() > 2 || text.ends_with('.') {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    const HEADERS: &[Header] = &[must("code"), may("name")];

    #[test]
    fn amounts_are_read_to_the_cent_and_nothing_else_is() {
        for (text, expected) in [
            ("4500", Some(450_000)),
            ("4500.5", Some(450_050)),
            ("0.05", Some(5)),
            ("4500.", None),
            (".5", None),
            ("1.005", None),
            ("-1", None),
            ("1e3", None),
            ("92233720368547758079", None),
        ] {
            assert_eq!(minor_units(text), expected, "{text}");
        }
    }

    #[test]
    fn a_mark_at_the_beginning_and_quotes_are_understood() {
        let rows = read("\u{feff}code,name\r\nA,\" 桌, 椅 \"\r\n\r\nB,\r\n".as_bytes(), HEADERS).unwrap();
        assert_eq!(rows[0].text("name").as_deref(), Some("桌, 椅"));
        assert_eq!((rows[0].line, rows[1].line, rows[1].text("name")), (2, 4, None));
        let rows = read(b"code,name\nA,\"two\nlines\"\n\n\nB,x", HEADERS).unwrap();
        assert_eq!((rows[0].line, rows[1].line), (2, 6));
    }

    #[test]
    fn what_is_no_such_file_is_refused_as_a_whole() {
        assert!(read(b"", HEADERS).is_err());
        assert!(read(b"name\nx\n", HEADERS).is_err(), "a required column is missing");
        assert!(read(b"code,colour\nx,y\n", HEADERS).is_err(), "an unknown one may be a mistyped one");
        assert!(read(b"code,code\nx,y\n", HEADERS).is_err());
        assert!(read(b"code,name\nx,\xC4\xE3\n", HEADERS).is_err(), "GBK");
    }

    #[test]
    fn a_row_of_another_length_or_without_its_code_is_bad_alone() {
        let rows = read(b"code,name\nx\n,y\nz,w\n", HEADERS).unwrap();
        assert_eq!(rows.iter().map(|row| row.faults.len()).collect::<Vec<_>>(), [1, 1, 0]);
    }
}
