//! Randomness that is the same on every machine and with every version of `rand`.
//!
//! Only the cipher's output is taken from the library; ranges, choices and weights are made here, because the
//! distributions of `rand` may change between versions, and a seed in a bug report must give the same city next year.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The parts of a city, each with a stream of its own: more accounts must not change a single unit.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Units = 1,
    Accounts = 2,
    Listings = 3,
    Pictures = 4,
}

/// A die over one stream.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `part` number `index` under `seed`.
    pub(super) fn new(seed: u64, part: Part, index: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = part as u8;
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is 0. The bias of the multiplication is below 2⁻¹⁵ here.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn range(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True `per_mille` times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// A number in `0.0..1.0`.
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One of `items`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// One of `words`, which must not be empty.
    pub(super) fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len() as u32) as usize]
    }

    /// One of `items` by its weight; the weights must not all be 0.
    pub(super) fn weighted<'a, T>(&mut self, items: &'a [(u32, T)]) -> &'a T {
        let total: u32 = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(total);
        for (weight, item) in items {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        &items[items.len() - 1].1
    }
}

/// Spreads `index` over `0..space` without a collision as long as `index < space`: numbers look drawn, yet are unique
/// without remembering the ones before, so that any listing can be made alone.
pub(super) fn scatter(index: u64, space: u64, seed: u64) -> u64 {
    // Prime, and larger than any factor of a space used here: multiplication by it permutes the residues.
    const PRIME: u64 = 982_451_653;
    // The seed is stirred first: a small one would show in the first number.
    let start = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
    (index % space * PRIME + start % space) % space
}

/// `value` in base 34, in `width` characters, without I and O as plates and serial numbers are printed.
pub(super) fn base34(mut value: u64, width: usize, out: &mut String) {
    const DIGITS: &[u8; 34] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut digits = [b'0'; 12];
    let width = width.min(digits.len());
    for digit in digits[..width].iter_mut().rev() {
        *digit = DIGITS[(value % 34) as usize];
        value /= 34;
    }
    out.extend(digits[..width].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_stream_depends_on_seed_part_and_index_only() {
        let draw = |seed, part, index| {
            let mut dice = Dice::new(seed, part, index);
            [dice.below(1_000_000), dice.below(1_000_000), dice.below(1_000_000)]
        };
        assert_eq!(draw(7, Part::Units, 1), draw(7, Part::Units, 1));
        assert_ne!(draw(7, Part::Units, 1), draw(8, Part::Units, 1));
        assert_ne!(draw(7, Part::Units, 1), draw(7, Part::Accounts, 1));
        assert_ne!(draw(7, Part::Units, 1), draw(7, Part::Units, 2));
    }

    #[test]
    fn scatter_permutes_every_space_in_use() {
        for space in [34_000_u64, 816_000, 340_000] {
            let seen: HashSet<u64> = (0..space).map(|index| scatter(index, space, 42)).collect();
            assert_eq!(seen.len() as u64, space);
        }
    }

    #[test]
    fn weights_are_respected() {
        let mut dice = Dice::new(1, Part::Units, 0);
        let hits = (0..10_000).filter(|_| *dice.weighted(&[(9, false), (1, true)])).count();
        assert!((800..1200).contains(&hits), "{hits}");
    }
}
