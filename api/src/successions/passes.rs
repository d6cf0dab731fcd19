//! What passes from a unit to its successor, column by column, as data: the preview counts it, the end of a succession and
//! `verify` look whether any of it is left, and a test holds the list against all columns of the schema that name a unit.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

/// What somebody reads in a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, async_graphql::Enum)]
#[graphql(name = "SuccessionThing")]
pub enum Thing {
    /// Asset cards.
    Cards,
    /// Offers that stand or are being prepared.
    Listings,
    /// Offers of others that name it as their receiver.
    DirectedListings,
    /// Requests that it makes.
    Requests,
    /// Lines by which it asks.
    LinesAsked,
    /// Lines by which it is asked.
    LinesGiven,
    /// Hand-overs on their way from it or to it.
    Transfers,
    /// What it has lent or borrowed, or promised or asked to.
    Loans,
    /// Disposals that are not over.
    Disposals,
    /// Lines of the office's plans by which it would give or receive.
    PlanLines,
    /// Open approvals of which it is a side.
    Approvals,
    /// Steps that wait at its seats.
    Steps,
    /// Roles held at it.
    Grants,
    /// Freezes of all that it has.
    Freezes,
    /// Warehouses that it keeps.
    Warehouses,
    /// Units below it or under its supervision.
    Units,
    /// Headcount, vehicle quotas and caps of its own.
    Quotas,
    /// Leave of the office to go on asking.
    Overrides,
    /// Files that wait to be loaded.
    Imports,
}

