//! The kinds of what awaits somebody. What a person may do is the policy's business; here stands whom it awaits: the office may
//! draft a listing for a unit, and is not waited for.

use entity::identity::Role::{self, Clerk, Head, Staff};
use serde::{Deserialize, Serialize};

use crate::authz::Relation::{self, Giver, Receiver, Warehouse};
use crate::graphql::ids;

/// What is to be done.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, async_graphql::Enum,
)]
#[graphql(name = "InboxKind")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Decide a step of a case: `decideSteps`.
    Approve,
    /// Say whether the unit still wants what was corrected: `confirmCorrection`.
    ConfirmCorrection,
    /// Correct a request line that an approver sent back: `resubmitRequestLine`.
    CorrectLine,
    /// Correct a listing that an approver sent back: `updateListing`, `submitListing`.
    CorrectListing,
    /// Hand over what was approved: `releaseLine`.
    Release,
    /// Confirm what was handed over: `receiveTransfer`.
    Receive,
    /// Note the voucher number: `bookTransfer`.
    Book,
    /// Say whether an offer is still there: `reconfirmListings`.
    Reconfirm,
    /// Inspect what was brought to the warehouse: `inspectListing`.
    Inspect,
    /// Hand over what is lent: `handOverLoan`.
    HandOverLoan,
    /// Confirm what was lent: `receiveLoan`.
    ReceiveLoan,
    /// Bring back what is overdue: `returnLoan`, `extendLoan`.
    ReturnLoan,
    /// Inspect what came back from a loan: `inspectLoan`.
    InspectLoan,
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// On the civil day that the column holds.
    Day,
    /// By the instant that the column holds.
    Until,
    /// So many working days after the instant that the column holds: a setting of the rule book.
    After(&'static str),
}

/// Rows of one side: all of them, where a grant reaches everywhere, or those of the units or warehouses in `column`.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Whom it awaits.
    pub who: &'static [(Role, Relation)],
    /// The column with the unit or warehouse.
    pub column: &'static str,
    /// What is true of its rows, as the index has it.
    pub rows: &'static str,
}

/// A kind, but for steps to approve: their seats are worked out by `approvals`.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Which.
    pub kind: Kind,
    /// The table; its rows' identities are those of what it is about.
    pub table: &'static str,
    /// What the identity is of.
    pub of: ids::Kind,
    /// The column that it is sorted by: the earlier, the earlier due.
    pub key: &'static str,
    /// When it is due.
    pub due: Due,
    /// Whether it awaits nobody before it is due.
    pub only_due: bool,
    /// The sides whose pages are merged.
    pub sides: &'static [Side],
}

const ASKER: &[(Role, Relation)] = &[(Clerk, Receiver)];
const ASKERS: &[(Role, Relation)] = &[(Clerk, Receiver), (Head, Receiver)];
const HOLDER: &[(Role, Relation)] = &[(Clerk, Giver)];
const STORE: &[(Role, Relation)] = &[(Staff, Warehouse)];

