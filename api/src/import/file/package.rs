//! An archive before it is trusted: how much it unpacks to, and whether its XML is of the plain kind.

use std::io::Read;

use zip::ZipArchive;
use zip::result::ZipError;

use super::{Refused, Source, encoding};

/// Parts of a workbook at most.
const MOST_PARTS: usize = 5_000;
/// What all parts may unpack to: a million rows of a dozen cells.
const MOST_BYTES: u64 = 1 << 30;
/// What the texts that cells share may unpack to: they are kept in memory.
const MOST_SHARED: u64 = 96 << 20;
/// From how many bytes on the ratio is looked at, and how many times a part may be larger than it was packed: a plain sheet is
/// ten to a hundred times.
const RATIO: (u64, u64) = (4 << 20, 250);
/// Longest stretch between two tags: a cell's text with every letter escaped is shorter.
const LONGEST: usize = 512 * 1024;
/// Tags within tags.
const DEEPEST: i64 = 64;

/// Opens an archive.
pub(in crate::import) fn archive(source: Source) -> Result<ZipArchive<Source>, Refused> {
    ZipArchive::new(source).map_err(damaged)
}

/// The name of an entry as its maker wrote it.
pub(in crate::import) fn name_of(raw: &[u8]) -> String {
    encoding::name(raw)
}

pub(super) fn damaged(error: ZipError) -> Refused {
    tracing::debug!(%error, "an archive cannot be read");
    Refused::new(
        "压缩包已损坏、被截断或使用了不支持的压缩方式，请重新导出后上传。",
        "The archive is damaged, cut off, or packed in a way that is not supported. Export it again.",
    )
}

fn bomb(name: &str) -> Refused {
    Refused::new(
        format!("文件解压后过大（{name}），不予读取；请删除多余的空行空列后另存。"),
        format!(
            "It unpacks to far more than it should ({name}). Delete empty rows and columns, and save it again."
        ),
    )
}

/// Unpacks every part that a reader would, and keeps nothing of it.
pub(super) fn check(archive: &mut ZipArchive<Source>) -> Result<(), Refused> {
    if archive.len() > MOST_PARTS {
        return Err(bomb("zip"));
    }
    let mut all = 0;
    let mut buffer = vec![0; 64 * 1024];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(damaged)?;
        let name = encoding::name(part.name_raw());
        if part.encrypted() {
            return Err(Refused::new(
                "压缩包设有密码，请取消密码后上传。",
                "The archive is protected by a password. Take it off and upload it again.",
            ));
        }
        let markup = [".xml", ".rels", ".vml"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        if !markup {
            continue;
        }
        let packed = part.compressed_size().max(1);
        let shared = name.to_ascii_lowercase().contains("sharedstrings");
        let (mut size, mut scan) = (0_u64, Scan::default());
        loop {
            let read = part.read(&mut buffer).map_err(|error| damaged(error.into()))?;
            if read == 0 {
                break;
            }
            size += read as u64;
            all += read as u64;
            let dense = size > RATIO.0 && size / packed > RATIO.1;
            if dense || all > MOST_BYTES || (shared && size > MOST_SHARED) {
                return Err(bomb(&name));
            }
            scan.take(&buffer[..read]).map_err(|odd| odd.refused(&name))?;
        }
    }
    Ok(())
}

/// What no spreadsheet program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    /// A declaration: of a document type, of entities.
    Declaration,
    Deep,
    Long,
}

impl Odd {
    fn refused(self, name: &str) -> Refused {
        let (zh, en) = match self {
            Self::Declaration => ("含有 XML 声明或实体", "declarations or entities"),
            Self::Deep => ("标签嵌套过深", "tags nested too deeply"),
            Self::Long => ("有过长的内容", "a text that is too long"),
        };
        Refused::new(
            format!("工作簿内部（{name}）{zh}，不予读取；请用 Excel 或 WPS 重新另存。"),
            format!("The workbook ({name}) has {en}. Save it again with Excel or WPS."),
        )
    }
}

/// Walks over markup byte by byte: where tags begin and end, and how deep they are.
#[derive(Debug, Default)]
struct Scan {
    depth: i64,
    stretch: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After `<`.
    Open,
    /// In `<?…`.
    Instruction,
    /// In a tag; whether it is an end, and whether the last sign was a slash.
    Tag { end: bool, slash: bool },
    /// In an attribute's value.
    Quoted { end: bool, quote: u8 },
}

impl Scan {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Odd> {
        for byte in bytes {
            self.stretch += 1;
            self.state = match (self.state, *byte) {
                (State::Text, b'<') => {
                    self.stretch = 0;
                    State::Open
                }
                (State::Text, _) => State::Text,
                (State::Open, b'!') => return Err(Odd::Declaration),
                (State::Open, b'?') => State::Instruction,
                (State::Open, b'/') => State::Tag { end: true, slash: false },
                (State::Open, _) => State::Tag { end: false, slash: false },
                (State::Instruction, b'>') => State::Text,
                (State::Instruction, _) => State::Instruction,
                (State::Tag { end, slash }, b'>') => {
                    self.depth += match (end, slash) {
                        (true, _) => -1,
                        (false, true) => 0,
                        (false, false) => 1,
                    };
                    State::Text
                }
                (State::Tag { end, .. }, quote @ (b'"' | b'\'')) => State::Quoted { end, quote },
                (State::Tag { end, .. }, sign) => State::Tag { end, slash: sign == b'/' },
                (State::Quoted { end, quote }, sign) if sign == quote => State::Tag { end, slash: false },
                (quoted, _) => quoted,
            };
            if self.stretch > LONGEST {
                return Err(Odd::Long);
            }
            if self.depth > DEEPEST {
                return Err(Odd::Deep);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Result<i64, Odd> {
        let mut scan = Scan::default();
        // In small parts, as it may come.
        for part in text.as_bytes().chunks(3) {
            scan.take(part)?;
        }
        Ok(scan.depth)
    }

    #[test]
    fn plain_markup_passes_and_closes() {
        assert_eq!(scan("<?xml version=\"1.0\"?><a b='>/>'><c/><d e=\"/\">x</d></a>"), Ok(0));
    }

    #[test]
    fn what_no_spreadsheet_writes_is_found() {
        assert_eq!(scan("<!DOCTYPE a [<!ENTITY b \"c\">]><a/>"), Err(Odd::Declaration));
        assert_eq!(scan(&"<a>".repeat(65)), Err(Odd::Deep));
        assert_eq!(scan(&format!("<a>{}</a>", "x".repeat(LONGEST))), Err(Odd::Long));
    }
}
