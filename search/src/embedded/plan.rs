//! From a [`Query`] to a query of the engine.
//!
//! Words are demanded all (AND), each in any field (OR). What the listing must be, and what the caller may see, are
//! clauses without a score. Weights are set so that a name beats brand and model, and those a description, whatever
//! the rarity of the word in each field.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, Query as EngineQuery, RangeQuery,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use uuid::Uuid;

use super::analysis::{self, Piece};
use super::schema::{Fields, TextFields, flag};
use crate::query::{Filters, Query, Rights, Warehouses};

const NAME: f32 = 10.0;
const MAKE: f32 = 5.0;
const DESCRIPTION: f32 = 1.0;
/// Characters against words.
const GRAM: f32 = 0.3;
/// The characters of a long text lie together in the name.
const TOGETHER: f32 = 3.0;
/// The beginning of a Latin word against the whole of it.
const PREFIX: f32 = 0.3;
/// A chunk of the text is exactly a model, serial or asset number; more than words can sum up to.
const CODE: f32 = 1_000.0;
/// The whole text is.
const WHOLE_CODE: f32 = 10_000.0;

/// Shorter beginnings match half of the index.
const SHORTEST_PREFIX: usize = 2;
/// The same for codes, of which there are as many as listings, and which begin alike.
const SHORTEST_CODE_PREFIX: usize = 4;
/// Up to here a union of postings beats a walk over the dictionary.
const FEW: usize = 16;

type Boxed = Box<dyn EngineQuery>;

/// The query for the engine; `None` when nothing can be found, so that the engine need not be asked.
pub(super) fn plan(fields: &Fields, query: &Query) -> Option<Boxed> {
    let mut clauses: Vec<(Occur, Boxed)> = vec![(Occur::Must, unscored(rights(fields, &query.rights)?))];
    for filter in filters(fields, &query.filters) {
        clauses.push((Occur::Must, unscored(filter)));
    }
    if let Some(typed) = query.typed() {
        clauses.push((Occur::Must, text(fields, typed)?));
    }
    Some(Box::new(BooleanQuery::new(clauses)))
}

fn rights(fields: &Fields, rights: &Rights) -> Option<Boxed> {
    match rights {
        Rights::Everything => Some(exact(fields.flags, flag::LIVE)),
        Rights::Of { units, audiences, warehouses, listed } => {
            let mut ways: Vec<Boxed> = Vec::new();
            if *listed {
                ways.push(exact(fields.flags, flag::OPEN));
                ways.extend(any_id(fields.directed, units));
                ways.extend(any_id(fields.directed, audiences));
            }
            ways.extend(any_id(fields.unit, units));
            match warehouses {
                Warehouses::All => ways.push(exact(fields.flags, flag::STORED)),
                Warehouses::Only(warehouses) => ways.extend(any_id(fields.warehouse, warehouses)),
            }
            match ways.len() {
                0 => None,
                1 => ways.pop(),
                _ => Some(Box::new(BooleanQuery::union(ways))),
            }
        }
    }
}

fn filters(fields: &Fields, filters: &Filters) -> Vec<Boxed> {
    let Filters {
        regions,
        units,
        categories,
        kinds,
        custodies,
        conditions,
        states,
        value_from,
        value_to,
        available_only,
    } = filters;
    let mut all: Vec<Boxed> = Vec::new();
    all.extend(any_id(fields.regions, regions));
    all.extend(any_id(fields.unit, units));
    all.extend(any_id(fields.categories, categories));
    all.extend(any_text(fields.kind, kinds));
    all.extend(any_text(fields.custody, custodies));
    all.extend(any_text(fields.condition, conditions));
    all.extend(any_text(fields.state, states));
    if value_from.is_some() || value_to.is_some() {
        let bound = |value: &Option<i64>| match value {
            Some(value) => Bound::Included(Term::from_field_i64(fields.value, *value)),
            None => Bound::Unbounded,
        };
        all.push(Box::new(RangeQuery::new(bound(value_from), bound(value_to))));
    }
    if *available_only {
        all.push(exact(fields.flags, flag::AVAILABLE));
    }
    all
}

