//! Vehicles and houses, under the sky.

use super::super::dice::Dice;
use super::canvas::{Canvas, Colour, Point, flat, lit, soft};

type Outline = &'static [Point];

const RUBBER: Colour = [34.0, 34.0, 38.0];
const GLASS: Colour = [72.0, 92.0, 108.0];
const PAINTS: &[Colour] = &[
    [36.0, 38.0, 44.0],
    [236.0, 236.0, 234.0],
    [176.0, 182.0, 188.0],
    [34.0, 62.0, 112.0],
    [198.0, 180.0, 150.0],
    [128.0, 34.0, 38.0],
];

/// Sky, trees or walls behind, and the ground in front.
pub(super) fn ground(canvas: &mut Canvas, dice: &mut Dice) {
    const SKIES: &[(Colour, Colour)] = &[
        ([136.0, 180.0, 226.0], [222.0, 234.0, 242.0]),
        ([176.0, 188.0, 200.0], [226.0, 228.0, 228.0]),
        ([120.0, 160.0, 206.0], [246.0, 226.0, 200.0]),
    ];
    let sky = *dice.pick(SKIES);
    let horizon = dice.between(296.0, 326.0);
    canvas.rect((0.0, 0.0), (640.0, horizon), sky);
    for _ in 0..dice.range(1, 4) {
        let (x, y) = (dice.between(0.0, 640.0), dice.between(30.0, 120.0));
        for at in 0_u8..3 {
            let cloud = lit(sky.1, 1.05);
            canvas.ellipse((x + f32::from(at) * 34.0, y), (40.0, 15.0), flat(cloud));
        }
    }
    match dice.below(3) {
        0 => {
            for at in 0_u8..9 {
                let x = f32::from(at) * 82.0 + dice.between(-20.0, 20.0);
                let green = [dice.between(60.0, 96.0), dice.between(106.0, 140.0), dice.between(60.0, 84.0)];
                canvas.rect((x - 4.0, horizon - 50.0), (8.0, 50.0), flat([88.0, 66.0, 48.0]));
                canvas.ellipse((x, horizon - 72.0), (44.0, 44.0), soft(green));
            }
        }
        1 => {
            for at in 0_u8..7 {
                let x = f32::from(at) * 98.0 - 20.0;
                let high = dice.between(60.0, 170.0);
                let grey = dice.between(168.0, 200.0);
                canvas.rect((x, horizon - high), (86.0, high), soft([grey, grey + 4.0, grey + 10.0]));
            }
        }
        _ => {
            canvas.rect((0.0, horizon - 70.0), (640.0, 70.0), soft([198.0, 190.0, 176.0]));
            canvas.rect((0.0, horizon - 76.0), (640.0, 8.0), flat([156.0, 84.0, 66.0]));
        }
    }
    let grey = dice.between(104.0, 140.0);
    canvas.rect((0.0, horizon), (640.0, 480.0 - horizon), ([grey * 0.86; 3], [grey * 1.16; 3]));
    for at in 0_u8..5 {
        let x = f32::from(at) * 170.0 - 60.0;
        canvas.glass(
            &[(x + 60.0, horizon + 20.0), (x + 66.0, horizon + 20.0), (x - 20.0, 480.0), (x - 34.0, 480.0)],
            [236.0, 236.0, 230.0],
            0.7,
        );
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Sedan,
    Suv,
    Van,
}

pub(super) fn car(canvas: &mut Canvas, dice: &mut Dice, body: Body) {
    let paint = *dice.pick(PAINTS);
    canvas.shadow((320.0, 408.0), (290.0, 30.0), 0.7);
    // Outlines from the rear bumper over the roof to the front, and the windows inside of them.
    let (outline, windows, pillar): (Outline, &[Outline], f32) = match body {
        Body::Sedan => (
            &[
                (62.0, 384.0),
                (56.0, 330.0),
                (70.0, 300.0),
                (146.0, 288.0),
                (206.0, 236.0),
                (246.0, 224.0),
                (356.0, 222.0),
                (400.0, 234.0),
                (462.0, 286.0),
                (560.0, 304.0),
                (588.0, 330.0),
                (590.0, 384.0),
            ],
            &[
                &[(170.0, 288.0), (216.0, 244.0), (296.0, 236.0), (296.0, 288.0)],
                &[(306.0, 288.0), (306.0, 235.0), (360.0, 234.0), (394.0, 244.0), (440.0, 288.0)],
            ],
            301.0,
        ),
        Body::Suv => (
            &[
                (66.0, 386.0),
                (60.0, 310.0),
                (76.0, 268.0),
                (100.0, 206.0),
                (128.0, 192.0),
                (360.0, 190.0),
                (402.0, 204.0),
                (462.0, 268.0),
                (562.0, 284.0),
                (588.0, 312.0),
                (590.0, 386.0),
            ],
            &[
                &[(98.0, 268.0), (118.0, 212.0), (176.0, 206.0), (176.0, 268.0)],
                &[(186.0, 268.0), (186.0, 206.0), (284.0, 204.0), (284.0, 268.0)],
                &[(294.0, 268.0), (294.0, 204.0), (358.0, 204.0), (392.0, 216.0), (436.0, 268.0)],
            ],
            289.0,
        ),
        Body::Van => (
            &[
                (58.0, 388.0),
                (54.0, 240.0),
                (66.0, 180.0),
                (90.0, 164.0),
                (400.0, 162.0),
                (446.0, 178.0),
                (520.0, 262.0),
                (576.0, 282.0),
                (592.0, 316.0),
                (592.0, 388.0),
            ],
            &[
                &[(78.0, 250.0), (88.0, 184.0), (186.0, 180.0), (186.0, 250.0)],
                &[(196.0, 250.0), (196.0, 180.0), (320.0, 179.0), (320.0, 250.0)],
                &[(330.0, 250.0), (330.0, 179.0), (396.0, 180.0), (436.0, 194.0), (486.0, 250.0)],
            ],
            325.0,
        ),
    };
    canvas.polygon(outline, (lit(paint, 1.3), lit(paint, 0.78)));
    for window in windows {
        canvas.polygon(window, (lit(GLASS, 1.5), lit(GLASS, 0.9)));
    }
    let sill = if body == Body::Van { 258.0 } else { 296.0 };
    canvas.line((72.0, sill + 12.0), (572.0, sill + 18.0), 3.0, lit(paint, 1.5));
    for x in [pillar, pillar - 116.0] {
        canvas.line((x, sill), (x, 380.0), 2.0, lit(paint, 0.6));
        canvas.round((x - 42.0, sill + 24.0), (28.0, 6.0), 3.0, flat(lit(paint, 0.55)));
    }
    canvas.rect((60.0, 374.0), (532.0, 14.0), soft(lit(paint, 0.42)));
    canvas.polygon(
        &[(556.0, 314.0), (588.0, 320.0), (588.0, 340.0), (548.0, 334.0)],
        soft([250.0, 246.0, 220.0]),
    );
    canvas.polygon(&[(58.0, 318.0), (82.0, 316.0), (82.0, 340.0), (57.0, 342.0)], soft([196.0, 40.0, 36.0]));
    canvas.round((438.0, sill - 12.0), (26.0, 16.0), 6.0, soft(lit(paint, 0.9)));
    for x in [164.0, 486.0] {
        wheel(canvas, (x, 380.0), 46.0);
    }
    plate(canvas, dice, (562.0, 352.0));
}

fn wheel(canvas: &mut Canvas, (x, y): (f32, f32), r: f32) {
    canvas.ellipse((x, y), (r + 8.0, r + 8.0), flat([24.0, 24.0, 26.0]));
    canvas.ellipse((x, y), (r, r), soft(RUBBER));
    canvas.ellipse((x, y), (r * 0.64, r * 0.64), soft([186.0, 190.0, 196.0]));
    for (dx, dy) in [(0.0, -1.0), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31)] {
        canvas.line((x, y), (x + dx * r * 0.6, y + dy * r * 0.6), 5.0, [110.0, 114.0, 120.0]);
    }
    canvas.ellipse((x, y), (r * 0.16, r * 0.16), flat([70.0, 72.0, 78.0]));
}

