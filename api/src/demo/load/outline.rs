//! A first look over all stories: in which order they are loaded, and which numbers their papers have.
//!
//! Paper numbers and the ledger count without gaps in order of time, over all listings, so somebody must have seen all
//! stories before the first is written. What is kept of each is a few bytes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDateTime};
use entity::listings::ListingState;

use crate::demo::city::City;
use crate::demo::city::picture::Picture;

/// Order and numbers.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Numbers of the listings in the order of their drafting: what is written together then lies together on the disk.
    pub(super) order: Vec<u32>,
    /// Where the papers of a listing's lines begin, by number of listing; one more than there are listings.
    first: Vec<u32>,
    papers: Vec<Papers>,
    /// Every picture that is shown.
    pub(super) pictures: BTreeSet<Picture>,
    /// Last number of requests and of transfers of each civil year.
    pub(super) last_request: BTreeMap<i32, u32>,
    /// As [`Outline::last_request`].
    pub(super) last_transfer: BTreeMap<i32, u32>,
    /// Number of the disposal that was proposed of a listing, in its civil year, by number of listing.
    pub(super) disposals: BTreeMap<u32, u32>,
    /// As [`Outline::last_request`].
    pub(super) last_disposal: BTreeMap<i32, u32>,
    /// Postings in the ledger: receipts, and those that were taken back.
    pub(super) savings: u32,
}

/// Numbers of a line; 0 where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Papers {
    /// Of the request, in its civil year.
    pub(super) request: u32,
    /// Of the transfer, in its civil year.
    pub(super) transfer: u32,
    /// Which posting of the city its receipt is, from 1.
    pub(super) saving: u32,
    /// Which posting its reversal is.
    pub(super) contra: u32,
}

/// What is seen of a range of listings.
#[derive(Default)]
struct Seen {
    created: Vec<NaiveDateTime>,
    lines: Vec<u8>,
    times: Vec<[Option<NaiveDateTime>; 4]>,
    pictures: BTreeSet<Picture>,
    disposals: Vec<(NaiveDateTime, u32)>,
}

