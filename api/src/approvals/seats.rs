//! Who sits in a seat: in the database when a step gets its turn, and for one person when it is decided.

use chrono::NaiveDate;
use entity::approvals::{approval_case, approval_step};
use entity::identity::{Role, Scope, account, role_grant};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::rules::{self, Seat};
use crate::authz::UnitSet;
use crate::fault::Fault;
use crate::identity::{Actor, Grant};

use crate::organisation::Reference;
use crate::write::Tx;

/// Most accounts that [`applicants`] names.
pub(super) const APPLICANTS: usize = 3;

/// Who may not decide a case, whatever they hold: who wrote its subject down, who submitted it, and who corrected it.
/// Whoever wrote or sent it could otherwise approve what is as good as their own.
pub(super) fn applicants(case: &approval_case::Model) -> Vec<Uuid> {
    let mut accounts = vec![case.applicant_id, case.drafted_by];
    accounts.extend(case.corrected_by);
    accounts
}

/// The seat that decides a step from now on: the planned one, or the next one up where somebody other than the
/// applicants sits. The office's is the last, whoever sits there.
pub(super) async fn find(tx: &Tx, case: &approval_case::Model, planned: Seat) -> Result<Seat, Fault> {
    find_for(tx.conn(), &tx.reference(), tx.today(), &applicants(case), planned).await
}

/// As [`find`], outside of a transaction and of a case.
pub(super) async fn find_for(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    today: NaiveDate,
    applicants: &[Uuid],
    planned: Seat,
) -> Result<Seat, Fault> {
    first_taken(conn, reference, today, applicants, above(reference, planned).into_iter()).await
}

/// The seat that decides a step which the present one has left undecided for too long: the next one up; none where nothing is
/// above it.
pub(super) async fn next_up(
    tx: &Tx,
    case: &approval_case::Model,
    present: Seat,
) -> Result<Option<Seat>, Fault> {
    let reference = tx.reference();
    let mut seats = above(&reference, present).into_iter().skip(1).peekable();
    if seats.peek().is_none() {
        return Ok(None);
    }
    Ok(Some(first_taken(tx.conn(), &reference, tx.today(), &applicants(case), seats).await?))
}

fn above(reference: &Reference, seat: Seat) -> Vec<Seat> {
    let parents = seat.unit.map(|unit| reference.unit_parents(unit)).unwrap_or_default();
    rules::seats(seat.role, seat.unit, &parents)
}

async fn first_taken(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    today: NaiveDate,
    applicants: &[Uuid],
    seats: impl Iterator<Item = Seat>,
) -> Result<Seat, Fault> {
    for seat in seats {
        if seat == Seat::OFFICE || !sitters(conn, seat, applicants, reference, today, 1).await?.is_empty() {
            return Ok(seat);
        }
    }
    Ok(Seat::OFFICE)
}

/// At most so many accounts that hold a seat on a day, those of `but` left out.
pub(super) async fn sitters(
    conn: &impl ConnectionTrait,
    seat: Seat,
    but: &[Uuid],
    reference: &Reference,
    today: NaiveDate,
    most: usize,
) -> Result<Vec<Uuid>, Fault> {
    let found = role_grant::Entity::find()
        .filter(role_grant::Column::Role.eq(seat.role))
        .filter(role_grant::Column::AccountId.is_not_in(but.iter().copied()))
        .filter(in_force(today))
        .filter(covers(seat.unit, reference))
        .filter(
            role_grant::Column::AccountId.in_subquery(
                Query::select()
                    .column(account::Column::Id)
                    .from(account::Entity)
                    .and_where(Expr::col(account::Column::Active).eq(true))
                    .take(),
            ),
        )
        .select_only()
        .column(role_grant::Column::AccountId)
        .distinct()
        .limit(most as u64)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(found)
}

fn in_force(today: NaiveDate) -> Condition {
    Condition::all().add(role_grant::Column::ValidFrom.lte(today)).add(
        Condition::any()
            .add(role_grant::Column::ValidTo.is_null())
            .add(role_grant::Column::ValidTo.gte(today)),
    )
}

/// Grants that reach a unit: its own, those of the subtrees and regions it is in, and the city's. Without a unit: any.
fn covers(unit: Option<Uuid>, reference: &Reference) -> Condition {
    let Some(unit) = unit else { return Condition::all() };
    let mut above = reference.unit_parents(unit);
    above.push(unit);
    let regions =
        reference.unit(unit).map(|unit| reference.region_path(unit.place_region_id)).unwrap_or_default();
    let scoped = |scope: Scope, ids: Vec<Uuid>| {
        Condition::all().add(role_grant::Column::Scope.eq(scope)).add(role_grant::Column::ScopeId.is_in(ids))
    };
    Condition::any()
        .add(role_grant::Column::Scope.eq(Scope::City))
        .add(scoped(Scope::Unit, vec![unit]))
        .add(scoped(Scope::Subtree, above))
        .add(scoped(Scope::Region, regions))
}

