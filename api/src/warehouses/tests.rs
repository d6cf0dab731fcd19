//! The use cases of warehouses on a real database.

use entity::organisation::{FiscalLevel, UnitKind, UnitState};
use entity::warehouses::PlaceKind;
use uuid::Uuid;

use super::rules::{PlaceForm, WarehouseForm};
use super::save_place::{self, save_place};
use super::save_warehouse::{self, save_warehouse};
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::organisation::rules::{RegionForm, UnitForm};
use crate::organisation::steps::{put_region, put_unit};
use crate::testing;
use crate::write::Command;

async fn warehouse(app: &App) -> Uuid {
    let (unit_id, region_id) = app
        .write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
            let region = RegionForm {
                namespace: "GB/T 2260".into(),
                code: "420100".into(),
                name: "武汉市".into(),
                parent_id: None,
                valid_from: tx.today(),
                valid_to: None,
            };
            let region = put_region(&tx, None, region).await?.id;
            let unit = UnitForm {
                name: "武汉市机关事务管理局".into(),
                kind: UnitKind::Unit,
                credit_code: None,
                parent_id: None,
                supervisor_id: None,
                fiscal_level: FiscalLevel::City,
                fiscal_region_id: region,
                place_region_id: region,
                state: UnitState::Active,
                successor_id: None,
                valid_from: tx.today(),
                valid_to: None,
            };
            Ok((put_unit(&tx, None, unit).await?.id, region))
        })
        .await
        .unwrap();
    let form =
        WarehouseForm {
            code: "WH".into(), name: "公物仓总仓".into(), unit_id, region_id, area_m2: 3000
        };
    let input = save_warehouse::Input { id: None, version: None, form };
    save_warehouse(app, &Actor::system(), None, &input).await.unwrap()
}

async fn place(
    app: &App,
    warehouse_id: Uuid,
    kind: PlaceKind,
    parent_id: Option<Uuid>,
    code: &str,
) -> Result<Uuid, Fault> {
    let form =
        PlaceForm { warehouse_id, parent_id, kind, code: code.into(), name: String::new(), area_dm2: 100 };
    save_place(app, &Actor::system(), None, &save_place::Input { id: None, version: None, form }).await
}

#[tokio::test]
async fn bins_hang_in_racks_in_zones_and_codes_are_unique() {
    let (app, _folder) = testing::app().await;
    let hub = warehouse(&app).await;
    let zone = place(&app, hub, PlaceKind::Zone, None, "A").await.unwrap();
    let rack = place(&app, hub, PlaceKind::Rack, Some(zone), "A-01").await.unwrap();
    place(&app, hub, PlaceKind::Bin, Some(rack), "A-01-01").await.unwrap();
    let wrong = |outcome: Result<Uuid, Fault>| match outcome {
        Err(Fault::Rejected(list)) => (list[0].code, list[0].field.join(".")),
        other => panic!("expected a rejection, got {other:?}"),
    };
    let in_rack = place(&app, hub, PlaceKind::Zone, Some(rack), "B").await;
    assert_eq!(wrong(in_rack), (Code::Malformed, "parentId".into()));
    let elsewhere = place(&app, hub, PlaceKind::Rack, Some(Uuid::from_u128(1)), "A-02").await;
    assert_eq!(wrong(elsewhere), (Code::NotFound, "parentId".into()));
    let twice = place(&app, hub, PlaceKind::Rack, Some(zone), "A-01").await;
    assert_eq!(wrong(twice), (Code::Duplicate, "code".into()));
    let rows = super::read::places(app.db().read(), hub, None, Some("A"), 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(), ["A-01", "A-01-01"]);
}
