//! What a file really is, by its first bytes; its name and declared type prove nothing.

/// The types of photo that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhotoType {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/webp`
    Webp,
}

impl PhotoType {
    /// All types.
    pub const ALL: [PhotoType; 3] = [PhotoType::Jpeg, PhotoType::Png, PhotoType::Webp];

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            PhotoType::Jpeg => "image/jpeg",
            PhotoType::Png => "image/png",
            PhotoType::Webp => "image/webp",
        }
    }

    /// The type a media type names; parameters and case do not matter, `image/jpg` is a common mistake and accepted.
    pub fn from_media_type(text: &str) -> Option<Self> {
        let name = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if name == "image/jpg" {
            return Some(PhotoType::Jpeg);
        }
        Self::ALL.into_iter().find(|kind| kind.media_type() == name)
    }

    /// The type of a file by its content, or what it seems to be instead.
    ///
    /// # Errors
    /// What it is instead, as far as its first bytes tell.
    pub fn of(bytes: &[u8]) -> Result<Self, Foreign> {
        sniff(bytes)
    }

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            PhotoType::Jpeg => "JPEG",
            PhotoType::Png => "PNG",
            PhotoType::Webp => "WebP",
        }
    }
}

/// What was sent instead of a photo, as far as its first bytes tell; known so that the sentence can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// The format of iPhones (HEIC) and its sister AVIF.
    Heif,
    /// GIF
    Gif,
    /// Windows bitmap
    Bmp,
    /// TIFF, and most raw formats of cameras
    Tiff,
    /// PDF
    Pdf,
    /// A video
    Video,
    /// SVG, HTML, a script, or any other text
    Text,
    /// A zip archive or an office document
    Archive,
    /// None of these
    Unknown,
}

impl Foreign {
    /// The name in a Chinese sentence.
    pub fn zh(self) -> &'static str {
        match self {
            Foreign::Heif => "HEIC/AVIF 图片",
            Foreign::Gif => "GIF 图片",
            Foreign::Bmp => "BMP 图片",
            Foreign::Tiff => "TIFF 或相机原始格式图片",
            Foreign::Pdf => "PDF 文件",
            Foreign::Video => "视频",
            Foreign::Text => "文本、网页或 SVG 文件",
            Foreign::Archive => "压缩包或办公文档",
            Foreign::Unknown => "无法识别的文件",
        }
    }

    /// The name in an English sentence, with its article.
    pub fn en(self) -> &'static str {
        match self {
            Foreign::Heif => "a HEIC or AVIF picture",
            Foreign::Gif => "a GIF",
            Foreign::Bmp => "a BMP picture",
            Foreign::Tiff => "a TIFF or raw camera picture",
            Foreign::Pdf => "a PDF",
            Foreign::Video => "a video",
            Foreign::Text => "a text, web page or SVG file",
            Foreign::Archive => "an archive or office document",
            Foreign::Unknown => "of a kind that is not known",
        }
    }
}

/// The type of a file by its content.
pub(super) fn sniff(bytes: &[u8]) -> Result<PhotoType, Foreign> {
    let at = |from: usize, what: &[u8]| bytes.get(from..from + what.len()) == Some(what);
    if at(0, b"\xff\xd8\xff") {
        return Ok(PhotoType::Jpeg);
    }
    if at(0, b"\x89PNG\r\n\x1a\n") {
        return Ok(PhotoType::Png);
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Ok(PhotoType::Webp);
    }
    let foreign = if at(0, b"GIF8") {
        Foreign::Gif
    } else if at(4, b"ftyp") {
        // The brands of still pictures in the box format of MPEG-4; the rest of that family are videos.
        let still = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"];
        if still.iter().any(|brand| at(8, *brand)) { Foreign::Heif } else { Foreign::Video }
    } else if at(0, b"BM") {
        Foreign::Bmp
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        Foreign::Tiff
    } else if at(0, b"%PDF-") {
        Foreign::Pdf
    } else if at(0, b"PK\x03\x04") {
        Foreign::Archive
    } else if at(0, b"\x1a\x45\xdf\xa3") || (at(0, b"RIFF") && at(8, b"AVI ")) {
        Foreign::Video
    } else if looks_like_text(bytes) {
        Foreign::Text
    } else {
        Foreign::Unknown
    };
    Err(foreign)
}

fn looks_like_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(256)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // Only the last character is cut in two.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides() {
        assert_eq!(sniff(b"\xff\xd8\xff\xe0rest"), Ok(PhotoType::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\nrest"), Ok(PhotoType::Png));
        assert_eq!(sniff(b"RIFF\0\0\0\0WEBPVP8 "), Ok(PhotoType::Webp));
        assert_eq!(sniff(b"RIFF\0\0\0\0AVI LIST"), Err(Foreign::Video));
        assert_eq!(sniff(b"\0\0\0\x18ftypheic"), Err(Foreign::Heif));
        assert_eq!(sniff(b"\0\0\0\x18ftypisom"), Err(Foreign::Video));
        assert_eq!(sniff("<svg>图</svg>".as_bytes()), Err(Foreign::Text));
        assert_eq!(sniff(b"PK\x03\x04"), Err(Foreign::Archive));
        assert_eq!(sniff(b"\xff\xd8"), Err(Foreign::Unknown));
        assert_eq!(sniff(b""), Err(Foreign::Unknown));
        assert_eq!(sniff(b"\0\0"), Err(Foreign::Unknown));
    }

    #[test]
    fn media_types_are_read_as_people_write_them() {
        assert_eq!(PhotoType::from_media_type("Image/JPEG; charset=x"), Some(PhotoType::Jpeg));
        assert_eq!(PhotoType::from_media_type("image/jpg"), Some(PhotoType::Jpeg));
        assert_eq!(PhotoType::from_media_type("image/svg+xml"), None);
        assert_eq!(PhotoType::from_media_type(""), None);
    }
}
