//! What other slices may do with listings, inside their transaction.

use entity::approvals::ApprovalSubject;
use entity::assets::{AssetState, asset};
use entity::catalogue::RequiredStep;
use entity::events::Subject;
use entity::listings::{FreezeScope, ListingState, asset_freeze, listing};
use entity::photos::photo;
use entity::requests::{LineState, request_line};
use entity::transfers::{TransferState, transfer};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, JoinType, NotSet, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::audience;
pub(crate) use super::direct::{Direct, direct};
use super::read;
use super::rules::{self, Command};
pub use super::stock::{
    Asker, Hold, Ticket, deliver, frozen, give_back, hold, lock, lose, lose_lent, release_hold, reopen,
    reserve, reverse, ticket, to_transit, unreserve, withdraw_reserved,
};
pub(crate) use super::stock::{Refused, lock_all, promise};
use super::window;
use crate::approvals::steps::{Decided, Progress};
use crate::assets;
use crate::catalogue;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::Tx;

/// A listing with its card.
#[derive(Clone, Debug)]
pub struct VisibleListing {
    /// The listing.
    pub listing: listing::Model,
    /// The card.
    pub asset: asset::Model,
}

/// A listing, whoever asks.
///
/// # Errors
/// The database's.
pub async fn load(tx: &Tx, id: Uuid) -> Result<Option<listing::Model>, Fault> {
    Ok(listing::Entity::find_by_id(id).one(tx.conn()).await?)
}

/// A listing with its card, where the person may see it.
///
/// # Errors
/// The database's.
pub async fn load_visible(tx: &Tx, actor: &Actor, id: Uuid) -> Result<Option<VisibleListing>, Fault> {
    let found = listing::Entity::find_by_id(id)
        .join(JoinType::InnerJoin, read::card())
        .filter(read::visible(actor))
        .select_also(asset::Entity)
        .one(tx.conn())
        .await?;
    Ok(found.and_then(|(listing, asset)| asset.map(|asset| VisibleListing { listing, asset })))
}

/// A refused card is with the giver again: it stays as it is where it is the listing's whole card, joins the listing's
/// card where that is at hand, and becomes the listing's card where that one left or is on its way to somebody else.
///
/// # Errors
/// [`Code::Stale`]; the database's.
pub async fn take_back(tx: &Tx, listing: &listing::Model, card: asset::Model) -> Result<(), Fault> {
    // Read anew: an earlier card of the same receipt may have become the listing's.
    let listing = load(tx, listing.id).await?.ok_or(Code::NotFound)?;
    if card.id == listing.asset_id {
        return Ok(());
    }
    let base = assets::steps::load_for_update(tx, listing.asset_id).await?;
    let at_hand = base.state == AssetState::Active
        && base.holder_id == card.holder_id
        && !on_its_way(tx, base.id).await?;
    if at_hand {
        assets::steps::merge_back(tx, card, base).await?;
        return Ok(());
    }
    let next = listing::Model { asset_id: card.id, ..listing };
    let saved = save(tx, next).await?;
    tx.record(
        Subject::Listing,
        saved.id,
        saved.version,
        "listing.card_changed",
        &json!({ "assetId": card.id }),
    );
    Ok(())
}

async fn on_its_way(tx: &Tx, card: Uuid) -> Result<bool, Fault> {
    let count = transfer::Entity::find()
        .filter(transfer::Column::AssetId.eq(card))
        .filter(transfer::Column::State.eq(TransferState::InTransit))
        .count(tx.conn())
        .await?;
    Ok(count > 0)
}

