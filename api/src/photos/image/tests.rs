use super::*;
use ::image::{ImageFormat, Rgb};

mod build;
mod hostile;

use build::with_exif;

const CMYK: &[u8] = include_bytes!("fixtures/cmyk.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("fixtures/progressive.jpg");
const LOSSY_WEBP: &[u8] = include_bytes!("fixtures/lossy.webp");
const LOSSY_ALPHA_WEBP: &[u8] = include_bytes!("fixtures/lossy-alpha.webp");
const ANIMATED_WEBP: &[u8] = include_bytes!("fixtures/animated.webp");
const ANIMATED_PNG: &[u8] = include_bytes!("fixtures/animated.png");

const RED: [u8; 3] = [250, 10, 10];
const GREEN: [u8; 3] = [10, 250, 10];
const BLUE: [u8; 3] = [10, 10, 250];
const GREY: [u8; 3] = [128, 128, 128];

/// Four corners of different colours, so that every turn and mirroring shows.
fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => GREY,
        })
    })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn jpeg_of(image: RgbImage) -> Vec<u8> {
    encoded(&image.into(), ImageFormat::Jpeg)
}

fn png_of(image: impl Into<DynamicImage>) -> Vec<u8> {
    encoded(&image.into(), ImageFormat::Png)
}

fn webp_of(image: RgbImage) -> Vec<u8> {
    encoded(&image.into(), ImageFormat::WebP)
}

/// Without the guard: in tests a panic must show.
fn run(bytes: &[u8], kind: PhotoType) -> Result<Processed, PhotoFault> {
    process_unguarded(Bytes::copy_from_slice(bytes), &kind.into(), &Limits::default())
}

fn opened(rendition: &Rendition) -> RgbImage {
    let image = ::image::load_from_memory_with_format(&rendition.jpeg, ImageFormat::Jpeg).unwrap();
    assert_eq!((image.width(), image.height()), (rendition.width, rendition.height));
    image.into_rgb8()
}

fn large_of(processed: &Processed) -> RgbImage {
    opened(&processed.renditions[2])
}