/// All kinds but [`Kind::Approve`].
pub const SOURCES: &[Source] = &[
    Source {
        kind: Kind::ConfirmCorrection,
        table: "request_line",
        of: ids::Kind::Line,
        key: "confirm_until",
        due: Due::Until,
        only_due: false,
        sides: &[Side { who: ASKERS, column: "unit_id", rows: "confirm_until is not null" }],
    },
    Source {
        kind: Kind::CorrectLine,
        table: "request_line",
        of: ids::Kind::Line,
        key: "hold_expires_at",
        due: Due::Until,
        only_due: false,
        sides: &[Side {
            who: ASKER,
            column: "unit_id",
            rows: "state = 'RETURNED' and correction_id is null",
        }],
    },
    Source {
        kind: Kind::CorrectListing,
        table: "listing",
        of: ids::Kind::Listing,
        key: "updated_at",
        due: Due::After("correction_days"),
        only_due: false,
        sides: &[Side { who: HOLDER, column: "unit_id", rows: "state = 'RETURNED'" }],
    },
    Source {
        kind: Kind::Release,
        table: "request_line",
        of: ids::Kind::Line,
        key: "updated_at",
        due: Due::After("release_days"),
        only_due: false,
        sides: &[
            Side {
                who: HOLDER,
                column: "giver_id",
                rows: "state in ('RESERVED', 'RELEASING') and correction_id is null and warehouse_id is null",
            },
            Side {
                who: STORE,
                column: "warehouse_id",
                rows: "state in ('RESERVED', 'RELEASING') and correction_id is null and warehouse_id is not null",
            },
        ],
    },
    Source {
        kind: Kind::Receive,
        table: "transfer",
        of: ids::Kind::Transfer,
        key: "released_at",
        due: Due::After("deemed_receipt_days"),
        only_due: false,
        sides: &[Side { who: ASKER, column: "receiver_id", rows: "state = 'IN_TRANSIT'" }],
    },
    Source {
        kind: Kind::Book,
        table: "transfer",
        of: ids::Kind::Transfer,
        key: "received_at",
        due: Due::After("booking_days"),
        only_due: false,
        sides: &[
            Side {
                who: HOLDER,
                column: "giver_id",
                rows: "state in ('RECEIVED', 'SHORT') and received > 0 and booked_out is null",
            },
            Side {
                who: ASKER,
                column: "receiver_id",
                rows: "state in ('RECEIVED', 'SHORT') and received > 0 and booked_in is null",
            },
        ],
    },
    Source {
        kind: Kind::Reconfirm,
        table: "listing",
        of: ids::Kind::Listing,
        key: "reconfirm_by",
        due: Due::Day,
        only_due: false,
        sides: &[Side { who: HOLDER, column: "unit_id", rows: "reconfirm_by is not null" }],
    },
    Source {
        kind: Kind::Inspect,
        table: "listing",
        of: ids::Kind::Listing,
        key: "updated_at",
        due: Due::After("inspection_days"),
        only_due: false,
        sides: &[Side {
            who: STORE,
            column: "warehouse_id",
            rows: "state in ('AWAITING_INSPECTION', 'REPAIR')",
        }],
    },
    Source {
        kind: Kind::HandOverLoan,
        table: "loan",
        of: ids::Kind::Loan,
        key: "day_from",
        due: Due::Day,
        only_due: false,
        sides: &[
            Side { who: HOLDER, column: "giver_id", rows: "state = 'APPROVED' and warehouse_id is null" },
            Side {
                who: STORE,
                column: "warehouse_id",
                rows: "state = 'APPROVED' and warehouse_id is not null",
            },
        ],
    },
    Source {
        kind: Kind::ReceiveLoan,
        table: "loan",
        of: ids::Kind::Loan,
        key: "handed_over_at",
        due: Due::After("deemed_receipt_days"),
        only_due: false,
        sides: &[Side { who: ASKER, column: "unit_id", rows: "state = 'HANDED_OVER'" }],
    },
    Source {
        kind: Kind::ReturnLoan,
        table: "loan",
        of: ids::Kind::Loan,
        key: "day_to",
        due: Due::Day,
        only_due: true,
        sides: &[Side {
            who: ASKER,
            column: "unit_id",
            rows: "state in ('HANDED_OVER', 'ON_LOAN') and state = 'ON_LOAN' and lent > 0",
        }],
    },
    Source {
        kind: Kind::InspectLoan,
        table: "loan",
        of: ids::Kind::Loan,
        key: "updated_at",
        due: Due::After("inspection_days"),
        only_due: false,
        sides: &[
            Side { who: HOLDER, column: "giver_id", rows: "returned > 0 and warehouse_id is null" },
            Side { who: STORE, column: "warehouse_id", rows: "returned > 0 and warehouse_id is not null" },
        ],
    },
];
