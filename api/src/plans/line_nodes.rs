//! Lines of plans, and what is said against them, in the schema.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entity::assets::asset;
use entity::plans::{plan_line, plan_objection};
use entity::requests::request_line;

use crate::graphql::connection::connection;
use crate::graphql::context::Given;
use crate::graphql::enums::{LineState, ObjectionState, PlanLineState};
use crate::graphql::ids::{Kind, encode};
use crate::organisation::graphql::Unit;

/// One line of a plan.
#[derive(Debug)]
pub struct PlanLine {
    pub(super) row: plan_line::Model,
    pub(super) card: Option<asset::Model>,
    pub(super) carried: Option<request_line::Model>,
}

#[Object]
impl PlanLine {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::PlanLine, self.row.id)
    }

    /// Place in the plan, from 0.
    async fn position(&self) -> i64 {
        self.row.position
    }

    /// Global id of the card.
    async fn asset_id(&self) -> ID {
        encode(Kind::Asset, self.row.asset_id)
    }

    /// Name of the card.
    async fn asset_name(&self) -> Option<&str> {
        self.card.as_ref().map(|card| card.name.as_str())
    }

    /// Number of the card at its holder.
    async fn asset_number(&self) -> Option<&str> {
        self.card.as_ref().and_then(|card| card.number.as_deref())
    }

    /// Global id of the offer that it takes from: the one it names, or the one that was made for it when it was reserved.
    async fn listing_id(&self) -> Option<ID> {
        let made = self.carried.as_ref().map(|line| line.listing_id);
        self.row.listing_id.or(made).map(|id| encode(Kind::Listing, id))
    }

    /// Who gives.
    async fn giver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.giver_id)
    }

    /// Who receives.
    async fn receiver(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.receiver_id)
    }

    /// Pieces.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// Whether it still belongs to the plan.
    async fn state(&self) -> PlanLineState {
        self.row.state.into()
    }

    /// Last civil day on which it can be objected to.
    async fn objections_until(&self) -> Option<NaiveDate> {
        self.row.objections_until
    }

    /// Why the receiver gets more than its cap.
    async fn over_cap_reason(&self) -> Option<&str> {
        self.row.over_cap_reason.as_deref()
    }

    /// Global id of the request line that carries it out; null before it is reserved.
    async fn request_line_id(&self) -> Option<ID> {
        self.carried.as_ref().map(|line| encode(Kind::Line, line.id))
    }

    /// How far that is; null before it is reserved.
    async fn carried(&self) -> Option<LineState> {
        self.carried.as_ref().map(|line| line.state.into())
    }
}

/// What a unit says against a line.
#[derive(Debug)]
pub struct PlanObjection(pub(super) plan_objection::Model);

#[Object]
impl PlanObjection {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Objection, self.0.id)
    }

    /// Global id of the line.
    async fn line_id(&self) -> ID {
        encode(Kind::PlanLine, self.0.line_id)
    }

    /// Who objects.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.unit_id)
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What became of it.
    async fn state(&self) -> ObjectionState {
        self.0.state.into()
    }

    /// What the office answered.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was answered.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.answered_at
    }
}

connection!(PlanLineConnection, PlanLineEdge, PlanLine);
connection!(PlanObjectionConnection, PlanObjectionEdge, PlanObjection);
