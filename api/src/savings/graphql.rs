//! The ledger in the schema: types and root fields, which translate and decide nothing.

use std::collections::HashSet;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::identity::Locale;
use entity::savings::saving_entry;
use uuid::Uuid;

use super::explain::{self, Explanation};
use super::read::{self, Filter};
use super::report::{self, GroupBy, Part, Query, Row};
use super::rules::ZeroReason;
use crate::authz::Operation;
use crate::catalogue::graphql::Category;
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::{MOST, Page, PageInfo, connection, cursor, page, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{Custody, FiscalLevel, Purpose, SavingKind, SavingMethod};
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, decode, encode, expect};
use crate::graphql::scalars::Money;
use crate::organisation::graphql::{Region, Unit};

/// Which entries count; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct SavingFilter {
    /// Computed by one of these methods.
    methods: Option<Vec<SavingMethod>>,
    /// First civil day of the receipt.
    from: Option<NaiveDate>,
    /// Last civil day of the receipt, inclusive.
    to: Option<NaiveDate>,
    /// Given by one of these units.
    giving_unit_ids: Option<Vec<ID>>,
    /// Received by one of these units.
    receiving_unit_ids: Option<Vec<ID>>,
    /// Giver paid for by one of these regions or one below.
    giving_region_ids: Option<Vec<ID>>,
    /// Receiver paid for by one of these regions or one below.
    receiving_region_ids: Option<Vec<ID>>,
    /// Fiscal level of the giver.
    giving_level: Option<FiscalLevel>,
    /// Fiscal level of the receiver.
    receiving_level: Option<FiscalLevel>,
    /// In one of these categories or below.
    category_ids: Option<Vec<ID>>,
    /// 虚拟仓 or 实体仓.
    custody: Option<Custody>,
    /// 调剂 or 借用.
    mode: Option<Purpose>,
    /// True: only what had been reused before. False: only what had not.
    repeat: Option<bool>,
    /// Entries or contra entries.
    entry: Option<SavingKind>,
    /// Of this hand-over.
    transfer_id: Option<ID>,
    /// Of this loan.
    loan_id: Option<ID>,
    /// Of this asset.
    asset_id: Option<ID>,
}

impl SavingFilter {
    fn read(self, ctx: &Context<'_>) -> Result<Filter, Fault> {
        let reference = ctx.app().reference();
        // Each once: what lies below two of them, or below one named twice, must not fill the statement.
        let below = |ids: Vec<Uuid>, tree: &dyn Fn(Uuid) -> HashSet<Uuid>| {
            let all: HashSet<Uuid> = ids.into_iter().flat_map(tree).collect();
            all.into_iter().collect::<Vec<Uuid>>()
        };
        let regions = |ids: Option<Vec<ID>>, field: &str| {
            Ok::<_, Rejection>(below(known(Kind::Region, ids, field)?, &|id| reference.region_subtree(id)))
        };
        let categories = known(Kind::Category, self.category_ids, "filter.categoryIds")?;
        let one = |kind, id: Option<ID>, field: &str| id.map(|id| expect(kind, &id, field)).transpose();
        Ok(Filter {
            methods: self.methods.unwrap_or_default().into_iter().map(Into::into).collect(),
            from: self.from,
            to: self.to,
            giving_units: known(Kind::Unit, self.giving_unit_ids, "filter.givingUnitIds")?,
            receiving_units: known(Kind::Unit, self.receiving_unit_ids, "filter.receivingUnitIds")?,
            giving_regions: regions(self.giving_region_ids, "filter.givingRegionIds")?,
            receiving_regions: regions(self.receiving_region_ids, "filter.receivingRegionIds")?,
            giving_level: self.giving_level.map(Into::into),
            receiving_level: self.receiving_level.map(Into::into),
            categories: below(categories, &|id| reference.category_subtree(id)),
            custody: self.custody.map(Into::into),
            mode: self.mode.map(Into::into),
            repeat: self.repeat,
            entry: self.entry.map(Into::into),
            transfer: one(Kind::Transfer, self.transfer_id, "filter.transferId")?,
            loan: one(Kind::Loan, self.loan_id, "filter.loanId")?,
            asset: one(Kind::Asset, self.asset_id, "filter.assetId")?,
        })
    }
}

/// The identities in a filter; a list that is given and empty is a mistake that would show everything.
fn known(kind: Kind, ids: Option<Vec<ID>>, field: &str) -> Result<Vec<Uuid>, Rejection> {
    let Some(ids) = ids else { return Ok(Vec::new()) };
    if ids.is_empty() || ids.len() > MOST {
        return Err(Rejection::new(Code::OutOfRange).at(field).with("least", 1).with("most", MOST));
    }
    ids.iter().map(|id| expect(kind, id, field)).collect()
}

/// A sum of the ledger.
#[derive(Debug)]
pub struct SavingsRow(Row);

#[Object]
impl SavingsRow {
    /// How the savings are computed; amounts of different methods are never added up.
    async fn method(&self) -> SavingMethod {
        self.0.method.into()
    }

