//! Desks, chairs, sofas, cabinets.

use super::super::dice::Dice;
use super::canvas::{Canvas, Colour, flat, lit, soft};

const WOODS: &[Colour] = &[
    [164.0, 116.0, 72.0],
    [196.0, 152.0, 104.0],
    [120.0, 76.0, 48.0],
    [214.0, 190.0, 156.0],
    [146.0, 90.0, 62.0],
    [222.0, 216.0, 206.0],
];
const FABRICS: &[Colour] = &[
    [44.0, 48.0, 56.0],
    [48.0, 84.0, 138.0],
    [112.0, 46.0, 48.0],
    [86.0, 96.0, 88.0],
    [128.0, 126.0, 130.0],
    [52.0, 110.0, 104.0],
];
const STEELS: &[Colour] = &[
    [206.0, 208.0, 204.0],
    [176.0, 184.0, 190.0],
    [150.0, 158.0, 156.0],
    [218.0, 214.0, 200.0],
    [124.0, 136.0, 148.0],
];
const METAL: Colour = [168.0, 172.0, 178.0];
const DARK: Colour = [40.0, 42.0, 46.0];

pub(super) fn desk(canvas: &mut Canvas, dice: &mut Dice) {
    let wood = *dice.pick(WOODS);
    let wide = dice.between(320.0, 390.0);
    let x = 320.0 - wide / 2.0 - 20.0;
    canvas.shadow((345.0, 402.0), (wide * 0.66, 44.0), 0.55);
    let steel = dice.chance(400);
    let legs = if steel { METAL } else { lit(wood, 0.85) };
    // Far leg, panel, near legs, top: from the back to the front.
    canvas.rect((x + wide + 14.0, 232.0), (14.0, 136.0), soft(lit(legs, 0.7)));
    canvas.rect((x + 62.0, 244.0), (wide - 40.0, 84.0), soft(lit(wood, 0.62)));
    canvas.block((x + 8.0, 258.0), (if steel { 14.0 } else { 22.0 }, 144.0), 52.0, legs);
    let drawers = dice.range(2, 3);
    let chest = (x + wide - 106.0, 258.0);
    canvas.block(chest, (98.0, 144.0), 52.0, lit(wood, 0.94));
    let high = 136.0 / drawers as f32;
    for at in 0..drawers {
        let y = chest.1 + 4.0 + high * at as f32;
        canvas.rect((chest.0 + 5.0, y), (88.0, high - 5.0), soft(lit(wood, 1.06)));
        canvas.round((chest.0 + 34.0, y + high * 0.35), (30.0, 6.0), 3.0, soft(METAL));
    }
    canvas.block((x, 238.0), (wide, 20.0), 84.0, wood);
    if dice.chance(450) {
        // A lamp, so that the top is seen to be one.
        let lamp = *dice.pick(FABRICS);
        canvas.ellipse((x + 96.0, 222.0), (24.0, 7.0), soft(lamp));
        canvas.line((x + 96.0, 220.0), (x + 112.0, 160.0), 5.0, lamp);
        canvas.line((x + 112.0, 160.0), (x + 78.0, 132.0), 5.0, lamp);
        canvas.polygon(
            &[(x + 84.0, 124.0), (x + 64.0, 122.0), (x + 42.0, 152.0), (x + 78.0, 158.0)],
            soft(lamp),
        );
    }
    if dice.chance(500) {
        canvas.polygon(
            &[(x + 190.0, 232.0), (x + 214.0, 214.0), (x + 272.0, 214.0), (x + 254.0, 232.0)],
            flat([246.0, 246.0, 242.0]),
        );
    }
}

