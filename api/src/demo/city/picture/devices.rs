//! Computers and office machines.

use super::super::dice::Dice;
use super::canvas::{Canvas, Colour, flat, lit, soft};

const CASES: &[Colour] =
    &[[46.0, 48.0, 54.0], [196.0, 198.0, 200.0], [92.0, 96.0, 104.0], [228.0, 226.0, 220.0]];
pub(super) const WHITES: &[Colour] =
    &[[236.0, 238.0, 238.0], [226.0, 220.0, 208.0], [206.0, 212.0, 216.0], [190.0, 178.0, 160.0]];
const SCREENS: &[(Colour, Colour)] = &[
    ([40.0, 110.0, 196.0], [110.0, 196.0, 236.0]),
    ([26.0, 60.0, 110.0], [86.0, 60.0, 150.0]),
    ([30.0, 130.0, 120.0], [190.0, 226.0, 170.0]),
    ([22.0, 24.0, 30.0], [58.0, 62.0, 72.0]),
    ([200.0, 96.0, 60.0], [246.0, 206.0, 130.0]),
];
pub(super) const DARK: Colour = [36.0, 38.0, 42.0];
pub(super) const PAPER: Colour = [248.0, 248.0, 246.0];
pub(super) const METAL: Colour = [170.0, 174.0, 180.0];

/// A table top for what does not stand on the floor.
fn table(canvas: &mut Canvas, dice: &mut Dice) {
    const TOPS: &[Colour] =
        &[[186.0, 148.0, 108.0], [206.0, 204.0, 198.0], [140.0, 104.0, 76.0], [214.0, 196.0, 168.0]];
    let top = *dice.pick(TOPS);
    // Wider than the picture, whatever the scale.
    canvas.polygon(
        &[(-300.0, 338.0), (940.0, 338.0), (1040.0, 452.0), (-400.0, 452.0)],
        (lit(top, 0.92), lit(top, 1.12)),
    );
    canvas.rect((-400.0, 452.0), (1440.0, 120.0), (lit(top, 0.66), lit(top, 0.5)));
}

fn screen(canvas: &mut Canvas, dice: &mut Dice, (x, y): (f32, f32), (w, h): (f32, f32)) {
    let colours = *dice.pick(SCREENS);
    canvas.rect((x, y), (w, h), colours);
    if dice.chance(600) {
        // A window with lines of text.
        canvas.rect((x + w * 0.12, y + h * 0.16), (w * 0.5, h * 0.6), flat([244.0, 246.0, 248.0]));
        canvas.rect((x + w * 0.12, y + h * 0.16), (w * 0.5, h * 0.08), flat([70.0, 120.0, 190.0]));
        for at in 0_u8..5 {
            let wide = dice.between(0.2, 0.44);
            canvas.rect(
                (x + w * 0.15, y + h * (0.3 + f32::from(at) * 0.085)),
                (w * wide, h * 0.03),
                flat([150.0; 3]),
            );
        }
    }
    canvas.glass(
        &[(x + w * 0.62, y), (x + w, y), (x + w, y + h * 0.7), (x + w * 0.42, y + h)],
        [255.0, 255.0, 255.0],
        0.08,
    );
}

pub(super) fn desktop(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(CASES);
    canvas.shadow((300.0, 392.0), (260.0, 30.0), 0.5);
    // Tower.
    let wide = dice.between(66.0, 92.0);
    canvas.block((452.0, 176.0), (wide, 214.0), 70.0, case);
    canvas.rect((460.0, 192.0), (wide - 16.0, 20.0), soft(lit(case, 0.8)));
    canvas.rect((460.0, 218.0), (wide - 16.0, 12.0), soft(lit(case, 0.8)));
    canvas.ellipse((452.0 + wide / 2.0, 258.0), (9.0, 9.0), soft(METAL));
    canvas.ellipse((452.0 + wide / 2.0, 258.0), (4.0, 4.0), flat([80.0, 220.0, 120.0]));
    for at in 0_u8..7 {
        canvas.rect((464.0, 310.0 + f32::from(at) * 9.0), (wide - 24.0, 3.0), flat(lit(case, 0.6)));
    }
    // Monitor.
    canvas.polygon(&[(238.0, 300.0), (302.0, 300.0), (310.0, 362.0), (230.0, 362.0)], soft(lit(DARK, 1.3)));
    canvas.ellipse((270.0, 364.0), (84.0, 15.0), soft(lit(DARK, 1.15)));
    canvas.round((108.0, 112.0), (324.0, 204.0), 8.0, soft(DARK));
    screen(canvas, dice, (118.0, 122.0), (304.0, 174.0));
    canvas.ellipse((416.0, 306.0), (3.0, 3.0), flat([90.0, 200.0, 240.0]));
    // Keyboard and mouse.
    canvas.polygon(&[(122.0, 392.0), (394.0, 392.0), (412.0, 428.0), (104.0, 428.0)], soft(lit(case, 0.9)));
    for row in 0_u8..3 {
        let y = 397.0 + f32::from(row) * 10.0;
        for key in 0_u8..14 {
            let x = 122.0 - f32::from(row) * 4.0 + f32::from(key) * (19.0 + f32::from(row) * 0.6);
            canvas.rect((x, y), (14.0, 7.0), flat(lit(case, 1.3)));
        }
    }
    canvas.ellipse((448.0, 414.0), (16.0, 21.0), soft(lit(case, 1.05)));
    canvas.line((448.0, 396.0), (448.0, 408.0), 2.0, lit(case, 0.5));
}

