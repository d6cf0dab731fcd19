//! Corrections in the schema: types and root fields, which translate and decide nothing.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::corrections::correction;

use super::correct::{self, Input};
use super::read;
use crate::assets;
use crate::assets::changes::Change;
use crate::assets::graphql::Asset;
use crate::assets::inputs::CardInput;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::errors::{UserError, payload, query_error};
use crate::graphql::ids::{Kind, encode, expect};

/// A correction (更正): what a card said before and says now.
#[derive(Debug)]
pub struct Correction(correction::Model);

impl From<correction::Model> for Correction {
    fn from(row: correction::Model) -> Self {
        Self(row)
    }
}

/// A field that was corrected.
#[derive(Debug, SimpleObject)]
pub struct CorrectedField {
    /// Its name, as on `Asset`; `vehicle.mileageKm` for a field of the kind.
    field: String,
    /// What it said; money in fen. Null where it said nothing.
    before: Option<String>,
    /// What it says now.
    after: Option<String>,
}

#[Object]
impl Correction {
    /// Global id of the card.
    async fn asset_id(&self) -> ID {
        encode(Kind::Asset, self.0.asset_id)
    }

    /// Why; empty where the card was purged.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What differs, field by field; empty where the card was purged.
    async fn changes(&self) -> async_graphql::Result<Vec<CorrectedField>> {
        let changes: Vec<Change> = serde_json::from_value(self.0.changes.clone())?;
        let field = |change: Change| {
            // As everywhere in the schema, a category goes by its global id.
            let shown = |text: Option<String>| match (change.field.as_str(), text) {
                ("categoryId", Some(text)) => {
                    Some(text.parse().map_or(text, |id| encode(Kind::Category, id).to_string()))
                }
                (_, text) => text,
            };
            let (before, after) = (shown(change.before.clone()), shown(change.after.clone()));
            CorrectedField { field: change.field, before, after }
        };
        Ok(changes.into_iter().map(field).collect())
    }

    /// Whether whoever counted on the card was asked to confirm.
    async fn material(&self) -> bool {
        self.0.material
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

connection!(CorrectionConnection, CorrectionEdge, Correction);

/// What is so of a card.
#[derive(Debug, InputObject)]
pub struct CorrectAssetInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// The card.
    asset_id: ID,
    /// The version that you have seen.
    version: i32,
    /// Why; everybody reads it who sees the card.
    reason: String,
    /// What is so; what is left out stays.
    #[graphql(flatten)]
    card: CardInput,
}

/// Answer about a card.
#[derive(Debug, SimpleObject)]
pub struct CorrectAssetPayload {
    /// The card as it is now; null where there are errors.
    asset: Option<Asset>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Questions about corrections.
#[derive(Debug, Default)]
pub struct CorrectionQuery;

#[Object]
impl CorrectionQuery {
    /// What was corrected on a card, newest first; nothing where the card is not for the caller.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn corrections(
        &self,
        ctx: &Context<'_>,
        asset_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<CorrectionConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page = Page::read(first, after.as_deref())?;
            let card = expect(Kind::Asset, &asset_id, "assetId")?;
            Ok((page.first, read::page(ctx.app(), actor, card, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let nodes = rows.into_iter().map(Correction::from).collect();
        Ok(CorrectionConnection::new(first, nodes, |node| node.0.id))
    }
}

/// Changes by corrections.
#[derive(Debug, Default)]
pub struct CorrectionMutation;

#[Object]
impl CorrectionMutation {
    /// Puts a card right that others count on: for its holder, the office, and the warehouse that keeps the thing. Where it is
    /// material, whoever asked for it is asked again (`confirmCorrection`); where it is worth more, approvals are planned again.
    async fn correct_asset(
        &self,
        ctx: &Context<'_>,
        input: CorrectAssetInput,
    ) -> async_graphql::Result<CorrectAssetPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let correction = Input {
                asset_id: expect(Kind::Asset, &input.asset_id, "assetId")?,
                version: input.version.into(),
                card: input.card.read()?,
                reason: input.reason,
            };
            Ok(correct::correct(ctx.app(), actor, Some(&input.idempotency_key), &correction).await?.asset_id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(CorrectAssetPayload { asset: assets::graphql::loaded(ctx, id).await?, errors })
    }
}
