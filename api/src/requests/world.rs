//! A small city for tests of the receiver's side: units with people, a category with its standard, and listings.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use entity::Money;
use entity::approvals::{CaseState, StepState, approval_case, approval_step};
use entity::assets::{AssetState, Condition, ValueBasis, asset, asset_holding};
use entity::catalogue::{AssetKind, AssetSource, allocation_standard, category};
use entity::events::Subject;
use entity::identity::{Locale, Role, Scope, account, role_grant};
use entity::listings::{Audience, AwardMode, Custody, ListingState, Purpose, listing, listing_stock};
use entity::organisation::{FiscalLevel, UnitKind, UnitState, region, unit};
use entity::requests::{LineState, request_line};
use entity::transfers::transfer;
use entity::warehouses::warehouse;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::draft::{Draft, LineInput};
use super::submit;
use crate::app::App;
use crate::approvals::rules::Verdict;
use crate::assets::verify::Facts;
use crate::catalogue::forms::{SettingForm, standard_record};
use crate::catalogue::set_city_setting::set_city_setting;
use crate::decisions::decide::{Decide, OneDecision, decide_steps};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::testing;
use crate::transfers::{receive, release};
use crate::write::Command;

/// People of one unit.
pub(crate) struct People {
    pub(crate) unit: Uuid,
    pub(crate) clerk: Actor,
    pub(crate) head: Actor,
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) giver: People,
    pub(crate) asker: People,
    pub(crate) rival: People,
    pub(crate) office: Actor,
    pub(crate) staff: Actor,
    pub(crate) finance: Actor,
    pub(crate) warehouse: Uuid,
    pub(crate) category: Uuid,
    pub(crate) standard: Uuid,
    pub(crate) city: Uuid,
    pub(crate) district: Uuid,
    keys: AtomicU64,
    _folder: TempDir,
}

macro_rules! insert {
    ($app:expr, $row:expr) => {
        $row.into_active_model().reset_all().insert($app.db().writer()).await.expect("a row for the test")
    };
}

/// What is offered.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) quantity: i64,
    pub(crate) value: Option<i64>,
    pub(crate) basis: ValueBasis,
    pub(crate) source: AssetSource,
    pub(crate) custody: Custody,
    pub(crate) purpose: Purpose,
    pub(crate) directed_to: Option<Uuid>,
}

