//! Imports in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::identity::Locale;
use entity::imports::{import, import_fault};
use uuid::Uuid;

use super::finish::KeptFault;
use super::{bad_rows, begin, cancel, read, read_file, start, table_of};
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{ImportState, ImportWhat};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};
use crate::organisation::graphql::Unit;

/// A file that somebody loads. File and report are kept for 14 days.
#[derive(Clone, Debug)]
pub struct Import(import::Model);

/// A header of the file, and what it is taken for.
#[derive(Clone, Debug, SimpleObject)]
pub struct ImportHeader {
    /// As it stands in the file.
    pub header: String,
    /// The column: proposed, or as it was mapped; null where the header is left out.
    pub column: Option<String>,
}

/// A column that such a file may have.
#[derive(Clone, Debug, SimpleObject)]
pub struct ImportColumn {
    /// Name, for `columns` of `runImport`.
    pub name: String,
    /// Whether a header must be mapped to it.
    pub required: bool,
    /// Headers that are taken for it, besides its name.
    pub words: Vec<String>,
}

#[Object]
impl Import {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Import, self.0.id)
    }
    /// What it holds.
    async fn what(&self) -> ImportWhat {
        self.0.what.into()
    }
    /// The unit whose assets they are; null for reference data of the whole city.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.0.unit_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }
    /// Where it comes from: what its headers mean is remembered by this name.
    async fn source(&self) -> &str {
        &self.0.source
    }
    /// File name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Bytes.
    async fn bytes(&self) -> i64 {
        self.0.bytes
    }
    /// Its life.
    async fn state(&self) -> ImportState {
        self.0.state.into()
    }
    /// Whether the last run was a dry one.
    async fn dry_run(&self) -> bool {
        self.0.dry_run
    }
    /// `CSV`, `XLSX` or `ZIP`, once it was read.
    async fn format(&self) -> Option<&str> {
        self.0.format.as_deref()
    }
    /// Encoding that a CSV was read in. If names look wrong, it is not the one that it was written in.
    async fn encoding(&self) -> Option<&str> {
        self.0.encoding.as_deref()
    }
    /// Sheet of the workbook that was read: the first visible one with content.
    async fn sheet(&self) -> Option<&str> {
        self.0.sheet.as_deref()
    }
    /// Line where the headers stand.
    async fn header_line(&self) -> Option<i64> {
        self.0.header_line
    }
    /// The headers, in the order of the file.
    async fn headers(&self) -> Vec<ImportHeader> {
        let headers: Vec<String> = serde_json::from_value(self.0.headers.clone()).unwrap_or_default();
        let columns: Vec<Option<String>> = serde_json::from_value(self.0.columns.clone()).unwrap_or_default();
        headers.into_iter().zip(columns).map(|(header, column)| ImportHeader { header, column }).collect()
    }
    /// The columns that such a file may have.
    async fn columns(&self) -> Vec<ImportColumn> {
        let column = |known: &super::columns::Header| ImportColumn {
            name: known.name.to_owned(),
            required: known.required,
            words: known.words.iter().map(|word| (*word).to_owned()).collect(),
        };
        table_of(self.0.what).iter().map(column).collect()
    }
    /// Rows of the file below its headers, once they are counted; of an archive its entries.
    async fn total(&self) -> Option<i64> {
        self.0.total
    }
    /// Rows that are done.
    async fn done(&self) -> i64 {
        self.0.done
    }
    /// Rows that were kept; in a dry run those that would be.
    async fn kept(&self) -> i64 {
        self.0.kept
    }
    /// Rows that were not kept; `badRows` says why.
    async fn bad(&self) -> i64 {
        self.0.bad
    }
    /// Of those, rows that are secret: nothing of them is kept, and the file is removed when the run ends.
    async fn secret(&self) -> i64 {
        self.0.secret
    }
    /// Rows without content, and totals.
    async fn skipped(&self) -> i64 {
        self.0.skipped
    }
    /// Why the file was given up as a whole.
    async fn fault(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<UserError>> {
        let locale = ctx.actor()?.locale();
        let kept = self.0.fault.clone().and_then(|fault| serde_json::from_value::<KeptFault>(fault).ok());
        Ok(kept.map(|kept| UserError {
            code: kept.code,
            field: kept.field,
            message: if locale == Locale::Zh { kept.zh } else { kept.en },
        }))
    }
    /// When it was announced.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// When the last run began.
    async fn began_at(&self) -> Option<DateTime<Utc>> {
        self.0.began_at
    }
    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
    /// When file and report are removed.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
    /// Reasons why rows were not kept, in the order of the file.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn bad_rows(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<ImportFaultConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<(i64, i64)> =
            Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let rows = read::faults(ctx.app().db().read(), &self.0, page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(|row| ImportFault::of(row, locale)).collect();
        Ok(ImportFaultConnection::new(page.first, nodes, |fault: &ImportFault| fault.key))
    }
    /// Address of a CSV of the rows that were not kept, with the reasons as last column: put right, it can be loaded as it is.
    /// It expires in one to two hours; null where there are none.
    async fn bad_rows_url(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let locale = ctx.actor()?.locale();
        Ok((self.0.bad > 0).then(|| bad_rows::address(ctx.app(), self.0.id, locale)))
    }
}

