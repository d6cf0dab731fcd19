//! A small city for tests: a bureau with two units below it, an office, and a warehouse.

use chrono::NaiveDate;
use entity::assets::{Condition, asset};
use entity::catalogue::{AssetKind, category};
use entity::identity::{Locale, Role, Scope, account, role_grant};
use entity::listings::{Custody, listing, listing_stock};
use entity::organisation::{FiscalLevel, UnitKind, UnitState, region, unit};
use entity::photos::{PhotoStage, photo, photo_blob};
use entity::warehouses::{PlaceKind, storage_place, warehouse};
use entity::{Money, approvals::approval_step};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use tempfile::TempDir;
use uuid::Uuid;

use crate::app::App;
use crate::approvals;
use crate::approvals::rules::Verdict;
use crate::assets::card::CardPatch;
use crate::assets::draft::{self as asset_draft, draft_asset};
use crate::decisions::decide::{Decide, DecidedSteps, OneDecision, decide_steps};
use crate::fault::{Code, Fault};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::listings::draft::{self as listing_draft, draft_listing};
use crate::listings::submit::{Submit, submit_listing};
use crate::listings::terms::TermsPatch;

/// The city.
pub(super) struct World {
    pub app: App,
    pub bureau: Uuid,
    pub giver: Uuid,
    pub other: Uuid,
    pub desks: Uuid,
    pub computers: Uuid,
    /// Below the computers; says nothing of a disk itself.
    pub laptops: Uuid,
    pub vehicles: Uuid,
    pub rooms: Uuid,
    pub warehouse: Uuid,
    pub zone: Uuid,
    pub bin: Uuid,
    pub strange_bin: Uuid,
    _folder: TempDir,
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap()
}

macro_rules! put {
    ($app:expr, $entity:ty, $model:expr) => {
        <$entity>::insert($model.into_active_model().reset_all())
            .exec_without_returning($app.db().writer())
            .await
            .unwrap()
    };
}

impl World {
    pub(super) async fn new() -> Self {
        let (app, folder) = crate::testing::app().await;
        let id = || app.ids().next(app.clock().now());
        let [city, bureau, giver, other] = std::array::from_fn(|_| id());
        let [desks, computers, laptops, vehicles, rooms] = std::array::from_fn(|_| id());
        let [house, strange_house, zone, bin, strange_bin] = std::array::from_fn(|_| id());
        let region = region::Model {
            id: city,
            namespace: "GB2260".into(),
            code: "420100".into(),
            name: "武汉市".into(),
            parent_id: None,
            valid_from: day(),
            valid_to: None,
            version: 1,
        };
        put!(app, region::Entity, region);
        for (id, name, parent) in
            [(bureau, "教育局", None), (giver, "一中", Some(bureau)), (other, "图书馆", None)]
        {
            let unit = unit::Model {
                id,
                name: name.into(),
                kind: UnitKind::Unit,
                credit_code: None,
                parent_id: parent,
                supervisor_id: None,
                fiscal_level: FiscalLevel::City,
                fiscal_region_id: city,
                place_region_id: city,
                state: UnitState::Active,
                successor_id: None,
                valid_from: day(),
                valid_to: None,
                version: 1,
            };
            put!(app, unit::Entity, unit);
        }
        for (id, code, kind, has_disk, parent_id) in [
            (desks, "A05010201", AssetKind::General, false, None),
            (computers, "A02010100", AssetKind::General, true, None),
            (laptops, "A02010108", AssetKind::General, false, Some(computers)),
            (vehicles, "A02030500", AssetKind::Vehicle, false, None),
            (rooms, "A01010000", AssetKind::RealEstate, false, None),
        ] {
            let category = category::Model {
                id,
                system: "GB/T 14885".into(),
                edition: "2022".into(),
                code: code.into(),
                name: code.into(),
                parent_id,
                kind,
                depreciation_months: None,
                has_disk,
                valid_from: day(),
                valid_to: None,
                version: 1,
            };
            put!(app, category::Entity, category);
        }
        for (id, code) in [(house, "WH1"), (strange_house, "WH2")] {
            let model = warehouse::Model {
                id,
                code: code.into(),
                name: code.into(),
                unit_id: bureau,
                region_id: city,
                area_m2: 3000,
                version: 1,
            };
            put!(app, warehouse::Entity, model);
        }
        for (id, warehouse_id, parent_id, kind) in [
            (zone, house, None, PlaceKind::Zone),
            (bin, house, Some(zone), PlaceKind::Bin),
            (strange_bin, strange_house, None, PlaceKind::Bin),
        ] {
            let place = storage_place::Model {
                id,
                warehouse_id,
                parent_id,
                kind,
                code: id.simple().to_string(),
                name: String::new(),
                area_dm2: 100,
                version: 1,
            };
            put!(app, storage_place::Entity, place);
        }
        app.load_reference().await.unwrap();
        Self {
            app,
            bureau,
            giver,
            other,
            desks,
            computers,
            laptops,
            vehicles,
            rooms,
            warehouse: house,
            zone,
            bin,
            strange_bin,
            _folder: folder,
        }
    }

