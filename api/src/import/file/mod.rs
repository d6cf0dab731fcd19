//! A file as rows of cells: CSV in the encodings of this country's spreadsheets, and XLSX. What it may unpack to is bounded
//! before anything of it is understood, and what cannot be read is refused with a sentence that says what to do.

mod encoding;
mod package;
mod text;
mod xlsx;

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};

use chrono::NaiveDate;

use crate::fault::{Code, Fault, Rejection};

pub(super) use package::{archive, name_of};

/// Columns that a file may have.
pub(super) const MOST_COLUMNS: usize = 300;
/// Rows that a file may have: as many as a spreadsheet.
pub(super) const MOST_ROWS: u64 = 1_048_576;
/// Longest text of a cell, in characters: that of a spreadsheet.
const LONGEST_CELL: usize = 32_767;

/// Why a file is not taken as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    zh: String,
    en: String,
}

impl Refused {
    pub(super) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    pub(super) fn rejection(&self) -> Rejection {
        Rejection::new(Code::FileRefused).at("file").with("why_zh", &self.zh).with("why_en", &self.en)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        refused.rejection().into()
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        tracing::warn!(%error, "an import cannot be read");
        Self::new("文件读取失败，请重新上传。", "It could not be read. Upload it again.")
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Day(NaiveDate),
    Flag(bool),
    /// A formula whose result is an error, such as `#REF!`.
    Error(String),
}

impl Cell {
    fn text(text: &str) -> Self {
        let text = text.trim_matches(blank);
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// As a person would type it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => shown(*number),
            Self::Day(day) => day.to_string(),
            Self::Flag(flag) => if *flag { "是" } else { "否" }.to_owned(),
        }
    }
}

/// A number with the 15 digits that a spreadsheet shows, without an exponent.
pub(super) fn shown(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    let digits: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{digits}")
}

/// Blanks of all kinds, also those that nobody sees.
fn blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}' | '\u{00a0}')
}

/// One row of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RawRow {
    /// Its line: the first is 1.
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
    /// Whether a row must have as many cells as the headers.
    pub(super) exact: bool,
}

impl RawRow {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }
}

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Source {
    File(BufReader<File>),
    Memory(Cursor<Vec<u8>>),
}

impl From<File> for Source {
    fn from(file: File) -> Self {
        Self::File(BufReader::with_capacity(64 * 1024, file))
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Memory(Cursor::new(bytes))
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Memory(bytes) => bytes.read(into),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// A file whose kind is known.
pub(super) enum Book {
    /// Text of rows.
    Text(text::Text),
    /// A workbook.
    Sheet(Box<xlsx::Workbook>),
}

impl Book {
    /// Finds out what it is, and whether it may be read.
    pub(super) fn open(source: Source) -> Result<Self, Refused> {
        Self::open_as(source, false)
    }

    /// As [`Book::open`], for the very bytes that were opened before.
    pub(super) fn reopen(source: Source) -> Result<Self, Refused> {
        Self::open_as(source, true)
    }

    fn open_as(mut source: Source, checked: bool) -> Result<Self, Refused> {
        let mut head = [0; 512];
        let read = fill(&mut source, &mut head)?;
        source.rewind()?;
        refuse_foreign(&head[..read], &mut source)?;
        if head.starts_with(b"PK") {
            return Ok(Self::Sheet(Box::new(xlsx::Workbook::open(source, checked)?)));
        }
        Ok(Self::Text(text::Text::open(source)?))
    }

    /// `CSV` or `XLSX`.
    pub(super) fn format(&self) -> &'static str {
        match self {
            Self::Text(_) => "CSV",
            Self::Sheet(_) => "XLSX",
        }
    }

    /// Encoding of a text.
    pub(super) fn encoding(&self) -> Option<&'static str> {
        match self {
            Self::Text(text) => Some(text.encoding()),
            Self::Sheet(_) => None,
        }
    }

