//! The office drafts a set of rules, or changes its draft.

use entity::approvals::{approval_rule, approval_rule_set};
use entity::events::Subject;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rule_set_form::RuleSetForm;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::write::{Command, Tx};

/// A draft to be made, or changed where `id` is given: all its rules are replaced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen.
    pub version: Option<i64>,
    /// What it says.
    pub form: RuleSetForm,
}

/// Keeps a draft, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`]; [`Code::WrongState`] for one that is published; everything that is
/// wrong with the form.
pub async fn save_rule_set(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::SaveApprovalRuleSet, &Parties::default())?;
    app.write(actor, Command::new("saveApprovalRuleSet", key, input), |tx| async move {
        // For its lock: two drafts must not get one number.
        session::rights_changed(&tx).await?;
        let (form, mut faults) = input.form.clone().cleaned();
        let reference = tx.reference();
        for (n, rule) in form.rules.iter().enumerate() {
            if rule.conditions.categories.iter().any(|id| reference.category(*id).is_none()) {
                let field = format!("rules.{n}.conditions.categoryIds");
                faults.push(Rejection::new(Code::NotFound).at(field));
            }
        }
        let was = match input.id {
            Some(id) => Some(draft(&tx, id, input.version).await?),
            None => None,
        };
        Fault::all(faults)?;
        let set = write(&tx, was, &form).await?;
        tx.record(Subject::Setting, set.id, set.version, "approval_rule_set.saved", &form);
        Ok(set.id)
    })
    .await
}

/// A draft, as the caller has seen it.
pub(super) async fn draft(
    tx: &Tx,
    id: Uuid,
    version: Option<i64>,
) -> Result<approval_rule_set::Model, Fault> {
    let found = approval_rule_set::Entity::find_by_id(id).one(tx.conn()).await?;
    let Some(set) = found else { return Err(Rejection::new(Code::NotFound).at("id").into()) };
    if set.valid_from.is_some() {
        // Cases go by it.
        return Err(Rejection::new(Code::WrongState).at("id").with("state", "PUBLISHED").into());
    }
    if version != Some(set.version) {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    Ok(set)
}

async fn write(
    tx: &Tx,
    was: Option<approval_rule_set::Model>,
    form: &RuleSetForm,
) -> Result<approval_rule_set::Model, Fault> {
    let set = if let Some(was) = was {
        approval_rule::Entity::delete_many()
            .filter(approval_rule::Column::RuleSetId.eq(was.id))
            .exec(tx.conn())
            .await?;
        let set = approval_rule_set::Model {
            name: form.name.clone(),
            note: form.note.clone(),
            version: was.version + 1,
            ..was
        };
        set.clone().into_active_model().reset_all().update(tx.conn()).await?;
        set
    } else {
        let last = approval_rule_set::Entity::find()
            .order_by_desc(approval_rule_set::Column::Number)
            .one(tx.conn())
            .await?;
        let set = approval_rule_set::Model {
            id: tx.id(),
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
        approval_rule_set::Entity::insert(set.clone().into_active_model())
            .exec_without_returning(tx.conn())
            .await?;
        set
    };
    let mut rows = Vec::with_capacity(form.rules.len());
    for (position, rule) in (1..).zip(&form.rules) {
        rows.push(approval_rule::ActiveModel {
            id: Set(tx.id()),
            rule_set_id: Set(set.id),
            position: Set(position),
            name: Set(rule.name.clone()),
            subject: Set(rule.subject),
            stage: Set(rule.stage),
            side: Set(rule.side),
            level: Set(rule.level),
            role: Set(rule.role),
            due_days: Set(rule.due_days),
            conditions: Set(serde_json::to_value(&rule.conditions)?),
        });
    }
    if !rows.is_empty() {
        approval_rule::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(set)
}
