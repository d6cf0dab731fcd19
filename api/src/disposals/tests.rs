use chrono::{NaiveDate, TimeDelta};
use entity::Money;
use entity::approvals::{ApprovalSubject, CaseState, approval_case};
use entity::assets::{AssetState, asset, asset_holding};
use entity::disposals::{DisposalKind, DisposalReason, DisposalState, disposal, disposal_proceeds};
use entity::identity::Role;
use entity::listings::{ListingState, Purpose, listing, listing_stock};
use entity::requests::LineState;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::proceeds::{self, GroupBy};
use super::read::{self, StaleFilter};
use super::rules::Rung;
use super::{appraise, call_off, complete, object, price, propose, submit};
use crate::approvals::rules::Verdict;
use crate::catalogue::forms::SettingForm;
use crate::catalogue::set_city_setting::set_city_setting;
use crate::decisions::withdraw::{Withdraw, withdraw_listing};
use crate::fault::{Code, Fault};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::requests::world::{Offer, People, World, codes};
use crate::savings::report;

struct Desk {
    world: World,
    listing: Uuid,
}

impl Desk {
    /// So many computers, offered in vain for so many days.
    async fn after(pieces: i64, days: i64) -> Self {
        let world = World::new().await;
        let listing = world.list(Offer::of(pieces)).await;
        world.days(days);
        Self { world, listing }
    }

    fn today(&self) -> NaiveDate {
        self.world.app.clock().today()
    }

    fn clerk(&self) -> &Actor {
        &self.world.giver.clerk
    }

    async fn propose(&self, kind: DisposalKind, quantity: Option<i64>) -> Result<Uuid, Fault> {
        let input = propose::Input {
            listing_id: self.listing,
            kind,
            quantity,
            justification: "长期无单位承接".into(),
            beyond_repair: None,
        };
        Ok(propose::propose(&self.world.app, self.clerk(), None, &input).await?.disposal_id)
    }

    async fn appraise(&self, id: Uuid, value: i64, days: i64) -> Result<(), Fault> {
        let input = appraise::Input {
            disposal_id: id,
            by: "武汉资产评估公司".into(),
            value: Money(value),
            on: self.today(),
            valid_until: self.today() + TimeDelta::days(days),
            report: "评报字〔2026〕1号".into(),
        };
        appraise::appraise(&self.world.app, self.clerk(), None, &input).await.map(drop)
    }

    async fn submit(&self, id: Uuid) -> Result<(), Fault> {
        submit::submit(&self.world.app, self.clerk(), None, &submit::Input { disposal_id: id })
            .await
            .map(drop)
    }

    /// The step that waits is decided by who sits in it.
    async fn decide(&self, id: Uuid, verdict: Verdict) -> Result<(), Fault> {
        let world = &self.world;
        let step = world.pending(id).await.ok_or(Code::NotFound)?;
        let who = match step.role {
            Role::Head => &world.giver.head,
            Role::Finance => &world.finance,
            _ => &world.office,
        };
        world.decide(who, id, verdict, None).await
    }

    async fn approve(&self, id: Uuid) {
        while self.world.pending(id).await.is_some() {
            self.decide(id, Verdict::Approve).await.expect("an approval");
        }
    }

    async fn complete(&self, id: Uuid, proceeds: i64) -> Result<(), Fault> {
        let input = complete::Input {
            disposal_id: id,
            receiver: Some("江城再生资源公司".into()),
            evidence: "成交确认书 2026-12".into(),
            proceeds: Money(proceeds),
        };
        complete::complete(&self.world.app, self.clerk(), None, &input).await.map(drop)
    }

    async fn object(&self, who: &People, id: Uuid) -> Result<(), Fault> {
        let input = object::Input { disposal_id: id, unit_id: who.unit, reason: "阅览室可用".into() };
        object::object(&self.world.app, &who.clerk, None, &input).await.map(drop)
    }

    async fn call_off(&self, id: Uuid) -> Result<(), Fault> {
        let input = call_off::Input { disposal_id: id, reason: "另作安排".into() };
        call_off::call_off(&self.world.app, &self.world.giver.head, None, &input).await.map(drop)
    }

    /// Proposed, approved and shown; a sale is appraised at ¥1,000 first.
    async fn shown(&self, kind: DisposalKind, quantity: Option<i64>) -> Uuid {
        let id = self.propose(kind, quantity).await.expect("a disposal");
        if kind == DisposalKind::Sale {
            self.appraise(id, 100_000, 180).await.expect("an appraisal");
        }
        self.submit(id).await.expect("a case");
        self.approve(id).await;
        assert_eq!(self.row(id).await.state, DisposalState::Publicity);
        id
    }

