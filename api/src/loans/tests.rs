use chrono::{NaiveDate, TimeDelta};
use entity::Money;
use entity::assets::AssetState;
use entity::catalogue::{AssetSource, rental_rate};
use entity::events::{Subject, event};
use entity::identity::Locale;
use entity::listings::{Custody, ListingState, Purpose, listing};
use entity::loans::{LoanReason, LoanState, loan};
use entity::requests::{LineState, request_line};
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::{cancel, days, extend, fail, give_back, hand_over, inspect, read, receive, request};
use crate::approvals::rules::Verdict;
use crate::catalogue::rates;
use crate::decisions::withdraw::{Withdraw, withdraw_listing};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::requests::convert;
use crate::requests::world::{Offer, People, World, codes, note};
use crate::savings::explain;
use crate::savings::rules::ZeroReason;

/// The clock of tests begins on 2 March 2026.
fn day(text: &str) -> NaiveDate {
    format!("2026-{text}").parse().unwrap()
}

struct Desk {
    world: World,
    listing: Uuid,
}

impl Desk {
    /// A pool of so many pieces that can be borrowed.
    async fn open(pieces: i64) -> Self {
        let world = World::new().await;
        let listing = world.list(Offer { purpose: Purpose::Loan, ..Offer::of(pieces) }).await;
        Self { world, listing }
    }

    async fn ask(&self, who: &People, pieces: i64, from: &str, to: &str) -> Result<Uuid, Fault> {
        let input = request::Input {
            unit_id: who.unit,
            listing_id: self.listing,
            quantity: pieces,
            from: day(from),
            to: day(to),
            justification: "全市会议需要".into(),
        };
        Ok(request::request(&self.world.app, &who.clerk, None, &input).await?.loan_id)
    }

    /// Asked for and approved.
    async fn approved(&self, who: &People, pieces: i64, from: &str, to: &str) -> Uuid {
        let loan = self.ask(who, pieces, from, to).await.expect("a loan");
        self.world.approve(who, loan).await;
        assert_eq!(self.loan(loan).await.state, LoanState::Approved);
        loan
    }

    async fn hand_over(&self, loan: Uuid) -> Result<(), Fault> {
        let input = hand_over::Input { loan_id: loan, condition: Some("九成新".into()) };
        hand_over::hand_over(&self.world.app, &self.world.giver.clerk, None, &input).await.map(drop)
    }

    async fn receive(&self, who: &Actor, loan: Uuid, received: Option<i64>) -> Result<(), Fault> {
        let input = receive::Input { loan_id: loan, received, note: Some("签收".into()), deemed: false };
        receive::receive(&self.world.app, who, None, &input).await.map(drop)
    }

    /// With the borrower, from today on.
    async fn lent(&self, who: &People, pieces: i64, from: &str, to: &str) -> Uuid {
        let loan = self.approved(who, pieces, from, to).await;
        self.hand_over(loan).await.expect("a hand-over");
        self.receive(&who.clerk, loan, None).await.expect("a receipt");
        loan
    }

    async fn back(
        &self,
        who: &Actor,
        loan: Uuid,
        pieces: Option<i64>,
        on: Option<&str>,
    ) -> Result<(), Fault> {
        let input = give_back::Input { loan_id: loan, quantity: pieces, on: on.map(day), note: None };
        give_back::give_back(&self.world.app, who, None, &input).await.map(drop)
    }

    async fn inspect(&self, loan: Uuid, good: i64, damaged: i64, lost: i64) -> Result<(), Fault> {
        let bad = damaged + lost > 0;
        let input = inspect::Input {
            loan_id: loan,
            good,
            damaged,
            lost,
            note: bad.then(|| "椅背断裂".into()),
            cost: bad.then_some(Money(12_000)),
        };
        inspect::inspect(&self.world.app, &self.world.giver.clerk, None, &input).await.map(drop)
    }

    async fn extend(&self, who: &Actor, loan: Uuid, to: &str) -> Result<(), Fault> {
        let input = extend::Input { loan_id: loan, to: day(to), justification: "会议延期".into() };
        extend::extend(&self.world.app, who, None, &input).await.map(drop)
    }

    async fn keep(&self, who: &Actor, loan: Uuid, pieces: Option<i64>) -> Result<request_line::Model, Fault> {
        let input = convert::Input { loan_id: loan, quantity: pieces, justification: "长期需要".into() };
        let done = convert::convert(&self.world.app, who, None, &input).await?;
        let line = request_line::Entity::find()
            .filter(request_line::Column::RequestId.eq(done.request_id))
            .one(self.world.app.db().read())
            .await?;
        Ok(line.expect("a line"))
    }

