//! The queue of a listing moves whenever it can, and whoever waits in vain is told why.

use entity::identity::Role;
use entity::listings::{FreezeCause, FreezeScope, ListingState, listing};
use entity::requests::{LineReason, LineState, request, request_line};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::cancel;
use super::draft::{Draft, LineInput, Update, draft};
use super::read::{self, Filter};
use super::steps::{give_up_holds, on_withdrawn};
use super::submit;
use super::world::{Offer, World, codes};
use crate::approvals::rules::Verdict;
use crate::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use crate::fault::Code;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::write::Command;

fn cancelled(line: Uuid) -> cancel::Input {
    cancel::Input { line_id: line, comment: None }
}

#[tokio::test]
async fn who_leaves_the_head_of_the_queue_lets_the_next_move_up() {
    let world = World::new().await;
    let listing = world.list(Offer::of(4)).await;
    world.ask_one(&world.asker, listing, 3).await;
    let large = world.ask_one(&world.rival, listing, 2).await;
    let small = world.ask_one(&world.asker, listing, 1).await;
    cancel::cancel(&world.app, &world.rival.clerk, None, &cancelled(large.id)).await.unwrap();
    assert_eq!(world.state(small.id).await, LineState::Submitted);
    world.assert_verified().await;
}

#[tokio::test]
async fn who_waits_for_a_withdrawn_listing_is_told_that_the_giver_took_it_back() {
    let world = World::new().await;
    let listing = world.list(Offer::of(3)).await;
    let first = world.ask_one(&world.asker, listing, 2).await;
    world.approve(&world.asker, first.id).await;
    let waiting = world.ask_one(&world.rival, listing, 2).await;
    // What is promised stays promised; nothing is offered any more.
    let command = Command::new("test", None, &());
    world
        .app
        .write(&Actor::system(), command, |tx| async move {
            listing::Entity::update_many()
                .col_expr(listing::Column::State, Expr::value(ListingState::Withdrawn))
                .filter(listing::Column::Id.eq(listing))
                .exec(tx.conn())
                .await?;
            on_withdrawn(&tx, listing).await
        })
        .await
        .unwrap();
    let told = world.line(waiting.id).await;
    assert_eq!((told.state, told.reason), (LineState::GiverFailed, Some(LineReason::ListingWithdrawn)));
}

#[tokio::test]
async fn the_latest_hold_is_given_up_first_however_old_the_draft() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let old = Draft {
        unit_id: world.asker.unit,
        justification: "阅览室需要".into(),
        needed_by: None,
        need: None,
        lines: vec![LineInput { listing_id: listing, quantity: 1 }],
    };
    let old = draft(&world.app, &world.asker.clerk, None, &old).await.unwrap().request_id;
    let first = world.ask_one(&world.rival, listing, 1).await;
    world.days(1);
    let input = submit::Input { request_id: old, version: None, over_cap_reason: None };
    submit::submit(&world.app, &world.asker.clerk, None, &input).await.unwrap();
    let command = Command::new("test", None, &());
    let freed = world
        .app
        .write(&Actor::system(), command, |tx| async move { give_up_holds(&tx, listing, 1).await })
        .await
        .unwrap();
    assert_eq!(freed, 1);
    assert_eq!(world.state(first.id).await, LineState::Submitted);
}

#[tokio::test]
async fn after_a_thaw_those_who_still_wait_wait_for_others() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let put = Freeze {
        scope: FreezeScope::Listing,
        scope_id: listing,
        cause: FreezeCause::Dispute,
        note: "争议".into(),
    };
    let frozen = freeze(&world.app, &world.office, None, &put).await.unwrap();
    let first = world.ask_one(&world.asker, listing, 1).await;
    let second = world.ask_one(&world.rival, listing, 1).await;
    assert_eq!((first.reason, second.reason), (Some(LineReason::Frozen), Some(LineReason::Frozen)));
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: frozen.id }).await.unwrap();
    assert_eq!(world.state(first.id).await, LineState::Submitted);
    let second = world.line(second.id).await;
    assert_eq!((second.state, second.reason), (LineState::Queued, Some(LineReason::HeldByOthers)));
    world.assert_verified().await;
}

