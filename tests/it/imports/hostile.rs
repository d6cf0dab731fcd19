//! Tables that no honest program writes, and those that people upload by mistake.

use anyhow::ensure;
use serde_json::json;

use super::row;
use tests::moves::{self, begin, text};
use tests::tables::{archive, csv, load, parts, put, read, report, workbook, workbook_of};
use tests::{Backend, Outcome};

/// A workbook in which one part is another.
fn with(part: &str, bytes: Vec<u8>) -> Vec<u8> {
    let mut entries: Vec<(&str, Vec<u8>)> =
        parts("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>资产编号</t></is></c></row>")
            .into_iter()
            .map(|(name, text)| (name, text.into_bytes()))
            .collect();
    entries.retain(|(name, _)| *name != part);
    entries.push((part, bytes));
    archive(&entries)
}

/// What a workbook behind a password looks like: a container of the old kind with a package in it.
fn locked(name: &str) -> Vec<u8> {
    let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    bytes.resize(2048, 0);
    bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(8192, 0);
    bytes
}

pub async fn tables(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let (client, unit) = (&city.giver.clerk.client, &city.giver.gid);
    let good = workbook(&[row(&["资产编号", "资产名称"]), row(&["1", "桌"])]);
    let sheet = "xl/worksheets/sheet1.xml";
    let bomb = format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        format!("{}<row/>", " ".repeat(400_000)).repeat(40)
    );
    let deep = format!("<worksheet>{}</worksheet>", "<a>".repeat(500_000));
    let entities = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>";
    let long = format!(
        "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>{}</t></is></c></row></sheetData></worksheet>",
        "x".repeat(2_000_000)
    );
    let wide: String = (0..400).map(|n| format!("列{n},")).collect();
    let mut truncated = good.clone();
    truncated.truncate(good.len() / 2);
    let mut damaged = good.clone();
    let middle = damaged.len() / 3;
    damaged[middle..middle + 40].fill(0xff);
    // The name, the bytes, and a word of the sentence that is said.
    let refused: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a bomb", with(sheet, bomb.into_bytes()), "unpacks to far more"),
        ("a bomb of shared texts", with("xl/sharedStrings.xml", vec![b' '; 12 << 20]), ""),
        ("deep tags", with(sheet, deep.into_bytes()), "nested too deeply"),
        ("entities", with(sheet, entities.as_bytes().to_vec()), "declarations or entities"),
        ("a text without end", with(sheet, long.into_bytes()), "too long"),
        ("cut off", truncated, "damaged"),
        ("damaged", damaged, ""),
        ("no workbook", archive(&[("word/document.xml", b"<a/>".to_vec())]), "not an XLSX workbook"),
        ("a password", locked("EncryptedPackage"), "password"),
        ("an old workbook", locked("Workbook"), ".xls"),
        ("a page", b"<html><table><tr><td>1</td></tr></table></html>".to_vec(), "web page"),
        ("a PDF", b"%PDF-1.7 x".to_vec(), "PDF"),
        ("a picture", b"\x89PNG\r\n\x1a\n".to_vec(), "PNG"),
        ("NUL", b"a\0b,c".to_vec(), "NUL"),
        ("no encoding", b"a,b\n\x81\x20,\xff\n".to_vec(), "GBK/GB18030"),
        ("half of a letter in UTF-16", b"\xff\xfea\x00\x00\xd8".to_vec(), "UTF-16LE"),
        ("too many columns", wide.into_bytes(), "column"),
        ("blank", b" \n\n".to_vec(), "headers"),
        ("an empty workbook", workbook_of(""), "nothing in the workbook"),
    ];
    for (name, bytes, word) in refused {
        let id = put(client, "ASSETS", Some(unit), name, &bytes).await?;
        let answer = read(client, &id).await?;
        let error = &answer["errors"][0];
        ensure!(error["code"] == "FILE_REFUSED", "{name}: {answer}");
        ensure!(error["message"].as_str().is_some_and(|message| message.contains(word)), "{name}: {error}");
        let input = json!({ "idempotencyKey": moves::key(), "id": id });
        client.mutate("cancelImport", "CancelImportInput", input, "import { state }").await?;
    }

    // What is odd, and yet is read.
    let empty_columns: String = (0..16_000).map(|_| "<c/>").collect();
    let empty = workbook_of(&format!(
        "<row r=\"1\"><c t=\"inlineStr\"><is><t>资产编号</t></is></c><c t=\"inlineStr\"><is><t>资产名称</t></is></c>{empty_columns}</row>\
         <row r=\"2\"><c t=\"inlineStr\"><is><t>E-1</t></is></c><c t=\"inlineStr\"><is><t>桌</t></is></c>{empty_columns}</row>"
    ));
    let done = load(client, unit, "thousands of empty columns", &empty, false).await?;
    ensure!(done["kept"] == 1, "{done}");
    let commas = format!("资产编号,资产名称{0}\nE-2,桌{0}\n", ",".repeat(1_000_000));
    let done = load(client, unit, "a million empty columns", commas.as_bytes(), false).await?;
    ensure!(done["kept"] == 1, "{done} {:?}", report(client, &text(&done["id"])?).await?);
    let formulas = workbook(&[
        row(&["资产编号", "资产名称", "原值", "序列号"]),
        row(&["F-1", "=HYPERLINK(\"http://x\",\"a\")|桌", "=1+1|2", ""]),
        row(&["F-2", "=A1/0|#DIV/0!", "", ""]),
        row(&["#12345678901234567", "椅", "", ""]),
    ]);
    let done = load(client, unit, "formulas", &formulas, false).await?;
    ensure!(done["kept"] == 1 && done["bad"] == 2, "{done}");
    let told = report(client, &text(&done["id"])?).await?;
    let fields: Vec<(i64, &str)> = told.iter().map(|(line, column, _)| (*line, column.as_str())).collect();
    ensure!(fields == [(3, "name"), (4, "asset_number")], "{told:?}");
    // What begins like a formula is text, and goes out as text.
    let injected = csv(&[
        row(&["资产编号", "资产名称"]),
        row(&["=1+1", "@SUM(A1)"]),
        row(&["=\"0012\"", "桌"]),
        row(&["", "=cmd|' /C calc'!A0"]),
    ]);
    let done = load(client, unit, "injected", injected.as_bytes(), false).await?;
    ensure!(done["kept"] == 2 && done["bad"] == 1, "{done}");
    let address = text(&done["badRowsUrl"])?;
    let bad = client.request(reqwest::Method::GET, &address).send().await?.text().await?;
    ensure!(bad.contains("'=cmd|' /C calc'!A0"), "{bad}");
    let export = client.request(reqwest::Method::GET, "/exports/assets.csv").send().await?.text().await?;
    ensure!(
        export.contains("'=1+1") && export.contains("'@SUM(A1)") && export.contains("\r\n0012,"),
        "{export}"
    );
    moves::end(server).await
}