    async fn row(&self, id: Uuid) -> disposal::Model {
        disposal::Entity::find_by_id(id).one(self.world.app.db().read()).await.unwrap().unwrap()
    }

    async fn offer(&self) -> listing::Model {
        listing::Entity::find_by_id(self.listing).one(self.world.app.db().read()).await.unwrap().unwrap()
    }

    async fn saved(&self) -> i64 {
        let rows = report::totals(self.world.app.db().read(), &report::Query::everything()).await.unwrap();
        rows.iter().map(|row| row.amount.0).sum()
    }

    async fn came_in(&self, group_by: &[GroupBy]) -> Vec<(Vec<String>, i64)> {
        let reach = crate::authz::Reach { everywhere: true, ..Default::default() };
        let query = proceeds::Query { group_by: group_by.to_vec(), reach, ..Default::default() };
        let rows = proceeds::rows(self.world.app.db().read(), &query, None, 100).await.unwrap();
        let words = |row: &proceeds::Row| {
            row.key()
                .iter()
                .map(|part| serde_json::to_value(part).unwrap().as_str().unwrap().to_owned())
                .collect()
        };
        rows.iter().map(|row| (words(row), row.amount.0)).collect()
    }

    async fn stale(&self, who: &Actor, rung: Option<Rung>) -> Vec<Uuid> {
        let app = &self.world.app;
        let ladder = read::ladder(app.db().read(), app.clock().today()).await.unwrap();
        let page = Page::read(None, None).unwrap();
        let filter = StaleFilter { unit_id: None, rung };
        let found = read::stale(app.db().read(), who, app.clock(), &ladder, filter, &page).await.unwrap();
        found.into_iter().map(|stale| stale.id).collect()
    }
}

fn code(code: Code, field: &str) -> Vec<(Code, String)> {
    vec![(code, field.to_owned())]
}

#[tokio::test]
async fn a_sale_goes_by_the_book_and_what_it_brings_in_is_no_saving() {
    let desk = Desk::after(4, 179).await;
    let world = &desk.world;
    assert_eq!(codes(desk.propose(DisposalKind::Sale, None).await), code(Code::ReuseFirst, "kind"));
    world.days(1);
    let id = desk.propose(DisposalKind::Sale, None).await.unwrap();
    assert_eq!(desk.row(id).await.number, "CZ-2026-000001");
    assert_eq!(desk.offer().await.state, ListingState::Disposal);
    assert_eq!(world.stock(desk.listing).await, [0, 0, 0, 0, 0, 4, 0]);
    assert!(world.ask(&world.asker, &[(desk.listing, 1)]).await.is_err(), "nobody gets what is set aside");

    assert_eq!(codes(desk.submit(id).await), code(Code::AppraisalNeeded, ""));
    desk.appraise(id, 100_000, 30).await.unwrap();
    desk.submit(id).await.unwrap();
    assert_eq!(codes(desk.complete(id, 100_000).await), code(Code::WrongState, ""));
    desk.decide(id, Verdict::Return).await.unwrap();
    assert_eq!(desk.row(id).await.state, DisposalState::Appraised);
    desk.submit(id).await.unwrap();
    desk.approve(id).await;
    let shown = desk.row(id).await;
    assert_eq!(shown.state, DisposalState::Publicity);
    let until = shown.publicity_until.unwrap();
    assert!((until - desk.today()).num_days() >= 5, "five working days: {until}");
    assert_eq!(codes(desk.complete(id, 100_000).await), code(Code::PublicityRuns, ""));

    while desk.today() <= until {
        world.days(1);
    }
    assert_eq!(codes(desk.object(&world.asker, id).await), code(Code::PublicityOver, ""));
    assert_eq!(codes(desk.complete(id, 89_999).await), code(Code::BelowAppraisal, "proceeds"));
    // The office lets it go for less, not for less than that.
    let lower = |price| price::Input { disposal_id: id, price: Money(price), reason: "两次流拍".into() };
    let asked = price::ask(&world.app, desk.clerk(), None, &lower(90_000)).await;
    assert_eq!(codes(asked), code(Code::OutOfRange, "price"));
    price::ask(&world.app, desk.clerk(), None, &lower(70_000)).await.unwrap();
    assert_eq!(codes(desk.complete(id, 70_000).await), code(Code::BelowAppraisal, "proceeds"));
    desk.approve(id).await;
    assert_eq!(codes(desk.complete(id, 69_999).await), code(Code::BelowAppraisal, "proceeds"));
    let saved = desk.saved().await;
    desk.complete(id, 70_000).await.unwrap();

    assert_eq!(desk.saved().await, saved, "proceeds are no savings");
    assert_eq!(desk.came_in(&[GroupBy::Kind]).await, [(vec!["SALE".to_owned()], 70_000)]);
    let card = world.card(desk.row(id).await.asset_id).await;
    assert_eq!((card.state, card.quantity, card.holder_id), (AssetState::Disposed, 4, world.giver.unit));
    let held = asset_holding::Entity::find()
        .filter(asset_holding::Column::AssetId.eq(card.id))
        .filter(asset_holding::Column::ToAt.is_null())
        .count(world.app.db().read());
    assert_eq!(held.await.unwrap(), 0, "nobody holds it any more");
    assert_eq!(codes(desk.call_off(id).await), code(Code::WrongState, ""));
    world.assert_verified().await;
}

