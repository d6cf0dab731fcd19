//! What awaits whom, in which order, page by page.

use entity::listings::Custody;
use uuid::Uuid;

use super::kinds::Kind;
use super::read::{self, Awaiting, Key};
use crate::decisions::reconfirm_days::ask;
use crate::graphql::connection::{Page, cursor};
use crate::identity::Actor;
use crate::requests::world::{Offer, World};

async fn all(world: &World, who: &Actor, only: Option<Kind>) -> Vec<Awaiting> {
    let page = Page { first: 100, after: None, look_on: true };
    read::page(&world.app, who, only, &page).await.unwrap()
}

fn told(rows: &[Awaiting]) -> Vec<(Kind, Uuid)> {
    rows.iter().map(|row| (row.kind, row.id)).collect()
}

/// The same, a row at a time, with cursors as they go over the wire.
async fn one_by_one(world: &World, who: &Actor) -> Vec<(Kind, Uuid)> {
    let mut found = Vec::new();
    let mut after: Option<Key> = None;
    loop {
        let text = after.as_ref().map(cursor);
        let page: Page<Key> = Page::read(Some(1), text.as_deref()).unwrap();
        let rows = read::page(&world.app, who, None, &page).await.unwrap();
        let Some(row) = rows.first() else { return found };
        found.push((row.kind, row.id));
        after = Some(row.key.clone());
    }
}

#[tokio::test]
async fn each_thing_awaits_who_is_to_do_it_until_it_is_done() {
    let world = World::new().await;
    let listing = world.list(Offer::of(3)).await;
    let stored = world.list(Offer { custody: Custody::Physical, ..Offer::of(1) }).await;
    let line = world.ask_one(&world.asker, listing, 1).await;
    let shelved = world.ask_one(&world.rival, stored, 1).await;
    let step = world.pending(line.id).await.unwrap();
    assert_eq!(told(&all(&world, &world.asker.head, None).await), [(Kind::Approve, step.id)]);
    assert!(all(&world, &world.asker.clerk, None).await.is_empty());
    world.approve(&world.asker, line.id).await;
    world.approve(&world.rival, shelved.id).await;
    let release = all(&world, &world.giver.clerk, None).await;
    assert_eq!(told(&release), [(Kind::Release, line.id)]);
    // 2026-03-02 is a Monday: ten working days end on the second Monday after it.
    assert_eq!((release[0].due_on, release[0].days_late), ("2026-03-16".parse().unwrap(), 0));
    assert_eq!(told(&all(&world, &world.staff, None).await), [(Kind::Release, shelved.id)]);
    assert!(all(&world, &world.office, None).await.is_empty(), "the office is not waited for");

    let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    assert!(all(&world, &world.giver.clerk, None).await.is_empty());
    assert_eq!(told(&all(&world, &world.asker.clerk, None).await), [(Kind::Receive, transfer)]);
    world.days(16);
    let late = all(&world, &world.asker.clerk, Some(Kind::Receive)).await;
    assert_eq!((late[0].due_on, late[0].days_late), ("2026-03-16".parse().unwrap(), 2));
    assert!(all(&world, &world.asker.clerk, Some(Kind::Book)).await.is_empty());
    world.receive(&world.asker.clerk, transfer, 1, 0, 0).await.unwrap();
    for clerk in [&world.asker.clerk, &world.giver.clerk] {
        assert_eq!(told(&all(&world, clerk, None).await), [(Kind::Book, transfer)]);
    }
    assert_eq!(read::counts(&world.app, &world.giver.clerk).await.unwrap(), [(Kind::Book, 1)]);
}

#[tokio::test]
async fn pages_of_many_kinds_show_everything_once_and_in_order() {
    let world = World::new().await;
    world.set("reconfirm_days", 7).await;
    for n in 0..4 {
        let listing = world.list(Offer::of(3)).await;
        let line = world.ask_one(&world.asker, listing, 1).await;
        world.approve(&world.asker, line.id).await;
        if n % 2 == 0 {
            let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
            world.receive(&world.asker.clerk, transfer, 1, 0, 0).await.unwrap();
        }
        world.days(3);
    }
    ask(&world.app, 10, None).await.unwrap();
    let rows = all(&world, &world.giver.clerk, None).await;
    let kinds: std::collections::BTreeSet<Kind> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [Kind::Release, Kind::Book, Kind::Reconfirm]);
    assert!(rows.is_sorted_by_key(|row| row.due_on));
    assert_eq!(one_by_one(&world, &world.giver.clerk).await, told(&rows));
    let counts = read::counts(&world.app, &world.giver.clerk).await.unwrap();
    assert_eq!(counts.iter().map(|(_, n)| *n).sum::<u64>(), rows.len() as u64);
}
