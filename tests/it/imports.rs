//! Files that are loaded: what a clerk does with a table out of her finance system, and what hostile ones do.

mod hostile;
mod killed;
mod photos;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, ensure};
use encoding_rs::GB18030;
use serde_json::{Value, json};

use tests::city::City;
use tests::moves::{self, begin, key, text};
use tests::tables::{self, csv, ended, load, put, read, report, run, workbook};
use tests::{Backend, Client, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("imports: a table is mapped, tried and loaded, and its bad rows are told", table);
    registry.both("imports: CSV in any encoding and XLSX give the same cards", same);
    registry.both("imports: what is secret is refused, and nothing of it is kept", secret);
    registry.both("imports: nobody loads or sees what is another unit's", rights);
    registry.both("imports: reference data is loaded by the same rows as at the command line", reference);
    registry.both("imports: one that is cancelled ends, and what was kept stays", cancelled);
    registry.both("imports: hostile tables are refused or read with a clear word", hostile::tables);
    registry.both("imports: killed in the middle and gone on, no row twice and none lost", killed::killed);
    registry.both("imports: a ZIP of photos is matched by asset numbers", photos::matched);
}

/// A row of cells.
pub fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The cards of a unit, by what its clerk sees of them, in the order of their numbers.
pub async fn cards(client: &Client) -> anyhow::Result<Vec<Value>> {
    let query = "query($after: String) { assets(first: 100, after: $after) { edges { node {
        number name brand model serial quantity measure value valueBasis acquiredOn condition place kind category { code }
        holder { id } } } pageInfo { hasNextPage endCursor } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.ask(query, json!({ "after": after })).await?;
        let page = &data["assets"];
        found.extend(page["edges"].as_array().context("edges")?.iter().map(|edge| edge["node"].clone()));
        if page["pageInfo"]["hasNextPage"] != true {
            found.sort_by_key(|card: &Value| card["number"].to_string());
            return Ok(found);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn table(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let client = &city.giver.clerk.client;
    let rows = [
        row(&["固定资产明细表"]),
        row(&["单位：市教育局", "", "", "日期：2026-03-01"]),
        row(&["卡片号", "资产名称", "分类", "原值(元)", "取得日期", "内部备注", "数量"]),
        row(&["A-001", "办公桌", "A05010201 办公桌", "1,234.50", "2020年5月1日", "x", "2"]),
        row(&["A-002", "台式计算机", "台式计算机", "¥5000", "2021/3/1", "", "1"]),
        row(&["A-003", "", "A05010201", "10", "2021-03-01", "", "1"]),
        row(&["A-004", "书柜", "没有这类", "一百元", "2021-02-30", "", "0"]),
        row(&["A-001", "重复", "", "", "", "", ""]),
        row(&["", "", "", "", "", "", ""]),
        row(&["合计", "", "", "6234.50", "", "", "3"]),
    ];
    let width = 7;
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|mut row| {
            row.resize(width, String::new());
            row
        })
        .collect();
    let file = csv(&rows);
    let id = put(client, "ASSETS", Some(&city.giver.gid), "明细.csv", file.as_bytes()).await?;
    let found = read(client, &id).await?;
    let import = &found["import"];
    ensure!(
        import["state"] == "READ" && import["headerLine"] == 3 && import["encoding"] == "UTF-8",
        "{found}"
    );
    let proposed: Vec<&Value> =
        import["headers"].as_array().context("headers")?.iter().map(|header| &header["column"]).collect();
    ensure!(
        proposed
            == [
                &json!(null),
                &json!("name"),
                &json!("category"),
                &json!("value"),
                &json!("acquired_on"),
                &json!(null),
                &json!("quantity")
            ],
        "{import}"
    );
    // Without the number of the cards it does not begin, and says so.
    let refused = run(client, &id, true, json!([])).await?;
    ensure!(refused["errors"][0]["field"] == json!(["columns"]), "{refused}");
    let columns =
        json!([{ "header": "卡片号", "column": "asset_number" }, { "header": "内部备注", "column": null }]);
    let before = cards(client).await?.len();
    run(client, &id, true, columns).await?;
    let tried = ended(client, &id, Duration::from_secs(20)).await?;
    let told = report(client, &id).await?;
    let expected = [
        (6, "name", "REQUIRED"),
        (7, "category", "NOT_FOUND"),
        (7, "value", "MALFORMED"),
        (7, "acquired_on", "MALFORMED"),
        (8, "asset_number", "DUPLICATE_ROW"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, column, code)| (*line, (*column).to_owned(), (*code).to_owned()))
        .collect();
    ensure!(told == expected, "{told:?}");
    let counts =
        |import: &Value| ["done", "kept", "bad", "secret", "skipped"].map(|name| import[name].clone());
    ensure!(tried["state"] == "CHECKED" && counts(&tried) == [7, 2, 3, 0, 2].map(|n| json!(n)), "{tried}");
    ensure!(cards(client).await?.len() == before, "a dry run has written");

    run(client, &id, false, json!([])).await?;
    let done = ended(client, &id, Duration::from_secs(20)).await?;
    ensure!(done["state"] == "DONE" && counts(&done) == counts(&tried), "{done}");
    ensure!(report(client, &id).await? == told, "the run says something else than the dry one");
    let loaded = cards(client).await?;
    ensure!(loaded.len() == before + 2, "{loaded:?}");
    let desk = &loaded[before];
    ensure!(
        desk["number"] == "A-001"
            && desk["value"] == "123450"
            && desk["acquiredOn"] == "2020-05-01"
            && desk["quantity"] == 2,
        "{desk}"
    );
    ensure!(loaded[before + 1]["category"]["code"] == "A02010105", "{loaded:?}");

    // The bad rows as a file: put right, it is loaded as it is, by the mapping that is remembered for this source.
    let address = text(&done["badRowsUrl"])?;
    let stranger = server.client();
    let answer = stranger.request(reqwest::Method::GET, &address).send().await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    let bad = answer.text().await?;
    ensure!(bad.starts_with("\u{feff}卡片号,资产名称") && bad.lines().count() == 4, "{bad}");
    ensure!(bad.contains("A-004") && bad.contains("acquired_on: "), "{bad}");
    let other = stranger.request(reqwest::Method::GET, &address.replace("/en.csv", "/zh.csv")).send().await?;
    ensure!(other.status() == 403, "an address is signed for one file: {}", other.status());
    let right = bad
        .replace("A-003,,", "A-003,椅子,")
        .replace("没有这类", "A05010201")
        .replace("一百元", "100")
        .replace("2021-02-30", "2021-02-28")
        .replace("A-001,重复", "A-005,文件柜")
        .replace(",,0,", ",,1,");
    let again = load(client, &city.giver.gid, "更正.csv", right.as_bytes(), false).await?;
    ensure!(again["state"] == "DONE" && again["kept"] == 3 && again["bad"] == 0, "{again}\n{right}");
    // The same file once more: all are there already.
    let twice = load(client, &city.giver.gid, "更正.csv", right.as_bytes(), false).await?;
    ensure!(twice["kept"] == 0 && twice["bad"] == 3, "{twice}");
    moves::end(server).await
}