fn text(fields: &Fields, typed: &str) -> Option<Boxed> {
    let folded = analysis::fold(typed);
    let pieces = analysis::pieces(&folded);
    let last = pieces.len().checked_sub(1)?;
    let mut clauses: Vec<(Occur, Boxed)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Han(han) => {
                let words = analysis::query_words(han);
                if words.len() > 1 {
                    clauses.push((Occur::Should, boost(together(fields.name.grams, han), NAME * TOGETHER)));
                }
                clauses.extend(words.into_iter().map(|word| (Occur::Must, han_word(fields, word))));
            }
            Piece::Latin(parts) => clauses.push((Occur::Must, latin_chunk(fields, parts, at == last))),
        }
    }
    let words: Boxed = Box::new(BooleanQuery::new(clauses));
    let whole = scored(exact(fields.codes, &analysis::code(&folded)), WHOLE_CODE);
    Some(Box::new(BooleanQuery::union(vec![words, whole])))
}

/// A Han word, as a word or as its characters, in any field.
fn han_word(fields: &Fields, word: &str) -> Boxed {
    let mut ways = Vec::new();
    for (source, weight) in sources(fields) {
        ways.push(boost(ranked(source.words, word), weight));
        ways.push(boost(together(source.grams, word), weight * GRAM));
    }
    Box::new(BooleanQuery::union(ways))
}

/// A Latin chunk: a code as a whole, a word, all of its parts, or the beginning of one if it is still being typed.
fn latin_chunk(fields: &Fields, parts: &[&str], unfinished: bool) -> Boxed {
    let joined = parts.concat();
    let mut ways = vec![scored(exact(fields.codes, &joined), CODE)];
    ways.extend(latin_word(fields, &joined));
    if parts.len() > 1 {
        let each = parts.iter().map(|part| Box::new(BooleanQuery::union(latin_word(fields, part))) as Boxed);
        ways.push(Box::new(BooleanQuery::intersection(each.collect())));
    }
    if unfinished {
        let length = joined.chars().count();
        for (field, weight, shortest) in [
            (fields.codes, MAKE, SHORTEST_CODE_PREFIX),
            (fields.name.words, NAME, SHORTEST_PREFIX),
            (fields.make.words, MAKE, SHORTEST_PREFIX),
            (fields.description.words, DESCRIPTION, SHORTEST_PREFIX),
        ] {
            if length >= shortest {
                let begins = FuzzyTermQuery::new_prefix(Term::from_field_text(field, &joined), 0, false);
                ways.push(scored(Box::new(begins), weight * PREFIX));
            }
        }
    }
    Box::new(BooleanQuery::union(ways))
}

fn latin_word(fields: &Fields, word: &str) -> Vec<Boxed> {
    sources(fields).map(|(source, weight)| boost(ranked(source.words, word), weight)).into()
}

fn sources(fields: &Fields) -> [(TextFields, f32); 3] {
    [(fields.name, NAME), (fields.make, MAKE), (fields.description, DESCRIPTION)]
}

/// All pairs of a Han text in one field: nearly always that they stand there as typed.
fn together(field: Field, han: &str) -> Boxed {
    let mut pairs = analysis::pairs(han);
    pairs.sort_unstable();
    pairs.dedup();
    let mut terms: Vec<Boxed> = pairs.into_iter().map(|pair| ranked(field, pair)).collect();
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(term) => {
            terms.push(term);
            Box::new(BooleanQuery::intersection(terms))
        }
        None => Box::new(BooleanQuery::union(Vec::new())),
    }
}

fn any_id(field: Field, ids: &[Uuid]) -> Option<Boxed> {
    any_of(ids.iter().map(|id| Term::from_field_bytes(field, id.as_bytes())).collect())
}

fn any_text(field: Field, values: &[String]) -> Option<Boxed> {
    any_of(values.iter().map(|value| Term::from_field_text(field, value)).collect())
}

/// Any of the terms; `None` for no terms, which asks nothing of a filter and gives nothing to a right.
fn any_of(mut terms: Vec<Term>) -> Option<Boxed> {
    let plain = |term| Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Boxed;
    match terms.len() {
        0 => None,
        1 => terms.pop().map(plain),
        2..=FEW => Some(Box::new(BooleanQuery::union(terms.into_iter().map(plain).collect()))),
        _ => Some(Box::new(TermSetQuery::new(terms))),
    }
}

fn exact(field: Field, value: &str) -> Boxed {
    Box::new(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic))
}

fn ranked(field: Field, value: &str) -> Boxed {
    Box::new(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::WithFreqs))
}

fn boost(query: Boxed, weight: f32) -> Boxed {
    Box::new(BoostQuery::new(query, weight))
}

fn scored(query: Boxed, score: f32) -> Boxed {
    Box::new(ConstScoreQuery::new(query, score))
}

fn unscored(query: Boxed) -> Boxed {
    scored(query, 0.0)
}
