//! What can go wrong in a use case, and how it is told.

mod messages;

use entity::identity::Locale;
use sea_orm::DbErr;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The caller asked for something that cannot be: data in the payload, never a GraphQL error.
    #[error("rejected: {0:?}")]
    Rejected(Vec<Rejection>),
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    Unauthenticated,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbErr),
    /// Anything else that is our own fault.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(vec![rejection])
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Rejection::new(code).into()
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault {
    /// Nothing where `rejections` is empty, else all of them at once.
    ///
    /// # Errors
    /// [`Fault::Rejected`] with everything that was collected.
    pub fn all(rejections: Vec<Rejection>) -> Result<(), Self> {
        if rejections.is_empty() { Ok(()) } else { Err(Self::Rejected(rejections)) }
    }
}

/// One thing that a person can put right, with the field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What is wrong.
    pub code: Code,
    /// Path of the input field, outermost first; empty where it is about the whole.
    pub field: Vec<String>,
    /// Values for the sentence.
    pub details: Vec<(&'static str, String)>,
}

impl Rejection {
    /// About the whole input.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, field: Vec::new(), details: Vec::new() }
    }

    /// About one field; a dotted path such as `lines.0.quantity` names a nested one.
    #[must_use]
    pub fn at(mut self, field: impl AsRef<str>) -> Self {
        self.field = field.as_ref().split('.').map(str::to_owned).collect();
        self
    }

    /// A value that the sentence mentions.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.push((name, value.to_string()));
        self
    }

    /// The sentence a person reads.
    #[must_use]
    pub fn message(&self, locale: Locale) -> String {
        let template = match locale {
            Locale::Zh => messages::sentences(self.code).0,
            Locale::En => messages::sentences(self.code).1,
        };
        let mut text = template.to_owned();
        for (name, value) in &self.details {
            // A detail may itself be a sentence, given in both languages.
            let name = match (locale, name.split_once('_')) {
                (Locale::Zh, Some((stem, "zh"))) | (Locale::En, Some((stem, "en"))) => stem,
                _ => name,
            };
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// Closed list of what may be wrong with a request of a person or program.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, async_graphql::Enum,
)]
#[graphql(name = "ErrorCode")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The account or the password is wrong.
    WrongCredentials,
    /// Too many failed attempts: wait.
    SlowDown,
    /// The new password is too easy.
    PasswordTooWeak,
    /// The caller's roles do not allow this here.
    NotAllowed,
    /// There is no such thing, or not for the caller.
    NotFound,
    /// Somebody else changed it meanwhile.
    Stale,
    /// The idempotency key was used with another input.
    KeyReused,
    /// A field must be filled.
    Required,
    /// A text is too long.
    TooLong,
    /// A number is out of its range.
    OutOfRange,
    /// A value does not have the form it should have.
    Malformed,
    /// Another one with this value exists.
    Duplicate,
    /// Not possible in the present state.
    WrongState,
    /// Secret things may not be kept here.
    SecretRefused,
    /// More is asked than there is.
    NotEnough,
    /// A freeze covers it.
    Frozen,
    /// The value belongs to another kind of asset.
    KindMismatch,
    /// Others decided by this field: it cannot change while the asset is offered.
    OfferedField,
    /// Others count on pieces of the card: it cannot say fewer.
    PiecesClaimed,
    /// What was asked for was corrected, and the asker has not said that it still wants it.
    ConfirmFirst,
    /// Nothing differs.
    NothingChanged,
    /// The offer is for loan only.
    ForLoanOnly,
    /// Too few pieces are free on a day of the loan.
    LoanTaken,
    /// A loan has more days than the rule book allows.
    LoanTooLong,
    /// A loan begins later than the rule book allows.
    TooFarAhead,
    /// Not on that day.
    LoanDayWrong,
    /// Pieces are not back from an earlier loan.
    NotBackYet,
    /// Somebody has asked for it, was promised it, or has it: reuse goes first.
    Claimed,
    /// It has not been offered in vain long enough.
    ReuseFirst,
    /// It is not as old as it must be before it is scrapped.
    BelowServiceLife,
    /// An appraisal is needed first.
    AppraisalNeeded,
    /// The appraisal is good no more.
    AppraisalOver,
    /// A sale would bring in too little of its appraisal.
    BelowAppraisal,
    /// It is still shown for objections.
    PublicityRuns,
    /// It is shown for objections no more.
    PublicityOver,
    /// The card may be one that is there already: the office settles that first.
    DuplicateSuspected,
    /// A unit cannot ask for what it holds.
    OwnHolding,
    /// The unit would have more than it is entitled to.
    OverCap,
    /// The unit has not confirmed what it was handed.
    OverdueReceipts,
    /// Some case would be approved by nobody.
    NoStepForAll,
    /// Whoever applies never approves the same case.
    OwnCase,
    /// The unit is closing or closed.
    UnitNotActive,
    /// A unit is closed by a succession alone.
    ClosedBySuccession,
    /// A succession that is under way names the unit.
    UnderSuccession,
    /// Its day has not come.
    NotYetDue,
    /// A claim window does not go with the other terms of the offer.
    NoWindow,
    /// A photo is needed.
    PhotoRequired,
    /// An erasure record is needed.
    ErasureRequired,
    /// Real estate is listed virtually only.
    VirtualOnly,
    /// The picture cannot be taken; the sentence says why.
    PhotoRefused,
    /// A node of a tree would be above itself.
    Circle,
    /// A standard cannot be set back behind a revision that begins later.
    NewerStandard,
    /// A row of a file says again what an earlier one said.
    DuplicateRow,
    /// The one-time code is wrong or too old.
    WrongCode,
    /// Nobody would be left to administer.
    LastAdministrator,
    /// The role cannot be held at such a place.
    ScopeMismatch,
    /// The listing is not open for requests of this unit.
    NotOpen,
    /// The day lies in the past.
    InThePast,
    /// The parts do not sum to the whole.
    SumMismatch,
    /// The days for objections to a plan run, or one is not answered.
    ObjectionsOpen,
    /// The days for objections to a line are over.
    ObjectionsOver,
    /// Others wait for the pieces already.
    AwaitedByOthers,
    /// Not yet: the days that the rule book gives are not over.
    TooEarly,
    /// Not any more: the days that the rule book gives are over.
    TooLate,
    /// This side has booked already.
    AlreadyBooked,
    /// The address belongs to a network that webhooks may not be sent to.
    ClosedAddress,
    /// The file cannot be taken; the sentence says why.
    FileRefused,
    /// The page asked for is too large or the cursor is not one of ours.
    BadPage,
}
