use entity::identity::Role::{self, Administrator, Auditor, Clerk, Finance, Head, Office, Staff, Supervisor};

use super::Relation::{self, Anywhere, City, Giver, Receiver, Warehouse};

/// Declares the operations: a variant, the root field it stands for, and who may do it.
macro_rules! operations {
    ($($(#[$meta:meta])* $operation:ident $field:literal: $rules:expr;)+) => {
        /// A root field of the schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Operation { $($(#[$meta])* $operation,)+ }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$operation,)+];

            /// Name of the root field.
            #[must_use]
            pub fn field(self) -> &'static str {
                match self { $(Self::$operation => $field,)+ }
            }

            /// The operation of a root field.
            #[must_use]
            pub fn of_field(field: &str) -> Option<Self> {
                match field { $($field => Some(Self::$operation),)+ _ => None }
            }
        }

        /// Role × operation × relation. What is not here is denied.
        pub const POLICY: &[(Operation, &[(Role, Relation)])] = &[$((Operation::$operation, $rules),)+];
    };
}

/// Any role, held anywhere.
const EVERYONE: &[(Role, Relation)] = &[
    (Clerk, Anywhere),
    (Head, Anywhere),
    (Supervisor, Anywhere),
    (Office, Anywhere),
    (Staff, Anywhere),
    (Finance, Anywhere),
    (Auditor, Anywhere),
    (Administrator, Anywhere),
];
/// Reads what a unit gives or holds.
const READ_GIVER: &[(Role, Relation)] = &[
    (Clerk, Giver),
    (Head, Giver),
    (Supervisor, Giver),
    (Office, Giver),
    (Staff, Warehouse),
    (Finance, Giver),
    (Auditor, Giver),
];
/// Reads a case that has both a giver and a receiver.
const READ_CASE: &[(Role, Relation)] = &[
    (Clerk, Giver),
    (Clerk, Receiver),
    (Head, Giver),
    (Head, Receiver),
    (Supervisor, Giver),
    (Supervisor, Receiver),
    (Office, Giver),
    (Office, Receiver),
    (Staff, Warehouse),
    (Finance, Giver),
    (Finance, Receiver),
    (Auditor, Giver),
    (Auditor, Receiver),
];
/// Reads plans of the office: both sides of a line, and whoever oversees the city.
const READ_PLAN: &[(Role, Relation)] = &[
    (Clerk, Giver),
    (Clerk, Receiver),
    (Head, Giver),
    (Head, Receiver),
    (Supervisor, Giver),
    (Supervisor, Receiver),
    (Office, City),
    (Office, Giver),
    (Office, Receiver),
    (Finance, Giver),
    (Finance, Receiver),
    (Finance, City),
    (Auditor, Giver),
    (Auditor, Receiver),
    (Auditor, City),
];
const CITY_OFFICE: &[(Role, Relation)] = &[(Office, City)];
/// Sees what is overdue.
const SUPERVISION: &[(Role, Relation)] = &[
    (Head, Giver),
    (Head, Receiver),
    (Supervisor, Giver),
    (Supervisor, Receiver),
    (Office, Giver),
    (Office, Receiver),
    (Auditor, Giver),
    (Auditor, Receiver),
];
/// Reads the ledger.
const READ_SAVINGS: &[(Role, Relation)] = &[
    (Head, Giver),
    (Head, Receiver),
    (Supervisor, Giver),
    (Supervisor, Receiver),
    (Office, Giver),
    (Office, Receiver),
    (Finance, Giver),
    (Finance, Receiver),
    (Auditor, Giver),
    (Auditor, Receiver),
];
/// Reads what disposals brought in.
const READ_PROCEEDS: &[(Role, Relation)] =
    &[(Head, Giver), (Supervisor, Giver), (Office, Giver), (Finance, Giver), (Auditor, Giver)];
/// Reads the records of the whole city: accounts, events, jobs, and the trail with its payloads opened, those of
/// RESTRICTED assets too. Administrators are here on purpose: they could grant themselves the auditor's role, so that
/// keeping the trail from them would only look like protection; such a grant stands in the same trail.
const READ_RECORDS: &[(Role, Relation)] = &[(Auditor, City), (Administrator, City)];
const ADMINISTRATOR: &[(Role, Relation)] = &[(Administrator, City)];
/// Sets what holds for the whole city.
const RULE_BOOK: &[(Role, Relation)] = &[(Administrator, City), (Office, City)];
/// Reads what is planned with the units of the city; everybody sees in the unit itself that it closes.
const READ_SUCCESSIONS: &[(Role, Relation)] = &[(Administrator, City), (Office, City), (Auditor, City)];
const GIVER_CLERK: &[(Role, Relation)] = &[(Clerk, Giver), (Office, Giver)];
/// Loads files: cards and photos of a unit, or the city's reference data.
const LOAD: &[(Role, Relation)] = &[(Clerk, Giver), (Office, Giver), (Office, City), (Administrator, City)];
const READ_IMPORTS: &[(Role, Relation)] =
    &[(Clerk, Giver), (Office, Giver), (Office, City), (Auditor, Giver), (Administrator, City)];
