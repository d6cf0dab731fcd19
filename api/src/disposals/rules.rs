//! Pure decisions about disposals: the ladder of what nobody takes, and what a command makes of a disposal. Days are civil.

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use entity::Money;
use entity::disposals::{DisposalKind, DisposalReason, DisposalState, disposal::Model as Disposal};
use uuid::Uuid;

use crate::assets::rules::MOST_VALUE;
use crate::checks;
use crate::fault::{Code, Rejection};

/// Longest justification, note or comment, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Longest name of an appraiser or receiver, number of a report or contract, in characters.
pub const LONGEST_NAME: usize = 300;

/// What is done next with what nobody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, async_graphql::Enum)]
#[graphql(name = "DisposalRung")]
pub enum Rung {
    /// 扩大调剂范围: it is shown to more units.
    WiderAudience,
    /// 捐赠.
    Donation,
    /// 出售, 置换.
    Sale,
    /// 报废, 核销.
    Scrap,
}

impl Rung {
    /// All of them, from the first to the last.
    pub const ALL: [Self; 4] = [Self::WiderAudience, Self::Donation, Self::Sale, Self::Scrap];

    /// The rung from which on a kind can be proposed.
    #[must_use]
    pub fn of(kind: DisposalKind) -> Self {
        match kind {
            DisposalKind::Donation => Self::Donation,
            DisposalKind::Sale | DisposalKind::Exchange => Self::Sale,
            DisposalKind::Scrap | DisposalKind::WriteOff => Self::Scrap,
        }
    }
}

/// Days LISTED without a taker after which each rung is reached: numbers of the city's rule book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// 扩大调剂范围.
    pub audience: i64,
    /// 捐赠.
    pub donation: i64,
    /// 出售.
    pub sale: i64,
    /// 报废.
    pub scrap: i64,
}

impl Ladder {
    /// Days after which the rung is reached.
    #[must_use]
    pub fn after(&self, rung: Rung) -> i64 {
        match rung {
            Rung::WiderAudience => self.audience,
            Rung::Donation => self.donation,
            Rung::Sale => self.sale,
            Rung::Scrap => self.scrap,
        }
    }

    /// The highest rung that is reached after so many days.
    #[must_use]
    pub fn reached(&self, days: i64) -> Option<Rung> {
        Rung::ALL.into_iter().rev().find(|rung| self.after(*rung) <= days)
    }

    /// Days after which the first rung is reached, whichever that is.
    #[must_use]
    pub fn first(&self) -> i64 {
        Rung::ALL.into_iter().map(|rung| self.after(rung)).min().unwrap_or_default()
    }
}

/// Days of an offer, from the day on which it was listed.
#[must_use]
pub fn days_listed(listed_on: NaiveDate, today: NaiveDate) -> i64 {
    (today - listed_on).num_days().max(0)
}

/// Whether the disposal still sets pieces aside.
#[must_use]
pub fn is_open(state: DisposalState) -> bool {
    use DisposalState::{Appraised, Proposed, Publicity, Submitted};
    matches!(state, Proposed | Appraised | Submitted | Publicity)
}

/// Whether nothing of this kind goes without an appraisal.
#[must_use]
pub fn needs_appraisal(kind: DisposalKind) -> bool {
    matches!(kind, DisposalKind::Sale | DisposalKind::Exchange)
}

/// Whether somebody gets it.
#[must_use]
pub fn needs_receiver(kind: DisposalKind) -> bool {
    matches!(kind, DisposalKind::Donation | DisposalKind::Sale | DisposalKind::Exchange)
}

/// What a proposal is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// Kind.
    pub kind: DisposalKind,
    /// Pieces asked for.
    pub quantity: i64,
    /// Pieces that are offered and that nobody asked for.
    pub available: i64,
    /// Whether somebody asked for some of it, was promised some or has some.
    pub claimed: bool,
    /// Whether a freeze covers it.
    pub frozen: bool,
    /// Why.
    pub justification: &'a str,
    /// What is broken beyond repair, and who found so.
    pub beyond_repair: Option<(&'a str, &'a str)>,
    /// Civil day on which it was listed.
    pub listed_on: NaiveDate,
    /// The ladder.
    pub ladder: Ladder,
    /// Minimum service life in months; none where none is set.
    pub service_months: Option<i64>,
    /// When the thing was acquired.
    pub acquired_on: Option<NaiveDate>,
    /// Today.
    pub today: NaiveDate,
}

