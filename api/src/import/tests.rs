//! Files on a real database.

use entity::identity::Locale;
use entity::organisation::UnitState;

use super::{Report, What, run};
use crate::app::App;
use crate::fault::Code;
use crate::testing;

const REGIONS: &str = "\u{feff}code,name,parent,namespace\n\
    420102,江岸区,420100,\n\
    WH-DHGX,东湖高新区,GB/T 2260:420100,LOCAL\n\
    420100,武汉市,,GB/T 2260\n";

const UNITS: &str = "name,credit_code,parent,fiscal_level,fiscal_region,place_region,state,successor,valid_from,valid_to\n\
    武汉市第一中学,,武汉市教育局,CITY,420100,420102,,,,\n\
    武汉市教育局,1242000042000186X2,,市本级,420100,420100,,,,\n\
    旧招商办,,,CITY,420100,LOCAL:WH-DHGX,已撤销,1242000042000186x2,2010/1/1,2025-12-31\n";

const CATEGORIES: &str = "code,name,parent,kind,depreciation_months,has_disk\n\
    A02010105,台式计算机,A02010000,,72,是\n\
    A02010000,信息化设备,,,,\n\
    A02030501,轿车,,车辆,96,\n\
    A02030502,越野车,A02030501,,96,\n";

async fn load(app: &App, what: What, file: &str) -> Report {
    run(app, what, file.as_bytes(), |_| {}).await.unwrap()
}

fn bad(report: &Report) -> Vec<(u64, Code, String)> {
    report.bad.iter().map(|bad| (bad.line, bad.rejection.code, bad.field())).collect()
}

#[tokio::test]
async fn files_load_whatever_their_order_and_load_again_without_a_change() {
    let (app, _folder) = testing::app().await;
    for (what, file, count) in
        [(What::Regions, REGIONS, 3), (What::Units, UNITS, 3), (What::Categories, CATEGORIES, 4)]
    {
        let mut seen = Vec::new();
        let first = run(&app, what, file.as_bytes(), |progress| seen.push(progress.done)).await.unwrap();
        assert_eq!(first, Report { created: count, ..Report::default() }, "{what:?}");
        assert_eq!(seen.last(), Some(&count));
        assert_eq!(
            load(&app, what, file).await,
            Report { unchanged: count, ..Report::default() },
            "{what:?}"
        );
    }
    let reference = app.reference();
    let named = |name: &str| reference.units().find(|unit| unit.name == name).unwrap();
    let bureau = named("武汉市教育局");
    assert_eq!(named("武汉市第一中学").parent_id, Some(bureau.id));
    let old = named("旧招商办");
    assert_eq!((old.state, old.successor_id), (UnitState::Closed, Some(bureau.id)));
    assert_eq!(reference.region(old.place_region_id).unwrap().name, "东湖高新区");
    let desktop = reference.categories().find(|row| row.code == "A02010105").unwrap();
    assert!(desktop.has_disk && desktop.depreciation_months == Some(72));
    let jeep = reference.categories().find(|row| row.code == "A02030502").unwrap();
    assert_eq!(jeep.kind, entity::catalogue::AssetKind::Vehicle, "of the kind of what it hangs below");
}

#[tokio::test]
async fn two_rows_that_may_be_one_unit_are_told() {
    let (app, _folder) = testing::app().await;
    load(&app, What::Regions, REGIONS).await;
    let header = "name,credit_code,fiscal_level,fiscal_region,place_region,state\n";
    let (with, without) = ("甲,1242000042000186X2,CITY,420100,420100,\n", "甲,,CITY,420100,420100,\n");
    for rows in [[with, without], [without, with]] {
        let report = load(&app, What::Units, &format!("{header}{}{}", rows[0], rows[1])).await;
        assert_eq!(bad(&report), [(3, Code::DuplicateRow, String::new())], "{rows:?}");
    }
    // A body that ended and the one that follows it may have one name: each has its code.
    let header =
        "name,credit_code,fiscal_level,fiscal_region,place_region,state,successor,valid_from,valid_to\n";
    let lives = "甲,1242000042000186X2,CITY,420100,420100,,,,\n";
    let ended = "甲,11440303007542320T,CITY,420100,420100,CLOSED,1242000042000186X2,2000-01-01,2024-12-31\n";
    assert_eq!(bad(&load(&app, What::Units, &format!("{header}{lives}{ended}")).await), []);
}

#[tokio::test]
async fn a_unit_is_written_after_the_one_whose_code_it_names_in_small_letters() {
    let (app, _folder) = testing::app().await;
    load(&app, What::Regions, REGIONS).await;
    let report = load(
        &app,
        What::Units,
        "name,credit_code,parent,fiscal_level,fiscal_region,place_region\n\
         武汉市第一中学,,1242000042000186x2,CITY,420100,420100\n\
         武汉市教育局,1242000042000186X2,,CITY,420100,420100\n",
    )
    .await;
    assert_eq!(report, Report { created: 2, ..Report::default() });
}

