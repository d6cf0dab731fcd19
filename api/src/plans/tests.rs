use std::time::Instant;

use entity::assets::asset;
use entity::catalogue::{AssetKind, allocation_standard};
use entity::listings::{FreezeCause, FreezeScope, listing};
use entity::photos::{PhotoStage, photo, photo_blob};
use entity::plans::{ObjectionState, PlanState, allocation_plan, plan_line, plan_objection};
use entity::requests::{LineState, request, request_line};
use entity::transfers::TransferState;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::answer::{self, Verdict};
use super::draft::{self, LineInput};
use super::{Done, cancel, complete, object, publish, read, reserve, submit};
use crate::approvals::rules::Verdict as Step;
use crate::decisions::freeze::{Freeze, freeze};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::requests::world::{Offer, World, codes};
use crate::transfers::book;
use crate::transfers::rules::BookingSide;

/// What a plan of the office needs besides the small city: somebody who may approve it, and one picture of every card.
struct Desk {
    world: World,
    colleague: Actor,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let colleague = world.colleague("office.second", entity::identity::Role::Office).await;
        let blob = photo_blob::Model {
            sha256: "0".repeat(64),
            width: 1,
            height: 1,
            bytes: 1,
            phash: String::new(),
            created_at: world.app.clock().now(),
            clearing_at: None,
        };
        blob.into_active_model().reset_all().insert(world.app.db().writer()).await.unwrap();
        Self { world, colleague }
    }

    /// A card of the giver with its picture.
    async fn card(&self, pieces: i64) -> asset::Model {
        let card = self.world.put(&Offer::of(pieces)).await;
        self.photograph(&card).await;
        card
    }

    async fn photograph(&self, card: &asset::Model) {
        let app = &self.world.app;
        let picture = photo::Model {
            id: app.ids().next(app.clock().now()),
            asset_id: card.id,
            sha256: "0".repeat(64),
            position: 0,
            stage: PhotoStage::Listing,
            name: "正面".into(),
            created_by: card.created_by,
            created_at: app.clock().now(),
        };
        picture.into_active_model().reset_all().insert(app.db().writer()).await.unwrap();
    }

    fn line(&self, card: &asset::Model, receiver: Uuid) -> LineInput {
        LineInput {
            asset_id: Some(card.id),
            listing_id: None,
            receiver_id: receiver,
            quantity: None,
            over_cap_reason: None,
        }
    }

    fn of_offer(&self, listing: Uuid, receiver: Uuid, pieces: i64) -> LineInput {
        LineInput {
            asset_id: None,
            listing_id: Some(listing),
            receiver_id: receiver,
            quantity: Some(pieces),
            over_cap_reason: None,
        }
    }

    async fn draft(&self, lines: Vec<LineInput>) -> Result<Uuid, Fault> {
        let input = draft::Draft {
            title: "机构改革资产划转".into(),
            reason: "职能并入".into(),
            document_number: "武机改〔2026〕3号".into(),
            lines,
        };
        Ok(draft::draft(&self.world.app, &self.world.office, None, &input).await?.plan_id)
    }

    async fn plan(&self, id: Uuid) -> allocation_plan::Model {
        allocation_plan::Entity::find_by_id(id).one(self.world.app.db().read()).await.unwrap().unwrap()
    }

    async fn lines(&self, id: Uuid) -> Vec<plan_line::Model> {
        plan_line::Entity::find()
            .filter(plan_line::Column::PlanId.eq(id))
            .order_by_asc(plan_line::Column::Position)
            .all(self.world.app.db().read())
            .await
            .unwrap()
    }

    async fn publish(&self, id: Uuid) -> Result<Done, Fault> {
        let input = publish::Input { plan_id: id, version: self.plan(id).await.version };
        publish::publish(&self.world.app, &self.world.office, None, &input).await
    }

    async fn submit(&self, id: Uuid) -> Result<Done, Fault> {
        let input = submit::Input { plan_id: id, version: self.plan(id).await.version };
        submit::submit(&self.world.app, &self.world.office, None, &input).await
    }

    async fn reserve(&self, id: Uuid) -> Result<Done, Fault> {
        let input = reserve::Input { plan_id: id, version: None };
        reserve::reserve(&self.world.app, &self.world.office, None, &input).await
    }

    async fn object(&self, who: &Actor, line: Uuid) -> Result<Done, Fault> {
        let input = object::Input { line_id: line, reason: "本单位仍在使用".into() };
        object::object(&self.world.app, who, None, &input).await
    }

    async fn answer(&self, objection: Uuid, verdict: Verdict, receiver: Option<Uuid>) -> Result<Done, Fault> {
        let input = answer::Input {
            objection_id: objection,
            verdict,
            answer: Some("已核实".into()),
            receiver_id: receiver,
            quantity: None,
        };
        answer::answer(&self.world.app, &self.world.office, None, &input).await
    }

    /// A plan that is approved.
    async fn approved(&self, lines: Vec<LineInput>) -> Uuid {
        let plan = self.draft(lines).await.expect("a draft");
        self.publish(plan).await.expect("published");
        self.world.days(10);
        self.submit(plan).await.expect("submitted");
        self.world.decide(&self.colleague, plan, Step::Approve, None).await.expect("approved");
        plan
    }

    async fn carried(&self, plan: Uuid) -> Vec<request_line::Model> {
        let lines: Vec<Uuid> = self.lines(plan).await.iter().map(|line| line.id).collect();
        let found = read::carried(self.world.app.db().read(), &lines).await.unwrap();
        lines.iter().filter_map(|line| found.get(line).cloned()).collect()
    }

    /// Listings, requests and their lines, whatever they are about.
    async fn written(&self) -> [u64; 3] {
        let conn = self.world.app.db().read();
        [
            listing::Entity::find().count(conn).await.unwrap(),
            request::Entity::find().count(conn).await.unwrap(),
            request_line::Entity::find().count(conn).await.unwrap(),
        ]
    }
}