    async fn loan(&self, id: Uuid) -> loan::Model {
        loan::Entity::find_by_id(id).one(self.world.app.db().read()).await.unwrap().expect("a loan")
    }

    async fn state(&self, id: Uuid) -> LoanState {
        self.loan(id).await.state
    }

    async fn free(&self, from: &str, to: &str) -> Vec<i64> {
        let actor = &self.world.rival.clerk;
        let days = read::calendar(&self.world.app, actor, self.listing, day(from), day(to)).await;
        days.unwrap().expect("a calendar").into_iter().map(|day| day.free).collect()
    }

    async fn withdraw(&self, quantity: Option<i64>) -> Result<(), Fault> {
        let row = listing::Entity::find_by_id(self.listing).one(self.world.app.db().read()).await?.unwrap();
        let input = Withdraw { id: row.id, version: row.version, quantity, reason: None };
        withdraw_listing(&self.world.app, &self.world.giver.clerk, None, &input).await.map(drop)
    }

    /// A rental rate of the whole city.
    async fn rate(&self, fen: i64, from: &str) {
        let form = rates::RateForm {
            region_id: None,
            category_id: self.world.category,
            fen_per_day: Money(fen),
            source: "市场询价〔2026〕1号".into(),
            valid_from: from.parse().unwrap(),
        };
        rates::set_rental_rate(&self.world.app, &self.world.office, None, &form).await.expect("a rate");
    }

    /// First and last day, pieces and fen of the entries, in the order of the ledger.
    async fn entries(&self, loan: Uuid) -> Vec<(String, String, i64, i64)> {
        let rows = self.rows(loan).await;
        rows.into_iter()
            .map(|row| {
                let of = |day: Option<NaiveDate>| day.unwrap().format("%m-%d").to_string();
                (of(row.day_from), of(row.day_to), row.quantity, row.amount.0)
            })
            .collect()
    }

    async fn rows(&self, loan: Uuid) -> Vec<saving_entry::Model> {
        saving_entry::Entity::find()
            .filter(saving_entry::Column::LoanId.eq(loan))
            .order_by_asc(saving_entry::Column::Seq)
            .all(self.world.app.db().read())
            .await
            .unwrap()
    }

    async fn accrue(&self) -> u64 {
        days::accrue(&self.world.app, 100).await.unwrap().changed
    }
}

fn row(from: &str, to: &str, pieces: i64, fen: i64) -> (String, String, i64, i64) {
    (from.into(), to.into(), pieces, fen)
}

#[tokio::test]
async fn a_meeting_borrows_chairs_and_brings_them_back() {
    let desk = Desk::open(100).await;
    let world = &desk.world;
    let loan = desk.approved(&world.asker, 60, "03-03", "03-07").await;
    assert_eq!(desk.loan(loan).await.number, "JY-2026-000001");
    assert_eq!(desk.free("03-02", "03-08").await, [100, 40, 40, 40, 40, 40, 100]);
    assert_eq!(codes(desk.hand_over(loan).await), [(Code::LoanDayWrong, String::new())]);
    world.days(1);
    desk.hand_over(loan).await.unwrap();
    desk.receive(&world.asker.clerk, loan, None).await.unwrap();
    assert_eq!(desk.state(loan).await, LoanState::OnLoan);
    // Counters do not move: the chairs come back.
    assert_eq!(world.stock(desk.listing).await, [100, 0, 0, 0, 0, 0, 0]);
    world.days(2);
    desk.back(&world.asker.clerk, loan, Some(50), None).await.unwrap();
    desk.inspect(loan, 50, 0, 0).await.unwrap();
    assert_eq!(desk.free("03-05", "03-08").await, [90, 90, 90, 100]);
    desk.back(&world.giver.clerk, loan, None, None).await.unwrap();
    assert_eq!(desk.state(loan).await, LoanState::Returned);
    desk.inspect(loan, 10, 0, 0).await.unwrap();
    assert_eq!(desk.state(loan).await, LoanState::Inspected);
    assert_eq!(desk.free("03-05", "03-08").await, [100, 100, 100, 100]);
    world.assert_verified().await;
}