impl Outline {
    /// Looks at every listing, on `threads` threads. Blocking: some 10 µs a listing.
    pub(super) fn of(city: &City, threads: u32) -> Self {
        let count = u32::try_from(city.listing_count()).unwrap_or(u32::MAX);
        let part = count.div_ceil(threads.max(1)).max(1);
        let ranges = (0..count).step_by(part as usize).map(|from| from..from.saturating_add(part).min(count));
        let seen: Vec<Seen> = std::thread::scope(|scope| {
            let running: Vec<_> = ranges.map(|range| scope.spawn(move || look(city, range))).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, Seen>| match thread.join() {
                Ok(seen) => seen,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            running.into_iter().map(join).collect()
        });
        let mut outline = Self { first: vec![0], ..Self::default() };
        let (mut created, mut times) = (Vec::with_capacity(count as usize), Vec::new());
        let mut disposals = Vec::new();
        for mut seen in seen {
            created.append(&mut seen.created);
            for lines in seen.lines {
                let last = outline.first.last().copied().unwrap_or_default();
                outline.first.push(last + u32::from(lines));
            }
            times.append(&mut seen.times);
            outline.pictures.append(&mut seen.pictures);
            disposals.append(&mut seen.disposals);
        }
        disposals.sort_unstable();
        for (at, index) in disposals {
            let last = outline.last_disposal.entry(at.year()).or_default();
            *last += 1;
            outline.disposals.insert(index, *last);
        }
        outline.order = (0..count).collect();
        outline.order.sort_unstable_by_key(|index| (created[*index as usize], *index));
        outline.papers = vec![Papers::default(); times.len()];
        outline.number(&times);
        outline
    }

    /// Papers of the lines of listing number `index`, in the order of its story.
    pub(super) fn papers(&self, index: u32) -> &[Papers] {
        let index = index as usize;
        &self.papers[self.first[index] as usize..self.first[index + 1] as usize]
    }

    fn number(&mut self, times: &[[Option<NaiveDateTime>; 4]]) {
        let by_time = |which: usize| {
            let mut lines: Vec<(NaiveDateTime, usize)> =
                times.iter().enumerate().filter_map(|(line, times)| Some((times[which]?, line))).collect();
            lines.sort_unstable();
            lines
        };
        for (at, line) in by_time(0) {
            let last = self.last_request.entry(at.year()).or_default();
            *last += 1;
            self.papers[line].request = *last;
        }
        for (at, line) in by_time(1) {
            let last = self.last_transfer.entry(at.year()).or_default();
            *last += 1;
            self.papers[line].transfer = *last;
        }
        let mut postings: Vec<_> = by_time(2).into_iter().map(|(at, line)| (at, line, false)).collect();
        postings.extend(by_time(3).into_iter().map(|(at, line)| (at, line, true)));
        postings.sort_unstable();
        for (_, line, taken_back) in postings {
            self.savings += 1;
            let papers = &mut self.papers[line];
            *(if taken_back { &mut papers.contra } else { &mut papers.saving }) = self.savings;
        }
    }
}

fn look(city: &City, range: std::ops::Range<u32>) -> Seen {
    let mut seen = Seen::default();
    for index in range {
        let listing = city.listing(index.into());
        seen.created.push(listing.created_at);
        // A story has at most nine lines.
        seen.lines.push(u8::try_from(listing.story.lines.len()).unwrap_or(u8::MAX));
        for line in &listing.story.lines {
            let movement = line.movement.as_ref();
            let received = movement.filter(|movement| movement.received > 0);
            seen.times.push([
                line.submitted_at,
                movement.map(|movement| movement.released_at),
                received.and_then(|movement| movement.received_at),
                received.and_then(|movement| movement.reversed_at),
            ]);
        }
        if listing.state == ListingState::Disposal {
            seen.disposals.push((listing.updated_at, index));
        }
        seen.pictures.extend(listing.pictures);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::city::Plan;

    #[test]
    fn papers_count_without_gaps_in_order_of_time_however_many_threads_look() {
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let city = City::generate(&Plan { units: 40, listings: 700, ..Plan::demo(5, today) });
        let outline = Outline::of(&city, 3);
        let mut requests = Vec::new();
        let mut receipts = Vec::new();
        let mut last = NaiveDateTime::MIN;
        for index in &outline.order {
            let listing = city.listing((*index).into());
            assert!(listing.created_at >= last);
            last = listing.created_at;
            let papers = outline.papers(*index);
            assert_eq!(papers.len(), listing.story.lines.len());
            for (line, papers) in listing.story.lines.iter().zip(papers) {
                assert_eq!(line.submitted_at.is_some(), papers.request > 0);
                requests.extend(line.submitted_at.map(|at| (at.year(), papers.request, at)));
                let movement = line.movement.as_ref();
                assert_eq!(movement.is_some(), papers.transfer > 0);
                if let Some(movement) = movement.filter(|movement| movement.received > 0) {
                    receipts.push((papers.saving, movement.received_at));
                    let taken_back = movement.reversed_at.is_some();
                    assert_eq!(taken_back, papers.contra > 0);
                    receipts.extend(taken_back.then_some((papers.contra, movement.reversed_at)));
                }
            }
        }
        requests.sort_unstable();
        assert!(requests.is_sorted_by_key(|(_, _, at)| *at));
        let last: u32 = outline.last_request.values().sum();
        assert_eq!(requests.len(), last as usize);
        receipts.sort_unstable();
        assert!(receipts.iter().map(|(number, _)| *number).eq(1..=outline.savings));
        assert!(receipts.is_sorted_by_key(|(_, at)| *at));
        let alone = Outline::of(&city, 1);
        assert_eq!((alone.order, alone.papers), (outline.order, outline.papers));
    }
}
