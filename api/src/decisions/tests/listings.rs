//! Offers: what a submission is told, who sees what, inspection and withdrawal.

use entity::assets::AssetState;
use entity::identity::{Role, Scope};
use entity::listings::{Custody, ListingState, Purpose};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::world::{World, told};
use crate::approvals::rules::Verdict;
use crate::assets::card::CardPatch;
use crate::assets::details::{Details, RealEstate};
use crate::decisions::withdraw::{Withdraw, withdraw_listing};
use crate::fault::{Code, Fault};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::listings::inspect::{self, Inspect, inspect_listing};
use crate::listings::read::{self, Filter};
use crate::listings::row::{Counters, Wants};
use crate::listings::terms::TermsPatch;
use crate::listings::update::{Update, update_listing};
use crate::write::Command;

#[tokio::test]
async fn a_submission_is_told_everything_at_once() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let asset = world.enter(&clerk, CardPatch::default()).await.unwrap();
    let physical =
        TermsPatch { custody: Some(Custody::Physical), quantity: Some(2), ..TermsPatch::default() };
    let listing = world.offer(&clerk, asset, physical).await.unwrap();
    let mut fields: Vec<_> =
        told(world.submit(&clerk, listing).await).into_iter().map(|(_, field)| field).collect();
    fields.sort();
    assert_eq!(fields, ["categoryId", "condition", "name", "place", "quantity", "value", "warehouseId"]);
    assert_eq!(world.listing(listing).await.state, ListingState::Draft);
}

#[tokio::test]
async fn terms_that_can_never_be_are_refused_in_draft() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let room = CardPatch {
        category_id: Some(Some(world.rooms)),
        details: Some(Details::RealEstate(RealEstate::default())),
        ..world.card(1, 100)
    };
    let room = world.enter(&clerk, room).await.unwrap();
    let terms = TermsPatch {
        quantity: Some(0),
        custody: Some(Custody::Physical),
        purpose: Some(Purpose::Loan),
        directed_to: Some(Some(world.giver)),
        warehouse_id: Some(Some(Uuid::nil())),
        ..TermsPatch::default()
    };
    let expected = [
        (Code::OutOfRange, "quantity".to_owned()),
        (Code::VirtualOnly, "custody".to_owned()),
        (Code::NotFound, "warehouseId".to_owned()),
        (Code::OwnHolding, "directedToId".to_owned()),
    ];
    assert_eq!(told(world.offer(&clerk, room, terms).await), expected);
    let stranger = world.at(Role::Clerk, world.other).await;
    let outcome = world.offer(&stranger, room, TermsPatch::default()).await;
    assert_eq!(told(outcome), [(Code::NotFound, "assetId".into())]);
}

#[tokio::test]
async fn one_card_is_not_offered_twice() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let asset = world.enter(&clerk, world.card(10, 1_000)).await.unwrap();
    let some = |n| TermsPatch { quantity: Some(n), ..TermsPatch::default() };
    let first = world.offer(&clerk, asset, some(6)).await.unwrap();
    let second = world.offer(&clerk, asset, some(5)).await.unwrap();
    world.submit(&clerk, first).await.unwrap();
    assert_eq!(told(world.submit(&clerk, second).await), [(Code::NotEnough, "quantity".into())]);
    let update = Update { id: second, version: 1, terms: some(4) };
    update_listing(&world.app, &clerk, None, &update).await.unwrap();
    world.submit(&clerk, second).await.unwrap();
}