#[tokio::test]
async fn a_plan_goes_from_draft_through_objections_and_approval_to_the_last_booking() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let (one, two, three) = (desk.card(1).await, desk.card(6).await, desk.card(2).await);
    let offered = world.list(Offer::of(5)).await;
    let (asker, rival) = (world.asker.unit, world.rival.unit);
    let plan = desk
        .draft(vec![
            desk.line(&one, asker),
            LineInput { quantity: Some(4), ..desk.line(&two, asker) },
            LineInput { quantity: Some(2), ..desk.line(&two, rival) },
            desk.line(&three, rival),
            desk.of_offer(offered, rival, 3),
        ])
        .await
        .unwrap();
    let lines = desk.lines(plan).await;
    assert_eq!(codes(desk.object(&world.giver.head, lines[0].id).await), [(Code::NotFound, "lineId".into())]);
    desk.publish(plan).await.unwrap();
    let until = desk.plan(plan).await.objections_until.unwrap();
    assert!(until > world.app.clock().today(), "{until}");

    // The giver speaks against two lines, a receiver against one; who has nothing to do with a line does not see it.
    desk.object(&world.giver.clerk, lines[0].id).await.unwrap();
    desk.object(&world.giver.head, lines[3].id).await.unwrap();
    desk.object(&world.rival.clerk, lines[2].id).await.unwrap();
    assert_eq!(
        codes(desk.object(&world.asker.clerk, lines[2].id).await),
        [(Code::NotFound, "lineId".into())]
    );
    let said = plan_objection::Entity::find()
        .order_by_asc(plan_objection::Column::Id)
        .all(world.app.db().read())
        .await
        .unwrap();
    assert_eq!(codes(desk.submit(plan).await), [(Code::ObjectionsOpen, String::new())]);
    desk.answer(said[0].id, Verdict::Uphold, None).await.unwrap();
    desk.answer(said[1].id, Verdict::Drop, None).await.unwrap();
    world.days(1);
    desk.answer(said[2].id, Verdict::Change, Some(asker)).await.unwrap_err();
    let other = desk.lines(plan).await[2].clone();
    assert_eq!((other.receiver_id, other.version), (rival, lines[2].version + 1), "two lines would be one");
    let fewer = answer::Input {
        objection_id: said[2].id,
        verdict: Verdict::Change,
        answer: None,
        receiver_id: None,
        quantity: Some(1),
    };
    answer::answer(&world.app, &world.office, None, &fewer).await.unwrap();
    let changed = desk.lines(plan).await[2].clone();
    assert!(changed.objections_until > lines[2].objections_until && changed.quantity == 1);
    assert!(changed.objections_until.unwrap() > until, "it can be objected to anew, for as long");
    assert_eq!(
        codes(desk.answer(said[0].id, Verdict::Drop, None).await),
        [(Code::WrongState, "objectionId".into())]
    );
    assert_eq!(codes(desk.submit(plan).await), [(Code::ObjectionsOpen, String::new())], "the days run");
    world.days(10);
    assert_eq!(
        codes(desk.object(&world.giver.clerk, lines[1].id).await),
        [(Code::ObjectionsOver, "lineId".into())]
    );
    desk.submit(plan).await.unwrap();
    // Who drafted it does not decide it.
    let own = world.decide(&world.office, plan, Step::Approve, None).await;
    assert_eq!(codes(own)[0].0, Code::OwnCase);
    assert_eq!(codes(desk.reserve(plan).await)[0].0, Code::WrongState);
    world.decide(&desk.colleague, plan, Step::Approve, None).await.unwrap();
    assert_eq!(desk.written().await, [1, 0, 0], "an approval promises nothing yet");
    desk.reserve(plan).await.unwrap();

    let carried = desk.carried(plan).await;
    assert_eq!(carried.len(), 4);
    assert!(carried.iter().all(|line| line.state == LineState::Reserved));
    // A listing of its own for each line of a card; one request for each receiver.
    assert_eq!(desk.written().await, [4, 2, 4]);
    assert_eq!(world.stock(offered).await, [2, 0, 3, 0, 0, 0, 0]);
    assert_eq!(codes(desk.reserve(plan).await)[0].0, Code::WrongState);
    let give_up = cancel::Input { plan_id: plan, reason: "不再需要".into() };
    let given_up = cancel::cancel(&world.app, &world.office, None, &give_up).await;
    assert_eq!(codes(given_up)[0].0, Code::WrongState);
    world.assert_verified().await;

    for line in &carried {
        let who = if line.unit_id == asker { &world.asker } else { &world.rival };
        let transfer = world.release(&world.giver.clerk, line.id, None).await.unwrap();
        world.receive(&who.clerk, transfer, line.quantity, 0, 0).await.unwrap();
        assert_eq!(complete::complete(&world.app, 10).await.unwrap(), 0);
        for (person, side) in [(&world.giver.clerk, BookingSide::Giver), (&who.clerk, BookingSide::Receiver)]
        {
            let input = book::Input { transfer_id: transfer, side, number: "记-12".into() };
            book::book(&world.app, person, None, &input).await.unwrap();
        }
        assert_eq!(world.transfer(transfer).await.state, TransferState::Closed);
        let number = world.transfer(transfer).await.approval_number;
        assert!(number.is_some_and(|number| number == "武机改〔2026〕3号" || line.listing_id == offered));
    }
    assert_eq!(complete::complete(&world.app, 10).await.unwrap(), 1);
    assert_eq!(desk.plan(plan).await.state, PlanState::Completed);
    assert_eq!(complete::complete(&world.app, 10).await.unwrap(), 0);
    let objections = plan_objection::Entity::find().all(world.app.db().read()).await.unwrap();
    assert!(objections.iter().all(|it| it.state != ObjectionState::Open));
    world.assert_verified().await;
}

