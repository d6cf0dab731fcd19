//! Each role at the unit or warehouse that a subject has to do with, and elsewhere.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use api::app::App;
use api::authz::{Operation, Relation, rules};
use api::identity::Actor;
use api::identity::session::rights_changed;
use api::write::{Command, Tx};
use entity::identity::Role;
use entity::organisation::unit;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::people::{Place, ROLES, enrol};
use tests::city::City;
use tests::moves::{
    self, approve_line, ask, decide, deliver, draft_card, draft_listing, key, list, photograph, png, release,
    submit_listing, text,
};
use tests::{Backend, Client, Outcome};

/// Whose subject it is: the relations that its parties can have to somebody.
#[derive(Clone, Copy)]
struct Parties {
    giver: bool,
    receiver: bool,
    warehouse: bool,
}

const GIVER: Parties = Parties { giver: true, receiver: false, warehouse: false };
const RECEIVER: Parties = Parties { giver: false, receiver: true, warehouse: false };
const BOTH: Parties = Parties { giver: true, receiver: true, warehouse: false };
const EVERY: Parties = Parties { giver: true, receiver: true, warehouse: true };
const WAREHOUSE: Parties = Parties { giver: false, receiver: false, warehouse: true };
const STORED: Parties = Parties { giver: true, receiver: false, warehouse: true };

/// Where the person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Giver,
    Receiver,
    /// In the region where both are.
    Both,
    Warehouse,
    Elsewhere,
}

