//! Rows whose usual fields are at hand.
//!
//! The library makes a future for every field of every row, collects the values as they come in maps, and turns those into
//! text at the end: on a page of twenty listings that costs as much as the database does. So what is in memory is written
//! down here as the text it becomes, at once, and only the rest goes through its resolver. Schema, rights and answers are
//! those of the resolvers; `tests/it/frame.rs` compares the two ways field by field.
//!
//! It stands on parts of the library that are public but not documented, as the library's own macros do.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::ContainerType;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use super::documents::Repeats;
use super::json::Json;

/// An object that knows the values of its usual fields without asking anybody.
pub trait AtHand: ContainerType {
    /// Writes the value of a field that takes no arguments; says no where only its resolver can tell. What was written
    /// before a no is taken back by whoever asked.
    fn write(&self, ctx: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool;
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
        let set = &ctx.item.node;
        if repeats(ctx) {
            return self.0.resolve(ctx, field).await;
        }
        if let Some(object) = Json::written(|json| object(ctx, &self.0, set, json)) {
            return Ok(object);
        }
        let mut asked = Vec::with_capacity(set.items.len());
        let plain = each::<T>(ctx, set, &mut |field| {
            asked.push(field);
            true
        });
        if !plain {
            return self.0.resolve(ctx, field).await;
        }
        let mut fields = IndexMap::with_capacity(asked.len());
        for asked in asked {
            let value = match Json::written(|json| taken(ctx, &self.0, &asked.node, json)) {
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

/// The rows of a list: as a list of [`Row`], but written at once where all that is asked of all of them is at hand.
#[derive(Clone, Debug)]
pub struct Rows<T>(Vec<Row<T>>);

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().map(Row).collect())
    }
}

impl<T: AtHand> OutputType for Rows<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<Row<T>>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Row<T>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Row<T>>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if !repeats(ctx) {
            let all =
                |json: &mut Json| json.list(&self.0, |row, json| object(ctx, &row.0, &ctx.item.node, json));
            if let Some(list) = Json::written(all) {
                return Ok(list);
            }
        }
        self.0.resolve(ctx, field).await
    }
}

/// Whether the document asks anything twice under one name: the library merges the two, which cannot be done with text.
fn repeats(ctx: &ContextSelectionSet<'_>) -> bool {
    ctx.data_opt::<Repeats>().is_none_or(|repeats| repeats.0)
}

/// Writes all that is asked of an object; says no where some of it is not at hand.
pub fn object<T: AtHand>(
    ctx: &ContextSelectionSet<'_>,
    row: &T,
    set: &SelectionSet,
    json: &mut Json,
) -> bool {
    json.object(|json| {
        each::<T>(ctx, set, &mut |field| {
            json.key(&field.node.response_key().node);
            taken(ctx, row, &field.node, json)
        })
    })
}

fn taken<T: AtHand>(ctx: &ContextSelectionSet<'_>, row: &T, field: &Field, json: &mut Json) -> bool {
    if !field.arguments.is_empty() || !field.directives.is_empty() {
        return false;
    }
    if field.name.node == "__typename" {
        return json.put(&T::type_name());
    }
    row.write(ctx, field, json)
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
