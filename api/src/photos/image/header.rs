//! Reads how large a picture claims to be, and where its file ends, before any decoder unpacks it.
//!
//! The decoders do not answer these questions in time: one fills a cut-off JPEG with grey, one unpacks a WebP frame
//! before comparing it with its canvas, and none says how much memory it will need beside the pixels.

use super::fault::PhotoFault;
use super::kind::PhotoType;

/// A progressive JPEG may send the same picture again and again; real ones take about ten scans.
const MAX_JPEG_SCANS: u32 = 100;

/// What the structure of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Pixels as stored, before turning upright.
    pub width: u32,
    /// Pixels as stored, before turning upright.
    pub height: u32,
    /// More than one picture in turn.
    pub animated: bool,
    /// Memory in bytes that its decoder takes beside the pixels it returns (an upper bound).
    pub working_bytes: u64,
    /// Where the picture ends; what lies behind is none of our business.
    pub end: usize,
}

/// Walks the structure of a file.
///
/// # Errors
/// [`PhotoFault::Truncated`] where the file ends too early, [`PhotoFault::Damaged`] where it contradicts itself.
pub(super) fn read(kind: PhotoType, bytes: &[u8]) -> Result<Header, PhotoFault> {
    match kind {
        PhotoType::Jpeg => jpeg(bytes),
        PhotoType::Png => png(bytes),
        PhotoType::Webp => webp(bytes),
    }
}

/// Takes what was asked for, or says that the file ends too early.
fn take(bytes: &[u8], from: usize, length: usize) -> Result<&[u8], PhotoFault> {
    let end = from.checked_add(length).ok_or(PhotoFault::Truncated)?;
    bytes.get(from..end).ok_or(PhotoFault::Truncated)
}

fn be16(bytes: &[u8], from: usize) -> Result<usize, PhotoFault> {
    take(bytes, from, 2).map(|b| usize::from(b[0]) << 8 | usize::from(b[1]))
}

fn be32(bytes: &[u8], from: usize) -> Result<u32, PhotoFault> {
    take(bytes, from, 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

fn le32(bytes: &[u8], from: usize) -> Result<u32, PhotoFault> {
    be32(bytes, from).map(u32::swap_bytes)
}

/// ITU T.81: markers of two bytes, most with a length; after a start of scan come coded bytes up to the next marker.
fn jpeg(bytes: &[u8]) -> Result<Header, PhotoFault> {
    let mut at = 2;
    let mut frame: Option<Frame> = None;
    let mut scans = 0;
    let mut first_scan_components = 0;
    loop {
        // Between segments and within coded bytes alike: on to the next real marker.
        at += bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&b| b == 0xff))
            .ok_or(PhotoFault::Truncated)?;
        let marker = *bytes.get(at + 1).ok_or(PhotoFault::Truncated)?;
        match marker {
            // A fill byte: the marker starts one later.
            0xff => at += 1,
            // A stuffed zero, a restart, TEM, a second start: no length follows.
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            // The end.
            0xd9 => {
                at += 2;
                break;
            }
            _ => {
                let length = be16(bytes, at + 2)?;
                if length < 2 {
                    return Err(PhotoFault::Damaged);
                }
                let segment = take(bytes, at + 4, length - 2)?;
                // C4, C8 and CC lie among the starts of frame and mean something else.
                if (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    let earlier = frame.replace(Frame::parse(marker, segment)?);
                    if earlier.is_some() {
                        // A second frame could be larger than the first that is checked here.
                        return Err(PhotoFault::Damaged);
                    }
                } else if marker == 0xda {
                    scans += 1;
                    if scans > MAX_JPEG_SCANS {
                        return Err(PhotoFault::Damaged);
                    }
                    if scans == 1 {
                        first_scan_components = segment.first().copied().unwrap_or(0);
                    }
                }
                at += 2 + length;
            }
        }
    }
    let frame = frame.ok_or(PhotoFault::Damaged)?;
    if scans == 0 {
        return Err(PhotoFault::Damaged);
    }
    // A picture in one scan is unpacked row by row; in several, every coefficient is kept until the last.
    let in_one_scan = !frame.progressive && first_scan_components == frame.components;
    let working_bytes = if in_one_scan { 0 } else { frame.coefficient_bytes };
    Ok(Header { width: frame.width, height: frame.height, animated: false, working_bytes, end: at })
}

struct Frame {
    width: u32,
    height: u32,
    components: u8,
    progressive: bool,
    coefficient_bytes: u64,
}

