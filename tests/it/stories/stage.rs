//! Where stories are played: a database, its people, and what of it one story is about.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use api::app::App;
use api::approvals::rules::Verdict;
use api::assets::card::CardPatch;
use api::assets::draft::{Draft as NewCard, draft_asset};
use api::catalogue::forms::SettingForm;
use api::catalogue::set_city_setting::set_city_setting;
use api::clock::Clock;
use api::decisions::decide::{Decide, OneDecision, decide_steps};
use api::decisions::freeze::{Unfreeze, unfreeze};
use api::graphql::ids::{Kind, decode};
use api::identity::Actor;
use api::ids::Ids;
use api::listings::draft::{Draft as NewListing, draft_listing};
use api::listings::submit::{Submit, submit_listing};
use api::listings::terms::TermsPatch;
use api::write::{Command, Tx};
use chrono::TimeDelta;
use entity::Money;
use entity::approvals::{CaseState, StepState, approval_case, approval_step};
use entity::assets::{Condition, asset};
use entity::awards::{WindowState, claim_window};
use entity::disposals::disposal;
use entity::listings::{AwardMode, Purpose, asset_freeze, listing, listing_stock};
use entity::loans::loan;
use entity::photos::{PhotoStage, photo, photo_blob};
use entity::requests::{request, request_line};
use entity::savings::{SavingMethod, saving_entry};
use entity::transfers::transfer;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use tests::city::City;
use tests::database::Place;
use tests::server::{settings, start};
use tests::{Backend, Outcome};

/// Sha-256 of the one picture that all cards show.
const PICTURE: &str = "5a";

/// The people of one unit.
pub struct Unit {
    pub id: Uuid,
    pub clerk: Actor,
    pub head: Actor,
}

/// A database with a city in it. Nothing goes on by itself here: no jobs, no index.
pub struct Stage {
    pub app: App,
    pub units: Vec<Unit>,
    pub office: Actor,
    pub staff: Actor,
    pub desks: Uuid,
    pub warehouse: Uuid,
    pub bin: Uuid,
    /// Faults that `verify` told of earlier stories, when one is shortened.
    pub told: BTreeSet<String>,
    stories: u32,
    _place: Place,
}

impl Stage {
    pub async fn build(backend: Backend) -> anyhow::Result<Self> {
        let place = Place::new(backend).await?;
        let settings = settings(&place, place.folder.path().join("data"));
        // Identities are a part of what follows from the seed: rows of one instant are in their order.
        let app = settings.open_at(Clock::fixed(settings.civil_tz, start()), Ids::seeded(1)).await?;
        let city = City::found(&app, "http://127.0.0.1:1", 3).await?;
        let actor = async |account: Uuid| app.actor_of(account).await?.context("an account without a person");
        let mut units = Vec::new();
        for unit in std::iter::once(&city.giver).chain(&city.receivers) {
            let (clerk, head) = (actor(unit.clerk.account_id).await?, actor(unit.head.account_id).await?);
            units.push(Unit { id: unit.id, clerk, head });
        }
        let blob = photo_blob::Model {
            sha256: PICTURE.into(),
            width: 1,
            height: 1,
            bytes: 1,
            phash: "0".into(),
            created_at: app.clock().now(),
            clearing_at: None,
        };
        let blob = &blob;
        app.write(&Actor::system(), Command::new("photograph", None, &()), |tx: Tx| async move {
            let row = blob.clone().into_active_model().reset_all();
            photo_blob::Entity::insert(row).exec_without_returning(tx.conn()).await?;
            Ok(())
        })
        .await?;
        // Holders are asked every week and have little time to answer; a story has no time to offer things in vain.
        let office = actor(city.office.account_id).await?;
        for (name, value) in [
            ("reconfirm_days", 7),
            ("reconfirm_answer_days", 1),
            ("reconfirm_grace_days", 1),
            ("stale_donation_days", 0),
            ("stale_sale_days", 0),
            ("stale_scrap_days", 0),
            ("disposal_publicity_days", 1),
        ] {
            let form = SettingForm { name: name.into(), value, from: app.clock().today() };
            set_city_setting(&app, &office, None, &form).await.map_err(anyhow::Error::from)?;
        }
        let of = |kind, id: &String| decode(kind, &id.as_str().into()).context("an id");
        Ok(Self {
            units,
            office,
            staff: actor(city.staff.account_id).await?,
            desks: of(Kind::Category, &city.desks)?,
            warehouse: of(Kind::Warehouse, &city.warehouse)?,
            bin: of(Kind::Place, &city.bin)?,
            told: BTreeSet::new(),
            stories: 0,
            _place: place,
            app,
        })
    }

    pub fn unit(&self, id: Uuid) -> anyhow::Result<&Unit> {
        self.units.iter().find(|unit| unit.id == id).context("a unit of the city")
    }

    /// Lets time go by.
    pub fn wait(&self, time: TimeDelta) {
        self.app.clock().set(self.app.clock().now() + time);
    }

