//! What a document may ask for before anything of it is run: size, aliases and directives by a walk of our own (the
//! library counts depth and complexity), and the rights to every root field.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Error, Positioned};

use super::errors::coded;
use crate::authz::Operation;
use crate::identity::Actor;

/// Longest document in bytes.
pub const DOCUMENT: usize = 32 * 1024;
/// Deepest nesting of fields.
pub const DEPTH: usize = 14;
/// Deepest nesting the parser follows.
pub const RECURSION: usize = 32;
/// Most fields, a page counted by its rows.
pub const COMPLEXITY: usize = 20_000;
/// Most directives on a field.
pub const DIRECTIVES: usize = 8;
/// Most fields with an alias, and most root fields.
pub const ALIASES: usize = 50;
/// Most selections in all, fragments spelled out.
const SELECTIONS: usize = 2_000;

/// The operation that a request names; GET may run only queries.
#[must_use]
pub fn operation_type(document: &ExecutableDocument, name: Option<&str>) -> Option<OperationType> {
    let mut operations = document.operations.iter();
    match name {
        Some(name) => operations
            .find(|(candidate, _)| candidate.is_some_and(|candidate| candidate == name))
            .map(|(_, operation)| operation.node.ty),
        None => operations.next().map(|(_, operation)| operation.node.ty),
    }
}

/// Walks the document: counts, and asks for the right to each root field.
///
/// # Errors
/// `BAD_USER_INPUT` over a limit, `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right.
pub fn check(document: &ExecutableDocument, actor: Option<&Actor>) -> Result<(), Error> {
    let mut walk = Walk { document, aliases: 0, directives: 0, selections: 0 };
    for (_, operation) in document.operations.iter() {
        walk.directives += operation.node.directives.len();
        walk.set(&operation.node.selection_set, 0)?;
        let mut roots = Vec::new();
        walk.roots(&operation.node.selection_set, &mut roots, 0);
        for field in roots {
            allow(field, actor)?;
        }
    }
    Ok(())
}

fn allow(field: &str, actor: Option<&Actor>) -> Result<(), Error> {
    if matches!(field, "__typename" | "__schema" | "__type" | "_service") {
        return Ok(());
    }
    let Some(actor) = actor else {
        return Err(super::errors::to_error(crate::fault::Fault::Unauthenticated));
    };
    let change_first = actor.account().is_some_and(|account| account.must_change_password);
    // Entities of a federated graph go through the finders of their own root fields.
    if field == "_entities" && !change_first {
        return Ok(());
    }
    let Some(operation) = Operation::of_field(field) else {
        // An unknown field: the validation says so in its own words.
        return Ok(());
    };
    if change_first && !matches!(operation, Operation::Me | Operation::ChangePassword) {
        return Err(coded("Change your password first / 请先修改密码", "FORBIDDEN"));
    }
    if actor.may_somewhere(operation) {
        Ok(())
    } else {
        Err(coded(format!("Your roles do not allow `{field}` / 您的角色不允许此操作"), "FORBIDDEN"))
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    aliases: usize,
    directives: usize,
    selections: usize,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a Positioned<SelectionSet>, depth: usize) -> Result<(), Error> {
        if depth > RECURSION {
            return Err(coded("The document is nested too deeply", "BAD_USER_INPUT"));
        }
        for selection in &set.node.items {
            self.selections += 1;
            self.directives += selection.node.directives().len();
            if let Selection::Field(field) = &selection.node {
                self.aliases += usize::from(field.node.alias.is_some());
            }
            if self.selections > SELECTIONS || self.aliases > ALIASES || self.directives > SELECTIONS / 10 {
                return Err(coded(
                    format!("Too much in one document: at most {ALIASES} aliases and {SELECTIONS} fields"),
                    "BAD_USER_INPUT",
                ));
            }
            match &selection.node {
                Selection::Field(field) => self.set(&field.node.selection_set, depth + 1)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set, depth + 1)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        self.set(&fragment.node.selection_set, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn roots(&self, set: &'a Positioned<SelectionSet>, into: &mut Vec<&'a str>, depth: usize) {
        if depth > RECURSION {
            return;
        }
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => into.push(&field.node.name.node),
                Selection::InlineFragment(inline) => self.roots(&inline.node.selection_set, into, depth + 1),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.roots(&fragment.node.selection_set, into, depth + 1);
                    }
                }
            }
        }
    }
}
