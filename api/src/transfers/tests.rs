use entity::assets::{AssetState, asset_holding};
use entity::listings::Custody;
use entity::requests::LineState;
use entity::savings::saving_entry;
use entity::transfers::TransferState;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::rules::BookingSide;
use super::{book, read, receive, reverse};
use crate::fault::Code;
use crate::graphql::connection::Page;
use crate::requests::cancel;
use crate::requests::world::{Offer, World, codes};

fn booking(transfer_id: uuid::Uuid, side: BookingSide) -> book::Input {
    book::Input { transfer_id, side, number: format!("记-{side:?}") }
}

#[tokio::test]
async fn from_asking_to_both_books() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let line = world.ask_one(&world.asker, listing, 2).await;
    let early = world.release(&world.giver.clerk, line.id, None).await;
    assert_eq!(codes(early), [(Code::WrongState, String::new())]);
    world.approve(&world.asker, line.id).await;
    // Neither the asker nor the warehouse hands over what stays with its holder.
    for other in [&world.asker.clerk, &world.staff] {
        assert!(!codes(world.release(other, line.id, None).await).is_empty());
    }
    let id = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    let transfer = world.transfer(id).await;
    assert_eq!((transfer.number.as_str(), transfer.quantity), ("DB-2026-000001", 2));
    assert_eq!(transfer.approval_number.as_deref(), Some("武教资〔2026〕1号"));
    assert_eq!(world.stock(listing).await, [0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(
        codes(world.receive(&world.rival.clerk, id, 2, 0, 0).await),
        [(Code::NotFound, String::new())]
    );
    assert_eq!(
        codes(world.receive(&world.giver.clerk, id, 2, 0, 0).await),
        [(Code::NotAllowed, String::new())]
    );
    world.receive(&world.asker.clerk, id, 2, 0, 0).await.unwrap();
    let card = world.card(transfer.asset_id).await;
    assert_eq!((card.holder_id, card.place.as_str()), (world.asker.unit, "二楼"));
    assert!(card.number.unwrap().starts_with("R-"));
    let holdings = asset_holding::Entity::find()
        .filter(asset_holding::Column::AssetId.eq(card.id))
        .all(world.app.db().read())
        .await
        .unwrap();
    let mut known: Vec<_> = holdings.iter().map(|row| (row.transfer_id, row.to_at.is_some())).collect();
    known.sort_unstable();
    assert_eq!(known, [(None, true), (Some(id), false)]);

    // Each side books for itself.
    let wrong = book::book(&world.app, &world.asker.clerk, None, &booking(id, BookingSide::Giver)).await;
    assert_eq!(codes(wrong), [(Code::NotAllowed, String::new())]);
    book::book(&world.app, &world.giver.clerk, None, &booking(id, BookingSide::Giver)).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Received);
    let again = book::book(&world.app, &world.giver.clerk, None, &booking(id, BookingSide::Giver)).await;
    assert_eq!(codes(again), [(Code::AlreadyBooked, "number".to_owned())]);
    book::book(&world.app, &world.finance, None, &booking(id, BookingSide::Receiver)).await.unwrap();
    assert_eq!(world.transfer(id).await.state, TransferState::Closed);
    assert_eq!(world.state(line.id).await, LineState::Closed);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_partial_release_splits_the_card_to_the_fen() {
    let world = World::new().await;
    let listing = world.list(Offer { value: Some(100_000), ..Offer::of(3) }).await;
    let line = world.ask_one(&world.asker, listing, 3).await;
    world.approve(&world.asker, line.id).await;
    let one = world.release(&world.giver.clerk, line.id, Some(1)).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Releasing);
    let too_many = world.release(&world.giver.clerk, line.id, Some(3)).await;
    assert_eq!(codes(too_many), [(Code::OutOfRange, "quantity".to_owned())]);
    let rest = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::InTransit);
    let (one, rest) = (world.transfer(one).await, world.transfer(rest).await);
    let (child, parent) = (world.card(one.asset_id).await, world.card(rest.asset_id).await);
    assert_eq!(child.parent_id, Some(parent.id));
    assert_eq!((child.quantity, parent.quantity), (1, 2));
    assert_eq!(child.value.unwrap().0 + parent.value.unwrap().0, 100_000);
    world.receive(&world.asker.clerk, rest.id, 2, 0, 0).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::InTransit);
    // The listing's card has left: what comes back refused is its card now.
    world.receive(&world.asker.clerk, one.id, 0, 1, 0).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Short);
    assert_eq!(world.stock(listing).await, [1, 0, 0, 0, 2, 0, 0]);
    let again = world.deliver(&world.rival, listing, 1).await;
    assert_eq!(world.transfer(again).await.asset_id, child.id);
    let (filter, page) = (read::Filter::default(), Page { first: 5, after: None, look_on: true });
    let seen = read::page(world.app.db().read(), &world.rival.clerk, &filter, &page).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.id).collect::<Vec<_>>(), [again]);
    world.assert_verified().await;
}

