//! Rules of a city as data: what a set asks for, and that nothing gets past it.

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::approvals::{
    ApprovalSubject, CaseState, SeatLevel, Side, StepState, approval_case, approval_step,
};
use entity::identity::{Role, Scope};
use entity::listings::ListingState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::world::{World, told};
use crate::approvals::conditions::Conditions;
use crate::approvals::delegate::{Delegate, EndDelegation, delegate, end_delegation};
use crate::approvals::publish_rule_set::{Discard, Publish, discard_rule_set, publish_rule_set};
use crate::approvals::read::{self, OverdueFilter};
use crate::approvals::rule_set_form::{RuleForm, RuleSetForm};
use crate::approvals::rules::Verdict;
use crate::approvals::save_rule_set::{self, save_rule_set};
use crate::approvals::supervise::supervise;
use crate::approvals::verify::verify;
use crate::fault::Code;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::listings::terms::TermsPatch;

fn rule(stage: i64, side: Side, role: Role, conditions: Conditions) -> RuleForm {
    RuleForm {
        name: format!("{side} {role}"),
        subject: ApprovalSubject::Listing,
        stage,
        side,
        level: SeatLevel::Unit,
        role,
        due_days: None,
        conditions,
    }
}

/// The giver's head asks every listing; every other subject has one step, so that there is no gap.
fn with(mut rules: Vec<RuleForm>) -> RuleSetForm {
    rules.push(rule(1, Side::Giver, Role::Head, Conditions::default()));
    let others = ApprovalSubject::iter().filter(|subject| *subject != ApprovalSubject::Listing);
    rules.extend(others.map(|subject| {
        // A plan has many givers: only the office decides it.
        let (side, role) = match subject {
            ApprovalSubject::Plan => (Side::Office, Role::Office),
            _ => (Side::Giver, Role::Head),
        };
        RuleForm { subject, ..rule(1, side, role, Conditions::default()) }
    }));
    RuleSetForm { name: "规则".into(), note: String::new(), rules }
}

fn batch(from: i64, days: i64) -> Conditions {
    Conditions {
        batch_from: Some(from),
        window_days: days,
        batch_side: Some(Side::Giver),
        ..Conditions::default()
    }
}

impl World {
    async fn publish(&self, form: RuleSetForm) -> Uuid {
        let input = save_rule_set::Input { id: None, version: None, form };
        let id = save_rule_set(&self.app, &Actor::system(), None, &input).await.unwrap();
        let publish = Publish { id, version: 1, valid_from: self.app.clock().today() };
        publish_rule_set(&self.app, &Actor::system(), None, &publish).await.unwrap()
    }

    /// A listing of one piece, handed in.
    async fn handed_in(&self, clerk: &Actor, value: i64) -> Uuid {
        let asset = self.enter(clerk, self.card(1, value)).await.unwrap();
        self.photo(asset, clerk).await;
        let listing = self.offer(clerk, asset, TermsPatch::default()).await.unwrap();
        self.submit(clerk, listing).await.unwrap();
        listing
    }

    async fn steps_of(&self, listing: Uuid) -> Vec<approval_step::Model> {
        let conn = self.app.db().read();
        let case = approval_case::Entity::find()
            .filter(approval_case::Column::SubjectId.eq(listing))
            .order_by_desc(approval_case::Column::Id)
            .one(conn)
            .await
            .unwrap()
            .unwrap();
        approval_step::Entity::find()
            .filter(approval_step::Column::CaseId.eq(case.id))
            .order_by_asc(approval_step::Column::Position)
            .all(conn)
            .await
            .unwrap()
    }

    async fn asks(&self, listing: Uuid, role: Role) -> bool {
        self.steps_of(listing).await.iter().any(|step| step.role == role)
    }

    async fn sound(&self) {
        assert_eq!(verify(self.app.db().read()).await.unwrap().0, Vec::<String>::new());
    }
}

#[tokio::test]
async fn steps_of_one_stage_go_side_by_side_and_the_next_stage_waits_for_all_of_them() {
    let world = World::new().await;
    let finance = world.person(Role::Finance, Scope::City, None).await;
    let head = world.at(Role::Head, world.giver).await;
    let office = world.office().await;
    let all = Conditions::default;
    world
        .publish(with(vec![
            rule(1, Side::Office, Role::Finance, all()),
            rule(2, Side::Office, Role::Office, all()),
        ]))
        .await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let listing = world.handed_in(&clerk, 100).await;
    assert_eq!((world.tasks(&finance).await.len(), world.tasks(&head).await.len()), (1, 1));
    world.decide(&finance, Verdict::Approve).await.unwrap();
    assert!(world.tasks(&office).await.is_empty(), "the head has not decided");
    world.sound().await;
    world.decide(&head, Verdict::Approve).await.unwrap();
    world.decide(&office, Verdict::Approve).await.unwrap();
    assert_eq!(world.listing(listing).await.state, ListingState::Listed);
    world.sound().await;

    let refused = world.handed_in(&clerk, 100).await;
    world.decide(&finance, Verdict::Reject).await.unwrap();
    assert!(world.tasks(&head).await.is_empty(), "one refusal ends it for all");
    assert_eq!(world.listing(refused).await.state, ListingState::Rejected);
    world.sound().await;
}