#[tokio::test]
async fn a_new_appraisal_is_approved_and_shown_anew() {
    let desk = Desk::after(1, 200).await;
    let id = desk.shown(DisposalKind::Sale, None).await;
    desk.world.days(20);
    desk.appraise(id, 50_000, 30).await.unwrap();
    let row = desk.row(id).await;
    assert_eq!((row.state, row.publicity_until), (DisposalState::Appraised, None));
    assert_eq!(codes(desk.complete(id, 50_000).await), code(Code::WrongState, ""));
    desk.submit(id).await.unwrap();
    desk.approve(id).await;
    desk.world.days(31);
    // By now it is no good any more.
    assert_eq!(codes(desk.complete(id, 50_000).await), code(Code::AppraisalOver, ""));
    desk.world.assert_verified().await;
}

#[tokio::test]
async fn whoever_wants_it_while_it_is_shown_gets_it_offered() {
    let world = World::new().await;
    let listing = world.list(Offer { directed_to: Some(world.rival.unit), ..Offer::of(3) }).await;
    world.days(200);
    let desk = Desk { world, listing };
    let world = &desk.world;
    let id = desk.propose(DisposalKind::Donation, None).await.unwrap();
    let unseen = read::find(world.app.db().read(), &world.asker.clerk, id).await.unwrap();
    assert!(unseen.is_none(), "it is its holder's business until it is shown");
    assert_eq!(codes(desk.object(&world.asker, id).await), code(Code::NotFound, ""));
    desk.submit(id).await.unwrap();
    desk.approve(id).await;
    assert_eq!(codes(desk.object(&world.giver, id).await), code(Code::OwnHolding, "unitId"));
    desk.object(&world.asker, id).await.unwrap();
    let row = desk.row(id).await;
    assert_eq!((row.state, row.reason), (DisposalState::CalledOff, Some(DisposalReason::Wanted)));
    assert_eq!(row.objector_id, Some(world.asker.unit));
    let offer = desk.offer().await;
    assert_eq!((offer.state, offer.directed_to), (ListingState::Listed, None), "to everybody now");
    assert_eq!(world.stock(listing).await, [3, 0, 0, 0, 0, 0, 0]);
    // The ladder begins anew, and the one who wanted it can have it.
    assert!(desk.stale(&world.office, None).await.is_empty());
    world.deliver(&world.asker, listing, 3).await;
    world.assert_verified().await;
}

