//! Runs a query: the page of best hits, and how many there are in all.

use std::collections::HashMap;

use tantivy::collector::sort_key::{SortBySimilarityScore, SortByStaticFastValue};
use tantivy::collector::{Collector, Count, TopDocs};
use tantivy::query::{Bm25StatisticsProvider, Query as EngineQuery};
use tantivy::schema::Field;
use tantivy::{DocAddress, Order, Searcher, Term};
use uuid::Uuid;

use super::generation::Generation;
use super::plan;
use super::schema::{Fields, column};
use crate::error::Result;
use crate::query::{Hits, Query, Sort};

/// Answers a query. Blocks.
pub(super) fn find(generation: &Generation, query: &Query) -> Result<Hits> {
    query.check()?;
    let Some(plan) = plan::plan(&generation.fields, query) else {
        return Ok(Hits::default());
    };
    let searcher = generation.searcher();
    let addresses = page(&searcher, &generation.fields, plan.as_ref(), query)?;
    // A pass of its own, without scores: counting within the first would have every hit scored.
    let total = searcher.search(plan.as_ref(), &Count)? as u64;
    Ok(Hits { ids: read(&searcher, &addresses)?, total })
}

fn page(
    searcher: &Searcher,
    fields: &Fields,
    plan: &dyn EngineQuery,
    query: &Query,
) -> Result<Vec<DocAddress>> {
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
            addresses(searcher, fields, plan, top.order_by(((SortBySimilarityScore, Order::Desc), id())))
        }
        Sort::Relevance | Sort::Newest => {
            addresses(searcher, fields, plan, top.order_by(((number(column::LISTED_AT), Order::Desc), id())))
        }
        Sort::ValueAsc => {
            addresses(searcher, fields, plan, top.order_by(((number(column::VALUE), Order::Asc), id())))
        }
        Sort::ValueDesc => {
            addresses(searcher, fields, plan, top.order_by(((number(column::VALUE), Order::Desc), id())))
        }
    }
}

fn addresses<K>(
    searcher: &Searcher,
    fields: &Fields,
    plan: &dyn EngineQuery,
    collector: impl Collector<Fruit = Vec<(K, DocAddress)>>,
) -> Result<Vec<DocAddress>> {
    let rarity = Rarity { searcher, fields };
    let found = searcher.search_with_statistics_provider(plan, &collector, &rarity)?;
    Ok(found.into_iter().map(|(_, address)| address).collect())
}

/// How rare a term is: the same in every field, that of the field where it is commonest. A word that stands in most
/// names and in one description is not rare there; if it counted as rare, that description would beat the names.
struct Rarity<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
}

impl Bm25StatisticsProvider for Rarity<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Bm25StatisticsProvider::total_num_tokens(self.searcher, field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Bm25StatisticsProvider::total_num_docs(self.searcher)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let mut most = self.searcher.doc_freq(term)?;
        if let Some(text) = term.value().as_str() {
            for field in self.fields.alike(term.field()) {
                most = most.max(self.searcher.doc_freq(&Term::from_field_text(field, text))?);
            }
        }
        Ok(most)
    }
}

fn read(searcher: &Searcher, addresses: &[DocAddress]) -> Result<Vec<(Uuid, i64)>> {
    let mut columns = HashMap::new();
    let mut ids = Vec::with_capacity(addresses.len());
    for address in addresses {
        let (high, low, version) = match columns.entry(address.segment_ord) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let fast = searcher.segment_reader(address.segment_ord).fast_fields();
                entry.insert((
                    fast.u64(column::ID_HIGH)?,
                    fast.u64(column::ID_LOW)?,
                    fast.i64(column::VERSION)?,
                ))
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
