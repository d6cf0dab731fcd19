//! The office settles a suspected duplicate that the clerk may not see.

use std::collections::HashSet;

use entity::assets::{asset, duplicate_case};
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// What was found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resolve {
    /// The case.
    pub id: Uuid,
}

/// A case that was settled.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Resolved {
    /// The case.
    pub id: Uuid,
}

/// Says that the two cards are two things, so that the later one may be listed. Where they are one, the office has the
/// later card's listing rejected instead, and the case stays open.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`].
pub async fn resolve_duplicate(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Resolve,
) -> Result<Resolved, Fault> {
    app.write(actor, Command::new("resolveDuplicate", key, input), |tx| async move {
        let not_found = || Fault::from(Rejection::new(Code::NotFound).at("id"));
        let case =
            duplicate_case::Entity::find_by_id(input.id).one(tx.conn()).await?.ok_or_else(not_found)?;
        let card = asset::Entity::find_by_id(case.asset_id).one(tx.conn()).await?.ok_or_else(not_found)?;
        actor.allow(Operation::ResolveDuplicate, &Parties::giver(card.holder_id)).map_err(|_| not_found())?;
        duplicate_case::Entity::update_many()
            .col_expr(duplicate_case::Column::ResolvedAt, Expr::value(Some(tx.now())))
            .filter(duplicate_case::Column::Id.eq(case.id))
            .filter(duplicate_case::Column::ResolvedAt.is_null())
            .exec(tx.conn())
            .await?;
        tx.record(
            Subject::Asset,
            card.id,
            card.version,
            "asset.duplicate_settled",
            &json!({ "caseId": case.id }),
        );
        Ok(Resolved { id: case.id })
    })
    .await
}

/// Those of the cards about which a suspicion is open.
pub(crate) async fn open_of(tx: &Tx, cards: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    use duplicate_case::Column::{AssetId, ResolvedAt};
    let found: Vec<Uuid> = duplicate_case::Entity::find()
        .select_only()
        .column(AssetId)
        .filter(AssetId.is_in(cards.iter().copied()))
        .filter(ResolvedAt.is_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().collect())
}

/// Whether a suspicion about the card is open.
pub(crate) async fn open(tx: &Tx, card: Uuid) -> Result<bool, Fault> {
    let count = duplicate_case::Entity::find()
        .filter(duplicate_case::Column::AssetId.eq(card))
        .filter(duplicate_case::Column::ResolvedAt.is_null())
        .count(tx.conn())
        .await?;
    Ok(count > 0)
}
