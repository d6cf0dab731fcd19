//! Global ids: the kind of a thing and its identity in one opaque text, so that any thing can be asked for by `node`.

use async_graphql::ID;
use uuid::Uuid;

use crate::fault::{Code, Rejection};

/// What a global id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Account,
    Asset,
    Case,
    Category,
    Delegation,
    Delivery,
    Disposal,
    Duplicate,
    Entry,
    Freeze,
    Grant,
    Import,
    Job,
    Kit,
    Line,
    Listing,
    Loan,
    Objection,
    Photo,
    Place,
    Plan,
    PlanLine,
    RankingRules,
    Region,
    RentalRate,
    Request,
    RuleSet,
    Setting,
    Standard,
    Step,
    Succession,
    Transfer,
    Unit,
    Upload,
    Warehouse,
    Webhook,
}

impl Kind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Account, "acc"),
        (Self::Asset, "ast"),
        (Self::Case, "cas"),
        (Self::Category, "cat"),
        (Self::Delegation, "dlg"),
        (Self::Delivery, "dlv"),
        (Self::Disposal, "dsp"),
        (Self::Duplicate, "dup"),
        (Self::Entry, "sav"),
        (Self::Freeze, "frz"),
        (Self::Grant, "grt"),
        (Self::Import, "imp"),
        (Self::Job, "job"),
        (Self::Kit, "kit"),
        (Self::Line, "lin"),
        (Self::Listing, "lst"),
        (Self::Loan, "lon"),
        (Self::Objection, "obj"),
        (Self::Photo, "pho"),
        (Self::Place, "plc"),
        (Self::Plan, "pln"),
        (Self::PlanLine, "pll"),
        (Self::RankingRules, "rkr"),
        (Self::Region, "rgn"),
        (Self::RentalRate, "rat"),
        (Self::Request, "req"),
        (Self::RuleSet, "rls"),
        (Self::Setting, "set"),
        (Self::Standard, "std"),
        (Self::Step, "stp"),
        (Self::Succession, "suc"),
        (Self::Transfer, "trf"),
        (Self::Unit, "unt"),
        (Self::Upload, "upl"),
        (Self::Warehouse, "whs"),
        (Self::Webhook, "whk"),
    ];

    pub(super) fn prefix(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, prefix)| prefix)
    }
}

/// The global id of a thing.
#[must_use]
pub fn encode(kind: Kind, id: Uuid) -> ID {
    ID(format!("{}_{}", kind.prefix(), id.simple()))
}

/// What a global id is of, and which.
#[must_use]
pub fn parse(id: &ID) -> Option<(Kind, Uuid)> {
    let (prefix, rest) = id.split_once('_')?;
    let (kind, _) = Kind::ALL.iter().copied().find(|(_, known)| *known == prefix)?;
    Some((kind, Uuid::try_parse(rest).ok()?))
}

/// The identity in a global id of the kind expected; none for anything else.
#[must_use]
pub fn decode(kind: Kind, id: &ID) -> Option<Uuid> {
    parse(id).filter(|(found, _)| *found == kind).map(|(_, id)| id)
}

/// As [`decode`], for an input field.
///
/// # Errors
/// [`Code::NotFound`] at `field`: an id that is not one of ours names nothing.
pub fn expect(kind: Kind, id: &ID, field: &str) -> Result<Uuid, Rejection> {
    decode(kind, id).ok_or_else(|| Rejection::new(Code::NotFound).at(field))
}

/// As [`expect`], for an input field that may be empty.
///
/// # Errors
/// [`Code::NotFound`] at `field`.
pub fn expect_some(kind: Kind, id: Option<&ID>, field: &str) -> Result<Option<Uuid>, Rejection> {
    id.map(|id| expect(kind, id, field)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_what_they_were_and_as_nothing_else() {
        let id = Uuid::from_u128(7);
        for (kind, _) in Kind::ALL.iter().copied() {
            assert_eq!(parse(&encode(kind, id)), Some((kind, id)));
        }
        assert_eq!(decode(Kind::Unit, &encode(Kind::Listing, id)), None);
        for wrong in ["", "_", "lst_", "lst_x", "xxx_00000000000000000000000000000007", "名_1"] {
            assert_eq!(parse(&ID(wrong.to_owned())), None);
        }
    }
}