/// Everything that keeps a disposal from being proposed.
#[must_use]
pub fn faults(asked: &Proposal<'_>) -> Vec<Rejection> {
    let mut faults = Vec::new();
    needed(&mut faults, "justification", asked.justification, LONGEST_TEXT);
    if let Some((note, by)) = asked.beyond_repair {
        needed(&mut faults, "beyondRepair.note", note, LONGEST_TEXT);
        needed(&mut faults, "beyondRepair.by", by, LONGEST_NAME);
    }
    if asked.frozen {
        faults.push(Rejection::new(Code::Frozen));
    }
    if asked.claimed {
        faults.push(Rejection::new(Code::Claimed).at("listingId"));
    } else if asked.quantity < 1 || asked.quantity > asked.available {
        let fault = Rejection::new(Code::NotEnough).at("quantity").with("asked", asked.quantity.max(1));
        faults.push(fault.with("available", asked.available));
    }
    // What is beyond repair need not be offered in vain before it is scrapped.
    let beyond_repair = asked.kind == DisposalKind::Scrap && asked.beyond_repair.is_some();
    let days = asked.ladder.after(Rung::of(asked.kind));
    if !beyond_repair && days_listed(asked.listed_on, asked.today) < days {
        let day = asked.listed_on.checked_add_signed(TimeDelta::try_days(days).unwrap_or_default());
        let fault = Rejection::new(Code::ReuseFirst).at("kind").with("days", days);
        faults.push(fault.with("day", day.unwrap_or(NaiveDate::MAX)));
    }
    if asked.kind == DisposalKind::Scrap && asked.beyond_repair.is_none() {
        faults.extend(below_service_life(asked.service_months, asked.acquired_on, asked.today));
    }
    faults
}

/// What is not as old as it must become is scrapped only where it is beyond repair. Where nobody knows how old it is, somebody
/// has to say that.
fn below_service_life(
    months: Option<i64>,
    acquired_on: Option<NaiveDate>,
    today: NaiveDate,
) -> Option<Rejection> {
    let months = u32::try_from(months?).ok().filter(|months| *months > 0)?;
    let Some(acquired_on) = acquired_on else {
        return Some(Rejection::new(Code::Required).at("beyondRepair"));
    };
    let end = acquired_on.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
    let fault = Rejection::new(Code::BelowServiceLife).at("beyondRepair").with("months", months);
    (today < end).then(|| fault.with("day", end))
}

/// An appraisal.
#[derive(Clone, Debug)]
pub struct Appraisal {
    /// By whom.
    pub by: String,
    /// Value of all pieces.
    pub value: Money,
    /// Civil day.
    pub on: NaiveDate,
    /// Last civil day on which it is good.
    pub until: NaiveDate,
    /// Number or place of the report.
    pub report: String,
}

/// How a disposal was carried out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Who got it.
    pub receiver: Option<String>,
    /// Proof.
    pub evidence: String,
    /// What it brought in.
    pub proceeds: Money,
    /// Least part of the appraisal, in per cent: a number of the city's rule book.
    pub least_percent: i64,
}

/// What happens to a disposal.
#[derive(Clone, Debug)]
pub enum Command {
    /// It is appraised, or appraised anew.
    Appraise(Appraisal),
    /// The holder's side hands it to the approvers.
    Submit,
    /// All approved; it is shown up to this day.
    Publish {
        /// Last day.
        until: NaiveDate,
    },
    /// An approver wants it corrected.
    SendBack {
        /// What was said.
        comment: Option<String>,
    },
    /// An approver refused it.
    Refuse {
        /// What was said.
        comment: Option<String>,
    },
    /// A unit wants the thing.
    Object {
        /// Which.
        unit: Uuid,
        /// What for.
        comment: String,
    },
    /// A price below the threshold is asked for.
    AskPrice {
        /// Which.
        price: Money,
        /// Why.
        comment: String,
        /// Least part of the appraisal, in per cent.
        least_percent: i64,
    },
    /// The price was allowed.
    AllowPrice,
    /// It was not.
    KeepPrice {
        /// What was said.
        comment: Option<String>,
    },
    /// It is carried out.
    Complete(Outcome),
    /// The holder's side gives it up.
    CallOff {
        /// Why.
        comment: String,
    },
    /// The card is purged.
    Purge,
}

