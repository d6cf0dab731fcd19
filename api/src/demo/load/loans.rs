//! Loans of the city, in every state that a loan can be in. They are made by the use cases themselves, each command on the
//! day of its story: some offers that nobody asked for are turned into offers for loan, and lent.
//!
//! A load that was broken off goes on: each command has a key, and what was done before gives its answer again.

use anyhow::Context as _;
use chrono::{Days, NaiveDate, NaiveTime};
use entity::Money;
use entity::approvals::{CaseState, StepState, approval_case, approval_step};
use entity::identity::Role;
use entity::listings::{Purpose, listing};
use entity::loans::{LoanState, loan};
use entity::organisation::UnitState;
use entity::requests::request_line;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use uuid::Uuid;

use super::base::Base;
use crate::app::App;
use crate::approvals::rules::Verdict;
use crate::catalogue::{self, rates};
use crate::decisions::decide::{Decide, OneDecision, decide_steps};
use crate::demo::city::{City, Scope};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::loans::{self, days};
use crate::requests::convert;
use crate::transfers::{receive, release};
use crate::write::{Command, Tx};

/// Offers for loan.
const OFFERS: u64 = 8;
/// Days before today from which on what can be borrowed was listed.
const LISTED: i64 = 130;
/// A day's rent is the price of a new piece by this.
const DAYS_OF_PRICE: i64 = 400;

/// What becomes of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Requested,
    Approved,
    HandedOver,
    OnLoan,
    Extended(i64),
    Returned,
    Inspected,
    Damaged,
    Lost,
    Converted,
    Rejected,
    Cancelled,
    Expired,
    GiverFailed,
}

/// A loan: which offer it is of, its first and last day from today, and its end.
const STORIES: [(usize, i64, i64, End); 15] = [
    (0, -80, -70, End::Inspected),
    (1, -40, 20, End::OnLoan),
    (2, -30, -6, End::OnLoan),
    (3, -50, -20, End::Extended(15)),
    (4, -15, -1, End::Returned),
    (5, -60, -50, End::Damaged),
    (6, -60, -45, End::Lost),
    (7, -70, -40, End::Converted),
    (0, -1, 6, End::HandedOver),
    (4, 30, 37, End::Requested),
    (5, 40, 44, End::Approved),
    (1, -98, -95, End::Rejected),
    (2, -98, -95, End::Cancelled),
    (3, -98, -95, End::Expired),
    (4, -98, -95, End::GiverFailed),
];

/// An offer for loan.
struct Offer {
    id: Uuid,
    giver: Uuid,
    category: Uuid,
    pieces: i64,
}

struct Teller<'a> {
    app: &'a App,
    city: &'a City,
    base: &'a Base,
    today: NaiveDate,
}

/// Lends what can be lent, and enters what it saved.
pub(super) async fn lend(app: &App, city: &City, base: &Base, today: NaiveDate) -> anyhow::Result<()> {
    let teller = Teller { app, city, base, today };
    let offers = teller.offers().await?;
    if offers.is_empty() {
        return Ok(());
    }
    teller.rates(&offers).await?;
    for (n, (offer, from, to, end)) in STORIES.into_iter().enumerate() {
        // A small city has fewer offers: what does not fit on one is left out.
        let Some(offer) = offers.get(offer) else { continue };
        match teller.tell(n, offer, (from, to), end).await {
            Ok(()) => {}
            Err(Fault::Rejected(why)) => tracing::debug!(n, ?why, "a loan of the demo city was left out"),
            Err(fault) => return Err(anyhow::anyhow!("loan {n} of the city: {fault:?}")),
        }
    }
    let late = teller.on(0)?;
    while days::accrue(&late, 100).await?.changed > 0 {}
    Ok(())
}

const FIND: &str = "select l.id, l.unit_id, a.category_id, s.available from listing l \
    join asset a on a.id = l.asset_id join listing_stock s on s.listing_id = l.id \
    where l.state = 'LISTED' and l.custody = 'VIRTUAL' and l.directed_to is null and l.listed_at < $1 \
    and s.available = s.offered and s.available > 1 and a.kind = 'GENERAL' and a.holder_id = l.unit_id \
    and a.source <> 'CONFISCATED' and a.category_id is not null and not a.restricted \
    and not exists (select 1 from request_line q where q.listing_id = l.id and l.purpose = 'TRANSFER') \
    and not exists (select 1 from asset_freeze f where f.scope_id in (l.id, a.id, l.unit_id)) \
    order by l.purpose, l.id limit 8";

