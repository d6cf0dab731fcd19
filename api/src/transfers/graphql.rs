//! Hand-overs in the schema: types and root fields, which translate and decide nothing.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Lookahead, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::assets::asset;
use entity::transfers::transfer;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::read::{self, Filter};
use super::row::Done;
use super::rules::{self, BookingSide};
use super::{book, receive, release, reverse};
use crate::assets;
use crate::assets::graphql::{Asset, Attached};
use crate::checks;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{Custody, TransferState};
use crate::graphql::errors::{UserError, payload};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};
use crate::organisation::graphql::Unit;
use crate::requests::nodes::failed;

/// A hand-over (调剂): the asset and its book entry move without payment.
#[derive(Debug)]
pub struct Transfer {
    row: transfer::Model,
    asset: OnceCell<Option<Asset>>,
}

impl From<transfer::Model> for Transfer {
    fn from(row: transfer::Model) -> Self {
        Self { row, asset: OnceCell::new() }
    }
}

#[Object]
impl Transfer {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Transfer, self.row.id)
    }

    /// Row version.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// Number (调剂单号).
    async fn number(&self) -> &str {
        &self.row.number
    }

    /// Global id of the line it serves.
    async fn line_id(&self) -> ID {
        encode(Kind::Line, self.row.line_id)
    }

    /// Global id of the listing it comes from.
    async fn listing_id(&self) -> ID {
        encode(Kind::Listing, self.row.listing_id)
    }

    /// The card that moves: one of its own where only part of the offered card went. Null where it is not for the
    /// caller any more: the receiver may have hidden it.
    async fn asset(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Asset>> {
        let load = || async {
            let mut found = cards(ctx, &[self.row.asset_id]).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.asset_id).map(Asset::from))
        };
        Ok(self.asset.get_or_try_init(load).await?.as_ref())
    }

    /// Who gives.
    async fn giver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.giver_id)
    }

    /// Who receives.
    async fn receiver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.receiver_id)
    }

    /// Where the thing was while it was listed.
    async fn custody(&self) -> Custody {
        self.row.custody.into()
    }

    /// State.
    async fn state(&self) -> TransferState {
        self.row.state.into()
    }

    /// Pieces handed over.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// Pieces accepted.
    async fn received(&self) -> i64 {
        self.row.received
    }

    /// Pieces not accepted.
    async fn refused(&self) -> i64 {
        self.row.refused
    }

    /// Pieces lost on the way.
    async fn lost(&self) -> i64 {
        self.row.lost
    }

    /// 批复文号 of the giver.
    async fn approval_number(&self) -> Option<&str> {
        self.row.approval_number.as_deref()
    }

    /// A remark of who handed over.
    async fn note(&self) -> &str {
        &self.row.note
    }

    /// When it was handed over.
    async fn released_at(&self) -> DateTime<Utc> {
        self.row.released_at
    }

    /// When it was received, or deemed to be.
    async fn received_at(&self) -> Option<DateTime<Utc>> {
        self.row.received_at
    }

    /// Evidence of a deemed receipt, or the reason of a refusal or loss.
    async fn evidence(&self) -> Option<&str> {
        self.row.evidence.as_deref()
    }

    /// Voucher number of the giver.
    async fn booked_out(&self) -> Option<&str> {
        self.row.booked_out.as_deref()
    }

    /// Voucher number of the receiver.
    async fn booked_in(&self) -> Option<&str> {
        self.row.booked_in.as_deref()
    }

    /// Whether the office recorded the receipt in place of the receiver.
    async fn deemed(&self) -> bool {
        self.row.deemed
    }

    /// Number of the paper that shows a deemed receipt.
    async fn paper_number(&self) -> Option<&str> {
        self.row.paper_number.as_deref()
    }

    /// When it was taken back after a defect or an objection.
    async fn reversed_at(&self) -> Option<DateTime<Utc>> {
        self.row.reversed_at
    }

    /// What was wrong with it.
    async fn reversal_reason(&self) -> Option<&str> {
        self.row.reversal_reason.as_deref()
    }
}

connection!(TransferConnection, TransferEdge, Transfer);

/// Hand-overs for a resolver that hands out several; `selection` is what is asked of each.
async fn transfers(
    ctx: &Context<'_>,
    rows: Vec<transfer::Model>,
    selection: &Lookahead<'_>,
) -> async_graphql::Result<Vec<Transfer>> {
    let mut nodes: Vec<Transfer> = rows.into_iter().map(Transfer::from).collect();
    if selection.field("asset").exists() {
        let ids: Vec<Uuid> = nodes.iter().map(|node| node.row.asset_id).collect();
        let found = cards(ctx, &ids).await?;
        let attached = Attached::read(ctx, &[selection.field("asset")], &ids).await?;
        for node in &mut nodes {
            let card = found.get(&node.row.asset_id).cloned().map(|card| attached.to(card));
            node.asset = OnceCell::new_with(Some(card));
        }
    }
    Ok(nodes)
}

