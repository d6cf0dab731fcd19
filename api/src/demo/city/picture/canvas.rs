//! A small painter: polygons with soft edges and a gradient, and what can be made of them.
//!
//! Only sums, products and roots are used, which every machine rounds alike: the bytes of a picture are its identity.

/// Red, green, blue, 0 to 255.
pub(super) type Colour = [f32; 3];
/// A place in a picture of 640 × 480.
pub(super) type Point = (f32, f32);
/// Colour at the top and at the bottom of a shape.
pub(super) type Gradient = (Colour, Colour);

/// `colour`, lighter or darker.
pub(super) fn lit(colour: Colour, by: f32) -> Colour {
    colour.map(|part| (part * by).clamp(0.0, 255.0))
}

/// The same colour from top to bottom.
pub(super) const fn flat(colour: Colour) -> Gradient {
    (colour, colour)
}

/// A little lighter at the top.
pub(super) fn soft(colour: Colour) -> Gradient {
    (lit(colour, 1.08), lit(colour, 0.9))
}

pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// Coverage of the row being painted.
    row: Vec<f32>,
    scale: f32,
    shift: Point,
    mirrored: bool,
}

/// Sub-rows a pixel row is cut into for soft edges.
const CUTS: usize = 4;

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            pixels: vec![0; width * height * 3],
            row: vec![0.0; width + 1],
            scale: 1.0,
            shift: (0.0, 0.0),
            mirrored: false,
        }
    }

    /// Everything painted from now on is scaled around the middle of the floor, moved, and mirrored.
    pub(super) fn place(&mut self, scale: f32, x: f32, y: f32, mirrored: bool) {
        self.scale = scale;
        self.shift = (x, y);
        self.mirrored = mirrored;
    }

    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    fn map(&self, (x, y): Point) -> Point {
        let x = if self.mirrored { 640.0 - x } else { x };
        (320.0 + (x - 320.0) * self.scale + self.shift.0, 400.0 + (y - 400.0) * self.scale + self.shift.1)
    }

    /// A polygon without holes; it may be concave.
    pub(super) fn polygon(&mut self, points: &[Point], gradient: Gradient) {
        self.fill(points, gradient, 1.0);
    }

    /// A polygon one sees through: `alpha` 1 hides, 0 shows what is behind.
    pub(super) fn glass(&mut self, points: &[Point], colour: Colour, alpha: f32) {
        self.fill(points, flat(colour), alpha);
    }

    pub(super) fn rect(&mut self, (x, y): Point, (w, h): Point, gradient: Gradient) {
        self.polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)], gradient);
    }

    pub(super) fn line(&mut self, from: Point, to: Point, width: f32, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt().max(0.001);
        let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        let corners = [
            (from.0 + nx, from.1 + ny),
            (to.0 + nx, to.1 + ny),
            (to.0 - nx, to.1 - ny),
            (from.0 - nx, from.1 - ny),
        ];
        self.polygon(&corners, flat(colour));
    }

    pub(super) fn ellipse(&mut self, middle: Point, (rx, ry): Point, gradient: Gradient) {
        let points = circle().map(|(x, y)| (middle.0 + x * rx, middle.1 + y * ry));
        self.polygon(&points, gradient);
    }

    /// A rectangle with round corners of radius `r`.
    pub(super) fn round(&mut self, (x, y): Point, (w, h): Point, r: f32, gradient: Gradient) {
        let r = r.min(w / 2.0).min(h / 2.0);
        let points = circle().map(|(cx, cy)| {
            let corner_x = if cx > 0.0 { x + w - r } else { x + r };
            let corner_y = if cy > 0.0 { y + h - r } else { y + r };
            (corner_x + cx * r, corner_y + cy * r)
        });
        self.polygon(&points, gradient);
    }

    /// A box seen a little from above and from the right: front at (x, y), `depth` pixels to the back.
    pub(super) fn block(&mut self, (x, y): Point, (w, h): Point, depth: f32, colour: Colour) {
        let (dx, dy) = (depth * 0.8, depth * 0.45);
        self.polygon(
            &[(x, y), (x + dx, y - dy), (x + w + dx, y - dy), (x + w, y)],
            (lit(colour, 1.22), lit(colour, 1.12)),
        );
        self.polygon(
            &[(x + w, y), (x + w + dx, y - dy), (x + w + dx, y + h - dy), (x + w, y + h)],
            (lit(colour, 0.76), lit(colour, 0.62)),
        );
        self.rect((x, y), (w, h), (lit(colour, 1.05), lit(colour, 0.88)));
    }

    /// A soft dark patch on the floor.
    pub(super) fn shadow(&mut self, middle: Point, (rx, ry): Point, strength: f32) {
        let (cx, cy) = self.map(middle);
        let (rx, ry) = (rx * self.scale, ry * self.scale);
        let rows = self.rows(cy - ry, cy + ry);
        let columns = clip(cx - rx, cx + rx, self.width);
        for y in rows {
            let dy = (y as f32 + 0.5 - cy) / ry;
            for x in columns.clone() {
                let dx = (x as f32 + 0.5 - cx) / rx;
                let near = 1.0 - dx * dx - dy * dy;
                if near > 0.0 {
                    self.blend(x, y, [18.0, 18.0, 22.0], near * near.sqrt() * strength);
                }
            }
        }
    }

    /// Darkens towards the corners, as lenses do.
    pub(super) fn vignette(&mut self, strength: f32) {
        let (cx, cy) = (self.width as f32 / 2.0, self.height as f32 / 2.0);
        for (y, row) in self.pixels.chunks_mut(self.width * 3).enumerate() {
            let dy = (y as f32 - cy) / cy;
            for (x, pixel) in row.chunks_mut(3).enumerate() {
                let dx = (x as f32 - cx) / cx;
                let keep = (256.0 - 128.0 * strength * (dx * dx + dy * dy)) as u16;
                for part in pixel {
                    *part = (u16::from(*part) * keep / 256) as u8;
                }
            }
        }
    }

    fn rows(&self, top: f32, bottom: f32) -> std::ops::Range<usize> {
        clip(top, bottom, self.height)
    }

    fn blend(&mut self, x: usize, y: usize, colour: Colour, alpha: f32) {
        let at = (y * self.width + x) * 3;
        for (part, new) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            let old = f32::from(*part);
            *part = (old + (new - old) * alpha + 0.5) as u8;
        }
    }

    fn fill(&mut self, points: &[Point], (top, bottom): Gradient, alpha: f32) {
        let mapped: Vec<Point> = points.iter().map(|point| self.map(*point)).collect();
        let (mut low, mut high) = (f32::MAX, f32::MIN);
        for (_, y) in &mapped {
            low = low.min(*y);
            high = high.max(*y);
        }
        let mut crossings = Vec::with_capacity(8);
        for y in self.rows(low, high) {
            let (mut first, mut last) = (self.width, 0);
            for cut in 0..CUTS {
                let at = y as f32 + (cut as f32 + 0.5) / CUTS as f32;
                crossings.clear();
                let mut from = mapped[mapped.len() - 1];
                for to in &mapped {
                    if (from.1 <= at) != (to.1 <= at) {
                        crossings.push(from.0 + (at - from.1) / (to.1 - from.1) * (to.0 - from.0));
                    }
                    from = *to;
                }
                crossings.sort_by(f32::total_cmp);
                for pair in crossings.chunks_exact(2) {
                    let (a, b) =
                        (pair[0].clamp(0.0, self.width as f32), pair[1].clamp(0.0, self.width as f32));
                    if b > a {
                        first = first.min(a as usize);
                        last = last.max(b as usize);
                        self.cover(a, b);
                    }
                }
            }
            if first > last {
                continue;
            }
            let t = ((y as f32 + 0.5 - low) / (high - low).max(1.0)).clamp(0.0, 1.0);
            let colour = [
                top[0] + (bottom[0] - top[0]) * t,
                top[1] + (bottom[1] - top[1]) * t,
                top[2] + (bottom[2] - top[2]) * t,
            ];
            // Most pixels are covered whole: they need no arithmetic.
            let whole = colour.map(|part| (part + 0.5) as u8);
            for x in first..=last {
                let covered = std::mem::take(&mut self.row[x]).min(1.0) * alpha;
                if x < self.width && covered > 0.998 {
                    let at = (y * self.width + x) * 3;
                    self.pixels[at..at + 3].copy_from_slice(&whole);
                } else if x < self.width && covered > 0.0 {
                    self.blend(x, y, colour, covered);
                }
            }
        }
    }

    /// Adds one sub-row from `a` to `b` to the coverage of the row.
    fn cover(&mut self, a: f32, b: f32) {
        const WEIGHT: f32 = 1.0 / CUTS as f32;
        let (start, end) = (a as usize, b as usize);
        if start == end {
            self.row[start] += (b - a) * WEIGHT;
            return;
        }
        self.row[start] += (start as f32 + 1.0 - a) * WEIGHT;
        for covered in &mut self.row[start + 1..end] {
            *covered += WEIGHT;
        }
        self.row[end] += (b - end as f32) * WEIGHT;
    }
}

fn clip(low: f32, high: f32, size: usize) -> std::ops::Range<usize> {
    let start = low.max(0.0) as usize;
    let end = (high.max(0.0) as usize + 1).min(size);
    start..end.max(start)
}

/// 48 points of the unit circle, by turning one a forty-eighth further each time.
fn circle() -> [Point; 48] {
    // cos and sin of 7.5 degrees; the first point stands half a turn off the axes, so that corners get equal shares.
    const TURN: Point = (0.991_444_9, 0.130_526_2);
    let mut point = (0.997_858_9, 0.065_403_13);
    let mut points = [point; 48];
    for slot in &mut points {
        *slot = point;
        point = (point.0 * TURN.0 - point.1 * TURN.1, point.0 * TURN.1 + point.1 * TURN.0);
    }
    points
}
