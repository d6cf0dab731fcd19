//! Webhooks, sent by the really started service to a receiver of the test's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::app::App;
use api::identity::Actor;
use api::write::{Command, Tx};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::events::Subject;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use tests::child::ChildServer;
use tests::city::City;
use tests::database::Place;
use tests::moves::{self, draft_card, draft_listing, key, number, submit_listing, text};
use tests::server::{Server, here, settings};
use tests::{ALONE, Backend, Client, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry
        .both("deliveries: signed, each subject in order, also to a receiver that fails at first", ordered);
    registry.both("deliveries: a slow endpoint delays no other", slow);
    registry.both("deliveries: a dead letter parks its subject alone until somebody decides", dead);
    registry.both("deliveries: 410 switches an endpoint off, and on again it goes on where it stood", gone);
    registry.on(Backend::Postgres, "deliveries: two processes deliver each event once", twice);
    registry.both("deliveries: kill -9 in the middle loses nothing", killed);
    registry.both("deliveries: a private address is refused unless its network is opened", private);
    registry.both("deliveries: nothing of what is RESTRICTED is told", restricted);
}

/// What arrived.
#[derive(Clone, Debug)]
struct Arrived {
    headers: HeaderMap,
    text: String,
    body: Value,
    accepted: bool,
}

impl Arrived {
    fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// How the receiver answers: after so long, with this status. It is given the number of the message and its body.
type Manner = Arc<dyn Fn(usize, &Value) -> (Duration, StatusCode) + Send + Sync>;

/// Another system of the city.
#[derive(Clone)]
struct Receiver {
    url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Receiver {
    async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let receiver = Self {
            url: format!("http://{}/hook", listener.local_addr()?),
            arrived: Arc::default(),
            manner: Arc::new(Mutex::new(Arc::new(|_, _| (Duration::ZERO, StatusCode::OK)))),
        };
        let state = receiver.clone();
        let hook = move |headers: HeaderMap, bytes: Bytes| {
            let state = state.clone();
            async move {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let body: Value = serde_json::from_str(&text).unwrap_or_default();
                let manner = Arc::clone(&state.manner.lock().expect("a lock"));
                let (wait, status) = {
                    // Counted and noted in one: of two that come together one is the next.
                    let mut all = state.arrived.lock().expect("a lock");
                    let (wait, status) = manner(all.len(), &body);
                    all.push(Arrived { headers, text, body, accepted: status.is_success() });
                    (wait, status)
                };
                tokio::time::sleep(wait).await;
                status
            }
        };
        let router = Router::new().route("/hook", post(hook));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(receiver)
    }

    fn answers(&self, manner: impl Fn(usize, &Value) -> (Duration, StatusCode) + Send + Sync + 'static) {
        *self.manner.lock().expect("a lock") = Arc::new(manner);
    }

    fn all(&self) -> Vec<Arrived> {
        self.arrived.lock().expect("a lock").clone()
    }

    fn accepted(&self) -> Vec<Arrived> {
        self.all().into_iter().filter(|arrived| arrived.accepted).collect()
    }