/// A blue or a green plate.
fn plate(canvas: &mut Canvas, dice: &mut Dice, (x, y): (f32, f32)) {
    let green = dice.chance(300);
    let back = if green { [126.0, 204.0, 150.0] } else { [30.0, 80.0, 176.0] };
    canvas.rect((x, y), (30.0, 14.0), flat(back));
    let ink = if green { [20.0, 30.0, 24.0] } else { [240.0, 244.0, 250.0] };
    for at in 0_u8..5 {
        canvas.rect((x + 4.0 + f32::from(at) * 5.0, y + 4.0), (3.0, 6.0), flat(ink));
    }
}

pub(super) fn bus(canvas: &mut Canvas, dice: &mut Dice) {
    let paint = *dice.pick(PAINTS);
    let stripe = *dice.pick(PAINTS);
    canvas.shadow((320.0, 408.0), (310.0, 30.0), 0.7);
    canvas.round((36.0, 140.0), (570.0, 250.0), 26.0, (lit(paint, 1.25), lit(paint, 0.82)));
    canvas.rect((36.0, 300.0), (570.0, 34.0), soft(stripe));
    canvas.round((50.0, 168.0), (470.0, 104.0), 10.0, (lit(GLASS, 1.4), lit(GLASS, 0.85)));
    for at in 1_u8..6 {
        canvas.rect((50.0 + f32::from(at) * 78.0, 168.0), (7.0, 104.0), flat(lit(paint, 0.7)));
    }
    canvas
        .polygon(&[(534.0, 164.0), (594.0, 168.0), (602.0, 280.0), (534.0, 284.0)], (lit(GLASS, 1.6), GLASS));
    canvas.rect((470.0, 172.0), (52.0, 206.0), soft(lit(GLASS, 0.9)));
    canvas.rect((494.0, 172.0), (4.0, 206.0), flat(lit(paint, 0.6)));
    canvas.round((574.0, 318.0), (30.0, 22.0), 6.0, soft([250.0, 246.0, 222.0]));
    canvas.round((38.0, 318.0), (16.0, 30.0), 4.0, soft([196.0, 40.0, 36.0]));
    for x in [140.0, 430.0] {
        wheel(canvas, (x, 384.0), 42.0);
    }
    plate(canvas, dice, (568.0, 360.0));
}

