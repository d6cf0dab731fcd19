//! What a unit has passes on, parcel by parcel: one transaction each, and each looks for what is left. So there is no place to
//! remember: a process that is killed has passed a parcel or not, two that run at the same time wait for each other at the row of
//! the succession, and what comes into being at the old unit meanwhile (a receipt that was under way) is found as well.

use std::collections::BTreeMap;

use entity::assets::{AssetState, asset};
use entity::listings::listing;
use entity::loans::loan;
use entity::organisation::{UnitKind, UnitState, unit};
use entity::requests::request;
use entity::successions::{SuccessionKind, SuccessionState, succession};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::passes::{self, ASKING, LIVING};
use super::row;
use super::rules::{self, Assignment, Command};
use super::start::begin;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::{self, Actor, session};
use crate::listings;
use crate::write::{self, Tx};
use crate::{
    approvals, assets, disposals, import, loans, organisation, plans, quotas, requests, transfers, warehouses,
};

/// Cards with offers that pass in one transaction.
const OFFERED: u64 = 50;
/// Requests that pass in one transaction.
const REQUESTS: u64 = 50;
/// Loans that pass in one transaction.
const LOANS: u64 = 100;
/// Cards without offers that pass in one transaction.
const CARDS: u64 = 500;

/// How far one step brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Something passed, and there may be more.
    More,
    /// A file is just being loaded for one of the units: the end has to wait for it.
    Waits,
    /// All has passed.
    Done,
}

/// The successions that run, the oldest first.
///
/// # Errors
/// The database's.
pub async fn running(app: &App) -> Result<Vec<Uuid>, Fault> {
    in_state(app, SuccessionState::Running).await
}

async fn in_state(app: &App, state: SuccessionState) -> Result<Vec<Uuid>, Fault> {
    Ok(succession::Entity::find()
        .select_only()
        .column(succession::Column::Id)
        .filter(succession::Column::State.eq(state))
        .filter(succession::Column::EffectiveOn.lte(app.clock().today()))
        .order_by_asc(succession::Column::Id)
        .into_tuple()
        .all(app.db().read())
        .await?)
}

/// Starts those whose day has come; answers how many.
///
/// # Errors
/// The database's.
pub async fn start_due(app: &App) -> Result<usize, Fault> {
    let mut started = 0;
    for id in in_state(app, SuccessionState::Announced).await? {
        let command = write::Command::new("startSuccession", None, &id);
        let outcome = app
            .write(&Actor::system(), command, |tx: Tx| async move {
                let row = row::lock(&tx, id).await?;
                begin(&tx, row).await
            })
            .await;
        match outcome {
            Ok(_) => started += 1,
            // One that cannot start must not keep the others.
            Err(fault) => tracing::error!(succession = %id, ?fault, "a succession that is due did not start"),
        }
    }
    Ok(started)
}

/// Passes one parcel on, or ends it where nothing is left.
///
/// # Errors
/// The database's.
pub async fn step(app: &App, id: Uuid) -> Result<Step, Fault> {
    let command = write::Command::new("passOn", None, &id);
    app.write(&Actor::system(), command, |tx: Tx| async move {
        let row = row::lock(&tx, id).await?;
        if row.state != SuccessionState::Running {
            return Ok(Step::Done);
        }
        let units = row::units_of(tx.conn(), id).await?;
        let assignment = row::assignment(tx.conn(), &tx.reference(), &row).await?;
        let mut run = Run { tx: &tx, assignment, row };
        for unit in &units {
            if run.parcel(unit.unit_id).await? {
                row::write(&tx, run.row).await?;
                return Ok(Step::More);
            }
        }
        let units: Vec<Uuid> = units.iter().map(|unit| unit.unit_id).collect();
        run.finish(&units).await
    })
    .await
}

fn living() -> Expr {
    Expr::cust(format!("({LIVING})"))
}

struct Run<'a> {
    tx: &'a Tx,
    assignment: Assignment,
    row: succession::Model,
}