#[tokio::test]
async fn received_refused_and_lost_pieces_part_ways() {
    let world = World::new().await;
    let listing = world.list(Offer::of(6)).await;
    let line = world.ask_one(&world.asker, listing, 5).await;
    let waiting = world.ask_one(&world.rival, listing, 2).await;
    world.approve(&world.asker, line.id).await;
    let id = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    let sum = world.receive(&world.asker.clerk, id, 2, 1, 1).await;
    assert_eq!(codes(sum), [(Code::SumMismatch, "received".to_owned())]);
    world.receive(&world.asker.clerk, id, 3, 1, 1).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Short);
    // One refused and one that was left: enough for who waited.
    assert_eq!(world.state(waiting.id).await, LineState::Submitted);
    assert_eq!(world.stock(listing).await, [0, 2, 0, 0, 3, 0, 1]);
    let transfer = world.transfer(id).await;
    let card = world.card(transfer.asset_id).await;
    assert_eq!((card.quantity, card.holder_id, card.value.unwrap().0), (3, world.asker.unit, 3 * 450_000));
    let offered = world.card(card.parent_id.unwrap()).await;
    assert_eq!(
        (offered.quantity, offered.holder_id, offered.value.unwrap().0),
        (2, world.giver.unit, 900_000)
    );
    let children = entity::assets::asset::Entity::find()
        .filter(entity::assets::asset::Column::ParentId.eq(card.id))
        .all(world.app.db().read())
        .await
        .unwrap();
    let mut states: Vec<_> = children.iter().map(|child| (child.state, child.quantity)).collect();
    states.sort_unstable();
    assert_eq!(states, [(AssetState::Merged, 1), (AssetState::Lost, 1)]);
    for side in [BookingSide::Giver, BookingSide::Receiver] {
        book::book(&world.app, &world.finance, None, &booking(id, side)).await.unwrap();
    }
    assert_eq!(world.state(line.id).await, LineState::Closed);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_refused_whole_card_stays_with_the_giver() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let line = world.ask_one(&world.asker, listing, 2).await;
    world.approve(&world.asker, line.id).await;
    let id = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    world.receive(&world.asker.clerk, id, 0, 2, 0).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Refused);
    let card = world.card(world.transfer(id).await.asset_id).await;
    assert_eq!((card.state, card.holder_id, card.quantity), (AssetState::Active, world.giver.unit, 2));
    assert_eq!(world.stock(listing).await, [2, 0, 0, 0, 0, 0, 0]);
    let entries = saving_entry::Entity::find().count(world.app.db().read()).await.unwrap();
    assert_eq!(entries, 0, "a refusal has no entry");
    world.deliver(&world.rival, listing, 2).await;
    world.assert_verified().await;
}

#[tokio::test]
async fn the_warehouse_hands_over_what_is_on_its_shelf() {
    let world = World::new().await;
    let listing = world.list(Offer { custody: Custody::Physical, ..Offer::of(1) }).await;
    let line = world.ask_one(&world.asker, listing, 1).await;
    world.approve(&world.asker, line.id).await;
    assert_eq!(
        codes(world.release(&world.giver.clerk, line.id, None).await),
        [(Code::NotAllowed, String::new())]
    );
    let id = world.release(&world.staff, line.id, None).await.unwrap();
    assert!(read::find(world.app.db().read(), &world.staff, id).await.unwrap().is_some());
    assert!(read::find(world.app.db().read(), &world.rival.clerk, id).await.unwrap().is_none());
    world.assert_verified().await;
}