#[track_caller]
fn assert_near(image: &RgbImage, x: u32, y: u32, expected: [u8; 3]) {
    let pixel = image.get_pixel(x, y).0;
    let far = pixel.iter().zip(expected).any(|(&is, should)| is.abs_diff(should) > 20);
    assert!(!far, "pixel {x},{y} is {pixel:?}, expected about {expected:?}");
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn every_orientation_is_turned_upright_and_nothing_of_the_metadata_survives() {
    // Where the stored corners top left, top right, bottom left come to lie: EXIF 2.32, tag 0x0112.
    let upright = [
        (1, [RED, GREEN, BLUE]),
        (2, [GREEN, RED, GREY]),
        (3, [GREY, BLUE, GREEN]),
        (4, [BLUE, GREY, RED]),
        (5, [RED, BLUE, GREEN]),
        (6, [BLUE, RED, GREY]),
        (7, [GREY, GREEN, BLUE]),
        (8, [GREEN, GREY, RED]),
    ];
    for (orientation, [top_left, top_right, bottom_left]) in upright {
        let file = with_exif(&jpeg_of(corners(64, 32)), orientation);
        assert!(contains(&file, b"SecretCamera") && contains(&file, b"GPS-PLACE"));
        let processed = run(&file, PhotoType::Jpeg).unwrap();
        let expected = if orientation >= 5 { (32, 64) } else { (64, 32) };
        assert_eq!((processed.width, processed.height), expected, "orientation {orientation}");
        let image = large_of(&processed);
        let (right, bottom) = (image.width() - 4, image.height() - 4);
        assert_near(&image, 4, 4, top_left);
        assert_near(&image, right, 4, top_right);
        assert_near(&image, 4, bottom, bottom_left);
        for rendition in &processed.renditions {
            let jpeg = &rendition.jpeg;
            assert!(
                !contains(jpeg, b"Exif") && !contains(jpeg, b"SecretCamera") && !contains(jpeg, b"GPS-PLACE")
            );
            assert!(!contains(jpeg, b"\xff\xe1"), "no APP1 segment");
        }
    }
}

#[test]
fn a_large_photo_comes_in_three_sizes_and_a_small_one_is_never_enlarged() {
    let processed = run(&with_exif(&jpeg_of(corners(3000, 1500)), 6), PhotoType::Jpeg).unwrap();
    assert_eq!((processed.width, processed.height), (1500, 3000));
    let sizes: Vec<_> = processed.renditions.iter().map(|r| (r.size, r.width, r.height)).collect();
    use PhotoSize::{Large, Medium, Small};
    assert_eq!(sizes, [(Small, 160, 320), (Medium, 480, 960), (Large, 1024, 2048)]);
    for rendition in &processed.renditions {
        let image = opened(rendition);
        assert_near(&image, 4, 4, BLUE);
        assert_near(&image, image.width() - 4, 4, RED);
    }

    let tiny = run(&png_of(corners(10, 6)), PhotoType::Png).unwrap();
    assert!(tiny.renditions.iter().all(|r| (r.width, r.height) == (10, 6)));
    assert_eq!(tiny.renditions[0].jpeg, tiny.renditions[2].jpeg);

    let line = run(&png_of(corners(12_000, 2)), PhotoType::Png).unwrap();
    assert_eq!((line.renditions[2].width, line.renditions[2].height), (2048, 1));
    assert_eq!((line.renditions[0].width, line.renditions[0].height), (320, 1));
    assert_eq!((shrink::fit(1, 1, 320), shrink::fit(4000, 3000, 2048)), ((1, 1), (2048, 1536)));
}

#[test]
fn the_facts_about_the_original_are_kept() {
    let file = webp_of(corners(40, 20));
    let sha256: [u8; 32] = Sha256::digest(&file).into();
    let declared = Declared { kind: PhotoType::Webp, length: Some(file.len() as u64), sha256: Some(sha256) };
    let processed = process(file.clone().into(), &declared, &Limits::default()).unwrap();
    assert_eq!(processed.kind, PhotoType::Webp);
    assert_eq!((processed.original_length, processed.original_sha256), (file.len() as u64, sha256));

    let wrong_length = Declared { length: Some(1), ..declared };
    assert_eq!(
        process(file.clone().into(), &wrong_length, &Limits::default()),
        Err(PhotoFault::LengthMismatch)
    );
    let wrong_hash = Declared { sha256: Some([0; 32]), ..declared };
    assert_eq!(process(file.clone().into(), &wrong_hash, &Limits::default()), Err(PhotoFault::HashMismatch));
    let short = Limits { max_bytes: 10, ..Limits::default() };
    assert_eq!(process(file.into(), &declared, &short), Err(PhotoFault::TooLarge { limit: 10 }));
}

#[test]
fn every_way_of_coding_colour_is_read() {
    for (name, file, kind) in [
        ("cmyk", CMYK, PhotoType::Jpeg),
        ("progressive", PROGRESSIVE, PhotoType::Jpeg),
        ("lossy webp", LOSSY_WEBP, PhotoType::Webp),
    ] {
        let image = large_of(&run(file, kind).expect(name));
        let (left, right) = (image.get_pixel(1, 8).0, image.get_pixel(22, 8).0);
        assert!(left[0] > 180 && left[2] < 90, "{name}: the left is red, not {left:?}");
        assert!(right[0] < 90 && right[2] > 180, "{name}: the right is blue, not {right:?}");
    }

    use DynamicImage::{ImageLuma8, ImageLuma16, ImageRgb16};
    let base = DynamicImage::from(corners(64, 32));
    let rgb16 = large_of(&run(&png_of(ImageRgb16(base.to_rgb16())), PhotoType::Png).unwrap());
    assert_near(&rgb16, 4, 4, RED);
    assert_near(&rgb16, 60, 28, GREY);
    for grey in [ImageLuma8(base.to_luma8()), ImageLuma16(base.to_luma16())] {
        let image = large_of(&run(&png_of(grey), PhotoType::Png).unwrap());
        assert_near(&image, 60, 28, GREY);
    }
    let grey = run(&encoded(&ImageLuma8(base.to_luma8()), ImageFormat::Jpeg), PhotoType::Jpeg).unwrap();
    assert_near(&large_of(&grey), 60, 28, GREY);
}

#[test]
fn transparency_lies_on_white() {
    // Fully transparent black must not come out black; half transparent red comes out pink.
    let image = ::image::RgbaImage::from_fn(3000, 32, |x, _| {
        ::image::Rgba(if x < 1500 { [0, 0, 0, 0] } else { [255, 0, 0, 128] })
    });
    let base = DynamicImage::from(image);
    for (name, variant) in [
        ("rgba8", base.clone()),
        ("rgba16", DynamicImage::ImageRgba16(base.to_rgba16())),
        ("la8", DynamicImage::ImageLumaA8(base.to_luma_alpha8())),
        ("la16", DynamicImage::ImageLumaA16(base.to_luma_alpha16())),
    ] {
        let processed = run(&png_of(variant), PhotoType::Png).expect(name);
        let image = large_of(&processed);
        assert_eq!(image.width(), 2048);
        assert_near(&image, 4, 4, [255, 255, 255]);
        let right = image.get_pixel(2000, 4).0;
        let expected = if name.starts_with("rgba") { [255, 127, 127] } else { [154, 154, 154] };
        assert!(right.iter().zip(expected).all(|(&is, e)| is.abs_diff(e) < 6), "{name}: {right:?}");
    }
    let webp = large_of(&run(LOSSY_ALPHA_WEBP, PhotoType::Webp).unwrap());
    assert_near(&webp, 12, 0, [255, 255, 255]);
}

#[test]
fn alike_pictures_have_near_fingerprints_and_different_ones_far() {
    let scene = |width: u32, height: u32, shift: f32| {
        RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            let wave = |a: f32| ((a + shift).sin() * 127.0 + 128.0) as u8;
            Rgb([wave(x * 9.0), wave(y * 7.0 + x * 3.0), wave((x - y) * 5.0)])
        })
    };
    let hash = |file: &[u8], kind| run(file, kind).unwrap().perceptual_hash;
    let original = hash(&png_of(scene(1200, 800, 0.0)), PhotoType::Png);
    let smaller = hash(&jpeg_of(scene(600, 400, 0.0)), PhotoType::Jpeg);
    let other = hash(&jpeg_of(scene(600, 400, 2.0)), PhotoType::Jpeg);
    assert!(original.distance(smaller) <= 4, "{original} {smaller}");
    assert!(original.distance(other) >= 16, "{original} {other}");
    assert_eq!(original.to_string().parse(), Ok(original));
    // Fingerprints are stored: a new version of a library must not change what they mean unnoticed. A bit may differ
    // between processors, because the resizer uses what each offers.
    assert!(original.distance("030160f0f8fb7b23".parse().unwrap()) <= 2, "{original}");
}

