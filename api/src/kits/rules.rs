//! The best split of a kit over those who have its things: pure, and the same for the same input.
//!
//! What is missing counts before everything else, required items first; then a cost in points: each pick-up point that is driven
//! to costs some, and each piece by its distance and its condition. Once it is settled to which points one drives, every item is
//! taken from the cheapest pieces there; so the search is for the best set of points. Of few points all sets are tried. Of many
//! the search begins once with none and once with all, adds or drops what helps most, and then exchanges as long as that helps.

use std::cmp::Reverse;

use uuid::Uuid;

/// Points of which all sets are tried.
const EXACT: usize = 10;
/// Rounds of exchanges: each makes it better, so that it ends by itself; this is for the clock.
const ROUNDS: usize = 40;

/// Pieces wanted of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// How many.
    pub pieces: i64,
    /// Whether the kit is of no use without it.
    pub required: bool,
}

/// Pieces that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which item they are: its place among the needs.
    pub item: usize,
    /// Of which listing.
    pub listing: Uuid,
    /// Where they are fetched.
    pub point: usize,
    /// How many.
    pub available: i64,
    /// Of one piece, in points.
    pub cost: i64,
}

/// What is to be split.
#[derive(Clone, Debug)]
pub struct Problem {
    needs: Vec<Need>,
    /// By cost, then listing: so they are taken.
    offers: Vec<Offer>,
    points: usize,
    pickup_cost: i64,
}

/// How good a split is; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Pieces of required items that are missing.
    pub missing_required: i64,
    /// Pieces of other items that are missing.
    pub missing_other: i64,
    /// Points.
    pub cost: i64,
}

/// A split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Offers with the pieces taken of each, by item.
    pub taken: Vec<(Offer, i64)>,
    /// Pieces missing of each item.
    pub missing: Vec<i64>,
    /// How good it is.
    pub score: Score,
}

/// Pieces of an item for so many places, rounded up.
#[must_use]
pub fn pieces_for(places: i64, pieces: i64, per_places: i64) -> i64 {
    (places * pieces + per_places - 1) / per_places.max(1)
}

impl Problem {
    /// Of offers in any order; `pickup_cost` is that of one point, and points are numbered from 0.
    #[must_use]
    pub fn new(needs: Vec<Need>, mut offers: Vec<Offer>, points: usize, pickup_cost: i64) -> Self {
        offers.retain(|offer| offer.available > 0 && offer.item < needs.len() && offer.point < points);
        // Of two that cost the same the greater lot: fewer lines.
        offers.sort_by_key(|offer| (offer.item, offer.cost, Reverse(offer.available), offer.listing));
        Self { needs, offers, points, pickup_cost }
    }

    /// The best split that was found.
    #[must_use]
    pub fn solve(&self) -> Split {
        let best = if self.points <= EXACT { self.try_all() } else { self.search() };
        self.split(&best)
    }

    /// Every set of points.
    fn try_all(&self) -> Vec<bool> {
        let sets = (0_u32..1 << self.points).map(|set| (0..self.points).map(|n| set >> n & 1 == 1).collect());
        sets.min_by_key(|set: &Vec<bool>| self.score(set)).unwrap_or_default()
    }

    /// From none upwards and from all downwards, each made better by exchanges.
    fn search(&self) -> Vec<bool> {
        let starts = [vec![false; self.points], vec![true; self.points]];
        let found = starts.into_iter().map(|start| self.improve(start));
        found.min_by_key(|set| self.score(set)).unwrap_or_default()
    }

    fn improve(&self, mut set: Vec<bool>) -> Vec<bool> {
        let mut best = self.score(&set);
        // One point more or less, as long as one helps: the one that helps most.
        while let Some((score, flip)) = self.best_flip(&mut set)
            && score < best
        {
            (best, set[flip]) = (score, !set[flip]);
        }
        for _ in 0..ROUNDS {
            let Some((score, out, into)) = self.best_exchange(&mut set).filter(|(score, ..)| *score < best)
            else {
                break;
            };
            (best, set[out], set[into]) = (score, false, true);
            while let Some((score, flip)) = self.best_flip(&mut set)
                && score < best
            {
                (best, set[flip]) = (score, !set[flip]);
            }
        }
        set
    }