#[tokio::test]
async fn a_part_of_a_lot_is_split_off_its_card_pro_rata() {
    let world = World::new().await;
    let listing = world.list(Offer { value: Some(1_000), ..Offer::of(3) }).await;
    world.days(400);
    let desk = Desk { world, listing };
    let world = &desk.world;
    let line = world.ask_one(&world.asker, listing, 1).await;
    assert_eq!(codes(desk.propose(DisposalKind::WriteOff, Some(1)).await), code(Code::Claimed, "listingId"));
    world.decide(&world.asker.head, line.id, Verdict::Reject, None).await.unwrap();
    let too_many = desk.propose(DisposalKind::WriteOff, Some(4)).await;
    assert_eq!(codes(too_many), code(Code::NotEnough, "quantity"));
    let id = desk.propose(DisposalKind::WriteOff, Some(1)).await.unwrap();
    assert_eq!(desk.offer().await.state, ListingState::Listed);
    assert_eq!(world.stock(listing).await, [2, 0, 0, 0, 0, 1, 0]);
    desk.submit(id).await.unwrap();
    desk.approve(id).await;
    world.days(10);
    // The rest is reused meanwhile, in full: what is set aside is not touched.
    world.deliver(&world.asker, listing, 2).await;
    desk.complete(id, 0).await.unwrap();
    let card = world.card(desk.row(id).await.asset_id).await;
    assert_eq!((card.state, card.quantity), (AssetState::Disposed, 1));
    let family = asset::Entity::find().all(world.app.db().read()).await.unwrap();
    assert_eq!(family.iter().filter_map(|card| card.value).map(|value| value.0).sum::<i64>(), 1_000);
    assert!(desk.came_in(&[]).await.iter().all(|(_, amount)| *amount == 0), "it brought nothing in");
    world.assert_verified().await;
}

#[tokio::test]
async fn what_is_set_aside_is_in_no_other_offer_and_comes_back_to_its_holder() {
    let desk = Desk::after(5, 100).await;
    let world = &desk.world;
    let id = desk.propose(DisposalKind::Donation, Some(2)).await.unwrap();
    // The holder ends the rest of the offer: what comes back is the holder's, and not offered.
    let withdraw =
        Withdraw { id: desk.listing, version: desk.offer().await.version, quantity: None, reason: None };
    withdraw_listing(&world.app, desk.clerk(), None, &withdraw).await.unwrap();
    desk.call_off(id).await.unwrap();
    assert_eq!(desk.offer().await.state, ListingState::Withdrawn);
    assert_eq!(world.stock(desk.listing).await, [0, 0, 0, 0, 0, 5, 0]);
    world.assert_verified().await;
}

#[tokio::test]
async fn what_is_lent_or_frozen_is_not_disposed_of() {
    use crate::decisions::freeze::{Freeze, freeze};
    use crate::loans::request;
    use entity::listings::{FreezeCause, FreezeScope};
    let world = World::new().await;
    let listing = world.list(Offer { purpose: Purpose::Loan, ..Offer::of(2) }).await;
    world.days(200);
    let desk = Desk { world, listing };
    let world = &desk.world;
    let day = desk.today();
    let input = request::Input {
        unit_id: world.asker.unit,
        listing_id: listing,
        quantity: 1,
        from: day,
        to: day,
        justification: "会议".into(),
    };
    let loan = request::request(&world.app, &world.asker.clerk, None, &input).await.unwrap();
    assert_eq!(codes(desk.propose(DisposalKind::Donation, Some(1)).await), code(Code::Claimed, "listingId"));
    world.decide(&world.asker.head, loan.loan_id, Verdict::Reject, None).await.unwrap();
    let id = desk.shown(DisposalKind::Donation, None).await;
    world.days(20);
    let order = Freeze {
        scope: FreezeScope::Listing,
        scope_id: listing,
        cause: FreezeCause::Dispute,
        note: String::new(),
    };
    freeze(&world.app, &world.office, None, &order).await.unwrap();
    assert_eq!(codes(desk.complete(id, 0).await), code(Code::Frozen, ""));
    world.assert_verified().await;
}

#[tokio::test]
async fn below_its_service_life_it_is_not_scrapped() {
    // Bought in March 2023, six years by the standard.
    let desk = Desk::after(1, 400).await;
    let world = &desk.world;
    let refused = desk.propose(DisposalKind::Scrap, None).await;
    assert_eq!(codes(refused), code(Code::BelowServiceLife, "beyondRepair"));
    let input = propose::Input {
        listing_id: desk.listing,
        kind: DisposalKind::Scrap,
        quantity: None,
        justification: "无法使用".into(),
        beyond_repair: Some(propose::BeyondRepair { note: "主板烧毁".into(), by: "市质检所".into() }),
    };
    let id = propose::propose(&world.app, desk.clerk(), None, &input).await.unwrap().disposal_id;
    desk.submit(id).await.unwrap();
    desk.decide(id, Verdict::Reject).await.unwrap();
    assert_eq!(desk.row(id).await.reason, Some(DisposalReason::Refused));
    assert_eq!(desk.offer().await.state, ListingState::Listed);
    world.days(6 * 366);
    desk.propose(DisposalKind::Scrap, None).await.unwrap();
    world.assert_verified().await;
}

