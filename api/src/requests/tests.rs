use chrono::TimeDelta;
use entity::listings::{FreezeCause, FreezeScope};
use entity::organisation::{UnitState, unit};
use entity::requests::{LineReason, LineState, request};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::expire::{Expired, expire_holds};
use super::world::{Offer, World, codes};
use super::{cancel, draft, read, resubmit, submit};
use crate::approvals::rules::Verdict;
use crate::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use crate::fault::Code;

fn cancelled(line: uuid::Uuid) -> cancel::Input {
    cancel::Input { line_id: line, comment: None }
}

#[tokio::test]
async fn the_last_piece_goes_to_one_and_the_others_keep_their_place() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let first = world.ask_one(&world.asker, listing, 1).await;
    let second = world.ask_one(&world.rival, listing, 1).await;
    let third = world.ask_one(&world.asker, listing, 1).await;
    assert_eq!(first.state, LineState::Submitted);
    assert!(first.hold_expires_at.is_some());
    assert_eq!((second.state, second.reason), (LineState::Queued, Some(LineReason::HeldByOthers)));
    assert_eq!(world.stock(listing).await, [0, 1, 0, 0, 0, 0, 0]);
    let places = read::queue_places(world.app.db().read(), &[second.clone(), third.clone()]).await.unwrap();
    assert_eq!((places[&second.id], places[&third.id]), (1, 2));

    cancel::cancel(&world.app, &world.asker.clerk, None, &cancelled(first.id)).await.unwrap();
    assert_eq!(world.state(second.id).await, LineState::Submitted);
    assert!(world.pending(second.id).await.is_some());
    assert!(world.pending(first.id).await.is_none());
    let places = read::queue_places(world.app.db().read(), &[world.line(third.id).await]).await.unwrap();
    assert_eq!(places[&third.id], 1);
    world.assert_verified().await;
}

