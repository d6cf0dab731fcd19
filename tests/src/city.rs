//! A small city for tests: units with people, a rule book, a warehouse. Rows go straight into the tables, because a
//! test of hand-overs should not wait for a hundred password hashes; what happens in the city goes through the API.

use std::sync::Arc;

use api::app::App;
use api::graphql::ids::{Kind, encode};
use api::identity::session::{open, rights_changed};
use api::identity::{Actor, password};
use api::write::{Command, Tx};
use entity::Money;
use entity::catalogue::{AssetKind, allocation_standard, category};
use entity::events::Subject;
use entity::identity::{Locale, Role, Scope, account, role_grant};
use entity::organisation::{FiscalLevel, UnitKind, UnitState, region, unit};
use entity::warehouses::{PlaceKind, storage_place, warehouse};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use crate::Client;

/// Password of every account here.
pub const PASSWORD: &str = "a warehouse of 2026 desks";

/// Somebody with a session.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub account_id: Uuid,
}

/// A unit with its clerk and its head.
#[derive(Clone)]
pub struct Unit {
    pub id: Uuid,
    /// Global id.
    pub gid: String,
    pub clerk: Person,
    pub head: Person,
}

/// The city, as its people see it.
#[derive(Clone)]
pub struct City {
    pub giver: Unit,
    pub receivers: Vec<Unit>,
    pub office: Person,
    pub staff: Person,
    pub finance: Person,
    pub auditor: Person,
    pub administrator: Person,
    /// Global id of a category without a disk, with a standard of ¥3,000 and 180 months of depreciation.
    pub desks: String,
    /// Global id of a category with a disk.
    pub computers: String,
    pub warehouse: String,
    pub bin: String,
}

impl City {
    /// Founds it in an empty database, for clients of the server at `base`.
    pub async fn found(app: &App, base: &str, receivers: usize) -> anyhow::Result<Self> {
        let hash: Arc<str> = password::hash(app.ids(), PASSWORD).await?.into();
        let made = app
            .write(&Actor::system(), Command::new("foundCity", None, &()), |tx: Tx| {
                let hash = Arc::clone(&hash);
                async move {
                    let mut founding =
                        Founding { tx: &tx, hash: &hash, accounts: Vec::new(), grants: Vec::new() };
                    founding.run(receivers).await
                }
            })
            .await?;
        app.generation().await?;
        Ok(made.city(&Client::new(base)))
    }

    /// The same city on another day: everybody signs in again, for a session lasts hours.
    pub async fn another_day(&self, app: &App) -> anyhow::Result<Self> {
        let mut city = self.clone();
        let units = std::iter::once(&mut city.giver).chain(&mut city.receivers);
        let mut people: Vec<&mut Person> = units.flat_map(|unit| [&mut unit.clerk, &mut unit.head]).collect();
        people.extend([
            &mut city.office,
            &mut city.staff,
            &mut city.finance,
            &mut city.auditor,
            &mut city.administrator,
        ]);
        let accounts: &Vec<Uuid> = &people.iter().map(|person| person.account_id).collect();
        let tokens: Vec<String> = app
            .write(&Actor::system(), Command::new("signInAgain", None, &()), |tx: Tx| async move {
                let mut tokens = Vec::with_capacity(accounts.len());
                for account in accounts {
                    tokens.push(open(&tx, *account).await?);
                }
                Ok(tokens)
            })
            .await?;
        for (person, token) in people.into_iter().zip(tokens) {
            person.client = person.client.with_token(&token);
        }
        Ok(city)
    }

    /// The same city through another server.
    pub fn at(&self, base: &str) -> Self {
        let person = |person: &Person| Person { client: person.client.at(base), ..person.clone() };
        let unit =
            |unit: &Unit| Unit { clerk: person(&unit.clerk), head: person(&unit.head), ..unit.clone() };
        Self {
            giver: unit(&self.giver),
            receivers: self.receivers.iter().map(unit).collect(),
            office: person(&self.office),
            staff: person(&self.staff),
            finance: person(&self.finance),
            auditor: person(&self.auditor),
            administrator: person(&self.administrator),
            ..self.clone()
        }
    }
}