#[test]
fn every_fault_says_what_to_do_in_both_languages() {
    let faults = [
        PhotoFault::Empty,
        PhotoFault::WrongType { found: Foreign::Heif },
        PhotoFault::WrongType { found: Foreign::Text },
        PhotoFault::TypeMismatch { declared: PhotoType::Jpeg, found: PhotoType::Png },
        PhotoFault::TooLarge { limit: 20 << 20 },
        PhotoFault::LengthMismatch,
        PhotoFault::HashMismatch,
        PhotoFault::TooManyPixels { width: 9, height: 9, max_side: 9, max_pixels: 50_000_000 },
        PhotoFault::TooMuchMemory,
        PhotoFault::Truncated,
        PhotoFault::Damaged,
        PhotoFault::Unsupported,
        PhotoFault::Animated,
    ];
    let codes: std::collections::HashSet<_> = faults.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), faults.len() - 1, "one code each");
    for fault in faults {
        assert!(fault.code().starts_with("PHOTO_"));
        assert!(fault.zh().contains("请") && fault.zh().ends_with('。'), "{}", fault.zh());
        assert!(fault.en().ends_with('.') && !fault.en().contains("  "), "{}", fault.en());
        assert!(["save", "upload", "choose"].iter().any(|verb| fault.en().contains(verb)), "{}", fault.en());
    }
}
