//! Holders are asked whether what they offer is still there, answer, or forget it.

use entity::listings::{Custody, FreezeCause, FreezeScope, ListingState, listing};
use entity::requests::{LineReason, LineState};
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use crate::decisions::reconfirm::{Answer, Reconfirm, reconfirm};
use crate::decisions::reconfirm_days::{ask, pause};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings::read::{self, Filter};
use crate::listings::row::Wants;
use crate::requests::world::{Offer, World, codes};

async fn offer(world: &World, id: Uuid) -> listing::Model {
    listing::Entity::find_by_id(id).one(world.app.db().read()).await.unwrap().unwrap()
}

async fn say(world: &World, who: &Actor, answers: &[(Uuid, bool, Option<&str>)]) -> Result<(), Fault> {
    let answers = answers.iter().map(|(id, there, why)| Answer {
        listing_id: *id,
        there: *there,
        reason: why.map(str::to_owned),
    });
    let input = Reconfirm { answers: answers.collect() };
    reconfirm(&world.app, who, None, &input).await.map(drop)
}

/// What a stranger finds in the shop window.
async fn shown(world: &World, who: &Actor) -> Vec<Uuid> {
    let page = crate::graphql::connection::Page::read(None, None).unwrap();
    let rows = read::list(&world.app, who, &Filter::default(), &page, Wants::ALL).await.unwrap();
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn nobody_is_asked_where_the_city_does_not_want_it() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    world.days(1_000);
    assert_eq!(ask(&world.app, 10, None).await.unwrap().changed, 0);
    assert_eq!(offer(&world, listing).await.reconfirm_by, None);
}

#[tokio::test]
async fn what_nobody_answers_for_pauses_and_comes_back_with_the_answer() {
    let world = World::new().await;
    world.set("reconfirm_days", 90).await;
    let listing = world.list(Offer::of(2)).await;
    let shelved = world.list(Offer { custody: Custody::Physical, ..Offer::of(1) }).await;
    let sold_out = world.list(Offer::of(1)).await;
    world.deliver(&world.asker, sold_out, 1).await;
    let held = world.ask_one(&world.asker, listing, 2).await;
    world.approve(&world.asker, held.id).await;
    let waiting = world.ask_one(&world.rival, listing, 1).await;

    // 2026-03-02 and 89 days is 30 May, a Saturday; the next day it is asked.
    world.days(89);
    assert_eq!(ask(&world.app, 10, None).await.unwrap().changed, 0);
    world.days(1);
    assert_eq!(ask(&world.app, 10, None).await.unwrap().changed, 1);
    assert_eq!(ask(&world.app, 10, None).await.unwrap().changed, 0, "once");
    let asked = offer(&world, listing).await;
    assert_eq!(asked.reconfirm_by, Some("2026-06-05".parse().unwrap()), "five working days");
    assert_eq!(offer(&world, shelved).await.reconfirm_by, None, "who keeps a shelf knows what is on it");
    assert_eq!(offer(&world, sold_out).await.reconfirm_by, None);

    // Five working days of grace: up to 12 June, a Friday. From the 10th to the 12th it is frozen.
    world.days(10);
    let order = Freeze {
        scope: FreezeScope::Listing,
        scope_id: listing,
        cause: FreezeCause::Stocktake,
        note: String::new(),
    };
    let stop = freeze(&world.app, &world.office, None, &order).await.unwrap();
    world.days(3);
    assert_eq!(pause(&world.app, 10, None).await.unwrap().changed, 0, "it is frozen");
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: stop.id }).await.unwrap();
    assert_eq!(pause(&world.app, 10, None).await.unwrap().changed, 0, "three days were frozen");
    assert_eq!(offer(&world, listing).await.reconfirm_by, Some("2026-06-08".parse().unwrap()));
    assert!(shown(&world, &world.rival.clerk).await.contains(&listing));
    world.days(3);
    assert_eq!(pause(&world.app, 10, None).await.unwrap().changed, 1);
    assert_eq!(pause(&world.app, 10, None).await.unwrap().changed, 0);
    let paused = offer(&world, listing).await;
    assert_eq!((paused.state, paused.paused_at.is_some()), (ListingState::Listed, true));
    assert!(!shown(&world, &world.rival.clerk).await.contains(&listing), "nobody new sees it");
    assert!(shown(&world, &world.giver.clerk).await.contains(&listing));
    world.assert_verified().await;
    // Nobody new gets pieces, not even who waits; who was promised some keeps them.
    let again = world.ask(&world.rival, &[(listing, 1)]).await;
    assert_eq!(codes(again), [(Code::NotOpen, "lines.0.listingId".into())]);
    let cancelled = crate::requests::cancel::Input { line_id: held.id, comment: None };
    crate::requests::cancel::cancel(&world.app, &world.asker.clerk, None, &cancelled).await.unwrap();
    assert_eq!(world.stock(listing).await, [2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(world.state(waiting.id).await, LineState::Queued);
    world.assert_verified().await;

    let stranger = say(&world, &world.rival.clerk, &[(listing, true, None)]).await;
    assert_eq!(codes(stranger), [(Code::NotAllowed, "answers.0".into())]);
    say(&world, &world.giver.clerk, &[(listing, true, None)]).await.unwrap();
    let row = offer(&world, listing).await;
    assert_eq!(
        (row.paused_at, row.reconfirm_by, row.confirmed_at),
        (None, None, Some(world.app.clock().now()))
    );
    assert_eq!(world.state(waiting.id).await, LineState::Submitted, "the queue moves");
    assert!(shown(&world, &world.rival.clerk).await.contains(&listing));
    world.assert_verified().await;
}

#[tokio::test]
async fn what_is_gone_is_withdrawn_and_one_wrong_answer_takes_none() {
    let world = World::new().await;
    let (gone, there) = (world.list(Offer::of(2)).await, world.list(Offer::of(1)).await);
    let shelved = world.list(Offer { custody: Custody::Physical, ..Offer::of(1) }).await;
    let held = world.ask_one(&world.asker, gone, 1).await;
    let clerk = &world.giver.clerk;
    let wrong = [(there, true, None), (gone, false, None), (shelved, true, None), (there, true, None)];
    let faults = codes(say(&world, clerk, &wrong).await);
    for fault in [
        (Code::Required, "answers.1.reason".to_owned()),
        (Code::WrongState, "answers.2.listingId".to_owned()),
        (Code::Duplicate, "answers.3.listingId".to_owned()),
    ] {
        assert!(faults.contains(&fault), "{faults:?}");
    }
    assert_eq!((faults.len(), offer(&world, gone).await.state), (3, ListingState::Listed));
    say(&world, clerk, &[(there, true, None), (gone, false, Some("已被临时征用"))]).await.unwrap();
    let row = offer(&world, gone).await;
    assert_eq!((row.state, row.reason.as_deref()), (ListingState::Withdrawn, Some("已被临时征用")));
    let held = world.line(held.id).await;
    assert_eq!((held.state, held.reason), (LineState::GiverFailed, Some(LineReason::ListingWithdrawn)));
    assert_eq!(world.stock(gone).await, [0, 0, 0, 0, 0, 2, 0]);
    world.assert_verified().await;
}
