//! The enums of `entity` in the schema, by `#[graphql(remote)]`: the compiler checks that no variant is missing.

/// Declares the schema's side of an enum of `entity`; conversions both ways come with it.
macro_rules! graphql_enums {
    ($($(#[$meta:meta])* $name:ident = $remote:literal { $($variant:ident),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum)]
        #[graphql(remote = $remote)]
        #[allow(missing_docs)]
        pub enum $name { $($variant),+ }
    )+};
}

graphql_enums! {
    /// Language a person reads.
    Locale = "entity::identity::Locale" { Zh, En }
    /// What a person may do; held at a place by a grant.
    Role = "entity::identity::Role" { Clerk, Head, Supervisor, Office, Staff, Finance, Auditor, Administrator }
    /// Where a role is held.
    Scope = "entity::identity::Scope" { City, Unit, Subtree, Region, Warehouse }
    /// What a unit is.
    UnitKind = "entity::organisation::UnitKind" { Unit, Pool }
    /// What happens to units.
    SuccessionKind = "entity::successions::SuccessionKind" { Merge, Split, Close }
    /// Life of a succession.
    SuccessionState = "entity::successions::SuccessionState" { Draft, Announced, Running, Done, CalledOff }
    /// Life of a unit.
    UnitState = "entity::organisation::UnitState" { Active, Closing, Closed }
    /// Whose budget pays.
    FiscalLevel = "entity::organisation::FiscalLevel" { City, District }
    /// Which fields an asset has.
    AssetKind = "entity::catalogue::AssetKind" { General, Vehicle, RealEstate, Software }
    /// How an asset came to be available.
    AssetSource = "entity::catalogue::AssetSource" { Idle, OverStandard, UnderUsed, Dissolved, Event, Confiscated, Reserve, Surplus }
    /// Before which step a field must be filled.
    RequiredStep = "entity::catalogue::RequiredStep" { Submit, List }
    /// Level of a storage place.
    PlaceKind = "entity::warehouses::PlaceKind" { Zone, Rack, Bin }
    /// Life of a card.
    AssetState = "entity::assets::AssetState" { Active, Merged, Lost, Disposed }
    /// How good a thing is.
    Condition = "entity::assets::Condition" { New, Good, Fair, Poor, Broken }
    /// What the value of an asset is.
    ValueBasis = "entity::assets::ValueBasis" { Original, Appraised, Nominal, Unknown }
    /// Where the thing is while it is listed.
    Custody = "entity::listings::Custody" { Virtual, Physical }
    /// Workflow of a listing; availability is derived from its stock.
    ListingState = "entity::listings::ListingState" { Draft, Submitted, AwaitingInspection, Repair, ReturnedToHolder, Publicity, Listed, Returned, Rejected, Withdrawn, Disposal }
    /// What is offered.
    Purpose = "entity::listings::Purpose" { Transfer, Loan }
    /// What a freeze covers.
    FreezeScope = "entity::listings::FreezeScope" { Asset, Listing, Unit, Place }
    /// Why a freeze is there.
    FreezeCause = "entity::listings::FreezeCause" { Stocktake, Dispute, Secrecy }
    /// What is approved.
    ApprovalSubject = "entity::approvals::ApprovalSubject" { Listing, RequestLine, Loan, LoanExtension, Plan, Disposal, DisposalPrice }
    /// Whose step it is.
    Side = "entity::approvals::Side" { Giver, Receiver, Office }
    /// Where on a side a seat is.
    SeatLevel = "entity::approvals::SeatLevel" { Unit, Department, Top }
    /// A border between giver and receiver.
    Border = "entity::approvals::Border" { Department, Region, FiscalLevel }
    /// Life of a case.
    CaseState = "entity::approvals::CaseState" { Open, Approved, Returned, Rejected, Closed }
    /// Life of a step.
    StepState = "entity::approvals::StepState" { Waiting, Pending, Approved, Returned, Rejected, Skipped }
    /// What a unit is entitled to.
    QuotaKind = "entity::quotas::QuotaKind" { Staff, Vehicles }
    /// Life of a request line.
    LineState = "entity::requests::LineState" { Draft, Submitted, Queued, Reserved, Releasing, InTransit, Received, Short, Refused, Closed, Returned, Cut, Rejected, Cancelled, Expired, Outranked, GiverFailed }
    /// Life of a loan. That it is overdue or was extended is told by its days.
    LoanState = "entity::loans::LoanState" { Requested, Approved, HandedOver, OnLoan, Returned, Inspected, Damaged, Lost, Converted, Rejected, Cancelled, Expired, GiverFailed }
    /// Why a loan ended without use.
    LoanReason = "entity::loans::LoanReason" { Refused, Corrected, CancelledByBorrower, HoldLapsed, NotCollected, ListingWithdrawn, Undeliverable, PiecesGone, UnitsMerged }
    /// How a thing leaves the books: 捐赠, 出售, 报废, 置换, 核销.
    DisposalKind = "entity::disposals::DisposalKind" { Donation, Sale, Scrap, Exchange, WriteOff }
    /// Life of a disposal.
    DisposalState = "entity::disposals::DisposalState" { Proposed, Appraised, Submitted, Publicity, Done, CalledOff }
    /// Why a disposal was given up.
    DisposalReason = "entity::disposals::DisposalReason" { Refused, Wanted, GivenUp, Purged }
    /// Why a line ended, or waits.
    LineReason = "entity::requests::LineReason" { ClaimWindow, RankedLower, HeldByOthers, Frozen, AlreadyDelivered, ListingWithdrawn, HoldLapsed, Refused, Corrected, CancelledByAsker, CutByApprover, Undeliverable, UnitsMerged, CorrectionDeclined, CorrectionUnanswered }
    /// Life of a plan of the office.
    PlanState = "entity::plans::PlanState" { Draft, Objections, Submitted, Approved, Reserved, Completed, Returned, Rejected, Cancelled }
    /// Whether a line still belongs to its plan.
    PlanLineState = "entity::plans::PlanLineState" { Proposed, Dropped }
    /// What became of an objection.
    ObjectionState = "entity::plans::ObjectionState" { Open, Upheld, Changed, Dropped }
    /// Life of a hand-over.
    TransferState = "entity::transfers::TransferState" { InTransit, Received, Short, Refused, Closed, Reversed }
    /// Entry or correction.
    SavingKind = "entity::savings::SavingKind" { Entry, Contra }
    /// How a saving is computed.
    SavingMethod = "entity::savings::SavingMethod" { OriginalValue, NetBook, Replacement, Loan }
    /// When a picture was taken.
    PhotoStage = "entity::photos::PhotoStage" { Listing, Intake, Handover, Receipt }
    /// What an event or an audit entry is about.
    Subject = "entity::events::Subject" { Account, Region, Unit, Category, Standard, RentalRate, Setting, Warehouse, Asset, Listing, Freeze, Request, RequestLine, Transfer, Loan, AllocationPlan, Disposal, Saving, Webhook, Import, Succession }
    /// What a job does.
    JobKind = "entity::jobs::JobKind" { ExpireHolds, Reconfirm, LoanDays, AwardClaims, WidenAudience, AccrueLoans, CompletePlans, Reseat, Supervise, Seal, Purge, Reindex, Reconcile, Import, Successions }
    /// Who sees an offer: each step wider than the one before.
    Audience = "entity::listings::Audience" { Department, Region, City }
    /// Who gets what several want.
    AwardMode = "entity::listings::AwardMode" { FirstCome, ClaimWindow }
    /// Life of a claim window.
    WindowState = "entity::awards::WindowState" { Open, Closed, Awarded, Empty, Cancelled }
    /// What claims are ranked by.
    RankingCriterion = "entity::awards::RankingCriterion" { NeedClass, NeededBy, Distance, PastShare, Seniority }
    /// How badly it is needed, as the asker says.
    NeedClass = "entity::requests::NeedClass" { Urgent, Essential, Ordinary }
    /// What a file holds.
    ImportWhat = "entity::imports::ImportWhat" { Assets, Photos, Regions, Units, Categories, Standards }
    /// Life of an import.
    ImportState = "entity::imports::ImportState" { Announced, Read, Queued, Running, Checked, Done, Cancelled, Failed }
    /// Life of a delivery.
    DeliveryState = "entity::deliveries::DeliveryState" { Waiting, Running, Behind, Delivered, Dead, Skipped }
    /// Life of a job.
    JobState = "entity::jobs::JobState" { Queued, Running, Done, Failed }
}