/// When it happens, and who does it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: DateTime<Utc>,
    /// Today.
    pub today: NaiveDate,
    /// Account.
    pub by: Option<Uuid>,
}

/// The least price without a decision on it: so many per cent of the appraisal, rounded up to a whole fen.
#[must_use]
pub fn threshold(appraised: Money, percent: i64) -> Money {
    let least = (i128::from(appraised.0) * i128::from(percent) + 99) / 100;
    Money(i64::try_from(least).unwrap_or(i64::MAX))
}

/// What the command makes of a disposal, and the name of what happened.
///
/// # Errors
/// [`Code::WrongState`], and everything that is wrong with the command.
pub fn apply(
    before: &Disposal,
    command: Command,
    at: &Moment,
) -> Result<(Disposal, &'static str), Vec<Rejection>> {
    use DisposalState as S;
    let mut next = before.clone();
    let wrong = || Err(vec![Rejection::new(Code::WrongState).with("state", before.state)]);
    let event = match (command, before.state) {
        (Command::Appraise(appraisal), S::Proposed | S::Appraised | S::Publicity)
            if needs_appraisal(before.kind) =>
        {
            appraise(&mut next, appraisal, at.today)?;
            "disposal.appraised"
        }
        (Command::Submit, S::Proposed | S::Appraised) => {
            if needs_appraisal(before.kind) {
                let faults: Vec<_> = appraised(before, at.today).err().into_iter().collect();
                none(faults)?;
            }
            next.state = S::Submitted;
            next.comment = None;
            "disposal.submitted"
        }
        (Command::Publish { until }, S::Submitted) => {
            next.state = S::Publicity;
            next.publicity_from = Some(at.today);
            next.publicity_until = Some(until);
            "disposal.published"
        }
        (Command::SendBack { comment }, S::Submitted) => {
            next.state = if before.appraised_value.is_some() { S::Appraised } else { S::Proposed };
            next.comment = comment;
            "disposal.sent_back"
        }
        (Command::Refuse { comment }, S::Submitted) => {
            end(&mut next, DisposalReason::Refused, comment);
            "disposal.refused"
        }
        (Command::Object { unit, comment }, S::Publicity) => {
            if before.publicity_until.is_none_or(|until| until < at.today) {
                let fault = Rejection::new(Code::PublicityOver);
                return Err(vec![fault.with("day", before.publicity_until.unwrap_or(at.today))]);
            }
            let mut faults = Vec::new();
            let comment = needed(&mut faults, "reason", &comment, LONGEST_TEXT);
            none(faults)?;
            next.objector_id = Some(unit);
            end(&mut next, DisposalReason::Wanted, Some(comment));
            "disposal.objected"
        }
        (Command::AskPrice { price, comment, least_percent }, S::Publicity)
            if before.kind == DisposalKind::Sale && before.asked_price.is_none() =>
        {
            let value = appraised(before, at.today).map_err(|fault| vec![fault])?;
            let mut faults = Vec::new();
            let most = threshold(value, least_percent).0 - 1;
            checks::range(&mut faults, "price", price.0, 1, most);
            let comment = needed(&mut faults, "reason", &comment, LONGEST_TEXT);
            none(faults)?;
            next.asked_price = Some(price);
            next.comment = Some(comment);
            "disposal.price_asked"
        }
        (Command::AllowPrice, S::Publicity) if before.asked_price.is_some() => {
            next.least_price = next.asked_price.take();
            "disposal.price_allowed"
        }
        (Command::KeepPrice { comment }, S::Publicity) if before.asked_price.is_some() => {
            next.asked_price = None;
            next.comment = comment;
            "disposal.price_kept"
        }
        (Command::Complete(outcome), S::Publicity) => {
            complete(&mut next, &outcome, at)?;
            "disposal.completed"
        }
        (Command::CallOff { comment }, state) if is_open(state) => {
            let mut faults = Vec::new();
            let comment = needed(&mut faults, "reason", &comment, LONGEST_TEXT);
            none(faults)?;
            end(&mut next, DisposalReason::GivenUp, Some(comment));
            "disposal.called_off"
        }
        (Command::Purge, state) if is_open(state) => {
            end(&mut next, DisposalReason::Purged, None);
            "disposal.called_off"
        }
        _ => return wrong(),
    };
    Ok((next, event))
}