/// What becomes of a column that names a unit.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It names the successor afterwards, in rows that meet the condition.
    Passes(Thing, &'static str),
    /// As [`Fate::Passes`], together with something that is counted.
    Along(&'static str),
    /// It keeps the name; why.
    Stays(&'static str),
}

use Fate::{Along, Passes, Stays};

/// An offer that somebody can still do something about.
pub(super) const LIVING: &str = "listing.state in ('DRAFT', 'SUBMITTED', 'AWAITING_INSPECTION', 'REPAIR', \
    'RETURNED_TO_HOLDER', 'PUBLICITY', 'LISTED', 'RETURNED') \
    or exists (select 1 from listing_stock s where s.listing_id = listing.id and s.held + s.reserved + s.in_transit > 0) \
    or exists (select 1 from loan o where o.listing_id = listing.id \
        and o.state in ('REQUESTED', 'APPROVED', 'HANDED_OVER', 'ON_LOAN', 'RETURNED')) \
    or exists (select 1 from disposal d where d.listing_id = listing.id \
        and d.state in ('PROPOSED', 'APPRAISED', 'SUBMITTED', 'PUBLICITY'))";
/// A request that is a draft, or of which a line is open.
pub(super) const ASKING: &str = "request.submitted_at is null or exists (select 1 from request_line l \
    where l.request_id = request.id and l.state in ('DRAFT', 'SUBMITTED', 'QUEUED', 'RETURNED', 'RESERVED', \
        'RELEASING', 'IN_TRANSIT'))";
const OPEN_LINE: &str =
    "state in ('DRAFT', 'SUBMITTED', 'QUEUED', 'RETURNED', 'RESERVED', 'RELEASING', 'IN_TRANSIT')";
/// Whoever drafts sees the offer's holder anew when it is submitted.
const PROMISED_LINE: &str =
    "state in ('SUBMITTED', 'QUEUED', 'RETURNED', 'RESERVED', 'RELEASING', 'IN_TRANSIT')";
const OPEN_LOAN: &str = "state in ('REQUESTED', 'APPROVED', 'HANDED_OVER', 'ON_LOAN', 'RETURNED')";
const OPEN_DISPOSAL: &str = "state in ('PROPOSED', 'APPRAISED', 'SUBMITTED', 'PUBLICITY')";
/// What is promised stands in the plan under the names of that day.
const PLANNED: &str = "state = 'PROPOSED' and exists (select 1 from allocation_plan p where p.id = plan_line.plan_id \
    and p.state in ('DRAFT', 'OBJECTIONS', 'SUBMITTED', 'APPROVED', 'RETURNED'))";
const UNDER_WAY: &str = "state = 'IN_TRANSIT'";
const LASTING: &str = "valid_to is null or valid_to >= {today}";
const ALL: &str = "1 = 1";

/// Table, column, fate. `{today}` in a condition is the civil day.
pub const COLUMNS: &[(&str, &str, Fate)] = &[
    ("asset", "holder_id", Passes(Thing::Cards, "state = 'ACTIVE'")),
    (
        "asset_holding",
        "unit_id",
        Along(
            "to_at is null and exists (select 1 from asset a where a.id = asset_holding.asset_id and a.state = 'ACTIVE')",
        ),
    ),
    ("listing", "unit_id", Passes(Thing::Listings, LIVING)),
    ("listing", "directed_to", Passes(Thing::DirectedListings, ALL)),
    ("request", "unit_id", Passes(Thing::Requests, ASKING)),
    ("request_line", "unit_id", Passes(Thing::LinesAsked, OPEN_LINE)),
    ("request_line", "giver_id", Passes(Thing::LinesGiven, PROMISED_LINE)),
    ("transfer", "giver_id", Passes(Thing::Transfers, UNDER_WAY)),
    ("transfer", "receiver_id", Passes(Thing::Transfers, UNDER_WAY)),
    ("loan", "unit_id", Passes(Thing::Loans, OPEN_LOAN)),
    ("loan", "giver_id", Passes(Thing::Loans, OPEN_LOAN)),
    ("disposal", "unit_id", Passes(Thing::Disposals, OPEN_DISPOSAL)),
    ("disposal", "objector_id", Stays("who wanted what was to be disposed of")),
    ("disposal_proceeds", "unit_id", Stays("money came in under the name of its day")),
    ("plan_line", "giver_id", Passes(Thing::PlanLines, PLANNED)),
    ("plan_line", "receiver_id", Passes(Thing::PlanLines, PLANNED)),
    ("plan_objection", "unit_id", Stays("who spoke against a line")),
    ("approval_case", "giver_id", Passes(Thing::Approvals, "state = 'OPEN'")),
    ("approval_case", "receiver_id", Passes(Thing::Approvals, "state = 'OPEN'")),
    ("approval_step", "unit_id", Passes(Thing::Steps, "state in ('WAITING', 'PENDING')")),
    (
        "role_grant",
        "scope_id",
        Passes(Thing::Grants, "scope in ('UNIT', 'SUBTREE') and (valid_to is null or valid_to >= {today})"),
    ),
    ("asset_freeze", "scope_id", Passes(Thing::Freezes, "scope = 'UNIT' and until_at is null")),
    ("warehouse", "unit_id", Passes(Thing::Warehouses, ALL)),
    ("unit", "parent_id", Passes(Thing::Units, "state <> 'CLOSED'")),
    ("unit", "supervisor_id", Passes(Thing::Units, "state <> 'CLOSED'")),
    (
        "unit",
        "successor_id",
        Stays("who succeeded whom: what is asked of a closed unit is led on step by step"),
    ),
    ("unit_quota", "unit_id", Passes(Thing::Quotas, LASTING)),
    ("unit_cap", "unit_id", Passes(Thing::Quotas, LASTING)),
    ("block_override", "unit_id", Passes(Thing::Overrides, "until_day >= {today}")),
    (
        "import",
        "unit_id",
        Passes(Thing::Imports, "state in ('ANNOUNCED', 'READ', 'QUEUED', 'RUNNING', 'CHECKED')"),
    ),
    ("import_mapping", "unit_id", Stays("how files of that unit were read")),
    ("saving_entry", "giver_id", Stays("the ledger keeps the names of its day")),
    ("saving_entry", "receiver_id", Stays("the ledger keeps the names of its day")),
    ("unit_guard", "unit_id", Stays("a lock")),
    ("succession", "successor_id", Stays("who succeeded whom")),
    ("succession_unit", "unit_id", Stays("who succeeded whom")),
    ("succession_share", "unit_id", Stays("who succeeded whom")),
];

/// How much of each thing a unit has that would pass on; things of which there is none are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(
    conn: &impl ConnectionTrait,
    unit: Uuid,
    today: NaiveDate,
) -> Result<Vec<(Thing, i64)>, DbErr> {
    let mut found: Vec<(Thing, i64)> = Vec::new();
    for (table, column, fate) in COLUMNS {
        let Passes(thing, _) = fate else { continue };
        let Some(condition) = condition(fate, today) else { continue };
        let sql = format!("select count(*) from {table} where {column} = $1 and ({condition})");
        let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [unit.into()]);
        let count = match conn.query_one_raw(statement).await? {
            Some(row) => row.try_get_by_index::<i64>(0)?,
            None => 0,
        };
        match found.iter_mut().find(|(known, _)| known == thing) {
            Some((_, sum)) => *sum += count,
            None => found.push((*thing, count)),
        }
    }
    found.retain(|(_, count)| *count > 0);
    Ok(found)
}

/// The columns in which some rows still name a unit that is closed, or `unit` where it is given, with how many.
///
/// # Errors
/// When the database does not answer.
pub async fn left(
    conn: &impl ConnectionTrait,
    unit: Option<Uuid>,
    today: NaiveDate,
) -> Result<Vec<(&'static str, &'static str, Uuid, i64)>, DbErr> {
    let mut found = Vec::new();
    for (table, column, fate) in COLUMNS {
        let Some(condition) = condition(fate, today) else { continue };
        let which = match unit {
            Some(_) => "= $1",
            None => "in (select closed.id from unit closed where closed.state = 'CLOSED')",
        };
        let sql = format!(
            "select {column}, count(*) from {table} where {column} {which} and ({condition}) group by {column}"
        );
        let statement =
            Statement::from_sql_and_values(conn.get_database_backend(), sql, unit.map(Into::into));
        for row in conn.query_all_raw(statement).await? {
            found.push((*table, *column, row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        }
    }
    Ok(found)
}

fn condition(fate: &Fate, today: NaiveDate) -> Option<String> {
    match fate {
        Passes(_, condition) | Along(condition) => Some(condition.replace("{today}", &format!("'{today}'"))),
        Stays(_) => None,
    }
}
