//! Pictures of what is offered, drawn: a shape for each sort of thing, in many colours, sizes and rooms.

mod appliances;
mod canvas;
mod devices;
mod furniture;
mod outdoor;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageResult};

use super::dice::{Dice, Part};
use canvas::{Canvas, Colour};

/// Width of a picture in pixels.
pub const WIDTH: u32 = 640;
/// Height of a picture in pixels.
pub const HEIGHT: u32 = 480;
/// Most different pictures of a city.
pub const MOST: usize = 2_000;
/// JPEG quality: a picture takes 10 to 25 kB.
const QUALITY: u8 = 82;

macro_rules! shapes {
    ($($shape:ident),+ $(,)?) => {
        /// What a picture shows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum Shape { $($shape),+ }

        impl Shape {
            /// Every shape.
            pub const ALL: &'static [Self] = &[$(Self::$shape),+];
        }
    };
}

shapes! {
    Desk, MeetingTable, OfficeChair, MeetingChair, Sofa, Bookcase, FilingCabinet, SecureCabinet, Desktop, Laptop, Server,
    Printer, Copier, Projector, Scanner, Shredder, AirConditioner, AirTower, Fridge, WaterDispenser, Washer, Phone,
    Television, Camera, Sedan, Suv, Van, Bus, Building, House, Software,
}

/// One picture, drawn when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Picture {
    /// What it shows.
    pub shape: Shape,
    /// Which of the variations of the shape.
    pub variation: u32,
}

/// How many variations of each shape make at most `most` pictures; at least one.
pub(super) fn variations(most: usize) -> u32 {
    (most.min(MOST) / Shape::ALL.len()).max(1) as u32
}

impl Picture {
    /// The picture as a JPEG file without metadata; the same bytes for the same seed.
    ///
    /// # Errors
    /// When the encoder fails, which it does only for lack of memory.
    pub fn jpeg(self, seed: u64) -> ImageResult<Vec<u8>> {
        let mut file = Vec::with_capacity(32 * 1024);
        let pixels = self.draw(seed);
        JpegEncoder::new_with_quality(&mut file, QUALITY).encode(
            &pixels,
            WIDTH,
            HEIGHT,
            ExtendedColorType::Rgb8,
        )?;
        Ok(file)
    }

    /// The pixels: red, green, blue, row by row.
    pub fn draw(self, seed: u64) -> Vec<u8> {
        use Shape as S;
        let dice =
            &mut Dice::new(seed, Part::Pictures, (self.shape as u64) << 32 | u64::from(self.variation));
        let mut canvas = Canvas::new(WIDTH, HEIGHT);
        match self.shape {
            S::Sedan | S::Suv | S::Van | S::Bus | S::Building | S::House => {
                outdoor::ground(&mut canvas, dice)
            }
            _ => room(&mut canvas, dice),
        }
        canvas.place(
            dice.between(0.86, 1.1),
            dice.between(-34.0, 34.0),
            dice.between(-10.0, 14.0),
            dice.chance(400),
        );
        match self.shape {
            S::Desk => furniture::desk(&mut canvas, dice),
            S::MeetingTable => furniture::meeting_table(&mut canvas, dice),
            S::OfficeChair => furniture::office_chair(&mut canvas, dice),
            S::MeetingChair => furniture::meeting_chair(&mut canvas, dice),
            S::Sofa => furniture::sofa(&mut canvas, dice),
            S::Bookcase => furniture::bookcase(&mut canvas, dice),
            S::FilingCabinet => furniture::filing_cabinet(&mut canvas, dice),
            S::SecureCabinet => furniture::secure_cabinet(&mut canvas, dice),
            S::Desktop => devices::desktop(&mut canvas, dice),
            S::Laptop => devices::laptop(&mut canvas, dice),
            S::Server => devices::server(&mut canvas, dice),
            S::Printer => devices::printer(&mut canvas, dice),
            S::Copier => devices::copier(&mut canvas, dice),
            S::Projector => devices::projector(&mut canvas, dice),
            S::Scanner => devices::scanner(&mut canvas, dice),
            S::Shredder => devices::shredder(&mut canvas, dice),
            S::AirConditioner => appliances::air_conditioner(&mut canvas, dice),
            S::AirTower => appliances::air_tower(&mut canvas, dice),
            S::Fridge => appliances::fridge(&mut canvas, dice),
            S::WaterDispenser => appliances::water_dispenser(&mut canvas, dice),
            S::Washer => appliances::washer(&mut canvas, dice),
            S::Phone => devices::phone(&mut canvas, dice),
            S::Television => devices::television(&mut canvas, dice),
            S::Camera => devices::camera(&mut canvas, dice),
            S::Software => devices::software(&mut canvas, dice),
            S::Sedan => outdoor::car(&mut canvas, dice, outdoor::Body::Sedan),
            S::Suv => outdoor::car(&mut canvas, dice, outdoor::Body::Suv),
            S::Van => outdoor::car(&mut canvas, dice, outdoor::Body::Van),
            S::Bus => outdoor::bus(&mut canvas, dice),
            S::Building => outdoor::building(&mut canvas, dice),
            S::House => outdoor::house(&mut canvas, dice),
        }
        canvas.vignette(dice.between(0.10, 0.24));
        canvas.into_pixels()
    }
}