pub(super) fn laptop(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(CASES);
    canvas.shadow((320.0, 404.0), (290.0, 34.0), 0.55);
    canvas.round((148.0, 118.0), (344.0, 224.0), 10.0, soft(lit(case, 0.9)));
    canvas.round((156.0, 126.0), (328.0, 208.0), 6.0, flat(DARK));
    screen(canvas, dice, (164.0, 136.0), (312.0, 184.0));
    canvas.rect((160.0, 338.0), (320.0, 8.0), flat(lit(case, 0.5)));
    canvas.polygon(&[(148.0, 344.0), (492.0, 344.0), (556.0, 418.0), (84.0, 418.0)], (case, lit(case, 1.14)));
    canvas.polygon(&[(84.0, 418.0), (556.0, 418.0), (554.0, 428.0), (86.0, 428.0)], flat(lit(case, 0.6)));
    for row in 0_u8..4 {
        let depth = f32::from(row);
        let (left, right, y) = (164.0 - depth * 10.0, 476.0 + depth * 10.0, 350.0 + depth * 10.0);
        let wide = (right - left) / 14.0;
        for key in 0_u8..14 {
            canvas.rect((left + f32::from(key) * wide, y), (wide - 3.0, 7.5), flat(lit(DARK, 1.2)));
        }
    }
    canvas.polygon(&[(262.0, 394.0), (378.0, 394.0), (386.0, 414.0), (254.0, 414.0)], flat(lit(case, 0.84)));
}

pub(super) fn server(canvas: &mut Canvas, dice: &mut Dice) {
    canvas.shadow((336.0, 408.0), (260.0, 34.0), 0.6);
    let units = dice.range(2, 5);
    let case = *dice.pick(&[[60.0, 64.0, 70.0], [40.0, 42.0, 46.0], [110.0, 114.0, 120.0]]);
    for unit in (0..units).rev() {
        let y = 404.0 - 62.0 * (units - unit) as f32;
        canvas.block((130.0, y), (366.0, 58.0), 84.0, case);
        canvas.rect((136.0, y + 5.0), (354.0, 48.0), soft(lit(case, 0.62)));
        let bays = dice.range(6, 8);
        for bay in 0..bays {
            let x = 168.0 + bay as f32 * 34.0;
            canvas.rect((x, y + 10.0), (30.0, 38.0), soft(lit(case, 1.25)));
            for slot in 0_u8..4 {
                canvas.rect((x + 4.0, y + 16.0 + f32::from(slot) * 6.0), (22.0, 2.5), flat(lit(case, 0.5)));
            }
            let light = if dice.chance(850) { [70.0, 220.0, 110.0] } else { [240.0, 170.0, 50.0] };
            canvas.ellipse((x + 25.0, y + 43.0), (2.6, 2.6), flat(light));
        }
        canvas.rect((452.0, y + 12.0), (30.0, 12.0), flat([60.0, 120.0, 200.0]));
        for x in [140.0, 152.0] {
            canvas.ellipse((x, y + 28.0), (4.0, 4.0), flat([90.0, 190.0, 240.0]));
        }
    }
}