    /// A picture of a card, as if it had been uploaded.
    pub async fn photograph(&self, card: Uuid, by: &Actor) -> Outcome {
        let row = photo::Model {
            id: self.app.ids().next(self.app.clock().now()),
            asset_id: card,
            sha256: PICTURE.into(),
            position: 1,
            stage: PhotoStage::Listing,
            name: "正面.jpg".into(),
            created_by: by.account_id().context("a person")?,
            created_at: self.app.clock().now(),
        };
        let shown = photo::Entity::find().filter(photo::Column::AssetId.eq(card)).one(self.app.db().read());
        if shown.await?.is_none() {
            let row = &row;
            let command = Command::new("photograph", None, &());
            let system = Actor::system();
            let written = self.app.write(&system, command, |tx: Tx| async move {
                let row = row.clone().into_active_model().reset_all();
                photo::Entity::insert(row).exec_without_returning(tx.conn()).await?;
                Ok(())
            });
            written.await?;
        }
        Ok(())
    }
}

/// What is known of one story beside the database: an independent account of what was carried out.
pub struct Story {
    /// Name of the card, and of all that is split from it.
    pub name: String,
    /// Value and pieces of all its cards, in fen: as it began, and as cards were corrected.
    pub worth: i64,
    pub pieces: i64,
    /// What each receipt that stands brought into the ledger.
    pub saved: BTreeMap<Uuid, i64>,
    /// Receipts and contras so far, in fen.
    pub ledger: i64,
    /// For asset numbers and vouchers.
    pub numbers: u32,
}

impl Story {
    /// A listing that is open for requests, with nothing left of the story before.
    pub async fn begin(stage: &mut Stage, pieces: i64, value: i64) -> anyhow::Result<Self> {
        stage.stories += 1;
        stage.wait(TimeDelta::hours(1));
        let app = &stage.app;
        for freeze in standing(app).await? {
            unfreeze(app, &stage.office, None, &Unfreeze { id: freeze.id }).await?;
        }
        let name = format!("书架 {}", stage.stories);
        let giver = &stage.units[0];
        let card = CardPatch {
            name: Some(name.clone()),
            category_id: Some(Some(stage.desks)),
            condition: Some(Some(Condition::Good)),
            place: Some("三楼库房".into()),
            measure: Some("张".into()),
            quantity: Some(pieces),
            value: Some(Some(Money(value))),
            acquired_on: Some(Some("2023-03-15".parse()?)),
            ..CardPatch::default()
        };
        let draft = NewCard { holder_id: giver.id, kind: None, card };
        let card = draft_asset(app, &giver.clerk, None, &draft).await?.id;
        stage.photograph(card, &giver.clerk).await?;
        // What is left can be offered again; in every other story it can be borrowed from the beginning, and in every fourth one
        // claims to the rest are gathered first.
        let first = (pieces + 1) / 2;
        let mode = if stage.stories % 4 == 1 { AwardMode::ClaimWindow } else { AwardMode::FirstCome };
        offer(stage, card, first, (Purpose::Transfer, mode)).await?;
        if stage.stories.is_multiple_of(2) && pieces > first {
            offer(stage, card, pieces - first, (Purpose::Loan, AwardMode::FirstCome)).await?;
        }
        Ok(Self { name, worth: value, pieces, saved: BTreeMap::new(), ledger: 0, numbers: 0 })
    }

    /// A number that nothing has yet.
    pub fn number(&mut self) -> String {
        self.numbers += 1;
        format!("{} {}", self.name, self.numbers)
    }
}

/// Offers pieces of a card, by the whole way to a listing that is open.
async fn offer(
    stage: &Stage,
    card: Uuid,
    pieces: i64,
    (purpose, award_mode): (Purpose, AwardMode),
) -> Outcome {
    let (app, giver) = (&stage.app, &stage.units[0]);
    let terms = TermsPatch {
        quantity: Some(pieces),
        purpose: Some(purpose),
        award_mode: Some(award_mode),
        approval_number: Some(Some("武教资〔2026〕1号".into())),
        ..TermsPatch::default()
    };
    let drafted = draft_listing(app, &giver.clerk, None, &NewListing { asset_id: card, terms }).await?;
    submit_listing(app, &giver.clerk, None, &Submit { id: drafted.id, version: 1 }).await?;
    for who in [&giver.head, &stage.office] {
        let step = pending(app, &[drafted.id]).await?.pop().context("a step")?;
        let decision =
            OneDecision { step_id: step.0.id, verdict: Verdict::Approve, comment: None, quantity: None };
        decide_steps(app, who, None, &Decide { decisions: vec![decision] }).await?;
    }
    Ok(())
}

/// All rows that one story is about, oldest first.
pub struct View {
    pub cards: Vec<asset::Model>,
    pub listings: Vec<(listing::Model, listing_stock::Model)>,
    pub requests: Vec<request::Model>,
    pub lines: Vec<request_line::Model>,
    pub transfers: Vec<transfer::Model>,
    pub loans: Vec<loan::Model>,
    pub windows: Vec<claim_window::Model>,
    pub disposals: Vec<disposal::Model>,
    pub freezes: Vec<asset_freeze::Model>,
    pub entries: Vec<saving_entry::Model>,
}

