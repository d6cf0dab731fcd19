//! One picture, from the bytes somebody sent to three clean ones. Pure and blocking: no file, no network, no clock.
//!
//! What is kept of the original is its pixels: everything else in the file (place, camera, comments, thumbnails, whatever
//! was glued behind the end) ends here, because every size is encoded anew.
//!
//! Memory: the picture is unpacked once and shrunk straight away; turning and hashing work on the shrunk one. The most
//! ever in use is about [`Limits::max_decoded_bytes`] plus twice the size of the file.

mod fault;
mod header;
mod kind;
mod shrink;
#[cfg(test)]
mod tests;

use std::io::Cursor;

use ::image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use ::image::codecs::png::PngDecoder;
use ::image::codecs::webp::WebPDecoder;
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageError, RgbImage};
use bytes::Bytes;
use image_hasher::{HashAlg, HasherConfig};
use sha2::{Digest, Sha256};

pub use fault::PhotoFault;
use header::Header;
pub use kind::{Foreign, PhotoType};
use shrink::{onto_white, shrink, shrink_rgb};

/// Quality of the JPEGs we write, out of 100.
const JPEG_QUALITY: u8 = 82;

/// What is refused before it can hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest file in bytes.
    pub max_bytes: u64,
    /// Longest side in pixels.
    pub max_side: u32,
    /// Most pixels in all.
    pub max_pixels: u64,
    /// Most memory in bytes that unpacking may take: the pixels and the decoder's own working space.
    pub max_decoded_bytes: u64,
}

impl Default for Limits {
    /// 20 MiB, 12,000 px a side, 50 million pixels, 192 MiB of memory: every picture of a 50 megapixel camera passes.
    fn default() -> Self {
        Self {
            max_bytes: 20 * 1024 * 1024,
            max_side: 12_000,
            max_pixels: 50_000_000,
            max_decoded_bytes: 192 * 1024 * 1024,
        }
    }
}

/// What the sender said the file would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// The type; the content must agree.
    pub kind: PhotoType,
    /// Length in bytes, where it was said.
    pub length: Option<u64>,
    /// SHA-256 of the whole file, where it was said.
    pub sha256: Option<[u8; 32]>,
}

impl From<PhotoType> for Declared {
    fn from(kind: PhotoType) -> Self {
        Self { kind, length: None, sha256: None }
    }
}

/// The sizes every photo is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PhotoSize {
    /// For lists: 320 px.
    Small,
    /// For a page: 960 px.
    Medium,
    /// To look closely: 2048 px.
    Large,
}

impl PhotoSize {
    /// All sizes, smallest first.
    pub const ALL: [PhotoSize; 3] = [PhotoSize::Small, PhotoSize::Medium, PhotoSize::Large];

    /// Most pixels of the longer side. Smaller originals are never enlarged.
    pub fn longest_side(self) -> u32 {
        match self {
            PhotoSize::Small => 320,
            PhotoSize::Medium => 960,
            PhotoSize::Large => 2048,
        }
    }

    /// The name in addresses and keys.
    pub fn name(self) -> &'static str {
        match self {
            PhotoSize::Small => "small",
            PhotoSize::Medium => "medium",
            PhotoSize::Large => "large",
        }
    }

    /// The size of that [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.name() == name)
    }
}

/// One size, ready to be stored and served as `image/jpeg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Which size this is.
    pub size: PhotoSize,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The file. Sizes that came out alike share their bytes.
    pub jpeg: Bytes,
}

/// A fingerprint of what a picture looks like: alike pictures differ in few bits.
///
/// Compare by [`distance`](Self::distance), never by equality: a bit may differ between processors.
/// A picture of one plain colour has no features and gives zero: do not take two zeros for the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PerceptualHash(pub u64);

impl PerceptualHash {
    /// In how many of 64 bits two pictures differ; up to about 8 means the same scene.
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

impl std::fmt::Display for PerceptualHash {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for PerceptualHash {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// What came out of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed {
    /// What the original really was.
    pub kind: PhotoType,
    /// Pixels of the original, upright.
    pub width: u32,
    /// Pixels of the original, upright.
    pub height: u32,
    /// Bytes of the original.
    pub original_length: u64,
    /// SHA-256 of the original as it was sent.
    pub original_sha256: [u8; 32],
    /// What it looks like.
    pub perceptual_hash: PerceptualHash,
    /// Every [`PhotoSize`], smallest first.
    pub renditions: [Rendition; 3],
}

/// Checks, unpacks, turns upright, strips and shrinks one picture. Blocking: 10 ms to a second of one core.
///
/// # Errors
/// A [`PhotoFault`] that says what the sender should do.
pub fn process(original: Bytes, declared: &Declared, limits: &Limits) -> Result<Processed, PhotoFault> {
    guarded(|| process_unguarded(original, declared, limits))
}

/// The decoders meet bytes made to break them. None is known to panic on these versions, but if one does, one person's
/// photo is damaged and no more.
fn guarded<T>(work: impl FnOnce() -> Result<T, PhotoFault>) -> Result<T, PhotoFault> {
    // Nothing that `work` may leave half done outlives it.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a picture decoder panicked; the photo was refused as damaged");
        Err(PhotoFault::Damaged)
    })
}