pub(super) fn printer(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(CASES);
    canvas.shadow((330.0, 402.0), (240.0, 34.0), 0.55);
    if dice.chance(550) {
        // Paper that waits behind.
        canvas.polygon(
            &[(232.0, 220.0), (248.0, 118.0), (408.0, 118.0), (414.0, 220.0)],
            (PAPER, lit(PAPER, 0.9)),
        );
        canvas
            .polygon(&[(222.0, 226.0), (230.0, 176.0), (424.0, 176.0), (430.0, 226.0)], soft(lit(case, 0.8)));
    }
    canvas.block((164.0, 244.0), (290.0, 152.0), 72.0, case);
    canvas.polygon(&[(190.0, 240.0), (222.0, 216.0), (440.0, 216.0), (424.0, 240.0)], soft(lit(case, 0.8)));
    canvas.rect((178.0, 262.0), (262.0, 42.0), soft(lit(case, 0.5)));
    canvas.polygon(
        &[(212.0, 290.0), (408.0, 290.0), (430.0, 330.0), (190.0, 330.0)],
        (lit(PAPER, 0.94), PAPER),
    );
    for at in 0_u8..3 {
        let y = 299.0 + f32::from(at) * 9.0;
        canvas.line((226.0 - f32::from(at) * 5.0, y), (356.0, y), 2.4, [150.0; 3]);
    }
    canvas.rect((178.0, 346.0), (262.0, 40.0), soft(lit(case, 0.92)));
    canvas.round((274.0, 360.0), (70.0, 10.0), 4.0, flat(lit(case, 0.6)));
    canvas.round((366.0, 248.0), (72.0, 12.0), 3.0, flat(DARK));
    canvas.ellipse((196.0, 254.0), (4.0, 4.0), flat([80.0, 220.0, 120.0]));
    canvas.ellipse((212.0, 254.0), (4.0, 4.0), flat([80.0, 160.0, 240.0]));
}

pub(super) fn copier(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(WHITES);
    canvas.shadow((340.0, 410.0), (220.0, 34.0), 0.6);
    // Side tray.
    canvas.polygon(&[(120.0, 268.0), (196.0, 250.0), (196.0, 262.0), (124.0, 282.0)], soft(lit(case, 0.8)));
    canvas.polygon(&[(130.0, 262.0), (192.0, 246.0), (192.0, 251.0), (130.0, 268.0)], flat(PAPER));
    canvas.block((194.0, 210.0), (226.0, 194.0), 76.0, case);
    canvas.rect((200.0, 214.0), (214.0, 36.0), soft(lit(case, 0.45)));
    for drawer in 0_u8..3 {
        let y = 262.0 + f32::from(drawer) * 46.0;
        canvas.rect((202.0, y), (210.0, 40.0), soft(lit(case, 0.94)));
        canvas.line((202.0, y + 41.0), (412.0, y + 41.0), 2.0, lit(case, 0.6));
        canvas.round((270.0, y + 15.0), (74.0, 10.0), 4.0, flat(lit(case, 0.6)));
    }
    let dark = lit(DARK, 1.4);
    canvas.block((186.0, 178.0), (242.0, 30.0), 78.0, dark);
    canvas.block((200.0, 146.0), (170.0, 26.0), 70.0, lit(case, 0.92));
    canvas.polygon(&[(352.0, 186.0), (432.0, 186.0), (446.0, 214.0), (344.0, 214.0)], soft(dark));
    canvas.polygon(
        &[(364.0, 190.0), (414.0, 190.0), (420.0, 208.0), (360.0, 208.0)],
        soft([90.0, 170.0, 220.0]),
    );
    canvas.ellipse((430.0, 204.0), (5.0, 4.0), flat([80.0, 220.0, 120.0]));
    for x in [212.0, 398.0] {
        canvas.ellipse((x, 408.0), (9.0, 7.0), flat(DARK));
    }
}

pub(super) fn projector(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(WHITES);
    canvas.shadow((320.0, 398.0), (230.0, 30.0), 0.55);
    if dice.chance(500) {
        canvas.glass(
            &[(224.0, 300.0), (224.0, 340.0), (-300.0, 400.0), (-300.0, 120.0)],
            [255.0, 252.0, 226.0],
            0.3,
        );
    }
    canvas.block((170.0, 270.0), (290.0, 112.0), 96.0, case);
    canvas.rect((170.0, 354.0), (290.0, 28.0), flat(lit(case, 0.7)));
    for (r, colour) in
        [(46.0, lit(case, 0.7)), (39.0, DARK), (29.0, [50.0, 60.0, 96.0]), (16.0, [100.0, 126.0, 190.0])]
    {
        canvas.ellipse((240.0, 322.0), (r, r), soft(colour));
    }
    canvas.ellipse((230.0, 310.0), (6.0, 5.0), flat([240.0, 246.0, 255.0]));
    for at in 0_u8..8 {
        canvas.rect((316.0 + f32::from(at) * 15.0, 292.0), (8.0, 48.0), flat(lit(case, 0.56)));
    }
    for at in 0_u8..4 {
        canvas.ellipse((360.0 + f32::from(at) * 24.0, 250.0), (7.0, 3.5), flat(lit(case, 0.7)));
    }
    for x in [190.0, 430.0] {
        canvas.rect((x, 382.0), (16.0, 12.0), flat(DARK));
    }
}