    /// A new person with one role.
    pub(super) async fn person(&self, role: Role, scope: Scope, scope_id: Option<Uuid>) -> Actor {
        let id = self.app.ids().next(self.app.clock().now());
        let account = account::Model {
            id,
            login: id.simple().to_string(),
            name: format!("{role}"),
            password_hash: String::new(),
            must_change_password: false,
            active: true,
            locale: Locale::Zh,
            created_at: self.app.clock().now(),
            version: 1,
        };
        put!(self.app, account::Entity, account.clone());
        let grant = role_grant::Model {
            id: self.app.ids().next(self.app.clock().now()),
            account_id: id,
            role,
            scope,
            scope_id,
            valid_from: day(),
            valid_to: None,
            granted_by: None,
            created_at: self.app.clock().now(),
        };
        put!(self.app, role_grant::Entity, grant.clone());
        Actor::person(account, &[grant], &[], &self.app.reference())
    }

    pub(super) async fn at(&self, role: Role, unit: Uuid) -> Actor {
        self.person(role, Scope::Unit, Some(unit)).await
    }

    pub(super) async fn office(&self) -> Actor {
        self.person(Role::Office, Scope::City, None).await
    }

    /// A complete card of desks.
    pub(super) fn card(&self, quantity: i64, value: i64) -> CardPatch {
        CardPatch {
            name: Some("办公桌".into()),
            category_id: Some(Some(self.desks)),
            condition: Some(Some(Condition::Good)),
            place: Some("三楼".into()),
            quantity: Some(quantity),
            value: Some(Some(Money(value))),
            ..CardPatch::default()
        }
    }

    pub(super) async fn enter(&self, clerk: &Actor, card: CardPatch) -> Result<Uuid, Fault> {
        self.enter_at(clerk, self.giver, card).await
    }

    pub(super) async fn enter_at(&self, clerk: &Actor, holder: Uuid, card: CardPatch) -> Result<Uuid, Fault> {
        let draft = asset_draft::Draft { holder_id: holder, kind: None, card };
        Ok(draft_asset(&self.app, clerk, None, &draft).await?.id)
    }

    pub(super) async fn photo(&self, asset_id: Uuid, author: &Actor) {
        let sha256 = asset_id.simple().to_string();
        let blob = photo_blob::Model {
            sha256: sha256.clone(),
            width: 1,
            height: 1,
            bytes: 1,
            phash: "0".into(),
            created_at: self.app.clock().now(),
            clearing_at: None,
        };
        put!(self.app, photo_blob::Entity, blob);
        let photo = photo::Model {
            id: self.app.ids().next(self.app.clock().now()),
            asset_id,
            sha256,
            position: 1,
            stage: PhotoStage::Listing,
            name: "a.jpg".into(),
            created_by: author.account_id().unwrap(),
            created_at: self.app.clock().now(),
        };
        put!(self.app, photo::Entity, photo);
    }