/// Several hand-overs that the caller may see, by their ids: for what refers to hand-overs.
pub(crate) async fn transfers_by_id(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, Transfer>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = read::find_all(ctx.app().db().read(), ctx.actor()?, ids).await;
    let rows = found.map_err(|error| failed(ctx, error.into()))?;
    Ok(transfers(ctx, rows, selection).await?.into_iter().map(|node| (node.row.id, node)).collect())
}

/// The cards of hand-overs, as far as the caller may see them.
async fn cards(ctx: &Context<'_>, ids: &[Uuid]) -> async_graphql::Result<HashMap<Uuid, asset::Model>> {
    let found = assets::read::find_all(ctx.app(), ctx.actor()?, ids).await;
    Ok(found.map_err(|fault| failed(ctx, fault))?.into_iter().map(|card| (card.id, card)).collect())
}

/// Which hand-overs a list shows; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct TransferFilter {
    /// Given by this unit.
    giver_id: Option<ID>,
    /// For this unit.
    receiver_id: Option<ID>,
    /// From this listing.
    listing_id: Option<ID>,
    /// For this line.
    line_id: Option<ID>,
    /// In one of these states.
    states: Option<Vec<TransferState>>,
    /// With exactly this number.
    number: Option<String>,
}

impl TransferFilter {
    fn read(self) -> Result<Filter, Fault> {
        let mut faults = Vec::new();
        let number = checks::optional_text(
            &mut faults,
            "filter.number",
            self.number.as_deref(),
            rules::LONGEST_NUMBER,
        );
        Fault::all(faults)?;
        Ok(Filter {
            giver_id: expect_some(Kind::Unit, self.giver_id.as_ref(), "filter.giverId")?,
            receiver_id: expect_some(Kind::Unit, self.receiver_id.as_ref(), "filter.receiverId")?,
            listing_id: expect_some(Kind::Listing, self.listing_id.as_ref(), "filter.listingId")?,
            line_id: expect_some(Kind::Line, self.line_id.as_ref(), "filter.lineId")?,
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            number,
        })
    }
}

/// Pieces that are handed over.
#[derive(Debug, InputObject)]
pub struct ReleaseLineInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Line.
    line_id: ID,
    /// Pieces; not set, all that are reserved.
    quantity: Option<i32>,
    /// 批复文号 of the giver; not set, the listing's.
    approval_number: Option<String>,
    /// A remark.
    #[graphql(default)]
    note: String,
}

/// How a hand-over ended; the three numbers sum to its quantity.
#[derive(Debug, InputObject)]
pub struct ReceiveTransferInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Hand-over.
    transfer_id: ID,
    /// Pieces accepted.
    received: i32,
    /// Pieces not accepted.
    #[graphql(default)]
    refused: i32,
    /// Pieces lost on the way.
    #[graphql(default)]
    lost: i32,
    /// The receiver's asset number for what was accepted; then it must be filled.
    asset_number: Option<String>,
    /// Where it stands now; must be filled where something was accepted.
    place: Option<String>,
    /// The reason of a refusal or loss.
    evidence: Option<String>,
}

/// A receipt that the office records because the receiver does not: all of it is received.
#[derive(Debug, InputObject)]
pub struct DeemReceivedInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Hand-over.
    transfer_id: ID,
    /// What shows that it arrived.
    evidence: String,
    /// Number of the paper that shows it, such as a signed delivery note.
    paper_number: Option<String>,
}

/// A voucher number of one side.
#[derive(Debug, InputObject)]
pub struct BookTransferInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Hand-over.
    transfer_id: ID,
    /// Whose book.
    side: BookingSide,
    /// Voucher number.
    number: String,
}

/// A hand-over that is taken back after a defect.
#[derive(Debug, InputObject)]
pub struct ReverseTransferInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Hand-over.
    transfer_id: ID,
    /// What was wrong.
    reason: String,
    /// The giver's asset number for what comes back.
    asset_number: Option<String>,
    /// Where it stands then.
    place: String,
}

