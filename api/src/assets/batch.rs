//! Many cards at once, as a file brings them: judged by the rules of [`draft`](super::draft), with statements for all of
//! them together. The judgement only reads, so that a dry run tells what the real one would do.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::assets::{asset, asset_holding, duplicate_case};
use entity::catalogue::AssetKind;
use entity::events::Subject;
use entity::organisation::UnitState;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Statement,
};
use uuid::Uuid;

use super::draft::Draft;
use super::rules::{self, Facts};
use super::{card, read};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::bulk;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::Tx;

/// What cards of one holder, or of one manufacturer, must not share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Holder and asset number.
    Number(Uuid, String),
    /// Folded brand and serial.
    Serial(String),
}

/// A card that would be entered, or what is wrong with it.
pub type Judged = Result<asset::Model, Vec<Rejection>>;

/// Judges each card by itself: rights, holder, fields.
///
/// # Errors
/// Where the service itself would be the author.
pub fn judge(app: &App, actor: &Actor, drafts: &[&Draft]) -> Result<Vec<Judged>, Fault> {
    let author = actor.account_id().ok_or_else(|| anyhow::anyhow!("a card needs an author"))?;
    let (now, reference) = (app.clock().now(), app.reference());
    let today = app.clock().civil_day(now);
    let mut allowed: HashMap<Uuid, Option<Code>> = HashMap::new();
    let one = |draft: &&Draft| {
        rules::refuse_secret(&draft.card).map_err(|wrong| vec![wrong])?;
        let mut faults = Vec::new();
        let holder = allowed.entry(draft.holder_id).or_insert_with(|| {
            let parties = Parties::giver(draft.holder_id);
            if actor.allow(Operation::DraftAsset, &parties).is_err() {
                return Some(Code::NotAllowed);
            }
            match reference.unit(draft.holder_id).map(|unit| unit.state) {
                None => Some(Code::NotFound),
                Some(UnitState::Closed) => Some(Code::UnitNotActive),
                Some(_) => None,
            }
        });
        faults.extend(holder.map(|code| Rejection::new(code).at("holderId")));
        let category = draft.card.category_id.flatten().and_then(|id| reference.category(id));
        let kind = draft.kind.unwrap_or(AssetKind::General);
        let blank = card::blank(app.ids().next(now), draft.holder_id, kind, author, now);
        let facts = Facts { today, category, kept: None, kind_open: draft.kind.is_none() };
        let card = rules::revise(&blank, &draft.card, &facts, &mut faults);
        if faults.is_empty() { Ok(card) } else { Err(faults) }
    };
    Ok(drafts.iter().map(one).collect())
}

/// The keys of a card that must be its own.
#[must_use]
pub fn keys(card: &asset::Model) -> Vec<Key> {
    let number = card.number.clone().map(|number| Key::Number(card.holder_id, number));
    let serial = card.serial_key.clone().map(Key::Serial);
    number.into_iter().chain(serial).collect()
}

/// What is taken already, among the keys of some cards.
#[derive(Debug, Default)]
pub struct Taken {
    /// By cards that the person may know of: two cards of one number, or of one serial that is seen.
    pub known: HashSet<Key>,
    /// Cards that the person may not see, by the serial that they have.
    hidden: HashMap<String, Uuid>,
}

/// Looks up the keys of all cards at once. The statements are the same whatever is found: neither the answer nor the time
/// it takes may tell that there is a card which the person may not see.
///
/// `conn` is a transaction: PostgreSQL is told there to look keys up in their index. By its statistics, which a large import
/// outruns, it would read all cards of the holder for each batch, or keep a plan that it made while there were few.
///
/// # Errors
/// When the database does not answer.
pub async fn taken(
    conn: &DatabaseTransaction,
    actor: &Actor,
    cards: &[&asset::Model],
) -> Result<Taken, Fault> {
    let mut taken = Taken::default();
    let backend = conn.get_database_backend();
    if backend == DbBackend::Postgres {
        conn.execute_unprepared(
            "set local enable_seqscan = off; set local plan_cache_mode = force_custom_plan",
        )
        .await?;
    }
    let (numbers, serials) = match backend {
        DbBackend::Postgres => (NUMBERS_POSTGRES, SERIALS_POSTGRES),
        _ => (NUMBERS_SQLITE, SERIALS_SQLITE),
    };
    let mut by_holder: BTreeMap<Uuid, Vec<&String>> = BTreeMap::new();
    for card in cards {
        if let Some(number) = &card.number {
            by_holder.entry(card.holder_id).or_default().push(number);
        }
    }
    for (holder, of_holder) in by_holder {
        let list = serde_json::to_string(&of_holder)?;
        let statement = Statement::from_sql_and_values(backend, numbers, [list.into(), holder.into()]);
        for row in conn.query_all_raw(statement).await? {
            taken.known.insert(Key::Number(holder, row.try_get_by_index(0)?));
        }
    }
    let keys: Vec<&String> = cards.iter().filter_map(|card| card.serial_key.as_ref()).collect();
    if keys.is_empty() {
        return Ok(taken);
    }
    let list = serde_json::to_string(&keys)?;
    let rows = conn.query_all_raw(Statement::from_sql_and_values(backend, serials, [list.into()])).await?;
    let mut ids = vec![Uuid::nil()];
    for row in rows {
        let (id, key): (Uuid, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        ids.push(id);
        // The first in the order of ids, as when one card is entered.
        let other = taken.hidden.entry(key).or_insert(id);
        *other = id.min(*other);
    }
    let seen: Vec<Option<String>> = asset::Entity::find()
        .select_only()
        .column(asset::Column::SerialKey)
        .filter(asset::Column::Id.is_in(ids))
        .filter(read::visible(actor))
        .into_tuple()
        .all(conn)
        .await?;
    taken.known.extend(seen.into_iter().flatten().map(Key::Serial));
    Ok(taken)
}

// One parameter however many there are, so that a statement is prepared once.
const NUMBERS_SQLITE: &str = "select number from asset where holder_id = $2 and state = 'ACTIVE' \
    and number in (select value from json_each($1))";
const SERIALS_SQLITE: &str = "select id, serial_key from asset where state = 'ACTIVE' \
    and serial_key in (select value from json_each($1))";
// `offset 0` keeps the inner part by itself: one look at the index for each key.
const NUMBERS_POSTGRES: &str = "select a.number from json_array_elements_text(cast($1 as json)) as v(n) \
    cross join lateral (select number from asset where holder_id = $2 and number = v.n and state = 'ACTIVE' offset 0) a";
const SERIALS_POSTGRES: &str = "select a.id, a.serial_key from json_array_elements_text(cast($1 as json)) as v(k) \
    cross join lateral (select id, serial_key from asset where serial_key = v.k and state = 'ACTIVE' offset 0) a";

/// Holds the serial numbers until the transaction ends: two cards entered at the same moment would not see each other.
/// SQLite has one writer.
///
/// # Errors
/// When the database does not answer.
pub async fn hold_serials(tx: &Tx, cards: &[&asset::Model]) -> Result<(), Fault> {
    if !tx.app().db().is_postgres() {
        return Ok(());
    }
    // In one order everywhere, so that two batches do not wait for each other.
    let keys: std::collections::BTreeSet<&String> =
        cards.iter().filter_map(|card| card.serial_key.as_ref()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string(&keys)?;
    let sql = "select count(pg_advisory_xact_lock(hashtextextended(k, 0))) \
               from (select k from json_array_elements_text(cast($1 as json)) with ordinality as v(k, n) order by n) held";
    tx.conn().execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [list.into()])).await?;
    Ok(())
}

