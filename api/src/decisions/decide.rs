//! Approvers decide steps. What a decision means for its subject is up to the subject's slice, in the same transaction.

use std::collections::BTreeSet;

use entity::approvals::ApprovalSubject;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::approvals::rules::Verdict;
use crate::approvals::steps::{self as approvals, Decision};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};
use crate::{disposals, listings, loans, plans, requests};

/// Most decisions of one call.
pub const MOST: usize = 100;

/// Decisions, all taken or none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decide {
    /// One a step.
    pub decisions: Vec<OneDecision>,
}

/// A decision on one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OneDecision {
    /// The step.
    pub step_id: Uuid,
    /// What is said.
    pub verdict: Verdict,
    /// With which words.
    pub comment: Option<String>,
    /// Lowered quantity of a request line.
    pub quantity: Option<i64>,
}

/// Steps that were decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecidedSteps {
    /// In the order given.
    pub step_ids: Vec<Uuid>,
}

/// Decides steps.
///
/// # Errors
/// Everything that is wrong with any of them, at `decisions.<n>.<field>`; then none is decided.
pub async fn decide_steps(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Decide,
) -> Result<DecidedSteps, Fault> {
    if input.decisions.is_empty() || input.decisions.len() > MOST {
        return Err(Rejection::new(Code::OutOfRange)
            .at("decisions")
            .with("least", 1)
            .with("most", MOST)
            .into());
    }
    app.write(actor, Command::new("decideSteps", key, input), |tx| async move {
        for n in in_order_of_locks(&tx, input).await? {
            one(&tx, n, &input.decisions[n]).await?;
        }
        Ok(DecidedSteps { step_ids: input.decisions.iter().map(|decision| decision.step_id).collect() })
    })
    .await
}

/// The decisions in order of the listings they touch, whose stocks are locked in that order, and then of plans: two approvers with the
/// same tasks in another order would wait for each other.
async fn in_order_of_locks(tx: &Tx, input: &Decide) -> Result<Vec<usize>, Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut order = BTreeSet::new();
    let mut drafted = BTreeSet::new();
    for (n, decision) in input.decisions.iter().enumerate() {
        let field = format!("decisions.{n}.stepId");
        if !seen.insert(decision.step_id) {
            faults.push(Rejection::new(Code::Duplicate).at(&field));
            continue;
        }
        match approvals::case_of(tx, decision.step_id).await? {
            None => faults.push(Rejection::new(Code::NotFound).at(&field)),
            Some(case) if case.subject == ApprovalSubject::Listing => {
                order.insert((case.subject_id, n));
            }
            Some(case) if case.subject == ApprovalSubject::Plan => {
                drafted.insert((case.subject_id, n));
            }
            Some(case) if of_loan(case.subject) => {
                order.insert((loans::steps::listing_of(tx, case.subject_id).await?, n));
            }
            Some(case) if of_disposal(case.subject) => {
                order.insert((disposals::steps::listing_of(tx, case.subject_id).await?, n));
            }
            Some(case) => {
                order.insert((requests::steps::listing_of(tx, case.subject_id).await?, n));
            }
        }
    }
    Fault::all(faults)?;
    let listings: BTreeSet<Uuid> = order.iter().map(|(listing, _)| *listing).collect();
    for listing in listings {
        listings::steps::lock(tx, listing).await?;
    }
    for (plan, _) in &drafted {
        plans::steps::lock(tx, *plan).await?;
    }
    Ok(order.into_iter().chain(drafted).map(|(_, n)| n).collect())
}

fn of_loan(subject: ApprovalSubject) -> bool {
    matches!(subject, ApprovalSubject::Loan | ApprovalSubject::LoanExtension)
}

fn of_disposal(subject: ApprovalSubject) -> bool {
    matches!(subject, ApprovalSubject::Disposal | ApprovalSubject::DisposalPrice)
}

async fn one(tx: &Tx, n: usize, decision: &OneDecision) -> Result<(), Fault> {
    let decision = Decision {
        step_id: decision.step_id,
        verdict: decision.verdict,
        comment: decision.comment.clone(),
        quantity: decision.quantity,
    };
    let outcome = async {
        let decided = approvals::decide(tx, &decision).await?;
        match decided.subject {
            ApprovalSubject::Listing => listings::steps::on_decided(tx, &decided).await,
            ApprovalSubject::RequestLine => requests::steps::on_decided(tx, &decided).await,
            ApprovalSubject::Loan | ApprovalSubject::LoanExtension => {
                loans::steps::on_decided(tx, &decided).await
            }
            ApprovalSubject::Plan => plans::steps::on_decided(tx, &decided).await,
            ApprovalSubject::Disposal | ApprovalSubject::DisposalPrice => {
                disposals::steps::on_decided(tx, &decided).await
            }
        }
    };
    outcome.await.map_err(|fault| within(fault, n))
}

/// A fault of one decision, told at its place in the list.
fn within(fault: Fault, n: usize) -> Fault {
    let Fault::Rejected(mut rejections) = fault else { return fault };
    for rejection in &mut rejections {
        rejection.field.splice(0..0, ["decisions".to_owned(), n.to_string()]);
    }
    Fault::Rejected(rejections)
}