impl Offer {
    pub(crate) fn of(quantity: i64) -> Self {
        Self {
            quantity,
            value: Some(450_000 * quantity),
            basis: ValueBasis::Original,
            source: AssetSource::Idle,
            custody: Custody::Virtual,
            purpose: Purpose::Transfer,
            directed_to: None,
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let (app, folder) = testing::app().await;
        let now = app.clock().now();
        let from = "2020-01-01".parse().expect("a day");
        let id = || app.ids().next(now);
        let place = |code: &str, name: &str, parent_id| region::Model {
            id: id(),
            namespace: "GB2260".into(),
            code: code.into(),
            name: name.into(),
            parent_id,
            valid_from: from,
            valid_to: None,
            version: 1,
        };
        let city = insert!(app, place("420100", "武汉市", None)).id;
        let district = insert!(app, place("420106", "武昌区", Some(city))).id;
        let body = |name: &str, region| unit::Model {
            id: id(),
            name: name.into(),
            kind: UnitKind::Unit,
            credit_code: None,
            parent_id: None,
            supervisor_id: None,
            fiscal_level: if region == city { FiscalLevel::City } else { FiscalLevel::District },
            fiscal_region_id: region,
            place_region_id: district,
            state: UnitState::Active,
            successor_id: None,
            valid_from: from,
            valid_to: None,
            version: 1,
        };
        let giver = insert!(app, body("市教育局", city)).id;
        let asker = insert!(app, body("武昌区图书馆", district)).id;
        let rival = insert!(app, body("武昌区文化馆", district)).id;
        let office = insert!(app, body("市机关事务管理局", city)).id;
        let category = insert!(
            app,
            category::Model {
                id: id(),
                system: "GB/T 14885".into(),
                edition: "2022".into(),
                code: "A02010105".into(),
                name: "台式计算机".into(),
                parent_id: None,
                kind: AssetKind::General,
                depreciation_months: Some(72),
                has_disk: false,
                valid_from: from,
                valid_to: None,
                version: 1,
            }
        )
        .id;
        let standard = insert!(
            app,
            allocation_standard::Model {
                id: id(),
                region_id: None,
                category_id: category,
                rank: None,
                price_cap: Money(500_000),
                min_service_months: 72,
                cap_percent: None,
                source: "财资〔2016〕27号".into(),
                revision: 1,
                valid_from: from,
                valid_to: None,
            }
        );
        note(&app, Subject::Standard, standard.id, "standard.loaded", standard_record(&standard)).await;
        let warehouse = insert!(
            app,
            warehouse::Model {
                id: id(),
                code: "H1".into(),
                name: "公物仓一号库".into(),
                unit_id: office,
                region_id: district,
                area_m2: 3000,
                version: 1,
            }
        )
        .id;
        app.load_reference().await.expect("reference data loads");
        let person =
            async |login: &str, role, scope, scope_id| person(&app, login, role, scope, scope_id).await;
        let people = async |unit: Uuid, name: &str| People {
            unit,
            clerk: person(&format!("{name}.clerk"), Role::Clerk, Scope::Unit, Some(unit)).await,
            head: person(&format!("{name}.head"), Role::Head, Scope::Unit, Some(unit)).await,
        };
        Self {
            giver: people(giver, "giver").await,
            asker: people(asker, "asker").await,
            rival: people(rival, "rival").await,
            office: person("office", Role::Office, Scope::City, None).await,
            staff: person("staff", Role::Staff, Scope::Warehouse, Some(warehouse)).await,
            finance: person("finance", Role::Finance, Scope::City, None).await,
            warehouse,
            category,
            standard: standard.id,
            city,
            district,
            keys: AtomicU64::new(0),
            _folder: folder,
            app,
        }
    }

    /// The person with one more role.
    pub(crate) async fn also(&self, who: &Actor, role: Role, unit: Uuid) -> Actor {
        let account = who.account_id().expect("a person");
        grant(&self.app, account, role, Scope::Unit, Some(unit)).await;
        self.app.actor_of(account).await.expect("read").expect("an actor")
    }

    /// People of one unit more: the one that the warehouse belongs to.
    pub(crate) async fn third(&self) -> People {
        let warehouse = warehouse::Entity::find_by_id(self.warehouse).one(self.app.db().read()).await;
        let unit = warehouse.expect("read").expect("a warehouse").unit_id;
        People {
            unit,
            clerk: person(&self.app, "third.clerk", Role::Clerk, Scope::Unit, Some(unit)).await,
            head: person(&self.app, "third.head", Role::Head, Scope::Unit, Some(unit)).await,
        }
    }

    fn key(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Sets a number of the rule book, from today on.
    pub(crate) async fn set(&self, name: &str, value: i64) {
        let form = SettingForm { name: name.into(), value, from: self.app.clock().today() };
        set_city_setting(&self.app, &Actor::system(), None, &form).await.expect("a setting");
    }

    /// Lets days pass.
    pub(crate) fn days(&self, days: i64) {
        self.app.clock().set(self.app.clock().now() + TimeDelta::days(days));
    }

    /// A listing that is open for requests.
    pub(crate) async fn list(&self, offer: Offer) -> Uuid {
        let card = self.put(&offer).await;
        self.offer(card, &self.giver, offer).await
    }

    /// A card of the giver that nobody offers.
    pub(crate) async fn put(&self, offer: &Offer) -> asset::Model {
        let app = &self.app;
        let now = app.clock().now();
        let created_by = self.giver.clerk.account_id().expect("a person");
        let card = insert!(
            app,
            asset::Model {
                id: app.ids().next(now),
                kind: AssetKind::General,
                source: offer.source,
                state: AssetState::Active,
                holder_id: self.giver.unit,
                number: Some(format!("G-{}", self.key())),
                category_id: Some(self.category),
                name: "台式计算机".into(),
                brand: "联想".into(),
                model: "M4".into(),
                serial: None,
                serial_key: None,
                description: String::new(),
                condition: Some(Condition::Good),
                place: "一楼".into(),
                bin_id: None,
                quantity: offer.quantity,
                measure: "台".into(),
                value: offer.value.map(Money),
                value_basis: offer.basis,
                acquired_on: Some("2023-03-15".parse().expect("a day")),
                funding_source: String::new(),
                depreciation_months: None,
                min_service_months: None,
                restricted: false,
                erasure_record: None,
                details: serde_json::json!({}),
                parent_id: None,
                created_by,
                created_at: now,
                updated_at: now,
                version: 1,
            }
        );
        insert!(
            app,
            asset_holding::Model {
                id: app.ids().next(now),
                asset_id: card.id,
                unit_id: self.giver.unit,
                number: card.number.clone(),
                transfer_id: None,
                succession_id: None,
                from_at: now,
                to_at: None,
            }
        );
        note(app, Subject::Asset, card.id, "asset.loaded", json!(Facts::from(&card))).await;
        card
    }

    /// Somebody with a role over the whole city.
    pub(crate) async fn colleague(&self, login: &str, role: Role) -> Actor {
        person(&self.app, login, role, Scope::City, None).await
    }

    /// Offers a card that is there.
    pub(crate) async fn offer(&self, card: asset::Model, unit: &People, offer: Offer) -> Uuid {
        let app = &self.app;
        let now = app.clock().now();
        let created_by = unit.clerk.account_id().expect("a person");
        let listing = insert!(
            app,
            listing::Model {
                id: app.ids().next(now),
                asset_id: card.id,
                unit_id: unit.unit,
                custody: offer.custody,
                state: ListingState::Listed,
                purpose: offer.purpose,
                directed_to: offer.directed_to,
                award_mode: AwardMode::FirstCome,
                claim_window_days: None,
                audience: Audience::City,
                audience_id: None,
                audience_until: None,
                warehouse_id: (offer.custody == Custody::Physical).then_some(self.warehouse),
                note: String::new(),
                approval_number: Some("武教资〔2026〕1号".into()),
                reason: None,
                created_by,
                created_at: now,
                submitted_at: Some(now),
                listed_at: Some(now),
                confirmed_at: Some(now),
                reconfirm_by: None,
                reconfirm_counted_to: None,
                paused_at: None,
                updated_at: now,
                version: 1,
            }
        );
        insert!(
            app,
            listing_stock::Model {
                listing_id: listing.id,
                offered: offer.quantity,
                available: offer.quantity,
                held: 0,
                reserved: 0,
                in_transit: 0,
                delivered: 0,
                withdrawn: 0,
                lost: 0,
                queue_next: 1,
            }
        );
        let payload = json!({ "offered": offer.quantity });
        note(app, Subject::Listing, listing.id, "listing.loaded", payload).await;
        listing.id
    }

    /// Drafts and submits a request; gives its lines in their order.
    pub(crate) async fn ask(
        &self,
        who: &People,
        lines: &[(Uuid, i64)],
    ) -> Result<Vec<request_line::Model>, Fault> {
        let lines = lines
            .iter()
            .map(|(listing_id, quantity)| LineInput { listing_id: *listing_id, quantity: *quantity });
        let draft = Draft {
            unit_id: who.unit,
            justification: "阅览室需要".into(),
            needed_by: None,
            need: None,
            lines: lines.collect(),
        };
        let done = super::draft::draft(&self.app, &who.clerk, Some(&self.key()), &draft).await?;
        let input = submit::Input { request_id: done.request_id, version: Some(1), over_cap_reason: None };
        submit::submit(&self.app, &who.clerk, Some(&self.key()), &input).await?;
        let lines = request_line::Entity::find()
            .filter(request_line::Column::RequestId.eq(done.request_id))
            .order_by_asc(request_line::Column::Position)
            .all(self.app.db().read())
            .await?;
        Ok(lines)
    }

    /// One line, submitted.
    pub(crate) async fn ask_one(&self, who: &People, listing: Uuid, quantity: i64) -> request_line::Model {
        self.ask(who, &[(listing, quantity)]).await.expect("a request").remove(0)
    }

    pub(crate) async fn line(&self, id: Uuid) -> request_line::Model {
        request_line::Entity::find_by_id(id).one(self.app.db().read()).await.expect("read").expect("a line")
    }

    pub(crate) async fn state(&self, id: Uuid) -> LineState {
        self.line(id).await.state
    }

    pub(crate) async fn transfer(&self, id: Uuid) -> transfer::Model {
        transfer::Entity::find_by_id(id).one(self.app.db().read()).await.expect("read").expect("a transfer")
    }

    pub(crate) async fn card(&self, id: Uuid) -> asset::Model {
        asset::Entity::find_by_id(id).one(self.app.db().read()).await.expect("read").expect("a card")
    }

    /// available, held, reserved, in transit, delivered, withdrawn, lost.
    pub(crate) async fn stock(&self, listing: Uuid) -> [i64; 7] {
        let row = listing_stock::Entity::find_by_id(listing).one(self.app.db().read()).await;
        let s = row.expect("read").expect("a stock");
        [s.available, s.held, s.reserved, s.in_transit, s.delivered, s.withdrawn, s.lost]
    }

    /// The step of a line's case that waits for somebody.
    pub(crate) async fn pending(&self, line: Uuid) -> Option<approval_step::Model> {
        let case = approval_case::Entity::find()
            .filter(approval_case::Column::SubjectId.eq(line))
            .filter(approval_case::Column::State.eq(CaseState::Open))
            .one(self.app.db().read())
            .await
            .expect("read")?;
        approval_step::Entity::find()
            .filter(approval_step::Column::CaseId.eq(case.id))
            .filter(approval_step::Column::State.eq(StepState::Pending))
            .one(self.app.db().read())
            .await
            .expect("read")
    }

    pub(crate) async fn decide(
        &self,
        who: &Actor,
        line: Uuid,
        verdict: Verdict,
        quantity: Option<i64>,
    ) -> Result<(), Fault> {
        let step = self.pending(line).await.ok_or(Code::NotFound)?;
        let comment = Some("意见".to_owned());
        let decision = OneDecision { step_id: step.id, verdict, comment, quantity };
        decide_steps(&self.app, who, Some(&self.key()), &Decide { decisions: vec![decision] }).await?;
        Ok(())
    }

    /// All approvals of a line that was submitted by `who`.
    pub(crate) async fn approve(&self, who: &People, line: Uuid) {
        while let Some(step) = self.pending(line).await {
            let seats = [who, &self.giver, &self.asker, &self.rival];
            let seated = seats.into_iter().find(|people| step.unit_id == Some(people.unit));
            let approver = seated.map_or(&self.office, |people| &people.head);
            self.decide(approver, line, Verdict::Approve, None).await.expect("an approval");
        }
    }

    pub(crate) async fn release(
        &self,
        who: &Actor,
        line: Uuid,
        quantity: Option<i64>,
    ) -> Result<Uuid, Fault> {
        let input = release::Input { line_id: line, quantity, approval_number: None, note: String::new() };
        Ok(release::release(&self.app, who, Some(&self.key()), &input).await?.transfer_id)
    }

    pub(crate) async fn receive(
        &self,
        who: &Actor,
        transfer: Uuid,
        received: i64,
        refused: i64,
        lost: i64,
    ) -> Result<(), Fault> {
        let input = receive::Input {
            transfer_id: transfer,
            received,
            refused,
            lost,
            asset_number: Some(format!("R-{}", self.key())),
            place: Some("二楼".into()),
            evidence: Some("外壳破损".into()),
            deemed: false,
            paper_number: None,
        };
        receive::receive(&self.app, who, Some(&self.key()), &input).await?;
        Ok(())
    }

    /// From asking to receipt, for the whole quantity; gives the hand-over.
    pub(crate) async fn deliver(&self, who: &People, listing: Uuid, quantity: i64) -> Uuid {
        let line = self.ask_one(who, listing, quantity).await;
        self.approve(who, line.id).await;
        let transfer = self.release(&self.giver.clerk, line.id, None).await.expect("a hand-over");
        self.receive(&who.clerk, transfer, quantity, 0, 0).await.expect("a receipt");
        transfer
    }

    /// Everything that `verify` looks at on this side.
    pub(crate) async fn assert_verified(&self) {
        // As the job does every minute.
        while crate::audit::seal::seal(&self.app).await.expect("a seal") > 0 {}
        for part in crate::verify::verify(&self.app, &[], |_| {}).await.expect("read") {
            assert_eq!(part.faults, Vec::<String>::new(), "{}", part.name);
        }
    }
}

/// What was put there says so in its trail, as it does after a load.
pub(crate) async fn note(app: &App, subject: Subject, id: Uuid, kind: &'static str, payload: Value) {
    let payload = &payload;
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        tx.record(subject, id, 1, kind, payload);
        Ok(())
    })
    .await
    .expect("a note");
}