#[tokio::test]
async fn nobody_overtakes_who_waits_for_more() {
    let world = World::new().await;
    let listing = world.list(Offer::of(4)).await;
    let first = world.ask_one(&world.asker, listing, 3).await;
    let large = world.ask_one(&world.rival, listing, 2).await;
    // One piece is free, but the one before waits for two.
    let small = world.ask_one(&world.asker, listing, 1).await;
    assert_eq!((large.state, small.state), (LineState::Queued, LineState::Queued));
    assert_eq!(world.stock(listing).await, [1, 3, 0, 0, 0, 0, 0]);
    cancel::cancel(&world.app, &world.asker.clerk, None, &cancelled(first.id)).await.unwrap();
    assert_eq!(world.state(large.id).await, LineState::Submitted);
    assert_eq!(world.state(small.id).await, LineState::Submitted);
    assert_eq!(world.stock(listing).await, [1, 3, 0, 0, 0, 0, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn who_can_no_longer_be_served_is_told_at_once() {
    let world = World::new().await;
    let listing = world.list(Offer::of(3)).await;
    let first = world.ask_one(&world.asker, listing, 2).await;
    let all = world.ask_one(&world.rival, listing, 3).await;
    let one = world.ask_one(&world.rival, listing, 1).await;
    world.approve(&world.asker, first.id).await;
    let transfer = world.release(&world.giver.clerk, first.id, None).await.unwrap();
    assert_eq!(world.state(all.id).await, LineState::Queued);
    world.receive(&world.asker.clerk, transfer, 2, 0, 0).await.unwrap();
    let told = world.line(all.id).await;
    assert_eq!((told.state, told.reason), (LineState::Outranked, Some(LineReason::AlreadyDelivered)));
    // And does not stand in the way of who can.
    assert_eq!(world.state(one.id).await, LineState::Submitted);
    world.assert_verified().await;
}

#[tokio::test]
async fn approvals_pass_from_side_to_side_and_reserve_at_the_end() {
    let world = World::new().await;
    let listing = world.list(Offer::of(5)).await;
    let line = world.ask_one(&world.asker, listing, 4).await;
    assert_eq!(codes(world.decide(&world.rival.head, line.id, Verdict::Approve, None).await).len(), 1);
    // The head cuts to three: one piece is free again.
    world.decide(&world.asker.head, line.id, Verdict::Approve, Some(3)).await.unwrap();
    let cut = world.line(line.id).await;
    assert_eq!((cut.quantity_asked, cut.quantity, cut.hold_expires_at), (4, 3, None));
    assert_eq!(world.stock(listing).await, [2, 3, 0, 0, 0, 0, 0]);
    world.decide(&world.giver.head, line.id, Verdict::Approve, None).await.unwrap();
    world.decide(&world.office, line.id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Reserved);
    assert_eq!(world.stock(listing).await, [2, 0, 3, 0, 0, 0, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_giver_who_does_not_confirm_fails_and_an_approver_who_refuses_rejects() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let one = world.ask_one(&world.asker, listing, 1).await;
    world.decide(&world.asker.head, one.id, Verdict::Approve, None).await.unwrap();
    world.decide(&world.giver.head, one.id, Verdict::Reject, None).await.unwrap();
    assert_eq!(world.state(one.id).await, LineState::GiverFailed);
    let other = world.ask_one(&world.asker, listing, 1).await;
    world.decide(&world.asker.head, other.id, Verdict::Reject, None).await.unwrap();
    let other = world.line(other.id).await;
    assert_eq!((other.state, other.comment.as_deref()), (LineState::Rejected, Some("意见")));
    assert_eq!(world.stock(listing).await, [2, 0, 0, 0, 0, 0, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_returned_line_keeps_its_hold_and_is_sent_again() {
    let world = World::new().await;
    let listing = world.list(Offer::of(3)).await;
    let line = world.ask_one(&world.asker, listing, 3).await;
    let waiting = world.ask_one(&world.rival, listing, 1).await;
    world.decide(&world.asker.head, line.id, Verdict::Return, None).await.unwrap();
    let returned = world.line(line.id).await;
    assert_eq!((returned.state, returned.hold_expires_at.is_some()), (LineState::Returned, true));
    assert_eq!(world.stock(listing).await, [0, 3, 0, 0, 0, 0, 0]);
    let again = |quantity| resubmit::Input { line_id: line.id, quantity, comment: Some("已改".into()) };
    let more = resubmit::resubmit(&world.app, &world.asker.clerk, None, &again(Some(4))).await;
    assert_eq!(codes(more), [(Code::OutOfRange, "quantity".to_owned())]);
    resubmit::resubmit(&world.app, &world.asker.clerk, None, &again(Some(2))).await.unwrap();
    assert_eq!(world.state(waiting.id).await, LineState::Submitted);
    world.approve(&world.asker, line.id).await;
    assert_eq!(world.state(line.id).await, LineState::Reserved);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_forgotten_hold_lapses_and_the_next_moves_up() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let first = world.ask_one(&world.asker, listing, 1).await;
    let second = world.ask_one(&world.rival, listing, 1).await;
    world.days(9);
    assert_eq!(expire_holds(&world.app, 10).await.unwrap(), Expired::default());
    world.days(1);
    assert_eq!(expire_holds(&world.app, 10).await.unwrap(), Expired { looked_at: 1, lapsed: 1 });
    let lapsed = world.line(first.id).await;
    assert_eq!((lapsed.state, lapsed.reason), (LineState::Expired, Some(LineReason::HoldLapsed)));
    assert!(world.pending(first.id).await.is_none());
    assert_eq!(world.state(second.id).await, LineState::Submitted);
    // Again: nothing more is due.
    assert_eq!(expire_holds(&world.app, 10).await.unwrap(), Expired::default());
    // The giver's side may take its time.
    world.decide(&world.rival.head, second.id, Verdict::Approve, None).await.unwrap();
    world.days(100);
    assert_eq!(expire_holds(&world.app, 10).await.unwrap(), Expired::default());
    world.assert_verified().await;
}

#[tokio::test]
async fn frozen_time_does_not_count_against_a_hold() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let line = world.ask_one(&world.asker, listing, 1).await;
    let due = line.hold_expires_at.unwrap();
    let put = Freeze {
        scope: FreezeScope::Listing,
        scope_id: listing,
        cause: FreezeCause::Dispute,
        note: "争议".into(),
    };
    world.days(2);
    let first = freeze(&world.app, &world.office, None, &put).await.unwrap();
    world.days(3);
    let second = freeze(&world.app, &world.office, None, &put).await.unwrap();
    world.days(6);
    // Day 11: past its day, and frozen.
    assert_eq!(expire_holds(&world.app, 10).await.unwrap(), Expired { looked_at: 1, lapsed: 0 });
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: first.id }).await.unwrap();
    world.days(1);
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: second.id }).await.unwrap();
    // Frozen from day 2 to day 12, two freezes over each other.
    assert_eq!(world.line(line.id).await.hold_expires_at, Some(due + TimeDelta::days(10)));
    world.days(7);
    assert_eq!(expire_holds(&world.app, 10).await.unwrap().lapsed, 0);
    world.days(1);
    assert_eq!(expire_holds(&world.app, 10).await.unwrap().lapsed, 1);
    world.assert_verified().await;
}

#[tokio::test]
async fn what_is_frozen_is_not_taken_but_waited_for() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let put = Freeze {
        scope: FreezeScope::Unit,
        scope_id: world.giver.unit,
        cause: FreezeCause::Stocktake,
        note: String::new(),
    };
    let frozen = freeze(&world.app, &world.office, None, &put).await.unwrap();
    let line = world.ask_one(&world.asker, listing, 1).await;
    assert_eq!((line.state, line.reason), (LineState::Queued, Some(LineReason::Frozen)));
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: frozen.id }).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Submitted);
    world.assert_verified().await;
}

