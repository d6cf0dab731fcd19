//! Root fields about loans: they translate and decide nothing.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use uuid::Uuid;

pub use super::nodes::Loan;
use super::nodes::{self, LoanConnection, failed};
use super::read::{self, DueKey, Filter};
use super::row::Done;
use super::{cancel, extend, fail, give_back, hand_over, inspect, receive, request};
use crate::checks;
use crate::fault::Fault;
use crate::graphql::connection::{Page, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::LoanState;
use crate::graphql::errors::{UserError, payload};
use crate::graphql::ids::{Kind, decode, expect, expect_some};
use crate::graphql::scalars::Money;
use crate::requests::convert;

/// Longest number that can be looked for, in characters.
const LONGEST_NUMBER: usize = 100;

/// Which loans a list shows; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct LoanFilter {
    /// Borrowed by this unit.
    unit_id: Option<ID>,
    /// Lent by this unit.
    giver_id: Option<ID>,
    /// Of this listing.
    listing_id: Option<ID>,
    /// In one of these states.
    states: Option<Vec<LoanState>>,
    /// With exactly this number.
    number: Option<String>,
}

impl LoanFilter {
    fn read(self) -> Result<Filter, Fault> {
        let mut faults = Vec::new();
        let number =
            checks::optional_text(&mut faults, "filter.number", self.number.as_deref(), LONGEST_NUMBER);
        Fault::all(faults)?;
        Ok(Filter {
            unit_id: expect_some(Kind::Unit, self.unit_id.as_ref(), "filter.unitId")?,
            giver_id: expect_some(Kind::Unit, self.giver_id.as_ref(), "filter.giverId")?,
            listing_id: expect_some(Kind::Listing, self.listing_id.as_ref(), "filter.listingId")?,
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            number,
        })
    }
}

/// Pieces that can be borrowed on a day.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct LoanDay {
    /// The day.
    day: NaiveDate,
    /// Pieces that are free on it.
    free: i64,
}

/// A loan that is asked for.
#[derive(Debug, InputObject)]
pub struct RequestLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Who borrows.
    unit_id: ID,
    /// What.
    listing_id: ID,
    /// Pieces.
    quantity: i32,
    /// First day.
    from: NaiveDate,
    /// Last day, inclusive.
    to: NaiveDate,
    /// Why, up to 2,000 characters.
    justification: String,
}

/// A loan that is taken back before its hand-over.
#[derive(Debug, InputObject)]
pub struct CancelLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Why.
    comment: Option<String>,
}

/// A loan that the giver cannot grant after all.
#[derive(Debug, InputObject)]
pub struct FailLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Why, up to 2,000 characters; the borrower reads it.
    reason: String,
}

/// An approved loan that is handed over.
#[derive(Debug, InputObject)]
pub struct HandOverLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Condition, as far as anything is to be said of it. Pictures of it are added to the card.
    condition: Option<String>,
}

/// A hand-over that is confirmed.
#[derive(Debug, InputObject)]
pub struct ReceiveLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Pieces that came in order; not set, all of them. The others go back, to be inspected.
    received: Option<i32>,
    /// What is to be said of it; needed where not all came in order, and as evidence of a deemed receipt.
    note: Option<String>,
    /// For the office alone: the borrower does not confirm, and the days for it are over.
    #[graphql(default)]
    deemed: bool,
}

/// More days for a loan.
#[derive(Debug, InputObject)]
pub struct ExtendLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Last day, inclusive.
    to: NaiveDate,
    /// Why, up to 2,000 characters.
    justification: String,
}

/// Pieces that come back.
#[derive(Debug, InputObject)]
pub struct ReturnLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Pieces; not set, all that the borrower has.
    quantity: Option<i32>,
    /// Day of the return; not set, today.
    on: Option<NaiveDate>,
    /// What is to be said of them: what is missing, for example.
    note: Option<String>,
}

