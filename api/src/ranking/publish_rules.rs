//! A draft of ranking rules is put into force from a day on. Windows that are open go on by the rules they opened with.

use chrono::NaiveDate;
use entity::awards::ranking_rule_set;
use entity::events::Subject;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rule_sets;
use super::save_rules::{draft, save};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::Command;

/// A draft to be put into force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Publish {
    /// Which.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// First civil day on which windows open by it.
    pub valid_from: NaiveDate,
}

/// Puts a draft into force, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`]; [`Code::InThePast`] for a day before today.
pub async fn publish_rules(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Publish,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::PublishRankingRules, &Parties::default())?;
    app.write(actor, Command::new("publishRankingRules", key, input), |tx| async move {
        let set = draft(&tx, input.id, Some(input.version)).await?;
        if input.valid_from < tx.today() {
            return Err(Rejection::new(Code::InThePast).at("validFrom").with("today", tx.today()).into());
        }
        let published = ranking_rule_set::Model {
            valid_from: Some(input.valid_from),
            published_by: tx.actor().account_id(),
            published_at: Some(tx.now()),
            ..set
        };
        let published = save(&tx, published).await?;
        let rules = rule_sets::rules_of_one(tx.conn(), published.id).await?;
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| json!({ "criterion": rule.criterion, "weight": rule.weight, "terms": rule.terms }))
            .collect();
        let payload = json!({ "number": published.number, "validFrom": input.valid_from, "rules": rules });
        tx.record(Subject::Setting, published.id, published.version, "ranking_rules.published", &payload);
        Ok(published.id)
    })
    .await
}