    pub(super) async fn offer(
        &self,
        clerk: &Actor,
        asset_id: Uuid,
        terms: TermsPatch,
    ) -> Result<Uuid, Fault> {
        let draft = listing_draft::Draft { asset_id, terms };
        Ok(draft_listing(&self.app, clerk, None, &draft).await?.id)
    }

    pub(super) async fn submit(&self, clerk: &Actor, id: Uuid) -> Result<(), Fault> {
        let version = self.listing(id).await.version;
        submit_listing(&self.app, clerk, None, &Submit { id, version }).await.map(drop)
    }

    /// Decides the oldest task of the person.
    pub(super) async fn decide(&self, actor: &Actor, verdict: Verdict) -> Result<DecidedSteps, Fault> {
        let step = self.tasks(actor).await.first().map_or(Uuid::nil(), |step| step.id);
        self.decide_step(actor, step, verdict).await
    }

    pub(super) async fn decide_step(
        &self,
        actor: &Actor,
        step_id: Uuid,
        verdict: Verdict,
    ) -> Result<DecidedSteps, Fault> {
        let decision = OneDecision { step_id, verdict, comment: Some("如题".into()), quantity: None };
        decide_steps(&self.app, actor, None, &Decide { decisions: vec![decision] }).await
    }

    pub(super) async fn tasks(&self, actor: &Actor) -> Vec<approval_step::Model> {
        let page = Page { first: 20, after: None, look_on: true };
        let tasks = approvals::read::tasks(&self.app, actor, &page).await.unwrap();
        tasks.into_iter().map(|(row, _)| row.step).collect()
    }

    pub(super) async fn listing(&self, id: Uuid) -> listing::Model {
        listing::Entity::find_by_id(id).one(self.app.db().read()).await.unwrap().unwrap()
    }

    pub(super) async fn stock(&self, id: Uuid) -> listing_stock::Model {
        listing_stock::Entity::find_by_id(id).one(self.app.db().read()).await.unwrap().unwrap()
    }

    pub(super) async fn asset(&self, id: Uuid) -> asset::Model {
        asset::Entity::find_by_id(id).one(self.app.db().read()).await.unwrap().unwrap()
    }

    /// Lets a minute go by: what happens at one instant is in no order.
    pub(super) fn later(&self) {
        self.app.clock().set(self.app.clock().now() + chrono::Duration::minutes(1));
    }

    /// A listed lot of desks: (asset, listing).
    pub(super) async fn listed(&self, quantity: i64, terms: TermsPatch) -> (Uuid, Uuid) {
        let clerk = self.at(Role::Clerk, self.giver).await;
        let asset = self.enter(&clerk, self.card(quantity, 1_000)).await.unwrap();
        self.photo(asset, &clerk).await;
        let physical = terms.custody == Some(Custody::Physical);
        let listing = self.offer(&clerk, asset, terms).await.unwrap();
        // Before the submission: a step finds its seat when its turn comes.
        let head = self.at(Role::Head, self.giver).await;
        self.submit(&clerk, listing).await.unwrap();
        self.decide(&head, Verdict::Approve).await.unwrap();
        self.decide(&self.office().await, Verdict::Approve).await.unwrap();
        if physical {
            let staff = self.person(Role::Staff, Scope::Warehouse, Some(self.warehouse)).await;
            let version = self.listing(listing).await.version;
            let inspect = crate::listings::inspect::Inspect {
                id: listing,
                version,
                verdict: crate::listings::inspect::Verdict::Accept,
                accepted: None,
                place_id: Some(self.bin),
                note: None,
            };
            crate::listings::inspect::inspect_listing(&self.app, &staff, None, &inspect).await.unwrap();
        }
        (asset, listing)
    }
}

/// Codes and fields of a rejection.
pub(super) fn told<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> Vec<(Code, String)> {
    match outcome {
        Err(Fault::Rejected(rejections)) => {
            rejections.into_iter().map(|rejection| (rejection.code, rejection.field.join("."))).collect()
        }
        other => panic!("not rejected: {other:?}"),
    }
}
