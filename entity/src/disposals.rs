//! Disposals after failed reuse, and what they brought in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;

text_enum! {
    /// How a thing leaves the books.
    pub enum DisposalKind {
        /// 捐赠: given away for the public good.
        Donation,
        /// 出售: sold in the open.
        Sale,
        /// 报废: of no use any more.
        Scrap,
        /// 置换: exchanged for another thing.
        Exchange,
        /// 核销: written off.
        WriteOff,
    }
}

text_enum! {
    /// Life of a disposal.
    pub enum DisposalState {
        /// Written down, or sent back by an approver.
        Proposed,
        /// Appraised; not with the approvers.
        Appraised,
        /// With the approvers.
        Submitted,
        /// Approved and shown for objections; carried out when that is over.
        Publicity,
        /// Carried out.
        Done,
        /// Given up: what it was about is offered again.
        CalledOff,
    }
}

text_enum! {
    /// Why a disposal was given up.
    pub enum DisposalReason {
        /// An approver refused it.
        Refused,
        /// A unit wants the thing: reuse goes first.
        Wanted,
        /// The holder's side gave it up.
        GivenUp,
        /// The card was purged.
        Purged,
    }
}

/// A disposal (处置) of pieces of a listing that nobody took.
pub mod disposal {
    use super::*;

    /// A disposal (处置) of pieces of a listing that nobody took. While it is open its pieces are set aside: counted as withdrawn
    /// in the listing, and in no other offer.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "disposal")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Number.
        #[sea_orm(column_type = "Text")]
        pub number: String,
        /// What was offered in vain.
        pub listing_id: Uuid,
        /// Its card; once it is carried out, the card that left the books.
        pub asset_id: Uuid,
        /// Who holds it: the listing's unit.
        pub unit_id: Uuid,
        /// Where it lies: the listing's warehouse.
        pub warehouse_id: Option<Uuid>,
        /// Kind.
        pub kind: DisposalKind,
        /// State.
        pub state: DisposalState,
        /// Pieces.
        pub quantity: i64,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub justification: String,
        /// What is broken beyond repair.
        #[sea_orm(column_type = "Text", nullable)]
        pub beyond_repair: Option<String>,
        /// Who found so.
        #[sea_orm(column_type = "Text", nullable)]
        pub beyond_repair_by: Option<String>,
        /// Who appraised it.
        #[sea_orm(column_type = "Text", nullable)]
        pub appraiser: Option<String>,
        /// Appraised value of all its pieces.
        pub appraised_value: Option<Money>,
        /// Civil day of the appraisal.
        pub appraised_on: Option<Date>,
        /// Last civil day on which the appraisal is good.
        pub appraisal_until: Option<Date>,
        /// Number or place of the report.
        #[sea_orm(column_type = "Text", nullable)]
        pub appraisal_report: Option<String>,
        /// First civil day of the publicity.
        pub publicity_from: Option<Date>,
        /// Last civil day of the publicity.
        pub publicity_until: Option<Date>,
        /// A price below the threshold that is with the approvers.
        pub asked_price: Option<Money>,
        /// The least price, where approvers allowed one below the threshold.
        pub least_price: Option<Money>,
        /// Why it was given up.
        pub reason: Option<DisposalReason>,
        /// What a person wrote about it last.
        #[sea_orm(column_type = "Text", nullable)]
        pub comment: Option<String>,
        /// The unit that wants it.
        pub objector_id: Option<Uuid>,
        /// Who got it.
        #[sea_orm(column_type = "Text", nullable)]
        pub receiver: Option<String>,
        /// Proof that it was carried out: contract, receipt, record of destruction.
        #[sea_orm(column_type = "Text", nullable)]
        pub evidence: Option<String>,
        /// What it brought in.
        pub proceeds: Option<Money>,
        /// The account.
        pub created_by: Uuid,
        /// When it was proposed.
        pub created_at: DateTimeUtc,
        /// The account.
        pub done_by: Option<Uuid>,
        /// When it was carried out.
        pub done_at: Option<DateTimeUtc>,
        /// Civil day on which it was carried out.
        pub done_on: Option<Date>,
        /// Updated at.
        pub updated_at: DateTimeUtc,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a disposal brought in: the treasury's, and never a saving. Append-only.
pub mod disposal_proceeds {
    use super::*;

    /// What a disposal brought in: the treasury's, and never a saving. Append-only.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "disposal_proceeds")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The disposal.
        pub disposal_id: Uuid,
        /// Whose thing it was.
        pub unit_id: Uuid,
        /// How it went.
        pub kind: DisposalKind,
        /// How much.
        pub amount: Money,
        /// Civil day.
        pub civil_day: Date,
        /// When it was entered.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
