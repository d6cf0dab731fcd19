//! Files made to deceive, to overflow or to break.

use super::build::{png_file, png_of_zeros, with_exif, with_segment};
use super::*;
use proptest::prelude::*;

#[test]
fn what_only_pretends_to_be_a_photo_is_refused_by_its_content() {
    let refused = |bytes: &[u8], found| {
        for kind in PhotoType::ALL {
            assert_eq!(run(bytes, kind), Err(PhotoFault::WrongType { found }));
        }
    };
    refused(b"GIF89a\x01\0\x01\0\0\0\0;", Foreign::Gif);
    refused(b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>", Foreign::Text);
    refused(b"<html><script>alert(1)</script></html>", Foreign::Text);
    refused(b"PK\x03\x04\x14\0", Foreign::Archive);
    refused(b"\0\0\0\x1cftypheic\0\0\0\0", Foreign::Heif);
    refused(b"\0", Foreign::Unknown);
    assert_eq!(run(b"", PhotoType::Jpeg), Err(PhotoFault::Empty));

    let png = png_of(corners(8, 8));
    let mismatch = PhotoFault::TypeMismatch { declared: PhotoType::Jpeg, found: PhotoType::Png };
    assert_eq!(run(&png, PhotoType::Jpeg), Err(mismatch));
    assert_eq!(run(ANIMATED_WEBP, PhotoType::Webp), Err(PhotoFault::Animated));
    assert_eq!(run(ANIMATED_PNG, PhotoType::Png), Err(PhotoFault::Animated));
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    let too_many = |result: Result<Processed, PhotoFault>| {
        assert!(matches!(result, Err(PhotoFault::TooManyPixels { .. })), "{result:?}");
    };
    // The maker of zeros makes valid files…
    assert_eq!(run(&png_of_zeros(300, 200), PhotoType::Png).map(|p| p.width), Ok(300));
    // …and 400 MB of pixels in 2.5 MB are refused; so are sizes that only the header claims.
    let bomb = png_of_zeros(20_000, 20_000);
    assert!(bomb.len() < 3_000_000);
    too_many(run(&bomb, PhotoType::Png));
    too_many(run(&png_file(100_000, 100_000, 8, 2, b""), PhotoType::Png));
    too_many(run(&png_file(u32::MAX, u32::MAX, 16, 6, b""), PhotoType::Png));
    too_many(run(&png_file(12_001, 1, 8, 2, b""), PhotoType::Png));
    assert_eq!(run(&png_file(0, 5, 8, 2, b""), PhotoType::Png), Err(PhotoFault::Damaged));

    // 49 million pixels are allowed, not at eight bytes each.
    assert_eq!(run(&png_file(7_000, 7_000, 16, 6, b""), PhotoType::Png), Err(PhotoFault::TooMuchMemory));
    // A progressive JPEG keeps every coefficient: 48 million pixels would take 432 MB.
    let sized = |file: &[u8], width: u16, height: u16| {
        let mut file = file.to_vec();
        let frame = file.windows(2).position(|w| matches!(w, [0xff, 0xc0 | 0xc2])).unwrap();
        file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        file
    };
    assert_eq!(run(&sized(PROGRESSIVE, 12_000, 4_000), PhotoType::Jpeg), Err(PhotoFault::TooMuchMemory));
    let baseline = jpeg_of(corners(8, 8));
    too_many(run(&sized(&baseline, 65_535, 65_535), PhotoType::Jpeg));
    assert_eq!(run(&sized(&baseline, 100, 0), PhotoType::Jpeg), Err(PhotoFault::Damaged));

    // A small canvas with a huge frame: the decoder would unpack the frame first.
    let mut webp = webp_of(corners(8, 8));
    webp[21..25].copy_from_slice(&u32::to_le_bytes(0x3fff | 0x3fff << 14));
    too_many(run(&webp, PhotoType::Webp));
    let mut canvas = b"VP8X\x0a\0\0\0\0\0\0\0\x07\0\0\x07\0\0".to_vec();
    canvas.extend_from_slice(&webp[12..]);
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(canvas.len() as u32 + 4).to_le_bytes());
    file.extend_from_slice(b"WEBP");
    file.extend_from_slice(&canvas);
    assert_eq!(run(&file, PhotoType::Webp), Err(PhotoFault::Damaged));
}

