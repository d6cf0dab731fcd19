//! Pictures for uploads, good ones and others.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};
use sha2::{Digest, Sha256};

/// A picture that is not of one colour.
fn picture(width: u32, height: u32) -> DynamicImage {
    let pixels =
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, (x / 8 + y / 8) as u8]));
    DynamicImage::ImageRgb8(pixels)
}

/// A JPEG.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Jpeg)
}

/// A PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Png)
}

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture(width, height).write_to(&mut file, format).expect("a picture can be written");
    file.into_inner()
}

/// A PNG that says it is a hundred thousand pixels wide and high.
pub fn bomb() -> Vec<u8> {
    let mut file = png(8, 8);
    // The header's chunk: 8 bytes of signature, 4 of length, then the name, the content and a checksum over both.
    file[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    file[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    let checksum = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// SHA-256, hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