#[tokio::test]
async fn a_category_below_one_with_a_disk_has_one_unless_the_file_says_no() {
    let (app, _folder) = testing::app().await;
    let file = "code,name,parent,has_disk\n\
        A02010100,计算机,,是\n\
        A02010105,台式计算机,A02010100,\n\
        A02010199,无盘终端,A02010100,否\n";
    load(&app, What::Categories, file).await;
    let reference = app.reference();
    let has_disk = |code: &str| reference.categories().find(|row| row.code == code).unwrap().has_disk;
    assert!(has_disk("A02010105") && !has_disk("A02010199"));
}

#[tokio::test]
async fn bad_rows_are_told_with_line_field_and_reason_and_good_ones_are_kept() {
    let (app, _folder) = testing::app().await;
    load(&app, What::Regions, REGIONS).await;
    let file = "name,credit_code,parent,fiscal_level,fiscal_region,place_region,valid_from\n\
        甲,1242000042000186X3,,CITY,420100,420100,\n\
        乙,,丙,CITY,420100,420100,\n\
        丙,,乙,CITY,420100,420100,\n\
        丁,,没有,省级,429999,420100,2026-13-01\n\
        戊,,没有,CITY,429999,420100,\n\
        己,,,CITY,420100,420100,\n\
        己,,,CITY,420100,420100,\n\
        庚,,甲,CITY,420100,420100,\n\
        ,,,CITY,420100,420100,\n";
    let report = load(&app, What::Units, file).await;
    let expected = [
        (2, Code::Malformed, "credit_code"),
        (3, Code::Circle, "parent"),
        (4, Code::Circle, "parent"),
        (5, Code::Malformed, "fiscal_level"),
        (5, Code::Malformed, "valid_from"),
        (6, Code::NotFound, "parent"),
        (6, Code::NotFound, "fiscal_region"),
        (8, Code::DuplicateRow, ""),
        (9, Code::NotFound, "parent"),
        (10, Code::Required, "name"),
    ];
    let expected: Vec<_> = expected.map(|(line, code, field)| (line, code, field.to_owned())).to_vec();
    assert_eq!(bad(&report), expected);
    assert_eq!(report.created, 1);
    assert!(report.bad[0].reason(Locale::En).contains("check character should be 2"));
    assert_eq!(app.reference().units().map(|unit| unit.name.as_str()).collect::<Vec<_>>(), ["己"]);
}

#[tokio::test]
async fn a_later_file_changes_what_it_says_and_keeps_the_rest() {
    let (app, _folder) = testing::app().await;
    load(&app, What::Regions, REGIONS).await;
    load(&app, What::Units, UNITS).await;
    let file = "name,credit_code,fiscal_level,fiscal_region,place_region\n\
        武汉市教育委员会,1242000042000186X2,CITY,420100,420102\n\
        武汉市第一中学,12420000420001870W,CITY,420100,420102\n";
    let report = load(&app, What::Units, file).await;
    // The second code is wrong on purpose: the row is refused, and the school stays as it was.
    assert_eq!((report.changed, report.created), (1, 0), "{report:?}");
    assert_eq!(bad(&report), [(3, Code::Malformed, "credit_code".to_owned())]);
    let reference = app.reference();
    let school = reference.units().find(|unit| unit.name == "武汉市第一中学").unwrap();
    let bureau = reference.unit(school.parent_id.unwrap()).unwrap();
    assert_eq!((bureau.name.as_str(), bureau.version), ("武汉市教育委员会", 2));
}

#[tokio::test]
async fn revisions_of_a_standard_follow_each_other_by_their_days() {
    let (app, _folder) = testing::app().await;
    load(&app, What::Regions, REGIONS).await;
    load(&app, What::Categories, CATEGORIES).await;
    let file = "region,category,rank,price_cap,min_service_months,source,valid_from\n\
        ,A02010105,,6000,72,新文件,2025/1/1\n\
        ,A02010105,,5000.00,72,财资〔2016〕27号,2016-07-01\n\
        420100,A02010105,处级及以下,4500.5,72,武财,2020-01-01\n\
        ,A09999999,,1,72,财资〔2016〕27号,2016-07-01\n\
        ,A02010105,,0,72,财资〔2016〕27号,2026-07-01\n";
    let report = load(&app, What::Standards, file).await;
    assert_eq!(report.created, 3);
    let wrong = [(5, Code::NotFound, "category".to_owned()), (6, Code::OutOfRange, "price_cap".to_owned())];
    assert_eq!(bad(&report), wrong);
    let again = load(&app, What::Standards, file).await;
    assert_eq!((again.created, again.unchanged), (0, 3));
    let rows = crate::catalogue::read::standards(app.db().read(), None, None, None, None, 10).await.unwrap();
    let mut found: Vec<_> = rows
        .iter()
        .map(|row| (row.price_cap.0, row.revision, row.valid_to.map(|to| to.to_string())))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [(450_050, 1, None), (500_000, 1, Some("2024-12-31".into())), (600_000, 2, None)]);
}
