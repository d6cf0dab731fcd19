//! The use cases of the rule book on a real database.

use chrono::NaiveDate;
use entity::Money;
use entity::catalogue::{AssetKind, AssetSource, RequiredStep};
use uuid::Uuid;

use super::forms::{CategoryForm, RequiredFieldForm, SettingForm, StandardForm};
use super::{save_category, set_city_setting, set_required_field, set_standard, steps};
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::testing;
use crate::write::Command;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn category(code: &str, parent_id: Option<Uuid>) -> CategoryForm {
    CategoryForm {
        system: "GB/T 14885".into(),
        edition: "2022".into(),
        code: code.into(),
        name: "台式计算机".into(),
        parent_id,
        kind: AssetKind::General,
        depreciation_months: Some(72),
        has_disk: true,
        valid_from: day("2022-01-01"),
        valid_to: None,
    }
}

async fn save(app: &App, form: CategoryForm) -> Result<Uuid, Fault> {
    let input = save_category::Input { id: None, version: None, form };
    let id = save_category::save_category(app, &Actor::system(), None, &input).await;
    app.load_reference().await.unwrap();
    id
}

fn codes<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> Vec<(Code, String)> {
    match outcome {
        Err(Fault::Rejected(list)) => list.into_iter().map(|one| (one.code, one.field.join("."))).collect(),
        other => panic!("expected rejections, got {other:?}"),
    }
}

async fn required(app: &App, kind: AssetKind, step: RequiredStep) -> Vec<String> {
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        steps::required_fields(&tx, kind, AssetSource::Idle, step).await
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn the_rule_book_of_a_new_city_asks_what_the_law_asks() {
    let (app, _folder) = testing::app().await;
    let general = ["categoryId", "condition", "name", "place", "quantity", "value"];
    assert_eq!(required(&app, AssetKind::General, RequiredStep::Submit).await, general);
    assert_eq!(required(&app, AssetKind::General, RequiredStep::List).await, ["photos"]);
    let vehicle = required(&app, AssetKind::Vehicle, RequiredStep::Submit).await;
    assert!(vehicle.contains(&"vehicle.vin".to_owned()) && vehicle.len() == 9, "{vehicle:?}");
}

#[tokio::test]
async fn a_city_changes_required_fields_from_a_day_on() {
    let (app, _folder) = testing::app().await;
    let mut form = RequiredFieldForm {
        kind: Some(AssetKind::General),
        source: None,
        step: RequiredStep::List,
        field: "serial".into(),
        required: true,
        from: day("2026-03-03"),
    };
    let set = async |form: &RequiredFieldForm| {
        set_required_field::set_required_field(&app, &Actor::system(), None, form).await
    };
    set(&form).await.unwrap();
    set(&form).await.unwrap();
    assert_eq!(required(&app, AssetKind::General, RequiredStep::List).await, ["photos"]);
    app.clock().set("2026-03-03T02:00:00Z".parse().unwrap());
    assert_eq!(required(&app, AssetKind::General, RequiredStep::List).await, ["photos", "serial"]);
    assert_eq!(required(&app, AssetKind::Vehicle, RequiredStep::List).await, ["photos"]);
    form.required = false;
    set(&form).await.unwrap();
    assert_eq!(required(&app, AssetKind::General, RequiredStep::List).await, ["photos"]);
}

#[tokio::test]
async fn a_setting_counts_from_its_day_on_and_before_it_the_default() {
    let (app, _folder) = testing::app().await;
    let hold_days = async || {
        app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
            steps::setting(&tx, "hold_days").await
        })
        .await
        .unwrap()
    };
    let form = SettingForm { name: "hold_days".into(), value: 5, from: day("2026-03-05") };
    set_city_setting::set_city_setting(&app, &Actor::system(), None, &form).await.unwrap();
    assert_eq!(hold_days().await, 10);
    let again = SettingForm { value: 6, ..form };
    set_city_setting::set_city_setting(&app, &Actor::system(), None, &again).await.unwrap();
    app.clock().set("2026-03-05T02:00:00Z".parse().unwrap());
    assert_eq!(hold_days().await, 6);
}

