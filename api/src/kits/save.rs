//! The office makes or changes a kit.

use entity::events::Subject;
use entity::kits::{kit, kit_item, kit_item_category};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::form::{self, ItemForm};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// A kit to be made, or changed where `id` is given: all its items are replaced. What was asked for before stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen.
    pub version: Option<i64>,
    /// Name.
    pub name: String,
    /// Note.
    pub note: String,
    /// Whether it is offered to units.
    pub active: bool,
    /// Its items, in the order shown.
    pub items: Vec<ItemForm>,
}

/// Keeps a kit, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`]; everything that is wrong with the form, [`Code::Duplicate`] at
/// `items.n.categoryIds` where a piece could be two things of the kit.
pub async fn save(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Uuid, Fault> {
    actor.allow(Operation::SaveKit, &Parties::default())?;
    app.write(actor, Command::new("saveKit", key, input), |tx| async move {
        let was = match input.id {
            Some(id) => Some(locked(&tx, id, input.version).await?),
            None => None,
        };
        let mut faults = Vec::new();
        let items = form::clean(&mut faults, &tx.reference(), &input.items);
        let row = kit::Model {
            id: was.as_ref().map_or_else(|| tx.id(), |was| was.id),
            name: form::name(&mut faults, &input.name),
            note: checks::text(&mut faults, "note", &input.note, 2_000),
            active: input.active,
            created_by: was.as_ref().map_or(tx.actor().account_id(), |was| was.created_by),
            created_at: was.as_ref().map_or(tx.now(), |was| was.created_at),
            version: was.as_ref().map_or(1, |was| was.version + 1),
        };
        Fault::all(faults)?;
        let model = row.clone().into_active_model().reset_all();
        if was.is_some() {
            model.update(tx.conn()).await?;
            let of_kit = kit_item_category::Column::KitId.eq(row.id);
            kit_item_category::Entity::delete_many().filter(of_kit).exec(tx.conn()).await?;
            kit_item::Entity::delete_many()
                .filter(kit_item::Column::KitId.eq(row.id))
                .exec(tx.conn())
                .await?;
        } else {
            kit::Entity::insert(model).exec_without_returning(tx.conn()).await?;
        }
        write_items(&tx, row.id, &items).await?;
        tx.record(Subject::Setting, row.id, row.version, "kit.saved", &Input { items, ..input.clone() });
        Ok(row.id)
    })
    .await
}

async fn locked(tx: &Tx, id: Uuid, version: Option<i64>) -> Result<kit::Model, Fault> {
    let found = kit::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?;
    let found = found.ok_or_else(|| Rejection::new(Code::NotFound).at("id"))?;
    if version != Some(found.version) {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    Ok(found)
}

async fn write_items(tx: &Tx, kit: Uuid, items: &[ItemForm]) -> Result<(), Fault> {
    let rows = (0..).zip(items).map(|(position, item)| kit_item::ActiveModel {
        kit_id: Set(kit),
        position: Set(position),
        name: Set(item.name.clone()),
        pieces: Set(item.pieces),
        per_places: Set(item.per_places),
        least_condition: Set(item.least_condition),
        required: Set(item.required),
    });
    kit_item::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    let categories = (0..).zip(items).flat_map(|(position, item)| {
        item.categories.iter().map(move |category| kit_item_category::ActiveModel {
            kit_id: Set(kit),
            position: Set(position),
            category_id: Set(*category),
        })
    });
    kit_item_category::Entity::insert_many(categories).exec_without_returning(tx.conn()).await?;
    Ok(())
}