pub(super) fn scanner(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(CASES);
    canvas.shadow((330.0, 402.0), (200.0, 32.0), 0.55);
    canvas.polygon(&[(236.0, 236.0), (262.0, 108.0), (404.0, 108.0), (412.0, 236.0)], soft(lit(case, 0.78)));
    canvas.polygon(
        &[(252.0, 240.0), (270.0, 136.0), (392.0, 136.0), (398.0, 240.0)],
        (PAPER, lit(PAPER, 0.88)),
    );
    for at in 0_u8..5 {
        canvas.line(
            (284.0, 156.0 + f32::from(at) * 14.0),
            (374.0, 156.0 + f32::from(at) * 14.0),
            2.6,
            [170.0; 3],
        );
    }
    canvas.block((208.0, 246.0), (220.0, 108.0), 62.0, case);
    canvas.polygon(&[(208.0, 246.0), (428.0, 246.0), (420.0, 286.0), (216.0, 286.0)], soft(lit(case, 1.15)));
    for at in 0_u8..3 {
        canvas.round((376.0, 298.0 + f32::from(at) * 16.0), (34.0, 10.0), 4.0, flat([90.0, 170.0, 220.0]));
    }
    canvas.rect((222.0, 332.0), (140.0, 9.0), flat(lit(case, 0.4)));
    canvas.polygon(&[(216.0, 354.0), (420.0, 354.0), (444.0, 402.0), (192.0, 402.0)], soft(lit(case, 0.84)));
    canvas.polygon(&[(236.0, 352.0), (386.0, 352.0), (400.0, 390.0), (222.0, 390.0)], flat(PAPER));
}

pub(super) fn shredder(canvas: &mut Canvas, dice: &mut Dice) {
    let case = *dice.pick(CASES);
    canvas.shadow((336.0, 410.0), (150.0, 30.0), 0.6);
    canvas.block((234.0, 218.0), (160.0, 186.0), 62.0, lit(case, 0.9));
    canvas.round((254.0, 248.0), (120.0, 122.0), 8.0, flat([60.0, 68.0, 76.0]));
    for _ in 0..46 {
        let x = dice.between(258.0, 360.0);
        let y = dice.between(300.0, 358.0);
        let shade = dice.between(190.0, 250.0);
        canvas.line((x, y), (x + dice.between(2.0, 12.0), y + dice.between(-12.0, 10.0)), 3.0, [shade; 3]);
    }
    canvas.block((222.0, 172.0), (184.0, 46.0), 74.0, case);
    canvas.polygon(&[(258.0, 160.0), (276.0, 150.0), (430.0, 150.0), (414.0, 160.0)], flat(DARK));
    canvas
        .polygon(&[(282.0, 156.0), (288.0, 78.0), (398.0, 78.0), (404.0, 156.0)], (PAPER, lit(PAPER, 0.88)));
    for at in 0_u8..4 {
        canvas.line(
            (302.0, 94.0 + f32::from(at) * 14.0),
            (384.0, 94.0 + f32::from(at) * 14.0),
            2.4,
            [170.0; 3],
        );
    }
    canvas.ellipse((246.0, 196.0), (6.0, 6.0), flat([80.0, 220.0, 120.0]));
    canvas.ellipse((266.0, 196.0), (6.0, 6.0), flat([226.0, 90.0, 70.0]));
    for x in [250.0, 378.0] {
        canvas.ellipse((x, 408.0), (9.0, 8.0), flat(DARK));
    }
}

