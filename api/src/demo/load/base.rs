//! What listings refer to: regions, categories, standards, units, people, the hub.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use entity::Money;
use entity::catalogue::{allocation_standard, category};
use entity::events::Subject;
use entity::identity::{self, Locale, Role, account, role_grant};
use entity::jobs::number_series;
use entity::organisation::{region, unit};
use entity::warehouses::{PlaceKind, storage_place, warehouse};
use sea_orm::{DbErr, IntoActiveModel};
use serde_json::json;
use uuid::Uuid;

use super::ids::{self, Of, Stream};
use super::notes::{self, Note};
use super::outline::Outline;
use crate::bulk::insert;
use crate::catalogue::forms::standard_record;
use crate::clock::Clock;
use crate::demo::city::regions::GB_T_2260;
use crate::demo::city::standards::{self, EDITION, SYSTEM};
use crate::demo::city::{City, Scope, regions};
use crate::fault::Fault;
use crate::write::Tx;

/// Series of request numbers: 调剂申请.
const REQUESTS: &str = "DJ";
/// Series of the disposals' numbers.
const DISPOSALS: &str = "CZ";
/// Series of transfer numbers: 调拨单.
const TRANSFERS: &str = "DB";
/// Series of the ledger's numbers.
const SAVINGS: &str = "SAVING";

/// Identities of the base data, by the index that the city names them with.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) regions: Vec<Uuid>,
    pub(super) categories: Vec<Uuid>,
    pub(super) units: Vec<Uuid>,
    pub(super) accounts: Vec<Uuid>,
    pub(super) warehouse: Uuid,
    pub(super) bins: Vec<Uuid>,
    standards: Vec<Uuid>,
    racks: Vec<Uuid>,
    zones: Vec<Uuid>,
    at: DateTime<Utc>,
    began: NaiveDate,
}

impl Base {
    /// The same for the same city and day.
    pub(super) fn of(city: &City, today: NaiveDate, clock: &Clock) -> Self {
        // Before the first of the stories, which go two years back.
        let began = today - Days::new(3 * 365);
        let at = clock.instant(began.and_time(NaiveTime::MIN));
        let list = |of, count| ids::list(city.seed(), of, count, at);
        let hub = &city.warehouse;
        let mut places = Stream::new(city.seed(), Of::Warehouse, 0);
        let mut next = |count: usize| (0..count).map(|_| places.next(at)).collect::<Vec<_>>();
        let warehouse = next(1)[0];
        Self {
            regions: list(Of::Region, city.regions.len()),
            categories: list(Of::Category, city.categories.len()),
            standards: list(Of::Standard, city.standards.len()),
            units: list(Of::Unit, city.units.len()),
            accounts: list(Of::Account, city.accounts.len()),
            zones: next(hub.zones.len()),
            racks: next(hub.racks.len()),
            bins: next(hub.bins.len()),
            warehouse,
            at,
            began,
        }
    }

    /// The category of a code.
    pub(super) fn category(&self, city: &City, code: &str) -> Option<Uuid> {
        let at = city.categories.iter().position(|category| category.code == code)?;
        Some(self.categories[at])
    }

    /// Writes all of it. `hashes` are the stored password hashes of the roles.
    pub(super) async fn write(
        &self,
        tx: &Tx,
        city: &City,
        outline: &Outline,
        hashes: &[(Role, String)],
    ) -> Result<(), Fault> {
        let mut notes = Vec::new();
        self.organisation(tx, city, &mut notes).await?;
        self.catalogue(tx, city, &mut notes).await?;
        self.hub(tx, city, &mut notes).await?;
        self.people(tx, city, hashes, &mut notes).await?;
        self.series(tx, outline).await?;
        notes::write(tx, notes).await?;
        crate::identity::session::rights_changed(tx).await
    }

