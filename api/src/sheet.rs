//! CSV as it goes out: with the mark by which Excel knows UTF-8, and harmless for spreadsheets.

use bytes::Bytes;

/// Rows on their way out.
#[derive(Debug)]
pub(crate) struct Csv(csv::Writer<Vec<u8>>, bool);

impl Csv {
    pub(crate) fn new() -> Self {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .flexible(true)
            .from_writer(Vec::new());
        Self(writer, false)
    }

    /// Begins with the mark of UTF-8: without it Excel takes the code page of Windows.
    pub(crate) fn mark(&mut self) {
        self.1 = true;
    }

    /// A row of cells.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        let cells: Vec<String> = cells.into_iter().map(harmless).collect();
        if let Err(error) = self.0.write_record(&cells) {
            // Into memory nothing fails.
            tracing::error!(%error, "a row was not written");
        }
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        let rows = self.0.into_inner().unwrap_or_default();
        if self.1 { [b"\xEF\xBB\xBF".as_slice(), &rows].concat().into() } else { rows.into() }
    }
}

/// A spreadsheet takes what begins like a formula for one: with an apostrophe before it, it is text. The import takes the
/// apostrophe off again. A plain number stays a number.
fn harmless(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let number = cell.strip_prefix(['-', '+']).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    // NUL and the like are no text in any spreadsheet.
    let kept = cell.replace(|sign: char| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t'), "");
    if risky && !number { format!("'{kept}") } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_text() {
        let mut csv = Csv::new();
        csv.mark();
        csv.row(["=1+1", "@x", "-5", "-5.5", "-A1", "+cmd|' /C calc'!A0", "办公桌, \"大\"", "a\0b"]);
        let text = String::from_utf8(csv.into_bytes().to_vec()).unwrap();
        assert_eq!(text, "\u{feff}'=1+1,'@x,-5,-5.5,'-A1,'+cmd|' /C calc'!A0,\"办公桌, \"\"大\"\"\",ab\r\n");
    }
}
