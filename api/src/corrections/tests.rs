//! Corrections under promises: asked again, answered, forgotten, worth more; and what a purge leaves of them.

use entity::Money;
use entity::approvals::{ApprovalSubject, SeatLevel, Side, approval_rule, approval_rule_set};
use entity::assets::Condition;
use entity::corrections::correction;
use entity::identity::Role;
use entity::listings::FreezeScope;
use entity::requests::{LineReason, LineState, request_line};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use super::correct::{self, Input};
use super::read;
use crate::approvals::rules::Verdict;
use crate::assets::card::CardPatch;
use crate::assets::changes::Change;
use crate::assets::update::{Update, update_asset};
use crate::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::requests::confirm::{self, confirm};
use crate::requests::world::{Offer, World, codes};

fn worse() -> CardPatch {
    CardPatch { condition: Some(Some(Condition::Poor)), ..CardPatch::default() }
}

async fn card_of(world: &World, listing: Uuid) -> entity::assets::asset::Model {
    let offer = entity::listings::listing::Entity::find_by_id(listing).one(world.app.db().read()).await;
    world.card(offer.unwrap().unwrap().asset_id).await
}

async fn put_right(world: &World, who: &Actor, listing: Uuid, card: CardPatch) -> Result<Uuid, Fault> {
    let before = card_of(world, listing).await;
    let input = Input { asset_id: before.id, version: before.version, card, reason: "外壳开裂".into() };
    Ok(correct::correct(&world.app, who, None, &input).await?.asset_id)
}

async fn answer(world: &World, who: &Actor, line: &request_line::Model, accept: bool) -> Result<(), Fault> {
    let input = confirm::Input { line_id: line.id, version: line.version, accept, comment: None };
    confirm(&world.app, who, None, &input).await.map(drop)
}

#[tokio::test]
async fn a_promise_is_kept_only_after_its_asker_has_confirmed() {
    let world = World::new().await;
    let listing = world.list(Offer::of(3)).await;
    let line = world.ask_one(&world.asker, listing, 2).await;
    world.approve(&world.asker, line.id).await;
    let waiting = world.ask_one(&world.rival, listing, 3).await;
    assert_eq!(waiting.state, LineState::Queued);

    // What others count on is not changed silently, and not by strangers.
    let before = card_of(&world, listing).await;
    let silent = Update { id: before.id, version: before.version, card: worse() };
    let clerk = &world.giver.clerk;
    assert_eq!(
        codes(update_asset(&world.app, clerk, None, &silent).await),
        [(Code::OfferedField, "condition".into())]
    );
    let brand = CardPatch { brand: Some("方正".into()), ..CardPatch::default() };
    let silent = Update { card: brand, ..silent };
    assert_eq!(
        codes(update_asset(&world.app, clerk, None, &silent).await),
        [(Code::OfferedField, "brand".into())]
    );
    assert_eq!(
        codes(put_right(&world, &world.asker.clerk, listing, worse()).await),
        [(Code::NotAllowed, String::new())]
    );
    let fewer = CardPatch { quantity: Some(2), ..CardPatch::default() };
    assert_eq!(
        codes(put_right(&world, clerk, listing, fewer).await),
        [(Code::PiecesClaimed, "quantity".into())]
    );
    assert_eq!(
        codes(put_right(&world, clerk, listing, CardPatch::default()).await),
        [(Code::NothingChanged, String::new())]
    );

    let asset = put_right(&world, clerk, listing, worse()).await.unwrap();
    let page = crate::graphql::connection::Page::read(None, None).unwrap();
    let seen = read::page(&world.app, &world.asker.clerk, asset, &page).await.unwrap();
    let changes: Vec<Change> = serde_json::from_value(seen[0].changes.clone()).unwrap();
    let told = Change { field: "condition".into(), before: Some("GOOD".into()), after: Some("POOR".into()) };
    assert_eq!((changes, seen[0].material), (vec![told], true));
    let (line, waiting) = (world.line(line.id).await, world.line(waiting.id).await);
    assert_eq!(line.correction_id, Some(seen[0].id));
    assert_eq!(waiting.correction_id, Some(seen[0].id));
    assert_eq!(codes(world.release(clerk, line.id, None).await), [(Code::ConfirmFirst, "lineId".into())]);
    // A later correction is another question.
    put_right(&world, clerk, listing, CardPatch { place: Some("地下室".into()), ..CardPatch::default() })
        .await
        .unwrap();
    assert_eq!(
        codes(answer(&world, &world.asker.clerk, &line, true).await),
        [(Code::Stale, "version".into())]
    );
    let line = world.line(line.id).await;
    assert_eq!(
        codes(answer(&world, &world.rival.clerk, &line, true).await),
        [(Code::NotFound, String::new())]
    );
    answer(&world, &world.asker.clerk, &line, true).await.unwrap();
    let line = world.line(line.id).await;
    assert_eq!(
        codes(answer(&world, &world.asker.clerk, &line, true).await),
        [(Code::WrongState, String::new())]
    );
    world.release(clerk, line.id, None).await.unwrap();
    // What does not concern anybody asks nobody.
    let waiting = world.line(waiting.id).await;
    let words = CardPatch { description: Some("附电源线".into()), ..CardPatch::default() };
    put_right(&world, clerk, listing, words).await.unwrap();
    assert_eq!(world.line(waiting.id).await, waiting);
    world.assert_verified().await;
}