async fn person(app: &App, login: &str, role: Role, scope: Scope, scope_id: Option<Uuid>) -> Actor {
    let now = app.clock().now();
    let account = insert!(
        app,
        account::Model {
            id: app.ids().next(now),
            login: login.into(),
            name: login.into(),
            password_hash: String::new(),
            must_change_password: false,
            active: true,
            locale: Locale::Zh,
            created_at: now,
            version: 1,
        }
    );
    let grant = grant(app, account.id, role, scope, scope_id).await;
    Actor::person(account, &[grant], &[], &app.reference())
}

async fn grant(
    app: &App,
    account_id: Uuid,
    role: Role,
    scope: Scope,
    scope_id: Option<Uuid>,
) -> role_grant::Model {
    let now = app.clock().now();
    insert!(
        app,
        role_grant::Model {
            id: app.ids().next(now),
            account_id,
            role,
            scope,
            scope_id,
            valid_from: "2020-01-01".parse().expect("a day"),
            valid_to: None,
            granted_by: None,
            created_at: now,
        }
    )
}

/// The codes of a rejected outcome with their fields.
pub(crate) fn codes<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> Vec<(Code, String)> {
    match outcome {
        Err(Fault::Rejected(rejections)) => {
            rejections.into_iter().map(|rejection| (rejection.code, rejection.field.join("."))).collect()
        }
        other => panic!("expected a rejection, got {other:?}"),
    }
}