#[tokio::test]
async fn every_fault_of_a_submission_is_told_at_once() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let secret = world.list(Offer { directed_to: Some(world.rival.unit), ..Offer::of(1) }).await;
    let refused = world.ask(&world.asker, &[(listing, 0), (listing, 1)]).await;
    let expected = [
        (Code::OutOfRange, "lines.0.quantity".to_owned()),
        (Code::Duplicate, "lines.1.listingId".to_owned()),
    ];
    assert_eq!(codes(refused), expected);
    let refused = world.ask(&world.asker, &[(listing, 3)]).await;
    assert_eq!(codes(refused), [(Code::NotEnough, "lines.0.quantity".to_owned())]);
    // A directed listing is not there for others.
    let refused = world.ask(&world.asker, &[(secret, 1)]).await;
    assert_eq!(codes(refused), [(Code::NotFound, "lines.0.listingId".to_owned())]);
    assert_eq!(world.ask_one(&world.rival, secret, 1).await.state, LineState::Submitted);
    let own = world.ask(&world.giver, &[(listing, 1)]).await;
    assert_eq!(codes(own), [(Code::OwnHolding, "lines.0.listingId".to_owned())]);
    assert_eq!(world.stock(listing).await, [2, 0, 0, 0, 0, 0, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_unit_that_is_closing_asks_for_nothing() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    unit::Entity::update_many()
        .col_expr(unit::Column::State, Expr::value(UnitState::Closing))
        .filter(unit::Column::Id.eq(world.asker.unit))
        .exec(world.app.db().writer())
        .await
        .unwrap();
    world.app.load_reference().await.unwrap();
    let refused = world.ask(&world.asker, &[(listing, 1)]).await;
    assert_eq!(codes(refused), [(Code::UnitNotActive, "unitId".to_owned())]);
}

#[tokio::test]
async fn a_draft_is_changed_only_as_it_was_seen_and_by_who_may() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let blank = draft::Draft {
        unit_id: world.asker.unit,
        justification: String::new(),
        needed_by: None,
        need: None,
        lines: Vec::new(),
    };
    let stranger = draft::draft(&world.app, &world.rival.clerk, None, &blank).await;
    assert_eq!(codes(stranger), [(Code::NotAllowed, String::new())]);
    let request_id = draft::draft(&world.app, &world.asker.clerk, None, &blank).await.unwrap().request_id;
    let change = draft::Update {
        request_id,
        version: 1,
        justification: Some("需要".into()),
        needed_by: None,
        need: None,
        lines: Some(vec![draft::LineInput { listing_id: listing, quantity: 1 }]),
    };
    // Drafts are nobody else's business, also not the giver's.
    for other in [&world.rival.clerk, &world.giver.clerk] {
        let outcome = draft::update(&world.app, other, None, &change).await;
        assert_eq!(codes(outcome), [(Code::NotFound, String::new())]);
        assert!(read::find(world.app.db().read(), other, request_id).await.unwrap().is_none());
    }
    draft::update(&world.app, &world.asker.clerk, None, &change).await.unwrap();
    let again = draft::update(&world.app, &world.asker.clerk, None, &change).await;
    assert_eq!(codes(again), [(Code::Stale, String::new())]);
    let input = submit::Input { request_id, version: Some(2), over_cap_reason: None };
    submit::submit(&world.app, &world.asker.clerk, Some("once"), &input).await.unwrap();
    // The same key gives the same answer, another one hears that it was done.
    submit::submit(&world.app, &world.asker.clerk, Some("once"), &input).await.unwrap();
    let twice = submit::submit(&world.app, &world.asker.clerk, Some("twice"), &input).await;
    assert_eq!(codes(twice), [(Code::WrongState, String::new())]);
    let row = request::Entity::find_by_id(request_id).one(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!(row.number.as_deref(), Some("DJ-2026-000001"));
    // Now the giver sees it, and only the giver.
    assert!(read::find(world.app.db().read(), &world.giver.clerk, request_id).await.unwrap().is_some());
    assert!(read::find(world.app.db().read(), &world.rival.clerk, request_id).await.unwrap().is_none());
    world.assert_verified().await;
}

#[tokio::test]
async fn a_hundred_askers_of_the_last_piece() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let world = std::sync::Arc::new(world);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let world = world.clone();
        tasks.spawn(async move { world.ask_one(&world.asker, listing, 1).await });
    }
    let lines = tasks.join_all().await;
    assert_eq!(lines.iter().filter(|line| line.state == LineState::Submitted).count(), 1);
    let mut places: Vec<_> = lines.iter().filter_map(|line| line.queue_place).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 99);
    world.assert_verified().await;
}