#[tokio::test]
async fn the_list_of_what_is_stale_follows_the_citys_ladder() {
    let desk = Desk::after(2, 29).await;
    let world = &desk.world;
    assert!(desk.stale(&world.office, None).await.is_empty());
    world.days(1);
    assert_eq!(desk.stale(&world.office, None).await, [desk.listing]);
    assert_eq!(desk.stale(&world.giver.head, Some(Rung::WiderAudience)).await, [desk.listing]);
    assert!(desk.stale(&world.office, Some(Rung::Donation)).await.is_empty());
    assert!(desk.stale(&world.asker.head, None).await.is_empty(), "it is not theirs");
    let form = SettingForm { name: "stale_donation_days".into(), value: 30, from: desk.today() };
    set_city_setting(&world.app, &world.office, None, &form).await.unwrap();
    assert_eq!(desk.stale(&world.office, Some(Rung::Donation)).await, [desk.listing]);
    assert!(desk.stale(&world.office, Some(Rung::WiderAudience)).await.is_empty());
    world.ask_one(&world.asker, desk.listing, 1).await;
    assert!(desk.stale(&world.office, None).await.is_empty(), "somebody wants it");
}

#[tokio::test]
async fn what_is_worth_much_goes_to_finance_also_in_small_parts() {
    let world = World::new().await;
    // ¥20,000 each.
    let offer = |n| Offer { value: Some(n * 2_000_000), ..Offer::of(n) };
    let listing = world.list(offer(3)).await;
    world.days(100);
    let desk = Desk { world, listing };
    let mut roles = Vec::new();
    for _ in 0..3 {
        let id = desk.propose(DisposalKind::Donation, Some(1)).await.unwrap();
        desk.submit(id).await.unwrap();
        while let Some(step) = desk.world.pending(id).await {
            roles.push(step.role);
            desk.decide(id, Verdict::Approve).await.unwrap();
        }
    }
    let small = [Role::Head, Role::Office];
    assert_eq!(roles, [&small[..], &small[..], &small[..], &[Role::Finance]].concat());
}

/// Which papers a disposal that was carried out must have, from the rows of others.
async fn has_its_papers(desk: &Desk, row: &disposal::Model) {
    let conn = desk.world.app.db().read();
    let cases = approval_case::Entity::find()
        .filter(approval_case::Column::SubjectId.eq(row.id))
        .filter(approval_case::Column::Subject.eq(ApprovalSubject::Disposal))
        .filter(approval_case::Column::State.eq(CaseState::Approved))
        .all(conn)
        .await
        .unwrap();
    let clock = desk.world.app.clock();
    let agreed = |case: &approval_case::Model| clock.civil_day(case.closed_at.unwrap());
    assert!(cases.iter().any(|case| Some(agreed(case)) == row.publicity_from), "{row:?}, {cases:?}");
    assert!(row.publicity_until.unwrap() < row.done_on.unwrap());
    assert!(row.evidence.as_deref().is_some_and(|text| !text.is_empty()));
    if row.kind == DisposalKind::Sale {
        assert!(row.appraisal_until.unwrap() >= row.done_on.unwrap());
        let least = row.least_price.unwrap_or(Money((row.appraised_value.unwrap().0 * 9 + 9) / 10));
        assert!(row.proceeds.unwrap() >= least);
    }
    assert_eq!(desk.world.card(row.asset_id).await.state, AssetState::Disposed);
}

#[tokio::test]
async fn any_sequence_of_commands_leaves_the_books_in_order() {
    for seed in 0..4 {
        wander(seed).await;
    }
}