/// Listings in state LISTED with lines that wait or may lapse, which a freeze covers; in order of id.
///
/// # Errors
/// The database's.
pub async fn covered(tx: &Tx, freeze: &asset_freeze::Model) -> Result<Vec<Uuid>, Fault> {
    let mut select = listing::Entity::find()
        .select_only()
        .column(listing::Column::Id)
        .filter(listing::Column::State.eq(ListingState::Listed))
        .filter(Expr::exists(
            Query::select()
                .expr(Expr::value(1))
                .from(request_line::Entity)
                .and_where(
                    Expr::col((request_line::Entity, request_line::Column::ListingId))
                        .equals((listing::Entity, listing::Column::Id)),
                )
                .and_where(request_line::Column::State.is_in([
                    LineState::Queued,
                    LineState::Submitted,
                    LineState::Returned,
                ]))
                .take(),
        ))
        .order_by_asc(listing::Column::Id);
    select = match freeze.scope {
        FreezeScope::Listing => select.filter(listing::Column::Id.eq(freeze.scope_id)),
        FreezeScope::Asset => select.filter(listing::Column::AssetId.eq(freeze.scope_id)),
        FreezeScope::Unit => select.filter(listing::Column::UnitId.eq(freeze.scope_id)),
        FreezeScope::Place => select.filter(listing::Column::AssetId.in_subquery(stored_at(freeze.scope_id))),
    };
    Ok(select.into_tuple().all(tx.conn()).await?)
}

/// Cards in a storage place or in what lies in it: two levels down, as zone, rack and bin are three.
fn stored_at(place: Uuid) -> sea_orm::sea_query::SelectStatement {
    use entity::warehouses::storage_place::{Column, Entity};
    let within = |parents: sea_orm::sea_query::SelectStatement| {
        Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Expr::col(Column::ParentId).in_subquery(parents))
            .take()
    };
    let own =
        Query::select().column(Column::Id).from(Entity).and_where(Expr::col(Column::Id).eq(place)).take();
    let racks = within(own);
    let bins = within(racks.clone());
    Query::select()
        .column(asset::Column::Id)
        .from(asset::Entity)
        .cond_where(
            Condition::any()
                .add(asset::Column::BinId.eq(place))
                .add(asset::Column::BinId.in_subquery(racks))
                .add(asset::Column::BinId.in_subquery(bins)),
        )
        .take()
}

/// What a decision means for the listing it was about.
///
/// # Errors
/// What keeps it from being listed; [`Code::Stale`]; the database's.
pub async fn on_decided(tx: &Tx, decided: &Decided) -> Result<(), Fault> {
    debug_assert_eq!(decided.subject, ApprovalSubject::Listing);
    let listing = load(tx, decided.subject_id).await?.ok_or(Code::NotFound)?;
    let (command, event) = match decided.progress {
        Progress::Next(_) => return Ok(()),
        Progress::Approved => (Command::Approve, "listing.approved"),
        Progress::Returned => (Command::SendBack, "listing.returned"),
        Progress::Rejected => (Command::Reject, "listing.rejected"),
    };
    let state = rules::apply(listing.state, listing.custody, command)?;
    if command == Command::Approve && assets::duplicates::open(tx, listing.asset_id).await? {
        return Err(Code::DuplicateSuspected.into());
    }
    let reason = if command == Command::Approve { None } else { decided.comment.clone() };
    let next = listing::Model { state, reason, ..listing };
    let saved = if state == ListingState::Listed { list(tx, next).await? } else { save(tx, next).await? };
    tx.record(Subject::Listing, saved.id, saved.version, event, &json!({ "state": saved.state }));
    Ok(())
}

/// Shows a listing to others, where nothing is missing.
pub(crate) async fn list(tx: &Tx, listing: listing::Model) -> Result<listing::Model, Fault> {
    let card = assets::steps::load_for_update(tx, listing.asset_id).await?;
    let reference = tx.reference();
    // What holds of a category holds of those below it: a laptop is a computer.
    let path = card.category_id.map(|id| reference.category_path(id)).unwrap_or_default();
    let has_disk = path.iter().any(|id| reference.category(*id).is_some_and(|category| category.has_disk));
    let required = required(tx, &card, RequiredStep::List).await?;
    Fault::all(rules::before_listed(&card, has_disk, photos(tx, card.id).await?, &required))?;
    let listed = listing::Model {
        state: ListingState::Listed,
        listed_at: Some(tx.now()),
        confirmed_at: Some(tx.now()),
        ..listing
    };
    let listed = save(tx, audience::begin(tx, listed).await?).await?;
    window::open(tx, &listed).await?;
    Ok(listed)
}