#[tokio::test]
async fn a_running_case_keeps_its_rules_and_a_set_counts_from_its_day() {
    let world = World::new().await;
    world.at(Role::Head, world.giver).await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let before = world.handed_in(&clerk, 100).await;
    let form = with(vec![rule(2, Side::Office, Role::Finance, Conditions::default())]);
    let input = save_rule_set::Input { id: None, version: None, form };
    let id = save_rule_set(&world.app, &Actor::system(), None, &input).await.unwrap();
    let tomorrow = world.app.clock().today().succ_opt().unwrap();
    let publish = Publish { id, version: 1, valid_from: tomorrow };
    publish_rule_set(&world.app, &Actor::system(), None, &publish).await.unwrap();
    let today = world.handed_in(&clerk, 100).await;
    world.app.clock().set(world.app.clock().now() + TimeDelta::days(1));
    let after = world.handed_in(&clerk, 100).await;
    assert!(!world.asks(before, Role::Finance).await && !world.asks(today, Role::Finance).await);
    assert!(world.asks(after, Role::Finance).await && !world.asks(after, Role::Office).await);
    world.sound().await;
    // What is published never changes.
    let again = save_rule_set::Input { id: Some(id), version: Some(2), form: with(Vec::new()) };
    let outcome = save_rule_set(&world.app, &Actor::system(), None, &again).await;
    assert_eq!(told(outcome), [(Code::WrongState, "id".into())]);
    let outcome = discard_rule_set(&world.app, &Actor::system(), None, &Discard { id, version: 2 }).await;
    assert_eq!(told(outcome), [(Code::WrongState, "id".into())]);
}

#[tokio::test]
async fn a_set_with_a_gap_or_of_yesterday_is_not_put_into_force() {
    let world = World::new().await;
    let mut form = with(Vec::new());
    form.rules.retain(|rule| rule.subject == ApprovalSubject::Listing);
    let input = save_rule_set::Input { id: None, version: None, form };
    let id = save_rule_set(&world.app, &Actor::system(), None, &input).await.unwrap();
    let yesterday = world.app.clock().today().pred_opt().unwrap();
    let publish = Publish { id, version: 1, valid_from: yesterday };
    let outcome = publish_rule_set(&world.app, &Actor::system(), None, &publish).await;
    let codes: Vec<Code> = told(outcome).into_iter().map(|(code, _)| code).collect();
    // But for plans, which are the office's where a set says nothing of them.
    let gaps = ApprovalSubject::iter().count() - 2;
    assert_eq!(codes.iter().filter(|code| **code == Code::NoStepForAll).count(), gaps);
    assert_eq!(codes.last(), Some(&Code::InThePast));
    // A draft may have gaps, is changed under its version, and can be thrown away.
    let input = save_rule_set::Input { id: Some(id), version: Some(1), form: with(Vec::new()) };
    save_rule_set(&world.app, &Actor::system(), None, &input).await.unwrap();
    let outcome = save_rule_set(&world.app, &Actor::system(), None, &input).await;
    assert_eq!(told(outcome), [(Code::Stale, "version".into())]);
    let discard = Discard { id, version: 2 };
    discard_rule_set(&world.app, &Actor::system(), None, &discard).await.unwrap();
    let outcome = discard_rule_set(&world.app, &Actor::system(), None, &discard).await;
    assert_eq!(told(outcome), [(Code::NotFound, "id".into())]);
    let clerk = world.at(Role::Clerk, world.giver).await;
    let outcome = save_rule_set(&world.app, &clerk, None, &input).await;
    assert_eq!(told(outcome), [(Code::NotAllowed, String::new())]);
}