    /// Name of the sheet that is read.
    pub(super) fn sheet(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Sheet(book) => Some(book.sheet()),
        }
    }

    /// Shows the rows one after the other; `each` says whether to go on. Blank rows of a workbook are not told.
    pub(super) fn rows(&mut self, mut each: impl FnMut(RawRow) -> bool) -> Result<(), Refused> {
        let mut count = 0;
        let mut most = |row: RawRow| {
            count += 1;
            if count > MOST_ROWS {
                return Err(Refused::new(
                    format!("超过 {MOST_ROWS} 行，请分成几个文件。"),
                    format!("It has more than {MOST_ROWS} rows. Cut it into several files."),
                ));
            }
            if let Some(wide) = row.cells.iter().skip(MOST_COLUMNS).position(|cell| !cell.is_empty()) {
                return Err(too_wide(row.line, MOST_COLUMNS + wide + 1));
            }
            let long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.len() > LONGEST_CELL && text.chars().count() > LONGEST_CELL);
            if row.cells.iter().any(long) {
                return Err(Refused::new(
                    format!("第 {} 行有单元格超过 {LONGEST_CELL} 个字符。", row.line),
                    format!("A cell in line {} has more than {LONGEST_CELL} characters.", row.line),
                ));
            }
            Ok(each(row))
        };
        match self {
            Self::Text(text) => text.rows(&mut most),
            Self::Sheet(book) => book.rows(&mut most),
        }
    }
}

fn too_wide(line: u64, column: usize) -> Refused {
    Refused::new(
        format!("第 {line} 行的内容到了第 {column} 列，最多 {MOST_COLUMNS} 列；请删除多余的列。"),
        format!(
            "Line {line} reaches to column {column}; at most {MOST_COLUMNS} are taken. Delete what is not needed."
        ),
    )
}

fn fill(source: &mut Source, into: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match source.read(&mut into[read..])? {
            0 => break,
            some => read += some,
        }
    }
    Ok(read)
}

/// What people upload by mistake, each with its own word.
fn refuse_foreign(head: &[u8], source: &mut Source) -> Result<(), Refused> {
    let text: Vec<u8> = head.iter().copied().skip_while(|byte| !byte.is_ascii_graphic()).take(64).collect();
    let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
    if head.is_empty() {
        return Err(Refused::new("文件是空的。", "It is empty."));
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        // A container of the old kind: an old workbook, or a new one behind a password.
        let locked = contains(source, &utf16(b"EncryptedPackage"))?;
        return Err(if locked {
            Refused::new(
                "文件设有打开密码，请在 Excel 中取消密码后另存再上传。",
                "It is protected by a password. Take the password off in Excel and save it again.",
            )
        } else {
            Refused::new(
                "旧版 Excel 格式（.xls）不能读取，请在 Excel 中另存为“Excel 工作簿（.xlsx）”。",
                "It is a workbook of the old kind (.xls). Save it in Excel as \"Excel Workbook (.xlsx)\".",
            )
        });
    }
    let page = ["<html", "<!doctype", "<table", "<?xml", "<meta"].iter().any(|mark| text.starts_with(mark));
    if page {
        return Err(Refused::new(
            "这是网页或 XML 文件（有些系统导出的“.xls”实际是网页），请用 Excel 打开后另存为 .xlsx。",
            "It is a web page or XML (some systems export those as .xls). Open it in Excel and save it as .xlsx.",
        ));
    }
    let foreign = [
        (&b"%PDF"[..], "PDF"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"Rar!", "RAR"),
        (b"7z\xbc\xaf", "7z"),
        (b"\x1f\x8b", "gzip"),
    ];
    if let Some((_, name)) = foreign.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(Refused::new(
            format!("这是 {name} 文件，请上传 CSV 或 XLSX。"),
            format!("It is a file of the kind {name}. Upload CSV or XLSX."),
        ));
    }
    Ok(())
}

fn utf16(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|letter| [*letter, 0]).collect()
}

/// Whether the bytes stand somewhere in the file; it is at its beginning afterwards.
fn contains(source: &mut Source, mark: &[u8]) -> Result<bool, Refused> {
    let mut window = Vec::new();
    let mut part = vec![0; 64 * 1024];
    let found = loop {
        let read = source.read(&mut part)?;
        if read == 0 {
            break false;
        }
        window.extend_from_slice(&part[..read]);
        if window.windows(mark.len()).any(|some| some == mark) {
            break true;
        }
        let rest = window.len().saturating_sub(mark.len());
        window.drain(..rest);
    };
    source.rewind()?;
    Ok(found)
}
