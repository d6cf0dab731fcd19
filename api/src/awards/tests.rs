//! Windows over their whole life: claims, freezes, withdrawals, ranking, the queue behind it, and the check of all of it.

use chrono::{NaiveDate, TimeDelta};
use entity::audit::audit_seal;
use entity::awards::{WindowState, claim_rank, claim_window, ranking_rule};
use entity::events::event;
use entity::listings::{AwardMode, FreezeCause, FreezeScope, listing};
use entity::requests::{LineReason, LineState, NeedClass, request_line};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::close::close_windows;
use super::preview::preview;
use super::read::{explain, page};
use crate::approvals::rules::Verdict;
use crate::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use crate::decisions::withdraw::{Withdraw, withdraw_listing};
use crate::fault::Code;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::listings::window;
use crate::ranking::rules::{commitment, draw};
use crate::requests::cancel;
use crate::requests::draft::{Draft, LineInput};
use crate::requests::submit;
use crate::requests::world::{Offer, People, World, codes};
use crate::write::{Command, Tx};

/// A listing of so many pieces whose window is open.
async fn window_of(world: &World, pieces: i64) -> Uuid {
    let id = world.list(Offer::of(pieces)).await;
    world
        .app
        .write(&Actor::system(), Command::new("test", None, &()), |tx: Tx| async move {
            listing::Entity::update_many()
                .col_expr(listing::Column::AwardMode, Expr::value(AwardMode::ClaimWindow))
                .filter(listing::Column::Id.eq(id))
                .exec(tx.conn())
                .await?;
            let row = listing::Entity::find_by_id(id).one(tx.conn()).await?.expect("the listing");
            window::open(&tx, &row).await
        })
        .await
        .expect("a window");
    id
}

async fn row(world: &World, id: Uuid) -> claim_window::Model {
    claim_window::Entity::find_by_id(id).one(world.app.db().read()).await.unwrap().expect("a window")
}

async fn ranks(world: &World, id: Uuid) -> Vec<claim_rank::Model> {
    claim_rank::Entity::find()
        .filter(claim_rank::Column::ListingId.eq(id))
        .order_by_asc(claim_rank::Column::Rank)
        .all(world.app.db().read())
        .await
        .unwrap()
}

/// Claims pieces of one listing; gives the line.
async fn claim(world: &World, who: &People, id: Uuid, pieces: i64, need: NeedClass) -> request_line::Model {
    let draft = Draft {
        unit_id: who.unit,
        justification: "阅览室需要".into(),
        needed_by: None,
        need: Some(need),
        lines: vec![LineInput { listing_id: id, quantity: pieces }],
    };
    let done = crate::requests::draft::draft(&world.app, &who.clerk, None, &draft).await.expect("a draft");
    let input = submit::Input { request_id: done.request_id, version: None, over_cap_reason: None };
    submit::submit(&world.app, &who.clerk, None, &input).await.expect("a claim");
    request_line::Entity::find()
        .filter(request_line::Column::RequestId.eq(done.request_id))
        .one(world.app.db().read())
        .await
        .unwrap()
        .expect("a line")
}