pub(super) fn meeting_table(canvas: &mut Canvas, dice: &mut Dice) {
    let wood = *dice.pick(WOODS);
    let fabric = *dice.pick(FABRICS);
    canvas.shadow((320.0, 396.0), (290.0, 48.0), 0.5);
    for at in 0_u8..4 {
        let x = 138.0 + f32::from(at) * 100.0;
        canvas.round((x, 160.0), (62.0, 92.0), 16.0, soft(lit(fabric, 0.9)));
    }
    for x in [190.0, 410.0] {
        canvas.polygon(
            &[(x, 290.0), (x + 40.0, 290.0), (x + 54.0, 400.0), (x - 14.0, 400.0)],
            soft(lit(wood, 0.6)),
        );
    }
    let angular = dice.chance(400);
    if angular {
        let top = [(120.0, 230.0), (520.0, 230.0), (604.0, 308.0), (36.0, 308.0)];
        canvas
            .polygon(&[(36.0, 308.0), (604.0, 308.0), (604.0, 326.0), (36.0, 326.0)], flat(lit(wood, 0.68)));
        canvas.polygon(&top, (lit(wood, 1.18), wood));
    } else {
        canvas.ellipse((320.0, 290.0), (276.0, 62.0), flat(lit(wood, 0.66)));
        canvas.ellipse((320.0, 274.0), (276.0, 62.0), (lit(wood, 1.2), wood));
        canvas.ellipse((320.0, 272.0), (150.0, 26.0), flat(lit(wood, 1.12)));
    }
    canvas.round((296.0, 262.0), (48.0, 14.0), 4.0, flat(DARK));
    for at in 0_u8..3 {
        let x = 158.0 + f32::from(at) * 124.0;
        canvas.round((x, 322.0), (76.0, 70.0), 18.0, soft(fabric));
        canvas.rect((x + 32.0, 390.0), (12.0, 22.0), flat(METAL));
    }
}

pub(super) fn office_chair(canvas: &mut Canvas, dice: &mut Dice) {
    let fabric = *dice.pick(FABRICS);
    let frame = if dice.chance(600) { DARK } else { METAL };
    canvas.shadow((320.0, 414.0), (140.0, 28.0), 0.6);
    for (x, y) in [(226.0, 410.0), (272.0, 428.0), (368.0, 428.0), (414.0, 410.0), (320.0, 396.0)] {
        canvas.line((320.0, 384.0), (x, y - 8.0), 11.0, frame);
        canvas.ellipse((x, y), (11.0, 11.0), soft(DARK));
    }
    canvas.rect((312.0, 316.0), (16.0, 72.0), soft(METAL));
    canvas.rect((307.0, 350.0), (26.0, 34.0), soft(frame));
    let high = dice.between(130.0, 176.0);
    canvas.line((320.0, 300.0), (320.0, 250.0), 24.0, lit(frame, 1.2));
    canvas.round((240.0, 266.0 - high), (160.0, high), 34.0, soft(fabric));
    canvas.round((254.0, 280.0 - high), (132.0, high - 28.0), 26.0, (lit(fabric, 1.3), lit(fabric, 1.05)));
    if dice.chance(400) {
        canvas.round((270.0, 220.0 - high), (100.0, 40.0), 16.0, soft(lit(fabric, 0.9)));
        canvas.rect((312.0, 258.0 - high), (16.0, 14.0), flat(frame));
    }
    canvas.round((222.0, 286.0), (196.0, 40.0), 20.0, (lit(fabric, 1.22), lit(fabric, 0.78)));
    for x in [206.0, 414.0] {
        canvas.line((x + 10.0, 300.0), (x + 10.0, 236.0), 9.0, frame);
        canvas.round((x - 6.0, 226.0), (32.0, 16.0), 8.0, soft(lit(frame, 1.15)));
    }
}

pub(super) fn meeting_chair(canvas: &mut Canvas, dice: &mut Dice) {
    let fabric = *dice.pick(FABRICS);
    canvas.shadow((330.0, 406.0), (130.0, 26.0), 0.55);
    canvas.line((400.0, 286.0), (410.0, 392.0), 9.0, lit(METAL, 0.8));
    canvas.line((270.0, 286.0), (266.0, 392.0), 9.0, lit(METAL, 0.8));
    for x in [256.0, 384.0] {
        canvas.line((x, 150.0), (x - 4.0, 300.0), 9.0, METAL);
    }
    canvas.line((246.0, 300.0), (234.0, 412.0), 10.0, METAL);
    canvas.line((388.0, 300.0), (394.0, 412.0), 10.0, METAL);
    canvas.round((250.0, 128.0), (142.0, 108.0), 18.0, soft(fabric));
    canvas.round((262.0, 140.0), (118.0, 84.0), 14.0, (lit(fabric, 1.25), lit(fabric, 1.08)));
    canvas.polygon(
        &[(262.0, 272.0), (404.0, 272.0), (402.0, 308.0), (236.0, 308.0)],
        (lit(fabric, 1.28), lit(fabric, 1.05)),
    );
    canvas.rect((236.0, 308.0), (166.0, 12.0), flat(lit(fabric, 0.7)));
    if dice.chance(400) {
        // A writing board on the arm.
        canvas.line((410.0, 300.0), (420.0, 248.0), 8.0, METAL);
        canvas.polygon(
            &[(372.0, 240.0), (470.0, 240.0), (486.0, 262.0), (360.0, 262.0)],
            soft([206.0, 176.0, 134.0]),
        );
    }
}