/// However a batch is cut into pieces, and in whatever order: as soon as the whole is there, every piece that is not decided asks
/// for what the whole would have asked for, and what was decided before the threshold was reached went by what was there then.
#[tokio::test]
async fn splitting_a_batch_never_lowers_what_it_needs() {
    const FROM: i64 = 5_000_000;
    for seed in 0..12_u64 {
        let world = World::new().await;
        world.publish(with(vec![rule(2, Side::Office, Role::Finance, batch(FROM, 90))])).await;
        world.person(Role::Finance, Scope::City, None).await;
        let head = world.at(Role::Head, world.giver).await;
        let clerk = world.at(Role::Clerk, world.giver).await;
        // A generator of its own: the same pieces at each run.
        let mut state = seed * 2 + 1;
        let mut random = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((state >> 33) % most).unwrap()
        };
        let mut sum = 0;
        let mut open: HashSet<Uuid> = HashSet::new();
        while sum < FROM * 2 {
            let value = 100_000 + random(1_500_000);
            let listing = world.handed_in(&clerk, value).await;
            sum += value;
            open.insert(listing);
            for piece in &open {
                assert_eq!(world.asks(*piece, Role::Finance).await, sum >= FROM, "{seed}: {sum}");
            }
            if random(3) == 0 {
                // The oldest is decided; where it needs no more it is out of reach from now on.
                world.decide(&head, Verdict::Approve).await.unwrap();
                for piece in open.clone() {
                    if world.listing(piece).await.state != ListingState::Submitted {
                        assert!(sum < FROM, "{seed}: past a step that it needed");
                        open.remove(&piece);
                    }
                }
            }
            world.sound().await;
            world.later();
        }
        // What is refused counts no more, and after the window nothing does.
        world.app.clock().set(world.app.clock().now() + TimeDelta::days(91));
        let later = world.handed_in(&clerk, 100_000).await;
        assert!(!world.asks(later, Role::Finance).await);
    }
}

#[tokio::test]
async fn what_verify_says_of_a_case_that_went_past_a_step() {
    let world = World::new().await;
    let head = world.at(Role::Head, world.giver).await;
    let office = world.office().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let listing = world.handed_in(&clerk, 100).await;
    world.decide(&head, Verdict::Approve).await.unwrap();
    let steps = world.steps_of(listing).await;
    let conn = world.app.db().writer();
    let set = |column, value: Expr| approval_step::Entity::update_many().col_expr(column, value);
    // Somebody edits the tables by hand.
    set(approval_step::Column::DecidedBy, Expr::value(clerk.account_id()))
        .filter(approval_step::Column::Id.eq(steps[0].id))
        .exec(conn)
        .await
        .unwrap();
    approval_step::Entity::delete_by_id(steps[1].id).exec(conn).await.unwrap();
    approval_case::Entity::update_many()
        .col_expr(approval_case::Column::State, Expr::value(CaseState::Approved))
        .exec(conn)
        .await
        .unwrap();
    let (faults, cases) = verify(world.app.db().read()).await.unwrap();
    assert_eq!((faults.len(), cases), (2, 1), "{faults:?}");
    assert!(faults[0].contains("an applicant") && faults[1].contains("no step for the rules"), "{faults:?}");
    assert!(world.tasks(&office).await.is_empty());
}

#[tokio::test]
async fn somebody_decides_for_somebody_who_is_away_but_never_their_own() {
    let world = World::new().await;
    let head = world.at(Role::Head, world.giver).await;
    let deputy = world.at(Role::Clerk, world.giver).await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let login = |actor: &Actor| actor.account().unwrap().login.clone();
    let today = world.app.clock().today();
    let order = |to: String| Delegate {
        to,
        valid_from: today,
        valid_to: today.succ_opt().unwrap(),
        reason: "出差".into(),
    };
    let outcome = delegate(&world.app, &head, None, &order(login(&head))).await;
    assert_eq!(told(outcome), [(Code::Malformed, "toAccount".into())]);
    let outcome = delegate(&world.app, &head, None, &order("nobody".into())).await;
    assert_eq!(told(outcome), [(Code::NotFound, "toAccount".into())]);
    let made = delegate(&world.app, &head, None, &order(login(&deputy))).await.unwrap();
    let again = async |actor: &Actor| world.app.actor_of(actor.account_id().unwrap()).await.unwrap().unwrap();
    let (deputy_now, head_now) = (again(&deputy).await, again(&head).await);

    let others = world.handed_in(&clerk, 100).await;
    world.later();
    let own = world.handed_in(&deputy, 100).await;
    let tasks = world.tasks(&deputy_now).await;
    assert_eq!(tasks.len(), 1, "not the deputy's own");
    assert_eq!(world.tasks(&head_now).await.len(), 2, "who is away may decide all the same");
    let step = world.steps_of(own).await[0].id;
    let outcome = world.decide_step(&deputy_now, step, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::OwnCase, "decisions.0.stepId".into())]);
    world.decide(&deputy_now, Verdict::Approve).await.unwrap();
    let decided = &world.steps_of(others).await[0];
    assert_eq!((decided.decided_by, decided.decided_for), (deputy.account_id(), head.account_id()));
    world.sound().await;

    // Two days later, and where it was ended, nothing is left of it.
    end_delegation(&world.app, &head, None, &EndDelegation { id: made }).await.unwrap();
    assert!(world.tasks(&again(&deputy).await).await.is_empty());
    let outcome = end_delegation(&world.app, &clerk, None, &EndDelegation { id: made }).await;
    assert_eq!(told(outcome), [(Code::NotFound, "id".into())]);
    delegate(&world.app, &head, None, &order(login(&deputy))).await.unwrap();
    world.app.clock().set(world.app.clock().now() + TimeDelta::days(2));
    assert!(world.tasks(&again(&deputy).await).await.is_empty());
}

