//! Runs a query: the page of best hits, and how many there are in all.

use std::collections::HashMap;

use tantivy::collector::sort_key::{SortBySimilarityScore, SortByStaticFastValue};
use tantivy::collector::{Collector, Count, TopDocs};
use tantivy::query::Query as EngineQuery;
use tantivy::{DocAddress, Order, Searcher};
use uuid::Uuid;

use super::generation::Generation;
use super::plan;
use super::schema::column;
use crate::error::Result;
use crate::query::{Hits, Query, Sort};

/// Answers a query. Blocks.
pub(super) fn find(generation: &Generation, query: &Query) -> Result<Hits> {
    query.check()?;
    let Some(plan) = plan::plan(&generation.fields, query) else {
        return Ok(Hits::default());
    };
    let searcher = generation.searcher();
    let addresses = page(&searcher, plan.as_ref(), query)?;
    // A pass of its own, without scores: counting within the first would have every hit scored.
    let total = searcher.search(plan.as_ref(), &Count)? as u64;
    Ok(Hits { ids: read(&searcher, &addresses)?, total })
}

fn page(searcher: &Searcher, plan: &dyn EngineQuery, query: &Query) -> Result<Vec<DocAddress>> {
    if query.limit == 0 {
        return Ok(Vec::new());
    }
    let top = TopDocs::with_limit(query.limit).and_offset(query.offset);
    let number = SortByStaticFastValue::<i64>::for_field;
    // By id, and not by the engine's address, which changes whenever segments are merged between two pages.
    let id = || {
        (
            (SortByStaticFastValue::<u64>::for_field(column::ID_HIGH), Order::Asc),
            (SortByStaticFastValue::<u64>::for_field(column::ID_LOW), Order::Asc),
        )
    };
    match query.sort {
        Sort::Relevance if query.typed().is_some() => {
            addresses(searcher, plan, top.order_by(((SortBySimilarityScore, Order::Desc), id())))
        }
        Sort::Relevance | Sort::Newest => {
            addresses(searcher, plan, top.order_by(((number(column::LISTED_AT), Order::Desc), id())))
        }
        Sort::ValueAsc => addresses(searcher, plan, top.order_by(((number(column::VALUE), Order::Asc), id()))),
        Sort::ValueDesc => addresses(searcher, plan, top.order_by(((number(column::VALUE), Order::Desc), id()))),
    }
}

fn addresses<K>(
    searcher: &Searcher,
    plan: &dyn EngineQuery,
    collector: impl Collector<Fruit = Vec<(K, DocAddress)>>,
) -> Result<Vec<DocAddress>> {
    Ok(searcher.search(plan, &collector)?.into_iter().map(|(_, address)| address).collect())
}

fn read(searcher: &Searcher, addresses: &[DocAddress]) -> Result<Vec<(Uuid, i64)>> {
    let mut columns = HashMap::new();
    let mut ids = Vec::with_capacity(addresses.len());
    for address in addresses {
        let (high, low, version) = match columns.entry(address.segment_ord) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let fast = searcher.segment_reader(address.segment_ord).fast_fields();
                entry.insert((fast.u64(column::ID_HIGH)?, fast.u64(column::ID_LOW)?, fast.i64(column::VERSION)?))
            }
        };
        // Every document has all three; one that had not would be a hit that names nothing.
        if let (Some(high), Some(low), Some(version)) =
            (high.first(address.doc_id), low.first(address.doc_id), version.first(address.doc_id))
        {
            ids.push((Uuid::from_u64_pair(high, low), version));
        }
    }
    Ok(ids)
}