    fn best_flip(&self, set: &mut [bool]) -> Option<(Score, usize)> {
        (0..self.points)
            .map(|flip| {
                set[flip] = !set[flip];
                let score = self.score(set);
                set[flip] = !set[flip];
                (score, flip)
            })
            .min()
    }

    fn best_exchange(&self, set: &mut [bool]) -> Option<(Score, usize, usize)> {
        let mut best: Option<(Score, usize, usize)> = None;
        let (inside, outside): (Vec<usize>, Vec<usize>) = (0..self.points).partition(|point| set[*point]);
        for out in inside {
            set[out] = false;
            for &into in &outside {
                set[into] = true;
                let found = (self.score(set), out, into);
                set[into] = false;
                best = Some(best.map_or(found, |best| best.min(found)));
            }
            set[out] = true;
        }
        best
    }

    fn score(&self, set: &[bool]) -> Score {
        let mut score = Score { missing_required: 0, missing_other: 0, cost: 0 };
        let mut used = vec![false; self.points];
        let mut missing: Vec<i64> = self.needs.iter().map(|need| need.pieces).collect();
        for offer in self.offers.iter().filter(|offer| set[offer.point]) {
            let pieces = missing[offer.item].min(offer.available);
            if pieces > 0 {
                missing[offer.item] -= pieces;
                score.cost += pieces * offer.cost;
                used[offer.point] = true;
            }
        }
        score.cost += self.pickup_cost * used.iter().filter(|used| **used).count() as i64;
        for (need, missing) in self.needs.iter().zip(missing) {
            if need.required {
                score.missing_required += missing;
            } else {
                score.missing_other += missing;
            }
        }
        score
    }

    fn split(&self, set: &[bool]) -> Split {
        let mut missing: Vec<i64> = self.needs.iter().map(|need| need.pieces).collect();
        let mut taken = Vec::new();
        for offer in self.offers.iter().filter(|offer| set[offer.point]) {
            let pieces = missing[offer.item].min(offer.available);
            if pieces > 0 {
                missing[offer.item] -= pieces;
                taken.push((*offer, pieces));
            }
        }
        Split { taken, missing, score: self.score(set) }
    }
}