fn process_unguarded(original: Bytes, declared: &Declared, limits: &Limits) -> Result<Processed, PhotoFault> {
    let length = original.len() as u64;
    if length > limits.max_bytes {
        return Err(PhotoFault::TooLarge { limit: limits.max_bytes });
    }
    if length == 0 {
        return Err(PhotoFault::Empty);
    }
    if declared.length.is_some_and(|said| said != length) {
        return Err(PhotoFault::LengthMismatch);
    }
    let kind = kind::sniff(&original).map_err(|found| PhotoFault::WrongType { found })?;
    if kind != declared.kind {
        return Err(PhotoFault::TypeMismatch { declared: declared.kind, found: kind });
    }
    let sha256: [u8; 32] = Sha256::digest(&original).into();
    if declared.sha256.is_some_and(|said| said != sha256) {
        return Err(PhotoFault::HashMismatch);
    }
    let header = header::read(kind, &original)?;
    check_dimensions(&header, limits)?;
    let (pixels, orientation) = decode(kind, &original, &header, limits)?;
    drop(original);

    // Shrunk before turning: a turn needs a second copy.
    let mut large = shrink(onto_white(pixels), PhotoSize::Large)?;
    large.apply_orientation(orientation);
    let large = large.into_rgb8();
    let medium = shrink_rgb(&large, PhotoSize::Medium)?;
    let small = shrink_rgb(medium.as_ref().unwrap_or(&large), PhotoSize::Small)?;

    let perceptual_hash = look(medium.as_ref().unwrap_or(&large));
    let large = encode(PhotoSize::Large, &large)?;
    let medium = encode_or_share(PhotoSize::Medium, medium.as_ref(), &large)?;
    let small = encode_or_share(PhotoSize::Small, small.as_ref(), &medium)?;
    let (width, height) = match turns_sideways(orientation) {
        true => (header.height, header.width),
        false => (header.width, header.height),
    };
    Ok(Processed {
        kind,
        width,
        height,
        original_length: length,
        original_sha256: sha256,
        perceptual_hash,
        renditions: [small, medium, large],
    })
}

fn check_dimensions(header: &Header, limits: &Limits) -> Result<(), PhotoFault> {
    let Header { width, height, .. } = *header;
    if width == 0 || height == 0 {
        return Err(PhotoFault::Damaged);
    }
    let pixels = u64::from(width) * u64::from(height);
    if width > limits.max_side || height > limits.max_side || pixels > limits.max_pixels {
        return Err(PhotoFault::TooManyPixels {
            width,
            height,
            max_side: limits.max_side,
            max_pixels: limits.max_pixels,
        });
    }
    if header.animated {
        return Err(PhotoFault::Animated);
    }
    Ok(())
}

fn decode(
    kind: PhotoType,
    original: &[u8],
    header: &Header,
    limits: &Limits,
) -> Result<(DynamicImage, Orientation), PhotoFault> {
    // What lies behind the end of the picture is not shown to the decoder.
    let reader = Cursor::new(&original[..header.end]);
    match kind {
        PhotoType::Jpeg => unpack(JpegDecoder::new(reader).map_err(fault_of)?, header, limits),
        PhotoType::Png => {
            let mut inner = ::image::Limits::no_limits();
            inner.max_alloc = Some(limits.max_decoded_bytes);
            unpack(PngDecoder::with_limits(reader, inner).map_err(fault_of)?, header, limits)
        }
        PhotoType::Webp => unpack(WebPDecoder::new(reader).map_err(fault_of)?, header, limits),
    }
}

fn unpack<D: ImageDecoder>(
    mut decoder: D,
    header: &Header,
    limits: &Limits,
) -> Result<(DynamicImage, Orientation), PhotoFault> {
    // The limits were checked on what we read; a decoder that reads the file differently must not get past them.
    if decoder.dimensions() != (header.width, header.height) {
        return Err(PhotoFault::Damaged);
    }
    if decoder.total_bytes().saturating_add(header.working_bytes) > limits.max_decoded_bytes {
        return Err(PhotoFault::TooMuchMemory);
    }
    // A broken EXIF block is no reason to refuse good pixels.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(fault_of)?;
    Ok((pixels, orientation))
}

fn fault_of(error: ImageError) -> PhotoFault {
    tracing::debug!(%error, "a photo could not be decoded");
    match error {
        ImageError::Limits(_) => PhotoFault::TooMuchMemory,
        ImageError::Unsupported(_) => PhotoFault::Unsupported,
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            PhotoFault::Truncated
        }
        _ => PhotoFault::Damaged,
    }
}

fn turns_sideways(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn look(image: &RgbImage) -> PerceptualHash {
    let hasher =
        HasherConfig::with_bytes_type::<[u8; 8]>().hash_size(8, 8).hash_alg(HashAlg::Gradient).to_hasher();
    PerceptualHash(u64::from_be_bytes(hasher.hash_image(image).into_inner()))
}

fn encode(size: PhotoSize, image: &RgbImage) -> Result<Rendition, PhotoFault> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(image).map_err(fault_of)?;
    Ok(Rendition { size, width: image.width(), height: image.height(), jpeg: jpeg.into() })
}

fn encode_or_share(
    size: PhotoSize,
    shrunk: Option<&RgbImage>,
    next_larger: &Rendition,
) -> Result<Rendition, PhotoFault> {
    match shrunk {
        Some(image) => encode(size, image),
        None => Ok(Rendition { size, ..next_larger.clone() }),
    }
}
