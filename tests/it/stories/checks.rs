//! What must hold after every command, reckoned from the rows of the story.

use std::collections::BTreeSet;

use anyhow::ensure;
use chrono::TimeDelta;
use entity::Money;
use entity::assets::{AssetState, asset};
use entity::disposals::DisposalState;
use entity::listings::{ListingState, Purpose, listing, listing_stock};
use entity::loans::{LoanState, loan};
use entity::requests::LineState;
use entity::transfers::TransferState;

use super::stage::{Stage, Story, View};
use tests::{Outcome, moves};

/// Listings in these states take what they offer out of their card.
const TAKING: [ListingState; 5] = [
    ListingState::Submitted,
    ListingState::AwaitingInspection,
    ListingState::Repair,
    ListingState::Publicity,
    ListingState::Listed,
];

pub async fn check(stage: &Stage, story: &Story) -> Outcome {
    let view = View::of(stage, story).await?;
    for (listing, stock) in &view.listings {
        quantities(&view, listing, stock)?;
        queue(&view, listing, stock)?;
        lent(stage, &view, listing, stock)?;
        disposed(&view, listing, stock)?;
    }
    let there: Vec<&asset::Model> =
        view.cards.iter().filter(|card| card.state != AssetState::Merged).collect();
    for card in there.iter().filter(|card| card.state == AssetState::Active) {
        claimed_once(&view, card)?;
    }
    let worth: i64 = there.iter().filter_map(|card| card.value).map(|value| value.0).sum();
    ensure!(worth == story.worth, "the cards are worth {worth} fen, all in all {} were entered", story.worth);
    let pieces: i64 = there.iter().map(|card| card.quantity).sum();
    ensure!(pieces == story.pieces, "the cards have {pieces} pieces, {} were entered", story.pieces);
    let ledger: i64 = view.entries.iter().map(|entry| entry.amount.0).sum();
    ensure!(ledger == story.ledger, "the ledger says {ledger} fen, receipts and contras {}", story.ledger);
    Ok(())
}

/// The quantities rule, and each counter against the lines.
fn quantities(view: &View, listing: &listing::Model, stock: &listing_stock::Model) -> Outcome {
    let parts = [
        stock.available,
        stock.held,
        stock.reserved,
        stock.in_transit,
        stock.delivered,
        stock.withdrawn,
        stock.lost,
    ];
    ensure!(parts.iter().all(|part| *part >= 0) && parts.iter().sum::<i64>() == stock.offered, "{stock:?}");
    let mut counted = [0; 5];
    for line in view.lines.iter().filter(|line| line.listing_id == listing.id) {
        let counts = [line.quantity, line.released, line.received, line.refused, line.lost];
        ensure!(
            counts.iter().all(|count| *count >= 0)
                && line.released <= line.quantity
                && line.received + line.refused + line.lost <= line.released,
            "{line:?}"
        );
        match line.state {
            LineState::Submitted | LineState::Returned => counted[0] += line.quantity,
            LineState::Reserved | LineState::Releasing => counted[1] += line.quantity - line.released,
            _ => {}
        }
    }
    for way in view.transfers.iter().filter(|way| way.listing_id == listing.id) {
        match way.state {
            TransferState::InTransit => counted[2] += way.quantity,
            TransferState::Reversed => {}
            _ => counted[3] += way.received,
        }
        counted[4] += way.lost;
    }
    let lent = view.loans.iter().filter(|loan| loan.listing_id == listing.id);
    counted[4] += lent.map(|loan| loan.lost).sum::<i64>();
    let told = [stock.held, stock.reserved, stock.in_transit, stock.delivered, stock.lost];
    ensure!(counted == told, "held, reserved, in transit, delivered, lost: {told:?}, their rows {counted:?}");
    Ok(())
}

/// No day is promised twice, and nothing is lent that is not there: counted day by day.
fn lent(stage: &Stage, view: &View, listing: &listing::Model, stock: &listing_stock::Model) -> Outcome {
    use LoanState::{Approved, HandedOver, OnLoan, Requested, Returned};
    let loans: Vec<&loan::Model> = view.loans.iter().filter(|loan| loan.listing_id == listing.id).collect();
    ensure!(loans.is_empty() || listing.purpose == Purpose::Loan, "lent, and not offered for loan");
    let today = stage.app.clock().today();
    for day in (0..40).map(|n| today + TimeDelta::days(n)) {
        let mut taken = 0;
        for loan in &loans {
            let last = loan.asked_to.unwrap_or(loan.day_to).max(loan.day_to);
            let booked = matches!(loan.state, Requested | Approved | HandedOver | OnLoan | Returned);
            if booked && loan.day_from <= day && day <= last {
                taken += loan.lent + loan.returned;
            }
        }
        ensure!(taken <= stock.available, "{taken} of {} pieces are lent on {day}", stock.available);
    }
    let mut out = 0;
    for loan in &loans {
        if matches!(loan.state, HandedOver | OnLoan | Returned) {
            out += loan.lent + loan.returned;
        }
        let keeping: i64 = view
            .lines
            .iter()
            .filter(|line| line.loan_id == Some(loan.id))
            .map(|line| match line.state {
                LineState::Submitted
                | LineState::Returned
                | LineState::Reserved
                | LineState::Releasing
                | LineState::InTransit => line.quantity - line.received - line.refused - line.lost,
                _ => 0,
            })
            .sum();
        ensure!(loan.converting == keeping, "{keeping} pieces are being kept: {loan:?}");
    }
    ensure!(out <= stock.available, "{out} of {} pieces are out", stock.available);
    let over = listing.state == ListingState::Withdrawn && listing.purpose == Purpose::Loan;
    ensure!(
        !over || out > 0 || stock.available == 0 || loans.iter().any(|it| it.state == Approved),
        "{stock:?}"
    );
    Ok(())
}

