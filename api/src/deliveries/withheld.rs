//! What is not told to the outside. Who may read the log sees of a RESTRICTED asset what was said; a system outside hears
//! that something happened, to what and when, and nothing of what was said. It is asked when the message is sent, not when
//! it happened: what became secret meanwhile is not told any more.

use entity::events::Subject;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

/// Whether what was said about a subject stays here: it is a RESTRICTED asset, or has to do with one. A subject that should
/// be there and is not is taken for one.
pub(super) async fn is_withheld(
    conn: &impl ConnectionTrait,
    subject: Subject,
    id: Uuid,
) -> Result<bool, DbErr> {
    let of_listing = "select a.restricted from listing l join asset a on a.id = l.asset_id where l.id = $1";
    let of_asset = "select restricted from asset where id = $1";
    let sql = match subject {
        Subject::Asset => of_asset,
        Subject::Listing => of_listing,
        Subject::Request => {
            "select a.restricted from request_line r join listing l on l.id = r.listing_id join asset a on a.id = l.asset_id \
             where r.request_id = $1 order by a.restricted desc limit 1"
        }
        Subject::RequestLine => {
            "select a.restricted from request_line r join listing l on l.id = r.listing_id join asset a on a.id = l.asset_id \
             where r.id = $1"
        }
        Subject::Transfer => {
            "select a.restricted from transfer t join asset a on a.id = t.asset_id where t.id = $1"
        }
        Subject::Loan => {
            "select a.restricted from loan n join listing l on l.id = n.listing_id join asset a on a.id = l.asset_id \
             where n.id = $1"
        }
        Subject::AllocationPlan => {
            "select coalesce((select a.restricted from plan_line p join asset a on a.id = p.asset_id \
             where p.plan_id = $1 order by a.restricted desc limit 1), false)"
        }
        Subject::Disposal => {
            "select a.restricted from disposal d join asset a on a.id = d.asset_id where d.id = $1"
        }
        Subject::Saving => {
            "select a.restricted from saving_entry s join asset a on a.id = s.asset_id where s.id = $1"
        }
        // A freeze of a unit or a place names no asset.
        Subject::Freeze => {
            "select coalesce(a.restricted, b.restricted, f.scope in ('ASSET', 'LISTING')) from asset_freeze f \
             left join asset a on f.scope = 'ASSET' and a.id = f.scope_id \
             left join listing l on f.scope = 'LISTING' and l.id = f.scope_id \
             left join asset b on b.id = l.asset_id where f.id = $1"
        }
        Subject::Account
        | Subject::Region
        | Subject::Unit
        | Subject::Category
        | Subject::Standard
        | Subject::RentalRate
        | Subject::Setting
        | Subject::Import
        | Subject::Succession
        | Subject::Warehouse => return Ok(false),
        Subject::Webhook => return Ok(true),
    };
    let row = conn
        .query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, [id.into()]))
        .await?;
    row.map_or(Ok(true), |row| row.try_get_by_index(0))
}
