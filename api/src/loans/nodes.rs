//! Loans in the schema. A resolver that hands out several reads what is asked of them beyond their rows at once.

use std::collections::HashMap;

use async_graphql::{Context, ID, Lookahead, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::ApprovalSubject;
use entity::loans::{loan, loan_inspection};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{read, rules};
use crate::approvals::graphql::ApprovalCase;
use crate::approvals::read::cases_of;
use crate::fault::Fault;
use crate::graphql::connection::connection;
use crate::graphql::context::Given;
use crate::graphql::enums::{Custody, LoanReason, LoanState};
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, encode};
use crate::graphql::scalars::Money;
use crate::listings;
use crate::listings::graphql::Listing;
use crate::organisation::graphql::Unit;

/// A loan (借用): use moves for a range of days, ownership does not.
#[derive(Debug)]
pub struct Loan {
    pub(super) row: Box<loan::Model>,
    listing: OnceCell<Option<Box<Listing>>>,
    inspections: OnceCell<Vec<LoanInspection>>,
    approvals: OnceCell<Vec<ApprovalCase>>,
}

impl From<loan::Model> for Loan {
    fn from(row: loan::Model) -> Self {
        Self {
            row: Box::new(row),
            listing: OnceCell::new(),
            inspections: OnceCell::new(),
            approvals: OnceCell::new(),
        }
    }
}

/// What was found when pieces came back.
#[derive(Clone, Debug, SimpleObject)]
pub struct LoanInspection {
    /// Pieces in order.
    good: i64,
    /// Pieces damaged.
    damaged: i64,
    /// Pieces that were not there.
    lost: i64,
    /// What is wrong.
    note: Option<String>,
    /// What it costs.
    cost: Option<Money>,
    /// When it was noted.
    at: DateTime<Utc>,
}

impl From<loan_inspection::Model> for LoanInspection {
    fn from(row: loan_inspection::Model) -> Self {
        Self {
            good: row.good,
            damaged: row.damaged,
            lost: row.lost,
            note: row.note,
            cost: row.cost.map(Into::into),
            at: row.created_at,
        }
    }
}