/// Answer about a hand-over.
#[derive(Debug, SimpleObject)]
pub struct TransferPayload {
    /// The hand-over as it is now; null where there are errors.
    transfer: Option<Transfer>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Questions about hand-overs.
#[derive(Debug, Default)]
pub struct TransferQuery;

#[Object]
impl TransferQuery {
    /// A hand-over; null where there is none for the caller.
    async fn transfer(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Transfer>> {
        let Some(id) = decode(Kind::Transfer, &id) else { return Ok(None) };
        let found = read::find(ctx.app().db().read(), ctx.actor()?, id).await;
        Ok(found.map_err(|error| failed(ctx, error.into()))?.map(Transfer::from))
    }

    /// Hand-overs of and for the caller's units, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn transfers(
        &self,
        ctx: &Context<'_>,
        filter: Option<TransferFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<TransferConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read()?;
            Ok((page.first, read::page(ctx.app().db().read(), actor, &filter, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let nodes = transfers(ctx, rows, &ctx.look_ahead().field("edges").field("node")).await?;
        Ok(TransferConnection::new(first, nodes, |node| (node.row.released_at, node.row.id)))
    }
}

/// Changes of hand-overs.
#[derive(Debug, Default)]
pub struct TransferMutation;

#[Object]
impl TransferMutation {
    /// Hands pieces of an approved line over.
    async fn release_line(
        &self,
        ctx: &Context<'_>,
        input: ReleaseLineInput,
    ) -> async_graphql::Result<TransferPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let handed_over = release::Input {
                line_id: expect(Kind::Line, &input.line_id, "lineId")?,
                quantity: input.quantity.map(i64::from),
                approval_number: input.approval_number,
                note: input.note,
            };
            release::release(ctx.app(), actor, Some(&input.idempotency_key), &handed_over).await
        };
        answer(ctx, outcome.await).await
    }

    /// Ends a hand-over: accepted, refused, lost. Savings are recognised here.
    async fn receive_transfer(
        &self,
        ctx: &Context<'_>,
        input: ReceiveTransferInput,
    ) -> async_graphql::Result<TransferPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let receipt = receive::Input {
                transfer_id: expect(Kind::Transfer, &input.transfer_id, "transferId")?,
                received: i64::from(input.received),
                refused: i64::from(input.refused),
                lost: i64::from(input.lost),
                asset_number: input.asset_number,
                place: input.place,
                evidence: input.evidence,
                deemed: false,
                paper_number: None,
            };
            receive::receive(ctx.app(), actor, Some(&input.idempotency_key), &receipt).await
        };
        answer(ctx, outcome.await).await
    }

    /// For the office, when the working days for it are over: the receiver does not confirm what it was handed. Savings are
    /// recognised as ever; the receiver can take it back by `reverseTransfer` for some days.
    async fn deem_received(
        &self,
        ctx: &Context<'_>,
        input: DeemReceivedInput,
    ) -> async_graphql::Result<TransferPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let id = expect(Kind::Transfer, &input.transfer_id, "transferId")?;
            let key = Some(input.idempotency_key.as_str());
            receive::deem(ctx.app(), actor, key, id, input.evidence, input.paper_number).await
        };
        answer(ctx, outcome.await).await
    }

    /// Notes the voucher number of one side; the second closes the hand-over.
    async fn book_transfer(
        &self,
        ctx: &Context<'_>,
        input: BookTransferInput,
    ) -> async_graphql::Result<TransferPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let booking = book::Input {
                transfer_id: expect(Kind::Transfer, &input.transfer_id, "transferId")?,
                side: input.side,
                number: input.number,
            };
            book::book(ctx.app(), actor, Some(&input.idempotency_key), &booking).await
        };
        answer(ctx, outcome.await).await
    }

    /// Takes a hand-over back: the office after a defect, the receiver where the office recorded the receipt in its place. The card
    /// returns to the giver, contra entries stand in the ledger.
    async fn reverse_transfer(
        &self,
        ctx: &Context<'_>,
        input: ReverseTransferInput,
    ) -> async_graphql::Result<TransferPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let defect = reverse::Input {
                transfer_id: expect(Kind::Transfer, &input.transfer_id, "transferId")?,
                reason: input.reason,
                asset_number: input.asset_number,
                place: input.place,
            };
            reverse::reverse(ctx.app(), actor, Some(&input.idempotency_key), &defect).await
        };
        answer(ctx, outcome.await).await
    }
}

async fn answer(ctx: &Context<'_>, outcome: Result<Done, Fault>) -> async_graphql::Result<TransferPayload> {
    let actor = ctx.actor()?;
    let (done, errors) = payload(outcome, actor.locale())?;
    let transfer = match done {
        None => None,
        Some(done) => {
            let found = read::find(ctx.app().db().read(), actor, done.transfer_id).await;
            found.map_err(|error| failed(ctx, error.into()))?.map(Transfer::from)
        }
    };
    Ok(TransferPayload { transfer, errors })
}