/// By what somebody decides a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seated {
    /// Who is away, where the person stands in for somebody.
    pub(super) instead_of: Option<Uuid>,
}

/// Whether the person holds the seat of the step, or stands in for somebody who does and has not applied. A seat of the whole
/// city is held by whose grant covers a side of the case: an office of one district does not decide another's. A case without
/// sides, such as a plan's, is for grants over the whole city.
pub(super) fn sits(
    actor: &Actor,
    step: &approval_step::Model,
    case: &approval_case::Model,
) -> Option<Seated> {
    let holds = |grants: &[Grant]| match step.unit_id {
        Some(unit) => grants.iter().any(|grant| grant.is(step.role, unit)),
        None => grants.iter().filter(|grant| grant.role == step.role).any(|grant| concerns(grant, case)),
    };
    if actor.is_system() || holds(actor.grants()) {
        return Some(Seated { instead_of: None });
    }
    let applicants = applicants(case);
    actor
        .stands_in()
        .iter()
        .find(|absent| !applicants.contains(&absent.instead_of) && holds(&absent.grants))
        .map(|absent| Seated { instead_of: Some(absent.instead_of) })
}

/// Whether the person may know of the step: holds its seat, or anything that covers a side of the case.
pub(super) fn may_see(actor: &Actor, step: &approval_step::Model, case: &approval_case::Model) -> bool {
    actor.is_system()
        || sits(actor, step, case).is_some()
        || actor.grants().iter().any(|grant| grant.role != Role::Administrator && concerns(grant, case))
}

/// Whether a grant covers a side of the case; of a case without sides, whether it is over the whole city.
fn concerns(grant: &Grant, case: &approval_case::Model) -> bool {
    let mut sides = sides(case).peekable();
    if sides.peek().is_none() {
        grant.units == UnitSet::All
    } else {
        sides.any(|unit| grant.units.contains(unit))
    }
}

fn sides(case: &approval_case::Model) -> impl Iterator<Item = Uuid> {
    case.giver_id.into_iter().chain(case.receiver_id)
}

/// The pending steps whose seat the person holds, or stands in for, of cases that are not their own, as conditions over
/// `approval_step` joined with `approval_case`: side by side, what waits at the units of each grant and what waits at the
/// city's seats. A step is awaited that meets one of them.
pub(super) fn awaiting(actor: &Actor) -> Vec<Condition> {
    let pending =
        Condition::all().add(Expr::col((approval_step::Entity, approval_step::Column::State)).eq("PENDING"));
    if actor.is_system() {
        return vec![pending];
    }
    let mut sides = Vec::new();
    let own: Vec<Uuid> = actor.account_id().into_iter().collect();
    of_others(&pending, &own, actor.grants(), &mut sides);
    for absent in actor.stands_in() {
        let both: Vec<Uuid> = own.iter().copied().chain([absent.instead_of]).collect();
        of_others(&pending, &both, &absent.grants, &mut sides);
    }
    sides
}

/// What waits at the seats of these grants, of cases that none of `but` applied for.
fn of_others(pending: &Condition, but: &[Uuid], grants: &[Grant], sides: &mut Vec<Condition>) {
    use approval_case::Column::{ApplicantId, CorrectedBy, DraftedBy};
    let mut others = pending.clone();
    for account in but {
        let not_corrected = Condition::any().add(CorrectedBy.is_null()).add(CorrectedBy.ne(*account));
        others = others.add(ApplicantId.ne(*account)).add(DraftedBy.ne(*account)).add(not_corrected);
    }
    for grant in grants {
        let side = others.clone().add(approval_step::Column::Role.eq(grant.role));
        match &grant.units {
            UnitSet::All => sides.push(side),
            UnitSet::Only(units) if units.is_empty() => {}
            UnitSet::Only(units) => {
                let units = || units.iter().copied();
                sides.push(side.clone().add(approval_step::Column::UnitId.is_in(units())));
                let of_case = Condition::any()
                    .add(approval_case::Column::GiverId.is_in(units()))
                    .add(approval_case::Column::ReceiverId.is_in(units()));
                sides.push(side.add(approval_step::Column::UnitId.is_null()).add(of_case));
            }
        }
    }
}
