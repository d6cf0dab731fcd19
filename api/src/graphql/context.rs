//! What a resolver is given.

use std::sync::OnceLock;

use async_graphql::{ContextBase, ErrorExtensions};

use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;

/// The generation of rights that rows were read under, told by the very statement that read them: whoever answers with
/// nothing else need not ask for it again.
#[derive(Debug, Default)]
pub struct Witness(OnceLock<i64>);

impl Witness {
    /// A statement saw this one.
    pub fn saw(&self, generation: i64) {
        self.0.get_or_init(|| generation);
    }

    /// What was seen, if anything.
    #[must_use]
    pub fn seen(&self) -> Option<i64> {
        self.0.get().copied()
    }
}

/// Shorthands over the context of a field or of a selection.
pub trait Given<'a> {
    /// The service.
    fn app(&self) -> &'a App;
    /// Who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where nobody is signed in. The frame refuses such requests before any resolver runs.
    fn actor(&self) -> async_graphql::Result<&'a Actor>;
}

impl<'a, T> Given<'a> for ContextBase<'a, T> {
    fn app(&self) -> &'a App {
        self.data_unchecked::<App>()
    }

    fn actor(&self) -> async_graphql::Result<&'a Actor> {
        self.data_opt::<Actor>()
            .ok_or_else(|| super::errors::to_error(Fault::Unauthenticated).extend_with(|_, _| {}))
    }
}
