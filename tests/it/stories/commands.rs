//! The commands of a story: each picks what it is about among the rows that are there, mostly where it can be carried
//! out, now and then where it must be refused.

use api::approvals::rules::Verdict;
use api::assets::card::CardPatch;
use api::assets::update::{Update as CardUpdate, update_asset};
use api::awards::close::close_windows;
use api::corrections::correct;
use api::decisions::decide::{Decide, OneDecision, decide_steps};
use api::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use api::decisions::reconfirm::{Answer, Reconfirm, reconfirm};
use api::decisions::reconfirm_days;
use api::decisions::withdraw::{Withdraw, withdraw_listing};
use api::fault::Fault;
use api::listings::draft::{Draft as NewListing, draft_listing};
use api::listings::inspect::{Inspect, Verdict as Finding, inspect_listing};
use api::listings::submit::{Submit, submit_listing};
use api::listings::terms::TermsPatch;
use api::listings::update::{Update as ListingUpdate, update_listing};
use api::loans::{self, days, request};
use api::requests::draft::{Draft, LineInput, Update as RequestUpdate};
use api::requests::{cancel, confirm, convert, discard, draft, expire, fail, resubmit, submit};
use api::transfers::rules::BookingSide;
use api::transfers::{book, receive, release, reverse};
use chrono::TimeDelta;
use entity::Money;
use entity::assets::AssetState;
use entity::awards::{WindowState, claim_window};
use entity::listings::{
    AwardMode, Custody, FreezeCause, FreezeScope, ListingState, Purpose, listing, listing_stock,
};
use entity::loans::{LoanState, loan};
use entity::requests::{LineState, request as request_row, request_line};
use entity::transfers::{TransferState, transfer};
use sea_orm::EntityTrait;
use uuid::Uuid;

use tests::moves;

use super::Op;
use super::disposing;
use super::stage::{Stage, Story, Unit, View, pending};

macro_rules! alphabet {
    ($($what:ident $name:literal $weight:literal;)+) => {
        /// Everything that may be commanded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum What { $($what,)+ }

        impl What {
            pub const ALL: &'static [Self] = &[$(Self::$what,)+];

            /// Its name in the count of what was carried out.
            pub fn name(self) -> &'static str {
                match self { $(Self::$what => $name,)+ }
            }

            /// How often it comes, among all.
            pub fn weight(self) -> u32 {
                match self { $(Self::$what => $weight,)+ }
            }
        }

        /// What must be carried out somewhere in a run. A cancellation counts by the state that it ended.
        pub const NAMES: &[&str] = &[
            $($name,)+
            "cancel SUBMITTED", "cancel QUEUED", "cancel RETURNED", "cancel RESERVED", "cancel RELEASING",
            "award claims",
        ];
    };
}

alphabet! {
    Ask "ask" 14;
    DraftRequest "draft a request" 3;
    UpdateRequest "change a draft request" 2;
    SubmitRequest "submit a draft request" 2;
    DiscardRequest "discard a draft request" 2;
    Approve "approve" 50;
    Cut "approve fewer" 2;
    Return "return" 4;
    Reject "reject" 2;
    Resubmit "resubmit" 4;
    Cancel "cancel" 12;
    Fail "break a promise" 2;
    Release "release all" 6;
    ReleasePart "release a part" 12;
    Receive "receive all" 6;
    ReceiveShort "receive short" 4;
    Deem "deem received" 7;
    BookGiver "book at the giver" 3;
    BookReceiver "book at the receiver" 3;
    Reverse "reverse" 4;
    Freeze "freeze" 3;
    Unfreeze "thaw" 12;
    WithdrawPart "withdraw a part" 3;
    WithdrawAll "withdraw all" 1;
    EditWords "edit the words of a card" 3;
    EditValue "edit the value of a card" 4;
    EditPieces "edit the pieces of a card" 3;
    Correct "correct a card" 6;
    Confirm "confirm a correction" 10;
    Decline "decline a correction" 2;
    LapseCorrections "let corrections lapse" 3;
    AskIfThere "ask whether it is there" 3;
    Pause "pause what nobody answers for" 3;
    SayThere "say that it is there" 8;
    SayGone "say that it is gone" 1;
    Relist "offer again" 6;
    UpdateListing "change an offer" 4;
    SubmitListing "submit an offer" 20;
    Accept "inspect and accept" 8;
    AcceptPart "inspect and accept a part" 9;
    Repair "send to repair" 8;
    SendHome "send home" 6;
    OfferForLoan "offer for loan" 4;
    OfferForClaims "offer with a claim window" 4;
    EndWindow "end a claim window" 4;
    AskLoan "ask for a loan" 8;
    Lend "lend" 10;
    CancelLoan "cancel a loan" 3;
    FailLoan "fail a loan" 2;
    HandOverLoan "hand over a loan" 14;
    ReceiveLoan "receive a loan" 14;
    ReceiveLoanShort "receive a part of a loan" 3;
    ExtendLoan "ask for more days" 6;
    ReturnLoan "return a loan" 5;
    ReturnLoanPart "return a part of a loan" 5;
    InspectLoan "inspect and find all good" 5;
    InspectLoanBad "inspect and find some bad" 3;
    KeepLoan "keep what is lent" 5;
    ProposeDisposal "propose a disposal" 5;
    PrepareDisposal "hand a disposal in" 9;
    ObjectToDisposal "object to a disposal" 2;
    CompleteDisposal "carry a disposal out" 8;
    CallOffDisposal "call a disposal off" 2;
    ExpireLoans "let loans lapse" 2;
    TellOverdue "tell of what is overdue" 2;
    Accrue "enter what loans saved" 3;
    Expire "let holds lapse" 3;
    Wait "wait" 3;
    WaitLong "wait long" 3;
}