    async fn organisation(&self, tx: &Tx, city: &City, notes: &mut Vec<Note>) -> Result<(), DbErr> {
        let mut rows = Vec::new();
        for (at, region) in city.regions.iter().enumerate() {
            let id = self.regions[at];
            rows.push(region::Model {
                id,
                namespace: region.namespace.to_owned(),
                code: region.code.to_owned(),
                name: region.name.to_owned(),
                parent_id: regions::parent(at as u32).map(|parent| self.regions[parent as usize]),
                valid_from: FOUNDED,
                valid_to: None,
                version: 1,
            });
            debug_assert!(region.namespace == GB_T_2260 || region.namespace == regions::LOCAL);
            notes.push(Note::new(Subject::Region, id, "region.loaded", json!({ "code": region.code })));
        }
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await?;
        let mut rows = Vec::new();
        for (at, unit) in city.units.iter().enumerate() {
            let id = self.units[at];
            let other = |index: Option<u32>| index.map(|index| self.units[index as usize]);
            rows.push(unit::Model {
                id,
                name: unit.name.clone(),
                kind: unit.kind,
                credit_code: unit.credit_code.clone(),
                parent_id: other(unit.parent),
                supervisor_id: other(unit.supervisor),
                fiscal_level: unit.fiscal_level,
                fiscal_region_id: self.regions[unit.fiscal_region as usize],
                place_region_id: self.regions[unit.place_region as usize],
                state: unit.state,
                successor_id: other(unit.successor),
                valid_from: unit.valid_from,
                valid_to: unit.valid_to,
                version: 1,
            });
            notes.push(Note::new(Subject::Unit, id, "unit.loaded", json!({ "name": unit.name })));
        }
        // Parents and successors stand before those that name them.
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await
    }

    async fn catalogue(&self, tx: &Tx, city: &City, notes: &mut Vec<Note>) -> Result<(), DbErr> {
        let id_of = |code: &str| self.category(city, code);
        let mut rows = Vec::new();
        for (category, id) in city.categories.iter().zip(&self.categories) {
            rows.push(category::Model {
                id: *id,
                system: SYSTEM.to_owned(),
                edition: EDITION.to_owned(),
                code: category.code.to_owned(),
                name: category.name.to_owned(),
                parent_id: category.parent.and_then(id_of),
                kind: standards::kind(category.code),
                depreciation_months: category.depreciation_months.map(i64::from),
                has_disk: standards::has_disk(category.code),
                valid_from: FOUNDED,
                valid_to: None,
                version: 1,
            });
            notes.push(Note::new(
                Subject::Category,
                *id,
                "category.loaded",
                json!({ "code": category.code }),
            ));
        }
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await?;
        let mut rows = Vec::new();
        for (standard, id) in city.standards.iter().zip(&self.standards) {
            let (year, month, day) = standard.effective;
            let Some(category_id) = id_of(standard.category) else { continue };
            let row = allocation_standard::Model {
                id: *id,
                // All that the demo ships are central.
                region_id: None,
                category_id,
                rank: standard.rank.map(str::to_owned),
                price_cap: Money(standard.price_cap_fen),
                min_service_months: standard.service_months.into(),
                cap_percent: None,
                source: standard.document.to_owned(),
                revision: 1,
                valid_from: NaiveDate::from_ymd_opt(year, month, day).unwrap_or(FOUNDED),
                valid_to: None,
            };
            notes.push(Note::new(Subject::Standard, *id, "standard.loaded", standard_record(&row)));
            rows.push(row);
        }
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await
    }

    async fn hub(&self, tx: &Tx, city: &City, notes: &mut Vec<Note>) -> Result<(), DbErr> {
        let hub = &city.warehouse;
        let row = warehouse::Model {
            id: self.warehouse,
            code: hub.code.to_owned(),
            name: hub.name.to_owned(),
            unit_id: self.units[hub.unit as usize],
            region_id: self.regions[hub.region as usize],
            area_m2: hub.area_m2.into(),
            version: 1,
        };
        insert(tx.conn(), [row.into_active_model()]).await?;
        let payload = json!({ "code": hub.code });
        notes.push(Note::new(Subject::Warehouse, self.warehouse, "warehouse.loaded", payload));
        let place = |id, parent_id, kind, code: &str, name: &str, area_dm2: u32| storage_place::Model {
            id,
            warehouse_id: self.warehouse,
            parent_id,
            kind,
            code: code.to_owned(),
            name: name.to_owned(),
            area_dm2: area_dm2.into(),
            version: 1,
        };
        let zones = hub.zones.iter().zip(&self.zones);
        let zones =
            zones.map(|(zone, id)| place(*id, None, PlaceKind::Zone, zone.code, zone.name, zone.area_dm2));
        let racks = hub.racks.iter().zip(&self.racks).map(|(rack, id)| {
            let parent = self.zones[rack.zone as usize];
            place(*id, Some(parent), PlaceKind::Rack, &rack.code, &rack.code, rack.area_dm2)
        });
        let bins = hub.bins.iter().zip(&self.bins).map(|(bin, id)| {
            let parent = self.racks[bin.rack as usize];
            place(*id, Some(parent), PlaceKind::Bin, &bin.code, &bin.code, bin.area_dm2)
        });
        let rows: Vec<_> = zones.chain(racks).chain(bins).collect();
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await
    }

