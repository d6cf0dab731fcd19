//! From the unpacked picture to the sizes that are kept, with as few copies as can be.

use ::image::{DynamicImage, RgbImage};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::{PhotoFault, PhotoSize};

/// Lays a transparent picture on white, in place: JPEG knows no transparency, and a resizer would copy it to weigh alpha.
pub(super) fn onto_white(mut image: DynamicImage) -> DynamicImage {
    fn blend8(pixels: &mut [u8], channels: usize) {
        for pixel in pixels.chunks_exact_mut(channels) {
            let alpha = u32::from(pixel[channels - 1]);
            for value in pixel.iter_mut() {
                *value = ((u32::from(*value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
            }
            pixel[channels - 1] = u8::MAX;
        }
    }
    fn blend16(pixels: &mut [u16], channels: usize) {
        for pixel in pixels.chunks_exact_mut(channels) {
            let alpha = u64::from(pixel[channels - 1]);
            for value in pixel.iter_mut() {
                *value = ((u64::from(*value) * alpha + 65_535 * (65_535 - alpha) + 32_767) / 65_535) as u16;
            }
            pixel[channels - 1] = u16::MAX;
        }
    }
    match &mut image {
        DynamicImage::ImageLumaA8(buffer) => blend8(buffer, 2),
        DynamicImage::ImageRgba8(buffer) => blend8(buffer, 4),
        DynamicImage::ImageLumaA16(buffer) => blend16(buffer, 2),
        DynamicImage::ImageRgba16(buffer) => blend16(buffer, 4),
        _ => {}
    }
    image
}

/// The picture in one size; itself when it is small enough.
pub(super) fn shrink(image: DynamicImage, size: PhotoSize) -> Result<DynamicImage, PhotoFault> {
    let (width, height) = fit(image.width(), image.height(), size.longest_side());
    if (width, height) == (image.width(), image.height()) {
        return Ok(image);
    }
    let mut shrunk = DynamicImage::new(width, height, image.color());
    Resizer::new().resize(&image, &mut shrunk, &resize_options()).map_err(resize_fault)?;
    Ok(shrunk)
}

/// `None` when the picture is small enough as it is.
pub(super) fn shrink_rgb(image: &RgbImage, size: PhotoSize) -> Result<Option<RgbImage>, PhotoFault> {
    let (width, height) = fit(image.width(), image.height(), size.longest_side());
    if (width, height) == image.dimensions() {
        return Ok(None);
    }
    let mut shrunk = RgbImage::new(width, height);
    Resizer::new().resize(image, &mut shrunk, &resize_options()).map_err(resize_fault)?;
    Ok(Some(shrunk))
}

/// Alpha is full everywhere by now, so the resizer need not weigh by it (that would copy the whole picture).
fn resize_options() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false)
}

fn resize_fault(error: fast_image_resize::ResizeError) -> PhotoFault {
    tracing::error!(%error, "a photo could not be resized");
    PhotoFault::Unsupported
}

/// The largest size of the same shape whose longer side is at most `longest`; never larger than the original.
pub(super) fn fit(width: u32, height: u32, longest: u32) -> (u32, u32) {
    let side = width.max(height);
    if side <= longest {
        return (width, height);
    }
    let (side, longest) = (u64::from(side), u64::from(longest));
    let scale = |value: u32| (((u64::from(value) * longest + side / 2) / side) as u32).max(1);
    (scale(width), scale(height))
}
