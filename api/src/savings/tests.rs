use entity::Money;
use entity::assets::ValueBasis;
use entity::catalogue::{AssetSource, allocation_standard, category};
use entity::events::Subject;
use entity::identity::Locale;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::read::{self, Filter};
use super::report::{self, GroupBy, Query};
use super::rules::ZeroReason;
use super::{explain, verify};
use crate::authz::Operation;
use crate::catalogue::forms::standard_record;
use crate::graphql::connection::Page;
use crate::graphql::ids::{Kind, encode};
use crate::graphql::schema;
use crate::requests::world::{Offer, World, note};
use crate::transfers::reverse;

async fn entry(world: &World, transfer: Uuid, method: SavingMethod, kind: SavingKind) -> saving_entry::Model {
    saving_entry::Entity::find()
        .filter(saving_entry::Column::TransferId.eq(transfer))
        .filter(saving_entry::Column::Method.eq(method))
        .filter(saving_entry::Column::Entry.eq(kind))
        .one(world.app.db().read())
        .await
        .unwrap()
        .unwrap()
}

async fn amounts(world: &World, transfer: Uuid) -> [i64; 3] {
    use SavingMethod::{NetBook, OriginalValue, Replacement};
    let mut all = [0; 3];
    for (slot, method) in all.iter_mut().zip([OriginalValue, NetBook, Replacement]) {
        *slot = entry(world, transfer, method, SavingKind::Entry).await.amount.0;
    }
    all
}

async fn total(world: &World, filter: Filter) -> i64 {
    let query = Query { filter, ..Query::everything() };
    let rows = report::totals(world.app.db().read(), &query).await.unwrap();
    rows.iter().find(|row| row.method == SavingMethod::OriginalValue).map_or(0, |row| row.amount.0)
}

#[tokio::test]
async fn a_receipt_is_entered_under_every_method() {
    let world = World::new().await;
    let listing = world.list(Offer::of(4)).await;
    let transfer = world.deliver(&world.asker, listing, 3).await;
    // ¥4,500 each, acquired March 2023, received March 2026: 36 of 72 months; cap ¥5,000 a piece.
    assert_eq!(amounts(&world, transfer).await, [1_350_000, 675_000, 1_500_000]);
    let replaced = entry(&world, transfer, SavingMethod::Replacement, SavingKind::Entry).await;
    assert_eq!(replaced.standard_id, Some(world.standard));
    assert_eq!((replaced.giver_region_id, replaced.receiver_region_id), (world.city, world.district));
    world.assert_verified().await;
}

#[tokio::test]
async fn what_does_not_count_is_entered_with_the_reason() {
    let world = World::new().await;
    for (offer, reason, expected) in [
        (Offer { basis: ValueBasis::Nominal, ..Offer::of(1) }, ZeroReason::NominalValue, [0, 0, 500_000]),
        (
            Offer { value: None, basis: ValueBasis::Unknown, ..Offer::of(1) },
            ZeroReason::UnknownValue,
            [0, 0, 500_000],
        ),
        (Offer { source: AssetSource::Confiscated, ..Offer::of(1) }, ZeroReason::Confiscated, [0, 0, 0]),
    ] {
        let listing = world.list(offer).await;
        let transfer = world.deliver(&world.asker, listing, 1).await;
        assert_eq!(amounts(&world, transfer).await, expected);
        let entry = entry(&world, transfer, SavingMethod::OriginalValue, SavingKind::Entry).await;
        let explained = explain::explain(&entry, Locale::En).unwrap();
        assert_eq!(explained.zero_reason, Some(reason));
        assert!(explained.agrees && explained.hash_agrees);
    }
    world.assert_verified().await;
}