#[tokio::test]
async fn two_are_not_promised_the_same_day() {
    let desk = Desk::open(4).await;
    let world = &desk.world;
    desk.ask(&world.asker, 3, "03-05", "03-09").await.unwrap();
    // Asked for is taken, until somebody says no.
    let refused = desk.ask(&world.rival, 2, "03-09", "03-12").await;
    let Err(Fault::Rejected(told)) = &refused else { panic!("{refused:?}") };
    assert_eq!(
        told[0].message(Locale::En),
        "On 2026-03-09 only 1 pieces are free. Ask for fewer, or choose other days in loanCalendar."
    );
    assert_eq!(codes(refused), [(Code::LoanTaken, "quantity".into())]);
    let other = desk.ask(&world.rival, 2, "03-10", "03-12").await.unwrap();
    assert_eq!(desk.free("03-08", "03-11").await, [1, 1, 2, 2]);
    world.decide(&world.rival.head, other, Verdict::Reject, None).await.unwrap();
    assert_eq!(desk.state(other).await, LoanState::Rejected);
    assert_eq!(desk.free("03-08", "03-11").await, [1, 1, 4, 4]);
    // An offer for loan is not asked for in the usual way, nor one for transfer to be lent.
    let line = world.ask(&world.asker, &[(desk.listing, 1)]).await;
    assert_eq!(codes(line), [(Code::ForLoanOnly, "lines.0.listingId".into())]);
    let kept = world.list(Offer::of(1)).await;
    let desk = Desk { listing: kept, ..desk };
    let world = &desk.world;
    let wrong = desk.ask(&world.asker, 1, "03-05", "03-06").await;
    assert_eq!(codes(wrong), [(Code::NotOpen, "listingId".into())]);
    assert!(
        read::calendar(&world.app, &world.office, kept, day("03-01"), day("03-02")).await.unwrap().is_none()
    );
    world.assert_verified().await;
}

#[tokio::test]
async fn a_giver_who_says_no_and_a_borrower_who_changes_its_mind_free_the_days() {
    let desk = Desk::open(1).await;
    let world = &desk.world;
    let loan = desk.ask(&world.asker, 1, "03-05", "03-09").await.unwrap();
    world.decide(&world.asker.head, loan, Verdict::Approve, None).await.unwrap();
    world.decide(&world.giver.head, loan, Verdict::Reject, None).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.state, row.reason), (LoanState::GiverFailed, Some(LoanReason::Refused)));
    let loan = desk.ask(&world.asker, 1, "03-05", "03-09").await.unwrap();
    world.decide(&world.asker.head, loan, Verdict::Return, None).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.state, row.reason), (LoanState::Rejected, Some(LoanReason::Corrected)));
    let loan = desk.approved(&world.asker, 1, "03-05", "03-09").await;
    let input = cancel::Input { loan_id: loan, comment: Some("会议取消".into()) };
    let stranger = cancel::cancel(&world.app, &world.rival.clerk, None, &input).await;
    assert_eq!(codes(stranger), [(Code::NotFound, String::new())]);
    cancel::cancel(&world.app, &world.asker.clerk, None, &input).await.unwrap();
    let again = cancel::cancel(&world.app, &world.asker.clerk, None, &input).await;
    assert_eq!(codes(again), [(Code::WrongState, String::new())]);
    let loan = desk.approved(&world.rival, 1, "03-05", "03-09").await;
    let input = fail::Input { loan_id: loan, reason: "已损坏".into() };
    fail::fail(&world.app, &world.giver.head, None, &input).await.unwrap();
    assert_eq!(desk.free("03-05", "03-05").await, [1]);
    world.assert_verified().await;
}

#[tokio::test]
async fn who_does_not_act_loses_the_days() {
    let desk = Desk::open(2).await;
    let world = &desk.world;
    let forgotten = desk.ask(&world.asker, 1, "05-01", "05-02").await.unwrap();
    let asked = desk.ask(&world.rival, 1, "05-01", "05-02").await.unwrap();
    world.decide(&world.rival.head, asked, Verdict::Approve, None).await.unwrap();
    let missed = desk.approved(&world.asker, 1, "03-04", "03-05").await;
    world.days(4);
    assert_eq!(days::expire(&world.app, 100).await.unwrap().changed, 1);
    let row = desk.loan(missed).await;
    assert_eq!((row.state, row.reason), (LoanState::Expired, Some(LoanReason::NotCollected)));
    world.days(6);
    assert_eq!(days::expire(&world.app, 100).await.unwrap().changed, 1);
    let row = desk.loan(forgotten).await;
    assert_eq!((row.state, row.reason), (LoanState::Expired, Some(LoanReason::HoldLapsed)));
    // It waits for the giver: that is not the borrower's to answer for.
    assert_eq!(desk.state(asked).await, LoanState::Requested);
    world.assert_verified().await;
}

