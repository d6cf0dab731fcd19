//! What was asked of a listing, and handed over, as rows.

use anyhow::Context as _;
use chrono::{DateTime, Datelike, Utc};
use entity::approvals::ApprovalSubject;
use entity::events::Subject;
use entity::listings::Custody;
use entity::requests::{LineState, NeedClass, request, request_line};
use entity::transfers::transfer;
use serde_json::json;
use uuid::Uuid;

use super::base;
use super::cards::{Cards, Receipt};
use super::cases::{self, Case};
use super::listing::Frame;
use super::notes::Note;
use super::outline::Papers;
use super::rows::Rows;
use crate::demo::city::{Line, Move};
use crate::savings::entry::contra_of;
use crate::savings::rules::METHODS;

/// A step of a hand-over, in the order in which they happen to the card.
enum Happening<'a> {
    Release(usize, &'a Move),
    Receipt(usize, &'a Move),
    Reversal(usize),
}

/// Adds the lines of the listing with all that follows from them; gives how many tickets its queue handed out.
pub(super) fn add(frame: &mut Frame<'_>, cards: &mut Cards, rows: &mut Rows) -> anyhow::Result<i64> {
    let lines = &frame.listing.story.lines;
    if lines.is_empty() {
        return Ok(0);
    }
    let papers = frame.context.outline.papers(u32::try_from(frame.listing.index)?);
    let ids: Vec<Uuid> =
        lines.iter().zip(papers).map(|(line, papers)| ask(frame, line, *papers, rows)).collect();
    move_goods(frame, papers, &ids, cards, rows)?;
    let queued = lines.iter().filter(|line| matches!(line.state, LineState::Queued | LineState::Outranked));
    Ok(queued.count() as i64)
}

/// The request with its one line and its case.
fn ask(frame: &mut Frame<'_>, line: &Line, papers: Papers, rows: &mut Rows) -> Uuid {
    let created_at = frame.at(line.created_at);
    let (request_id, id) = (frame.ids.next(created_at), frame.ids.next(created_at));
    let receiver = frame.unit(line.asker);
    rows.requests.push(request::Model {
        id: request_id,
        number: line.submitted_at.map(|at| base::request_number(at.year(), papers.request)),
        unit_id: receiver,
        justification: line.justification.clone(),
        needed_by: Some(line.needed_by),
        need: NeedClass::Ordinary,
        created_by: frame.account(line.asked_by),
        created_at,
        submitted_by: line.submitted_at.map(|_| frame.account(line.asked_by)),
        submitted_at: line.submitted_at.map(|at| frame.at(at)),
        over_cap_reason: None,
        version: 1 + i64::from(line.submitted_at.is_some()),
    });
    let movement = line.movement.as_ref();
    let pieces = |part: fn(&Move) -> u32| movement.map_or(0, |movement| i64::from(part(movement)));
    let decisions = line.steps.iter().filter(|step| step.at.is_some()).count() as i64;
    rows.lines.push(request_line::Model {
        id,
        request_id,
        listing_id: frame.id,
        unit_id: receiver,
        giver_id: frame.giver,
        warehouse_id: (frame.listing.custody == Custody::Physical).then_some(frame.context.base.warehouse),
        loan_id: None,
        plan_line_id: None,
        position: 1,
        quantity_asked: line.asked.into(),
        quantity: line.quantity.into(),
        state: line.state,
        reason: line.reason,
        comment: line.comment.map(str::to_owned),
        held_at: line.submitted_at.filter(|_| !line.steps.is_empty()).map(|at| frame.at(at)),
        hold_expires_at: line.hold_expires_at.map(|at| frame.at(at)),
        // Lines of frozen listings hold nothing, so no frozen time was added since the hold began.
        hold_counted_to: line.hold_expires_at.map(|_| frame.at(line.updated_at)),
        queue_place: line.queue_place.map(i64::from),
        correction_id: None,
        confirm_until: None,
        confirm_counted_to: None,
        released: pieces(|movement| movement.quantity),
        received: pieces(|movement| movement.received),
        refused: pieces(|movement| movement.refused),
        lost: pieces(|movement| movement.lost),
        updated_at: frame.at(line.updated_at),
        version: 1 + i64::from(line.submitted_at.is_some()) + decisions,
    });
    let payload = json!({ "requestId": request_id, "listingId": frame.id, "state": line.state, "quantity": line.quantity });
    rows.notes.push(Note::new(Subject::RequestLine, id, "requestLine.loaded", payload));
    if let Some(submitted_at) = line.submitted_at.filter(|_| !line.steps.is_empty()) {
        let case = Case {
            subject: ApprovalSubject::RequestLine,
            subject_id: id,
            applicant: line.asked_by,
            receiver: Some(receiver),
            pieces: line.asked.into(),
            batch: Some(request_id),
            opened_at: submitted_at,
            ended_at: line.updated_at,
            over: line.state != LineState::Submitted,
            steps: &line.steps,
        };
        cases::add(frame, &case, rows);
    }
    id
}

/// The hand-overs in order of time, because each splits the card that the others left.
fn move_goods(
    frame: &mut Frame<'_>,
    papers: &[Papers],
    ids: &[Uuid],
    cards: &mut Cards,
    rows: &mut Rows,
) -> anyhow::Result<()> {
    let lines = &frame.listing.story.lines;
    let mut happenings = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(movement) = &line.movement else { continue };
        happenings.push((movement.released_at, Happening::Release(at, movement)));
        if let Some(received_at) = movement.received_at {
            happenings.push((received_at, Happening::Receipt(at, movement)));
        }
        if let Some(reversed_at) = movement.reversed_at {
            happenings.push((reversed_at, Happening::Reversal(at)));
        }
    }
    happenings.sort_by_key(|(at, _)| *at);
    let mut under_way: Vec<Option<(usize, transfer::Model)>> = vec![None; lines.len()];
    for (civil, happening) in happenings {
        let at = frame.at(civil);
        match happening {
            Happening::Release(line, movement) => {
                let card = cards.release(movement.quantity.into(), at, &mut frame.ids);
                let number = base::transfer_number(civil.year(), papers[line].transfer);
                let row = released(frame, &lines[line], movement, (at, number, ids[line], cards.id(card)));
                under_way[line] = Some((card, row));
            }
            Happening::Receipt(line, movement) => {
                let (card, row) = under_way[line].as_mut().context("a receipt before its release")?;
                let receipt = Receipt {
                    at,
                    transfer: row.id,
                    receiver: row.receiver_id,
                    number: movement.new_number.as_deref(),
                    place: movement.new_place.as_deref().unwrap_or_default(),
                    received: movement.received.into(),
                    refused: movement.refused.into(),
                    lost: movement.lost.into(),
                };
                let moved = cards.receive(*card, &receipt, &mut frame.ids);
                row.received_at = Some(at);
                if let Some(moved) = moved {
                    let first = first_number(papers[line].saving);
                    let rates = &frame.context.rates;
                    rows.savings.extend(rates.entries(row, moved, (first, civil.date()), &mut frame.ids)?);
                }
            }
            Happening::Reversal(line) => {
                let (card, row) = under_way[line].as_mut().context("a reversal before its release")?;
                let place = &frame.listing.asset.place;
                cards.give_back(*card, (row.giver_id, place, row.id), at, &mut frame.ids);
                row.reversed_at = Some(at);
                row.version += 1;
                // The rows of this listing are the last ones.
                let last = rows.savings.iter().rev().take(2 * 9 * METHODS.len()).rev();
                let entries = last.filter(|entry| entry.transfer_id == Some(row.id));
                let contras: Vec<_> = entries
                    .zip(first_number(papers[line].contra)..)
                    .map(|(entry, seq)| contra_of(entry, frame.ids.next(at), seq, at, civil.date()))
                    .collect();
                rows.savings.extend(contras);
            }
        }
    }
    for (_, row) in under_way.into_iter().flatten() {
        note(&row, rows);
        rows.transfers.push(row);
    }
    Ok(())
}