/// One reason why a row was not kept.
#[derive(Clone, Debug, SimpleObject)]
pub struct ImportFault {
    /// Line in the file, as an editor or a spreadsheet counts; of an archive the number of the entry.
    pub line: i64,
    /// Column it is about; empty for the whole row.
    pub column: String,
    /// What is wrong.
    pub code: Code,
    /// A sentence in the caller's language that says what to do next.
    pub message: String,
    /// Name of the entry, of an archive.
    pub entry: Option<String>,
    #[graphql(skip)]
    key: (i64, i64),
}

impl ImportFault {
    fn of(row: import_fault::Model, locale: Locale) -> Self {
        let code = serde_json::from_value(serde_json::Value::String(row.code));
        let cells: Vec<String> =
            row.cells.and_then(|cells| serde_json::from_value(cells).ok()).unwrap_or_default();
        let entry = (row.field == "photo").then(|| cells.into_iter().next()).flatten();
        Self {
            line: row.line,
            column: row.field,
            // A code of a later release.
            code: code.unwrap_or(Code::Malformed),
            message: if locale == Locale::Zh { row.reason_zh } else { row.reason_en },
            entry,
            key: (row.line, row.n),
        }
    }
}

connection!(ImportFaultConnection, ImportFaultEdge, ImportFault);
connection!(ImportConnection, ImportEdge, Import);

/// Which imports are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct ImportFilterInput {
    /// Of this kind.
    what: Option<ImportWhat>,
    /// In this state.
    state: Option<ImportState>,
    /// Of this unit.
    unit_id: Option<ID>,
}

/// Root queries of imports.
#[derive(Debug, Default)]
pub struct ImportQuery;

#[Object]
impl ImportQuery {
    /// An import; null where there is none for the caller.
    async fn import(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Import>> {
        let actor = ctx.actor()?;
        let Some(id) = decode(Kind::Import, &id) else { return Ok(None) };
        let found = read::find(ctx.app().db().read(), actor, id).await;
        Ok(found.map_err(|fault| errors::query_error(fault, actor.locale()))?.map(Import))
    }

    /// Imports of the caller's units, the newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn imports(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: ImportFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<ImportConnection> {
        let actor = ctx.actor()?;
        let fail = |fault: Fault| errors::query_error(fault, actor.locale());
        let page: Page<(DateTime<Utc>, Uuid)> =
            Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let unit = expect_some(Kind::Unit, filter.unit_id.as_ref(), "filter.unitId")
            .map_err(|wrong| fail(wrong.into()))?;
        let filter =
            read::Filter { what: filter.what.map(Into::into), state: filter.state.map(Into::into), unit };
        let rows = read::page(ctx.app().db().read(), actor, filter, page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Import).collect();
        Ok(ImportConnection::new(page.first, nodes, |row: &Import| (row.0.created_at, row.0.id)))
    }
}

/// A file that is announced.
#[derive(Debug, InputObject)]
pub struct StartImportInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// What it holds.
    what: ImportWhat,
    /// The unit whose assets they are; left out for reference data.
    unit_id: Option<ID>,
    /// Where it comes from, such as 财务系统, up to 100 characters: what its headers mean is remembered by this name.
    source: String,
    /// File name, up to 200 characters.
    name: String,
    /// Bytes: a table up to 256 MB, an archive of photos up to 2 GB.
    bytes: i64,
    /// SHA-256 of the bytes, hex.
    sha256: String,
}

/// A file whose headers are to be read.
#[derive(Debug, InputObject)]
pub struct ReadImportInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The import whose bytes were put.
    id: ID,
    /// Line of the headers, where they are not found by themselves.
    header_line: Option<i64>,
}

