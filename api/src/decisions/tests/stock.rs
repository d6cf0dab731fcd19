//! The counters in the database move as the rules say, and holds respect queue, freeze and state.

use entity::identity::Role;
use entity::listings::{FreezeCause, FreezeScope, ListingState, listing_stock};
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::world::World;
use crate::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::listings::rules::{Move, Stock};
use crate::listings::steps::{self, Asker, Hold};
use crate::listings::terms::TermsPatch;
use crate::listings::{steps as listing_steps, stock};
use crate::write::{Command, Tx};

fn counted(row: &listing_stock::Model) -> Stock {
    Stock {
        offered: row.offered,
        available: row.available,
        held: row.held,
        reserved: row.reserved,
        in_transit: row.in_transit,
        delivered: row.delivered,
        withdrawn: row.withdrawn,
        lost: row.lost,
    }
}

async fn moved(tx: &Tx, listing: Uuid, step: Move, n: i64) -> Result<Option<Stock>, Fault> {
    stock::try_move(tx, listing, n, step).await
}

#[tokio::test]
async fn the_database_moves_pieces_as_the_rules_say() {
    let world = World::new().await;
    let (_, listing) = world.listed(20, TermsPatch::default()).await;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let mut expected = Stock::of(20);
    for _ in 0..300 {
        let step = Move::ALL[random.random_range(0..Move::ALL.len())];
        let n = random.random_range(1..6);
        let got = world
            .app
            .write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
                Ok::<_, Fault>(moved(&tx, listing, step, n).await?.is_some())
            })
            .await
            .unwrap();
        let after = expected.after(step, n);
        assert_eq!(got, after.is_some(), "{step:?} {n} of {expected:?}");
        expected = after.unwrap_or(expected);
        assert_eq!(counted(&world.stock(listing).await), expected);
        assert!(expected.holds_true());
    }
}

async fn ask(world: &World, listing: Uuid, n: i64) -> Hold {
    let found = std::sync::Mutex::new(None);
    world
        .app
        .write(&Actor::system(), Command::new("test", None, &()), |tx| {
            let found = &found;
            async move {
                *found.lock().unwrap() = Some(steps::hold(&tx, listing, n, Asker::New).await?);
                Ok::<_, Fault>(())
            }
        })
        .await
        .unwrap();
    found.into_inner().unwrap().unwrap()
}

#[tokio::test]
async fn the_last_piece_is_held_once_and_a_freeze_holds_all_back() {
    let world = World::new().await;
    let (_, listing) = world.listed(2, TermsPatch::default()).await;
    assert!(matches!(ask(&world, listing, 3).await, Hold::Short(stock) if stock.available == 2));
    assert!(matches!(ask(&world, listing, 1).await, Hold::Held(stock) if stock.held == 1));
    let office = world.office().await;
    for (scope, scope_id) in [
        (FreezeScope::Listing, listing),
        (FreezeScope::Unit, world.giver),
        (FreezeScope::Asset, world.listing(listing).await.asset_id),
    ] {
        let order = Freeze { scope, scope_id, cause: FreezeCause::Dispute, note: String::new() };
        let id = freeze(&world.app, &office, None, &order).await.unwrap().id;
        assert!(matches!(ask(&world, listing, 1).await, Hold::Frozen(_)), "{scope}");
        unfreeze(&world.app, &office, None, &Unfreeze { id }).await.unwrap();
        assert!(unfreeze(&world.app, &office, None, &Unfreeze { id }).await.is_err(), "lifted once");
    }
    assert!(matches!(ask(&world, listing, 1).await, Hold::Held(_)));
    assert!(matches!(ask(&world, listing, 1).await, Hold::Short(_)));
}

#[tokio::test]
async fn a_frozen_zone_covers_what_stands_in_its_bins() {
    let world = World::new().await;
    let physical = TermsPatch {
        custody: Some(entity::listings::Custody::Physical),
        warehouse_id: Some(Some(world.warehouse)),
        ..TermsPatch::default()
    };
    let (asset, listing) = world.listed(1, physical).await;
    assert_eq!(world.asset(asset).await.bin_id, Some(world.bin));
    let staff = world.person(Role::Staff, entity::identity::Scope::Warehouse, Some(world.warehouse)).await;
    let order = Freeze {
        scope: FreezeScope::Place,
        scope_id: world.zone,
        cause: FreezeCause::Stocktake,
        note: String::new(),
    };
    freeze(&world.app, &staff, None, &order).await.unwrap();
    assert!(matches!(ask(&world, listing, 1).await, Hold::Frozen(_)));
    let order = Freeze { scope_id: world.strange_bin, ..order };
    assert!(freeze(&world.app, &staff, None, &order).await.is_err(), "another warehouse's");

    // Whoever may place a freeze sees it.
    let everywhere = world.person(Role::Staff, entity::identity::Scope::City, None).await;
    for (scope, scope_id) in [(FreezeScope::Listing, listing), (FreezeScope::Asset, asset)] {
        let order = Freeze { scope, scope_id, ..order.clone() };
        freeze(&world.app, &staff, None, &order).await.unwrap();
    }
    freeze(&world.app, &everywhere, None, &order).await.unwrap();
    let stranger = world.at(Role::Clerk, world.other).await;
    for (person, sees) in [(&staff, 3), (&everywhere, 4), (&world.office().await, 4), (&stranger, 0)] {
        let page = Page { first: 20, after: None, look_on: true };
        let found = crate::listings::freezes::list(&world.app, person, false, &page).await.unwrap();
        assert_eq!(found.len(), sees);
    }
}

#[tokio::test]
async fn what_comes_back_to_a_withdrawn_listing_is_not_offered_again() {
    let world = World::new().await;
    let (_, listing) = world.listed(3, TermsPatch::default()).await;
    world
        .app
        .write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
            steps::hold(&tx, listing, 2, Asker::New).await?;
            steps::reserve(&tx, listing, 2).await?;
            let stock = steps::unreserve(&tx, listing, 1).await?;
            assert_eq!((stock.available, stock.reserved), (2, 1));
            listing_steps::withdraw(&tx, listing, 2).await?;
            let row = listing_steps::load(&tx, listing).await?.unwrap();
            let row = entity::listings::listing::Model { state: ListingState::Withdrawn, ..row };
            listing_steps::save(&tx, row).await?;
            steps::to_transit(&tx, listing, 1).await?;
            let stock = steps::give_back(&tx, listing, 1).await?;
            assert_eq!((stock.available, stock.withdrawn), (0, 3));
            assert!(steps::give_back(&tx, listing, 1).await.is_err(), "nothing is in transit");
            let first = steps::ticket(&tx, listing).await?.place;
            assert!(steps::ticket(&tx, listing).await?.place > first);
            Ok::<_, Fault>(())
        })
        .await
        .unwrap();
    assert!(matches!(ask(&world, listing, 1).await, Hold::Closed(ListingState::Withdrawn)));
}