pub(super) fn phone(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(CASES);
    canvas.shadow((330.0, 400.0), (210.0, 36.0), 0.55);
    canvas.polygon(
        &[(190.0, 208.0), (462.0, 208.0), (506.0, 388.0), (152.0, 388.0)],
        (lit(case, 1.12), lit(case, 0.9)),
    );
    canvas.polygon(&[(152.0, 388.0), (506.0, 388.0), (500.0, 410.0), (158.0, 410.0)], flat(lit(case, 0.58)));
    canvas.polygon(
        &[(296.0, 222.0), (446.0, 222.0), (454.0, 268.0), (294.0, 268.0)],
        soft([150.0, 190.0, 170.0]),
    );
    for at in 0_u8..2 {
        canvas.rect((308.0, 234.0 + f32::from(at) * 14.0), (90.0, 5.0), flat([60.0, 80.0, 70.0]));
    }
    for key in 0_u8..12 {
        let (column, row) = (f32::from(key % 3), f32::from(key / 3));
        let wide = 42.0 + row * 1.6;
        canvas.round(
            (298.0 - row * 2.0 + column * (wide + 8.0), 280.0 + row * 26.0),
            (wide, 18.0),
            4.0,
            soft(lit(case, 1.45)),
        );
    }
    for at in 0_u8..4 {
        canvas.ellipse(
            (466.0 + f32::from(at) * 4.5, 288.0 + f32::from(at) * 26.0),
            (8.0, 7.0),
            flat([90.0, 150.0, 210.0]),
        );
    }
    // Handset over its cradle, and the cord.
    let handset = lit(case, 0.82);
    canvas.polygon(&[(196.0, 214.0), (262.0, 214.0), (258.0, 384.0), (176.0, 384.0)], flat(lit(case, 0.5)));
    canvas.round((188.0, 190.0), (76.0, 58.0), 20.0, (lit(handset, 1.3), handset));
    canvas.round((168.0, 342.0), (86.0, 60.0), 20.0, (lit(handset, 1.2), lit(handset, 0.9)));
    canvas.polygon(
        &[(206.0, 226.0), (250.0, 226.0), (238.0, 366.0), (186.0, 366.0)],
        (lit(handset, 1.2), handset),
    );
    for at in 0_u8..7 {
        canvas.ellipse(
            (150.0 - f32::from(at) * 9.0, 398.0 + f32::from(at % 2) * 8.0),
            (8.0, 8.0),
            flat(lit(case, 0.6)),
        );
    }
}

pub(super) fn television(canvas: &mut Canvas, dice: &mut Dice) {
    canvas.shadow((320.0, 410.0), (220.0, 28.0), 0.5);
    if dice.chance(450) {
        // On wheels.
        canvas.rect((306.0, 330.0), (28.0, 70.0), soft(METAL));
        canvas.rect((222.0, 396.0), (196.0, 10.0), soft(lit(METAL, 0.7)));
        for x in [232.0, 406.0] {
            canvas.ellipse((x, 412.0), (8.0, 8.0), flat(DARK));
        }
    } else {
        canvas.block((150.0, 356.0), (330.0, 48.0), 50.0, [150.0, 108.0, 72.0]);
        for x in [210.0, 420.0] {
            canvas.line((x, 338.0), (x + 16.0, 354.0), 8.0, DARK);
        }
    }
    canvas.round((80.0, 84.0), (480.0, 266.0), 8.0, soft(DARK));
    let colours = *dice.pick(SCREENS);
    canvas.rect((88.0, 92.0), (464.0, 246.0), colours);
    if dice.chance(700) {
        // A landscape on the screen.
        let hills = lit([70.0, 130.0, 90.0], dice.between(0.7, 1.2));
        let sun = dice.between(140.0, 480.0);
        canvas.ellipse((sun, 160.0), (26.0, 26.0), flat([252.0, 236.0, 180.0]));
        let peak = dice.between(180.0, 420.0);
        canvas.polygon(
            &[(88.0, 300.0), (peak, 190.0), (552.0, 310.0), (552.0, 338.0), (88.0, 338.0)],
            soft(hills),
        );
        canvas
            .polygon(&[(88.0, 320.0), (250.0, 270.0), (552.0, 338.0), (88.0, 338.0)], soft(lit(hills, 0.7)));
    }
    canvas.glass(
        &[(380.0, 92.0), (552.0, 92.0), (552.0, 250.0), (300.0, 338.0), (240.0, 338.0)],
        [255.0; 3],
        0.07,
    );
    canvas.ellipse((320.0, 344.0), (3.0, 2.5), flat([230.0, 60.0, 50.0]));
}