#[tokio::test]
async fn a_line_whose_pieces_were_all_lost_is_closed() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let line = world.ask_one(&world.asker, listing, 2).await;
    world.approve(&world.asker, line.id).await;
    let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    world.receive(&world.asker.clerk, transfer, 0, 0, 2).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Closed);
    world.assert_verified().await;
}

#[tokio::test]
async fn neither_who_wrote_a_request_nor_who_submitted_it_approves_it() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    // The head is clerk as well, submits what the clerk wrote, and would approve it.
    let head = world.also(&world.asker.head, Role::Clerk, world.asker.unit).await;
    let input = Draft {
        unit_id: world.asker.unit,
        justification: "阅览室需要".into(),
        needed_by: None,
        need: None,
        lines: vec![LineInput { listing_id: listing, quantity: 1 }],
    };
    let request_id = draft(&world.app, &world.asker.clerk, None, &input).await.unwrap().request_id;
    let input = submit::Input { request_id, version: None, over_cap_reason: None };
    submit::submit(&world.app, &head, None, &input).await.unwrap();
    let row = request::Entity::find_by_id(request_id).one(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!(row.submitted_by, head.account_id());
    let line = request_line::Entity::find()
        .filter(request_line::Column::RequestId.eq(request_id))
        .one(world.app.db().read())
        .await
        .unwrap()
        .unwrap();
    // The only head is the applicant: the office decides in its place.
    assert_eq!(world.pending(line.id).await.unwrap().unit_id, None);
    assert_eq!(codes(world.decide(&head, line.id, Verdict::Approve, None).await).len(), 1);

    // With a second head the seat stays, and still not for the applicant.
    let writer = world.also(&world.asker.clerk, Role::Head, world.asker.unit).await;
    world.also(&world.rival.head, Role::Head, world.asker.unit).await;
    let line = world.ask_one(&world.asker, listing, 1).await;
    assert_eq!(world.pending(line.id).await.unwrap().unit_id, Some(world.asker.unit));
    let own = world.decide(&writer, line.id, Verdict::Approve, None).await;
    assert_eq!(codes(own), [(Code::OwnCase, "decisions.0.stepId".to_owned())]);
    world.decide(&head, line.id, Verdict::Approve, None).await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn a_filter_over_lines_tells_nothing_of_lines_that_are_hidden() {
    let world = World::new().await;
    let own = world.list(Offer::of(2)).await;
    // What the rival received before, it offers now.
    let passed_on = world.list(Offer::of(2)).await;
    let moved = world.deliver(&world.rival, passed_on, 2).await;
    let card = world.card(world.transfer(moved).await.asset_id).await;
    let strange = world.offer(card, &world.rival, Offer::of(2)).await;
    world.ask(&world.asker, &[(own, 1), (strange, 1)]).await.unwrap();
    let page = Page { first: 10, after: None, look_on: true };
    let found = async |who: &Actor, listing| {
        let filter = Filter { listing_id: Some(listing), ..Filter::default() };
        read::page(world.app.db().read(), who, &filter, &page).await.unwrap().len()
    };
    assert_eq!(found(&world.giver.clerk, own).await, 1);
    assert_eq!(found(&world.giver.clerk, strange).await, 0);
    assert_eq!(found(&world.rival.clerk, strange).await, 1);
    assert_eq!(found(&world.asker.clerk, strange).await, 1);
}

#[test]
fn left_out_and_cleared_are_two_inputs() {
    let left_out = Update {
        request_id: Uuid::nil(),
        version: 1,
        justification: None,
        needed_by: None,
        need: None,
        lines: None,
    };
    let cleared = Update { needed_by: Some(None), ..left_out.clone() };
    assert_ne!(serde_json::to_value(left_out).unwrap(), serde_json::to_value(cleared).unwrap());
}
