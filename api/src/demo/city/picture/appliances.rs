//! Air conditioners, fridges, water, washing.

use super::super::dice::Dice;
use super::canvas::{Canvas, Colour, flat, lit, soft};
use super::devices::{DARK, METAL, PAPER, WHITES};

pub(super) fn air_conditioner(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(WHITES);
    canvas.shadow((326.0, 252.0), (260.0, 46.0), 0.28);
    canvas.round((92.0, 118.0), (456.0, 128.0), 20.0, (lit(case, 1.08), lit(case, 0.84)));
    canvas.round((92.0, 118.0), (456.0, 76.0), 18.0, (lit(case, 1.1), lit(case, 0.98)));
    canvas.line((98.0, 194.0), (542.0, 194.0), 2.4, lit(case, 0.64));
    canvas.rect((124.0, 206.0), (392.0, 26.0), flat(lit(case, 0.36)));
    for at in 0_u8..3 {
        canvas.rect((124.0, 209.0 + f32::from(at) * 8.0), (392.0, 4.0), flat(lit(case, 0.9)));
    }
    canvas.round((450.0, 154.0), (58.0, 24.0), 4.0, flat([40.0, 50.0, 58.0]));
    for at in 0_u8..2 {
        canvas.round((462.0 + f32::from(at) * 18.0, 159.0), (11.0, 14.0), 3.0, flat([120.0, 240.0, 220.0]));
    }
    let air = [190.0, 222.0, 240.0];
    for at in 0_u8..6 {
        let x = 150.0 + f32::from(at) * 66.0;
        canvas.glass(&[(x, 240.0), (x + 30.0, 240.0), (x + 10.0, 306.0), (x - 26.0, 306.0)], air, 0.32);
    }
    // The pipe, and the outdoor unit on the floor.
    canvas.line((540.0, 232.0), (586.0, 330.0), 10.0, [222.0, 222.0, 218.0]);
    canvas.shadow((460.0, 412.0), (120.0, 22.0), 0.5);
    canvas.block((384.0, 306.0), (150.0, 100.0), 50.0, lit(case, 0.94));
    canvas.ellipse((444.0, 356.0), (41.0, 41.0), flat(lit(case, 0.5)));
    for (dx, dy) in [(0.0, -1.0), (0.87, 0.5), (-0.87, 0.5)] {
        canvas.line((444.0, 356.0), (444.0 + dx * 36.0, 356.0 + dy * 36.0), 13.0, lit(case, 0.78));
    }
    for r in [41.0, 30.0, 19.0] {
        ring(canvas, (444.0, 356.0), r, lit(case, 0.88));
    }
}

/// A thin circle.
fn ring(canvas: &mut Canvas, (x, y): (f32, f32), r: f32, colour: Colour) {
    const CORNERS: [(f32, f32); 12] = [
        (1.0, 0.0),
        (0.866, 0.5),
        (0.5, 0.866),
        (0.0, 1.0),
        (-0.5, 0.866),
        (-0.866, 0.5),
        (-1.0, 0.0),
        (-0.866, -0.5),
        (-0.5, -0.866),
        (0.0, -1.0),
        (0.5, -0.866),
        (0.866, -0.5),
    ];
    for (at, from) in CORNERS.iter().enumerate() {
        let to = CORNERS[(at + 1) % CORNERS.len()];
        canvas.line((x + from.0 * r, y + from.1 * r), (x + to.0 * r, y + to.1 * r), 2.0, colour);
    }
}

pub(super) fn air_tower(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(WHITES);
    canvas.shadow((336.0, 410.0), (140.0, 28.0), 0.6);
    canvas.block((246.0, 70.0), (140.0, 334.0), 52.0, case);
    canvas.rect((258.0, 88.0), (116.0, 84.0), flat(lit(case, 0.4)));
    for at in 0_u8..6 {
        canvas.rect((258.0, 92.0 + f32::from(at) * 13.5), (116.0, 6.0), flat(lit(case, 0.86)));
    }
    canvas.round((286.0, 188.0), (60.0, 34.0), 6.0, flat([40.0, 50.0, 58.0]));
    for at in 0_u8..2 {
        canvas.round((300.0 + f32::from(at) * 18.0, 196.0), (12.0, 17.0), 3.0, flat([120.0, 240.0, 220.0]));
    }
    let stripe = *dice.pick(&[[176.0, 150.0, 96.0], [90.0, 130.0, 180.0], [150.0, 60.0, 64.0]]);
    canvas.rect((246.0, 236.0), (140.0, 5.0), flat(stripe));
    canvas.rect((262.0, 256.0), (108.0, 116.0), soft(lit(case, 0.95)));
    for at in 0_u8..8 {
        canvas.rect((272.0, 268.0 + f32::from(at) * 12.0), (88.0, 4.0), flat(lit(case, 0.62)));
    }
    canvas.rect((240.0, 396.0), (152.0, 10.0), soft(lit(case, 0.6)));
}

