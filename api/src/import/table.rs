//! Rows of a file as rows of named cells.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::NaiveDate;

use super::columns::{self, Header};
use super::file::{Book, Cell, RawRow, shown};
use crate::fault::{Code, Fault, Rejection};

/// One row: its line in the file and its cells by header. What is wrong with cells is collected while they are read.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub(super) line: u64,
    cells: HashMap<&'static str, Cell>,
    pub(super) faults: Vec<Rejection>,
}

/// Between the words of several columns that mean the same.
pub(super) const ALSO: char = '\u{1f}';

/// What the columns of a file mean.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// Line of the headers.
    pub(super) header_line: u64,
    /// In the order of the file; none for one that is left out.
    pub(super) columns: Vec<Option<&'static str>>,
    pub(super) required: Vec<&'static str>,
}

impl Mapping {
    /// The cells of a row by their columns. What is missing is noted.
    pub(super) fn cells(&self, row: &RawRow) -> Cells {
        let mut faults = Vec::new();
        if row.exact && row.cells.len() != self.columns.len() {
            let expected = format!(
                "{} 列，现为 {} 列 / {} cells",
                self.columns.len(),
                row.cells.len(),
                self.columns.len()
            );
            faults.push(Rejection::new(Code::Malformed).with("expected", expected));
        }
        let mut cells = HashMap::with_capacity(self.columns.len());
        for (column, cell) in self.columns.iter().zip(&row.cells) {
            if let (Some(name), false) = (column, cell.is_empty()) {
                // Only what is secret may be said twice, and every word of it counts.
                let said = cells.remove(name);
                let all =
                    said.map(|said: Cell| Cell::Text(format!("{}{ALSO}{}", said.shown(), cell.shown())));
                cells.insert(*name, all.unwrap_or_else(|| cell.clone()));
            }
        }
        for name in &self.required {
            if faults.is_empty() && !cells.contains_key(name) {
                faults.push(Rejection::new(Code::Required).at(name));
            }
        }
        Cells { line: row.line, cells, faults }
    }
}

/// Reads all rows of a file whose headers are the names of columns, none of them unknown.
///
/// # Errors
/// Where the file as a whole cannot be understood: its kind, its encoding, its headers.
pub(super) fn read(book: &mut Book, known: &'static [Header]) -> Result<Vec<Cells>, Fault> {
    let mut mapping: Option<Result<Mapping, Fault>> = None;
    let mut rows = Vec::new();
    book.rows(|row| match &mapping {
        None if row.is_blank() => true,
        None => {
            let found = strict(&row, known);
            let go_on = found.is_ok();
            mapping = Some(found);
            go_on
        }
        Some(Ok(mapping)) => {
            // A line of commas alone is no row.
            if !row.is_blank() {
                rows.push(mapping.cells(&row));
            }
            true
        }
        Some(Err(_)) => false,
    })?;
    mapping.ok_or_else(|| wrong("有一行列名 / a line of headers".to_owned()))??;
    Ok(rows)
}

fn wrong(expected: String) -> Fault {
    Rejection::new(Code::Malformed).at("file").with("expected", expected).into()
}

/// The headers of a file that is loaded at the command line: an unknown one may be a mistyped one.
fn strict(row: &RawRow, known: &'static [Header]) -> Result<Mapping, Fault> {
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    for cell in &row.cells {
        let name = cell.shown();
        let Some(header) = columns::recognised(&name, known) else {
            let names: Vec<&str> = known.iter().map(|header| header.name).collect();
            return Err(wrong(format!(
                "列名之一（现有未知列“{name}”） / one of the headers, not {name:?}: {}",
                names.join(", ")
            )));
        };
        if columns.contains(&Some(header.name)) {
            let name = header.name;
            return Err(wrong(format!("每列只出现一次：{name} / each header once: {name}")));
        }
        columns.push(Some(header.name));
    }
    let required: Vec<&'static str> =
        known.iter().filter(|header| header.required).map(|header| header.name).collect();
    if let Some(missing) = required.iter().find(|name| !columns.contains(&Some(**name))) {
        return Err(wrong(format!("含有列 {missing} / a column {missing}")));
    }
    Ok(Mapping { header_line: row.line, columns, required })
}