    async fn people(
        &self,
        tx: &Tx,
        city: &City,
        hashes: &[(Role, String)],
        notes: &mut Vec<Note>,
    ) -> Result<(), Fault> {
        let (mut rows, mut grants) = (Vec::new(), Vec::new());
        for (at, person) in city.accounts.iter().enumerate() {
            let id = self.accounts[at];
            let hash =
                hashes.iter().find(|(role, _)| *role == person.main_role()).map(|(_, hash)| hash.clone());
            rows.push(account::Model {
                id,
                login: person.login.clone(),
                name: person.name.clone(),
                password_hash: hash.ok_or_else(|| anyhow::anyhow!("no password for {}", person.login))?,
                must_change_password: false,
                active: true,
                locale: Locale::Zh,
                created_at: self.at,
                version: 1,
            });
            let mut grant_ids = Stream::new(city.seed(), Of::Account, (city.accounts.len() + at) as u64);
            for (role, scope) in &person.roles {
                let (scope, scope_id) = self.scope(*scope);
                grants.push(role_grant::Model {
                    id: grant_ids.next(self.at),
                    account_id: id,
                    role: *role,
                    scope,
                    scope_id,
                    valid_from: self.began,
                    valid_to: None,
                    granted_by: None,
                    created_at: self.at,
                });
            }
            // No name and no login: what is said about people in the trail would have to be encrypted.
            let roles: Vec<Role> = person.roles.iter().map(|(role, _)| *role).collect();
            notes.push(Note::new(Subject::Account, id, "account.loaded", json!({ "roles": roles })));
        }
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await?;
        insert(tx.conn(), grants.into_iter().map(IntoActiveModel::into_active_model)).await?;
        Ok(())
    }

    fn scope(&self, scope: Scope) -> (identity::Scope, Option<Uuid>) {
        match scope {
            Scope::City => (identity::Scope::City, None),
            Scope::Unit(unit) => (identity::Scope::Unit, Some(self.units[unit as usize])),
            Scope::Subtree(unit) => (identity::Scope::Subtree, Some(self.units[unit as usize])),
            Scope::Region(region) => (identity::Scope::Region, Some(self.regions[region as usize])),
            // The city has the hub alone.
            Scope::Warehouse(_) => (identity::Scope::Warehouse, Some(self.warehouse)),
        }
    }

    /// The series stand at the last number of the whole city from the start: its papers come in other orders.
    async fn series(&self, tx: &Tx, outline: &Outline) -> Result<(), DbErr> {
        let row = |kind: &str, year: i32, last: i64| number_series::Model {
            kind: kind.to_owned(),
            year: year.into(),
            last,
        };
        let mut rows = Vec::new();
        for (kind, lasts) in [
            (REQUESTS, &outline.last_request),
            (TRANSFERS, &outline.last_transfer),
            (DISPOSALS, &outline.last_disposal),
        ] {
            rows.extend(lasts.iter().map(|(year, last)| row(kind, *year, (*last).into())));
        }
        if outline.savings > 0 {
            let methods = crate::savings::rules::METHODS.len() as i64;
            rows.push(row(SAVINGS, 0, i64::from(outline.savings) * methods));
        }
        insert(tx.conn(), rows.into_iter().map(IntoActiveModel::into_active_model)).await
    }
}

/// First day of what was there before the stories began.
const FOUNDED: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// A request's number as it is printed.
pub(super) fn request_number(year: i32, number: u32) -> String {
    format!("{REQUESTS}-{year}-{number:06}")
}

/// A disposal's number as it is printed.
pub(super) fn disposal_number(year: i32, number: u32) -> String {
    format!("{DISPOSALS}-{year}-{number:06}")
}

/// A transfer's number as it is printed.
pub(super) fn transfer_number(year: i32, number: u32) -> String {
    format!("{TRANSFERS}-{year}-{number:06}")
}