async fn same(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 4).await?;
    let head =
        ["资产编号", "资产名称", "资产分类代码", "原值", "取得日期", "数量", "存放地点", "序列号", "品牌"];
    let text_rows = [
        row(&head),
        row(&["0012", "办公桌 \"大\"", "A05010201", "1234.5", "2020-05-01", "2", "三楼, 左", "0001", "联想"]),
        row(&["20230001", "椅子", "", "800", "2021-01-02", "1", "", "SN-9", "震旦"]),
    ];
    let sheet_rows = [
        row(&head),
        row(&[
            "0012",
            "办公桌 \"大\"",
            "A05010201",
            "#1234.5",
            "@43952",
            "#2",
            "=CONCAT(\"三楼\")|三楼, 左",
            "0001",
            "联想",
        ]),
        row(&["#20230001", "椅子", "", "#800", "@44198", "#1", "", "SN-9", "震旦"]),
    ];
    let plain = csv(&text_rows);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(plain.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let files = [
        ("UTF-8", plain.clone().into_bytes()),
        ("UTF-16LE", utf16),
        ("GB18030", GB18030.encode(&plain).0.into_owned()),
        ("XLSX", workbook(&sheet_rows)),
    ];
    let mut seen = BTreeSet::new();
    for (unit, (name, bytes)) in city.receivers.iter().zip(files) {
        let client = &unit.clerk.client;
        let done = load(client, &unit.gid, name, &bytes, false).await?;
        // The serial numbers are those of cards that this unit does not see: accepted, and told to the office.
        ensure!(
            done["state"] == "DONE" && done["kept"] == 2,
            "{name}: {done} {:?}",
            report(client, &text(&done["id"])?).await?
        );
        let read_as = if name == "XLSX" { &done["format"] } else { &done["encoding"] };
        ensure!(read_as == name, "{done}");
        let mut cards = cards(client).await?;
        for card in &mut cards {
            card["holder"].take();
        }
        seen.insert(serde_json::to_string(&cards)?);
    }
    ensure!(seen.len() == 1, "{seen:#?}");
    let query = "{ duplicateCases(first: 100) { edges { node { id } } } }";
    let cases = city.office.client.ask(query, json!({})).await?;
    let count = cases["duplicateCases"]["edges"].as_array().map(Vec::len);
    // One of each file after the first: 0001 is a number like any other, and 联想 0001 the same each time.
    ensure!(count == Some(6), "{cases}");
    moves::end(server).await
}

