//! The claim window of an offer (申领期): it opens in the transaction that lists the offer, and while it is there no line gets
//! pieces by asking ([`super::stock::hold`] says so). What becomes of the claims is up to [`crate::awards`].

use chrono::NaiveTime;
use entity::awards::{WindowState, claim_window};
use entity::events::Subject;
use entity::listings::{AwardMode, listing};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, NotSet, QueryFilter,
};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::{Code, Fault, Rejection};
use crate::keys;
use crate::ranking::{rule_sets, rules as ranking};
use crate::write::Tx;

/// The seed of an offer's draw, in hexadecimal digits. It is derived, so that no row holds what is to stay unknown.
#[must_use]
pub(crate) fn seed(app: &App, listing: Uuid) -> String {
    hex::encode(keys::mac(&app.master_key().derive("seed of a draw"), listing.as_bytes()))
}

/// Opens the window of what was just listed, where it has one: to the end of its last working day.
pub(crate) async fn open(tx: &Tx, listing: &listing::Model) -> Result<(), Fault> {
    if listing.award_mode != AwardMode::ClaimWindow {
        return Ok(());
    }
    let days = match listing.claim_window_days {
        Some(days) => days,
        None => catalogue::steps::setting(tx, "claim_window_days").await?,
    };
    let last = Calendar::load(tx.conn(), tx.today(), days).await?.after(tx.today(), days);
    let end = last.succ_opt().unwrap_or(last).and_time(NaiveTime::MIN);
    let rules = rule_sets::in_force(tx.conn(), tx.today()).await?;
    let rules = rules.ok_or_else(|| anyhow::anyhow!("no ranking rules are in force"))?;
    let window = claim_window::Model {
        listing_id: listing.id,
        rule_set_id: rules.id,
        state: WindowState::Open,
        opened_at: tx.now(),
        closes_at: tx.app().clock().instant(end),
        counted_to: tx.now(),
        commitment: ranking::commitment(&seed(tx.app(), listing.id)),
        closed_at: None,
        first_late: None,
        awarded_at: None,
        available: None,
        seal_seq: None,
        seal_root: None,
        seed: None,
        version: 1,
    };
    let payload = json!({
        "closesAt": window.closes_at, "rules": rules.number, "commitment": window.commitment,
    });
    tx.record(Subject::Listing, listing.id, listing.version, "listing.windowOpened", &payload);
    claim_window::Entity::insert(window.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The window of an offer, where it has one.
pub(crate) async fn of(tx: &Tx, listing: Uuid) -> Result<Option<claim_window::Model>, Fault> {
    Ok(claim_window::Entity::find_by_id(listing).one(tx.conn()).await?)
}

/// Whether claims to an offer are gathered, or wait to be ranked.
pub(crate) async fn stands(tx: &Tx, listing: Uuid) -> Result<bool, Fault> {
    let window = of(tx, listing).await?;
    Ok(window.is_some_and(|window| matches!(window.state, WindowState::Open | WindowState::Closed)))
}

/// The windows of several offers, in no order. Whoever sees an offer sees its window.
///
/// # Errors
/// When the database does not answer.
pub async fn of_all(
    conn: &impl ConnectionTrait,
    listings: &[Uuid],
) -> Result<Vec<claim_window::Model>, DbErr> {
    let asked = claim_window::Column::ListingId.is_in(listings.iter().copied());
    claim_window::Entity::find().filter(asked).all(conn).await
}

/// Writes a window that was read with its present version.
pub(crate) async fn save(tx: &Tx, window: claim_window::Model) -> Result<claim_window::Model, Fault> {
    let next = claim_window::Model { version: window.version + 1, ..window };
    let mut row = next.clone().into_active_model().reset_all();
    row.listing_id = NotSet;
    let touched = claim_window::Entity::update_many()
        .set(row)
        .filter(claim_window::Column::ListingId.eq(next.listing_id))
        .filter(claim_window::Column::Version.eq(next.version - 1))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 { Ok(next) } else { Err(Rejection::new(Code::Stale).at("version").into()) }
}

/// The offer has ended: nothing is awarded any more. Its stock must be locked.
pub(crate) async fn cancel(tx: &Tx, listing: &listing::Model) -> Result<(), Fault> {
    let open = |window: &claim_window::Model| matches!(window.state, WindowState::Open | WindowState::Closed);
    if let Some(window) = of(tx, listing.id).await?.filter(open) {
        save(tx, claim_window::Model { state: WindowState::Cancelled, ..window }).await?;
        tx.record(Subject::Listing, listing.id, listing.version, "listing.windowCancelled", &json!({}));
    }
    Ok(())
}