impl Split {
    /// Keeps so many lines, those with the most pieces: what the others would have brought is missing.
    #[must_use]
    pub fn within(mut self, lines: usize) -> Self {
        if self.taken.len() > lines {
            self.taken.sort_by_key(|(offer, pieces)| (Reverse(*pieces), offer.listing));
            for (offer, pieces) in self.taken.drain(lines..) {
                self.missing[offer.item] += pieces;
            }
            self.taken.sort_by_key(|(offer, _)| (offer.item, offer.cost, offer.listing));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem() -> impl Strategy<Value = Problem> {
        let needs = prop::collection::vec((1_i64..40, any::<bool>()), 1..4);
        let offers = prop::collection::vec((0_usize..4, 0_usize..9, 1_i64..30, 0_i64..40), 0..40);
        (needs, offers, 0_i64..200).prop_map(|(needs, offers, pickup)| {
            let needs = needs.into_iter().map(|(pieces, required)| Need { pieces, required }).collect();
            let offers = (0..).zip(offers).map(|(n, (item, point, available, cost))| Offer {
                item,
                listing: Uuid::from_u128(n),
                point,
                available,
                cost,
            });
            Problem::new(needs, offers.collect(), 9, pickup)
        })
    }

    proptest! {
        #[test]
        fn a_split_takes_what_there_is_and_no_more(problem in problem()) {
            let split = problem.solve();
            for (item, need) in problem.needs.iter().enumerate() {
                let of_item = || split.taken.iter().filter(|(offer, _)| offer.item == item);
                let got: i64 = of_item().map(|(_, pieces)| pieces).sum();
                prop_assert_eq!(got + split.missing[item], need.pieces);
                prop_assert!(of_item().all(|(offer, pieces)| (1..=offer.available).contains(pieces)));
                // Nothing is missing that anybody has.
                let there: i64 = problem.offers.iter().filter(|offer| offer.item == item).map(|offer| offer.available).sum();
                prop_assert_eq!(split.missing[item], (need.pieces - there).max(0));
            }
            let mut listings: Vec<Uuid> = split.taken.iter().map(|(offer, _)| offer.listing).collect();
            listings.sort_unstable();
            listings.dedup();
            prop_assert_eq!(listings.len(), split.taken.len(), "a listing is taken twice");
        }

        #[test]
        fn the_search_is_nearly_as_good_as_trying_all(problem in problem()) {
            let (best, found) = (problem.score(&problem.try_all()), problem.score(&problem.search()));
            prop_assert!(best <= found);
            prop_assert_eq!((best.missing_required, best.missing_other), (found.missing_required, found.missing_other));
            prop_assert!(found.cost * 10 <= best.cost * 12, "{} points, the best has {}", found.cost, best.cost);
        }

        #[test]
        fn few_lines_bring_less_and_say_so(problem in problem(), lines in 0_usize..6) {
            let whole = problem.solve();
            let wanted: i64 = problem.needs.iter().map(|need| need.pieces).sum();
            let split = whole.clone().within(lines);
            prop_assert!(split.taken.len() <= lines.max(whole.taken.len().min(lines)));
            let got: i64 = split.taken.iter().map(|(_, pieces)| pieces).sum();
            prop_assert_eq!(got + split.missing.iter().sum::<i64>(), wanted);
        }
    }

    #[test]
    fn one_drive_for_all_beats_two_for_nearer_things() {
        let offer = |item, point, available, cost| Offer {
            item,
            listing: Uuid::from_u128((item * 10 + point) as u128),
            point,
            available,
            cost,
        };
        let needs = vec![Need { pieces: 4, required: true }, Need { pieces: 4, required: true }];
        let offers = vec![offer(0, 0, 4, 0), offer(1, 1, 4, 0), offer(0, 2, 9, 10), offer(1, 2, 9, 10)];
        let points = |cost| {
            let split = Problem::new(needs.clone(), offers.clone(), 3, cost).solve();
            split.taken.iter().map(|(offer, pieces)| (offer.point, *pieces)).collect::<Vec<_>>()
        };
        // 2 × 8 pieces × 10 points = 80 more for the things themselves: one drive less must be worth that.
        assert_eq!(points(79), [(0, 4), (1, 4)]);
        assert_eq!(points(81), [(2, 4), (2, 4)]);
    }

    #[test]
    fn pieces_are_rounded_up() {
        assert_eq!(pieces_for(40, 1, 1), 40);
        assert_eq!(pieces_for(41, 1, 2), 21);
        assert_eq!(pieces_for(5, 3, 2), 8);
    }

    /// 40 places × 5 items over 80 points and 2,000 offers: what a request may cost at most.
    #[test]
    fn a_large_one_is_solved_while_somebody_waits() {
        let needs = vec![Need { pieces: 40, required: true }; 5];
        let offers = (0..2_000_usize).map(|n| Offer {
            item: n % 5,
            listing: Uuid::from_u128(n as u128),
            point: n * 7 % 80,
            available: 1 + (n * 13 % 9) as i64,
            cost: (n * 31 % 60) as i64,
        });
        let split = Problem::new(needs, offers.collect(), 80, 100).solve();
        assert_eq!(split.missing, [0; 5]);
    }
}
