//! Successions over a real database: what passes, what stays, and that nothing is left.

use std::collections::BTreeSet;

use entity::assets::{AssetState, asset, asset_holding};
use entity::identity::{Role, Scope, role_grant};
use entity::listings::{FreezeScope, asset_freeze, listing};
use entity::organisation::{UnitKind, UnitState, unit};
use entity::quotas::{QuotaKind, unit_quota};
use entity::requests::{LineReason, LineState};
use entity::savings::saving_entry;
use entity::successions::{SuccessionKind, SuccessionState, succession};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, Statement,
};
use uuid::Uuid;

use super::passes::{COLUMNS, Thing};
use super::rules::{ShareForm, SuccessionForm};
use super::run::{Step, start_due, step};
use super::{announce, call_off, draft, read, start};
use crate::approvals::rules::Verdict;
use crate::assets::verify::Facts;
use crate::bulk;
use crate::decisions::freeze::{Freeze, freeze};
use crate::fault::{Code, Fault};
use crate::identity::rules::GrantForm;
use crate::identity::{Actor, grant_role};
use crate::organisation::rules::UnitForm;
use crate::organisation::save_unit;
use crate::requests::world::{Offer, People, World, codes};
use crate::write::{Command, Tx};

impl World {
    fn form(&self, kind: SuccessionKind, units: &[Uuid], to: Uuid) -> SuccessionForm {
        SuccessionForm {
            kind,
            unit_ids: units.to_vec(),
            successor_id: to,
            shares: Vec::new(),
            reason: "机构改革".into(),
            paper: "武编〔2026〕12号".into(),
            effective_on: self.app.clock().today(),
        }
    }

    async fn succession(&self, id: Uuid) -> succession::Model {
        succession::Entity::find_by_id(id).one(self.app.db().read()).await.unwrap().unwrap()
    }

    async fn which(&self, id: Uuid) -> read::Which {
        read::Which { id, version: self.succession(id).await.version }
    }

    async fn draft(&self, form: SuccessionForm) -> Uuid {
        let input = draft::Input { which: None, form };
        draft::draft(&self.app, &self.office, None, &input).await.unwrap().succession_id
    }

    async fn announce(&self, id: Uuid) -> Result<(), Fault> {
        let which = self.which(id).await;
        let outcome = announce::announce(&self.app, &self.office, None, &which).await.map(|_| ());
        self.app.generation().await.unwrap();
        outcome
    }

    /// From the draft to the end.
    async fn succeed(&self, form: SuccessionForm) -> succession::Model {
        let id = self.draft(form).await;
        self.announce(id).await.unwrap();
        let which = self.which(id).await;
        start::start(&self.app, &self.office, None, &which).await.unwrap();
        while step(&self.app, id).await.unwrap() == Step::More {}
        self.app.generation().await.unwrap();
        let done = self.succession(id).await;
        assert_eq!(done.state, SuccessionState::Done);
        done
    }

    async fn again(&self, who: &Actor) -> Actor {
        self.app.actor_of(who.account_id().unwrap()).await.unwrap().unwrap()
    }

