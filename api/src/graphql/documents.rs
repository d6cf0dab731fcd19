//! Documents that were parsed before: clients send the same few again and again, and parsing costs more than running.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;

/// Documents remembered by a process.
const REMEMBERED: usize = 500;
/// Longest document remembered, in bytes.
const LONGEST: usize = 4 * 1024;

/// A cheap clone.
#[derive(Clone, Debug, Default)]
pub struct Documents(Arc<Mutex<HashMap<Box<str>, Arc<ExecutableDocument>>>>);

impl Documents {
    /// The document in a text that is within the [limits](super::limits).
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(known) = self.lock().get(text) {
            return Ok(Arc::clone(known));
        }
        let document = Arc::new(parse_query(text)?);
        if text.len() <= LONGEST {
            let mut known = self.lock();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(text.into(), Arc::clone(&document));
        }
        Ok(document)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Arc<ExecutableDocument>>> {
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
}