#[tokio::test]
async fn more_days_are_granted_where_nobody_else_has_them() {
    let desk = Desk::open(1).await;
    let world = &desk.world;
    let loan = desk.lent(&world.asker, 1, "03-02", "03-05").await;
    desk.approved(&world.rival, 1, "03-10", "03-12").await;
    let taken = desk.extend(&world.asker.clerk, loan, "03-11").await;
    let Err(Fault::Rejected(told)) = &taken else { panic!("{taken:?}") };
    assert!(told[0].details.contains(&("day", "2026-03-10".into())), "{told:?}");
    assert_eq!(codes(taken), [(Code::LoanTaken, "to".into())]);
    assert_eq!(
        codes(desk.extend(&world.asker.clerk, loan, "03-05").await),
        [(Code::LoanDayWrong, "to".into())]
    );
    desk.extend(&world.asker.clerk, loan, "03-09").await.unwrap();
    // Taken while it is asked for.
    assert_eq!(desk.free("03-05", "03-13").await, [0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(
        codes(desk.extend(&world.asker.clerk, loan, "03-08").await),
        [(Code::WrongState, String::new())]
    );
    world.decide(&world.giver.head, loan, Verdict::Reject, None).await.unwrap();
    assert_eq!(desk.free("03-05", "03-10").await, [0, 1, 1, 1, 1, 0]);
    desk.extend(&world.asker.clerk, loan, "03-07").await.unwrap();
    world.decide(&world.giver.head, loan, Verdict::Approve, None).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.day_to, row.first_day_to, row.asked_to), (day("03-07"), day("03-05"), None));
    // Brought back while more is asked for: nobody need decide that any more.
    desk.extend(&world.asker.clerk, loan, "03-08").await.unwrap();
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    assert!(world.pending(loan).await.is_none());
    world.assert_verified().await;
}

#[tokio::test]
async fn what_is_late_is_told_once_a_day_and_promised_to_nobody() {
    let desk = Desk::open(1).await;
    let world = &desk.world;
    let loan = desk.lent(&world.asker, 1, "03-02", "03-04").await;
    let next = desk.approved(&world.rival, 1, "03-06", "03-08").await;
    let overdue =
        async || read::overdue_of(world.app.db().read(), world.asker.unit, world.app.clock().today()).await;
    assert_eq!(overdue().await.unwrap(), 0);
    world.days(3);
    assert_eq!(overdue().await.unwrap(), 1);
    for told in [1, 0] {
        assert_eq!(days::tell_overdue(&world.app, 100).await.unwrap().changed, told);
    }
    world.days(1);
    assert_eq!(days::tell_overdue(&world.app, 100).await.unwrap().changed, 1);
    let events = event::Entity::find()
        .filter(event::Column::Kind.eq("loan.overdue"))
        .filter(event::Column::SubjectKind.eq(Subject::Loan))
        .filter(event::Column::SubjectId.eq(loan));
    assert_eq!(events.count(world.app.db().read()).await.unwrap(), 2);
    assert_eq!(
        codes(desk.ask(&world.rival, 1, "09-01", "09-02").await),
        [(Code::LoanTaken, "quantity".into())]
    );
    // Promised before, and not there.
    assert_eq!(codes(desk.hand_over(next).await), [(Code::NotBackYet, String::new())]);
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    assert_eq!(codes(desk.hand_over(next).await), [(Code::NotBackYet, String::new())]);
    desk.inspect(loan, 1, 0, 0).await.unwrap();
    desk.hand_over(next).await.unwrap();
    assert_eq!(overdue().await.unwrap(), 0);
    world.assert_verified().await;
}