#[tokio::test]
async fn where_one_line_cannot_be_reserved_none_is_and_each_is_told_why() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let asker = world.asker.unit;
    let good = desk.card(1).await;
    let frozen = desk.card(1).await;
    let bare = world.put(&Offer::of(1)).await;
    let claimed = desk.card(3).await;
    let (held, awaited, sound) =
        (world.list(Offer::of(2)).await, world.list(Offer::of(4)).await, world.list(Offer::of(2)).await);
    let plan = desk
        .approved(vec![
            desk.line(&good, asker),
            desk.line(&frozen, asker),
            desk.line(&bare, asker),
            desk.line(&claimed, asker),
            desk.of_offer(held, asker, 2),
            desk.of_offer(awaited, asker, 1),
            desk.of_offer(sound, asker, 2),
        ])
        .await;
    let order = Freeze {
        scope: FreezeScope::Asset,
        scope_id: frozen.id,
        cause: FreezeCause::Dispute,
        note: String::new(),
    };
    freeze(&world.app, &world.office, None, &order).await.unwrap();
    world.offer(claimed, &world.giver, Offer::of(2)).await;
    world.ask_one(&world.rival, held, 1).await;
    world.ask_one(&world.rival, awaited, 3).await;
    world.ask_one(&world.asker, awaited, 4).await;
    let before = desk.written().await;
    let said = codes(desk.reserve(plan).await);
    let expected = [
        (Code::Frozen, "lines.1.assetId"),
        (Code::PhotoRequired, "lines.2.photos"),
        (Code::NotEnough, "lines.3.quantity"),
        (Code::NotEnough, "lines.4.quantity"),
        (Code::AwaitedByOthers, "lines.5.listingId"),
    ];
    let mut said_sorted = said.clone();
    said_sorted.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(said_sorted, expected.map(|(code, field)| (code, field.to_owned())));
    assert_eq!(desk.written().await, before);
    assert_eq!(world.stock(sound).await, [2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(desk.plan(plan).await.state, PlanState::Approved);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_plan_beyond_a_cap_needs_a_reason_for_each_line_beyond_it() {
    let desk = Desk::new().await;
    let world = &desk.world;
    allocation_standard::Entity::update_many()
        .col_expr(allocation_standard::Column::CapPercent, Expr::value(Some(100i64)))
        .filter(allocation_standard::Column::Id.eq(world.standard))
        .exec(world.app.db().writer())
        .await
        .unwrap();
    let staff = entity::quotas::unit_quota::Model {
        id: world.app.ids().next(world.app.clock().now()),
        unit_id: world.asker.unit,
        kind: entity::quotas::QuotaKind::Staff,
        rank: None,
        count: 3,
        source: "编办".into(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: None,
        created_by: None,
        created_at: world.app.clock().now(),
    };
    staff.into_active_model().reset_all().insert(world.app.db().writer()).await.unwrap();
    let (two, three) = (desk.card(2).await, desk.card(3).await);
    assert_eq!(two.kind, AssetKind::General);
    let asker = world.asker.unit;
    let plan = desk.draft(vec![desk.line(&two, asker), desk.line(&three, asker)]).await.unwrap();
    desk.publish(plan).await.unwrap();
    world.days(10);
    assert_eq!(codes(desk.submit(plan).await), [(Code::Required, "lines.1.overCapReason".into())]);
    let give_up = cancel::Input { plan_id: plan, reason: "补充理由".into() };
    cancel::cancel(&world.app, &world.office, None, &give_up).await.unwrap();
    let reason = Some("新设阅览室".to_owned());
    let lines =
        vec![desk.line(&two, asker), LineInput { over_cap_reason: reason, ..desk.line(&three, asker) }];
    let plan = desk.approved(lines).await;
    desk.reserve(plan).await.unwrap();
    assert_eq!(desk.carried(plan).await.len(), 2);
}

#[tokio::test]
async fn five_hundred_lines_are_reserved_with_few_statements() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let mut lines = Vec::new();
    for n in 0..500 {
        let receiver = if n % 2 == 0 { world.asker.unit } else { world.rival.unit };
        lines.push(if n % 5 == 0 {
            desk.of_offer(world.list(Offer::of(2)).await, receiver, 1)
        } else {
            desk.line(&desk.card(1).await, receiver)
        });
    }
    let plan = desk.approved(lines).await;
    let begun = Instant::now();
    desk.reserve(plan).await.unwrap();
    let took = begun.elapsed();
    eprintln!("500 lines: {took:?}");
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");
    let carried = desk.carried(plan).await;
    assert_eq!(carried.len(), 500);
    // No request has more lines than one may have.
    assert_eq!(desk.written().await[1], 6);
    world.assert_verified().await;
}
