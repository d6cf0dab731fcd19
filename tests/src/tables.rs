//! Tables as people upload them, and what they do with them.

use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Client;
use crate::moves::{key, text};

/// Rows as CSV.
pub fn csv(rows: &[Vec<String>]) -> String {
    let cell = |cell: &String| match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n").collect()
}

/// An archive of entries.
pub fn archive(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

/// A workbook whose one sheet is this XML.
pub fn workbook_of(sheet: &str) -> Vec<u8> {
    archive(&parts(sheet).iter().map(|(name, text)| (*name, text.clone().into_bytes())).collect::<Vec<_>>())
}

/// The parts of a small workbook: style 1 is a day.
pub fn parts(sheet: &str) -> Vec<(&'static str, String)> {
    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    vec![
        (
            "[Content_Types].xml",
            format!(
                "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{KIND}.worksheet+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"{KIND}.styles+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{REL}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{REL}\"><sheets><sheet name=\"资产\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{REL}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{REL}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "{HEAD}<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("{HEAD}<worksheet xmlns=\"{MAIN}\"><sheetData>{sheet}</sheetData></worksheet>"),
        ),
    ]
}

/// A column's letters: 0 is A.
fn letters(column: usize) -> String {
    let rest = char::from(b'A' + (column % 26) as u8);
    if column < 26 { rest.to_string() } else { letters(column / 26 - 1) + &rest.to_string() }
}

/// Rows as a workbook; a cell that begins with `#` is a number, with `@` a day of a spreadsheet, with `=` a formula whose stored
/// result stands behind a `|`.
pub fn workbook(rows: &[Vec<String>]) -> Vec<u8> {
    let mut sheet = String::new();
    for (n, row) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">", n + 1));
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let at = format!("{}{}", letters(column), n + 1);
            let safe = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
            if let Some(number) = cell.strip_prefix('#') {
                sheet.push_str(&format!("<c r=\"{at}\"><v>{number}</v></c>"));
            } else if let Some(day) = cell.strip_prefix('@') {
                sheet.push_str(&format!("<c r=\"{at}\" s=\"1\"><v>{day}</v></c>"));
            } else if let Some((formula, result)) =
                cell.strip_prefix('=').and_then(|cell| cell.split_once('|'))
            {
                let kind = if result.starts_with('#') { "e" } else { "str" };
                sheet.push_str(&format!(
                    "<c r=\"{at}\" t=\"{kind}\"><f>{}</f><v>{}</v></c>",
                    safe(formula),
                    safe(result)
                ));
            } else {
                sheet.push_str(&format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{}</t></is></c>", safe(cell)));
            }
        }
        sheet.push_str("</row>");
    }
    workbook_of(&sheet)
}

/// Headers of [`cards`].
pub const HEADERS: [&str; 12] = [
    "资产编号",
    "资产名称",
    "资产分类代码",
    "品牌",
    "规格型号",
    "序列号",
    "数量",
    "计量单位",
    "原值(元)",
    "取得日期",
    "资产状况",
    "存放地点",
];

