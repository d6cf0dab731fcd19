//! stub
#![allow(missing_docs)]
use crate::organisation::Reference; use uuid::Uuid;
#[derive(Debug, async_graphql::SimpleObject)]
pub struct Unit { pub name: String }
impl Unit { pub fn find(r: &Reference, id: Uuid) -> Option<Self> { r.unit(id).map(|u| Self { name: u.name.clone() }) }
pub fn of(r: &Reference, id: Uuid) -> Option<Self> { Self::find(r, id) } }
#[derive(Debug, async_graphql::SimpleObject)]
pub struct Region { pub name: String }
impl Region { pub fn of(r: &Reference, id: Uuid) -> Option<Self> { r.region(id).map(|u| Self { name: u.name.clone() }) } }
