//! The follower on a real database and a real index.

use std::time::Duration;

use entity::events::Subject;
use entity::organisation::{region, unit};
use sea_orm::EntityTrait;
use search::{Change, Cursor, Filters, Query, Rights, SearchIndex, Step};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::follow::{self, Desk};
use super::{documents, read, start_reindex};
use crate::catalogue::forms::{CategoryForm, SettingForm};
use crate::catalogue::save_category;
use crate::catalogue::set_city_setting::set_city_setting;
use crate::events;
use crate::identity::Actor;
use crate::listings;
use crate::listings::audience;
use crate::listings::row::Wants;
use crate::organisation::rules::RegionForm;
use crate::organisation::save_region;
use crate::requests::draft::{self, Draft, LineInput};
use crate::requests::world::{Offer, World};
use crate::write::{Command, Tx};

async fn index() -> (SearchIndex, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (follow::open(folder.path()).await.unwrap(), folder)
}

/// An index that was built of the world as it is.
async fn built(world: &World) -> (SearchIndex, TempDir) {
    let (index, folder) = index().await;
    follow::rebuild(&world.app, &index, |_| {}).await.unwrap();
    (index, folder)
}

async fn found(index: &SearchIndex, filters: Filters) -> Vec<Uuid> {
    let query = Query { filters, rights: Rights::Everything, limit: 100, ..Query::default() };
    index.search(query).await.unwrap().ids.into_iter().map(|(id, _)| id).collect()
}

async fn all(index: &SearchIndex) -> Vec<Uuid> {
    found(index, Filters::default()).await
}

/// Moves a region below another.
async fn move_region(world: &World, id: Uuid, parent_id: Option<Uuid>) {
    let row = region::Entity::find_by_id(id).one(world.app.db().read()).await.unwrap().unwrap();
    let form = RegionForm { parent_id, ..RegionForm::from(&row) };
    let input = save_region::Input { id: Some(id), version: Some(row.version), form };
    save_region::save_region(&world.app, &Actor::system(), None, &input).await.unwrap();
}