/// What a story may be about beside the one long way of every listing: a story about everything gets nowhere in its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Loans,
    Claims,
    Upkeep,
    Disposals,
}

impl Theme {
    /// That of a story: every second one begins with an offer for loan.
    pub fn of(number: u64) -> Self {
        match number % 6 {
            0 => Self::Claims,
            2 => Self::Upkeep,
            4 => Self::Disposals,
            _ => Self::Loans,
        }
    }
}

impl What {
    /// The theme that it belongs to; none where every story may have it.
    fn theme(self) -> Option<Theme> {
        use What::{
            Accrue, AskIfThere, AskLoan, CallOffDisposal, CancelLoan, CompleteDisposal, Confirm, Correct,
            Decline, EndWindow, ExpireLoans, ExtendLoan, FailLoan, HandOverLoan, InspectLoan, InspectLoanBad,
            KeepLoan, LapseCorrections, Lend, ObjectToDisposal, OfferForClaims, OfferForLoan, Pause,
            PrepareDisposal, ProposeDisposal, ReceiveLoan, ReceiveLoanShort, ReturnLoan, ReturnLoanPart,
            SayGone, SayThere, TellOverdue,
        };
        match self {
            AskLoan | Lend | CancelLoan | FailLoan | HandOverLoan | ReceiveLoan | ReceiveLoanShort
            | ExtendLoan | ReturnLoan | ReturnLoanPart | InspectLoan | InspectLoanBad | KeepLoan
            | ExpireLoans | TellOverdue | Accrue | OfferForLoan => Some(Theme::Loans),
            OfferForClaims | EndWindow => Some(Theme::Claims),
            Correct | Confirm | Decline | LapseCorrections | AskIfThere | Pause | SayThere | SayGone => {
                Some(Theme::Upkeep)
            }
            ProposeDisposal | PrepareDisposal | ObjectToDisposal | CompleteDisposal | CallOffDisposal => {
                Some(Theme::Disposals)
            }
            _ => None,
        }
    }

    /// What a story of this theme may command.
    pub fn within(theme: Theme) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |what| what.theme().is_none_or(|of| of == theme))
    }
}

/// Mostly one of the first, now and then one of all.
pub fn choose<T>(op: Op, good: Vec<T>, all: Vec<T>) -> Option<T> {
    let mut rows = if op.b.is_multiple_of(13) || good.is_empty() { all } else { good };
    let at = (op.a as usize).checked_rem(rows.len())?;
    Some(rows.swap_remove(at))
}

/// From 1 up to `most`; 1 where there is no such number.
pub fn count(op: Op, most: i64) -> i64 {
    1 + i64::from(op.b) % most.max(1)
}