impl Cells {
    /// Whether nothing stands in the cell, or the file has no such column.
    pub(super) fn is_empty(&self, name: &str) -> bool {
        !self.cells.contains_key(name)
    }

    /// The text of a cell as it is shown; none where it is empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.cells.get(name).map(Cell::shown)
    }

    /// As [`Cells::text`], noting the result of a formula that is an error.
    pub(super) fn words(&mut self, name: &str) -> Option<String> {
        self.read(name, "公式结果有误，请填写值 / a value: the formula has none", |cell| match cell
        {
            Cell::Error(_) => None,
            other => Some(other.shown()),
        })
    }

    /// As [`Cells::words`], for numbers of things: a spreadsheet keeps 15 digits of what it takes for a number.
    pub(super) fn digits(&mut self, name: &str) -> Option<String> {
        let expected = "文本：该编号被表格存成了数值，位数可能已丢失，请将该列设为文本格式后重新填写 / \
             text: the spreadsheet keeps it as a number and may have lost digits";
        self.read(name, expected, |cell| match cell {
            Cell::Number(number) if number.abs() >= 1e15 || number.fract() != 0.0 => None,
            Cell::Error(_) => None,
            other => Some(other.shown()),
        })
    }

    /// The text of a required cell: an empty one has been noted by [`Mapping::cells`].
    pub(super) fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn read<T>(&mut self, name: &str, expected: &str, read: impl Fn(&Cell) -> Option<T>) -> Option<T> {
        let cell = self.cells.get(name)?;
        let value = read(cell);
        if value.is_none() {
            self.faults.push(Rejection::new(Code::Malformed).at(name).with("expected", expected));
        }
        value
    }

    fn parsed<T>(&mut self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.read(name, expected, |cell| match cell {
            Cell::Error(_) => None,
            other => parse(&other.shown()),
        })
    }

    /// A civil day.
    pub(super) fn day(&mut self, name: &str) -> Option<NaiveDate> {
        let expected = "2026-03-01 或 2026/3/1 / 2026-03-01 or 2026/3/1";
        self.read(name, expected, |cell| match cell {
            Cell::Day(day) => Some(*day),
            Cell::Number(number) => day_of_number(*number),
            Cell::Text(text) => day_of_text(text),
            _ => None,
        })
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        self.parsed(name, "整数 / a whole number", |cell| cell.replace([',', '，'], "").parse().ok())
    }

    /// A number with a fraction.
    pub(super) fn measure(&mut self, name: &str) -> Option<f64> {
        self.parsed(name, "数值 / a number", |cell| {
            cell.replace([',', '，'], "").parse().ok().filter(|number: &f64| number.is_finite())
        })
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "是/否 / true or false", |cell| match cell.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "是" | "有" | "√" => Some(true),
            "false" | "0" | "no" | "n" | "否" | "无" | "×" => Some(false),
            _ => None,
        })
    }

    /// An amount in major units with at most two decimals, as minor units.
    pub(super) fn money(&mut self, name: &str) -> Option<i64> {
        self.read(name, "金额（元），如 4500.00 / an amount such as 4500.00", |cell| match cell {
            Cell::Number(number) => cents(*number),
            Cell::Text(text) => {
                let plain = text.replace([',', '，', ' '], "");
                let plain = plain.trim_start_matches(['¥', '￥']).trim_end_matches('元');
                minor_units(plain)
            }
            _ => None,
        })
    }

    /// One of the names of an enum, or of its words.
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
    // Zeros behind the second decimal are what formats add: 4500.0000.
    let cents = if cents.len() > 2 { cents.trim_end_matches('0') } else { cents };
    if whole.is_empty() || !digits(whole) || !digits(cents) || cents.len() > 2 || text.ends_with('.') {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// A number of a spreadsheet as minor units, by the 15 digits that it shows: sums of it carry an error in the sixteenth.
fn cents(number: f64) -> Option<i64> {
    (0.0..1e13).contains(&number).then(|| minor_units(&shown(number))).flatten()
}

/// Days as systems write them.
fn day_of_text(text: &str) -> Option<NaiveDate> {
    // A time of day is left out.
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let day = day.trim_end_matches('日').replace(['年', '月', '/', '.'], "-");
    NaiveDate::parse_from_str(&day, "%Y-%m-%d").ok().or_else(|| {
        let plain = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| NaiveDate::parse_from_str(&day, "%Y%m%d").ok()).flatten()
    })
}