    /// Entries less contra entries.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Of it: things that had been reused before.
    async fn repeat_amount(&self) -> Money {
        self.0.repeat_amount.into()
    }

    /// Pieces received less pieces given back; of loans, pieces used, once for each entry.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// Receipts; of loans, entries.
    async fn entries(&self) -> i64 {
        self.0.entries
    }

    /// Receipts, or entries of loans, that were taken back.
    async fn contras(&self) -> i64 {
        self.0.contras
    }

    /// Unit that gave, where the rows are by it.
    async fn giving_unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.id(GroupBy::GivingUnit)?)
    }

    /// Unit that received, where the rows are by it.
    async fn receiving_unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.id(GroupBy::ReceivingUnit)?)
    }

    /// Region whose budget pays for the giver, where the rows are by it.
    async fn giving_region(&self, ctx: &Context<'_>) -> Option<Region> {
        Region::of(&ctx.app().reference(), self.0.id(GroupBy::GivingRegion)?)
    }

    /// Region whose budget pays for the receiver, where the rows are by it.
    async fn receiving_region(&self, ctx: &Context<'_>) -> Option<Region> {
        Region::of(&ctx.app().reference(), self.0.id(GroupBy::ReceivingRegion)?)
    }

    /// Fiscal level of the giver, where the rows are by it.
    async fn giving_level(&self) -> Option<FiscalLevel> {
        self.0.level(GroupBy::GivingLevel).map(Into::into)
    }

    /// Fiscal level of the receiver, where the rows are by it.
    async fn receiving_level(&self) -> Option<FiscalLevel> {
        self.0.level(GroupBy::ReceivingLevel).map(Into::into)
    }

    /// Category, where the rows are by it.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        Category::of(&ctx.app().reference(), self.0.id(GroupBy::Category)?)
    }

    /// Month such as `2026-03`, where the rows are by it.
    async fn month(&self) -> Option<&str> {
        self.0.text(GroupBy::Month)
    }

    /// Quarter such as `2026-Q1`, where the rows are by it.
    async fn quarter(&self) -> Option<&str> {
        self.0.text(GroupBy::Quarter)
    }

    /// Year such as `2026`, where the rows are by it.
    async fn year(&self) -> Option<&str> {
        self.0.text(GroupBy::Year)
    }

    /// 调剂 or 借用, where the rows are by it.
    async fn mode(&self) -> Option<Purpose> {
        self.0.mode().map(Into::into)
    }

    /// 虚拟仓 or 实体仓, where the rows are by it.
    async fn custody(&self) -> Option<Custody> {
        self.0.custody().map(Into::into)
    }
}

/// A page of sums, and the sums of all of them.
#[derive(Debug, SimpleObject)]
pub struct SavingsConnection {
    /// Rows with their cursors, in the order of their keys.
    edges: Vec<SavingsEdge>,
    /// Where the page lies.
    page_info: PageInfo,
    /// Over all rows, one a method: equal to the sum of the rows.
    totals: Vec<SavingsRow>,
}

/// One sum and its cursor.
#[derive(Debug, SimpleObject)]
pub struct SavingsEdge {
    /// Cursor of this row.
    cursor: String,
    /// The row.
    node: SavingsRow,
}

/// A line of the ledger of savings (节约财政资金).
#[derive(Debug)]
pub struct SavingEntry(saving_entry::Model);

#[Object]
impl SavingEntry {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Entry, self.0.id)
    }

    /// Its number in the ledger: 1, 2, 3 … without gaps.
    async fn seq(&self) -> i64 {
        self.0.seq
    }

    /// Entry, or contra entry that takes one back.
    async fn entry(&self) -> SavingKind {
        self.0.entry.into()
    }

    /// Global id of the entry that this one takes back.
    async fn contra_of(&self) -> Option<ID> {
        self.0.contra_of.map(|id| encode(Kind::Entry, id))
    }

    /// How it is computed.
    async fn method(&self) -> SavingMethod {
        self.0.method.into()
    }

    /// Amount; negative in a contra entry.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Pieces; negative in a contra entry.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// Global id of the hand-over; null in an entry of a loan.
    async fn transfer_id(&self) -> Option<ID> {
        self.0.transfer_id.map(|id| encode(Kind::Transfer, id))
    }

    /// Global id of the loan; null in an entry of a hand-over.
    async fn loan_id(&self) -> Option<ID> {
        self.0.loan_id.map(|id| encode(Kind::Loan, id))
    }

    /// First day of use that it counts, of a loan.
    async fn day_from(&self) -> Option<NaiveDate> {
        self.0.day_from
    }

    /// Last day of use that it counts, of a loan.
    async fn day_to(&self) -> Option<NaiveDate> {
        self.0.day_to
    }

    /// Global id of the asset.
    async fn asset_id(&self) -> ID {
        encode(Kind::Asset, self.0.asset_id)
    }

    /// When it was recognised.
    async fn recognised_at(&self) -> DateTime<Utc> {
        self.0.recognised_at
    }

    /// Civil day of it.
    async fn civil_day(&self) -> NaiveDate {
        self.0.civil_day
    }

    /// Unit that gave.
    async fn giver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.giver_id)
    }

    /// Unit that received.
    async fn receiver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.receiver_id)
    }

    /// Category of the asset.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        Category::of(&ctx.app().reference(), self.0.category_id)
    }

    /// 虚拟仓 or 实体仓.
    async fn custody(&self) -> Custody {
        self.0.custody.into()
    }

    /// 调剂 or 借用.
    async fn mode(&self) -> Purpose {
        self.0.mode.into()
    }

    /// The asset had been reused before.
    async fn repeat(&self) -> bool {
        self.0.repeat
    }

    /// SHA-256 over the entry, hex.
    async fn hash(&self) -> &str {
        &self.0.hash
    }
}