/// Names of what was carried out: nothing where it was refused, or where there was nothing to command.
pub async fn carry_out(stage: &Stage, story: &mut Story, op: Op) -> anyhow::Result<Vec<String>> {
    // Each command at a time of its own: what happened at one instant is in no order.
    stage.wait(TimeDelta::seconds(1));
    let view = View::of(stage, story).await?;
    let mut more = None;
    let outcome = match op.what {
        What::Wait => {
            stage.wait(TimeDelta::hours(1 + i64::from(op.a % 60)));
            Ok(true)
        }
        What::WaitLong => {
            stage.wait(TimeDelta::days(9 + i64::from(op.a % 4)));
            Ok(true)
        }
        What::Expire => expire::expire_holds(&stage.app, 200).await.map(|done| done.lapsed > 0),
        What::Ask | What::DraftRequest | What::UpdateRequest | What::SubmitRequest | What::DiscardRequest => {
            asking(stage, &view, op).await?
        }
        What::Approve | What::Cut | What::Return | What::Reject => decide(stage, &view, op).await?,
        What::Resubmit | What::Cancel | What::Fail | What::Release | What::ReleasePart => {
            let (outcome, was) = line(stage, &view, op).await?;
            more = was;
            outcome
        }
        What::Receive | What::ReceiveShort | What::Deem => received(stage, story, &view, op).await?,
        What::BookGiver | What::BookReceiver | What::Reverse => handed(stage, story, &view, op).await?,
        What::Freeze | What::Unfreeze => freezing(stage, &view, op).await?,
        What::EditWords | What::EditValue | What::EditPieces => edit(stage, story, &view, op).await?,
        What::Relist | What::OfferForLoan | What::OfferForClaims => relist(stage, &view, op).await?,
        What::EndWindow => {
            let (outcome, awarded) = end_window(stage, &view).await?;
            more = awarded.then(|| "award claims".to_owned());
            outcome
        }
        What::Correct => correct_card(stage, story, &view, op).await?,
        What::Confirm | What::Decline => answer(stage, &view, op).await?,
        What::LapseCorrections => confirm::lapse(&stage.app, 200).await.map(|done| done.lapsed > 0),
        What::AskIfThere => reconfirm_days::ask(&stage.app, 200, None).await.map(|done| done.changed > 0),
        What::Pause => reconfirm_days::pause(&stage.app, 200, None).await.map(|done| done.changed > 0),
        What::SayThere | What::SayGone => say(stage, &view, op).await?,
        What::ExpireLoans => days::expire(&stage.app, 200).await.map(|done| done.changed > 0),
        What::TellOverdue => days::tell_overdue(&stage.app, 200).await.map(|done| done.changed > 0),
        What::Accrue => days::accrue(&stage.app, 200).await.map(|done| done.changed > 0),
        What::AskLoan | What::Lend => borrow(stage, &view, op).await?,
        What::CancelLoan
        | What::FailLoan
        | What::HandOverLoan
        | What::ReceiveLoan
        | What::ReceiveLoanShort
        | What::ExtendLoan
        | What::ReturnLoan
        | What::ReturnLoanPart
        | What::InspectLoan
        | What::InspectLoanBad
        | What::KeepLoan => lending(stage, &view, op).await?,
        What::ProposeDisposal
        | What::PrepareDisposal
        | What::ObjectToDisposal
        | What::CompleteDisposal
        | What::CallOffDisposal => disposing::dispose(stage, &view, op).await?,
        _ => offer(stage, &view, op).await?,
    };
    match outcome {
        Ok(true) => Ok([Some(op.what.name().to_owned()), more].into_iter().flatten().collect()),
        Ok(false) | Err(Fault::Rejected(_)) => Ok(Vec::new()),
        Err(fault) => anyhow::bail!("{fault:?}"),
    }
}

/// Whether it was carried out.
pub type Carried = Result<bool, Fault>;

pub fn yes<T>(outcome: Result<T, Fault>) -> Carried {
    outcome.map(|_| true)
}

async fn asking(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let app = &stage.app;
    let listed = |row: &&(listing::Model, listing_stock::Model)| {
        row.0.state == ListingState::Listed && row.0.purpose == Purpose::Transfer
    };
    let drafts = || {
        let open = |request: &&request_row::Model| request.submitted_at.is_none();
        view.requests.iter().filter(open).collect::<Vec<_>>()
    };
    if matches!(op.what, What::Ask | What::DraftRequest) {
        let offers = view.listings.iter().filter(listed).collect();
        let Some((offer, _)) = choose(op, offers, view.listings.iter().collect()) else {
            return Ok(Ok(false));
        };
        let others: Vec<&Unit> = stage.units.iter().filter(|unit| unit.id != offer.unit_id).collect();
        let Some(unit) = choose(op, others, stage.units.iter().collect()) else { return Ok(Ok(false)) };
        let lines = vec![LineInput { listing_id: offer.id, quantity: count(op, 4) }];
        let input = Draft {
            unit_id: unit.id,
            justification: "阅览室需要".into(),
            needed_by: None,
            need: None,
            lines,
        };
        let request_id = match draft::draft(app, &unit.clerk, None, &input).await {
            Ok(done) => done.request_id,
            Err(fault) => return Ok(Err(fault)),
        };
        if op.what == What::DraftRequest {
            return Ok(Ok(true));
        }
        let input = submit::Input { request_id, version: None, over_cap_reason: None };
        return Ok(yes(submit::submit(app, &unit.clerk, None, &input).await));
    }
    let Some(row) = choose(op, drafts(), view.requests.iter().collect()) else { return Ok(Ok(false)) };
    let clerk = &stage.unit(row.unit_id)?.clerk;
    Ok(match op.what {
        What::UpdateRequest => {
            let lines = view.lines.iter().filter(|line| line.request_id == row.id);
            let lines =
                lines.map(|line| LineInput { listing_id: line.listing_id, quantity: count(op, 3) }).collect();
            let input = RequestUpdate {
                request_id: row.id,
                version: row.version,
                justification: None,
                needed_by: None,
                need: None,
                lines: Some(lines),
            };
            yes(draft::update(app, clerk, None, &input).await)
        }
        What::SubmitRequest => {
            let input =
                submit::Input { request_id: row.id, version: Some(row.version), over_cap_reason: None };
            yes(submit::submit(app, clerk, None, &input).await)
        }
        _ => {
            let input = discard::Input { request_id: row.id, version: row.version };
            yes(discard::discard(app, clerk, None, &input).await)
        }
    })
}