async fn secret(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let client = &city.giver.clerk.client;
    let rows = [
        row(&["资产编号", "资产名称", "密级", "存放地点"]),
        row(&["S-1", "普通桌", "非密", "一楼"]),
        row(&["S-2", "雷达甲乙丙", "机密", "地下指挥所"]),
        row(&["S-3", "雷达丁戊己", "什么", "地下指挥所"]),
        row(&["S-4", "普通椅", "", "二楼"]),
    ];
    let id = put(client, "ASSETS", Some(&city.giver.gid), "x.csv", csv(&rows).as_bytes()).await?;
    read(client, &id).await?;
    // Whatever the column is mapped to, it is obeyed.
    run(client, &id, false, json!([{ "header": "密级", "column": null }])).await?;
    let done = ended(client, &id, Duration::from_secs(20)).await?;
    ensure!(done["kept"] == 2 && done["bad"] == 2 && done["secret"] == 2, "{done}");
    let told = report(client, &id).await?;
    let codes: Vec<&str> = told.iter().map(|(_, _, code)| code.as_str()).collect();
    ensure!(codes == ["SECRET_REFUSED", "MALFORMED"], "{told:?}");
    let address = text(&done["badRowsUrl"])?;
    let bad = client.request(reqwest::Method::GET, &address).send().await?.text().await?;
    ensure!(bad.lines().count() == 1, "nothing of them is shown: {bad}");
    // Neither in a file of the service nor in a row of the database.
    let kept = files_below(server.data_dir())?;
    ensure!(!kept.iter().any(|path| path.contains("/imports/")), "{kept:?}");
    let dump = dump(&server).await?;
    for word in ["雷达", "地下指挥所", "S-2", "S-3"] {
        ensure!(!dump.contains(word), "{word} is in the database");
    }
    ensure!(dump.contains("普通椅"), "the dump does not show what is there");
    moves::end(server).await
}

fn files_below(folder: &std::path::Path) -> anyhow::Result<Vec<String>> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path.display().to_string()) }
        }
    }
    Ok(found)
}

/// All texts of the tables that an import could have written to.
async fn dump(server: &tests::Server) -> anyhow::Result<String> {
    use sea_orm::{ConnectionTrait, Statement};
    let conn = server.app.db().read();
    let postgres = server.app.db().is_postgres();
    let mut all = String::new();
    for (table, columns) in [
        ("import", "headers, columns, name, source"),
        ("import_fault", "field, reason_zh, reason_en, cells"),
        ("asset", "name, place, number"),
        ("asset_holding", "number"),
        ("event", "payload"),
        ("job", "payload, error"),
    ] {
        for column in columns.split(", ") {
            let text = if postgres { format!("{column}::text") } else { format!("cast({column} as text)") };
            let sql = format!("select coalesce({text}, '') from {table}");
            let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
            for row in rows {
                all.push_str(&row.try_get_by_index::<String>(0)?);
                all.push('\n');
            }
        }
    }
    Ok(all)
}