async fn seen(world: &World, actor: &Actor) -> Vec<Uuid> {
    let page = Page { first: 20, after: None, look_on: true };
    let rows = read::list(&world.app, actor, &Filter::default(), &page, Wants::ALL).await.unwrap();
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn who_sees_which_listing() {
    let world = World::new().await;
    let (_, open) = world.listed(1, TermsPatch::default()).await;
    world.later();
    let directed = TermsPatch { directed_to: Some(Some(world.bureau)), ..TermsPatch::default() };
    let (_, directed) = world.listed(1, directed).await;
    world.later();
    let (hidden_asset, hidden) = world.listed(1, TermsPatch::default()).await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let restrict = crate::assets::update::Update {
        id: hidden_asset,
        version: world.asset(hidden_asset).await.version,
        card: CardPatch { restricted: Some(true), ..CardPatch::default() },
    };
    crate::assets::update::update_asset(&world.app, &clerk, None, &restrict).await.unwrap();
    let draft = world.enter(&clerk, world.card(1, 1)).await.unwrap();
    let draft = world.offer(&clerk, draft, TermsPatch::default()).await.unwrap();

    let everything = [hidden, directed, open];
    let people = [
        (world.at(Role::Clerk, world.giver).await, &everything[..], true),
        (world.at(Role::Clerk, world.other).await, &[open], false),
        (world.at(Role::Head, world.bureau).await, &[directed, open], false),
        (world.person(Role::Supervisor, Scope::Subtree, Some(world.bureau)).await, &everything, true),
        (world.office().await, &everything, true),
        (world.person(Role::Auditor, Scope::City, None).await, &everything, true),
        (world.person(Role::Administrator, Scope::City, None).await, &[open], false),
        (world.person(Role::Staff, Scope::Warehouse, Some(world.warehouse)).await, &[open], false),
    ];
    for (person, expected, drafts) in people {
        let role = person.grants()[0].role;
        assert_eq!(seen(&world, &person).await, expected, "{role}");
        let all = [open, directed, hidden, draft];
        let found = read::find_all(&world.app, &person, &all, Wants::ALL).await.unwrap();
        assert_eq!(found.len(), expected.len() + usize::from(drafts), "{role}");
        let card = crate::assets::read::find(&world.app, &person, hidden_asset).await.unwrap();
        assert_eq!(card.is_some(), drafts, "{role}");
    }
    assert!(seen(&world, &Actor::system()).await.len() == 3);
}

#[tokio::test]
async fn pages_go_on_where_they_ended_and_filters_narrow() {
    let world = World::new().await;
    let mut listed = Vec::new();
    for _ in 0..5 {
        world.later();
        listed.push(world.listed(1, TermsPatch::default()).await.1);
    }
    listed.reverse();
    let reader = world.at(Role::Clerk, world.other).await;
    let filter = Filter { categories: vec![world.desks], available_only: true, ..Filter::default() };
    let wants = Wants { standing: true, stock: Counters::None, words: false, card: None };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = Page { first: 2, after, look_on: true };
        let mut rows = read::list(&world.app, &reader, &filter, &page, wants).await.unwrap();
        let more = rows.len() > 2;
        rows.truncate(2);
        after = rows.last().map(|row| read::key(&filter, row));
        found.extend(rows.iter().map(|row| row.id));
        if !more {
            break;
        }
    }
    assert_eq!(found, listed);
    let none = Filter { categories: vec![world.computers], ..Filter::default() };
    let page = Page { first: 2, after: None, look_on: true };
    assert!(read::list(&world.app, &reader, &none, &page, wants).await.unwrap().is_empty());
    let hydrated =
        read::hydrate(&world.app, &reader, &[listed[3], Uuid::nil(), listed[0]], wants).await.unwrap();
    assert_eq!(hydrated.iter().map(|row| row.id).collect::<Vec<_>>(), [listed[3], listed[0]]);
}

