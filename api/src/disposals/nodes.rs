//! Disposals in the schema. A resolver that hands out several reads what is asked of them beyond their rows at once.

use std::collections::HashMap;

use async_graphql::{Context, ID, Lookahead, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::ApprovalSubject;
use entity::disposals::disposal;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::read::{self, DisposalRow};
use super::rules::{self, Ladder, Rung};
use crate::approvals::graphql::ApprovalCase;
use crate::approvals::read::cases_of;
use crate::catalogue::graphql::Category;
use crate::fault::Fault;
use crate::graphql::connection::connection;
use crate::graphql::context::Given;
use crate::graphql::enums::{Condition, DisposalKind, DisposalReason, DisposalState};
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, encode};
use crate::graphql::scalars::Money;
use crate::listings::graphql::Listing;
use crate::organisation::graphql::Unit;

/// A disposal (处置) of pieces that nobody took.
#[derive(Debug)]
pub struct Disposal {
    pub(super) row: Box<DisposalRow>,
    approvals: OnceCell<Vec<ApprovalCase>>,
}

impl From<DisposalRow> for Disposal {
    fn from(row: DisposalRow) -> Self {
        Self { row: Box::new(row), approvals: OnceCell::new() }
    }
}

impl Disposal {
    fn it(&self) -> &disposal::Model {
        &self.row.disposal
    }
}

/// What a thing was appraised at.
#[derive(Clone, Debug, SimpleObject)]
pub struct DisposalAppraisal {
    /// By whom.
    by: String,
    /// Value of all pieces.
    value: Money,
    /// Day of the appraisal.
    on: Option<NaiveDate>,
    /// Last day on which it is good.
    valid_until: Option<NaiveDate>,
    /// Number or place of the report.
    report: Option<String>,
}

/// That a thing cannot be repaired.
#[derive(Clone, Debug, SimpleObject)]
pub struct BeyondRepair {
    /// What is broken.
    note: String,
    /// Who found so.
    by: String,
}

#[Object]
impl Disposal {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Disposal, self.it().id)
    }

    /// Row version.
    async fn version(&self) -> i64 {
        self.it().version
    }

    /// Number (处置单号).
    async fn number(&self) -> &str {
        &self.it().number
    }

    /// Global id of what was offered in vain.
    async fn listing_id(&self) -> ID {
        encode(Kind::Listing, self.it().listing_id)
    }

    /// Global id of its card; once it is carried out, of the card that left the books.
    async fn asset_id(&self) -> ID {
        encode(Kind::Asset, self.it().asset_id)
    }

    /// Name of the thing.
    async fn name(&self) -> Option<&str> {
        self.row.card.as_ref().map(|card| card.name.as_str())
    }

    /// Brand.
    async fn brand(&self) -> Option<&str> {
        self.row.card.as_ref().map(|card| card.brand.as_str())
    }

    /// Model.
    async fn model(&self) -> Option<&str> {
        self.row.card.as_ref().map(|card| card.model.as_str())
    }

    /// What pieces are counted in.
    async fn measure(&self) -> Option<&str> {
        self.row.card.as_ref().map(|card| card.measure.as_str())
    }

    /// Category.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        Category::of(&ctx.app().reference(), self.row.card.as_ref()?.category_id?)
    }

    /// How good it is.
    async fn condition(&self) -> Option<Condition> {
        self.row.card.as_ref()?.condition.map(Into::into)
    }

    /// Who holds it.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.it().unit_id)
    }

    /// How it goes.
    async fn kind(&self) -> DisposalKind {
        self.it().kind.into()
    }

    /// State.
    async fn state(&self) -> DisposalState {
        self.it().state.into()
    }

    /// Pieces.
    async fn quantity(&self) -> i64 {
        self.it().quantity
    }

    /// Why it was proposed.
    async fn justification(&self) -> &str {
        &self.it().justification
    }

    /// That it cannot be repaired; null where nobody said so.
    async fn beyond_repair(&self) -> Option<BeyondRepair> {
        let (note, by) = self.it().beyond_repair.clone().zip(self.it().beyond_repair_by.clone())?;
        Some(BeyondRepair { note, by })
    }

    /// What it was appraised at; null where it was not.
    async fn appraisal(&self) -> Option<DisposalAppraisal> {
        let it = self.it();
        let (by, value) = it.appraiser.clone().zip(it.appraised_value)?;
        Some(DisposalAppraisal {
            by,
            value: value.into(),
            on: it.appraised_on,
            valid_until: it.appraisal_until,
            report: it.appraisal_report.clone(),
        })
    }

    /// First day on which it is shown for objections.
    async fn publicity_from(&self) -> Option<NaiveDate> {
        self.it().publicity_from
    }

    /// Last day on which it is shown for objections.
    async fn publicity_until(&self) -> Option<NaiveDate> {
        self.it().publicity_until
    }

    /// A price below the threshold that waits for approval.
    async fn asked_price(&self) -> Option<Money> {
        self.it().asked_price.map(Into::into)
    }

    /// The least price, where one below the threshold was allowed.
    async fn least_price(&self) -> Option<Money> {
        self.it().least_price.map(Into::into)
    }

    /// Why it was given up.
    async fn reason(&self) -> Option<DisposalReason> {
        self.it().reason.map(Into::into)
    }

    /// What a person wrote about it last.
    async fn comment(&self) -> Option<&str> {
        self.it().comment.as_deref()
    }

    /// The unit that wanted it.
    async fn objector(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.it().objector_id?)
    }

    /// Who got it.
    async fn receiver(&self) -> Option<&str> {
        self.it().receiver.as_deref()
    }

    /// Proof that it was carried out.
    async fn evidence(&self) -> Option<&str> {
        self.it().evidence.as_deref()
    }

    /// What it brought in: the treasury's, and no saving.
    async fn proceeds(&self) -> Option<Money> {
        self.it().proceeds.map(Into::into)
    }

    /// When it was proposed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.it().created_at
    }

    /// When it was carried out.
    async fn done_at(&self) -> Option<DateTime<Utc>> {
        self.it().done_at
    }

    /// When it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.it().updated_at
    }

    /// Its approvals and those of its price, newest first; empty for those who only see it while it is shown to all.
    async fn approvals(&self, ctx: &Context<'_>) -> async_graphql::Result<&[ApprovalCase]> {
        let load = || async {
            let mut found = approvals_of(ctx, std::slice::from_ref(self.it())).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.it().id).unwrap_or_default())
        };
        Ok(self.approvals.get_or_try_init(load).await?)
    }
}

