//! What columns mean: the words by which people call them, which line of a file holds them, and what is proposed. Pure.

use std::collections::BTreeMap;

use super::file::RawRow;

/// A column that a file may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    pub(super) required: bool,
    /// What else it is called in files.
    pub(super) words: &'static [&'static str],
}

/// Must be there.
pub(super) const fn must(name: &'static str) -> Header {
    Header { name, required: true, words: &[] }
}

/// May be there.
pub(super) const fn may(name: &'static str) -> Header {
    Header { name, required: false, words: &[] }
}

impl Header {
    /// Also called so.
    pub(super) const fn called(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }
}

/// Lines among which the headers are looked for: systems put a title, the unit and the day above them.
pub(super) const HEADER_WITHIN: u64 = 30;

/// A header without what forms add to it: blanks, stars, units in brackets.
fn plain(header: &str) -> String {
    let cut = header.split(['(', '（', '[', '【', '\n', '\r']).next().unwrap_or_default();
    // Such as （元）: what stands in the brackets only is all there is.
    let cut = if cut.trim().is_empty() { header } else { cut };
    cut.chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '*' | '＊' | ':' | '：' | '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The column that a header names by itself.
pub(super) fn recognised<'a>(header: &str, known: &'a [Header]) -> Option<&'a Header> {
    let header = plain(header);
    if header.is_empty() {
        return None;
    }
    let called =
        |known: &&Header| std::iter::once(&known.name).chain(known.words).any(|word| plain(word) == header);
    known.iter().find(called)
}

/// Headers as texts; a second one of the same text is told apart by its number.
pub(super) fn texts(row: &RawRow) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    row.cells
        .iter()
        .map(|cell| {
            let text: String = cell.shown().chars().take(100).collect();
            let count = seen.entry(text.clone()).or_default();
            *count += 1;
            if *count == 1 || text.is_empty() { text } else { format!("{text} #{count}") }
        })
        .collect()
}

/// Picks the line of headers out of the first lines: the one with most of the known ones, else the first with several
/// cells.
pub(super) fn header_row<'a>(rows: &'a [RawRow], known: &[Header]) -> Option<&'a RawRow> {
    let count =
        |row: &RawRow| row.cells.iter().filter(|cell| recognised(&cell.shown(), known).is_some()).count();
    let filled = |row: &&RawRow| row.cells.iter().filter(|cell| !cell.is_empty()).count();
    // The first of those with most.
    let best = rows.iter().rev().max_by_key(|row| count(row)).filter(|row| count(row) > 1);
    best.or_else(|| rows.iter().find(|row| filled(row) > 1))
        .or_else(|| rows.iter().find(|row| !row.is_blank()))
}

/// What each header means: as it was mapped last, else by its words. No column twice.
pub(super) fn propose(
    headers: &[String],
    known: &'static [Header],
    kept: &BTreeMap<String, String>,
) -> Vec<Option<&'static str>> {
    let mut taken: Vec<&'static str> = Vec::new();
    let mut proposed = vec![None; headers.len()];
    let by_kept = |header: &String| {
        let name = kept.get(header)?;
        known.iter().find(|known| known.name == name).map(|known| known.name)
    };
    for (place, header) in proposed.iter_mut().zip(headers) {
        if let Some(name) = by_kept(header).filter(|name| !taken.contains(name)) {
            taken.push(name);
            *place = Some(name);
        }
    }
    for (place, header) in proposed.iter_mut().zip(headers) {
        // What somebody left out before stays left out.
        if place.is_some() || kept.contains_key(header) {
            continue;
        }
        if let Some(name) =
            recognised(header, known).map(|known| known.name).filter(|name| !taken.contains(name))
        {
            taken.push(name);
            *place = Some(name);
        }
    }
    proposed
}

/// Whether a row only sums others up, as systems write below a list.
pub(super) fn is_total(row: &RawRow) -> bool {
    let first = row.cells.iter().find(|cell| !cell.is_empty()).map(super::file::Cell::shown);
    first.is_some_and(|text| {
        matches!(plain(&text).as_str(), "合计" | "总计" | "小计" | "total" | "sum" | "本页合计")
    })
}

#[cfg(test)]
mod tests {
    use super::super::file::Cell;
    use super::*;

    const KNOWN: &[Header] = &[
        must("asset_number").called(&["资产编号", "资产编码"]),
        must("name").called(&["资产名称", "名称"]),
        may("value").called(&["原值", "账面原值"]),
    ];

    fn row(line: u64, cells: &[&str]) -> RawRow {
        let cell = |text: &&str| if text.is_empty() { Cell::Empty } else { Cell::Text((*text).to_owned()) };
        RawRow { line, cells: cells.iter().map(cell).collect(), exact: false }
    }

    #[test]
    fn headers_are_known_however_forms_write_them() {
        for text in ["资产编号", " *资产 编号：", "Asset_Number", "asset number", "资产编码（必填）"]
        {
            assert_eq!(recognised(text, KNOWN).map(|header| header.name), Some("asset_number"), "{text}");
        }
        assert_eq!(recognised("原值(元)", KNOWN).map(|header| header.name), Some("value"));
        assert!(recognised("", KNOWN).is_none() && recognised("编号", KNOWN).is_none());
    }

    #[test]
    fn the_line_of_headers_is_found_below_a_title() {
        let rows = [
            row(1, &["固定资产明细表"]),
            row(2, &["单位：市教育局", "", "日期：2026-03-01"]),
            row(4, &["序号", "资产编号", "资产名称", "原值(元)"]),
            row(5, &["1", "A1", "办公桌", "100"]),
        ];
        assert_eq!(header_row(&rows, KNOWN).map(|row| row.line), Some(4));
        assert_eq!(header_row(&[row(1, &["a", "b"])], KNOWN).map(|row| row.line), Some(1));
        assert!(is_total(&row(9, &["", "合 计", "100"])) && !is_total(&rows[3]));
    }

    #[test]
    fn what_was_mapped_before_goes_first_and_no_column_comes_twice() {
        let headers: Vec<String> = ["名称", "资产名称", "编码", "原值"].map(str::to_owned).to_vec();
        let words = propose(&headers, KNOWN, &BTreeMap::new());
        assert_eq!(words, [Some("name"), None, None, Some("value")]);
        let kept = [("资产名称", "name"), ("编码", "asset_number"), ("原值", "")];
        let kept = kept.map(|(header, column)| (header.to_owned(), column.to_owned())).into();
        assert_eq!(propose(&headers, KNOWN, &kept), [None, Some("name"), Some("asset_number"), None]);
    }
}