#[Object]
impl Loan {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Loan, self.row.id)
    }

    /// Row version.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// Number (借用单号).
    async fn number(&self) -> &str {
        &self.row.number
    }

    /// Global id of what is borrowed of.
    async fn listing_id(&self) -> ID {
        encode(Kind::Listing, self.row.listing_id)
    }

    /// What is borrowed of; null where the caller may not see it any more.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Listing>> {
        let load = || async {
            let mut found = listings_of(ctx, &[self.row.listing_id], &ctx.look_ahead()).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.listing_id).map(Box::new))
        };
        Ok(self.listing.get_or_try_init(load).await?.as_deref())
    }

    /// Who borrows.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.unit_id)
    }

    /// Who lends.
    async fn giver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.giver_id)
    }

    /// Where the thing is when it is not lent.
    async fn custody(&self) -> Custody {
        self.row.custody.into()
    }

    /// Pieces.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// First day.
    #[graphql(name = "from")]
    async fn first_day(&self) -> NaiveDate {
        self.row.day_from
    }

    /// Last day, inclusive.
    #[graphql(name = "to")]
    async fn last_day(&self) -> NaiveDate {
        self.row.day_to
    }

    /// Last day as it was first agreed; null where the loan was not extended.
    async fn extended_from(&self) -> Option<NaiveDate> {
        Some(self.row.first_day_to).filter(|day| *day != self.row.day_to)
    }

    /// Last day of an extension that waits for approval.
    async fn asked_to(&self) -> Option<NaiveDate> {
        self.row.asked_to
    }

    /// Why it was asked for.
    async fn justification(&self) -> &str {
        &self.row.justification
    }

    /// State. Whether it is overdue is told by `overdueDays`, whether it was extended by `extendedFrom`.
    async fn state(&self) -> LoanState {
        self.row.state.into()
    }

    /// Why it ended without use.
    async fn reason(&self) -> Option<LoanReason> {
        self.row.reason.map(Into::into)
    }

    /// What a person wrote about it last.
    async fn comment(&self) -> Option<&str> {
        self.row.comment.as_deref()
    }

    /// Days that pieces are out beyond the last day; null where none are.
    async fn overdue_days(&self, ctx: &Context<'_>) -> Option<i64> {
        let today = ctx.app().clock().today();
        rules::is_overdue(&self.row, today).then(|| (today - self.row.day_to).num_days())
    }

    /// Pieces promised, or with the borrower.
    async fn lent(&self) -> i64 {
        self.row.lent
    }

    /// Pieces that came back and were not inspected.
    async fn returned(&self) -> i64 {
        self.row.returned
    }

    /// Pieces that came back in order.
    async fn good(&self) -> i64 {
        self.row.good
    }

    /// Pieces that came back damaged: with their holder, not offered any more.
    async fn damaged(&self) -> i64 {
        self.row.damaged
    }

    /// Pieces that did not come back.
    async fn lost(&self) -> i64 {
        self.row.lost
    }

    /// Pieces that the borrower has asked to keep.
    async fn converting(&self) -> i64 {
        self.row.converting
    }

    /// Pieces that left the loan by a transfer to the borrower.
    async fn converted(&self) -> i64 {
        self.row.converted
    }

    /// What damage and loss cost, as far as it was named.
    async fn damage_cost(&self) -> Money {
        self.row.damage_cost.into()
    }

    /// When it lapses unless the borrower's side acts; none while others have to act.
    async fn hold_expires_at(&self) -> Option<DateTime<Utc>> {
        self.row.hold_expires_at
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it was handed over.
    async fn handed_over_at(&self) -> Option<DateTime<Utc>> {
        self.row.handed_over_at
    }

    /// Condition at the hand-over.
    async fn condition(&self) -> Option<&str> {
        self.row.handed_over_note.as_deref()
    }

    /// When the borrower confirmed it, or was deemed to.
    async fn received_at(&self) -> Option<DateTime<Utc>> {
        self.row.received_at
    }

    /// What was said at the receipt.
    async fn received_note(&self) -> Option<&str> {
        self.row.received_note.as_deref()
    }

    /// Day on which the last piece came back, or left the loan.
    async fn returned_on(&self) -> Option<NaiveDate> {
        self.row.returned_on
    }

    /// Last day of use that is in the ledger of savings.
    async fn accrued_to(&self) -> Option<NaiveDate> {
        self.row.accrued_to
    }

    /// When it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }

    /// What was found when pieces came back, oldest first.
    async fn inspections(&self, ctx: &Context<'_>) -> async_graphql::Result<&[LoanInspection]> {
        let load = || async {
            let mut found = inspections_of(ctx, &[self.row.id]).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.id).unwrap_or_default())
        };
        Ok(self.inspections.get_or_try_init(load).await?)
    }

    /// Its approvals and those of its extensions, newest first.
    async fn approvals(&self, ctx: &Context<'_>) -> async_graphql::Result<&[ApprovalCase]> {
        let load = || async {
            let mut found = approvals_of(ctx, &[self.row.id]).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.id).unwrap_or_default())
        };
        Ok(self.approvals.get_or_try_init(load).await?)
    }
}

connection!(LoanConnection, LoanEdge, Loan);