/// So many cards, numbered through; of a hundred, one is bad: in turn without a name, with a day that is none, of a category
/// that there is not, with a number that an earlier row has.
pub fn cards(count: usize) -> Vec<Vec<String>> {
    let mut rows = vec![HEADERS.map(str::to_owned).to_vec()];
    for n in 1..=count {
        let mut row = [
            format!("ZC-{n:07}"),
            format!("办公桌{n}"),
            "A05010201".to_owned(),
            "联想".to_owned(),
            "T14".to_owned(),
            format!("SN{n:08}"),
            "1".to_owned(),
            "张".to_owned(),
            format!("{}.{:02}", 800 + n % 700, n % 100),
            format!("2021-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
            "良好".to_owned(),
            format!("{}楼{}室", 1 + n % 9, 100 + n % 60),
        ];
        match (n % 100, n / 100 % 4) {
            (50, 0) => row[1].clear(),
            (50, 1) => row[9] = "2021-13-45".to_owned(),
            (50, 2) => row[2] = "A99999999".to_owned(),
            (50, 3) => row[0] = format!("ZC-{:07}", n - 1),
            _ => {}
        }
        rows.push(row.to_vec());
    }
    rows
}

/// Fields of an import that tests look at.
pub const IMPORT: &str = "id state dryRun format encoding sheet headerLine headers { header column } total done kept bad secret skipped
    fault { code message } badRowsUrl";

/// Announces a file and puts its bytes; gives the import's id.
pub async fn put(
    client: &Client,
    what: &str,
    unit: Option<&str>,
    name: &str,
    bytes: &[u8],
) -> anyhow::Result<String> {
    let input = json!({
        "idempotencyKey": key(), "what": what, "unitId": unit, "source": "财务系统", "name": name,
        "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)),
    });
    let started =
        client.mutate("startImport", "StartImportInput", input, "import { id state } putUrl").await?;
    ensure!(started["import"]["state"] == "ANNOUNCED", "{started}");
    let address = text(&started["putUrl"])?;
    let answer = client.request(reqwest::Method::PUT, &address).body(bytes.to_vec()).send().await?;
    ensure!(answer.status() == 204, "{}: {}", answer.status(), answer.text().await?);
    text(&started["import"]["id"])
}

/// Has the headers read; gives the payload, whatever is in it.
pub async fn read(client: &Client, id: &str) -> anyhow::Result<Value> {
    let input = json!({ "idempotencyKey": key(), "id": id });
    client.attempt("readImport", "ReadImportInput", input, &format!("import {{ {IMPORT} }}")).await
}

/// Asks for the run.
pub async fn run(client: &Client, id: &str, dry_run: bool, columns: Value) -> anyhow::Result<Value> {
    let input = json!({ "idempotencyKey": key(), "id": id, "dryRun": dry_run, "columns": columns });
    client.attempt("runImport", "RunImportInput", input, &format!("import {{ {IMPORT} }}")).await
}

/// The import as it is.
pub async fn import(client: &Client, id: &str) -> anyhow::Result<Value> {
    let query = format!("query($id: ID!) {{ import(id: $id) {{ {IMPORT} }} }}");
    Ok(client.ask(&query, json!({ "id": id })).await?["import"].take())
}

/// Waits for the end of a run; gives the import.
pub async fn ended(client: &Client, id: &str, patience: Duration) -> anyhow::Result<Value> {
    let begun = Instant::now();
    loop {
        let found = import(client, id).await?;
        let state = found["state"].as_str().context("no import")?;
        if ["CHECKED", "DONE", "CANCELLED", "FAILED"].contains(&state) {
            return Ok(found);
        }
        ensure!(begun.elapsed() < patience, "it does not end: {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A file from its bytes to the end of its run, with the columns as proposed.
pub async fn load(
    client: &Client,
    unit: &str,
    name: &str,
    bytes: &[u8],
    dry_run: bool,
) -> anyhow::Result<Value> {
    let id = put(client, "ASSETS", Some(unit), name, bytes).await?;
    let read = read(client, &id).await?;
    ensure!(read["errors"] == json!([]), "{name}: {read}");
    let run = run(client, &id, dry_run, json!([])).await?;
    ensure!(run["errors"] == json!([]), "{name}: {run}");
    ended(client, &id, Duration::from_secs(120)).await
}

/// Line, column and code of all that the report says.
pub async fn report(client: &Client, id: &str) -> anyhow::Result<Vec<(i64, String, String)>> {
    let query = "query($id: ID!, $after: String) { import(id: $id) { badRows(first: 100, after: $after) {
        edges { node { line column code message } } pageInfo { hasNextPage endCursor } } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.ask(query, json!({ "id": id, "after": after })).await?;
        let page = &data["import"]["badRows"];
        for edge in page["edges"].as_array().context("edges")? {
            let node = &edge["node"];
            ensure!(node["message"].as_str().is_some_and(|message| !message.is_empty()), "{node}");
            let line = node["line"].as_i64().context("a line")?;
            found.push((line, text(&node["column"])?, text(&node["code"])?));
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(found);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
