//! Why a photo is not taken, and what to do about it.

use super::kind::{Foreign, PhotoType};

/// Every reason for which a photo is refused. Closed: each has a stable code and a sentence in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoFault {
    /// No bytes at all.
    Empty,
    /// Not a JPEG, PNG or WebP.
    WrongType {
        /// What it seems to be.
        found: Foreign,
    },
    /// A photo, but not of the declared type.
    TypeMismatch {
        /// What the sender said.
        declared: PhotoType,
        /// What it is.
        found: PhotoType,
    },
    /// Too many bytes.
    TooLarge {
        /// Most bytes allowed.
        limit: u64,
    },
    /// Not as long as declared.
    LengthMismatch,
    /// Not the declared SHA-256.
    HashMismatch,
    /// Too many pixels, or too long a side.
    TooManyPixels {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Longest side allowed.
        max_side: u32,
        /// Most pixels allowed in all.
        max_pixels: u64,
    },
    /// Few enough pixels, but too much memory to unpack (16 bits a channel, progressive JPEG).
    TooMuchMemory,
    /// The end is missing.
    Truncated,
    /// The content contradicts itself.
    Damaged,
    /// A rare variant of a known type (lossless or arithmetic JPEG, for example).
    Unsupported,
    /// More than one picture in turn.
    Animated,
}

impl PhotoFault {
    /// Stable code for programs.
    pub fn code(self) -> &'static str {
        match self {
            PhotoFault::Empty => "PHOTO_EMPTY",
            PhotoFault::WrongType { .. } => "PHOTO_WRONG_TYPE",
            PhotoFault::TypeMismatch { .. } => "PHOTO_TYPE_MISMATCH",
            PhotoFault::TooLarge { .. } => "PHOTO_TOO_LARGE",
            PhotoFault::LengthMismatch => "PHOTO_LENGTH_MISMATCH",
            PhotoFault::HashMismatch => "PHOTO_HASH_MISMATCH",
            PhotoFault::TooManyPixels { .. } => "PHOTO_TOO_MANY_PIXELS",
            PhotoFault::TooMuchMemory => "PHOTO_TOO_MUCH_MEMORY",
            PhotoFault::Truncated => "PHOTO_TRUNCATED",
            PhotoFault::Damaged => "PHOTO_DAMAGED",
            PhotoFault::Unsupported => "PHOTO_UNSUPPORTED",
            PhotoFault::Animated => "PHOTO_ANIMATED",
        }
    }

    /// The sentence in Chinese.
    pub fn zh(self) -> String {
        match self {
            PhotoFault::Empty => "文件是空的,请重新选择照片上传。".into(),
            PhotoFault::WrongType { found: Foreign::Heif } => {
                "这是 HEIC/AVIF 图片,系统只接收 JPEG、PNG、WebP。苹果手机请在“设置→相机→格式”中选“兼容性最佳”后重拍,或另存为 JPEG 再上传。".into()
            }
            PhotoFault::WrongType { found } => {
                format!("文件内容是{},不是照片。请上传 JPEG、PNG 或 WebP 照片;只改扩展名无效,请另存为 JPEG。", found.zh())
            }
            PhotoFault::TypeMismatch { declared, found } => {
                format!("文件声明为 {},内容却是 {}。请按 {} 类型重新上传。", declared.name(), found.name(), found.name())
            }
            PhotoFault::TooLarge { limit } => {
                format!("照片超过 {} 的上限。请压缩或降低分辨率后再上传。", mebibytes(limit))
            }
            PhotoFault::LengthMismatch => "收到的文件长度与声明不符,上传可能中断。请重新上传。".into(),
            PhotoFault::HashMismatch => "收到的文件与声明的校验值不符,传输中可能出错。请重新上传。".into(),
            PhotoFault::TooManyPixels { width, height, max_side, max_pixels } => format!(
                "照片为 {width}×{height} 像素,超过上限(每边 {max_side} 像素、共 {} 万像素)。请缩小尺寸后再上传。",
                max_pixels / 10_000
            ),
            PhotoFault::TooMuchMemory => {
                "照片展开后占用内存过多。请另存为普通 8 位 JPEG(非渐进式)或缩小尺寸后再上传。".into()
            }
            PhotoFault::Truncated => "照片不完整,文件末尾缺失。请从手机或相机重新复制原文件后再上传。".into(),
            PhotoFault::Damaged => "照片已损坏,无法读取。请用看图软件打开确认后另存为 JPEG,再上传。".into(),
            PhotoFault::Unsupported => "照片采用了少见的编码方式,无法读取。请另存为普通 JPEG 再上传。".into(),
            PhotoFault::Animated => "不接收动图。请截取其中一幅,另存为 JPEG 或 PNG 再上传。".into(),
        }
    }

    /// The sentence in English.
    pub fn en(self) -> String {
        match self {
            PhotoFault::Empty => "The file is empty; choose the photo again and upload it.".into(),
            PhotoFault::WrongType { found: Foreign::Heif } => "The file is a HEIC or AVIF picture; only JPEG, PNG and \
                WebP are taken. On an iPhone choose Settings, Camera, Formats, Most Compatible and take it again, or save \
                it as JPEG."
                .into(),
            PhotoFault::WrongType { found } => format!(
                "The file is {}, not a photo; upload a JPEG, PNG or WebP. Changing the file's ending is not enough: \
                 save it as JPEG.",
                found.en()
            ),
            PhotoFault::TypeMismatch { declared, found } => format!(
                "The file was declared as {} but is {}; upload it again as {}.",
                declared.name(),
                found.name(),
                found.name()
            ),
            PhotoFault::TooLarge { limit } => format!(
                "The photo is larger than {}; compress it or lower its resolution and upload it again.",
                mebibytes(limit)
            ),
            PhotoFault::LengthMismatch => {
                "The file received is not as long as declared, the upload was probably cut off; upload it again.".into()
            }
            PhotoFault::HashMismatch => {
                "The file received does not have the declared SHA-256, it was changed on the way; upload it again.".into()
            }
            PhotoFault::TooManyPixels { width, height, max_side, max_pixels } => format!(
                "The photo has {width} × {height} pixels; at most {max_side} a side and {} million in all are taken. \
                 Make it smaller and upload it again.",
                max_pixels / 1_000_000
            ),
            PhotoFault::TooMuchMemory => "The photo needs too much memory to unpack; save it as an ordinary 8-bit JPEG \
                (not progressive) or make it smaller, and upload it again."
                .into(),
            PhotoFault::Truncated => "The end of the photo is missing; copy the original from the phone or camera again \
                and upload that."
                .into(),
            PhotoFault::Damaged => {
                "The photo is damaged; open it in a viewer, save it as JPEG, and upload that.".into()
            }
            PhotoFault::Unsupported => {
                "The photo is coded in a rare way that cannot be read; save it as an ordinary JPEG and upload that.".into()
            }
            PhotoFault::Animated => {
                "Animated pictures are not taken; save one of its pictures as JPEG or PNG and upload that.".into()
            }
        }
    }
}

impl std::fmt::Display for PhotoFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en())
    }
}

impl std::error::Error for PhotoFault {}

fn mebibytes(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} B"),
        whole => format!("{whole} MB"),
    }
}
