//! The use cases of units and regions on a real database.

use entity::organisation::{FiscalLevel, UnitKind, UnitState};
use uuid::Uuid;

use super::read::{UnitFilter, units};
use super::rules::{RegionForm, UnitForm};
use super::save_region::{self, save_region};
use super::save_unit::{self, save_unit};
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::testing;

async fn region(app: &App) -> Uuid {
    let form = RegionForm {
        namespace: "GB/T 2260".into(),
        code: "420100".into(),
        name: "武汉市".into(),
        parent_id: None,
        valid_from: "2000-01-01".parse().unwrap(),
        valid_to: None,
    };
    let input = save_region::Input { id: None, version: None, form };
    save_region(app, &Actor::system(), None, &input).await.unwrap()
}

fn unit(name: &str, region: Uuid, parent_id: Option<Uuid>) -> UnitForm {
    UnitForm {
        name: name.into(),
        kind: UnitKind::Unit,
        credit_code: None,
        parent_id,
        supervisor_id: parent_id,
        fiscal_level: FiscalLevel::City,
        fiscal_region_id: region,
        place_region_id: region,
        state: UnitState::Active,
        successor_id: None,
        valid_from: "2000-01-01".parse().unwrap(),
        valid_to: None,
    }
}

async fn save(app: &App, target: Option<(Uuid, i64)>, form: UnitForm) -> Result<Uuid, Fault> {
    let input =
        save_unit::Input { id: target.map(|(id, _)| id), version: target.map(|(_, version)| version), form };
    let outcome = save_unit(app, &Actor::system(), None, &input).await;
    app.generation().await.unwrap();
    outcome
}

fn codes(outcome: Result<Uuid, Fault>) -> Vec<(Code, String)> {
    match outcome {
        Err(Fault::Rejected(list)) => list.into_iter().map(|one| (one.code, one.field.join("."))).collect(),
        other => panic!("expected rejections, got {other:?}"),
    }
}

#[tokio::test]
async fn a_unit_is_seen_by_all_as_soon_as_it_is_saved() {
    let (app, _folder) = testing::app().await;
    let region = region(&app).await;
    let top = save(&app, None, unit("武汉市教育局", region, None)).await.unwrap();
    let school = save(&app, None, unit("武汉市第一中学", region, Some(top))).await.unwrap();
    let reference = app.reference();
    assert_eq!(reference.unit_parents(school), [top]);
    let filter = UnitFilter { text: Some("中学".into()), region: Some(region), ..UnitFilter::default() };
    assert_eq!(units(&reference, &filter, None, 5).iter().map(|unit| unit.id).collect::<Vec<_>>(), [school]);
}

#[tokio::test]
async fn everything_wrong_comes_back_at_once_and_nothing_is_kept() {
    let (app, _folder) = testing::app().await;
    let region = region(&app).await;
    save(&app, None, unit("武汉市教育局", region, None)).await.unwrap();
    let nobody = Uuid::from_u128(5);
    let wrong = UnitForm {
        credit_code: Some("1242000042000186X3".into()),
        place_region_id: nobody,
        ..unit("武汉市教育局", region, Some(nobody))
    };
    let found = codes(save(&app, None, wrong).await);
    let fields: Vec<&str> = found.iter().map(|(_, field)| field.as_str()).collect();
    assert_eq!(fields, ["creditCode", "parentId", "supervisorId", "placeRegionId", "name"]);
    assert_eq!(app.reference().units().count(), 1);
}

#[tokio::test]
async fn an_old_version_is_stale_and_a_circle_is_refused() {
    let (app, _folder) = testing::app().await;
    let region = region(&app).await;
    let top = save(&app, None, unit("甲", region, None)).await.unwrap();
    let below = save(&app, None, unit("乙", region, Some(top))).await.unwrap();
    let circle = UnitForm { supervisor_id: None, ..unit("甲", region, Some(below)) };
    assert_eq!(codes(save(&app, Some((top, 1)), circle).await), [(Code::Circle, "parentId".into())]);
    save(&app, Some((top, 1)), unit("甲一", region, None)).await.unwrap();
    assert_eq!(
        codes(save(&app, Some((top, 1)), unit("甲二", region, None)).await),
        [(Code::Stale, String::new())]
    );
    assert_eq!(app.reference().unit(top).unwrap().name, "甲一");
}

#[tokio::test]
async fn two_moves_at_once_never_make_a_circle() {
    let (app, _folder) = testing::app().await;
    let region = region(&app).await;
    for round in 0..5 {
        let a = save(&app, None, unit(&format!("甲{round}"), region, None)).await.unwrap();
        let b = save(&app, None, unit(&format!("乙{round}"), region, None)).await.unwrap();
        let (one, two) = tokio::join!(
            save(&app, Some((a, 1)), unit(&format!("甲{round}"), region, Some(b))),
            save(&app, Some((b, 1)), unit(&format!("乙{round}"), region, Some(a))),
        );
        assert!(one.is_ok() != two.is_ok(), "exactly one may win: {one:?} {two:?}");
    }
}

#[tokio::test]
async fn a_closed_unit_names_a_successor_that_is_not_closed_and_nobody_closes_one_by_hand() {
    let (app, _folder) = testing::app().await;
    let region = region(&app).await;
    let new = save(&app, None, unit("新单位", region, None)).await.unwrap();
    let closed = UnitForm { state: UnitState::Closed, ..unit("旧单位", region, None) };
    let found = codes(save(&app, None, closed.clone()).await);
    assert_eq!(found, [(Code::Required, "successorId".into()), (Code::Required, "validTo".into())]);
    // Old books have units that are closed from the start.
    let closed = UnitForm { successor_id: Some(new), valid_to: "2026-03-01".parse().ok(), ..closed };
    let old = save(&app, None, closed.clone()).await.unwrap();
    let onto_closed =
        UnitForm { state: UnitState::Closing, successor_id: Some(old), ..unit("新单位", region, None) };
    let found = codes(save(&app, Some((new, 1)), onto_closed).await);
    assert_eq!(found, [(Code::Circle, "successorId".into()), (Code::UnitNotActive, "successorId".into())]);
    let other = save(&app, None, unit("别的单位", region, None)).await.unwrap();
    let by_hand = UnitForm { name: "别的单位".into(), ..closed.clone() };
    assert_eq!(
        codes(save(&app, Some((other, 1)), by_hand).await),
        [(Code::ClosedBySuccession, "state".into())]
    );
    let elsewhere = UnitForm { successor_id: Some(other), ..closed };
    assert_eq!(
        codes(save(&app, Some((old, 1)), elsewhere).await),
        [(Code::WrongState, "successorId".into())]
    );
    assert_eq!(app.reference().living(old), new);
}

#[tokio::test]
async fn pages_of_units_hold_each_unit_once() {
    let (app, _folder) = testing::app().await;
    let region = region(&app).await;
    for n in 0..13 {
        save(&app, None, unit(&format!("单位{n:02}"), region, None)).await.unwrap();
    }
    let reference = app.reference();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let rows = units(&reference, &UnitFilter::default(), after.as_ref(), 5);
        let Some(last) = rows.last() else { break };
        after = Some((last.name.clone(), last.id));
        seen.extend(rows.iter().map(|unit| unit.name.clone()));
    }
    let expected: Vec<String> = (0..13).map(|n| format!("单位{n:02}")).collect();
    assert_eq!(seen, expected);
}
