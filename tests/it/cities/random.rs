//! Random commands of everybody under each city's rules, and after each a look at the rows: what is listed, promised or handed
//! over has all the consents that its plan asks for, and none is an applicant's.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, ensure};
use api::app::App;
use api::graphql::ids::{Kind, encode};
use entity::approvals::{CaseState, StepState, approval_case, approval_step};
use entity::identity::Role;
use entity::listings::{ListingState, listing};
use entity::requests::{LineState, request_line};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CITIES, categories, publish};
use crate::rights::people::{Place, enrol};
use tests::city::{City, Unit};
use tests::moves::{self, key};
use tests::{Backend, Client, Outcome};

/// Commands under each city's rules.
const COMMANDS: usize = 160;
/// Offers that are open at a time: with many more, few come to be asked for.
const OFFERS: usize = 5;

/// What must have been carried out, and how often at least, for the run to say anything of each part of the way.
const LEAST: [(&str, usize); 10] = [
    ("handed in", 20),
    ("listing approved", 20),
    ("asked", 20),
    ("line approved", 30),
    ("line returned", 3),
    ("resubmitted", 2),
    ("line rejected", 1),
    ("handed over", 5),
    ("not handed over", 5),
    ("refused to decide", 5),
];

pub async fn nothing_gets_past(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let mut everybody = vec![city.office.client.clone(), city.finance.client.clone()];
    for unit in std::iter::once(&city.giver).chain(&city.receivers) {
        everybody.extend([unit.clerk.client.clone(), unit.head.client.clone()]);
        let place = [(Role::Supervisor, Place::Unit(unit.id)), (Role::Clerk, Place::Unit(unit.id))];
        everybody.extend(enrol(&server.app, &server.base(), &place).await?);
    }
    let mut carried_out = BTreeMap::<&str, usize>::new();
    for (seed, (name, rules)) in (0..).zip(CITIES) {
        publish(&city.office.client, rules, &categories(&city)).await?;
        let mut play = Play {
            app: &server.app,
            city: &city,
            everybody: &everybody,
            random: StdRng::seed_from_u64(seed),
        };
        for n in 0..COMMANDS {
            let told = play.command().await.with_context(|| format!("{name}, command {n}"))?;
            *carried_out.entry(told).or_default() += 1;
            sound(&server.app).await.with_context(|| format!("{name}, command {n}: {told}"))?;
        }
    }
    println!("{backend:?}: {carried_out:?}");
    for (what, least) in LEAST {
        let times = carried_out.get(what).copied().unwrap_or_default();
        ensure!(times >= least, "{what}: {times} times, at least {least} wanted, in {carried_out:?}");
    }
    moves::verify(&server.app).await?;
    moves::end(server).await
}

struct Play<'a> {
    app: &'a App,
    city: &'a City,
    everybody: &'a [Client],
    random: StdRng,
}

