//! A draft of rules is put into force from a day on, or thrown away. What runs goes on by the rules it began with.

use chrono::NaiveDate;
use entity::approvals::{approval_rule, approval_rule_set};
use entity::events::Subject;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rule_set_form::{RuleForm, RuleSetForm};
use super::rule_sets;
use super::save_rule_set::draft;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::write::Command;

/// A draft to be put into force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Publish {
    /// Which.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// First civil day on which new cases go by it.
    pub valid_from: NaiveDate,
}

/// A draft to be thrown away.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Discard {
    /// Which.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
}

/// Puts a draft into force, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`]; [`Code::InThePast`] for a day before today;
/// [`Code::NoStepForAll`] where some case would be approved by nobody.
pub async fn publish_rule_set(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Publish,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::PublishApprovalRuleSet, &Parties::default())?;
    app.write(actor, Command::new("publishApprovalRuleSet", key, input), |tx| async move {
        // For its lock: the draft must not change while it is published.
        session::rights_changed(&tx).await?;
        let set = draft(&tx, input.id, Some(input.version)).await?;
        let rules = rule_sets::rules_of(tx.conn(), set.id).await?;
        let form = RuleSetForm {
            name: set.name.clone(),
            note: set.note.clone(),
            rules: rules
                .into_iter()
                .map(|rule| RuleForm {
                    name: rule.name,
                    subject: rule.subject,
                    stage: rule.stage,
                    side: rule.side,
                    level: rule.level,
                    role: rule.role,
                    due_days: rule.due_days,
                    conditions: rule.conditions,
                })
                .collect(),
        };
        let mut faults = form.gaps();
        if input.valid_from < tx.today() {
            faults.push(Rejection::new(Code::InThePast).at("validFrom").with("today", tx.today()));
        }
        Fault::all(faults)?;
        let published = approval_rule_set::Model {
            valid_from: Some(input.valid_from),
            published_by: tx.actor().account_id(),
            published_at: Some(tx.now()),
            version: set.version + 1,
            ..set
        };
        published.clone().into_active_model().reset_all().update(tx.conn()).await?;
        let payload =
            json!({ "number": published.number, "validFrom": input.valid_from, "rules": form.rules });
        tx.record(Subject::Setting, published.id, published.version, "approval_rule_set.published", &payload);
        Ok(published.id)
    })
    .await
}

/// Throws a draft away, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`].
pub async fn discard_rule_set(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Discard,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::DiscardApprovalRuleSet, &Parties::default())?;
    app.write(actor, Command::new("discardApprovalRuleSet", key, input), |tx| async move {
        session::rights_changed(&tx).await?;
        let set = draft(&tx, input.id, Some(input.version)).await?;
        approval_rule::Entity::delete_many()
            .filter(approval_rule::Column::RuleSetId.eq(set.id))
            .exec(tx.conn())
            .await?;
        let version = set.version + 1;
        let (id, number) = (set.id, set.number);
        set.into_active_model().delete(tx.conn()).await?;
        tx.record(Subject::Setting, id, version, "approval_rule_set.discarded", &json!({ "number": number }));
        Ok(id)
    })
    .await
}
