//! CSV: comma, semicolon or tab, in one of the known encodings.

use std::io::Read;

use super::{Cell, MOST_COLUMNS, RawRow, Refused, Source, encoding};

/// Largest text taken, in bytes: a hundred thousand rows of thirty columns fit into it.
const LARGEST: u64 = 128 << 20;

/// A text of rows.
pub(in crate::import) struct Text {
    text: String,
    encoding: &'static str,
    delimiter: u8,
}

impl Text {
    pub(super) fn open(source: Source) -> Result<Self, Refused> {
        let mut bytes = Vec::new();
        source.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(Refused::new(
                format!("CSV 超过 {} MB，请分成几个文件。", LARGEST >> 20),
                format!("The CSV is larger than {} MB. Cut it into several files.", LARGEST >> 20),
            ));
        }
        let (text, encoding) = encoding::decode(bytes)?;
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let count = |sign: char| first.matches(sign).count();
        let signs = [',', '\t', ';'];
        // The first of them where none occurs: a file of one column.
        let sign = signs.into_iter().rev().max_by_key(|sign| count(*sign)).unwrap_or(',');
        let delimiter = if count(sign) == 0 { b',' } else { u8::try_from(sign).unwrap_or(b',') };
        Ok(Self { text, encoding, delimiter })
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.encoding
    }

    pub(super) fn rows(&self, each: &mut dyn FnMut(RawRow) -> Result<bool, Refused>) -> Result<(), Refused> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(self.text.as_bytes());
        let mut lines = Lines { text: &self.text, at: 0, line: 1 };
        let mut record = csv::StringRecord::new();
        loop {
            let more = reader.read_record(&mut record).map_err(|error| {
                Refused::new(format!("CSV 格式有误：{error}。"), format!("The CSV cannot be read: {error}."))
            })?;
            if !more {
                return Ok(());
            }
            let line = lines.of(record.position().map_or(0, csv::Position::byte));
            // Commas without end are no cells.
            let filled =
                (0..record.len()).rev().find(|at| !record[*at].is_empty()).map_or(0, |last| last + 1);
            let width = record.len().min(filled.max(MOST_COLUMNS));
            let cells = record.iter().take(width).map(|cell| Cell::text(plain(cell))).collect();
            if !each(RawRow { line, cells, exact: true })? {
                return Ok(());
            }
        }
    }
}

/// A cell as it was before it was made harmless for spreadsheets: `'=…`, and `="0012"`, by which systems keep zeros.
fn plain(cell: &str) -> &str {
    let cell = cell.trim_matches(super::blank);
    if let Some(rest) = cell.strip_prefix('\'')
        && rest.starts_with(['=', '+', '-', '@'])
    {
        return rest;
    }
    cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut found = Vec::new();
        let mut note = |row: RawRow| {
            found.push((row.line, row.cells.iter().map(Cell::shown).collect()));
            Ok(true)
        };
        Text::open(Source::from(text.as_bytes().to_vec())).unwrap().rows(&mut note).unwrap();
        found
    }

    fn words(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let found = rows("\u{feff}a,b\r\n1,\" 桌, 椅 \"\r\n\r\n2,\r\n");
        assert_eq!(found, [(1, words(&["a", "b"])), (2, words(&["1", "桌, 椅"])), (4, words(&["2", ""]))]);
        let found = rows("a,b\n1,\"two\nlines\"\n\n\n2,x");
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 6]);
    }

    #[test]
    fn the_sign_between_cells_is_found() {
        assert_eq!(rows("a\tb,c\td\n")[0].1, ["a", "b,c", "d"]);
        assert_eq!(rows("a;b;c\n")[0].1, ["a", "b", "c"]);
        assert_eq!(rows("a\n")[0].1, ["a"]);
    }

    #[test]
    fn what_was_made_harmless_is_read_as_it_was() {
        assert_eq!(rows("'=1+1,'-5,\"=\"\"0012\"\"\",'x,=2\n")[0].1, ["=1+1", "-5", "0012", "'x", "=2"]);
    }
}
