//! A holder takes pieces back that nobody was promised: all of them, which ends the listing, or some. A listing of
//! which no such piece is left can be ended as well: what of it is lent or promised goes on, and is its holder's when it is
//! back.

use entity::approvals::ApprovalSubject;
use entity::events::Subject;
use entity::listings::{ListingState, listing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::approvals;
use crate::assets::rules::LIVE;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings::rules;
use crate::listings::steps as listings;
use crate::listings::update::changeable;
use crate::listings::window;
use crate::loans::steps as loans;
use crate::requests::steps as requests;
use crate::write::{Command, Tx};

/// What is taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Withdraw {
    /// The listing.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// Pieces; every unreserved one where it is left out, which ends the listing even where none is left.
    pub quantity: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// A listing that was taken back, or part of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The listing.
    pub id: Uuid,
}

/// Takes pieces back. Those who hold some of them lose their hold, the latest first, and are told why.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`], [`Code::Frozen`], [`Code::NotEnough`].
pub async fn withdraw_listing(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Withdraw,
) -> Result<Withdrawn, Fault> {
    app.write(actor, Command::new("withdrawListing", key, input), |tx| async move {
        let seen = changeable(&tx, input.id, input.version, Operation::WithdrawListing).await?;
        // The stock first; then the listing again, for what was committed while the lock was waited for.
        let stock = listings::lock(&tx, seen.id).await?;
        let listing = listings::load(&tx, seen.id).await?.ok_or(Code::NotFound)?;
        let unreserved = loans::unpromised(&tx, &listing, &stock).await?;
        let (n, reason) = judge(&tx, input, &listing, unreserved).await?;
        let whole = n == unreserved;
        take(&tx, listing, &stock, (n, whole), reason).await?;
        Ok(Withdrawn { id: seen.id })
    })
    .await
}

/// Takes `n` unreserved pieces out of an offer whose stock is locked; `whole` ends it.
pub(super) async fn take(
    tx: &Tx,
    listing: listing::Model,
    stock: &rules::Stock,
    (n, whole): (i64, bool),
    reason: Option<String>,
) -> Result<(), Fault> {
    let state = rules::apply(listing.state, listing.custody, rules::Command::Withdraw)?;
    if n > stock.available {
        requests::give_up_holds(tx, listing.id, n - stock.available).await?;
    }
    if n > 0 {
        listings::withdraw(tx, listing.id, n).await?;
    }
    let was = listing.state;
    let next = if whole { listing::Model { state, reason: reason.clone(), ..listing } } else { listing };
    let saved = listings::save(tx, next).await?;
    if whole {
        approvals::steps::close(tx, ApprovalSubject::Listing, saved.id).await?;
    }
    let payload = json!({ "quantity": n, "state": saved.state, "reason": reason });
    tx.record(Subject::Listing, saved.id, saved.version, "listing.withdrawn", &payload);
    if was == ListingState::Listed {
        if whole {
            window::cancel(tx, &saved).await?;
        }
        requests::on_withdrawn(tx, saved.id).await?;
        loans::on_withdrawn(tx, &saved, whole).await?;
    }
    Ok(())
}

async fn judge(
    tx: &Tx,
    input: &Withdraw,
    listing: &listing::Model,
    unreserved: i64,
) -> Result<(i64, Option<String>), Fault> {
    let mut faults = Vec::new();
    let reason = checks::optional_text(&mut faults, "reason", input.reason.as_deref(), 2000);
    let n = input.quantity.unwrap_or(unreserved);
    // What is sold out or promised may still be ended: nothing that comes back is offered again then.
    let ends = n == 0 && unreserved == 0 && input.quantity.is_none();
    if !ends && (n < 1 || n > unreserved) {
        let fault = Rejection::new(Code::NotEnough).at("quantity").with("asked", n.max(1));
        faults.push(fault.with("available", unreserved));
    } else if n < unreserved && !LIVE.contains(&listing.state) {
        // In draft the quantity is changed instead.
        faults.push(Rejection::new(Code::WrongState).at("quantity").with("state", listing.state));
    }
    if listing.state == ListingState::Listed && listings::frozen(tx, listing.id).await? {
        faults.push(Rejection::new(Code::Frozen));
    }
    Fault::all(faults)?;
    Ok((n, reason))
}