#[tokio::test]
async fn damaged_pieces_leave_the_offer_and_lost_ones_the_books() {
    let desk = Desk::open(4).await;
    let world = &desk.world;
    let loan = desk.lent(&world.asker, 3, "03-02", "03-04").await;
    let sure = desk.approved(&world.rival, 1, "04-01", "04-05").await;
    let late = desk.approved(&world.rival, 3, "04-01", "04-05").await;
    let card = listing::Entity::find_by_id(desk.listing).one(world.app.db().read()).await.unwrap().unwrap();
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    let unsaid = inspect::Input { loan_id: loan, good: 1, damaged: 1, lost: 0, note: None, cost: None };
    let unsaid = inspect::inspect(&world.app, &world.giver.clerk, None, &unsaid).await;
    assert_eq!(codes(unsaid), [(Code::Required, "note".into())]);
    assert_eq!(codes(desk.inspect(loan, 2, 1, 1).await), [(Code::OutOfRange, "good".into())]);
    desk.inspect(loan, 1, 1, 1).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.state, row.damage_cost), (LoanState::Lost, Money(12_000)));
    assert_eq!(world.stock(desk.listing).await, [2, 0, 0, 0, 0, 1, 1]);
    let rest = world.card(card.asset_id).await;
    assert_eq!((rest.quantity, rest.value, rest.state), (3, Some(Money(3 * 450_000)), AssetState::Active));
    // Two pieces are left, four were promised: the last promise ends.
    assert_eq!(desk.state(sure).await, LoanState::Approved);
    let row = desk.loan(late).await;
    assert_eq!((row.state, row.reason), (LoanState::GiverFailed, Some(LoanReason::PiecesGone)));
    let found = read::inspections_of(world.app.db().read(), &[loan]).await.unwrap().remove(&loan).unwrap();
    assert_eq!((found[0].good, found[0].damaged, found[0].lost), (1, 1, 1));
    world.assert_verified().await;
}

