//! The entries of the ledger, under the caller's rights: a saving is seen by who reads either side of it.

use chrono::NaiveDate;
use entity::listings::{Custody, Purpose};
use entity::organisation::FiscalLevel;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::authz::{Operation, Reach};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset::{self, among};

/// Which entries; what is none or empty asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Methods.
    pub methods: Vec<SavingMethod>,
    /// First civil day.
    pub from: Option<NaiveDate>,
    /// Last civil day, inclusive.
    pub to: Option<NaiveDate>,
    /// Given by one of these units.
    pub giving_units: Vec<Uuid>,
    /// Received by one of these units.
    pub receiving_units: Vec<Uuid>,
    /// Giver paid for by one of these regions.
    pub giving_regions: Vec<Uuid>,
    /// Receiver paid for by one of these regions.
    pub receiving_regions: Vec<Uuid>,
    /// Fiscal level of the giver.
    pub giving_level: Option<FiscalLevel>,
    /// Fiscal level of the receiver.
    pub receiving_level: Option<FiscalLevel>,
    /// Of one of these categories.
    pub categories: Vec<Uuid>,
    /// Custody.
    pub custody: Option<Custody>,
    /// Mode.
    pub mode: Option<Purpose>,
    /// Only what had been reused before, or only what had not.
    pub repeat: Option<bool>,
    /// Entries or contra entries.
    pub entry: Option<SavingKind>,
    /// Of this hand-over.
    pub transfer: Option<Uuid>,
    /// Of this loan.
    pub loan: Option<Uuid>,
    /// Of this asset.
    pub asset: Option<Uuid>,
}

/// Sort key of the list: newest day first.
pub type Key = (NaiveDate, Uuid);

/// Filter and rights as one condition.
pub(super) fn condition(filter: &Filter, reach: &Reach) -> Condition {
    // Of no side nothing is seen; an empty "any" would be true.
    let seen = sides(reach).into_iter().fold(Condition::any().add(Expr::value(false)), Condition::add);
    like(filter).add(seen)
}

/// Entries that the reach covers, side by side.
fn sides(reach: &Reach) -> Vec<Condition> {
    use saving_entry::Column::{GiverId, ReceiverId};
    if reach.everywhere {
        return vec![Condition::all()];
    }
    [(GiverId, &reach.giver), (ReceiverId, &reach.receiver)]
        .into_iter()
        .filter(|(_, units)| !units.is_empty())
        .map(|(column, units)| among(column, units))
        .collect()
}

fn like(filter: &Filter) -> Condition {
    use saving_entry::Column as C;
    let mut all = Condition::all();
    if !filter.methods.is_empty() {
        all = all.add(C::Method.is_in(filter.methods.iter().copied()));
    }
    for (column, ids) in [
        (C::GiverId, &filter.giving_units),
        (C::ReceiverId, &filter.receiving_units),
        (C::GiverRegionId, &filter.giving_regions),
        (C::ReceiverRegionId, &filter.receiving_regions),
        (C::CategoryId, &filter.categories),
    ] {
        if !ids.is_empty() {
            all = all.add(column.is_in(ids.iter().copied()));
        }
    }
    all.add_option(filter.from.map(|day| C::CivilDay.gte(day)))
        .add_option(filter.to.map(|day| C::CivilDay.lte(day)))
        .add_option(filter.giving_level.map(|level| C::GiverLevel.eq(level)))
        .add_option(filter.receiving_level.map(|level| C::ReceiverLevel.eq(level)))
        .add_option(filter.custody.map(|custody| C::Custody.eq(custody)))
        .add_option(filter.mode.map(|mode| C::Mode.eq(mode)))
        .add_option(filter.repeat.map(|repeat| C::Repeat.eq(repeat)))
        .add_option(filter.entry.map(|entry| C::Entry.eq(entry)))
        .add_option(filter.transfer.map(|transfer| C::TransferId.eq(transfer)))
        .add_option(filter.loan.map(|loan| C::LoanId.eq(loan)))
        .add_option(filter.asset.map(|asset| C::AssetId.eq(asset)))
}

/// An entry, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<saving_entry::Model>, DbErr> {
    let reach = actor.reach(Operation::ExplainSaving);
    saving_entry::Entity::find_by_id(id).filter(condition(&Filter::default(), &reach)).one(conn).await
}

/// A page of entries, newest day first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<Vec<saving_entry::Model>, DbErr> {
    use saving_entry::Column::{CivilDay, Id};
    let mut like = like(filter);
    if let Some((day, id)) = page.after {
        // As a tuple, which both databases look up in the index.
        let key = Expr::tuple([Expr::col(CivilDay), Expr::col(Id)]);
        like = like.add(key.lt(Expr::tuple([Expr::value(day), Expr::value(id)])));
    }
    let side = |side: Condition| {
        Query::select()
            .column(Id)
            .from(saving_entry::Entity)
            .cond_where(side)
            .cond_where(like.clone())
            .order_by((saving_entry::Entity, CivilDay), Order::Desc)
            .order_by((saving_entry::Entity, Id), Order::Desc)
            .limit(page.fetch())
            .to_owned()
    };
    let pages = sides(&actor.reach(Operation::SavingEntries)).into_iter().map(side).collect();
    let Some(found) = keyset::merged(pages) else { return Ok(Vec::new()) };
    saving_entry::Entity::find()
        .filter(Id.in_subquery(found))
        .order_by_desc(CivilDay)
        .order_by_desc(Id)
        .limit(page.fetch())
        .all(conn)
        .await
}
