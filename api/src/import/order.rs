//! Puts rows after what they hang below. Pure.

use std::collections::{HashMap, VecDeque};

/// The order in which rows can be written, and those that cannot because they wait for each other in a circle.
///
/// `keys` are the names by which others may call a row, `needs` the names a row calls. A name that is no row's is somebody
/// already known, or a mistake that shows when the row is written. Rows of one level keep the order of the file.
pub(super) fn order(keys: &[Vec<String>], needs: &[Vec<String>]) -> (Vec<usize>, Vec<usize>) {
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (row, names) in keys.iter().enumerate() {
        for name in names {
            named.entry(name).or_insert(row);
        }
    }
    let mut waits: Vec<usize> = vec![0; needs.len()];
    let mut wakes: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (row, names) in needs.iter().enumerate() {
        for above in names.iter().filter_map(|name| named.get(name.as_str())) {
            waits[row] += 1;
            wakes[*above].push(row);
        }
    }
    let mut ready: VecDeque<usize> = (0..needs.len()).filter(|row| waits[*row] == 0).collect();
    let mut ordered = Vec::with_capacity(needs.len());
    while let Some(row) = ready.pop_front() {
        ordered.push(row);
        for below in &wakes[row] {
            waits[*below] -= 1;
            if waits[*below] == 0 {
                ready.push_back(*below);
            }
        }
    }
    let circles = (0..needs.len()).filter(|row| waits[*row] > 0).collect();
    (ordered, circles)
}

#[cfg(test)]
mod unit_tests {
    use proptest::prelude::*;

    use super::*;

    fn names(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|name| (*name).to_owned()).collect()).collect()
    }

    #[test]
    fn parents_come_first_and_circles_not_at_all() {
        let keys = names(&[&["c"], &["a"], &["b"], &["x"], &["y"], &["self"]]);
        let needs = names(&[&["b"], &["elsewhere"], &["a"], &["y"], &["x"], &["self"]]);
        assert_eq!(order(&keys, &needs), (vec![1, 2, 0], vec![3, 4, 5]));
    }

    proptest! {
        #[test]
        fn every_row_of_a_tree_comes_once_and_after_its_parent(
            tree in proptest::collection::vec(any::<prop::sample::Index>(), 1..60),
            shuffle in any::<u64>(),
        ) {
            // Row n hangs below an earlier one; then the rows are turned round by some step.
            let count = tree.len();
            let parent: Vec<Option<usize>> =
                tree.iter().enumerate().map(|(n, index)| (n > 0).then(|| index.index(n))).collect();
            let turn = usize::try_from(shuffle % count as u64).unwrap();
            let place = |n: usize| (n + turn) % count;
            let mut keys = vec![Vec::new(); count];
            let mut needs = vec![Vec::new(); count];
            for n in 0..count {
                keys[place(n)] = vec![n.to_string()];
                needs[place(n)] = parent[n].iter().map(ToString::to_string).collect();
            }
            let (ordered, circles) = order(&keys, &needs);
            prop_assert!(circles.is_empty());
            let position: HashMap<usize, usize> = ordered.iter().enumerate().map(|(at, row)| (*row, at)).collect();
            prop_assert_eq!(position.len(), count);
            for n in 0..count {
                if let Some(above) = parent[n] {
                    prop_assert!(position[&place(above)] < position[&place(n)]);
                }
            }
        }
    }
}