/// What the founding transaction gives: ids and tokens.
#[derive(serde::Serialize, serde::Deserialize)]
struct Made {
    /// Unit, clerk, head.
    units: Vec<(Uuid, Session, Session)>,
    /// Office, staff, finance, auditor, administrator.
    officials: Vec<Session>,
    desks: Uuid,
    computers: Uuid,
    warehouse: Uuid,
    bin: Uuid,
}

type Session = (Uuid, String);

impl Made {
    fn city(self, base: &Client) -> City {
        let person = |(account_id, token): &Session| Person {
            client: base.with_token(token),
            account_id: *account_id,
        };
        let mut units: Vec<Unit> = self
            .units
            .iter()
            .map(|(id, clerk, head)| Unit {
                id: *id,
                gid: encode(Kind::Unit, *id).0,
                clerk: person(clerk),
                head: person(head),
            })
            .collect();
        let receivers = units.split_off(1);
        City {
            giver: units.remove(0),
            receivers,
            office: person(&self.officials[0]),
            staff: person(&self.officials[1]),
            finance: person(&self.officials[2]),
            auditor: person(&self.officials[3]),
            administrator: person(&self.officials[4]),
            desks: encode(Kind::Category, self.desks).0,
            computers: encode(Kind::Category, self.computers).0,
            warehouse: encode(Kind::Warehouse, self.warehouse).0,
            bin: encode(Kind::Place, self.bin).0,
        }
    }
}

struct Founding<'a> {
    tx: &'a Tx,
    hash: &'a str,
    accounts: Vec<account::ActiveModel>,
    grants: Vec<role_grant::ActiveModel>,
}