/// An office or a store room: wall, floor, skirting, light from a window.
fn room(canvas: &mut Canvas, dice: &mut Dice) {
    const WALLS: &[Colour] = &[
        [226.0, 224.0, 216.0],
        [208.0, 216.0, 220.0],
        [222.0, 210.0, 194.0],
        [200.0, 208.0, 198.0],
        [234.0, 232.0, 230.0],
        [190.0, 198.0, 210.0],
    ];
    const FLOORS: &[Colour] = &[
        [150.0, 122.0, 94.0],
        [128.0, 132.0, 138.0],
        [172.0, 166.0, 154.0],
        [112.0, 98.0, 86.0],
        [140.0, 150.0, 156.0],
    ];
    let wall = *dice.pick(WALLS);
    let floor = *dice.pick(FLOORS);
    let horizon = dice.between(318.0, 350.0);
    canvas.rect((0.0, 0.0), (640.0, horizon), (canvas::lit(wall, 0.93), canvas::lit(wall, 1.06)));
    canvas.rect(
        (0.0, horizon),
        (640.0, 480.0 - horizon),
        (canvas::lit(floor, 0.82), canvas::lit(floor, 1.12)),
    );
    match dice.below(3) {
        // Tiles or boards that run to the back.
        0 => {
            let middle = dice.between(250.0, 390.0);
            for at in -7_i8..=7 {
                let at = f32::from(at);
                let joint = canvas::lit(floor, 0.78);
                canvas.line((middle + at * 52.0, horizon), (middle + at * 118.0, 480.0), 1.4, joint);
            }
        }
        1 => {
            for at in 1_u8..=5 {
                let y = horizon + f32::from(at * at) * 5.4;
                canvas.line((0.0, y), (640.0, y), 1.4, canvas::lit(floor, 0.84));
            }
        }
        _ => {}
    }
    canvas.rect((0.0, horizon - 11.0), (640.0, 11.0), canvas::flat(canvas::lit(wall, 0.74)));
    match dice.below(4) {
        // A window.
        0 => {
            let x = if dice.chance(500) { dice.between(16.0, 60.0) } else { dice.between(470.0, 520.0) };
            canvas.rect((x, 40.0), (104.0, 148.0), canvas::flat([244.0, 244.0, 242.0]));
            canvas.rect((x + 7.0, 47.0), (90.0, 134.0), ([168.0, 202.0, 232.0], [226.0, 238.0, 244.0]));
            canvas.rect((x + 49.0, 47.0), (6.0, 134.0), canvas::flat([240.0, 240.0, 238.0]));
            canvas.rect((x + 7.0, 108.0), (90.0, 5.0), canvas::flat([240.0, 240.0, 238.0]));
        }
        // Light that falls in aslant.
        1 => {
            let x = dice.between(60.0, 360.0);
            let beam = canvas::lit(wall, 1.1);
            canvas.glass(
                &[(x, 0.0), (x + 130.0, 0.0), (x + 250.0, horizon), (x + 80.0, horizon)],
                beam,
                0.55,
            );
        }
        // A wainscot.
        2 => {
            canvas.rect((0.0, horizon - 118.0), (640.0, 107.0), canvas::flat(canvas::lit(wall, 0.9)));
            canvas.line((0.0, horizon - 119.0), (640.0, horizon - 119.0), 3.0, canvas::lit(wall, 0.8));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn pictures_are_repeatable_differ_and_are_not_blank() {
        let mut seen = HashSet::new();
        for shape in Shape::ALL {
            for variation in 0..2 {
                let picture = Picture { shape: *shape, variation };
                let pixels = picture.draw(5);
                assert_eq!(pixels.len(), (WIDTH * HEIGHT * 3) as usize);
                let colours: HashSet<&[u8]> = pixels.chunks(3).collect();
                assert!(colours.len() > 300, "{picture:?} has {} colours", colours.len());
                assert!(seen.insert(pixels), "{picture:?} is there twice");
            }
        }
        let picture = Picture { shape: Shape::Copier, variation: 9 };
        assert_eq!(picture.jpeg(5).unwrap(), picture.jpeg(5).unwrap());
        assert_ne!(picture.draw(5), picture.draw(6));
    }

    #[test]
    fn a_picture_is_a_jpeg_of_its_size() {
        let file = Picture { shape: Shape::Desk, variation: 0 }.jpeg(5).unwrap();
        let image = image::load_from_memory_with_format(&file, image::ImageFormat::Jpeg).unwrap();
        assert_eq!((image.width(), image.height()), (WIDTH, HEIGHT));
        assert!(file.len() < 60_000, "{}", file.len());
    }

    #[test]
    fn variations_stay_within_the_limit() {
        assert_eq!(variations(0), 1);
        assert!(variations(usize::MAX) as usize * Shape::ALL.len() <= MOST);
        assert!(variations(MOST) > 50);
    }
}