async fn decide(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let lines = view.lines.iter().map(|line| line.id);
    let loans = view.loans.iter().map(|loan| loan.id);
    let disposals = view.disposals.iter().map(|disposal| disposal.id);
    let offers = view.listings.iter().map(|(listing, _)| listing.id);
    let subjects: Vec<Uuid> = offers.chain(lines).chain(loans).chain(disposals).collect();
    let steps = pending(&stage.app, &subjects).await?;
    let mut good: Vec<_> = steps.iter().collect();
    if op.what == What::Cut {
        good.retain(|(_, case)| case.subject == entity::approvals::ApprovalSubject::RequestLine);
    }
    let Some((step, _)) = choose(op, good, steps.iter().collect()) else { return Ok(Ok(false)) };
    let head = match step.unit_id {
        Some(unit) => &stage.unit(unit)?.head,
        None => &stage.office,
    };
    let verdict = match op.what {
        What::Return => Verdict::Return,
        What::Reject => Verdict::Reject,
        _ => Verdict::Approve,
    };
    let quantity = (op.what == What::Cut).then(|| i64::from(op.b % 3));
    let decision = OneDecision { step_id: step.id, verdict, comment: Some("意见".into()), quantity };
    Ok(yes(decide_steps(&stage.app, head, None, &Decide { decisions: vec![decision] }).await))
}

/// The second value names the state that a cancellation ended.
async fn line(stage: &Stage, view: &View, op: Op) -> anyhow::Result<(Carried, Option<String>)> {
    use LineState::{Queued, Releasing, Reserved, Returned, Submitted};
    let app = &stage.app;
    let among: &[LineState] = match op.what {
        What::Resubmit => &[Returned],
        What::Cancel => &[Submitted, Queued, Returned, Reserved, Releasing],
        _ => &[Reserved, Releasing],
    };
    let mut good: Vec<&request_line::Model> =
        view.lines.iter().filter(|line| among.contains(&line.state)).collect();
    if op.what == What::Cancel {
        // The rarest state that is there, or each in its turn: whoever cancels anything sees nothing come to its end.
        let turn = among[(op.a / 16) as usize % among.len()];
        let rarest = [Releasing, Returned, Queued, Reserved].into_iter();
        let there = |state: &LineState| good.iter().any(|line| line.state == *state);
        let state = rarest.filter(|_| !op.b.is_multiple_of(4)).find(there).unwrap_or(turn);
        good.retain(|line| line.state == state);
        if good.is_empty() && !op.b.is_multiple_of(13) {
            return Ok((Ok(false), None));
        }
    }
    let Some(row) = choose(op, good, view.lines.iter().collect()) else { return Ok((Ok(false), None)) };
    let (offer, _) = view
        .listings
        .iter()
        .find(|(listing, _)| listing.id == row.listing_id)
        .ok_or_else(|| anyhow::anyhow!("a line without its listing"))?;
    let (asker, giver) = (stage.unit(row.unit_id)?, stage.unit(offer.unit_id)?);
    Ok(match op.what {
        What::Resubmit => {
            let quantity = op.b.is_multiple_of(2).then(|| count(op, row.quantity));
            let input = resubmit::Input { line_id: row.id, quantity, comment: Some("已补充".into()) };
            (yes(resubmit::resubmit(app, &asker.clerk, None, &input).await), None)
        }
        What::Cancel => {
            let input = cancel::Input { line_id: row.id, comment: Some("不再需要".into()) };
            let done = cancel::cancel(app, &asker.clerk, None, &input).await;
            (yes(done), Some(format!("cancel {}", row.state)))
        }
        What::Fail => {
            let input = fail::Input { line_id: row.id, reason: "已损坏".into() };
            let who = if op.b.is_multiple_of(2) { &giver.head } else { &stage.office };
            (yes(fail::fail(app, who, None, &input).await), None)
        }
        _ => {
            let left = row.quantity - row.released;
            let quantity = (op.what == What::ReleasePart).then(|| count(op, left - 1));
            let input = release::Input {
                line_id: row.id,
                quantity,
                approval_number: Some("武教资〔2026〕2号".into()),
                note: String::new(),
            };
            let who = if offer.custody == Custody::Physical { &stage.staff } else { &giver.clerk };
            let part = quantity.is_none_or(|quantity| quantity < left);
            (release::release(app, who, None, &input).await.map(|_| part), None)
        }
    })
}

