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
/// Deepest nesting of brackets of any kind in the text of a document.
pub const NESTING: usize = 64;
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
        if roots.len() > ALIASES {
            let text = format!("Too much in one document: at most {ALIASES} fields at the root");
            return Err(coded(text, "BAD_USER_INPUT"));
        }
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
        // What has no row is open to nobody, whether the schema knows it or not.
        return Err(coded(format!("Unknown field `{field}` / 没有此字段"), "BAD_USER_INPUT"));
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

/// How deeply brackets of any kind are nested in the text of a document, those in strings and comments not counted.
#[must_use]
pub fn nesting(document: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = document.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => {
                after.iter().position(|sign| matches!(sign, b'\n' | b'\r')).map_or(&[], |end| &after[end..])
            }
            b'"' => string(after),
            _ => after,
        };
    }
    deepest
}

/// What follows a string whose opening quote was read.
fn string(text: &[u8]) -> &[u8] {
    if let Some(block) = text.strip_prefix(b"\"\"") {
        let mut at = 0;
        while at < block.len() {
            let here = &block[at..];
            if here.starts_with(b"\\\"\"\"") {
                at += 4;
            } else if here.starts_with(b"\"\"\"") {
                return &here[3..];
            } else {
                at += 1;
            }
        }
        // `""` with nothing behind it, or a block without an end: the parser says what is wrong, if anything.
        return if text.len() == 2 { &[] } else { block };
    }
    let mut signs = text.iter().enumerate();
    while let Some((at, sign)) = signs.next() {
        match sign {
            b'\\' => drop(signs.next()),
            // A string ends with its line at the latest.
            b'"' | b'\n' | b'\r' => return &text[at + 1..],
            _ => {}
        }
    }
    &[]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn code(document: &str, actor: Option<&Actor>) -> Option<String> {
        let document = async_graphql::parser::parse_query(document).unwrap();
        let error = check(&document, actor).err()?;
        error.extensions.and_then(|found| found.get("code").map(ToString::to_string))
    }

    #[test]
    fn a_root_field_without_a_row_is_open_to_nobody() {
        let system = Actor::system();
        assert_eq!(code("{ me { id } }", Some(&system)), None);
        assert_eq!(code("{ laidBare { id } }", Some(&system)).as_deref(), Some("\"BAD_USER_INPUT\""));
        assert_eq!(code("{ laidBare { id } }", None).as_deref(), Some("\"UNAUTHENTICATED\""));
    }

    #[test]
    fn root_fields_are_counted_also_through_fragments() {
        let system = Actor::system();
        let many = |n| format!("{{ ...A }} fragment A on Query {{ {} }}", "__typename ".repeat(n));
        assert_eq!(code(&many(ALIASES), Some(&system)), None);
        assert_eq!(code(&many(ALIASES + 1), Some(&system)).as_deref(), Some("\"BAD_USER_INPUT\""));
    }

    #[test]
    fn brackets_are_counted_where_they_are_brackets() {
        for (document, deep) in [
            ("{ a { b } c(d: [1, [2]]) }", 4),
            ("{ a(b: \"[[[[\") }", 2),
            ("{ a(b: \"\\\"[[[[\") }", 2),
            ("{ a(b: \"\") c(d: [1]) }", 3),
            ("{ a(b: \"\"\"[[[ \\\"\"\" [[[\"\"\") c(d: [[1]]) }", 4),
            ("{ a # [[[[\n [ }", 2),
            ("}}}{", 1),
            ("\"", 0),
            ("", 0),
        ] {
            assert_eq!(nesting(document), deep, "{document}");
        }
        assert_eq!(nesting(&"[".repeat(1000)), 1000);
    }
}