/// Everything that happened is sealed. On PostgreSQL a transaction of any other database on the server can hold that up.
async fn sealed(world: &World) {
    let conn = world.app.db().read();
    let audited = event::Entity::find().filter(event::Column::Kind.ne(crate::events::TOUCHED));
    let end = audited.order_by_desc(event::Column::Seq).one(conn).await.expect("read");
    let end = end.map_or(0, |event| event.seq);
    for _ in 0..600 {
        while crate::audit::seal::seal(&world.app).await.expect("a seal") > 0 {}
        let last = audit_seal::Entity::find().order_by_desc(audit_seal::Column::Seq).one(conn).await;
        if last.expect("read").is_some_and(|seal| seal.event_seq >= end) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the log is not sealed up to event {end}");
}

/// To the end of the window, and both turns of the job.
async fn end(world: &World, id: Uuid) {
    let closes_at = row(world, id).await.closes_at;
    world.app.clock().set(closes_at);
    close_windows(&world.app, 10).await.unwrap();
    sealed(world).await;
    close_windows(&world.app, 10).await.unwrap();
}

#[tokio::test]
async fn claims_take_no_piece_and_no_signature_until_they_are_ranked() {
    let world = World::new().await;
    let id = window_of(&world, 3).await;
    let first = claim(&world, &world.asker, id, 2, NeedClass::Ordinary).await;
    let second = claim(&world, &world.rival, id, 2, NeedClass::Urgent).await;
    for line in [&first, &second] {
        assert_eq!((line.state, line.reason), (LineState::Queued, Some(LineReason::ClaimWindow)));
        assert!(world.pending(line.id).await.is_none());
    }
    assert_eq!(world.stock(id).await, [3, 0, 0, 0, 0, 0, 0]);
    let open = row(&world, id).await;
    assert_eq!(open.seed, None, "the seed is not told before");
    // Five working days from a day of the tests' clock on.
    assert!(open.closes_at > open.opened_at + TimeDelta::days(5));
    assert_eq!(close_windows(&world.app, 10).await.unwrap().looked_at, 0);

    world.app.clock().set(open.closes_at);
    close_windows(&world.app, 10).await.unwrap();
    assert_eq!(row(&world, id).await.state, WindowState::Closed);
    // Nobody knows the seal yet: nothing is ranked, however often the job runs.
    close_windows(&world.app, 10).await.unwrap();
    assert_eq!(row(&world, id).await.state, WindowState::Closed);
    // Too late for the window: behind all who claimed in time.
    let third = world.third().await;
    let late = claim(&world, &third, id, 1, NeedClass::Urgent).await;
    assert_eq!(late.state, LineState::Queued);
    sealed(&world).await;
    assert_eq!(close_windows(&world.app, 10).await.unwrap().changed, 1);
    assert_eq!(close_windows(&world.app, 10).await.unwrap().changed, 0, "it is done once");

    let awarded = row(&world, id).await;
    assert_eq!((awarded.state, awarded.available), (WindowState::Awarded, Some(3)));
    assert_eq!(world.state(second.id).await, LineState::Submitted, "the urgent claim comes first");
    assert!(world.pending(second.id).await.is_some(), "what is approved is the award");
    let lost = world.line(first.id).await;
    assert_eq!((lost.state, lost.reason), (LineState::Queued, Some(LineReason::RankedLower)));
    assert_eq!(world.line(late.id).await.reason, Some(LineReason::HeldByOthers));
    let order: Vec<(Uuid, bool)> = ranks(&world, id).await.iter().map(|row| (row.line_id, row.won)).collect();
    assert_eq!(order, [(second.id, true), (first.id, false)]);
    world.assert_verified().await;

    // The queue moves up in the order of the ranks when something frees.
    world.decide(&world.rival.head, second.id, Verdict::Reject, None).await.unwrap();
    assert_eq!(world.state(first.id).await, LineState::Submitted);
    assert_eq!(world.state(late.id).await, LineState::Submitted);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_claim_that_can_get_nothing_any_more_is_outranked_and_told_by_whom() {
    let world = World::new().await;
    let id = window_of(&world, 2).await;
    let loser = claim(&world, &world.rival, id, 1, NeedClass::Ordinary).await;
    let winner = claim(&world, &world.asker, id, 2, NeedClass::Urgent).await;
    end(&world, id).await;
    world.approve(&world.asker, winner.id).await;
    let transfer = world.release(&world.giver.clerk, winner.id, None).await.unwrap();
    world.receive(&world.asker.clerk, transfer, 2, 0, 0).await.unwrap();
    assert_eq!(world.state(loser.id).await, LineState::Outranked);

    let conn = world.app.db().read();
    let told = explain(conn, &world.rival.clerk, loser.id).await.unwrap().expect("an explanation");
    let last = told.last_winner.clone().expect("a winner");
    assert_eq!((told.rank.rank, told.claims, last.rank, last.line_id), (2, 2, 1, winner.id));
    let sentence = told.sentence(entity::identity::Locale::Zh);
    assert!(sentence.contains("排第 2 名") && sentence.contains(&last.score.to_string()), "{sentence}");
    // Who asked for it sees it, the giver does, and no other asker.
    assert!(explain(conn, &world.giver.head, loser.id).await.unwrap().is_some());
    assert!(explain(conn, &world.asker.head, loser.id).await.unwrap().is_none());
    let shown = Page { first: 10, after: None, look_on: true };
    for (who, many) in
        [(&world.giver.clerk, 2), (&world.asker.clerk, 1), (&world.office, 2), (&world.staff, 0)]
    {
        assert_eq!(page(conn, who, id, &shown).await.unwrap().0.len(), many);
    }
    world.assert_verified().await;
}

#[tokio::test]
async fn equal_claims_are_drawn_and_the_draw_can_be_checked() {
    let world = World::new().await;
    let id = window_of(&world, 1).await;
    let mut lines = Vec::new();
    for who in [&world.asker, &world.rival] {
        lines.push(claim(&world, who, id, 1, NeedClass::Ordinary).await.id);
    }
    // Whoever claims twice would have two lots.
    let again = world.ask(&world.asker, &[(id, 1)]).await;
    assert_eq!(codes(again), [(Code::Duplicate, "lines.0.listingId".to_owned())]);
    let before = row(&world, id).await.commitment;
    let previewed = preview(&world.app, &world.giver.head, id, None).await.unwrap().expect("a preview");
    assert!(previewed.claims.iter().all(|(rank, ..)| *rank == 1), "the draw is nobody's to know before");
    assert!(preview(&world.app, &world.asker.head, id, None).await.unwrap().is_none());
    end(&world, id).await;
    let window = row(&world, id).await;
    let (seed, root) = (window.seed.unwrap(), window.seal_root.unwrap());
    assert_eq!(commitment(&seed), before, "the seed is the one committed to");
    lines.sort_by_key(|line| draw(&seed, &root, *line));
    let order: Vec<Uuid> = ranks(&world, id).await.iter().map(|row| row.line_id).collect();
    assert_eq!(order, lines);
    assert_eq!(world.state(lines[0]).await, LineState::Submitted);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_freeze_pauses_the_window() {
    let world = World::new().await;
    let id = window_of(&world, 1).await;
    let line = claim(&world, &world.asker, id, 1, NeedClass::Ordinary).await;
    let closes_at = row(&world, id).await.closes_at;
    world.days(1);
    let put = Freeze {
        scope: FreezeScope::Listing,
        scope_id: id,
        cause: FreezeCause::Dispute,
        note: "争议".into(),
    };
    let frozen = freeze(&world.app, &world.office, None, &put).await.unwrap();
    world.days(20);
    close_windows(&world.app, 10).await.unwrap();
    assert_eq!(row(&world, id).await.state, WindowState::Open, "frozen time does not count");
    unfreeze(&world.app, &world.office, None, &Unfreeze { id: frozen.id }).await.unwrap();
    assert_eq!(row(&world, id).await.closes_at, closes_at + TimeDelta::days(20), "each moment once");
    assert_eq!(world.state(line.id).await, LineState::Queued, "a thaw is no end of the window");
    end(&world, id).await;
    assert_eq!(world.state(line.id).await, LineState::Submitted);
    world.assert_verified().await;
}

#[tokio::test]
async fn a_withdrawal_ends_the_claims_with_a_reason_and_a_window_without_any_goes_to_who_comes_first() {
    let world = World::new().await;
    let gone = window_of(&world, 2).await;
    let line = claim(&world, &world.asker, gone, 1, NeedClass::Ordinary).await;
    let input = Withdraw { id: gone, version: 1, quantity: None, reason: Some("另有安排".into()) };
    withdraw_listing(&world.app, &world.giver.clerk, None, &input).await.unwrap();
    let told = world.line(line.id).await;
    assert_eq!((told.state, told.reason), (LineState::GiverFailed, Some(LineReason::ListingWithdrawn)));
    assert_eq!(row(&world, gone).await.state, WindowState::Cancelled);

    let nobody = window_of(&world, 2).await;
    end(&world, nobody).await;
    assert_eq!(row(&world, nobody).await.state, WindowState::Empty);
    let first = world.ask_one(&world.asker, nobody, 1).await;
    assert_eq!(first.state, LineState::Submitted);

    // The only claim is taken back between the end of the window and the ranking.
    let changed = window_of(&world, 2).await;
    let line = claim(&world, &world.asker, changed, 1, NeedClass::Ordinary).await;
    world.app.clock().set(row(&world, changed).await.closes_at);
    close_windows(&world.app, 10).await.unwrap();
    let taken_back = cancel::Input { line_id: line.id, comment: None };
    cancel::cancel(&world.app, &world.asker.clerk, None, &taken_back).await.unwrap();
    sealed(&world).await;
    close_windows(&world.app, 10).await.unwrap();
    assert_eq!(row(&world, changed).await.state, WindowState::Empty);
    world.assert_verified().await;
}

/// Claims of two units, the urgent one first or last; gives where it came.
async fn rank_of_the_urgent(first: bool) -> i64 {
    let world = World::new().await;
    let id = window_of(&world, 1).await;
    let mut claims = vec![(&world.asker, NeedClass::Urgent), (&world.rival, NeedClass::Ordinary)];
    if !first {
        claims.reverse();
    }
    for (who, need) in claims {
        claim(&world, who, id, 1, need).await;
        // Another minute, and the same day.
        world.app.clock().set(world.app.clock().now() + TimeDelta::minutes(1));
    }
    end(&world, id).await;
    world.assert_verified().await;
    for row in ranks(&world, id).await {
        let line = world.line(row.line_id).await;
        assert_eq!(row.won, line.state == LineState::Submitted);
        if line.unit_id == world.asker.unit {
            return row.rank;
        }
    }
    0
}

#[tokio::test]
async fn the_award_does_not_depend_on_who_was_first_within_a_day() {
    assert_eq!(rank_of_the_urgent(true).await, 1);
    assert_eq!(rank_of_the_urgent(false).await, 1);
}

#[tokio::test]
async fn verify_finds_a_ranking_that_somebody_changed() {
    let world = World::new().await;
    let id = window_of(&world, 1).await;
    claim(&world, &world.asker, id, 1, NeedClass::Ordinary).await;
    claim(&world, &world.rival, id, 1, NeedClass::Urgent).await;
    end(&world, id).await;
    world.assert_verified().await;
    let conn = world.app.db().writer();
    let told = async || {
        let snapshot = world.app.db().snapshot().await.unwrap();
        super::verify::verify(&world.app, &snapshot).await.unwrap().0
    };
    let rows = ranks(&world, id).await;
    // The facts of the loser made better than they were.
    let mut better = rows[1].clone();
    better.facts["need"] = "URGENT".into();
    better.facts["nearness"] = "DEPARTMENT".into();
    better.into_active_model().reset_all().update(conn).await.unwrap();
    let found = told().await;
    assert!(found.iter().any(|fault| fault.contains("order")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("audit")), "{found:?}");
    rows[1].clone().into_active_model().reset_all().update(conn).await.unwrap();
    assert_eq!(told().await, Vec::<String>::new());
    // Other weights than those that were in force.
    ranking_rule::Entity::update_many()
        .col_expr(ranking_rule::Column::Weight, Expr::value(1))
        .exec(conn)
        .await
        .unwrap();
    let found = told().await;
    assert!(found.iter().any(|fault| fault.contains("score")), "{found:?}");
}

#[tokio::test]
async fn a_window_goes_by_the_rules_that_were_in_force_when_it_opened() {
    use crate::ranking::publish_rules::{Publish, publish_rules};
    use crate::ranking::rules::Terms;
    use crate::ranking::save_rules::{Input, save_rules};
    use crate::ranking::{RuleForm, RulesForm};
    use entity::awards::RankingCriterion;
    let world = World::new().await;
    let before = window_of(&world, 1).await;
    let rules = vec![RuleForm { criterion: RankingCriterion::Seniority, weight: 1, terms: Terms::default() }];
    let form = RulesForm { name: "先申先得".into(), note: String::new(), rules };
    let draft = Input { id: None, version: None, form };
    let set = save_rules(&world.app, &world.office, None, &draft).await.unwrap();
    let valid_from: NaiveDate = world.app.clock().today();
    let publish = Publish { id: set, version: 1, valid_from };
    publish_rules(&world.app, &world.office, None, &publish).await.unwrap();
    let after = window_of(&world, 1).await;
    assert_ne!(row(&world, before).await.rule_set_id, set);
    assert_eq!(row(&world, after).await.rule_set_id, set);
    // By the new rules the early claim goes first, by the old ones the urgent one.
    let mut early = Vec::new();
    for id in [before, after] {
        early.push(claim(&world, &world.asker, id, 1, NeedClass::Ordinary).await.id);
    }
    world.days(1);
    for id in [before, after] {
        claim(&world, &world.rival, id, 1, NeedClass::Urgent).await;
    }
    end(&world, before).await;
    end(&world, after).await;
    assert_ne!(ranks(&world, before).await[0].line_id, early[0]);
    assert_eq!(ranks(&world, after).await[0].line_id, early[1]);
    world.assert_verified().await;
}