pub(super) fn fridge(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(&[
        [222.0, 226.0, 228.0],
        [170.0, 176.0, 184.0],
        [196.0, 178.0, 140.0],
        [84.0, 92.0, 104.0],
        [150.0, 60.0, 58.0],
    ]);
    let doors = dice.range(1, 3);
    let top = if doors == 1 { 220.0 } else { 82.0 };
    canvas.shadow((340.0, 410.0), (160.0, 30.0), 0.6);
    canvas.block((234.0, top), (166.0, 400.0 - top), 62.0, case);
    let parts: &[(f32, f32)] = match doors {
        1 => &[(0.0, 1.0)],
        2 => &[(0.0, 0.36), (0.36, 1.0)],
        _ => &[(0.0, 0.44), (0.44, 0.66), (0.66, 1.0)],
    };
    let high = 392.0 - top;
    for (from, to) in parts {
        let (y, h) = (top + 4.0 + from * high, (to - from) * high - 4.0);
        canvas.round((238.0, y), (158.0, h), 6.0, (lit(case, 1.12), lit(case, 0.92)));
        canvas.round((246.0, y + h * 0.2), (9.0, h * 0.5), 4.0, soft(lit(METAL, 1.1)));
    }
    canvas.round((330.0, top + 18.0), (48.0, 12.0), 3.0, flat(lit(case, 0.6)));
    for x in [244.0, 376.0] {
        canvas.rect((x, 398.0), (16.0, 8.0), flat(DARK));
    }
}

pub(super) fn water_dispenser(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(WHITES);
    canvas.shadow((334.0, 410.0), (120.0, 26.0), 0.6);
    canvas.block((262.0, 196.0), (112.0, 208.0), 46.0, case);
    if dice.chance(700) {
        let water = [128.0, 186.0, 226.0];
        canvas.round((282.0, 66.0), (98.0, 116.0), 18.0, (lit(water, 1.2), lit(water, 0.85)));
        canvas.polygon(
            &[(296.0, 176.0), (366.0, 176.0), (350.0, 196.0), (312.0, 196.0)],
            soft(lit(water, 0.8)),
        );
        for at in 0_u8..3 {
            canvas.rect((282.0, 92.0 + f32::from(at) * 28.0), (98.0, 4.0), flat(lit(water, 0.86)));
        }
        canvas.glass(&[(294.0, 76.0), (310.0, 76.0), (310.0, 170.0), (294.0, 170.0)], [255.0; 3], 0.4);
    }
    canvas.round((272.0, 220.0), (92.0, 74.0), 8.0, soft(lit(case, 0.5)));
    canvas.rect((288.0, 226.0), (14.0, 26.0), soft([206.0, 52.0, 48.0]));
    canvas.rect((334.0, 226.0), (14.0, 26.0), soft([52.0, 110.0, 206.0]));
    canvas.rect((278.0, 284.0), (80.0, 8.0), flat(lit(case, 0.8)));
    canvas.polygon(&[(310.0, 262.0), (330.0, 262.0), (327.0, 284.0), (313.0, 284.0)], flat(PAPER));
    canvas.rect((272.0, 306.0), (92.0, 88.0), soft(lit(case, 0.94)));
    canvas.round((350.0, 340.0), (6.0, 24.0), 3.0, flat(lit(case, 0.6)));
}

pub(super) fn washer(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(WHITES);
    canvas.shadow((340.0, 410.0), (180.0, 32.0), 0.6);
    canvas.block((214.0, 178.0), (204.0, 226.0), 66.0, case);
    canvas.rect((220.0, 184.0), (192.0, 40.0), soft(lit(case, 0.86)));
    canvas.round((228.0, 190.0), (62.0, 28.0), 4.0, soft(lit(case, 1.02)));
    canvas.ellipse((330.0, 204.0), (14.0, 14.0), soft(METAL));
    canvas.round((358.0, 194.0), (46.0, 20.0), 4.0, flat([40.0, 60.0, 70.0]));
    for (r, colour) in
        [(76.0, METAL), (66.0, DARK), (56.0, [90.0, 120.0, 140.0]), (40.0, [60.0, 84.0, 104.0])]
    {
        canvas.ellipse((316.0, 312.0), (r, r), (lit(colour, 1.3), lit(colour, 0.8)));
    }
    canvas.glass(&[(280.0, 280.0), (310.0, 262.0), (322.0, 276.0), (290.0, 300.0)], [255.0; 3], 0.45);
    canvas.round((384.0, 298.0), (14.0, 32.0), 6.0, soft(lit(METAL, 1.1)));
}