#[tokio::test]
async fn the_standard_of_the_receivers_region_counts_from_its_day() {
    let world = World::new().await;
    let standard = |region_id, cap, from: &str| allocation_standard::Model {
        id: world.app.ids().next(world.app.clock().now()),
        region_id: Some(region_id),
        category_id: world.category,
        rank: None,
        price_cap: Money(cap),
        min_service_months: 72,
        cap_percent: None,
        source: "市财〔2025〕3号".into(),
        revision: 2,
        valid_from: from.parse().unwrap(),
        valid_to: None,
    };
    for row in [standard(world.city, 470_000, "2025-01-01"), standard(world.district, 440_000, "2026-03-03")]
    {
        note(&world.app, Subject::Standard, row.id, "standard.loaded", standard_record(&row)).await;
        row.into_active_model().reset_all().insert(world.app.db().writer()).await.unwrap();
    }
    let listing = world.list(Offer::of(2)).await;
    let before = world.deliver(&world.asker, listing, 1).await;
    assert_eq!(amounts(&world, before).await[2], 470_000);
    // 16:00 UTC is the next civil day in Shanghai.
    world.app.clock().set("2026-03-02T16:00:00Z".parse().unwrap());
    let after = world.deliver(&world.asker, listing, 1).await;
    assert_eq!(amounts(&world, after).await[2], 440_000);
    let entry = entry(&world, after, SavingMethod::Replacement, SavingKind::Entry).await;
    assert_eq!(entry.civil_day.to_string(), "2026-03-03");
    let explained = explain::explain(&entry, Locale::Zh).unwrap();
    let input = |name| explained.inputs.iter().find(|row| row.name == name).map(|row| row.value.as_str());
    assert_eq!(input("standard.source"), Some("市财〔2025〕3号"));
    assert_eq!(input("standard.priceCap"), Some("440000"));
    world.assert_verified().await;
}

#[tokio::test]
async fn a_defect_posts_the_exact_opposite() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let kept = world.deliver(&world.asker, listing, 1).await;
    let back = world.deliver(&world.asker, listing, 1).await;
    assert_eq!(total(&world, Filter::default()).await, 900_000);
    let defect =
        reverse::Input {
            transfer_id: back, reason: "损坏".into(), asset_number: None, place: "一楼".into()
        };
    world.days(3);
    reverse::reverse(&world.app, &world.office, None, &defect).await.unwrap();
    assert_eq!(total(&world, Filter::default()).await, 450_000);
    let contra = entry(&world, back, SavingMethod::NetBook, SavingKind::Contra).await;
    assert_eq!((contra.quantity, contra.amount.0), (-1, -225_000));
    let explained = explain::explain(&contra, Locale::Zh).unwrap();
    assert_eq!((explained.recomputed.0, explained.agrees), (-225_000, true));
    let _ = kept;
    world.assert_verified().await;
}

#[tokio::test]
async fn a_second_reuse_of_the_same_thing_is_shown_apart() {
    let world = World::new().await;
    let listing = world.list(Offer::of(3)).await;
    let first = world.deliver(&world.asker, listing, 1).await;
    let second = world.deliver(&world.rival, listing, 1).await;
    for transfer in [first, second] {
        // Pieces of one lot that were never reused before.
        assert!(!entry(&world, transfer, SavingMethod::NetBook, SavingKind::Entry).await.repeat);
    }
    let query = Query::everything();
    let conn = world.app.db().read();
    assert!(report::totals(conn, &query).await.unwrap().iter().all(|row| row.repeat_amount.0 == 0));
    // The first receiver passes its piece on.
    let card = world.card(world.transfer(first).await.asset_id).await;
    let again = world.offer(card, &world.asker, Offer::of(1)).await;
    let line = world.ask_one(&world.rival, again, 1).await;
    world.approve(&world.rival, line.id).await;
    let third = world.release(&world.asker.clerk, line.id, None).await.unwrap();
    world.receive(&world.rival.clerk, third, 1, 0, 0).await.unwrap();
    assert!(entry(&world, third, SavingMethod::NetBook, SavingKind::Entry).await.repeat);
    let totals = report::totals(conn, &query).await.unwrap();
    let original = totals.iter().find(|row| row.method == SavingMethod::OriginalValue).unwrap();
    assert_eq!((original.amount.0, original.repeat_amount.0), (3 * 450_000, 450_000));
    world.assert_verified().await;
}

#[tokio::test]
async fn what_was_refused_is_not_reused_because_the_rest_was_received() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    let line = world.ask_one(&world.asker, listing, 2).await;
    world.approve(&world.asker, line.id).await;
    let first = world.release(&world.giver.clerk, line.id, None).await.unwrap();
    // The refused piece is split off the card that moves, in the same moment.
    world.receive(&world.asker.clerk, first, 1, 1, 0).await.unwrap();
    world.days(1);
    let second = world.deliver(&world.rival, listing, 1).await;
    let entry = entry(&world, second, SavingMethod::NetBook, SavingKind::Entry).await;
    assert!(!entry.repeat, "nobody used it before");
    world.assert_verified().await;
}