    /// Waits until so many different messages were accepted; `nudge` is called in between.
    async fn until(&self, count: usize, nudge: impl AsyncFn() -> Outcome) -> anyhow::Result<Vec<Arrived>> {
        for _ in 0..600 {
            let accepted = self.accepted();
            let ids: BTreeSet<String> = accepted.iter().map(Arrived::id).collect();
            if ids.len() >= count {
                return Ok(accepted);
            }
            nudge().await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("{} of {count} were accepted", self.accepted().len())
    }
}

async fn patient() -> Outcome {
    Ok(())
}

/// The database, beside the service.
async fn beside(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

/// Whatever waits for its next attempt, or for the end of a lost lease, is due now.
async fn hurry(conn: &DatabaseConnection) -> Outcome {
    let long_ago = "2000-01-01T00:00:00+00:00";
    conn.execute_unprepared(&format!(
        "update delivery set run_at = '{long_ago}' where state = 'WAITING' and run_at > '{long_ago}'"
    ))
    .await?;
    Ok(())
}

async fn texts(conn: &DatabaseConnection, sql: &str) -> anyhow::Result<Vec<String>> {
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Something happens `times` times to each of the subjects, a transaction each time.
async fn happen(app: &App, subjects: &[Uuid], times: i64) -> Outcome {
    for n in 0..times {
        app.write(&Actor::system(), Command::new("happen", None, &()), |tx: Tx| async move {
            for subject in subjects {
                tx.record(Subject::Setting, *subject, n, "test.happened", &json!({ "n": n }));
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

fn subjects(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::now_v7()).collect()
}

/// Makes a webhook; gives its id and its secret.
async fn listen(admin: &Client, name: &str, url: &str, kinds: Value) -> anyhow::Result<(String, String)> {
    let input = json!({ "idempotencyKey": key(), "name": name, "url": url, "kinds": kinds });
    let made =
        admin.mutate("saveWebhook", "SaveWebhookInput", input.clone(), "webhook { id } secret").await?;
    let again = admin.mutate("saveWebhook", "SaveWebhookInput", input, "webhook { id } secret").await?;
    ensure!(
        again["webhook"] == made["webhook"] && again["secret"].is_null(),
        "a secret is told once: {again}"
    );
    Ok((text(&made["webhook"]["id"])?, text(&made["secret"])?))
}

async fn lag(admin: &Client, webhook: &str) -> anyhow::Result<(i64, i64)> {
    let query = "{ webhooks { edges { node { id lag { waiting oldestAt dead } } } } }";
    let data = admin.ask(query, json!({})).await?;
    let edges = data["webhooks"]["edges"].as_array().context("edges")?;
    let lag = &edges.iter().find(|edge| edge["node"]["id"] == webhook).context("a webhook")?["node"]["lag"];
    ensure!((number(&lag["waiting"])? > 0) == lag["oldestAt"].is_string(), "{lag}");
    Ok((number(&lag["waiting"])?, number(&lag["dead"])?))
}

async fn deliveries(admin: &Client, webhook: &str, state: &str) -> anyhow::Result<Vec<Value>> {
    let query =
        "query($id: ID!, $state: DeliveryState) { deliveries(webhookId: $id, state: $state, first: 100) {
        edges { node { id eventId subjectId state attempts status error nextAt } } } }";
    let data = admin.ask(query, json!({ "id": webhook, "state": state })).await?;
    let edges = data["deliveries"]["edges"].as_array().context("edges")?;
    Ok(edges.iter().map(|edge| edge["node"].clone()).collect())
}

/// By the Standard Webhooks specification, with nothing of the service's but the secret.
fn verify(arrived: &Arrived, secret: &str) -> Outcome {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").context("a prefix")?)?;
    let key: [u8; 32] = key.try_into().ok().context("32 bytes")?;
    let (id, at) = (arrived.header("webhook-id"), arrived.header("webhook-timestamp"));
    let signed = format!("{id}.{at}.{}", arrived.text);
    let expected = format!("v1,{}", STANDARD.encode(api::keys::mac(&key, signed.as_bytes())));
    ensure!(arrived.header("webhook-signature") == expected, "{arrived:?}");
    ensure!(arrived.header("content-type") == "application/json" && arrived.body["id"] == id, "{arrived:?}");
    Ok(())
}

/// What was accepted of each subject, in the order in which it arrived, is 0, 1, 2 …
fn in_order(accepted: &[Arrived], times: i64) -> Outcome {
    let mut told: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for arrived in accepted {
        told.entry(text(&arrived.body["subjectId"])?)
            .or_default()
            .push(number(&arrived.body["payload"]["n"])?);
    }
    let expected: Vec<i64> = (0..times).collect();
    for (subject, told) in told {
        ensure!(told == expected, "{subject}: {told:?}");
    }
    Ok(())
}

async fn begin(backend: Backend) -> anyhow::Result<(Server, City, Receiver)> {
    let server = Server::start_calling(backend, here()).await?;
    let city = City::found(&server.app, &server.base(), 1).await?;
    Ok((server, city, Receiver::start().await?))
}

async fn ordered(backend: Backend) -> Outcome {
    let (server, city, receiver) = begin(backend).await?;
    let admin = &city.administrator.client;
    let conn = beside(&server.database_url()?).await?;
    let subjects = subjects(6);
    happen(&server.app, &subjects, 1).await?;
    let (webhook, secret) = listen(admin, "物业系统", &receiver.url, json!(["test."])).await?;
    receiver.answers(|count, _| {
        let status = if count < 9 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT };
        (Duration::from_millis(20), status)
    });
    happen(&server.app, &subjects, 5).await?;
    let accepted = receiver.until(30, async || hurry(&conn).await).await?;
    ensure!(accepted.len() == 30, "what happened before it was made is not told: {}", accepted.len());
    in_order(&accepted, 5)?;
    let all = receiver.all();
    ensure!(all.len() == 39, "{} attempts", all.len());
    for arrived in &all {
        verify(arrived, &secret)?;
    }
    // The next attempt of one that failed has the same id and says the same.
    let first = &all[0];
    ensure!(accepted.iter().any(|again| again.id() == first.id() && again.text == first.text));

    let renew = json!({ "idempotencyKey": key(), "id": webhook, "version": 1 });
    let renewed = admin
        .mutate("renewWebhookSecret", "RenewWebhookSecretInput", renew, "webhook { version } secret")
        .await?;
    let renewed = text(&renewed["secret"])?;
    happen(&server.app, &subjects[..1], 1).await?;
    let accepted = receiver.until(31, patient).await?;
    let last = accepted.last().context("the last")?;
    verify(last, &renewed)?;
    ensure!(verify(last, &secret).is_err(), "the old secret signs nothing more");
    // Neither secret is anywhere but at the receiver.
    for sql in [
        "select cast(payload as text) from event",
        "select payload from audit_entry",
        "select cast(answer as text) from idempotency",
        "select secret from webhook",
        "select coalesce(error, '') from delivery",
    ] {
        for row in texts(&conn, sql).await? {
            for secret in [&secret, &renewed] {
                ensure!(!row.contains(secret.trim_start_matches("whsec_")), "{sql}: {row}");
            }
        }
    }
    let trail = "query($id: ID!) { auditTrail(subject: $id) { edges { node { action } } } }";
    let trail = admin.ask(trail, json!({ "id": webhook })).await?.to_string();
    ensure!(trail.contains("webhook.created") && trail.contains("webhook.secret_renewed"), "{trail}");
    conn.close().await?;
    moves::end(server).await
}

async fn slow(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let (server, city, quick) = begin(backend).await?;
    let sleeper = Receiver::start().await?;
    sleeper.answers(|_, _| (Duration::from_secs(5), StatusCode::OK));
    let admin = &city.administrator.client;
    listen(admin, "慢", &sleeper.url, json!(["test."])).await?;
    listen(admin, "快", &quick.url, json!(["test."])).await?;
    let begun = Instant::now();
    happen(&server.app, &subjects(40), 1).await?;
    quick.until(40, patient).await?;
    let took = begun.elapsed();
    let meanwhile = sleeper.all().len();
    ensure!(meanwhile <= 4 * (1 + took.as_secs() as usize / 5), "{meanwhile} at once at one endpoint");
    // The slow one needs fifty seconds for all of them.
    ensure!(took < Duration::from_secs(25), "the quick one had all after {took:?}");
    eprintln!("{backend}: 40 deliveries beside an endpoint that takes 5 s each: {took:?}");
    sleeper.answers(|_, _| (Duration::ZERO, StatusCode::OK));
    sleeper.until(40, patient).await?;
    moves::end(server).await
}

async fn dead(backend: Backend) -> Outcome {
    let (server, city, receiver) = begin(backend).await?;
    let admin = &city.administrator.client;
    let conn = beside(&server.database_url()?).await?;
    let (webhook, _) = listen(admin, "车辆系统", &receiver.url, json!([])).await?;
    let subjects = subjects(3);
    let bad = api::audit::graphql::subject_id(Subject::Setting, subjects[0]).to_string();
    let refused = bad.clone();
    receiver.answers(move |_, body| {
        let status =
            if body["subjectId"] == refused { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
        (Duration::ZERO, status)
    });
    happen(&server.app, &subjects, 4).await?;
    receiver.until(8, patient).await?;
    // Its last attempt, without the nineteen hours before it.
    conn.execute_unprepared("update delivery set attempts = 7 where state = 'WAITING'").await?;
    for _ in 0..100 {
        hurry(&conn).await?;
        if !deliveries(admin, &webhook, "DEAD").await?.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let letters = deliveries(admin, &webhook, "DEAD").await?;
    ensure!(
        letters.len() == 1 && letters[0]["subjectId"] == bad && letters[0]["status"] == 500,
        "{letters:?}"
    );
    ensure!(lag(admin, &webhook).await? == (3, 1), "{:?}", lag(admin, &webhook).await?);
    let tried = receiver.all().len();
    happen(&server.app, &subjects[1..], 1).await?;
    receiver.until(10, patient).await?;
    ensure!(receiver.all().len() == tried + 2, "a parked subject is not tried");

    // Left out, the next one is the head; tried again, it goes through.
    let input = json!({ "idempotencyKey": key(), "id": letters[0]["id"], "skip": true });
    let answer = admin.mutate("retryDelivery", "RetryDeliveryInput", input, "delivery { state }").await?;
    ensure!(answer["delivery"]["state"] == "SKIPPED", "{answer}");
    for _ in 0..100 {
        conn.execute_unprepared("update delivery set attempts = 7 where state = 'WAITING' and attempts < 7")
            .await?;
        hurry(&conn).await?;
        if !deliveries(admin, &webhook, "DEAD").await?.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let letters = deliveries(admin, &webhook, "DEAD").await?;
    ensure!(letters.len() == 1, "{letters:?}");
    receiver.answers(|_, _| (Duration::ZERO, StatusCode::OK));
    let input = json!({ "idempotencyKey": key(), "id": letters[0]["id"] });
    let again = admin.mutate("retryDelivery", "RetryDeliveryInput", input, "delivery { attempts }").await?;
    ensure!(again["delivery"]["attempts"].is_number(), "{again}");
    let accepted = receiver.until(13, patient).await?;
    let told: Vec<&Value> =
        accepted.iter().filter(|a| a.body["subjectId"] == bad).map(|a| &a.body["payload"]["n"]).collect();
    ensure!(told == [&json!(1), &json!(2), &json!(3)], "{told:?}");
    let input = json!({ "idempotencyKey": key(), "id": letters[0]["id"] });
    for _ in 0..50 {
        if lag(admin, &webhook).await? == (0, 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let late = admin.attempt("retryDelivery", "RetryDeliveryInput", input, "delivery { id }").await?;
    ensure!(late["errors"][0]["code"] == "WRONG_STATE", "{late}");
    conn.close().await?;
    moves::end(server).await
}

async fn gone(backend: Backend) -> Outcome {
    let (server, city, receiver) = begin(backend).await?;
    let admin = &city.administrator.client;
    let (webhook, _) = listen(admin, "能源系统", &receiver.url, json!(["test."])).await?;
    receiver.answers(|_, _| (Duration::ZERO, StatusCode::GONE));
    let subject = subjects(1);
    happen(&server.app, &subject, 2).await?;
    let query = "{ webhooks { edges { node { active switchedOff version } } } }";
    let mut node = Value::Null;
    for _ in 0..100 {
        node = admin.ask(query, json!({})).await?["webhooks"]["edges"][0]["node"].take();
        if node["active"] == false {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(node["active"] == false && node["switchedOff"] == "410 Gone", "{node}");
    happen(&server.app, &subject, 1).await?;
    tokio::time::sleep(Duration::from_millis(800)).await;
    ensure!(receiver.all().len() == 1, "nothing is sent to it any more");
    receiver.answers(|_, _| (Duration::ZERO, StatusCode::OK));
    let input = json!({ "idempotencyKey": key(), "id": webhook, "version": node["version"], "name": "能源系统",
        "url": receiver.url, "kinds": ["test."], "active": true });
    admin.mutate("saveWebhook", "SaveWebhookInput", input, "webhook { version } secret").await?;
    let accepted = receiver.until(3, patient).await?;
    ensure!(accepted.len() == 3);
    let version = admin.ask(query, json!({})).await?["webhooks"]["edges"][0]["node"]["version"].take();
    let input = json!({ "idempotencyKey": key(), "id": webhook, "version": version });
    admin.mutate("removeWebhook", "RemoveWebhookInput", input, "webhookId").await?;
    happen(&server.app, &subject, 1).await?;
    tokio::time::sleep(Duration::from_millis(800)).await;
    ensure!(receiver.all().len() == 4);
    moves::end(server).await
}

async fn twice(backend: Backend) -> Outcome {
    let (server, city, receiver) = begin(backend).await?;
    let second = server.beside().await?;
    receiver.answers(|_, _| (Duration::from_millis(5), StatusCode::OK));
    listen(&city.administrator.client, "采购系统", &receiver.url, json!(["test."])).await?;
    let subjects = subjects(20);
    let (one, other) =
        tokio::join!(happen(&server.app, &subjects[..10], 10), happen(&second.app, &subjects[10..], 10));
    one?;
    other?;
    let accepted = receiver.until(200, patient).await?;
    in_order(&accepted, 10)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let count = receiver.all().len();
    ensure!(count == 200, "{count} messages for 200 events");
    second.stop().await?;
    moves::end(server).await
}

async fn killed(backend: Backend) -> Outcome {
    const FOLDER: &str = "data";
    let _alone = ALONE.lock().await;
    let place = Place::new(backend).await?;
    let receiver = Receiver::start().await?;
    receiver.answers(|_, _| (Duration::from_millis(100), StatusCode::OK));
    let server = ChildServer::start(&place, FOLDER).await?;
    let app = settings(&place, place.folder.path().join(FOLDER)).open().await?;
    let city = City::found(&app, &server.address, 1).await?;
    let (webhook, _) =
        listen(&city.administrator.client, "档案系统", &receiver.url, json!(["test."])).await?;
    let subjects = subjects(10);
    happen(&app, &subjects, 6).await?;
    let url = settings(&place, place.folder.path().join(FOLDER)).url()?;
    app.db().clone().close().await?;
    drop(app);
    let mut server = server;
    for kill in 1..=2 {
        receiver.until(15 * kill, patient).await?;
        server.kill().await?;
        // What the killed process had in hand is another's when its lease is over: here at once.
        let conn = beside(&url).await?;
        conn.execute_unprepared(
            "update delivery set lease_until = '2000-01-01T00:00:00+00:00' where state = 'RUNNING'",
        )
        .await?;
        conn.close().await?;
        server = ChildServer::start(&place, FOLDER).await?;
    }
    let accepted = receiver.until(60, patient).await?;
    let mut bodies: BTreeMap<String, String> = BTreeMap::new();
    let mut firsts = Vec::new();
    for arrived in &accepted {
        match bodies.insert(arrived.id(), arrived.text.clone()) {
            Some(before) => ensure!(before == arrived.text, "one id, two messages"),
            None => firsts.push(arrived.clone()),
        }
    }
    in_order(&firsts, 6)?;
    let admin = city.at(&server.address).administrator.client;
    for _ in 0..100 {
        if lag(&admin, &webhook).await? == (0, 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(lag(&admin, &webhook).await? == (0, 0));
    eprintln!("{backend}: 2 kills: 60 events, {} messages", accepted.len());
    server.kill().await
}

async fn private(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let receiver = Receiver::start().await?;
    let admin = &city.administrator.client;
    let port = receiver.url.rsplit(':').next().unwrap_or_default().to_owned();
    for url in [
        receiver.url.clone(),
        format!("http://localhost:{port}"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://[::1]/".to_owned(),
        "http://2130706433/".to_owned(),
    ] {
        let input = json!({ "idempotencyKey": key(), "name": "内网", "url": url });
        let refused = admin.attempt("saveWebhook", "SaveWebhookInput", input, "webhook { id }").await?;
        ensure!(refused["errors"][0]["code"] == "CLOSED_ADDRESS", "{url}: {refused}");
        ensure!(refused["webhook"].is_null() && refused["errors"][0]["field"] == json!(["url"]), "{refused}");
    }
    for url in ["ftp://example.org/", "http://name:word@example.org/", "x"] {
        let input = json!({ "idempotencyKey": key(), "name": "错", "url": url });
        let refused = admin.attempt("saveWebhook", "SaveWebhookInput", input, "webhook { id }").await?;
        ensure!(refused["errors"][0]["code"] == "MALFORMED", "{url}: {refused}");
    }
    // One that was saved while its network was open is not called by a process where it is closed.
    let open = Server::start_calling(backend, here()).await?;
    let city = City::found(&open.app, &open.base(), 1).await?;
    let (webhook, _) = listen(&city.administrator.client, "旧", &receiver.url, json!(["test."])).await?;
    let closed = open.stop_and_start(Vec::new()).await?;
    let admin = city.at(&closed.base()).administrator.client;
    happen(&closed.app, &subjects(1), 1).await?;
    let mut failed = Vec::new();
    for _ in 0..100 {
        failed = deliveries(&admin, &webhook, "WAITING").await?;
        if failed.first().is_some_and(|delivery| delivery["error"].is_string()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(failed[0]["error"].as_str().is_some_and(|why| why.contains("private")), "{failed:?}");
    ensure!(receiver.all().is_empty());
    closed.stop().await?;
    moves::end(server).await
}

async fn restricted(backend: Backend) -> Outcome {
    let (server, city, receiver) = begin(backend).await?;
    let (webhook, _) = listen(&city.administrator.client, "全部", &receiver.url, json!([])).await?;
    let giver = &city.giver;
    let input = json!({
        "idempotencyKey": key(), "holderId": giver.gid, "categoryId": city.desks, "name": "保密柜",
        "condition": "GOOD", "place": "三楼库房", "quantity": 1, "measure": "个", "value": "777700",
        "valueBasis": "ORIGINAL", "acquiredOn": "2023-03-15", "number": key(), "restricted": true,
    });
    let answer = giver.clerk.client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let secret_card = text(&answer["asset"]["id"])?;
    let open_card = draft_card(&city, giver, "办公桌", 1, 100_000).await?;
    let mut listings = Vec::new();
    for card in [&secret_card, &open_card] {
        moves::photograph(&giver.clerk, card, moves::png(11)).await?;
        let (listing, version) = draft_listing(giver, card, json!({ "note": "柜内有说明" })).await?;
        submit_listing(giver, &listing, version).await?;
        moves::decide(&giver.head, &listing, "APPROVE", json!({ "comment": "同意公开" })).await?;
        listings.push(listing);
    }
    for _ in 0..200 {
        if lag(&city.administrator.client, &webhook).await? == (0, 0) && receiver.accepted().len() > 8 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let accepted = receiver.accepted();
    let about = |id: &String| accepted.iter().filter(|a| a.body["subjectId"] == **id).collect::<Vec<_>>();
    for id in [&secret_card, &listings[0]] {
        let told = about(id);
        ensure!(!told.is_empty(), "that something happened is told");
        for arrived in told {
            ensure!(arrived.body["payload"] == json!({}), "{}", arrived.text);
        }
    }
    ensure!(
        about(&listings[1]).iter().any(|a| a.body["payload"] != json!({})),
        "what is open is told: {accepted:?}"
    );
    for arrived in &accepted {
        ensure!(!arrived.text.contains("保密柜") && !arrived.text.contains("777700"), "{}", arrived.text);
        ensure!(!arrived.text.contains("webhook."), "nobody hears who else listens: {}", arrived.text);
        ensure!(arrived.body.get("actorId").is_none(), "{}", arrived.text);
    }
    moves::end(server).await
}
