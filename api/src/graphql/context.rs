//! What a resolver is given.

use async_graphql::{ContextBase, ErrorExtensions};

use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;

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