#[test]
fn a_jpeg_that_repeats_itself_is_refused() {
    let scan = PROGRESSIVE.windows(2).rposition(|w| w == [0xff, 0xda]).unwrap();
    let (start, rest) = PROGRESSIVE.split_at(scan);
    let last_scan = &rest[..rest.len() - 2];
    let file = [start, &last_scan.repeat(200), b"\xff\xd9"].concat();
    assert_eq!(run(&file, PhotoType::Jpeg), Err(PhotoFault::Damaged));

    // Two frames: the first small, the second as large as it likes.
    let jpeg = jpeg_of(corners(16, 16));
    let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    let length = 2 + usize::from(jpeg[frame + 3]);
    let again = jpeg[frame + 2 + 2..frame + length].to_vec();
    assert_eq!(run(&with_segment(&jpeg, 0xc0, &again), PhotoType::Jpeg), Err(PhotoFault::Damaged));
}

#[test]
fn a_photo_cut_off_anywhere_is_refused() {
    let jpeg = jpeg_of(corners(32, 32));
    let png = png_of(corners(32, 32));
    let webp = webp_of(corners(32, 32));
    for (file, kind, spare) in [
        (&jpeg[..], PhotoType::Jpeg, 0),
        (PROGRESSIVE, PhotoType::Jpeg, 0),
        // The last four bytes of a PNG are the checksum of nothing.
        (&png, PhotoType::Png, 4),
        (&webp, PhotoType::Webp, 0),
        (LOSSY_WEBP, PhotoType::Webp, 0),
    ] {
        assert!(run(file, kind).is_ok());
        for end in 12..file.len() - spare {
            assert_eq!(run(&file[..end], kind), Err(PhotoFault::Truncated), "{kind:?} cut at {end}");
        }
    }
    // Cut, and closed again so that the structure is whole: the compressed pixels still say so.
    let content = &png_of_zeros(300, 200);
    let at = content.windows(4).position(|w| w == b"IDAT").unwrap();
    let short = png_file(300, 200, 8, 0, &content[at + 4..at + 60]);
    assert!(matches!(run(&short, PhotoType::Png), Err(PhotoFault::Truncated | PhotoFault::Damaged)));
}

#[test]
fn what_hides_behind_or_inside_a_photo_is_gone() {
    let archive = b"PK\x03\x04 hidden archive <script>alert(1)</script> PK\x05\x06";
    let jpeg = jpeg_of(corners(32, 32));
    let png = png_of(corners(32, 32));
    let webp = webp_of(corners(32, 32));
    for (file, kind) in [
        ([&jpeg[..], archive].concat(), PhotoType::Jpeg),
        (with_segment(&jpeg, 0xfe, archive), PhotoType::Jpeg),
        ([&png[..], archive].concat(), PhotoType::Png),
        ([&webp[..], archive].concat(), PhotoType::Webp),
    ] {
        let processed = run(&file, kind).unwrap();
        for rendition in processed.renditions {
            assert!(!contains(&rendition.jpeg, b"PK\x03\x04") && !contains(&rendition.jpeg, b"script"));
            assert!(rendition.jpeg.ends_with(b"\xff\xd9"));
        }
    }
}

#[test]
fn a_panicking_decoder_would_be_a_damaged_photo() {
    assert_eq!(guarded::<()>(|| panic!("a decoder gave up")), Err(PhotoFault::Damaged));
    assert_eq!(guarded(|| Ok(1)), Ok(1));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), start in 0..4_usize) {
        let starts: [&[u8]; 4] = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\x40\0\0\0WEBPVP8"];
        let file = [starts[start], &bytes].concat();
        for kind in PhotoType::ALL {
            let _ = run(&file, kind);
        }
    }

    #[test]
    fn damaged_photos_never_panic(
        which in 0..7_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let jpeg = with_exif(&jpeg_of(corners(24, 16)), 6);
        let png = png_of(corners(24, 16));
        let webp = webp_of(corners(24, 16));
        let (file, kind) = [
            (&jpeg[..], PhotoType::Jpeg),
            (CMYK, PhotoType::Jpeg),
            (PROGRESSIVE, PhotoType::Jpeg),
            (&png, PhotoType::Png),
            (&webp, PhotoType::Webp),
            (LOSSY_WEBP, PhotoType::Webp),
            (LOSSY_ALPHA_WEBP, PhotoType::Webp),
        ][which];
        let mut file = file.to_vec();
        for (place, value) in changes {
            let place = place.index(file.len());
            file[place] = value;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let limits = Limits { max_pixels: 1_000_000, ..Limits::default() };
        let _ = process_unguarded(file.into(), &kind.into(), &limits);
    }
}