#[tokio::test]
async fn a_category_named_many_times_is_asked_for_once() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    world.deliver(&world.asker, listing, 1).await;
    let root =
        category::Entity::find_by_id(world.category).one(world.app.db().read()).await.unwrap().unwrap();
    // A hundred times four hundred would be more than a statement takes.
    let below = (0..400).map(|n| {
        let id = world.app.ids().next(world.app.clock().now());
        let row = category::Model { id, code: format!("X{n}"), parent_id: Some(root.id), ..root.clone() };
        row.into_active_model().reset_all()
    });
    category::Entity::insert_many(below).exec_without_returning(world.app.db().writer()).await.unwrap();
    world.app.load_reference().await.unwrap();
    let ids = vec![encode(Kind::Category, root.id); 100];
    let document = "query($ids: [ID!]) {
        savings(filter: { categoryIds: $ids, methods: [ORIGINAL_VALUE] }) {
            edges { node { amount } } totals { amount } }
        savingEntries(filter: { categoryIds: $ids }) { edges { node { amount } } } }";
    let request = async_graphql::Request::new(document)
        .variables(async_graphql::Variables::from_json(json!({ "ids": ids })))
        .data(world.finance.clone());
    let answer = schema(world.app.clone()).execute(request).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let answer = answer.data.into_json().unwrap();
    assert_eq!(answer["savings"]["totals"], json!([{ "amount": "450000" }]));
    assert_eq!(answer["savings"]["edges"], json!([{ "node": { "amount": "450000" } }]));
    assert_eq!(answer["savingEntries"]["edges"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn entries_are_paged_without_gaps_or_doubles() {
    let world = World::new().await;
    let listing = world.list(Offer::of(4)).await;
    for _ in 0..4 {
        world.deliver(&world.asker, listing, 1).await;
        world.days(1);
    }
    let conn = world.app.db().read();
    let everything = Page { first: 50, after: None, look_on: true };
    let all = read::page(conn, &world.finance, &Filter::default(), &everything).await.unwrap();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = Page { first: 4, after, look_on: true };
        let rows = read::page(conn, &world.finance, &Filter::default(), &page).await.unwrap();
        paged.extend(rows.iter().take(4).cloned());
        match rows.get(3) {
            Some(last) if rows.len() > 4 => after = Some((last.civil_day, last.id)),
            _ => break,
        }
    }
    assert_eq!(all.len(), 12);
    assert_eq!(paged, all);
    assert!(all.is_sorted_by_key(|entry| std::cmp::Reverse((entry.civil_day, entry.id))));
}

#[tokio::test]
async fn every_grouping_sums_to_the_same_total_page_by_page() {
    let world = World::new().await;
    for (quantity, custody) in
        [(3, entity::listings::Custody::Virtual), (2, entity::listings::Custody::Physical)]
    {
        let listing = world.list(Offer { custody, ..Offer::of(quantity) }).await;
        for who in [&world.asker, &world.rival] {
            let line = world.ask_one(who, listing, 1).await;
            world.approve(who, line.id).await;
            let hands =
                if custody == entity::listings::Custody::Virtual { &world.giver.clerk } else { &world.staff };
            let transfer = world.release(hands, line.id, None).await.unwrap();
            world.receive(&who.clerk, transfer, 1, 0, 0).await.unwrap();
            world.days(40);
        }
    }
    let conn = world.app.db().read();
    let expected = 4 * 450_000;
    assert_eq!(total(&world, Filter::default()).await, expected);
    let mut groupings: Vec<Vec<GroupBy>> = GroupBy::ALL.iter().map(|group| vec![*group]).collect();
    groupings.push(vec![
        GroupBy::Year,
        GroupBy::Quarter,
        GroupBy::Month,
        GroupBy::ReceivingUnit,
        GroupBy::Custody,
    ]);
    groupings.push(GroupBy::ALL.to_vec());
    for group_by in groupings {
        let filter = Filter { methods: vec![SavingMethod::OriginalValue], ..Filter::default() };
        let query = Query { group_by: group_by.clone(), filter, ..Query::everything() };
        let (mut sum, mut rows, mut after) = (0, 0, None);
        // One row a page: the cursor must neither skip nor repeat.
        loop {
            let page = report::rows(conn, &query, after.as_deref(), 1).await.unwrap();
            let Some(row) = page.first() else { break };
            assert!(report::fits(&query.keys(), &row.key()));
            sum += row.amount.0;
            rows += 1;
            after = Some(row.key());
        }
        assert_eq!(sum, expected, "{group_by:?}");
        let at_once = report::rows(conn, &query, None, 100).await.unwrap();
        assert_eq!(at_once.len(), rows, "{group_by:?}");
    }
    let by_month = Query { group_by: vec![GroupBy::Month], ..Query::everything() };
    let rows = report::rows(conn, &by_month, None, 100).await.unwrap();
    let months: Vec<_> = rows.iter().filter_map(|row| row.text(GroupBy::Month)).collect();
    assert_eq!(months[0], "2026-03");
    let by_quarter = Query { group_by: vec![GroupBy::Quarter], ..Query::everything() };
    let rows = report::rows(conn, &by_quarter, None, 100).await.unwrap();
    assert_eq!(rows[0].text(GroupBy::Quarter), Some("2026-Q1"));
    assert_eq!(rows.last().unwrap().text(GroupBy::Quarter), Some("2026-Q2"));
    let one = Filter { receiving_units: vec![world.rival.unit], ..Filter::default() };
    assert_eq!(total(&world, one).await, 2 * 450_000);
    world.assert_verified().await;
}

#[tokio::test]
async fn the_ledger_is_read_by_who_may() {
    let world = World::new().await;
    let listing = world.list(Offer::of(2)).await;
    world.deliver(&world.asker, listing, 1).await;
    world.deliver(&world.rival, listing, 1).await;
    let conn = world.app.db().read();
    let page = Page { first: 10, after: None, look_on: true };
    for (who, entries) in
        [(&world.finance, 6), (&world.giver.head, 6), (&world.asker.head, 3), (&world.asker.clerk, 0)]
    {
        assert_eq!(read::page(conn, who, &Filter::default(), &page).await.unwrap().len(), entries);
        let query = Query { reach: who.reach(Operation::Savings), ..Query::everything() };
        let rows = report::totals(conn, &query).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.entries).sum::<i64>(), i64::try_from(entries).unwrap());
    }
    let all = read::page(conn, &world.finance, &Filter::default(), &page).await.unwrap();
    let theirs = all.iter().find(|entry| entry.receiver_id == world.rival.unit).unwrap();
    assert!(read::find(conn, &world.asker.head, theirs.id).await.unwrap().is_none());
}