#[tokio::test]
async fn what_came_broken_goes_back_at_once_and_the_office_may_deem() {
    let desk = Desk::open(5).await;
    let world = &desk.world;
    let loan = desk.approved(&world.asker, 2, "03-02", "03-20").await;
    desk.hand_over(loan).await.unwrap();
    let input = receive::Input { loan_id: loan, received: Some(1), note: None, deemed: false };
    let unsaid = receive::receive(&world.app, &world.asker.clerk, None, &input).await;
    assert_eq!(codes(unsaid), [(Code::Required, "note".into())]);
    desk.receive(&world.asker.clerk, loan, Some(1)).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.state, row.lent, row.returned), (LoanState::OnLoan, 1, 1));
    let other = desk.approved(&world.asker, 1, "03-02", "03-20").await;
    desk.hand_over(other).await.unwrap();
    let input =
        receive::Input { loan_id: other, received: None, note: Some("送达记录".into()), deemed: true };
    let office = &world.office;
    let early = receive::receive(&world.app, office, None, &input).await;
    assert_eq!(codes(early), [(Code::TooEarly, "deemed".into())]);
    let clerk = receive::receive(&world.app, &world.asker.clerk, None, &input).await;
    assert_eq!(codes(clerk), [(Code::NotAllowed, String::new())]);
    world.days(15);
    receive::receive(&world.app, office, None, &input).await.unwrap();
    assert_eq!(desk.state(other).await, LoanState::OnLoan);
    // Nothing came in order: nothing was used.
    let third = desk.approved(&world.asker, 1, "03-17", "03-20").await;
    desk.hand_over(third).await.unwrap();
    desk.receive(&world.asker.clerk, third, Some(0)).await.unwrap();
    assert_eq!(desk.state(third).await, LoanState::Returned);
    desk.inspect(third, 1, 0, 0).await.unwrap();
    assert_eq!(desk.rows(third).await, []);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_shelf_is_emptied_and_filled_by_who_keeps_it() {
    let world = World::new().await;
    let offer = Offer { purpose: Purpose::Loan, custody: Custody::Physical, ..Offer::of(2) };
    let listing = world.list(offer).await;
    let desk = Desk { world, listing };
    let world = &desk.world;
    // The office grants what lies on its shelves.
    let loan = desk.approved(&world.asker, 1, "03-02", "03-04").await;
    assert_eq!(codes(desk.hand_over(loan).await), [(Code::NotAllowed, String::new())]);
    let input = hand_over::Input { loan_id: loan, condition: None };
    hand_over::hand_over(&world.app, &world.staff, None, &input).await.unwrap();
    desk.receive(&world.asker.clerk, loan, None).await.unwrap();
    desk.back(&world.staff, loan, None, None).await.unwrap();
    assert_eq!(codes(desk.inspect(loan, 1, 0, 0).await), [(Code::NotAllowed, String::new())]);
    let found = inspect::Input { loan_id: loan, good: 1, damaged: 0, lost: 0, note: None, cost: None };
    inspect::inspect(&world.app, &world.staff, None, &found).await.unwrap();
    assert_eq!(desk.state(loan).await, LoanState::Inspected);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_holder_takes_back_what_is_lent_to_nobody() {
    let desk = Desk::open(6).await;
    let world = &desk.world;
    let loan = desk.lent(&world.asker, 2, "03-02", "03-10").await;
    let sure = desk.approved(&world.rival, 3, "03-20", "03-25").await;
    let asked = desk.ask(&world.rival, 2, "03-20", "03-25").await.unwrap();
    assert_eq!(codes(desk.withdraw(Some(4)).await), [(Code::NotEnough, "quantity".into())]);
    // Three are promised on the fullest day; who only asked has to go.
    desk.withdraw(Some(2)).await.unwrap();
    let row = desk.loan(asked).await;
    assert_eq!((row.state, row.reason), (LoanState::GiverFailed, Some(LoanReason::PiecesGone)));
    let asked = desk.ask(&world.rival, 1, "03-20", "03-25").await.unwrap();
    desk.withdraw(None).await.unwrap();
    let row = desk.loan(asked).await;
    assert_eq!((row.state, row.reason), (LoanState::GiverFailed, Some(LoanReason::ListingWithdrawn)));
    assert_eq!(world.stock(desk.listing).await, [3, 0, 0, 0, 0, 3, 0]);
    assert_eq!(
        codes(desk.ask(&world.asker, 1, "05-01", "05-02").await),
        [(Code::NotOpen, "listingId".into())]
    );
    // What is out comes back, and is the holder's as far as nobody was promised it.
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    desk.inspect(loan, 2, 0, 0).await.unwrap();
    assert_eq!(world.stock(desk.listing).await, [3, 0, 0, 0, 0, 3, 0]);
    let input = cancel::Input { loan_id: sure, comment: None };
    cancel::cancel(&world.app, &world.rival.clerk, None, &input).await.unwrap();
    assert_eq!(world.stock(desk.listing).await, [0, 0, 0, 0, 0, 6, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn months_are_entered_one_by_one_and_the_return_closes() {
    let desk = Desk::open(10).await;
    let world = &desk.world;
    desk.rate(500, "2026-01-01").await;
    desk.rate(600, "2026-04-16").await;
    let loan = desk.lent(&world.asker, 4, "03-02", "06-30").await;
    assert_eq!(desk.accrue().await, 0);
    // On 2 May, March and April are over: a month an entry, and one where another rate came in force.
    world.days(61);
    assert_eq!(desk.accrue().await, 1);
    assert_eq!(desk.accrue().await, 0);
    let so_far = [
        row("03-02", "03-31", 4, 30 * 4 * 500),
        row("04-01", "04-15", 4, 15 * 4 * 500),
        row("04-16", "04-30", 4, 15 * 4 * 600),
    ];
    assert_eq!(desk.entries(loan).await, so_far);
    desk.back(&world.asker.clerk, loan, Some(1), None).await.unwrap();
    world.days(8);
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    let mut all = so_far.to_vec();
    all.push(row("05-01", "05-02", 4, 2 * 4 * 600));
    all.push(row("05-03", "05-10", 3, 8 * 3 * 600));
    assert_eq!(desk.entries(loan).await, all);
    let entry = desk.rows(loan).await.pop().unwrap();
    let explained = explain::explain(&entry, Locale::En).unwrap();
    assert!(explained.agrees && explained.hash_agrees && explained.formula.starts_with("Loan:"));
    let input = |name| explained.inputs.iter().find(|row| row.name == name).map(|row| row.value.clone());
    assert_eq!(input("days"), Some("8".into()));
    assert_eq!(input("rate.fenPerDay"), Some("600".into()));
    assert_eq!(input("rate.revision"), Some("2".into()));
    world.assert_verified().await;
}

#[tokio::test]
async fn a_return_that_was_noted_late_takes_back_what_was_entered_too_much() {
    let desk = Desk::open(2).await;
    let world = &desk.world;
    desk.rate(1_000, "2026-01-01").await;
    let loan = desk.lent(&world.asker, 2, "03-02", "06-30").await;
    world.days(70);
    desk.accrue().await;
    // It is 11 May; one piece came back on 20 March.
    let early = desk.back(&world.asker.clerk, loan, Some(1), Some("03-01")).await;
    assert_eq!(codes(early), [(Code::LoanDayWrong, "on".into())]);
    desk.back(&world.asker.clerk, loan, Some(1), Some("03-20")).await.unwrap();
    assert_eq!(desk.loan(loan).await.accrued_to, Some(day("03-20")));
    desk.accrue().await;
    let expected = [
        row("03-02", "03-31", 2, 60_000),
        row("04-01", "04-30", 2, 60_000),
        row("03-02", "03-31", -2, -60_000),
        row("04-01", "04-30", -2, -60_000),
        row("03-02", "03-20", 2, 38_000),
        row("03-21", "03-31", 1, 11_000),
        row("04-01", "04-30", 1, 30_000),
    ];
    assert_eq!(desk.entries(loan).await, expected);
    let contras = desk.rows(loan).await.into_iter().filter(|row| row.entry == SavingKind::Contra);
    assert!(contras.clone().all(|row| row.civil_day == day("05-11")) && contras.count() == 2);
    world.assert_verified().await;
}

#[tokio::test]
async fn loans_never_save_more_than_a_new_thing_costs_nor_what_was_not_agreed() {
    let desk = Desk::open(1).await;
    let world = &desk.world;
    // A day of rent is half the price: the third day is beyond it.
    desk.rate(200_000, "2026-01-01").await;
    let loan = desk.lent(&world.asker, 1, "03-02", "03-03").await;
    world.days(9);
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    desk.inspect(loan, 1, 0, 0).await.unwrap();
    assert_eq!(desk.entries(loan).await, [row("03-02", "03-03", 1, 400_000)]);
    let second = desk.lent(&world.rival, 1, "03-11", "03-13").await;
    desk.back(&world.rival.clerk, second, None, None).await.unwrap();
    desk.inspect(second, 1, 0, 0).await.unwrap();
    assert_eq!(desk.entries(second).await, [row("03-11", "03-11", 1, 100_000)]);
    let third = desk.lent(&world.asker, 1, "03-11", "03-13").await;
    desk.back(&world.asker.clerk, third, None, None).await.unwrap();
    assert_eq!(desk.entries(third).await, [row("03-11", "03-11", 1, 0)]);
    let entry = desk.rows(third).await.pop().unwrap();
    assert_eq!(explain::explain(&entry, Locale::Zh).unwrap().zero_reason, Some(ZeroReason::CapReached));
    world.assert_verified().await;
}

#[tokio::test]
async fn without_a_rate_and_of_confiscated_goods_nothing_counts() {
    let desk = Desk::open(1).await;
    let world = &desk.world;
    let loan = desk.lent(&world.asker, 1, "03-02", "03-03").await;
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    let entry = desk.rows(loan).await.pop().unwrap();
    assert_eq!(explain::explain(&entry, Locale::Zh).unwrap().zero_reason, Some(ZeroReason::NoRate));
    let source = AssetSource::Confiscated;
    let listing = world.list(Offer { purpose: Purpose::Loan, source, ..Offer::of(1) }).await;
    let desk = Desk { listing, ..desk };
    let world = &desk.world;
    desk.rate(100, "2026-01-01").await;
    let loan = desk.lent(&world.asker, 1, "03-02", "03-03").await;
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    let entry = desk.rows(loan).await.pop().unwrap();
    assert_eq!(explain::explain(&entry, Locale::Zh).unwrap().zero_reason, Some(ZeroReason::Confiscated));
    world.assert_verified().await;
}

#[tokio::test]
async fn who_keeps_what_was_lent_gets_it_by_the_usual_way() {
    let desk = Desk::open(5).await;
    let world = &desk.world;
    desk.rate(100, "2026-01-01").await;
    let loan = desk.lent(&world.asker, 3, "03-02", "03-20").await;
    let other = desk.approved(&world.rival, 3, "03-25", "03-28").await;
    let taken = desk.keep(&world.asker.clerk, loan, None).await;
    assert_eq!(codes(taken), [(Code::LoanTaken, "quantity".into())]);
    let line = desk.keep(&world.asker.clerk, loan, Some(2)).await.unwrap();
    assert_eq!((line.state, line.loan_id), (LineState::Submitted, Some(loan)));
    assert_eq!(world.stock(desk.listing).await, [3, 2, 0, 0, 0, 0, 0]);
    let row = desk.loan(loan).await;
    assert_eq!((row.state, row.lent, row.converting), (LoanState::OnLoan, 1, 2));
    world.assert_verified().await;
    world.days(3);
    world.approve(&world.asker, line.id).await;
    let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    world.receive(&world.asker.clerk, transfer, 2, 0, 0).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.lent, row.converting, row.converted), (1, 0, 2));
    // The last day as a loan is that of the receipt; the transfer saves what a transfer saves.
    assert_eq!(desk.entries(loan).await, [row_of_first_days()]);
    let of_transfer = saving_entry::Entity::find()
        .filter(saving_entry::Column::TransferId.eq(transfer))
        .filter(saving_entry::Column::Method.eq(SavingMethod::OriginalValue))
        .one(world.app.db().read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (of_transfer.amount, of_transfer.mode, of_transfer.repeat),
        (Money(900_000), Purpose::Transfer, false)
    );
    assert_eq!(world.stock(desk.listing).await, [3, 0, 0, 0, 2, 0, 0]);
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    desk.inspect(loan, 1, 0, 0).await.unwrap();
    assert_eq!(desk.state(loan).await, LoanState::Converted);
    assert_eq!(desk.state(other).await, LoanState::Approved);
    world.assert_verified().await;
}

fn row_of_first_days() -> (String, String, i64, i64) {
    row("03-02", "03-05", 3, 4 * 3 * 100)
}

#[tokio::test]
async fn what_is_not_kept_after_all_stays_lent() {
    let desk = Desk::open(2).await;
    let world = &desk.world;
    let loan = desk.lent(&world.asker, 2, "03-02", "03-20").await;
    let line = desk.keep(&world.asker.clerk, loan, None).await.unwrap();
    assert_eq!(
        codes(desk.back(&world.asker.clerk, loan, None, None).await),
        [(Code::OutOfRange, "quantity".into())]
    );
    world.decide(&world.asker.head, line.id, Verdict::Reject, None).await.unwrap();
    let row = desk.loan(loan).await;
    assert_eq!((row.state, row.lent, row.converting), (LoanState::OnLoan, 2, 0));
    assert_eq!(world.stock(desk.listing).await, [2, 0, 0, 0, 0, 0, 0]);
    // The offer ends while pieces are being kept; the giver then breaks the promise: they are lent still.
    let line = desk.keep(&world.asker.clerk, loan, Some(1)).await.unwrap();
    world.approve(&world.asker, line.id).await;
    desk.withdraw(None).await.unwrap();
    assert_eq!(world.stock(desk.listing).await, [1, 0, 1, 0, 0, 0, 0]);
    let row = listing::Entity::find_by_id(desk.listing).one(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!(row.state, ListingState::Withdrawn);
    let input = crate::requests::fail::Input { line_id: line.id, reason: "需自用".into() };
    crate::requests::fail::fail(&world.app, &world.giver.head, None, &input).await.unwrap();
    assert_eq!(world.stock(desk.listing).await, [2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(desk.loan(loan).await.lent, 2);
    desk.back(&world.asker.clerk, loan, None, None).await.unwrap();
    desk.inspect(loan, 2, 0, 0).await.unwrap();
    assert_eq!(world.stock(desk.listing).await, [0, 0, 0, 0, 0, 2, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_rate_is_never_changed_behind_the_ledger() {
    let desk = Desk::open(1).await;
    let world = &desk.world;
    desk.rate(100, "2026-01-01").await;
    let form = |from: &str| rates::RateForm {
        region_id: None,
        category_id: world.category,
        fen_per_day: Money(0),
        source: " ".into(),
        valid_from: from.parse().unwrap(),
    };
    let told = codes(rates::set_rental_rate(&world.app, &world.office, None, &form("2026-02-01")).await);
    let expected =
        [(Code::Required, "source"), (Code::OutOfRange, "fenPerDay"), (Code::InThePast, "validFrom")];
    assert_eq!(told, expected.map(|(code, field)| (code, field.to_owned())));
    let clerk = rates::set_rental_rate(&world.app, &world.giver.clerk, None, &form("2027-01-01")).await;
    assert_eq!(codes(clerk), [(Code::NotAllowed, String::new())]);
    // A row that the trail does not know of.
    let id = world.app.ids().next(world.app.clock().now() + TimeDelta::seconds(1));
    let row = rental_rate::Model {
        id,
        region_id: Some(world.city),
        category_id: world.category,
        fen_per_day: Money(1),
        source: String::new(),
        revision: 1,
        valid_from: day("01-01"),
        valid_to: None,
    };
    let written = row.clone();
    row.into_active_model().reset_all().insert(world.app.db().writer()).await.unwrap();
    let (faults, _) = rates::verify(&world.app, world.app.db().read()).await.unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
    note(&world.app, Subject::RentalRate, id, "rentalRate.set", rates::record(&written)).await;
    world.assert_verified().await;
}