impl Play<'_> {
    /// One command; says what came of it.
    async fn command(&mut self) -> anyhow::Result<&'static str> {
        let open = [ListingState::Submitted, ListingState::Listed, ListingState::Returned];
        let offers = listing::Entity::find()
            .filter(listing::Column::State.is_in(open))
            .order_by_asc(listing::Column::Id)
            .all(self.app.db().read())
            .await?;
        if offers.len() < OFFERS {
            return self.offer().await;
        }
        match self.random.random_range(0..20) {
            0 => {
                let offer = self.one_of(&offers).context("an offer")?;
                self.withdraw(offer).await
            }
            1..=5 => match self.listed(&offers) {
                Some(offer) => self.ask(offer).await,
                None => self.decide().await,
            },
            6..=8 => self.hand_over().await,
            9 => self.resubmit().await,
            _ => self.decide().await,
        }
    }

    fn one_of<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        (!among.is_empty()).then(|| among[self.random.random_range(0..among.len())].clone())
    }

    fn listed(&mut self, offers: &[listing::Model]) -> Option<listing::Model> {
        let listed: Vec<_> =
            offers.iter().filter(|offer| offer.state == ListingState::Listed).cloned().collect();
        self.one_of(&listed)
    }

    async fn line(&mut self, among: &[LineState]) -> anyhow::Result<Option<request_line::Model>> {
        let lines = request_line::Entity::find()
            .filter(request_line::Column::State.is_in(among.iter().copied()))
            .order_by_asc(request_line::Column::Id)
            .all(self.app.db().read())
            .await?;
        Ok(self.one_of(&lines))
    }

    fn unit(&self, id: Uuid) -> anyhow::Result<&Unit> {
        std::iter::once(&self.city.giver)
            .chain(&self.city.receivers)
            .find(|unit| unit.id == id)
            .context("its unit")
    }

    async fn offer(&mut self) -> anyhow::Result<&'static str> {
        let value = [100, 3_000_000, 12_000_000][self.random.random_range(0..3)];
        let pieces = self.random.random_range(2..=5);
        let giver = &self.city.giver;
        let asset = moves::draft_card(self.city, giver, "办公桌", pieces, value).await?;
        moves::photograph(&giver.clerk, &asset, moves::png(7)).await?;
        let (listing, version) = moves::draft_listing(giver, &asset, json!({})).await?;
        moves::submit_listing(giver, &listing, version).await?;
        Ok("handed in")
    }

    async fn withdraw(&mut self, offer: listing::Model) -> anyhow::Result<&'static str> {
        let input = json!({ "idempotencyKey": key(), "id": encode(Kind::Listing, offer.id), "version": offer.version });
        let clerk = &self.city.giver.clerk.client;
        clerk.mutate("withdrawListing", "WithdrawListingInput", input, "listing { state }").await?;
        Ok("withdrawn")
    }

    async fn ask(&mut self, offer: listing::Model) -> anyhow::Result<&'static str> {
        let receiver = self.one_of(&self.city.receivers).context("a receiver")?;
        let listing = encode(Kind::Listing, offer.id);
        // What is sold out can still be queued for; what a cap or a block refuses is said so.
        Ok(match moves::ask(&receiver, &listing, self.random.random_range(1..=2)).await {
            Ok(_) => "asked",
            Err(_) => "not to be asked for",
        })
    }

    /// Whether a line may leave is for the service to say: it is tried in every state, most often right before the last
    /// consent.
    async fn hand_over(&mut self) -> anyhow::Result<&'static str> {
        let among: &[LineState] = match self.random.random_range(0..3) {
            0 => &[LineState::Submitted, LineState::Queued, LineState::Returned],
            _ => &[LineState::Reserved],
        };
        let Some(line) = self.line(among).await? else { return self.decide().await };
        let input = json!({ "idempotencyKey": key(), "lineId": encode(Kind::Line, line.id) });
        let clerk = &self.city.giver.clerk.client;
        let told = clerk.attempt("releaseLine", "ReleaseLineInput", input, "transfer { id }").await?;
        let left = told["transfer"]["id"].as_str();
        ensure!(left.is_some() == (line.state == LineState::Reserved), "{:?}: {told}", line.state);
        let Some(transfer) = left else { return Ok("not handed over") };
        let receiver = self.unit(line.unit_id)?;
        moves::receive(&receiver.clerk, transfer, line.quantity, 0, 0).await?;
        Ok("handed over")
    }

    async fn resubmit(&mut self) -> anyhow::Result<&'static str> {
        let Some(line) = self.line(&[LineState::Returned]).await? else { return self.decide().await };
        let input =
            json!({ "idempotencyKey": key(), "lineId": encode(Kind::Line, line.id), "comment": "已补充" });
        let clerk = &self.unit(line.unit_id)?.clerk.client;
        clerk.mutate("resubmitRequestLine", "ResubmitRequestLineInput", input, "line { state }").await?;
        Ok("resubmitted")
    }

    /// Whoever comes first that has something to decide, or somebody else in their stead.
    async fn decide(&mut self) -> anyhow::Result<&'static str> {
        let first = self.random.random_range(0..self.everybody.len());
        let lines_first = self.random.random_ratio(2, 3);
        let mut found = None;
        for somebody in self.everybody.iter().cycle().skip(first).take(self.everybody.len()) {
            let query = "{ tasks(first: 50) { edges { node { subject step { id } } } } }";
            let told = somebody.ask(query, json!({})).await?;
            let tasks = told["tasks"]["edges"].as_array().cloned().context("tasks")?;
            let of_lines: Vec<Value> =
                tasks.iter().filter(|task| task["node"]["subject"] == "REQUEST_LINE").cloned().collect();
            if lines_first && !of_lines.is_empty() {
                found = Some((somebody, of_lines));
                break;
            }
            if found.is_none() && !tasks.is_empty() {
                found = Some((somebody, tasks));
                if !lines_first {
                    break;
                }
            }
        }
        let Some((somebody, tasks)) = found else { return Ok("nothing to decide") };
        let task = self.one_of(&tasks).context("a task")?;
        let verdict = match self.random.random_range(0..12) {
            0 | 1 => "RETURN",
            2 => "REJECT",
            _ => "APPROVE",
        };
        let other = self.one_of(self.everybody).context("somebody")?;
        let who = if self.random.random_ratio(1, 5) { &other } else { somebody };
        let decision = json!({ "stepId": task["node"]["step"]["id"], "verdict": verdict, "comment": "如题" });
        let input = json!({ "idempotencyKey": key(), "decisions": [decision] });
        let told = who.attempt("decideSteps", "DecideStepsInput", input, "steps { state }").await?;
        if told["errors"].as_array().is_some_and(|errors| !errors.is_empty()) {
            return Ok("refused to decide");
        }
        Ok(match (task["node"]["subject"] == "REQUEST_LINE", verdict) {
            (true, "APPROVE") => "line approved",
            (true, "RETURN") => "line returned",
            (true, _) => "line rejected",
            (false, "APPROVE") => "listing approved",
            (false, "RETURN") => "listing returned",
            (false, _) => "listing rejected",
        })
    }
}