/// Writes new cards, with their history, their records and what the office must hear of. They were judged, and their keys
/// are free.
///
/// # Errors
/// When the database does not answer, or somebody took a key at the same moment: then all of it begins anew.
pub async fn enter(tx: &Tx, cards: &[(asset::Model, &Draft)], taken: &Taken) -> Result<(), Fault> {
    let (mut rows, mut holdings, mut suspects) = (Vec::with_capacity(cards.len()), Vec::new(), Vec::new());
    for (card, _) in cards {
        let holding = asset_holding::Model {
            id: tx.id(),
            asset_id: card.id,
            unit_id: card.holder_id,
            number: card.number.clone(),
            transfer_id: None,
            succession_id: None,
            from_at: tx.now(),
            to_at: None,
        };
        holdings.push(holding.into_active_model());
        if let Some(other) = card.serial_key.as_ref().and_then(|key| taken.hidden.get(key)) {
            let case = duplicate_case::Model {
                id: tx.id(),
                asset_id: card.id,
                other_id: *other,
                created_at: tx.now(),
                resolved_at: None,
            };
            suspects.push(case.into_active_model());
        }
        rows.push(card.clone().into_active_model());
    }
    bulk::insert(tx.conn(), rows).await?;
    bulk::insert(tx.conn(), holdings).await?;
    bulk::insert(tx.conn(), suspects).await?;
    for (card, draft) in cards {
        // Private: what turns out to be secret later is purged by destroying the key of its payloads.
        tx.record_private(Subject::Asset, card.id, card.version, "asset.drafted", draft);
    }
    Ok(())
}

/// The keys that a card of this draft has, where nothing is wrong with it.
#[must_use]
pub fn keys_of(draft: &Draft) -> Vec<Key> {
    let kept = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = draft.card.number.clone().flatten().as_deref().and_then(kept);
    let serial = draft.card.serial.clone().flatten().as_deref().and_then(kept);
    let brand = draft.card.brand.as_deref().unwrap_or_default().trim();
    let serial = super::serial::key(brand, serial.as_deref()).map(Key::Serial);
    number.map(|number| Key::Number(draft.holder_id, number)).into_iter().chain(serial).collect()
}

#[cfg(test)]
mod tests {
    use super::super::card::CardPatch;
    use super::*;

    #[test]
    fn a_draft_has_the_keys_of_its_card() {
        for (number, brand, serial) in [
            (Some(" A-1 "), Some(" 联想 "), Some("sn 1")),
            (Some("A-1"), None, Some("1")),
            (None, Some("x"), Some("无")),
            (Some(" "), Some("x"), Some(" ")),
        ] {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let patch = CardPatch {
                number: number.map(|number| text(Some(number))),
                brand: text(brand),
                serial: serial.map(|serial| text(Some(serial))),
                ..CardPatch::default()
            };
            let nobody = Uuid::nil();
            let blank = card::blank(nobody, nobody, AssetKind::General, nobody, chrono::DateTime::UNIX_EPOCH);
            let facts =
                Facts { today: chrono::NaiveDate::default(), category: None, kept: None, kind_open: true };
            let card = rules::revise(&blank, &patch, &facts, &mut Vec::new());
            assert_eq!(keys_of(&Draft { holder_id: nobody, kind: None, card: patch }), keys(&card));
        }
    }
}