/// Units ask and give up, the holder proposes and carries out, days go by: whatever comes of it holds.
async fn wander(seed: u64) {
    let desk = Desk::after(12, 400).await;
    let world = &desk.world;
    let mut dice = StdRng::seed_from_u64(seed);
    let (mut disposals, mut lines): (Vec<Uuid>, Vec<(bool, Uuid)>) = (Vec::new(), Vec::new());
    let kinds = [DisposalKind::Donation, DisposalKind::Sale, DisposalKind::WriteOff];
    let mut saved = 0;
    for _ in 0..60 {
        let pick = |dice: &mut StdRng, of: usize| dice.random_range(0..of);
        let one = (!disposals.is_empty()).then(|| disposals[pick(&mut dice, disposals.len())]);
        let line = (!lines.is_empty()).then(|| lines[pick(&mut dice, lines.len())]);
        let before = desk.saved().await;
        let mut reused = false;
        // What is not possible is refused, and changes nothing.
        match (dice.random_range(0..14), one, line) {
            (0 | 1, ..) => {
                let pieces = Some(dice.random_range(1..6)).filter(|_| dice.random_bool(0.8));
                disposals.extend(desk.propose(kinds[pick(&mut dice, kinds.len())], pieces).await);
            }
            (2, Some(id), _) => drop(desk.appraise(id, 100_000, dice.random_range(0..60)).await),
            (3 | 4, Some(id), _) => drop(desk.submit(id).await),
            (5 | 6, Some(id), _) => {
                let verdict = if dice.random_bool(0.85) { Verdict::Approve } else { Verdict::Return };
                drop(desk.decide(id, verdict).await);
            }
            (7, Some(id), _) if dice.random_bool(0.3) => drop(desk.object(&world.asker, id).await),
            (7, Some(id), _) if dice.random_bool(0.3) => drop(desk.call_off(id).await),
            (8 | 9, Some(id), _) => drop(desk.complete(id, dice.random_range(80_000..110_000)).await),
            (10, ..) => {
                let asker = dice.random_bool(0.5);
                let who = if asker { &world.asker } else { &world.rival };
                let asked = world.ask(who, &[(desk.listing, dice.random_range(1..4))]).await;
                lines.extend(asked.into_iter().flatten().map(|line| (asker, line.id)));
            }
            (11, _, Some((asker, id))) if world.state(id).await == LineState::Submitted => {
                let who = if asker { &world.asker } else { &world.rival };
                let verdict = if dice.random_bool(0.5) { Verdict::Approve } else { Verdict::Reject };
                if verdict == Verdict::Approve {
                    world.approve(who, id).await;
                } else {
                    drop(world.decide(&who.head, id, verdict, None).await);
                }
            }
            (12, _, Some((asker, id))) if world.state(id).await == LineState::Reserved => {
                let who = if asker { &world.asker } else { &world.rival };
                let pieces = world.line(id).await.quantity;
                let transfer =
                    world.release(desk.clerk(), id, None).await.expect("what is promised is there");
                let refused = if dice.random_bool(0.3) { 1 } else { 0 };
                world.receive(&who.clerk, transfer, pieces - refused, refused, 0).await.expect("a receipt");
                reused = true;
            }
            _ => world.days(dice.random_range(1..6)),
        }
        let now = desk.saved().await;
        assert!(reused || now == before, "seed {seed}: only reuse saves");
        saved = now;
        // Counted by hand: what is set aside, claimed and gone is never more than there was.
        let rows = disposal::Entity::find().all(world.app.db().read()).await.unwrap();
        let stock = listing_stock::Entity::find_by_id(desk.listing).one(world.app.db().read()).await;
        let stock = stock.unwrap().unwrap();
        let of = |states: &[DisposalState]| {
            rows.iter().filter(|row| states.contains(&row.state)).map(|row| row.quantity).sum::<i64>()
        };
        use DisposalState::{Appraised, Done, Proposed, Publicity, Submitted};
        let aside = of(&[Proposed, Appraised, Submitted, Publicity]);
        assert_eq!(stock.withdrawn, aside + of(&[Done]), "seed {seed}: nobody withdraws anything else here");
        let held: i64 = asset::Entity::find()
            .filter(asset::Column::HolderId.eq(world.giver.unit))
            .filter(asset::Column::State.eq(AssetState::Active))
            .all(world.app.db().read())
            .await
            .unwrap()
            .iter()
            .map(|card| card.quantity)
            .sum();
        let claimed = stock.available + stock.held + stock.reserved + stock.in_transit;
        assert_eq!(held, claimed + aside, "seed {seed}: every piece is in one place");
        for row in rows.iter().filter(|row| row.state == Done) {
            has_its_papers(&desk, row).await;
        }
    }
    let proceeds = disposal_proceeds::Entity::find().all(world.app.db().read()).await.unwrap();
    let done = disposal::Entity::find().filter(disposal::Column::State.eq(DisposalState::Done));
    let done = done.all(world.app.db().read()).await.unwrap();
    let brought: i64 = done.iter().filter_map(|row| row.proceeds).map(|amount| amount.0).sum();
    assert_eq!(proceeds.iter().map(|row| row.amount.0).sum::<i64>(), brought);
    assert!(saved >= 0);
    world.assert_verified().await;
}
