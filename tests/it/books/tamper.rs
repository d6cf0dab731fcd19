use anyhow::{Context, ensure};
use api::savings::rules::{self, Inputs};
use entity::Money;
use entity::savings::saving_entry;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, IntoActiveModel, Statement,
};
use serde_json::json;
use tests::moves::{ask, begin, deliver, end, key, list};
use tests::{Backend, Outcome, Server};

use super::intruder;

/// Tables that are touched, and how. Each is put back before the next.
const CASES: &[(&[&str], &str)] = &[
    // The ledger.
    (&["saving_entry"], "update saving_entry set amount = amount + 1 where seq = 1"),
    (&["saving_entry"], "update saving_entry set quantity = quantity + 1 where seq = 1"),
    (&["saving_entry"], "update saving_entry set repeat = not repeat where seq = 1"),
    (&["saving_entry"], "update saving_entry set giver_id = receiver_id where seq = 2"),
    (&["saving_entry"], "update saving_entry set civil_day = '2025-01-01' where seq = 3"),
    (&["saving_entry"], "delete from saving_entry where seq = (select max(seq) from saving_entry)"),
    (&["saving_entry"], "delete from saving_entry where entry = 'CONTRA'"),
    (&["saving_entry"], "delete from saving_entry"),
    (&["number_series"], "update number_series set last = last + 3 where kind = 'SAVING'"),
    // The trail.
    (&["audit_entry"], "update audit_entry set payload = '{}' where subject_kind = 'TRANSFER' and seq = 2"),
    (&["audit_entry"], "update audit_entry set actor_id = null where subject_kind = 'TRANSFER' and seq = 1"),
    (&["audit_entry"], "update audit_entry set action = 'x' where subject_kind = 'LISTING' and seq = 1"),
    (&["audit_entry"], "update audit_entry set hash = prev_hash where subject_kind = 'LISTING' and seq = 2"),
    (&["audit_entry"], "delete from audit_entry where subject_kind = 'TRANSFER' and seq = 2"),
    (
        &["audit_entry", "audit_seal", "audit_seal_head"],
        "delete from audit_seal_head; delete from audit_seal; \
         delete from audit_entry where subject_kind = 'TRANSFER' and seq = 2",
    ),
    (
        &["audit_entry", "audit_seal", "audit_seal_head"],
        "delete from audit_seal_head; delete from audit_seal; delete from audit_entry",
    ),
    (
        &["audit_entry", "audit_seal", "audit_seal_head", "event"],
        "delete from audit_seal_head; delete from audit_seal; delete from audit_entry; delete from event",
    ),
    // The seals.
    (&["audit_seal"], "update audit_seal set merkle_root = prev_root where seq = 1"),
    (&["audit_seal"], "update audit_seal set root = merkle_root where seq = 1"),
    (&["audit_seal"], "update audit_seal set event_seq = event_seq - 1 where seq = 1"),
    (&["audit_seal"], "update audit_seal set heads = heads + 1 where seq = 1"),
    (&["audit_seal"], "delete from audit_seal where seq = 1"),
    (&["audit_seal_head"], "update audit_seal_head set hash = 'x' where subject_kind = 'TRANSFER'"),
    (&["audit_seal_head"], "delete from audit_seal_head where subject_kind = 'TRANSFER'"),
    // The log.
    (&["event"], "delete from event where seq = (select max(seq) from event where kind <> 'touched')"),
    (&["event"], "update event set kind = 'x' where kind = 'transfer.received'"),
    (&["event"], "update event set actor_id = null where kind = 'transfer.received'"),
    // Standards.
    (&["allocation_standard"], "update allocation_standard set price_cap = price_cap + 1"),
    (&["allocation_standard"], "update allocation_standard set min_service_months = 1"),
    (&["allocation_standard"], "update allocation_standard set revision = 7"),
    (&["allocation_standard"], "update allocation_standard set valid_to = '2026-01-01'"),
    (&["allocation_standard"], "delete from allocation_standard"),
    // Cards.
    (&["asset"], "update asset set quantity = quantity + 1"),
    (&["asset"], "update asset set value = value + 1"),
    (&["asset"], "update asset set value_basis = 'APPRAISED'"),
    (&["asset"], "update asset set holder_id = (select unit_id from request limit 1)"),
    (&["asset"], "update asset set state = 'LOST'"),
    (&["asset"], "delete from asset where parent_id is not null"),
    // Listings and their stock.
    (&["listing"], "delete from listing"),
    (&["listing_stock"], "update listing_stock set offered = offered + 5, available = available + 5"),
    (
        &["listing_stock"],
        "update listing_stock set available = available - 1, held = held + 1 where available > 0",
    ),
    (&["listing_stock"], "delete from listing_stock"),
    // Lines and hand-overs.
    (&["request_line"], "update request_line set received = received - 1 where received > 0"),
    (&["transfer"], "update transfer set received = received - 1 where received > 0"),
    (&["transfer"], "update transfer set receiver_id = giver_id"),
    (&["transfer"], "update transfer set state = 'RECEIVED' where state = 'REVERSED'"),
    (&["transfer"], "delete from transfer where state = 'REVERSED'"),
];