impl Frame {
    fn parse(marker: u8, segment: &[u8]) -> Result<Self, PhotoFault> {
        let damaged = |_| PhotoFault::Damaged;
        let height = be16(segment, 1).map_err(damaged)?;
        let width = be16(segment, 3).map_err(damaged)?;
        let components = *segment.get(5).ok_or(PhotoFault::Damaged)?;
        let table = take(segment, 6, usize::from(components) * 3).map_err(damaged)?;
        let factors = || table.chunks_exact(3).map(|c| (u64::from(c[1] >> 4), u64::from(c[1] & 15)));
        let widest = factors().map(|(h, _)| h).max().unwrap_or(1).max(1);
        let highest = factors().map(|(_, v)| v).max().unwrap_or(1).max(1);
        let units = (width as u64).div_ceil(8 * widest) * (height as u64).div_ceil(8 * highest);
        let blocks = units * factors().map(|(h, v)| h * v).sum::<u64>();
        Ok(Self {
            width: width as u32,
            height: height as u32,
            components,
            progressive: matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce),
            // 64 coefficients of two bytes a block.
            coefficient_bytes: blocks * 64 * 2,
        })
    }
}

/// ISO 15948: a signature, then chunks of length, name, content and checksum up to IEND.
fn png(bytes: &[u8]) -> Result<Header, PhotoFault> {
    let mut at = 8;
    let mut size: Option<(u32, u32)> = None;
    let mut animated = false;
    loop {
        let length = be32(bytes, at)? as usize;
        let name = take(bytes, at + 4, 4)?;
        let content = take(bytes, at + 8, length)?;
        at += 12 + length;
        match name {
            b"IHDR" if size.is_none() && content.len() >= 8 => {
                size = Some((be32(content, 0)?, be32(content, 4)?));
            }
            // A second header, or anything before the first.
            b"IHDR" => return Err(PhotoFault::Damaged),
            _ if size.is_none() => return Err(PhotoFault::Damaged),
            b"acTL" => animated = true,
            b"IEND" => break,
            _ => {}
        }
    }
    let (width, height) = size.ok_or(PhotoFault::Damaged)?;
    // The checksum of IEND may be missing; then the file ends a little earlier.
    Ok(Header { width, height, animated, working_bytes: 0, end: at.min(bytes.len()) })
}

/// RFC 9649: RIFF with chunks of name, length and content padded to even length.
fn webp(bytes: &[u8]) -> Result<Header, PhotoFault> {
    let declared_end = 8 + le32(bytes, 4)? as usize;
    let file = bytes.get(..declared_end).ok_or(PhotoFault::Truncated)?;
    let mut at = 12;
    let mut canvas: Option<(u32, u32)> = None;
    let mut frame: Option<(u32, u32)> = None;
    let mut animated = false;
    while at + 8 <= file.len() {
        let name = take(file, at, 4)?;
        let length = le32(file, at + 4)? as usize;
        let content = take(file, at + 8, length)?;
        let cut = |_| PhotoFault::Damaged;
        match name {
            b"VP8X" if canvas.is_none() => {
                let flags = le32(content, 0).map_err(cut)?;
                animated |= flags & 0b10 != 0;
                let side = |from: usize| {
                    take(content, from, 3).map(|b| 1 + u32::from_le_bytes([b[0], b[1], b[2], 0])).map_err(cut)
                };
                canvas = Some((side(4)?, side(7)?));
            }
            b"VP8 " if frame.is_none() => {
                // Three bytes of frame tag, three of start code, then 14 bits each.
                let sides = le32(content, 6).map_err(cut)?;
                frame = Some((sides & 0x3fff, sides >> 16 & 0x3fff));
            }
            b"VP8L" if frame.is_none() => {
                // One byte of signature, then 14 bits each, less one.
                let sides = le32(content, 1).map_err(cut)?;
                frame = Some(((sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1));
            }
            // A second canvas or frame could be larger than the first that is checked here.
            b"VP8X" | b"VP8 " | b"VP8L" => return Err(PhotoFault::Damaged),
            b"ANIM" | b"ANMF" => animated = true,
            _ => {}
        }
        at += 8 + length + (length & 1);
    }
    let (width, height) = match (canvas, frame) {
        // The frames of an animation lie deeper; it is refused for being one, after the size of its canvas.
        (Some(canvas), _) if animated => canvas,
        (Some(canvas), Some(frame)) if canvas == frame => canvas,
        (None, Some(frame)) => frame,
        _ => return Err(PhotoFault::Damaged),
    };
    // Lossy: planes of brightness, colour and alpha; lossless: once more in four channels.
    let working_bytes = u64::from(width.next_multiple_of(16)) * u64::from(height.next_multiple_of(16)) * 4;
    Ok(Header { width, height, animated, working_bytes, end: file.len() })
}