/// Told by the rows alone, and not by how the service decides.
async fn sound(app: &App) -> Outcome {
    let conn = app.db().read();
    let mut steps: HashMap<Uuid, Vec<approval_step::Model>> = HashMap::new();
    for step in approval_step::Entity::find().all(conn).await? {
        steps.entry(step.case_id).or_default().push(step);
    }
    // Of what was sent back there are several cases: the clock stands, so their order is not told by their ids.
    let approved = approval_case::Column::State.eq(CaseState::Approved);
    let cases = approval_case::Entity::find().filter(approved).all(conn).await?;
    let cases: HashMap<Uuid, approval_case::Model> =
        cases.into_iter().map(|case| (case.subject_id, case)).collect();
    let consented = |subject: Uuid| -> Outcome {
        let case = cases.get(&subject).with_context(|| format!("no approval of {subject}"))?;
        let steps = steps.get(&case.id).context("a case without steps")?;
        for step in steps {
            ensure!(step.state == StepState::Approved, "{subject} went past {step:?}");
            let who = step.decided_by.context("nobody decided")?;
            ensure!(who != case.applicant_id && who != case.drafted_by, "{subject}: its applicant decided");
        }
        Ok(())
    };
    for listing in
        listing::Entity::find().filter(listing::Column::State.eq(ListingState::Listed)).all(conn).await?
    {
        consented(listing.id)?;
    }
    let promised = [LineState::Reserved, LineState::Releasing, LineState::InTransit, LineState::Received];
    let promised_or_gone = Condition::any()
        .add(request_line::Column::State.is_in(promised))
        .add(request_line::Column::Released.gt(0));
    for line in request_line::Entity::find().filter(promised_or_gone).all(conn).await? {
        consented(line.id)?;
    }
    let (faults, _) = api::approvals::verify::verify(conn).await?;
    ensure!(faults.is_empty(), "{faults:?}");
    Ok(())
}
