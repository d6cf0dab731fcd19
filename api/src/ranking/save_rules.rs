//! The office drafts a set of ranking rules, or changes its draft.

use entity::awards::{ranking_rule, ranking_rule_set};
use entity::events::Subject;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, NotSet, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RulesForm;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// A draft to be made, or changed where `id` is given: all its criteria are replaced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen.
    pub version: Option<i64>,
    /// What it says.
    pub form: RulesForm,
}

/// Keeps a draft, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`]; [`Code::WrongState`] for one that is published; everything that is
/// wrong with the form.
pub async fn save_rules(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Uuid, Fault> {
    actor.allow(Operation::SaveRankingRules, &Parties::default())?;
    app.write(actor, Command::new("saveRankingRules", key, input), |tx| async move {
        let (form, faults) = input.form.clone().cleaned();
        let was = match input.id {
            Some(id) => Some(draft(&tx, id, input.version).await?),
            None => None,
        };
        Fault::all(faults)?;
        let set = match was {
            Some(was) => {
                let next =
                    ranking_rule_set::Model { name: form.name.clone(), note: form.note.clone(), ..was };
                let set = save(&tx, next).await?;
                ranking_rule::Entity::delete_many()
                    .filter(ranking_rule::Column::RuleSetId.eq(set.id))
                    .exec(tx.conn())
                    .await?;
                set
            }
            None => begin(&tx, &form).await?,
        };
        let mut rows = Vec::with_capacity(form.rules.len());
        for (position, rule) in (1..).zip(&form.rules) {
            rows.push(ranking_rule::ActiveModel {
                id: Set(tx.id()),
                rule_set_id: Set(set.id),
                position: Set(position),
                criterion: Set(rule.criterion),
                weight: Set(rule.weight),
                terms: Set(serde_json::to_value(&rule.terms)?),
            });
        }
        ranking_rule::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        tx.record(Subject::Setting, set.id, set.version, "ranking_rules.saved", &form);
        Ok(set.id)
    })
    .await
}

async fn begin(tx: &Tx, form: &RulesForm) -> Result<ranking_rule_set::Model, Fault> {
    let last = ranking_rule_set::Entity::find()
        .order_by_desc(ranking_rule_set::Column::Number)
        .one(tx.conn())
        .await?;
    let set = ranking_rule_set::Model {
        id: tx.id(),
        // Of two drafts at the same moment one takes the number, and the other is made again.
        number: last.map_or(1, |last| last.number + 1),
        name: form.name.clone(),
        note: form.note.clone(),
        valid_from: None,
        created_by: tx.actor().account_id(),
        created_at: tx.now(),
        published_by: None,
        published_at: None,
        version: 1,
    };
    ranking_rule_set::Entity::insert(set.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(set)
}

/// A draft, as the caller has seen it.
pub(super) async fn draft(tx: &Tx, id: Uuid, version: Option<i64>) -> Result<ranking_rule_set::Model, Fault> {
    let found = ranking_rule_set::Entity::find_by_id(id).one(tx.conn()).await?;
    let Some(set) = found else { return Err(Rejection::new(Code::NotFound).at("id").into()) };
    if set.valid_from.is_some() {
        // Windows go by it.
        return Err(Rejection::new(Code::WrongState).at("id").with("state", "PUBLISHED").into());
    }
    if version != Some(set.version) {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    Ok(set)
}

/// Writes a set that was read with its present version.
pub(super) async fn save(tx: &Tx, set: ranking_rule_set::Model) -> Result<ranking_rule_set::Model, Fault> {
    let next = ranking_rule_set::Model { version: set.version + 1, ..set };
    let mut row = next.clone().into_active_model().reset_all();
    row.id = NotSet;
    let touched = ranking_rule_set::Entity::update_many()
        .set(row)
        .filter(ranking_rule_set::Column::Id.eq(next.id))
        .filter(ranking_rule_set::Column::Version.eq(next.version - 1))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 { Ok(next) } else { Err(Rejection::new(Code::Stale).at("version").into()) }
}
