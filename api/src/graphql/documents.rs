//! Documents that were parsed before: clients send the same few again and again, and parsing costs more than running.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, ServerError};

/// Documents remembered by a process.
const REMEMBERED: usize = 500;
/// Longest document remembered, in bytes.
const LONGEST: usize = 4 * 1024;

/// Selections looked at in one document for what [`Repeats`].
const LOOKED_AT: usize = 1_000;

/// A document that was parsed.
#[derive(Debug)]
pub struct Document {
    /// As the library wants it.
    pub parsed: ExecutableDocument,
    /// Whether answers must be merged.
    pub repeats: Repeats,
}

/// Whether a document asks for something twice under one name, fragments spelled out: then the two are merged into one.
/// Also where it is too large or too odd to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats(pub bool);

impl Repeats {
    fn of(document: &ExecutableDocument) -> Self {
        let mut left = LOOKED_AT;
        let mut once = |set| each_once(document, set, &mut Vec::new(), &mut left);
        Self(!document.operations.iter().all(|(_, operation)| once(&operation.node.selection_set.node)))
    }
}

/// Whether no name comes twice in the selection, nor in any below it. `left` bounds the work, and with it fragments that
/// stand in themselves.
fn each_once<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    names: &mut Vec<&'a Name>,
    left: &mut usize,
) -> bool {
    set.items.iter().all(|selection| {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return false;
        }
        match &selection.node {
            Selection::Field(field) => {
                let name = &field.node.response_key().node;
                if names.contains(&name) {
                    return false;
                }
                names.push(name);
                each_once(document, &field.node.selection_set.node, &mut Vec::new(), left)
            }
            Selection::InlineFragment(inline) => {
                each_once(document, &inline.node.selection_set.node, names, left)
            }
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| each_once(document, &fragment.node.selection_set.node, names, left)),
        }
    })
}

/// A cheap clone.
#[derive(Clone, Debug, Default)]
pub struct Documents(Arc<Mutex<HashMap<Box<str>, Arc<Document>>>>);

impl Documents {
    /// The document in a text that is within the [limits](super::limits).
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        if let Some(known) = self.lock().get(text) {
            return Ok(Arc::clone(known));
        }
        let parsed = parse_query(text)?;
        let document = Arc::new(Document { repeats: Repeats::of(&parsed), parsed });
        if text.len() <= LONGEST {
            let mut known = self.lock();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(text.into(), Arc::clone(&document));
        }
        Ok(document)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Arc<Document>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_parsed_once_and_a_flood_of_others_is_forgotten() {
        let documents = Documents::default();
        let first = documents.parse("{ me { name } }").unwrap();
        assert!(Arc::ptr_eq(&first, &documents.parse("{ me { name } }").unwrap()));
        assert!(documents.parse("{ me {").is_err());
        let long = format!("{{ me {{ name }} }}{}", " ".repeat(LONGEST));
        assert!(!Arc::ptr_eq(&documents.parse(&long).unwrap(), &documents.parse(&long).unwrap()));
        for n in 0..2 * REMEMBERED {
            documents.parse(&format!("{{ a{n} }}")).unwrap();
        }
        assert!(documents.lock().len() <= REMEMBERED);
    }

    #[test]
    fn what_must_be_merged_is_found() {
        let documents = Documents::default();
        let repeats = |text: &str| documents.parse(text).unwrap().repeats.0;
        for once in [
            "{ me { name } }",
            "{ a: me { name id } b: me { name id } }",
            "{ me { ...A ... on Account { id } } } fragment A on Account { name }",
            "query A { me { name } } query B { me { name } }",
        ] {
            assert!(!repeats(once), "{once}");
        }
        for twice in [
            "{ me { name } me { id } }",
            "{ me { name name } }",
            "{ me { name: id name } }",
            "{ me { name ...A } } fragment A on Account { x: id name }",
            "{ me { ... on Account { name } ... { name } } }",
            "{ me { ...A } } fragment A on Account { ...A }",
            "{ me { ...Gone } }",
        ] {
            assert!(repeats(twice), "{twice}");
        }
        let many: String = (0..LOOKED_AT).map(|n| format!("a{n} ")).collect();
        assert!(repeats(&format!("{{ {many} }}")));
    }
}