/// What a header means.
#[derive(Debug, InputObject)]
pub struct ImportMappingInput {
    /// As it stands in the file.
    header: String,
    /// The column; null leaves the header out.
    column: Option<String>,
}

/// An import that is to be run.
#[derive(Debug, InputObject)]
pub struct RunImportInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The import that was read.
    id: ID,
    /// What headers mean, where it is not as proposed. It is remembered for the source.
    #[graphql(default)]
    columns: Vec<ImportMappingInput>,
    /// Only say what would be done: nothing is written but the report.
    #[graphql(default)]
    dry_run: bool,
}

/// An import that is to be stopped.
#[derive(Debug, InputObject)]
pub struct CancelImportInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The import.
    id: ID,
}

/// The import and where its bytes go, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct StartImportPayload {
    /// The import as it is now.
    import: Option<Import>,
    /// Put the bytes to this address, below the service's own origin, within an hour.
    put_url: Option<String>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// The import, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct ImportPayload {
    /// The import as it is now.
    import: Option<Import>,
    /// What was wrong.
    errors: Vec<UserError>,
}

async fn answered(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Fault>,
) -> async_graphql::Result<(Option<Import>, Vec<UserError>)> {
    let (app, actor): (&App, _) = (ctx.app(), ctx.actor()?);
    let (id, errors) = errors::payload(outcome, actor.locale())?;
    let Some(id) = id else { return Ok((None, errors)) };
    let found = read::find(app.db().read(), actor, id).await.map_err(errors::to_error)?;
    Ok((found.map(Import), errors))
}

/// Root mutations of imports.
#[derive(Debug, Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Announces a file; its bytes are then put to `putUrl`.
    async fn start_import(
        &self,
        ctx: &Context<'_>,
        input: StartImportInput,
    ) -> async_graphql::Result<StartImportPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let announced = start::Announced {
                what: input.what.into(),
                unit: expect_some(Kind::Unit, input.unit_id.as_ref(), "unitId")?,
                source: input.source,
                name: input.name,
                bytes: input.bytes,
                sha256: input.sha256,
            };
            start::start_import(app, actor, Some(&input.idempotency_key), &announced)
                .await
                .map(|done| done.id)
        };
        let outcome = outcome.await;
        let put_url = outcome.as_ref().ok().map(|id| start::put_address(app, *id));
        let (import, errors) = answered(ctx, outcome).await?;
        Ok(StartImportPayload { import, put_url, errors })
    }

    /// Reads kind, encoding and headers of the file, and proposes what the headers mean.
    async fn read_import(
        &self,
        ctx: &Context<'_>,
        input: ReadImportInput,
    ) -> async_graphql::Result<ImportPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let id = expect(Kind::Import, &input.id, "id")?;
            let which = read_file::Input { id, header_line: input.header_line };
            read_file::read_import(app, actor, Some(&input.idempotency_key), &which).await.map(|done| done.id)
        };
        let (import, errors) = answered(ctx, outcome.await).await?;
        Ok(ImportPayload { import, errors })
    }

    /// Loads the rows of the file, or says what that would do, as a job: see `done` of `total`.
    async fn run_import(
        &self,
        ctx: &Context<'_>,
        input: RunImportInput,
    ) -> async_graphql::Result<ImportPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let mapped = |one: ImportMappingInput| begin::Mapped { header: one.header, column: one.column };
            let run = begin::Input {
                id: expect(Kind::Import, &input.id, "id")?,
                columns: input.columns.into_iter().map(mapped).collect(),
                dry_run: input.dry_run,
            };
            begin::run_import(app, actor, Some(&input.idempotency_key), &run).await.map(|done| done.id)
        };
        let (import, errors) = answered(ctx, outcome.await).await?;
        Ok(ImportPayload { import, errors })
    }

    /// Stops an import; what was kept before stays.
    async fn cancel_import(
        &self,
        ctx: &Context<'_>,
        input: CancelImportInput,
    ) -> async_graphql::Result<ImportPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let which = cancel::Input { id: expect(Kind::Import, &input.id, "id")? };
            cancel::cancel_import(app, actor, Some(&input.idempotency_key), &which).await.map(|done| done.id)
        };
        let (import, errors) = answered(ctx, outcome.await).await?;
        Ok(ImportPayload { import, errors })
    }
}