/// A lot of which some was handed over, one hand-over that was taken back, and a line that holds; sealed.
async fn busy(backend: Backend) -> anyhow::Result<Server> {
    let (server, city) = begin(backend, 1).await?;
    let asker = &city.receivers[0];
    let lot = list(&city, "办公桌", 4, 400_000).await?;
    deliver(&city, asker, &lot, 2).await?;
    ask(asker, &lot, 1).await?;
    let other = list(&city, "保险柜", 2, 500_000).await?;
    let back = deliver(&city, asker, &other, 2).await?;
    let input = json!({
        "idempotencyKey": key(), "transferId": back, "reason": "锁具失灵", "place": "三楼库房", "assetNumber": key(),
    });
    city.office.client.mutate("reverseTransfer", "ReverseTransferInput", input, "transfer { state }").await?;
    while api::audit::seal::seal(&server.app).await? > 0 {}
    Ok(server)
}

async fn faults(server: &Server) -> anyhow::Result<Vec<String>> {
    let parts = api::verify::verify(&server.app, &[], |_| {}).await?;
    Ok(parts.into_iter().flat_map(|part| part.faults).collect())
}

pub async fn found(backend: Backend) -> Outcome {
    let server = busy(backend).await?;
    let conn = intruder(&server).await?;
    drop_triggers(&conn).await?;
    ensure!(faults(&server).await?.is_empty());
    let mut unnoticed = Vec::new();
    for (tables, sql) in CASES {
        for table in *tables {
            conn.execute_unprepared(&format!("create table kept_{table} as select * from {table}")).await?;
        }
        conn.execute_unprepared(sql).await.with_context(|| (*sql).to_owned())?;
        if faults(&server).await?.is_empty() {
            unnoticed.push(*sql);
        }
        for table in *tables {
            // The numbers of the log are the database's own.
            let own = *table == "event" && backend == Backend::Postgres;
            let values = if own { "overriding system value" } else { "" };
            conn.execute_unprepared(&format!("delete from {table}")).await?;
            let back =
                format!("insert into {table} {values} select * from kept_{table}; drop table kept_{table}");
            conn.execute_unprepared(&back).await.with_context(|| back.clone())?;
        }
        let left = faults(&server).await?;
        ensure!(left.is_empty(), "after {sql}: {left:#?}");
    }
    ensure!(unnoticed.is_empty(), "passed unnoticed: {unnoticed:#?}");
    conn.close().await?;
    end(server).await
}

/// On PostgreSQL the role of a replica passes them by.
async fn drop_triggers(conn: &DatabaseConnection) -> Outcome {
    if conn.get_database_backend() == DbBackend::Sqlite {
        let all = Statement::from_string(
            DbBackend::Sqlite,
            "select name from sqlite_master where type = 'trigger'",
        );
        for row in conn.query_all_raw(all).await? {
            let name: String = row.try_get("", "name")?;
            conn.execute_unprepared(&format!("drop trigger {name}")).await?;
        }
    }
    Ok(())
}

/// The value, the amount and the hash are changed together: the entry is right in itself, and the trail knows another.
pub async fn rewritten(backend: Backend) -> Outcome {
    let server = busy(backend).await?;
    let conn = intruder(&server).await?;
    drop_triggers(&conn).await?;
    let entries = saving_entry::Entity::find().all(&conn).await?;
    let entry = entries.into_iter().find(|entry| entry.seq == 1).context("an entry")?;
    let mut inputs: Inputs = serde_json::from_value(entry.inputs.clone())?;
    inputs.value = inputs.value.map(|value| Money(value.0 * 2));
    let mut forged = saving_entry::Model {
        amount: rules::amount(&inputs).0,
        inputs: serde_json::to_value(&inputs)?,
        ..entry
    };
    forged.hash = rules::hash(&forged);
    ensure!(rules::faults_of(&forged).is_empty(), "nothing is wrong with it alone");
    forged.into_active_model().reset_all().update(&conn).await?;
    let found = faults(&server).await?;
    ensure!(found.iter().any(|fault| fault.contains("not those in its audit")), "{found:#?}");
    conn.close().await?;
    server.stop().await
}

pub async fn no_replacement(backend: Backend) -> Outcome {
    let server = busy(backend).await?;
    let conn = intruder(&server).await?;
    for table in ["saving_entry", "audit_entry", "audit_seal", "audit_seal_head"] {
        let sql = format!("insert or replace into {table} select * from {table} limit 1");
        let refused = conn.execute_unprepared(&sql).await;
        ensure!(refused.is_err_and(|error| error.to_string().contains("append-only")), "{table}");
    }
    // Under another identity, in the place of another.
    let named =
        "select group_concat(name) as names from pragma_table_info('saving_entry') where name <> 'id'";
    let row =
        conn.query_one_raw(Statement::from_string(DbBackend::Sqlite, named)).await?.context("columns")?;
    let names: String = row.try_get("", "names")?;
    let other = format!(
        "insert or replace into saving_entry (id, {names}) select randomblob(16), {names} from saving_entry limit 1"
    );
    let refused = conn.execute_unprepared(&other).await.err().map(|error| error.to_string());
    ensure!(refused.as_deref().is_some_and(|error| error.contains("append-only")), "{refused:?}");
    conn.close().await?;
    end(server).await
}