pub(super) fn sofa(canvas: &mut Canvas, dice: &mut Dice) {
    const LEATHERS: &[Colour] = &[
        [66.0, 46.0, 38.0],
        [38.0, 38.0, 42.0],
        [138.0, 92.0, 60.0],
        [120.0, 124.0, 128.0],
        [88.0, 104.0, 124.0],
    ];
    let skin = *dice.pick(LEATHERS);
    canvas.shadow((320.0, 402.0), (280.0, 40.0), 0.6);
    for x in [116.0, 508.0] {
        canvas.rect((x, 386.0), (18.0, 20.0), flat([46.0, 34.0, 26.0]));
    }
    canvas.round((112.0, 188.0), (416.0, 130.0), 30.0, (lit(skin, 1.25), lit(skin, 0.85)));
    canvas.rect((110.0, 300.0), (420.0, 90.0), soft(lit(skin, 0.8)));
    for at in 0_u8..3 {
        let x = 136.0 + f32::from(at) * 123.0;
        canvas.round((x, 206.0), (121.0, 96.0), 20.0, (lit(skin, 1.45), lit(skin, 1.05)));
        canvas.round((x, 292.0), (121.0, 46.0), 18.0, (lit(skin, 1.6), lit(skin, 1.0)));
    }
    for x in [82.0, 506.0] {
        canvas.round((x, 250.0), (52.0, 144.0), 24.0, (lit(skin, 1.4), lit(skin, 0.8)));
    }
    if dice.chance(500) {
        let cushion = *dice.pick(FABRICS);
        canvas.polygon(
            &[(160.0, 250.0), (204.0, 226.0), (232.0, 272.0), (186.0, 298.0)],
            soft(lit(cushion, 1.5)),
        );
    }
}

pub(super) fn bookcase(canvas: &mut Canvas, dice: &mut Dice) {
    let wood = *dice.pick(WOODS);
    let wide = dice.between(200.0, 290.0);
    let x = 310.0 - wide / 2.0;
    canvas.shadow((330.0, 406.0), (wide * 0.72, 30.0), 0.6);
    canvas.block((x, 92.0), (wide, 312.0), 46.0, wood);
    canvas.rect((x + 10.0, 104.0), (wide - 20.0, 204.0), flat(lit(wood, 0.5)));
    for shelf in 0_u8..3 {
        let floor = 168.0 + f32::from(shelf) * 68.0;
        let mut at = x + 14.0;
        while at < x + wide - 30.0 {
            let thick = dice.between(7.0, 17.0);
            let high = dice.between(34.0, 54.0);
            let spine = [dice.between(60.0, 220.0), dice.between(50.0, 180.0), dice.between(50.0, 190.0)];
            if !dice.chance(130) {
                canvas.rect((at, floor - high), (thick - 1.0, high), soft(spine));
            }
            at += thick;
        }
        canvas.rect((x + 8.0, floor), (wide - 16.0, 8.0), soft(lit(wood, 1.05)));
    }
    let half = (wide - 24.0) / 2.0;
    for door in [0.0, 1.0] {
        canvas.rect((x + 10.0 + door * (half + 4.0), 316.0), (half, 80.0), soft(lit(wood, 1.08)));
        canvas.round(
            (x + if door > 0.0 { half + 20.0 } else { half - 4.0 }, 346.0),
            (6.0, 22.0),
            3.0,
            flat(METAL),
        );
    }
    if dice.chance(600) {
        // Glass doors.
        for door in [0.0, 1.0] {
            let left = x + 10.0 + door * (half + 4.0);
            canvas.glass(
                &[(left, 104.0), (left + half, 104.0), (left + half, 308.0), (left, 308.0)],
                [200.0, 222.0, 232.0],
                0.16,
            );
            canvas.glass(
                &[(left + 20.0, 104.0), (left + 54.0, 104.0), (left + 18.0, 200.0), (left, 200.0)],
                [255.0, 255.0, 255.0],
                0.22,
            );
            canvas.rect((left, 104.0), (4.0, 204.0), flat(lit(wood, 0.95)));
        }
    }
}

