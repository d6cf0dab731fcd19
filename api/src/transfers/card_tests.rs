//! What others count on stays as it is, and what is another unit's by now is left to it.

use entity::Money;
use entity::listings::{Custody, ListingState, listing};
use entity::requests::{LineReason, LineState};
use entity::transfers::TransferState;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::reverse;
use crate::assets;
use crate::assets::card::CardPatch;
use crate::assets::update::{Update, update_asset};
use crate::decisions::withdraw::{Withdraw, withdraw_listing};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings::read as listings;
use crate::listings::row::Wants;
use crate::requests::fail;
use crate::requests::world::{Offer, World, codes};

async fn listing(world: &World, id: Uuid) -> listing::Model {
    listing::Entity::find_by_id(id).one(world.app.db().read()).await.unwrap().unwrap()
}

async fn update(world: &World, who: &Actor, id: Uuid, card: CardPatch) -> Result<(), Fault> {
    let version = world.card(id).await.version;
    update_asset(&world.app, who, None, &Update { id, version, card }).await.map(drop)
}

async fn withdraw(world: &World, who: &Actor, id: Uuid) -> Result<(), Fault> {
    let version = listing(world, id).await.version;
    let whole = Withdraw { id, version, quantity: None, reason: None };
    withdraw_listing(&world.app, who, None, &whole).await.map(drop)
}

fn worth(value: i64) -> CardPatch {
    CardPatch { value: Some(Some(Money(value))), ..CardPatch::default() }
}

fn pieces(quantity: i64) -> CardPatch {
    CardPatch { quantity: Some(quantity), ..CardPatch::default() }
}

fn told(field: &str) -> Vec<(Code, String)> {
    vec![(Code::OfferedField, field.to_owned())]
}