impl Teller<'_> {
    /// The service on a day so many after today, at ten in the morning.
    fn on(&self, day: i64) -> anyhow::Result<App> {
        let date = self.date(day)?;
        let ten = NaiveTime::from_hms_opt(10, 0, 0).context("a time")?;
        let clock = self.app.clock();
        Ok(self.app.by(clock.standing_at(clock.instant(date.and_time(ten)))))
    }

    fn date(&self, day: i64) -> anyhow::Result<NaiveDate> {
        let days = Days::new(day.unsigned_abs());
        let date = if day < 0 { self.today - days } else { self.today + days };
        Ok(date)
    }

    /// Offers that nobody asked for, from now on for loan; those of a load that was broken off come first.
    async fn offers(&self) -> anyhow::Result<Vec<Offer>> {
        let conn = self.app.db().read();
        let before = self.on(-LISTED)?.clock().now();
        let statement = Statement::from_sql_and_values(conn.get_database_backend(), FIND, [before.into()]);
        let mut offers = Vec::new();
        for row in conn.query_all_raw(statement).await? {
            offers.push(Offer {
                id: row.try_get_by_index(0)?,
                giver: row.try_get_by_index(1)?,
                category: row.try_get_by_index(2)?,
                pieces: row.try_get_by_index(3)?,
            });
        }
        debug_assert!(offers.len() as u64 <= OFFERS);
        let ids: &Vec<Uuid> = &offers.iter().map(|offer| offer.id).collect();
        self.app
            .write(&Actor::system(), Command::new("offerForLoan", None, &()), |tx: Tx| async move {
                listing::Entity::update_many()
                    .col_expr(listing::Column::Purpose, Expr::value(Purpose::Loan))
                    .col_expr(listing::Column::Version, Expr::col(listing::Column::Version).add(1))
                    .filter(listing::Column::Id.is_in(ids.iter().copied()))
                    .filter(listing::Column::Purpose.eq(Purpose::Transfer))
                    .exec(tx.conn())
                    .await?;
                for id in ids {
                    tx.touch(entity::events::Subject::Listing, *id);
                }
                Ok(())
            })
            .await?;
        Ok(offers)
    }

    /// A rental rate for each category that is lent.
    async fn rates(&self, offers: &[Offer]) -> anyhow::Result<()> {
        let early = self.on(-LISTED)?;
        let reference = self.app.reference();
        let mut known: Vec<Uuid> = Vec::new();
        for offer in offers.iter().filter(|offer| offer.pieces > 0) {
            if known.contains(&offer.category) {
                continue;
            }
            known.push(offer.category);
            let region = reference.unit(offer.giver).context("a unit of the city")?.fiscal_region_id;
            let (conn, day) = (self.app.db().read(), early.clock().today());
            let standard =
                catalogue::steps::standard_at(conn, &reference, offer.category, region, day).await?;
            let price = standard.map_or(80_000, |standard| standard.price_cap.0);
            let form = rates::RateForm {
                region_id: None,
                category_id: offer.category,
                fen_per_day: Money(Ord::max(price / DAYS_OF_PRICE, 1)),
                source: "公物仓资产日租金市场询价（示例）".to_owned(),
                valid_from: day,
            };
            match rates::set_rental_rate(&early, &Actor::system(), None, &form).await {
                Ok(_) | Err(Fault::Rejected(_)) => {}
                Err(fault) => return Err(anyhow::anyhow!("{fault:?}")),
            }
        }
        Ok(())
    }

    /// One loan, from its application to its end.
    async fn tell(&self, n: usize, offer: &Offer, days: (i64, i64), end: End) -> Result<(), Fault> {
        let (from, to) = days;
        let borrower = self.borrower(n, offer.giver)?;
        let clerk = self.person(Role::Clerk, Some(borrower)).await?;
        let giver = self.person(Role::Clerk, Some(offer.giver)).await?;
        let key = |step: &str| format!("demo-loan-{n}-{step}");
        let asked = Ord::min(from - 2, -1);
        let input = loans::request::Input {
            unit_id: borrower,
            listing_id: offer.id,
            quantity: Ord::max(offer.pieces / 2, 1),
            from: self.date(from)?,
            to: self.date(to)?,
            justification: "全市性会议临时借用，会后即还".to_owned(),
        };
        let loan_id =
            loans::request::request(&self.on(asked)?, &clerk, Some(&key("ask")), &input).await?.loan_id;
        match end {
            End::Requested => return Ok(()),
            End::Rejected => {
                return self.decide(asked, loan_id, Verdict::Reject, &key("reject")).await.map(drop);
            }
            End::Cancelled => {
                let input =
                    loans::cancel::Input { loan_id, comment: Some("会议改为线上召开".to_owned()) };
                return loans::cancel::cancel(&self.on(asked + 1)?, &clerk, Some(&key("cancel")), &input)
                    .await
                    .map(drop);
            }
            End::Expired => {
                days::expire(&self.on(to + 1)?, 100).await?;
                return Ok(());
            }
            _ => self.approve(asked, loan_id, &key("approve")).await?,
        }
        match end {
            End::Approved => return Ok(()),
            End::GiverFailed => {
                let head = self.person(Role::Head, Some(offer.giver)).await?;
                let input = loans::fail::Input { loan_id, reason: "设备临时维修".to_owned() };
                return loans::fail::fail(&self.on(from)?, &head, Some(&key("fail")), &input).await.map(drop);
            }
            _ => {}
        }
        let input =
            loans::hand_over::Input { loan_id, condition: Some("外观完好，功能正常".to_owned()) };
        loans::hand_over::hand_over(&self.on(from)?, &giver, Some(&key("hand over")), &input).await?;
        if end == End::HandedOver {
            return Ok(());
        }
        let input = loans::receive::Input { loan_id, received: None, note: None, deemed: false };
        loans::receive::receive(&self.on(from)?, &clerk, Some(&key("receive")), &input).await?;
        match end {
            End::OnLoan => return Ok(()),
            End::Extended(longer) => {
                let justification = "会期延长".to_owned();
                let input = loans::extend::Input { loan_id, to: self.date(longer)?, justification };
                loans::extend::extend(&self.on(to - 2)?, &clerk, Some(&key("extend")), &input).await?;
                return self.approve(to - 2, loan_id, &key("longer")).await;
            }
            End::Converted => return self.keep(n, (to, loan_id), &clerk, &giver).await,
            _ => {}
        }
        // Months that were over before it came back are in the ledger already.
        while days::accrue(&self.on(to)?, 100).await?.changed > 0 {}
        let input = loans::give_back::Input { loan_id, quantity: None, on: None, note: None };
        loans::give_back::give_back(&self.on(to)?, &clerk, Some(&key("return")), &input).await?;
        let (damaged, lost) = match end {
            End::Damaged => (1, 0),
            End::Lost => (0, 1),
            End::Returned => return Ok(()),
            _ => (0, 0),
        };
        let bad = damaged + lost > 0;
        let back = self.loan(loan_id).await?;
        if back.state != LoanState::Returned {
            return Ok(());
        }
        let input = loans::inspect::Input {
            loan_id,
            good: back.returned - damaged - lost,
            damaged,
            lost,
            note: bad.then(|| "一件破损或未归还，已当面确认".to_owned()),
            cost: bad.then_some(Money(20_000)),
        };
        loans::inspect::inspect(&self.on(to + 1)?, &giver, Some(&key("inspect")), &input).await.map(drop)
    }

    /// The borrower keeps what it has: asked for on the last day, received some days later.
    async fn keep(
        &self,
        n: usize,
        (day, loan_id): (i64, Uuid),
        clerk: &Actor,
        giver: &Actor,
    ) -> Result<(), Fault> {
        let key = |step: &str| format!("demo-loan-{n}-{step}");
        while days::accrue(&self.on(day)?, 100).await?.changed > 0 {}
        let justification = "长期需要，申请转为调剂".to_owned();
        let input = convert::Input { loan_id, quantity: None, justification };
        let done = convert::convert(&self.on(day)?, clerk, Some(&key("keep")), &input).await?;
        let line = request_line::Entity::find()
            .filter(request_line::Column::RequestId.eq(done.request_id))
            .one(self.app.db().read())
            .await?
            .context("a line")?;
        self.approve(day + 1, line.id, &key("line")).await?;
        let input = release::Input {
            line_id: line.id,
            quantity: None,
            approval_number: Some("武机管〔2026〕18号".to_owned()),
            note: String::new(),
        };
        let handed = release::release(&self.on(day + 2)?, giver, Some(&key("release")), &input).await?;
        let input = receive::Input {
            transfer_id: handed.transfer_id,
            received: line.quantity,
            refused: 0,
            lost: 0,
            asset_number: Some(format!("JZ-{n:04}")),
            place: Some("办公楼二层".to_owned()),
            evidence: None,
            deemed: false,
            paper_number: None,
        };
        receive::receive(&self.on(day + 3)?, clerk, Some(&key("received")), &input).await.map(drop)
    }

    async fn loan(&self, id: Uuid) -> Result<loan::Model, Fault> {
        let found = loan::Entity::find_by_id(id).one(self.app.db().read()).await?;
        Ok(found.context("a loan")?)
    }

    /// All steps that wait, one after the other.
    async fn approve(&self, day: i64, subject: Uuid, key: &str) -> Result<(), Fault> {
        let mut n = 0;
        while self.decide(day, subject, Verdict::Approve, &format!("{key}-{n}")).await? {
            n += 1;
        }
        Ok(())
    }

    /// Decides the first step that waits; answers whether there was one.
    async fn decide(&self, day: i64, subject: Uuid, verdict: Verdict, key: &str) -> Result<bool, Fault> {
        let conn = self.app.db().read();
        let case = approval_case::Entity::find()
            .filter(approval_case::Column::SubjectId.eq(subject))
            .filter(approval_case::Column::State.eq(CaseState::Open))
            .one(conn)
            .await?;
        let Some(case) = case else { return Ok(false) };
        let step = approval_step::Entity::find()
            .filter(approval_step::Column::CaseId.eq(case.id))
            .filter(approval_step::Column::State.eq(StepState::Pending))
            .one(conn)
            .await?;
        let Some(step) = step else { return Ok(false) };
        let who = self.person(step.role, step.unit_id).await?;
        let comment = (verdict != Verdict::Approve).then(|| "请先使用本单位库存".to_owned());
        let decision = OneDecision { step_id: step.id, verdict, comment, quantity: None };
        decide_steps(&self.on(day)?, &who, Some(key), &Decide { decisions: vec![decision] }).await?;
        Ok(true)
    }

    /// A unit that borrows from `giver`: another one each time.
    fn borrower(&self, n: usize, giver: Uuid) -> Result<Uuid, Fault> {
        let units = self.city.units.iter().enumerate().filter(|(at, unit)| {
            let staffed = |role| self.account(role, *at).is_some();
            unit.state == UnitState::Active
                && self.base.units[*at] != giver
                && staffed(Role::Clerk)
                && staffed(Role::Head)
        });
        let units: Vec<usize> = units.map(|(at, _)| at).collect();
        let at = units.get(n % units.len().max(1)).ok_or(Code::NotFound)?;
        Ok(self.base.units[*at])
    }

    fn account(&self, role: Role, unit: usize) -> Option<usize> {
        let scope = Scope::Unit(u32::try_from(unit).ok()?);
        self.city.accounts.iter().position(|account| account.holds(role, scope))
    }

    /// Somebody who holds a role at a unit, or over the city.
    async fn person(&self, role: Role, unit: Option<Uuid>) -> Result<Actor, Fault> {
        let at = unit.and_then(|unit| self.base.units.iter().position(|id| *id == unit));
        let own = at.and_then(|at| self.account(role, at));
        let city = || self.city.accounts.iter().position(|account| account.holds(role, Scope::City));
        // Some units have nobody of that role: then the loan is left out.
        let account = own.or_else(city).ok_or(Code::NotFound)?;
        let actor = self.app.actor_of(self.base.accounts[account]).await?;
        Ok(actor.context("an account of the city")?)
    }
}