pub(super) fn camera(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let case = *dice.pick(&[[40.0, 42.0, 46.0], [58.0, 58.0, 62.0], [34.0, 36.0, 44.0]]);
    canvas.shadow((320.0, 400.0), (210.0, 30.0), 0.6);
    canvas.polygon(&[(252.0, 190.0), (274.0, 138.0), (366.0, 138.0), (388.0, 190.0)], soft(lit(case, 1.25)));
    canvas.round((150.0, 184.0), (340.0, 206.0), 26.0, (lit(case, 1.35), lit(case, 0.85)));
    canvas.round((150.0, 230.0), (340.0, 120.0), 10.0, flat(lit(case, 0.75)));
    canvas.round((150.0, 184.0), (66.0, 206.0), 26.0, soft(lit(case, 1.1)));
    canvas.round((174.0, 168.0), (48.0, 20.0), 8.0, soft(METAL));
    canvas.round((410.0, 170.0), (52.0, 18.0), 8.0, soft(lit(case, 1.5)));
    for (r, colour) in [
        (96.0, lit(case, 1.5)),
        (86.0, DARK),
        (70.0, lit(case, 1.2)),
        (58.0, [26.0, 28.0, 36.0]),
        (42.0, [46.0, 50.0, 92.0]),
        (20.0, [94.0, 80.0, 140.0]),
    ] {
        canvas.ellipse((326.0, 292.0), (r, r), (lit(colour, 1.25), lit(colour, 0.85)));
    }
    canvas.ellipse((306.0, 268.0), (12.0, 9.0), flat([226.0, 232.0, 250.0]));
    canvas.ellipse((350.0, 316.0), (5.0, 4.0), flat([170.0, 190.0, 230.0]));
    canvas.rect((440.0, 208.0), (34.0, 9.0), flat([206.0, 40.0, 36.0]));
    canvas.rect((290.0, 152.0), (60.0, 10.0), flat([226.0, 228.0, 230.0]));
}

pub(super) fn software(canvas: &mut Canvas, dice: &mut Dice) {
    table(canvas, dice);
    let box_colour = *dice.pick(&[
        [40.0, 96.0, 176.0],
        [176.0, 52.0, 48.0],
        [46.0, 130.0, 96.0],
        [92.0, 70.0, 150.0],
        [214.0, 132.0, 40.0],
    ]);
    canvas.shadow((330.0, 402.0), (220.0, 32.0), 0.6);
    canvas.block((180.0, 112.0), (206.0, 284.0), 60.0, box_colour);
    canvas.rect((180.0, 112.0), (206.0, 62.0), soft(lit(box_colour, 0.7)));
    for at in 0_u8..2 {
        canvas.rect((200.0, 130.0 + f32::from(at) * 18.0), (120.0 - f32::from(at) * 50.0, 9.0), flat(PAPER));
    }
    let mark = lit(box_colour, 1.7);
    if dice.chance(500) {
        canvas.ellipse((283.0, 260.0), (58.0, 58.0), soft(mark));
        canvas.ellipse((283.0, 260.0), (34.0, 34.0), soft(box_colour));
    } else {
        canvas.round((230.0, 208.0), (48.0, 48.0), 6.0, soft(mark));
        canvas.round((288.0, 208.0), (48.0, 48.0), 6.0, soft(lit(mark, 0.85)));
        canvas.round((230.0, 266.0), (48.0, 48.0), 6.0, soft(lit(mark, 0.7)));
        canvas.round((288.0, 266.0), (48.0, 48.0), 6.0, soft(lit(mark, 0.95)));
    }
    for at in 0_u8..2 {
        canvas.rect(
            (204.0, 350.0 + f32::from(at) * 14.0),
            (158.0 - f32::from(at) * 40.0, 5.0),
            flat(lit(PAPER, 0.9)),
        );
    }
    // The disc.
    canvas.ellipse((462.0, 372.0), (86.0, 40.0), ([236.0, 238.0, 244.0], [186.0, 192.0, 206.0]));
    canvas.glass(&[(462.0, 372.0), (400.0, 346.0), (440.0, 334.0)], [150.0, 220.0, 240.0], 0.6);
    canvas.glass(&[(462.0, 372.0), (524.0, 398.0), (486.0, 410.0)], [250.0, 190.0, 230.0], 0.6);
    canvas.ellipse((462.0, 372.0), (26.0, 12.0), flat([214.0, 218.0, 226.0]));
    canvas.ellipse((462.0, 372.0), (11.0, 5.0), flat([120.0, 110.0, 100.0]));
}
