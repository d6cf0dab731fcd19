//! Announces a file: what it holds, of whom, its name, size and hash are checked before a byte is sent.

use chrono::TimeDelta;
use entity::events::Subject;
use entity::imports::{ImportState, ImportWhat, import};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rights;
use crate::app::App;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::photos::address::Purpose;
use crate::write::Command;

/// How long the bytes may take to come.
const PATIENCE: TimeDelta = TimeDelta::hours(1);
/// How long an announced file may wait for its run.
const WAITING: TimeDelta = TimeDelta::days(2);
/// Largest table, in bytes.
pub(super) const MOST_TABLE: i64 = 256 << 20;
/// Largest archive of photos, in bytes.
pub(super) const MOST_ARCHIVE: i64 = 2 << 30;
/// Bytes of all files of one account that are kept.
const MOST_KEPT: i64 = 8 << 30;
/// Imports that one account may have open.
const OPEN: u64 = 20;

/// What is announced.
#[derive(Debug, Serialize)]
pub struct Announced {
    /// What the file holds.
    pub what: ImportWhat,
    /// The unit whose assets they are; none for reference data.
    pub unit: Option<Uuid>,
    /// Where it comes from, such as 财务系统.
    pub source: String,
    /// File name, for people.
    pub name: String,
    /// Bytes.
    pub bytes: i64,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
}

/// An import that may be put.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Started {
    /// The import.
    pub id: Uuid,
}

/// Checks what is announced and opens the import.
///
/// # Errors
/// Every fault of the announcement at once, each with its field; [`Code::NotAllowed`]; [`Code::SlowDown`] where the account
/// has too many imports open.
pub async fn start_import(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Announced,
) -> Result<Started, Fault> {
    let account = actor.account_id().ok_or(Fault::Unauthenticated)?;
    rights::may_load(actor, input.what, input.unit)?;
    app.write(actor, Command::new("startImport", key, input), |tx| async move {
        let mut faults = Vec::new();
        let source = named(&mut faults, "source", &input.source, 100);
        let name = named(&mut faults, "name", &input.name, 200);
        let most = if input.what == ImportWhat::Photos { MOST_ARCHIVE } else { MOST_TABLE };
        checks::range(&mut faults, "bytes", input.bytes, 1, most);
        if input.sha256.len() != 64 || !input.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            faults.push(Rejection::new(Code::Malformed).at("sha256").with("expected", "64 × 0-9a-f"));
        }
        if input.unit.is_some_and(|unit| tx.reference().unit(unit).is_none()) {
            faults.push(Rejection::new(Code::NotFound).at("unitId"));
        }
        Fault::all(faults)?;
        let open = import::Entity::find()
            .filter(import::Column::CreatedBy.eq(account))
            .filter(import::Column::State.is_in([
                ImportState::Announced,
                ImportState::Read,
                ImportState::Queued,
                ImportState::Running,
            ]))
            .filter(import::Column::ExpiresAt.gt(tx.now()));
        let kept: Option<i64> = import::Entity::find()
            .select_only()
            .column_as(Expr::cust("cast(sum(bytes) as bigint)"), "bytes")
            .filter(import::Column::CreatedBy.eq(account))
            .filter(import::Column::ExpiresAt.gt(tx.now()))
            .into_tuple::<Option<i64>>()
            .one(tx.conn())
            .await?
            .flatten();
        if open.count(tx.conn()).await? >= OPEN || kept.unwrap_or(0) > MOST_KEPT - input.bytes {
            return Err(Rejection::new(Code::SlowDown).with("seconds", PATIENCE.num_seconds()).into());
        }
        let row = import::Model {
            id: tx.id(),
            what: input.what,
            unit_id: input.unit,
            source,
            name,
            bytes: input.bytes,
            sha256: input.sha256.to_ascii_lowercase(),
            state: ImportState::Announced,
            dry_run: false,
            format: None,
            encoding: None,
            sheet: None,
            header_line: None,
            headers: json!([]),
            columns: json!([]),
            run: 0,
            position: 0,
            total: None,
            done: 0,
            kept: 0,
            bad: 0,
            secret: 0,
            skipped: 0,
            fault: None,
            run_by: None,
            created_by: account,
            created_at: tx.now(),
            began_at: None,
            finished_at: None,
            expires_at: tx.now() + WAITING,
            version: 1,
        };
        let id = row.id;
        // Private: people write names of people into names of files.
        tx.record_private(Subject::Import, id, 1, "import.announced", input);
        import::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        Ok(Started { id })
    })
    .await
}

fn named(faults: &mut Vec<Rejection>, field: &str, text: &str, most: usize) -> String {
    let text = checks::text(faults, field, text, most);
    if text.is_empty() {
        faults.push(Rejection::new(Code::Required).at(field));
    }
    text
}

/// Path and query to which the bytes of an import are put.
#[must_use]
pub fn put_address(app: &App, import: Uuid) -> String {
    let resource = import.to_string();
    let query = app.photos().signer.sign(Purpose::PutImport, &resource, app.clock().now() + PATIENCE);
    format!("/imports/uploads/{resource}?{}", query.to_query_string())
}