pub(super) fn filing_cabinet(canvas: &mut Canvas, dice: &mut Dice) {
    let steel = *dice.pick(STEELS);
    let doors = dice.chance(450);
    let wide = if doors { 196.0 } else { 156.0 };
    let x = 306.0 - wide / 2.0;
    canvas.shadow((332.0, 406.0), (wide * 0.86, 30.0), 0.6);
    canvas.block((x, 106.0), (wide, 298.0), 62.0, steel);
    if doors {
        for door in [0.0, 1.0] {
            let left = x + 5.0 + door * (wide / 2.0 - 1.0);
            canvas.rect((left, 112.0), (wide / 2.0 - 8.0, 286.0), soft(lit(steel, 1.05)));
            canvas.line((left, 112.0), (left, 398.0), 2.0, lit(steel, 0.6));
        }
        for at in 0_u8..5 {
            canvas.rect((x + 24.0, 132.0 + f32::from(at) * 9.0), (50.0, 3.0), flat(lit(steel, 0.66)));
        }
        canvas.round((x + wide / 2.0 - 20.0, 246.0), (9.0, 42.0), 4.0, soft(METAL));
        canvas.round((x + wide / 2.0 + 9.0, 246.0), (9.0, 42.0), 4.0, soft(METAL));
    } else {
        let drawers = dice.range(3, 5);
        let high = 290.0 / drawers as f32;
        for at in 0..drawers {
            let y = 110.0 + high * at as f32;
            canvas.rect((x + 6.0, y + 2.0), (wide - 12.0, high - 5.0), soft(lit(steel, 1.06)));
            canvas.line((x + 6.0, y + high - 2.0), (x + wide - 6.0, y + high - 2.0), 2.0, lit(steel, 0.58));
            canvas.rect((x + wide / 2.0 - 24.0, y + high * 0.24), (48.0, 15.0), flat([248.0, 248.0, 244.0]));
            canvas.round((x + wide / 2.0 - 30.0, y + high * 0.55), (60.0, 9.0), 4.0, soft(lit(METAL, 0.8)));
        }
        canvas.ellipse((x + wide - 18.0, 124.0), (5.0, 5.0), flat(DARK));
    }
}

pub(super) fn secure_cabinet(canvas: &mut Canvas, dice: &mut Dice) {
    const PAINTS: &[Colour] =
        &[[86.0, 104.0, 92.0], [96.0, 102.0, 112.0], [132.0, 128.0, 118.0], [62.0, 74.0, 92.0]];
    let paint = *dice.pick(PAINTS);
    canvas.shadow((336.0, 406.0), (180.0, 34.0), 0.65);
    canvas.block((206.0, 140.0), (210.0, 264.0), 74.0, paint);
    canvas.rect((218.0, 152.0), (186.0, 240.0), soft(lit(paint, 0.75)));
    canvas.rect((224.0, 158.0), (174.0, 228.0), soft(lit(paint, 1.12)));
    for y in [180.0, 330.0] {
        canvas.round((214.0, y), (12.0, 36.0), 4.0, soft(lit(paint, 0.6)));
    }
    if dice.chance(500) {
        canvas.round((296.0, 196.0), (64.0, 78.0), 6.0, soft(DARK));
        for at in 0_u8..12 {
            let (column, row) = (f32::from(at % 3), f32::from(at / 3));
            canvas.rect(
                (303.0 + column * 18.0, 204.0 + row * 16.0),
                (13.0, 11.0),
                flat([190.0, 196.0, 200.0]),
            );
        }
    } else {
        canvas.ellipse((328.0, 232.0), (32.0, 32.0), soft(METAL));
        canvas.ellipse((328.0, 232.0), (22.0, 22.0), soft(DARK));
        canvas.line((328.0, 232.0), (328.0, 212.0), 3.0, [240.0, 240.0, 240.0]);
    }
    canvas.ellipse((328.0, 320.0), (9.0, 9.0), soft(METAL));
    for (x, y) in [(290.0, 320.0), (366.0, 320.0), (328.0, 282.0), (328.0, 358.0)] {
        canvas.line((328.0, 320.0), (x, y), 7.0, METAL);
        canvas.ellipse((x, y), (7.0, 7.0), soft(lit(METAL, 1.15)));
    }
    canvas.rect((236.0, 168.0), (42.0, 14.0), flat([196.0, 46.0, 42.0]));
}
