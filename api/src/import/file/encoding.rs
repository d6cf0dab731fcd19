//! Bytes as text. What encoding was taken is told, because a wrong guess shows only in names.

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

use super::Refused;

/// The text, and the encoding it was read in.
pub(super) fn decode(bytes: Vec<u8>) -> Result<(String, &'static str), Refused> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        let text = std::str::from_utf8(rest).map_err(|_| unreadable("UTF-8"))?;
        return Ok((text.to_owned(), "UTF-8"));
    }
    for (mark, encoding, name) in
        [(&b"\xFF\xFE"[..], UTF_16LE, "UTF-16LE"), (b"\xFE\xFF", UTF_16BE, "UTF-16BE")]
    {
        if let Some(rest) = bytes.strip_prefix(mark) {
            return strict(encoding, rest).map(|text| (text, name)).ok_or_else(|| unreadable(name));
        }
    }
    if bytes.contains(&0) {
        return Err(Refused::new(
            "文件含有空字节：可能是没有标记的 UTF-16 或不是文本文件，请另存为“CSV UTF-8”。",
            "It holds NUL bytes: UTF-16 without its mark, or no text at all. Save it as \"CSV UTF-8\".",
        ));
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok((text, "UTF-8")),
        Err(error) => error.into_bytes(),
    };
    // Excel saves "CSV" in the code page of Windows, which is GBK here; GB18030 holds all of it.
    strict(GB18030, &bytes).map(|text| (text, "GB18030")).ok_or_else(|| {
        Refused::new(
            "无法识别文字编码（既不是 UTF-8 也不是 GBK/GB18030），请在 Excel 中另存为“CSV UTF-8”。",
            "Its encoding is neither UTF-8 nor GBK/GB18030. Save it in Excel as \"CSV UTF-8\".",
        )
    })
}

/// Without a single letter that had to be guessed.
fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into)
}

fn unreadable(name: &str) -> Refused {
    Refused::new(
        format!("文件标明为 {name} 编码，但内容不符或被截断，请重新导出。"),
        format!("It says that it is {name}, and is not, or was cut off. Export it again."),
    )
}

/// The name of an entry of an archive: UTF-8, or what Windows writes here.
pub(super) fn name(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(name) => name.to_owned(),
        Err(_) => strict(GB18030, bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_known_and_told() {
        let text = "资产编号,名称\n1,办公桌";
        let utf16 = |big: bool| {
            let mut bytes = if big { vec![0xfe, 0xff] } else { vec![0xff, 0xfe] };
            for unit in text.encode_utf16() {
                bytes.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            bytes
        };
        let gbk = GB18030.encode(text).0.into_owned();
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (format!("\u{feff}{text}").into_bytes(), "UTF-8"),
            (utf16(false), "UTF-16LE"),
            (utf16(true), "UTF-16BE"),
            (gbk, "GB18030"),
        ] {
            assert_eq!(decode(bytes).unwrap(), (text.to_owned(), name));
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"a\0b"[..], b"\xff\xfe\x00\xd8", b"\xef\xbb\xbf\xff", b"\x81", b"a,\xff\xff\n"] {
            assert!(decode(bytes.to_vec()).is_err(), "{bytes:?}");
        }
    }
}