enum What {
    /// A document and its variables; the subject's id must be in the answer, or something must be.
    Read(&'static str, Value, Option<String>),
    /// A mutation that goes wrong for another reason than rights, or harms nothing: type of its input, and the input.
    Write(&'static str, Value),
}

struct Case {
    operation: Operation,
    parties: Parties,
    what: What,
}

/// Operations on something of a unit or warehouse that are tried elsewhere: they use up what they are tried on, or days must
/// go by first.
const ELSEWHERE: &[Operation] = &[
    Operation::OverdueSteps,
    Operation::OverdueBySeat,
    Operation::RemovePhoto,
    Operation::FinishPhotoUpload,
    Operation::DuplicateCases,
    Operation::ResolveDuplicate,
    Operation::CancelImport,
    Operation::ExplainAward,
    // No kit was ordered here: see `kits`.
    Operation::KitOrder,
    Operation::DisposalProceeds,
];

pub async fn held(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let cases = cases(&city).await?;
    // What is due today is overdue tomorrow.
    server.app.clock().set(server.app.clock().now() + chrono::TimeDelta::days(1));
    let tried: BTreeSet<Operation> = cases.iter().map(|case| case.operation).collect();
    for operation in Operation::ALL {
        let related = rules(*operation)
            .iter()
            .any(|(_, relation)| !matches!(relation, Relation::Anywhere | Relation::City));
        ensure!(
            !related || tried.contains(operation) || ELSEWHERE.contains(operation),
            "{operation:?} asks for a relation, and no case tries it"
        );
    }

    let warehouse = uuid_of(&city.warehouse)?;
    let district = grow(&server.app, &city).await?;
    let mut stands = Vec::new();
    for role in ROLES {
        let places = match role {
            Role::Administrator => continue,
            Role::Staff => {
                vec![
                    (Stand::Warehouse, Place::Warehouse(warehouse)),
                    (Stand::Elsewhere, Place::Warehouse(Uuid::now_v7())),
                ]
            }
            _ => vec![
                (Stand::Giver, Place::Unit(city.giver.id)),
                (Stand::Receiver, Place::Unit(city.receivers[0].id)),
                (Stand::Elsewhere, Place::Unit(city.receivers[1].id)),
                // The giver stands below that unit now.
                (Stand::Giver, Place::Subtree(city.receivers[1].id)),
                (Stand::Elsewhere, Place::Subtree(Uuid::now_v7())),
                (Stand::Both, Place::Region(district)),
                (Stand::Elsewhere, Place::Region(Uuid::now_v7())),
            ],
        };
        stands.extend(places.into_iter().map(|(stand, place)| (role, stand, place)));
    }
    let grants: Vec<(Role, Place)> = stands.iter().map(|(role, _, place)| (*role, *place)).collect();
    let people = enrol(&server.app, &server.base(), &grants).await?;
    let mut wrong = Vec::new();
    for ((role, stand, _), client) in stands.iter().zip(&people) {
        for case in &cases {
            let rules = rules(case.operation);
            if !rules.iter().any(|(allowed, _)| allowed == role) {
                continue;
            }
            let related = rules.iter().any(|(allowed, relation)| {
                allowed == role
                    && match relation {
                        Relation::Anywhere => true,
                        // Nobody here holds a role over the whole city.
                        Relation::City => false,
                        Relation::Giver => case.parties.giver && matches!(stand, Stand::Giver | Stand::Both),
                        Relation::Receiver => {
                            case.parties.receiver && matches!(stand, Stand::Receiver | Stand::Both)
                        }
                        Relation::Warehouse => case.parties.warehouse && *stand == Stand::Warehouse,
                    }
            });
            let (reached, body) = case.try_as(client, *role).await?;
            if reached != related {
                let why = if related { "should be allowed" } else { "should not be allowed" };
                wrong.push(format!("{role:?} at {stand:?}, {}: {why}: {body:.300}", case.operation.field()));
            }
        }
    }
    ensure!(wrong.is_empty(), "{} are not as the table says:\n{}", wrong.len(), wrong.join("\n"));
    server.stop().await
}

/// Puts the giver below the second receiver, and gives the region where all of them are.
async fn grow(app: &App, city: &City) -> anyhow::Result<Uuid> {
    let (giver, above) = (city.giver.id, city.receivers[1].id);
    let row = app
        .write(&Actor::system(), Command::new("grow", None, &()), |tx: Tx| async move {
            unit::Entity::update_many()
                .col_expr(unit::Column::ParentId, Expr::value(above))
                .filter(unit::Column::Id.eq(giver))
                .exec(tx.conn())
                .await?;
            rights_changed(&tx).await?;
            let row = unit::Entity::find_by_id(giver).one(tx.conn()).await?;
            Ok(row.map(|row| row.place_region_id))
        })
        .await?;
    row.context("the giver")
}

impl Case {
    /// Whether the person reaches the subject; and the answer.
    async fn try_as(&self, client: &Client, role: Role) -> anyhow::Result<(bool, String)> {
        let field = self.operation.field();
        match &self.what {
            What::Read(document, variables, subject) => {
                let body = client.raw(document, variables.clone()).await?;
                let shown = body.to_string();
                ensure!(body.get("errors").is_none(), "{role:?} {field}: {shown}");
                let answer = &body["data"][field];
                let reached = match subject {
                    Some(id) => answer.to_string().contains(id.as_str()),
                    None => !answer.is_null(),
                };
                Ok((reached, shown))
            }
            What::Write(input_type, input) => {
                let mut input = input.clone();
                if self.operation != Operation::StartPhotoUpload {
                    input["idempotencyKey"] = json!(key());
                }
                if self.operation == Operation::ReceiveLoan {
                    input["deemed"] = json!(role == Role::Office);
                }
                let document = format!(
                    "mutation($input: {input_type}!) {{ {field}(input: $input) {{ errors {{ code field message }} }} }}"
                );
                let body = client.raw(&document, json!({ "input": input })).await?;
                let shown = body.to_string();
                let errors =
                    body["data"][field]["errors"].as_array().with_context(|| format!("{field}: {shown}"))?;
                let refused =
                    errors.iter().any(|error| error["code"] == "NOT_ALLOWED" || error["code"] == "NOT_FOUND");
                Ok((!refused, shown))
            }
        }
    }
}

/// The things that the cases are about.
struct Things {
    /// Card of the giver, in the warehouse's hands, not listed yet; its listing.
    waiting: (String, String),
    /// A freeze over that listing, and one to be lifted.
    freezes: (String, String),
    /// Card that lies in a bin; an approved line for it.
    stored: (String, String),
    /// An approved line of a virtual offer.
    approved: String,
    /// A request whose line was handed over; that line; its transfer on the way.
    away: (String, String, String),
    /// A transfer that was received, and an entry of the ledger of it.
    saved: (String, String),
    /// A request of the receiver that was not submitted.
    draft: String,
    /// An offer for loan; a loan of it that is with the receiver, and one of a thing on a shelf that is.
    lent: (String, String, String),
    /// An offer that nobody takes; a donation that is shown for objections.
    stale: (String, String),
    /// An import of the giver that was announced.
    import: String,
    /// A plan that the units concerned may object to, and its one line, from the giver to the receiver.
    plan: (String, String),
    /// An offer whose window is open, and a claim to it.
    claimed: (String, String),
}

async fn cases(city: &City) -> anyhow::Result<Vec<Case>> {
    let things = things(city).await?;
    let mut cases = Vec::new();
    let mut read = |operation, parties, document, variables, subject: Option<&String>| {
        cases.push(Case { operation, parties, what: What::Read(document, variables, subject.cloned()) });
    };
    use Operation as O;
    let (card, listing) = &things.waiting;
    let (request, line, transfer) = &things.away;
    let (received, entry) = &things.saved;
    let id = |id: &String| json!({ "id": id });
    let none = || json!({});
    read(O::Asset, STORED, "query($id: ID!) { asset(id: $id) { id } }", id(card), None);
    read(O::Assets, STORED, "{ assets(first: 100) { edges { node { id } } } }", none(), Some(card));
    read(
        O::Freezes,
        STORED,
        "{ freezes(first: 100) { edges { node { id } } } }",
        none(),
        Some(&things.freezes.0),
    );
    read(O::Request, BOTH, "query($id: ID!) { request(id: $id) { id } }", id(request), None);
    read(O::Requests, BOTH, "{ requests(first: 100) { edges { node { id } } } }", none(), Some(request));
    read(O::RequestLines, BOTH, "{ requestLines(first: 100) { edges { node { id } } } }", none(), Some(line));
    read(
        O::RequestLines,
        EVERY,
        "{ requestLines(first: 100) { edges { node { id } } } }",
        none(),
        Some(&things.stored.1),
    );
    for transfer in [transfer, received] {
        read(O::Transfer, BOTH, "query($id: ID!) { transfer(id: $id) { id } }", id(transfer), None);
        read(
            O::Transfers,
            BOTH,
            "{ transfers(first: 100) { edges { node { id } } } }",
            none(),
            Some(transfer),
        );
    }
    let originals = "{ savings { totals { method amount } } }";
    read(O::Savings, BOTH, originals, none(), Some(&"ORIGINAL_VALUE".to_owned()));
    read(
        O::SavingEntries,
        BOTH,
        "{ savingEntries(first: 100) { edges { node { id } } } }",
        none(),
        Some(entry),
    );
    for loan in [&things.lent.1, &things.lent.2] {
        let parties = if loan == &things.lent.1 { BOTH } else { EVERY };
        read(O::Loan, parties, "query($id: ID!) { loan(id: $id) { id } }", id(loan), None);
        read(O::Loans, parties, "{ loans(first: 100) { edges { node { id } } } }", none(), Some(loan));
        let overdue = "{ overdueLoans(first: 100) { edges { node { id } } } }";
        read(O::OverdueLoans, parties, overdue, none(), Some(loan));
    }
    read(
        O::AllocationPlan,
        BOTH,
        "query($id: ID!) { allocationPlan(id: $id) { id } }",
        id(&things.plan.0),
        None,
    );
    let plans = "{ allocationPlans(first: 100) { edges { node { id } } } }";
    read(O::AllocationPlans, BOTH, plans, none(), Some(&things.plan.0));
    let stale = "{ staleListings(first: 100) { edges { node { listingId } } } }";
    read(O::StaleListings, GIVER, stale, none(), Some(&things.stale.0));
    read(O::ExplainSaving, BOTH, "query($id: ID!) { explainSaving(id: $id) { formula } }", id(entry), None);

    let thought_of = json!({ "subject": "REQUEST_LINE", "kind": "GENERAL", "custody": "VIRTUAL",
        "giverId": city.giver.gid, "receiverId": city.receivers[0].gid });
    read(
        O::PreviewApproval,
        BOTH,
        "query($input: PreviewApprovalInput!) { previewApproval(input: $input) { steps { stage } } }",
        json!({ "input": { "thoughtOf": thought_of } }),
        None,
    );
    let desk = || json!([{ "name": "办公桌", "categoryIds": [city.desks] }]);
    let furnished =
        |places: i64| json!({ "unitId": city.receivers[0].gid, "items": desk(), "places": places });
    let split = "query($input: ProposeKitInput!) { proposeKit(input: $input) { pickups } }";
    read(O::ProposeKit, RECEIVER, split, json!({ "input": furnished(1) }), None);
    let claims = "query($id: ID!) { claims(listingId: $id, first: 100) { edges { node { lineId } } } }";
    read(O::Claims, BOTH, claims, id(&things.claimed.0), Some(&things.claimed.1));
    let ranking = "query($id: ID!) { previewRanking(listingId: $id) { lineId } }";
    read(O::PreviewRanking, GIVER, ranking, id(&things.claimed.0), None);
    read(
        O::UnitAllowance,
        RECEIVER,
        "query($id: ID!) { unitAllowance(unitId: $id) { overdueReceipts } }",
        id(&city.receivers[0].gid),
        None,
    );
    read(O::Import, GIVER, "query($id: ID!) { import(id: $id) { id } }", id(&things.import), None);
    let imports = "{ imports(first: 100) { edges { node { id } } } }";
    read(O::Imports, GIVER, imports, none(), Some(&things.import));

    let mut write = |operation, parties, input_type, input| {
        cases.push(Case { operation, parties, what: What::Write(input_type, input) });
    };
    let stale = |id: &String| json!({ "id": id, "version": 999 });
    let (giver, receiver) = (&city.giver.gid, &city.receivers[0].gid);
    write(O::DraftAsset, GIVER, "DraftAssetInput", json!({ "holderId": giver, "secret": true }));
    write(O::UpdateAsset, GIVER, "UpdateAssetInput", stale(card));
    write(O::DraftListing, GIVER, "DraftListingInput", json!({ "assetId": card, "quantity": 999 }));
    write(O::UpdateListing, GIVER, "UpdateListingInput", stale(listing));
    write(O::SubmitListing, GIVER, "SubmitListingInput", stale(listing));
    write(O::WithdrawListing, GIVER, "WithdrawListingInput", stale(listing));
    let inspected = json!({ "id": listing, "version": 999, "verdict": "RETURN", "note": "x" });
    write(O::InspectListing, WAREHOUSE, "InspectListingInput", inspected);
    let frozen = json!({ "scope": "LISTING", "scopeId": listing, "cause": "DISPUTE" });
    write(O::Freeze, STORED, "FreezeInput", frozen);
    write(O::Unfreeze, GIVER, "UnfreezeInput", json!({ "id": things.freezes.1 }));
    let announced = json!({ "asset": things.stored.0, "name": "x", "contentType": "image/png", "bytes": 0, "sha256": "00".repeat(32) });
    write(O::StartPhotoUpload, STORED, "StartPhotoUploadInput", announced);
    write(O::DraftRequest, RECEIVER, "DraftRequestInput", json!({ "unitId": receiver }));
    let of_draft = json!({ "requestId": things.draft, "version": 999 });
    write(O::UpdateRequest, RECEIVER, "UpdateRequestInput", of_draft.clone());
    write(O::DiscardRequest, RECEIVER, "DiscardRequestInput", of_draft.clone());
    write(O::SubmitRequest, RECEIVER, "SubmitRequestInput", of_draft);
    write(O::ResubmitRequestLine, RECEIVER, "ResubmitRequestLineInput", json!({ "lineId": line }));
    write(O::CancelRequestLine, RECEIVER, "CancelRequestLineInput", json!({ "lineId": line }));
    let unsaid = json!({ "lineId": things.approved, "reason": " " });
    write(O::FailRequestLine, GIVER, "FailRequestLineInput", unsaid);
    let too_many = |line: &String| json!({ "lineId": line, "quantity": 999 });
    write(O::ReleaseLine, GIVER, "ReleaseLineInput", too_many(&things.approved));
    write(O::ReleaseLine, WAREHOUSE, "ReleaseLineInput", too_many(&things.stored.1));
    write(
        O::ReceiveTransfer,
        RECEIVER,
        "ReceiveTransferInput",
        json!({ "transferId": transfer, "received": 999 }),
    );
    for (side, parties) in [("GIVER", GIVER), ("RECEIVER", RECEIVER)] {
        let booked = json!({ "transferId": transfer, "side": side, "number": "" });
        write(O::BookTransfer, parties, "BookTransferInput", booked);
    }
    let overridden = json!({ "unitId": receiver, "reason": "", "untilDay": "2000-01-01" });
    write(O::OverrideBlock, RECEIVER, "OverrideBlockInput", overridden);
    let borrowed = json!({
        "unitId": receiver, "listingId": things.lent.0, "quantity": 0, "from": "2000-01-01", "to": "2000-01-01",
        "justification": "",
    });
    write(O::RequestLoan, RECEIVER, "RequestLoanInput", borrowed);
    let (lent, shelved) = (&things.lent.1, &things.lent.2);
    let of_loan = |loan: &String| json!({ "loanId": loan });
    write(O::CancelLoan, RECEIVER, "CancelLoanInput", of_loan(lent));
    write(O::FailLoan, GIVER, "FailLoanInput", json!({ "loanId": lent, "reason": " " }));
    write(O::HandOverLoan, GIVER, "HandOverLoanInput", of_loan(lent));
    write(O::HandOverLoan, WAREHOUSE, "HandOverLoanInput", of_loan(shelved));
    write(O::ReceiveLoan, RECEIVER, "ReceiveLoanInput", json!({ "loanId": lent, "received": 999 }));
    let longer = json!({ "loanId": lent, "to": "2000-01-01", "justification": "" });
    write(O::ExtendLoan, RECEIVER, "ExtendLoanInput", longer);
    write(O::ReturnLoan, BOTH, "ReturnLoanInput", json!({ "loanId": lent, "quantity": 999 }));
    let back = json!({ "loanId": shelved, "quantity": 999 });
    write(O::ReturnLoan, Parties { receiver: true, ..WAREHOUSE }, "ReturnLoanInput", back);
    write(O::InspectLoan, GIVER, "InspectLoanInput", json!({ "loanId": lent, "good": 999 }));
    write(O::InspectLoan, WAREHOUSE, "InspectLoanInput", json!({ "loanId": shelved, "good": 999 }));
    write(
        O::ConvertLoan,
        RECEIVER,
        "ConvertLoanInput",
        json!({ "loanId": lent, "quantity": 999, "justification": "" }),
    );
    let unsaid = json!({ "lineId": things.plan.1, "reason": " " });
    write(O::ObjectToPlanLine, BOTH, "ObjectToPlanLineInput", unsaid);
    let proposed = json!({ "listingId": things.stale.0, "kind": "DONATION", "justification": "" });
    write(O::ProposeDisposal, GIVER, "ProposeDisposalInput", proposed);
    let shown = || json!({ "disposalId": things.stale.1 });
    write(O::SubmitDisposal, GIVER, "SubmitDisposalInput", shown());
    let appraised = json!({ "disposalId": things.stale.1, "by": "", "value": "1", "on": "2026-01-01", "validUntil": "2026-01-01", "report": "" });
    write(O::AppraiseDisposal, GIVER, "AppraiseDisposalInput", appraised);
    let priced = json!({ "disposalId": things.stale.1, "price": "1", "reason": "" });
    write(O::AskDisposalPrice, GIVER, "AskDisposalPriceInput", priced);
    let completed = json!({ "disposalId": things.stale.1, "evidence": "", "proceeds": "0" });
    write(O::CompleteDisposal, GIVER, "CompleteDisposalInput", completed);
    let unsaid = json!({ "disposalId": things.stale.1, "reason": " " });
    write(O::CallOffDisposal, GIVER, "CallOffDisposalInput", unsaid);
    let wanted = json!({ "disposalId": things.stale.1, "unitId": receiver, "reason": " " });
    write(O::ObjectToDisposal, RECEIVER, "ObjectToDisposalInput", wanted);
    let nothing = json!({ "wanted": furnished(0), "justification": "" });
    write(O::RequestKit, RECEIVER, "RequestKitInput", nothing);
    let reversed = json!({ "transferId": transfer, "reason": "x", "place": "x" });
    write(O::ReverseTransfer, BOTH, "ReverseTransferInput", reversed);
    let deemed = json!({ "transferId": transfer, "evidence": "" });
    write(O::DeemReceived, RECEIVER, "DeemReceivedInput", deemed);
    let corrected = json!({ "assetId": things.stored.0, "version": 999, "reason": "" });
    write(O::CorrectAsset, STORED, "CorrectAssetInput", corrected);
    let answered = json!({ "lineId": line, "version": 999, "accept": true });
    write(O::ConfirmCorrection, RECEIVER, "ConfirmCorrectionInput", answered);
    let gone = json!({ "answers": [{ "listingId": listing, "there": false }] });
    write(O::ReconfirmListings, GIVER, "ReconfirmListingsInput", gone);
    let wrong =
        json!({ "what": "ASSETS", "unitId": giver, "source": "", "name": "", "bytes": 0, "sha256": "" });
    write(O::StartImport, GIVER, "StartImportInput", wrong);
    let import = json!({ "id": things.import });
    write(O::ReadImport, GIVER, "ReadImportInput", import.clone());
    write(O::RunImport, GIVER, "RunImportInput", import);
    write(
        O::SavePlace,
        WAREHOUSE,
        "SavePlaceInput",
        json!({ "warehouseId": city.warehouse, "kind": "ZONE", "code": "" }),
    );
    Ok(cases)
}

async fn things(city: &City) -> anyhow::Result<Things> {
    let asker = &city.receivers[0];
    let (card, listing) = to_warehouse(city, "铁皮柜").await?;
    let mut freezes = Vec::new();
    for _ in 0..2 {
        let input =
            json!({ "idempotencyKey": key(), "scope": "LISTING", "scopeId": listing, "cause": "STOCKTAKE" });
        let answer = city.office.client.mutate("freeze", "FreezeInput", input, "freeze { id }").await?;
        freezes.push(text(&answer["freeze"]["id"])?);
    }

    let (stored, shelved) = to_warehouse(city, "会议桌").await?;
    accept(city, &shelved).await?;
    let stored_line = text(&ask(asker, &shelved, 1).await?["id"])?;
    decide(&asker.head, &stored_line, "APPROVE", json!({})).await?;
    decide(&city.office, &stored_line, "APPROVE", json!({})).await?;

    let offered = list(city, "书桌", 9, 900_000).await?;
    let received = deliver(city, asker, &offered, 1).await?;
    let approved = text(&ask(asker, &offered, 1).await?["id"])?;
    approve_line(city, asker, &approved).await?;
    let line = text(&ask(asker, &offered, 1).await?["id"])?;
    approve_line(city, asker, &line).await?;
    let transfer = release(&city.giver.clerk, &line, None).await?;
    let query = "{ requestLines(first: 100) { edges { node { id requestId } } } }";
    let data = asker.clerk.client.ask(query, json!({})).await?;
    let lines = data["requestLines"]["edges"].as_array().context("lines")?;
    let found = lines.iter().find(|edge| edge["node"]["id"] == line).context("the line")?;
    let request = text(&found["node"]["requestId"])?;
    let query = "query($id: ID!) { savingEntries(filter: { transferId: $id }) { edges { node { id } } } }";
    let data = city.finance.client.ask(query, json!({ "id": received })).await?;
    let entry = text(&data["savingEntries"]["edges"][0]["node"]["id"])?;
    let input = json!({ "idempotencyKey": key(), "unitId": asker.gid });
    let answer =
        asker.clerk.client.mutate("draftRequest", "DraftRequestInput", input, "request { id }").await?;
    Ok(Things {
        waiting: (card, listing),
        freezes: (freezes.remove(0), freezes.remove(0)),
        stored: (stored, stored_line),
        approved,
        away: (request, line, transfer),
        saved: (received, entry),
        draft: text(&answer["request"]["id"])?,
        lent: lent(city).await?,
        stale: stale(city).await?,
        import: announced(city).await?,
        plan: planned(city).await?,
        claimed: claimed(city).await?,
    })
}

/// A plan of the office that is open for objections, and its line.
async fn planned(city: &City) -> anyhow::Result<(String, String)> {
    let card = moves::draft_card(city, &city.giver, "保险柜", 1, 100_000).await?;
    let input = json!({
        "idempotencyKey": key(), "title": "划转", "reason": "职能并入", "documentNumber": "武机改〔2026〕3号",
        "lines": [{ "assetId": card, "receiverId": city.receivers[0].gid }],
    });
    let client = &city.office.client;
    let drafted = client
        .mutate("draftAllocationPlan", "DraftAllocationPlanInput", input, "plan { id version }")
        .await?;
    let plan = text(&drafted["plan"]["id"])?;
    let input = json!({ "idempotencyKey": key(), "planId": plan, "version": drafted["plan"]["version"] });
    let select = "plan { lines(first: 1) { edges { node { id } } } }";
    let shown = client.mutate("publishAllocationPlan", "PublishAllocationPlanInput", input, select).await?;
    Ok((plan, text(&shown["plan"]["lines"]["edges"][0]["node"]["id"])?))
}

/// An offer whose window is open, and a claim to it.
async fn claimed(city: &City) -> anyhow::Result<(String, String)> {
    let offer = moves::list_for_claims(city, "投影仪", 1, 3).await?;
    let line = text(&ask(&city.receivers[0], &offer, 1).await?["id"])?;
    Ok((offer, line))
}

/// An offer for loan, a loan of it, and a loan of what lies on a shelf; both are overdue soon.
async fn lent(city: &City) -> anyhow::Result<(String, String, String)> {
    let asker = &city.receivers[0];
    let today = tests::server::start().date_naive().to_string();
    let days = (today.as_str(), today.as_str());
    let chairs = moves::list_for_loan(city, "会议椅", 5).await?;
    let loan = moves::lend(city, asker, &chairs, 1, days).await?;

    let (_, tables) = to_warehouse_on(city, "会议桌", json!({ "purpose": "LOAN" })).await?;
    accept(city, &tables).await?;
    let shelved = moves::borrow(asker, &tables, 1, days).await?;
    decide(&asker.head, &shelved, "APPROVE", json!({})).await?;
    decide(&city.office, &shelved, "APPROVE", json!({})).await?;
    moves::loan_command(&city.staff, "handOverLoan", &shelved, json!({})).await?;
    moves::loan_command(&asker.clerk, "receiveLoan", &shelved, json!({})).await?;
    Ok((chairs, loan, shelved))
}

/// An offer that nobody takes, and a donation that is shown for objections, in a city that does not wait for that.
async fn stale(city: &City) -> anyhow::Result<(String, String)> {
    let today = tests::server::start().date_naive().to_string();
    for name in ["stale_audience_days", "stale_donation_days"] {
        let input = json!({ "idempotencyKey": key(), "name": name, "value": 0, "from": today });
        city.office.client.mutate("setCitySetting", "SetCitySettingInput", input, "value").await?;
    }
    let offered = list(city, "旧书柜", 1, 10_000).await?;
    let given = list(city, "旧沙发", 1, 10_000).await?;
    let input = json!({ "idempotencyKey": key(), "listingId": given, "kind": "DONATION", "justification": "无单位承接" });
    let client = &city.giver.clerk.client;
    let answer = client.mutate("proposeDisposal", "ProposeDisposalInput", input, "disposal { id }").await?;
    let shown = text(&answer["disposal"]["id"])?;
    let input = json!({ "idempotencyKey": key(), "disposalId": shown });
    client.mutate("submitDisposal", "SubmitDisposalInput", input, "disposal { state }").await?;
    decide(&city.giver.head, &shown, "APPROVE", json!({})).await?;
    decide(&city.office, &shown, "APPROVE", json!({})).await?;
    Ok((offered, shown))
}

/// Warehouse staff accepts what was brought, and shelves it.
async fn accept(city: &City, listing: &str) -> anyhow::Result<()> {
    let query = "query($id: ID!) { listing(id: $id) { version } }";
    let data = city.staff.client.ask(query, json!({ "id": listing })).await?;
    let input = json!({
        "idempotencyKey": key(), "id": listing, "version": data["listing"]["version"], "verdict": "ACCEPT",
        "placeId": city.bin,
    });
    city.staff.client.mutate("inspectListing", "InspectListingInput", input, "listing { state }").await?;
    Ok(())
}

/// An import of the giver whose bytes nobody has put.
async fn announced(city: &City) -> anyhow::Result<String> {
    let input = json!({
        "idempotencyKey": key(), "what": "ASSETS", "unitId": city.giver.gid, "source": "财务系统", "name": "x.csv",
        "bytes": 1, "sha256": "00".repeat(32),
    });
    let client = &city.giver.clerk.client;
    let answer = client.mutate("startImport", "StartImportInput", input, "import { id }").await?;
    text(&answer["import"]["id"])
}

/// A card of the giver and its listing, approved and waiting for its inspection.
async fn to_warehouse(city: &City, name: &str) -> anyhow::Result<(String, String)> {
    to_warehouse_on(city, name, json!({})).await
}

async fn to_warehouse_on(city: &City, name: &str, more: Value) -> anyhow::Result<(String, String)> {
    let card = draft_card(city, &city.giver, name, 4, 800_000).await?;
    photograph(&city.giver.clerk, &card, png(9)).await?;
    let mut terms = json!({ "custody": "PHYSICAL", "warehouseId": city.warehouse });
    if let (Some(terms), Value::Object(more)) = (terms.as_object_mut(), more) {
        terms.extend(more);
    }
    let (listing, version) = draft_listing(&city.giver, &card, terms).await?;
    submit_listing(&city.giver, &listing, version).await?;
    decide(&city.giver.head, &listing, "APPROVE", json!({})).await?;
    decide(&city.office, &listing, "APPROVE", json!({})).await?;
    Ok((card, listing))
}

fn uuid_of(id: &str) -> anyhow::Result<Uuid> {
    Ok(id.split_once('_').context("a global id")?.1.parse()?)
}