pub(super) fn building(canvas: &mut Canvas, dice: &mut Dice) {
    const WALLS: &[Colour] = &[
        [206.0, 196.0, 178.0],
        [184.0, 190.0, 196.0],
        [188.0, 130.0, 104.0],
        [222.0, 220.0, 214.0],
        [150.0, 164.0, 178.0],
    ];
    let wall = *dice.pick(WALLS);
    let floors = dice.range(6, 10);
    let columns = dice.range(5, 8);
    let wide = 40.0 * columns as f32;
    let high = 32.0 * floors as f32;
    let (x, top) = (290.0 - wide / 2.0, 404.0 - high);
    canvas.shadow((330.0, 408.0), (wide * 0.8, 26.0), 0.5);
    canvas.block((x, top), (wide, high), 90.0, wall);
    canvas.rect((x - 4.0, top - 6.0), (wide + 8.0, 10.0), soft(lit(wall, 0.8)));
    for floor in 0..floors - 1 {
        for column in 0..columns {
            let at = (x + 8.0 + 40.0 * column as f32, top + 14.0 + 32.0 * floor as f32);
            let light = if dice.chance(180) { [246.0, 226.0, 160.0] } else { [108.0, 140.0, 168.0] };
            canvas.rect(at, (24.0, 19.0), (lit(light, 1.15), lit(light, 0.82)));
        }
        for column in 0_u8..2 {
            let left = x + wide + 8.0 + f32::from(column) * 32.0;
            let y = top + 8.0 + 32.0 * floor as f32 - f32::from(column) * 18.0;
            canvas.polygon(
                &[(left, y), (left + 20.0, y - 11.0), (left + 20.0, y + 8.0), (left, y + 19.0)],
                soft([74.0, 98.0, 120.0]),
            );
        }
    }
    let middle = x + wide / 2.0;
    canvas.rect((middle - 58.0, 362.0), (116.0, 8.0), soft(lit(wall, 0.7)));
    canvas.rect((middle - 40.0, 370.0), (80.0, 34.0), soft([70.0, 90.0, 104.0]));
    canvas.rect((middle - 2.0, 370.0), (4.0, 34.0), flat([200.0, 204.0, 208.0]));
    canvas.rect((middle - 46.0, 348.0), (92.0, 14.0), flat([176.0, 40.0, 36.0]));
    canvas.line((x - 40.0, 404.0), (x - 40.0, 250.0), 4.0, [200.0, 200.0, 204.0]);
    canvas.rect((x - 38.0, 252.0), (40.0, 26.0), soft([210.0, 38.0, 34.0]));
}

