//! A succession is made known: from then on its units ask for nothing more, and what runs goes on.

use entity::organisation::{UnitState, unit};
use entity::successions::{SuccessionState, succession, succession_share, succession_unit};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done, Which};
use super::rules::{self, Command};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::organisation;
use crate::write::{self, Tx};

/// Makes it known.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::Stale`], [`Code::WrongState`]; [`Code::InThePast`] for its day; [`Code::UnitNotActive`] and
/// [`Code::UnderSuccession`] for units that are closed or in another succession.
pub async fn announce(app: &App, actor: &Actor, key: Option<&str>, which: &Which) -> Result<Done, Fault> {
    actor.allow(Operation::AnnounceSuccession, &Parties::default())?;
    app.write(actor, write::Command::new("announceSuccession", key, which), |tx: Tx| async move {
        // Two successions never look at the same units at the same moment.
        session::rights_changed(&tx).await?;
        let before = row::seen(&tx, which).await?;
        let state = rules::apply(before.state, Command::Announce)?;
        let mut faults = Vec::new();
        if before.effective_on < tx.today() {
            faults.push(Rejection::new(Code::InThePast).at("effectiveOn").with("today", tx.today()));
        }
        let units = row::units_of(tx.conn(), before.id).await?;
        let mut was = Vec::with_capacity(units.len());
        for (n, row) in units.iter().enumerate() {
            let unit = unit::Entity::find_by_id(row.unit_id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
            let field = format!("unitIds.{n}");
            if unit.state == UnitState::Closed {
                faults.push(Rejection::new(Code::UnitNotActive).at(&field));
            }
            faults.extend(named_elsewhere(&tx, unit.id, before.id, &field).await?);
            was.push(unit.state);
        }
        faults.extend(successors(&tx, &before).await?);
        Fault::all(faults)?;
        for (row, was) in units.iter().zip(was) {
            succession_unit::Entity::update_many()
                .col_expr(succession_unit::Column::Was, Expr::value(Some(was)))
                .filter(succession_unit::Column::SuccessionId.eq(row.succession_id))
                .filter(succession_unit::Column::UnitId.eq(row.unit_id))
                .exec(tx.conn())
                .await?;
            let to = Some(before.successor_id);
            organisation::pass_on::set_state(&tx, row.unit_id, UnitState::Closing, to, None).await?;
        }
        let payload = json!({
            "unitIds": units.iter().map(|row| row.unit_id).collect::<Vec<_>>(),
            "successorId": before.successor_id, "effectiveOn": before.effective_on, "paper": before.paper,
        });
        let next = succession::Model {
            state,
            announced_by: actor.account_id(),
            announced_at: Some(tx.now()),
            ..before
        };
        let id = next.id;
        row::save(&tx, next, "succession.announced", &payload).await?;
        Ok(Done { succession_id: id })
    })
    .await
}

/// What is wrong with those who are to take over: they must be there, and stay.
pub(super) async fn successors(tx: &Tx, row: &succession::Model) -> Result<Vec<Rejection>, Fault> {
    let mut named = vec![("successorId".to_owned(), row.successor_id)];
    let shares = row::shares_of(tx.conn(), row.id).await?;
    named.extend(shares.iter().enumerate().map(|(n, share)| (format!("shares.{n}.unitId"), share.unit_id)));
    let mut faults = Vec::new();
    for (field, id) in named {
        let unit = unit::Entity::find_by_id(id).one(tx.conn()).await?;
        if unit.is_none_or(|unit| unit.state != UnitState::Active) {
            faults.push(Rejection::new(Code::UnitNotActive).at(field));
        }
    }
    Ok(faults)
}

/// A unit that closes must not be one that closes or takes over elsewhere.
async fn named_elsewhere(tx: &Tx, unit: Uuid, but: Uuid, field: &str) -> Result<Option<Rejection>, Fault> {
    let under = |number: String| Rejection::new(Code::UnderSuccession).at(field).with("number", number);
    if let Some(number) = organisation::steps::under_succession(tx, unit, Some(but)).await? {
        return Ok(Some(under(number)));
    }
    let shares = Query::select()
        .column(succession_share::Column::SuccessionId)
        .from(succession_share::Entity)
        .and_where(Expr::col(succession_share::Column::UnitId).eq(unit))
        .take();
    let taking = succession::Entity::find()
        .filter(succession::Column::State.is_in([SuccessionState::Announced, SuccessionState::Running]))
        .filter(
            Condition::any()
                .add(succession::Column::SuccessorId.eq(unit))
                .add(succession::Column::Id.in_subquery(shares)),
        )
        .one(tx.conn())
        .await?;
    Ok(taking.map(|row| under(row.number)))
}
