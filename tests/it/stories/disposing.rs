//! Commands of a story about what nobody takes: set aside, appraised, shown, wanted after all, carried out.

use api::disposals::{appraise, call_off, complete, object, propose, submit};
use chrono::TimeDelta;
use entity::Money;
use entity::disposals::{DisposalKind, DisposalState, disposal};
use entity::listings::{ListingState, listing, listing_stock};

use super::Op;
use super::commands::{Carried, What, choose, count, yes};
use super::stage::{Stage, Unit, View};

pub async fn dispose(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    use DisposalState::{Appraised, Proposed, Publicity, Submitted};
    let app = &stage.app;
    if op.what == What::ProposeDisposal {
        return propose_one(stage, view, op).await;
    }
    let among: &[DisposalState] = match op.what {
        What::PrepareDisposal => &[Proposed, Appraised],
        What::CallOffDisposal => &[Proposed, Appraised, Submitted, Publicity],
        _ => &[Publicity],
    };
    let good = view.disposals.iter().filter(|row| among.contains(&row.state)).collect();
    let Some(row) = choose(op, good, view.disposals.iter().collect()) else { return Ok(Ok(false)) };
    let (disposal_id, today) = (row.id, app.clock().today());
    let clerk = &stage.unit(row.unit_id)?.clerk;
    Ok(match op.what {
        What::PrepareDisposal if row.kind == DisposalKind::Sale && row.state == Proposed => {
            let input = appraise::Input {
                disposal_id,
                by: "武汉资产评估公司".into(),
                value: Money(100_000),
                on: today,
                valid_until: today + TimeDelta::days(60),
                report: "评报字〔2026〕1号".into(),
            };
            // It counts when it is handed in.
            appraise::appraise(app, clerk, None, &input).await.map(|_| false)
        }
        What::PrepareDisposal => yes(submit::submit(app, clerk, None, &submit::Input { disposal_id }).await),
        What::ObjectToDisposal => {
            let others: Vec<&Unit> = stage.units.iter().filter(|unit| unit.id != row.unit_id).collect();
            let Some(unit) = choose(op, others, stage.units.iter().collect()) else { return Ok(Ok(false)) };
            let input = object::Input { disposal_id, unit_id: unit.id, reason: "阅览室可用".into() };
            yes(object::object(app, &unit.clerk, None, &input).await)
        }
        What::CompleteDisposal => yes(complete::complete(app, clerk, None, &carried_out(row, op)).await),
        _ => {
            let input = call_off::Input { disposal_id, reason: "另作安排".into() };
            yes(call_off::call_off(app, clerk, None, &input).await)
        }
    })
}

/// Mostly for enough.
fn carried_out(row: &disposal::Model, op: Op) -> complete::Input {
    complete::Input {
        disposal_id: row.id,
        receiver: Some("江城再生资源公司".into()),
        evidence: "成交确认书".into(),
        proceeds: Money(if op.b.is_multiple_of(5) { 1_000 } else { 95_000 }),
    }
}

async fn propose_one(stage: &Stage, view: &View, op: Op) -> anyhow::Result<Carried> {
    let unwanted = |(offer, stock): &&(listing::Model, listing_stock::Model)| {
        offer.state == ListingState::Listed && stock.held + stock.reserved + stock.in_transit == 0
    };
    let good = view.listings.iter().filter(unwanted).collect();
    let Some((offer, stock)) = choose(op, good, view.listings.iter().collect()) else {
        return Ok(Ok(false));
    };
    let kinds = [DisposalKind::Donation, DisposalKind::Sale, DisposalKind::WriteOff];
    let input = propose::Input {
        listing_id: offer.id,
        kind: kinds[op.b as usize % kinds.len()],
        // All of it now and then.
        quantity: (!op.b.is_multiple_of(4)).then(|| count(op, stock.available)),
        justification: "长期无单位承接".into(),
        beyond_repair: None,
    };
    let clerk = &stage.unit(offer.unit_id)?.clerk;
    Ok(yes(propose::propose(&stage.app, clerk, None, &input).await))
}