/// A new appraisal begins anew: what was approved and shown was another value.
fn appraise(next: &mut Disposal, appraisal: Appraisal, today: NaiveDate) -> Result<(), Vec<Rejection>> {
    let mut faults = Vec::new();
    let by = needed(&mut faults, "by", &appraisal.by, LONGEST_NAME);
    let report = needed(&mut faults, "report", &appraisal.report, LONGEST_NAME);
    checks::range(&mut faults, "value", appraisal.value.0, 1, MOST_VALUE);
    if appraisal.on > today {
        let fault = Rejection::new(Code::OutOfRange).at("on").with("least", NaiveDate::default());
        faults.push(fault.with("most", today));
    }
    if appraisal.until < today {
        faults.push(Rejection::new(Code::InThePast).at("validUntil").with("today", today));
    }
    none(faults)?;
    next.state = DisposalState::Appraised;
    next.appraiser = Some(by);
    next.appraised_value = Some(appraisal.value);
    next.appraised_on = Some(appraisal.on);
    next.appraisal_until = Some(appraisal.until);
    next.appraisal_report = Some(report);
    next.publicity_from = None;
    next.publicity_until = None;
    next.asked_price = None;
    next.least_price = None;
    Ok(())
}

/// The appraised value, where there is one that is still good.
fn appraised(disposal: &Disposal, today: NaiveDate) -> Result<Money, Rejection> {
    let (Some(value), Some(until)) = (disposal.appraised_value, disposal.appraisal_until) else {
        return Err(Rejection::new(Code::AppraisalNeeded));
    };
    if until < today {
        return Err(Rejection::new(Code::AppraisalOver).with("day", until));
    }
    Ok(value)
}

fn complete(next: &mut Disposal, outcome: &Outcome, at: &Moment) -> Result<(), Vec<Rejection>> {
    let mut faults = Vec::new();
    if let Some(until) = next.publicity_until.filter(|until| *until >= at.today) {
        faults.push(Rejection::new(Code::PublicityRuns).with("day", until));
    }
    let evidence = needed(&mut faults, "evidence", &outcome.evidence, LONGEST_TEXT);
    let receiver = if needs_receiver(next.kind) {
        Some(needed(&mut faults, "receiver", outcome.receiver.as_deref().unwrap_or_default(), LONGEST_NAME))
    } else {
        checks::optional_text(&mut faults, "receiver", outcome.receiver.as_deref(), LONGEST_NAME)
    };
    let sale = next.kind == DisposalKind::Sale;
    checks::range(&mut faults, "proceeds", outcome.proceeds.0, i64::from(sale), MOST_VALUE);
    if needs_appraisal(next.kind) {
        match appraised(next, at.today) {
            Err(fault) => faults.push(fault),
            Ok(value) if sale => {
                let least = next.least_price.unwrap_or_else(|| threshold(value, outcome.least_percent));
                if outcome.proceeds < least {
                    let fault = Rejection::new(Code::BelowAppraisal).at("proceeds");
                    faults.push(fault.with("least", yuan(least)).with("appraised", yuan(value)));
                }
            }
            Ok(_) => {}
        }
    }
    none(faults)?;
    next.state = DisposalState::Done;
    next.asked_price = None;
    next.receiver = receiver;
    next.evidence = Some(evidence);
    next.proceeds = Some(outcome.proceeds);
    next.done_by = at.by;
    next.done_at = Some(at.now);
    next.done_on = Some(at.today);
    Ok(())
}

fn end(next: &mut Disposal, reason: DisposalReason, comment: Option<String>) {
    next.state = DisposalState::CalledOff;
    next.reason = Some(reason);
    next.comment = comment;
    next.asked_price = None;
}

/// A text that must be there.
fn needed(faults: &mut Vec<Rejection>, field: &str, value: &str, most: usize) -> String {
    let kept = checks::text(faults, field, value, most);
    if kept.is_empty() {
        faults.push(Rejection::new(Code::Required).at(field));
    }
    kept
}

fn none(faults: Vec<Rejection>) -> Result<(), Vec<Rejection>> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// An amount as people read it.
fn yuan(money: Money) -> String {
    format!("{}.{:02}", money.0 / 100, money.0 % 100)
}