async fn received(stage: &Stage, story: &mut Story, view: &View, op: Op) -> anyhow::Result<Carried> {
    let away = |way: &&transfer::Model| way.state == TransferState::InTransit;
    let away = view.transfers.iter().filter(away).collect();
    let Some(way) = choose(op, away, view.transfers.iter().collect()) else { return Ok(Ok(false)) };
    let (mut refused, mut lost) = (0, 0);
    if op.what == What::ReceiveShort {
        refused = i64::from(op.b) % (way.quantity + 1);
        lost = i64::from(op.b / 64) % (way.quantity - refused + 1);
    }
    let received = way.quantity - refused - lost;
    let deemed = op.what == What::Deem;
    if deemed && op.b.is_multiple_of(2) {
        stage.wait(TimeDelta::days(15));
    }
    let input = receive::Input {
        transfer_id: way.id,
        received,
        refused,
        lost,
        asset_number: Some(story.number()),
        place: Some("二楼".into()),
        evidence: Some("签收单".into()),
        deemed,
        paper_number: None,
    };
    let who = if deemed { &stage.office } else { &stage.unit(way.receiver_id)?.clerk };
    let before = view.card(way.asset_id)?.clone();
    if let Err(fault) = receive::receive(&stage.app, who, None, &input).await {
        return Ok(Err(fault));
    }
    if received > 0 {
        let after = View::of(stage, story).await?;
        let card = after.card(way.asset_id)?;
        let (all, part) = (before.value.map_or(0, |value| value.0), card.value.map_or(0, |value| value.0));
        // To the fen: what came differs from its exact share by less than one for each time that it was split.
        let off = i128::from(part) * i128::from(before.quantity) - i128::from(all) * i128::from(received);
        anyhow::ensure!(
            card.quantity == received && off.abs() < 2 * i128::from(before.quantity),
            "{received} of {} pieces worth {all} came; their card is {card:?}",
            before.quantity
        );
        anyhow::ensure!(card.holder_id == way.receiver_id, "{card:?} is not the receiver's");
        story.saved.insert(way.id, part);
        story.ledger += part;
    }
    Ok(Ok(op.what != What::ReceiveShort || received < way.quantity))
}

async fn handed(stage: &Stage, story: &mut Story, view: &View, op: Op) -> anyhow::Result<Carried> {
    let came = |way: &&transfer::Model| way.received > 0 && way.state != TransferState::Reversed;
    let came = view.transfers.iter().filter(came).collect();
    let Some(way) = choose(op, came, view.transfers.iter().collect()) else { return Ok(Ok(false)) };
    if op.what == What::Reverse {
        let input = reverse::Input {
            transfer_id: way.id,
            reason: "有缺陷".into(),
            asset_number: Some(story.number()),
            place: "一楼".into(),
        };
        let done = reverse::reverse(&stage.app, &stage.office, None, &input).await;
        if done.is_ok() {
            story.ledger -= story.saved.remove(&way.id).unwrap_or_default();
        }
        return Ok(yes(done));
    }
    let (side, unit) = match op.what {
        What::BookGiver => (BookingSide::Giver, way.giver_id),
        _ => (BookingSide::Receiver, way.receiver_id),
    };
    let input = book::Input { transfer_id: way.id, side, number: story.number() };
    Ok(yes(book::book(&stage.app, &stage.unit(unit)?.clerk, None, &input).await))
}

async fn freezing(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    if op.what == What::Unfreeze {
        let Some(row) = choose(op, Vec::new(), view.freezes.iter().collect()) else { return Ok(Ok(false)) };
        return Ok(yes(unfreeze(&stage.app, &stage.office, None, &Unfreeze { id: row.id }).await));
    }
    let Some((offer, _)) = choose(op, Vec::new(), view.listings.iter().collect()) else {
        return Ok(Ok(false));
    };
    let (scope, scope_id, who) = match op.b % 4 {
        0 => (FreezeScope::Asset, offer.asset_id, &stage.office),
        1 => (FreezeScope::Unit, offer.unit_id, &stage.office),
        2 => (FreezeScope::Place, stage.bin, &stage.staff),
        _ => (FreezeScope::Listing, offer.id, &stage.office),
    };
    let input = Freeze { scope, scope_id, cause: FreezeCause::Dispute, note: "争议".into() };
    Ok(yes(freeze(&stage.app, who, None, &input).await))
}