#[tokio::test]
async fn a_delegate_of_the_applicant_does_not_decide_the_applicants_case() {
    let world = World::new().await;
    world.at(Role::Head, world.giver).await;
    // An office that enters and offers itself, and whose stand-in is no office.
    let office = world.office().await;
    let deputy = world.at(Role::Clerk, world.giver).await;
    let today = world.app.clock().today();
    let to = deputy.account().unwrap().login.clone();
    let order = Delegate { to, valid_from: today, valid_to: today, reason: "休假".into() };
    delegate(&world.app, &office, None, &order).await.unwrap();
    let deputy = world.app.actor_of(deputy.account_id().unwrap()).await.unwrap().unwrap();
    let asset = world.enter(&office, world.card(1, 100)).await.unwrap();
    let listing = world.offer(&office, asset, TermsPatch::default()).await.unwrap();
    world.submit(&office, listing).await.unwrap();
    let head = world.at(Role::Head, world.giver).await;
    world.decide(&head, Verdict::Approve).await.unwrap();
    assert!(world.tasks(&deputy).await.is_empty());
    let step = world.steps_of(listing).await[1].id;
    let outcome = world.decide_step(&deputy, step, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::NotAllowed, "decisions.0.stepId".into())]);
}

#[tokio::test]
async fn what_nobody_decides_is_reminded_of_on_working_days_and_goes_up_at_last() {
    let world = World::new().await;
    world.at(Role::Head, world.giver).await;
    let above = world.at(Role::Head, world.bureau).await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let listing = world.handed_in(&clerk, 100).await;
    let first = world.steps_of(listing).await.remove(0);
    // Monday, 2 March 2026, and five working days.
    assert_eq!(first.due_on.map(|day| day.to_string()).as_deref(), Some("2026-03-09"));
    let (mut reminded, mut days) = (0, 0);
    let went_up = loop {
        let run = supervise(&world.app, 100).await.unwrap();
        assert_eq!(supervise(&world.app, 100).await.unwrap().reminded, 0, "once a day");
        reminded += run.reminded;
        if run.escalated > 0 {
            break world.app.clock().today();
        }
        days += 1;
        assert!(days < 60, "it went up at last");
        world.app.clock().set(world.app.clock().now() + TimeDelta::days(1));
    };
    // Due on Monday; reminders from then to Friday, none at the weekend; five working days later it goes up.
    assert_eq!((went_up.to_string().as_str(), reminded), ("2026-03-16", 5));
    let step = world.steps_of(listing).await.remove(0);
    assert_eq!((step.unit_id, step.state), (Some(world.bureau), StepState::Pending));
    assert_eq!(step.pending_since, first.pending_since);
    assert_eq!(step.due_on.map(|day| day.to_string()).as_deref(), Some("2026-03-23"));
    // Six working days later it is overdue again: told to those who have to do with it, and to nobody else.
    world.app.clock().set(world.app.clock().now() + TimeDelta::days(8));
    let page = Page { first: 20, after: None, look_on: true };
    let late = async |actor: &Actor, unit| {
        let filter = OverdueFilter { unit, subject: None };
        read::overdue(&world.app, actor, filter, &page).await.unwrap().len()
    };
    let (office, stranger) = (world.office().await, world.at(Role::Head, world.other).await);
    assert_eq!((late(&office, None).await, late(&office, Some(world.giver)).await), (1, 0));
    assert_eq!((late(&office, Some(world.bureau)).await, late(&stranger, None).await), (1, 0));
    let giver = world.at(Role::Head, world.giver).await;
    assert_eq!((late(&giver, None).await, late(&clerk, None).await), (1, 0), "a clerk supervises nobody");
    let seats = read::overdue_by_seat(&world.app, &office, 10).await.unwrap();
    assert_eq!((seats.len(), seats[0].steps, seats[0].unit_id), (1, 1, Some(world.bureau)));
    assert!(read::overdue_by_seat(&world.app, &stranger, 10).await.unwrap().is_empty());
    world.decide(&above, Verdict::Approve).await.unwrap();
    world.sound().await;
}
