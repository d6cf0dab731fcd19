//! Trees of reference data (units, regions, categories): no node is ever above itself.

use uuid::Uuid;

use crate::fault::{Code, Fault, Rejection};

/// A tree deeper than this is a mistake.
pub const DEEPEST: usize = 32;

/// Whether the node may hang below a parent. `above` is the parent and what is above it, nearest first; `id` is none for
/// a node that is not there yet.
///
/// # Errors
/// [`Code::Circle`] at `field` where the node would be above itself or the tree too deep.
pub fn fits(id: Option<Uuid>, above: &[Uuid], field: &str) -> Result<(), Rejection> {
    if id.is_some_and(|id| above.contains(&id)) || above.len() > DEEPEST {
        return Err(Rejection::new(Code::Circle).at(field).with("deepest", DEEPEST));
    }
    Ok(())
}

/// The node and what is above it, nearest first, read through `parent_of`; it stops beyond [`DEEPEST`].
///
/// # Errors
/// What `parent_of` gives.
pub async fn path_up<F, Fut>(start: Uuid, parent_of: F) -> Result<Vec<Uuid>, Fault>
where
    F: Fn(Uuid) -> Fut + Send,
    Fut: Future<Output = Result<Option<Uuid>, Fault>> + Send,
{
    let mut path = vec![start];
    let mut at = start;
    while path.len() <= DEEPEST
        && let Some(parent) = parent_of(at).await?
    {
        path.push(parent);
        at = parent;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn path(parents: &HashMap<u128, u128>, start: u128) -> Vec<Uuid> {
        let path: Vec<u128> =
            std::iter::successors(Some(start), |at| parents.get(at).copied()).take(DEEPEST + 1).collect();
        path.into_iter().map(Uuid::from_u128).collect()
    }

    proptest! {
        #[test]
        fn no_sequence_of_moves_makes_a_circle(moves in proptest::collection::vec((0u128..12, 0u128..12), 0..200)) {
            let mut parents = HashMap::new();
            for (node, parent) in moves {
                let above = path(&parents, parent);
                let fits = fits(Some(Uuid::from_u128(node)), &above, "parentId").is_ok();
                // The plain definition: going up from the parent one comes by the node.
                prop_assert_eq!(fits, !above.contains(&Uuid::from_u128(node)));
                if fits {
                    parents.insert(node, parent);
                }
                for start in 0..12 {
                    prop_assert!(path(&parents, start).len() <= 12, "a circle above {}", start);
                }
            }
        }
    }

    #[test]
    fn a_tree_has_a_depth() {
        let above: Vec<Uuid> = (0..=DEEPEST as u128).map(Uuid::from_u128).collect();
        assert!(fits(None, &above[..DEEPEST], "parentId").is_ok());
        assert!(fits(None, &above, "parentId").is_err());
    }
}