async fn edit(stage: &Stage, story: &mut Story, view: &View, op: Op) -> anyhow::Result<Carried> {
    let all: Vec<_> = view.cards.iter().collect();
    // Those that nobody offers may be corrected in everything.
    let free = |id: Uuid| {
        !view.listings.iter().any(|(listing, stock)| {
            listing.asset_id == id
                && stock.available + stock.held + stock.reserved + stock.in_transit > 0
                && listing.state == ListingState::Listed
        })
    };
    let good = view.cards.iter().filter(|card| card.state == AssetState::Active && free(card.id)).collect();
    let Some(card) = choose(op, good, all) else { return Ok(Ok(false)) };
    let mut patch = CardPatch { description: Some(story.number()), ..CardPatch::default() };
    let (mut worth, mut pieces) = (0, 0);
    match op.what {
        What::EditValue => {
            let value = i64::from(op.b % 1_000_000);
            worth = value - card.value.map_or(0, |value| value.0);
            patch.value = Some(Some(Money(value)));
        }
        What::EditPieces => {
            let quantity = count(op, 9);
            pieces = quantity - card.quantity;
            patch.quantity = Some(quantity);
        }
        _ => {}
    }
    let input = CardUpdate { id: card.id, version: card.version, card: patch };
    let clerk = &stage.unit(card.holder_id)?.clerk;
    let done = update_asset(&stage.app, clerk, None, &input).await;
    if done.is_ok() {
        story.worth += worth;
        story.pieces += pieces;
    }
    Ok(yes(done))
}

/// A card that others may count on is put right.
async fn correct_card(stage: &Stage, story: &mut Story, view: &View, op: Op) -> anyhow::Result<Carried> {
    let offered = |id: Uuid| view.listings.iter().any(|(listing, _)| listing.asset_id == id);
    let good =
        view.cards.iter().filter(|card| card.state == AssetState::Active && offered(card.id)).collect();
    let Some(card) = choose(op, good, view.cards.iter().collect()) else { return Ok(Ok(false)) };
    let mut patch = CardPatch { place: Some(story.number()), ..CardPatch::default() };
    let mut worth = 0;
    if op.b.is_multiple_of(2) {
        let value = 1 + i64::from(op.b % 1_000_000);
        worth = value - card.value.map_or(0, |value| value.0);
        patch.value = Some(Some(Money(value)));
    }
    let input =
        correct::Input { asset_id: card.id, version: card.version, card: patch, reason: "复核".into() };
    let clerk = &stage.unit(card.holder_id)?.clerk;
    let done = correct::correct(&stage.app, clerk, None, &input).await;
    if done.is_ok() {
        story.worth += worth;
    }
    Ok(yes(done))
}

/// An asker answers a correction.
async fn answer(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let good = view.lines.iter().filter(|line| line.correction_id.is_some()).collect();
    let Some(row) = choose(op, good, view.lines.iter().collect()) else { return Ok(Ok(false)) };
    let accept = op.what == What::Confirm;
    let input = confirm::Input { line_id: row.id, version: row.version, accept, comment: None };
    Ok(yes(confirm::confirm(&stage.app, &stage.unit(row.unit_id)?.clerk, None, &input).await))
}

/// A holder says whether what it offers is there.
async fn say(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let asked = |row: &&(listing::Model, listing_stock::Model)| row.0.reconfirm_by.is_some();
    let good = view.listings.iter().filter(asked).collect();
    let Some((offer, _)) = choose(op, good, view.listings.iter().collect()) else { return Ok(Ok(false)) };
    let there = op.what == What::SayThere;
    let answer = Answer { listing_id: offer.id, there, reason: Some("盘点".into()) };
    let clerk = &stage.unit(offer.unit_id)?.clerk;
    Ok(yes(reconfirm(&stage.app, clerk, None, &Reconfirm { answers: vec![answer] }).await))
}

/// A unit asks for a loan that begins soon.
async fn borrow(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let lends = |row: &&(listing::Model, listing_stock::Model)| {
        row.0.state == ListingState::Listed && row.0.purpose == Purpose::Loan
    };
    let offers = view.listings.iter().filter(lends).collect();
    let Some((offer, _)) = choose(op, offers, view.listings.iter().collect()) else { return Ok(Ok(false)) };
    let others: Vec<&Unit> = stage.units.iter().filter(|unit| unit.id != offer.unit_id).collect();
    let Some(unit) = choose(op, others, stage.units.iter().collect()) else { return Ok(Ok(false)) };
    let lend = op.what == What::Lend;
    let wait = if lend { 0 } else { i64::from(op.a / 64 % 3) };
    let from = stage.app.clock().today() + TimeDelta::days(wait);
    let input = request::Input {
        unit_id: unit.id,
        listing_id: offer.id,
        quantity: count(op, 3),
        from,
        to: from + TimeDelta::days(i64::from(op.b / 64 % 48)),
        justification: "阅览室需要".into(),
    };
    let asked = request::request(&stage.app, &unit.clerk, None, &input).await;
    match asked {
        Ok(done) if lend => lend_at_once(stage, done.loan_id).await,
        asked => Ok(yes(asked)),
    }
}

