//! A workbook: the first visible sheet that has something in it, cell by cell. Formulas are read as the results that were
//! stored with them, and never worked out.

use calamine::{Data, DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use chrono::NaiveDate;

use super::{Cell, MOST_COLUMNS, RawRow, Refused, Source, package};

/// A workbook that was checked.
pub(in crate::import) struct Workbook {
    book: Xlsx<Source>,
    sheet: String,
}

impl Workbook {
    /// `checked`: what it unpacks to was looked at before.
    pub(super) fn open(source: Source, checked: bool) -> Result<Self, Refused> {
        let mut archive = package::archive(source)?;
        if archive.index_for_name("xl/workbook.xml").is_none() {
            return Err(Refused::new(
                "这不是 XLSX 工作簿，请上传 CSV 或 XLSX。",
                "It is not an XLSX workbook. Upload CSV or XLSX.",
            ));
        }
        if !checked {
            package::check(&mut archive)?;
        }
        let mut book = Xlsx::new(archive.into_inner()).map_err(refused)?;
        let sheets: Vec<String> = book
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
            .map(|sheet| sheet.name.clone())
            .collect();
        for sheet in sheets {
            if !is_empty(&mut book, &sheet)? {
                return Ok(Self { book, sheet });
            }
        }
        Err(Refused::new("工作簿里没有内容。", "There is nothing in the workbook."))
    }

    pub(super) fn sheet(&self) -> &str {
        &self.sheet
    }

    pub(super) fn rows(
        &mut self,
        each: &mut dyn FnMut(RawRow) -> Result<bool, Refused>,
    ) -> Result<(), Refused> {
        let mut reader = self.book.worksheet_cells_reader(&self.sheet).map_err(refused)?;
        let mut row = RawRow { line: 0, cells: Vec::new(), exact: false };
        while let Some(cell) = reader.next_cell().map_err(refused)? {
            let (line, column) = cell.get_position();
            let line = u64::from(line) + 1;
            if line < row.line {
                return Err(Refused::new("工作表的行不按顺序。", "The rows of the sheet are not in order."));
            }
            let value = read(cell.get_value());
            if value.is_empty() {
                continue;
            }
            if line > row.line {
                let done = std::mem::replace(&mut row, RawRow { line, cells: Vec::new(), exact: false });
                if !done.cells.is_empty() && !each(done)? {
                    return Ok(());
                }
            }
            let column = column as usize;
            if column >= MOST_COLUMNS {
                return Err(super::too_wide(line, column + 1));
            }
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            row.cells[column] = value;
        }
        if !row.cells.is_empty() {
            each(row)?;
        }
        Ok(())
    }
}

fn is_empty(book: &mut Xlsx<Source>, sheet: &str) -> Result<bool, Refused> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(refused)?;
    while let Some(cell) = reader.next_cell().map_err(refused)? {
        if !read(cell.get_value()).is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) if number.is_finite() => Cell::Number(*number),
        DataRef::Float(_) => Cell::Error("#NUM!".to_owned()),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::Error(error) => Cell::Error(error.to_string()),
        // Within the years that a spreadsheet knows.
        DataRef::DateTime(at) if at.is_datetime() && (0.0..2_958_466.0).contains(&at.as_f64()) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            match NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()) {
                Some(day) => Cell::Day(day),
                None => Cell::Error("#DATE".to_owned()),
            }
        }
        DataRef::DateTimeIso(text) => match text.get(..10).and_then(|day| day.parse().ok()) {
            Some(day) => Cell::Day(day),
            None => Cell::text(text),
        },
        other => Cell::text(&Data::from(other.clone()).to_string()),
    }
}

fn refused(error: XlsxError) -> Refused {
    tracing::debug!(%error, "a workbook cannot be read");
    match error {
        XlsxError::Password => Refused::new(
            "文件设有打开密码，请在 Excel 中取消密码后另存再上传。",
            "It is protected by a password. Take the password off in Excel and save it again.",
        ),
        _ => Refused::new(
            "工作簿已损坏或被截断，请在 Excel 或 WPS 中打开后另存再上传。",
            "The workbook is damaged or cut off. Open it in Excel or WPS, save it again and upload that.",
        ),
    }
}