#[tokio::test]
async fn who_declines_or_forgets_makes_room_for_the_next() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let held = world.ask_one(&world.asker, listing, 2).await;
    let waiting = world.ask_one(&world.rival, listing, 2).await;
    put_right(&world, &world.giver.clerk, listing, worse()).await.unwrap();
    let held = world.line(held.id).await;
    answer(&world, &world.asker.head, &held, false).await.unwrap();
    let held = world.line(held.id).await;
    assert_eq!((held.state, held.reason), (LineState::Cancelled, Some(LineReason::CorrectionDeclined)));
    // The next holds the pieces now, and is asked still.
    let next = world.line(waiting.id).await;
    assert_eq!((next.state, next.correction_id.is_some()), (LineState::Submitted, true));
    world.approve(&world.rival, next.id).await;

    // 2026-03-02 is a Monday: five working days are over with the next Monday. Two of them it is frozen.
    let order = Freeze {
        scope: FreezeScope::Listing,
        scope_id: listing,
        cause: entity::listings::FreezeCause::Stocktake,
        note: String::new(),
    };
    let stop = freeze(&world.app, &world.office, None, &order).await.unwrap();
    world.days(2);
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: stop.id }).await.unwrap();
    world.days(5);
    assert_eq!(confirm::lapse(&world.app, 10).await.unwrap().looked_at, 0, "the term has its last day still");
    world.days(1);
    let early = confirm::lapse(&world.app, 10).await.unwrap();
    assert_eq!((early.looked_at, early.lapsed), (1, 0), "frozen time does not count");
    world.days(2);
    assert_eq!(confirm::lapse(&world.app, 10).await.unwrap().lapsed, 1);
    let next = world.line(next.id).await;
    assert_eq!((next.state, next.reason), (LineState::Expired, Some(LineReason::CorrectionUnanswered)));
    assert_eq!(world.stock(listing).await, [2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(confirm::lapse(&world.app, 10).await.unwrap().looked_at, 0);
    world.assert_verified().await;
}

/// Finance is asked for everything from ¥10,000 a piece on.
async fn tier(world: &World) {
    let db = world.app.db();
    let set = approval_rule_set::Entity::find().one(db.read()).await.unwrap().unwrap();
    let rule = approval_rule::Model {
        id: world.app.ids().next(world.app.clock().now()),
        rule_set_id: set.id,
        position: 90,
        name: "财政部门审批".into(),
        subject: ApprovalSubject::RequestLine,
        stage: 4,
        side: Side::Office,
        level: SeatLevel::Unit,
        role: Role::Finance,
        due_days: None,
        conditions: serde_json::json!({ "itemFrom": 1_000_000 }),
    };
    rule.into_active_model().reset_all().insert(db.writer()).await.unwrap();
}

#[tokio::test]
async fn what_is_worth_more_is_decided_again_also_where_it_was_promised() {
    let world = World::new().await;
    tier(&world).await;
    let listing = world.list(Offer::of(2)).await;
    let promised = world.ask_one(&world.asker, listing, 1).await;
    world.approve(&world.asker, promised.id).await;
    let open = world.ask_one(&world.rival, listing, 1).await;
    assert_eq!(world.stock(listing).await, [0, 1, 1, 0, 0, 0, 0]);
    let dearer = CardPatch { value: Some(Some(Money(3_000_000))), ..CardPatch::default() };
    put_right(&world, &world.giver.clerk, listing, dearer).await.unwrap();
    let promised = world.line(promised.id).await;
    assert_eq!(promised.state, LineState::Submitted, "it is promised no more");
    assert_eq!(world.stock(listing).await, [0, 2, 0, 0, 0, 0, 0]);
    let step = world.pending(promised.id).await.unwrap();
    assert_eq!(step.role, Role::Finance);
    assert_eq!(
        world.pending(open.id).await.unwrap().role,
        Role::Head,
        "its finance step waits for its stage"
    );
    answer(&world, &world.asker.clerk, &promised, true).await.unwrap();
    world.decide(&world.finance, promised.id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.state(promised.id).await, LineState::Reserved);
    world.release(&world.giver.clerk, promised.id, None).await.unwrap();
    for approver in [&world.rival.head, &world.giver.head, &world.office] {
        world.decide(approver, open.id, Verdict::Approve, None).await.unwrap();
    }
    assert_eq!(world.state(open.id).await, LineState::Submitted, "finance has not decided");
    world.decide(&world.finance, open.id, Verdict::Reject, None).await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn what_is_worth_less_keeps_its_approvals() {
    let world = World::new().await;
    tier(&world).await;
    let listing = world.list(Offer::of(1)).await;
    let line = world.ask_one(&world.asker, listing, 1).await;
    world.approve(&world.asker, line.id).await;
    let cheaper = CardPatch { value: Some(Some(Money(100))), ..CardPatch::default() };
    put_right(&world, &world.giver.clerk, listing, cheaper).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Reserved);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_purge_leaves_of_a_correction_that_there_was_one() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let asset = put_right(&world, &world.giver.clerk, listing, worse()).await.unwrap();
    world.assert_verified().await;
    let purge = crate::decisions::purge::PurgeAsset { id: asset };
    crate::decisions::purge::purge_asset(&world.app, &Actor::system(), None, &purge).await.unwrap();
    let left = correction::Entity::find().one(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!((left.reason.as_str(), left.changes), ("", serde_json::json!([])));
    world.assert_verified().await;
}