/// What was found when pieces came back.
#[derive(Debug, InputObject)]
pub struct InspectLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Pieces in order: free again.
    #[graphql(default)]
    good: i32,
    /// Pieces damaged: they leave the offer, and are their holder's to repair.
    #[graphql(default)]
    damaged: i32,
    /// Pieces that are not there: they leave the stock and the books.
    #[graphql(default)]
    lost: i32,
    /// What is wrong; needed where something is damaged or lost.
    note: Option<String>,
    /// What that costs.
    cost: Option<Money>,
}

/// Pieces on loan that the borrower wants to keep.
#[derive(Debug, InputObject)]
pub struct ConvertLoanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    loan_id: ID,
    /// Pieces; not set, all that the borrower has.
    quantity: Option<i32>,
    /// Why, up to 2,000 characters.
    justification: String,
}

/// Answer about a loan.
#[derive(Debug, SimpleObject)]
pub struct LoanPayload {
    /// The loan as it is now; null where there are errors.
    loan: Option<Loan>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Questions about loans.
#[derive(Debug, Default)]
pub struct LoanQuery;

#[Object]
impl LoanQuery {
    /// A loan; null where there is none for the caller.
    async fn loan(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Loan>> {
        let Some(id) = decode(Kind::Loan, &id) else { return Ok(None) };
        let found = read::find(ctx.app().db().read(), ctx.actor()?, id).await;
        Ok(found.map_err(|error| failed(ctx, error.into()))?.map(Loan::from))
    }

    /// Loans to, of and at the caller's units and warehouses, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn loans(
        &self,
        ctx: &Context<'_>,
        filter: Option<LoanFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<LoanConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read()?;
            Ok((page.first, read::page(ctx.app().db().read(), actor, &filter, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let nodes = nodes::loans(ctx, rows, &ctx.look_ahead().field("edges").field("node")).await?;
        Ok(LoanConnection::new(first, nodes, |node| node.row.id))
    }

    /// Loans with pieces that are out beyond their last day, the longest due first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn overdue_loans(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<LoanConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<DueKey> = Page::read(first, after.as_deref())?;
            let today = ctx.app().clock().today();
            Ok((page.first, read::overdue(ctx.app().db().read(), actor, today, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let nodes = nodes::loans(ctx, rows, &ctx.look_ahead().field("edges").field("node")).await?;
        Ok(LoanConnection::new(first, nodes, |node| DueKey(node.row.day_to, node.row.id)))
    }

    /// Pieces of a listing that are free on each day, from today on, of at most 366 days. Null where there is no such listing
    /// for the caller, or it is not offered for loan.
    async fn loan_calendar(
        &self,
        ctx: &Context<'_>,
        listing_id: ID,
        from: NaiveDate,
        to: NaiveDate,
    ) -> async_graphql::Result<Option<Vec<LoanDay>>> {
        let Some(listing) = decode(Kind::Listing, &listing_id) else { return Ok(None) };
        let found = read::calendar(ctx.app(), ctx.actor()?, listing, from, to).await;
        let found = found.map_err(|fault| failed(ctx, fault))?;
        Ok(found.map(|days| days.into_iter().map(|it| LoanDay { day: it.day, free: it.free }).collect()))
    }
}

/// Changes of loans.
#[derive(Debug, Default)]
pub struct LoanMutation;

#[Object]
impl LoanMutation {
    /// Asks for pieces of a listing on a range of days. They are taken at once; see `loanCalendar` for what is free.
    async fn request_loan(
        &self,
        ctx: &Context<'_>,
        input: RequestLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let asked = request::Input {
                unit_id: expect(Kind::Unit, &input.unit_id, "unitId")?,
                listing_id: expect(Kind::Listing, &input.listing_id, "listingId")?,
                quantity: i64::from(input.quantity),
                from: input.from,
                to: input.to,
                justification: input.justification,
            };
            request::request(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &asked).await
        };
        answer(ctx, outcome.await).await
    }

    /// Takes a loan back before it was handed over; its days are free again.
    async fn cancel_loan(
        &self,
        ctx: &Context<'_>,
        input: CancelLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let cancelled = cancel::Input { loan_id: loan(&input.loan_id)?, comment: input.comment };
            cancel::cancel(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &cancelled).await
        };
        answer(ctx, outcome.await).await
    }

    /// For the giver's head or the office: what was asked for or promised cannot be lent.
    async fn fail_loan(&self, ctx: &Context<'_>, input: FailLoanInput) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let failed = fail::Input { loan_id: loan(&input.loan_id)?, reason: input.reason };
            fail::fail(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &failed).await
        };
        answer(ctx, outcome.await).await
    }

    /// Hands the pieces of an approved loan over, on one of its days.
    async fn hand_over_loan(
        &self,
        ctx: &Context<'_>,
        input: HandOverLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let given = hand_over::Input { loan_id: loan(&input.loan_id)?, condition: input.condition };
            hand_over::hand_over(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &given).await
        };
        answer(ctx, outcome.await).await
    }

    /// Confirms a hand-over; days of use count from here on.
    async fn receive_loan(
        &self,
        ctx: &Context<'_>,
        input: ReceiveLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let received = receive::Input {
                loan_id: loan(&input.loan_id)?,
                received: input.received.map(i64::from),
                note: input.note,
                deemed: input.deemed,
            };
            receive::receive(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &received).await
        };
        answer(ctx, outcome.await).await
    }