/// `20200501` written as a number, or the day's number in a spreadsheet whose cell has lost its format.
fn day_of_number(number: f64) -> Option<NaiveDate> {
    if number.fract() == 0.0 && (19_000_101.0..=99_991_231.0).contains(&number) {
        return day_of_text(&shown(number));
    }
    // 1927 to 2173: a smaller number is rather a year or a count.
    if !(10_000.0..100_000.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 10,000 and 100,000")]
    let days = number.trunc() as i64;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_signed(chrono::TimeDelta::days(days))
}

#[cfg(test)]
mod unit_tests {
    use super::*;
    use crate::import::columns::{may, must};
    use crate::import::file::Source;

    const HEADERS: &[Header] = &[must("code"), may("name")];

    fn read(bytes: &[u8]) -> Result<Vec<Cells>, Fault> {
        super::read(&mut Book::open(Source::from(bytes.to_vec()))?, HEADERS)
    }

    #[test]
    fn amounts_are_read_to_the_cent_and_nothing_else_is() {
        for (text, expected) in [
            ("4500", Some(450_000)),
            ("4500.5", Some(450_050)),
            ("4500.5000", Some(450_050)),
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
        for (number, expected) in
            [(4500.0, Some(450_000)), (0.1 + 0.2, Some(30)), (1.005, None), (-1.0, None), (1e300, None)]
        {
            assert_eq!(cents(number), expected, "{number}");
        }
    }

    #[test]
    fn days_are_read_as_systems_write_them() {
        let day = NaiveDate::from_ymd_opt(2020, 5, 1);
        for text in ["2020-05-01", "2020/5/1", "2020.5.1", "2020年5月1日", "20200501", "2020-05-01 00:00:00"]
        {
            assert_eq!(day_of_text(text), day, "{text}");
        }
        assert_eq!((day_of_number(43_952.0), day_of_number(20_200_501.0)), (day, day));
        assert_eq!((day_of_text("2020-13-01"), day_of_number(2020.0)), (None, None));
    }

    #[test]
    fn a_mark_at_the_beginning_and_quotes_are_understood() {
        let rows = read("\u{feff}code,name\r\nA,\" 桌, 椅 \"\r\n\r\nB,\r\n".as_bytes()).unwrap();
        assert_eq!(rows[0].text("name").as_deref(), Some("桌, 椅"));
        assert_eq!((rows[0].line, rows[1].line, rows[1].text("name")), (2, 4, None));
        let rows = read(b"code,name\nA,\"two\nlines\"\n\n\nB,x").unwrap();
        assert_eq!((rows[0].line, rows[1].line), (2, 6));
    }

    #[test]
    fn what_is_no_such_file_is_refused_as_a_whole() {
        assert!(read(b"").is_err());
        assert!(read(b"name\nx\n").is_err(), "a required column is missing");
        assert!(read(b"code,colour\nx,y\n").is_err(), "an unknown one may be a mistyped one");
        assert!(read(b"code,code\nx,y\n").is_err());
        assert_eq!(read(b"code,name\nx,\xC4\xE3\n").unwrap()[0].text("name").as_deref(), Some("你"), "GBK");
    }

    #[test]
    fn a_row_of_another_length_or_without_its_code_is_bad_alone() {
        let rows = read(b"code,name\nx\n,y\nz,w\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.faults.len()).collect::<Vec<_>>(), [1, 1, 0]);
    }
}