/// Fields that the rule book asks for before a step, on this civil day.
pub(super) async fn required(tx: &Tx, card: &asset::Model, step: RequiredStep) -> Result<Vec<String>, Fault> {
    catalogue::steps::required_fields(tx, card.kind, card.source, step).await
}

/// Photos of a card.
pub(super) async fn photos(tx: &Tx, card: Uuid) -> Result<u64, Fault> {
    Ok(photo::Entity::find().filter(photo::Column::AssetId.eq(card)).count(tx.conn()).await?)
}

/// Writes a listing that was read with its present version.
pub(crate) async fn save(tx: &Tx, listing: listing::Model) -> Result<listing::Model, Fault> {
    let mut next = listing::Model { version: listing.version + 1, updated_at: tx.now(), ..listing };
    if next.state != ListingState::Listed {
        // Only of what is offered is it asked whether it is there.
        (next.reconfirm_by, next.reconfirm_counted_to, next.paused_at) = (None, None, None);
    }
    let mut row = next.clone().into_active_model().reset_all();
    row.id = NotSet;
    let touched = listing::Entity::update_many()
        .set(row)
        .filter(listing::Column::Id.eq(next.id))
        .filter(listing::Column::Version.eq(next.version - 1))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 { Ok(next) } else { Err(Rejection::new(Code::Stale).at("version").into()) }
}

/// Takes unreserved pieces back: `available` → `withdrawn`. Held ones must have been given up before.
///
/// # Errors
/// [`Code::NotEnough`] where fewer are available.
pub(crate) async fn withdraw(tx: &Tx, listing: Uuid, n: i64) -> Result<rules::Stock, Fault> {
    match super::stock::try_move(tx, listing, n, rules::Move::Withdraw).await? {
        Some(stock) => Ok(stock),
        None => {
            Err(Rejection::new(Code::NotEnough).at("quantity").with("asked", n).with("available", 0).into())
        }
    }
}

/// Takes pieces out of the offer, to be disposed of: `available` → `withdrawn`. `whole`: nothing of it is offered then. Answers
/// the listing as it is afterwards.
///
/// # Errors
/// [`Code::NotEnough`], [`Code::WrongState`], [`Code::Stale`].
pub(crate) async fn set_aside(
    tx: &Tx,
    listing: listing::Model,
    n: i64,
    whole: bool,
) -> Result<listing::Model, Fault> {
    let state = rules::apply(listing.state, listing.custody, Command::SetAside)?;
    withdraw(tx, listing.id, n).await?;
    let state = if whole { state } else { listing.state };
    let saved = save(tx, listing::Model { state, ..listing }).await?;
    let payload = json!({ "quantity": n, "state": saved.state });
    tx.record(Subject::Listing, saved.id, saved.version, "listing.set_aside", &payload);
    Ok(saved)
}

/// Offers pieces again that were set aside, and from now on anew: `withdrawn` → `available`; to everybody where another unit
/// than the named receiver wants them (`to_all`). Answers whether they are offered: of an offer that has ended they stay its
/// holder's.
///
/// # Errors
/// [`Code::Stale`]; the database's; internal where no such pieces are set aside.
pub(crate) async fn offer_again(tx: &Tx, id: Uuid, n: i64, to_all: bool) -> Result<bool, Fault> {
    let listing = load(tx, id).await?.ok_or(Code::NotFound)?;
    let state = match listing.state {
        ListingState::Listed => ListingState::Listed,
        ListingState::Disposal => rules::apply(listing.state, listing.custody, Command::OfferAgain)?,
        _ => return Ok(false),
    };
    super::stock::put_back(tx, id, n).await?;
    let directed_to = listing.directed_to.filter(|_| !to_all);
    let next = listing::Model { state, directed_to, listed_at: Some(tx.now()), ..listing };
    let saved = save(tx, next).await?;
    let payload = json!({ "quantity": n, "state": saved.state, "directedTo": saved.directed_to });
    tx.record(Subject::Listing, saved.id, saved.version, "listing.offered_again", &payload);
    Ok(true)
}