/// Nobody waits for what is free, or for what is offered no more.
fn queue(view: &View, listing: &listing::Model, stock: &listing_stock::Model) -> Outcome {
    let mut waiting: Vec<_> = view
        .lines
        .iter()
        .filter(|line| line.listing_id == listing.id && line.state == LineState::Queued)
        .collect();
    waiting.sort_by_key(|line| line.queue_place);
    let places: BTreeSet<_> = waiting.iter().map(|line| line.queue_place).collect();
    ensure!(places.len() == waiting.len() && !places.contains(&None), "places in the queue: {waiting:?}");
    if let Some(first) = waiting.first() {
        ensure!(listing.state == ListingState::Listed, "somebody waits for what is {}", listing.state);
        let could = first.quantity <= stock.available && !view.frozen(listing) && !view.gathers(listing);
        ensure!(!could, "the first of the queue could have its pieces: {first:?}, {stock:?}");
    }
    Ok(())
}

/// No piece of a card is offered, promised or away twice.
fn claimed_once(view: &View, card: &asset::Model) -> Outcome {
    let mut claimed = 0;
    let own = |listing: &&(listing::Model, listing_stock::Model)| {
        listing.0.asset_id == card.id && listing.0.unit_id == card.holder_id
    };
    for (listing, stock) in view.listings.iter().filter(own) {
        // An ended offer for loan still has what is out of it, or promised.
        let lent = listing.state == ListingState::Withdrawn && listing.purpose == Purpose::Loan;
        let offered = if TAKING.contains(&listing.state) || lent { stock.available } else { 0 };
        claimed += offered + stock.held + stock.reserved;
        claimed += aside(view, listing);
    }
    let away = view
        .transfers
        .iter()
        .filter(|way| way.asset_id == card.id && way.state == TransferState::InTransit)
        .map(|way| way.quantity)
        .sum::<i64>();
    ensure!(
        claimed + away <= card.quantity,
        "of {} pieces of card {} {claimed} are offered or promised, {away} away",
        card.quantity,
        card.id
    );
    Ok(())
}

/// Pieces of a listing that are set aside, to be disposed of.
fn aside(view: &View, listing: &listing::Model) -> i64 {
    let over = [DisposalState::Done, DisposalState::CalledOff];
    let open = view.disposals.iter().filter(|row| row.listing_id == listing.id && !over.contains(&row.state));
    open.map(|row| row.quantity).sum()
}

/// What is to be disposed of is in no offer; what went has left the books, and had its papers.
fn disposed(view: &View, listing: &listing::Model, stock: &listing_stock::Model) -> Outcome {
    let gone =
        view.disposals.iter().filter(|row| row.listing_id == listing.id && row.state == DisposalState::Done);
    let mut pieces = 0;
    for row in gone {
        pieces += row.quantity;
        let card = view.card(row.asset_id)?;
        ensure!(card.state == AssetState::Disposed && card.quantity == row.quantity, "{row:?}, {card:?}");
        ensure!(row.publicity_until < row.done_on && row.evidence.is_some(), "{row:?}");
        ensure!(row.appraised_value.is_none() || row.proceeds >= Some(Money(90_000)), "{row:?}");
    }
    let aside = aside(view, listing);
    ensure!(aside + pieces <= stock.withdrawn, "{aside} set aside and {pieces} gone, {stock:?}");
    let whole = listing.state != ListingState::Disposal || aside + pieces > 0;
    ensure!(
        whole && (listing.state != ListingState::Disposal || stock.available == 0),
        "{listing:?}, {stock:?}"
    );
    Ok(())
}

/// Everything that `verify` looks at holds; what it told of a story before is not told again.
pub async fn verify(stage: &mut Stage) -> Outcome {
    moves::sealed(&stage.app).await?;
    let mut new = Vec::new();
    for part in api::verify::verify(&stage.app, &[], |_| {}).await? {
        for fault in part.faults {
            if stage.told.insert(fault.clone()) {
                new.push(fault);
            }
        }
    }
    ensure!(new.is_empty(), "verify: {new:#?}");
    Ok(())
}