const RECEIVER_CLERK: &[(Role, Relation)] = &[(Clerk, Receiver)];
const OFFICE: &[(Role, Relation)] = &[(Office, Giver)];
/// The roles that approval rules can name; the step says at whom.
const DECIDERS: &[(Role, Relation)] =
    &[(Clerk, Anywhere), (Head, Anywhere), (Supervisor, Anywhere), (Office, Anywhere), (Finance, Anywhere)];

operations! {
    // Queries.
    Me "me": EVERYONE;
    /// Each kind asks for the right to its own root field.
    Node "node": EVERYONE;
    Unit "unit": EVERYONE;
    Units "units": EVERYONE;
    Regions "regions": EVERYONE;
    Categories "categories": EVERYONE;
    Standards "standards": EVERYONE;
    Warehouses "warehouses": EVERYONE;
    StoragePlaces "storagePlaces": EVERYONE;
    CitySettings "citySettings": EVERYONE;
    RequiredFields "requiredFields": EVERYONE;
    Asset "asset": READ_GIVER;
    Assets "assets": READ_GIVER;
    Listing "listing": EVERYONE;
    Listings "listings": EVERYONE;
    /// Shows those of cards that the caller may see.
    Corrections "corrections": EVERYONE;
    Freezes "freezes": READ_GIVER;
    Search "search": EVERYONE;
    Request "request": READ_CASE;
    Requests "requests": READ_CASE;
    RequestLines "requestLines": READ_CASE;
    Kit "kit": EVERYONE;
    Kits "kits": EVERYONE;
    KitOrder "kitOrder": READ_CASE;
    ProposeKit "proposeKit": RECEIVER_CLERK;
    Transfer "transfer": READ_CASE;
    Transfers "transfers": READ_CASE;
    Loan "loan": READ_CASE;
    Loans "loans": READ_CASE;
    OverdueLoans "overdueLoans": READ_CASE;
    /// Says how many are free, and of what the caller may see.
    LoanCalendar "loanCalendar": EVERYONE;
    /// What is shown for objections is shown to everybody; all else asks for the right to [`Operation::StaleListings`].
    Disposal "disposal": EVERYONE;
    Disposals "disposals": EVERYONE;
    StaleListings "staleListings": READ_GIVER;
    DisposalProceeds "disposalProceeds": READ_PROCEEDS;
    RentalRates "rentalRates": EVERYONE;
    /// Who has to do with some line sees the plan, from its publication on, and those lines.
    AllocationPlan "allocationPlan": READ_PLAN;
    AllocationPlans "allocationPlans": READ_PLAN;
    Tasks "tasks": EVERYONE;
    /// Each kind says whom it awaits: see `inbox::kinds`.
    Inbox "inbox": EVERYONE;
    InboxCounts "inboxCounts": EVERYONE;
    ApprovalRuleSets "approvalRuleSets": EVERYONE;
    PreviewApproval "previewApproval": READ_CASE;
    RankingRules "rankingRules": EVERYONE;
    Claims "claims": READ_CASE;
    ExplainAward "explainAward": READ_CASE;
    PreviewRanking "previewRanking": READ_GIVER;
    Delegations "delegations": EVERYONE;
    UnitAllowance "unitAllowance": &[(Clerk, Receiver), (Head, Receiver), (Supervisor, Receiver), (Office, Receiver), (Finance, Receiver), (Auditor, Receiver)];
    OverdueSteps "overdueSteps": SUPERVISION;
    OverdueBySeat "overdueBySeat": SUPERVISION;
    WorkingCalendar "workingCalendar": EVERYONE;
    Savings "savings": READ_SAVINGS;
    SavingEntries "savingEntries": READ_SAVINGS;
    ExplainSaving "explainSaving": READ_SAVINGS;
    AuditTrail "auditTrail": READ_RECORDS;
    AuditSeals "auditSeals": READ_RECORDS;
    Events "events": READ_RECORDS;
    Jobs "jobs": READ_RECORDS;
    Accounts "accounts": READ_RECORDS;
    DuplicateCases "duplicateCases": OFFICE;
    /// What may be loaded is decided by what it holds: see `import::rights`.
    Import "import": READ_IMPORTS;
    Imports "imports": READ_IMPORTS;
    Succession "succession": READ_SUCCESSIONS;
    Successions "successions": READ_SUCCESSIONS;
    Webhooks "webhooks": ADMINISTRATOR;
    Deliveries "deliveries": ADMINISTRATOR;

    // What the giver's side does.
    DraftAsset "draftAsset": GIVER_CLERK;
    UpdateAsset "updateAsset": GIVER_CLERK;
    CorrectAsset "correctAsset": &[(Clerk, Giver), (Office, Giver), (Staff, Warehouse)];
    ResolveDuplicate "resolveDuplicate": OFFICE;
    DraftListing "draftListing": GIVER_CLERK;
    UpdateListing "updateListing": GIVER_CLERK;
    SubmitListing "submitListing": GIVER_CLERK;
    WithdrawListing "withdrawListing": &[(Clerk, Giver), (Head, Giver), (Office, Giver)];
    ReconfirmListings "reconfirmListings": &[(Clerk, Giver), (Head, Giver), (Office, Giver)];
    InspectListing "inspectListing": &[(Staff, Warehouse)];
    Freeze "freeze": &[(Office, Giver), (Staff, Warehouse)];
    Unfreeze "unfreeze": OFFICE;
    StartPhotoUpload "startPhotoUpload": &[(Clerk, Giver), (Office, Giver), (Staff, Warehouse)];
    FinishPhotoUpload "finishPhotoUpload": &[(Clerk, Giver), (Office, Giver), (Staff, Warehouse)];
    RemovePhoto "removePhoto": &[(Clerk, Giver), (Office, Giver), (Staff, Warehouse)];

    StartImport "startImport": LOAD;
    ReadImport "readImport": LOAD;
    RunImport "runImport": LOAD;
    CancelImport "cancelImport": LOAD;

    // Approvals: the step says who; see `approvals`.
    DecideSteps "decideSteps": DECIDERS;
    Delegate "delegate": DECIDERS;
    EndDelegation "endDelegation": &[(Clerk, Anywhere), (Head, Anywhere), (Supervisor, Anywhere), (Office, Anywhere), (Finance, Anywhere), (Administrator, City)];

    // What the receiver's side does.
    DraftRequest "draftRequest": RECEIVER_CLERK;
    UpdateRequest "updateRequest": RECEIVER_CLERK;
    DiscardRequest "discardRequest": RECEIVER_CLERK;
    SubmitRequest "submitRequest": RECEIVER_CLERK;
    RequestKit "requestKit": RECEIVER_CLERK;
    ResubmitRequestLine "resubmitRequestLine": RECEIVER_CLERK;
    CancelRequestLine "cancelRequestLine": &[(Clerk, Receiver), (Head, Receiver)];
    ConfirmCorrection "confirmCorrection": &[(Clerk, Receiver), (Head, Receiver)];

    // Plans of the office: written by the office of the city, spoken against by the units concerned.
    DraftAllocationPlan "draftAllocationPlan": CITY_OFFICE;
    UpdateAllocationPlan "updateAllocationPlan": CITY_OFFICE;
    PublishAllocationPlan "publishAllocationPlan": CITY_OFFICE;
    ObjectToPlanLine "objectToPlanLine": &[(Clerk, Giver), (Clerk, Receiver), (Head, Giver), (Head, Receiver)];
    AnswerObjection "answerObjection": CITY_OFFICE;
    SubmitAllocationPlan "submitAllocationPlan": CITY_OFFICE;
    ReserveAllocationPlan "reserveAllocationPlan": CITY_OFFICE;
    CancelAllocationPlan "cancelAllocationPlan": CITY_OFFICE;

    // Hand-over.
    FailRequestLine "failRequestLine": &[(Head, Giver), (Office, Giver)];
    ReleaseLine "releaseLine": &[(Clerk, Giver), (Staff, Warehouse)];
    ReceiveTransfer "receiveTransfer": RECEIVER_CLERK;
    DeemReceived "deemReceived": &[(Office, Receiver)];
    BookTransfer "bookTransfer": &[(Clerk, Giver), (Clerk, Receiver), (Finance, Giver), (Finance, Receiver)];
    /// The receiver only objects to a receipt that the office recorded in its place.
    ReverseTransfer "reverseTransfer": &[(Office, Giver), (Clerk, Receiver), (Head, Receiver)];

    // Loans: asked for and given back by the borrower, kept by who keeps the thing.
    RequestLoan "requestLoan": RECEIVER_CLERK;
    CancelLoan "cancelLoan": &[(Clerk, Receiver), (Head, Receiver)];
    FailLoan "failLoan": &[(Head, Giver), (Office, Giver)];
    HandOverLoan "handOverLoan": &[(Clerk, Giver), (Staff, Warehouse)];
    ReceiveLoan "receiveLoan": &[(Clerk, Receiver), (Office, Receiver)];
    ExtendLoan "extendLoan": RECEIVER_CLERK;
    ReturnLoan "returnLoan": &[(Clerk, Giver), (Clerk, Receiver), (Staff, Warehouse)];
    InspectLoan "inspectLoan": &[(Clerk, Giver), (Staff, Warehouse)];
    ConvertLoan "convertLoan": RECEIVER_CLERK;
    // Disposals: the holder's side carries them through; any unit may want the thing.
    ProposeDisposal "proposeDisposal": GIVER_CLERK;
    AppraiseDisposal "appraiseDisposal": GIVER_CLERK;
    SubmitDisposal "submitDisposal": GIVER_CLERK;
    AskDisposalPrice "askDisposalPrice": GIVER_CLERK;
    ObjectToDisposal "objectToDisposal": &[(Clerk, Receiver), (Head, Receiver)];
    CompleteDisposal "completeDisposal": GIVER_CLERK;
    CallOffDisposal "callOffDisposal": &[(Clerk, Giver), (Head, Giver), (Office, Giver)];

    // Administration.
    CreateAccount "createAccount": ADMINISTRATOR;
    ResetPassword "resetPassword": ADMINISTRATOR;
    SetAccountActive "setAccountActive": ADMINISTRATOR;
    GrantRole "grantRole": ADMINISTRATOR;
    RevokeRole "revokeRole": ADMINISTRATOR;
    SaveUnit "saveUnit": ADMINISTRATOR;
    DraftSuccession "draftSuccession": RULE_BOOK;
    AnnounceSuccession "announceSuccession": RULE_BOOK;
    CallOffSuccession "callOffSuccession": RULE_BOOK;
    StartSuccession "startSuccession": RULE_BOOK;
    SaveRegion "saveRegion": ADMINISTRATOR;
    SaveCategory "saveCategory": ADMINISTRATOR;
    SaveWarehouse "saveWarehouse": ADMINISTRATOR;
    SavePlace "savePlace": &[(Administrator, City), (Staff, Warehouse)];
    SetStandard "setStandard": RULE_BOOK;
    SetRequiredField "setRequiredField": RULE_BOOK;
    SetCitySetting "setCitySetting": RULE_BOOK;
    SetCalendarDays "setCalendarDays": RULE_BOOK;
    SetUnitQuota "setUnitQuota": RULE_BOOK;
    SetUnitCap "setUnitCap": RULE_BOOK;
    OverrideBlock "overrideBlock": &[(Office, Receiver)];
    SaveApprovalRuleSet "saveApprovalRuleSet": RULE_BOOK;
    PublishApprovalRuleSet "publishApprovalRuleSet": RULE_BOOK;
    DiscardApprovalRuleSet "discardApprovalRuleSet": RULE_BOOK;
    SaveRankingRules "saveRankingRules": RULE_BOOK;
    PublishRankingRules "publishRankingRules": RULE_BOOK;
    SetRentalRate "setRentalRate": RULE_BOOK;
    SaveKit "saveKit": RULE_BOOK;
    StartReindex "startReindex": ADMINISTRATOR;
    PurgeAsset "purgeAsset": ADMINISTRATOR;
    SaveWebhook "saveWebhook": ADMINISTRATOR;
    RenewWebhookSecret "renewWebhookSecret": ADMINISTRATOR;
    RemoveWebhook "removeWebhook": ADMINISTRATOR;
    RetryDelivery "retryDelivery": ADMINISTRATOR;
    ChangePassword "changePassword": EVERYONE;
}

/// What belongs to deciding for somebody who is away: the steps, and to see what they are about.
const DELEGABLE: &[Operation] = &[
    Operation::Node,
    Operation::Asset,
    Operation::Listing,
    Operation::Listings,
    Operation::AllocationPlan,
    Operation::Request,
    Operation::Requests,
    Operation::RequestLines,
    Operation::Loan,
    Operation::Loans,
    Operation::Tasks,
    Operation::DecideSteps,
];

/// Whether somebody who stands in for another may do it by the other's grants.
#[must_use]
pub fn delegable(operation: Operation) -> bool {
    DELEGABLE.contains(&operation)
}
