//! Cards: entry, correction, uniqueness, and their way over splits and transfers.

use entity::assets::{AssetState, ValueBasis, asset, asset_holding, duplicate_case};
use entity::catalogue::AssetKind;
use entity::identity::{Role, Scope};
use entity::{Money, audit::audit_entry, events::event, jobs::idempotency};
use sea_orm::{EntityTrait, PaginatorTrait};

use super::world::{World, told};
use crate::assets::card::CardPatch;
use crate::assets::details::{Details, Vehicle};
use crate::assets::draft::{Draft, draft_asset};
use crate::assets::update::{Update, update_asset};
use crate::assets::{read, steps};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings::terms::TermsPatch;
use crate::write::Command;

#[tokio::test]
async fn nothing_of_a_secret_thing_is_kept() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let card = CardPatch { name: Some("绝密机".into()), secret: Some(true), ..CardPatch::default() };
    let draft = Draft { holder_id: world.giver, kind: None, card };
    let outcome = draft_asset(&world.app, &clerk, Some("k1"), &draft).await;
    assert_eq!(told(outcome), [(Code::SecretRefused, "secret".into())]);
    let db = world.app.db().read();
    assert_eq!(asset::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(audit_entry::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(event::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(idempotency::Entity::find().count(db).await.unwrap(), 0);
}

#[tokio::test]
async fn a_card_may_be_incomplete_and_is_its_holders_alone() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let id = world.enter(&clerk, CardPatch::default()).await.unwrap();
    assert_eq!(world.asset(id).await.value_basis, ValueBasis::Original);
    let stranger = world.at(Role::Clerk, world.other).await;
    assert!(read::find(&world.app, &stranger, id).await.unwrap().is_none());
    assert!(read::find(&world.app, &clerk, id).await.unwrap().is_some());
    assert!(read::find(&world.app, &world.office().await, id).await.unwrap().is_some());
    let supervisor = world.person(Role::Supervisor, Scope::Subtree, Some(world.bureau)).await;
    assert!(read::find(&world.app, &supervisor, id).await.unwrap().is_some());
    assert_eq!(told(world.enter(&stranger, CardPatch::default()).await), [(Code::NotAllowed, String::new())]);
    let administrator = world.person(Role::Administrator, Scope::City, None).await;
    assert!(read::find(&world.app, &administrator, id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_number_is_unique_at_its_holder_while_the_card_is_active() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let numbered = || CardPatch { number: Some(Some("N-1".into())), ..CardPatch::default() };
    world.enter(&clerk, numbered()).await.unwrap();
    assert_eq!(told(world.enter(&clerk, numbered()).await), [(Code::Duplicate, "number".into())]);
    let stranger = world.at(Role::Clerk, world.other).await;
    world.enter_at(&stranger, world.other, numbered()).await.unwrap();
}

#[tokio::test]
async fn a_seen_twin_is_refused_and_an_unseen_one_goes_to_the_office() {
    let world = World::new().await;
    let twin = || CardPatch {
        brand: Some("联想".into()),
        serial: Some(Some("sn 001".into())),
        ..world.card(1, 100)
    };
    let clerk = world.at(Role::Clerk, world.giver).await;
    let first = world.enter(&clerk, CardPatch { restricted: Some(true), ..twin() }).await.unwrap();
    assert_eq!(told(world.enter(&clerk, twin()).await), [(Code::Duplicate, "serial".into())]);

    let stranger = world.at(Role::Clerk, world.other).await;
    let second = world.enter_at(&stranger, world.other, twin()).await.unwrap();
    let case = duplicate_case::Entity::find().one(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!((case.asset_id, case.other_id), (second, first));
    // What the stranger's trail says is the same with and without a twin.
    let plain = CardPatch { serial: Some(Some("sn 002".into())), ..twin() };
    let third = world.enter_at(&stranger, world.other, plain).await.unwrap();
    let trail = audit_entry::Entity::find().all(world.app.db().read()).await.unwrap();
    let of = |id| {
        trail
            .iter()
            .filter(|entry| entry.subject_id == id)
            .map(|entry| entry.action.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(second), of(third));
    // Placeholders are nobody's twins.
    for _ in 0..2 {
        let none = CardPatch { serial: Some(Some("0000".into())), ..twin() };
        world.enter(&clerk, none).await.unwrap();
    }
}

#[tokio::test]
async fn a_stale_change_is_refused_and_what_is_offered_stays() {
    let world = World::new().await;
    let (asset, _) = world.listed(2, TermsPatch::default()).await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let version = world.asset(asset).await.version;
    let change = |version, card| Update { id: asset, version, card };
    let quantity = CardPatch { quantity: Some(1), ..CardPatch::default() };
    let outcome = update_asset(&world.app, &clerk, None, &change(version, quantity)).await;
    assert_eq!(told(outcome), [(Code::OfferedField, "quantity".into())]);
    let words = CardPatch { description: Some("有划痕".into()), ..CardPatch::default() };
    update_asset(&world.app, &clerk, None, &change(version, words.clone())).await.unwrap();
    let outcome = update_asset(&world.app, &clerk, None, &change(version, words.clone())).await;
    assert_eq!(told(outcome), [(Code::Stale, "version".into())]);
    let stranger = world.at(Role::Clerk, world.other).await;
    let outcome = update_asset(&world.app, &stranger, None, &change(version + 1, words)).await;
    assert_eq!(told(outcome), [(Code::NotAllowed, String::new())], "listed, so seen, but not theirs");
}

#[tokio::test]
async fn a_card_keeps_its_identity_and_its_fen_over_splits_and_transfers() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let numbered = CardPatch { number: Some(Some("N-1".into())), ..world.card(3, 1_000) };
    let id = world.enter(&clerk, numbered).await.unwrap();
    let other = world.other;
    let command = || Command::new("test", None, &());
    let child = world
        .app
        .write(&Actor::system(), command(), |tx| async move {
            let card = steps::load_for_update(&tx, id).await?;
            let (rest, child) = steps::split(&tx, card, 1).await?;
            assert_eq!((rest.value, child.value), (Some(Money(667)), Some(Money(333))));
            assert_eq!((rest.number.as_deref(), child.number.as_deref()), (Some("N-1"), None));
            let (rest, second) = steps::split(&tx, rest, 1).await?;
            assert_eq!(rest.value.unwrap().0 + second.value.unwrap().0, 667);
            let rest = steps::merge_back(&tx, second, rest).await?;
            assert_eq!((rest.quantity, rest.value), (2, Some(Money(667))));
            let moved = steps::move_to(&tx, child, other, Some("T-9"), "馆内", tx.id()).await?;
            Ok::<_, Fault>(moved.id)
        })
        .await
        .unwrap();
    let moved = world.asset(child).await;
    assert_eq!(
        (moved.holder_id, moved.number.as_deref(), moved.place.as_str()),
        (other, Some("T-9"), "馆内")
    );
    assert_eq!(moved.parent_id, Some(id));
    let history = read::histories(&world.app, &[child]).await.unwrap().remove(&child).unwrap();
    assert_eq!(history.iter().map(|held| held.unit_id).collect::<Vec<_>>(), [other, world.giver]);
    assert!(history[0].to_at.is_none() && history[1].to_at.is_some());
    let states: Vec<_> = asset::Entity::find().all(world.app.db().read()).await.unwrap();
    assert_eq!(states.iter().filter(|card| card.state == AssetState::Merged).count(), 1);
    let open = asset_holding::Entity::find().all(world.app.db().read()).await.unwrap();
    assert_eq!(open.iter().filter(|held| held.to_at.is_none()).count(), 2, "rest and child");

    let again = world
        .app
        .write(&Actor::system(), command(), |tx| async move {
            let card = steps::load_for_update(&tx, id).await?;
            steps::move_to(&tx, card, other, Some("T-9"), "", tx.id()).await?;
            Ok::<_, Fault>(id)
        })
        .await;
    assert_eq!(told(again), [(Code::Duplicate, "number".into())]);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let twin = || CardPatch {
        number: Some(Some("N-1".into())),
        brand: Some("联想".into()),
        serial: Some(Some("SN-1".into())),
        ..CardPatch::default()
    };
    world.enter(&clerk, twin()).await.unwrap();
    let wrong = CardPatch { quantity: Some(0), ..twin() };
    let expected = [
        (Code::OutOfRange, "quantity".to_owned()),
        (Code::Duplicate, "number".to_owned()),
        (Code::Duplicate, "serial".to_owned()),
    ];
    assert_eq!(told(world.enter(&clerk, wrong.clone()).await), expected);
    let id = world.enter(&clerk, CardPatch::default()).await.unwrap();
    let change = Update { id, version: 1, card: wrong };
    assert_eq!(told(update_asset(&world.app, &clerk, None, &change).await), expected);
    let secret = Update { card: CardPatch { secret: Some(true), ..change.card }, ..change };
    let outcome = update_asset(&world.app, &clerk, None, &secret).await;
    assert_eq!(told(outcome), [(Code::SecretRefused, "secret".into())]);
}

#[tokio::test]
async fn an_incomplete_card_finds_its_kind_with_its_category() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let id =
        world.enter(&clerk, CardPatch { name: Some("轿车".into()), ..CardPatch::default() }).await.unwrap();
    assert_eq!(world.asset(id).await.kind, AssetKind::General);
    let change = async |card| {
        let version = world.asset(id).await.version;
        update_asset(&world.app, &clerk, None, &Update { id, version, card }).await
    };
    let categorised = |category| CardPatch { category_id: Some(Some(category)), ..CardPatch::default() };
    change(categorised(world.vehicles)).await.unwrap();
    assert_eq!(world.asset(id).await.kind, AssetKind::Vehicle);
    let fields = Vehicle { plate: Some("鄂A12345".into()), ..Vehicle::default() };
    let fields = CardPatch { details: Some(Details::Vehicle(fields)), ..CardPatch::default() };
    change(fields).await.unwrap();
    // What was written of a vehicle is not thrown away unasked.
    let outcome = change(categorised(world.rooms)).await;
    assert_eq!(told(outcome), [(Code::KindMismatch, "categoryId".into())]);

    let (listed, listing) = world.listed(1, TermsPatch::default()).await;
    let take = crate::decisions::withdraw::Withdraw {
        id: listing,
        version: world.listing(listing).await.version,
        quantity: None,
        reason: None,
    };
    crate::decisions::withdraw::withdraw_listing(&world.app, &clerk, None, &take).await.unwrap();
    let version = world.asset(listed).await.version;
    let other = Update { id: listed, version, card: categorised(world.vehicles) };
    let outcome = update_asset(&world.app, &clerk, None, &other).await;
    assert_eq!(told(outcome), [(Code::KindMismatch, "categoryId".into())], "approvers judged it by its kind");
}