connection!(DisposalConnection, DisposalEdge, Disposal);

/// A listing that nobody takes.
#[derive(Debug)]
pub struct StaleListing {
    pub(super) stale: read::Stale,
    pub(super) listing: Option<Listing>,
    pub(super) days: i64,
    pub(super) ladder: Ladder,
}

#[Object]
impl StaleListing {
    /// Global id of the listing.
    async fn listing_id(&self) -> ID {
        encode(Kind::Listing, self.stale.id)
    }

    /// The listing.
    async fn listing(&self) -> Option<&Listing> {
        self.listing.as_ref()
    }

    /// Days since it was listed, or offered again.
    async fn days(&self) -> i64 {
        self.days
    }

    /// What the city's ladder says is to be done next.
    async fn next_rung(&self) -> Option<Rung> {
        self.ladder.reached(self.days)
    }
}

connection!(StaleListingConnection, StaleListingEdge, StaleListing);

/// Disposals for a resolver that hands out several; `selection` is what is asked of each.
pub(super) async fn disposals(
    ctx: &Context<'_>,
    rows: Vec<disposal::Model>,
    selection: &Lookahead<'_>,
) -> async_graphql::Result<Vec<Disposal>> {
    let mut approvals = None;
    if selection.field("approvals").exists() {
        approvals = Some(approvals_of(ctx, &rows).await?);
    }
    let rows = read::with_cards(ctx.app().db().read(), rows).await;
    let rows = rows.map_err(|error| failed(ctx, error.into()))?;
    let mut nodes: Vec<Disposal> = rows.into_iter().map(Disposal::from).collect();
    if let Some(mut found) = approvals {
        for node in &mut nodes {
            node.approvals = OnceCell::new_with(Some(found.remove(&node.it().id).unwrap_or_default()));
        }
    }
    Ok(nodes)
}

/// Several disposals that the caller may see, by their ids: for what refers to disposals.
pub(crate) async fn disposals_by_id(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, Disposal>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = read::find_all(ctx.app().db().read(), ctx.actor()?, ids).await;
    let rows = found.map_err(|error| failed(ctx, error.into()))?;
    Ok(disposals(ctx, rows, selection).await?.into_iter().map(|node| (node.it().id, node)).collect())
}

/// The cases of those disposals of which the caller may see more than what is shown to all.
async fn approvals_of(
    ctx: &Context<'_>,
    rows: &[disposal::Model],
) -> async_graphql::Result<HashMap<Uuid, Vec<ApprovalCase>>> {
    let actor = ctx.actor()?;
    let ids: Vec<Uuid> = rows.iter().filter(|row| read::concerns(actor, row)).map(|row| row.id).collect();
    let mut by_disposal: HashMap<Uuid, Vec<_>> = HashMap::new();
    for subject in [ApprovalSubject::Disposal, ApprovalSubject::DisposalPrice] {
        let found = cases_of(ctx.app(), subject, &ids).await.map_err(|fault| failed(ctx, fault))?;
        for (disposal, cases) in found {
            by_disposal.entry(disposal).or_default().extend(cases);
        }
    }
    let newest_first = |(disposal, mut cases): (Uuid, Vec<crate::approvals::read::CaseRow>)| {
        cases.sort_by_key(|row| std::cmp::Reverse(row.case.id));
        (disposal, cases.into_iter().map(ApprovalCase).collect())
    };
    Ok(by_disposal.into_iter().map(newest_first).collect())
}

/// Days of a stale listing today.
pub(super) fn days_of(ctx: &Context<'_>, stale: &read::Stale) -> i64 {
    let clock = ctx.app().clock();
    rules::days_listed(clock.civil_day(stale.listed_at), clock.today())
}

/// A fault of a finder in the caller's language.
pub(super) fn failed(ctx: &Context<'_>, fault: Fault) -> async_graphql::Error {
    let locale = ctx.actor().map_or(entity::identity::Locale::Zh, crate::identity::Actor::locale);
    query_error(fault, locale)
}