async fn rights(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 2).await?;
    let (own, other) = (&city.giver, &city.receivers[0]);
    let announce = |unit: Option<&str>, what: &str| {
        json!({
            "idempotencyKey": key(), "what": what, "unitId": unit, "source": "x", "name": "x.csv", "bytes": 10,
            "sha256": "0".repeat(64),
        })
    };
    for (client, unit, what, code) in [
        (&other.clerk.client, Some(own.gid.as_str()), "ASSETS", "NOT_ALLOWED"),
        (&own.clerk.client, None, "ASSETS", "REQUIRED"),
        (&own.clerk.client, None, "UNITS", "NOT_ALLOWED"),
        (&city.administrator.client, Some(own.gid.as_str()), "ASSETS", "NOT_ALLOWED"),
        (&city.administrator.client, Some(own.gid.as_str()), "UNITS", "MALFORMED"),
    ] {
        let input = announce(unit, what);
        let answer = client.attempt("startImport", "StartImportInput", input, "putUrl").await?;
        ensure!(answer["errors"][0]["code"] == code && answer["putUrl"].is_null(), "{what}: {answer}");
    }
    let file = csv(&[
        row(&["资产编号", "资产名称", "单位"]),
        row(&["R-1", "桌", ""]),
        row(&["R-2", "椅", "武昌区第1图书馆"]),
        row(&["R-3", "柜", "没有的单位"]),
    ]);
    let id = put(&own.clerk.client, "ASSETS", Some(&own.gid), "x.csv", file.as_bytes()).await?;
    let stranger = &other.clerk.client;
    ensure!(tables::import(stranger, &id).await?.is_null(), "another unit sees it");
    for (field, input) in [
        ("readImport", "ReadImportInput"),
        ("runImport", "RunImportInput"),
        ("cancelImport", "CancelImportInput"),
    ] {
        let given = json!({ "idempotencyKey": key(), "id": id });
        let answer = stranger.attempt(field, input, given, "import { id }").await?;
        ensure!(answer["errors"][0]["code"] == "NOT_FOUND", "{field}: {answer}");
    }
    read(&own.clerk.client, &id).await?;
    run(&own.clerk.client, &id, false, json!([])).await?;
    let done = ended(&own.clerk.client, &id, Duration::from_secs(20)).await?;
    ensure!(done["kept"] == 1 && done["bad"] == 2, "{done}");
    let told = report(&own.clerk.client, &id).await?;
    let expected =
        [(3, "unit".to_owned(), "NOT_ALLOWED".to_owned()), (4, "unit".to_owned(), "NOT_FOUND".to_owned())];
    ensure!(told == expected, "{told:?}");
    // The office may for all of them.
    let done =
        load(&city.office.client, &own.gid, "y.csv", file.replace("R-", "Q-").as_bytes(), false).await?;
    ensure!(done["kept"] == 2 && done["bad"] == 1, "{done}");
    let theirs = cards(&other.clerk.client).await?;
    ensure!(theirs.len() == 1 && theirs[0]["number"] == "Q-2", "{theirs:?}");
    moves::end(server).await
}

async fn reference(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let client = &city.administrator.client;
    let rows = [
        row(&["code", "name", "parent", "kind"]),
        row(&["A0206", "电气设备", "", ""]),
        row(&["A02061804", "空调机", "A0206", ""]),
        row(&["A02069999", "坏的", "没有", ""]),
    ];
    let id = put(client, "CATEGORIES", None, "分类.xlsx", &workbook(&rows)).await?;
    read(client, &id).await?;
    run(client, &id, false, json!([])).await?;
    let done = ended(client, &id, Duration::from_secs(20)).await?;
    ensure!(done["state"] == "DONE" && done["kept"] == 2 && done["bad"] == 1, "{done}");
    ensure!(report(client, &id).await? == [(4, "parent".to_owned(), "NOT_FOUND".to_owned())]);
    let query = "{ categories(first: 100) { edges { node { code } } } }";
    let data = city.giver.clerk.client.ask(query, json!({})).await?;
    ensure!(data.to_string().contains("A02061804"), "{data}");
    moves::end(server).await
}

async fn cancelled(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let client = &city.giver.clerk.client;
    let file = csv(&tables::cards(30_000));
    let id = put(client, "ASSETS", Some(&city.giver.gid), "x.csv", file.as_bytes()).await?;
    read(client, &id).await?;
    run(client, &id, false, json!([])).await?;
    loop {
        if tables::import(client, &id).await?["kept"].as_i64() > Some(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let input = json!({ "idempotencyKey": key(), "id": id });
    let stopped = client.mutate("cancelImport", "CancelImportInput", input, "import { state kept }").await?;
    ensure!(stopped["import"]["state"] == "CANCELLED", "{stopped}");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let after = tables::import(client, &id).await?;
    ensure!(after["kept"] == stopped["import"]["kept"] && after["done"].as_i64() < Some(30_000), "{after}");
    let there = count_cards(&city, &server).await?;
    ensure!(Some(there) == after["kept"].as_i64(), "{there} are there: {after}");
    moves::end(server).await
}

async fn count_cards(city: &City, server: &tests::Server) -> anyhow::Result<i64> {
    use entity::assets::asset;
    use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
    let own = asset::Entity::find().filter(asset::Column::HolderId.eq(city.giver.id));
    Ok(own.count(server.app.db().read()).await? as i64)
}