#[tokio::test]
async fn a_card_on_its_way_is_not_rewritten() {
    let world = World::new().await;
    let offer = world.list(Offer::of(3)).await;
    let line = world.ask_one(&world.asker, offer, 3).await;
    world.approve(&world.asker, line.id).await;
    let transfer = world.release(&world.giver.clerk, line.id, Some(1)).await.unwrap();
    // No listing names the card that was split off, and a ledger entry is about to be made of it.
    let child = world.transfer(transfer).await.asset_id;
    let clerk = &world.giver.clerk;
    assert_eq!(codes(update(&world, clerk, child, worth(450_000_000)).await), told("value"));
    let nothing = CardPatch { category_id: Some(None), ..CardPatch::default() };
    assert_eq!(codes(update(&world, clerk, child, nothing).await), told("categoryId"));
    let slower = CardPatch { depreciation_months: Some(Some(1200)), ..CardPatch::default() };
    assert_eq!(codes(update(&world, clerk, child, slower).await), told("depreciationMonths"));
    world.receive(&world.asker.clerk, transfer, 1, 0, 0).await.unwrap();
    update(&world, &world.asker.clerk, child, worth(1)).await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn what_was_promised_before_a_withdrawal_is_not_rewritten() {
    let world = World::new().await;
    let offer = world.list(Offer::of(3)).await;
    let line = world.ask_one(&world.asker, offer, 2).await;
    world.approve(&world.asker, line.id).await;
    withdraw(&world, &world.giver.clerk, offer).await.unwrap();
    assert_eq!(listing(&world, offer).await.state, ListingState::Withdrawn);
    let card = listing(&world, offer).await.asset_id;
    assert_eq!(codes(update(&world, &world.giver.clerk, card, pieces(1)).await), told("quantity"));
    let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    // The two on their way may be refused, and join the rest again.
    assert_eq!(codes(update(&world, &world.giver.clerk, card, pieces(7)).await), told("quantity"));
    world.receive(&world.asker.clerk, transfer, 2, 0, 0).await.unwrap();
    update(&world, &world.giver.clerk, card, pieces(7)).await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn a_sold_out_listing_leaves_the_card_to_its_receiver_and_can_be_ended() {
    let world = World::new().await;
    let offer = world.list(Offer::of(2)).await;
    let transfer = world.deliver(&world.asker, offer, 2).await;
    let card = world.transfer(transfer).await.asset_id;
    let found = async |who: &Actor| {
        let listing = listings::find(&world.app, who, offer, Wants::ALL).await.unwrap().is_some();
        (listing, assets::read::find(&world.app, who, card).await.unwrap().is_some())
    };
    assert_eq!(found(&world.rival.clerk).await, (false, false), "it is nothing of theirs any more");
    assert_eq!(found(&world.asker.clerk).await, (true, true));
    assert_eq!(found(&world.giver.clerk).await, (true, true));
    update(&world, &world.asker.clerk, card, worth(100)).await.unwrap();
    let hidden = CardPatch { restricted: Some(true), ..CardPatch::default() };
    update(&world, &world.asker.clerk, card, hidden).await.unwrap();
    assert_eq!(found(&world.giver.clerk).await, (true, false), "hidden by who holds it now");

    withdraw(&world, &world.giver.clerk, offer).await.unwrap();
    assert_eq!(listing(&world, offer).await.state, ListingState::Withdrawn);
    assert_eq!(world.stock(offer).await, [0, 0, 0, 0, 2, 0, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_fully_promised_listing_can_be_ended_and_nobody_waits_for_it() {
    let world = World::new().await;
    let offer = world.list(Offer::of(1)).await;
    let line = world.ask_one(&world.asker, offer, 1).await;
    world.approve(&world.asker, line.id).await;
    let waiting = world.ask_one(&world.rival, offer, 1).await;
    withdraw(&world, &world.giver.clerk, offer).await.unwrap();
    assert_eq!(world.state(waiting.id).await, LineState::GiverFailed);
    let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    world.receive(&world.asker.clerk, transfer, 0, 1, 0).await.unwrap();
    assert_eq!(world.stock(offer).await, [0, 0, 0, 0, 0, 1, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_card_that_is_promised_on_is_not_taken_back() {
    let world = World::new().await;
    let offer = world.list(Offer::of(2)).await;
    let transfer = world.deliver(&world.asker, offer, 2).await;
    let card = world.card(world.transfer(transfer).await.asset_id).await;
    let onward = world.offer(card.clone(), &world.asker, Offer::of(2)).await;
    let line = world.ask_one(&world.rival, onward, 1).await;
    world.approve(&world.rival, line.id).await;
    withdraw(&world, &world.asker.clerk, onward).await.unwrap();
    let defect = reverse::Input {
        transfer_id: transfer,
        reason: "主板损坏".into(),
        asset_number: None,
        place: "一楼".into(),
    };
    let outcome = reverse::reverse(&world.app, &world.office, None, &defect).await;
    assert_eq!(codes(outcome), [(Code::WrongState, String::new())]);
    // Once the promise is off, an offer that is over stands in nobody's way.
    let broken = fail::Input { line_id: line.id, reason: "主板损坏".into() };
    fail::fail(&world.app, &world.asker.head, None, &broken).await.unwrap();
    reverse::reverse(&world.app, &world.office, None, &defect).await.unwrap();
    assert_eq!(world.transfer(transfer).await.state, TransferState::Reversed);
    world.assert_verified().await;
}

#[tokio::test]
async fn nobody_hands_over_a_card_that_is_another_units() {
    use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

    let world = World::new().await;
    let offer = world.list(Offer::of(1)).await;
    let line = world.ask_one(&world.asker, offer, 1).await;
    world.approve(&world.asker, line.id).await;
    let mut card = world.card(listing(&world, offer).await.asset_id).await.into_active_model();
    card.holder_id = Set(world.rival.unit);
    card.update(world.app.db().writer()).await.unwrap();
    let outcome = world.release(&world.giver.clerk, line.id, None).await;
    assert_eq!(codes(outcome), [(Code::WrongState, "lineId".to_owned())]);
    let (faults, _) = super::verify::verify(world.app.db().read()).await.unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("does not hold it"), "{faults:?}");
}

#[tokio::test]
async fn the_giver_takes_back_a_promise_that_it_cannot_keep() {
    let world = World::new().await;
    let offer = world.list(Offer::of(3)).await;
    let line = world.ask_one(&world.asker, offer, 3).await;
    world.approve(&world.asker, line.id).await;
    let waiting = world.ask_one(&world.rival, offer, 2).await;
    let transfer = world.release(&world.giver.clerk, line.id, Some(1)).await.unwrap();
    let broken = |reason: &str| fail::Input { line_id: line.id, reason: reason.into() };
    let fail = async |who: &Actor, reason| fail::fail(&world.app, who, None, &broken(reason)).await;
    for who in [&world.giver.clerk, &world.asker.head] {
        assert_eq!(codes(fail(who, "水淹").await), [(Code::NotAllowed, String::new())]);
    }
    assert_eq!(codes(fail(&world.giver.head, " ").await), [(Code::Required, "reason".to_owned())]);
    fail(&world.giver.head, "水淹").await.unwrap();
    // The piece under way goes its way; nobody is promised the broken two.
    assert_eq!(world.stock(offer).await, [0, 0, 0, 1, 0, 2, 0]);
    let after = world.line(line.id).await;
    assert_eq!((after.state, after.quantity), (LineState::InTransit, 1));
    assert_eq!(after.reason, Some(LineReason::Undeliverable));
    assert_eq!(world.state(waiting.id).await, LineState::GiverFailed);
    assert_eq!(codes(fail(&world.office, "水淹").await), [(Code::WrongState, String::new())]);
    world.receive(&world.asker.clerk, transfer, 1, 0, 0).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Received);

    let other = world.list(Offer::of(1)).await;
    let line = world.ask_one(&world.asker, other, 1).await;
    world.approve(&world.asker, line.id).await;
    let gone = fail::Input { line_id: line.id, reason: "找不到".into() };
    fail::fail(&world.app, &world.office, None, &gone).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::GiverFailed);
    assert_eq!(world.stock(other).await, [0, 0, 0, 0, 0, 1, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn the_warehouse_sees_the_card_that_leaves_it() {
    let world = World::new().await;
    let offer = world.list(Offer { custody: Custody::Physical, ..Offer::of(2) }).await;
    let line = world.ask_one(&world.asker, offer, 2).await;
    world.approve(&world.asker, line.id).await;
    let transfer = world.release(&world.staff, line.id, Some(1)).await.unwrap();
    let child = world.transfer(transfer).await.asset_id;
    for who in [&world.staff, &world.asker.clerk, &world.giver.clerk] {
        assert!(assets::read::find(&world.app, who, child).await.unwrap().is_some());
    }
    assert!(assets::read::find(&world.app, &world.rival.clerk, child).await.unwrap().is_none());
    world.assert_verified().await;
}

#[tokio::test]
async fn who_is_named_sees_what_is_hidden_from_others() {
    let world = World::new().await;
    let offer = world.list(Offer { directed_to: Some(world.asker.unit), ..Offer::of(1) }).await;
    let card = listing(&world, offer).await.asset_id;
    // As the card of a directed offer was from the beginning; the holder may hide it at any time.
    let hidden = CardPatch { restricted: Some(true), ..CardPatch::default() };
    update(&world, &world.giver.clerk, card, hidden).await.unwrap();
    for (who, sees) in [(&world.asker.clerk, true), (&world.rival.clerk, false)] {
        assert_eq!(listings::find(&world.app, who, offer, Wants::ALL).await.unwrap().is_some(), sees);
        assert_eq!(assets::read::find(&world.app, who, card).await.unwrap().is_some(), sees);
    }
    world.deliver(&world.asker, offer, 1).await;
    world.assert_verified().await;
}
