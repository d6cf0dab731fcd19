//! Requires a field before a step, or does so no more.

use entity::catalogue::required_field;
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};

use super::forms::RequiredFieldForm;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::identity::{Actor, session};
use crate::write::Command;

/// Requires a field, or does so no more, from a day on.
///
/// # Errors
/// [`Code::NotAllowed`](crate::fault::Code::NotAllowed) and what is wrong with the form.
pub async fn set_required_field(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    form: &RequiredFieldForm,
) -> Result<(), Fault> {
    use required_field::Column;
    actor.allow(Operation::SetRequiredField, &Parties::default())?;
    app.write(actor, Command::new("setRequiredField", key, form), |tx| async move {
        session::rights_changed(&tx).await?;
        Fault::all(form.faults(tx.today()))?;
        // All rows that say so on that day or later are ended; where it is required, one new row says so from then on.
        let mut rows = required_field::Entity::find()
            .filter(Column::Step.eq(form.step))
            .filter(Column::Field.eq(&form.field))
            .filter(Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(form.from)));
        rows = match form.kind {
            Some(kind) => rows.filter(Column::Kind.eq(kind)),
            None => rows.filter(Column::Kind.is_null()),
        };
        rows = match form.source {
            Some(source) => rows.filter(Column::Source.eq(source)),
            None => rows.filter(Column::Source.is_null()),
        };
        let rows = rows.all(tx.conn()).await?;
        let holds = |row: &required_field::Model| row.valid_from <= form.from && row.valid_to.is_none();
        if form.required && rows.iter().any(holds) {
            return Ok(());
        }
        for row in rows {
            required_field::Entity::update_many()
                .col_expr(Column::ValidTo, Expr::value(form.from.pred_opt()))
                .filter(Column::Id.eq(row.id))
                .exec(tx.conn())
                .await?;
            tx.record(Subject::Setting, row.id, 2, "required_field.ended", form);
        }
        if form.required {
            let row = required_field::Model {
                id: tx.id(),
                kind: form.kind,
                source: form.source,
                step: form.step,
                field: form.field.clone(),
                valid_from: form.from,
                valid_to: None,
            };
            tx.record(Subject::Setting, row.id, 1, "required_field.set", form);
            required_field::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        }
        Ok(())
    })
    .await
}
