//! Who decides, and what a decision does.

use entity::approvals::{CaseState, Side, StepState, approval_case, approval_step};
use entity::identity::{Role, Scope};
use entity::listings::ListingState;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::world::{World, told};
use crate::approvals::reseat::reseat;
use crate::approvals::rules::Verdict;
use crate::decisions::decide::{Decide, OneDecision, decide_steps};
use crate::decisions::withdraw::{Withdraw, withdraw_listing};
use crate::fault::Code;
use crate::identity::Actor;
use crate::identity::set_account_active::{Input as SwitchOff, set_account_active};
use crate::listings::terms::TermsPatch;

#[tokio::test]
async fn the_giver_then_the_office() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let head = world.at(Role::Head, world.giver).await;
    let office = world.office().await;
    let strange_head = world.at(Role::Head, world.other).await;
    let asset = world.enter(&clerk, world.card(1, 100)).await.unwrap();
    let listing = world.offer(&clerk, asset, TermsPatch::default()).await.unwrap();
    world.submit(&clerk, listing).await.unwrap();
    let step = world.tasks(&head).await[0].id;
    assert!(world.tasks(&office).await.is_empty(), "not yet");
    assert!(world.tasks(&strange_head).await.is_empty());
    let outcome = world.decide_step(&strange_head, step, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::NotFound, "decisions.0.stepId".into())]);
    let outcome = world.decide_step(&clerk, step, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::NotAllowed, "decisions.0.stepId".into())]);
    world.decide_step(&head, step, Verdict::Approve).await.unwrap();
    let outcome = world.decide_step(&head, step, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::WrongState, "decisions.0.stepId".into())]);

    // The last step lists it, and asks for what must be there before.
    let outcome = world.decide(&office, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::PhotoRequired, "decisions.0.photos".into())]);
    assert_eq!(world.tasks(&office).await[0].state, StepState::Pending, "nothing was half done");
    world.photo(asset, &clerk).await;
    world.decide(&office, Verdict::Approve).await.unwrap();
    let listed = world.listing(listing).await;
    assert_eq!(listed.state, ListingState::Listed);
    assert_eq!(listed.listed_at, Some(world.app.clock().now()));
}

#[tokio::test]
async fn who_applies_never_approves_and_an_empty_seat_goes_up() {
    let world = World::new().await;
    // The giver has a clerk only; its parent's head is the applicant's substitute.
    let clerk = world.at(Role::Clerk, world.giver).await;
    let asset = world.enter(&clerk, world.card(1, 100)).await.unwrap();
    let listing = world.offer(&clerk, asset, TermsPatch::default()).await.unwrap();
    let parent_head = world.at(Role::Head, world.bureau).await;
    world.submit(&clerk, listing).await.unwrap();
    let task = world.tasks(&parent_head).await;
    assert_eq!((task[0].side, task[0].unit_id), (Side::Giver, Some(world.bureau)));

    world.later();
    // An office that applies leaves the step to the office's others.
    let office = world.office().await;
    let asset = world.enter(&office, world.card(1, 100)).await.unwrap();
    let listing = world.offer(&office, asset, TermsPatch::default()).await.unwrap();
    world.submit(&office, listing).await.unwrap();
    let step = world.tasks(&parent_head).await[1].id;
    world.decide_step(&parent_head, step, Verdict::Approve).await.unwrap();
    assert!(world.tasks(&office).await.is_empty());
    let colleague = world.office().await;
    let step = world.tasks(&colleague).await[0].id;
    let outcome = world.decide_step(&office, step, Verdict::Approve).await;
    assert_eq!(told(outcome), [(Code::OwnCase, "decisions.0.stepId".into())]);
}

