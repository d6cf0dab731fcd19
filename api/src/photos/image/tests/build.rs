//! Builds files byte by byte that no ordinary program would write.

/// A JPEG with one more segment right after its start.
pub fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// A JPEG as a phone writes it: orientation, camera, and the place where it was taken.
pub fn with_exif(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let (ascii, short, long) = (2, 3, 4);
    let camera = b"SecretCamera\0";
    let place = b"GPS-PLACE\0";
    // Offsets count from the start of the TIFF header: 8 of header, 2 of count, 12 an entry, 4 of "no next".
    let gps_at = 8 + 2 + 3 * 12 + 4;
    let camera_at = gps_at + 2 + 12 + 4;
    let place_at = camera_at + camera.len() as u32;
    let orientation = orientation.to_be_bytes();
    let tiff = [
        b"MM\0*\0\0\0\x08".to_vec(),
        3_u16.to_be_bytes().to_vec(),
        entry(0x010f, ascii, camera.len() as u32, camera_at.to_be_bytes()),
        entry(0x0112, short, 1, [orientation[0], orientation[1], 0, 0]),
        entry(0x8825, long, 1, gps_at.to_be_bytes()),
        vec![0; 4],
        1_u16.to_be_bytes().to_vec(),
        entry(0x001c, ascii, place.len() as u32, place_at.to_be_bytes()),
        vec![0; 4],
        camera.to_vec(),
        place.to_vec(),
    ]
    .concat();
    with_segment(jpeg, 0xe1, &[b"Exif\0\0", &tiff[..]].concat())
}

/// A PNG of any claimed size around any compressed content.
pub fn png_file(width: u32, height: u32, bits: u8, colour: u8, content: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colour, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", &header[..]), (b"IDAT", content), (b"IEND", b"")] {
        file.extend_from_slice(&(content.len() as u32).to_be_bytes());
        let checked = file.len();
        file.extend_from_slice(name);
        file.extend_from_slice(content);
        let checksum = crc32(&file[checked..]);
        file.extend_from_slice(&checksum.to_be_bytes());
    }
    file
}

/// A valid grey PNG, all black, compressed as far as deflate goes: 13 bits for 258 pixels.
pub fn png_of_zeros(width: u32, height: u32) -> Vec<u8> {
    // Every row starts with its filter, zero as well.
    let total = (u64::from(width) + 1) * u64::from(height);
    let mut bits = Bits(vec![0x78, 0x01], 0);
    bits.push(0b011, 3); // the last block, fixed codes
    let literal_zero = |bits: &mut Bits| bits.push(0b0000_1100, 8); // 00110000, highest bit first
    literal_zero(&mut bits);
    let (matches, rest) = ((total - 1) / 258, (total - 1) % 258);
    for _ in 0..matches {
        // Length 258 is code 285, 11000101, highest bit first; distance 1 is code 0, five bits.
        bits.push(0b1010_0011, 13);
    }
    for _ in 0..rest {
        literal_zero(&mut bits);
    }
    bits.push(0, 7); // the end of the block
    let mut content = bits.0;
    // Adler-32 of zeros: the first sum stays 1, the second counts them.
    content.extend_from_slice(&(((total % 65_521) as u32) << 16 | 1).to_be_bytes());
    png_file(width, height, 8, 0, &content)
}

/// Bytes filled from the lowest bit, and how many bits of the last are used.
struct Bits(Vec<u8>, u8);

impl Bits {
    fn push(&mut self, value: u16, count: u8) {
        for i in 0..count {
            if self.1.is_multiple_of(8) {
                self.0.push(0);
                self.1 = 0;
            }
            let last = self.0.len() - 1;
            self.0[last] |= ((value >> i & 1) as u8) << self.1;
            self.1 += 1;
        }
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