async fn eventually(index: &SearchIndex, wanted: impl AsyncFn(&SearchIndex) -> bool) {
    for _ in 0..200 {
        if wanted(index).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to be within ten seconds");
}

/// Who sees a listing, by the database and by the index: both must say the same.
async fn sees(world: &World, index: &SearchIndex, who: &Actor, listing: Uuid) -> bool {
    let by_rows = listings::read::find(&world.app, who, listing, Wants::ALL).await.unwrap().is_some();
    let query = Query { rights: read::rights(who), limit: 100, ..Query::default() };
    let by_index = index.search(query).await.unwrap().ids.iter().any(|(id, _)| *id == listing);
    assert_eq!(by_rows, by_index, "the index and the database say the same");
    by_rows
}

#[tokio::test]
async fn an_offer_is_shown_to_department_then_region_then_city_on_the_days_that_the_rule_book_says() {
    let world = World::new().await;
    let app = &world.app;
    let third = world.third().await;
    // The asker stands below the giver, a third unit in the same region, the rival elsewhere.
    let (giver, asker, rival, city) = (world.giver.unit, world.asker.unit, world.rival.unit, world.city);
    let id = world.list(Offer::of(3)).await;
    let before = world.list(Offer::of(1)).await;
    app.write(&Actor::system(), Command::new("test", None, &()), |tx: Tx| async move {
        use sea_orm::sea_query::Expr;
        use sea_orm::{ColumnTrait, QueryFilter};
        for (of, column, value) in
            [(asker, unit::Column::SupervisorId, giver), (rival, unit::Column::PlaceRegionId, city)]
        {
            let update = unit::Entity::update_many().col_expr(column, Expr::value(value));
            update.filter(unit::Column::Id.eq(of)).exec(tx.conn()).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    app.load_reference().await.unwrap();
    for (name, days) in [("audience_department_days", 2), ("audience_region_days", 3)] {
        let form = SettingForm { name: name.into(), value: days, from: app.clock().today() };
        set_city_setting(app, &world.office, None, &form).await.unwrap();
    }
    app.write(&Actor::system(), Command::new("test", None, &()), |tx: Tx| async move {
        let row = listings::steps::load(&tx, id).await?.expect("the listing");
        let row = audience::begin(&tx, row).await?;
        let saved = listings::steps::save(&tx, row).await?;
        tx.record(Subject::Listing, id, saved.version, "test", &());
        Ok(())
    })
    .await
    .unwrap();
    let fresh = async |who: &Actor| app.actor_of(who.account_id().unwrap()).await.unwrap().unwrap();
    let (asker, rival, third) =
        (fresh(&world.asker.clerk).await, fresh(&world.rival.clerk).await, fresh(&third.clerk).await);
    let people = [&world.giver.clerk, &asker, &third, &rival, &world.office];
    // Monday the 2nd and two working days; then three more, over a weekend; then everybody.
    for (days, expected) in [
        (0, [true, true, false, false, true]),
        (2, [true, true, false, false, true]),
        (3, [true, true, true, false, true]),
        (7, [true, true, true, false, true]),
        (8, [true, true, true, true, true]),
    ] {
        let at = crate::testing::start() + chrono::TimeDelta::days(days);
        app.clock().set(at);
        audience::widen(app, 10).await.unwrap();
        let (index, _folder) = built(&world).await;
        for (who, expected) in people.iter().zip(expected) {
            assert_eq!(sees(&world, &index, who, id).await, expected, "{:?} on day {days}", who.account_id());
            assert!(sees(&world, &index, who, before).await, "what was listed before stays as it was");
        }
        // Who does not see it cannot ask for it.
        let draft = Draft {
            unit_id: world.rival.unit,
            justification: "需要".into(),
            needed_by: None,
            need: None,
            lines: vec![LineInput { listing_id: id, quantity: 1 }],
        };
        assert_eq!(draft::draft(app, &rival, None, &draft).await.is_ok(), expected[3]);
    }
    assert_eq!(audience::widen(app, 10).await.unwrap().looked_at, 0, "the last step has no end");
}

#[tokio::test]
async fn what_changes_while_the_index_is_built_anew_is_found_at_once_and_stays() {
    let world = World::new().await;
    let before = world.list(Offer::of(1)).await;
    world.ask_one(&world.rival, before, 1).await;
    let (index, _folder) = index().await;
    let stop = CancellationToken::new();
    // A rebuild that takes its time: the follower cannot begin one of its own before this one ends.
    follow::begin(&world.app, &index).await.unwrap();
    let slow = index.begin_rebuild().await.unwrap();
    let follower = tokio::spawn(follow::follow(world.app.clone(), index.clone(), stop.clone()));
    assert!(all(&index).await.is_empty());
    let drafted = world.list(Offer::of(1)).await;
    world.ask_one(&world.asker, drafted, 1).await;
    eventually(&index, async |index| all(index).await == [drafted]).await;
    assert!(index.needs_rebuild().await.unwrap(), "it was found before the rebuild was done");
    let (old, new) = (before.min(drafted), before.max(drafted));
    let rows = documents::of(world.app.db().read(), &world.app.reference(), &[before]).await.unwrap();
    slow.add(rows).await.unwrap();
    slow.finish(Cursor::default()).await.unwrap();
    let mut ids = all(&index).await;
    ids.sort_unstable();
    assert_eq!(ids, [old, new], "and is there after the swap");
    stop.cancel();
    follower.await.unwrap();
}

#[tokio::test]
async fn whatever_lies_below_a_region_or_category_that_moved_is_found_where_it_lies_now() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    let (index, _folder) = built(&world).await;
    let (app, desk) = (&world.app, Desk::default());
    let in_city = || Filters { regions: vec![world.city], ..Filters::default() };
    assert_eq!(found(&index, in_city()).await, [listing]);
    move_region(&world, world.district, None).await;
    follow::catch_up(app, &index, &desk).await.unwrap();
    assert!(found(&index, in_city()).await.is_empty());
    move_region(&world, world.district, Some(world.city)).await;
    follow::catch_up(app, &index, &desk).await.unwrap();
    assert_eq!(found(&index, in_city()).await, [listing]);

    let row = app.reference().category(world.category).unwrap().clone();
    let form =
        CategoryForm { code: "A02010000".into(), name: "信息化设备".into(), ..CategoryForm::from(&row) };
    let input = save_category::Input { id: None, version: None, form };
    let above = save_category::save_category(app, &Actor::system(), None, &input).await.unwrap();
    let form = CategoryForm { parent_id: Some(above), ..CategoryForm::from(&row) };
    let input = save_category::Input { id: Some(row.id), version: Some(row.version), form };
    save_category::save_category(app, &Actor::system(), None, &input).await.unwrap();
    follow::catch_up(app, &index, &desk).await.unwrap();
    let below = Filters { categories: vec![above], ..Filters::default() };
    assert_eq!(found(&index, below).await, [listing]);
}

#[tokio::test]
async fn what_differs_without_a_newer_version_is_mended_and_ghosts_are_removed() {
    let world = World::new().await;
    let (app, desk) = (&world.app, Desk::default());
    let mut listings = [world.list(Offer::of(1)).await, world.list(Offer::of(2)).await];
    listings.sort_unstable();
    let (index, _folder) = built(&world).await;
    assert_eq!(follow::mend(app, &index, &desk).await.unwrap(), 0, "nothing differs");
    let mut wrong = documents::of(app.db().read(), &app.reference(), &listings).await.unwrap();
    wrong.sort_unstable_by_key(|row| row.id);
    let mut ghost = wrong[0].clone();
    ghost.id = Uuid::max();
    wrong[0].regions.clear();
    wrong[1].available = 0;
    let changes = wrong.into_iter().chain([ghost]).map(Change::Put).collect();
    index.apply(changes, Step::Stay).await.unwrap();
    let right = Filters { regions: vec![world.city], available_only: true, ..Filters::default() };
    assert!(
        found(&index, Filters { regions: vec![world.district], available_only: true, ..Filters::default() })
            .await
            .contains(&Uuid::max())
    );
    assert_eq!(follow::mend(app, &index, &desk).await.unwrap(), 3);
    let mut ids = found(&index, right).await;
    ids.sort_unstable();
    assert_eq!(ids, listings);
    assert_eq!(all(&index).await.len(), 2);
    assert_eq!(follow::mend(app, &index, &desk).await.unwrap(), 0);
}

#[tokio::test]
async fn the_index_of_another_database_is_thrown_away() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    world.ask_one(&world.asker, listing, 1).await;
    let (index, _folder) = built(&world).await;
    follow::begin(&world.app, &index).await.unwrap();
    assert_eq!(all(&index).await, [listing], "its own is kept");
    assert!(!index.needs_rebuild().await.unwrap());
    let cursor = index.cursor().await.unwrap();
    // The same number in the log of another database is another event.
    let elsewhere = Cursor { event: Uuid::max(), ..cursor };
    index.apply(Vec::new(), Step::To(elsewhere)).await.unwrap();
    follow::begin(&world.app, &index).await.unwrap();
    assert!(all(&index).await.is_empty());
    assert!(index.needs_rebuild().await.unwrap());
    assert_eq!(
        index.cursor().await.unwrap(),
        cursor,
        "it follows from here on, and not from the first event"
    );
}

#[tokio::test]
async fn an_order_to_build_the_index_anew_outlives_the_process() {
    let world = World::new().await;
    world.list(Offer::of(1)).await;
    let (index, folder) = built(&world).await;
    start_reindex::start_reindex(&world.app, &Actor::system(), None).await.unwrap();
    follow::catch_up(&world.app, &index, &Desk::default()).await.unwrap();
    let newest = events::newest(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!(index.cursor().await.unwrap().seq, newest.0, "the cursor is past the order");
    drop(index);
    let index = follow::open(folder.path()).await.unwrap();
    assert!(index.needs_rebuild().await.unwrap());
    follow::rebuild(&world.app, &index, |_| {}).await.unwrap();
    assert!(!index.needs_rebuild().await.unwrap());
}

#[tokio::test]
async fn people_of_a_warehouse_find_what_lies_there() {
    let world = World::new().await;
    let stored = Offer { custody: entity::listings::Custody::Physical, ..Offer::of(1) };
    let listing = world.list(stored).await;
    let (index, _folder) = built(&world).await;
    let mut row = documents::of(world.app.db().read(), &world.app.reference(), &[listing]).await.unwrap();
    row[0].state = "AWAITING_INSPECTION".into();
    index.apply(row.into_iter().map(Change::Put).collect(), Step::Stay).await.unwrap();
    for (who, sees) in [(&world.staff, true), (&world.asker.clerk, false)] {
        let query = Query { rights: read::rights(who), limit: 10, ..Query::default() };
        assert_eq!(!index.search(query).await.unwrap().ids.is_empty(), sees);
    }
}