impl View {
    pub async fn of(stage: &Stage, story: &Story) -> anyhow::Result<Self> {
        let conn = stage.app.db().read();
        let cards = asset::Entity::find()
            .filter(asset::Column::Name.eq(&story.name))
            .order_by_asc(asset::Column::Id)
            .all(conn)
            .await?;
        let listings = listing::Entity::find()
            .filter(listing::Column::AssetId.is_in(cards.iter().map(|card| card.id)))
            .order_by_asc(listing::Column::Id)
            .all(conn)
            .await?;
        let offers: Vec<Uuid> = listings.iter().map(|listing| listing.id).collect();
        let stocks = listing_stock::Entity::find()
            .filter(listing_stock::Column::ListingId.is_in(offers.iter().copied()))
            .order_by_asc(listing_stock::Column::ListingId)
            .all(conn)
            .await?;
        ensure!(
            stocks.iter().map(|stock| stock.listing_id).eq(offers.iter().copied()),
            "listings and their stocks: {offers:?}, {stocks:?}"
        );
        let lines = request_line::Entity::find()
            .filter(request_line::Column::ListingId.is_in(offers.iter().copied()))
            .order_by_asc(request_line::Column::Id)
            .all(conn)
            .await?;
        let requests = request::Entity::find()
            .filter(request::Column::Id.is_in(lines.iter().map(|line| line.request_id)))
            .order_by_asc(request::Column::Id)
            .all(conn)
            .await?;
        let loans = loan::Entity::find()
            .filter(loan::Column::ListingId.is_in(offers.iter().copied()))
            .order_by_asc(loan::Column::Number)
            .all(conn)
            .await?;
        let windows = claim_window::Entity::find()
            .filter(claim_window::Column::ListingId.is_in(offers.iter().copied()))
            .order_by_asc(claim_window::Column::ListingId)
            .all(conn)
            .await?;
        let disposals = disposal::Entity::find()
            .filter(disposal::Column::ListingId.is_in(offers.iter().copied()))
            .order_by_asc(disposal::Column::Id)
            .all(conn)
            .await?;
        let transfers = transfer::Entity::find()
            .filter(transfer::Column::ListingId.is_in(offers))
            .order_by_asc(transfer::Column::Id)
            .all(conn)
            .await?;
        let entries = saving_entry::Entity::find()
            .filter(saving_entry::Column::Method.eq(SavingMethod::OriginalValue))
            .filter(saving_entry::Column::TransferId.is_in(transfers.iter().map(|way| way.id)))
            .all(conn)
            .await?;
        let freezes = standing(&stage.app).await?;
        Ok(Self {
            cards,
            listings: listings.into_iter().zip(stocks).collect(),
            requests,
            lines,
            transfers,
            loans,
            windows,
            disposals,
            freezes,
            entries,
        })
    }

    pub fn card(&self, id: Uuid) -> anyhow::Result<&asset::Model> {
        self.cards.iter().find(|card| card.id == id).context("a card of the story")
    }

    /// Whether nothing of the listing can be asked for.
    pub fn frozen(&self, listing: &listing::Model) -> bool {
        let bin = self.card(listing.asset_id).ok().and_then(|card| card.bin_id);
        let covers = [Some(listing.id), Some(listing.asset_id), Some(listing.unit_id), bin];
        self.freezes.iter().any(|freeze| covers.contains(&Some(freeze.scope_id)))
    }
}

impl View {
    /// Whether claims to the listing are gathered, and not ranked yet.
    pub fn gathers(&self, listing: &listing::Model) -> bool {
        let waits = |window: &&claim_window::Model| {
            window.listing_id == listing.id && matches!(window.state, WindowState::Open | WindowState::Closed)
        };
        self.windows.iter().any(|window| waits(&window))
    }
}

async fn standing(app: &App) -> anyhow::Result<Vec<asset_freeze::Model>> {
    Ok(asset_freeze::Entity::find()
        .filter(asset_freeze::Column::UntilAt.is_null())
        .order_by_asc(asset_freeze::Column::Id)
        .all(app.db().read())
        .await?)
}

/// The steps that wait for somebody, about one of the subjects.
pub async fn pending(
    app: &App,
    subjects: &[Uuid],
) -> anyhow::Result<Vec<(approval_step::Model, approval_case::Model)>> {
    let conn = app.db().read();
    let cases = approval_case::Entity::find()
        .filter(approval_case::Column::State.eq(CaseState::Open))
        .filter(approval_case::Column::SubjectId.is_in(subjects.iter().copied()))
        .all(conn)
        .await?;
    let steps = approval_step::Entity::find()
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .filter(approval_step::Column::CaseId.is_in(cases.iter().map(|case| case.id)))
        .order_by_asc(approval_step::Column::Id)
        .all(conn)
        .await?;
    steps
        .into_iter()
        .map(|step| {
            let case = cases.iter().find(|case| case.id == step.case_id).context("its case")?;
            Ok((step, case.clone()))
        })
        .collect()
}