#[tokio::test]
async fn a_category_hangs_below_its_own_edition_and_never_below_itself() {
    let (app, _folder) = testing::app().await;
    let root = save(&app, category("A02000000", None)).await.unwrap();
    let leaf = save(&app, category("A02010105", Some(root))).await.unwrap();
    assert_eq!(codes(save(&app, category("A02000000", None)).await), [(Code::Duplicate, "code".into())]);
    let other = CategoryForm { edition: "2010".into(), ..category("A02010105", Some(root)) };
    assert_eq!(codes(save(&app, other).await), [(Code::NotFound, "parentId".into())]);
    let below =
        save_category::Input { id: Some(root), version: Some(1), form: category("A02000000", Some(leaf)) };
    let outcome = save_category::save_category(&app, &Actor::system(), None, &below).await;
    assert_eq!(codes(outcome), [(Code::Circle, "parentId".into())]);
}

#[tokio::test]
async fn a_standard_said_again_after_another_of_the_same_day_is_in_force_again() {
    let (app, _folder) = testing::app().await;
    let root = save(&app, category("A02010105", None)).await.unwrap();
    let set = async |cap: i64| {
        let form = StandardForm {
            region_id: None,
            category_id: root,
            rank: None,
            price_cap: Money(cap),
            min_service_months: 72,
            cap_percent: None,
            source: "财资〔2016〕27号".into(),
            valid_from: day("2026-03-01"),
        };
        set_standard::set_standard(&app, &Actor::system(), None, &form).await.unwrap()
    };
    let first = set(500_000).await;
    let second = set(600_000).await;
    let third = set(500_000).await;
    assert!(third != first && third != second, "the first was replaced on its first day, and is void");
    let reference = app.reference();
    let found =
        steps::standard_at(app.db().read(), &reference, root, Uuid::nil(), day("2026-03-02")).await.unwrap();
    assert_eq!(found.map(|row| (row.id, row.price_cap)), Some((third, Money(500_000))));
}

#[tokio::test]
async fn a_new_revision_ends_the_old_one_and_both_are_found_by_their_day() {
    let (app, _folder) = testing::app().await;
    let root = save(&app, category("A02000000", None)).await.unwrap();
    let leaf = save(&app, category("A02010105", Some(root))).await.unwrap();
    let form = StandardForm {
        region_id: None,
        category_id: root,
        rank: None,
        price_cap: Money(500_000),
        min_service_months: 72,
        cap_percent: None,
        source: "财资〔2016〕27号".into(),
        valid_from: day("2016-07-01"),
    };
    let set =
        async |form: &StandardForm| set_standard::set_standard(&app, &Actor::system(), None, form).await;
    let first = set(&form).await.unwrap();
    assert_eq!(set(&form).await.unwrap(), first, "said twice, made once");
    let newer = StandardForm { price_cap: Money(600_000), valid_from: day("2026-01-01"), ..form.clone() };
    let second = set(&newer).await.unwrap();
    assert_eq!(set(&form).await.unwrap(), first, "an old revision told again changes nothing");
    let between = StandardForm { price_cap: Money(1), valid_from: day("2020-01-01"), ..form };
    assert_eq!(codes(set(&between).await), [(Code::NewerStandard, "validFrom".into())]);
    let reference = app.reference();
    let nowhere = Uuid::from_u128(7);
    for (on, expected) in [("2016-06-30", None), ("2025-12-31", Some(first)), ("2026-01-01", Some(second))] {
        let found = steps::standard_at(app.db().read(), &reference, leaf, nowhere, day(on)).await.unwrap();
        assert_eq!(found.map(|row| row.id), expected, "on {on}");
    }
}
