//! Rows whose usual fields are at hand.
//!
//! The library makes a future for every field of every row and collects them as they come: on a page of twenty listings
//! that costs as much as the database does. So a row of a list is resolved here: what is in memory is taken at once, and
//! only the rest goes through its resolver. Schema, rights and answers are those of the resolvers; `tests/it/frame.rs`
//! compares the two ways field by field.
//!
//! It stands on parts of the library that are public but not documented, as the library's own macros do.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::ContainerType;
use async_graphql::{ContextSelectionSet, InputType, Name, OutputType, Positioned, ServerResult, Value};

/// An object that knows the values of its usual fields without asking anybody.
pub trait AtHand: ContainerType {
    /// Value of a field that takes no arguments; none where only its resolver can tell.
    fn at_hand(&self, ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value>;
}

/// A value as the wire has it.
pub fn value(value: impl InputType) -> Option<Value> {
    Some(value.to_value())
}

/// A row of a list: the same type of the schema, resolved as this module says.
#[derive(Clone, Debug)]
pub struct Row<T>(pub T);

impl<T: AtHand> OutputType for Row<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if let Some(object) = object(ctx, &self.0, &ctx.item.node) {
            return Ok(object);
        }
        let mut asked = Vec::with_capacity(ctx.item.node.items.len());
        let plain = each::<T>(ctx, &ctx.item.node, &mut |field| {
            asked.push(field);
            true
        });
        if !plain || repeats(&asked) {
            return self.0.resolve(ctx, field).await;
        }
        let mut fields = IndexMap::with_capacity(asked.len());
        for asked in asked {
            let taken = taken(ctx, &self.0, &asked.node);
            let value = match taken {
                Some(value) => Ok(value),
                None => self.0.resolve_field(&ctx.with_field(asked)).await.map(Option::unwrap_or_default),
            };
            match value {
                Ok(value) => drop(fields.insert(asked.node.response_key().node.clone(), value)),
                Err(error) => ctx.add_error(error),
            }
        }
        Ok(Value::Object(fields))
    }
}

/// All that is asked of a row; none where some of it is not at hand.
pub fn object<T: AtHand>(ctx: &ContextSelectionSet<'_>, row: &T, set: &SelectionSet) -> Option<Value> {
    let mut fields: IndexMap<Name, Value> = IndexMap::with_capacity(set.items.len());
    let all = each::<T>(ctx, set, &mut |field| {
        let key = &field.node.response_key().node;
        // Asked for twice: the library merges them.
        !fields.contains_key(key)
            && taken(ctx, row, &field.node).is_some_and(|value| fields.insert(key.clone(), value).is_none())
    });
    all.then_some(Value::Object(fields))
}

fn taken<T: AtHand>(ctx: &ContextSelectionSet<'_>, row: &T, field: &Field) -> Option<Value> {
    if !field.arguments.is_empty() || !field.directives.is_empty() {
        return None;
    }
    if field.name.node == "__typename" {
        return value(T::type_name().into_owned());
    }
    row.at_hand(ctx, field)
}

/// Gives each field of the selection to `take`, fragments spelled out, while it says true; whether it was all of them.
fn each<'a, T: OutputType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    take: &mut impl FnMut(&'a Positioned<Field>) -> bool,
) -> bool {
    set.items.iter().all(|selection| {
        let (on, below) = match &selection.node {
            Selection::Field(field) => return take(field),
            Selection::InlineFragment(inline) => {
                (inline.node.type_condition.as_ref(), &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) else {
                    return false;
                };
                (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
            }
        };
        on.is_none_or(|on| on.node.on.node.as_str() == T::type_name())
            && selection.node.directives().is_empty()
            && each::<T>(ctx, below, take)
    })
}

fn repeats(fields: &[&Positioned<Field>]) -> bool {
    let key = |n: usize| &fields[n].node.response_key().node;
    (1..fields.len()).any(|n| (0..n).any(|other| key(other) == key(n)))
}