#[tokio::test]
async fn the_office_deems_a_receipt_after_the_days_and_with_evidence() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let line = world.ask_one(&world.asker, listing, 1).await;
    world.approve(&world.asker, line.id).await;
    let transfer_id = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    let deemed = receive::Input {
        transfer_id,
        received: 1,
        refused: 0,
        lost: 0,
        asset_number: None,
        place: None,
        evidence: Some("签收单照片".into()),
        deemed: true,
        paper_number: Some("送达〔2026〕3号".into()),
    };
    let early = receive::receive(&world.app, &world.office, None, &deemed).await;
    assert_eq!(codes(early), [(Code::TooEarly, "transferId".to_owned())]);
    // The office does not receive for others otherwise.
    let plain = receive::Input { deemed: false, ..deemed.clone() };
    let plain = receive::receive(&world.app, &world.office, None, &plain).await;
    assert_eq!(codes(plain), [(Code::NotAllowed, String::new())]);
    // 2026-03-02 is a Monday: ten working days are over with the second Monday after it.
    world.days(14);
    assert!(!codes(receive::receive(&world.app, &world.office, None, &deemed).await).is_empty());
    world.days(1);
    let clerk = receive::receive(&world.app, &world.asker.clerk, None, &deemed).await;
    assert_eq!(codes(clerk), [(Code::NotAllowed, String::new())]);
    receive::receive(&world.app, &world.office, None, &deemed).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Received);
    let row = world.transfer(transfer_id).await;
    assert_eq!((row.deemed, row.paper_number.as_deref()), (true, Some("送达〔2026〕3号")));
    world.assert_verified().await;
    // The receiver says that nothing came: thing and savings are the giver's again.
    let objection =
        reverse::Input {
            transfer_id, reason: "从未收到".into(), asset_number: None, place: "一楼".into()
        };
    let giver = reverse::reverse(&world.app, &world.giver.clerk, None, &objection).await;
    assert_eq!(codes(giver), [(Code::NotAllowed, String::new())]);
    world.days(14);
    reverse::reverse(&world.app, &world.asker.head, None, &objection).await.unwrap();
    let row = world.transfer(transfer_id).await;
    assert_eq!((row.state, row.reversal_reason.as_deref()), (TransferState::Reversed, Some("从未收到")));
    assert_eq!(world.card(row.asset_id).await.holder_id, world.giver.unit);
    let entries = saving_entry::Entity::find().all(world.app.db().read()).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount.0).sum::<i64>(), 0);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_defect_takes_the_thing_and_the_savings_back() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let id = world.deliver(&world.asker, listing, 2).await;
    let defect = reverse::Input {
        transfer_id: id,
        reason: "主板损坏".into(),
        asset_number: Some("G-back".into()),
        place: "一楼".into(),
    };
    let clerk = reverse::reverse(&world.app, &world.giver.clerk, None, &defect).await;
    assert_eq!(codes(clerk), [(Code::NotAllowed, String::new())]);
    // What the receiver confirmed itself only the office takes back.
    let receiver = reverse::reverse(&world.app, &world.asker.clerk, None, &defect).await;
    assert_eq!(codes(receiver), [(Code::NotAllowed, String::new())]);
    reverse::reverse(&world.app, &world.office, None, &defect).await.unwrap();
    let transfer = world.transfer(id).await;
    assert_eq!(transfer.state, TransferState::Reversed);
    let card = world.card(transfer.asset_id).await;
    assert_eq!((card.holder_id, card.number.as_deref()), (world.giver.unit, Some("G-back")));
    assert_eq!(world.stock(listing).await, [0, 0, 0, 0, 0, 2, 0]);
    assert_eq!(world.state(transfer.line_id).await, LineState::Closed);
    let again = reverse::reverse(&world.app, &world.office, None, &defect).await;
    assert_eq!(codes(again), [(Code::WrongState, String::new())]);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_number_in_use_is_told_where_it_was_typed() {
    let world = World::new().await;
    let (one, two) = (world.list(Offer::of(1)).await, world.list(Offer::of(1)).await);
    let mut taken = None;
    for listing in [one, two] {
        let line = world.ask_one(&world.asker, listing, 1).await;
        world.approve(&world.asker, line.id).await;
        let transfer_id = world.release(&world.giver.clerk, line.id, None).await.unwrap();
        let receipt = receive::Input {
            transfer_id,
            received: 1,
            refused: 0,
            lost: 0,
            asset_number: Some("ZC-1".into()),
            place: Some("二楼".into()),
            evidence: None,
            deemed: false,
            paper_number: None,
        };
        taken = Some(receive::receive(&world.app, &world.asker.clerk, None, &receipt).await);
    }
    assert_eq!(codes(taken.unwrap()), [(Code::Duplicate, "assetNumber".to_owned())]);
    world.assert_verified().await;
}

#[tokio::test]
async fn the_rest_of_a_line_is_cancelled_while_a_part_is_under_way() {
    let world = World::new().await;
    let listing = world.list(Offer::of(4)).await;
    let line = world.ask_one(&world.asker, listing, 4).await;
    world.approve(&world.asker, line.id).await;
    let id = world.release(&world.giver.clerk, line.id, Some(1)).await.unwrap();
    let input = cancel::Input { line_id: line.id, comment: Some("够用".into()) };
    cancel::cancel(&world.app, &world.asker.clerk, None, &input).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::InTransit);
    world.receive(&world.asker.clerk, id, 1, 0, 0).await.unwrap();
    assert_eq!(world.state(line.id).await, LineState::Received);
    assert_eq!(world.stock(listing).await, [3, 0, 0, 0, 1, 0, 0]);
    world.assert_verified().await;
}