connection!(SavingEntryConnection, SavingEntryEdge, SavingEntry);

/// How an entry came about.
#[derive(Debug)]
pub struct SavingExplanation {
    entry: saving_entry::Model,
    explanation: Explanation,
}

/// One input of a formula, as frozen at the receipt.
#[derive(Debug, SimpleObject)]
pub struct SavingInput {
    /// Name.
    name: &'static str,
    /// Value; empty where it was not known.
    value: String,
    /// What it means, in the caller's language.
    meaning: &'static str,
}

#[Object]
impl SavingExplanation {
    /// The entry.
    async fn entry(&self) -> SavingEntry {
        SavingEntry(self.entry.clone())
    }

    /// The formula in words, in the caller's language.
    async fn formula(&self) -> &str {
        &self.explanation.formula
    }

    /// What went into it.
    async fn inputs(&self) -> Vec<SavingInput> {
        let given = self.explanation.inputs.iter();
        given
            .map(|row| SavingInput { name: row.name, value: row.value.clone(), meaning: row.meaning })
            .collect()
    }

    /// The formula applied to the inputs again.
    async fn recomputed_amount(&self) -> Money {
        self.explanation.recomputed.into()
    }

    /// The ledger says the same amount.
    async fn agrees(&self) -> bool {
        self.explanation.agrees
    }

    /// The entry is as it was posted.
    async fn hash_agrees(&self) -> bool {
        self.explanation.hash_agrees
    }

    /// Why it counts nothing; none where it counts.
    async fn zero_reason(&self) -> Option<ZeroReason> {
        self.explanation.zero_reason
    }

    /// That reason in words.
    async fn zero_sentence(&self) -> Option<&str> {
        self.explanation.zero_sentence
    }
}

/// Questions about savings.
#[derive(Debug, Default)]
pub struct SavingsQuery;

#[Object]
impl SavingsQuery {
    /// Sums of the ledger by any grouping, under the caller's rights. Rows are always by method too.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn savings(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] group_by: Vec<GroupBy>,
        filter: Option<SavingFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<SavingsConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let asked: Page<Vec<Part>> = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read(ctx)?;
            let query = Query { group_by, filter, reach: actor.reach(Operation::Savings) };
            if asked.after.as_ref().is_some_and(|after| !report::fits(&query.keys(), after)) {
                return Err(Rejection::new(Code::BadPage).with("most", MOST).into());
            }
            let (db, after) = (ctx.app().db(), asked.after.as_deref());
            if !ctx.look_ahead().field("totals").exists() {
                let rows = report::rows(db.read(), &query, after, asked.fetch()).await?;
                return Ok((asked.first, rows, Vec::new()));
            }
            // Of one moment: a receipt between the two would make totals that are not the sum of the rows.
            let conn = db.snapshot().await?;
            let rows = report::rows(&conn, &query, after, asked.fetch()).await?;
            let totals = report::totals(&conn, &query).await?;
            Ok((asked.first, rows, totals))
        };
        let (first, mut rows, totals) =
            outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let page_info = page(first, &mut rows, Row::key);
        let edge = |row: Row| SavingsEdge { cursor: cursor(&row.key()), node: SavingsRow(row) };
        let edges = rows.into_iter().map(edge).collect();
        Ok(SavingsConnection { edges, page_info, totals: totals.into_iter().map(SavingsRow).collect() })
    }

    /// Entries of the ledger, newest day first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn saving_entries(
        &self,
        ctx: &Context<'_>,
        filter: Option<SavingFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<SavingEntryConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read(ctx)?;
            Ok((page.first, read::page(ctx.app().db().read(), actor, &filter, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let nodes = rows.into_iter().map(SavingEntry).collect();
        Ok(SavingEntryConnection::new(first, nodes, |node| (node.0.civil_day, node.0.id)))
    }

    /// How an entry came about; null where there is none for the caller.
    async fn explain_saving(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<SavingExplanation>> {
        let actor = ctx.actor()?;
        let locale: Locale = actor.locale();
        let Some(id) = decode(Kind::Entry, &id) else { return Ok(None) };
        let found = read::find(ctx.app().db().read(), actor, id).await;
        let Some(entry) = found.map_err(|error| query_error(error.into(), locale))? else { return Ok(None) };
        let explanation = explain::explain(&entry, locale);
        let explanation = explanation.map_err(|error| query_error(error.into(), locale))?;
        Ok(Some(SavingExplanation { entry, explanation }))
    }
}