    async fn unit(&self, id: Uuid) -> unit::Model {
        unit::Entity::find_by_id(id).one(self.app.db().read()).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn every_column_that_names_a_unit_has_its_fate() {
    let world = World::new().await;
    let conn = world.app.db().read();
    let sql = match conn.get_database_backend() {
        DbBackend::Postgres => {
            "select c.conrelid::regclass::text, a.attname::text from pg_constraint c \
             join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] \
             where c.contype = 'f' and c.confrelid = 'unit'::regclass"
        }
        _ => {
            "select m.name, f.\"from\" from sqlite_master m join pragma_foreign_key_list(m.name) f \
             where m.type = 'table' and f.\"table\" = 'unit'"
        }
    };
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    let named: BTreeSet<(String, String)> = rows
        .iter()
        .map(|row| (row.try_get_by_index::<String>(0).unwrap(), row.try_get_by_index::<String>(1).unwrap()))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    let listed: BTreeSet<(String, String)> =
        COLUMNS.iter().map(|(table, column, _)| ((*table).to_owned(), (*column).to_owned())).collect();
    let forgotten: Vec<_> = named.difference(&listed).collect();
    assert!(forgotten.is_empty(), "say in successions::passes what becomes of {forgotten:?}");
    // Without a foreign key, because they name other things as well.
    let known =
        ["role_grant.scope_id", "asset_freeze.scope_id", "import_mapping.unit_id", "unit_guard.unit_id"];
    for (table, column) in listed.difference(&named) {
        assert!(known.contains(&format!("{table}.{column}").as_str()), "{table}.{column} names no unit");
    }
}

#[tokio::test]
async fn what_is_open_goes_on_and_what_would_be_with_oneself_ends() {
    let world = World::new().await;
    let (giver, rival, asker) = (&world.giver, &world.rival, &world.asker);
    let offer = world.list(Offer::of(20)).await;
    let asked = world.ask_one(asker, offer, 2).await.id;
    let promised = world.ask_one(asker, offer, 3).await.id;
    world.approve(asker, promised).await;
    let moving = world.ask_one(asker, offer, 4).await.id;
    world.approve(asker, moving).await;
    let hand_over = world.release(&giver.clerk, moving, None).await.unwrap();
    let own_asked = world.ask_one(rival, offer, 2).await.id;
    let own_promised = world.ask_one(rival, offer, 3).await.id;
    world.approve(rival, own_promised).await;
    let own_moving = world.ask_one(rival, offer, 5).await.id;
    world.approve(rival, own_moving).await;
    let own_hand_over = world.release(&giver.clerk, own_moving, None).await.unwrap();
    let waiting = world.ask_one(asker, offer, 4).await.id;
    assert_eq!(world.state(waiting).await, LineState::Queued);
    let received = world.list(Offer::of(1)).await;
    let before = world.deliver(asker, received, 1).await;

    let form = world.form(SuccessionKind::Close, &[giver.unit], rival.unit);
    let id = world.draft(form.clone()).await;
    let preview = read::preview(&world.app, &world.succession(id).await).await.unwrap();
    let count = |thing| preview.iter().find(|row| row.thing == thing).map_or(0, |row| row.count);
    // The lot with what was split off for the two hand-overs.
    assert_eq!((count(Thing::Cards), count(Thing::Listings), count(Thing::Transfers)), (3, 2, 2));
    assert_eq!((count(Thing::LinesGiven), count(Thing::Grants)), (7, 2));
    let done = world.succeed(form).await;
    assert_eq!((done.cards, done.listings, done.lines, done.transfers, done.ended_lines), (3, 2, 7, 2, 2));

    let gone = world.unit(giver.unit).await;
    assert_eq!((gone.state, gone.successor_id), (UnitState::Closed, Some(rival.unit)));
    for line in [own_asked, own_promised] {
        let line = world.line(line).await;
        assert_eq!((line.state, line.reason), (LineState::Cancelled, Some(LineReason::UnitsMerged)));
    }
    // What they held is free for who waited.
    assert_eq!(world.state(waiting).await, LineState::Submitted);
    world.assert_verified().await;

    // The successor's people go on with all of it.
    let head = world.again(&rival.head).await;
    let clerk = world.again(&rival.clerk).await;
    world.decide(&asker.head, asked, Verdict::Approve, None).await.unwrap();
    world.decide(&head, asked, Verdict::Approve, None).await.unwrap();
    world.decide(&world.office, asked, Verdict::Approve, None).await.unwrap();
    world.release(&clerk, asked, None).await.unwrap();
    world.release(&clerk, promised, None).await.unwrap();
    world.receive(&asker.clerk, hand_over, 4, 0, 0).await.unwrap();
    world.receive(&clerk, own_hand_over, 5, 0, 0).await.unwrap();
    let own: Vec<saving_entry::Model> = saving_entry::Entity::find()
        .filter(saving_entry::Column::TransferId.eq(own_hand_over))
        .all(world.app.db().read())
        .await
        .unwrap();
    assert!(!own.is_empty() && own.iter().all(|entry| entry.amount.0 == 0), "{own:?}");
    // A hand-over of before keeps its names, and who stands in for the giver sees it.
    let kept = world.transfer(before).await;
    assert_eq!(kept.giver_id, giver.unit);
    let seen = crate::transfers::read::find(world.app.db().read(), &clerk, before).await.unwrap();
    assert!(seen.is_some());
    // The people have come along.
    let former = world.again(&giver.head).await;
    assert!(former.holds(Role::Head, rival.unit) && former.holds(Role::Head, giver.unit));
    world.assert_verified().await;
}

#[tokio::test]
async fn ten_thousand_cards_pass_in_seconds_and_once_with_two_workers() {
    const CARDS: usize = 10_000;
    let world = World::new().await;
    let app = &world.app;
    let offer = world.list(Offer::of(1)).await;
    let offer = listing::Entity::find_by_id(offer).one(app.db().read()).await.unwrap().unwrap();
    let template = &world.card(offer.asset_id).await;
    let (from, to) = (world.giver.unit, world.rival.unit);
    for part in 0..CARDS / 1_000 {
        app.write(&Actor::system(), Command::new("test", None, &()), |tx: Tx| async move {
            let (mut cards, mut holdings) = (Vec::new(), Vec::new());
            // Of the last part the numbers are in use at the successor, and one of the endings as well.
            for n in 0..1_000 {
                let number = Some(format!("{part:02}-{n:04}"));
                let card =
                    |holder_id, number| asset::Model { id: tx.id(), holder_id, number, ..template.clone() };
                let mut new = vec![card(from, number.clone())];
                if part == 9 {
                    new.push(card(to, number.clone()));
                }
                if part == 9 && n == 7 {
                    new.push(card(to, number.map(|number| number + "-2")));
                }
                for card in new {
                    tx.record(
                        entity::events::Subject::Asset,
                        card.id,
                        1,
                        "asset.loaded",
                        &Facts::from(&card),
                    );
                    holdings.push(
                        asset_holding::Model {
                            id: tx.id(),
                            asset_id: card.id,
                            unit_id: card.holder_id,
                            number: card.number.clone(),
                            transfer_id: None,
                            succession_id: None,
                            from_at: tx.now(),
                            to_at: None,
                        }
                        .into_active_model()
                        .reset_all(),
                    );
                    cards.push(card.into_active_model().reset_all());
                }
            }
            bulk::insert(tx.conn(), cards).await?;
            bulk::insert(tx.conn(), holdings).await?;
            Ok(())
        })
        .await
        .unwrap();
    }
    let id = world.draft(world.form(SuccessionKind::Close, &[from], to)).await;
    world.announce(id).await.unwrap();
    let which = world.which(id).await;
    start::start(app, &world.office, None, &which).await.unwrap();
    let begun = std::time::Instant::now();
    let worker = || {
        let app = app.clone();
        tokio::spawn(async move { while step(&app, id).await.unwrap() == Step::More {} })
    };
    let (one, two) = tokio::join!(worker(), worker());
    one.unwrap();
    two.unwrap();
    let took = begun.elapsed();
    assert!(took.as_secs() < 60, "{took:?}");
    let done = world.succession(id).await;
    let cards = i64::try_from(CARDS).unwrap() + 1;
    assert_eq!((done.state, done.cards, done.renumbered), (SuccessionState::Done, cards, 1_000));
    let count = |query: sea_orm::Select<asset_holding::Entity>| query.count(app.db().read());
    let open = asset_holding::Entity::find().filter(asset_holding::Column::ToAt.is_null());
    assert_eq!(count(open.clone().filter(asset_holding::Column::UnitId.eq(from))).await.unwrap(), 0);
    let passed = open.filter(asset_holding::Column::SuccessionId.eq(id));
    assert_eq!(count(passed).await.unwrap(), u64::try_from(cards).unwrap());
    let numbered = |number: &str| {
        asset::Entity::find()
            .filter(asset::Column::HolderId.eq(to))
            .filter(asset::Column::State.eq(AssetState::Active))
            .filter(asset::Column::Number.eq(number))
            .count(app.db().read())
    };
    for (number, cards) in
        [("00-0007", 1), ("09-0007", 1), ("09-0007-2", 1), ("09-0007-3", 1), ("09-0008-2", 1)]
    {
        assert_eq!(numbered(number).await.unwrap(), cards, "{number}");
    }
    app.generation().await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn a_split_shares_cards_with_their_offers_and_a_merger_adds_headcount() {
    let world = World::new().await;
    let (giver, asker, rival) = (&world.giver, &world.asker, &world.rival);
    let app = &world.app;
    let stays = world.list(Offer::of(3)).await;
    let goes = world.list(Offer::of(3)).await;
    let card_of = async |id: Uuid| {
        let offer = listing::Entity::find_by_id(id).one(app.db().read()).await.unwrap().unwrap();
        (offer.unit_id, world.card(offer.asset_id).await)
    };
    let (_, card) = card_of(goes).await;
    let line = world.ask_one(asker, goes, 2).await.id;
    world.approve(asker, line).await;
    let hand_over = world.release(&giver.clerk, line, Some(1)).await.unwrap();
    let staff = |unit_id, count| unit_quota::Model {
        id: app.ids().next(app.clock().now()),
        unit_id,
        kind: QuotaKind::Staff,
        rank: None,
        count,
        source: "编制文件".into(),
        valid_from: "2024-01-01".parse().unwrap(),
        valid_to: None,
        created_by: None,
        created_at: app.clock().now(),
    };
    for row in [staff(giver.unit, 40), staff(rival.unit, 30), staff(asker.unit, 20)] {
        row.into_active_model().reset_all().insert(app.db().writer()).await.unwrap();
    }
    let share =
        ShareForm { unit_id: asker.unit, asset_ids: vec![card.id], place_id: None, category_id: None };
    let form = world.form(SuccessionKind::Split, &[giver.unit], rival.unit);
    world.succeed(SuccessionForm { shares: vec![share], ..form }).await;
    let (unit, card) = card_of(goes).await;
    assert_eq!((unit, card.holder_id), (asker.unit, asker.unit));
    // What was split off for the hand-over goes with its offer, and so does who hands it over.
    let moving = world.transfer(hand_over).await;
    assert_eq!((moving.giver_id, world.card(moving.asset_id).await.holder_id), (asker.unit, asker.unit));
    assert_eq!(card_of(stays).await.0, rival.unit);
    let counts = async |unit: Uuid| {
        let today = app.clock().today();
        let rows = unit_quota::Entity::find().filter(unit_quota::Column::UnitId.eq(unit));
        let rows = rows.all(app.db().read()).await.unwrap();
        let lasting =
            rows.iter().filter(|row| row.valid_from <= today && row.valid_to.is_none_or(|to| to >= today));
        lasting.map(|row| row.count).sum::<i64>()
    };
    assert_eq!((counts(giver.unit).await, counts(rival.unit).await), (0, 30));
    world.assert_verified().await;

    let office_unit = unit::Entity::find().all(app.db().read()).await.unwrap();
    let office_unit = office_unit.iter().find(|unit| unit.name == "市机关事务管理局").unwrap().id;
    world.succeed(world.form(SuccessionKind::Merge, &[rival.unit, asker.unit], office_unit)).await;
    assert_eq!(counts(office_unit).await, 50);
    // The first giver is led on to the last: its clerk works there, and sees what it was.
    let clerk = world.again(&giver.clerk).await;
    assert!(clerk.holds(Role::Clerk, office_unit) && clerk.holds(Role::Clerk, giver.unit));
    assert_eq!(app.reference().living(giver.unit), office_unit);
    // Nobody holds a role there twice.
    let mut held = BTreeSet::new();
    let today = app.clock().today();
    for grant in role_grant::Entity::find().all(app.db().read()).await.unwrap() {
        if grant.scope == Scope::Unit && grant.valid_to.is_none_or(|to| to >= today) {
            assert_eq!(grant.scope_id, Some(office_unit));
            assert!(held.insert((grant.account_id, grant.role)), "{grant:?}");
        }
    }
    assert_eq!(held.len(), 6);
    world.receive(&world.again(&asker.clerk).await, hand_over, 1, 0, 0).await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn a_freeze_covers_what_it_covered_and_nothing_else() {
    let world = World::new().await;
    let (giver, rival) = (&world.giver, &world.rival);
    let offer = world.list(Offer::of(2)).await;
    let line = world.ask_one(&world.asker, offer, 1).await.id;
    world.approve(&world.asker, line).await;
    let input = Freeze {
        scope: FreezeScope::Unit,
        scope_id: giver.unit,
        cause: entity::listings::FreezeCause::Stocktake,
        note: "撤并前清查".into(),
    };
    freeze(&world.app, &world.office, None, &input).await.unwrap();
    let began = world.app.clock().now();
    world.days(1);
    world.succeed(world.form(SuccessionKind::Close, &[giver.unit], rival.unit)).await;
    let open = asset_freeze::Entity::find().filter(asset_freeze::Column::UntilAt.is_null());
    let open = open.all(world.app.db().read()).await.unwrap();
    let [one] = &open[..] else { panic!("{open:?}") };
    assert_eq!((one.scope, one.from_at), (FreezeScope::Asset, began));
    let clerk = world.again(&rival.clerk).await;
    assert_eq!(codes(world.release(&clerk, line, None).await), [(Code::Frozen, String::new())]);
    world.assert_verified().await;

    // What is left behind is found.
    listing::Entity::update_many()
        .col_expr(listing::Column::DirectedTo, Expr::value(Some(giver.unit)))
        .filter(listing::Column::Id.eq(offer))
        .exec(world.app.db().writer())
        .await
        .unwrap();
    let parts = crate::verify::verify(&world.app, &[], |_| {}).await.unwrap();
    let part = parts.iter().find(|part| part.name == "successions").unwrap();
    assert!(part.faults.len() == 1 && part.faults[0].contains("directed_to"), "{:?}", part.faults);
}

#[tokio::test]
async fn nobody_becomes_a_clerk_of_the_pool_because_a_body_is_dissolved_into_it() {
    let world = World::new().await;
    let (giver, pool) = (&world.giver, &world.rival);
    unit::Entity::update_many()
        .col_expr(unit::Column::Kind, Expr::value(UnitKind::Pool))
        .filter(unit::Column::Id.eq(pool.unit))
        .exec(world.app.db().writer())
        .await
        .unwrap();
    let offer = world.list(Offer::of(1)).await;
    world.succeed(world.form(SuccessionKind::Close, &one(giver), pool.unit)).await;
    let offer = listing::Entity::find_by_id(offer).one(world.app.db().read()).await.unwrap().unwrap();
    assert_eq!(offer.unit_id, pool.unit);
    assert!(world.again(&giver.clerk).await.grants().is_empty());
    world.assert_verified().await;
}

fn one(people: &People) -> Vec<Uuid> {
    vec![people.unit]
}

#[tokio::test]
async fn a_unit_that_closes_takes_nothing_more_and_nobody_closes_it_by_hand() {
    let world = World::new().await;
    let (app, giver, rival, asker) = (&world.app, &world.giver, &world.rival, &world.asker);
    let tomorrow = app.clock().today().succ_opt().unwrap();
    let form = world.form(SuccessionKind::Close, &one(giver), rival.unit);
    let id = world.draft(SuccessionForm { effective_on: tomorrow, ..form }).await;
    let form = world.form(SuccessionKind::Close, &one(giver), rival.unit);
    let refused = draft::draft(app, &giver.head, None, &draft::Input { which: None, form }).await;
    assert_eq!(codes(refused), [(Code::NotAllowed, String::new())]);
    world.announce(id).await.unwrap();
    let closing = world.unit(giver.unit).await;
    assert_eq!((closing.state, closing.successor_id), (UnitState::Closing, Some(rival.unit)));
    let which = world.which(id).await;
    let early = start::start(app, &world.office, None, &which).await;
    assert_eq!(codes(early), [(Code::NotYetDue, String::new())]);
    assert_eq!(start_due(app).await.unwrap(), 0);

    // Neither asks nor gets people, nor is it in another succession, on either side.
    let offer = world.list(Offer::of(1)).await;
    assert_eq!(codes(world.ask(giver, &[(offer, 1)]).await), [(Code::UnitNotActive, "unitId".to_owned())]);
    let grant = GrantForm {
        account_id: asker.clerk.account_id().unwrap(),
        role: Role::Clerk,
        scope: Scope::Unit,
        scope_id: Some(giver.unit),
        valid_from: app.clock().today(),
        valid_to: None,
    };
    let granted = grant_role::grant_role(app, &Actor::system(), None, &grant).await;
    assert_eq!(codes(granted), [(Code::UnitNotActive, "scopeId".to_owned())]);
    for (units, to, field) in [(giver, asker, "unitIds.0"), (rival, asker, "unitIds.0")] {
        let other = world.draft(world.form(SuccessionKind::Close, &one(units), to.unit)).await;
        assert_eq!(codes(world.announce(other).await), [(Code::UnderSuccession, field.to_owned())]);
    }
    let other = world.draft(world.form(SuccessionKind::Close, &one(asker), giver.unit)).await;
    assert_eq!(codes(world.announce(other).await), [(Code::UnitNotActive, "successorId".to_owned())]);

    let save = async |form: UnitForm| {
        let row = world.unit(giver.unit).await;
        let input = save_unit::Input { id: Some(row.id), version: Some(row.version), form };
        let outcome = save_unit::save_unit(app, &Actor::system(), None, &input).await;
        app.generation().await.unwrap();
        outcome
    };
    let closing = UnitForm::from(&world.unit(giver.unit).await);
    let closed = UnitForm { state: UnitState::Closed, valid_to: Some(tomorrow), ..closing.clone() };
    assert!(codes(save(closed).await).contains(&(Code::ClosedBySuccession, "state".to_owned())));
    let again = UnitForm { state: UnitState::Active, ..closing.clone() };
    assert_eq!(codes(save(again).await), [(Code::UnderSuccession, "state".to_owned())]);
    save(UnitForm { name: "市教育局（撤并中）".into(), ..closing }).await.unwrap();

    let which = world.which(id).await;
    call_off::call_off(app, &world.office, None, &which).await.unwrap();
    app.generation().await.unwrap();
    let active = world.unit(giver.unit).await;
    assert_eq!((active.state, active.successor_id), (UnitState::Active, None));
    world.assert_verified().await;

    // On its day it starts by itself, and then it is too late to call it off.
    let form = world.form(SuccessionKind::Close, &one(giver), rival.unit);
    let id = world.draft(SuccessionForm { effective_on: tomorrow, ..form }).await;
    world.announce(id).await.unwrap();
    world.days(1);
    assert_eq!(start_due(app).await.unwrap(), 1);
    let which = world.which(id).await;
    let late = call_off::call_off(app, &world.office, None, &which).await;
    assert_eq!(codes(late), [(Code::WrongState, String::new())]);
    while step(app, id).await.unwrap() == Step::More {}
    app.generation().await.unwrap();
    let gone = world.unit(giver.unit).await;
    assert_eq!((gone.state, gone.valid_to), (UnitState::Closed, tomorrow.pred_opt()));
    world.assert_verified().await;
}
