//! Sets a number of the rule book.

use entity::catalogue::city_setting;
use entity::events::Subject;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::forms::SettingForm;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Sets a number of the rule book from a day on; a second word for the same day replaces the first.
///
/// # Errors
/// [`Code::NotAllowed`](crate::fault::Code::NotAllowed) and what is wrong with the form.
pub async fn set_city_setting(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    form: &SettingForm,
) -> Result<(), Fault> {
    use city_setting::Column;
    actor.allow(Operation::SetCitySetting, &Parties::default())?;
    app.write(actor, Command::new("setCitySetting", key, form), |tx| async move {
        Fault::all(form.faults(tx.today()))?;
        let row = city_setting::Model {
            id: tx.id(),
            name: form.name.clone(),
            value: form.value,
            valid_from: form.from,
        };
        let stored = city_setting::Entity::insert(row.into_active_model())
            .on_conflict(
                OnConflict::columns([Column::Name, Column::ValidFrom])
                    .update_column(Column::Value)
                    .to_owned(),
            )
            .exec_with_returning(tx.conn())
            .await?;
        tx.record(Subject::Setting, stored.id, 1, "setting.set", form);
        Ok(())
    })
    .await
}