/// Loans for a resolver that hands out several; `selection` is what is asked of each.
pub(super) async fn loans(
    ctx: &Context<'_>,
    rows: Vec<loan::Model>,
    selection: &Lookahead<'_>,
) -> async_graphql::Result<Vec<Loan>> {
    let mut nodes: Vec<Loan> = rows.into_iter().map(Loan::from).collect();
    let ids: Vec<Uuid> = nodes.iter().map(|node| node.row.id).collect();
    let listing = selection.field("listing");
    if listing.exists() {
        let mut wanted: Vec<Uuid> = nodes.iter().map(|node| node.row.listing_id).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let wants = listings::graphql::wants(&listing);
        let found = listings::read::find_all(ctx.app(), ctx.actor()?, &wanted, wants).await;
        let found: HashMap<Uuid, _> =
            found.map_err(|fault| failed(ctx, fault))?.into_iter().map(|row| (row.id, row)).collect();
        // Several loans may be of one listing: each gets its own node, in one go.
        let rows: Vec<_> = nodes.iter().map(|node| found.get(&node.row.listing_id).cloned()).collect();
        let known = rows.iter().flatten().cloned().collect();
        let mut made = listings::graphql::listings(ctx, known, &listing).await?.into_iter();
        for (node, row) in nodes.iter_mut().zip(rows) {
            node.listing = OnceCell::new_with(Some(row.and_then(|_| made.next().map(Box::new))));
        }
    }
    if selection.field("inspections").exists() {
        let mut found = inspections_of(ctx, &ids).await?;
        for node in &mut nodes {
            node.inspections = OnceCell::new_with(Some(found.remove(&node.row.id).unwrap_or_default()));
        }
    }
    if selection.field("approvals").exists() {
        let mut found = approvals_of(ctx, &ids).await?;
        for node in &mut nodes {
            node.approvals = OnceCell::new_with(Some(found.remove(&node.row.id).unwrap_or_default()));
        }
    }
    Ok(nodes)
}

/// Several loans that the caller may see, by their ids: for what refers to loans.
pub(crate) async fn loans_by_id(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, Loan>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = read::find_all(ctx.app().db().read(), ctx.actor()?, ids).await;
    let rows = found.map_err(|error| failed(ctx, error.into()))?;
    Ok(loans(ctx, rows, selection).await?.into_iter().map(|node| (node.row.id, node)).collect())
}

async fn listings_of(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, Listing>> {
    let wants = listings::graphql::wants(selection);
    let found = listings::read::find_all(ctx.app(), ctx.actor()?, ids, wants).await;
    let rows = found.map_err(|fault| failed(ctx, fault))?;
    let found: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let nodes = listings::graphql::listings(ctx, rows, selection).await?;
    Ok(found.into_iter().zip(nodes).collect())
}

async fn inspections_of(
    ctx: &Context<'_>,
    ids: &[Uuid],
) -> async_graphql::Result<HashMap<Uuid, Vec<LoanInspection>>> {
    let found = read::inspections_of(ctx.app().db().read(), ids).await;
    let found = found.map_err(|error| failed(ctx, error.into()))?;
    Ok(found.into_iter().map(|(id, rows)| (id, rows.into_iter().map(Into::into).collect())).collect())
}

async fn approvals_of(
    ctx: &Context<'_>,
    ids: &[Uuid],
) -> async_graphql::Result<HashMap<Uuid, Vec<ApprovalCase>>> {
    let mut by_loan: HashMap<Uuid, Vec<_>> = HashMap::new();
    for subject in [ApprovalSubject::Loan, ApprovalSubject::LoanExtension] {
        let found = cases_of(ctx.app(), subject, ids).await.map_err(|fault| failed(ctx, fault))?;
        for (loan, cases) in found {
            by_loan.entry(loan).or_default().extend(cases);
        }
    }
    let newest_first = |(loan, mut cases): (Uuid, Vec<crate::approvals::read::CaseRow>)| {
        cases.sort_by_key(|row| std::cmp::Reverse(row.case.id));
        (loan, cases.into_iter().map(ApprovalCase).collect())
    };
    Ok(by_loan.into_iter().map(newest_first).collect())
}

/// A fault of a finder in the caller's language.
pub(super) fn failed(ctx: &Context<'_>, fault: Fault) -> async_graphql::Error {
    let locale = ctx.actor().map_or(entity::identity::Locale::Zh, crate::identity::Actor::locale);
    query_error(fault, locale)
}
