//! Somebody who stands in for a head that is away: decides and sees what is decided, and nothing else of what the head may do.

use anyhow::ensure;
use api::authz::{Operation, delegable, rules};
use entity::identity::Role;
use serde_json::{Value, json};

use tests::moves::{self, decide, draft_card, draft_listing, key, listing_state, photograph, png, text};
use tests::{Backend, Client, Outcome};

pub async fn decide_only(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    // The clerk of another unit: has no business with the giver but by the delegation.
    let (head, deputy) = (&city.giver.head, &city.receivers[1].clerk);
    let login = deputy.client.ask("{ me { account } }", json!({})).await?["me"]["account"].take();
    let mut offers = Vec::new();
    for n in 0..2 {
        let asset = draft_card(&city, &city.giver, "书柜", 1, 100).await?;
        photograph(&city.giver.clerk, &asset, png(n)).await?;
        let (listing, version) = draft_listing(&city.giver, &asset, json!({})).await?;
        moves::submit_listing(&city.giver, &listing, version).await?;
        offers.push((asset, listing));
    }
    let (asset, listing) = &offers[0];
    ensure!(!sees(&deputy.client, listing, asset).await?, "before the delegation");

    let input =
        json!({ "idempotencyKey": key(), "toAccount": login, "reason": "出差", "validTo": "2026-12-31" });
    let made = head.client.mutate("delegate", "DelegateInput", input, "delegation { id }").await?;
    ensure!(sees(&deputy.client, listing, asset).await?, "what is to be decided is not seen");

    // Everything else that a head may do stays closed where the deputy's own roles have no row for it.
    let head_only = Operation::ALL.iter().filter(|operation| {
        let has_row = |role| rules(**operation).iter().any(|(allowed, _)| *allowed == role);
        has_row(Role::Head) && !has_row(Role::Clerk)
    });
    let mut closed = 0;
    for operation in head_only.filter(|operation| !delegable(**operation)) {
        let field = operation.field();
        for root in ["query", "mutation"] {
            let body =
                deputy.client.raw(&format!("{root} {{ {field} {{ __typename }} }}"), json!({})).await?;
            let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
            ensure!(
                body["data"].is_null() && ["FORBIDDEN", "BAD_USER_INPUT"].contains(&code),
                "{field}: {body}"
            );
        }
        closed += 1;
    }
    ensure!(closed > 0, "a head has nothing of its own: the test says nothing");
    // Where both have a row, it holds for the deputy's own unit alone.
    let input = json!({ "idempotencyKey": key(), "id": listing, "version": 2 });
    let told =
        deputy.client.attempt("withdrawListing", "WithdrawListingInput", input, "listing { id }").await?;
    ensure!(told["listing"].is_null() && told["errors"][0]["code"].is_string(), "{told}");
    let cards = deputy.client.ask("{ assets(first: 100) { edges { node { id } } } }", json!({})).await?;
    ensure!(!cards.to_string().contains(asset.as_str()), "{cards}");

    decide(deputy, listing, "APPROVE", json!({})).await?;
    decide(&city.office, listing, "APPROVE", json!({})).await?;
    ensure!(listing_state(&city.giver.clerk, listing).await? == "LISTED");

    let input = json!({ "idempotencyKey": key(), "id": text(&made["delegation"]["id"])? });
    head.client.mutate("endDelegation", "EndDelegationInput", input, "delegation { endedAt }").await?;
    let (asset, listing) = &offers[1];
    ensure!(!sees(&deputy.client, listing, asset).await?, "after the delegation");
    ensure!(decide(deputy, listing, "APPROVE", json!({})).await.is_err(), "decided after the delegation");
    moves::end(server).await
}

/// Whether the offer, which is not listed yet, its card and its step are shown to somebody: all of them, or none.
async fn sees(client: &Client, listing: &str, asset: &str) -> anyhow::Result<bool> {
    let query = "query($listing: ID!, $asset: ID!) { listing(id: $listing) { id } asset(id: $asset) { id }
        tasks(first: 100) { edges { node { subjectId } } } }";
    let data = client.ask(query, json!({ "listing": listing, "asset": asset })).await?;
    let tasks = data["tasks"].to_string().contains(listing);
    let shown = [!data["listing"].is_null(), !data["asset"].is_null(), tasks];
    ensure!(shown == [true; 3] || shown == [false; 3], "{shown:?}: {:#}", Value::clone(&data));
    Ok(shown[0])
}