#[tokio::test]
async fn verify_finds_what_was_changed_behind_the_ledgers_back() {
    let world = World::new().await;
    let listing = world.list(Offer::of(1)).await;
    world.deliver(&world.asker, listing, 1).await;
    let conn = world.app.db().writer();
    assert!(
        conn.execute_unprepared("update saving_entry set amount = amount + 1").await.is_err(),
        "append-only"
    );
    let unguard: &[&str] = if world.app.db().is_postgres() {
        &["alter table saving_entry disable trigger user"]
    } else {
        &["drop trigger saving_entry_no_update", "drop trigger saving_entry_no_delete"]
    };
    for statement in unguard {
        conn.execute_unprepared(statement).await.unwrap();
    }
    conn.execute_unprepared("update saving_entry set amount = amount + 1 where seq = 2").await.unwrap();
    let (faults, read) = verify::verify(&world.app, world.app.db().read()).await.unwrap();
    assert_eq!(read, 3);
    // Its hash, its inputs and the audit of its hand-over.
    assert_eq!(faults.len(), 3, "{faults:?}");
    conn.execute_unprepared("delete from saving_entry where seq = 2").await.unwrap();
    let (faults, _) = verify::verify(&world.app, world.app.db().read()).await.unwrap();
    assert!(faults.iter().any(|fault| fault.contains("entries are missing")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("not one entry a method")), "{faults:?}");
    conn.execute_unprepared("update request_line set received = 0").await.unwrap();
    assert!(!crate::requests::verify::verify(conn).await.unwrap().0.is_empty());
    assert!(!crate::transfers::verify::verify(conn).await.unwrap().0.is_empty());
}