impl Founding<'_> {
    async fn run(&mut self, receivers: usize) -> Result<Made, api::fault::Fault> {
        let tx = self.tx;
        let from = "2020-01-01".parse().expect("a day");
        let place = |code: &str, name: &str, parent_id| region::Model {
            id: tx.id(),
            namespace: "GB2260".into(),
            code: code.into(),
            name: name.into(),
            parent_id,
            valid_from: from,
            valid_to: None,
            version: 1,
        };
        let city = place("420100", "武汉市", None);
        let district = place("420106", "武昌区", Some(city.id));
        let (city_id, district_id) = (city.id, district.id);
        for row in [city, district] {
            region::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(tx.conn())
                .await?;
        }
        let body = |name: String, region| unit::Model {
            id: tx.id(),
            name,
            kind: UnitKind::Unit,
            credit_code: None,
            parent_id: None,
            supervisor_id: None,
            fiscal_level: if region == city_id { FiscalLevel::City } else { FiscalLevel::District },
            fiscal_region_id: region,
            place_region_id: district_id,
            state: UnitState::Active,
            successor_id: None,
            valid_from: from,
            valid_to: None,
            version: 1,
        };
        let office = body("市机关事务管理局".into(), city_id);
        let office_id = office.id;
        let mut bodies = vec![office, body("市教育局".into(), city_id)];
        bodies.extend((1..=receivers).map(|n| body(format!("武昌区第{n}图书馆"), district_id)));
        let units: Vec<Uuid> = bodies.iter().skip(1).map(|unit| unit.id).collect();
        for part in bodies.chunks(50) {
            let rows = part.iter().map(|row| row.clone().into_active_model().reset_all());
            unit::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        }
        let kind = |code: &str, name: &str, months: i64, has_disk| category::Model {
            id: tx.id(),
            system: "GB/T 14885".into(),
            edition: "2022".into(),
            code: code.into(),
            name: name.into(),
            parent_id: None,
            kind: AssetKind::General,
            depreciation_months: Some(months),
            has_disk,
            valid_from: from,
            valid_to: None,
            version: 1,
        };
        let desks = kind("A05010201", "办公桌", 180, false);
        let computers = kind("A02010105", "台式计算机", 72, true);
        let (desks_id, computers_id) = (desks.id, computers.id);
        for row in [desks, computers] {
            category::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(tx.conn())
                .await?;
        }
        let standard = allocation_standard::Model {
            id: tx.id(),
            region_id: None,
            category_id: desks_id,
            rank: None,
            price_cap: Money(300_000),
            min_service_months: 180,
            cap_percent: None,
            source: "财资〔2016〕27号".into(),
            revision: 1,
            valid_from: from,
            valid_to: None,
        };
        let record = api::catalogue::forms::standard_record(&standard);
        tx.record(Subject::Standard, standard.id, 1, "standard.loaded", &record);
        allocation_standard::Entity::insert(standard.into_active_model().reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        let (warehouse, bin) = self.warehouse(office_id, district_id).await?;

        let mut people = Vec::new();
        for (n, unit) in units.iter().enumerate() {
            let clerk = self.person(&format!("clerk-{n}"), Role::Clerk, Scope::Unit, Some(*unit));
            people.push((
                *unit,
                clerk,
                self.person(&format!("head-{n}"), Role::Head, Scope::Unit, Some(*unit)),
            ));
        }
        let officials = [
            self.person("office", Role::Office, Scope::City, None),
            self.person("staff", Role::Staff, Scope::Warehouse, Some(warehouse)),
            self.person("finance", Role::Finance, Scope::City, None),
            self.person("auditor", Role::Auditor, Scope::City, None),
            self.person("administrator", Role::Administrator, Scope::City, None),
        ];
        for rows in self.accounts.chunks(50) {
            account::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        for rows in self.grants.chunks(50) {
            role_grant::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        let mut made = Made {
            units: Vec::new(),
            officials: Vec::new(),
            desks: desks_id,
            computers: computers_id,
            warehouse,
            bin,
        };
        for (unit, clerk, head) in people {
            made.units.push((unit, (clerk, open(tx, clerk).await?), (head, open(tx, head).await?)));
        }
        for official in officials {
            made.officials.push((official, open(tx, official).await?));
        }
        rights_changed(tx).await?;
        Ok(made)
    }

    async fn warehouse(&self, unit_id: Uuid, region_id: Uuid) -> Result<(Uuid, Uuid), api::fault::Fault> {
        let tx = self.tx;
        let warehouse = warehouse::Model {
            id: tx.id(),
            code: "H1".into(),
            name: "公物仓一号库".into(),
            unit_id,
            region_id,
            area_m2: 3000,
            version: 1,
        };
        let id = warehouse.id;
        warehouse::Entity::insert(warehouse.into_active_model().reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        let mut above = None;
        for (kind, code) in [(PlaceKind::Zone, "A"), (PlaceKind::Rack, "A-01"), (PlaceKind::Bin, "A-01-01")] {
            let place = storage_place::Model {
                id: tx.id(),
                warehouse_id: id,
                parent_id: above,
                kind,
                code: code.into(),
                name: code.into(),
                area_dm2: 100,
                version: 1,
            };
            above = Some(place.id);
            storage_place::Entity::insert(place.into_active_model().reset_all())
                .exec_without_returning(tx.conn())
                .await?;
        }
        Ok((id, above.expect("three places were made")))
    }

    fn person(&mut self, login: &str, role: Role, scope: Scope, scope_id: Option<Uuid>) -> Uuid {
        let account = account::Model {
            id: self.tx.id(),
            login: login.into(),
            name: login.into(),
            password_hash: self.hash.into(),
            must_change_password: false,
            active: true,
            locale: Locale::En,
            created_at: self.tx.now(),
            version: 1,
        };
        let id = account.id;
        let grant = role_grant::Model {
            id: self.tx.id(),
            account_id: id,
            role,
            scope,
            scope_id,
            valid_from: "2020-01-01".parse().expect("a day"),
            valid_to: None,
            granted_by: None,
            created_at: self.tx.now(),
        };
        self.accounts.push(account.into_active_model().reset_all());
        self.grants.push(grant.into_active_model().reset_all());
        id
    }
}