/// A loan goes all its way to the borrower, as far as nothing keeps it.
async fn lend_at_once(stage: &Stage, loan_id: Uuid) -> anyhow::Result<Carried> {
    let app = &stage.app;
    while let Some((step, _)) = pending(app, &[loan_id]).await?.pop() {
        let who = match step.unit_id {
            Some(unit) => &stage.unit(unit)?.head,
            None => &stage.office,
        };
        let decision =
            OneDecision { step_id: step.id, verdict: Verdict::Approve, comment: None, quantity: None };
        if let Err(fault) = decide_steps(app, who, None, &Decide { decisions: vec![decision] }).await {
            return Ok(Err(fault));
        }
    }
    let row = loan::Entity::find_by_id(loan_id).one(app.db().read()).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("the loan is gone"))?;
    let (borrower, giver) = (stage.unit(row.unit_id)?, stage.unit(row.giver_id)?);
    let keeper = if row.custody == Custody::Physical { &stage.staff } else { &giver.clerk };
    let input = loans::hand_over::Input { loan_id, condition: None };
    if let Err(fault) = loans::hand_over::hand_over(app, keeper, None, &input).await {
        return Ok(Err(fault));
    }
    let input = loans::receive::Input { loan_id, received: None, note: None, deemed: false };
    Ok(yes(loans::receive::receive(app, &borrower.clerk, None, &input).await))
}

async fn lending(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    use LoanState::{Approved, HandedOver, OnLoan, Requested, Returned};
    let app = &stage.app;
    let good = |loan: &&loan::Model| match op.what {
        What::CancelLoan | What::FailLoan => matches!(loan.state, Requested | Approved),
        What::HandOverLoan => loan.state == Approved,
        What::ReceiveLoan | What::ReceiveLoanShort => loan.state == HandedOver,
        What::InspectLoan | What::InspectLoanBad => {
            matches!(loan.state, OnLoan | Returned) && loan.returned > 0
        }
        What::ReturnLoanPart => loan.state == OnLoan && loan.lent > 1,
        _ => loan.state == OnLoan && loan.lent > 0,
    };
    let loans = view.loans.iter().filter(good).collect();
    let Some(row) = choose(op, loans, view.loans.iter().collect()) else { return Ok(Ok(false)) };
    let (borrower, giver) = (stage.unit(row.unit_id)?, stage.unit(row.giver_id)?);
    let keeper = if row.custody == Custody::Physical { &stage.staff } else { &giver.clerk };
    let loan_id = row.id;
    Ok(match op.what {
        What::CancelLoan => {
            let input = loans::cancel::Input { loan_id, comment: None };
            yes(loans::cancel::cancel(app, &borrower.clerk, None, &input).await)
        }
        What::FailLoan => {
            let input = loans::fail::Input { loan_id, reason: "已损坏".into() };
            yes(loans::fail::fail(app, &giver.head, None, &input).await)
        }
        What::HandOverLoan => {
            let input = loans::hand_over::Input { loan_id, condition: None };
            yes(loans::hand_over::hand_over(app, keeper, None, &input).await)
        }
        What::ReceiveLoan | What::ReceiveLoanShort => {
            let short = op.what == What::ReceiveLoanShort;
            let received = short.then(|| (row.lent - count(op, row.lent)).max(0));
            let note = Some("有破损".into());
            let input = loans::receive::Input { loan_id, received, note, deemed: false };
            yes(loans::receive::receive(app, &borrower.clerk, None, &input).await)
        }
        What::ExtendLoan => {
            let to = row.day_to.max(app.clock().today()) + TimeDelta::days(count(op, 6));
            let input = loans::extend::Input { loan_id, to, justification: "会议延期".into() };
            yes(loans::extend::extend(app, &borrower.clerk, None, &input).await)
        }
        What::ReturnLoan | What::ReturnLoanPart => {
            let part = op.what == What::ReturnLoanPart;
            let quantity = part.then(|| count(op, row.lent - 1));
            // Now and then it is noted late.
            let days = if op.a.is_multiple_of(3) { i64::from(op.b / 64 % 9) } else { 0 };
            let on = Some(app.clock().today() - TimeDelta::days(days));
            let input = loans::give_back::Input { loan_id, quantity, on, note: None };
            let who = if op.b.is_multiple_of(2) { &borrower.clerk } else { keeper };
            yes(loans::give_back::give_back(app, who, None, &input).await)
        }
        What::KeepLoan => {
            let quantity = op.b.is_multiple_of(2).then(|| count(op, row.lent));
            let input = convert::Input { loan_id, quantity, justification: "长期需要".into() };
            yes(convert::convert(app, &borrower.clerk, None, &input).await)
        }
        _ => {
            let bad = op.what == What::InspectLoanBad;
            let some = if op.a.is_multiple_of(3) { count(op, row.returned) } else { row.returned };
            let (damaged, lost) = match (bad, op.b.is_multiple_of(2)) {
                (false, _) => (0, 0),
                (true, true) => (1, 0),
                (true, false) => (0, 1),
            };
            let input = loans::inspect::Input {
                loan_id,
                good: (some - damaged - lost).max(0),
                damaged,
                lost,
                note: bad.then(|| "破损".into()),
                cost: bad.then_some(Money(100)),
            };
            yes(loans::inspect::inspect(app, keeper, None, &input).await)
        }
    })
}