#[tokio::test]
async fn staff_accepts_in_part_or_not_at_all() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let head = world.at(Role::Head, world.giver).await;
    let office = world.office().await;
    let staff = world.person(Role::Staff, Scope::Warehouse, Some(world.warehouse)).await;
    let physical = || TermsPatch {
        custody: Some(Custody::Physical),
        warehouse_id: Some(Some(world.warehouse)),
        ..TermsPatch::default()
    };
    let card = CardPatch { category_id: Some(Some(world.laptops)), ..world.card(5, 100) };
    let asset = world.enter(&clerk, card).await.unwrap();
    let listing = world.offer(&clerk, asset, physical()).await.unwrap();
    world.submit(&clerk, listing).await.unwrap();
    world.decide(&head, Verdict::Approve).await.unwrap();
    world.decide(&office, Verdict::Approve).await.unwrap();
    assert_eq!(world.listing(listing).await.state, ListingState::AwaitingInspection);
    let version = world.listing(listing).await.version;
    let look = |verdict, accepted, place_id, note: Option<&str>| Inspect {
        id: listing,
        version,
        verdict,
        accepted,
        place_id,
        note: note.map(str::to_owned),
    };
    let wrong = look(inspect::Verdict::Accept, Some(6), Some(world.strange_bin), None);
    let outcome = inspect_listing(&world.app, &staff, None, &wrong).await;
    assert_eq!(told(outcome), [(Code::OutOfRange, "accepted".into()), (Code::NotFound, "placeId".into())]);
    let bare = look(inspect::Verdict::Accept, Some(3), Some(world.bin), Some("两件损坏"));
    let outcome = inspect_listing(&world.app, &staff, None, &bare).await;
    assert_eq!(
        told(outcome),
        [(Code::PhotoRequired, "photos".into()), (Code::ErasureRequired, "erasureRecord".into())]
    );
    world.photo(asset, &clerk).await;
    let erased = crate::assets::update::Update {
        id: asset,
        version: world.asset(asset).await.version,
        card: CardPatch { erasure_record: Some(Some("已消磁 2026-03".into())), ..CardPatch::default() },
    };
    crate::assets::update::update_asset(&world.app, &clerk, None, &erased).await.unwrap();
    inspect_listing(&world.app, &staff, None, &bare).await.unwrap();
    let stock = world.stock(listing).await;
    assert_eq!((stock.available, stock.withdrawn, stock.offered), (3, 2, 5));
    // The two that go home are no part of what lies in the bin.
    let cards = entity::assets::asset::Entity::find().all(world.app.db().read()).await.unwrap();
    let mut lying: Vec<_> = cards.iter().map(|card| (card.quantity, card.bin_id)).collect();
    lying.sort_unstable();
    assert_eq!(lying, [(2, None), (3, Some(world.bin))]);
    assert_eq!(world.asset(asset).await.quantity, 3);
    let outcome = inspect_listing(&world.app, &staff, None, &bare).await;
    assert_eq!(told(outcome), [(Code::Stale, "version".into())]);
    let outcome = inspect_listing(&world.app, &clerk, None, &bare).await;
    assert_eq!(told(outcome), [(Code::NotAllowed, String::new())]);
}

#[tokio::test]
async fn a_holder_takes_back_some_or_all() {
    let world = World::new().await;
    let (_, id) = world.listed(5, TermsPatch::default()).await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let take = |version, quantity| Withdraw { id, version, quantity, reason: None };
    let version = world.listing(id).await.version;
    let outcome = withdraw_listing(&world.app, &clerk, None, &take(version, Some(6))).await;
    assert_eq!(told(outcome), [(Code::NotEnough, "quantity".into())]);
    withdraw_listing(&world.app, &clerk, None, &take(version, Some(2))).await.unwrap();
    assert_eq!(world.listing(id).await.state, ListingState::Listed);
    withdraw_listing(&world.app, &clerk, None, &take(version + 1, None)).await.unwrap();
    let stock = world.stock(id).await;
    assert_eq!(
        (world.listing(id).await.state, stock.available, stock.withdrawn),
        (ListingState::Withdrawn, 0, 5)
    );
    assert!(seen(&world, &world.at(Role::Clerk, world.other).await).await.is_empty());
}

#[tokio::test]
async fn a_refused_card_finds_its_way_back() {
    let world = World::new().await;
    let (asset, listing) = world.listed(3, TermsPatch::default()).await;
    let other = world.other;
    let children = world
        .app
        .write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
            use crate::assets::steps::{load_for_update, move_to, split};
            use crate::listings::steps::{load, take_back};
            let row = load(&tx, listing).await?.unwrap();
            let card = load_for_update(&tx, asset).await?;
            let (rest, first) = split(&tx, card, 1).await?;
            let (rest, second) = split(&tx, rest, 1).await?;
            // The first joins the listing's card, which is at hand.
            take_back(&tx, &row, first.clone()).await?;
            let base = load_for_update(&tx, asset).await?;
            assert_eq!(
                (base.quantity, base.value),
                (2, Some(entity::Money(1_000 - second.value.unwrap().0)))
            );
            // The card itself leaves; the second becomes the listing's.
            let _ = rest;
            move_to(&tx, base, other, None, "", tx.id()).await?;
            take_back(&tx, &row, second.clone()).await?;
            assert_eq!(load(&tx, listing).await?.unwrap().asset_id, second.id);
            Ok::<_, Fault>((first.id, second.id))
        })
        .await
        .unwrap();
    assert_eq!(world.asset(children.0).await.state, AssetState::Merged);
    assert_eq!(world.asset(children.1).await.state, AssetState::Active);
}