    /// Asks for more days. They are taken at once, where nobody else has them; the giver's side agrees again.
    async fn extend_loan(
        &self,
        ctx: &Context<'_>,
        input: ExtendLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let longer = extend::Input {
                loan_id: loan(&input.loan_id)?,
                to: input.to,
                justification: input.justification,
            };
            extend::extend(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &longer).await
        };
        answer(ctx, outcome.await).await
    }

    /// Notes that pieces came back, all or some.
    async fn return_loan(
        &self,
        ctx: &Context<'_>,
        input: ReturnLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let back = give_back::Input {
                loan_id: loan(&input.loan_id)?,
                quantity: input.quantity.map(i64::from),
                on: input.on,
                note: input.note,
            };
            give_back::give_back(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &back).await
        };
        answer(ctx, outcome.await).await
    }

    /// Notes what was found when pieces came back: in order, damaged or lost.
    async fn inspect_loan(
        &self,
        ctx: &Context<'_>,
        input: InspectLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let found = inspect::Input {
                loan_id: loan(&input.loan_id)?,
                good: i64::from(input.good),
                damaged: i64::from(input.damaged),
                lost: i64::from(input.lost),
                note: input.note,
                cost: input.cost.map(|cost| cost.0),
            };
            inspect::inspect(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &found).await
        };
        answer(ctx, outcome.await).await
    }

    /// Asks to keep what is on loan: opens a request whose line goes the way of every other, to a transfer.
    async fn convert_loan(
        &self,
        ctx: &Context<'_>,
        input: ConvertLoanInput,
    ) -> async_graphql::Result<LoanPayload> {
        let outcome = async {
            let kept = convert::Input {
                loan_id: loan(&input.loan_id)?,
                quantity: input.quantity.map(i64::from),
                justification: input.justification,
            };
            let done = convert::convert(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &kept).await?;
            Ok(Done { loan_id: done.loan_id })
        };
        answer(ctx, outcome.await).await
    }
}

fn loan(id: &ID) -> Result<Uuid, Fault> {
    Ok(expect(Kind::Loan, id, "loanId")?)
}

fn actor<'a>(ctx: &Context<'a>) -> Result<&'a crate::identity::Actor, Fault> {
    ctx.actor().map_err(|_| Fault::Unauthenticated)
}

async fn answer(ctx: &Context<'_>, outcome: Result<Done, Fault>) -> async_graphql::Result<LoanPayload> {
    let actor = ctx.actor()?;
    let (done, errors) = payload(outcome, actor.locale())?;
    let loan = match done {
        None => None,
        Some(done) => {
            let found = read::find(ctx.app().db().read(), actor, done.loan_id).await;
            found.map_err(|error| failed(ctx, error.into()))?.map(Loan::from)
        }
    };
    Ok(LoanPayload { loan, errors })
}