/// Number in the ledger of the first entry of a posting.
fn first_number(posting: u32) -> i64 {
    (i64::from(posting) - 1) * METHODS.len() as i64 + 1
}

/// The hand-over; the moment of its receipt is not in it yet.
fn released(
    frame: &mut Frame<'_>,
    line: &Line,
    movement: &Move,
    (released_at, number, line_id, asset_id): (DateTime<Utc>, String, Uuid, Uuid),
) -> transfer::Model {
    let vouchers = [&movement.booked_out, &movement.booked_in];
    transfer::Model {
        id: frame.ids.next(released_at),
        number,
        line_id,
        listing_id: frame.id,
        asset_id,
        giver_id: frame.giver,
        receiver_id: frame.unit(line.asker),
        warehouse_id: (frame.listing.custody == Custody::Physical).then_some(frame.context.base.warehouse),
        custody: frame.listing.custody,
        state: movement.state,
        quantity: movement.quantity.into(),
        received: movement.received.into(),
        refused: movement.refused.into(),
        lost: movement.lost.into(),
        approval_number: Some(movement.approval_number.clone()),
        note: String::new(),
        released_by: frame.account(movement.released_by),
        released_at,
        received_by: movement.received_by.map(|by| frame.account(by)),
        received_at: None,
        deemed: movement.deemed,
        paper_number: None,
        evidence: movement.evidence.map(str::to_owned),
        booked_out: movement.booked_out.clone(),
        booked_in: movement.booked_in.clone(),
        reversed_at: None,
        reversal_reason: None,
        version: 1
            + i64::from(movement.received_by.is_some())
            + vouchers.iter().filter(|v| v.is_some()).count() as i64,
    }
}

/// The chain of a hand-over covers the hashes of its entries in the ledger, as at a receipt.
fn note(row: &transfer::Model, rows: &mut Rows) {
    let entries = rows
        .savings
        .iter()
        .rev()
        .take(2 * 9 * METHODS.len())
        .filter(|entry| entry.transfer_id == Some(row.id));
    let entries: Vec<_> = entries
        .map(|entry| {
            json!({ "id": entry.id, "method": entry.method, "amount": entry.amount, "hash": entry.hash })
        })
        .collect();
    let payload =
        json!({ "lineId": row.line_id, "state": row.state, "quantity": row.quantity, "savings": entries });
    rows.notes.push(Note::new(Subject::Transfer, row.id, "transfer.loaded", payload));
}