#[tokio::test]
async fn a_seat_that_becomes_empty_goes_up_and_the_step_keeps_waiting() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let (head, second) = (world.at(Role::Head, world.giver).await, world.at(Role::Head, world.giver).await);
    let asset = world.enter(&clerk, world.card(1, 100)).await.unwrap();
    let listing = world.offer(&clerk, asset, TermsPatch::default()).await.unwrap();
    world.submit(&clerk, listing).await.unwrap();
    let waiting = world.tasks(&head).await[0].clone();
    let mut seen = None;
    world.person(Role::Administrator, Scope::City, None).await;
    let off =
        |person: &Actor| SwitchOff { account_id: person.account_id().unwrap(), version: 1, active: false };
    let (app, system) = (&world.app, Actor::system());
    world.later();
    set_account_active(app, &system, None, &off(&head)).await.unwrap();
    assert_eq!(reseat(app, &mut seen).await.unwrap(), 0, "another head sits there");
    set_account_active(app, &system, None, &off(&second)).await.unwrap();
    assert_eq!(reseat(app, &mut seen).await.unwrap(), 1);
    assert_eq!(reseat(app, &mut seen).await.unwrap(), 0, "nothing has changed since");
    let office = world.office().await;
    let task = &world.tasks(&office).await[0];
    assert_eq!((task.id, task.side, task.role, task.unit_id), (waiting.id, Side::Giver, Role::Office, None));
    assert_eq!(task.pending_since, waiting.pending_since);
    world.decide(&office, Verdict::Approve).await.unwrap();
    // What comes to the office's own seat stays there, whoever sits in it.
    assert_eq!(reseat(app, &mut seen).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_returned_may_be_corrected_and_what_is_rejected_is_over() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let head = world.at(Role::Head, world.giver).await;
    let asset = world.enter(&clerk, world.card(2, 100)).await.unwrap();
    let listing = world.offer(&clerk, asset, TermsPatch::default()).await.unwrap();
    world.submit(&clerk, listing).await.unwrap();
    world.decide(&head, Verdict::Return).await.unwrap();
    let returned = world.listing(listing).await;
    assert_eq!((returned.state, returned.reason.as_deref()), (ListingState::Returned, Some("如题")));
    world.submit(&clerk, listing).await.unwrap();
    world.decide(&head, Verdict::Reject).await.unwrap();
    assert_eq!(world.listing(listing).await.state, ListingState::Rejected);
    let outcome = world.submit(&clerk, listing).await;
    assert_eq!(told(outcome), [(Code::WrongState, String::new())]);
    let cases = approval_case::Entity::find().all(world.app.db().read()).await.unwrap();
    assert_eq!(
        cases.iter().map(|case| case.state).collect::<Vec<_>>(),
        [CaseState::Returned, CaseState::Rejected]
    );
    let steps = approval_step::Entity::find().all(world.app.db().read()).await.unwrap();
    assert!(steps.iter().all(|step| !matches!(step.state, StepState::Pending | StepState::Waiting)));
}

#[tokio::test]
async fn many_are_decided_at_once_or_none() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let head = world.at(Role::Head, world.giver).await;
    for _ in 0..3 {
        let asset = world.enter(&clerk, world.card(1, 100)).await.unwrap();
        let listing = world.offer(&clerk, asset, TermsPatch::default()).await.unwrap();
        world.submit(&clerk, listing).await.unwrap();
    }
    let ids: Vec<Uuid> = world.tasks(&head).await.iter().map(|step| step.id).collect();
    let say = |step_id, verdict, comment: Option<&str>| OneDecision {
        step_id,
        verdict,
        comment: comment.map(str::to_owned),
        quantity: None,
    };
    let decide = Decide {
        decisions: vec![
            say(ids[0], Verdict::Approve, None),
            say(ids[1], Verdict::Reject, None),
            say(ids[2], Verdict::Approve, None),
        ],
    };
    let outcome = decide_steps(&world.app, &head, None, &decide).await;
    assert_eq!(told(outcome), [(Code::Required, "decisions.1.comment".into())]);
    assert_eq!(world.tasks(&head).await.len(), 3);
    let unknown = Decide {
        decisions: vec![
            say(ids[0], Verdict::Approve, None),
            say(Uuid::nil(), Verdict::Approve, None),
            say(ids[0], Verdict::Approve, None),
        ],
    };
    let outcome = decide_steps(&world.app, &head, None, &unknown).await;
    assert_eq!(
        told(outcome),
        [(Code::NotFound, "decisions.1.stepId".into()), (Code::Duplicate, "decisions.2.stepId".into())]
    );
    let all = Decide { decisions: ids.iter().map(|id| say(*id, Verdict::Approve, None)).collect() };
    decide_steps(&world.app, &head, None, &all).await.unwrap();
    assert!(world.tasks(&head).await.is_empty());
}

#[tokio::test]
async fn what_is_withdrawn_is_off_the_desks_of_the_approvers() {
    let world = World::new().await;
    let clerk = world.at(Role::Clerk, world.giver).await;
    let head = world.at(Role::Head, world.giver).await;
    let asset = world.enter(&clerk, world.card(1, 100)).await.unwrap();
    let id = world.offer(&clerk, asset, TermsPatch::default()).await.unwrap();
    world.submit(&clerk, id).await.unwrap();
    let version = world.listing(id).await.version;
    let withdraw = Withdraw { id, version, quantity: None, reason: Some("自用".into()) };
    withdraw_listing(&world.app, &clerk, None, &withdraw).await.unwrap();
    assert!(world.tasks(&head).await.is_empty());
    assert_eq!(world.listing(id).await.state, ListingState::Withdrawn);
}