impl Run<'_> {
    /// Passes the next parcel of a unit on; answers whether there was one.
    async fn parcel(&mut self, from: Uuid) -> Result<bool, Fault> {
        Ok(self.offered(from).await?
            || self.asked(from).await?
            || self.borrowed(from).await?
            || self.cards(from).await?)
    }

    /// Cards with offers, and all that hangs on those.
    async fn offered(&mut self, from: Uuid) -> Result<bool, Fault> {
        let tx = self.tx;
        let cards: Vec<Uuid> = listing::Entity::find()
            .select_only()
            .column(listing::Column::AssetId)
            .filter(listing::Column::UnitId.eq(from))
            .filter(living())
            .distinct()
            .order_by_asc(listing::Column::AssetId)
            .limit(OFFERED)
            .into_tuple()
            .all(tx.conn())
            .await?;
        if cards.is_empty() {
            return Ok(false);
        }
        let mut offers: Vec<Uuid> = listing::Entity::find()
            .select_only()
            .column(listing::Column::Id)
            .filter(listing::Column::UnitId.eq(from))
            .filter(listing::Column::AssetId.is_in(cards.iter().copied()))
            .filter(living())
            .into_tuple()
            .all(tx.conn())
            .await?;
        offers.sort_unstable();
        for offer in &offers {
            listings::steps::lock(tx, *offer).await?;
        }
        let named = asset::Entity::find().filter(asset::Column::Id.is_in(cards)).all(tx.conn()).await?;
        let to_of: BTreeMap<Uuid, Uuid> = named
            .iter()
            .map(|card| (card.id, self.assignment.of(card.id, card.bin_id, card.category_id)))
            .collect();
        let mut with_them: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for card in named.iter().filter(|card| card.holder_id == from) {
            with_them.entry(to_of[&card.id]).or_default().push(card.id);
        }
        for id in offers {
            let Some(offer) = listings::steps::load(tx, id).await?.filter(|offer| offer.unit_id == from)
            else {
                continue;
            };
            let to = to_of.get(&offer.asset_id).copied().unwrap_or(self.assignment.rest);
            listings::pass_on::offer(tx, offer, to).await?;
            let lines = requests::pass_on::asked_of(tx, id, from, to).await?;
            let moving = transfers::pass_on::given(tx, id, from, to).await?;
            let lent = loans::pass_on::lent(tx, id, from, to).await?;
            disposals::pass_on::of(tx, id, from, to).await?;
            self.row.listings += 1;
            self.row.lines += lines.lines;
            self.row.transfers += i64::try_from(moving.len()).unwrap_or(i64::MAX);
            self.row.loans += lent.loans;
            self.row.ended_lines += lines.ended + lent.ended;
            with_them.entry(to).or_default().extend(moving);
        }
        for (to, mut cards) in with_them {
            cards.sort_unstable();
            cards.dedup();
            self.move_cards(from, &cards, to).await?;
        }
        Ok(true)
    }

    /// What the unit asks for goes to the one successor that takes the rest.
    async fn asked(&mut self, from: Uuid) -> Result<bool, Fault> {
        let tx = self.tx;
        let to = self.assignment.rest;
        let ids: Vec<Uuid> = request::Entity::find()
            .select_only()
            .column(request::Column::Id)
            .filter(request::Column::UnitId.eq(from))
            .filter(Expr::cust(format!("({ASKING})")))
            .order_by_asc(request::Column::Id)
            .limit(REQUESTS)
            .into_tuple()
            .all(tx.conn())
            .await?;
        requests::pass_on::lock(tx, &ids).await?;
        for id in &ids {
            // Before the lines: one that ends may leave a hand-over that goes on.
            self.row.transfers += transfers::pass_on::received(tx, *id, from, to).await?;
            let passed = requests::pass_on::asked_by(tx, *id, from, to).await?;
            self.row.lines += passed.lines;
            self.row.ended_lines += passed.ended;
        }
        Ok(!ids.is_empty())
    }

    async fn borrowed(&mut self, from: Uuid) -> Result<bool, Fault> {
        let tx = self.tx;
        let mut open: Vec<(Uuid, Uuid)> = loan::Entity::find()
            .select_only()
            .columns([loan::Column::ListingId, loan::Column::Id])
            .filter(loan::Column::UnitId.eq(from))
            .filter(loan::Column::State.is_in(loans::pass_on::OPEN))
            .limit(LOANS)
            .into_tuple()
            .all(tx.conn())
            .await?;
        open.sort_unstable();
        for (_, id) in &open {
            let passed = loans::pass_on::borrowed(tx, *id, from, self.assignment.rest).await?;
            self.row.loans += passed.loans;
            self.row.ended_lines += passed.ended;
        }
        Ok(!open.is_empty())
    }

    /// Cards that nobody is offered.
    async fn cards(&mut self, from: Uuid) -> Result<bool, Fault> {
        let cards: Vec<(Uuid, Option<Uuid>, Option<Uuid>)> = asset::Entity::find()
            .select_only()
            .columns([asset::Column::Id, asset::Column::BinId, asset::Column::CategoryId])
            .filter(asset::Column::HolderId.eq(from))
            .filter(asset::Column::State.eq(AssetState::Active))
            .order_by_asc(asset::Column::Id)
            .limit(CARDS)
            .into_tuple()
            .all(self.tx.conn())
            .await?;
        let mut by_successor: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for (id, bin, category) in &cards {
            by_successor.entry(self.assignment.of(*id, *bin, *category)).or_default().push(*id);
        }
        for (to, cards) in by_successor {
            self.move_cards(from, &cards, to).await?;
        }
        Ok(!cards.is_empty())
    }

    async fn move_cards(&mut self, from: Uuid, cards: &[Uuid], to: Uuid) -> Result<(), Fault> {
        let passed = assets::pass_on::pass_on(self.tx, cards, to, self.row.id).await?;
        listings::pass_on::freezes(self.tx, from, cards).await?;
        self.row.cards += passed.cards;
        self.row.renumbered += passed.renumbered;
        Ok(())
    }

    /// What is the unit's itself, and its end; all in one, so that nobody is without a place for a moment.
    async fn finish(self, units: &[Uuid]) -> Result<Step, Fault> {
        let (tx, row, to) = (self.tx, self.row, self.assignment.rest);
        for unit in units {
            if import::pass_on::running(tx, *unit).await? {
                return Ok(Step::Waits);
            }
        }
        let state = rules::apply(row.state, Command::Finish)?;
        session::rights_changed(tx).await?;
        // The pool account has no people: nobody becomes its clerk because a body is dissolved into it.
        let successor = unit::Entity::find_by_id(to).one(tx.conn()).await?;
        let pool = successor.is_some_and(|unit| unit.kind == UnitKind::Pool);
        let mut grants = 0;
        for unit in units {
            listings::pass_on::directed(tx, *unit, to).await?;
            listings::pass_on::end_freezes(tx, *unit).await?;
            import::pass_on::waiting(tx, *unit, to).await?;
            warehouses::pass_on::kept(tx, *unit, to).await?;
            quotas::pass_on::overrides(tx, *unit, to).await?;
            plans::pass_on::lines(tx, *unit, to).await?;
            approvals::pass_on::seats(tx, *unit, to).await?;
            organisation::pass_on::hand_down(tx, *unit, to).await?;
            grants += identity::pass_on::pass_grants(tx, *unit, (!pool).then_some(to)).await?;
        }
        // How the people of a unit that is split are shared is in the paper; the office enters it.
        let adds_up = row.kind != SuccessionKind::Split && !pool;
        quotas::pass_on::headcount(tx, units, to, row.effective_on, &row.paper, adds_up).await?;
        for unit in units {
            let left = passes::left(tx.conn(), Some(*unit), tx.today()).await?;
            if !left.is_empty() {
                return Err(
                    anyhow::anyhow!("unit {unit} has something left that should pass on: {left:?}").into()
                );
            }
            let first = unit::Entity::find_by_id(*unit).one(tx.conn()).await?.map(|unit| unit.valid_from);
            let last = row.effective_on.pred_opt().max(first);
            organisation::pass_on::set_state(tx, *unit, UnitState::Closed, Some(to), last).await?;
        }
        let payload = json!({
            "unitIds": units, "successorId": to, "cards": row.cards, "renumbered": row.renumbered,
            "listings": row.listings, "lines": row.lines, "transfers": row.transfers, "loans": row.loans,
            "endedLines": row.ended_lines, "grants": grants,
        });
        let next = succession::Model { state, ended_at: Some(tx.now()), ..row };
        row::save(tx, next, "succession.done", &payload).await?;
        Ok(Step::Done)
    }
}
