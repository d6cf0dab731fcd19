//! stub
#![allow(missing_docs)]
use crate::organisation::Reference; use uuid::Uuid;
#[derive(Debug, async_graphql::SimpleObject)]
pub struct Category { pub name: String }
impl Category { pub fn find(r: &Reference, id: Uuid) -> Option<Self> { r.category(id).map(|u| Self { name: u.name.clone() }) }
pub fn of(r: &Reference, id: Uuid) -> Option<Self> { Self::find(r, id) } }