pub(super) fn house(canvas: &mut Canvas, dice: &mut Dice) {
    const WALLS: &[Colour] =
        &[[228.0, 216.0, 192.0], [198.0, 146.0, 118.0], [216.0, 220.0, 222.0], [206.0, 206.0, 184.0]];
    const ROOFS: &[Colour] = &[[138.0, 62.0, 48.0], [80.0, 88.0, 98.0], [104.0, 76.0, 60.0]];
    let wall = *dice.pick(WALLS);
    let roof = *dice.pick(ROOFS);
    let floors = dice.range(1, 3);
    let high = 84.0 * floors as f32;
    let top = 404.0 - high;
    canvas.shadow((330.0, 408.0), (270.0, 26.0), 0.5);
    canvas.block((120.0, top), (350.0, high), 76.0, wall);
    canvas.polygon(
        &[(96.0, top + 6.0), (180.0, top - 66.0), (480.0, top - 66.0), (494.0, top + 6.0)],
        (lit(roof, 1.25), lit(roof, 0.85)),
    );
    canvas.polygon(&[(494.0, top + 6.0), (480.0, top - 66.0), (556.0, top - 30.0)], soft(lit(roof, 0.66)));
    for row in 0..5_u8 {
        let y = top - 52.0 + f32::from(row) * 13.0;
        canvas.line(
            (164.0 - f32::from(row) * 15.0, y),
            (483.0 + f32::from(row) * 2.6, y),
            1.6,
            lit(roof, 0.74),
        );
    }
    for floor in 0..floors {
        for column in 0_u8..4 {
            let at = (140.0 + f32::from(column) * 84.0, top + 20.0 + 84.0 * floor as f32);
            if floor == floors - 1 && column == 1 {
                canvas.rect((at.0 - 4.0, at.1 + 2.0), (58.0, 62.0), soft([116.0, 72.0, 46.0]));
                canvas.ellipse((at.0 + 46.0, at.1 + 34.0), (3.5, 3.5), flat([220.0, 200.0, 130.0]));
                continue;
            }
            canvas.rect((at.0 - 4.0, at.1 - 4.0), (58.0, 48.0), flat([244.0, 244.0, 240.0]));
            canvas.rect(at, (50.0, 40.0), ([150.0, 184.0, 208.0], [92.0, 124.0, 150.0]));
            canvas.rect((at.0 + 23.0, at.1), (4.0, 40.0), flat([244.0, 244.0, 240.0]));
        }
    }
}