async fn relist(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let active = |card: &&entity::assets::asset::Model| card.state == AssetState::Active;
    let cards = view.cards.iter().filter(active).collect();
    let Some(card) = choose(op, cards, view.cards.iter().collect()) else { return Ok(Ok(false)) };
    let clerk = &stage.unit(card.holder_id)?.clerk;
    stage.photograph(card.id, clerk).await?;
    let physical = op.b.is_multiple_of(2);
    let terms = TermsPatch {
        quantity: Some(count(op, card.quantity)),
        approval_number: Some(Some("武教资〔2026〕3号".into())),
        custody: Some(if physical { Custody::Physical } else { Custody::Virtual }),
        warehouse_id: physical.then_some(Some(stage.warehouse)),
        purpose: (op.what == What::OfferForLoan).then_some(Purpose::Loan),
        award_mode: (op.what == What::OfferForClaims).then_some(AwardMode::ClaimWindow),
        ..TermsPatch::default()
    };
    Ok(yes(draft_listing(&stage.app, clerk, None, &NewListing { asset_id: card.id, terms }).await))
}

/// Lets the window that ends first come to its end, and both turns of its award. The second value tells whether claims were
/// ranked.
async fn end_window(stage: &Stage, view: &View) -> anyhow::Result<(Carried, bool)> {
    let app = &stage.app;
    let open = view.windows.iter().filter(|window| window.state == WindowState::Open);
    let Some(first) = open.min_by_key(|window| window.closes_at) else { return Ok((Ok(false), false)) };
    // What is old and has no seal would be told as a fault.
    moves::sealed(app).await?;
    stage.wait((first.closes_at - app.clock().now()).max(TimeDelta::zero()));
    let mut changed = 0;
    for _ in 0..2 {
        changed += close_windows(app, 200).await?.changed;
        moves::sealed(app).await?;
    }
    let row = claim_window::Entity::find_by_id(first.listing_id).one(app.db().read()).await?;
    let awarded = row.is_some_and(|row| row.state == WindowState::Awarded);
    Ok((Ok(changed > 0), awarded))
}

async fn offer(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    use ListingState::{AwaitingInspection, Draft, Listed, Repair, Returned, ReturnedToHolder, Submitted};
    let app = &stage.app;
    let among: &[ListingState] = match op.what {
        What::UpdateListing | What::SubmitListing => &[Draft, Returned, ReturnedToHolder],
        What::WithdrawPart | What::WithdrawAll => &[Listed, Submitted],
        What::Repair => &[AwaitingInspection],
        _ => &[AwaitingInspection, Repair],
    };
    let good = view.listings.iter().filter(|(listing, _)| among.contains(&listing.state)).collect();
    let Some((row, stock)) = choose(op, good, view.listings.iter().collect()) else { return Ok(Ok(false)) };
    let (id, version) = (row.id, row.version);
    let clerk = &stage.unit(row.unit_id)?.clerk;
    let finding = |verdict, accepted, place_id| Inspect {
        id,
        version,
        verdict,
        accepted,
        place_id,
        note: Some("桌面有划痕".into()),
    };
    Ok(match op.what {
        What::UpdateListing => {
            let quantity = Some(count(op, stock.available + 1));
            let terms = TermsPatch { quantity, ..TermsPatch::default() };
            yes(update_listing(app, clerk, None, &ListingUpdate { id, version, terms }).await)
        }
        What::SubmitListing => yes(submit_listing(app, clerk, None, &Submit { id, version }).await),
        What::WithdrawPart | What::WithdrawAll => {
            // A part is rarely more than what is free.
            let most = if op.b.is_multiple_of(5) { stock.available + stock.held } else { stock.available };
            let quantity = (op.what == What::WithdrawPart).then(|| count(op, most - 1));
            let input = Withdraw { id, version, quantity, reason: Some("自用".into()) };
            yes(withdraw_listing(app, clerk, None, &input).await)
        }
        What::Accept => {
            let input = finding(Finding::Accept, None, Some(stage.bin));
            yes(inspect_listing(app, &stage.staff, None, &input).await)
        }
        What::AcceptPart => {
            let input = finding(Finding::Accept, Some(count(op, stock.available - 1)), Some(stage.bin));
            let part = input.accepted.is_some_and(|accepted| accepted < stock.available);
            inspect_listing(app, &stage.staff, None, &input).await.map(|_| part)
        }
        What::Repair => {
            yes(inspect_listing(app, &stage.staff, None, &finding(Finding::Repair, None, None)).await)
        }
        _ => yes(inspect_listing(app, &stage.staff, None, &finding(Finding::Return, None, None)).await),
    })
}
